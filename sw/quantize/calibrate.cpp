#include "sw/quantize/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "sw/graph/evaluate.hpp"

namespace s4::sw {
namespace {

using graph::DataType;
using graph::Quant;
using graph::TensorData;
using graph::TensorId;

/// Samples first to first + count of a tensor.
TensorData part_of(const TensorData& data, std::int64_t first, std::int64_t count) {
  graph::Shape shape = data.shape;
  const std::int64_t each = shape[0] == 0 ? 0 : data.size() / shape[0];
  shape[0] = count;
  return std::visit(
      [&](const auto& values) {
        auto part = values;
        part.assign(values.begin() + first * each, values.begin() + (first + count) * each);
        TensorData out(data.type, shape);
        out.values = std::move(part);
        return out;
      },
      data.values);
}

struct Levels {
  int low = 0;
  int high = 255;
};
/// The byte that a symmetric quantisation means by 0, and the steps to either side.
int middle_of(const Levels& levels) { return levels.low + 128; }
constexpr double kSymmetricLevels = 127.0;
Levels levels_of(DataType type) { return type == DataType::kInt8 ? Levels{-128, 127} : Levels{}; }

/// low <= 0 <= high, not both 0.
Quant quant_of(double low, double high, const Levels& levels, bool symmetric) {
  if (symmetric) {
    return {static_cast<float>(std::max(-low, high) / kSymmetricLevels), middle_of(levels)};
  }
  const double scale = (high - low) / (levels.high - levels.low);
  const double zero = std::nearbyint(levels.low - low / scale);
  return {static_cast<float>(scale),
          static_cast<std::int32_t>(std::clamp<double>(zero, levels.low, levels.high))};
}

double square_error(const Histogram& histogram, const Quant& quant, const Levels& levels) {
  double sum = 0.0;
  for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin) {
    if (histogram.counts[bin] == 0) continue;
    const double value = histogram.centre(bin);
    const double byte = std::clamp<double>(std::nearbyint(value / quant.scale) + quant.zero,
                                           levels.low, levels.high);
    const double error = value - (byte - quant.zero) * quant.scale;
    sum += error * error * static_cast<double>(histogram.counts[bin]);
  }
  return sum;
}

/// Shares of the full range that kMse tries, the first of equal ones wins.
constexpr int kClipShares = 80;
double share_at(int i) { return 1.0 - 0.01 * i; }

}  // namespace

Calibration split_calibration(const std::vector<TensorData>& inputs, std::int64_t batch) {
  if (inputs.empty() || batch < 1) throw std::invalid_argument("there are no calibration data");
  std::int64_t samples = -1;
  for (const TensorData& input : inputs) {
    if (input.shape.empty() || (samples >= 0 && input.shape[0] != samples)) {
      throw std::invalid_argument("the calibration data of the inputs differ in number");
    }
    samples = input.shape[0];
  }
  if (samples == 0 || samples % batch != 0) {
    throw std::invalid_argument(fmt::format(
        "{} samples of calibration data for a network that takes {} at a time", samples, batch));
  }
  Calibration runs;
  for (std::int64_t first = 0; first < samples; first += batch) {
    auto& run = runs.emplace_back();
    for (const TensorData& input : inputs) run.push_back(part_of(input, first, batch));
  }
  return runs;
}

std::map<TensorId, Histogram> observe(const graph::Graph& graph, const Calibration& calibration,
                                      const std::vector<TensorId>& of) {
  if (calibration.empty()) throw std::invalid_argument("there are no calibration data");
  std::map<TensorId, Histogram> found;
  for (const TensorId id : of) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    found[id] = {kInfinity, -kInfinity, std::vector<std::uint64_t>(kHistogramBins)};
  }
  const auto run_all = [&](auto use) {
    for (const auto& inputs : calibration) {
      (void)graph::evaluate(graph, inputs, [&](TensorId id, const TensorData& data) {
        const auto entry = found.find(id);
        if (entry == found.end()) return;
        for (const float value : data.floats()) use(id, entry->second, value);
      });
    }
  };
  run_all([&](TensorId id, Histogram& histogram, float value) {
    if (!std::isfinite(value)) {
      throw std::invalid_argument("tensor '" + graph.at(id).name +
                                  "' is not finite for the calibration data");
    }
    histogram.low = std::min(histogram.low, value);
    histogram.high = std::max(histogram.high, value);
  });
  run_all([](TensorId, Histogram& histogram, float value) {
    const double width = histogram.width();
    const double bin = width > 0.0 ? (static_cast<double>(value) - histogram.low) / width : 0.0;
    ++histogram.counts[std::min(static_cast<std::size_t>(bin), kHistogramBins - 1)];
  });
  return found;
}

