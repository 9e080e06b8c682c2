#include "sw/compiler/command_fields.hpp"

#include <fmt/format.h>

#include <bit>

namespace s4::sw {

commands::SpuCommand layer_command(const Layer& layer, std::uint32_t shape) {
  const LayerGeometry& g = layer.geometry;
  commands::SpuCommand c;
  c.layer = layer.number;
  c.in_blocks = static_cast<std::uint16_t>(g.in_blocks());
  c.kernel_h = static_cast<std::uint8_t>(g.kernel_h);
  c.kernel_w = static_cast<std::uint8_t>(g.kernel_w);
  c.stride_h = static_cast<std::uint8_t>(g.stride_h);
  c.stride_w = static_cast<std::uint8_t>(g.stride_w);
  c.dilation_h = static_cast<std::uint8_t>(g.dilation_h);
  c.dilation_w = static_cast<std::uint8_t>(g.dilation_w);
  c.shape = static_cast<std::uint8_t>(shape);
  c.max_pool = layer.max_pool ? 1 : 0;
  c.in_quarters = g.quarters ? 1 : 0;
  c.in_unsigned = layer.is_unsigned ? 1 : 0;
  c.activation = layer.activation ? layer.activation->code : std::uint8_t{0};
  c.in_zero = static_cast<std::int16_t>(layer.input.zero);
  c.requant_zero = static_cast<std::int16_t>(layer.output.zero);
  c.requant_min = static_cast<std::int16_t>(layer.low - layer.output.zero);
  c.requant_max = static_cast<std::int16_t>(layer.high - layer.output.zero);
  c.dtype =
      static_cast<std::uint8_t>(layer.bf16() ? commands::Dtype::kBf16 : commands::Dtype::kInt8);
  c.out_bf16 = g.out_bytes == 2 ? 1 : 0;
  if (layer.float_epilogue) {
    c.float_epilogue = layer.bf16() || c.out_bf16 != 0 ? 0 : 1;
    const FloatEpilogue& e = *layer.float_epilogue;
    c.add_enable = layer.add ? 1 : 0;
    c.add_unsigned = layer.is_unsigned ? 1 : 0;
    c.add_rb = std::bit_cast<std::uint32_t>(e.second_factor);
    c.second_use = e.second_use;
    c.second_zero = static_cast<std::int16_t>(e.second_zero);
    c.negative_factor = std::bit_cast<std::uint32_t>(e.negative_slope);
    c.float_low = std::bit_cast<std::uint32_t>(e.low);
    c.float_high = std::bit_cast<std::uint32_t>(e.high);
    return c;
  }
  if (!layer.add) return c;
  const ResidualAdd& add = *layer.add;
  c.add_enable = 1;
  c.add_unsigned = layer.is_unsigned ? 1 : 0;
  c.add_swap = add.second_is_left ? 1 : 0;
  c.add_min = static_cast<std::int16_t>(add.low);
  c.add_max = static_cast<std::int16_t>(add.high);
  c.second_use = static_cast<std::uint8_t>(add.use);
  if (add.use == SecondUse::kMaximum) return c;
  if (add.use == SecondUse::kMultiply) {
    c.second_zero = static_cast<std::int16_t>(add.second.zero);
    c.add_c0 = std::bit_cast<std::uint32_t>(static_cast<float>(add.sum.zero));
    c.add_ra = c.add_rb =
        std::bit_cast<std::uint32_t>(layer.output.scale * add.second.scale / add.sum.scale);
    return c;
  }
  // The constant of ONNX Runtime's form, in its order of float32 operations.
  const float ra = layer.output.scale / add.sum.scale;
  const float rb = add.second.scale / add.sum.scale;
  const float left = add.second_is_left ? rb * static_cast<float>(add.second.zero)
                                        : ra * static_cast<float>(layer.output.zero);
  const float right = add.second_is_left ? ra * static_cast<float>(layer.output.zero)
                                         : rb * static_cast<float>(add.second.zero);
  if (add.use == SecondUse::kSubtract) {
    // The zero point of the result is added after the rounding. The command negates b * rb; with
    // the second tensor on the left it is a * ra that is subtracted.
    const DifferenceFactors d = add.difference.value_or(DifferenceFactors{
        0.0F - (left - right), add.second_is_left ? rb : ra, add.second_is_left ? ra : rb});
    c.second_zero = static_cast<std::int16_t>(add.sum.zero);
    c.add_c0 = std::bit_cast<std::uint32_t>(d.start);
    c.add_ra = std::bit_cast<std::uint32_t>(add.second_is_left ? -d.right : d.left);
    c.add_rb = std::bit_cast<std::uint32_t>(add.second_is_left ? -d.left : d.right);
    return c;
  }
  const float zeros = left + right;
  c.add_c0 = std::bit_cast<std::uint32_t>(static_cast<float>(add.sum.zero) - zeros);
  c.add_ra = std::bit_cast<std::uint32_t>(ra);
  c.add_rb = std::bit_cast<std::uint32_t>(rb);
  return c;
}

commands::DmaCommand box_command(commands::Opcode opcode, std::uint64_t mem_addr,
                                 std::uint32_t local_addr, const std::vector<BoxAxis>& axes,
                                 const std::string& what) {
  std::vector<BoxAxis> merged{{1, 64, 1}};
  for (const BoxAxis& axis : axes) {
    BoxAxis& inner = merged.back();
    if (axis.count == 1) continue;
    if (inner.count == 1) {
      if (merged.size() == 1 && (axis.mem_stride != 64 || axis.local_stride != 1)) {
        merged.push_back(axis);
      } else {
        inner = axis;
      }
    } else if (axis.mem_stride == inner.mem_stride * inner.count &&
               axis.local_stride == inner.local_stride * inner.count &&
               inner.count * axis.count <= (merged.size() == 1 ? 0xFFFFFU : 0xFFFFU)) {
      inner.count *= axis.count;
    } else {
      merged.push_back(axis);
    }
  }
  merged.resize(4, {1, 0, 0});
  for (const BoxAxis& axis : merged) {
    if (axis.mem_stride > 0xFFFFFFFFULL) {
      throw CompileError(
          fmt::format("{}: a plane of {} bytes is beyond the DMA's stride", what, axis.mem_stride));
    }
  }
  commands::DmaCommand c;
  c.opcode = opcode;
  c.mem_addr = mem_addr;
  c.local_addr = local_addr;
  c.count0 = static_cast<std::uint32_t>(merged[0].count);
  c.count1 = static_cast<std::uint16_t>(merged[1].count);
  c.count2 = static_cast<std::uint16_t>(merged[2].count);
  c.count3 = static_cast<std::uint16_t>(merged[3].count);
  c.mem_stride1 = static_cast<std::uint32_t>(merged[1].mem_stride);
  c.mem_stride2 = static_cast<std::uint32_t>(merged[2].mem_stride);
  c.mem_stride3 = static_cast<std::uint32_t>(merged[3].mem_stride);
  c.local_stride1 = static_cast<std::uint32_t>(merged[1].local_stride);
  c.local_stride2 = static_cast<std::uint32_t>(merged[2].local_stride);
  c.local_stride3 = static_cast<std::uint32_t>(merged[3].local_stride);
  return c;
}

namespace {

commands::WeightsCommand dense_command(const WeightPiece& piece, std::uint64_t address) {
  commands::WeightsCommand c;
  c.mem_addr = address + piece.offset;
  c.value_words = piece.value_words;
  c.count = 1;
  c.dense = 1;
  c.transposed = piece.dense->transposed ? 1 : 0;
  c.wide = piece.dense->wide ? 1 : 0;
  c.flip = piece.dense->flip ? 1 : 0;
  c.lanes = piece.dense->lanes;
  c.slice = piece.dense->slice;
  c.first_row = piece.dense->first_row;
  c.end_row = piece.dense->end_row;
  return c;
}

}  // namespace

std::vector<commands::WeightsCommand> weight_commands(const PackedWeights& weights,
                                                      std::uint64_t address, std::uint32_t begin,
                                                      std::uint32_t end) {
  std::vector<commands::WeightsCommand> list;
  std::uint64_t next = 0;
  for (std::uint32_t g = begin; g < end; ++g) {
    for (const WeightPiece& piece : weights.groups[g].pieces) {
      if (piece.dense) {
        list.push_back(dense_command(piece, weights.operand_address));
        next = 0;
        continue;
      }
      const std::uint64_t at = address + piece.offset;
      const bool same = !list.empty() && list.back().dense == 0 && list.back().count < 65535 &&
                        at == next && list.back().param_words == piece.param_words &&
                        list.back().index_words == piece.index_words &&
                        list.back().value_words == piece.value_words;
      if (!same) {
        commands::WeightsCommand c;
        c.mem_addr = at;
        c.param_words = static_cast<std::uint16_t>(piece.param_words);
        c.index_words = piece.index_words;
        c.value_words = piece.value_words;
        c.count = 0;
        list.push_back(c);
      }
      ++list.back().count;
      next = at + 64 * piece.words();
    }
  }
  return list;
}

}  // namespace s4::sw
