// Words of activation tensors as weights: RTL against the model, which these tests hold against
// the definition, element by element.
#include <catch2/catch.hpp>

#include "sim/dma/dense_operand.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/dma/dma_harness.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

using commands::WeightsCommand;

WeightsCommand random_command(Random& random, std::uint32_t array_lanes) {
  WeightsCommand c;
  do {
    c.lanes = static_cast<std::uint8_t>(random.below(4));
  } while ((8U << c.lanes) > array_lanes);
  const std::uint32_t lanes = 8U << c.lanes;
  c.count = 1;
  c.dense = 1;
  c.transposed = random.chance(0.5) ? 1 : 0;
  c.wide = random.chance(0.5) ? 1 : 0;
  c.flip = c.wide == 0 && random.chance(0.5) ? 1 : 0;
  const std::uint32_t unit = c.transposed != 0 ? lanes : 64;
  c.value_words = unit * static_cast<std::uint32_t>(random.between(1, 3));
  const std::uint32_t elements = c.wide != 0 ? 32 : 64;
  if (c.transposed == 0 && lanes < elements) {
    c.slice = static_cast<std::uint8_t>(random.below(elements / lanes));
  }
  c.first_row = static_cast<std::uint16_t>(random.chance(0.5) ? 0 : random.below(40));
  c.end_row = static_cast<std::uint16_t>(random.chance(0.5) ? 65535 : random.between(30, 130));
  return c;
}

std::uint64_t mode_bits(const WeightsCommand& c) {
  const auto bit = [](unsigned flag, unsigned at) { return std::uint64_t{flag} << at; };
  return bit(c.dense, 40) | bit(c.transposed, 39) | bit(c.wide, 38) | bit(c.flip, 37) |
         bit(c.lanes, 35) | std::uint64_t{c.slice} << 32 | std::uint64_t{c.first_row} << 16 |
         c.end_row;
}

/// Commands with and without conversion, word by word; what leaves must be `expected`.
std::string run(const std::string& config, unsigned commands, double stall,
                const tb::ModelOptions& options = {}) {
  const auto model = tb::Model::load("dense_operand", config, tb::Kind::kChecked, options);
  tb::Model& m = *model;
  const std::uint32_t lanes = config == "tiny" ? 16 : 256;
  Random random(300 + commands);
  struct In {
    Word word;
    unsigned section;
    std::uint64_t mode;
    bool last;
  };
  std::deque<In> in;
  std::deque<std::pair<Word, unsigned>> expected;
  for (unsigned i = 0; i < commands; ++i) {
    const bool dense = random.chance(0.7);
    const WeightsCommand c = dense ? random_command(random, lanes) : WeightsCommand{};
    const std::uint64_t count = dense ? c.value_words : random.between(1, 9);
    const auto section = static_cast<unsigned>(dense ? 2 : random.below(3));
    std::vector<std::uint8_t> bytes;
    for (std::uint64_t w = 0; w < count; ++w) {
      const Word word = random.word();
      in.push_back({word, section, mode_bits(c) * (dense ? 1 : 0), w + 1 == count});
      bytes.insert(bytes.end(), word.begin(), word.end());
    }
    if (dense) bytes = sim::dense_rows(c, bytes);
    for (std::size_t at = 0; at < bytes.size(); at += 64) {
      Word word;
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 64, word.begin());
      expected.emplace_back(word, section);
    }
  }
  m.port("rst_ni").set(0);
  m.port("word_valid_i").set(0);
  m.port("wt_ready_i").set(0);
  m.tick(3);
  m.port("rst_ni").set(1);
  bool offered = false;
  for (unsigned clock = 0; !expected.empty(); ++clock) {
    if (clock > 400000) return "hangs";
    offered = offered || (!in.empty() && !random.chance(stall));
    m.port("word_valid_i").set(offered ? 1 : 0);
    if (offered) {
      m.port("word_data_i").set_bytes(in.front().word.data(), 64);
      m.port("word_section_i").set(in.front().section);
      m.port("word_mode_i").set(in.front().mode);
      m.port("word_last_i").set(in.front().last ? 1 : 0);
    }
    const bool ready = !random.chance(stall);
    m.port("wt_ready_i").set(ready ? 1 : 0);
    m.eval();
    if (ready && m.port("wt_valid_o").get() != 0) {
      Word word;
      m.port("wt_data_o").get_bytes(word.data(), 64);
      if (word != expected.front().first ||
          m.port("wt_section_o").get() != expected.front().second) {
        return "a word differs, " + std::to_string(expected.size()) + " before the end";
      }
      expected.pop_front();
    }
    if (offered && m.port("word_ready_o").get() != 0) {
      in.pop_front();
      offered = false;
    }
    m.tick();
  }
  return in.empty() ? "" : "words are left";
}

}  // namespace

