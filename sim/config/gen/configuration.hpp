// Generated from rtl/config/config.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace s4::config {

/// Sizes of one chip. A compiled program names the configuration that it is for; no behaviour
/// depends on it, only speed.
struct Configuration {
  std::string name;
  /// Sparse processing subsystems on the ring. [subsystems]
  std::uint32_t num_subsystems = 0;
  /// Quadrants of the MAC array. Array shape s joins NumQuadrants >> s of them in the channel
  /// direction and 1 << s in the pixel direction. [quadrants]
  std::uint32_t num_quadrants = 0;
  /// Output-channel lanes of one quadrant. Each takes one (index, value) per clock. [output
  /// channels]
  std::uint32_t lanes_per_quadrant = 0;
  /// Pixel lanes of one quadrant, and activation words that the local buffer delivers per clock.
  /// [pixels]
  std::uint32_t pixels_per_quadrant = 0;
  /// Pixels whose LanesPerQuadrant results leave the epilogue per clock; divides
  /// PixelsPerQuadrant. [pixels]
  std::uint32_t epilogue_pixels = 0;
  /// Activation memory of one subsystem. [KiB]
  std::uint32_t local_buffer_kib = 0;
  /// Depth of the weight-value buffer. [rows of NumQuadrants * LanesPerQuadrant bytes]
  std::uint32_t value_rows = 0;
  /// Depth of the weight-index buffer. [rows of NumQuadrants * LanesPerQuadrant * 6 bits]
  std::uint32_t index_rows = 0;
  /// Depth of the epilogue parameter buffer (bias and scale). [rows of LanesPerQuadrant * 8
  /// bytes]
  std::uint32_t param_rows = 0;
  /// Outstanding read bursts of the load DMA. [bursts]
  std::uint32_t load_slots = 0;
  /// Outstanding read bursts of the weight DMA. [bursts]
  std::uint32_t weight_slots = 0;
  /// Outstanding write bursts of the store DMA. [bursts]
  std::uint32_t store_slots = 0;
  /// Commands waiting in front of each engine. [commands]
  std::uint32_t queue_depth = 0;
  /// Output-channel lanes of the whole array, bytes of one value row.
  std::uint32_t array_lanes = 0;
  /// INT8 multiply-accumulates per clock.
  std::uint32_t macs_per_clock = 0;
  /// Largest array shape.
  std::uint32_t max_shape = 0;
  /// Pixels of the widest tile (shape MaxShape).
  std::uint32_t pixel_lanes = 0;
  /// Single-port banks of the local buffer; word w lies in bank w mod LocalBanks.
  std::uint32_t local_banks = 0;
  /// 64-byte words of the local buffer.
  std::uint32_t local_words = 0;
  /// Bits of a local-buffer word address.
  std::uint32_t local_addr_width = 0;
  /// Rows of one local-buffer bank.
  std::uint32_t local_bank_rows = 0;
  /// Write-enable units of a local-buffer word (LanesPerQuadrant bytes each).
  std::uint32_t lane_chunks = 0;
  /// Rows in one index block (192 B) and in one value block (256 B) of the weight stream.
  std::uint32_t index_rows_per_block = 0;
  /// Hash of the parameters; a program carries it.
  std::uint64_t hash = 0;
};

/// The fields by their data-file name, for reading a configuration from JSON.
struct ConfigurationField {
  const char* name;
  std::uint32_t Configuration::*member;
};
inline constexpr std::array<ConfigurationField, 23> kConfigurationFields{{
    {"NumSubsystems", &Configuration::num_subsystems},
    {"NumQuadrants", &Configuration::num_quadrants},
    {"LanesPerQuadrant", &Configuration::lanes_per_quadrant},
    {"PixelsPerQuadrant", &Configuration::pixels_per_quadrant},
    {"EpiloguePixels", &Configuration::epilogue_pixels},
    {"LocalBufferKiB", &Configuration::local_buffer_kib},
    {"ValueRows", &Configuration::value_rows},
    {"IndexRows", &Configuration::index_rows},
    {"ParamRows", &Configuration::param_rows},
    {"LoadSlots", &Configuration::load_slots},
    {"WeightSlots", &Configuration::weight_slots},
    {"StoreSlots", &Configuration::store_slots},
    {"QueueDepth", &Configuration::queue_depth},
    {"ArrayLanes", &Configuration::array_lanes},
    {"MacsPerClock", &Configuration::macs_per_clock},
    {"MaxShape", &Configuration::max_shape},
    {"PixelLanes", &Configuration::pixel_lanes},
    {"LocalBanks", &Configuration::local_banks},
    {"LocalWords", &Configuration::local_words},
    {"LocalAddrWidth", &Configuration::local_addr_width},
    {"LocalBankRows", &Configuration::local_bank_rows},
    {"LaneChunks", &Configuration::lane_chunks},
    {"IndexRowsPerBlock", &Configuration::index_rows_per_block},
}};

}  // namespace s4::config
