#include "sw/npy/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

namespace s4::sw {
namespace {

std::string coordinate(const graph::Shape& shape, std::int64_t flat) {
  graph::Shape at(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    at[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return graph::to_string(at);
}

template <typename T>
double distance(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) && std::isnan(b)) return 0;
    if (a == b) return 0;  // infinities
    return std::isnan(a) || std::isnan(b)
               ? HUGE_VAL
               : std::abs(static_cast<double>(a) - static_cast<double>(b));
  } else {
    // Exact where a double is not.
    const auto low = static_cast<std::uint64_t>(std::min(a, b));
    return static_cast<double>(static_cast<std::uint64_t>(std::max(a, b)) - low);
  }
}

}  // namespace

TensorDifference compare_tensors(const graph::TensorData& a, const graph::TensorData& b,
                                 double tolerance) {
  if (a.type != b.type || a.shape != b.shape) {
    throw graph::GraphError(fmt::format("the tensors cannot be compared: {}{} and {}{}",
                                        graph::name_of(a.type), graph::to_string(a.shape),
                                        graph::name_of(b.type), graph::to_string(b.shape)));
  }
  TensorDifference result;
  result.elements = a.size();
  std::visit(
      [&](const auto& left) {
        const auto& right = std::get<std::decay_t<decltype(left)>>(b.values);
        for (std::size_t i = 0; i < left.size(); ++i) {
          const double apart = distance(left[i], right[i]);
          if (std::isfinite(apart)) result.largest = std::max(result.largest, apart);
          if (!(apart > tolerance)) continue;
          if (result.different++ > 0) continue;
          result.first =
              fmt::format("{}: {} and {}", coordinate(a.shape, static_cast<std::int64_t>(i)),
                          +left[i], +right[i]);
        }
      },
      a.values);
  return result;
}

}  // namespace s4::sw
