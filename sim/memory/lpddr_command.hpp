// A command of an LPDDR4 channel, its text, and its coding on the CA bus.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace s4::sim {

enum class LpddrKind : std::uint8_t {
  kAct,
  kRd,
  kRda,
  kWr,
  kWra,
  kMwr,
  kPrePb,
  kPreAb,
  kRefPb,
  kRefAb,
  kMrw,
  kMrr,
  kPde,
  kPdx,
  kSre,
  kSrx,
  kZq,
};
inline constexpr unsigned kLpddrKinds = 17;

[[nodiscard]] const char* to_string(LpddrKind kind);
/// CK on the CA bus: 4, 2, or 1 for the two that are an edge of CKE.
[[nodiscard]] unsigned lpddr_length(LpddrKind kind);
[[nodiscard]] bool is_read(LpddrKind kind);   // RD, RDA
[[nodiscard]] bool is_write(LpddrKind kind);  // WR, WRA, MWR
/// The command names a bank, a row, a column.
[[nodiscard]] bool has_bank(LpddrKind kind);
[[nodiscard]] bool has_row(LpddrKind kind);
[[nodiscard]] bool has_column(LpddrKind kind);

struct LpddrCommand {
  std::uint64_t first = 0;  ///< CK of the first edge
  LpddrKind kind = LpddrKind::kAct;
  std::uint8_t rank = 0;
  std::uint8_t bank = 0;     ///< 0 to 7
  std::uint16_t row = 0;     ///< 0 to 65535; of MRW and MRR the register
  std::uint16_t column = 0;  ///< 0 to 1023; of MRW the value, of ZQ 0: start, 1: latch

  [[nodiscard]] std::uint64_t last() const { return first + lpddr_length(kind) - 1; }
  bool operator==(const LpddrCommand&) const = default;
};

/// `<first-edge CK> <name> <rank> <bank> <row> <column>`, `-` where there is none.
[[nodiscard]] std::string to_text(const LpddrCommand& command);
/// The same for a report: name, place, both edges.
[[nodiscard]] std::string describe(const LpddrCommand& command);
/// Reads a file of such lines; whether a ZQ starts or latches follows from their order. Throws
/// std::runtime_error naming file and line.
[[nodiscard]] std::vector<LpddrCommand> read_commands(const std::string& path);

/// CA[5:0] of the CKs of a command, first to last; CS is high in the first and the third.
/// Throws std::invalid_argument for PDE and PDX.
[[nodiscard]] std::vector<std::uint8_t> lpddr_encode(const LpddrCommand& command);

/// CA bits of one two-CK part.
struct LpddrPart {
  std::uint8_t high = 0;  ///< with CS high
  std::uint8_t low = 0;   ///< in the CK after it
};
/// CKs of the command that a first part begins: 2 or 4, 0 if it begins none.
[[nodiscard]] unsigned lpddr_part_length(std::uint8_t high);
/// Kind that the CA bits with CS high announce, as far as they tell.
[[nodiscard]] std::optional<LpddrKind> lpddr_part_kind(std::uint8_t high);
/// The command of one or two parts; `why` says what is wrong when there is none. A multi-purpose
/// command that does nothing gives neither.
[[nodiscard]] std::optional<LpddrCommand> lpddr_decode(const LpddrPart& one, const LpddrPart* two,
                                                       std::string& why);

}  // namespace s4::sim
