#include "sw/program_file/graph_json.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <type_traits>

namespace s4::sw {
namespace {

using graph::DataType;
using graph::GraphError;
using graph::Op;
using graph::TensorData;
using nlohmann::json;

static_assert(std::endian::native == std::endian::little);

constexpr Op kLastOp = Op::kBf16Unary;
constexpr DataType kLastType = DataType::kBool;

template <typename Enum>
Enum from_name(const std::string& name, Enum last, const char* what) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (name == graph::name_of(static_cast<Enum>(i))) return static_cast<Enum>(i);
  }
  throw GraphError(std::string(what) + " '" + name + "' is unknown");
}

// ---- one value: JSON has no infinities, and a float32 is exact as a number ----------------------

json to_value(float value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return static_cast<double>(value);
}
json to_value(DataType type) { return graph::name_of(type); }
json to_value(Op op) { return graph::name_of(op); }
json to_value(graph::Function function) { return graph::name_of(function); }
template <typename T>
json to_value(const T& value) {
  if constexpr (std::is_arithmetic_v<T>) {
    return value;
  } else {
    json list = json::array();
    for (const auto& item : value) list.push_back(to_value(item));
    return list;
  }
}

void from_value(const json& value, float& out) {
  if (!value.is_string()) {
    out = static_cast<float>(value.get<double>());
    return;
  }
  const auto text = value.get<std::string>();
  const float infinity = std::numeric_limits<float>::infinity();
  if (text == "inf") {
    out = infinity;
  } else if (text == "-inf") {
    out = -infinity;
  } else if (text == "nan") {
    out = std::numeric_limits<float>::quiet_NaN();
  } else {
    throw GraphError("'" + text + "' is no number");
  }
}
void from_value(const json& value, bool& out) { out = value.get<bool>(); }
void from_value(const json& value, DataType& out) {
  out = from_name(value.get<std::string>(), kLastType, "type");
}
void from_value(const json& value, graph::Op& out) {
  out = from_name(value.get<std::string>(), kLastOp, "operator");
}
void from_value(const json& value, graph::Function& out) {
  out = from_name(value.get<std::string>(), graph::kLastFunction, "function");
}
template <typename T>
std::enable_if_t<std::is_integral_v<T>> from_value(const json& value, T& out) {
  if (!value.is_number_integer()) throw GraphError("a whole number is missing");
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) {
    throw GraphError("a number is too large");
  }
  const auto wide = value.get<std::int64_t>();
  out = static_cast<T>(wide);
  if (static_cast<std::int64_t>(out) != wide) throw GraphError("a number is out of range");
}
template <typename T>
void from_value(const json& value, std::vector<T>& out) {
  out.clear();
  for (const json& item : value.get_ref<const json::array_t&>()) {
    T element{};
    from_value(item, element);
    out.push_back(std::move(element));
  }
}
template <typename T, std::size_t N>
void from_value(const json& value, std::array<T, N>& out) {
  if (!value.is_array() || value.size() != N) throw GraphError("a list has the wrong length");
  for (std::size_t i = 0; i < N; ++i) from_value(value[i], out[i]);
}

// ---- structures: one list of fields for both directions -----------------------------------------

