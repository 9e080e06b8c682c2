// Where a compiled network lies in memory. From the start of its read region, whole pages each:
//   [values that the host writes][values that the chip writes][weights][programs]
// Weights and what the chip writes may have places of their own.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// Places these values, in order, and sets the regions of values and the start of the weights.
/// `values`: positions in Network::values; a chip layer makes those with a producer.
void place_values(CompiledNetwork& compiled, const std::vector<std::size_t>& values);

/// Addresses of these values, and of those that are views of them.
[[nodiscard]] std::map<std::size_t, std::uint64_t> value_addresses(const CompiledNetwork& compiled);

/// Behind everything that the network has in memory from place.base on, a multiple of 4096.
[[nodiscard]] std::uint64_t memory_end(const CompiledNetwork& compiled);

/// Once weights and commands are known: regions that the chip may use, addresses of the programs.
/// Throws CompileError if something is larger than the hardware can address.
void place_programs(CompiledNetwork& compiled);

}  // namespace s4::sw
