// What the subcommands share that turn one ONNX file into another.
#pragma once

#include <string>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/quantize/calibrate.hpp"

namespace s4::cli {

/// A network as its file holds it, with a batch of 1 where the file leaves the batch open.
struct FloatModel {
  sw::graph::Graph graph;
  bool open_batch = false;
};

/// Throws OnnxError; std::invalid_argument if the network computes on bytes already.
[[nodiscard]] FloatModel open_float_model(const std::string& path);

/// One .npy file per input of the network, the samples in the first dimension.
[[nodiscard]] sw::Calibration read_calibration(const std::vector<std::string>& paths,
                                               const FloatModel& model);

/// Writes the network with its batch as open as it was.
void write_model(const std::string& path, const FloatModel& model, const std::string& description);

}  // namespace s4::cli
