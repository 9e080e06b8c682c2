// Functions, rows and means against MPFR, which rounds once whatever is computed.
#include <mpfr.h>

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>

#include "sw/activation/judge.hpp"
#include "sw/graph/function_ops.hpp"
#include "tests/graph/graph_builder.hpp"

using namespace s4::sw::graph;
using namespace s4::sw::graph::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

/// A number of 200 bits.
class Real {
 public:
  Real(double x = 0.0) {  // NOLINT: numbers are numbers
    mpfr_init2(value, 200);
    mpfr_set_d(value, x, MPFR_RNDN);
  }
  Real(const Real& other) : Real() { mpfr_set(value, other.value, MPFR_RNDN); }
  Real& operator=(const Real& other) {
    mpfr_set(value, other.value, MPFR_RNDN);
    return *this;
  }
  ~Real() { mpfr_clear(value); }

  friend Real operator+(const Real& a, const Real& b) { return of(mpfr_add, a, b); }
  friend Real operator-(const Real& a, const Real& b) { return of(mpfr_sub, a, b); }
  friend Real operator*(const Real& a, const Real& b) { return of(mpfr_mul, a, b); }
  friend Real operator/(const Real& a, const Real& b) { return of(mpfr_div, a, b); }
  template <typename F>
  friend Real call(F f, const Real& a) {
    Real y;
    f(y.value, a.value, MPFR_RNDN);
    return y;
  }
  [[nodiscard]] float to_float() const { return mpfr_get_flt(value, MPFR_RNDN); }
  [[nodiscard]] double to_double() const { return mpfr_get_d(value, MPFR_RNDN); }
  /// Nearest whole number, ties to even.
  [[nodiscard]] long to_integer() const {
    Real y;
    mpfr_rint(y.value, value, MPFR_RNDN);
    return mpfr_get_si(y.value, MPFR_RNDN);
  }

 private:
  template <typename F>
  static Real of(F f, const Real& a, const Real& b) {
    Real y;
    f(y.value, a.value, b.value, MPFR_RNDN);
    return y;
  }
  mpfr_t value;
};

Real pi() {
  Real y = call([](mpfr_ptr p, mpfr_srcptr, mpfr_rnd_t r) { return mpfr_const_pi(p, r); }, Real());
  return y;
}
Real root(const Real& x) { return call(mpfr_sqrt, x); }

/// As the ONNX documentation writes the functions, not as they are computed best.
Real exact(Function function, const Real& x) {
  const Real half = Real(1) / Real(2);
  switch (function) {
    case Function::kGelu:
      return half * x * (Real(1) + call(mpfr_erf, x / root(Real(2))));
    case Function::kGeluTanh: {
      const Real cubic = Real(44715) / Real(1000000);
      return half * x * (Real(1) + call(mpfr_tanh, root(Real(2) / pi()) * (x + cubic * x * x * x)));
    }
    case Function::kExp:
      return call(mpfr_exp, x);
    case Function::kLog:
      return call(mpfr_log, x);
    case Function::kReciprocal:
      return Real(1) / x;
    case Function::kRsqrt:
      return Real(1) / root(x);
    case Function::kSqrt:
      return root(x);
    case Function::kSigmoid:
      return Real(1) / (Real(1) + call(mpfr_exp, Real(0) - x));
    case Function::kTanh:
      return call(mpfr_tanh, x);
    case Function::kSilu:
      return x / (Real(1) + call(mpfr_exp, Real(0) - x));
    case Function::kSoftplus:
      return call(mpfr_log, Real(1) + call(mpfr_exp, x));
    case Function::kErf:
      return call(mpfr_erf, x);
    case Function::kHardSwish:
      if (x.to_double() <= -3) return Real(0);
      return x.to_double() >= 3 ? x : x * (x + Real(3)) / Real(6);
  }
  return {};
}

