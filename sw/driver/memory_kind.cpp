#include "sw/driver/memory_kind.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace s4::sw {
namespace {

constexpr std::size_t kChannelsOneByOne = 4;  // more than these are shown as a sum

}  // namespace

const char* memory_name(MemoryKind kind) {
  switch (kind) {
    case MemoryKind::kLpddr4:
      return "lpddr4";
    case MemoryKind::kLpddr4Ecc:
      return "lpddr4 --ecc on";
    default:
      return "ideal";
  }
}

MemoryKind memory_from_name(const std::string& name, const std::string& ecc) {
  if (ecc != "on" && ecc != "off") throw std::invalid_argument("--ecc '" + ecc + "' (on, off)");
  if (name == "lpddr4") return ecc == "on" ? MemoryKind::kLpddr4Ecc : MemoryKind::kLpddr4;
  if (name != "ideal") throw std::invalid_argument("no memory '" + name + "' (ideal, lpddr4)");
  if (ecc == "on") throw std::invalid_argument("--ecc on needs --memory lpddr4");
  return MemoryKind::kIdeal;
}

std::string memory_text(MemoryKind kind, double stalls) {
  if (kind != MemoryKind::kIdeal) {
    return fmt::format("lpddr4, 2 channels of LPDDR4X-3600 x16 with 2 ranks, 16 B per clock{}{}",
                       kind == MemoryKind::kLpddr4Ecc ? ", error correction on" : "",
                       stalls > 0 ? fmt::format(", random stalls {}", stalls) : "");
  }
  return stalls > 0 ? fmt::format("ideal, random stalls {}", stalls)
                    : "ideal, 64 B per clock, latency 100";
}

std::string memory_phrase(MemoryKind kind, double stalls) {
  const char* const random = stalls > 0 ? " with random stalls" : "";
  if (kind == MemoryKind::kLpddr4Ecc) {
    return fmt::format("LPDDR4X memory with error correction{}",
                       stalls > 0 ? " and random stalls" : "");
  }
  return fmt::format("{} memory{}", kind == MemoryKind::kLpddr4 ? "LPDDR4X" : "ideal", random);
}

nlohmann::json to_json(const DramReport& report) {
  nlohmann::json out = {{"start_clocks", report.start_clocks},
                        {"full_start_clocks", report.full_start_clocks},
                        {"channels", nlohmann::json::array()}};
  for (const DramReport::Channel& c : report.channels) {
    out["channels"].push_back({{"read_bursts", c.reads},
                               {"write_bursts", c.writes},
                               {"row_hits", c.row_hits},
                               {"activates", c.activates},
                               {"refreshes", c.refreshes}});
  }
  return out;
}

std::string to_text(const DramReport& report) {
  const auto percent = [](std::uint64_t hits, std::uint64_t all) {
    return all > 0 ? 100.0 * static_cast<double>(hits) / static_cast<double>(all) : 0.0;
  };
  std::string text = "every DRAM command legal; bursts of 32 B read + written";
  DramReport::Channel sum;
  double least = 100;
  for (std::size_t i = 0; i < report.channels.size(); ++i) {
    const DramReport::Channel& c = report.channels[i];
    const double open = percent(c.row_hits, c.reads + c.writes);
    sum.reads += c.reads;
    sum.writes += c.writes;
    sum.row_hits += c.row_hits;
    least = std::min(least, open);
    if (report.channels.size() > kChannelsOneByOne) continue;
    text += fmt::format("{} channel {}: {} + {}, {:.1f} % in open rows", i == 0 ? ":" : ";", i,
                        c.reads, c.writes, open);
  }
  if (report.channels.size() > kChannelsOneByOne) {
    text += fmt::format(": {} channels: {} + {}, {:.1f} % in open rows, {:.1f} % where it is least",
                        report.channels.size(), sum.reads, sum.writes,
                        percent(sum.row_hits, sum.reads + sum.writes), least);
  }
  return text + fmt::format(
                    ". Initialisation before the first program, not in the cycles: {} clocks "
                    "(simulated in {})",
                    report.full_start_clocks, report.start_clocks);
}

}  // namespace s4::sw
