// Layers of a network that run on one subsystem, between others that do not.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// The programs of these layers, in order, as compile_network makes those of a run: of the result
/// only programs, weights and their region count. Values that they load or store lie at
/// `addresses`, by value; weights and tables follow at `weights`, a multiple of 64. The programs
/// have no addresses yet. Throws CompileError if a layer does not fit the configuration in any way.
[[nodiscard]] CompiledNetwork compile_run(const Network& network,
                                          const std::vector<std::size_t>& layers,
                                          const config::Configuration& config,
                                          const std::map<std::size_t, std::uint64_t>& addresses,
                                          std::uint64_t weights);

}  // namespace s4::sw
