#include "sw/network/slices.hpp"

#include <algorithm>

namespace s4::sw {
namespace {

constexpr std::uint32_t kBlock = sparse_format::kBankSize;

/// Input blocks that hold weights of output channels [begin, end).
void used_blocks(const WeightTensor& weights, const std::vector<std::uint8_t>& counts,
                 ChannelSlice& slice) {
  const std::uint32_t banks = weights.banks();
  std::uint32_t first = weights.in_blocks();
  std::uint32_t last = 0;
  for (std::uint32_t out = slice.out_begin; out < slice.out_end; ++out) {
    const auto begin = counts.begin() + static_cast<std::ptrdiff_t>(std::size_t{out} * banks);
    const auto is_used = [](std::uint8_t count) { return count != 0; };
    const auto low = std::find_if(begin, begin + banks, is_used);
    if (low == begin + banks) continue;
    const auto high = std::find_if(std::make_reverse_iterator(begin + banks),
                                   std::make_reverse_iterator(begin), is_used);
    first = std::min(first, static_cast<std::uint32_t>(low - begin) / weights.taps());
    last = std::max(last, static_cast<std::uint32_t>(high.base() - begin - 1) / weights.taps() + 1);
  }
  // Without any weight the results are still due: from one block of zeros.
  slice.in_begin = last == 0 ? 0 : first;
  slice.in_end = std::max(last, 1U);
}

}  // namespace

ChannelSlice channel_slice(const WeightTensor& weights, const std::vector<std::uint8_t>& counts,
                           std::uint32_t begin, std::uint32_t end) {
  ChannelSlice slice{begin, end, 0, 0};
  used_blocks(weights, counts, slice);
  return slice;
}

std::vector<ChannelSlice> find_slices(const WeightTensor& weights,
                                      const std::vector<std::uint8_t>& counts) {
  const std::uint32_t blocks = weights.in_blocks();
  std::vector<ChannelSlice> slices;
  std::uint64_t read = 0;
  for (std::uint32_t out = 0; out < weights.out_channels; out += kBlock) {
    const ChannelSlice slice =
        channel_slice(weights, counts, out, std::min(out + kBlock, weights.out_channels));
    read += slice.in_blocks();
    if (!slices.empty() && slices.back().in_begin == slice.in_begin &&
        slices.back().in_end == slice.in_end) {
      slices.back().out_end = slice.out_end;
    } else {
      slices.push_back(slice);
    }
  }
  const std::uint64_t all = std::uint64_t{blocks} * ((weights.out_channels + kBlock - 1) / kBlock);
  if (2 * read > all) return {{0, weights.out_channels, 0, blocks}};
  return slices;
}

Layer slice_layer(const Layer& layer, const ChannelSlice& slice) {
  const WeightTensor& from = layer.weights;
  Layer part;
  part.name = layer.name;
  part.number = layer.number;
  part.is_gemm = layer.is_gemm;
  part.geometry = layer.geometry;
  part.geometry.filters = slice.filters();
  part.geometry.channels =
      std::min(slice.in_end * kBlock, from.in_channels) - slice.in_begin * kBlock;
  part.is_unsigned = layer.is_unsigned;
  part.input = layer.input;
  part.output = layer.output;
  part.low = layer.low;
  part.high = layer.high;
  part.add = layer.add;
  part.activation = layer.activation;
  const auto cut = [&](const auto& list) {
    using List = std::decay_t<decltype(list)>;
    if (list.empty()) return List();
    return List(list.begin() + slice.out_begin, list.begin() + slice.out_end);
  };
  part.weight_scales = cut(layer.weight_scales);
  part.factors = cut(layer.factors);
  part.biases = cut(layer.biases);
  if (layer.float_epilogue) {
    part.float_epilogue = layer.float_epilogue;
    part.float_epilogue->biases = cut(layer.float_epilogue->biases);
  }
  part.weights =
      WeightTensor(slice.filters(), part.geometry.channels, from.kernel_h, from.kernel_w);
  part.weights.bf16.resize(from.bf16.empty() ? 0 : part.weights.data.size());
  const std::size_t run = std::size_t{part.geometry.channels} * from.taps();
  for (std::uint32_t out = 0; out < slice.filters(); ++out) {
    const std::size_t at =
        (std::size_t{slice.out_begin + out} * from.in_channels + slice.in_begin * kBlock) *
        from.taps();
    std::copy_n(from.data.begin() + static_cast<std::ptrdiff_t>(at), run,
                part.weights.data.begin() + static_cast<std::ptrdiff_t>(out * run));
    if (from.bf16.empty()) continue;
    std::copy_n(from.bf16.begin() + static_cast<std::ptrdiff_t>(at), run,
                part.weights.bf16.begin() + static_cast<std::ptrdiff_t>(out * run));
  }
  return part;
}

bool same_slices(const Layer& layer, const std::vector<ChannelSlice>& slices) {
  const Layer first = slice_layer(layer, slices.front());
  const std::vector<float> scales = requant_scales(first);
  return std::all_of(slices.begin() + 1, slices.end(), [&](const ChannelSlice& slice) {
    if (slice.filters() != slices.front().filters() ||
        slice.in_blocks() != slices.front().in_blocks()) {
      return false;
    }
    const Layer part = slice_layer(layer, slice);
    return part.weights == first.weights && stream_biases(part) == stream_biases(first) &&
           requant_scales(part) == scales;
  });
}

}  // namespace s4::sw
