// Which layers of a run are cut one by one, and which are computed one after the other with their
// results on the chip.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

namespace s4::sw {

/// How a layer is computed.
enum class Way : std::uint8_t {
  kCut,     ///< all subsystems compute it, from memory to memory
  kAlone,   ///< one subsystem, in a group with its neighbours
  kShared,  ///< every subsystem some of the images, in a group with its neighbours
};

inline constexpr std::uint64_t kNeverDone = std::numeric_limits<std::uint64_t>::max();

/// Clocks of a layer, kNeverDone where a way is not possible.
struct WayClocks {
  std::uint64_t cut = kNeverDone;  ///< what its parts cost the host too
  std::uint64_t alone = kNeverDone;
  std::uint64_t shared = kNeverDone;
  // Before a group that begins with it has what nothing hides; before what follows a group that
  // ends with it has its results.
  std::uint64_t open_alone = 0;
  std::uint64_t open_shared = 0;
  std::uint64_t close = 0;
};

/// The ways that end soonest, one per layer; neighbours that are not cut and have the same way are
/// one group. Of ways with the same clocks the first one of Way. Throws std::logic_error if there
/// are none.
[[nodiscard]] std::vector<Way> soonest_ways(const std::vector<WayClocks>& layers);

}  // namespace s4::sw
