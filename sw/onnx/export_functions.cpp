// Functions, normalisations and means: one node where the opset has one, else the nodes that spell
// it out, as graph::fuse_patterns knows them.
#include <cmath>
#include <numbers>

#include "sw/onnx/exporter.hpp"

namespace s4::sw {

using graph::Function;
using graph::kNoTensor;
using graph::Node;
using graph::Shape;
using graph::TensorData;
using ::onnx::NodeProto;

NodeProto& Exporter::part(const Node& node, const std::string& op,
                          const std::vector<std::string>& inputs, const std::string& output) {
  NodeProto& proto = begin(node, op, output);
  if (options_.torch_form) proto.set_name(unique_node(node.name + "/" + op));
  for (const std::string& input : inputs) proto.add_input(input);
  return proto;
}

std::string Exporter::inner(const Node& node, const std::string& op,
                            const std::vector<std::string>& inputs) {
  const std::string output = unique(options_.torch_form ? node.name + "/" + op + "_output_0"
                                                        : names_[node.output] + "_" + op);
  part(node, op, inputs, output);
  return output;
}

void Exporter::add_unary(const Node& node) {
  const std::string x = name(node.inputs[0]);
  const std::string& y = names_[node.output];
  switch (node.get<graph::UnaryAttributes>().function) {
    case Function::kGelu:
      return add_gelu(node, false);
    case Function::kGeluTanh:
      return add_gelu(node, true);
    case Function::kExp:
      part(node, "Exp", {x}, y);
      return;
    case Function::kLog:
      part(node, "Log", {x}, y);
      return;
    case Function::kReciprocal:
      part(node, "Reciprocal", {x}, y);
      return;
    case Function::kRsqrt:
      part(node, "Reciprocal", {inner(node, "Sqrt", {x})}, y);
      return;
    case Function::kSqrt:
      part(node, "Sqrt", {x}, y);
      return;
    case Function::kSigmoid:
      part(node, "Sigmoid", {x}, y);
      return;
    case Function::kTanh:
      part(node, "Tanh", {x}, y);
      return;
    case Function::kSilu:
      part(node, "Mul", {x, inner(node, "Sigmoid", {x})}, y);
      return;
    case Function::kSoftplus:
      part(node, "Softplus", {x}, y);
      return;
    case Function::kErf:
      part(node, "Erf", {x}, y);
      return;
    case Function::kHardSwish: {
      if (options_.opset >= 14) {
        part(node, "HardSwish", {x}, y);
        return;
      }
      const std::string sum = inner(node, "Add", {x, scalar(node, "_three", 3.0F)});
      const std::string gate =
          inner(node, "Clip", {sum, scalar(node, "_low", 0.0F), scalar(node, "_high", 6.0F)});
      part(node, "Div", {inner(node, "Mul", {x, gate}), scalar(node, "_six", 6.0F)}, y);
      return;
    }
  }
  fail(node, "its function is unknown");
}

void Exporter::add_gelu(const Node& node, bool tanh) {
  const std::string x = name(node.inputs[0]);
  const std::string& y = names_[node.output];
  if (options_.opset >= 20) {
    text(part(node, "Gelu", {x}, y), "approximate", tanh ? "tanh" : "none");
    return;
  }
  std::string bent;
  if (tanh) {
    const std::string cube = inner(node, "Mul", {inner(node, "Mul", {x, x}), x});
    const std::string small = inner(node, "Mul", {cube, scalar(node, "_cubic", 0.044715F)});
    const auto root = static_cast<float>(std::sqrt(2.0 * std::numbers::inv_pi));
    const std::string sum = inner(node, "Add", {x, small});
    bent = inner(node, "Tanh", {inner(node, "Mul", {sum, scalar(node, "_scale", root)})});
  } else {
    const std::string root = scalar(node, "_sqrt2", std::numbers::sqrt2_v<float>);
    bent = inner(node, "Erf", {inner(node, "Div", {x, root})});
  }
  const std::string gate = inner(node, "Add", {bent, scalar(node, "_one", 1.0F)});
  part(node, "Mul", {inner(node, "Mul", {x, gate}), scalar(node, "_half", 0.5F)}, y);
}

void Exporter::add_mean(const Node& node, const std::string& x, const std::string& y,
                        const std::vector<std::int64_t>& axes, bool keep_dims) {
  std::vector<std::string> inputs{x};
  if (options_.opset >= 18) inputs.push_back(longs(node, "_axes", axes));
  NodeProto& proto = part(node, "ReduceMean", inputs, y);
  if (options_.opset < 18) integers(proto, "axes", axes);
  integer(proto, "keepdims", keep_dims ? 1 : 0);
}

void Exporter::add_reduce_mean(const Node& node) {
  const auto& a = node.get<graph::ReduceAttributes>();
  // An empty list stands for all axes in a file.
  if (a.axes.empty()) {
    plain(node, "Identity");
    return;
  }
  add_mean(node, name(node.inputs[0]), names_[node.output], a.axes, a.keep_dims);
}

void Exporter::add_layer_norm(const Node& node) {
  const auto& a = node.get<graph::LayerNormAttributes>();
  const std::string x = name(node.inputs[0]);
  const std::string& y = names_[node.output];
  const Shape& shape = graph_.at(node.inputs[0]).shape;
  const bool has_gamma = node.input(1) != kNoTensor;
  const bool has_beta = node.input(2) != kNoTensor;
  if (options_.opset >= 17) {
    const Shape own(shape.begin() + a.axis, shape.end());
    const std::vector<float> ones(static_cast<std::size_t>(graph::element_count(own)), 1.0F);
    std::vector<std::string> inputs{
        x, has_gamma ? name(node.inputs[1])
                     : constant(unique(node.name + "_gamma"), TensorData(own, ones))};
    if (has_beta) inputs.push_back(name(node.inputs[2]));
    NodeProto& proto = part(node, "LayerNormalization", inputs, y);
    integer(proto, "axis", a.axis);
    real(proto, "epsilon", a.epsilon);
    return;
  }
  std::vector<std::int64_t> axes;
  for (std::size_t i = static_cast<std::size_t>(a.axis); i < shape.size(); ++i) {
    axes.push_back(static_cast<std::int64_t>(i));
  }
  const auto mean = [&](const std::string& of) {
    const std::string result = unique(y + "_ReduceMean");
    add_mean(node, of, result, axes, true);
    return result;
  };
  const std::string distance = inner(node, "Sub", {x, mean(x)});
  const std::string square = inner(node, "Pow", {distance, scalar(node, "_two", 2.0F)});
  const std::string variance =
      inner(node, "Add", {mean(square), scalar(node, "_epsilon", a.epsilon)});
  const std::string root = inner(node, "Sqrt", {variance});
  if (!has_gamma && !has_beta) {
    part(node, "Div", {distance, root}, y);
    return;
  }
  std::string result = inner(node, "Div", {distance, root});
  if (has_gamma && has_beta) result = inner(node, "Mul", {result, name(node.inputs[1])});
  part(node, has_beta ? "Add" : "Mul", {result, name(node.inputs[has_beta ? 2 : 1])}, y);
}

}  // namespace s4::sw
