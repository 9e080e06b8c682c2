// Generated from rtl/host/chip_registers.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// Registers of the whole chip, page 0 of the host's AXI4-Lite port; page n + 1 holds those of
/// subsystem n. 32 bits wide. Access: ro, rw, w1c (write one to clear), w1s (write one to start;
/// reads 0). Unmapped offsets answer SLVERR, pages that do not exist DECERR.
package chip_registers_pkg;

  localparam int unsigned AddrWidth = 12;

  // ASCII 'S4C1'.
  localparam logic [AddrWidth-1:0] IdOffset = 12'd0;
  localparam logic [31:0] IdReset = 32'd1395934001;
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

  // Reset of the chip.
  localparam logic [AddrWidth-1:0] ControlOffset = 12'd16;
  localparam logic [31:0] ControlReset = 32'd0;
  localparam int unsigned ControlResetLsb = 0;
  localparam int unsigned ControlResetBits = 1;

  // State of the chip.
  localparam logic [AddrWidth-1:0] StatusOffset = 12'd20;
  localparam int unsigned StatusResettingLsb = 0;
  localparam int unsigned StatusResettingBits = 1;
  localparam int unsigned StatusMemoryReadyLsb = 1;
  localparam int unsigned StatusMemoryReadyBits = 1;
  localparam int unsigned StatusTwoRanksLsb = 2;
  localparam int unsigned StatusTwoRanksBits = 1;
  localparam int unsigned StatusEccLsb = 3;
  localparam int unsigned StatusEccBits = 1;

  // What the chip is made of.
  localparam logic [AddrWidth-1:0] TopologyOffset = 12'd24;
  localparam int unsigned TopologySubsystemsLsb = 0;
  localparam int unsigned TopologySubsystemsBits = 8;
  localparam int unsigned TopologyStationsLsb = 8;
  localparam int unsigned TopologyStationsBits = 8;
  localparam int unsigned TopologyChannelsLsb = 16;
  localparam int unsigned TopologyChannelsBits = 8;

  // Stations whose memory is initialised.
  localparam logic [AddrWidth-1:0] MemoryReadyOffset = 12'd28;
  localparam int unsigned MemoryReadyStationsLsb = 0;
  localparam int unsigned MemoryReadyStationsBits = 16;

  // Interrupt causes. A bit is set as long as its cause stands: end the cause first, then clear
  // the bit.
  localparam logic [AddrWidth-1:0] IrqStatusOffset = 12'd32;
  localparam logic [31:0] IrqStatusReset = 32'd0;
  localparam int unsigned IrqStatusSubsystemsLsb = 0;
  localparam int unsigned IrqStatusSubsystemsBits = 16;
  localparam int unsigned IrqStatusRingLsb = 16;
  localparam int unsigned IrqStatusRingBits = 1;
  localparam int unsigned IrqStatusMemoryLsb = 17;
  localparam int unsigned IrqStatusMemoryBits = 1;

  // Causes that raise the interrupt line.
  localparam logic [AddrWidth-1:0] IrqEnableOffset = 12'd36;
  localparam logic [31:0] IrqEnableReset = 32'd0;
  localparam int unsigned IrqEnableSubsystemsLsb = 0;
  localparam int unsigned IrqEnableSubsystemsBits = 16;
  localparam int unsigned IrqEnableRingLsb = 16;
  localparam int unsigned IrqEnableRingBits = 1;
  localparam int unsigned IrqEnableMemoryLsb = 17;
  localparam int unsigned IrqEnableMemoryBits = 1;

  // Stations one of whose error counters of the ring has moved.
  localparam logic [AddrWidth-1:0] RingErrorsOffset = 12'd40;
  localparam logic [31:0] RingErrorsReset = 32'd0;
  localparam int unsigned RingErrorsStationsLsb = 0;
  localparam int unsigned RingErrorsStationsBits = 16;

  // Stations whose memory answered with uncorrectable data.
  localparam logic [AddrWidth-1:0] MemoryErrorsOffset = 12'd44;
  localparam logic [31:0] MemoryErrorsReset = 32'd0;
  localparam int unsigned MemoryErrorsStationsLsb = 0;
  localparam int unsigned MemoryErrorsStationsBits = 16;

  // After 256 to 512 times so many clocks without an answer the ring gives a burst up; 0: never.
  localparam logic [AddrWidth-1:0] PatienceOffset = 12'd48;
  localparam logic [31:0] PatienceReset = 32'd1024;
  localparam int unsigned PatienceClocksLsb = 0;
  localparam int unsigned PatienceClocksBits = 16;

  // Which counter of which memory channel COUNTER shows, two clocks later.
  localparam logic [AddrWidth-1:0] CounterSelectOffset = 12'd52;
  localparam logic [31:0] CounterSelectReset = 32'd0;
  localparam int unsigned CounterSelectCounterLsb = 0;
  localparam int unsigned CounterSelectCounterBits = 5;
  localparam int unsigned CounterSelectChannelLsb = 8;
  localparam int unsigned CounterSelectChannelBits = 3;
  localparam int unsigned CounterSelectStationLsb = 16;
  localparam int unsigned CounterSelectStationBits = 4;

  // Low half of the counter; 0 where there is none.
  localparam logic [AddrWidth-1:0] CounterLoOffset = 12'd56;
  localparam int unsigned CounterLoValueLsb = 0;
  localparam int unsigned CounterLoValueBits = 32;

  // High part of the counter, read it before and after the low half.
  localparam logic [AddrWidth-1:0] CounterHiOffset = 12'd60;
  localparam int unsigned CounterHiValueLsb = 0;
  localparam int unsigned CounterHiValueBits = 16;

  // Which error counter of which station RING_COUNT shows, one clock later; the station of
  // RING_DEAD.
  localparam logic [AddrWidth-1:0] RingSelectOffset = 12'd64;
  localparam logic [31:0] RingSelectReset = 32'd0;
  localparam int unsigned RingSelectCounterLsb = 0;
  localparam int unsigned RingSelectCounterBits = 3;
  localparam int unsigned RingSelectStationLsb = 16;
  localparam int unsigned RingSelectStationBits = 4;

  // The counter; 0 where there is no such station.
  localparam logic [AddrWidth-1:0] RingCountOffset = 12'd68;
  localparam int unsigned RingCountValueLsb = 0;
  localparam int unsigned RingCountValueBits = 16;

  // Stations that the chosen one found dead.
  localparam logic [AddrWidth-1:0] RingDeadOffset = 12'd72;
  localparam int unsigned RingDeadStationsLsb = 0;
  localparam int unsigned RingDeadStationsBits = 16;

  // Subsystems whose weight reads within the broadcast region are made one: each asks, the lowest
  // one reads, all receive. To be changed only while none of them runs a program; 0 ends it and
  // forgets what was asked for.
  localparam logic [AddrWidth-1:0] BroadcastStationsOffset = 12'd76;
  localparam logic [31:0] BroadcastStationsReset = 32'd0;
  localparam int unsigned BroadcastStationsStationsLsb = 0;
  localparam int unsigned BroadcastStationsStationsBits = 16;

  // First KiB of the broadcast region.
  localparam logic [AddrWidth-1:0] BroadcastFirstOffset = 12'd80;
  localparam logic [31:0] BroadcastFirstReset = 32'd0;
  localparam int unsigned BroadcastFirstKibLsb = 0;
  localparam int unsigned BroadcastFirstKibBits = 26;

  // Last KiB of the broadcast region.
  localparam logic [AddrWidth-1:0] BroadcastLastOffset = 12'd84;
  localparam logic [31:0] BroadcastLastReset = 32'd0;
  localparam int unsigned BroadcastLastKibLsb = 0;
  localparam int unsigned BroadcastLastKibBits = 26;

endpackage
