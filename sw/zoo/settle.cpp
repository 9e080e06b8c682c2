#include "sw/zoo/settle.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>

#include "sw/quantize/walk.hpp"
#include "sw/zoo/seeded.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::Node;
using graph::Op;
using graph::TensorData;
using graph::TensorId;

// How far statistics are from those of the data: of the mean in standard deviations, of the
// variance as a share.
constexpr double kMeanOff = 0.1;
constexpr double kVarianceOff = 0.15;
constexpr double kLeastVariance = 1e-8;  // of a channel that is constant

struct Moments {
  double mean = 0;
  double variance = 0;
};

/// Of every channel: `inner` neighbours have the same one, `channels` follow each other.
std::vector<Moments> moments_of(Walk& walk, TensorId id, std::size_t channels, std::size_t inner) {
  std::vector<double> sums(channels);
  std::vector<double> squares(channels);
  double count = 0;
  for (std::size_t run = 0; run < walk.runs(); ++run) {
    const std::vector<float>& values = walk.value(run, id).floats();
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t c = i / inner % channels;
      sums[c] += values[i];
      squares[c] += static_cast<double>(values[i]) * values[i];
    }
    count += static_cast<double>(values.size() / channels);
  }
  std::vector<Moments> moments(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    moments[c].mean = sums[c] / count;
    moments[c].variance = std::max(0.0, squares[c] / count - moments[c].mean * moments[c].mean);
  }
  return moments;
}

/// Mean of the variances of rows of `width`.
double row_variance(Walk& walk, TensorId id, std::size_t width) {
  double variance = 0;
  double rows = 0;
  for (std::size_t run = 0; run < walk.runs(); ++run) {
    const std::vector<float>& values = walk.value(run, id).floats();
    for (std::size_t first = 0; first < values.size(); first += width, ++rows) {
      double sum = 0;
      double squares = 0;
      for (std::size_t i = first; i < first + width; ++i) {
        sum += values[i];
        squares += static_cast<double>(values[i]) * values[i];
      }
      const double mean = sum / static_cast<double>(width);
      variance += std::max(0.0, squares / static_cast<double>(width) - mean * mean);
    }
  }
  return rows > 0 ? variance / rows : 0;
}

std::vector<float>& constant_of(Graph& graph, TensorId id) {
  return graph.at(id).constant->get<float>();
}

class Settling {
 public:
  Settling(TorchGraph& network, const Calibration& calibration, std::uint64_t seed)
      : graph_(network.graph), walk_(network.graph, calibration), seed_(seed) {
    for (const Projection& projection : network.projections) {
      projections_[projection.product] = projection;
    }
    for (const Scores& scores : network.scores) scores_[scores.scores] = scores;
  }

  void run() {
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      const Node& node = graph_.nodes[n];
      if (node.op == Op::kBatchNorm) settle_norm(node);
      walk_.evaluate(n);
      const auto found = projections_.find(node.output);
      if (found != projections_.end()) settle_projection(node, found->second);
      const auto scored = scores_.find(node.output);
      if (scored != scores_.end()) settle_scores(scored->second);
    }
  }

 private:
  void settle_norm(const Node& node) {
    const graph::Shape& shape = graph_.at(node.inputs[0]).shape;
    const auto channels = static_cast<std::size_t>(shape[1]);
    const auto moments =
        moments_of(walk_, node.inputs[0], channels, static_cast<std::size_t>(shape[2] * shape[3]));
    Random random = stream(seed_, "statistics " + node.name);
    std::vector<float>& mean = constant_of(graph_, node.inputs[3]);
    std::vector<float>& variance = constant_of(graph_, node.inputs[4]);
    for (std::size_t c = 0; c < channels; ++c) {
      const Moments& m = moments[c];
      const double off = kMeanOff * (2.0 * random.uniform() - 1.0);
      const double share = 1.0 + kVarianceOff * (2.0 * random.uniform() - 1.0);
      mean[c] = static_cast<float>(m.mean + off * std::sqrt(m.variance));
      variance[c] = static_cast<float>(std::max(kLeastVariance, m.variance * share));
    }
  }

  void settle_projection(const Node& node, const Projection& projection) {
    const auto channels = static_cast<std::size_t>(graph_.at(projection.product).shape.back());
    const auto moments = moments_of(walk_, projection.product, channels, 1);
    double variance = 0;
    for (const Moments& m : moments) variance += m.variance / static_cast<double>(channels);
    const double factor = variance > 0 ? projection.spread / std::sqrt(variance) : 1.0;
    for (float& weight : constant_of(graph_, node.inputs[1])) {
      weight = static_cast<float>(weight * factor);
    }
    Random random = stream(seed_, "bias " + graph_.at(projection.bias).name);
    std::vector<float>& bias = constant_of(graph_, projection.bias);
    for (std::size_t c = 0; c < channels; ++c) {
      const double off = kMeanOff * projection.spread * (2.0 * random.uniform() - 1.0);
      bias[c] = static_cast<float>(off - moments[c].mean * factor);
    }
    // What the changed weights would give, without another product.
    for (std::size_t run = 0; run < walk_.runs(); ++run) {
      std::vector<float>& values = walk_.made(run, projection.product).get<float>();
      for (std::size_t i = 0; i < values.size(); ++i) {
        const float of_product = static_cast<float>(values[i] * factor);
        values[i] = of_product + (projection.holds_bias ? bias[i % channels] : 0.0F);
      }
    }
  }

  /// The query's projection takes the factor that gives the scores their spread.
  void settle_scores(const Scores& scores) {
    const auto width = static_cast<std::size_t>(graph_.at(scores.scores).shape.back());
    const double variance = row_variance(walk_, scores.scores, width);
    if (variance <= 0) return;
    const double factor = scores.spread / std::sqrt(variance);
    const graph::Uses uses(graph_);
    const Node& query = graph_.nodes[uses.producer[scores.query]];
    for (const TensorId id : {query.inputs[1], projections_.at(scores.query).bias}) {
      for (float& value : constant_of(graph_, id)) value = static_cast<float>(value * factor);
    }
    for (std::size_t run = 0; run < walk_.runs(); ++run) {
      for (float& value : walk_.made(run, scores.scores).get<float>()) {
        value = static_cast<float>(value * factor);
      }
    }
  }

  Graph& graph_;
  Walk walk_;
  std::uint64_t seed_;
  std::map<TensorId, Projection> projections_;
  std::map<TensorId, Scores> scores_;
};

}  // namespace

void settle(TorchGraph& network, const Calibration& calibration, std::uint64_t seed) {
  Settling(network, calibration, seed).run();
}

}  // namespace s4::sw
