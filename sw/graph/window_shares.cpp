// What the chip needs for means besides the image, as it takes a second activation: what windows at
// the border are multiplied with, so that one factor makes their sums means; and the ones whose
// product with an image is the sum of its pixels, where no kernel is as large as the image.
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

void add_image_ones(Graph& graph, std::int64_t largest) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (graph.nodes[n].op != Op::kQGlobalAveragePool || graph.nodes[n].inputs.size() > 1) continue;
    const Tensor& image = graph.at(graph.nodes[n].inputs[0]);
    if (image.shape[2] <= largest && image.shape[3] <= largest) continue;
    TensorData ones(image.type, {image.shape[0], image.shape[2] * image.shape[3], 1, 1});
    std::visit([](auto& list) { std::fill(list.begin(), list.end(), 1); }, ones.values);
    const std::string name = graph.at(graph.nodes[n].output).name + "_ones";
    const TensorId id = graph.add_constant(name, std::move(ones));
    graph.nodes[n].inputs.push_back(id);
  }
}

}  // namespace s4::sw::graph
