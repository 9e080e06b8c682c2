#include "sw/graph/byte_rounding.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "sim/reference/rounding.hpp"

namespace s4::sw::graph {
namespace {

ref::Range bytes_of(DataType type) {
  return type == DataType::kInt8 ? ref::Range{-128, 127} : ref::Range{0, 255};
}

/// A factor near the given one with which sum(i) becomes wanted[i], for all i. The zero point of
/// the result is added behind the rounding, or with `zero` 0 before it, where it is an integer.
template <typename Sum>
std::optional<SumRounding> fit(Sum sum, const std::vector<std::int32_t>& wanted, float factor,
                               std::int32_t result_zero, std::int32_t zero, ref::Range range) {
  constexpr int kMostMoves = 32;
  SumRounding r{0, factor, zero};
  if (zero != result_zero) {
    const double steps = static_cast<double>(result_zero) / factor;
    if (!(std::fabs(steps) < 1 << 24)) return std::nullopt;
    r.bias = static_cast<std::int32_t>(std::lround(steps));
  }
  for (int move = 0; move <= 2 * kMostMoves; ++move) {
    // 0, 1, -1, 2, ... last places beside the given factor.
    const int places = move % 2 != 0 ? (move + 1) / 2 : -move / 2;
    r.factor = factor + std::ldexp(factor, -24) * static_cast<float>(places);
    bool all = true;
    for (std::size_t i = 0; all && i < wanted.size(); ++i) {
      all = ref::requantize(sum(i), r.bias, r.factor, zero, range.low, range.high) == wanted[i];
    }
    if (all) return r;
  }
  return std::nullopt;
}

class Average {
 public:
  Average(const Quant& x, const Quant& y, std::int64_t taps, DataType type)
      : x_(x),
        y_(y),
        taps_(static_cast<std::int32_t>(taps)),
        range_(bytes_of(type)),
        low_(range_.low - x.zero),
        high_(range_.high - x.zero) {}

  /// What every sum has to become; false if that is open.
  bool decide(std::string& why_not) {
    std::size_t open = 0;
    for (std::int32_t sum = taps_ * low_; sum <= taps_ * high_; ++sum) {
      const double off = error(sum);
      const double exact = static_cast<double>(sum) * x_.scale;
      const std::int32_t byte = byte_of(below(exact - off));
      open += byte_of(above(exact + off)) != byte ? 1U : 0U;
      wanted_.push_back(byte);
    }
    if (open > 0) {
      why_not = "the order of its float32 additions decides " + std::to_string(open) + " of " +
                std::to_string(wanted_.size()) + " means";
    }
    return open == 0;
  }

  /// Whether float32(sum) * factor, rounded, becomes that for every sum.
  [[nodiscard]] bool follows(float factor) const {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const std::int32_t sum = taps_ * low_ + static_cast<std::int32_t>(i);
      if (ref::requantize(sum, 0, factor, y_.zero, range_.low, range_.high) != wanted_[i]) {
        return false;
      }
    }
    return true;
  }

  std::optional<SumRounding> run(std::string& why_not) {
    if (!decide(why_not)) return std::nullopt;
    const float factor = x_.scale / (y_.scale * static_cast<float>(taps_));
    const std::int32_t first = taps_ * low_;
    for (const std::int32_t zero : {y_.zero, 0}) {
      const auto found = fit([&](std::size_t i) { return first + static_cast<std::int32_t>(i); },
                             wanted_, factor, y_.zero, zero, range_);
      if (found) return found;
    }
    why_not = "no factor rounds all its means as float32 does";
    return std::nullopt;
  }

 private:
  /// Bound of the error of a sum in float32, in any order.
  [[nodiscard]] double error(std::int32_t sum) const {
    // Exact if every product and partial sum has at most 24 bits.
    const std::int32_t largest = taps_ * std::max(std::abs(low_), std::abs(high_));
    int exponent = 0;
    const auto fraction =
        static_cast<std::int64_t>(std::ldexp(std::frexp(x_.scale, &exponent), 24));
    const std::int64_t odd = fraction / (fraction & -fraction);
    if (odd * largest <= 1 << 24) return 0;
    // Magnitudes of the addends: as many negative ones as the sum allows.
    const double least = std::max(0, -low_);
    const double most = std::max(0, high_);
    const double negative = (taps_ * most - sum) * least / (least + most);
    const double magnitudes = (sum + 2 * negative) * x_.scale;
    return std::ldexp(magnitudes, -24) * (taps_ + 2);
  }
  static float below(double value) {
    const auto near = static_cast<float>(value);
    return near <= value ? near : std::nextafter(near, -std::numeric_limits<float>::infinity());
  }
  static float above(double value) {
    const auto near = static_cast<float>(value);
    return near >= value ? near : std::nextafter(near, std::numeric_limits<float>::infinity());
  }
  /// The steps behind the sum, each of which keeps the order of its operands.
  [[nodiscard]] std::int32_t byte_of(float sum) const {
    const float mean = sum / static_cast<float>(taps_);
    const float scaled = mean / y_.scale;
    return ref::round_and_saturate(scaled + static_cast<float>(y_.zero), 0, range_);
  }
  Quant x_;
  Quant y_;
  std::int32_t taps_;
  ref::Range range_;
  std::int32_t low_;  // of a byte without its zero point
  std::int32_t high_;
  std::vector<std::int32_t> wanted_;
};

bool too_many(std::int64_t taps, std::string& why_not) {
  constexpr std::int64_t kMostTaps = 4096;
  if (taps <= kMostTaps) return false;
  why_not = "its windows have more than " + std::to_string(kMostTaps) + " pixels";
  return true;
}

}  // namespace

