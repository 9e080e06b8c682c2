// A quadrant of the array against a plain array of integers, clock by clock.
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

constexpr unsigned kBankSlots = 4;
constexpr unsigned kBankSize = 64;

/// The quadrant and its plain model; every clock is compared.
class QuadrantBench {
 public:
  explicit QuadrantBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("mac_quadrant", config, tb::Kind::kChecked, options)),
        operand_(kBankSlots, std::vector<std::int32_t>(std::size_t{kBankSize} * pixels())),
        accumulator_(2, std::vector<std::uint32_t>(std::size_t{lanes()} * pixels())),
        data_(std::size_t{pixels()} * 64),
        index_(lanes()),
        value_(lanes()) {
    idle();
    // BF16 steps have tests of their own (tests/bf16).
    for (const char* name : {"step_low_i", "step_bf16_i", "step_valid_i"})
      model_->port(name).set(0);
    model_->reset();
  }

  [[nodiscard]] unsigned lanes() const { return config_.lanes_per_quadrant; }
  [[nodiscard]] unsigned pixels() const { return config_.pixels_per_quadrant; }
  [[nodiscard]] unsigned out_pixels() const { return config_.epilogue_pixels; }
  [[nodiscard]] unsigned beats() const { return pixels() / out_pixels(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] std::uint64_t drains() const { return drains_; }

  void fill(unsigned bank, std::uint64_t write, std::uint64_t zero,
            const std::vector<std::uint8_t>& data, bool is_unsigned, int zero_point) {
    fill_ = true;
    fill_bank_ = bank;
    fill_write_ = write;
    fill_zero_ = zero;
    data_ = data;
    unsigned_ = is_unsigned;
    zero_point_ = zero_point;
  }
  void step(unsigned bank, bool clear, bool set, const std::vector<std::uint8_t>& index,
            const std::vector<std::int8_t>& value) {
    step_ = true;
    step_bank_ = bank;
    step_clear_ = clear;
    step_set_ = set;
    index_ = index;
    value_ = value;
  }
  void drain(bool set, unsigned sel) {
    drain_ = true;
    drain_set_ = set;
    drain_sel_ = sel;
  }

  /// One clock with what was asked for since the last one.
  void clock() {
    tb::Model& m = *model_;
    m.port("fill_valid_i").set(fill_);
    m.port("fill_bank_i").set(fill_bank_);
    m.port("fill_write_i").set(fill_write_);
    m.port("fill_zero_i").set(fill_zero_);
    m.port("fill_data_i").set_bytes(data_.data(), data_.size());
    m.port("fill_unsigned_i").set(unsigned_);
    m.port("fill_zero_point_i").set(static_cast<std::uint64_t>(zero_point_));
    m.port("step_valid_i").set(step_);
    m.port("step_clear_i").set(step_clear_);
    m.port("step_set_i").set(step_set_);
    m.port("step_bank_i").set(step_bank_);
    auto index = m.port("step_index_i");
    auto value = m.port("step_value_i");
    for (unsigned o = 0; o < lanes(); ++o) {
      index.set_bits(o * 6, 6, index_[o]);
      value.set_bits(o * 8, 8, static_cast<std::uint8_t>(value_[o]));
    }
    m.port("drain_valid_i").set(drain_);
    m.port("drain_set_i").set(drain_set_);
    m.port("drain_sel_i").set(drain_sel_);
    m.tick();
    // ---- The model: drain, the step of the clock before, fill ----
    if (drain_) {
      shown_.clear();
      for (unsigned e = 0; e < out_pixels(); ++e) {
        for (unsigned o = 0; o < lanes(); ++o) {
          shown_.push_back(accumulator_[drain_set_][o * pixels() + drain_sel_ * out_pixels() + e]);
        }
      }
      ++drains_;
    }
    if (late_step_) {
      for (unsigned o = 0; o < lanes(); ++o) {
        for (unsigned p = 0; p < pixels(); ++p) {
          std::uint32_t& sum = accumulator_[late_set_][o * pixels() + p];
          if (late_clear_) sum = 0;
          sum += static_cast<std::uint32_t>(operand_[late_bank_][late_index_[o] * pixels() + p] *
                                            late_value_[o]);
        }
      }
    }
    if (fill_) {
      for (unsigned p = 0; p < pixels(); ++p) {
        for (unsigned c = 0; c < kBankSize; ++c) {
          auto& cell = operand_[fill_bank_][c * pixels() + p];
          const std::uint8_t byte = data_[p * 64 + c];
          if (((fill_write_ >> p) & 1U) != 0) {
            cell = (unsigned_ ? int{byte} : int{static_cast<std::int8_t>(byte)}) - zero_point_;
          }
          if (((fill_zero_ >> p) & 1U) != 0) cell = 0;
        }
      }
    }
    late_step_ = step_;
    if (step_) {
      late_bank_ = step_bank_;
      late_clear_ = step_clear_;
      late_set_ = step_set_;
      late_index_ = index_;
      late_value_ = value_;
    }
    auto data = m.port("drain_data_o");
    for (unsigned i = 0; i < shown_.size() && error_.empty(); ++i) {
      if (data.word(i) != shown_[i]) {
        error_ = "lane " + std::to_string(i % lanes()) + " pixel " + std::to_string(i / lanes()) +
                 ": expected " + std::to_string(shown_[i]) + ", got " +
                 std::to_string(data.word(i)) + ", cycle " + std::to_string(m.cycle()) + ", seed " +
                 std::to_string(tb::seed());
      }
    }
    idle();
  }

  /// Random words into every bank, both sets cleared.
  void prime(SeededRandom& random) {
    for (unsigned b = 0; b < kBankSlots; ++b) {
      fill(b, ~std::uint64_t{0}, 0, bytes(random), false, 0);
      clock();
    }
    for (const bool set : {false, true}) {
      step(0, true, set, index_, std::vector<std::int8_t>(lanes(), 0));
      clock();
    }
    clock();
  }

  std::vector<std::uint8_t> bytes(SeededRandom& random) {
    std::vector<std::uint8_t> data(std::size_t{pixels()} * 64);
    for (auto& byte : data)
      byte = random.percent(20) ? (random.percent(50) ? 0x80 : 0x7f) : random.byte();
    return data;
  }

 private:
  void idle() {
    fill_ = step_ = drain_ = false;
    // The inputs of what is not valid move nevertheless.
    fill_write_ ^= 0x5555;
    step_bank_ = (step_bank_ + 1) % kBankSlots;
    step_clear_ = !step_clear_;
    drain_set_ = !drain_set_;
  }

  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  std::vector<std::vector<std::int32_t>> operand_;
  std::vector<std::vector<std::uint32_t>> accumulator_;
  std::vector<std::uint32_t> shown_;
  std::string error_;
  std::uint64_t drains_ = 0;

  bool fill_ = false, step_ = false, drain_ = false;
  unsigned fill_bank_ = 0, step_bank_ = 0, drain_sel_ = 0;
  std::uint64_t fill_write_ = 0, fill_zero_ = 0;
  std::vector<std::uint8_t> data_;
  bool unsigned_ = false, step_clear_ = false, step_set_ = false, drain_set_ = false;
  int zero_point_ = 0;
  std::vector<std::uint8_t> index_, late_index_;
  std::vector<std::int8_t> value_, late_value_;
  bool late_step_ = false, late_clear_ = false, late_set_ = false;
  unsigned late_bank_ = 0;
};

