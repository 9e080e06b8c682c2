#include "sim/memory/lpddr_decoder.hpp"

#include <fmt/format.h>

#include "sim/memory/lpddr_rules.hpp"

namespace s4::sim {

LpddrCommand LpddrDecoder::seen() const {
  LpddrCommand command;
  command.first = first_;
  command.rank = rank_;
  command.kind = lpddr_part_kind(parts_[0].high).value_or(LpddrKind::kAct);
  return command;
}

std::optional<LpddrCommand> LpddrDecoder::clock(std::uint64_t ck, unsigned cs, unsigned ca) {
  if (cs == 0 && edges_ == 0) return std::nullopt;
  const auto refuse = [&](const char* rule, const std::string& why) {
    throw LpddrViolation(rule, fmt::format("{} broken at CK {}: {}", rule, ck, why), seen(),
                         std::nullopt);
  };
  if (cs == 3) {
    throw LpddrViolation("ca_bus", fmt::format("ca_bus broken at CK {}: CS of both ranks", ck),
                         std::nullopt, std::nullopt);
  }
  const auto high = static_cast<std::uint8_t>(ca & 63);
  if (edges_ == 0) {
    first_ = ck;
    rank_ = static_cast<std::uint8_t>(cs == 2 ? 1 : 0);
    parts_[0].high = high;
    length_ = lpddr_part_length(high);
    if (length_ == 0) {
      throw LpddrViolation(
          "coding", fmt::format("coding broken at CK {}: CA {:#04x} is no command", ck, high),
          std::nullopt, std::nullopt);
    }
    edges_ = 1;
    return std::nullopt;
  }
  if (edges_ == 2) {
    if (cs == 0 || (cs == 2) != (rank_ == 1)) {
      refuse(cs == 0 ? "coding" : "ca_bus",
             describe(seen()) + (cs == 0 ? " lacks its second half"
                                         : " is on the CA bus when another rank's CS rises"));
    }
    parts_[1].high = high;
    edges_ = 3;
    return std::nullopt;
  }
  if (cs != 0) {
    refuse("ca_bus",
           fmt::format("CS of rank {} is high within {}", cs == 2 ? 1 : 0, describe(seen())));
  }
  parts_[edges_ / 2].low = high;
  if (++edges_ < length_) return std::nullopt;
  edges_ = 0;
  std::string why;
  std::optional<LpddrCommand> command =
      lpddr_decode(parts_[0], length_ == 4 ? &parts_[1] : nullptr, why);
  if (!why.empty()) refuse("coding", why);
  if (command) {
    command->first = first_;
    command->rank = rank_;
  }
  return command;
}

}  // namespace s4::sim
