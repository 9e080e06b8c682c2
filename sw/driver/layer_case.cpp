#include "sw/driver/layer_case.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <random>

#include "sim/reference/bfloat16.hpp"
#include "sim/reference/ops.hpp"
#include "sw/compiler/tensor_layout.hpp"
#include "sw/driver/case_activation.hpp"

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

ref::QConvParams conv_params(const LayerGeometry& g) {
  ref::QConvParams params;
  params.pads = {g.pad_top, g.pad_left, g.pad_bottom, g.pad_right};
  params.strides = {g.stride_h, g.stride_w};
  params.dilations = {g.dilation_h, g.dilation_w};
  return params;
}

ref::PoolParams pool_params(const LayerGeometry& g) {
  ref::PoolParams params;
  params.kernel = {g.kernel_h, g.kernel_w};
  params.pads = {g.pad_top, g.pad_left, g.pad_bottom, g.pad_right};
  params.strides = {g.stride_h, g.stride_w};
  params.dilations = {g.dilation_h, g.dilation_w};
  return params;
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
    const auto pooled = ref::max_pool(x, pool_params(g));
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
    y = ref::qlinear_conv(x, quant_of(layer.input), weights, &bias, quant_of(layer.output),
                          conv_params(g));
  }
  y = ref::clamp_quantized(y, {layer.low, layer.high});
  if (layer.add) {
    const ResidualAdd& add = *layer.add;
    const auto b = tensor_of<T>(output_shape, data.second);
    const ref::Quant own = quant_of(layer.output);
    const ref::Quant other = quant_of(add.second);
    const ref::Quant sum = quant_of(add.sum);
    switch (add.use) {
      case SecondUse::kAdd:
        y = add.second_is_left ? ref::qlinear_add(b, other, y, own, sum)
                               : ref::qlinear_add(y, own, b, other, sum);
        break;
      case SecondUse::kSubtract:
        y = add.second_is_left ? ref::qlinear_sub(b, other, y, own, sum)
                               : ref::qlinear_sub(y, own, b, other, sum);
        break;
      case SecondUse::kMultiply:
        y = ref::qlinear_mul(y, own, b, other, sum);
        break;
      case SecondUse::kMaximum:
        y = ref::maximum(y, b);
        break;
    }
    y = ref::clamp_quantized(y, {add.low, add.high});
  }
  return {y.data.begin(), y.data.end()};
}

std::vector<std::uint8_t> bf16_pool_reference(const LayerGeometry& g, const LayerData& data) {
  const ref::Tensor<std::uint16_t> x({g.batch, g.channels, g.height, g.width},
                                     join_bf16(data.input, g.height * g.width));
  const auto pooled = ref::max_pool_bfloat16(x, pool_params(g));
  return split_bf16(pooled.data, std::uint64_t{g.out_height()} * g.out_width());
}

