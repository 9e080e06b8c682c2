// From words to steps: gather, buffers, index loader and decoder together, against the groups that
// the words were made from.
#include <array>
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

struct PathCommand {
  unsigned shape = 0;
  unsigned tiles = 1;
  bool resident = false;
  bool keep = false;
  bool kept_before = false;  // the first group lies in the buffers already
  std::vector<Group> groups;
};

struct Rates {
  unsigned word = 100, step = 100, value = 100;  // percent of clocks
};

class PathBench {
 public:
  explicit PathBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("weight_path", config, tb::Kind::kChecked, options)) {
    for (const char* name :
         {"word_valid_i",     "word_section_i", "start_i",         "restart_i",
          "shape_i",          "banks_i",        "tiles_i",         "groups_i",
          "resident_i",       "keep_i",         "value_shape_i",   "value_restart_i",
          "param_shape_i",    "step_ready_i",   "value_consume_i", "value_consume_last_i",
          "value_pass_end_i", "value_rewind_i", "param_release_i", "param_read_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }

  [[nodiscard]] const config::Configuration& config() const { return config_; }
  tb::Model& model() { return *model_; }

  /// Queues the words of a command, in the order in which its weights commands would bring them.
  void send(SeededRandom& random, const PathCommand& command) {
    for (std::size_t g = command.kept_before ? 1 : 0; g < command.groups.size(); ++g) {
      for (unsigned t = 0; t < (command.resident ? 1 : command.tiles); ++t) {
        append_words(words_, random, command.groups[g], config_.lanes_per_quadrant, 8);
      }
    }
  }

  /// Runs one command to its last step, value and parameter row.
  std::string run(SeededRandom& random, const PathCommand& command, const Rates& rates) {
    tb::Model& m = *model_;
    const unsigned parts = config_.num_quadrants >> command.shape;
    const auto banks = static_cast<unsigned>(command.groups[0].banks.size());
    const auto groups = static_cast<unsigned>(command.groups.size());
    // The read-ahead of the former shape must be dropped; that of the same one may be.
    const bool restart = command.shape != shape_ || random.percent(30);
    shape_ = command.shape;
    m.port("shape_i").set(command.shape);
    m.port("value_shape_i").set(command.shape);
    m.port("param_shape_i").set(command.shape);
    m.port("restart_i").set(restart);
    m.port("value_restart_i").set(restart);
    m.port("banks_i").set(banks);
    m.port("tiles_i").set(command.tiles);
    m.port("groups_i").set(groups);
    m.port("resident_i").set(command.resident);
    m.port("keep_i").set(command.keep);
    m.port("start_i").set(1);
    auto step_valid = m.port("step_valid_o"), step_ready = m.port("step_ready_i"),
         step_mac = m.port("step_mac_o"), step_last = m.port("step_last_o"),
         step_index = m.port("step_index_o"), value_valid = m.port("value_valid_o"),
         value_data = m.port("value_data_o"), value_consume = m.port("value_consume_i"),
         value_last = m.port("value_consume_last_i"), value_end = m.port("value_pass_end_i"),
         value_rewind = m.port("value_rewind_i"), param_valid = m.port("param_valid_o"),
         param_release = m.port("param_release_i"), param_read = m.port("param_read_i"),
         param_part = m.port("param_part_i"), param_data = m.port("param_data_o");
    pass_clocks_.clear();

    // Three walks over the same passes: steps, values, parameter rows.
    struct Walk {
      unsigned group = 0, tile = 0, bank = 0, entry = 0;
      bool done = false;
    };
    Walk steps, values, params;
    const auto next_pass = [&](Walk& w) {
      w.bank = w.entry = 0;
      if (++w.tile == command.tiles) {
        w.tile = 0;
        if (++w.group == groups) w.done = true;
      }
    };
    bool started = false;
    int checked_part = -1;
    unsigned next_part = 0;
    std::uint64_t idle = 0;
    while (!steps.done || !values.done || !params.done) {
      drive_word(random, rates.word);
      // ---- Values: skip empty banks; the pass ends with its last value or after nothing ----
      const auto more_values = [&](unsigned bank) {
        for (; bank < banks; ++bank) {
          if (command.groups[values.group].banks[bank].count != 0) return true;
        }
        return false;
      };
      while (!values.done && values.bank < banks &&
             command.groups[values.group].banks[values.bank].count == values.entry) {
        ++values.bank;
        values.entry = 0;
      }
      value_consume.set(0);
      value_last.set(0);
      value_end.set(0);
      if (!values.done) {
        value_rewind.set(command.resident && (values.tile + 1 != command.tiles || command.keep));
      }
      step_ready.set(started && random.percent(rates.step));
      param_read.set(0);
      param_release.set(0);
      m.eval();
      bool moved = false;
      if (started && !values.done && random.percent(rates.value)) {
        const bool trailing = !command.groups[values.group].banks.back().count;
        if (values.bank == banks) {
          value_end.set(1);  // the last bank is empty
          next_pass(values);
          moved = true;
        } else if (value_valid.get() != 0) {
          const test::PackedBank& bank = command.groups[values.group].banks[values.bank];
          for (unsigned q = 0; q < config_.num_quadrants; ++q) {
            for (unsigned o = 0; o < config_.lanes_per_quadrant; ++o) {
              const auto got = static_cast<std::int8_t>(
                  value_data.bits((q * config_.lanes_per_quadrant + o) * 8, 8));
              const unsigned lane = (q >> command.shape) * config_.lanes_per_quadrant + o;
              if (got != bank.lanes[lane][values.entry].value) {
                return fail("value of lane " + std::to_string(lane), values.group, values.tile,
                            values.bank, values.entry);
              }
            }
          }
          value_consume.set(1);
          const bool last = values.entry + 1 == bank.count && !more_values(values.bank + 1);
          ++values.entry;
          if (last && !trailing) {
            value_last.set(1);
            next_pass(values);
          }
          moved = true;
        }
      }
      // ---- Steps ----
      if (step_valid.get() != 0 && step_ready.get() != 0) {
        if (steps.done) return "a step after the last";
        const test::PackedBank& bank = command.groups[steps.group].banks[steps.bank];
        const bool mac = bank.count != 0;
        const bool last = steps.entry + 1 >= bank.count;
        if ((step_mac.get() != 0) != mac || (step_last.get() != 0) != last) {
          return fail("step_mac_o or step_last_o", steps.group, steps.tile, steps.bank,
                      steps.entry);
        }
        for (unsigned q = 0; mac && q < config_.num_quadrants; ++q) {
          for (unsigned o = 0; o < config_.lanes_per_quadrant; ++o) {
            const auto got = step_index.bits((q * config_.lanes_per_quadrant + o) * 6, 6);
            const unsigned lane = (q >> command.shape) * config_.lanes_per_quadrant + o;
            const unsigned expected =
                bank.count == 64 ? steps.entry : bank.lanes[lane][steps.entry].index;
            if (got != expected) {
              return fail("index of lane " + std::to_string(lane) + ": expected " +
                              std::to_string(expected) + ", got " + std::to_string(got),
                          steps.group, steps.tile, steps.bank, steps.entry);
            }
          }
        }
        ++steps.entry;
        if (last) {
          steps.entry = 0;
          if (++steps.bank == banks) {
            next_pass(steps);
            pass_clocks_.push_back(m.cycle());
          }
        }
        moved = true;
      }
      // ---- Parameters: all rows of the group for every pass ----
      if (checked_part >= 0) {
        const Group& group = command.groups[params.group];
        for (unsigned o = 0; o < config_.lanes_per_quadrant; ++o) {
          const unsigned lane =
              static_cast<unsigned>(checked_part) * config_.lanes_per_quadrant + o;
          if (param_data.word(o) != static_cast<std::uint32_t>(group.biases[lane]) ||
              param_data.word(config_.lanes_per_quadrant + o) != group.scales[lane]) {
            return fail("parameters of lane " + std::to_string(lane), params.group, params.tile, 0,
                        0);
          }
        }
        checked_part = -1;
        if (next_part == parts) {
          next_part = 0;
          const bool last_tile = params.tile + 1 == command.tiles;
          param_release.set(!command.resident || (last_tile && !command.keep));
          next_pass(params);
        }
      } else if (started && !params.done && param_valid.get() != 0 && random.percent(50)) {
        param_read.set(1);
        param_part.set(next_part);
        checked_part = static_cast<int>(next_part++);
        moved = true;
      }
      m.eval();
      take_word(moved);
      m.tick();
      if (m.port("error_o").get() != 0) {
        for (const char* name : {"value_consume_i", "value_consume_last_i", "value_pass_end_i",
                                 "param_release_i", "param_read_i", "word_valid_i"}) {
          m.port(name).set(0);
        }
        return "error_o";
      }
      if (!started) {
        started = true;
        m.port("start_i").set(0);
        m.port("restart_i").set(0);
        m.port("value_restart_i").set(0);
      }
      idle = moved ? 0 : idle + 1;
      if (idle > 5000)
        return fail("nothing moves", steps.group, steps.tile, steps.bank, steps.entry);
    }
    value_consume.set(0);
    value_last.set(0);
    value_end.set(0);
    step_ready.set(0);
    param_release.set(0);
    // Between commands words still come in, and steps of the next command must not.
    for (unsigned i = random.below(20); i > 0; --i) {
      drive_word(random, rates.word);
      m.eval();
      if (step_valid.get() != 0) return "a step after the last";
      bool moved = false;
      take_word(moved);
      m.tick();
    }
    m.port("word_valid_i").set(0);
    return "";
  }

  [[nodiscard]] bool words_left() const { return !words_.empty(); }
  /// Cycle of the last step of every pass of the last command.
  [[nodiscard]] const std::vector<std::uint64_t>& pass_clocks() const { return pass_clocks_; }

 private:
  void drive_word(SeededRandom& random, unsigned rate) {
    offering_ = !words_.empty() && (offering_ || random.percent(rate));
    model_->port("word_valid_i").set(offering_);
    if (!offering_) return;
    model_->port("word_data_i").set_bytes(words_.front().data.data(), 64);
    model_->port("word_section_i").set(words_.front().section);
  }
  void take_word(bool& moved) {
    if (!offering_ || model_->port("word_ready_o").get() == 0) return;
    words_.pop_front();
    offering_ = false;
    moved = true;
  }
  std::string fail(const std::string& what, unsigned group, unsigned tile, unsigned bank,
                   unsigned entry) {
    return what + ", group " + std::to_string(group) + " tile " + std::to_string(tile) + " bank " +
           std::to_string(bank) + " entry " + std::to_string(entry) + ", cycle " +
           std::to_string(model_->cycle()) + ", seed " + std::to_string(tb::seed());
  }

  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  std::deque<WeightWord> words_;
  bool offering_ = false;
  unsigned shape_ = 0;
  std::vector<std::uint64_t> pass_clocks_;
};

unsigned lanes_of(const config::Configuration& config, unsigned shape) {
  return (config.num_quadrants >> shape) * config.lanes_per_quadrant;
}

/// A program of commands whose weights fit where they must.
std::vector<PathCommand> random_program(const config::Configuration& config, SeededRandom& random,
                                        unsigned commands) {
  std::vector<PathCommand> program;
  while (program.size() < commands) {
    PathCommand c;
    c.kept_before = !program.empty() && program.back().keep;
    c.resident = c.kept_before || random.percent(50);
    c.shape = c.kept_before ? program.back().shape : random.below(config.max_shape + 1);
    c.tiles = 1 + random.below(4);
    const unsigned lanes = lanes_of(config, c.shape);
    unsigned banks = 1 + random.below(random.percent(30) ? 40 : 9);
    if (c.kept_before) {
      c.groups.push_back(program.back().groups[0]);
      banks = static_cast<unsigned>(c.groups[0].banks.size());
    }
    const unsigned groups = 1 + random.below(3);
    const unsigned most_k = random.percent(50) ? 64 : 12;
    while (c.groups.size() < groups) {
      Group group = random_group(random, lanes, banks, most_k);
      if (random.percent(10)) {
        for (auto& bank : group.banks) bank = random_bank(random, lanes, 0, false);
      }
      if (c.resident && !fits_buffers(group, config)) {
        if (c.kept_before) group = random_group(random, lanes, banks, 1);
        if (!c.kept_before) banks = (banks + 1) / 2;
        if (!fits_buffers(group, config)) {
          c.groups.clear();
          continue;
        }
      }
      if (!c.groups.empty() && c.groups[0].banks.size() != group.banks.size()) c.groups.clear();
      c.groups.push_back(std::move(group));
    }
    c.keep = c.resident && c.groups.size() == 1 && random.percent(40);
    program.push_back(std::move(c));
  }
  program.back().keep = false;
  return program;
}

std::string run_program(PathBench& bench, SeededRandom& random, unsigned commands,
                        bool vary_rates = true) {
  const auto program = random_program(bench.config(), random, commands);
  for (const PathCommand& command : program) bench.send(random, command);
  for (std::size_t i = 0; i < program.size(); ++i) {
    const unsigned percents[] = {15, 60, 100};
    Rates rates;
    if (vary_rates) {
      rates = {percents[random.below(3)], percents[random.below(3)], percents[random.below(3)]};
    }
    const std::string error = bench.run(random, program[i], rates);
    if (!error.empty()) return "command " + std::to_string(i) + ": " + error;
  }
  return "";
}

/// Clocks of a pass of `banks` banks of K entries that is read again, everything else at full rate.
double pass_clocks(PathBench& bench, unsigned count, bool bitmap, unsigned banks,
                   unsigned shape = 0) {
  SeededRandom random(34);
  PathCommand c;
  c.shape = shape;
  c.resident = true;
  c.tiles = 9;
  const unsigned lanes = lanes_of(bench.config(), shape);
  Group group = random_group(random, lanes, 0);
  for (unsigned b = 0; b < banks; ++b) {
    group.banks.push_back(random_bank(random, lanes, count, bitmap));
  }
  c.groups.push_back(std::move(group));
  bench.send(random, c);
  REQUIRE(bench.run(random, c, {}) == "");
  const auto& ends = bench.pass_clocks();
  return static_cast<double>(ends[8] - ends[2]) / 6;
}

}  // namespace

TEST_CASE("weight path: random programs, all K, all shapes, random stalls", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    PathBench bench(name);
    SeededRandom random(31);
    INFO(name);
    const unsigned programs = (tb::full_run() ? 200 : 8) / (std::string(name) == "tiny" ? 1 : 2);
    for (unsigned i = 0; i < programs; ++i) {
      REQUIRE(run_program(bench, random, 12) == "");
      REQUIRE_FALSE(bench.words_left());
    }
  }
}

