// Networks of the zoo in small, and their files.
#pragma once

#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "onnx.pb.h"
#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/zoo/inputs.hpp"
#include "sw/zoo/zoo.hpp"

namespace s4::sw::test {

inline constexpr std::int64_t kSize = 64;
inline constexpr std::int64_t kThinner = 8;
inline constexpr std::int64_t kSequence = 32;
inline constexpr std::int64_t kVocabulary = 300;

inline Resnet50Options small_resnet50(std::uint64_t seed = 1) { return {1, kSize, kThinner, seed}; }
inline BertOptions small_bert(std::uint64_t seed = 1) {
  return {1, kSequence, 2, 128, kVocabulary, seed};
}

struct Which {
  bool bert = false;
  ZooForm form = ZooForm::kFloat;
  double sparsity = 1;
  std::uint64_t seed = 1;
};

inline ZooNetwork make(const Which& which) {
  ZooOptions options;
  options.form = which.form;
  options.sparsity = which.sparsity;
  options.seed = which.seed;
  return which.bert ? zoo_bert(small_bert(which.seed), options)
                    : zoo_resnet50(small_resnet50(which.seed), options);
}

inline std::string file_of(const graph::Graph& graph, std::int64_t opset = 17) {
  OnnxExportOptions options;
  options.opset = opset;
  options.torch_form = true;
  return export_onnx_bytes(graph, options);
}

inline ::onnx::ModelProto parsed(const std::string& bytes) {
  ::onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) throw std::runtime_error("no ONNX file");
  return model;
}

/// How often every operator occurs in a file.
inline std::map<std::string, int> operators(const ::onnx::ModelProto& model) {
  std::map<std::string, int> counts;
  for (const auto& node : model.graph().node()) ++counts[node.op_type()];
  return counts;
}

/// Root of the mean square of the difference, relative to `a`.
inline double relative_error(const graph::TensorData& a, const graph::TensorData& b) {
  double error = 0;
  double power = 0;
  for (std::size_t i = 0; i < a.floats().size(); ++i) {
    const double d = static_cast<double>(a.floats()[i]) - b.floats()[i];
    error += d * d;
    power += static_cast<double>(a.floats()[i]) * a.floats()[i];
  }
  return std::sqrt(error / power);
}

}  // namespace s4::sw::test
