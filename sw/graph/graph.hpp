// A network as a graph of typed operators: plain values, no link to the file it came from.
//
// Shapes are static. Tensors are named by their position in Graph::tensors; nodes are stored in
// an order in which every tensor is made before it is read.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sw/graph/tensor.hpp"

namespace s4::sw::graph {

using TensorId = std::uint32_t;
/// An optional input that is not there.
inline constexpr TensorId kNoTensor = std::numeric_limits<TensorId>::max();

struct Tensor {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;
  std::optional<TensorData> constant;  ///< set: the tensor is a constant
};

/// Inputs in brackets are optional and may be kNoTensor or missing.
enum class Op : std::uint8_t {
  // float32
  kConv,               ///< x, weights [M,C/groups,R,S], [bias [M]]; ConvAttributes
  kGemm,               ///< a, b, [c]; GemmAttributes
  kMatMul,             ///< a, b; ClampAttributes
  kAdd,                ///< a, b; ClampAttributes; also of integer constants
  kSub,                ///< a, b; no attributes
  kMul,                ///< a, b; ClampAttributes
  kDiv,                ///< a, b; no attributes
  kMax,                ///< a, b; no attributes; NaN where one is
  kClip,               ///< x; ClampAttributes. Relu is a Clip from 0.
  kAveragePool,        ///< x; PoolAttributes
  kGlobalAveragePool,  ///< x
  kBatchNorm,          ///< x, scale, bias, mean, variance; BatchNormAttributes
  kSoftmax,            ///< x; AxisAttributes
  kUnary,              ///< x; UnaryAttributes
  kLayerNorm,          ///< x, [gamma], [beta]; LayerNormAttributes
  kReduceMean,         ///< x; ReduceAttributes
  kPow,                ///< x, exponent; no attributes
  // any type
  kMaxPool,    ///< x; PoolAttributes
  kReshape,    ///< x; ReshapeAttributes. Flatten, Squeeze, Unsqueeze and Identity are Reshapes.
  kTranspose,  ///< x; TransposeAttributes
  kArgMax,     ///< x; AxisAttributes; result int64
  kGather,     ///< data, indices; AxisAttributes
  kConcat,     ///< any number; AxisAttributes
  kSlice,      ///< x; SliceAttributes
  kCast,       ///< x; CastAttributes
  // between float32 and bytes
  kQuantize,    ///< x; QuantizeAttributes
  kDequantize,  ///< x (int8, uint8 or int32); QuantizeAttributes
  // bytes
  kQConv,               ///< x, weights int8, [bias int32], [second]; QLayerAttributes
  kQMatMul,             ///< a [...,K], weights int8 [K,N], [bias int32 [N]], [second]; the same
  kQMatMulDynamic,      ///< a, b; QBinaryAttributes
  kQAdd,                ///< a, b; QBinaryAttributes
  kQMul,                ///< a, b; QBinaryAttributes
  kQSub,                ///< a, b; QBinaryAttributes: quantise(dequantise(a) - dequantise(b))
  kQMax,                ///< a, b; QBinaryAttributes: quantise(max(dequantise(a), dequantise(b)))
  kQClip,               ///< x; QUnaryAttributes. Also quantises anew, with an unlimited clamp.
  kQAveragePool,        ///< x, what add_window_shares() adds; QPoolAttributes
  kQGlobalAveragePool,  ///< x, what add_image_ones() adds; QPoolAttributes
  kQUnary,              ///< x; QFunctionAttributes
  kQSoftmax,            ///< x, over the last axis; QRowAttributes
  kQLayerNorm,          ///< x, [gamma float32], [beta float32], over the last axis; QRowAttributes
  // BF16: tensors are float32, of which operands and results are rounded to BF16
  // (docs/blocks/bf16.md)
  kBf16Conv,     ///< x, weights, [bias], [second]; Bf16LayerAttributes
  kBf16MatMul,   ///< a [...,K], weights [K,N], [bias [N]], [second]; Bf16LayerAttributes
  kBf16MaxPool,  ///< x; PoolAttributes: maximum of IEEE 754-2019, NaN where the window has one
  kBf16Unary,    ///< x; UnaryAttributes: the BF16 nearest to the function, HardSwish excepted
};

[[nodiscard]] const char* name_of(Op op);

/// Inclusive limits of real values.
struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  [[nodiscard]] bool is_open() const {
    return low == -std::numeric_limits<float>::infinity() &&
           high == std::numeric_limits<float>::infinity();
  }
  [[nodiscard]] bool operator==(const Clamp&) const = default;
};

/// real = scale * (quantised - zero).
struct Quant {
  float scale = 1.0F;
  std::int32_t zero = 0;
  [[nodiscard]] bool operator==(const Quant&) const = default;
};