std::vector<Function> functions() {
  std::vector<Function> all;
  for (int f = 0; f <= static_cast<int>(kLastFunction); ++f)
    all.push_back(static_cast<Function>(f));
  return all;
}

bool wants_positive(Function f) {
  return f == Function::kLog || f == Function::kSqrt || f == Function::kRsqrt;
}

TensorData evaluate_one(Op op, Attributes attributes, std::vector<TensorData> inputs) {
  std::vector<const TensorData*> pointers;
  for (const TensorData& input : inputs) pointers.push_back(&input);
  return evaluate_node({op, "node", std::vector<TensorId>(inputs.size(), 0), 0, attributes},
                       pointers);
}

float one(Function function, float x) {
  return evaluate_one(Op::kUnary, UnaryAttributes{function}, {TensorData(Shape{}, std::vector{x})})
      .floats()[0];
}

/// saturate(round(value / scale) + zero).
std::int32_t byte_of(const Real& value, const Quant& y, DataType type) {
  const std::int32_t low = type == DataType::kInt8 ? -128 : 0;
  const Real quotient = value / Real(y.scale);
  const double size = quotient.to_double();
  const long whole = size > 1000 ? 1000 : size < -1000 ? -1000 : quotient.to_integer();
  return static_cast<std::int32_t>(std::clamp<long>(whole + y.zero, low, low + 255));
}

/// The same of a function, also where it comes nearer to a tie than 200 bits can tell.
std::int32_t judged_byte(Function function, double x, const Quant& y, DataType type) {
  if (function == Function::kHardSwish) return byte_of(exact(function, Real(x)), y, type);
  const auto code = static_cast<s4::activation::Function>(function);
  const auto judged = s4::sw::judged_quotient(code, x, y.scale);
  REQUIRE_FALSE(judged.undefined);
  const long low = type == DataType::kInt8 ? -128 : 0;
  return static_cast<std::int32_t>(
      std::clamp(std::clamp(judged.value, -1000L, 1000L) + y.zero, low, low + 255));
}

TensorData bytes_of(DataType type, Shape shape, const std::vector<int>& values) {
  TensorData data(type, std::move(shape));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (type == DataType::kInt8) {
      data.get<std::int8_t>()[i] = static_cast<std::int8_t>(values[i]);
    } else {
      data.get<std::uint8_t>()[i] = static_cast<std::uint8_t>(values[i]);
    }
  }
  return data;
}

std::vector<int> random_bytes(std::mt19937_64& random, DataType type, std::size_t count) {
  std::vector<int> values(count);
  for (int& v : values) v = static_cast<int>(random() % 256) - (type == DataType::kInt8 ? 128 : 0);
  return values;
}

}  // namespace

TEST_CASE("functions are the real value, rounded once to float32") {
  std::mt19937_64 random(11);
  for (const Function function : functions()) {
    CAPTURE(name_of(function));
    for (int i = 0; i < 300; ++i) {
      std::uniform_real_distribution<float> values(-12.0F, 12.0F);
      float x = values(random);
      if (i % 4 == 0) x = std::ldexp(x, -static_cast<int>(random() % 30));
      if (wants_positive(function)) x = std::fabs(x);
      CAPTURE(x);
      REQUIRE(one(function, x) == exact(function, Real(x)).to_float());
    }
  }
}

TEST_CASE("functions have the names and codes of the chip's") {
  for (std::size_t f = 0; f < s4::activation::kFunctionCount; ++f) {
    CHECK(std::string(name_of(static_cast<Function>(f))) == s4::activation::kFunctionNames[f]);
  }
  CHECK(std::string(name_of(kLastFunction)) == "hard_swish");
}

