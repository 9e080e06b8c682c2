#include "sw/compiler/layer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "sim/sequencer/gen/commands.hpp"

namespace s4::sw {
namespace {

std::uint32_t extent(std::uint32_t size, std::uint32_t before, std::uint32_t after,
                     std::uint32_t kernel, std::uint32_t dilation, std::uint32_t stride) {
  const std::uint64_t padded = std::uint64_t{size} + before + after;
  const std::uint64_t reach = std::uint64_t{dilation} * (kernel - 1) + 1;
  if (kernel == 0 || stride == 0 || padded < reach) return 0;
  return static_cast<std::uint32_t>((padded - reach) / stride + 1);
}

class Checker {
 public:
  explicit Checker(const Layer& layer) : layer_(layer) {}

  void require(bool condition, const std::string& text) const {
    if (!condition) throw CompileError(fmt::format("{}: {}", layer_.name, text));
  }
  void range(const char* what, std::int64_t value, std::int64_t low, std::int64_t high) const {
    require(value >= low && value <= high,
            fmt::format("{} = {} is outside {} to {}", what, value, low, high));
  }
  void scale(const char* what, float value) const {
    require(std::isfinite(value) && value > 0,
            fmt::format("{} = {} is not a positive finite number", what, value));
  }

 private:
  const Layer& layer_;
};

}  // namespace

std::uint32_t LayerGeometry::out_height() const {
  return extent(height, pad_top, pad_bottom, kernel_h, dilation_h, stride_h);
}

std::uint32_t LayerGeometry::out_width() const {
  return extent(width, pad_left, pad_right, kernel_w, dilation_w, stride_w);
}

const char* Layer::kind() const {
  if (rows) return rows->function == commands::RowFunction::kSoftmax ? "softmax" : "layernorm";
  return max_pool ? "maxpool" : is_gemm ? "gemm" : "conv";
}

std::string Layer::describe() const {
  const LayerGeometry& g = geometry;
  const std::string types = g.in_bytes == 2 && g.out_bytes == 2 ? " bf16"
                            : g.in_bytes == 2                   ? " bf16 to int8"
                            : g.out_bytes == 2                  ? " int8 to bf16"
                                                                : "";
  if (rows) return fmt::format("{} {}x{}{}", kind(), g.pixels(), g.channels, types);
  if (is_gemm) {
    const std::string product = fmt::format("gemm m{} n{} k{}", g.width, g.filters, g.channels);
    if (!dense) return product + types;
    return product + (g.batch > 1 ? fmt::format(" batch {}", g.batch) : "") +
           (dense->transposed ? " dense transposed" : " dense") + types;
  }
  return fmt::format("{} {}x{}x{}x{}{} k{}x{} s{}x{} p{},{},{},{} d{}x{}", kind(), g.batch,
                     g.channels, g.height, g.width, max_pool ? "" : fmt::format(" f{}", g.filters),
                     g.kernel_h, g.kernel_w, g.stride_h, g.stride_w, g.pad_top, g.pad_left,
                     g.pad_bottom, g.pad_right, g.dilation_h, g.dilation_w) +
         (g.quarters ? " quarters" : "") + types;
}

std::vector<float> requant_scales(const Layer& layer) {
  if (!layer.factors.empty()) return layer.factors;
  std::vector<float> scales;
  scales.reserve(layer.weight_scales.size());
  for (const float weight_scale : layer.weight_scales) {
    const float product = layer.input.scale * weight_scale;
    scales.push_back(product / layer.output.scale);
  }
  return scales;
}

std::vector<std::int32_t> stream_biases(const Layer& layer) {
  if (!layer.bf16()) return layer.biases;
  std::vector<std::int32_t> bits;
  for (const float bias : layer.float_epilogue->biases) {
    bits.push_back(std::bit_cast<std::int32_t>(bias));
  }
  return bits;
}

std::vector<std::uint8_t> layer_parameters(const Layer& layer) {
  if (layer.rows) return row_parameters(*layer.rows);
  if (!layer.has_table()) return {};
  return {layer.activation->table.begin(), layer.activation->table.end()};
}

std::uint32_t layer_parameter_words(const Layer& layer) {
  if (layer.rows) return row_parameter_words(*layer.rows, layer.geometry.channels);
  return layer.has_table() ? kTableWords : 0;
}

std::uint64_t largest_sum(const Layer& layer) {
  if (!layer.has_weights()) return 255;
  const std::int64_t low = (layer.is_unsigned ? 0 : -128) - layer.input.zero;
  const std::int64_t high = (layer.is_unsigned ? 255 : 127) - layer.input.zero;
  const std::size_t row = static_cast<std::size_t>(layer.geometry.channels) * layer.weights.taps();
  std::int64_t largest = 0;
  if (layer.dense) {  // any operand of as many elements
    const std::int64_t most = static_cast<std::int64_t>(row) * 128 * std::max(high, -low);
    for (const std::int32_t bias : layer.biases) {
      largest = std::max(largest, most + std::abs(std::int64_t{bias}));
    }
    return static_cast<std::uint64_t>(largest);
  }
  for (std::uint32_t out = 0; out < layer.geometry.filters; ++out) {
    std::int64_t most = 0;
    std::int64_t least = 0;
    for (std::size_t i = 0; i < row; ++i) {
      const std::int64_t w = layer.weights.data[out * row + i];
      most += std::max(w * low, w * high);
      least += std::min(w * low, w * high);
    }
    const std::int64_t bias = layer.biases[out];
    largest = std::max({largest, most, -least, std::abs(most + bias), std::abs(least + bias)});
  }
  return static_cast<std::uint64_t>(largest);
}

namespace {

void check_sums(const Layer& layer, const Checker& check, bool allow_wrap) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int32_t>::max();
  if (allow_wrap) return;
  const std::uint64_t sum = largest_sum(layer);
  check.require(sum <= kLargest,
                fmt::format("an accumulator can wrap: the largest possible sum is {}, 32 bits "
                            "hold {}; pass --allow-wrap to accept it",
                            sum, kLargest));
}

/// The rest of check_layer() for a layer with BF16 operands or results.
void check_float_layer(const Layer& layer, const Checker& check, bool allow_wrap) {
  const LayerGeometry& g = layer.geometry;
  const FloatEpilogue& e = *layer.float_epilogue;
  check.require(!g.quarters || !layer.bf16(), "pixels of a quarter word are bytes");
  check.require(layer.bf16() == !layer.weights.bf16.empty(),
                "weights and activations are of different types");
  const std::size_t biases = layer.bf16() ? e.biases.size() : layer.biases.size();
  check.require(biases == g.filters && layer.factors.size() == g.filters,
                fmt::format("{} output channels, but {} biases and {} scales", g.filters, biases,
                            layer.factors.size()));
  for (std::size_t c = 0; c < layer.factors.size(); ++c) {
    check.require(std::isfinite(layer.factors[c]),
                  fmt::format("the scale of channel {} is not finite", c));
  }
  check.require(e.second_use <= 3, "the second tensor is used in an unknown way");
  check.require(!std::isnan(e.low) && !std::isnan(e.high), "a limit of the results is no number");
  const std::int32_t low = layer.is_unsigned ? 0 : -128;
  const std::int32_t high = layer.is_unsigned ? 255 : 127;
  check.range("input zero point", layer.input.zero, layer.bf16() ? 0 : low,
              layer.bf16() ? 0 : high);
  check.range("zero point of the second tensor", e.second_zero, low, high);
  check.range("output zero point", layer.output.zero, low, high);
  check.range("lower clamp", layer.low, low, high);
  check.range("upper clamp", layer.high, layer.low, high);
  if (!layer.bf16()) check_sums(layer, check, allow_wrap);
}

/// The rest of check_layer() for rows.
void check_rows(const Layer& layer, const Checker& check) {
  const LayerGeometry& g = layer.geometry;
  const RowOperation& rows = *layer.rows;
  check.require(rows.function != commands::RowFunction::kStatistics,
                "statistics are no tensor of their own");
  check.require(g.filters == g.channels && g.kernel_h * g.kernel_w == 1 &&
                    g.out_height() == g.height && g.out_width() == g.width,
                "rows have the same shape before and after");
  check.require(g.in_bytes == (rows.in_bf16 ? 2 : 1) && g.out_bytes == (rows.out_bf16 ? 2 : 1),
                "the operation has other types than the layer");
  check.range("columns", g.channels, 1, commands::kMaxColumns);
  check.require(rows.gamma.size() == rows.beta.size() &&
                    (rows.gamma.empty() || rows.gamma.size() == g.channels),
                fmt::format("{} columns, but {} gammas and {} betas", g.channels, rows.gamma.size(),
                            rows.beta.size()));
  if (!rows.gamma.empty()) {
    check.require(rows.function == commands::RowFunction::kLayerNorm,
                  "a softmax has no gamma and beta");
    check.range("columns with gamma and beta", g.channels, 1, commands::kMaxAffineColumns);
  }
  check.scale("input scale", rows.in_scale);
  check.scale("output scale", rows.out_scale);
  const std::int32_t low = layer.is_unsigned ? 0 : -128;
  const std::int32_t high = layer.is_unsigned ? 255 : 127;
  check.range("output zero point", rows.out_zero, low, high);
  check.range("lower clamp", rows.low, low, high);
  check.range("upper clamp", rows.high, rows.low, high);
}

}  // namespace