struct NoAttributes {
  [[nodiscard]] bool operator==(const NoAttributes&) const = default;
};
struct ConvGeometry {
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};  ///< top, left, bottom, right
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilations{1, 1};
  std::int64_t groups = 1;
  [[nodiscard]] bool operator==(const ConvGeometry&) const = default;
};
struct ConvAttributes {
  ConvGeometry geometry;
  Clamp clamp;
  [[nodiscard]] bool operator==(const ConvAttributes&) const = default;
};
struct GemmAttributes {
  float alpha = 1.0F;
  float beta = 1.0F;
  bool transpose_a = false;
  bool transpose_b = false;
  Clamp clamp;
  [[nodiscard]] bool operator==(const GemmAttributes&) const = default;
};
struct ClampAttributes {
  Clamp clamp;
  [[nodiscard]] bool operator==(const ClampAttributes&) const = default;
};
struct PoolAttributes {
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilations{1, 1};
  bool ceil_mode = false;
  bool count_include_pad = false;
  [[nodiscard]] bool operator==(const PoolAttributes&) const = default;
};
struct BatchNormAttributes {
  float epsilon = 1e-5F;
  [[nodiscard]] bool operator==(const BatchNormAttributes&) const = default;
};
struct AxisAttributes {
  std::int64_t axis = 0;    ///< 0 to rank - 1
  bool keep_dims = true;    ///< ArgMax
  bool last_index = false;  ///< ArgMax: of equal values the last
  bool to_end = false;      ///< Softmax: over the axis and all behind it together
  [[nodiscard]] bool operator==(const AxisAttributes&) const = default;
};
/// Elementwise functions, as ONNX defines them.
enum class Function : std::uint8_t {
  kGelu,      ///< x/2 (1 + erf(x / sqrt 2))
  kGeluTanh,  ///< x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
  kExp,
  kLog,
  kReciprocal,
  kRsqrt,  ///< 1 / sqrt(x)
  kSqrt,
  kSigmoid,
  kTanh,
  kSilu,  ///< x sigmoid(x)
  kSoftplus,
  kErf,
  kHardSwish,  ///< x clamp(x/6 + 1/2, 0, 1)
};
inline constexpr Function kLastFunction = Function::kHardSwish;
/// As on the command line: "gelu", "gelu_tanh", ...
[[nodiscard]] const char* name_of(Function function);
struct UnaryAttributes {
  Function function = Function::kGelu;
  [[nodiscard]] bool operator==(const UnaryAttributes&) const = default;
};
/// (x - mean) / sqrt(variance + epsilon) gamma + beta, over the axes from `axis` on; gamma and beta
/// have their shape.
struct LayerNormAttributes {
  std::int64_t axis = 0;  ///< 0 to rank - 1
  float epsilon = 1e-5F;
  [[nodiscard]] bool operator==(const LayerNormAttributes&) const = default;
};
struct ReduceAttributes {
  std::vector<std::int64_t> axes;  ///< 0 to rank - 1, rising
  bool keep_dims = true;
  [[nodiscard]] bool operator==(const ReduceAttributes&) const = default;
};
struct ReshapeAttributes {
  Shape shape;
  [[nodiscard]] bool operator==(const ReshapeAttributes&) const = default;
};
struct TransposeAttributes {
  std::vector<std::int64_t> permutation;  ///< output axis i is input axis permutation[i]
  [[nodiscard]] bool operator==(const TransposeAttributes&) const = default;
};
struct SliceAttributes {
  std::vector<std::int64_t> starts;  ///< one per axis, inside the tensor
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> steps;  ///< not 0
  [[nodiscard]] bool operator==(const SliceAttributes&) const = default;
};
struct CastAttributes {
  DataType type = DataType::kFloat32;
  [[nodiscard]] bool operator==(const CastAttributes&) const = default;
};
/// One scale, or one per position of `axis`.
struct QuantizeAttributes {
  std::vector<float> scale;
  std::vector<std::int32_t> zero;         ///< as many as scales
  std::int64_t axis = 0;                  ///< where there is more than one scale
  DataType byte_type = DataType::kUint8;  ///< of the quantised side
  [[nodiscard]] bool per_tensor() const { return scale.size() == 1; }
  [[nodiscard]] bool operator==(const QuantizeAttributes&) const = default;
};
/// What a layer's own result and a second tensor give.
struct QSum {
  Quant second;
  Quant sum;
  std::int32_t low = 0;  ///< clamp of the sum
  std::int32_t high = 0;
  bool second_is_left = false;  ///< order of the operands
  Op op = Op::kQAdd;            ///< kQAdd, kQSub, kQMul or kQMax
  [[nodiscard]] bool operator==(const QSum&) const = default;
};
struct QLayerAttributes {
  ConvGeometry geometry;  ///< convolutions only
  Quant x;
  std::vector<float> weight_scale;  ///< one, or one per output channel
  Quant y;                          ///< of the layer's own result
  std::int32_t low = 0;             ///< clamp of the quantised result
  std::int32_t high = 0;
  std::optional<QSum> add;
  [[nodiscard]] bool operator==(const QLayerAttributes&) const = default;
};
struct QBinaryAttributes {
  Quant a;
  Quant b;
  Quant y;
  std::int32_t low = 0;
  std::int32_t high = 0;
  [[nodiscard]] bool operator==(const QBinaryAttributes&) const = default;
};
struct QUnaryAttributes {
  Quant x;
  Quant y;
  Clamp clamp;  ///< real values
  DataType y_type = DataType::kUint8;
  [[nodiscard]] bool operator==(const QUnaryAttributes&) const = default;
};
struct QPoolAttributes {
  PoolAttributes pool;  ///< kQAveragePool only
  Quant x;
  Quant y;
  [[nodiscard]] bool operator==(const QPoolAttributes&) const = default;
};
/// y = quantise(function(dequantise(x))).
struct QFunctionAttributes {
  Quant x;
  Quant y;
  Function function = Function::kGelu;
  [[nodiscard]] bool operator==(const QFunctionAttributes&) const = default;
};
/// y = quantise(operation(dequantise(x))) of every row.
struct QRowAttributes {
  Quant x;
  Quant y;
  float epsilon = 0;  ///< kQLayerNorm only
  [[nodiscard]] bool operator==(const QRowAttributes&) const = default;
};

