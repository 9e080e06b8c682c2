// The rules of infer_node, operator by operator; for the files infer*.cpp alone.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "sw/graph/infer.hpp"

namespace s4::sw::graph {

/// Kernels, strides, dilations and pads beyond this are refused, so that no sum overflows.
inline constexpr std::int64_t kMaxExtent = std::int64_t{1} << 24;

/// One node: its checks and the description of its result.
class Inference {
 public:
  Inference(const Node& node, const InputInfos& inputs) : node_(node), inputs_(inputs) {}

  /// Throws GraphError with the name of the node.
  [[nodiscard]] TensorInfo result() const;

 private:
  // what every operator needs
  [[noreturn]] void fail(const std::string& what) const {
    throw GraphError(std::string(name_of(node_.op)) + " '" + node_.name + "': " + what);
  }
  void require(bool holds, const std::string& what) const {
    if (!holds) fail(what);
  }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i].has_value(); }
  const TensorInfo& in(std::size_t i) const {
    require(has(i), "input " + std::to_string(i) + " is missing");
    return *inputs_[i];
  }
  const TensorInfo& typed(std::size_t count, DataType type) const {
    for (std::size_t i = 0; i < count; ++i) {
      require(in(i).type == type, "input " + std::to_string(i) + " is " + name_of(in(i).type) +
                                      ", not " + name_of(type));
    }
    return in(0);
  }
  const TensorInfo& bytes(std::size_t i) const {
    require(is_byte(in(i).type),
            "input " + std::to_string(i) + " is " + name_of(in(i).type) + ", not int8 or uint8");
    return in(i);
  }
  TensorInfo sized(DataType type, Shape shape) const {
    try {
      (void)element_count(shape);
    } catch (const GraphError& error) {
      fail(error.what());
    }
    return {type, std::move(shape)};
  }
  std::size_t axis_of(std::int64_t axis, const Shape& shape) const {
    require(axis >= 0 && axis < static_cast<std::int64_t>(shape.size()),
            "axis " + std::to_string(axis) + " of a tensor " + to_string(shape));
    return static_cast<std::size_t>(axis);
  }
  void check_scale(float scale, const char* which) const {
    require(std::isfinite(scale) && scale > 0.0F,
            std::string(which) + " scale " + std::to_string(scale) + " is not positive");
  }
  void check_quant(const Quant& quant, DataType type, const char* which) const {
    check_scale(quant.scale, which);
    const std::int32_t low = type == DataType::kInt8 ? -128 : 0;
    require(quant.zero >= low && quant.zero <= low + 255, std::string(which) + " zero point " +
                                                              std::to_string(quant.zero) +
                                                              " does not fit " + name_of(type));
  }
  void check_range(std::int32_t low, std::int32_t high, DataType type) const {
    const std::int32_t least = type == DataType::kInt8 ? -128 : 0;
    require(low >= least && high <= least + 255 && low <= high,
            "clamp " + std::to_string(low) + ".." + std::to_string(high));
  }
  void check_extents(const std::array<std::int64_t, 2>& values, const char* what) const {
    for (const std::int64_t v : values) {
      require(v >= 1 && v <= kMaxExtent, std::string(what) + " " + std::to_string(v));
    }
  }

  // infer_float.cpp
  [[nodiscard]] Shape convolved(const Shape& x, const Shape& w, const ConvGeometry& g) const;
  void check_bias(std::size_t i, DataType type, std::int64_t channels) const;
  [[nodiscard]] TensorInfo conv() const;
  [[nodiscard]] TensorInfo gemm() const;
  [[nodiscard]] Shape product(Shape a, Shape b) const;
  [[nodiscard]] TensorInfo matmul() const;
  [[nodiscard]] TensorInfo elementwise() const;
  [[nodiscard]] TensorInfo pool(const PoolAttributes& p) const;
  [[nodiscard]] TensorInfo global_pool() const;
  [[nodiscard]] TensorInfo batch_norm() const;

  // infer_data.cpp
  [[nodiscard]] TensorInfo reshape() const;
  [[nodiscard]] TensorInfo transpose() const;
  [[nodiscard]] TensorInfo arg_max() const;
  [[nodiscard]] TensorInfo gather() const;
  [[nodiscard]] TensorInfo concat() const;
  [[nodiscard]] TensorInfo slice() const;
  void check_scales(const QuantizeAttributes& q, DataType type) const;
  [[nodiscard]] TensorInfo quantize() const;
  [[nodiscard]] TensorInfo dequantize() const;

  // infer_bytes.cpp
  void check_layer(const QLayerAttributes& q, DataType type, std::int64_t channels,
                   const Shape& y) const;
  [[nodiscard]] TensorInfo qconv() const;
  [[nodiscard]] TensorInfo qmatmul() const;
  /// [...,K] by [K,N].
  [[nodiscard]] Shape rows_product() const;
  [[nodiscard]] TensorInfo bf16_layer(Shape y, std::size_t channel_axis) const;
  void check_binary(const QBinaryAttributes& q) const;
  [[nodiscard]] TensorInfo qmatmul_dynamic() const;
  [[nodiscard]] TensorInfo qbinary() const;
  [[nodiscard]] TensorInfo qclip() const;
  [[nodiscard]] TensorInfo qpool() const;

  // infer_functions.cpp
  [[nodiscard]] TensorInfo unary() const;
  [[nodiscard]] TensorInfo softmax() const;
  [[nodiscard]] TensorInfo pow() const;
  [[nodiscard]] TensorInfo reduce_mean() const;
  void check_epsilon(float epsilon) const;
  /// gamma and beta are float32 of this shape where they are there.
  void check_affine(const Shape& shape) const;
  [[nodiscard]] TensorInfo layer_norm() const;
  [[nodiscard]] TensorInfo qunary() const;
  [[nodiscard]] TensorInfo qrow() const;

  const Node& node_;
  const InputInfos& inputs_;
};

}  // namespace s4::sw::graph
