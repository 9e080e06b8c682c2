// The address generators of the activations: pixel walker and activation fetch against the
// definition of a convolution's windows, under random grants and releases.
#include <bit>
#include <catch2/catch.hpp>
#include <deque>
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

constexpr unsigned kBankSlots = 4;
constexpr unsigned kSlotBits = 2;

struct Rates {
  unsigned grant = 100;    // percent of the pending words of a clock
  unsigned release = 100;  // percent of clocks in which a complete bank is used up
};

/// Words that fill an operand bank, or both of a BF16 step: one for each pixel of a tile.
struct Read {
  unsigned tile = 0, block = 0, tap = 0;
  bool both = false;
  bool last = true;        // of the array's step
  std::uint64_t slot = 0;  // operand bank, counted from the command's first
};

std::vector<Read> reads_of(const commands::SpuCommand& c, unsigned groups, unsigned tiles) {
  const bool bf16 = c.dtype == static_cast<std::uint8_t>(commands::Dtype::kBf16);
  std::vector<Read> reads;
  std::uint64_t slot = 0;
  for (unsigned i = 0; i < groups * tiles; ++i) {
    for (unsigned block = 0; block < c.in_blocks; block += bf16 ? 2 : 1) {
      for (unsigned tap = 0; tap < c.kernel_h * c.kernel_w; ++tap) {
        const bool two = bf16 && block + 1 < c.in_blocks;
        const bool both = bf16 && !two;
        reads.push_back({i % tiles, block, tap, both, !two, slot});
        slot += both ? 2 : 1;
        if (two) reads.push_back({i % tiles, block + 1, tap, false, true, slot++});
      }
    }
  }
  return reads;
}

