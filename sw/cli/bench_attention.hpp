// The two products of attention on the RTL: both operands activations.
#pragma once

#include <nlohmann/json.hpp>

#include "sim/config/gen/configuration.hpp"

namespace s4::cli {

struct AttentionFigures {
  nlohmann::json rows = nlohmann::json::array();
  bool ok = true;
};

/// Q x K^T and P x V of BERT-base, 12 heads of 64, 384 tokens, each as one program with activations
/// in the local buffer and the right operand read from memory, of either type. Prints a line each.
[[nodiscard]] AttentionFigures bench_attention(const config::Configuration& config, bool bf16,
                                               std::uint64_t seed);

}  // namespace s4::cli
