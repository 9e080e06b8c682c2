#include "sw/driver/layer_case.hpp"

#include <fmt/format.h>

#include <cmath>
#include <random>

#include "sim/reference/ops.hpp"

namespace s4::sw {
namespace {

using Random = std::mt19937_64;

std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(high - low + 1));
}

float pick_scale(Random& random, float low, float high) {
  const auto unit = static_cast<float>(random() % 65536) / 65536.0F;
  return low + (high - low) * unit;
}

template <typename T>
ref::Tensor<T> tensor_of(const ref::Shape& shape, const std::vector<std::uint8_t>& bytes) {
  return ref::Tensor<T>(shape, std::vector<T>(bytes.begin(), bytes.end()));
}

ref::Quant quant_of(const QuantParams& params) { return {params.scale, params.zero}; }

/// [1,C,1,M] to [M,C] and back.
template <typename T>
ref::Tensor<T> transposed(const ref::Tensor<T>& x, std::int64_t rows, std::int64_t columns) {
  ref::Tensor<T> y({columns, rows});
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) y[c * rows + r] = x[r * columns + c];
  }
  return y;
}

/// What the output columns see: channel c of column x is byte c % 16 of pixel x + c / 16.
template <typename T>
ref::Tensor<T> windows_of_quarters(const ref::Tensor<T>& words, const LayerGeometry& g) {
  ref::Tensor<T> y({g.batch, g.channels, g.height, g.width});
  std::int64_t to = 0;
  for (std::int64_t n = 0; n < g.batch; ++n) {
    for (std::int64_t c = 0; c < g.channels; ++c) {
      for (std::int64_t row = 0; row < g.height; ++row) {
        for (std::int64_t column = 0; column < g.width; ++column) {
          const std::int64_t pixel = column + c / 16;
          const std::int64_t channel = pixel % 4 * 16 + c % 16;
          y[to++] =
              words[((n * g.channels + channel) * g.height + row) * g.row_words() + pixel / 4];
        }
      }
    }
  }
  return y;
}

template <typename T>
std::vector<std::uint8_t> reference_of(const Layer& layer, const LayerData& data) {
  const LayerGeometry& g = layer.geometry;
  const std::int64_t filters = g.filters;
  const std::int64_t channels = g.channels;
  const ref::Shape output_shape{g.batch, filters, g.out_height(), g.out_width()};
  auto x = tensor_of<T>({g.batch, channels, g.height, g.row_words()}, data.input);
  if (g.quarters) x = windows_of_quarters(x, g);
  if (layer.max_pool) {
    ref::PoolParams params;
    params.kernel = {g.kernel_h, g.kernel_w};
    params.pads = {g.pad_top, g.pad_left, g.pad_bottom, g.pad_right};
    params.strides = {g.stride_h, g.stride_w};
    params.dilations = {g.dilation_h, g.dilation_w};
    const auto pooled = ref::max_pool(x, params);
    return {pooled.data.begin(), pooled.data.end()};
  }
  ref::QWeights weights;
  weights.scale = layer.weight_scales;
  const ref::Tensor<std::int32_t> bias({filters}, layer.biases);
  ref::Tensor<T> y;
  if (layer.is_gemm) {
    const ref::Tensor<std::int8_t> rows({filters, channels}, layer.weights.data);
    weights.values = transposed(rows, filters, channels);
    const auto result = ref::qlinear_matmul(transposed(x, channels, g.width), quant_of(layer.input),
                                            weights, &bias, quant_of(layer.output));
    y = transposed(result, g.width, filters);
    y.shape = output_shape;
  } else {
    weights.values =
        ref::Tensor<std::int8_t>({filters, channels, g.kernel_h, g.kernel_w}, layer.weights.data);
    ref::QConvParams params;
    params.pads = {g.pad_top, g.pad_left, g.pad_bottom, g.pad_right};
    params.strides = {g.stride_h, g.stride_w};
    params.dilations = {g.dilation_h, g.dilation_w};
    y = ref::qlinear_conv(x, quant_of(layer.input), weights, &bias, quant_of(layer.output), params);
  }
  y = ref::clamp_quantized(y, {layer.low, layer.high});
  if (layer.add) {
    const ResidualAdd& add = *layer.add;
    const auto b = tensor_of<T>(output_shape, data.second);
    y = add.second_is_left ? ref::qlinear_add(b, quant_of(add.second), y, quant_of(layer.output),
                                              quant_of(add.sum))
                           : ref::qlinear_add(y, quant_of(layer.output), b, quant_of(add.second),
                                              quant_of(add.sum));
    y = ref::clamp_quantized(y, {add.low, add.high});
  }
  return {y.data.begin(), y.data.end()};
}

}  // namespace

