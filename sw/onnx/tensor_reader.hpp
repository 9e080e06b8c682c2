// Tensors of ONNX files: checked against their size before anything is allocated.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "onnx.pb.h"
#include "sw/graph/tensor.hpp"

namespace s4::sw {

/// How an element type of ONNX is held here: float16, bfloat16 and double become float32.
/// Nothing if it is not supported.
[[nodiscard]] std::optional<graph::DataType> onnx_data_type(std::int32_t type);
/// "FLOAT16", or "type 77".
[[nodiscard]] std::string onnx_type_name(std::int32_t type);

/// IEEE half precision and bfloat16 to float32, exactly.
[[nodiscard]] float half_to_float(std::uint16_t bits);
[[nodiscard]] float bfloat16_to_float(std::uint16_t bits);

/// Throws OnnxError if the tensor is damaged: `what` names it there. Its type must be supported.
/// Data in another file must lie in `folder`, below it, and be as long as the shape says.
[[nodiscard]] graph::TensorData read_tensor(const ::onnx::TensorProto& proto,
                                            const std::string& what,
                                            const std::filesystem::path& folder);

}  // namespace s4::sw
