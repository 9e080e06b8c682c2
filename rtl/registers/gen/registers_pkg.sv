// Generated from rtl/registers/registers.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// Registers of one subsystem on AXI4-Lite, 32 bits wide. Access: ro, rw, w1c (write one to
/// clear), w1s (write one to start; reads 0). Reads of unmapped offsets answer SLVERR.
package registers_pkg;

  localparam int unsigned AddrWidth = 12;
  localparam int unsigned CounterOffset = 1024;

  // ASCII 'S4A1'.
  localparam logic [AddrWidth-1:0] IdOffset = 12'd0;
  localparam logic [31:0] IdReset = 32'd1395933489;
  localparam int unsigned IdIdLsb = 0;
  localparam int unsigned IdIdBits = 32;

  // Version of programming interface.
  localparam logic [AddrWidth-1:0] VersionOffset = 12'd4;
  localparam logic [31:0] VersionReset = 32'd1;
  localparam int unsigned VersionVersionLsb = 0;
  localparam int unsigned VersionVersionBits = 32;

  // Low half of the configuration hash.
  localparam logic [AddrWidth-1:0] ConfigHashLoOffset = 12'd8;
  localparam int unsigned ConfigHashLoHashLsb = 0;
  localparam int unsigned ConfigHashLoHashBits = 32;

  // High half of the configuration hash.
  localparam logic [AddrWidth-1:0] ConfigHashHiOffset = 12'd12;
  localparam int unsigned ConfigHashHiHashLsb = 0;
  localparam int unsigned ConfigHashHiHashBits = 32;

  // Doorbell.
  localparam logic [AddrWidth-1:0] ControlOffset = 12'd16;
  localparam logic [31:0] ControlReset = 32'd0;
  localparam int unsigned ControlStartLsb = 0;
  localparam int unsigned ControlStartBits = 1;
  localparam int unsigned ControlResetLsb = 1;
  localparam int unsigned ControlResetBits = 1;

  // State and first error.
  localparam logic [AddrWidth-1:0] StatusOffset = 12'd20;
  localparam int unsigned StatusBusyLsb = 0;
  localparam int unsigned StatusBusyBits = 1;
  localparam int unsigned StatusDoneLsb = 1;
  localparam int unsigned StatusDoneBits = 1;
  localparam int unsigned StatusErrorLsb = 2;
  localparam int unsigned StatusErrorBits = 1;
  localparam int unsigned StatusResettingLsb = 3;
  localparam int unsigned StatusResettingBits = 1;
  localparam int unsigned StatusErrorCodeLsb = 8;
  localparam int unsigned StatusErrorCodeBits = 8;
  localparam int unsigned StatusErrorEngineLsb = 16;
  localparam int unsigned StatusErrorEngineBits = 4;

  // Index of the command in error.
  localparam logic [AddrWidth-1:0] ErrorCommandOffset = 12'd24;
  localparam int unsigned ErrorCommandIndexLsb = 0;
  localparam int unsigned ErrorCommandIndexBits = 32;

  // What is wrong: for Field errors the byte offset of the field, for Watchdog the stalled
  // interfaces (bit 0 token wait, 1 memory request, 2 memory response, 3 local buffer, 4 weight
  // buffer, 5 accumulators).
  localparam logic [AddrWidth-1:0] ErrorInfoOffset = 12'd28;
  localparam int unsigned ErrorInfoInfoLsb = 0;
  localparam int unsigned ErrorInfoInfoBits = 32;

  // Program address, low half; multiple of 128.
  localparam logic [AddrWidth-1:0] ProgramLoOffset = 12'd32;
  localparam logic [31:0] ProgramLoReset = 32'd0;
  localparam int unsigned ProgramLoAddrLsb = 0;
  localparam int unsigned ProgramLoAddrBits = 32;

  // Program address, high part.
  localparam logic [AddrWidth-1:0] ProgramHiOffset = 12'd36;
  localparam logic [31:0] ProgramHiReset = 32'd0;
  localparam int unsigned ProgramHiAddrLsb = 0;
  localparam int unsigned ProgramHiAddrBits = 4;

  // Commands of the program, End included.
  localparam logic [AddrWidth-1:0] ProgramCountOffset = 12'd40;
  localparam logic [31:0] ProgramCountReset = 32'd0;
  localparam int unsigned ProgramCountCountLsb = 0;
  localparam int unsigned ProgramCountCountBits = 24;

  // Clocks without progress of any engine after which the program stops; 0 switches it off.
  localparam logic [AddrWidth-1:0] WatchdogOffset = 12'd44;
  localparam logic [31:0] WatchdogReset = 32'd100000;
  localparam int unsigned WatchdogClocksLsb = 0;
  localparam int unsigned WatchdogClocksBits = 32;

  // Interrupt causes.
  localparam logic [AddrWidth-1:0] IrqStatusOffset = 12'd48;
  localparam logic [31:0] IrqStatusReset = 32'd0;
  localparam int unsigned IrqStatusDoneLsb = 0;
  localparam int unsigned IrqStatusDoneBits = 1;
  localparam int unsigned IrqStatusErrorLsb = 1;
  localparam int unsigned IrqStatusErrorBits = 1;

  // Causes that raise the interrupt line.
  localparam logic [AddrWidth-1:0] IrqEnableOffset = 12'd52;
  localparam logic [31:0] IrqEnableReset = 32'd0;
  localparam int unsigned IrqEnableDoneLsb = 0;
  localparam int unsigned IrqEnableDoneBits = 1;
  localparam int unsigned IrqEnableErrorLsb = 1;
  localparam int unsigned IrqEnableErrorBits = 1;

  // Commands completed by their engines.
  localparam logic [AddrWidth-1:0] CommandsDoneOffset = 12'd56;
  localparam int unsigned CommandsDoneCountLsb = 0;
  localparam int unsigned CommandsDoneCountBits = 32;

  // First 4 KiB page that context n may read.
  localparam logic [AddrWidth-1:0] ReadBaseOffset = 12'd64;
  localparam int unsigned ReadBaseStride = 16;
  localparam logic [31:0] ReadBaseReset = 32'd0;
  localparam int unsigned ReadBasePageLsb = 0;
  localparam int unsigned ReadBasePageBits = 24;

  // First page after those that context n may read.
  localparam logic [AddrWidth-1:0] ReadLimitOffset = 12'd68;
  localparam int unsigned ReadLimitStride = 16;
  localparam logic [31:0] ReadLimitReset = 32'd0;
  localparam int unsigned ReadLimitPageLsb = 0;
  localparam int unsigned ReadLimitPageBits = 25;

  // First 4 KiB page that context n may write.
  localparam logic [AddrWidth-1:0] WriteBaseOffset = 12'd72;
  localparam int unsigned WriteBaseStride = 16;
  localparam logic [31:0] WriteBaseReset = 32'd0;
  localparam int unsigned WriteBasePageLsb = 0;
  localparam int unsigned WriteBasePageBits = 24;

  // First page after those that context n may write.
  localparam logic [AddrWidth-1:0] WriteLimitOffset = 12'd76;
  localparam int unsigned WriteLimitStride = 16;
  localparam logic [31:0] WriteLimitReset = 32'd0;
  localparam int unsigned WriteLimitPageLsb = 0;
  localparam int unsigned WriteLimitPageBits = 25;

endpackage
