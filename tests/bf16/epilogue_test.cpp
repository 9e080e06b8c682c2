// The floating-point epilogue: RTL against the functional model, and that against the reference.
#include <fmt/format.h>

#include <bit>
#include <catch2/catch.hpp>
#include <deque>
#include <string>
#include <vector>

#include "sim/reference/bfloat16.hpp"
#include "sim/spu/bf16.hpp"
#include "tb/model.hpp"
#include "tests/bf16/numbers.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;
using sim::bf16::Epilogue;

namespace {

float as_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// Factors near one half of the time, so that results stay in range.
std::uint32_t random_factor(SeededRandom& random) {
  if (random.percent(30)) return 0x3F800000U;
  return random_float(random, random.percent(70) ? 124 : random.between(0, 255));
}

Epilogue random_settings(SeededRandom& random) {
  Epilogue e;
  e.acc_int = random.percent(40);
  e.second_int = random.percent(50);
  e.second_unsigned = random.percent(50);
  e.second_zero = e.second_unsigned ? random.between(0, 255) : random.between(-128, 127);
  e.second_scale = random_factor(random);
  e.operation = static_cast<sim::bf16::Operation>(random.below(5));
  if (random.percent(40)) e.negative_factor = random_factor(random);
  if (random.percent(40)) e.low = random.percent(60) ? 0 : random_float(random, 120);
  if (random.percent(30)) e.high = random_float(random, 130) & 0x7FFFFFFFU;
  if ((e.high & 0x7FFFFFFFU) > 0x7F800000U) e.high = 0x40C00000U;
  if ((e.low & 0x7FFFFFFFU) > 0x7F800000U) e.low = 0xC0C00000U;
  e.out_int = random.percent(50);
  e.out_zero = random.between(-128, 255);
  e.out_min = random.percent(50) ? random.between(-383, 0) : -128 - e.out_zero;
  e.out_max = random.percent(50) ? random.between(0, 383) : 127 - e.out_zero;
  return e;
}

/// What an epilogue gets and gives for one lane.
struct Element {
  std::uint32_t acc, bias, scale;
  std::uint16_t second;
};

Element random_element(const Epilogue& e, SeededRandom& random) {
  Element x{};
  if (e.acc_int) {
    x.acc = static_cast<std::uint32_t>(random.bits() >> random.below(32));
    if (random.percent(50)) x.acc = ~x.acc;
    x.bias = static_cast<std::uint32_t>(random.between(-100000, 100000));
    if (random.percent(5)) x.bias = static_cast<std::uint32_t>(random.bits());
    const int centre = 127 - std::bit_width(x.acc & 0x7FFFFFFFU);
    x.scale = random_float(random, random.percent(50) ? centre + 5 : 110);
  } else {
    // Accumulators are never subnormal and have one NaN.
    const int centre = random.between(100, 150);
    x.acc = canonical(as_float(sim::bf16::flush(random_float(random, centre))));
    x.bias = random_float(random, centre);
    x.scale = random_factor(random);
  }
  x.second = random_bf16(random);
  return x;
}

std::uint16_t reference_of(const Epilogue& e, const Element& x) {
  ref::FloatEpilogue r;
  r.integer_sums = e.acc_int;
  r.use = static_cast<ref::SecondUse>(e.operation);
  r.second_scale = as_float(e.second_scale);
  r.negative_slope = as_float(e.negative_factor);
  r.low = as_float(e.low);
  r.high = as_float(e.high);
  r.integer_result = e.out_int;
  r.least = e.out_min;
  r.most = e.out_max;
  r.zero = e.out_zero;
  float second = ref::from_bfloat16(x.second);
  if (e.second_int) {
    const int byte = e.second_unsigned ? int{static_cast<std::uint8_t>(x.second)}
                                       : int{static_cast<std::int8_t>(x.second)};
    second = static_cast<float>(byte - e.second_zero);
  }
  const float scaled = e.acc_int
                           ? ref::scaled(r, static_cast<std::int32_t>(x.acc), as_float(x.scale),
                                         static_cast<std::int32_t>(x.bias))
                           : ref::scaled(r, as_float(x.acc), as_float(x.scale), as_float(x.bias));
  return ref::converted(r, ref::combined(r, scaled, second));
}

class EpilogueBench16 {
 public:
  explicit EpilogueBench16(const std::string& config, const tb::ModelOptions& options = {})
      : model_(tb::Model::load("bf16_epilogue", config, tb::Kind::kChecked, options)) {
    lanes_ = model_->port("bias_i").width() / 32;
    results_ = model_->port("acc_i").width() / 32;
    model_->port("step_i").set(0);
    model_->tick(2);
  }
  [[nodiscard]] unsigned results() const { return results_; }
  [[nodiscard]] const std::string& error() const { return error_; }