void run_random(QuadrantBench& bench, SeededRandom& random, unsigned clocks) {
  bench.prime(random);
  bool is_unsigned = false;
  int zero_point = 0;
  std::vector<std::uint8_t> index(bench.lanes());
  std::vector<std::int8_t> value(bench.lanes());
  for (unsigned i = 0; i < clocks && bench.error().empty(); ++i) {
    if (random.percent(3)) {
      is_unsigned = random.percent(50);
      zero_point = is_unsigned ? random.between(0, 255) : random.between(-128, 127);
      if (random.percent(20)) zero_point = is_unsigned ? 255 : (random.percent(50) ? -128 : 127);
    }
    if (random.percent(40)) {
      bench.fill(random.below(kBankSlots), random.bits(), random.bits() & random.bits(),
                 bench.bytes(random), is_unsigned, zero_point);
    }
    if (random.percent(70)) {
      for (auto& x : index) x = static_cast<std::uint8_t>(random.below(64));
      for (auto& x : value) x = static_cast<std::int8_t>(random.percent(10) ? -128 : random.byte());
      bench.step(random.below(kBankSlots), random.percent(5), random.percent(50), index, value);
    }
    if (random.percent(60)) bench.drain(random.percent(50), random.below(bench.beats()));
    bench.clock();
  }
}

}  // namespace

