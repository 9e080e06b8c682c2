// The seed of a test run: one number, from the environment, printed by every failure.
#pragma once
#include <cstdint>

namespace s4::tb {

/// Value of S4_SEED, 1 when it is not set. Throws std::invalid_argument if it is not a number.
[[nodiscard]] std::uint64_t seed();

/// True when the full counts of `make regress` are asked for (S4_FULL=1).
[[nodiscard]] bool full_run();

}  // namespace s4::tb
