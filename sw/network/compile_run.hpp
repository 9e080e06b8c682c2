// Layers of a network that run on one subsystem, between others that do not.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// Images [begin, end) of the batch.
struct Images {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] std::uint32_t count() const { return end - begin; }
};

/// The programs of these layers, in order, as compile_network makes those of a run: of the result
/// only programs, weights and their region count. Values that they load or store lie at
/// `addresses`, by value; weights and tables follow at `weights`, a multiple of 64. The programs
/// have no addresses yet. With `window` they compute only these images, of tensors that hold all.
/// Throws CompileError if a layer does not fit the configuration in any way.
[[nodiscard]] CompiledNetwork compile_run(const Network& network,
                                          const std::vector<std::size_t>& layers,
                                          const config::Configuration& config,
                                          const std::map<std::size_t, std::uint64_t>& addresses,
                                          std::uint64_t weights,
                                          const std::optional<Images>& window = std::nullopt);

}  // namespace s4::sw
