// One layer as the compiler takes it: a convolution, a matrix product written as one, a maximum
// over windows, or softmax or LayerNorm of rows.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/compiler/row_operation.hpp"
#include "sw/sparse/dense_operand.hpp"
#include "sw/sparse/weights.hpp"

namespace s4::sw {

/// A layer that cannot be compiled; the text names the layer and what is wrong.
struct CompileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// real = scale * (quantised - zero).
struct QuantParams {
  float scale = 1.0F;
  std::int32_t zero = 0;
};

/// What becomes of a layer's result and a second tensor; values as a command's `second_use`.
enum class SecondUse : std::uint8_t { kAdd = 0, kSubtract = 1, kMultiply = 2, kMaximum = 3 };

/// Constants of a difference: (start + left * a) - right * b, to which the zero point is added
/// after the rounding.
struct DifferenceFactors {
  float start = 0;
  float left = 1;
  float right = 1;
};

/// Second tensor, added after requantisation or combined as `use` says: same shape and signedness
/// as the output. A maximum is one of bytes: all three have one scale and zero point.
struct ResidualAdd {
  QuantParams second;       ///< of the second tensor
  QuantParams sum;          ///< of the layer's output
  std::int32_t low = -128;  ///< clamp of the sum
  std::int32_t high = 127;
  /// Order of the two float additions, or which one is subtracted: second tensor first.
  bool second_is_left = false;
  SecondUse use = SecondUse::kAdd;
  /// Of a difference; without them those that follow from the scales.
  std::optional<DifferenceFactors> difference = std::nullopt;
};

/// What a layer with BF16 operands or results, or one of bytes, does after its sums in float32
/// (docs/blocks/bf16.md): scale and bias of the channel, second tensor, slope of negative numbers,
/// limits of a BF16 result.
struct FloatEpilogue {
  std::vector<float> biases;  ///< one per filter, with BF16 operands; else Layer::biases count
  std::uint8_t second_use = 0;
  float second_factor = 1.0F;
  std::int32_t second_zero = 0;  ///< of a second tensor of bytes
  float negative_slope = 1.0F;
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

/// What becomes of results behind the epilogue (docs/blocks/activation.md): a function of BF16
/// results, or the byte that a table gives for the bit pattern of a result.
struct FusedActivation {
  std::uint8_t code = commands::kActivationTable;  ///< as a command's `activation`
  std::array<std::uint8_t, 256> table{};           ///< with kActivationTable
};
/// Words of a table in the local buffer.
inline constexpr std::uint32_t kTableWords = 256 / 64;

/// Sizes of a 2-D convolution, NCHW. A matrix product of M rows, K reduction and N columns is
/// batch 1, channels K, height 1, width M, filters N.
struct LayerGeometry {
  std::uint32_t batch = 1;
  std::uint32_t channels = 1;
  std::uint32_t height = 1;
  std::uint32_t width = 1;
  std::uint32_t filters = 1;
  std::uint32_t kernel_h = 1;
  std::uint32_t kernel_w = 1;
  std::uint32_t stride_h = 1;
  std::uint32_t stride_w = 1;
  std::uint32_t dilation_h = 1;
  std::uint32_t dilation_w = 1;
  std::uint32_t pad_top = 0;
  std::uint32_t pad_left = 0;
  std::uint32_t pad_bottom = 0;
  std::uint32_t pad_right = 0;
  /// A word of the input holds four pixels of 16 bytes, and output column x reads pixels x to x +
  /// 3: `channels` is 64, `width` that of the output, kernel and stride 1 in this direction.
  bool quarters = false;
  /// Bytes of an element of the input, and of the output and the second tensor: 1, or 2 of BF16.
  std::uint32_t in_bytes = 1;
  std::uint32_t out_bytes = 1;

