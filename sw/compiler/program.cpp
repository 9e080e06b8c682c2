// What a compiled layer says of itself, and commands as text.
#include "sw/compiler/program.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sw {

std::string bound_name(const Estimate& e) {
  const std::uint64_t largest =
      std::max({e.mac, e.activation, e.epilogue, e.weights, e.rows, e.memory()});
  if (e.mac == largest) return "mac";
  if (e.activation == largest) return "activation";
  if (e.epilogue == largest) return "epilogue";
  if (e.rows == largest) return "rows";
  // Weights are part of what the memory port carries: alone they are the limit when nothing else
  // of weight goes through it.
  return e.loads + e.stores > e.weights / 8 ? "memory" : "weights";
}

Layer in_order(const Layer& layer, const std::vector<std::uint32_t>& channels) {
  Layer out = layer;
  out.weights = in_order(layer.weights, channels);
  out.weight_scales = in_order(layer.weight_scales, channels);
  out.factors = in_order(layer.factors, channels);
  out.biases = in_order(layer.biases, channels);
  if (out.float_epilogue) {
    out.float_epilogue->biases = in_order(layer.float_epilogue->biases, channels);
  }
  return out;
}

std::string disassemble(const commands::CommandBytes& bytes) {
  const auto header = commands::EndCommand::decode(bytes);
  std::string text = commands::to_string(header.opcode);
  const auto print = [&](const auto& fields) {
    for (const commands::FieldInfo& field : fields) {
      const std::int64_t value = commands::get_field(bytes, field);
      if (value != 0 && std::string(field.name) != "opcode") {
        text += fmt::format(" {}={}", field.name, value);
      }
    }
  };
  switch (header.opcode) {
    case commands::Opcode::kLoad:
    case commands::Opcode::kStore:
      print(commands::DmaCommand::kFields);
      break;
    case commands::Opcode::kWeights:
      print(commands::WeightsCommand::kFields);
      break;
    case commands::Opcode::kSpu:
      print(commands::SpuCommand::kFields);
      break;
    case commands::Opcode::kRows:
      print(commands::RowsCommand::kFields);
      break;
    default:
      print(commands::EndCommand::kFields);
  }
  return text;
}

}  // namespace s4::sw