TEST_CASE("dense operand: random commands of every kind, stalls on both handshakes") {
  const unsigned count = tb::full_run() ? 2000 : 120;
  CHECK(run("tiny", count, 0) == "");
  CHECK(run("tiny", count, 0.4) == "");
  CHECK(run("s4", count, 0) == "");
  CHECK(run("s4", count, 0.4) == "");
}

TEST_CASE("dense operand: rows by their definition, element by element") {
  // Element (k, n) of a tensor whose low byte is k * 7 + n and whose high byte is k + n * 5.
  const auto low = [](std::size_t k, std::size_t n) {
    return static_cast<std::uint8_t>(k * 7 + n);
  };
  const auto high = [](std::size_t k, std::size_t n) {
    return static_cast<std::uint8_t>(k + n * 5);
  };
  for (unsigned code = 0; code < 4; ++code) {
    const std::size_t lanes = std::size_t{8} << code;
    for (const bool transposed : {false, true}) {
      for (const bool wide : {false, true}) {
        const std::size_t elements = wide ? 32 : 64;
        const std::size_t indices = transposed ? elements : 64;
        WeightsCommand c;
        c.dense = 1;
        c.lanes = static_cast<std::uint8_t>(code);
        c.transposed = transposed ? 1 : 0;
        c.wide = wide ? 1 : 0;
        c.first_row = 3;
        c.end_row = static_cast<std::uint16_t>(indices - 2);
        const std::size_t across = std::max(lanes, elements);  // channels in the words of an index
        if (!transposed && lanes < elements) c.slice = 1;
        std::vector<std::uint8_t> words;
        const auto put = [&](std::size_t k, std::size_t n) {
          words.push_back(low(k, n));
          if (wide) words.push_back(high(k, n));
        };
        if (transposed) {
          for (std::size_t n = 0; n < lanes; ++n) {
            for (std::size_t k = 0; k < elements; ++k) put(k, n);
          }
        } else {
          for (std::size_t k = 0; k < indices; ++k) {
            for (std::size_t n = 0; n < across; ++n) put(k, n);
          }
        }
        c.value_words = static_cast<std::uint32_t>(words.size() / 64);
        const auto rows = sim::dense_rows(c, words);
        const std::size_t parts = wide ? 2 : 1;
        REQUIRE(rows.size() == indices * parts * lanes);
        bool equal = true;
        for (std::size_t k = 0; k < indices; ++k) {
          const bool kept = k >= 3 && k < indices - 2;
          for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::size_t n = c.slice * lanes + lane;
            const std::uint8_t* const row = rows.data() + k * parts * lanes + lane;
            equal = equal && row[0] == (kept ? low(k, n) : 0);
            if (wide) equal = equal && row[lanes] == (kept ? high(k, n) : 0);
          }
        }
        INFO("lanes " << lanes << " transposed " << transposed << " wide " << wide);
        CHECK(equal);
      }
    }
  }
}

TEST_CASE("dense operand: the test catches seeded bugs") {
  const auto bug = [&](const char* name, const char* find, const char* replace) {
    return run("tiny", 80, 0.3, seeded_bug("rtl/dma/dense_operand.sv", name, find, replace));
  };
  CHECK(bug("dense_end", "index_q < mode_q.end_row", "index_q <= mode_q.end_row") != "");
  CHECK(bug("dense_index", "if (over && last_q) index_q", "if (over) index_q") != "");
  if (!tb::full_run()) return;  // each takes a model of its own
  CHECK(bug("dense_high", "high_q <= mode_q.wide && !high_q", "high_q <= 1'b0") != "");
  CHECK(bug("dense_order", "assign pass = !convert && !emitting_q &&",
            "assign pass = !convert &&") != "");
}
