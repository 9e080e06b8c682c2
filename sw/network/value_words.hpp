// Activations between the graph's tensors and the words that the chip reads and writes.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/graph/graph.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// The words of a value that has the data of its tensor: bytes as they are, float32 rounded to
/// BF16; windows gathered where the value has some.
[[nodiscard]] std::vector<std::uint8_t> words_of(const ChipValue& value,
                                                 const graph::TensorData& data);

/// The tensor whose value has these words; no windows.
[[nodiscard]] graph::TensorData data_of(const ChipValue& value, const graph::Tensor& tensor,
                                        const std::vector<std::uint8_t>& words);

}  // namespace s4::sw