  /// Random beats with random bubbles; all lanes compared. Stages that hold nothing do not step.
  void run(const Epilogue& e, SeededRandom& random, unsigned beats) {
    set(e);
    std::deque<std::vector<std::uint16_t>> expected;
    unsigned valid = 0;
    for (unsigned sent = 0; (sent < beats || valid != 0) && error_.empty();) {
      const bool offer = sent < beats && random.percent(70);
      if (offer) {
        expected.push_back(beat(e, random));
        ++sent;
      }
      valid = (valid << 1 | (offer ? 1U : 0U)) & 0x7FF;
      model_->port("step_i").set(valid);
      model_->tick();
      if ((valid & 0x400U) == 0) continue;
      const auto got = model_->port("result_o");
      for (unsigned i = 0; i < results_ && error_.empty(); ++i) {
        if (got.bits(16 * i, 16) != expected.front()[i]) {
          error_ =
              fmt::format("result {}: expected {:04x}, got {:04x}, cycle {}, seed {}", i,
                          expected.front()[i], got.bits(16 * i, 16), model_->cycle(), tb::seed());
        }
      }
      expected.pop_front();
    }
  }

 private:
  void set(const Epilogue& e) {
    const auto put = [this](const char* name, std::uint64_t value) {
      model_->port(name).set(value);
    };
    put("acc_int_i", e.acc_int);
    put("second_int_i", e.second_int);
    put("second_unsigned_i", e.second_unsigned);
    put("second_zero_i", static_cast<std::uint64_t>(e.second_zero));
    put("second_scale_i", e.second_scale);
    put("operation_i", static_cast<std::uint64_t>(e.operation));
    put("negative_factor_i", e.negative_factor);
    put("low_i", e.low);
    put("high_i", e.high);
    put("out_int_i", e.out_int);
    put("out_zero_i", static_cast<std::uint64_t>(e.out_zero));
    put("out_min_i", static_cast<std::uint64_t>(e.out_min));
    put("out_max_i", static_cast<std::uint64_t>(e.out_max));
  }

  std::vector<std::uint16_t> beat(const Epilogue& e, SeededRandom& random) {
    std::vector<Element> lane(lanes_);
    for (Element& x : lane) x = random_element(e, random);
    std::vector<std::uint16_t> expected(results_);
    for (unsigned o = 0; o < lanes_; ++o) {
      model_->port("bias_i").set_word(o, lane[o].bias);
      model_->port("scale_i").set_word(o, lane[o].scale);
    }
    for (unsigned i = 0; i < results_; ++i) {
      Element x = random_element(e, random);
      x.bias = lane[i % lanes_].bias;
      x.scale = lane[i % lanes_].scale;
      if (random.percent(50)) x.acc = lane[i % lanes_].acc;
      model_->port("acc_i").set_word(i, x.acc);
      model_->port("second_i").set_bits(16 * i, 16, x.second);
      expected[i] = sim::bf16::epilogue(e, x.acc, x.bias, x.scale, x.second);
    }
    return expected;
  }

  std::unique_ptr<tb::Model> model_;
  unsigned lanes_ = 0, results_ = 0;
  std::string error_;
};

}  // namespace

TEST_CASE("bf16 epilogue: model equals reference", "[bf16]") {
  SeededRandom random(721);
  std::uint64_t wrong = 0, integers = 0, inside = 0;
  const unsigned count = tb::full_run() ? 10000000 : 200000;
  for (unsigned i = 0; i < count; ++i) {
    const Epilogue e = random_settings(random);
    const Element x = random_element(e, random);
    const std::uint16_t model = sim::bf16::epilogue(e, x.acc, x.bias, x.scale, x.second);
    wrong += model != reference_of(e, x);
    integers += e.out_int ? 1 : 0;
    inside += e.out_int && model != static_cast<std::uint8_t>(e.out_min + e.out_zero) &&
                      model != static_cast<std::uint8_t>(e.out_max + e.out_zero)
                  ? 1
                  : 0;
  }
  CHECK(wrong == 0);
  CHECK(inside > integers / 20);
}

TEST_CASE("bf16 epilogue: RTL equals model", "[bf16]") {
  for (const char* name : {"tiny", "small"}) {
    EpilogueBench16 bench(name);
    SeededRandom random(722);
    INFO(name);
    const unsigned rounds = tb::full_run() ? 20000 : 400;
    for (unsigned i = 0; i < rounds && bench.error().empty(); ++i) {
      bench.run(random_settings(random), random, 8);
    }
    CHECK(bench.error() == "");
  }
}

TEST_CASE("bf16 epilogue: seeded bugs are noticed", "[bf16]") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  constexpr const char* kPackage = "rtl/spu/bf16_pkg.sv";
  constexpr const char* kEpilogue = "rtl/spu/bf16_epilogue.sv";
  std::vector<Bug> bugs = {
      {kPackage, "to_even", "32'(x[16] && x[30:23] != 8'd0)", "32'd1"},
      {kEpilogue, "companion", "bias1[o]  = bias0[o];", "bias1[o]  = bias_i[o*32+:32];"},
  };
  if (tb::full_run()) {
    bugs.insert(
        bugs.end(),
        {{kEpilogue, "negative", "d7[i][31] ? negative_factor_i", "d7[i][30] ? negative_factor_i"},
         {kEpilogue, "zero", "other - 32'(second_zero_i)", "other + 32'(second_zero_i)"}});
  }
  for (const Bug& bug : bugs) {
    EpilogueBench16 bench("tiny", seeded_bug(bug.file, std::string("bf16_epilogue_") + bug.name,
                                             bug.find, bug.replace));
    SeededRandom random(723);
    INFO(bug.name);
    for (unsigned i = 0; i < 2000 && bench.error().empty(); ++i) {
      bench.run(random_settings(random), random, 8);
    }
    CHECK(bench.error() != "");
  }
}
