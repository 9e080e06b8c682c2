// Generated from rtl/registers/registers.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace s4::registers {

inline constexpr std::uint32_t kCounterOffset = 1024;

/// ASCII 'S4A1'.
inline constexpr std::uint32_t kIdOffset = 0;
inline constexpr std::uint32_t kIdReset = 1395933489;
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

/// Doorbell.
inline constexpr std::uint32_t kControlOffset = 16;
inline constexpr std::uint32_t kControlReset = 0;
inline constexpr unsigned kControlStartLsb = 0;
inline constexpr unsigned kControlStartBits = 1;
inline constexpr unsigned kControlResetLsb = 1;
inline constexpr unsigned kControlResetBits = 1;

/// State and first error.
inline constexpr std::uint32_t kStatusOffset = 20;
inline constexpr unsigned kStatusBusyLsb = 0;
inline constexpr unsigned kStatusBusyBits = 1;
inline constexpr unsigned kStatusDoneLsb = 1;
inline constexpr unsigned kStatusDoneBits = 1;
inline constexpr unsigned kStatusErrorLsb = 2;
inline constexpr unsigned kStatusErrorBits = 1;
inline constexpr unsigned kStatusResettingLsb = 3;
inline constexpr unsigned kStatusResettingBits = 1;
inline constexpr unsigned kStatusErrorCodeLsb = 8;
inline constexpr unsigned kStatusErrorCodeBits = 8;
inline constexpr unsigned kStatusErrorEngineLsb = 16;
inline constexpr unsigned kStatusErrorEngineBits = 4;

/// Index of the command in error.
inline constexpr std::uint32_t kErrorCommandOffset = 24;
inline constexpr unsigned kErrorCommandIndexLsb = 0;
inline constexpr unsigned kErrorCommandIndexBits = 32;

/// What is wrong: for Field errors the byte offset of the field, for Watchdog the stalled
/// interfaces (bit 0 token wait, 1 memory request, 2 memory response, 3 local buffer, 4 weight
/// buffer, 5 accumulators).
inline constexpr std::uint32_t kErrorInfoOffset = 28;
inline constexpr unsigned kErrorInfoInfoLsb = 0;
inline constexpr unsigned kErrorInfoInfoBits = 32;

/// Program address, low half; multiple of 128.
inline constexpr std::uint32_t kProgramLoOffset = 32;
inline constexpr std::uint32_t kProgramLoReset = 0;
inline constexpr unsigned kProgramLoAddrLsb = 0;
inline constexpr unsigned kProgramLoAddrBits = 32;

/// Program address, high part.
inline constexpr std::uint32_t kProgramHiOffset = 36;
inline constexpr std::uint32_t kProgramHiReset = 0;
inline constexpr unsigned kProgramHiAddrLsb = 0;
inline constexpr unsigned kProgramHiAddrBits = 4;

/// Commands of the program, End included.
inline constexpr std::uint32_t kProgramCountOffset = 40;
inline constexpr std::uint32_t kProgramCountReset = 0;
inline constexpr unsigned kProgramCountCountLsb = 0;
inline constexpr unsigned kProgramCountCountBits = 24;

/// Clocks without progress of any engine after which the program stops; 0 switches it off.
inline constexpr std::uint32_t kWatchdogOffset = 44;
inline constexpr std::uint32_t kWatchdogReset = 100000;
inline constexpr unsigned kWatchdogClocksLsb = 0;
inline constexpr unsigned kWatchdogClocksBits = 32;

/// Interrupt causes.
inline constexpr std::uint32_t kIrqStatusOffset = 48;
inline constexpr std::uint32_t kIrqStatusReset = 0;
inline constexpr unsigned kIrqStatusDoneLsb = 0;
inline constexpr unsigned kIrqStatusDoneBits = 1;
inline constexpr unsigned kIrqStatusErrorLsb = 1;
inline constexpr unsigned kIrqStatusErrorBits = 1;

/// Causes that raise the interrupt line.
inline constexpr std::uint32_t kIrqEnableOffset = 52;
inline constexpr std::uint32_t kIrqEnableReset = 0;
inline constexpr unsigned kIrqEnableDoneLsb = 0;
inline constexpr unsigned kIrqEnableDoneBits = 1;
inline constexpr unsigned kIrqEnableErrorLsb = 1;
inline constexpr unsigned kIrqEnableErrorBits = 1;

/// Commands completed by their engines.
inline constexpr std::uint32_t kCommandsDoneOffset = 56;
inline constexpr unsigned kCommandsDoneCountLsb = 0;
inline constexpr unsigned kCommandsDoneCountBits = 32;

/// First 4 KiB page that context n may read.
inline constexpr std::uint32_t kReadBaseOffset = 64;
inline constexpr std::uint32_t kReadBaseStride = 16;
inline constexpr std::uint32_t kReadBaseReset = 0;
inline constexpr unsigned kReadBasePageLsb = 0;
inline constexpr unsigned kReadBasePageBits = 24;

/// First page after those that context n may read.
inline constexpr std::uint32_t kReadLimitOffset = 68;
inline constexpr std::uint32_t kReadLimitStride = 16;
inline constexpr std::uint32_t kReadLimitReset = 0;
inline constexpr unsigned kReadLimitPageLsb = 0;
inline constexpr unsigned kReadLimitPageBits = 25;

/// First 4 KiB page that context n may write.
inline constexpr std::uint32_t kWriteBaseOffset = 72;
inline constexpr std::uint32_t kWriteBaseStride = 16;
inline constexpr std::uint32_t kWriteBaseReset = 0;
inline constexpr unsigned kWriteBasePageLsb = 0;
inline constexpr unsigned kWriteBasePageBits = 24;

/// First page after those that context n may write.
inline constexpr std::uint32_t kWriteLimitOffset = 76;
inline constexpr std::uint32_t kWriteLimitStride = 16;
inline constexpr std::uint32_t kWriteLimitReset = 0;
inline constexpr unsigned kWriteLimitPageLsb = 0;
inline constexpr unsigned kWriteLimitPageBits = 25;

}  // namespace s4::registers
