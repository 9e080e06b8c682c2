// Graphs as networks that can be trained, and back.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/train/train_network.hpp"

namespace s4::sw {

/// A graph that the trainer cannot train; the text lists every node that is in the way, and why.
struct NotTrainable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A sequence of Conv and Gemm with Relu or Clip, as graph::optimize leaves it. Flatten may stand
/// before Gemm; Softmax and ArgMax behind the last layer are not trained. Throws NotTrainable.
[[nodiscard]] TrainNetwork train_network_of(const graph::Graph& graph);

/// Puts weights and biases back into the graph that the network was made of.
void set_parameters(graph::Graph& graph, const TrainNetwork& network);

/// The network as a graph of batch 1: input "image" [1,C,H,W], output "scores". A layer whose
/// kernel covers its whole image, behind another layer, is a Gemm behind a Flatten; others are
/// Conv.
[[nodiscard]] graph::Graph graph_of(const TrainNetwork& network, const std::string& name);

}  // namespace s4::sw