class FetchBench {
 public:
  explicit FetchBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("activation_path", config, tb::Kind::kChecked, options)) {
    for (const char* name : {"walk_start_i", "fetch_load_i", "read_grant_i", "bank_release_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }
  [[nodiscard]] const config::Configuration& config() const { return config_; }
  [[nodiscard]] unsigned setup_clocks() const { return setup_; }
  [[nodiscard]] unsigned run_clocks() const { return clocks_; }
  [[nodiscard]] unsigned fetch_groups() const { return groups_done_; }

  /// Fetches a command. The walker prepares it first, unless it has done so beside the former one;
  /// beside its own last group it prepares `next`, if there is one.
  std::string run(SeededRandom& random, const commands::SpuCommand& c, unsigned groups,
                  const Rates& rates, const commands::SpuCommand* next = nullptr) {
    tb::Model& m = *model_;
    const unsigned lanes = config_.pixels_per_quadrant;
    const unsigned parts = 1U << c.shape;
    const unsigned ports = parts > 1 ? 2 : 1;  // groups at a time
    const unsigned tiles = divide_up(c.pixels, parts * lanes);
    const unsigned addr_bits = config_.local_addr_width;
    setup_ = 0;
    if (!prepared_) {
      start_walk(c);
      m.tick();
      m.port("walk_start_i").set(0);
      setup_ = 1;
    }
    prepared_ = false;
    while (m.port("walk_ready_o").get() == 0) {
      m.tick();
      if (++setup_ > 1000) return "the walker is never ready";
    }
    m.port("tiles_i").set(tiles);
    m.port("groups_i").set(groups);
    m.port("fetch_load_i").set(1);
    m.tick();
    m.port("fetch_load_i").set(0);
    m.tick();  // the load is followed by the start

    auto valid = m.port("read_valid_o"), addr = m.port("read_addr_o"),
         grant = m.port("read_grant_i"), fill_valid = m.port("fill_valid_o"),
         fill_quads = m.port("fill_quads_o"), fill_bank = m.port("fill_bank_o"),
         fill_both = m.port("fill_both_o"), fill_pair = m.port("fill_pair_o"),
         fill_write = m.port("fill_write_o"), fill_zero = m.port("fill_zero_o"),
         bank_valid = m.port("bank_valid_o"), bank = m.port("bank_o"),
         release = m.port("bank_release_i"), done = m.port("groups_done_o"),
         conflict = m.port("conflict_o"), busy = m.port("busy_o"),
         last_group = m.port("last_group_o");
    if ((m.port("read_stride2_o").get() != 0) != (c.stride_w == 2)) return "read_stride2_o";
    if ((m.port("pair_o").get() != 0) != (ports == 2)) return "pair_o";

    // What every fetch group must read, in order; index walks over all of them. A step of the array
    // uses one operand bank, of BF16 two: they have a read each, or one for both.
    const bool bf16 = c.dtype == static_cast<std::uint8_t>(commands::Dtype::kBf16);
    const unsigned pair = bf16 ? 2 : 1;
    const std::vector<Read> reads = reads_of(c, groups, tiles);
    std::vector<std::uint64_t> last_read;  // of a step
    for (std::uint64_t r = 0; r < reads.size(); ++r) {
      if (reads[r].last) last_read.push_back(r);
    }
    const std::uint64_t steps = last_read.size();
    const auto expected_word = [&](std::uint64_t fetch, unsigned lane) {
      const auto part = static_cast<unsigned>(fetch % parts);
      const Read& r = reads[fetch / parts % reads.size()];
      return window_word(c, r.block, r.tap / c.kernel_w, r.tap % c.kernel_w,
                         (r.tile * parts + part) * lanes + lane);
    };
    // Operand banks as the fills leave them: address per pixel, -1 zero, -2 nothing yet.
    std::vector<std::vector<std::int64_t>> slots(kBankSlots,
                                                 std::vector<std::int64_t>(parts * lanes, -2));
    // BF16 begins with an even one.
    const unsigned first_slot = bf16 ? (next_slot_ + 1) / 2 * 2 : next_slot_;
    // Of each port: fetch group whose words are being read, and its granted lanes; fetch group that
    // the next fill belongs to, and its filled lanes. Port p has every group whose number is p
    // modulo the ports.
    std::uint64_t reading[2] = {0, 1};
    std::uint64_t granted[2] = {0, 0};
    std::uint64_t filled[2] = {0, 1};
    std::uint64_t filled_lanes[2] = {0, 0};
    std::uint64_t released = 0;  // steps
    const std::uint64_t every = (std::uint64_t{1} << lanes) - 1;
    std::vector<std::int64_t> addresses(std::size_t{2} * lanes, -1);  // granted in the last clock
    clocks_ = 0;
    groups_done_ = 0;
    unsigned conflicts = 0;
    unsigned partial = 0;
    const auto fail = [&](const std::string& what) {
      return what + ", fetch group " + std::to_string(reading[0]) + ", fill group " +
             std::to_string(filled[0]) + ", cycle " + std::to_string(m.cycle()) + ", seed " +
             std::to_string(tb::seed());
    };
    while (released != steps) {
      m.port("walk_start_i").set(0);
      if (next != nullptr && !prepared_ && (last_group.get() != 0 || busy.get() == 0) &&
          random.percent(20)) {
        start_walk(*next);
        prepared_ = true;
      }
      m.eval();
      // ---- Fills of the grants of the last clock ----
      if (fill_valid.get() != 0 && (fill_pair.get() != 0) != (ports == 2)) {
        return fail("fill_pair_o");
      }
      for (unsigned p = 0; p < 2; ++p) {
        const std::int64_t* words = &addresses[std::size_t{p} * lanes];
        if (((fill_valid.get() >> p) & 1U) == 0) {
          for (unsigned i = 0; i < lanes; ++i) {
            if (words[i] >= 0) return fail("a granted word is not filled");
          }
          continue;
        }
        if (p >= ports) return fail("a fill of the upper group");
        if (filled[p] / parts >= reads.size()) return fail("a fill after the last");
        const Read& read = reads[filled[p] / parts];
        const auto slot = static_cast<unsigned>((first_slot + read.slot) % kBankSlots);
        if (fill_bank.bits(p * kSlotBits, kSlotBits) != slot) return fail("fill_bank_o");
        if (fill_both.bits(p, 1) != (read.both ? 1U : 0U)) return fail("fill_both_o");
        const auto part = static_cast<unsigned>(filled[p] % parts);
        for (unsigned q = 0; q < config_.num_quadrants; ++q) {
          const bool takes = fill_quads.bits(p * config_.num_quadrants + q, 1) != 0;
          const bool expected = (ports == 1 || q % 2 == p) && (q & (parts - 1)) == part;
          if (takes != expected) return fail("fill_quads_o");
        }
        const std::uint64_t zeros = fill_zero.get() >> (p * lanes) & every;
        const std::uint64_t writes = fill_write.get() >> (p * lanes) & every;
        std::uint64_t arrived = 0;
        for (unsigned i = 0; i < lanes; ++i) {
          if (words[i] >= 0) arrived |= std::uint64_t{1} << i;
          if ((((zeros | writes) >> i) & 1U) == 0) continue;
          slots[slot][part * lanes + i] = words[i];
          if (read.both) slots[slot + 1][part * lanes + i] = words[i];
        }
        if ((zeros & writes) != 0) return fail("zero and write");
        if (writes != arrived) {
          return fail("fill_write_o of " + std::to_string(writes) + ", granted " +
                      std::to_string(arrived));
        }
        if ((filled_lanes[p] & (zeros | writes)) != 0) return fail("a lane is filled twice");
        filled_lanes[p] |= zeros | writes;
        if (filled_lanes[p] == every) {
          filled_lanes[p] = 0;
          filled[p] += ports;
        }
      }
      // ---- Use of the oldest complete bank: its fills are over ----
      release.set(0);
      if (bank_valid.get() != 0) {
        const auto slot = static_cast<unsigned>((first_slot + pair * released) % kBankSlots);
        if (bank.get() != slot) return fail("bank_o");
        for (unsigned p = 0; p < ports; ++p) {
          if (filled[p] / parts <= last_read[released]) {
            return fail("a bank is complete before its words");
          }
        }
        if (random.percent(rates.release)) {
          for (unsigned b = 0; b < pair; ++b) {
            const Read& last = reads[last_read[released]];
            const std::uint64_t r = last_read[released] - (last.both || b + 1 == pair ? 0 : 1);
            for (unsigned p = 0; p < parts * lanes; ++p) {
              const auto word = expected_word(r * parts + p / lanes, p % lanes);
              const std::int64_t expected = word ? std::int64_t{*word} : -1;
              if (slots[slot + b][p] != expected) {
                return fail("step " + std::to_string(released) + " bank " + std::to_string(b) +
                            " pixel " + std::to_string(p) + ": expected word " +
                            std::to_string(expected) + ", got " +
                            std::to_string(slots[slot + b][p]));
              }
              slots[slot + b][p] = -2;
            }
          }
          release.set(1);
          ++released;
        }
      }
      // ---- Grants ----
      const std::uint64_t pending = valid.get();
      std::uint64_t grants = 0;
      for (unsigned i = 0; i < 2 * lanes; ++i) {
        addresses[i] = -1;
        if (((pending >> i) & 1U) == 0) continue;
        const unsigned p = i / lanes;
        if (p >= ports) return fail("the upper group asks alone");
        const auto word = expected_word(reading[p], i % lanes);
        const auto got = static_cast<std::uint32_t>(addr.bits(i * addr_bits, addr_bits));
        if (!word) return fail("lane " + std::to_string(i) + " reads outside the image");
        if (*word != got) {
          return fail("lane " + std::to_string(i) + ": expected word " + std::to_string(*word) +
                      ", got " + std::to_string(got));
        }
        if (((granted[p] >> i % lanes) & 1U) != 0) return fail("a lane asks twice");
        if (!random.percent(rates.grant)) continue;
        grants |= std::uint64_t{1} << i;
        granted[p] |= std::uint64_t{1} << (i % lanes);
        addresses[i] = got;
      }
      grant.set(grants);
      m.eval();
      // ---- Ends: a group's is in the clock of its last word ----
      for (unsigned p = 0; p < 2; ++p) {
        std::uint64_t wanted = 0;
        for (unsigned i = 0; p < ports && i < lanes; ++i) {
          if (expected_word(reading[p], i)) wanted |= std::uint64_t{1} << i;
        }
        const bool ends = ((done.get() >> p) & 1U) != 0;
        if (ends && (p >= ports || granted[p] != wanted)) {
          return fail("a group ends without all its words");
        }
        // Groups without a word show nothing before they end.
        if (!ends && wanted != 0 && granted[p] == wanted) return fail("a group does not end");
        if (!ends) continue;
        reading[p] += ports;
        granted[p] = 0;
        ++groups_done_;
      }
      conflicts += conflict.get() != 0;
      partial += pending != 0 && (pending & ~grants) != 0;
      m.tick();
      if (++clocks_ > 400000) return fail("nothing moves");
    }
    release.set(0);
    grant.set(0);
    m.port("walk_start_i").set(0);
    m.eval();
    if (busy.get() != 0) return fail("still busy");
    if (groups_done_ != reads.size() * parts)
      return "groups_done_o counted " + std::to_string(groups_done_);
    if (conflicts != partial) return "conflict_o counted " + std::to_string(conflicts);
    next_slot_ = static_cast<unsigned>((first_slot + pair * steps) % kBankSlots);
    for (unsigned i = 0; i < 4; ++i) {
      m.tick();
      if (valid.get() != 0 || bank_valid.get() != 0) return fail("something after the last bank");
    }
    return "";
  }

 private:
  void start_walk(const commands::SpuCommand& c) {
    const auto bytes = c.encode();
    model_->port("cmd_i").set_bytes(bytes.data(), bytes.size());
    model_->port("walk_start_i").set(1);
  }

  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  unsigned next_slot_ = 0;
  bool prepared_ = false;
  unsigned setup_ = 0, clocks_ = 0, groups_done_ = 0;
};

std::string run_random(FetchBench& bench, SeededRandom& random, unsigned commands) {
  std::vector<commands::SpuCommand> list;
  while (list.size() < commands) {
    auto c = random_geometry(random, bench.config(), bench.config().local_words, 600);
    if (random.percent(40)) c.dtype = static_cast<std::uint8_t>(commands::Dtype::kBf16);
    const std::uint64_t work = std::uint64_t{c.pixels} * c.in_blocks * c.kernel_h * c.kernel_w;
    if (work <= 20000) list.push_back(c);
  }
  for (unsigned i = 0; i < commands; ++i) {
    const commands::SpuCommand& c = list[i];
    const unsigned percents[] = {30, 80, 100};
    const bool beside = i + 1 < commands && random.percent(70);
    const std::string error = bench.run(random, c, 1 + random.below(2),
                                        {percents[random.below(3)], percents[random.below(3)]},
                                        beside ? &list[i + 1] : nullptr);
    if (!error.empty()) {
      return "command " + std::to_string(i) + " kernel " + std::to_string(c.kernel_h) + "x" +
             std::to_string(c.kernel_w) + " image " + std::to_string(c.in_height) + "x" +
             std::to_string(c.in_width) + ": " + error;
    }
  }
  return "";
}

}  // namespace

TEST_CASE("activation fetch: random convolutions, random grants", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    FetchBench bench(name);
    SeededRandom random(41);
    INFO(name);
    CHECK(run_random(bench, random, tb::full_run() ? 3000 : 100) == "");
  }
}

