// Which memory lies behind a subsystem's memory port on the RTL, and what a run saw of it.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace s4::sw {

enum class MemoryKind : std::uint8_t {
  kIdeal,      ///< 64 B per clock each way after a fixed latency
  kLpddr4,     ///< the station's controllers and LPDDR4X devices that check every command
  kLpddr4Ecc,  ///< the same with error correction
};
/// As the command line has it: what follows --memory.
[[nodiscard]] const char* memory_name(MemoryKind kind);
/// Of --memory and --ecc (on or off); throws std::invalid_argument.
[[nodiscard]] MemoryKind memory_from_name(const std::string& name, const std::string& ecc = "off");

/// What reports say of it. `stalls`: probability that a handshake stalls, as in RtlOptions.
[[nodiscard]] std::string memory_text(MemoryKind kind, double stalls);
/// The same in two words: "ideal memory".
[[nodiscard]] std::string memory_phrase(MemoryKind kind, double stalls);

/// What the devices of a run on LPDDR4X saw, all programs together.
struct DramReport {
  struct Channel {
    std::uint64_t reads = 0, writes = 0;  ///< bursts of 32 bytes
    std::uint64_t row_hits = 0;           ///< bursts other than the first of an open row
    std::uint64_t activates = 0, refreshes = 0;
  };
  std::uint64_t start_clocks = 0;       ///< initialisation before the first program, as simulated
  std::uint64_t full_start_clocks = 0;  ///< what it takes in hardware: waits of 2.2 ms
  std::vector<Channel> channels;
};
[[nodiscard]] nlohmann::json to_json(const DramReport& report);
/// One line without its end.
[[nodiscard]] std::string to_text(const DramReport& report);

}  // namespace s4::sw
