// Generated from rtl/memory/lpddr4.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace s4::lpddr4 {

/// Banks of a rank.
inline constexpr std::uint32_t kNumBanks = 8;
/// Bits of a bank.
inline constexpr std::uint32_t kBankWidth = 3;
/// Ranks of a channel.
inline constexpr std::uint32_t kMaxRanks = 2;
/// Bits of a row (65,536 rows).
inline constexpr std::uint32_t kRowWidth = 16;
/// Bits of a column of 16 bits; a page is 2 KiB.
inline constexpr std::uint32_t kColumnWidth = 10;
/// Bits of a 64-byte line within a page.
inline constexpr std::uint32_t kLineWidth = 5;
/// Bits of a byte address of a channel of two ranks (2 GiB).
inline constexpr std::uint32_t kAddressWidth = 31;
/// Bytes of a burst of 16 transfers.
inline constexpr std::uint32_t kBurstBytes = 32;
/// CK of data of a burst; also tCCD.
inline constexpr std::uint32_t kBurstClocks = 8;
/// CK. Two of them are one clock of the controller.
inline constexpr std::uint32_t kClockMhz = 1800;
/// CK from a read to its data, without TDqsck.
inline constexpr std::uint32_t kTRl = 32;
/// CK from a write to its data, without TDqss.
inline constexpr std::uint32_t kTWl = 16;
/// CK that read data come after TRl.
inline constexpr std::uint32_t kTDqsck = 7;
/// CK that write data come after TWl.
inline constexpr std::uint32_t kTDqss = 1;
/// Activate to read or write.
inline constexpr std::uint32_t kTRcd = 33;
/// Precharge of a bank to activate or refresh of it.
inline constexpr std::uint32_t kTRp = 33;
/// Precharge of all banks to activate or refresh.
inline constexpr std::uint32_t kTRpab = 38;
/// Activate to precharge.
inline constexpr std::uint32_t kTRas = 76;
/// Activate to activate of the same bank.
inline constexpr std::uint32_t kTRc = 108;
/// Activate or bank refresh to activate or bank refresh of other banks of a rank.
inline constexpr std::uint32_t kTRrd = 18;
/// Window of at most four activates of a rank.
inline constexpr std::uint32_t kTFaw = 72;
/// Read to read, write to write.
inline constexpr std::uint32_t kTCcd = 8;
/// Write or masked write to masked write of the same bank.
inline constexpr std::uint32_t kTCcdMw = 32;
/// Read to precharge.
inline constexpr std::uint32_t kTRtp = 14;
/// Write to precharge: WL + 1 + 8 + tWR (33).
inline constexpr std::uint32_t kTWrPre = 58;
/// Write to its automatic precharge: WL + 1 + 8 + nWR (34).
inline constexpr std::uint32_t kTWrAuto = 59;
/// Read to write of a rank.
inline constexpr std::uint32_t kTRdWr = 33;
/// Write to read of a rank: WL + 1 + 8 + tWTR (18).
inline constexpr std::uint32_t kTWrRd = 43;
/// CK without data between bursts of two ranks.
inline constexpr std::uint32_t kTRankSwitch = 6;
/// Precharge to precharge of a rank.
inline constexpr std::uint32_t kTPpd = 4;
/// Refresh of a bank to its next command.
inline constexpr std::uint32_t kTRfcPb = 252;
/// Refresh of all banks to the next command.
inline constexpr std::uint32_t kTRfcAb = 504;
/// Refresh of a bank to refresh of another bank of the rank.
inline constexpr std::uint32_t kTPbr2Pbr = 162;
/// Mean time between refreshes of a bank.
inline constexpr std::uint32_t kTRefi = 7027;
/// Mean time between refreshes of single banks of a rank.
inline constexpr std::uint32_t kTRefiPb = 878;
/// Most refreshes that may be owed.
inline constexpr std::uint32_t kMaxPostponed = 8;
/// Power-down exit to a command; also least time of CKE high.
inline constexpr std::uint32_t kTXp = 14;
/// Least time of CKE low, or high.
inline constexpr std::uint32_t kTCke = 14;
/// Mode register write to the next command (10 nCK, 10 ns).
inline constexpr std::uint32_t kTMrw = 18;
/// Mode register write to other commands (14 ns).
inline constexpr std::uint32_t kTMrd = 26;
/// Impedance calibration: start to latch (1 us).
inline constexpr std::uint32_t kTZqCal = 1800;
/// Impedance calibration: latch to the next command (30 ns).
inline constexpr std::uint32_t kTZqLat = 54;
/// Clocks of the controller with RESET_n low (tINIT1, 200 us).
inline constexpr std::uint32_t kInitResetClocks = 180000;
/// Clocks of the controller from RESET_n high to CKE high (tINIT3, 2 ms).
inline constexpr std::uint32_t kInitCkeClocks = 1800000;
/// Clocks of the controller from CKE high to the first mode register write (tINIT5, 2 us).
inline constexpr std::uint32_t kInitCommandClocks = 1800;
/// Blocks of 256 bytes of a page that hold data with error correction; the eighth holds their
/// checks, 32 bytes each.
inline constexpr std::uint32_t kEccBlocks = 7;
/// Bits of the number of such a block in a channel.
inline constexpr std::uint32_t kEccBlockWidth = 23;
/// Counters of a channel.
inline constexpr std::uint32_t kNumCounters = 31;
/// Bits of a counter.
inline constexpr std::uint32_t kCounterWidth = 48;
/// Bits of the clock that measures latencies.
inline constexpr std::uint32_t kLatencyWidth = 13;
/// Mode register writes of the initialisation.
inline constexpr std::uint32_t kNumModeWrites = 6;
/// Mode register write 0 of the initialisation, number in bits 13:8, value in bits 7:0. MR1:
/// BL16, write preamble of 2 CK, nWR 34 (110), read postamble 0.5.
inline constexpr std::uint32_t kMode0 = 356;
/// Mode register write 1 of the initialisation, number in bits 13:8, value in bits 7:0. MR2: RL
/// 32 (110), WL 16 (110), set A.
inline constexpr std::uint32_t kMode1 = 566;
/// Mode register write 2 of the initialisation, number in bits 13:8, value in bits 7:0. MR3:
/// pull-up calibration, write postamble 0.5 CK, drive strength 6, no data inversion.
inline constexpr std::uint32_t kMode2 = 817;
/// Mode register write 3 of the initialisation, number in bits 13:8, value in bits 7:0. MR11:
/// termination of the data pins 4.
inline constexpr std::uint32_t kMode3 = 2820;
/// Mode register write 4 of the initialisation, number in bits 13:8, value in bits 7:0. MR13:
/// masked writes allowed, high current off, set point 0.
inline constexpr std::uint32_t kMode4 = 3328;
/// Mode register write 5 of the initialisation, number in bits 13:8, value in bits 7:0. MR22:
/// termination of CA and CK as the package has it.
inline constexpr std::uint32_t kMode5 = 5632;

