#include "sw/network/function_table.hpp"

#include <fmt/format.h>
#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>

#include "sw/activation/int8_table.hpp"

namespace s4::sw {
namespace {

using graph::DataType;

/// A number with room for the products below to be exact.
class Exact {
 public:
  explicit Exact(double value) {
    mpfr_init2(value_, kBits);
    mpfr_set_d(value_, value, MPFR_RNDN);
  }
  ~Exact() { mpfr_clear(value_); }
  Exact(const Exact&) = delete;
  Exact& operator=(const Exact&) = delete;
  [[nodiscard]] mpfr_ptr get() { return value_; }

 private:
  // x + 3 reaches from 2^1 to below 2^-149, times x of 33 bits and the limits of bytes.
  static constexpr mpfr_prec_t kBits = 512;
  mpfr_t value_;
};

/// round_half_even(x clamp(x + 3, 0, 6) / 6 / scale), limited to `low` and `high`.
std::int32_t hard_swish_steps(double x, float scale, std::int32_t low, std::int32_t high) {
  Exact numerator(x), gate(x), unit(scale), middle(0);
  mpfr_add_ui(gate.get(), gate.get(), 3, MPFR_RNDN);
  if (mpfr_cmp_ui(gate.get(), 0) < 0) mpfr_set_ui(gate.get(), 0, MPFR_RNDN);
  if (mpfr_cmp_ui(gate.get(), 6) > 0) mpfr_set_ui(gate.get(), 6, MPFR_RNDN);
  mpfr_mul(numerator.get(), numerator.get(), gate.get(), MPFR_RNDN);
  mpfr_mul_ui(unit.get(), unit.get(), 3, MPFR_RNDN);  // half a step, as the numerator has them
  // The first byte whose upper tie is not below the value.
  std::int32_t steps = low;
  while (steps < high) {
    mpfr_mul_si(middle.get(), unit.get(), 2 * steps + 1, MPFR_RNDN);
    const int order = mpfr_cmp(numerator.get(), middle.get());
    if (order < 0 || (order == 0 && steps % 2 == 0)) break;
    ++steps;
  }
  return steps;
}

Int8Table hard_swish_table(const ByteQuantization& x, const ByteQuantization& y) {
  Int8Table table;
  const std::int32_t low = (y.is_unsigned ? 0 : -128) - y.zero;
  for (std::int32_t pattern = 0; pattern < 256; ++pattern) {
    const std::int32_t byte = x.is_unsigned || pattern < 128 ? pattern : pattern - 256;
    const double real = static_cast<double>(byte - x.zero) * x.scale;
    table.bytes[static_cast<std::size_t>(pattern)] =
        static_cast<std::uint8_t>(hard_swish_steps(real, y.scale, low, low + 255) + y.zero);
  }
  return table;
}

/// DequantizeLinear, Clip, QuantizeLinear: float32 steps, each rounded.
FusedActivation clip_table(const graph::QUnaryAttributes& q, bool is_unsigned) {
  FusedActivation made;
  const std::int32_t low = is_unsigned ? 0 : -128;
  for (std::int32_t byte = low; byte <= low + 255; ++byte) {
    float real = static_cast<float>(byte - q.x.zero) * q.x.scale;
    if (real < q.clamp.low) real = q.clamp.low;
    if (real > q.clamp.high) real = q.clamp.high;
    // Within the limits of the bytes before it becomes an integer, as it may be infinite.
    const float steps = std::nearbyint(real / q.y.scale);
    const float least = static_cast<float>(low - q.y.zero);
    const float kept = std::min(std::max(steps, least), least + 255.0F);
    made.table[static_cast<std::uint8_t>(byte)] =
        static_cast<std::uint8_t>(static_cast<std::int32_t>(kept) + q.y.zero);
  }
  return made;
}

}  // namespace

std::optional<FusedActivation> function_table(const graph::Graph& graph, const graph::Node& node,
                                              std::string& why_not) {
  const bool is_unsigned = graph.at(node.output).type == DataType::kUint8;
  if (graph.at(node.inputs[0]).type != graph.at(node.output).type) {
    why_not = "its input is signed and its result is not, or the reverse";
    return std::nullopt;
  }
  if (node.op == graph::Op::kQClip) {
    return clip_table(node.get<graph::QUnaryAttributes>(), is_unsigned);
  }
  const auto& q = node.get<graph::QFunctionAttributes>();
  const ByteQuantization x{q.x.scale, q.x.zero, is_unsigned};
  const ByteQuantization y{q.y.scale, q.y.zero, is_unsigned};
  FusedActivation made;
  try {
    // The functions of the graph begin with those of the chip, in their order.
    made.table = q.function == graph::Function::kHardSwish
                     ? hard_swish_table(x, y).bytes
                     : int8_table(static_cast<activation::Function>(q.function), x, y).bytes;
  } catch (const std::exception& error) {  // a scale out of range, or too near a tie
    why_not = error.what();
    return std::nullopt;
  }
  return made;
}

FusedActivation function_code(const graph::Node& node) {
  // As above; the code 0 is no function.
  const auto function = node.get<graph::UnaryAttributes>().function;
  FusedActivation made;
  made.code = static_cast<std::uint8_t>(static_cast<unsigned>(function) + 1);
  return made;
}

}  // namespace s4::sw