TEST_CASE("functions at zeros, infinities and where they have no value") {
  const auto is_zero = [](float y, bool negative) { return y == 0 && std::signbit(y) == negative; };
  for (const Function f : functions()) {
    CAPTURE(name_of(f));
    CHECK(std::isnan(one(f, kNan)));
  }
  for (const Function f :
       {Function::kGelu, Function::kGeluTanh, Function::kSilu, Function::kHardSwish}) {
    CAPTURE(name_of(f));
    CHECK(one(f, kInfinity) == kInfinity);
    CHECK(is_zero(one(f, -kInfinity), true));
    CHECK(is_zero(one(f, -0.0F), true));
    CHECK(one(f, -1e30F) == 0);
  }
  CHECK(one(Function::kExp, -kInfinity) == 0);
  CHECK(one(Function::kExp, 1000) == kInfinity);
  CHECK(one(Function::kLog, 0) == -kInfinity);
  CHECK(std::isnan(one(Function::kLog, -1)));
  CHECK(one(Function::kReciprocal, -0.0F) == -kInfinity);
  CHECK(is_zero(one(Function::kReciprocal, -kInfinity), true));
  CHECK(one(Function::kRsqrt, 0) == kInfinity);
  CHECK(std::isnan(one(Function::kRsqrt, -1)));
  CHECK(is_zero(one(Function::kSqrt, -0.0F), true));
  CHECK(std::isnan(one(Function::kSqrt, -1)));
  CHECK(one(Function::kSigmoid, -kInfinity) == 0);
  CHECK(one(Function::kSigmoid, kInfinity) == 1);
  CHECK(one(Function::kTanh, -kInfinity) == -1);
  CHECK(one(Function::kSoftplus, kInfinity) == kInfinity);
  CHECK(one(Function::kSoftplus, -kInfinity) == 0);
  CHECK(one(Function::kErf, -kInfinity) == -1);
}

TEST_CASE("functions of bytes: every input, rounded once, in both types") {
  struct Case {
    Quant x;
    Quant y;
  };
  // Random scales; powers of two, which make ties and all but ties; results that saturate.
  const std::vector<Case> cases{{{0.0371F, 17}, {0.0213F, -9}}, {{0.0625F, 0}, {0.03125F, 4}},
                                {{0.25F, -128}, {0.5F, 0}},     {{0x1p-30F, 0}, {0x1p-30F, 0}},
                                {{0x1p-60F, 0}, {0x1p-60F, 0}}, {{1.0F, 0}, {2.0F, 0}},
                                {{0.11F, 127}, {0.001F, 3}}};
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    const int shift = type == DataType::kInt8 ? 0 : 128;
    for (const Function function : functions()) {
      for (const Case& c : cases) {
        const QFunctionAttributes q{
            {c.x.scale, c.x.zero + shift}, {c.y.scale, c.y.zero + shift}, function};
        std::vector<int> all(256);
        for (int i = 0; i < 256; ++i) all[static_cast<std::size_t>(i)] = i - 128 + shift;
        const auto y = evaluate_one(Op::kQUnary, q, {bytes_of(type, {256}, all)}).integers();
        for (std::size_t i = 0; i < 256; ++i) {
          const double x = static_cast<double>(all[i] - q.x.zero) * q.x.scale;
          CAPTURE(name_of(function), q.x.scale, x);
          if (x < 0 && wants_positive(function)) {
            REQUIRE(y[i] == q.y.zero);  // no value
          } else if (x == 0 &&
                     (function == Function::kReciprocal || function == Function::kRsqrt)) {
            REQUIRE(y[i] == 127 + shift);  // plus infinity
          } else if (x == 0 && function == Function::kLog) {
            REQUIRE(y[i] == -128 + shift);
          } else {
            REQUIRE(y[i] == judged_byte(function, x, q.y, type));
          }
        }
      }
    }
  }
}

