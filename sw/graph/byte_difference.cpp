#include "sw/graph/byte_difference.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "sim/reference/rounding.hpp"

namespace s4::sw::graph {
namespace {

struct Pair {
  float a = 0;
  float b = 0;
  std::int32_t wanted = 0;
};

class Search {
 public:
  Search(const Quant& a, const Quant& b, const Quant& y, DataType type)
      : y_(y), low_(type == DataType::kInt8 ? -128 : 0) {
    const ref::Range range{low_, low_ + 255};
    pairs_.reserve(65536);
    for (std::int32_t p = low_; p <= low_ + 255; ++p) {
      const float left = static_cast<float>(p - a.zero) * a.scale;
      for (std::int32_t q = low_; q <= low_ + 255; ++q) {
        const float right = static_cast<float>(q - b.zero) * b.scale;
        const float steps = (left - right) / y.scale;
        pairs_.push_back({static_cast<float>(p), static_cast<float>(q),
                          ref::round_and_saturate(steps, y.zero, range)});
      }
    }
    first_.left = a.scale / y.scale;
    first_.right = b.scale / y.scale;
    const float left = first_.left * static_cast<float>(a.zero);
    const float right = first_.right * static_cast<float>(b.zero);
    first_.start = 0.0F - (left - right);
  }

  std::optional<DifferenceConstants> run() {
    constexpr float kLargestRatio = 0x1p40F;
    if (!(first_.left < kLargestRatio && first_.right < kLargestRatio)) return std::nullopt;
    if (agree(first_, pairs_)) return first_;
    // Only pairs next to a tie can change. Many at ties are a pattern that no constants follow.
    std::vector<Pair> close;
    for (const Pair& pair : pairs_) {
      const double steps = value(first_, pair);
      if (std::fabs(steps - std::floor(steps) - 0.5) < kClose) close.push_back(pair);
    }
    if (close.size() > kMostClose) return std::nullopt;
    std::mt19937 random(1);
    const auto moved = [&](float constant, float by, std::uint32_t most) {
      const auto steps =
          static_cast<std::int32_t>(random() % (2 * most + 1)) - static_cast<std::int32_t>(most);
      return constant + by * static_cast<float>(steps);
    };
    for (int i = 0; i < kTrials; ++i) {
      // Constants up to eight last places of theirs away; the start as much as 255 of them.
      DifferenceConstants c;
      c.left = moved(first_.left, std::ldexp(first_.left, -24), 8);
      c.right = moved(first_.right, std::ldexp(first_.right, -24), 8);
      c.start = moved(first_.start, std::ldexp(std::max(first_.left, first_.right), -20), 64);
      if (agree(c, close) && agree(c, pairs_)) return c;
    }
    return std::nullopt;
  }

 private:
  static constexpr double kClose = 1e-2;
  static constexpr std::size_t kMostClose = 8192;
  static constexpr int kTrials = 4096;

  /// Each statement is one rounding to float32: the project is compiled without contraction.
  static float value(const DifferenceConstants& c, const Pair& pair) {
    const float left = pair.a * c.left;
    const float right = pair.b * c.right;
    const float inner = c.start + left;
    return inner - right;
  }
  [[nodiscard]] bool agree(const DifferenceConstants& c, const std::vector<Pair>& pairs) const {
    const ref::Range range{low_, low_ + 255};
    return std::all_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
      return ref::round_and_saturate(value(c, pair), y_.zero, range) == pair.wanted;
    });
  }

  Quant y_;
  std::int32_t low_;
  DifferenceConstants first_;
  std::vector<Pair> pairs_;
};

}  // namespace

std::optional<DifferenceConstants> difference_constants(const Quant& a, const Quant& b,
                                                        const Quant& y, DataType type) {
  return Search(a, b, y, type).run();
}

}  // namespace s4::sw::graph
