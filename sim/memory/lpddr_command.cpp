#include "sim/memory/lpddr_command.hpp"

#include <fmt/format.h>

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace s4::sim {
namespace {

constexpr std::array<const char*, kLpddrKinds> kNames{
    "ACT",   "RD",  "RDA", "WR",  "WRA", "MWR", "PREPB", "PREAB", "REFPB",
    "REFAB", "MRW", "MRR", "PDE", "PDX", "SRE", "SRX",   "ZQ"};

/// Limits of the number columns of a line: rank, bank, row, column.
constexpr std::array<unsigned, 4> kLimits{2, 8, 65536, 1024};

}  // namespace

const char* to_string(LpddrKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

unsigned lpddr_length(LpddrKind kind) {
  switch (kind) {
    case LpddrKind::kPde:
    case LpddrKind::kPdx:
      return 1;
    case LpddrKind::kPrePb:
    case LpddrKind::kPreAb:
    case LpddrKind::kRefPb:
    case LpddrKind::kRefAb:
    case LpddrKind::kSre:
    case LpddrKind::kSrx:
    case LpddrKind::kZq:
      return 2;
    default:
      return 4;
  }
}

bool is_read(LpddrKind kind) { return kind == LpddrKind::kRd || kind == LpddrKind::kRda; }
bool is_write(LpddrKind kind) {
  return kind == LpddrKind::kWr || kind == LpddrKind::kWra || kind == LpddrKind::kMwr;
}
bool has_bank(LpddrKind kind) {
  return has_row(kind) || has_column(kind) || kind == LpddrKind::kPrePb ||
         kind == LpddrKind::kRefPb;
}
bool has_row(LpddrKind kind) { return kind == LpddrKind::kAct; }
bool has_column(LpddrKind kind) { return is_read(kind) || is_write(kind); }

std::string to_text(const LpddrCommand& c) {
  const auto field = [](bool there, unsigned value) {
    return there ? std::to_string(value) : std::string("-");
  };
  return fmt::format("{} {} {} {} {} {}", c.first, to_string(c.kind), c.rank,
                     field(has_bank(c.kind), c.bank), field(has_row(c.kind), c.row),
                     field(has_column(c.kind), c.column));
}

std::string describe(const LpddrCommand& c) {
  std::string text = fmt::format("{} of rank {}", to_string(c.kind), c.rank);
  if (has_bank(c.kind)) text += fmt::format(" bank {}", c.bank);
  if (has_row(c.kind)) text += fmt::format(" row {}", c.row);
  if (has_column(c.kind)) text += fmt::format(" column {}", c.column);
  if (c.kind == LpddrKind::kMrw) text += fmt::format(" (MR{} = {:#04x})", c.row, c.column);
  return text + fmt::format(" at CK {} (last edge {})", c.first, c.last());
}

std::vector<LpddrCommand> read_commands(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<LpddrCommand> commands;
  std::array<unsigned, 2> calibrations{};
  std::string line;
  for (unsigned number = 1; std::getline(file, line); ++number) {
    const auto refuse = [&](const std::string& why) {
      throw std::runtime_error(fmt::format("{}:{}: {}", path, number, why));
    };
    std::istringstream words(line);
    std::array<std::string, 6> field;
    std::string rest;
    for (std::string& f : field) words >> f;
    if (field[5].empty() || words >> rest) {
      refuse("expected '<first CK> <command> <rank> <bank> <row> <column>'");
    }
    LpddrCommand command;
    unsigned kind = 0;
    while (kind < kLpddrKinds && field[1] != kNames[kind]) ++kind;
    if (kind == kLpddrKinds) refuse("no such command: " + field[1]);
    command.kind = static_cast<LpddrKind>(kind);
    const auto digits = [](const std::string& text) {
      return text.find_first_not_of("0123456789") == std::string::npos && text.size() < 19;
    };
    if (!digits(field[0])) refuse("not a clock: " + field[0]);
    command.first = std::stoull(field[0]);
    const std::array<bool, 4> wanted{true, has_bank(command.kind), has_row(command.kind),
                                     has_column(command.kind)};
    std::array<unsigned, 4> values{};
    for (unsigned i = 0; i < 4; ++i) {
      const std::string& text = field[i + 2];
      if (!wanted[i] && text == "-") continue;
      if (!wanted[i] || !digits(text) || text.size() > 8 || std::stoul(text) >= kLimits[i]) {
        refuse(fmt::format("'{}' is not a {} of {}", text,
                           std::array{"rank", "bank", "row", "column"}[i], field[1]));
      }
      values[i] = static_cast<unsigned>(std::stoul(text));
    }
    command.rank = static_cast<std::uint8_t>(values[0]);
    command.bank = static_cast<std::uint8_t>(values[1]);
    command.row = static_cast<std::uint16_t>(values[2]);
    command.column = static_cast<std::uint16_t>(values[3]);
    if (command.kind == LpddrKind::kZq) command.column = calibrations[command.rank]++ % 2;
    commands.push_back(command);
  }
  return commands;
}

}  // namespace s4::sim