TEST_CASE("activation fetch: corners of the geometry", "[spu]") {
  FetchBench bench("tiny");
  SeededRandom random(42);
  const auto conv = [](int images, int height, int width, int kernel_h, int kernel_w, int stride,
                       int dilation, int top, int left, int out_h, int out_w, int shape) {
    commands::SpuCommand c;
    c.images = static_cast<std::uint16_t>(images);
    c.in_height = static_cast<std::uint16_t>(height);
    c.in_width = static_cast<std::uint16_t>(width);
    c.in_row = c.in_width;
    c.in_image = static_cast<std::uint32_t>(height * width);
    c.in_plane = c.in_image * c.images;
    c.in_blocks = 1;
    c.kernel_h = static_cast<std::uint8_t>(kernel_h);
    c.kernel_w = static_cast<std::uint8_t>(kernel_w);
    c.stride_h = c.stride_w = static_cast<std::uint8_t>(stride);
    c.dilation_h = c.dilation_w = static_cast<std::uint8_t>(dilation);
    c.pad_top = static_cast<std::uint16_t>(top);
    c.pad_left = static_cast<std::uint16_t>(left);
    c.out_height = static_cast<std::uint16_t>(out_h);
    c.out_width = static_cast<std::uint16_t>(out_w);
    c.pixels = static_cast<std::uint32_t>(images * out_h * out_w);
    c.shape = static_cast<std::uint8_t>(shape);
    c.out_channels = 1;
    return c;
  };
  // One pixel; kernel larger than the image; a window that touches nothing; a tile of several
  // images; stride 4 over single columns; the last word of the local buffer.
  CHECK(bench.run(random, conv(1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0), 1, {}) == "");
  CHECK(bench.run(random, conv(1, 2, 3, 11, 11, 1, 1, 5, 5, 2, 3, 1), 1, {}) == "");
  CHECK(bench.run(random, conv(1, 2, 2, 11, 11, 4, 4, 40, 40, 2, 2, 0), 2, {}) == "");
  CHECK(bench.run(random, conv(9, 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1), 1, {}) == "");
  CHECK(bench.run(random, conv(7, 2, 1, 2, 2, 1, 1, 0, 1, 1, 2, 1), 1, {}) == "");
  CHECK(bench.run(random, conv(2, 9, 1, 3, 1, 4, 2, 2, 0, 3, 1, 0), 1, {}) == "");
  auto end = conv(1, 32, 32, 3, 3, 1, 1, 1, 1, 32, 32, 1);
  CHECK(bench.run(random, end, 1, {}) == "");
}

