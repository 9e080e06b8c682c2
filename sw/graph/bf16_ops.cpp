#include "sw/graph/bf16_ops.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "sim/reference/bfloat16.hpp"
#include "sw/activation/judge.hpp"

namespace s4::sw::graph {
namespace {

using Bf16Tensor = ref::Tensor<std::uint16_t>;

/// [rows,columns] to [columns,rows].
template <typename T>
std::vector<T> transposed(const std::vector<T>& x, std::int64_t rows, std::int64_t columns) {
  std::vector<T> y(x.size());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      y[static_cast<std::size_t>(c * rows + r)] = x[static_cast<std::size_t>(r * columns + c)];
    }
  }
  return y;
}

/// Sums of a convolution. Weights between groups are zero and add nothing, so the order of the
/// sums is that of the whole input's banks.
std::vector<float> convolution(const Node& node, const TensorData& x, const TensorData& w) {
  const ConvGeometry& g = node.get<Bf16LayerAttributes>().geometry;
  const std::vector<std::uint16_t> own = to_bf16(w.floats());
  const std::int64_t filters = w.shape[0];
  const std::int64_t inner = element_count(w.shape) / std::max<std::int64_t>(filters, 1);
  Bf16Tensor weights({filters, x.shape[1], w.shape[2], w.shape[3]});
  for (std::int64_t out = 0; out < filters; ++out) {
    const std::int64_t group = out / (filters / g.groups);
    std::copy_n(own.begin() + out * inner, inner,
                weights.data.begin() + (out * g.groups + group) * inner);
  }
  const ref::QConvParams params{g.pads, g.strides, g.dilations, 1};
  return ref::conv_bfloat16(Bf16Tensor(x.shape, to_bf16(x.floats())), weights, params).data;
}

/// A product is a convolution over one row of pixels.
std::vector<float> product(const TensorData& a, const TensorData& w) {
  const std::int64_t depth = w.shape[0];
  const std::int64_t columns = w.shape[1];
  const std::int64_t rows = a.size() / std::max<std::int64_t>(depth, 1);
  const Bf16Tensor image({1, depth, 1, rows}, transposed(to_bf16(a.floats()), rows, depth));
  const Bf16Tensor kernel({columns, depth, 1, 1}, transposed(to_bf16(w.floats()), depth, columns));
  return transposed(ref::conv_bfloat16(image, kernel, {}).data, columns, rows);
}

}  // namespace

std::vector<std::uint16_t> to_bf16(const std::vector<float>& values) {
  std::vector<std::uint16_t> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [](float value) {
    if (std::isnan(value)) return std::uint16_t{0x7FC0};
    // Half of the last place that stays, or a little less where a tie goes down to even.
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
  });
  return out;
}

std::vector<float> from_bf16(const std::vector<std::uint16_t>& values) {
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [](std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
  });
  return out;
}

TensorData bf16_function(const TensorData& x, Function function) {
  // The functions of the graph begin with those of the chip, in their order.
  const auto& results = judged(static_cast<activation::Function>(function));
  std::vector<std::uint16_t> numbers = to_bf16(x.floats());
  for (std::uint16_t& number : numbers) number = results.at(number).value;
  return TensorData(x.shape, from_bf16(numbers));
}

TensorData bf16_layer(const Node& node, const std::vector<const TensorData*>& inputs, Shape shape) {
  const auto input = [&](std::size_t i) { return i < inputs.size() ? inputs[i] : nullptr; };
  const bool conv = node.op == Op::kBf16Conv;
  const std::vector<float> sums =
      conv ? convolution(node, *inputs[0], *inputs[1]) : product(*inputs[0], *inputs[1]);
  const Clamp& clamp = node.get<Bf16LayerAttributes>().clamp;
  ref::FloatEpilogue e;
  e.use = input(3) != nullptr ? ref::SecondUse::kAdd : ref::SecondUse::kNone;
  e.low = clamp.low;
  e.high = clamp.high;
  const auto channels = static_cast<std::size_t>(conv ? shape[1] : shape.back());
  const auto plane = static_cast<std::size_t>(conv ? shape[2] * shape[3] : 1);
  std::vector<std::uint16_t> results(sums.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const float bias = input(2) != nullptr ? input(2)->floats()[i / plane % channels] : 0.0F;
    const float second =
        input(3) != nullptr ? ref::from_bfloat16(ref::to_bfloat16(input(3)->floats()[i])) : 0.0F;
    results[i] = ref::converted(e, ref::combined(e, ref::scaled(e, sums[i], 1.0F, bias), second));
  }
  return TensorData(std::move(shape), from_bf16(results));
}

}  // namespace s4::sw::graph