TEST_CASE("weight path: every K in both forms", "[spu]") {
  for (const unsigned shape : {0u, 1u}) {
    PathBench bench("tiny");
    SeededRandom random(32);
    const unsigned lanes = lanes_of(bench.config(), shape);
    for (unsigned k = 0; k <= 64; ++k) {
      for (const bool bitmap : {false, true}) {
        if (bitmap && (k < 11 || k == 64)) continue;
        PathCommand c;
        c.shape = shape;
        c.tiles = 2;
        Group group = random_group(random, lanes, 0);
        // Alone, next to an empty bank and next to one of the other form.
        for (const unsigned neighbour : {k, 0u, k, 64u, k, 13u, k}) {
          group.banks.push_back(random_bank(random, lanes, neighbour,
                                            neighbour == k ? bitmap : neighbour == 13 && !bitmap));
        }
        c.groups.push_back(std::move(group));
        bench.send(random, c);
        INFO("K " << k << (bitmap ? " bitmap" : " pairs") << " shape " << shape);
        REQUIRE(bench.run(random, c, {100, 100, 100}) == "");
      }
    }
  }
}

TEST_CASE("weight path: empty banks first, last, everywhere; header chunks full and crossed",
          "[spu]") {
  PathBench bench("tiny");
  SeededRandom random(33);
  for (const unsigned shape : {0u, 1u}) {
    const unsigned lanes = lanes_of(bench.config(), shape);
    const unsigned headers = lanes * 6 / 8;  // banks per header chunk
    for (const unsigned banks : {1u, 2u, headers - 1, headers, headers + 1, 2 * headers}) {
      for (unsigned form = 0; form < 5; ++form) {
        PathCommand c;
        c.shape = shape;
        c.resident = form % 2 == 0;
        c.tiles = 3;
        for (unsigned g = 0; g < 2; ++g) {
          Group group = random_group(random, lanes, banks, 5);
          if (form <= 2) group.banks.front() = random_bank(random, lanes, 0, false);
          if (form >= 2 && form < 4) group.banks.back() = random_bank(random, lanes, 0, false);
          if (form == 4) {
            for (auto& bank : group.banks) bank = random_bank(random, lanes, 0, false);
          }
          c.groups.push_back(std::move(group));
        }
        bench.send(random, c);
        INFO("shape " << shape << " banks " << banks << " form " << form);
        REQUIRE(bench.run(random, c, {100, form < 2 ? 50u : 100u, 100}) == "");
      }
    }
  }
}

