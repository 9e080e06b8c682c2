// Every operator against the vectors made with ONNX Runtime, byte for byte, and with seeded wrong
// roundings, which the vectors must notice.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <functional>
#include <sstream>

#include "tests/reference/vector_file.hpp"

namespace s4::ref::test {
namespace {

/// Where a result differs from the vector; empty if nowhere.
template <typename T>
std::string difference(const Tensor<T>& got, const Tensor<T>& expected) {
  if (got.shape != expected.shape) {
    return "shape " + to_string(got.shape) + ", expected " + to_string(expected.shape);
  }
  for (int64_t i = 0; i < got.size(); ++i) {
    if (std::memcmp(&got[i], &expected[i], sizeof(T)) == 0) continue;
    std::ostringstream text;
    text << "element " << i << ": got " << +got[i] << ", expected " << +expected[i];
    return text.str();
  }
  return {};
}

/// Runs one case with a rounding and returns the difference.
using RunCase = std::function<std::string(const VectorCase&, Rounding)>;

/// Calls f.operator()<T>() with the type of tensor y.
template <typename F>
std::string by_type(const VectorCase& c, const std::string& tensor, F f) {
  return c.type(tensor) == "uint8" ? f.template operator()<uint8_t>()
                                   : f.template operator()<int8_t>();
}

std::string run_conv(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    const QWeights w{c.tensor<int8_t>("w"), c.get<std::vector<float>>("w_scale"), {}};
    const Tensor<int32_t> bias =
        c.has_tensor("bias") ? c.tensor<int32_t>("bias") : Tensor<int32_t>();
    const QConvParams params{c.get<std::array<int64_t, 4>>("pads"),
                             c.get<std::array<int64_t, 2>>("strides"),
                             c.get<std::array<int64_t, 2>>("dilations"), c.get<int64_t>("groups")};
    return difference(
        qlinear_conv(c.tensor<T>("x"), c.quant("x"), w, c.has_tensor("bias") ? &bias : nullptr,
                     c.quant("y"), params, rounding),
        c.tensor<T>("y"));
  });
}

std::string run_matmul(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    const QWeights b{c.tensor<int8_t>("b"), c.get<std::vector<float>>("b_scale"), {}};
    const Tensor<int32_t> bias =
        c.has_tensor("bias") ? c.tensor<int32_t>("bias") : Tensor<int32_t>();
    return difference(
        qlinear_matmul(c.tensor<T>("a"), c.quant("a"), b, c.has_tensor("bias") ? &bias : nullptr,
                       c.quant("y"), rounding),
        c.tensor<T>("y"));
  });
}

std::string run_matmul_dynamic(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(qlinear_matmul_dynamic(c.tensor<T>("a"), c.quant("a"), c.tensor<T>("b"),
                                             c.quant("b"), c.quant("y"), rounding),
                      c.tensor<T>("y"));
  });
}

std::string run_add_by(const VectorCase& c, Rounding rounding, AddRule rule) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(qlinear_add(c.tensor<T>("a"), c.quant("a"), c.tensor<T>("b"), c.quant("b"),
                                  c.quant("y"), rounding, rule),
                      c.tensor<T>("y"));
  });
}

/// In the cases made of near ties ONNX Runtime's own rule decides; elsewhere both agree.
std::string run_add(const VectorCase& c, Rounding rounding) {
  return run_add_by(c, rounding, c.has("near_ties") ? AddRule::kFused : kAddRule);
}

std::string run_mul(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(qlinear_mul(c.tensor<T>("a"), c.quant("a"), c.tensor<T>("b"), c.quant("b"),
                                  c.quant("y"), rounding),
                      c.tensor<T>("y"));
  });
}

std::string run_quantize(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(quantize_linear<T>(c.tensor<float>("x"), c.quant("y"), rounding),
                      c.tensor<T>("y"));
  });
}

std::string run_dequantize(const VectorCase& c, Rounding) {
  return by_type(c, "x", [&]<typename T>() {
    return difference(dequantize_linear(c.tensor<T>("x"), c.quant("x")), c.tensor<float>("y"));
  });
}

std::string run_relu(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(qlinear_relu(c.tensor<T>("x"), c.quant("x"), c.quant("y"), rounding),
                      c.tensor<T>("y"));
  });
}

std::string run_clip(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(qlinear_clip(c.tensor<T>("x"), c.quant("x"), c.get<float>("low"),
                                   c.get<float>("high"), c.quant("y"), rounding),
                      c.tensor<T>("y"));
  });
}

PoolParams pool_params(const VectorCase& c) {
  PoolParams params;
  params.kernel = c.get<std::array<int64_t, 2>>("kernel");
  params.pads = c.get<std::array<int64_t, 4>>("pads");
  params.strides = c.get<std::array<int64_t, 2>>("strides");
  if (c.has("dilations")) params.dilations = c.get<std::array<int64_t, 2>>("dilations");
  params.ceil_mode = c.get<int>("ceil_mode") != 0;
  if (c.has("count_include_pad")) params.count_include_pad = c.get<int>("count_include_pad") != 0;
  return params;
}

std::string run_max_pool(const VectorCase& c, Rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(max_pool(c.tensor<T>("x"), pool_params(c)), c.tensor<T>("y"));
  });
}

std::string run_average_pool(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(qlinear_average_pool(c.tensor<T>("x"), c.quant("x"), c.quant("y"),
                                           pool_params(c), rounding),
                      c.tensor<T>("y"));
  });
}

std::string run_global_average_pool(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    return difference(
        qlinear_global_average_pool(c.tensor<T>("x"), c.quant("x"), c.quant("y"), rounding),
        c.tensor<T>("y"));
  });
}

