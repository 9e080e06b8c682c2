#include "sw/network/merge_runs.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace s4::sw {
namespace {

using graph::TensorId;

class Merger {
 public:
  explicit Merger(const Network& network)
      : network_(network), node_(network.graph.tensors.size(), graph::Uses::kNone) {
    for (std::size_t n = 0; n < network.graph.nodes.size(); ++n) {
      node_[network.graph.nodes[n].output] = n;
    }
    maker_.resize(network.graph.tensors.size());
    for (const ChipValue& value : network.values) {
      if (value.producer) maker_[value.tensor] = value.producer;
    }
  }

  std::vector<std::vector<std::size_t>> run() const {
    std::vector<std::vector<std::size_t>> merged;
    for (const std::vector<std::size_t>& run : network_.runs) {
      if (merged.empty() || !same_heads(merged.back(), run) || waits(run, merged.back())) {
        merged.push_back(run);
        continue;
      }
      std::vector<std::size_t>& into = merged.back();
      into.insert(into.end(), run.begin(), run.end());
      std::sort(into.begin(), into.end());
    }
    return merged;
  }

 private:
  [[nodiscard]] std::uint32_t batch(std::size_t l) const {
    return network_.layers[l].layer.geometry.batch;
  }

  /// The images of all layers are those of one of them, or several heads of each.
  [[nodiscard]] bool same_heads(const std::vector<std::size_t>& a,
                                const std::vector<std::size_t>& b) const {
    std::set<std::uint32_t> batches;
    for (const std::size_t l : a) batches.insert(batch(l));
    for (const std::size_t l : b) batches.insert(batch(l));
    return batches.size() <= 2 && *batches.rbegin() % *batches.begin() == 0;
  }

  /// The host computes something from results of `former` that `run` reads.
  [[nodiscard]] bool waits(const std::vector<std::size_t>& run,
                           const std::vector<std::size_t>& former) const {
    const std::set<std::size_t> makers(former.begin(), former.end());
    std::set<TensorId> seen;
    const auto from_host = [&](std::size_t value) {
      const ChipValue& home = network_.values[network_.home(value)];
      return !home.producer && comes_from(home.tensor, makers, seen);
    };
    return std::any_of(run.begin(), run.end(), [&](std::size_t l) {
      const ChipLayer& layer = network_.layers[l];
      return from_host(layer.input) || (layer.second && from_host(*layer.second)) ||
             (layer.operand && from_host(*layer.operand));
    });
  }

  /// The host makes a tensor of results of these layers.
  bool comes_from(TensorId tensor, const std::set<std::size_t>& makers,
                  std::set<TensorId>& seen) const {
    if (tensor == graph::kNoTensor || !seen.insert(tensor).second) return false;
    if (maker_[tensor]) return makers.count(*maker_[tensor]) != 0;
    if (node_[tensor] == graph::Uses::kNone) return false;
    const std::vector<TensorId>& inputs = network_.graph.nodes[node_[tensor]].inputs;
    return std::any_of(inputs.begin(), inputs.end(),
                       [&](TensorId input) { return comes_from(input, makers, seen); });
  }

  const Network& network_;
  std::vector<std::size_t> node_;                  // that makes a tensor
  std::vector<std::optional<std::size_t>> maker_;  // layer that makes it
};

}  // namespace

std::vector<std::vector<std::size_t>> merged_runs(const Network& network) {
  return Merger(network).run();
}

}  // namespace s4::sw
