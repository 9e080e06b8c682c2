// Gather, buffers, index loader and decoder of weights together, their steps compared with the
// groups that the words were made from.
#pragma once
#include <array>
#include <deque>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/weight_words.hpp"

namespace s4::tests {

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

}  // namespace s4::tests
