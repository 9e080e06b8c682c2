// The operators of sw/onnx/*_operators.cpp, and what several of them need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sw/onnx/node_import.hpp"

namespace s4::sw {

/// An axis that may count from the end.
[[nodiscard]] std::size_t resolve_axis(const NodeImport& node, std::int64_t axis, std::size_t rank);

/// Integers of a constant input; `role` names it in an error.
[[nodiscard]] std::vector<std::int64_t> integers_of(const NodeImport& node, int i,
                                                    const std::string& role);

void add_data_operators(std::map<std::string, OperatorImport>& table);
void add_float_operators(std::map<std::string, OperatorImport>& table);
void add_function_operators(std::map<std::string, OperatorImport>& table);
void add_quantized_operators(std::map<std::string, OperatorImport>& table);
void add_reduction_operators(std::map<std::string, OperatorImport>& table);

}  // namespace s4::sw