/// Layers with BF16 operands or results. A matrix product is a convolution over one row.
std::vector<std::uint8_t> float_reference(const Layer& layer, const LayerData& data) {
  const LayerGeometry& g = layer.geometry;
  const FloatEpilogue& settings = *layer.float_epilogue;
  ref::FloatEpilogue e;
  e.integer_sums = !layer.bf16();
  if (layer.add) e.use = static_cast<ref::SecondUse>(settings.second_use + 1);
  e.second_scale = settings.second_factor;
  e.negative_slope = settings.negative_slope;
  e.low = settings.low;
  e.high = settings.high;
  e.integer_result = g.out_bytes == 1;
  e.least = layer.low - layer.output.zero;
  e.most = layer.high - layer.output.zero;
  e.zero = layer.output.zero;

  const ref::Shape input{g.batch, g.channels, g.height, g.width};
  const ref::Shape kernel{g.filters, g.channels, g.kernel_h, g.kernel_w};
  ref::Tensor<float> floats;
  ref::Tensor<std::int32_t> integers;
  if (layer.bf16()) {
    std::vector<std::uint16_t> weights = layer.weights.bf16;
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = layer.weights.value(i);
    floats = ref::conv_bfloat16(
        ref::Tensor<std::uint16_t>(input, join_bf16(data.input, g.height * g.width)),
        ref::Tensor<std::uint16_t>(kernel, std::move(weights)), conv_params(g));
  } else {
    const ref::Tensor<std::int8_t> weights(kernel, layer.weights.data);
    const auto sums = [&](const auto& x) {
      return ref::conv_integer(g.quarters ? windows_of_quarters(x, g) : x, layer.input.zero,
                               weights, conv_params(g));
    };
    const ref::Shape words{g.batch, g.channels, g.height, g.row_words()};
    integers = layer.is_unsigned ? sums(tensor_of<std::uint8_t>(words, data.input))
                                 : sums(tensor_of<std::int8_t>(words, data.input));
  }
  const std::uint64_t plane = std::uint64_t{g.out_height()} * g.out_width();
  const std::vector<std::uint16_t> wide =
      g.out_bytes == 2 ? join_bf16(data.second, plane) : std::vector<std::uint16_t>();
  std::vector<std::uint16_t> results(g.pixels() * g.filters);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::size_t c = i / plane % g.filters;
    const float x = layer.bf16()
                        ? ref::scaled(e, floats.data[i], layer.factors[c], settings.biases[c])
                        : ref::scaled(e, integers.data[i], layer.factors[c], layer.biases[c]);
    float second = 0.0F;
    if (layer.add && g.out_bytes == 2) second = ref::from_bfloat16(wide[i]);
    if (layer.add && g.out_bytes == 1) {
      const std::int32_t byte = layer.is_unsigned
                                    ? std::int32_t{data.second[i]}
                                    : std::int32_t{static_cast<std::int8_t>(data.second[i])};
      second = static_cast<float>(byte - settings.second_zero);
    }
    results[i] = ref::converted(e, ref::combined(e, x, second));
  }
  if (g.out_bytes == 2) return split_bf16(results, plane);
  return {results.begin(), results.end()};
}

}  // namespace

LayerGeometry gemm_geometry(std::uint32_t m, std::uint32_t n, std::uint32_t k) {
  LayerGeometry g;
  g.channels = k;
  g.width = m;
  g.filters = n;
  return g;
}

const std::vector<std::string>& second_names() {
  static const std::vector<std::string> kNames{"add", "subtract", "multiply", "maximum"};
  return kNames;
}

std::string LayerCase::describe() const {
  Layer layer;
  layer.is_gemm = is_gemm;
  layer.max_pool = max_pool;
  layer.geometry = geometry;
  layer.geometry.in_bytes = bf16 ? 2 : 1;
  layer.geometry.out_bytes = out_bf16 ? 2 : 1;
  std::string text = layer.describe() + (max_pool ? "" : fmt::format(" keep {}", keep));
  if (pattern != Pattern::kBalanced) text += fmt::format(" {}", pattern_name(pattern));
  if (dense) text += transposed ? " dense transposed" : " dense";
  if (add)
    text += fmt::format(" {}",
                        second_names()[static_cast<std::size_t>(second.value_or(SecondUse::kAdd))]);
  if (is_unsigned) text += " uint8";
  if (!activation.empty()) text += " " + activation;
  if (compile.resident) text += " resident";
  if (compile.strategy) text += fmt::format(" {}", strategy_name(*compile.strategy));
  return text;
}

