// Generated from rtl/memory_port/memory_port.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace s4::memory_port {

/// Bits of a byte address.
inline constexpr std::uint32_t kAddrWidth = 36;
/// Bytes of one beat.
inline constexpr std::uint32_t kBeatBytes = 64;
/// Bits of one beat.
inline constexpr std::uint32_t kBeatBits = 512;
/// Most beats of one burst.
inline constexpr std::uint32_t kMaxBurst = 16;
/// Bits of a tag: client in the upper two, slot in the lower six.
inline constexpr std::uint32_t kTagWidth = 8;
/// Stations that a destination mask can name.
inline constexpr std::uint32_t kMaskWidth = 16;
/// Bits of the slot part of a tag.
inline constexpr std::uint32_t kSlotWidth = 6;

/// Clients of the port, the upper two bits of a tag.
enum class Client : std::uint8_t {
  kFetch = 0,  ///< Command fetch.
  kLoad = 1,  ///< Load DMA.
  kWeights = 2,  ///< Weight DMA.
  kStore = 3,  ///< Store DMA.
};
[[nodiscard]] constexpr const char* to_string(Client value) {
  switch (value) {
    case Client::kFetch:
      return "Fetch";
    case Client::kLoad:
      return "Load";
    case Client::kWeights:
      return "Weights";
    case Client::kStore:
      return "Store";
  }
  return "?";
}

/// Outcome of a request.
enum class ResponseError : std::uint8_t {
  kOk = 0,  ///< Done.
  kDecode = 1,  ///< No memory at this address.
  kData = 2,  ///< Uncorrectable data.
};
[[nodiscard]] constexpr const char* to_string(ResponseError value) {
  switch (value) {
    case ResponseError::kOk:
      return "Ok";
    case ResponseError::kDecode:
      return "Decode";
    case ResponseError::kData:
      return "Data";
  }
  return "?";
}
inline constexpr unsigned kRequestWriteLsb = 64;
inline constexpr unsigned kRequestWriteBits = 1;
inline constexpr unsigned kRequestAddrLsb = 28;
inline constexpr unsigned kRequestAddrBits = 36;
inline constexpr unsigned kRequestLenLsb = 24;
inline constexpr unsigned kRequestLenBits = 4;
inline constexpr unsigned kRequestTagLsb = 16;
inline constexpr unsigned kRequestTagBits = 8;
inline constexpr unsigned kRequestMaskLsb = 0;
inline constexpr unsigned kRequestMaskBits = 16;
inline constexpr unsigned kWriteDataDataLsb = 65;
inline constexpr unsigned kWriteDataDataBits = 512;
inline constexpr unsigned kWriteDataStrobeLsb = 1;
inline constexpr unsigned kWriteDataStrobeBits = 64;
inline constexpr unsigned kWriteDataLastLsb = 0;
inline constexpr unsigned kWriteDataLastBits = 1;
inline constexpr unsigned kResponseDataLsb = 12;
inline constexpr unsigned kResponseDataBits = 512;
inline constexpr unsigned kResponseTagLsb = 4;
inline constexpr unsigned kResponseTagBits = 8;
inline constexpr unsigned kResponseWriteLsb = 3;
inline constexpr unsigned kResponseWriteBits = 1;
inline constexpr unsigned kResponseErrorLsb = 1;
inline constexpr unsigned kResponseErrorBits = 2;
inline constexpr unsigned kResponseLastLsb = 0;
inline constexpr unsigned kResponseLastBits = 1;

}  // namespace s4::memory_port