LayerGeometry gemm_geometry(std::uint32_t m, std::uint32_t n, std::uint32_t k) {
  LayerGeometry g;
  g.channels = k;
  g.width = m;
  g.filters = n;
  return g;
}

std::string LayerCase::describe() const {
  Layer layer;
  layer.is_gemm = is_gemm;
  layer.max_pool = max_pool;
  layer.geometry = geometry;
  std::string text = layer.describe() + (max_pool ? "" : fmt::format(" keep {}", keep));
  if (pattern != Pattern::kBalanced) text += fmt::format(" {}", pattern_name(pattern));
  if (add) text += " add";
  if (is_unsigned) text += " uint8";
  if (compile.resident) text += " resident";
  if (compile.strategy) text += fmt::format(" {}", strategy_name(*compile.strategy));
  return text;
}

std::string LayerCase::arguments() const {
  const LayerGeometry& g = geometry;
  std::string text;
  if (is_gemm) {
    text = fmt::format("gemm --m {} --n {} --k {}", g.width, g.filters, g.channels);
  } else {
    text = fmt::format(
        "{} --batch {} --channels {} --height {} --width {}{} --kernel {}x{} --stride {}x{} "
        "--pad {},{},{},{} --dilation {}x{}",
        max_pool ? "maxpool" : "conv", g.batch, g.channels, g.height, g.width,
        max_pool ? "" : fmt::format(" --filters {}", g.filters), g.kernel_h, g.kernel_w, g.stride_h,
        g.stride_w, g.pad_top, g.pad_left, g.pad_bottom, g.pad_right, g.dilation_h, g.dilation_w);
  }
  if (!max_pool) text += fmt::format(" --keep {} --pattern {}", keep, pattern_name(pattern));
  if (g.quarters) text += " --quarters";
  text += fmt::format(" --seed {}", seed);
  if (add) text += " --add";
  if (is_unsigned) text += " --uint8";
  if (!random_zero_points && !max_pool) text += " --zero-points zero";
  if (compile.resident) text += " --resident";
  if (compile.allow_wrap) text += " --allow-wrap";
  if (compile.shape) text += fmt::format(" --shape {}", *compile.shape);
  if (compile.strategy) text += fmt::format(" --weights {}", strategy_name(*compile.strategy));
  if (compile.storage) text += fmt::format(" --storage {}", storage_name(*compile.storage));
  if (compile.chunk_pixels) text += fmt::format(" --chunk {}", *compile.chunk_pixels);
  if (compile.piece_bytes != 0) text += fmt::format(" --piece {}", compile.piece_bytes);
  return text;
}