TEST_CASE("the bytes above notice another rounding and a rounding to float32 in between") {
  const Quant x{0.0371F, 17};
  const Quant y{0.0213F, -9};
  std::size_t away = 0;
  std::size_t truncated = 0;
  std::size_t twice = 0;
  for (const Function function : functions()) {
    for (const Quant& from : {x, Quant{0.25F, -100}}) {
      for (const Quant& to : {y, Quant{0.5F, -128}}) {
        for (int i = -128; i < 128; ++i) {
          const double real = static_cast<double>(i - from.zero) * from.scale;
          if (real <= 0) continue;
          const std::int32_t right = judged_byte(function, real, to, DataType::kInt8);
          const double value = exact(function, Real(real)).to_double();
          const auto clamped = [&](double whole) {
            return static_cast<std::int32_t>(std::clamp(whole + to.zero, -128.0, 127.0));
          };
          away += clamped(std::round(value / to.scale)) == right ? 0 : 1;
          truncated += clamped(std::trunc(value / to.scale)) == right ? 0 : 1;
          const float rounded = static_cast<float>(value) / to.scale;
          twice += clamped(std::nearbyint(rounded)) == right ? 0 : 1;
        }
      }
    }
  }
  CHECK(away > 0);
  CHECK(truncated > 100);
  CHECK(twice > 0);
}

TEST_CASE("ties of bytes go to even") {
  // reciprocal(x) / y: 1 / 2 and 1 / -2 in steps of 1/3 do not tie, in steps of 1 they do.
  const QFunctionAttributes halves{{1.0F, 0}, {1.0F, 10}, Function::kReciprocal};
  CHECK(evaluate_one(Op::kQUnary, halves, {bytes_of(DataType::kInt8, {4}, {2, -2, 1, 3})})
            .integers() == std::vector<std::int64_t>{10, 10, 11, 10});
  // HardSwish is linear above 3: 3.5, 4.5, 5.5 in steps of 1.
  const QFunctionAttributes line{{0.5F, 0}, {1.0F, 0}, Function::kHardSwish};
  CHECK(evaluate_one(Op::kQUnary, line, {bytes_of(DataType::kUint8, {3}, {7, 9, 11})}).integers() ==
        std::vector<std::int64_t>{4, 4, 6});
  // Two equal values: 1/2 each, in steps of 1/3, 1/5 and 1.
  const auto half = [](float scale) {
    const QRowAttributes q{{0.1F, 3}, {scale, 0}, 0};
    return evaluate_one(Op::kQSoftmax, q, {bytes_of(DataType::kUint8, {1, 2}, {9, 9})})
        .integers()[0];
  };
  CHECK(half(0.125F) == 4);
  CHECK(half(1.0F) == 0);
  CHECK(half(0.2F) == 2);
}

TEST_CASE("softmax of bytes is the real softmax, rounded once") {
  std::mt19937_64 random(5);
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    const int shift = type == DataType::kInt8 ? -128 : 0;
    for (const std::size_t columns : {1, 2, 7, 64, 300}) {
      const QRowAttributes q{{0.043F, 20}, {1.0F / 256, shift}, 0};
      const auto x = random_bytes(random, type, 3 * columns);
      const auto shape = Shape{3, static_cast<std::int64_t>(columns)};
      const auto y = evaluate_one(Op::kQSoftmax, q, {bytes_of(type, shape, x)}).integers();
      for (std::size_t row = 0; row < 3; ++row) {
        Real sum;
        const auto term = [&](std::size_t i) {
          return call(mpfr_exp, Real(q.x.scale) * Real(x[row * columns + i] - q.x.zero));
        };
        for (std::size_t i = 0; i < columns; ++i) sum = sum + term(i);
        for (std::size_t i = 0; i < columns; ++i) {
          REQUIRE(y[row * columns + i] == byte_of(term(i) / sum, q.y, type));
        }
      }
    }
  }
}