TEST_CASE("activation fetch: a pair of groups per clock, setup clocks", "[spu]") {
  SeededRandom random(43);
  for (const char* name : {"tiny", "s4"}) {
    FetchBench bench(name);
    for (unsigned shape = 0; shape <= bench.config().max_shape; ++shape) {
      commands::SpuCommand c;
      const unsigned pixels = 16 * (bench.config().pixels_per_quadrant << shape);
      c.images = c.in_height = c.out_height = c.in_blocks = 1;
      c.kernel_h = c.kernel_w = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
      c.in_width = c.in_row = c.out_width = static_cast<std::uint16_t>(pixels);
      c.pixels = c.in_image = c.in_plane = pixels;
      c.in_plane = 0;
      c.in_blocks = 8;  // the same words again
      c.shape = static_cast<std::uint8_t>(shape);
      c.out_channels = 1;
      INFO(name << " shape " << shape);
      CHECK(bench.run(random, c, 1, {}) == "");
      CHECK(bench.setup_clocks() ==
            2 + std::bit_width(bench.config().pixels_per_quadrant << shape));
      CHECK(bench.fetch_groups() == (16U * 8) << shape);
      // The bank is there 2 clocks after the start, or after its last group was issued.
      CHECK(bench.run_clocks() == bench.fetch_groups() / (shape == 0 ? 1 : 2) + 2);
      // BF16: as many for whole pairs; a block without a partner, read once, is one of two.
      c.dtype = static_cast<std::uint8_t>(commands::Dtype::kBf16);
      CHECK(bench.run(random, c, 1, {}) == "");
      CHECK(bench.run_clocks() == bench.fetch_groups() / (shape == 0 ? 1 : 2) + 2);
      c.in_blocks = 5;
      CHECK(bench.run(random, c, 1, {}) == "");
      CHECK(bench.fetch_groups() == (16U * 5) << shape);
      CHECK(bench.run_clocks() == bench.fetch_groups() / (shape == 0 ? 1 : 2) + 2);
    }
  }
}