Layer make_layer(const LayerCase& c) {
  Random random(c.seed * 0x9E3779B97F4A7C15ULL + 1);
  Layer layer;
  layer.is_gemm = c.is_gemm;
  layer.max_pool = c.max_pool;
  layer.geometry = c.geometry;
  layer.name = layer.describe();
  layer.is_unsigned = c.is_unsigned;
  const LayerGeometry& g = c.geometry;
  if (g.filters == 0 || g.channels == 0 || g.kernel_h == 0 || g.kernel_w == 0 || g.kernel_h > 64 ||
      g.kernel_w > 64) {
    throw CompileError(fmt::format("{}: a dimension is 0 or the kernel too large", layer.name));
  }
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 32;
  const std::uint64_t weights =
      c.max_pool ? 0 : std::uint64_t{g.filters} * g.channels * g.kernel_h * g.kernel_w;
  const std::uint64_t inputs = std::uint64_t{g.batch} * g.channels * g.height * g.width;
  if (weights > kLargest || inputs > kLargest || g.pixels() * g.filters > kLargest) {
    throw CompileError(fmt::format("{}: a tensor has more than {} elements", layer.name, kLargest));
  }
  if (c.max_pool) {
    layer.low = c.is_unsigned ? 0 : -128;
    layer.high = c.is_unsigned ? 255 : 127;
    return layer;
  }
  layer.weights = WeightTensor(g.filters, g.channels, g.kernel_h, g.kernel_w);
  for (std::int8_t& w : layer.weights.data) {
    const std::int64_t value = pick(random, -127, 126);
    w = static_cast<std::int8_t>(value >= 0 ? value + 1 : value);
  }
  prune(layer.weights, c.keep, c.pattern, random());

  const std::int32_t low = c.is_unsigned ? 0 : -128;
  const std::int32_t high = c.is_unsigned ? 255 : 127;
  const auto zero_point = [&] {
    return c.random_zero_points ? static_cast<std::int32_t>(pick(random, low, high))
                                : (c.is_unsigned ? 128 : 0);
  };
  // Standard deviation of a sum: weights and activations spread evenly over their ranges.
  const double kept = static_cast<double>(layer.weights.non_zeros()) / g.filters;
  const double spread = std::sqrt(std::max(kept, 1.0)) * 73.0 * 90.0;
  layer.input = {pick_scale(random, 0.01F, 0.1F), zero_point()};
  for (std::uint32_t f = 0; f < g.filters; ++f) {
    layer.weight_scales.push_back(pick_scale(random, 0.002F, 0.006F));
    const double bias = spread * pick_scale(random, -1.0F, 1.0F);
    layer.biases.push_back(static_cast<std::int32_t>(bias));
  }
  layer.output.scale = static_cast<float>(layer.input.scale * 0.004 * spread / 50.0) *
                       pick_scale(random, 0.7F, 1.5F);
  layer.output.zero = zero_point();
  const bool relu = pick(random, 0, 2) == 0;
  layer.low = relu ? layer.output.zero : low;
  layer.high = pick(random, 0, 3) == 0 ? std::max(layer.low, high - 20) : high;
  if (c.add) {
    ResidualAdd add;
    add.second = {layer.output.scale * pick_scale(random, 0.3F, 2.0F), zero_point()};
    add.sum = {layer.output.scale * pick_scale(random, 0.8F, 2.5F), zero_point()};
    const bool relu_sum = pick(random, 0, 1) == 0;
    add.low = relu_sum ? add.sum.zero : low;
    add.high = high;
    add.second_is_left = pick(random, 0, 1) == 0;
    layer.add = add;
  }
  return layer;
}

LayerData make_data(const Layer& layer, std::uint64_t seed) {
  Random random(seed * 0xD1342543DE82EF95ULL + 7);
  const LayerGeometry& g = layer.geometry;
  const auto fill = [&](std::uint64_t count) {
    std::vector<std::uint8_t> bytes(count);
    for (std::size_t i = 0; i < bytes.size(); i += 8) {
      std::uint64_t word = random();
      for (std::size_t j = i; j < std::min(bytes.size(), i + 8); ++j, word >>= 8) {
        bytes[j] = static_cast<std::uint8_t>(word);
      }
    }
    return bytes;
  };
  LayerData data;
  data.input = fill(std::uint64_t{g.batch} * g.channels * g.height * g.row_words());
  if (layer.add) data.second = fill(g.pixels() * g.filters);
  return data;
}

std::vector<std::uint8_t> reference_output(const Layer& layer, const LayerData& data) {
  return layer.is_unsigned ? reference_of<std::uint8_t>(layer, data)
                           : reference_of<std::int8_t>(layer, data);
}

}  // namespace s4::sw
