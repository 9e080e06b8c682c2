// Generated from rtl/registers/counters.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace s4::counters {

/// Performance counters, 64 bits each, cleared by start, frozen at completion. `width` is the
/// largest increment per clock in bits.
enum class Counter : std::uint32_t {
  kCycles = 0,  ///< Clocks from doorbell to completion.
  kFetchWords = 1,  ///< 64-byte words of commands fetched.
  kLoadBusy = 2,  ///< Clocks in which the load DMA had a command.
  kLoadStallMemory = 3,  ///< Busy clocks without a beat from memory.
  kLoadStallLocal = 4,  ///< Clocks in which a beat waited for the local buffer.
  kLoadWords = 5,  ///< 64-byte words loaded.
  kWeightsBusy = 6,  ///< Clocks in which the weight DMA had a command.
  kWeightsStallMemory = 7,  ///< Busy clocks without a word from memory or local buffer while the buffers had room.
  kWeightsStallFull = 8,  ///< Clocks in which the weight DMA waited for room in the weight buffers.
  kWeightsWords = 9,  ///< 64-byte words of weights loaded from memory.
  kStoreBusy = 10,  ///< Clocks in which the store DMA had a command.
  kStoreStallMemory = 11,  ///< Clocks in which store data waited for the memory port.
  kStoreStallLocal = 12,  ///< Clocks in which a store read waited for the local buffer.
  kStoreWords = 13,  ///< 64-byte words stored.
  kSpuBusy = 14,  ///< Clocks in which the SPU had a command.
  kSpuMacClocks = 15,  ///< Clocks in which the MAC array worked.
  kSpuMacs = 16,  ///< Multiply-accumulates issued on valid pixels and lanes, zero-valued padding entries included.
  kSpuStallWeights = 17,  ///< Array idle: next weight row not there.
  kSpuStallActivations = 18,  ///< Array idle: next activation words not there.
  kSpuStallDrain = 19,  ///< Array idle: both accumulator sets wait for the epilogue.
  kFetchGroups = 20,  ///< Activation fetch groups completed.
  kFetchConflicts = 21,  ///< Extra clocks of activation fetch groups over bank conflicts and arbitration.
  kEpilogueBusy = 22,  ///< Clocks in which the epilogue held results.
  kEpilogueStall = 23,  ///< Clocks in which words of the second tensor or of a table waited for the local buffer.
  kEpilogueWords = 24,  ///< Pixels times channel lanes groups written (words or part words).
  kEpilogueInvalid = 25,  ///< Clocks in which a function behind the epilogue had no value for one of its inputs (its result is NaN); the functional model counts such results. 0: it always had one.
  kActivationBusy = 26,  ///< Clocks in which the activation engine had a command.
  kActivationStallLocal = 27,  ///< Clocks in which a word of the activation engine waited for the local buffer.
  kActivationWords = 28,  ///< 64-byte words that the activation engine wrote.
  kWeightsLocal = 29,  ///< 64-byte words that took the place of weights and came from the local buffer.
};
inline constexpr std::size_t kNumCounters = 30;
inline constexpr std::array<const char*, kNumCounters> kCounterNames{
    "cycles",
    "fetch_words",
    "load_busy",
    "load_stall_memory",
    "load_stall_local",
    "load_words",
    "weights_busy",
    "weights_stall_memory",
    "weights_stall_full",
    "weights_words",
    "store_busy",
    "store_stall_memory",
    "store_stall_local",
    "store_words",
    "spu_busy",
    "spu_mac_clocks",
    "spu_macs",
    "spu_stall_weights",
    "spu_stall_activations",
    "spu_stall_drain",
    "fetch_groups",
    "fetch_conflicts",
    "epilogue_busy",
    "epilogue_stall",
    "epilogue_words",
    "epilogue_invalid",
    "activation_busy",
    "activation_stall_local",
    "activation_words",
    "weights_local",
};

}  // namespace s4::counters
