// Command truth table of JESD209-4. A part is two CK: CS high, then CS low. Bit k of a value is
// CAk.
#include <fmt/format.h>

#include <stdexcept>

#include "sim/memory/lpddr_command.hpp"

namespace s4::sim {
namespace {

constexpr unsigned kCalibrationStart = 0x4f, kCalibrationLatch = 0x51;

/// A row of the table: the bits of the first CK that tell the command, CA0 first.
struct Row {
  const char* bits;  // H, L, or . for an operand
  LpddrKind kind;
  unsigned length;
};
constexpr Row kTable[] = {
    {"LLLLL.", LpddrKind::kZq, 2},  // multi-purpose command
    {"LLLLHL", LpddrKind::kPrePb, 2}, {"LLLLHH", LpddrKind::kPreAb, 2},
    {"LLLHLL", LpddrKind::kRefPb, 2}, {"LLLHLH", LpddrKind::kRefAb, 2},
    {"LLLHH.", LpddrKind::kSre, 2},   {"LLHLH.", LpddrKind::kSrx, 2},
    {"LLHLL.", LpddrKind::kWr, 4},    {"LLHHLL", LpddrKind::kMwr, 4},
    {"LHLLL.", LpddrKind::kRd, 4},    {"LHHLL.", LpddrKind::kMrw, 4},
    {"LHHHL.", LpddrKind::kMrr, 4},   {"HL....", LpddrKind::kAct, 4},
};

bool matches(const char* bits, unsigned value) {
  for (unsigned i = 0; i < 6; ++i) {
    if (bits[i] != '.' && (bits[i] == 'H') != ((value >> i & 1) != 0)) return false;
  }
  return true;
}

unsigned pattern(const char* bits) {
  unsigned value = 0;
  for (unsigned i = 0; i < 6; ++i) value |= (bits[i] == 'H' ? 1u : 0u) << i;
  return value;
}

const Row* find(unsigned high) {
  for (const Row& row : kTable) {
    if (matches(row.bits, high)) return &row;
  }
  return nullptr;
}

constexpr const char* kSecondAct = "HH....";
constexpr const char* kSecondColumn = "LHLLH.";
constexpr const char* kSecondMrw = "LHHLH.";

const char* second_of(LpddrKind kind) {
  if (kind == LpddrKind::kAct) return kSecondAct;
  return kind == LpddrKind::kMrw ? kSecondMrw : kSecondColumn;
}

unsigned bits(unsigned value, unsigned low, unsigned count) {
  return value >> low & ((1u << count) - 1);
}

}  // namespace

unsigned lpddr_part_length(std::uint8_t high) {
  const Row* row = find(high);
  return row == nullptr ? 0 : row->length;
}

std::optional<LpddrKind> lpddr_part_kind(std::uint8_t high) {
  const Row* row = find(high);
  return row == nullptr ? std::nullopt : std::optional(row->kind);
}

std::vector<std::uint8_t> lpddr_encode(const LpddrCommand& c) {
  const auto part = [](unsigned high, unsigned low) {
    return std::vector<std::uint8_t>{static_cast<std::uint8_t>(high),
                                     static_cast<std::uint8_t>(low)};
  };
  const auto four = [&](unsigned h1, unsigned l1, unsigned h2, unsigned l2) {
    std::vector<std::uint8_t> all = part(h1, l1);
    for (const std::uint8_t v : part(h2, l2)) all.push_back(v);
    return all;
  };
  LpddrKind plain = c.kind;
  const bool precharge = c.kind == LpddrKind::kRda || c.kind == LpddrKind::kWra;
  if (c.kind == LpddrKind::kRda) plain = LpddrKind::kRd;
  if (c.kind == LpddrKind::kWra) plain = LpddrKind::kWr;
  unsigned first = 0;
  for (const Row& row : kTable) {
    if (row.kind == plain) first = pattern(row.bits);
  }
  switch (plain) {
    case LpddrKind::kPde:
    case LpddrKind::kPdx:
      throw std::invalid_argument("CKE has no coding on the CA bus");
    case LpddrKind::kAct:
      return four(first | bits(c.row, 12, 4) << 2, c.bank | bits(c.row, 10, 2) << 4,
                  pattern(kSecondAct) | bits(c.row, 6, 4) << 2, bits(c.row, 0, 6));
    case LpddrKind::kRd:
    case LpddrKind::kWr:
    case LpddrKind::kMwr:
      return four(first, c.bank | bits(c.column, 9, 1) << 4 | (precharge ? 32u : 0u),
                  pattern(kSecondColumn) | bits(c.column, 8, 1) << 5, bits(c.column, 2, 6));
    case LpddrKind::kMrw:
      return four(first | bits(c.column, 7, 1) << 5, bits(c.row, 0, 6),
                  pattern(kSecondMrw) | bits(c.column, 6, 1) << 5, bits(c.column, 0, 6));
    case LpddrKind::kMrr:
      return four(first, bits(c.row, 0, 6), pattern(kSecondColumn), 0);
    case LpddrKind::kZq: {
      const unsigned op = c.column == 0 ? kCalibrationStart : kCalibrationLatch;
      return part(first | bits(op, 6, 1) << 5, bits(op, 0, 6));
    }
    case LpddrKind::kPrePb:
    case LpddrKind::kRefPb:
      return part(first, c.bank);
    default:
      return part(first, 0);
  }
}

std::optional<LpddrCommand> lpddr_decode(const LpddrPart& one, const LpddrPart* two,
                                         std::string& why) {
  const Row* row = find(one.high);
  if (row == nullptr) {
    why = fmt::format("CA {:#04x} is no command", one.high);
    return std::nullopt;
  }
  LpddrCommand c;
  c.kind = row->kind;
  if (row->length == 4 && (two == nullptr || !matches(second_of(row->kind), two->high))) {
    why = fmt::format("{} lacks its second half", to_string(row->kind));
    return std::nullopt;
  }
  switch (c.kind) {
    case LpddrKind::kAct:
      c.bank = static_cast<std::uint8_t>(bits(one.low, 0, 3));
      c.row = static_cast<std::uint16_t>(bits(one.high, 2, 4) << 12 | bits(one.low, 4, 2) << 10 |
                                         bits(two->high, 2, 4) << 6 | two->low);
      if (bits(one.low, 3, 1) != 0) {
        why = "row bit 16 of a rank of 65,536 rows";
        return std::nullopt;
      }
      break;
    case LpddrKind::kRd:
    case LpddrKind::kWr:
    case LpddrKind::kMwr:
      c.bank = static_cast<std::uint8_t>(bits(one.low, 0, 3));
      c.column = static_cast<std::uint16_t>(bits(one.low, 4, 1) << 9 | bits(two->high, 5, 1) << 8 |
                                            two->low << 2);
      if (c.column % 16 != 0) {
        why = fmt::format("column {} does not begin a burst of 16", c.column);
        return std::nullopt;
      }
      if (bits(one.low, 5, 1) != 0) {
        if (c.kind == LpddrKind::kMwr) {
          why = "a masked write with auto-precharge has no name among the commands";
          return std::nullopt;
        }
        c.kind = c.kind == LpddrKind::kRd ? LpddrKind::kRda : LpddrKind::kWra;
      }
      break;
    case LpddrKind::kMrw:
      c.row = one.low;
      c.column = static_cast<std::uint16_t>(bits(one.high, 5, 1) << 7 | bits(two->high, 5, 1) << 6 |
                                            two->low);
      break;
    case LpddrKind::kMrr:
      c.row = one.low;
      break;
    case LpddrKind::kPrePb:
    case LpddrKind::kRefPb:
      c.bank = static_cast<std::uint8_t>(bits(one.low, 0, 3));
      break;
    case LpddrKind::kZq: {
      const unsigned op = bits(one.high, 5, 1) << 6 | one.low;
      if (op < 0x40) return std::nullopt;  // does nothing
      if (op != kCalibrationStart && op != kCalibrationLatch) {
        why = fmt::format("multi-purpose command {:#04x} is not known", op);
        return std::nullopt;
      }
      c.column = op == kCalibrationLatch ? 1 : 0;
      break;
    }
    default:
      break;
  }
  return c;
}

}  // namespace s4::sim
