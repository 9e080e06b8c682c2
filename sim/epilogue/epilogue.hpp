// What happens to an accumulator before it is written: bias, requantisation, second tensor.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/epilogue/float32.hpp"
#include "sim/sequencer/gen/commands.hpp"

namespace s4::sim {

/// Bias and scale of one output channel.
struct ChannelParameters {
  std::int32_t bias = 0;
  float32::Bits scale = 0;
};

/// clamp(fp32(acc + bias) * scale) to [low, high], rounded half to even, plus the zero point.
/// acc + bias wraps; its conversion to fp32 and the product are each rounded to nearest even.
/// The bounds are integers, so that clamping before or after rounding is the same.
/// RTL: rtl/epilogue/requantize.sv.
[[nodiscard]] inline std::int32_t requantize(std::int32_t acc, ChannelParameters channel,
                                             std::int32_t zero, std::int32_t low,
                                             std::int32_t high) {
  const auto sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(acc) +
                                             static_cast<std::uint32_t>(channel.bias));
  const float32::Bits product = float32::multiply(float32::from_int(sum), channel.scale);
  return float32::to_int_clamped(product, low, high) + zero;
}

/// What becomes of a result and the second tensor; values as a command's `second_use`.
enum class Combination : std::uint8_t { kAdd = 0, kSubtract = 1, kMultiply = 2, kMaximum = 3 };

/// Constants of the combination with a second tensor.
struct AddParameters {
  bool swap = false;
  float32::Bits c0 = 0;
  float32::Bits ra = 0;
  float32::Bits rb = 0;
  std::int32_t low = 0;
  std::int32_t high = 0;
  Combination use = Combination::kAdd;
  std::int32_t first_zero = 0;   ///< of a product
  std::int32_t second_zero = 0;  ///< of a product; of a difference: added after rounding
};

/// Sum: (c0 + a * ra) + b * rb, or with swap (c0 + b * rb) + a * ra; difference: with -b * rb;
/// product: c0 + (a - first_zero)(b - second_zero) * ra; every step rounded to fp32, the result
/// rounded half to even and clamped. Maximum: of the integers. RTL:
/// rtl/epilogue/elementwise_add.sv.
[[nodiscard]] inline std::int32_t elementwise_add(std::int32_t a, std::int32_t b,
                                                  const AddParameters& p) {
  if (p.use == Combination::kMaximum) return std::min(std::max({a, b, p.low}), p.high);
  if (p.use == Combination::kMultiply) {
    const std::int32_t product = (a - p.first_zero) * (b - p.second_zero);
    const float32::Bits scaled = float32::multiply(float32::from_int(product), p.ra);
    return float32::to_int_clamped(float32::add(p.c0, scaled), p.low, p.high);
  }
  const bool minus = p.use == Combination::kSubtract;
  const float32::Bits pa = float32::multiply(float32::from_int(a), p.ra);
  const float32::Bits pb =
      float32::multiply(float32::from_int(b), p.rb) ^ (minus ? float32::kSignBit : 0);
  const float32::Bits sum =
      p.swap ? float32::add(float32::add(p.c0, pb), pa) : float32::add(float32::add(p.c0, pa), pb);
  const std::int32_t post = minus ? p.second_zero : 0;
  return float32::to_int_clamped(sum, p.low - post, p.high - post) + post;
}

/// The epilogue as one SPU command configures it. RTL: rtl/epilogue/epilogue.sv.
class Epilogue {
 public:
  explicit Epilogue(const commands::SpuCommand& command)
      : add_enable_(command.add_enable != 0),
        add_unsigned_(command.add_unsigned != 0),
        zero_(command.requant_zero),
        low_(command.requant_min),
        high_(command.requant_max),
        add_{command.add_swap != 0,
             command.add_c0,
             command.add_ra,
             command.add_rb,
             command.add_min,
             command.add_max,
             static_cast<Combination>(command.second_use),
             command.requant_zero,
             command.second_zero} {}

  [[nodiscard]] bool add_enable() const { return add_enable_; }

  /// Output byte of one accumulator; `second` is the byte of the second tensor, ignored without
  /// add.
  [[nodiscard]] std::uint8_t output(std::int32_t acc, ChannelParameters channel,
                                    std::uint8_t second) const {
    const std::int32_t a = requantize(acc, channel, zero_, low_, high_);
    if (!add_enable_) return static_cast<std::uint8_t>(a);
    const std::int32_t b = add_unsigned_
                               ? static_cast<std::int32_t>(second)
                               : static_cast<std::int32_t>(static_cast<std::int8_t>(second));
    return static_cast<std::uint8_t>(elementwise_add(a, b, add_));
  }

 private:
  bool add_enable_;
  bool add_unsigned_;
  std::int32_t zero_;
  std::int32_t low_;
  std::int32_t high_;
  AddParameters add_;
};

}  // namespace s4::sim
