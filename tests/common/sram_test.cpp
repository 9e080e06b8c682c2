// Both SRAM macros against a plain array of bits.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using s4::tb::Kind;
using s4::tb::Model;
using s4::tb::ModelOptions;
using s4::tb::Port;
using s4::tests::seeded_bug;

namespace {

struct Shape {
  unsigned width, depth, units;
};

std::unique_ptr<Model> sram(const char* name, const Shape& shape, ModelOptions options = {}) {
  options.parameters = {{"Width", std::to_string(shape.width)},
                        {"Depth", std::to_string(shape.depth)},
                        {"WriteUnits", std::to_string(shape.units)}};
  return Model::load(name, "tiny", Kind::kChecked, options);
}

using Word = std::vector<std::uint32_t>;

Word read_port(const Port& port) {
  Word word(port.words());
  for (unsigned i = 0; i < port.words(); ++i) word[i] = port.word(i);
  return word;
}

void randomise(Port& port, std::mt19937_64& random) {
  for (unsigned i = 0; i < port.words(); ++i) {
    const unsigned bits = std::min(32u, port.width() - 32 * i);
    const std::uint32_t mask = bits == 32 ? ~0u : (1u << bits) - 1;
    port.set_word(i, static_cast<std::uint32_t>(random()) & mask);
  }
}

struct Array {
  Shape shape;
  std::vector<Word> words;
  void write(unsigned address, const Port& mask, const Port& data) {
    const unsigned unit_width = shape.width / shape.units;
    for (unsigned bit = 0; bit < shape.width; ++bit) {
      const unsigned unit = bit / unit_width;
      if (!(mask.word(unit / 32) >> unit % 32 & 1)) continue;
      auto& word = words[address][bit / 32];
      const std::uint32_t one = 1u << bit % 32;
      word = (word & ~one) | (data.word(bit / 32) & one);
    }
  }
};

/// Random traffic; empty if every read matched. Word by word written once first.
std::string check_traffic(Model& m, const Shape& shape, bool two_ports, unsigned cycles) {
  std::mt19937_64 random(s4::tb::seed());
  Array array{shape, std::vector<Word>(shape.depth, Word((shape.width + 31) / 32))};
  Port write = m.port("we_i"), mask = m.port("wmask_i"), in = m.port("wdata_i"),
       out = m.port("rdata_o"), read = m.port(two_ports ? "re_i" : "req_i"),
       write_address = m.port(two_ports ? "waddr_i" : "addr_i"),
       read_address = m.port(two_ports ? "raddr_i" : "addr_i");
  Word expected;
  read.set(0);
  write.set(0);
  m.tick();
  for (unsigned cycle = 0; cycle < cycles + shape.depth; ++cycle) {
    const bool filling = cycle < shape.depth;
    const bool writes = filling || random() % 2;
    bool reads = !filling && random() % 2;
    if (!two_ports && writes) reads = false;
    const unsigned at = filling ? cycle : random() % shape.depth;
    // Reads often meet the write's address.
    const unsigned from = random() % 3 == 0 ? at : random() % shape.depth;
    randomise(in, random);
    randomise(mask, random);
    if (filling || random() % 4 == 0) {
      for (unsigned i = 0; i < mask.words(); ++i) {
        const unsigned bits = std::min(32u, shape.units - 32 * i);
        mask.set_word(i, bits == 32 ? ~0u : (1u << bits) - 1);
      }
    }
    write.set(writes);
    read_address.set(from);
    write_address.set(two_ports || writes ? at : from);
    // The single port is enabled by req_i for both; a masked-off request must do nothing.
    const bool request = two_ports ? reads : (writes || reads);
    read.set(request);
    if (reads) expected = array.words[from];
    if (writes) array.write(at, mask, in);
    m.tick();
    if (!expected.empty() && read_port(out) != expected) {
      return fmt::format("cycle {}: address {}: expected low word {:#x}, got {:#x}, seed {}", cycle,
                         from, expected[0], out.word(0), s4::tb::seed());
    }
  }
  return "";
}

}  // namespace

TEST_CASE("sram_1rw: masked writes, registered reads that are held") {
  for (const Shape shape : {Shape{64, 16, 1}, Shape{1, 1, 1}, Shape{512, 24, 64}}) {
    INFO("width " << shape.width << " depth " << shape.depth << " units " << shape.units);
    CHECK(check_traffic(*sram("sram_1rw", shape), shape, false, 3000) == "");
  }
}

TEST_CASE("sram_1rw: nothing happens without a request") {
  const Shape shape{64, 16, 1};
  auto m = sram("sram_1rw", shape);
  auto cycle = [&](unsigned req, unsigned we, std::uint64_t data) {
    m->port("req_i").set(req);
    m->port("we_i").set(we);
    m->port("wdata_i").set(data);
    m->tick();
  };
  m->port("addr_i").set(3);
  m->port("wmask_i").set(1);
  cycle(1, 1, 0x1234);
  cycle(1, 0, 0);
  CHECK(m->port("rdata_o").get() == 0x1234);
  cycle(0, 1, 0x5678);
  CHECK(m->port("rdata_o").get() == 0x1234);
  cycle(1, 0, 0);
  CHECK(m->port("rdata_o").get() == 0x1234);
  m->port("wmask_i").set(0);
  cycle(1, 1, 0x9abc);
  cycle(1, 0, 0);
  CHECK(m->port("rdata_o").get() == 0x1234);
}

TEST_CASE("sram_1r1w: a read beside a write of the same address returns the old word") {
  for (const Shape shape : {Shape{64, 16, 1}, Shape{1, 1, 1}, Shape{96, 21, 12}}) {
    INFO("width " << shape.width << " depth " << shape.depth << " units " << shape.units);
    CHECK(check_traffic(*sram("sram_1r1w", shape), shape, true, 3000) == "");
  }
}

TEST_CASE("sram: the traffic check and the assertions catch seeded bugs") {
  const Shape bytes{96, 21, 12};
  auto mask =
      sram("sram_1r1w", bytes,
           seeded_bug("rtl/common/sram_1r1w.sv", "sram_mask", "if (&wmask_i)", "if (|wmask_i)"));
  CHECK(check_traffic(*mask, bytes, true, 300) != "");
  auto fresh =
      sram("sram_1r1w", bytes,
           seeded_bug("rtl/common/sram_1r1w.sv", "sram_new", "if (re_i) rdata_o <= words[raddr_i];",
                      "if (re_i) rdata_o <= (we_i && &wmask_i && waddr_i == raddr_i) ? "
                      "wdata_i : words[raddr_i];"));
  CHECK(check_traffic(*fresh, bytes, true, 300) != "");
  auto range = sram("sram_1r1w", bytes);
  range->port("re_i").set(1);
  range->port("raddr_i").set(21);
  CHECK_THROWS_AS(range->tick(), s4::tb::ModelError);
}
