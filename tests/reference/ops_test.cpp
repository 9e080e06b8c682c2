// What the vectors cannot show: direct sums for random shapes, wrap, errors, speed.
#include <catch2/catch.hpp>
#include <chrono>
#include <random>

#include "sim/reference/ops.hpp"
#include "tb/seed.hpp"

namespace s4::ref {
namespace {

using Random = std::mt19937_64;

int64_t pick(Random& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

template <typename T>
Tensor<T> random_tensor(Random& random, Shape shape) {
  Tensor<T> tensor(std::move(shape));
  for (T& value : tensor.data) value = static_cast<T>(random());
  return tensor;
}

/// One convolution sum as the ONNX specification writes it.
template <typename T>
int64_t direct_sum(const Tensor<T>& x, int32_t x_zp, const Tensor<int8_t>& w,
                   const QConvParams& params, const std::array<int64_t, 4>& at) {
  const auto [b, m, p, q] = at;
  const int64_t group = m / (w.dim(0) / params.groups);
  int64_t sum = 0;
  for (int64_t c = 0; c < w.dim(1); ++c) {
    for (int64_t r = 0; r < w.dim(2); ++r) {
      for (int64_t s = 0; s < w.dim(3); ++s) {
        const int64_t row = p * params.strides[0] - params.pads[0] + r * params.dilations[0];
        const int64_t column = q * params.strides[1] - params.pads[1] + s * params.dilations[1];
        int64_t value = x_zp;
        if (row >= 0 && row < x.dim(2) && column >= 0 && column < x.dim(3)) {
          value = x[((b * x.dim(1) + group * w.dim(1) + c) * x.dim(2) + row) * x.dim(3) + column];
        }
        sum += (value - x_zp) * w[((m * w.dim(1) + c) * w.dim(2) + r) * w.dim(3) + s];
      }
    }
  }
  return sum;
}

}  // namespace

TEST_CASE("conv_integer equals the direct sum on random shapes") {
  Random random(tb::seed());
  for (int round = 0; round < 150; ++round) {
    QConvParams params;
    params.groups = pick(random, 1, 3);
    const int64_t rows = pick(random, 1, 5), columns = pick(random, 1, 5);
    for (int64_t& pad : params.pads) pad = pick(random, 0, 4);
    for (int64_t& stride : params.strides) stride = pick(random, 1, 4);
    for (int64_t& dilation : params.dilations) dilation = pick(random, 1, 4);
    const int64_t channels = params.groups * pick(random, 1, 5);
    const auto x = random_tensor<uint8_t>(
        random, {pick(random, 1, 2), channels, pick(random, 1, 13), pick(random, 1, 13)});
    const auto w = random_tensor<int8_t>(
        random, {params.groups * pick(random, 1, 4), channels / params.groups, rows, columns});
    const auto x_zp = static_cast<int32_t>(pick(random, 0, 255));
    const Tensor<int32_t> y = conv_integer(x, x_zp, w, params);
    INFO("round " << round << " x " << to_string(x.shape) << " w " << to_string(w.shape));
    const int64_t reach = params.dilations[0] * (rows - 1) + 1;
    const int64_t padded = x.dim(2) + params.pads[0] + params.pads[2];
    REQUIRE(y.dim(2) == (padded < reach ? 0 : (padded - reach) / params.strides[0] + 1));
    int64_t flat = 0;
    for (int64_t b = 0; b < y.dim(0); ++b) {
      for (int64_t m = 0; m < y.dim(1); ++m) {
        for (int64_t p = 0; p < y.dim(2); ++p) {
          for (int64_t q = 0; q < y.dim(3); ++q) {
            REQUIRE(y[flat++] == direct_sum(x, x_zp, w, params, {b, m, p, q}));
          }
        }
      }
    }
  }
}

TEST_CASE("a matrix product is a 1x1 convolution over its transpose") {
  Random random(tb::seed());
  const int64_t rows = 67, depth = 129, columns = 5;
  const auto a = random_tensor<int8_t>(random, {rows, depth});
  const auto b = random_tensor<int8_t>(random, {depth, columns});
  Tensor<int8_t> x({1, depth, 1, rows}), w({columns, depth, 1, 1});
  for (int64_t k = 0; k < depth; ++k) {
    for (int64_t m = 0; m < rows; ++m) x[k * rows + m] = a[m * depth + k];
    for (int64_t n = 0; n < columns; ++n) w[n * depth + k] = b[k * columns + n];
  }
  const Tensor<int32_t> product = matmul_integer(a, -7, b);
  const Tensor<int32_t> convolved = conv_integer(x, -7, w, {});
  for (int64_t m = 0; m < rows; ++m) {
    for (int64_t n = 0; n < columns; ++n) {
      REQUIRE(product[m * columns + n] == convolved[n * rows + m]);
    }
  }
}

TEST_CASE("accumulators wrap at 32 bits") {
  const int64_t depth = 70000;  // 70000 * 255 * 127 is above 2^31
  const Tensor<uint8_t> a({1, depth}, 255);
  const Tensor<int8_t> b({depth, 1}, int8_t{127});
  const Tensor<int32_t> y = matmul_integer(a, 0, b);
  CHECK(y[0] == static_cast<int32_t>(static_cast<uint32_t>(depth * 255 * 127)));
  CHECK(y[0] < 0);
}

TEST_CASE("uint8 and int8 activations differ by an offset of 128") {
  Random random(tb::seed());
  const auto x = random_tensor<int8_t>(random, {1, 6, 7, 5});
  Tensor<uint8_t> shifted(x.shape);
  for (int64_t i = 0; i < x.size(); ++i) shifted[i] = static_cast<uint8_t>(x[i] + 128);
  const QWeights w{random_tensor<int8_t>(random, {4, 6, 3, 3}), {0.01F}, {0}};
  QConvParams params;
  params.pads = {1, 0, 2, 1};
  const auto y = qlinear_conv(x, {0.05F, -11}, w, nullptr, {0.3F, 9}, params);
  const auto z = qlinear_conv(shifted, {0.05F, 117}, w, nullptr, {0.3F, 137}, params);
  for (int64_t i = 0; i < y.size(); ++i) REQUIRE(y[i] + 128 == z[i]);
}

TEST_CASE("the fused layer clamps before and after the add") {
  const Tensor<int8_t> a({1, 1}, int8_t{100});
  const QWeights b{Tensor<int8_t>({1, 1}, int8_t{1}), {1.0F}, {}};
  const Tensor<int8_t> second({1, 1}, int8_t{5});
  Epilogue<int8_t> epilogue;
  epilogue.range = {-128, 50};
  CHECK(matmul_requant(a, {}, b, epilogue)[0] == 50);
  epilogue.add = FusedAdd<int8_t>{&second, {}, {}};
  CHECK(matmul_requant(a, {}, b, epilogue)[0] == 55);
  epilogue.add_range = {0, 52};
  CHECK(matmul_requant(a, {}, b, epilogue)[0] == 52);
  const Tensor<int8_t> other({2, 1}, int8_t{5});
  epilogue.add->tensor = &other;
  CHECK_THROWS_WITH(matmul_requant(a, {}, b, epilogue), Catch::Contains("second operand"));
}

TEST_CASE("wrong arguments are refused by name") {
  const Tensor<int8_t> x({1, 4, 5, 5});
  QWeights w{Tensor<int8_t>({2, 4, 3, 3}), {0.5F}, {}};
  QConvParams params;
  const auto conv = [&] { return qlinear_conv(x, {1.0F, 0}, w, nullptr, {1.0F, 0}, params); };
  CHECK(conv().shape == Shape{1, 2, 3, 3});
  SECTION("weight zero point") {
    w.zero_point = {0, 3};
    CHECK_THROWS_WITH(conv(), Catch::Contains("weight zero point 3 is not supported"));
  }
  SECTION("weight scales") {
    w.scale = {0.5F, 0.5F, 0.5F};
    CHECK_THROWS_WITH(conv(), Catch::Contains("3 weight scales for 2 channels"));
    w.scale = {0.5F, -1.0F};
    CHECK_THROWS_WITH(conv(), Catch::Contains("weight scale -1"));
  }
  SECTION("geometry") {
    params.groups = 3;
    CHECK_THROWS_WITH(conv(), Catch::Contains("3 groups"));
    params.groups = 2;
    CHECK_THROWS_WITH(conv(), Catch::Contains("[2,4,3,3] do not fit input [1,4,5,5]"));
    params.groups = 1;
    params.strides[1] = 0;
    CHECK_THROWS_WITH(conv(), Catch::Contains("stride"));
  }
  SECTION("scales, zero points, bias, shapes") {
    const Tensor<int32_t> bias({3});
    CHECK_THROWS_WITH(qlinear_conv(x, {0.0F, 0}, w, nullptr, {1.0F, 0}, params),
                      Catch::Contains("x scale"));
    CHECK_THROWS_WITH(qlinear_conv(x, {1.0F, 0}, w, nullptr, {1.0F, 128}, params),
                      Catch::Contains("y zero point 128"));
    CHECK_THROWS_WITH(qlinear_conv(x, {1.0F, 0}, w, &bias, {1.0F, 0}, params),
                      Catch::Contains("bias of shape [3]"));
    CHECK_THROWS_WITH(qlinear_add(x, {}, Tensor<int8_t>({3}), {}, {}),
                      Catch::Contains("do not broadcast"));
    CHECK_THROWS_WITH(Tensor<int8_t>({2, 2}, std::vector<int8_t>(3)),
                      Catch::Contains("[2,2] given 3 values"));
  }
}

TEST_CASE("a product of 1024 x 256 x 2304 takes less than two seconds") {
  Random random(tb::seed());
  const auto a = random_tensor<int8_t>(random, {1024, 2304});
  const QWeights b{random_tensor<int8_t>(random, {2304, 256}), {0.001F}, {}};
  const auto start = std::chrono::steady_clock::now();
  const auto y = qlinear_matmul(a, {0.01F, 3}, b, nullptr, {0.02F, 0});
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  CHECK(y.size() == 1024 * 256);
#ifdef NDEBUG  // optimised builds
  CHECK(elapsed.count() < 2.0);
#endif
}

}  // namespace s4::ref