TEST_CASE("activation fetch: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  BugList list(4);
  for (const Bug& bug : {
           Bug{"pixel_walker", "image_turn", "wrap_y_q    <= in_image_i - image_span_q;",
               "wrap_y_q    <= -image_span_q;"},
           Bug{"pixel_walker", "wrap", "y = y - span_y;", "y = first_y_q;"},
           Bug{"pixel_walker", "twice", "twice_wrap_y ? twice_y - span_y_q : twice_y;", "twice_y;"},
           Bug{"pixel_walker", "adders", "assign hold_o = double;", "assign hold_o = 1'b0;"},
           Bug{"pixel_walker", "next_step", "double ? step_x_q : use_step_x_q;", "step_x_q;"},
           Bug{"pixel_walker", "next_rows", "double ? stride_h : use_stride_h_q;", "stride_h;"},
           Bug{"window_words", "padding", "(y >= 0) &&", "(y >= -1) &&"},
           Bug{"fetch_port", "early", "done_last_o = done_o && now_q.last_part;",
               "done_last_o = valid_q && now_q.last_part;"},
           Bug{"fetch_port", "next", "ready_o = !next_valid_q;", "ready_o = 1'b1;"},
           Bug{"fetch_port", "pending",
               "next_valid_q ? next_pending_q :", "next_valid_q ? read_i :"},
           Bug{"operand_slots", "upper", "lower >= wanted && upper >= wanted", "lower >= wanted"},
           Bug{"operand_slots", "pair", "pair_i ? (SlotBits + 1)'(2) : (SlotBits + 1)'(1);",
               "(SlotBits + 1)'(1);"},
           Bug{"operand_slots", "early", "lower_q + (SlotBits + 1)'(lower_come_q)",
               "lower_q + (SlotBits + 1)'(complete_i[0])"},
           Bug{"operand_slots", "both", "{take_i && take_both_i, (take_i && !take_both_i) || pass}",
               "{1'b0, take_i || pass}"},
           Bug{"activation_fetch", "both", "fill_both_o   (fill_both_o[g])", "fill_both_o   ()"},
           Bug{"activation_fetch", "partner", "half_q || !bf16 || alone", "half_q || !bf16"},
           Bug{"operand_slots", "credit", "assign free = used_q != (SlotBits + 1)'(Slots);",
               "assign free = 1'b1;"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.file << " " << bug.name);
    std::string error;
    try {
      FetchBench bench("tiny",
                       seeded_bug(std::string("rtl/spu/") + bug.file + ".sv",
                                  std::string(bug.file) + "_" + bug.name, bug.find, bug.replace));
      SeededRandom random(44);
      error = run_random(bench, random, 100);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
