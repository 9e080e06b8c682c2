// Requests to one memory channel: from a file, or of a pattern.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace s4::sw {

/// A request that its source has from `clock` on.
struct MemoryRequest {
  std::uint64_t clock = 0;  ///< of the controller; 0: as soon as possible
  bool write = false;
  std::uint64_t address = 0;  ///< bytes
  std::uint32_t bytes = 64;   ///< 1 to kMaxRequestBytes
};
inline constexpr std::uint32_t kMaxRequestBytes = 1u << 20;

/// Reads lines `<clock> R|W <hex byte address> <bytes>`, empty lines and # comments allowed. Throws
/// std::runtime_error naming file and line: text that is not this, bytes beyond `capacity`, no
/// requests at all.
[[nodiscard]] std::vector<MemoryRequest> read_memory_trace(const std::string& path,
                                                           std::uint64_t capacity);

/// kTwoStreams: two reads of one sequence, one write of another. kRandomMixed: a third are writes.
/// kRandom256: reads of 256 bytes. kStride: reads 16 KiB apart. All others 64 bytes.
enum class MemoryPattern {
  kSequentialRead,
  kSequentialWrite,
  kTwoStreams,
  kRandomRead,
  kRandomMixed,
  kRandom256,
  kStride,
};
[[nodiscard]] const char* to_string(MemoryPattern pattern);
/// Throws std::invalid_argument that names the known ones.
[[nodiscard]] MemoryPattern memory_pattern(const std::string& name);
/// `capacity` in bytes, a multiple of 16 KiB of at least 1 MiB.
[[nodiscard]] std::vector<MemoryRequest> make_memory_requests(MemoryPattern pattern,
                                                              std::uint64_t count,
                                                              std::uint64_t capacity,
                                                              std::uint64_t seed);

}  // namespace s4::sw