TEST_CASE("mac quadrant: random fills, steps and drains in every clock", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    QuadrantBench bench(name);
    SeededRandom random(51);
    INFO(name);
    run_random(bench, random, tb::full_run() ? 100000 : 3000);
    CHECK(bench.error() == "");
    CHECK(bench.drains() > 1000);
  }
}

TEST_CASE("mac quadrant: all pairs of bytes, all operands of nine bits", "[spu]") {
  struct Form {
    bool is_unsigned;
    int zero_point;
  };
  for (const Form form :
       {Form{false, 0}, Form{true, 0}, Form{false, -128}, Form{false, 127}, Form{true, 255}}) {
    QuadrantBench bench("tiny");
    SeededRandom random(52);
    bench.prime(random);
    // Four pixels of 64 bytes are the 256 operands.
    std::vector<std::uint8_t> data(std::size_t{bench.pixels()} * 64);
    for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i);
    bench.fill(1, ~std::uint64_t{0}, 0, data, form.is_unsigned, form.zero_point);
    bench.clock();
    std::vector<std::int8_t> value(bench.lanes());
    for (unsigned w = 0; w < 256; w += bench.lanes()) {
      for (unsigned o = 0; o < bench.lanes(); ++o) value[o] = static_cast<std::int8_t>(w + o);
      for (unsigned i = 0; i < 64; ++i) {
        bench.step(1, true, (i & 1) != 0,
                   std::vector<std::uint8_t>(bench.lanes(), static_cast<std::uint8_t>(i)), value);
        bench.clock();
        bench.clock();
        for (unsigned b = 0; b < bench.beats(); ++b) {
          bench.drain((i & 1) != 0, b);
          bench.clock();
        }
      }
    }
    INFO("unsigned " << form.is_unsigned << " zero point " << form.zero_point);
    CHECK(bench.error() == "");
  }
}

TEST_CASE("mac quadrant: sums wrap at 32 bits", "[spu]") {
  QuadrantBench bench("tiny");
  SeededRandom random(53);
  bench.prime(random);
  // 255 * -128 and -255 * -128: both ends after 65,794 steps.
  std::vector<std::uint8_t> data(std::size_t{bench.pixels()} * 64, 0x7f);
  bench.fill(0, ~std::uint64_t{0}, 0, data, false, -128);
  bench.clock();
  std::fill(data.begin(), data.end(), 0x80);
  bench.fill(0, 1, 0, data, false, 127);
  bench.clock();
  const std::vector<std::int8_t> value(bench.lanes(), -128);
  const std::vector<std::uint8_t> index(bench.lanes(), 63);
  for (unsigned i = 0; i < 66000; ++i) {
    bench.step(0, i == 0, true, index, value);
    if (i > 65700) bench.drain(true, i % bench.beats());
    bench.clock();
  }
  CHECK(bench.error() == "");
}

TEST_CASE("mac quadrant: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  for (const Bug& bug : {
           Bug{"sign", "{!fill_unsigned_i && fill_data_i[p*512+c*8+7],", "{1'b0,"},
           Bug{"clear", "clear_q <= step_clear_i;", "clear_q <= 1'b0;"},
           Bug{"set", "set_q   <= step_set_i;", "set_q   <= 1'b0;"},
           Bug{"zero_wins", "fill_zero_i[p] ? 0 : x",
               "(fill_zero_i[p] && !fill_write_i[p]) ? 0 : x"},
       }) {
    QuadrantBench bench(
        "tiny", seeded_bug("rtl/spu/mac_quadrant.sv", std::string("quadrant_") + bug.name, bug.find,
                           bug.replace));
    SeededRandom random(54);
    INFO(bug.name);
    run_random(bench, random, 500);
    CHECK(bench.error() != "");
  }
}