namespace {

/// gamma (x - mean) / sqrt(variance + epsilon) + beta of one row.
std::vector<Real> normalized(const std::vector<double>& x, double epsilon,
                             const std::vector<float>& gamma, const std::vector<float>& beta) {
  const Real count(static_cast<double>(x.size()));
  Real sum;
  for (const double v : x) sum = sum + Real(v);
  const Real mean = sum / count;
  Real squares;
  for (const double v : x) squares = squares + (Real(v) - mean) * (Real(v) - mean);
  const Real divisor = root(squares / count + Real(epsilon));
  std::vector<Real> y;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Real value = (Real(x[i]) - mean) / divisor;
    if (!gamma.empty()) value = value * Real(gamma[i]);
    if (!beta.empty()) value = value + Real(beta[i]);
    y.push_back(value);
  }
  return y;
}

}  // namespace

TEST_CASE("LayerNormalization over the last axes, with and without gamma and beta") {
  std::mt19937_64 random(6);
  for (int form = 0; form < 4; ++form) {
    TensorData x = GraphBuilder::random_data(random, {2, 3, 5}, 2.0F);
    for (float& value : x.get<float>()) value += 100.0F;  // a mean far from 0
    const std::size_t columns = form % 2 == 0 ? 5 : 15;
    const std::int64_t axis = form % 2 == 0 ? 2 : 1;
    const Shape own(x.shape.begin() + axis, x.shape.end());
    const bool affine = form >= 2;
    std::vector<TensorData> inputs{x};
    if (affine) {
      inputs.push_back(GraphBuilder::random_data(random, own, 3.0F));
      inputs.push_back(GraphBuilder::random_data(random, own, 3.0F));
    }
    const auto y = evaluate_one(Op::kLayerNorm, LayerNormAttributes{axis, 1e-3F}, inputs).floats();
    for (std::size_t row = 0; row < 30 / columns; ++row) {
      const auto from = x.floats().begin() + static_cast<std::ptrdiff_t>(row * columns);
      const auto wanted = normalized({from, from + static_cast<std::ptrdiff_t>(columns)}, 1e-3F,
                                     affine ? inputs[1].floats() : std::vector<float>{},
                                     affine ? inputs[2].floats() : std::vector<float>{});
      for (std::size_t i = 0; i < columns; ++i) {
        REQUIRE(y[row * columns + i] == wanted[i].to_float());
      }
    }
  }
}

TEST_CASE("LayerNormalization of bytes is the real one, rounded once") {
  std::mt19937_64 random(7);
  for (const DataType type : {DataType::kInt8, DataType::kUint8}) {
    for (const std::size_t columns : {1, 2, 7, 64, 300}) {
      const QRowAttributes q{{0.043F, 20}, {0.02F, 50}, 1e-5F};
      const auto x = random_bytes(random, type, 2 * columns);
      const auto size = static_cast<std::int64_t>(columns);
      const TensorData gamma = GraphBuilder::random_data(random, {size}, 1.5F);
      const TensorData beta = GraphBuilder::random_data(random, {size}, 1.5F);
      const auto y =
          evaluate_one(Op::kQLayerNorm, q, {bytes_of(type, {2, size}, x), gamma, beta}).integers();
      for (std::size_t row = 0; row < 2; ++row) {
        std::vector<double> real(columns);
        for (std::size_t i = 0; i < columns; ++i) {
          real[i] = static_cast<double>(x[row * columns + i] - q.x.zero) * q.x.scale;
        }
        const auto wanted = normalized(real, q.epsilon, gamma.floats(), beta.floats());
        for (std::size_t i = 0; i < columns; ++i) {
          REQUIRE(y[row * columns + i] == byte_of(wanted[i], q.y, type));
        }
      }
    }
  }
  // Two values: +-1, in steps of 2 ties at +-1/2, which go to 0.
  const QRowAttributes tie{{0.37F, 0}, {2.0F, 7}, 0.0F};
  CHECK(evaluate_one(Op::kQLayerNorm, tie, {bytes_of(DataType::kInt8, {4}, {-3, 90, 90, -3})})
            .integers() == std::vector<std::int64_t>{7, 7, 7, 7});
  // A constant row without epsilon has no value.
  CHECK(evaluate_one(Op::kQLayerNorm, tie, {bytes_of(DataType::kInt8, {2}, {5, 5})}).integers() ==
        std::vector<std::int64_t>{7, 7});
}