std::string run_conv_add_clamp(const VectorCase& c, Rounding rounding) {
  return by_type(c, "y", [&]<typename T>() {
    const QWeights w{c.tensor<int8_t>("w"), c.get<std::vector<float>>("w_scale"), {}};
    const Tensor<int32_t> bias = c.tensor<int32_t>("bias");
    const Tensor<T> second = c.tensor<T>("z");
    const auto range = c.get<std::array<int32_t, 2>>("range");
    Epilogue<T> epilogue;
    epilogue.bias = &bias;
    epilogue.y_quant = c.quant("t");
    epilogue.add = FusedAdd<T>{&second, c.quant("z"), c.quant("y")};
    epilogue.add_range = {range[0], range[1]};
    const QConvParams params{c.get<std::array<int64_t, 4>>("pads"),
                             c.get<std::array<int64_t, 2>>("strides"),
                             c.get<std::array<int64_t, 2>>("dilations"), c.get<int64_t>("groups")};
    return difference(conv_requant(c.tensor<T>("x"), c.quant("x"), w, epilogue, params, rounding),
                      c.tensor<T>("y"));
  });
}

/// An operator, its vectors, and the seeded faults that exist in it.
struct Operator {
  const char* name;
  RunCase run;
  std::vector<Rounding> faults;
};

const std::vector<Operator>& operators() {
  using R = Rounding;
  // The zero point of Add, Mul and AveragePool is part of the float sum: no order to confuse.
  const std::vector<R> elementwise{R::kHalfAway, R::kHalfUp, R::kTowardZero};
  const std::vector<R> quantised{R::kHalfAway, R::kHalfUp, R::kTowardZero, R::kZeroPointFirst};
  const std::vector<R> requantised{R::kHalfAway, R::kHalfUp, R::kTowardZero, R::kZeroPointFirst,
                                   R::kExactProduct};
  static const std::vector<Operator> all{
      {"qlinear_conv", run_conv, requantised},
      {"qlinear_matmul", run_matmul, requantised},
      {"qlinear_matmul_dynamic", run_matmul_dynamic, quantised},
      {"qlinear_add", run_add, elementwise},
      {"qlinear_mul", run_mul, elementwise},
      {"quantize_linear", run_quantize, quantised},
      {"dequantize_linear", run_dequantize, {}},
      {"qlinear_relu", run_relu, quantised},
      {"qlinear_clip", run_clip, quantised},
      {"max_pool", run_max_pool, {}},
      {"qlinear_average_pool", run_average_pool, elementwise},
      {"qlinear_global_average_pool", run_global_average_pool, quantised},
      {"conv_add_clamp", run_conv_add_clamp, quantised},
  };
  return all;
}

}  // namespace

TEST_CASE("every operator equals ONNX Runtime on every vector") {
  for (const Operator& op : operators()) {
    DYNAMIC_SECTION(op.name) {
      const std::vector<VectorCase> cases = load_vectors(op.name);
      CHECK(cases.size() >= 40);
      for (const VectorCase& c : cases) {
        INFO(op.name << ": " << c.name());
        CHECK(op.run(c, Rounding::kHalfEven) == "");
      }
    }
  }
}

TEST_CASE("a seeded wrong rounding is caught by the vectors of every operator that rounds") {
  for (const Operator& op : operators()) {
    if (op.faults.empty()) continue;
    DYNAMIC_SECTION(op.name) {
      const std::vector<VectorCase> cases = load_vectors(op.name);
      for (const Rounding fault : op.faults) {
        int caught = 0;
        for (const VectorCase& c : cases) caught += op.run(c, fault).empty() ? 0 : 1;
        INFO(op.name << ", fault " << static_cast<int>(fault));
        CHECK(caught >= 1);
      }
    }
  }
}

TEST_CASE("the fused rule of Add equals ONNX Runtime on every vector") {
  for (const VectorCase& c : load_vectors("qlinear_add")) {
    INFO(c.name());
    CHECK(run_add_by(c, Rounding::kHalfEven, AddRule::kFused) == "");
  }
}

TEST_CASE("the separate rule of Add differs from ONNX Runtime at near ties only, by one") {
  int64_t elements = 0, different = 0;
  for (const VectorCase& c : load_vectors("qlinear_add")) {
    INFO(c.name());
    by_type(c, "y", [&]<typename T>() {
      const Tensor<T> expected = c.tensor<T>("y");
      const Tensor<T> got =
          qlinear_add(c.tensor<T>("a"), c.quant("a"), c.tensor<T>("b"), c.quant("b"), c.quant("y"),
                      Rounding::kHalfEven, AddRule::kSeparate);
      for (int64_t i = 0; i < got.size(); ++i) {
        if (got[i] == expected[i]) continue;
        CHECK(c.has("near_ties"));
        CHECK(std::abs(got[i] - expected[i]) == 1);
        ++different;
      }
      elements += got.size();
      return std::string();
    });
  }
  INFO(different << " of " << elements);
  CHECK(different >= 1);
  CHECK(different * 500 < elements);
}

TEST_CASE("a changed byte of a vector is noticed") {
  Tensor<int8_t> expected({2, 2}, std::vector<int8_t>{1, 2, 3, 4});
  Tensor<int8_t> got = expected;
  CHECK(difference(got, expected) == "");
  got[3] = -4;
  CHECK(difference(got, expected) == "element 3: got -4, expected 4");
  CHECK(difference(Tensor<int8_t>({4}), expected) == "shape [4], expected [2,2]");
}

}  // namespace s4::ref::test
