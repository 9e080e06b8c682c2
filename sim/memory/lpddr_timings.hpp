// Rules of one x16 LPDDR4X-3600 channel as numbers, in CK of 1800 MHz. This table belongs to the
// judges of the controller: it is typed from the data sheet's rules and takes nothing from it.
#pragma once
#include <cstdint>

namespace s4::sim {

/// Intervals count from the last edge of a command to the last edge of the next. Tests may change
/// every one of them.
struct LpddrTimings {
  // Data: RL and WL of set A, strobe delay, CK of a burst of 16 transfers.
  unsigned rl = 32, wl = 16, dqsck = 7, dqss = 1, burst = 8, write_preamble = 2;
  unsigned rank_switch = 6;  ///< CK without data between bursts of two ranks
  // Rows.
  unsigned rcd = 33, rp_bank = 33, rp_all = 38, ras = 76, rc_bank = 108, rc_all = 114;
  unsigned rrd = 18, faw = 72, rtp = 14, ppd = 4;
  unsigned wr = 33;    ///< end of write data to precharge
  unsigned n_wr = 34;  ///< the same as an auto-precharge counts it (MR1)
  // Columns.
  unsigned ccd = 8, ccd_masked = 32, wtr = 18;
  // Refresh.
  unsigned refi = 7027, rfc_all = 504, rfc_bank = 252, pbr_to_pbr = 162;
  unsigned postponed = 8;  ///< most refreshes of a bank that may be owed, or done ahead
  // Power-down, self refresh: cke is the least time of CKE low and of CKE high.
  unsigned xp = 14, cke = 14, command_to_cke = 4, sr = 27, xsr = 518;
  // Mode registers, impedance calibration.
  unsigned mrw = 18, mrd = 26, zq_calibrate = 1800, zq_latch = 54;
  // Initialisation: RESET_n low; CKE low before RESET_n rises; RESET_n high to CKE high; CKE high
  // to the first command.
  std::uint64_t init1 = 360000, init2 = 18, init3 = 3600000, init5 = 3600;

  [[nodiscard]] constexpr unsigned read_to_write() const {
    return rl + dqsck + burst - wl + write_preamble;
  }
  [[nodiscard]] constexpr unsigned write_end() const { return wl + dqss + burst; }
  [[nodiscard]] constexpr unsigned read_end() const { return rl + dqsck + burst; }
  [[nodiscard]] constexpr unsigned write_to_read() const { return write_end() + wtr; }
  [[nodiscard]] constexpr unsigned write_to_precharge() const { return write_end() + wr; }
};

}  // namespace s4::sim
