// The drain against the list of beats that a command's definition asks for.
#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/geometry.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

struct Rates {
  unsigned tile = 100, params = 100, second = 100;
};

/// What one beat reads and writes.
struct Beat {
  unsigned quad = 0, sel = 0, part = 0, chunk = 0;
  bool half = false;
  std::uint32_t out = 0, second = 0;
  std::uint64_t mask = 0, lanes = 0;
  bool tile_end = false, release = false, last = false;
  bool frees = false;  // in the clock after it the array may have the set
};

[[nodiscard]] constexpr std::uint8_t bf16() {
  return static_cast<std::uint8_t>(commands::Dtype::kBf16);
}

/// The floating-point epilogue takes the lanes of a beat in halves.
[[nodiscard]] bool is_split(const commands::SpuCommand& c) {
  return c.out_bf16 != 0 || c.dtype == bf16() || c.float_epilogue != 0;
}

/// The beat of these channels of EpiloguePixels pixels; none if there are no such channels.
std::optional<Beat> beat_of(const config::Configuration& config, const commands::SpuCommand& c,
                            unsigned channel, unsigned part, bool half, unsigned tile, unsigned p) {
  const unsigned lanes = config.lanes_per_quadrant;
  const std::uint32_t addr_mask = (1U << config.local_addr_width) - 1;
  const bool wide = c.out_bf16 != 0;  // words of 32 channels
  const unsigned block = wide ? 32 : 64;
  const unsigned pixel = tile * (config.pixels_per_quadrant << c.shape) + p;
  // The word of the half's first channel, and where in it the half's results begin.
  const unsigned first = channel + (wide && half ? lanes / 2 : 0);
  if (pixel >= c.pixels || first / block >= divide_up(c.out_channels, block)) return {};
  Beat beat;
  beat.half = half;
  beat.part = part;
  beat.quad = (part << c.shape) + p / config.pixels_per_quadrant;
  beat.sel = p % config.pixels_per_quadrant / config.epilogue_pixels;
  beat.chunk = first % block * (wide ? 2 : 1) / lanes;
  beat.out = (c.out_addr + first / block * c.out_plane + pixel) & addr_mask;
  beat.second = (c.add_addr + first / block * c.add_plane + pixel) & addr_mask;
  for (unsigned e = 0; e < config.epilogue_pixels; ++e) {
    if (pixel + e < c.pixels) beat.mask |= std::uint64_t{1} << e;
  }
  for (unsigned o = 0; o < lanes; ++o) {
    if (channel + o < c.out_channels) beat.lanes |= std::uint64_t{1} << o;
  }
  return beat;
}

std::vector<Beat> beats_of(const config::Configuration& config, const commands::SpuCommand& c) {
  const unsigned parts = config.num_quadrants >> c.shape;
  const unsigned lanes = parts * config.lanes_per_quadrant;  // of a group
  const unsigned tile_pixels = config.pixels_per_quadrant << c.shape;
  const unsigned steps = tile_pixels / config.epilogue_pixels;
  const unsigned groups = divide_up(c.out_channels, lanes);
  const unsigned tiles = divide_up(c.pixels, tile_pixels);
  const unsigned halves = is_split(c) ? 2 : 1;
  std::vector<Beat> beats;
  for (unsigned g = 0; g < groups; ++g) {
    for (unsigned t = 0; t < tiles; ++t) {
      const std::size_t tile_begin = beats.size();
      const auto add = [&](unsigned step, unsigned part, unsigned half) {
        const unsigned channel = g * lanes + part * config.lanes_per_quadrant;
        const auto beat =
            beat_of(config, c, channel, part, half != 0, t, step * config.epilogue_pixels);
        if (beat) beats.push_back(*beat);
      };
      // All channels of a few pixels with a second tensor, else all pixels of a few channels, of
      // BF16 results those of a half.
      const bool by_half = c.add_enable == 0 && c.out_bf16 != 0;
      const bool by_part = c.add_enable == 0;
      for (unsigned i = 0; i < (by_part ? parts : steps); ++i) {
        for (unsigned j = 0; j < (by_half ? halves : by_part ? steps : parts); ++j) {
          for (unsigned k = 0; k < (by_half ? steps : halves); ++k) {
            add(by_half ? k : by_part ? j : i, by_part ? i : j, by_half ? j : k);
          }
        }
      }
      beats.back().tile_end = true;
      // With beats that nothing holds up the set is free before its last reads, two clocks of which
      // the array does not catch up with; six where it goes on with a tile of BF16.
      const bool steady = by_part && c.activation == 0 && (by_half || !is_split(c));
      const bool near_end = g + 1 == groups && t + 2 >= tiles;
      const std::size_t most = !steady ? 1 : c.dtype == bf16() && !near_end ? 7 : 3;
      const std::size_t from = beats.size() - std::min(most, beats.size() - tile_begin);
      std::size_t at = from;
      while (beats[at].part != beats.back().part) ++at;
      beats[at].frees = true;
      beats.back().release = c.weights_resident == 0 || (t + 1 == tiles && c.weights_keep == 0);
    }
  }
  beats.back().last = true;
  return beats;
}

