// A thousand damaged files: an error or a network, never a crash. Run it under the sanitizers too.
#include <catch2/catch.hpp>
#include <cstdio>
#include <functional>
#include <random>

#include "tb/seed.hpp"
#include "tests/onnx/model_builder.hpp"

using namespace s4::sw;
using namespace s4::sw::test;
using ::onnx::TensorProto;

namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t count) {
  return count == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}

ModelBuilder float_network() {
  ModelBuilder m(11);
  m.input("x", {-1, 2, 6, 6});
  m.floats("w", {4, 2, 3, 3}, Floats(72, 0.1F)).floats("p", {4}, {1, 2, 3, 4});
  m.node("Conv", {"x", "w"}, {"c"}, {ints("pads", {1, 1, 1, 1}), ints("strides", {2, 2})});
  m.node("BatchNormalization", {"c", "p", "p", "p", "p"}, {"n"}, {real("epsilon", 1e-5F)});
  m.node("Relu", {"n"}, {"r"});
  m.node("MaxPool", {"r"}, {"m"}, {ints("kernel_shape", {2, 2}), integer("ceil_mode", 1)});
  m.node("Shape", {"m"}, {"s"});
  m.longs("zero", {0}).longs("open", {-1});
  m.node("Gather", {"s", "zero"}, {"b"});
  m.node("Concat", {"b", "open"}, {"shape"}, {integer("axis", 0)});
  m.node("Reshape", {"m", "shape"}, {"f"});
  m.floats("g", {3, 16}, Floats(48, 0.5F)).floats("h", {3}, {1, 2, 3});
  m.node("Gemm", {"f", "g", "h"}, {"l"}, {integer("transB", 1), real("alpha", 0.5F)});
  m.node("Softmax", {"l"}, {"y"}, {integer("axis", 1)});
  m.node("ArgMax", {"l"}, {"z"}, {integer("axis", 1)});
  return m.output("y").output("z");
}

ModelBuilder qdq_network() {
  ModelBuilder m(13);
  m.input("x", {1, 2, 4, 4});
  m.scalar("s", 0.1F).small("z", {}, {3}, TensorProto::INT8);
  m.small("w", {2, 2, 1, 1}, {1, -2, 3, 4}, TensorProto::INT8);
  m.floats("ws", {2}, {0.5F, 0.25F}).small("wz", {2}, {0, 0}, TensorProto::INT8);
  m.small("b", {2}, {10, -10}, TensorProto::INT32).floats("bs", {2}, {0.05F, 0.025F});
  const auto pair = [&](const std::string& from, const std::string& to) {
    m.node("QuantizeLinear", {from, "s", "z"}, {to + "_q"});
    m.node("DequantizeLinear", {to + "_q", "s", "z"}, {to});
  };
  pair("x", "xd");
  m.node("DequantizeLinear", {"w", "ws", "wz"}, {"wd"}, {integer("axis", 0)});
  m.node("DequantizeLinear", {"b", "bs"}, {"bd"}, {integer("axis", 0)});
  m.node("Conv", {"xd", "wd", "bd"}, {"c"});
  m.node("Relu", {"c"}, {"r"});
  pair("r", "rd");
  m.node("Add", {"rd", "xd"}, {"a"});
  pair("a", "ad");
  m.node("MaxPool", {"ad"}, {"m"}, {ints("kernel_shape", {2, 2}), ints("strides", {2, 2})});
  m.node("GlobalAveragePool", {"m"}, {"g"});
  pair("g", "gd");
  m.node("Flatten", {"gd"}, {"y"});
  return m.output("y");
}

ModelBuilder qoperator_network() {
  ModelBuilder m(10);
  m.input("x", {1, 1, 3, 3}, TensorProto::UINT8);
  m.scalar("s", 0.5F).small("z", {}, {7}, TensorProto::UINT8);
  m.small("w", {2, 1, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8}, TensorProto::INT8);
  m.small("wz", {}, {0}, TensorProto::INT8);
  m.node("QLinearConv", {"x", "s", "z", "w", "s", "wz", "s", "z"}, {"c"});
  m.node("com.microsoft.QLinearAdd", {"c", "s", "z", "c", "s", "z", "s", "z"}, {"a"});
  m.longs("shape", {1, 8}).node("Reshape", {"a", "shape"}, {"f"});
  m.small("v", {8, 2}, std::vector<int>(16, 3), TensorProto::INT8);
  m.node("QLinearMatMul", {"f", "s", "z", "v", "s", "wz", "s", "z"}, {"y"});
  return m.output("y");
}

