#include "sim/activation/row_engine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "sim/activation/gen/activation.hpp"
#include "sim/spu/bf16.hpp"

namespace s4::sim {
namespace {

using commands::RowFunction;
using commands::RowsCommand;
using float32::Bits;

constexpr unsigned kLanes = commands::kRowLanes;
constexpr unsigned kFraction = activation::kExp2Fraction;
constexpr Bits kNegativeZero = float32::kSignBit;
constexpr std::int64_t kLimit = std::int64_t{1} << (commands::kRowExponentBits + kFraction);
constexpr std::int64_t kOne = std::int64_t{1} << kFraction;

template <typename Byte>
Byte& byte_at(std::span<Byte> local, std::uint64_t address) {
  if (address >= local.size()) {
    throw std::out_of_range(fmt::format("row command: word {} lies beyond the local buffer of {}",
                                        address / 64, local.size() / 64));
  }
  return local[address];
}

/// x * factor in units of 2^-22, cut towards zero, and whether it was limited.
struct Exponent {
  std::int64_t v = 0;
  bool limited = false;
};

Exponent exponent(Bits x, Bits factor) {
  const bool negative = float32::is_negative(x);
  if (float32::is_zero(x)) return {};
  Exponent result{kLimit, true};
  if ((x & float32::kInfinity) != float32::kInfinity) {
    const auto a = float32::unpack(x);
    const auto b = float32::unpack(factor);
    const std::uint64_t product = a.mantissa * b.mantissa;
    const int shift = a.exponent + b.exponent + static_cast<int>(kFraction);
    if (shift <= -48) {
      result = {};
    } else if (shift < 0) {
      const auto size = static_cast<std::int64_t>(product >> -shift);
      if (size < kLimit) result = {size, false};
    }
  }
  if (negative) result.v = -result.v;
  return result;
}

/// Smallest integer that is not below v.
std::int64_t ceiling(std::int64_t v) { return v >= 0 ? (v + kOne - 1) / kOne : -((-v) / kOne); }

/// 2^-distance times mantissa / 2^23; mantissa 0 stands for nothing.
struct Exponential {
  std::uint32_t mantissa = 0;
  unsigned distance = 0;
};

Exponential exponential(Bits x, Bits factor, Bits maximum, std::int64_t top) {
  const Exponent e = exponent(x, factor);
  if (x == (float32::kInfinity | float32::kSignBit) || (e.limited && x != maximum)) return {};
  const std::int64_t below = e.v - top * kOne;
  if (below > 0 || below < -256 * kOne) return {};
  constexpr unsigned kTBits = kFraction - activation::kExp2SegmentBits;
  // From the integer at or below.
  const std::int64_t distance = (-below + kOne - 1) / kOne;
  const auto rest = static_cast<std::uint64_t>(below + distance * kOne);
  const auto& segment = activation::kExp2Segments[rest >> kTBits];
  const std::uint64_t t = rest % (std::uint64_t{1} << kTBits);
  const std::uint64_t bend =
      segment[2] * (t >> (kTBits - activation::kExp2HighBits)) >> activation::kExp2HighBits;
  const std::uint64_t rise = (segment[1] + bend) * t >> kTBits;
  return {static_cast<std::uint32_t>(segment[0] + rise), static_cast<unsigned>(distance)};
}

/// Sum of a beat: neighbours first, level by level.
Bits tree(std::array<Bits, kLanes> terms) {
  for (unsigned count = kLanes / 2; count > 0; count /= 2) {
    for (unsigned i = 0; i < count; ++i) terms[i] = bf16::add(terms[2 * i], terms[2 * i + 1]);
  }
  return terms[0];
}

Bits negate(Bits x) { return x ^ float32::kSignBit; }

/// A row as float32 numbers.
std::vector<Bits> elements(const RowsCommand& c, std::span<const std::uint8_t> local,
                           std::uint32_t row) {
  std::vector<Bits> x(c.columns);
  for (std::uint32_t i = 0; i < c.columns; ++i) {
    const unsigned size = c.dtype == 1 ? 2 : 1;
    const std::uint32_t per_word = 64 / size;
    const std::uint64_t address =
        (c.in_addr + std::uint64_t{row} * c.in_row + std::uint64_t{i / per_word} * c.in_word) * 64 +
        i % per_word * size;
    const std::uint8_t low = byte_at(local, address);
    if (c.dtype == 1) {
      const unsigned number = low | byte_at(local, address + 1) << 8;
      x[i] = bf16::flush(bf16::widen(static_cast<std::uint16_t>(number)));
    } else {
      x[i] = float32::from_int(c.in_unsigned != 0 ? low : static_cast<std::int8_t>(low));
    }
  }
  return x;
}

/// What pass 1 finds.
struct Record {
  bool nan = false, infinite = false;
  Bits maximum = 0;
  std::int64_t top = 0;
  std::uint64_t exponentials = 0;
  Bits origin = 0;
  std::array<Bits, 2> deviations{kNegativeZero, kNegativeZero};
  std::array<Bits, 2> squares{kNegativeZero, kNegativeZero};
};

Record pass_one(const RowsCommand& c, const std::vector<Bits>& x) {
  Record r;
  const auto function = static_cast<RowFunction>(c.row_function);
  r.origin = function == RowFunction::kStatistics ? 0 : x[0];
  // Below every number; what is no number has no place in the order.
  r.maximum = 0xFFFF0000U;
  for (std::size_t first = 0, beat = 0; first < x.size(); first += kLanes, ++beat) {
    const std::size_t end = std::min<std::size_t>(x.size(), first + kLanes);
    const Bits former = r.maximum;
    for (std::size_t i = first; i < end; ++i) {
      r.nan = r.nan || float32::is_nan(x[i]);
      r.infinite = r.infinite || x[i] == float32::kInfinity;
      if (bf16::below(r.maximum, x[i])) r.maximum = x[i];
    }
    if (function == RowFunction::kSoftmax) {
      const Exponent e = exponent(r.maximum, c.factor);
      const std::int64_t top = ceiling(e.v);
      const std::int64_t growth = top - r.top;
      const bool forget = beat == 0 || (e.limited && r.maximum != former) || growth > 62;
      r.exponentials = forget ? 0 : r.exponentials >> growth;
      r.top = top;
      for (std::size_t i = first; i < end; ++i) {
        const Exponential term = exponential(x[i], c.factor, r.maximum, top);
        constexpr unsigned kSpare = commands::kRowTermFraction - 23;
        if (term.distance <= commands::kRowTermFraction) {
          r.exponentials += (std::uint64_t{term.mantissa} << kSpare) >> term.distance;
        }
      }
    } else {
      std::array<Bits, kLanes> deviation, square;
      deviation.fill(kNegativeZero);
      square.fill(kNegativeZero);
      for (std::size_t i = first; i < end; ++i) {
        const Bits d = bf16::add(x[i], negate(r.origin));
        deviation[i - first] = d;
        square[i - first] = bf16::multiply(d, d);
      }
      r.deviations[beat % 2] = bf16::add(tree(deviation), r.deviations[beat % 2]);
      r.squares[beat % 2] = bf16::add(tree(square), r.squares[beat % 2]);
    }
  }
  return r;
}

/// What pass 2 multiplies with.
struct Scalars {
  Bits mean = 0, scale = 0;
};

Scalars scalars(const RowsCommand& c, const Record& r) {
  if (static_cast<RowFunction>(c.row_function) == RowFunction::kSoftmax) {
    if (r.nan || r.infinite) return {0, float32::kNan};
    const Bits sum = float32::round_and_pack(false, r.exponentials,
                                             -static_cast<int>(commands::kRowTermFraction));
    return {0, row_quotient(c.out_factor, sum)};
  }
  const Bits mean = bf16::multiply(bf16::add(r.deviations[0], r.deviations[1]), c.inverse_columns);
  const Bits square = bf16::multiply(bf16::add(r.squares[0], r.squares[1]), c.inverse_columns);
  Bits variance = bf16::add(square, negate(bf16::multiply(mean, mean)));
  if (float32::is_negative(variance)) variance = 0;
  return {bf16::add(r.origin, mean), row_reciprocal_root(bf16::add(variance, c.epsilon))};
}

Bits parameter(const RowsCommand& c, std::span<const std::uint8_t> local, std::uint32_t column,
               bool beta) {
  const std::uint64_t word =
      c.param_addr + std::uint64_t{column / kLanes} * 4 + (beta ? 2U : 0U) + column % kLanes / 16;
  Bits bits = 0;
  for (unsigned i = 0; i < 4; ++i)
    bits |= Bits{byte_at(local, word * 64 + column % 16 * 4 + i)} << 8 * i;
  return bits;
}

/// x * 2^exponent for a positive normal x; below 2^-126: zero.
Bits scale_by(Bits x, int exponent) {
  const int field = static_cast<int>(x >> 23) + exponent;
  if (field < 1) return 0;
  if (field > 254) return float32::kInfinity;
  return static_cast<Bits>(field) << 23 | (x & 0x007FFFFFU);
}

/// BF16 or a byte of value * factor + addend.
std::uint16_t finish(const RowsCommand& c, Bits value, Bits factor, Bits addend) {
  const Bits y = bf16::add(bf16::multiply(value, factor), addend);
  if (c.out_bf16 != 0) return bf16::narrow(y);
  const std::int32_t q =
      float32::is_nan(y) ? c.out_min : float32::to_int_clamped(y, c.out_min, c.out_max);
  return static_cast<std::uint8_t>(q + c.out_zero);
}

/// Writes a row; what it does not reach of its last word is 0.
void place(const RowsCommand& c, std::span<std::uint8_t> local, std::uint32_t row,
           const std::vector<std::uint8_t>& bytes) {
  for (std::size_t word = 0; 64 * word < bytes.size(); ++word) {
    const std::uint64_t address =
        (c.out_addr + std::uint64_t{row} * c.out_row + std::uint64_t{word} * c.out_word) * 64;
    for (std::size_t i = 0; i < 64; ++i) {
      byte_at(local, address + i) = 64 * word + i < bytes.size() ? bytes[64 * word + i] : 0;
    }
  }
}

}  // namespace

std::uint32_t row_quotient(std::uint32_t numerator, std::uint32_t x) {
  if (float32::is_nan(x)) return float32::kNan;
  if (float32::is_infinite(x)) return 0;
  if (bf16::flush(x) == 0) return float32::kInfinity;
  const auto a = float32::unpack(numerator);
  const auto b = float32::unpack(x);
  // 40 bits more than the quotient of the mantissas, the lowest standing for what is left.
  const std::uint64_t scaled = a.mantissa << 40;
  const std::uint64_t quotient = scaled / b.mantissa | (scaled % b.mantissa != 0 ? 1U : 0U);
  return scale_by(float32::round_and_pack(false, quotient, -40), a.exponent - b.exponent);
}

std::uint32_t row_reciprocal_root(std::uint32_t x) {
  if (float32::is_nan(x)) return float32::kNan;
  if (float32::is_infinite(x)) return 0;
  if (bf16::flush(x) == 0) return float32::kInfinity;
  auto m = float32::unpack(x);
  m.exponent += 23;  // mantissa / 2^23 is 1 to 2
  if (m.exponent % 2 != 0) {
    m.mantissa *= 2;
    --m.exponent;
  }
  // Root in 26 fractional bits, cut.
  const std::uint64_t radicand = m.mantissa << 29;
  auto root = static_cast<std::uint64_t>(std::sqrt(static_cast<double>(radicand)));
  while (root * root > radicand) --root;
  while ((root + 1) * (root + 1) <= radicand) ++root;
  const std::uint64_t scaled = std::uint64_t{1} << 60;
  const std::uint64_t quotient = scaled / root | (scaled % root != 0 ? 1U : 0U);
  return scale_by(float32::round_and_pack(false, quotient, -34), -m.exponent / 2);
}

std::string row_command_problem(const RowsCommand& c) {
  if (c.row_function > static_cast<unsigned>(RowFunction::kStatistics)) {
    return fmt::format("no row function {}", c.row_function);
  }
  if (c.dtype > 1) return fmt::format("no data type {}", c.dtype);
  if (c.rows == 0) return "no rows";
  if (c.columns == 0 || c.columns > commands::kMaxColumns) {
    return fmt::format("{} columns, not 1 to {}", c.columns, commands::kMaxColumns);
  }
  if (c.affine != 0 && (static_cast<RowFunction>(c.row_function) != RowFunction::kLayerNorm ||
                        c.columns > commands::kMaxAffineColumns)) {
    return fmt::format("gamma and beta go with LayerNorm of up to {} columns",
                       commands::kMaxAffineColumns);
  }
  return "";
}

void run_rows(const RowsCommand& c, std::span<std::uint8_t> local) {
  if (const std::string problem = row_command_problem(c); !problem.empty()) {
    throw std::invalid_argument("row command: " + problem);
  }
  const auto function = static_cast<RowFunction>(c.row_function);
  for (std::uint32_t row = 0; row < c.rows; ++row) {
    const std::vector<Bits> x = elements(c, local, row);
    const Record r = pass_one(c, x);
    std::vector<std::uint8_t> bytes;
    if (function == RowFunction::kStatistics) {
      const Bits words[] = {r.nan ? float32::kNan : r.maximum,
                            bf16::add(r.deviations[0], r.deviations[1]),
                            bf16::add(r.squares[0], r.squares[1])};
      for (const Bits word : words) {
        for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(word >> 8 * i));
      }
      place(c, local, row, bytes);
      continue;
    }
    const Scalars s = scalars(c, r);
    for (std::uint32_t i = 0; i < c.columns; ++i) {
      std::uint16_t y = 0;
      if (function == RowFunction::kSoftmax) {
        const Exponential e = exponential(x[i], c.factor, r.maximum, r.top);
        const Bits value =
            e.mantissa == 0 || e.distance > 126
                ? 0
                : float32::round_and_pack(false, e.mantissa, -23 - static_cast<int>(e.distance));
        y = finish(c, value, s.scale, kNegativeZero);
      } else {
        const Bits value = bf16::multiply(bf16::add(x[i], negate(s.mean)), s.scale);
        y = c.affine != 0
                ? finish(c, value, parameter(c, local, i, false), parameter(c, local, i, true))
                : finish(c, value, c.out_factor, kNegativeZero);
      }
      bytes.push_back(static_cast<std::uint8_t>(y));
      if (c.out_bf16 != 0) bytes.push_back(static_cast<std::uint8_t>(y >> 8));
    }
    place(c, local, row, bytes);
  }
}

}  // namespace s4::sim