/// CA0 to CA5 (bit 0 is CA0) of the first CK of a command part, CS high; CS is low in its second
/// CK. Bits that carry an operand are 0 here.
enum class Ca : std::uint8_t {
  kMpc = 0,  ///< Multi-purpose command; OP6 in CA5, OP0 to OP5 in the second part.
  kPrecharge = 16,  ///< CA5: all banks; second part: BA0 to BA2.
  kRefresh = 8,  ///< CA5: all banks; second part: BA0 to BA2.
  kSelfRefreshEntry = 24,  ///< Nothing in the second part.
  kSelfRefreshExit = 20,  ///< Nothing in the second part.
  kWrite = 4,  ///< Write-1. Second part: BA0 to BA2, C9 in CA4, auto-precharge in CA5.
  kMaskedWrite = 12,  ///< Masked Write-1. Second part as Write.
  kRead = 2,  ///< Read-1. Second part as Write.
  kCas2 = 18,  ///< C8 in CA5; second part: C2 to C7.
  kModeWrite1 = 6,  ///< OP7 in CA5; second part: MA0 to MA5.
  kModeWrite2 = 22,  ///< OP6 in CA5; second part: OP0 to OP5.
  kModeRead1 = 14,  ///< Second part: MA0 to MA5.
  kActivate1 = 1,  ///< R12 to R15 in CA2 to CA5; second part: BA0 to BA2, 0, R10, R11.
  kActivate2 = 3,  ///< R6 to R9 in CA2 to CA5; second part: R0 to R5.
};
[[nodiscard]] constexpr const char* to_string(Ca value) {
  switch (value) {
    case Ca::kMpc:
      return "Mpc";
    case Ca::kPrecharge:
      return "Precharge";
    case Ca::kRefresh:
      return "Refresh";
    case Ca::kSelfRefreshEntry:
      return "SelfRefreshEntry";
    case Ca::kSelfRefreshExit:
      return "SelfRefreshExit";
    case Ca::kWrite:
      return "Write";
    case Ca::kMaskedWrite:
      return "MaskedWrite";
    case Ca::kRead:
      return "Read";
    case Ca::kCas2:
      return "Cas2";
    case Ca::kModeWrite1:
      return "ModeWrite1";
    case Ca::kModeWrite2:
      return "ModeWrite2";
    case Ca::kModeRead1:
      return "ModeRead1";
    case Ca::kActivate1:
      return "Activate1";
    case Ca::kActivate2:
      return "Activate2";
  }
  return "?";
}