ModelBuilder old_network() {
  ModelBuilder m(6);
  m.input("x", {2, 3, 4}).floats("b", {3}, {1, 2, 3});
  m.node("Add", {"x", "b"}, {"a"}, {integer("broadcast", 1), integer("axis", 1)});
  m.node("Clip", {"a"}, {"c"}, {real("min", 0), real("max", 6)});
  m.node("Transpose", {"c"}, {"t"}, {ints("perm", {0, 2, 1})});
  m.node("Slice", {"t"}, {"s"}, {ints("starts", {0, 1}), ints("ends", {2, 3})});
  m.node("Squeeze", {"s"}, {"q"});
  m.node("Dropout", {"q"}, {"y"}, {integer("is_test", 1)});
  return m.output("y");
}

/// Functions and normalisations, as one node and spelled out, and a softmax of bytes.
ModelBuilder function_network() {
  ModelBuilder m(20);
  m.input("x", {2, 3, 4}).scalar("two", 2).scalar("small", 1e-3F).scalar("half", 0.5F);
  m.scalar("root", 1.41421354F).scalar("one", 1).longs("axes", {-1}).longs("all", {0, 1});
  m.floats("g", {4}, {1, 2, 3, 4}).floats("b", {4}, {4, 3, 2, 1});
  m.node("ReduceMean", {"x", "axes"}, {"m"}, {integer("keepdims", 1)});
  m.node("Sub", {"x", "m"}, {"d"});
  m.node("Pow", {"d", "two"}, {"p"});
  m.node("ReduceMean", {"p", "axes"}, {"v"}, {integer("keepdims", 1)});
  m.node("Add", {"v", "small"}, {"e"});
  m.node("Sqrt", {"e"}, {"r"});
  m.node("Div", {"d", "r"}, {"n"});
  m.node("Mul", {"n", "g"}, {"ng"});
  m.node("Add", {"ng", "b"}, {"l"});
  m.node("Div", {"l", "root"}, {"u"});
  m.node("Erf", {"u"}, {"f"});
  m.node("Add", {"f", "one"}, {"h"});
  m.node("Mul", {"l", "h"}, {"lh"});
  m.node("Mul", {"lh", "half"}, {"q"});
  m.node("LayerNormalization", {"q", "g", "b"}, {"k"}, {integer("axis", -1), real("epsilon", 1)});
  m.node("HardSigmoid", {"k"}, {"hs"}, {real("alpha", 0.25F), real("beta", 0.5F)});
  m.node("Gelu", {"hs"}, {"ge"}, {text("approximate", "tanh")});
  m.scalar("s", 0.1F).small("z", {}, {3}, TensorProto::INT8);
  m.node("QuantizeLinear", {"ge", "s", "z"}, {"b1"});
  m.node("DequantizeLinear", {"b1", "s", "z"}, {"r1"});
  m.node("Softmax", {"r1"}, {"so"}, {integer("axis", 2)});
  m.node("QuantizeLinear", {"so", "s", "z"}, {"b2"});
  m.node("DequantizeLinear", {"b2", "s", "z"}, {"r2"});
  m.node("ReduceMean", {"r2", "all"}, {"y"}, {integer("keepdims", 0)});
  return m.output("y");
}

/// Bytes changed, taken out, doubled, or the end cut off.
void mutate_bytes(Random& random, std::string& bytes) {
  for (std::size_t times = 1 + below(random, 4); times > 0 && !bytes.empty(); --times) {
    const std::size_t at = below(random, bytes.size());
    const std::size_t run = 1 + below(random, std::min<std::size_t>(16, bytes.size() - at));
    switch (below(random, 6)) {
      case 0:
        bytes.erase(at, run);
        break;
      case 1:
        bytes.insert(at, bytes.substr(below(random, bytes.size()), run));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(random, 8)));
        break;
      default:
        bytes[at] = static_cast<char>(below(random, 256));
    }
  }
}

std::int64_t odd_integer(Random& random) {
  static const std::int64_t kOdd[] = {0,
                                      1,
                                      -1,
                                      2,
                                      3,
                                      7,
                                      -2,
                                      16,
                                      255,
                                      -128,
                                      65536,
                                      std::int64_t{1} << 24,
                                      std::int64_t{1} << 31,
                                      std::int64_t{1} << 40,
                                      std::numeric_limits<std::int64_t>::max(),
                                      std::numeric_limits<std::int64_t>::min()};
  return kOdd[below(random, std::size(kOdd))];
}

float odd_real(Random& random) {
  static const float kOdd[] = {0.0F,
                               -1.0F,
                               1e-40F,
                               1e38F,
                               std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN()};
  return kOdd[below(random, std::size(kOdd))];
}

/// Names of tensors that occur in the network.
std::string some_name(Random& random, const ::onnx::GraphProto& network) {
  const auto& node = network.node(static_cast<int>(below(random, network.node_size())));
  if (node.input_size() > 0 && below(random, 2) == 0) {
    return node.input(static_cast<int>(below(random, node.input_size())));
  }
  return node.output_size() > 0 ? node.output(0) : "";
}