class DrainBench {
 public:
  explicit DrainBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("drain_control", config, tb::Kind::kChecked, options)) {
    for (const char* name :
         {"start_i", "hold_i", "tile_done_i", "pool_valid_i", "param_valid_i", "second_ready_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }
  [[nodiscard]] const config::Configuration& config() const { return config_; }
  [[nodiscard]] unsigned clocks() const { return clocks_; }

  /// With `more` commands to come the next one's first tile may be here before this one's end.
  std::string run(SeededRandom& random, const commands::SpuCommand& c, const Rates& rates,
                  bool more = false) {
    tb::Model& m = *model_;
    const auto beats = beats_of(config_, c);
    const auto bytes = c.encode();
    unsigned tiles_left = 0;
    for (const Beat& beat : beats) tiles_left += beat.tile_end;
    m.port("command_i").set_bytes(bytes.data(), bytes.size());
    m.port("tiles_i").set(divide_up(c.pixels, config_.pixels_per_quadrant << c.shape));
    m.port("start_i").set(1);
    m.tick();
    pass(0);
    m.port("start_i").set(0);
    std::size_t next = 0;
    const Beat* in_flight = nullptr;
    bool freed = false;  // a set, by the beat of the last clock
    unsigned waiting = early_;
    unsigned full = early_;  // sets that the array may not use
    tiles_left -= early_;
    early_ = 0;
    bool params = false;
    // With an activation: its table first, then a beat every fourth clock.
    unsigned held = c.activation != 0 ? random.below(50) : 0;
    clocks_ = 0;
    while (next != beats.size() || in_flight != nullptr) {
      const bool early = tiles_left == 0 && more && early_ == 0;
      const bool tile = (tiles_left != 0 || early) && full < 2 && random.percent(rates.tile);
      params = params || random.percent(rates.params);
      const bool ready = random.percent(rates.second);
      m.port("tile_done_i").set(tile);
      m.port("tile_set_i").set(produced_set_);
      m.port("param_valid_i").set(params);
      m.port("second_ready_i").set(ready);
      m.port("hold_i").set(held != 0);
      m.eval();
      struct Expectation {
        const char* port;
        std::uint64_t value;
      };
      const bool busy = next != beats.size();
      const bool active = busy && waiting != 0 && params && held == 0 && pause_ == 0;
      const bool issue = active && (c.add_enable == 0 || ready);
      std::vector<Expectation> expected = {
          {"param_read_o", issue},
          {"second_valid_o", active && c.add_enable != 0},
          {"busy_o", busy},
          {"set_free_o", freed},
          {"beat_valid_o", in_flight != nullptr},
      };
      if (active) {
        const Beat& beat = beats[next];
        expected.insert(expected.end(), {{"drain_valid_o", issue ? 1ULL << beat.quad : 0},
                                         {"part_o", beat.part},
                                         {"drain_set_o", drained_set_},
                                         {"drain_sel_o", beat.sel},
                                         {"second_addr_o", beat.second},
                                         {"second_mask_o", beat.mask},
                                         {"second_chunk_o", beat.chunk},
                                         {"param_release_o", issue && beat.release}});
      } else {
        expected.insert(expected.end(), {{"drain_valid_o", 0}, {"param_release_o", 0}});
      }
      if (in_flight != nullptr) {
        expected.insert(expected.end(), {{"drain_quad_o", in_flight->quad},
                                         {"beat_lanes_o", in_flight->lanes},
                                         {"beat_addr_o", in_flight->out},
                                         {"beat_mask_o", in_flight->mask},
                                         {"beat_chunk_o", in_flight->chunk},
                                         {"beat_half_o", in_flight->half},
                                         {"beat_last_o", in_flight->last}});
      }
      for (const Expectation& e : expected) {
        if (m.port(e.port).get() != e.value) {
          return std::string(e.port) + ": expected " + std::to_string(e.value) + ", got " +
                 std::to_string(m.port(e.port).get()) + ", beat " + std::to_string(next) + " of " +
                 std::to_string(beats.size()) + ", cycle " + std::to_string(m.cycle()) + ", seed " +
                 std::to_string(tb::seed());
        }
      }
      in_flight = issue ? &beats[next] : nullptr;
      if (freed) --full;
      freed = issue && beats[next].frees;
      if (tile) {
        ++waiting;
        ++full;
        if (early) {
          ++early_;
        } else {
          --tiles_left;
        }
        produced_set_ ^= 1U;
      }
      if (issue) {
        if (beats[next].release) params = false;
        if (beats[next].tile_end) {
          --waiting;
          drained_set_ ^= 1U;
        }
        ++next;
      }
      if (held != 0) --held;
      pass(!issue || c.activation == 0 ? 0 : is_split(c) ? 1 : 3);
      m.tick();
      if (++clocks_ > 1000000) return "nothing moves";
    }
    m.port("tile_done_i").set(0);
    m.port("param_valid_i").set(0);
    return "";
  }

  /// A clock, perhaps with a beat for the activation lanes, which are busy with it for some more.
  void pass(unsigned busy) { pause_ = busy != 0 ? busy : pause_ - (pause_ != 0 ? 1 : 0); }

  std::string run_random(SeededRandom& random, unsigned commands) {
    for (unsigned i = 0; i < commands; ++i) {
      commands::SpuCommand c;
      c.shape = static_cast<std::uint8_t>(random.below(config_.max_shape + 1));
      c.pixels = 1 + random.below(7 * config_.pixel_lanes);
      c.out_channels = static_cast<std::uint16_t>(
          random.percent(50) ? 1 + random.below(4 * config_.array_lanes) : 1 + random.below(200));
      const std::uint32_t words = 1U << config_.local_addr_width;
      c.out_addr = random.below(words);
      c.out_plane = random.below(words);
      c.add_addr = random.below(words);
      c.add_plane = random.below(words);
      c.add_enable = random.percent(50) ? 1 : 0;
      c.activation = random.percent(30) ? commands::kActivationTable : 0;
      c.dtype = random.percent(30) ? bf16() : 0;
      c.out_bf16 = random.percent(30) ? 1 : 0;
      c.float_epilogue = random.percent(20) ? 1 : 0;
      c.weights_resident = random.percent(50) ? 1 : 0;
      c.weights_keep = c.weights_resident != 0 && random.percent(70) &&
                               c.out_channels <= (config_.array_lanes >> c.shape)
                           ? 1
                           : 0;
      const unsigned percents[] = {10, 60, 100};
      const std::string error =
          run(random, c,
              {percents[random.below(3)], percents[random.below(3)], percents[random.below(3)]},
              i + 1 < commands);
      if (!error.empty()) {
        return "command " + std::to_string(i) + " channels " + std::to_string(c.out_channels) +
               " pixels " + std::to_string(c.pixels) + " shape " + std::to_string(c.shape) + ": " +
               error;
      }
    }
    return "";
  }

 private:
  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  unsigned produced_set_ = 0, drained_set_ = 0;
  unsigned early_ = 0;  // tiles of the next command that wait already
  unsigned clocks_ = 0;
  unsigned pause_ = 0;  // clocks until the activation lanes take a beat
};

}  // namespace

TEST_CASE("drain control: random commands, stalls of tiles, parameters, second tensor", "[spu]") {
  for (const char* name : {"tiny", "small", "s4"}) {
    DrainBench bench(name);
    SeededRandom random(71);
    INFO(name);
    CHECK(bench.run_random(random, tb::full_run() ? 2000 : 60) == "");
  }
}

TEST_CASE("drain control: a beat per clock", "[spu]") {
  DrainBench bench("tiny");
  SeededRandom random(72);
  commands::SpuCommand c;
  c.pixels = 40;
  c.out_channels = 64;
  CHECK(bench.run(random, c, {}) == "");
  // 10 tiles of 4 pixels, 8 parts of 8 channels, one pixel per clock; a tile is known a clock
  // before its first beat, and the last beat leaves a clock after it was read.
  CHECK(bench.clocks() == 40 * 8 + 2);
}

TEST_CASE("drain control: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  BugList list(2);
  for (const Bug& bug : {
           Bug{"drain_order", "beyond",
               "(wrap_block && next_channel >= {1'b0, command_i.out_channels})",
               "(next_channel >= {1'b0, command_i.out_channels})"},
           Bug{"drain_order", "mask", "24'(i) < pixels_here", "24'(i) <= pixels_here"},
           Bug{"drain_order", "plane",
               "wrap_block ? add_half + AddrBits'(command_i.add_plane) : add_q",
               "wrap_block ? add_half + AddrBits'(command_i.out_plane) : add_q"},
           Bug{"drain_control", "keep", "(last_tile && !command_i.weights_keep)", "last_tile"},
           Bug{"drain_control", "next", "run_q && !hold_i", "!hold_i"},
           Bug{"drain_control", "hold", "run_q && !hold_i", "run_q"},
           Bug{"drain_order", "alone", "channel_q + 17'd32 >= {1'b0, command_i.out_channels};",
               "1'b0;"},
           Bug{"drain_order", "halves", "half_q || !split || alone;", "half_q || !split || wide;"},
           Bug{"drain_order", "free", "here + whole;", "here;"},
           Bug{"drain_control", "free_bf16", "(floats && !near_end)", "floats"},
           Bug{"drain_control", "free_held", "command_i.activation == '0 && (wide", "(wide"},
           Bug{"drain_order", "sweep", "sweep ? wide || last_half : last_half && last_part",
               "last_half && last_part"},
           Bug{"drain_order", "sweep_half", "!sweep || !wide || last_pixel", "1'b1"},
           Bug{"drain_order", "sweep_part", "last_half && (!sweep || last_pixel)", "last_half"},
           Bug{"drain_control", "pace", "? 2'd1 : 2'd3", "? 2'd1 : 2'd2"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    std::string error;
    try {
      // Some need several pixels of a beat, or words that are halves.
      const std::string name = bug.name;
      DrainBench bench(name == "mask"    ? "small"
                       : name == "alone" ? "s4"
                                         : "tiny",
                       seeded_bug(std::string("rtl/spu/") + bug.file + ".sv",
                                  std::string("drain_") + bug.name, bug.find, bug.replace));
      SeededRandom random(73);
      error = bench.run_random(random, 300);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