/// A command on its way from the scheduler to the CA pins.
enum class Command : std::uint8_t {
  kNone = 0,  ///< No command.
  kActivate = 1,  ///< Opens a row.
  kRead = 2,  ///< Reads a burst.
  kWrite = 3,  ///< Writes a burst.
  kMaskedWrite = 4,  ///< Writes a burst with byte masks.
  kPrecharge = 5,  ///< Closes a bank.
  kPrechargeAll = 6,  ///< Closes all banks of a rank.
  kRefresh = 7,  ///< Refreshes a bank.
  kRefreshAll = 8,  ///< Refreshes all banks of a rank.
  kModeWrite = 9,  ///< Writes a mode register: number in row[13:8], value in row[7:0].
  kZqStart = 10,  ///< Starts the impedance calibration.
  kZqLatch = 11,  ///< Takes its result over.
};
[[nodiscard]] constexpr const char* to_string(Command value) {
  switch (value) {
    case Command::kNone:
      return "None";
    case Command::kActivate:
      return "Activate";
    case Command::kRead:
      return "Read";
    case Command::kWrite:
      return "Write";
    case Command::kMaskedWrite:
      return "MaskedWrite";
    case Command::kPrecharge:
      return "Precharge";
    case Command::kPrechargeAll:
      return "PrechargeAll";
    case Command::kRefresh:
      return "Refresh";
    case Command::kRefreshAll:
      return "RefreshAll";
    case Command::kModeWrite:
      return "ModeWrite";
    case Command::kZqStart:
      return "ZqStart";
    case Command::kZqLatch:
      return "ZqLatch";
  }
  return "?";
}