void check_layer(const Layer& layer, bool allow_wrap) {
  const Checker check(layer);
  const LayerGeometry& g = layer.geometry;
  constexpr std::int64_t kWide = 65535;
  check.range("batch", g.batch, 1, kWide);
  check.range("input channels", g.channels, 1, kWide * 64);
  check.range("height", g.height, 1, kWide);
  check.range("width", g.width, 1, layer.is_gemm ? (1 << 24) : kWide);
  check.range("output channels", g.filters, 1, kWide);
  check.range("kernel height", g.kernel_h, 1, commands::kMaxKernel);
  check.range("kernel width", g.kernel_w, 1, commands::kMaxKernel);
  check.range("row stride", g.stride_h, 1, commands::kMaxStride);
  check.range("column stride", g.stride_w, 1, commands::kMaxStride);
  check.range("row dilation", g.dilation_h, 1, commands::kMaxDilation);
  check.range("column dilation", g.dilation_w, 1, commands::kMaxDilation);
  check.range("padding above", g.pad_top, 0, kWide);
  check.range("padding left", g.pad_left, 0, kWide);
  check.range("padding below", g.pad_bottom, 0, kWide);
  check.range("padding right", g.pad_right, 0, kWide);
  check.require(
      g.out_height() > 0 && g.out_width() > 0,
      fmt::format("the kernel {}x{} (dilation {}x{}) does not fit the padded image "
                  "{}x{}: the output is empty",
                  g.kernel_h, g.kernel_w, g.dilation_h, g.dilation_w,
                  g.height + g.pad_top + g.pad_bottom, g.width + g.pad_left + g.pad_right));
  check.range("output height", g.out_height(), 1, kWide);
  check.range("output width", g.out_width(), 1, layer.is_gemm ? (1 << 24) : kWide);
  if (g.quarters) {
    check.require(g.channels == sparse_format::kBankSize && g.kernel_w == 1 && g.stride_w == 1 &&
                      g.pad_left == 0 && g.pad_right == 0 && !layer.max_pool,
                  "pixels of a quarter word need 64 channels, and kernel and stride 1 in a row");
  }
  if (layer.activation) {
    const std::uint32_t code = layer.activation->code;
    check.require(!layer.rows, "results of rows have no function behind them");
    if (g.out_bytes == 2) {
      check.range("activation of BF16 results", code, 1, commands::kNumFunctions);
    } else {
      check.require(layer.has_table(), "an activation of bytes is a table");
    }
  }
  if (layer.rows) return check_rows(layer, check);
  if (layer.max_pool) {
    check.require(g.filters == g.channels, "a maximum has as many channels out as in");
    check.require(g.in_bytes == g.out_bytes && !layer.float_epilogue,
                  "a maximum has results of its input's type");
    check.require(layer.input.zero == 0 && layer.output.zero == 0 && !layer.add,
                  "a maximum takes bytes as they are");
    return;
  }
  check.require(layer.weights.out_channels == g.filters &&
                    layer.weights.in_channels == g.channels &&
                    layer.weights.kernel_h == g.kernel_h && layer.weights.kernel_w == g.kernel_w,
                "the weight tensor has other dimensions than the layer");
  if (layer.dense) {
    check.require(layer.is_gemm, "a dense operand belongs to a matrix product");
    check.require(layer.dense->images.size() == g.batch,
                  fmt::format("{} images, but {} operands", g.batch, layer.dense->images.size()));
    for (const WeightTensor& image : layer.dense->images) {
      check.require(image.out_channels == g.filters && image.in_channels == g.channels &&
                        image.taps() == 1 && image.value_rows() == g.in_bytes,
                    "a dense operand has other dimensions than the layer");
    }
  }
  if (layer.float_epilogue) return check_float_layer(layer, check, allow_wrap);
  check.require(layer.biases.size() == g.filters && layer.weight_scales.size() == g.filters,
                fmt::format("{} output channels, but {} biases and {} weight scales", g.filters,
                            layer.biases.size(), layer.weight_scales.size()));
  check.require(layer.factors.empty() || layer.factors.size() == g.filters,
                fmt::format("{} output channels, but {} factors", g.filters, layer.factors.size()));
  const std::int32_t low = layer.is_unsigned ? 0 : -128;
  const std::int32_t high = layer.is_unsigned ? 255 : 127;
  check.range("input zero point", layer.input.zero, low, high);
  check.range("output zero point", layer.output.zero, low, high);
  check.range("lower clamp", layer.low, low, high);
  check.range("upper clamp", layer.high, layer.low, high);
  check.scale("input scale", layer.input.scale);
  check.scale("output scale", layer.output.scale);
  const std::vector<float> scales = requant_scales(layer);
  for (std::size_t c = 0; c < scales.size(); ++c) {
    check.require(std::isfinite(scales[c]),
                  fmt::format("requantisation scale of channel {} is not finite", c));
  }
  if (layer.add) {
    const ResidualAdd& add = *layer.add;
    check.scale("scale of the second tensor", add.second.scale);
    check.scale("scale of the sum", add.sum.scale);
    check.range("zero point of the second tensor", add.second.zero, low, high);
    check.range("zero point of the sum", add.sum.zero, low, high);
    check.range("lower clamp of the sum", add.low, low, high);
    check.range("upper clamp of the sum", add.high, add.low, high);
    const auto same = [](const QuantParams& a, const QuantParams& b) {
      return a.scale == b.scale && a.zero == b.zero;
    };
    check.require(add.use != SecondUse::kMaximum ||
                      (same(add.second, layer.output) && same(add.sum, layer.output)),
                  "a maximum of bytes wants one scale and zero point");
    // The hardware adds exactly below 2^100 (docs/blocks/epilogue.md); with zero points of 9 bits
    // that leaves the ratios 2^90.
    constexpr float kLargestRatio = 0x1p90F;
    check.require(std::abs(layer.output.scale / add.sum.scale) <= kLargestRatio &&
                      std::abs(add.second.scale / add.sum.scale) <= kLargestRatio,
                  "a scale ratio of the add is beyond 2^90");
    check.require(
        add.use != SecondUse::kMultiply ||
            std::abs(layer.output.scale * add.second.scale / add.sum.scale) <= kLargestRatio,
        "the scale ratio of the product is beyond 2^90");
  }
  check_sums(layer, check, allow_wrap);
}

}  // namespace s4::sw
