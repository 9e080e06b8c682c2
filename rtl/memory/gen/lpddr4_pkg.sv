// Generated from rtl/memory/lpddr4.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// One x16 channel of LPDDR4X-3600 with 8 Gb a rank: geometry, timings, mode registers and the
/// coding of the commands. Times are in CK (1800 MHz), counted from the last edge of a command.
package lpddr4_pkg;

  // Banks of a rank.
  localparam int unsigned NumBanks = 8;
  // Bits of a bank.
  localparam int unsigned BankWidth = 3;
  // Ranks of a channel.
  localparam int unsigned MaxRanks = 2;
  // Bits of a row (65,536 rows).
  localparam int unsigned RowWidth = 16;
  // Bits of a column of 16 bits; a page is 2 KiB.
  localparam int unsigned ColumnWidth = 10;
  // Bits of a 64-byte line within a page.
  localparam int unsigned LineWidth = 5;
  // Bits of a byte address of a channel of two ranks (2 GiB).
  localparam int unsigned AddressWidth = 31;
  // Bytes of a burst of 16 transfers.
  localparam int unsigned BurstBytes = 32;
  // CK of data of a burst; also tCCD.
  localparam int unsigned BurstClocks = 8;
  // CK. Two of them are one clock of the controller.
  localparam int unsigned ClockMhz = 1800;
  // CK from a read to its data, without TDqsck.
  localparam int unsigned TRl = 32;
  // CK from a write to its data, without TDqss.
  localparam int unsigned TWl = 16;
  // CK that read data come after TRl.
  localparam int unsigned TDqsck = 7;
  // CK that write data come after TWl.
  localparam int unsigned TDqss = 1;
  // Activate to read or write.
  localparam int unsigned TRcd = 33;
  // Precharge of a bank to activate or refresh of it.
  localparam int unsigned TRp = 33;
  // Precharge of all banks to activate or refresh.
  localparam int unsigned TRpab = 38;
  // Activate to precharge.
  localparam int unsigned TRas = 76;
  // Activate to activate of the same bank.
  localparam int unsigned TRc = 108;
  // Activate or bank refresh to activate or bank refresh of other banks of a rank.
  localparam int unsigned TRrd = 18;
  // Window of at most four activates of a rank.
  localparam int unsigned TFaw = 72;
  // Read to read, write to write.
  localparam int unsigned TCcd = 8;
  // Write or masked write to masked write of the same bank.
  localparam int unsigned TCcdMw = 32;
  // Read to precharge.
  localparam int unsigned TRtp = 14;
  // Write to precharge: WL + 1 + 8 + tWR (33).
  localparam int unsigned TWrPre = 58;
  // Write to its automatic precharge: WL + 1 + 8 + nWR (34).
  localparam int unsigned TWrAuto = 59;
  // Read to write of a rank.
  localparam int unsigned TRdWr = 33;
  // Write to read of a rank: WL + 1 + 8 + tWTR (18).
  localparam int unsigned TWrRd = 43;
  // CK without data between bursts of two ranks.
  localparam int unsigned TRankSwitch = 6;
  // Precharge to precharge of a rank.
  localparam int unsigned TPpd = 4;
  // Refresh of a bank to its next command.
  localparam int unsigned TRfcPb = 252;
  // Refresh of all banks to the next command.
  localparam int unsigned TRfcAb = 504;
  // Refresh of a bank to refresh of another bank of the rank.
  localparam int unsigned TPbr2Pbr = 162;
  // Mean time between refreshes of a bank.
  localparam int unsigned TRefi = 7027;
  // Mean time between refreshes of single banks of a rank.
  localparam int unsigned TRefiPb = 878;
  // Most refreshes that may be owed.
  localparam int unsigned MaxPostponed = 8;
  // Power-down exit to a command; also least time of CKE high.
  localparam int unsigned TXp = 14;
  // Least time of CKE low, or high.
  localparam int unsigned TCke = 14;
  // Mode register write to the next command (10 nCK, 10 ns).
  localparam int unsigned TMrw = 18;
  // Mode register write to other commands (14 ns).
  localparam int unsigned TMrd = 26;
  // Impedance calibration: start to latch (1 us).
  localparam int unsigned TZqCal = 1800;
  // Impedance calibration: latch to the next command (30 ns).
  localparam int unsigned TZqLat = 54;
  // Clocks of the controller with RESET_n low (tINIT1, 200 us).
  localparam int unsigned InitResetClocks = 180000;
  // Clocks of the controller from RESET_n high to CKE high (tINIT3, 2 ms).
  localparam int unsigned InitCkeClocks = 1800000;
  // Clocks of the controller from CKE high to the first mode register write (tINIT5, 2 us).
  localparam int unsigned InitCommandClocks = 1800;
  // Blocks of 256 bytes of a page that hold data with error correction; the eighth holds their
  // checks, 32 bytes each.
  localparam int unsigned EccBlocks = 7;
  // Bits of the number of such a block in a channel.
  localparam int unsigned EccBlockWidth = 23;
  // Counters of a channel.
  localparam int unsigned NumCounters = 31;
  // Bits of a counter.
  localparam int unsigned CounterWidth = 48;
  // Bits of the clock that measures latencies.
  localparam int unsigned LatencyWidth = 13;
  // Mode register writes of the initialisation.
  localparam int unsigned NumModeWrites = 6;
  // Mode register write 0 of the initialisation, number in bits 13:8, value in bits 7:0. MR1:
  // BL16, write preamble of 2 CK, nWR 34 (110), read postamble 0.5.
  localparam int unsigned Mode0 = 356;
  // Mode register write 1 of the initialisation, number in bits 13:8, value in bits 7:0. MR2: RL
  // 32 (110), WL 16 (110), set A.
  localparam int unsigned Mode1 = 566;
  // Mode register write 2 of the initialisation, number in bits 13:8, value in bits 7:0. MR3:
  // pull-up calibration, write postamble 0.5 CK, drive strength 6, no data inversion.
  localparam int unsigned Mode2 = 817;
  // Mode register write 3 of the initialisation, number in bits 13:8, value in bits 7:0. MR11:
  // termination of the data pins 4.
  localparam int unsigned Mode3 = 2820;
  // Mode register write 4 of the initialisation, number in bits 13:8, value in bits 7:0. MR13:
  // masked writes allowed, high current off, set point 0.
  localparam int unsigned Mode4 = 3328;
  // Mode register write 5 of the initialisation, number in bits 13:8, value in bits 7:0. MR22:
  // termination of CA and CK as the package has it.
  localparam int unsigned Mode5 = 5632;

  // CA0 to CA5 (bit 0 is CA0) of the first CK of a command part, CS high; CS is low in its second
  // CK. Bits that carry an operand are 0 here.
  typedef enum logic [5:0] {
    CaMpc = 6'd0,
    CaPrecharge = 6'd16,
    CaRefresh = 6'd8,
    CaSelfRefreshEntry = 6'd24,
    CaSelfRefreshExit = 6'd20,
    CaWrite = 6'd4,
    CaMaskedWrite = 6'd12,
    CaRead = 6'd2,
    CaCas2 = 6'd18,
    CaModeWrite1 = 6'd6,
    CaModeWrite2 = 6'd22,
    CaModeRead1 = 6'd14,
    CaActivate1 = 6'd1,
    CaActivate2 = 6'd3
  } ca_e;

  // A command on its way from the scheduler to the CA pins.
  typedef enum logic [3:0] {
    CommandNone = 4'd0,
    CommandActivate = 4'd1,
    CommandRead = 4'd2,
    CommandWrite = 4'd3,
    CommandMaskedWrite = 4'd4,
    CommandPrecharge = 4'd5,
    CommandPrechargeAll = 4'd6,
    CommandRefresh = 4'd7,
    CommandRefreshAll = 4'd8,
    CommandModeWrite = 4'd9,
    CommandZqStart = 4'd10,
    CommandZqLatch = 4'd11
  } command_e;

  // What the counters of a channel count.
  typedef enum logic [4:0] {
    CounterClocks = 5'd0,
    CounterReadBursts = 5'd1,
    CounterWriteBursts = 5'd2,
    CounterMaskedBursts = 5'd3,
    CounterActivates = 5'd4,
    CounterPrecharges = 5'd5,
    CounterRefreshes = 5'd6,
    CounterRowHits = 5'd7,
    CounterRowConflicts = 5'd8,
    CounterRowMisses = 5'd9,
    CounterTurnarounds = 5'd10,
    CounterMerged = 5'd11,
    CounterOrdered = 5'd12,
    CounterRefused = 5'd13,
    CounterReadOccupancy = 5'd14,
    CounterWriteOccupancy = 5'd15,
    CounterPowerDown = 5'd16,
    CounterDataErrors = 5'd17,
    CounterLatency0 = 5'd18,
    CounterLatency1 = 5'd19,
    CounterLatency2 = 5'd20,
    CounterLatency3 = 5'd21,
    CounterLatency4 = 5'd22,
    CounterLatency5 = 5'd23,
    CounterLatency6 = 5'd24,
    CounterCorrected = 5'd25,
    CounterUncorrected = 5'd26,
    CounterScrubbed = 5'd27,
    CounterReadModified = 5'd28,
    CounterChecksRead = 5'd29,
    CounterChecksWritten = 5'd30
  } counter_e;

  // A command and where it goes.
  typedef struct packed {
    logic [3:0] kind;
    logic phase;
    logic auto_precharge;
    logic rank;
    logic [2:0] bank;
    logic [15:0] row;
    logic [5:0] burst;
  } command_word_t;

  // A request after address mapping.
  typedef struct packed {
    logic rank;
    logic [2:0] bank;
    logic [15:0] row;
    logic [4:0] line;
    logic [1:0] halves;
  } request_t;

endpackage