/// What the counters of a channel count.
enum class Counter : std::uint8_t {
  kClocks = 0,  ///< Clocks since the initialisation.
  kReadBursts = 1,  ///< Bursts read.
  kWriteBursts = 2,  ///< Bursts written, masked ones included.
  kMaskedBursts = 3,  ///< Bursts written with byte masks.
  kActivates = 4,  ///< Rows opened.
  kPrecharges = 5,  ///< Precharge commands; automatic ones are not counted.
  kRefreshes = 6,  ///< Banks refreshed.
  kRowHits = 7,  ///< Requests whose row was open when they entered the queue.
  kRowConflicts = 8,  ///< Requests that found another row open.
  kRowMisses = 9,  ///< Requests that found their bank closed.
  kTurnarounds = 10,  ///< Changes between reading and writing.
  kMerged = 11,  ///< Writes merged into a waiting one.
  kOrdered = 12,  ///< Reads that waited for a write to their line.
  kRefused = 13,  ///< Requests answered with an error.
  kReadOccupancy = 14,  ///< Entries of the read queue, summed over the clocks.
  kWriteOccupancy = 15,  ///< Entries of the write queue, summed over the clocks.
  kPowerDown = 16,  ///< Clocks with CKE low, summed over the ranks.
  kDataErrors = 17,  ///< Beats of read data that did not come as expected.
  kLatency0 = 18,  ///< Reads answered (last beat) within 64 clocks of their entry into the queue, not counted before.
  kLatency1 = 19,  ///< Reads answered (last beat) within 128 clocks of their entry into the queue, not counted before.
  kLatency2 = 20,  ///< Reads answered (last beat) within 256 clocks of their entry into the queue, not counted before.
  kLatency3 = 21,  ///< Reads answered (last beat) within 512 clocks of their entry into the queue, not counted before.
  kLatency4 = 22,  ///< Reads answered (last beat) within 1024 clocks of their entry into the queue, not counted before.
  kLatency5 = 23,  ///< Reads answered (last beat) within 2048 clocks of their entry into the queue, not counted before.
  kLatency6 = 24,  ///< Reads answered later.
  kCorrected = 25,  ///< Words of 64 bits read with one wrong bit, which was corrected.
  kUncorrected = 26,  ///< Words read with more wrong bits.
  kScrubbed = 27,  ///< Bursts written back corrected.
  kReadModified = 28,  ///< Writes of a part of a burst that were merged with what was read (error correction).
  kChecksRead = 29,  ///< Bursts of check bits read; also counted as bursts read.
  kChecksWritten = 30,  ///< Bursts of check bits written; also counted as bursts written.
};
[[nodiscard]] constexpr const char* to_string(Counter value) {
  switch (value) {
    case Counter::kClocks:
      return "Clocks";
    case Counter::kReadBursts:
      return "ReadBursts";
    case Counter::kWriteBursts:
      return "WriteBursts";
    case Counter::kMaskedBursts:
      return "MaskedBursts";
    case Counter::kActivates:
      return "Activates";
    case Counter::kPrecharges:
      return "Precharges";
    case Counter::kRefreshes:
      return "Refreshes";
    case Counter::kRowHits:
      return "RowHits";
    case Counter::kRowConflicts:
      return "RowConflicts";
    case Counter::kRowMisses:
      return "RowMisses";
    case Counter::kTurnarounds:
      return "Turnarounds";
    case Counter::kMerged:
      return "Merged";
    case Counter::kOrdered:
      return "Ordered";
    case Counter::kRefused:
      return "Refused";
    case Counter::kReadOccupancy:
      return "ReadOccupancy";
    case Counter::kWriteOccupancy:
      return "WriteOccupancy";
    case Counter::kPowerDown:
      return "PowerDown";
    case Counter::kDataErrors:
      return "DataErrors";
    case Counter::kLatency0:
      return "Latency0";
    case Counter::kLatency1:
      return "Latency1";
    case Counter::kLatency2:
      return "Latency2";
    case Counter::kLatency3:
      return "Latency3";
    case Counter::kLatency4:
      return "Latency4";
    case Counter::kLatency5:
      return "Latency5";
    case Counter::kLatency6:
      return "Latency6";
    case Counter::kCorrected:
      return "Corrected";
    case Counter::kUncorrected:
      return "Uncorrected";
    case Counter::kScrubbed:
      return "Scrubbed";
    case Counter::kReadModified:
      return "ReadModified";
    case Counter::kChecksRead:
      return "ChecksRead";
    case Counter::kChecksWritten:
      return "ChecksWritten";
  }
  return "?";
}
inline constexpr unsigned kCommandWordKindLsb = 28;
inline constexpr unsigned kCommandWordKindBits = 4;
inline constexpr unsigned kCommandWordPhaseLsb = 27;
inline constexpr unsigned kCommandWordPhaseBits = 1;
inline constexpr unsigned kCommandWordAutoPrechargeLsb = 26;
inline constexpr unsigned kCommandWordAutoPrechargeBits = 1;
inline constexpr unsigned kCommandWordRankLsb = 25;
inline constexpr unsigned kCommandWordRankBits = 1;
inline constexpr unsigned kCommandWordBankLsb = 22;
inline constexpr unsigned kCommandWordBankBits = 3;
inline constexpr unsigned kCommandWordRowLsb = 6;
inline constexpr unsigned kCommandWordRowBits = 16;
inline constexpr unsigned kCommandWordBurstLsb = 0;
inline constexpr unsigned kCommandWordBurstBits = 6;
inline constexpr unsigned kRequestRankLsb = 26;
inline constexpr unsigned kRequestRankBits = 1;
inline constexpr unsigned kRequestBankLsb = 23;
inline constexpr unsigned kRequestBankBits = 3;
inline constexpr unsigned kRequestRowLsb = 7;
inline constexpr unsigned kRequestRowBits = 16;
inline constexpr unsigned kRequestLineLsb = 2;
inline constexpr unsigned kRequestLineBits = 5;
inline constexpr unsigned kRequestHalvesLsb = 0;
inline constexpr unsigned kRequestHalvesBits = 2;

}  // namespace s4::lpddr4