/// A file that can be read, but says something else.
void mutate_meaning(Random& random, ::onnx::ModelProto& model) {
  ::onnx::GraphProto& network = *model.mutable_graph();
  if (network.node_size() == 0) return;
  auto& node = *network.mutable_node(static_cast<int>(below(random, network.node_size())));
  auto& tensor =
      *network.mutable_initializer(static_cast<int>(below(random, network.initializer_size())));
  switch (below(random, 12)) {
    case 0:
      if (node.input_size() > 0) {
        node.set_input(static_cast<int>(below(random, node.input_size())),
                       some_name(random, network));
      }
      break;
    case 1:
      node.set_output(0, some_name(random, network));
      break;
    case 2: {
      const auto names = onnx_operators();
      node.set_op_type(names[below(random, names.size())]);
      break;
    }
    case 3:
      network.mutable_node()->DeleteSubrange(static_cast<int>(below(random, network.node_size())),
                                             1);
      break;
    case 4:
      if (node.attribute_size() > 0) {
        auto& a = *node.mutable_attribute(static_cast<int>(below(random, node.attribute_size())));
        a.set_i(odd_integer(random));
        a.set_f(odd_real(random));
        if (a.ints_size() > 0) {
          a.set_ints(static_cast<int>(below(random, a.ints_size())), odd_integer(random));
        }
      }
      break;
    case 5:
      if (tensor.dims_size() > 0) {
        tensor.set_dims(static_cast<int>(below(random, tensor.dims_size())), odd_integer(random));
      }
      break;
    case 6:
      tensor.set_data_type(static_cast<int>(below(random, 24)));
      break;
    case 7:
      if (tensor.float_data_size() > 0) {
        tensor.set_float_data(static_cast<int>(below(random, tensor.float_data_size())),
                              odd_real(random));
      }
      if (tensor.int64_data_size() > 0) {
        tensor.set_int64_data(static_cast<int>(below(random, tensor.int64_data_size())),
                              odd_integer(random));
      }
      if (tensor.int32_data_size() > 0) {
        tensor.set_int32_data(static_cast<int>(below(random, tensor.int32_data_size())),
                              static_cast<int>(odd_integer(random)));
      }
      break;
    case 8: {
      auto& shape = *network.mutable_input(0)->mutable_type()->mutable_tensor_type();
      if (shape.shape().dim_size() > 0) {
        shape.mutable_shape()
            ->mutable_dim(static_cast<int>(below(random, shape.shape().dim_size())))
            ->set_dim_value(odd_integer(random));
      }
      break;
    }
    case 9:
      model.mutable_opset_import(0)->set_version(static_cast<int>(5 + below(random, 18)));
      break;
    case 10:
      node.add_input(some_name(random, network));
      break;
    default:
      if (node.attribute_size() > 0) {
        node.mutable_attribute()->DeleteSubrange(
            static_cast<int>(below(random, node.attribute_size())), 1);
      }
  }
}

/// Runs small networks: what was imported must also be computable, or say why not.
void try_to_run(const graph::Graph& network) {
  std::int64_t elements = 0;
  for (const auto& tensor : network.tensors) {
    elements += graph::element_count(tensor.shape);
    if (elements > 20000) return;
  }
  std::vector<graph::TensorData> inputs;
  for (const graph::TensorId id : network.inputs) {
    inputs.emplace_back(network.at(id).type, network.at(id).shape);
  }
  try {
    (void)graph::evaluate(network, std::move(inputs));
  } catch (const graph::GraphError&) {
  }
}

}  // namespace

TEST_CASE("the models that are mutated import and run") {
  for (const auto& model :
       {float_network(), qdq_network(), qoperator_network(), old_network(), function_network()}) {
    const auto network = model.import();
    graph::check_graph(network.graph);
    try_to_run(network.graph);
  }
}

TEST_CASE("a thousand mutated files give an error or a network") {
  Random random(s4::tb::seed());
  const std::vector<ModelBuilder> models{float_network(), qdq_network(), qoperator_network(),
                                         old_network(), function_network()};
  int errors = 0;
  int networks = 0;
  for (int n = 0; n < 1000; ++n) {
    CAPTURE(n, s4::tb::seed());
    ::onnx::ModelProto model = ModelBuilder(models[below(random, models.size())]).model();
    const bool meaning = below(random, 2) == 0;
    if (meaning) {
      for (std::size_t times = 1 + below(random, 3); times > 0; --times) {
        mutate_meaning(random, model);
      }
    }
    std::string bytes = model.SerializeAsString();
    if (!meaning) mutate_bytes(random, bytes);
    try {
      const auto network = import_onnx_bytes(bytes, "/nowhere");
      graph::check_graph(network.graph);
      (void)graph::describe(network.graph);
      try_to_run(network.graph);
      ++networks;
    } catch (const OnnxError& error) {
      REQUIRE(std::string(error.what()).size() > 10);
      ++errors;
    }
  }
  CHECK(errors > 300);
  CHECK(networks > 50);
}
