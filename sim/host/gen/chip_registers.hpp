// Generated from rtl/host/chip_registers.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace s4::chip_registers {


/// ASCII 'S4C1'.
inline constexpr std::uint32_t kIdOffset = 0;
inline constexpr std::uint32_t kIdReset = 1395934001;
inline constexpr unsigned kIdIdLsb = 0;
inline constexpr unsigned kIdIdBits = 32;

/// Version of programming interface.
inline constexpr std::uint32_t kVersionOffset = 4;
inline constexpr std::uint32_t kVersionReset = 1;
inline constexpr unsigned kVersionVersionLsb = 0;
inline constexpr unsigned kVersionVersionBits = 32;

/// Low half of the configuration hash.
inline constexpr std::uint32_t kConfigHashLoOffset = 8;
inline constexpr unsigned kConfigHashLoHashLsb = 0;
inline constexpr unsigned kConfigHashLoHashBits = 32;

/// High half of the configuration hash.
inline constexpr std::uint32_t kConfigHashHiOffset = 12;
inline constexpr unsigned kConfigHashHiHashLsb = 0;
inline constexpr unsigned kConfigHashHiHashBits = 32;

/// Reset of the chip.
inline constexpr std::uint32_t kControlOffset = 16;
inline constexpr std::uint32_t kControlReset = 0;
inline constexpr unsigned kControlResetLsb = 0;
inline constexpr unsigned kControlResetBits = 1;

/// State of the chip.
inline constexpr std::uint32_t kStatusOffset = 20;
inline constexpr unsigned kStatusResettingLsb = 0;
inline constexpr unsigned kStatusResettingBits = 1;
inline constexpr unsigned kStatusMemoryReadyLsb = 1;
inline constexpr unsigned kStatusMemoryReadyBits = 1;
inline constexpr unsigned kStatusTwoRanksLsb = 2;
inline constexpr unsigned kStatusTwoRanksBits = 1;
inline constexpr unsigned kStatusEccLsb = 3;
inline constexpr unsigned kStatusEccBits = 1;

/// What the chip is made of.
inline constexpr std::uint32_t kTopologyOffset = 24;
inline constexpr unsigned kTopologySubsystemsLsb = 0;
inline constexpr unsigned kTopologySubsystemsBits = 8;
inline constexpr unsigned kTopologyStationsLsb = 8;
inline constexpr unsigned kTopologyStationsBits = 8;
inline constexpr unsigned kTopologyChannelsLsb = 16;
inline constexpr unsigned kTopologyChannelsBits = 8;

/// Stations whose memory is initialised.
inline constexpr std::uint32_t kMemoryReadyOffset = 28;
inline constexpr unsigned kMemoryReadyStationsLsb = 0;
inline constexpr unsigned kMemoryReadyStationsBits = 16;

/// Interrupt causes. A bit is set as long as its cause stands: end the cause first, then clear
/// the bit.
inline constexpr std::uint32_t kIrqStatusOffset = 32;
inline constexpr std::uint32_t kIrqStatusReset = 0;
inline constexpr unsigned kIrqStatusSubsystemsLsb = 0;
inline constexpr unsigned kIrqStatusSubsystemsBits = 16;
inline constexpr unsigned kIrqStatusRingLsb = 16;
inline constexpr unsigned kIrqStatusRingBits = 1;
inline constexpr unsigned kIrqStatusMemoryLsb = 17;
inline constexpr unsigned kIrqStatusMemoryBits = 1;

/// Causes that raise the interrupt line.
inline constexpr std::uint32_t kIrqEnableOffset = 36;
inline constexpr std::uint32_t kIrqEnableReset = 0;
inline constexpr unsigned kIrqEnableSubsystemsLsb = 0;
inline constexpr unsigned kIrqEnableSubsystemsBits = 16;
inline constexpr unsigned kIrqEnableRingLsb = 16;
inline constexpr unsigned kIrqEnableRingBits = 1;
inline constexpr unsigned kIrqEnableMemoryLsb = 17;
inline constexpr unsigned kIrqEnableMemoryBits = 1;