std::string LayerCase::arguments() const {
  const LayerGeometry& g = geometry;
  std::string text;
  if (is_gemm) {
    text = fmt::format("gemm --m {} --n {} --k {}", g.width, g.filters, g.channels);
    if (dense)
      text += fmt::format(" --dense --batch {}{}", g.batch, transposed ? " --transposed" : "");
  } else {
    text = fmt::format(
        "{} --batch {} --channels {} --height {} --width {}{} --kernel {}x{} --stride {}x{} "
        "--pad {},{},{},{} --dilation {}x{}",
        max_pool ? "maxpool" : "conv", g.batch, g.channels, g.height, g.width,
        max_pool ? "" : fmt::format(" --filters {}", g.filters), g.kernel_h, g.kernel_w, g.stride_h,
        g.stride_w, g.pad_top, g.pad_left, g.pad_bottom, g.pad_right, g.dilation_h, g.dilation_w);
  }
  if (!max_pool) text += fmt::format(" --keep {} --pattern {}", keep, pattern_name(pattern));
  if (pattern == Pattern::kUnstructured && !compile.permute) text += " --own-order";
  if (g.quarters) text += " --quarters";
  text += fmt::format(" --seed {}", seed);
  if (add) text += " --add";
  if (add && second)
    text += fmt::format(" --second {}",
                        second_names()[static_cast<std::size_t>(second.value_or(SecondUse::kAdd))]);
  if (is_unsigned) text += " --uint8";
  if (bf16) text += " --dtype bf16";
  if (!max_pool && bf16 != out_bf16) text += out_bf16 ? " --out bf16" : " --out int8";
  if (!activation.empty()) text += " --activation " + activation;
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

namespace {

/// A BF16 with an exponent in [low, high]; one in `special` thousand is a zero, a subnormal number,
/// an infinity, a NaN or any bits.
std::uint16_t random_number(Random& random, int low, int high, unsigned special) {
  const auto bits = static_cast<std::uint16_t>(random());
  if (pick(random, 0, 999) < special) {
    constexpr std::array<std::uint16_t, 6> kSpecials{0x0000, 0x8000, 0x0001,
                                                     0x7F80, 0xFF80, 0x7FC0};
    const auto which = static_cast<std::size_t>(pick(random, 0, 6));
    return which < kSpecials.size() ? kSpecials[which] : bits;
  }
  return static_cast<std::uint16_t>((bits & 0x807F) | pick(random, low, high) << 7);
}

/// Values of BF16 weights, and an epilogue that spreads the results.
void make_float_layer(const LayerCase& c, Random& random, Layer& layer) {
  const LayerGeometry& g = layer.geometry;
  FloatEpilogue e;
  if (c.bf16) {
    layer.weights.bf16.resize(layer.weights.data.size(), 0);
    for (std::size_t i = 0; i < layer.weights.data.size(); ++i) {
      if (layer.weights.data[i] != 0) layer.weights.bf16[i] = random_number(random, 115, 124, 0);
    }
    if (layer.dense) {
      for (WeightTensor& image : layer.dense->images) {
        image.bf16.resize(image.data.size());
        for (std::uint16_t& value : image.bf16) value = random_number(random, 115, 124, 2);
      }
      layer.weights = layer.dense->images.front();
    }
    layer.input = {};
  }
  // Standard deviation of a sum: of BF16 numbers about one times weights of about 1/30.
  const double kept = static_cast<double>(layer.weights.non_zeros()) / g.filters;
  const double spread = std::sqrt(std::max(kept, 1.0)) * (c.bf16 ? 0.1 : 73.0 * 90.0);
  const double unit = (c.out_bf16 ? 1.0 : 50.0) / spread;
  for (std::uint32_t f = 0; f < g.filters; ++f) {
    layer.factors.push_back(static_cast<float>(unit) * pick_scale(random, 0.3F, 1.5F));
    e.biases.push_back(static_cast<float>(unit * spread) * pick_scale(random, -1.0F, 1.0F));
  }
  if (!c.bf16) e.biases.clear();
  if (c.add) {
    layer.add = ResidualAdd{};
    e.second_use = static_cast<std::uint8_t>(pick(random, 0, 3));
    if (c.second) e.second_use = static_cast<std::uint8_t>(*c.second);
    e.second_factor = pick_scale(random, 0.2F, 1.5F);
    if (!c.out_bf16 && c.random_zero_points) e.second_zero = layer.output.zero;
  }
  if (pick(random, 0, 3) == 0) e.negative_slope = pick_scale(random, 0.01F, 0.3F);
  if (pick(random, 0, 2) == 0) e.low = 0.0F;
  if (pick(random, 0, 3) == 0) e.high = 6.0F;
  layer.float_epilogue = e;
}

/// But for what follows the results.
Layer make_plain_layer(const LayerCase& c) {
  Random random(c.seed * 0x9E3779B97F4A7C15ULL + 1);
  Layer layer;
  layer.is_gemm = c.is_gemm;
  layer.max_pool = c.max_pool;
  layer.geometry = c.geometry;
  layer.geometry.in_bytes = c.bf16 ? 2 : 1;
  layer.geometry.out_bytes = c.out_bf16 ? 2 : 1;
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

  if (c.dense) {
    layer.dense = DenseOperand{c.transposed, c.is_unsigned && !c.bf16, {}};
    for (std::uint32_t image = 0; image < g.batch; ++image) {
      WeightTensor operand(g.filters, g.channels, 1, 1);
      for (std::int8_t& w : operand.data) w = static_cast<std::int8_t>(pick(random, -128, 127));
      layer.dense->images.push_back(operand);
    }
    layer.weights = layer.dense->images.front();
    layer.name = layer.describe();
  }

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
  if (c.bf16 || c.out_bf16) {
    make_float_layer(c, random, layer);
    return layer;
  }
  if (c.add) {
    ResidualAdd add;
    add.second = {layer.output.scale * pick_scale(random, 0.3F, 2.0F), zero_point()};
    add.sum = {layer.output.scale * pick_scale(random, 0.8F, 2.5F), zero_point()};
    const bool relu_sum = pick(random, 0, 1) == 0;
    add.low = relu_sum ? add.sum.zero : low;
    add.high = high;
    add.second_is_left = pick(random, 0, 1) == 0;
    add.use = c.second.value_or(SecondUse::kAdd);
    if (add.use == SecondUse::kMultiply) {
      // Products of numbers up to 255 into the range of the bytes.
      add.sum.scale = layer.output.scale * add.second.scale * pick_scale(random, 20.0F, 80.0F);
    } else if (add.use == SecondUse::kMaximum) {
      add.second = add.sum = layer.output;
      add.low = low;
    }
    layer.add = add;
  }
  return layer;
}

}  // namespace

Layer make_layer(const LayerCase& c) {
  Layer layer = make_plain_layer(c);
  if (!c.activation.empty()) layer.activation = make_activation(c.activation, layer, c.seed);
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
  // BF16 numbers around one; few are zeros, infinities or any other.
  const auto numbers = [&](std::uint64_t count, std::uint64_t plane) {
    std::vector<std::uint16_t> values(count);
    for (auto& value : values) value = random_number(random, 119, 129, 2);
    return split_bf16(values, plane);
  };
  LayerData data;
  const std::uint64_t inputs = std::uint64_t{g.batch} * g.channels * g.height * g.row_words();
  data.input = layer.bf16() ? numbers(inputs, std::uint64_t{g.height} * g.width) : fill(inputs);
  if (layer.add) {
    const std::uint64_t results = g.pixels() * g.filters;
    data.second = g.out_bytes == 2 ? numbers(results, std::uint64_t{g.out_height()} * g.out_width())
                                   : fill(results);
  }
  return data;
}

std::vector<std::uint8_t> reference_output(const Layer& layer, const LayerData& data) {
  if (layer.dense) {
    // An image after the other, with its own operand as weights.
    std::vector<std::uint8_t> result;
    const std::size_t images = layer.dense->images.size();
    for (std::size_t i = 0; i < images; ++i) {
      const auto part = [&](const std::vector<std::uint8_t>& bytes) {
        const auto size = static_cast<std::ptrdiff_t>(bytes.size() / images);
        const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(i) * size;
        return std::vector<std::uint8_t>(begin, begin + size);
      };
      Layer one = layer;
      one.geometry.batch = 1;
      one.weights = layer.dense->images[i];
      one.dense.reset();
      const auto bytes = reference_output(one, {part(data.input), part(data.second)});
      result.insert(result.end(), bytes.begin(), bytes.end());
    }
    return result;
  }
  auto result = layer.float_epilogue             ? float_reference(layer, data)
                : layer.max_pool && layer.bf16() ? bf16_pool_reference(layer.geometry, data)
                : layer.is_unsigned              ? reference_of<std::uint8_t>(layer, data)
                                                 : reference_of<std::int8_t>(layer, data);
  if (!layer.activation) return result;
  if (layer.has_table()) {
    for (std::uint8_t& byte : result) byte = layer.activation->table[byte];
    return result;
  }
  const std::uint64_t plane =
      std::uint64_t{layer.geometry.out_height()} * layer.geometry.out_width();
  auto numbers = join_bf16(result, plane);
  for (std::uint16_t& x : numbers) x = reference_activation(*layer.activation, x);
  return split_bf16(numbers, plane);
}

}  // namespace s4::sw
