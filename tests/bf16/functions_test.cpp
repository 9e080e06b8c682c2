// The operators of bf16_pkg against the host's float operations, every bit of the result.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "tb/model.hpp"
#include "tests/bf16/numbers.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

class Functions {
 public:
  explicit Functions(const tb::ModelOptions& options = {})
      : model_(tb::Model::load("bf16_functions", "tiny", tb::Kind::kFast, options)) {
    a_ = model_->port("a_i");
    b_ = model_->port("b_i");
    product_ = model_->port("product_o");
    sum_ = model_->port("sum_o");
    times_ = model_->port("times_o");
    maximum_ = model_->port("maximum_o");
    clamp_ = model_->port("clamp_o");
    integer_ = model_->port("integer_o");
    bf16_ = model_->port("bf16_o");
  }

  [[nodiscard]] const std::string& error() const { return error_; }

  void check(std::uint32_t a, std::uint32_t b) {
    a_.set(a);
    b_.set(b);
    model_->eval();
    const FlushMode flush;
    const auto x = std::bit_cast<float>(a);
    const auto y = std::bit_cast<float>(b);
    const bool nan = std::isnan(x) || std::isnan(y);
    const bool zero_weight = (b & 0x7F800000U) == 0;
    expect("product", product_.get(), a, b,
           zero_weight ? 0x80000000U : host_multiply(a & 0xFFFF0000U, b & 0xFFFF0000U));
    expect("sum", sum_.get(), a, b, host_add(a, b));
    expect("times", times_.get(), a, b, host_multiply(a, b));
    // Zeros are ordered by their sign; subnormal numbers do not come here.
    const auto is_subnormal = [](std::uint32_t bits) {
      return (bits & 0x7F800000U) == 0 && (bits & 0x007FFFFFU) != 0;
    };
    const bool subnormal = is_subnormal(a) || is_subnormal(b);
    if (!subnormal) {
      const std::uint32_t larger = x == y ? a & b : x > y ? a : b;
      expect("maximum", maximum_.get(), a, b, nan ? 0x7FC00000U : larger);
      if (!std::isnan(y)) expect("clamp", clamp_.get(), a, b, nan ? 0x7FC00000U : larger);
    }
    expect("integer", integer_.get(), a, b,
           std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(a))));
    // The nearest of the two BF16 around it, ties to the even one.
    std::uint32_t low = (a & 0x7F800000U) == 0 ? a & 0x80000000U : a;
    const std::uint32_t rest = low & 0xFFFFU;
    low = (low >> 16) + (rest > 0x8000U || (rest == 0x8000U && (low & 0x10000U) != 0) ? 1 : 0);
    expect("bf16", bf16_.get(), a, b, std::isnan(x) ? 0x7FC0U : low);
  }

 private:
  void expect(const char* what, std::uint64_t got, std::uint32_t a, std::uint32_t b,
              std::uint32_t wanted) {
    if (got == wanted || !error_.empty()) return;
    error_ = fmt::format("{} of {:08x} and {:08x}: expected {:08x}, got {:08x}, seed {}", what, a,
                         b, wanted, got, tb::seed());
  }

  std::unique_ptr<tb::Model> model_;
  tb::Port a_, b_, product_, sum_, times_, maximum_, clamp_, integer_, bf16_;
  std::string error_;
};

void check_specials(Functions& functions) {
  for (const std::uint32_t a : kSpecials) {
    for (const std::uint32_t b : kSpecials) {
      for (const std::uint32_t low : {0U, 1U, 0x7FFFU, 0x8000U, 0xFFFFU}) {
        functions.check(a << 16 | low, b << 16 | low);
        functions.check(a << 16 | low, b << 16);
      }
    }
  }
}

void check_pairs(Functions& functions, SeededRandom& random, unsigned count) {
  for (unsigned i = 0; i < count && functions.error().empty(); ++i) {
    const int centre = random.between(0, 255);
    const std::uint32_t a = random_float(random, centre);
    const int style = random.between(0, 3);
    // Of equal exponents; with products about one, or beside the smallest or the largest number.
    const int other = style == 0 ? centre : (style == 1 ? 254 : style == 2 ? 127 : 381) - centre;
    functions.check(a, random_float(random, other));
  }
}

}  // namespace

TEST_CASE("bf16 functions: specials, all pairs of them", "[bf16]") {
  Functions functions;
  check_specials(functions);
  CHECK(functions.error() == "");
}

TEST_CASE("bf16 functions: random pairs", "[bf16]") {
  Functions functions;
  SeededRandom random(731);
  check_pairs(functions, random, tb::full_run() ? 10000000 : 100000);
  CHECK(functions.error() == "");
}

TEST_CASE("bf16 functions: seeded bugs are noticed", "[bf16]") {
  struct Bug {
    const char *name, *find, *replace;
    bool quick;
  };
  for (const Bug& bug : {
           Bug{"sticky", "moved | 32'(lost != 32'd0)", "moved", true},
           Bug{"zero_weight", "(w[14:7] == 8'd0) ? NegativeZero : finite", "finite", false},
           Bug{"product_zero", "zero = x[14:7] == 8'd0 || exponent", "zero = exponent", false},
           Bug{"product_limit", "exponent >= 32'd382;", "exponent >= 32'd383;", false},
           Bug{"flush", "(bits == 32'd0 || exponent < zeros) ? 32'd0 : magnitude;\n    round_sum",
               "(bits == 32'd0) ? 32'd0 : magnitude;\n    round_sum", false},
           Bug{"overflow", "(magnitude >= Infinity && exponent != 32'd255) ? Infinity",
               "(1'b0) ? Infinity", true},
           Bug{"zero_sign", "l[31] && !(a[31] != b[31] && a[30:0] == b[30:0])", "l[31]", false},
           Bug{"times_sticky", "exact[16:0] != 17'd0", "1'b0", true},
           Bug{"times_tiny", "(exponent <= 32'd128 || bits", "(exponent < 32'd128 || bits", true},
           Bug{"maximum_nan", "? Nan : larger;", "? a : larger;", false},
           Bug{"to_even", "32'(x[16] && x[30:23] != 8'd0)", "32'd1", false},
       }) {
    if (!bug.quick && !tb::full_run()) continue;
    Functions functions(
        seeded_bug("rtl/spu/bf16_pkg.sv", std::string("bf16_") + bug.name, bug.find, bug.replace));
    SeededRandom random(732);
    INFO(bug.name);
    check_specials(functions);
    check_pairs(functions, random, 300000);
    CHECK(functions.error() != "");
  }
}