TEST_CASE("ReduceMean over any axes, Pow with a repeated exponent") {
  TensorData x(DataType::kFloat32, {2, 3, 2});
  for (std::size_t i = 0; i < 12; ++i) x.get<float>()[i] = static_cast<float>(i);
  const auto mean = [&](std::vector<std::int64_t> axes, bool keep) {
    return evaluate_one(Op::kReduceMean, ReduceAttributes{std::move(axes), keep}, {x});
  };
  CHECK(mean({1}, true) == TensorData(Shape{2, 1, 2}, std::vector<float>{2, 3, 8, 9}));
  CHECK(mean({0, 2}, false) == TensorData(Shape{3}, std::vector<float>{3.5F, 5.5F, 7.5F}));
  CHECK(mean({0, 1, 2}, false) == TensorData(Shape{}, std::vector<float>{5.5F}));
  CHECK(mean({}, true) == x);
  CHECK(evaluate_one(Op::kPow, NoAttributes{},
                     {TensorData(Shape{2, 2}, std::vector<float>{2, 9, 3, 4}),
                      TensorData(Shape{2}, std::vector<float>{3, 0.5F})}) ==
        TensorData(Shape{2, 2}, std::vector<float>{8, 3, 27, 2}));
}

TEST_CASE("functions and rows that do not fit their inputs are named") {
  const auto error = [](Op op, Attributes attributes, std::vector<TensorData> inputs) {
    try {
      (void)evaluate_one(op, std::move(attributes), std::move(inputs));
    } catch (const GraphError& why) {
      return std::string(why.what());
    }
    return std::string("no error");
  };
  using Catch::Matchers::Contains;
  const TensorData x(DataType::kFloat32, {2, 3});
  const TensorData bytes(DataType::kInt8, {2, 3});
  const TensorData row(DataType::kFloat32, {2});
  CHECK_THAT(error(Op::kUnary, UnaryAttributes{}, {bytes}), Contains("input 0 is int8"));
  CHECK_THAT(error(Op::kUnary, UnaryAttributes{static_cast<Function>(99)}, {x}),
             Contains("its function is unknown"));
  CHECK_THAT(error(Op::kLayerNorm, LayerNormAttributes{2, 1e-5F}, {x}), Contains("axis 2"));
  CHECK_THAT(error(Op::kLayerNorm, LayerNormAttributes{1, -1.0F}, {x}), Contains("epsilon"));
  CHECK_THAT(error(Op::kLayerNorm, LayerNormAttributes{1, 1e-5F}, {x, row}),
             Contains("gamma float32[2] is not float32[3]"));
  CHECK_THAT(error(Op::kReduceMean, ReduceAttributes{{1, 0}, true}, {x}), Contains("do not rise"));
  CHECK_THAT(error(Op::kReduceMean, ReduceAttributes{{2}, true}, {x}), Contains("axis 2"));
  CHECK_THAT(error(Op::kPow, NoAttributes{}, {x, row}), Contains("do not fit each other"));
  CHECK_THAT(error(Op::kQUnary, QFunctionAttributes{}, {x}), Contains("not int8 or uint8"));
  CHECK_THAT(error(Op::kQUnary, QFunctionAttributes{{0.0F, 0}, {}, {}}, {bytes}),
             Contains("input scale"));
  CHECK_THAT(error(Op::kQSoftmax, QRowAttributes{{}, {1.0F, 200}, 0}, {bytes}),
             Contains("output zero point 200"));
  CHECK_THAT(error(Op::kQLayerNorm, QRowAttributes{{}, {}, 1e-5F}, {bytes, row}),
             Contains("gamma"));
}