const char* name_of(RangeMethod method) {
  switch (method) {
    case RangeMethod::kMinMax:
      return "minmax";
    case RangeMethod::kPercentile:
      return "percentile";
    case RangeMethod::kMse:
      return "mse";
  }
  return "?";
}

RangeMethod range_method(const std::string& name) {
  for (const RangeMethod method :
       {RangeMethod::kMinMax, RangeMethod::kPercentile, RangeMethod::kMse}) {
    if (name == name_of(method)) return method;
  }
  throw std::invalid_argument("no range method '" + name + "' (minmax, percentile, mse)");
}

Quant choose_quant(const Histogram& histogram, DataType type, RangeMethod method, double percentile,
                   bool symmetric) {
  const Levels levels = levels_of(type);
  double low = std::min(0.0, static_cast<double>(histogram.low));
  double high = std::max(0.0, static_cast<double>(histogram.high));
  if (low == 0.0 && high == 0.0) return {1.0F, symmetric ? middle_of(levels) : levels.low};
  if (method == RangeMethod::kPercentile) {
    if (!(percentile > 50.0 && percentile <= 100.0)) {
      throw std::invalid_argument("a percentile is above 50, up to 100");
    }
    std::uint64_t all = 0;
    for (const std::uint64_t count : histogram.counts) all += count;
    const double cut = static_cast<double>(all) * (100.0 - percentile) / 100.0;
    const std::size_t bins = histogram.counts.size();
    double seen = 0.0;
    std::size_t first = 0;
    while (first + 1 < bins && seen + static_cast<double>(histogram.counts[first]) <= cut) {
      seen += static_cast<double>(histogram.counts[first++]);
    }
    seen = 0.0;
    std::size_t last = bins;
    while (last > first + 1 && seen + static_cast<double>(histogram.counts[last - 1]) <= cut) {
      seen += static_cast<double>(histogram.counts[--last]);
    }
    const double from = histogram.low + static_cast<double>(first) * histogram.width();
    const double to = histogram.low + static_cast<double>(last) * histogram.width();
    const double old_low = low;
    low = std::min(0.0, from);
    high = std::max(0.0, to);
    if (low == 0.0 && high == 0.0) (old_low < 0.0 ? low : high) = from;
  }
  Quant best = quant_of(low, high, levels, symmetric);
  if (method != RangeMethod::kMse) return best;
  double least = square_error(histogram, best, levels);
  for (int i = 1; i < kClipShares; ++i) {
    const Quant quant = quant_of(low * share_at(i), high * share_at(i), levels, symmetric);
    const double error = square_error(histogram, quant, levels);
    if (error >= least) continue;
    least = error;
    best = quant;
  }
  return best;
}

float weight_scale(const std::vector<float>& row, RangeMethod method) {
  double largest = 0.0;
  for (const float weight : row) {
    if (!std::isfinite(weight)) throw std::invalid_argument("a weight is not finite");
    largest = std::max(largest, std::fabs(static_cast<double>(weight)));
  }
  if (largest == 0.0) return 1.0F;
  const auto error_at = [&](double scale) {
    double sum = 0.0;
    for (const float weight : row) {
      const double byte = std::clamp(std::nearbyint(weight / scale), -127.0, 127.0);
      sum += (weight - byte * scale) * (weight - byte * scale);
    }
    return sum;
  };
  double best = largest / 127.0;
  if (method == RangeMethod::kMse) {
    double least = error_at(best);
    for (int i = 1; i < kClipShares; ++i) {
      const double scale = share_at(i) * largest / 127.0;
      const double error = error_at(scale);
      if (error >= least) continue;
      least = error;
      best = scale;
    }
  }
  return std::max(static_cast<float>(best), std::numeric_limits<float>::min());
}

}  // namespace s4::sw