/// Calls field(name, value) for every field.
template <typename F>
void fields(graph::NoAttributes&, F) {}
template <typename F>
void fields(graph::Clamp& a, F field) {
  field("low", a.low);
  field("high", a.high);
}
template <typename F>
void fields(graph::Quant& a, F field) {
  field("scale", a.scale);
  field("zero", a.zero);
}
template <typename F>
void fields(graph::ConvGeometry& a, F field) {
  field("pads", a.pads);
  field("strides", a.strides);
  field("dilations", a.dilations);
  field("groups", a.groups);
}
template <typename F>
void fields(graph::ConvAttributes& a, F field) {
  field("geometry", a.geometry);
  field("clamp", a.clamp);
}
template <typename F>
void fields(graph::GemmAttributes& a, F field) {
  field("alpha", a.alpha);
  field("beta", a.beta);
  field("transpose_a", a.transpose_a);
  field("transpose_b", a.transpose_b);
  field("clamp", a.clamp);
}
template <typename F>
void fields(graph::ClampAttributes& a, F field) {
  field("clamp", a.clamp);
}
template <typename F>
void fields(graph::PoolAttributes& a, F field) {
  field("kernel", a.kernel);
  field("pads", a.pads);
  field("strides", a.strides);
  field("dilations", a.dilations);
  field("ceil_mode", a.ceil_mode);
  field("count_include_pad", a.count_include_pad);
}
template <typename F>
void fields(graph::BatchNormAttributes& a, F field) {
  field("epsilon", a.epsilon);
}
template <typename F>
void fields(graph::AxisAttributes& a, F field) {
  field("axis", a.axis);
  field("keep_dims", a.keep_dims);
  field("last_index", a.last_index);
  field("to_end", a.to_end);
}
template <typename F>
void fields(graph::ReshapeAttributes& a, F field) {
  field("shape", a.shape);
}
template <typename F>
void fields(graph::TransposeAttributes& a, F field) {
  field("permutation", a.permutation);
}
template <typename F>
void fields(graph::SliceAttributes& a, F field) {
  field("starts", a.starts);
  field("counts", a.counts);
  field("steps", a.steps);
}
template <typename F>
void fields(graph::CastAttributes& a, F field) {
  field("type", a.type);
}
template <typename F>
void fields(graph::QuantizeAttributes& a, F field) {
  field("scale", a.scale);
  field("zero", a.zero);
  field("axis", a.axis);
  field("byte_type", a.byte_type);
}
template <typename F>
void fields(graph::QSum& a, F field) {
  field("second", a.second);
  field("sum", a.sum);
  field("low", a.low);
  field("high", a.high);
  field("second_is_left", a.second_is_left);
  field("op", a.op);
}
template <typename F>
void fields(graph::QLayerAttributes& a, F field) {
  field("geometry", a.geometry);
  field("x", a.x);
  field("weight_scale", a.weight_scale);
  field("y", a.y);
  field("low", a.low);
  field("high", a.high);
  field("add", a.add);
}
template <typename F>
void fields(graph::QBinaryAttributes& a, F field) {
  field("a", a.a);
  field("b", a.b);
  field("y", a.y);
  field("low", a.low);
  field("high", a.high);
}
template <typename F>
void fields(graph::QUnaryAttributes& a, F field) {
  field("x", a.x);
  field("y", a.y);
  field("clamp", a.clamp);
  field("y_type", a.y_type);
}
template <typename F>
void fields(graph::QPoolAttributes& a, F field) {
  field("pool", a.pool);
  field("x", a.x);
  field("y", a.y);
}
template <typename F>
void fields(graph::UnaryAttributes& a, F field) {
  field("function", a.function);
}
template <typename F>
void fields(graph::LayerNormAttributes& a, F field) {
  field("axis", a.axis);
  field("epsilon", a.epsilon);
}
template <typename F>
void fields(graph::ReduceAttributes& a, F field) {
  field("axes", a.axes);
  field("keep_dims", a.keep_dims);
}
template <typename F>
void fields(graph::QFunctionAttributes& a, F field) {
  field("x", a.x);
  field("y", a.y);
  field("function", a.function);
}
template <typename F>
void fields(graph::QRowAttributes& a, F field) {
  field("x", a.x);
  field("y", a.y);
  field("epsilon", a.epsilon);
}
template <typename F>
void fields(graph::Bf16LayerAttributes& a, F field) {
  field("geometry", a.geometry);
  field("clamp", a.clamp);
}

/// Structures have a list of fields; everything else is a value.
template <typename T>
concept Structure = std::is_class_v<T> && requires(T& value) {
  fields(value, [](const char*, auto&) {});
};

struct Writer {
  json& out;
  template <typename T>
  void operator()(const char* name, const T& value) const {
    if constexpr (Structure<T>) {
      json inner = json::object();
      fields(const_cast<T&>(value), Writer{inner});
      out[name] = std::move(inner);
    } else {
      out[name] = to_value(value);
    }
  }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) const {
    if (value) (*this)(name, *value);
  }
};

struct Reader {
  const json& in;
  template <typename T>
  void operator()(const char* name, T& value) const {
    const json& found = in.at(name);
    if constexpr (Structure<T>) {
      fields(value, Reader{found});
    } else {
      from_value(found, value);
    }
  }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) const {
    if (!in.contains(name)) return;
    value.emplace();
    (*this)(name, *value);
  }
};

