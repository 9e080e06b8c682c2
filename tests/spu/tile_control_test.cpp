// Step issue against a plain count of banks and tiles, every input coming and going at random.
#include <catch2/catch.hpp>
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

struct Rates {
  unsigned step = 100, value = 100, bank = 100, drain = 100;
};

class TileBench {
 public:
  explicit TileBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("tile_control", config, tb::Kind::kChecked, options)) {
    for (const char* name :
         {"start_i", "step_valid_i", "value_valid_i", "bank_valid_i", "set_free_i", "bf16_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }
  [[nodiscard]] unsigned clocks() const { return clocks_; }

  /// counts[group][bank]: K. Every tile of a group has the same ones.
  std::string run(SeededRandom& random, const std::vector<std::vector<unsigned>>& counts,
                  unsigned pixels, unsigned channels, unsigned shape, bool resident, bool keep,
                  const Rates& rates) {
    tb::Model& m = *model_;
    const unsigned tile_pixels = config_.pixels_per_quadrant << shape;
    const unsigned group_channels = config_.array_lanes >> shape;
    const unsigned tiles = (pixels + tile_pixels - 1) / tile_pixels;
    const auto groups = static_cast<unsigned>(counts.size());
    const auto banks = static_cast<unsigned>(counts[0].size());
    m.port("banks_i").set(banks);
    m.port("tiles_i").set(tiles);
    m.port("groups_i").set(groups);
    m.port("resident_i").set(resident);
    m.port("keep_i").set(keep);
    m.port("shape_i").set(shape);
    m.port("pixels_i").set(pixels);
    m.port("channels_i").set(channels);
    m.port("start_i").set(1);
    m.tick();
    m.port("start_i").set(0);
    auto step_valid = m.port("step_valid_i"), step_mac = m.port("step_mac_i"),
         step_last = m.port("step_last_i"), value_valid = m.port("value_valid_i"),
         bank_valid = m.port("bank_valid_i"), bank_number = m.port("bank_i"),
         set_free = m.port("set_free_i");
    unsigned group = 0, tile = 0, bank = 0, entry = 0;
    bool work = false;  // the tile had a step for the array
    bool offered = false, have_value = false, have_bank = false;
    unsigned waiting = 0;    // sets that are full
    unsigned drainable = 0;  // of these, handed over by tile_done_o
    int done_at = 0;         // tile end in the clock before: set + 1
    clocks_ = 0;
    const auto fail = [&](const std::string& what) {
      return what + ", group " + std::to_string(group) + " tile " + std::to_string(tile) +
             " bank " + std::to_string(bank) + " entry " + std::to_string(entry) + ", cycle " +
             std::to_string(m.cycle()) + ", seed " + std::to_string(tb::seed());
    };
    while (group < groups || waiting != 0 || m.port("busy_o").get() != 0) {
      const bool run = group < groups;
      const unsigned count = run ? counts[group][bank] : 0;
      const bool mac = count != 0;
      const bool last = entry + 1 >= count;
      offered = run && (offered || random.percent(rates.step));
      have_value = have_value || random.percent(rates.value);
      have_bank = have_bank || random.percent(rates.bank);
      step_valid.set(offered);
      step_mac.set(mac);
      step_last.set(last);
      value_valid.set(have_value);
      bank_valid.set(have_bank);
      bank_number.set(next_bank_);
      const bool free = drainable != 0 && random.percent(rates.drain);
      set_free.set(free);
      m.eval();
      // ---- What must happen in this clock ----
      const bool set_ready = work || waiting != 2 || free;
      const bool values_ready = !mac || have_value;
      const bool fire = run && offered && values_ready && have_bank && set_ready;
      const bool last_bank = bank + 1 == banks;
      const bool zero = !mac && last_bank && !work;
      const bool end = fire && last && last_bank;
      const bool rewind = resident && (tile + 1 != tiles || keep);
      const unsigned valid_pixels =
          std::min(tile_pixels, pixels - std::min(pixels, tile * tile_pixels));
      const unsigned valid_channels =
          std::min(group_channels, channels - std::min(channels, group * group_channels));
      struct Expectation {
        const char* port;
        std::uint64_t value;
      };
      std::vector<Expectation> expected = {
          {"step_ready_o", fire},
          {"bank_release_o", fire && last},
          {"value_consume_o", fire && mac},
          {"value_consume_last_o", end && mac},
          {"value_pass_end_o", end && !mac},
          {"mac_valid_o", fire && (mac || zero)},
          {"tile_done_o", done_at != 0},
          {"stall_drain_o", run && !fire && !set_ready},
          {"stall_weights_o", run && !fire && set_ready && !(offered && values_ready)},
          {"stall_activations_o", run && !fire && set_ready && offered && values_ready},
          {"macs_o", fire && mac ? valid_pixels * valid_channels : 0},
      };
      if (run) expected.push_back({"value_rewind_o", rewind});
      if (fire && (mac || zero)) {
        expected.push_back({"mac_clear_o", !work});
        expected.push_back({"mac_zero_o", zero});
        expected.push_back({"mac_set_o", set_});
        expected.push_back({"mac_bank_o", next_bank_});
      }
      if (done_at != 0) {
        expected.push_back({"tile_set_o", static_cast<unsigned>(done_at - 1)});
      }
      for (const Expectation& e : expected) {
        if (m.port(e.port).get() != e.value) {
          return fail(std::string(e.port) + ": expected " + std::to_string(e.value) + ", got " +
                      std::to_string(m.port(e.port).get()));
        }
      }
      // ---- Move on ----
      if (done_at != 0) ++drainable;
      if (free) {
        --drainable;
        --waiting;
      }
      done_at = end ? static_cast<int>(set_) + 1 : 0;
      if (fire) {
        offered = false;
        if (mac) have_value = false;
        if (mac || zero) work = true;
        ++entry;
        if (last) {
          have_bank = false;
          next_bank_ = (next_bank_ + 1) % 4;
          entry = 0;
          ++bank;
        }
        if (end) {
          ++waiting;
          set_ ^= 1U;
          work = false;
          bank = 0;
          if (++tile == tiles) {
            tile = 0;
            ++group;
          }
        }
      }
      m.tick();
      if (++clocks_ > 1000000) return fail("nothing moves");
    }
    step_valid.set(0);
    set_free.set(0);
    return "";
  }

  std::string run_random(SeededRandom& random, unsigned commands) {
    for (unsigned i = 0; i < commands; ++i) {
      const unsigned shape = random.below(config_.max_shape + 1);
      const unsigned groups = 1 + random.below(3);
      const unsigned banks = 1 + random.below(6);
      const unsigned group_channels = config_.array_lanes >> shape;
      std::vector<std::vector<unsigned>> counts(groups, std::vector<unsigned>(banks));
      for (auto& group : counts) {
        const unsigned most = random.percent(20) ? 1 : (random.percent(10) ? 65 : 5);
        for (auto& count : group) count = random.percent(30) ? 0 : random.below(most);
      }
      const unsigned percents[] = {20, 70, 100};
      const Rates rates{percents[random.below(3)], percents[random.below(3)],
                        percents[random.below(3)],
                        random.percent(20) ? 3 : percents[random.below(3)]};
      const bool resident = random.percent(50);
      const std::string error =
          run(random, counts, 1 + random.below(6 * config_.pixels_per_quadrant),
              (groups - 1) * group_channels + 1 + random.below(group_channels), shape, resident,
              resident && groups == 1 && random.percent(50), rates);
      if (!error.empty()) return "command " + std::to_string(i) + ": " + error;
    }
    return "";
  }

 private:
  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  unsigned set_ = 0;
  unsigned next_bank_ = 0;
  unsigned clocks_ = 0;
};

}  // namespace

TEST_CASE("tile control: random commands, every handshake stalls", "[spu]") {
  for (const char* name : {"tiny", "s4"}) {
    TileBench bench(name);
    SeededRandom random(61);
    INFO(name);
    CHECK(bench.run_random(random, tb::full_run() ? 3000 : 150) == "");
  }
}

TEST_CASE("tile control: a step per clock over banks and tiles", "[spu]") {
  TileBench bench("tiny");
  SeededRandom random(62);
  // 2 groups of 5 tiles of (3 + 0 + 1) entries: the empty bank is a clock. Then the last tile's
  // way to the drain, and its release.
  CHECK(bench.run(random, {{3, 0, 1}, {3, 0, 1}}, 20, 20, 0, true, false, {}) == "");
  CHECK(bench.clocks() == 2 * 5 * 5 + 2);
}

TEST_CASE("tile control: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  BugList list(2);
  for (const Bug& bug : {
           Bug{"zero_step", "assign mac_valid_o = fire && (step_mac_i || zero_step);",
               "assign mac_valid_o = fire && (step_mac_i || (zero_step && 1'b0));"},
           Bug{"third_set", "(full_q != 2'd2)", "(full_q <= 2'd2)"},
           Bug{"early_done", "tile_done_o <= (tile_end && !bf16_i)",
               "tile_done_o <= (fire && last_bank && !bf16_i)"},
           Bug{"pass_end", "assign value_pass_end_o = tile_end && !step_mac_i;",
               "assign value_pass_end_o = tile_end && !step_mac_i && started_q;"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    std::string error;
    try {
      TileBench bench("tiny",
                      seeded_bug("rtl/spu/tile_control.sv", std::string("tile_control_") + bug.name,
                                 bug.find, bug.replace));
      SeededRandom random(63);
      error = bench.run_random(random, 50);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