/// Stations one of whose error counters of the ring has moved.
inline constexpr std::uint32_t kRingErrorsOffset = 40;
inline constexpr std::uint32_t kRingErrorsReset = 0;
inline constexpr unsigned kRingErrorsStationsLsb = 0;
inline constexpr unsigned kRingErrorsStationsBits = 16;

/// Stations whose memory answered with uncorrectable data.
inline constexpr std::uint32_t kMemoryErrorsOffset = 44;
inline constexpr std::uint32_t kMemoryErrorsReset = 0;
inline constexpr unsigned kMemoryErrorsStationsLsb = 0;
inline constexpr unsigned kMemoryErrorsStationsBits = 16;

/// After 256 to 512 times so many clocks without an answer the ring gives a burst up; 0: never.
inline constexpr std::uint32_t kPatienceOffset = 48;
inline constexpr std::uint32_t kPatienceReset = 1024;
inline constexpr unsigned kPatienceClocksLsb = 0;
inline constexpr unsigned kPatienceClocksBits = 16;

/// Which counter of which memory channel COUNTER shows, two clocks later.
inline constexpr std::uint32_t kCounterSelectOffset = 52;
inline constexpr std::uint32_t kCounterSelectReset = 0;
inline constexpr unsigned kCounterSelectCounterLsb = 0;
inline constexpr unsigned kCounterSelectCounterBits = 5;
inline constexpr unsigned kCounterSelectChannelLsb = 8;
inline constexpr unsigned kCounterSelectChannelBits = 3;
inline constexpr unsigned kCounterSelectStationLsb = 16;
inline constexpr unsigned kCounterSelectStationBits = 4;

/// Low half of the counter; 0 where there is none.
inline constexpr std::uint32_t kCounterLoOffset = 56;
inline constexpr unsigned kCounterLoValueLsb = 0;
inline constexpr unsigned kCounterLoValueBits = 32;

/// High part of the counter, read it before and after the low half.
inline constexpr std::uint32_t kCounterHiOffset = 60;
inline constexpr unsigned kCounterHiValueLsb = 0;
inline constexpr unsigned kCounterHiValueBits = 16;

/// Which error counter of which station RING_COUNT shows, one clock later; the station of
/// RING_DEAD.
inline constexpr std::uint32_t kRingSelectOffset = 64;
inline constexpr std::uint32_t kRingSelectReset = 0;
inline constexpr unsigned kRingSelectCounterLsb = 0;
inline constexpr unsigned kRingSelectCounterBits = 3;
inline constexpr unsigned kRingSelectStationLsb = 16;
inline constexpr unsigned kRingSelectStationBits = 4;

/// The counter; 0 where there is no such station.
inline constexpr std::uint32_t kRingCountOffset = 68;
inline constexpr unsigned kRingCountValueLsb = 0;
inline constexpr unsigned kRingCountValueBits = 16;

/// Stations that the chosen one found dead.
inline constexpr std::uint32_t kRingDeadOffset = 72;
inline constexpr unsigned kRingDeadStationsLsb = 0;
inline constexpr unsigned kRingDeadStationsBits = 16;

/// Subsystems whose weight reads within the broadcast region are made one: each asks, the lowest
/// one reads, all receive. To be changed only while none of them runs a program; 0 ends it and
/// forgets what was asked for.
inline constexpr std::uint32_t kBroadcastStationsOffset = 76;
inline constexpr std::uint32_t kBroadcastStationsReset = 0;
inline constexpr unsigned kBroadcastStationsStationsLsb = 0;
inline constexpr unsigned kBroadcastStationsStationsBits = 16;

/// First KiB of the broadcast region.
inline constexpr std::uint32_t kBroadcastFirstOffset = 80;
inline constexpr std::uint32_t kBroadcastFirstReset = 0;
inline constexpr unsigned kBroadcastFirstKibLsb = 0;
inline constexpr unsigned kBroadcastFirstKibBits = 26;

/// Last KiB of the broadcast region.
inline constexpr std::uint32_t kBroadcastLastOffset = 84;
inline constexpr std::uint32_t kBroadcastLastReset = 0;
inline constexpr unsigned kBroadcastLastKibLsb = 0;
inline constexpr unsigned kBroadcastLastKibBits = 26;

}  // namespace s4::chip_registers
