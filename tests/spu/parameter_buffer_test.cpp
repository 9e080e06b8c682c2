// The buffer of epilogue parameters against a queue of rows.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/random.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

std::string run(tb::Model& m, const config::Configuration& config, unsigned clocks) {
  SeededRandom random(21);
  auto row_valid = m.port("row_valid_i"), row_ready = m.port("row_ready_o"),
       row_data = m.port("row_data_i"), rows = m.port("release_rows_i"), valid = m.port("valid_o"),
       release = m.port("release_i"), re = m.port("re_i"), part = m.port("part_i"),
       data = m.port("data_o");
  const std::size_t bytes = std::size_t{config.lanes_per_quadrant} * 8;
  std::deque<std::vector<std::uint8_t>> held;
  std::vector<std::uint8_t> offered(bytes);
  std::vector<std::uint8_t> shown;
  bool offering = false;
  unsigned group = config.num_quadrants;
  unsigned full = 0;
  release.set(0);
  re.set(0);
  row_valid.set(0);
  m.reset();
  const auto fail = [&](const char* what) {
    return std::string(what) + ", cycle " + std::to_string(m.cycle()) + ", seed " +
           std::to_string(tb::seed());
  };
  for (unsigned clock = 0; clock < clocks; ++clock) {
    if (random.percent(2)) group = config.num_quadrants >> random.below(config.max_shape + 1);
    if (!offering && random.percent(40)) {
      offering = true;
      for (auto& byte : offered) byte = random.byte();
      row_data.set_bytes(offered.data(), bytes);
    }
    row_valid.set(offering);
    rows.set(group);
    m.eval();
    if ((row_ready.get() != 0) != (held.size() < config.param_rows)) return fail("row_ready_o");
    if ((valid.get() != 0) != (held.size() >= group)) return fail("valid_o");
    if (!shown.empty()) {
      std::vector<std::uint8_t> got(bytes);
      data.get_bytes(got.data(), bytes);
      if (got != shown) return fail("data_o");
    }
    full += row_ready.get() == 0;
    const bool read = valid.get() != 0 && random.percent(50);
    const unsigned which = random.below(group);
    re.set(read);
    part.set(which);
    if (read) shown = held[which];
    const bool free = valid.get() != 0 && random.percent(20);
    release.set(free);
    m.eval();
    if (offering && row_ready.get() != 0) {
      held.push_back(offered);
      offering = false;
    }
    if (free) held.erase(held.begin(), held.begin() + group);
    m.tick();
  }
  return full > clocks / 100 ? "" : "the buffer was hardly ever full";
}

}  // namespace

TEST_CASE("parameter buffer: rows, groups of every shape, reads hold", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    const auto config = sim::load_configuration(tb::root(), name);
    auto m = tb::Model::load("parameter_buffer", name, tb::Kind::kChecked);
    INFO(name);
    CHECK(run(*m, config, tb::full_run() ? 100000 : 5000) == "");
  }
}

TEST_CASE("parameter buffer: seeded bugs are noticed", "[spu]") {
  const auto config = sim::load_configuration(tb::root(), "tiny");
  for (const auto& [name, find, replace] :
       {std::array<const char*, 3>{"param_part", "+ AddrBits'(part_i)", "+ AddrBits'(0)"},
        std::array<const char*, 3>{"param_early", "held >= (AddrBits + 1)'(release_rows_i)",
                                   "held != '0"}}) {
    auto m = tb::Model::load("parameter_buffer", "tiny", tb::Kind::kChecked,
                             seeded_bug("rtl/spu/parameter_buffer.sv", name, find, replace));
    INFO(name);
    CHECK(run(*m, config, 5000) != "");
  }
}