/// A sum in float32 and BF16 products, plus bias, plus the second tensor if there is one.
struct Bf16LayerAttributes {
  ConvGeometry geometry;  ///< convolutions only
  Clamp clamp;            ///< of the result
  [[nodiscard]] bool operator==(const Bf16LayerAttributes&) const = default;
};

using Attributes =
    std::variant<NoAttributes, ConvAttributes, GemmAttributes, ClampAttributes, PoolAttributes,
                 BatchNormAttributes, AxisAttributes, ReshapeAttributes, TransposeAttributes,
                 SliceAttributes, CastAttributes, QuantizeAttributes, QLayerAttributes,
                 QBinaryAttributes, QUnaryAttributes, QPoolAttributes, Bf16LayerAttributes,
                 UnaryAttributes, LayerNormAttributes, ReduceAttributes, QFunctionAttributes,
                 QRowAttributes>;

struct Node {
  Op op = Op::kReshape;
  std::string name;
  std::vector<TensorId> inputs;
  TensorId output = kNoTensor;
  Attributes attributes;

  /// The attributes as type A; throws GraphError if the node holds others.
  template <typename A>
  [[nodiscard]] const A& get() const {
    if (const auto* found = std::get_if<A>(&attributes)) return *found;
    throw GraphError(std::string(name_of(op)) + " '" + name + "' holds the wrong attributes");
  }
  template <typename A>
  [[nodiscard]] A& get() {
    return const_cast<A&>(std::as_const(*this).get<A>());
  }
  /// Input i, or kNoTensor.
  [[nodiscard]] TensorId input(std::size_t i) const {
    return i < inputs.size() ? inputs[i] : kNoTensor;
  }
};

struct Graph {
  std::string name;
  std::vector<Tensor> tensors;
  std::vector<Node> nodes;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  TensorId add_tensor(Tensor tensor);
  TensorId add_constant(std::string tensor_name, TensorData data);
  [[nodiscard]] const Tensor& at(TensorId id) const { return tensors.at(id); }
  [[nodiscard]] Tensor& at(TensorId id) { return tensors.at(id); }
  [[nodiscard]] bool is_constant(TensorId id) const {
    return id != kNoTensor && at(id).constant.has_value();
  }
  [[nodiscard]] const TensorData& constant(TensorId id) const;
};

/// Which nodes make and read every tensor; valid until the nodes change.
struct Uses {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> producer;                ///< node, or kNone; by tensor
  std::vector<std::vector<std::size_t>> consumers;  ///< nodes, once per input; by tensor
  std::vector<bool> is_output;                      ///< of the graph; by tensor

  explicit Uses(const Graph& graph);
  /// Read by exactly one input of one node, and no output of the graph.
  [[nodiscard]] bool read_once(TensorId id) const {
    return consumers[id].size() == 1 && !is_output[id];
  }
};

/// Puts the nodes into an order in which tensors are made before they are read, as near to the
/// present one as possible. Throws GraphError with the names of nodes that form a cycle.
void sort_nodes(Graph& graph);

/// Throws GraphError unless every id is valid, every tensor has at most one maker, order and types
/// hold, and the shapes are those that shape inference gives.
void check_graph(const Graph& graph);

/// One line per input, node and output.
[[nodiscard]] std::string describe(const Graph& graph);

}  // namespace s4::sw::graph
