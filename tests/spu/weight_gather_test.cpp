// Words to rows: every row of every section, in order, under stalls on all four handshakes.
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/weight_words.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

struct GatherResult {
  std::string error;
  unsigned clocks = 0;
  unsigned words = 0;
};

/// Sends `sections` random sections of the given kinds; rates in percent.
GatherResult gather(tb::Model& m, const config::Configuration& config, SeededRandom& random,
                    unsigned sections, const std::vector<unsigned>& kinds, unsigned in_rate,
                    unsigned out_rate) {
  const std::size_t row_bytes[3] = {std::size_t{config.lanes_per_quadrant} * 8,
                                    std::size_t{config.array_lanes} * 6 / 8, config.array_lanes};
  const std::size_t section_bytes[3] = {row_bytes[kParams], 192, 256};
  std::deque<WeightWord> words;
  std::deque<std::vector<std::uint8_t>> expected[3];
  for (unsigned s = 0; s < sections; ++s) {
    const unsigned kind = kinds[random.below(kinds.size())];
    std::vector<std::uint8_t> bytes(section_bytes[kind]);
    for (auto& byte : bytes) byte = random.byte();
    for (std::size_t at = 0; at < bytes.size(); at += 64) {
      WeightWord word{kind, {}};
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 64, word.data.begin());
      words.push_back(word);
    }
    for (std::size_t at = 0; at < bytes.size(); at += row_bytes[kind]) {
      const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      expected[kind].emplace_back(from, from + static_cast<std::ptrdiff_t>(row_bytes[kind]));
    }
  }
  GatherResult result;
  result.words = static_cast<unsigned>(words.size());
  const char* const names[3] = {"param", "index", "value"};
  tb::Port valid[3], ready[3], data[3];
  for (unsigned k = 0; k < 3; ++k) {
    valid[k] = m.port(std::string(names[k]) + "_valid_o");
    ready[k] = m.port(std::string(names[k]) + "_ready_i");
    data[k] = m.port(std::string(names[k]) + "_data_o");
  }
  auto word_valid = m.port("word_valid_i"), word_ready = m.port("word_ready_o"),
       word_data = m.port("word_data_i"), word_section = m.port("word_section_i");
  bool offering = false;
  while (!words.empty() || !expected[0].empty() || !expected[1].empty() || !expected[2].empty()) {
    offering = !words.empty() && (offering || random.percent(in_rate));
    word_valid.set(offering);
    if (offering) {
      word_data.set_bytes(words.front().data.data(), 64);
      word_section.set(words.front().section);
    }
    for (auto& port : ready) port.set(random.percent(out_rate));
    m.eval();
    for (unsigned k = 0; k < 3; ++k) {
      if (valid[k].get() == 0 || ready[k].get() == 0) continue;
      std::vector<std::uint8_t> row(row_bytes[k]);
      data[k].get_bytes(row.data(), row.size());
      if (expected[k].empty()) {
        result.error = std::string("a row too many: ") + names[k];
      } else if (row != expected[k].front()) {
        result.error = std::string("wrong row: ") + names[k];
      }
      if (!result.error.empty()) {
        result.error +=
            ", cycle " + std::to_string(m.cycle()) + ", seed " + std::to_string(tb::seed());
        return result;
      }
      expected[k].pop_front();
    }
    if (offering && word_ready.get() != 0) {
      words.pop_front();
      offering = false;
    }
    m.tick();
    if (++result.clocks > 100 * sections + 100000) {
      result.error = "nothing moves";
      return result;
    }
  }
  return result;
}

std::unique_ptr<tb::Model> fresh(const std::string& config, const tb::ModelOptions& options = {}) {
  auto m = tb::Model::load("weight_gather", config, tb::Kind::kChecked, options);
  for (const char* name : {"word_valid_i", "param_ready_i", "index_ready_i", "value_ready_i"}) {
    m->port(name).set(0);
  }
  m->reset();
  return m;
}

}  // namespace

TEST_CASE("weight gather: rows of random sections under random stalls", "[spu]") {
  // s4 has parameter sections of eight words, tiny of one.
  for (const char* name : {"tiny", "small", "s4"}) {
    const auto config = sim::load_configuration(tb::root(), name);
    auto m = fresh(name);
    SeededRandom random(11);
    for (const unsigned in : {20u, 100u}) {
      for (const unsigned out : {20u, 60u, 100u}) {
        INFO(name << " in " << in << " % out " << out << " %");
        const unsigned sections = tb::full_run() ? 4000 : 300;
        CHECK(gather(*m, config, random, sections, {0, 1, 2}, in, out).error == "");
      }
    }
  }
}

TEST_CASE("weight gather: clocks per block", "[spu]") {
  const auto clocks = [](const char* name, unsigned kind) {
    const auto config = sim::load_configuration(tb::root(), name);
    auto m = fresh(name);
    SeededRandom random(12);
    const GatherResult result = gather(*m, config, random, 100, {kind}, 100, 100);
    CHECK(result.error == "");
    return result.clocks;
  };
  // A block takes as many clocks as it has words or makes rows, whichever is more; what is over
  // 100 blocks is the first block's collection or the last one's rows.
  CHECK(clocks("tiny", kIndices) == 100 * 16 + 3);
  CHECK(clocks("tiny", kValues) == 100 * 16 + 4);
  CHECK(clocks("small", kIndices) == 100 * 4 + 3);
  CHECK(clocks("small", kValues) == 100 * 4 + 4);
  CHECK(clocks("s4", kIndices) == 100 * 3 + 1);
  CHECK(clocks("s4", kValues) == 100 * 4 + 1);
  CHECK(clocks("s4", kParams) == 100 * 8);
}

TEST_CASE("weight gather: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  for (const Bug& bug : {
           Bug{"section", "emit_value_q <= word_section_i[1];", "emit_value_q <= 1'b1;"},
           Bug{"overrun", "(word_section_i == 2'd0) ? param_ready_i : emit_free",
               "(word_section_i == 2'd0) ? param_ready_i : (rows_left_q < RowCountBits'(2))"},
       }) {
    const auto config = sim::load_configuration(tb::root(), "tiny");
    INFO(bug.name);
    std::string error;
    try {
      auto m = fresh("tiny", seeded_bug("rtl/spu/weight_gather.sv",
                                        std::string("gather_") + bug.name, bug.find, bug.replace));
      SeededRandom random(13);
      error = gather(*m, config, random, 300, {0, 1, 2}, 80, 60).error;
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
  }
}
