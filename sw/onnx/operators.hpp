// The operators of sw/onnx/float_operators.cpp and sw/onnx/quantized_operators.cpp.
#pragma once

#include <map>
#include <string>

#include "sw/onnx/node_import.hpp"

namespace s4::sw {

void add_float_operators(std::map<std::string, OperatorImport>& table);
void add_quantized_operators(std::map<std::string, OperatorImport>& table);

}  // namespace s4::sw