  /// Extent of the output; 0 if the kernel does not fit the padded image.
  [[nodiscard]] std::uint32_t out_height() const;
  [[nodiscard]] std::uint32_t out_width() const;
  [[nodiscard]] std::uint64_t pixels() const {
    return std::uint64_t{batch} * out_height() * out_width();
  }
  /// Words of a row of the input, in each channel block.
  [[nodiscard]] std::uint32_t row_words() const { return quarters ? width / 4 + 1 : width; }
  [[nodiscard]] std::uint32_t in_blocks() const { return (channels * in_bytes + 63) / 64; }
  [[nodiscard]] std::uint32_t out_blocks() const { return (filters * out_bytes + 63) / 64; }
  /// Multiply-accumulates of the dense layer: no channel or tile padding, image padding included.
  [[nodiscard]] std::uint64_t macs() const {
    return pixels() * filters * channels * kernel_h * kernel_w;
  }
};

struct Layer {
  std::string name = "layer";
  std::uint16_t number = 0;
  bool is_gemm = false;
  /// Softmax or LayerNorm of the channels of every pixel, by the row engine: kernel 1x1, filters =
  /// channels, no weights, no biases; the quantisation stands here.
  std::optional<RowOperation> rows;
  /// The maximum of each window, channel by channel: filters = channels, no weights, no biases,
  /// and of the quantisation only the signedness. Of bytes, or of BF16 as geometry.in_bytes says.
  bool max_pool = false;
  LayerGeometry geometry;
  bool is_unsigned = false;  ///< input, output and second tensor are uint8
  QuantParams input;
  QuantParams output;       ///< of the convolution's own result
  std::int32_t low = -128;  ///< clamp of the result, zero point included
  std::int32_t high = 127;
  std::vector<float> weight_scales;  ///< one per filter
  /// Factor of each accumulator where it is not made of the scales; else empty.
  std::vector<float> factors;
  std::vector<std::int32_t> biases;  ///< one per filter
  WeightTensor weights;
  /// The weights are an activation tensor, of each image another; `weights` is that of the first.
  std::optional<DenseOperand> dense;
  std::optional<ResidualAdd> add;
  /// Operands or results are BF16, as geometry.in_bytes and out_bytes say, or neither. `factors`
  /// are the scales of the channels, `low` and `high` the limits of a result of bytes; of `add`
  /// only that it is there.
  std::optional<FloatEpilogue> float_epilogue;
  [[nodiscard]] bool bf16() const { return geometry.in_bytes == 2; }
  /// Behind all else.
  std::optional<FusedActivation> activation;
  [[nodiscard]] bool has_table() const {
    return activation && activation->code == commands::kActivationTable;
  }

  [[nodiscard]] bool has_weights() const { return !max_pool && !rows; }
  /// Weights that the array multiplies with, each once.
  [[nodiscard]] std::uint64_t kept_weights() const {
    return dense ? weights.data.size() : weights.non_zeros();
  }
  [[nodiscard]] commands::Engine engine() const {
    return rows ? commands::Engine::kActivation : commands::Engine::kSpu;
  }

  /// "conv 1x64x14x14 f128 k3x3 s1x1 p1,1,1,1 d1x1", "maxpool ..." alike, "gemm m128 n64 k256" or
  /// "softmax 128x64": rows x columns.
  [[nodiscard]] std::string describe() const;
  /// "conv", "gemm", "maxpool", "softmax" or "layernorm".
  [[nodiscard]] const char* kind() const;
};

/// Throws CompileError unless every size, zero point and scale is one that the hardware can hold.
/// `allow_wrap` accepts accumulators whose largest possible sum exceeds 32 bits.
void check_layer(const Layer& layer, bool allow_wrap);

/// `factors`, or input.scale * weight scale / output.scale, float32, left to right.
[[nodiscard]] std::vector<float> requant_scales(const Layer& layer);

/// Biases as the weight stream holds them: int32, or the bits of float32 with BF16 operands.
[[nodiscard]] std::vector<std::int32_t> stream_biases(const Layer& layer);

/// What the layer needs in the local buffer besides activations, whole words: gamma and beta of
/// rows, or a table. Empty if nothing.
[[nodiscard]] std::vector<std::uint8_t> layer_parameters(const Layer& layer);
[[nodiscard]] std::uint32_t layer_parameter_words(const Layer& layer);

/// Largest |sum| that an accumulator of the layer can reach, bias included.
[[nodiscard]] std::uint64_t largest_sum(const Layer& layer);

}  // namespace s4::sw
