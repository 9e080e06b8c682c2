// How much of the local buffer a program has in use.
#pragma once

#include <cstdint>
#include <vector>

#include "sw/compiler/program.hpp"

namespace s4::sw {

/// For each of `layers` layers the most bytes of the local buffer that are in use at one of its
/// commands, in the order of the program. A word is in use from the command that writes it to the
/// last one that reads it before it is written again.
[[nodiscard]] std::vector<std::uint64_t> local_peaks(const Program& program, std::size_t layers,
                                                     std::uint64_t local_words);

}  // namespace s4::sw