template <std::size_t I = 0>
graph::Attributes make_attributes(std::size_t index) {
  if constexpr (I < std::variant_size_v<graph::Attributes>) {
    if (index == I) return graph::Attributes(std::in_place_index<I>);
    return make_attributes<I + 1>(index);
  } else {
    throw GraphError("attributes of kind " + std::to_string(index) + " are unknown");
  }
}

void append_constant(const TensorData& data, std::vector<std::uint8_t>& bytes) {
  std::visit(
      [&](const auto& values) {
        const auto* raw = reinterpret_cast<const std::uint8_t*>(values.data());
        bytes.insert(bytes.end(), raw, raw + values.size() * sizeof(values[0]));
      },
      data.values);
}

TensorData take_constant(DataType type, const graph::Shape& shape,
                         std::span<const std::uint8_t>& bytes) {
  const std::uint64_t size =
      static_cast<std::uint64_t>(graph::element_count(shape)) * graph::size_of(type);
  if (size > bytes.size()) throw GraphError("the constants end too early");
  TensorData data(type, shape);
  std::visit(
      [&](auto& values) {
        if (size > 0) std::memcpy(values.data(), bytes.data(), size);
      },
      data.values);
  bytes = bytes.subspan(size);
  return data;
}

}  // namespace

json graph_to_json(const graph::Graph& graph, std::vector<std::uint8_t>& constants) {
  json out;
  out["name"] = graph.name;
  out["tensors"] = json::array();
  for (const graph::Tensor& tensor : graph.tensors) {
    out["tensors"].push_back({{"name", tensor.name},
                              {"type", graph::name_of(tensor.type)},
                              {"shape", to_value(tensor.shape)},
                              {"constant", tensor.constant.has_value()}});
    if (tensor.constant) append_constant(*tensor.constant, constants);
  }
  out["nodes"] = json::array();
  for (const graph::Node& node : graph.nodes) {
    json item = {{"op", graph::name_of(node.op)},
                 {"name", node.name},
                 {"inputs", node.inputs},
                 {"output", node.output},
                 {"kind", node.attributes.index()}};
    json attributes = json::object();
    std::visit([&](auto copy) { fields(copy, Writer{attributes}); }, node.attributes);
    item["attributes"] = std::move(attributes);
    out["nodes"].push_back(std::move(item));
  }
  out["inputs"] = graph.inputs;
  out["outputs"] = graph.outputs;
  return out;
}

graph::Graph graph_from_json(const json& in, std::span<const std::uint8_t> constants) {
  graph::Graph graph;
  graph.name = in.at("name").get<std::string>();
  for (const json& item : in.at("tensors").get_ref<const json::array_t&>()) {
    graph::Tensor tensor;
    tensor.name = item.at("name").get<std::string>();
    from_value(item.at("type"), tensor.type);
    from_value(item.at("shape"), tensor.shape);
    (void)graph::element_count(tensor.shape);
    if (item.at("constant").get<bool>()) {
      tensor.constant = take_constant(tensor.type, tensor.shape, constants);
    }
    graph.tensors.push_back(std::move(tensor));
  }
  if (!constants.empty()) throw GraphError("there are more constants than tensors");
  for (const json& item : in.at("nodes").get_ref<const json::array_t&>()) {
    graph::Node node;
    node.op = from_name(item.at("op").get<std::string>(), kLastOp, "operator");
    node.name = item.at("name").get<std::string>();
    from_value(item.at("inputs"), node.inputs);
    from_value(item.at("output"), node.output);
    std::size_t kind = 0;
    from_value(item.at("kind"), kind);
    node.attributes = make_attributes(kind);
    const Reader reader{item.at("attributes")};
    std::visit([&](auto& attributes) { fields(attributes, reader); }, node.attributes);
    graph.nodes.push_back(std::move(node));
  }
  from_value(in.at("inputs"), graph.inputs);
  from_value(in.at("outputs"), graph.outputs);
  graph::check_graph(graph);
  for (const graph::TensorId id : graph.inputs) {
    if (graph.is_constant(id)) throw GraphError("input '" + graph.at(id).name + "' is constant");
  }
  return graph;
}

}  // namespace s4::sw