std::optional<SumRounding> average_rounding(const Quant& x, const Quant& y, std::int64_t taps,
                                            DataType type, std::string& why_not) {
  if (too_many(taps, why_not)) return std::nullopt;
  return Average(x, y, taps, type).run(why_not);
}

std::vector<std::int64_t> window_pixels(const PoolAttributes& pool, const Shape& in,
                                        const Shape& out) {
  const auto inside = [&](std::int64_t window, std::size_t axis) {
    const std::int64_t first = window * pool.strides[axis] - pool.pads[axis];
    const std::int64_t end = std::min(first + pool.kernel[axis], in[2 + axis]);
    return std::max<std::int64_t>(end - std::max<std::int64_t>(first, 0), 0);
  };
  std::vector<std::int64_t> pixels;
  for (std::int64_t y = 0; y < out[2]; ++y) {
    for (std::int64_t x = 0; x < out[3]; ++x) pixels.push_back(inside(y, 0) * inside(x, 1));
  }
  return pixels;
}

std::optional<ShareRounding> share_rounding(const Quant& x, const Quant& y,
                                            const std::vector<std::int64_t>& pixels, DataType type,
                                            std::string& why_not) {
  constexpr int kMostMoves = 32;
  std::vector<std::int64_t> sizes = pixels;
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  if (too_many(sizes.back(), why_not)) return std::nullopt;
  if (sizes.front() == 0) {
    why_not = "a window has no pixel of the image";
    return std::nullopt;
  }
  ShareRounding r;
  for (const std::int64_t size : sizes) {
    r.least_multiple = std::lcm(r.least_multiple, size);
    if (r.share(sizes.front()) > bytes_of(type).high) {
      why_not = "its windows at the border have too many different divisors";
      return std::nullopt;
    }
  }
  std::vector<Average> averages;
  for (const std::int64_t size : sizes) {
    averages.emplace_back(x, y, size, type);
    if (!averages.back().decide(why_not)) return std::nullopt;
  }
  const float near = x.scale / (y.scale * static_cast<float>(r.least_multiple));
  for (int move = 0; move <= 2 * kMostMoves; ++move) {
    const int places = move % 2 != 0 ? (move + 1) / 2 : -move / 2;
    r.factor = near + std::ldexp(near, -24) * static_cast<float>(places);
    const auto follows = [&](std::size_t i) {
      return averages[i].follows(static_cast<float>(r.share(sizes[i])) * r.factor);
    };
    std::size_t right = 0;
    while (right < sizes.size() && follows(right)) ++right;
    if (right == sizes.size()) return r;
  }
  why_not = "no factor rounds all its means as float32 does";
  return std::nullopt;
}

std::optional<std::vector<SumRounding>> product_rounding(const Quant& x,
                                                         const std::vector<std::int32_t>& factors,
                                                         float scale, const Quant& y,
                                                         DataType type) {
  const ref::Range range = bytes_of(type);
  for (const std::int32_t zero : {y.zero, 0}) {
    std::map<std::int32_t, SumRounding> known;
    const bool all = std::all_of(factors.begin(), factors.end(), [&](std::int32_t factor) {
      if (known.count(factor) != 0) return true;
      const auto product = [&](std::size_t i) {
        return (range.low + static_cast<std::int32_t>(i) - x.zero) * factor;
      };
      std::vector<std::int32_t> wanted;
      for (std::size_t i = 0; i < 256; ++i) {
        const float real = static_cast<float>(product(i)) * scale;
        wanted.push_back(ref::round_and_saturate(real + static_cast<float>(y.zero), 0, range));
      }
      const auto found = fit(product, wanted, scale, y.zero, zero, range);
      if (found) known.emplace(factor, *found);
      return found.has_value();
    });
    if (!all) continue;
    std::vector<SumRounding> result;
    for (const std::int32_t factor : factors) result.push_back(known.at(factor));
    return result;
  }
  return std::nullopt;
}

}  // namespace s4::sw::graph
