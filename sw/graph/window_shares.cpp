// What windows at the border of an image are multiplied with, so that one factor makes their sums
// means: the chip takes it as it takes a second activation.
#include <algorithm>
#include <string>
#include <vector>

#include "sw/graph/byte_rounding.hpp"
#include "sw/graph/passes.hpp"

namespace s4::sw::graph {

void add_window_shares(Graph& graph) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].op != Op::kQAveragePool || graph.nodes[n].inputs.size() > 1) continue;
    const Node& node = graph.nodes[n];
    const auto& q = node.get<QPoolAttributes>();
    if (q.pool.count_include_pad) continue;
    const Tensor& output = graph.at(node.output);
    const std::vector<std::int64_t> pixels =
        window_pixels(q.pool, graph.at(node.inputs[0]).shape, output.shape);
    if (std::adjacent_find(pixels.begin(), pixels.end(), std::not_equal_to<>()) == pixels.end()) {
      continue;
    }
    std::string why_not;
    const auto rounding = share_rounding(q.x, q.y, pixels, output.type, why_not);
    if (!rounding) continue;
    TensorData shares(output.type, output.shape);
    std::visit(
        [&](auto& list) {
          for (std::size_t i = 0; i < list.size(); ++i) {
            list[i] = static_cast<std::decay_t<decltype(list[i])>>(
                rounding->share(pixels[i % pixels.size()]));
          }
        },
        shares.values);
    const TensorId id = graph.add_constant(output.name + "_shares", std::move(shares));
    graph.nodes[n].inputs.push_back(id);
  }
}

}  // namespace s4::sw::graph