TEST_CASE("weight path: clocks of a pass", "[spu]") {
  PathBench bench("tiny");
  // tiny, shape 0: a chunk holds 12 headers and costs one clock, unless the steps of the bank
  // before it outlast its index rows.
  CHECK(pass_clocks(bench, 1, false, 24) == 24 + 2);
  CHECK(pass_clocks(bench, 2, false, 24) == 2 * 24 + 2);
  CHECK(pass_clocks(bench, 8, false, 24) == 8 * 24 + 2);
  CHECK(pass_clocks(bench, 11, true, 24) == 11 * 24 + 2);
  CHECK(pass_clocks(bench, 12, true, 24) == 12 * 24);
  CHECK(pass_clocks(bench, 32, true, 24) == 32 * 24);
  CHECK(pass_clocks(bench, 64, false, 12) == 64 * 12);
  CHECK(pass_clocks(bench, 0, false, 24) == 24 + 1);         // an empty bank is a clock
  CHECK(pass_clocks(bench, 2, false, 24, 1) == 2 * 24 + 4);  // shape 1: 6 headers in a chunk
}

TEST_CASE("weight path: a header above 64 raises the error, and it stays", "[spu]") {
  for (const unsigned count : {65u, 100u, 127u}) {
    PathBench bench("tiny");
    SeededRandom random(35);
    PathCommand c;
    Group group = random_group(random, 16, 3, 8);
    group.banks[1].count = count;
    group.banks[1].lanes.assign(16, std::vector<test::Entry>(count));
    c.groups.push_back(std::move(group));
    bench.send(random, c);
    CHECK(bench.model().port("error_o").get() == 0);
    CHECK(bench.run(random, c, {}) == "error_o");
    bench.model().tick(10);
    CHECK(bench.model().port("error_o").get() == 1);
    bench.model().reset();
    CHECK(bench.model().port("error_o").get() == 0);
  }
}

TEST_CASE("weight path: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  BugList list(2);
  for (const Bug& bug : {
           Bug{"index_loader", "pass_end", "assign pass_end_o = pass_complete &&",
               "assign pass_end_o = 1'b0 &&"},
           Bug{"index_loader", "header_shape", "(HeaderBytes >> shape_i)", "(HeaderBytes)"},
           Bug{"index_loader", "rewind", "resident_i && (tiles_left_q != 24'd1 || keep_i)",
               "resident_i && (tiles_left_q != 24'd1)"},
           Bug{"weight_decoder", "bitmap_order", "walk[l] = bits ^ lowest;", "walk[l] = bits;"},
           Bug{"weight_decoder", "overtaken",
               "assign bitmap_ready_o = !next_full_q || take_bitmap;",
               "assign bitmap_ready_o = 1'b1;"},
           Bug{"weight_decoder", "last", "assign last = is_empty ||", "assign last = is_dense ||"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.file << " " << bug.name);
    std::string error;
    try {
      PathBench bench("tiny",
                      seeded_bug(std::string("rtl/spu/") + bug.file + ".sv",
                                 std::string(bug.file) + "_" + bug.name, bug.find, bug.replace));
      SeededRandom random(36);
      for (unsigned i = 0; i < 4 && error.empty(); ++i) error = run_program(bench, random, 12);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
