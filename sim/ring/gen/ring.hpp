// Generated from rtl/ring/ring.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace s4::ring {

/// Most stations of a ring; bits of a destination mask.
inline constexpr std::uint32_t kMaxStations = 16;
/// Bits of a station number.
inline constexpr std::uint32_t kStationWidth = 4;
/// Classes that never block one another.
inline constexpr std::uint32_t kNumClasses = 3;
/// Bits of a class.
inline constexpr std::uint32_t kClassWidth = 2;
/// Data of one packet.
inline constexpr std::uint32_t kDataBits = 512;
/// Bits of the payload structure.
inline constexpr std::uint32_t kPayloadBits = 596;
/// Bits of the turn of a tag.
inline constexpr std::uint32_t kTurnWidth = 2;
/// Lowest bit, in the data of a Read packet, of the mask of the stations that receive its beats.
inline constexpr std::uint32_t kMaskLsb = 40;
/// Bits of the number of joint reads that a Control packet tells of.
inline constexpr std::uint32_t kAskedWidth = 8;
/// Bits of the check sum that travels from end to end over source, class and payload.
inline constexpr std::uint32_t kCrcWidth = 16;
/// x^16 + x^12 + x^5 + 1 without its highest term. The check sum of a word is the remainder of
/// word * x^16, inverted.
inline constexpr std::uint32_t kCrcPolynomial = 4129;
/// Bits of an error counter; it stops at its largest value.
inline constexpr std::uint32_t kCounterWidth = 16;

/// Class of a packet.
enum class Class : std::uint8_t {
  kRequest = 0,  ///< Read and write requests, write data.
  kResponse = 1,  ///< Read data and acknowledges: always taken by their receiver without sending anything first.
  kControl = 2,  ///< First at every station, in a limited number: how many more joint reads the sender has open, in data[7:0].
};
[[nodiscard]] constexpr const char* to_string(Class value) {
  switch (value) {
    case Class::kRequest:
      return "Request";
    case Class::kResponse:
      return "Response";
    case Class::kControl:
      return "Control";
  }
  return "?";
}

/// Error to make on the link that leaves a station, for tests of the checks.
enum class Fault : std::uint8_t {
  kNone = 0,  ///< No error.
  kHeader = 1,  ///< One bit of the header: found by its parity at the next hop, the slot is dropped.
  kPayload = 2,  ///< One bit of the payload: found by its parity at the next hop and by the check sum.
  kPayloadPair = 3,  ///< Two bits of the payload: found by the check sum only.
};
[[nodiscard]] constexpr const char* to_string(Fault value) {
  switch (value) {
    case Fault::kNone:
      return "None";
    case Fault::kHeader:
      return "Header";
    case Fault::kPayload:
      return "Payload";
    case Fault::kPayloadPair:
      return "PayloadPair";
  }
  return "?";
}

/// What a packet carries.
enum class Op : std::uint8_t {
  kRead = 0,  ///< Read request: address in the memory of the station in data[35:0], beats minus one in data[39:36], mask of the stations that receive the beats in data[55:40] (0: the sender); last says whether its last beat ends the burst.
  kWrite = 1,  ///< Write request, as a read request; the beats follow as Data packets of the same class.
  kData = 2,  ///< One beat.
  kAcknowledge = 3,  ///< A write burst is done.
};
[[nodiscard]] constexpr const char* to_string(Op value) {
  switch (value) {
    case Op::kRead:
      return "Read";
    case Op::kWrite:
      return "Write";
    case Op::kData:
      return "Data";
    case Op::kAcknowledge:
      return "Acknowledge";
  }
  return "?";
}
inline constexpr unsigned kPayloadOpLsb = 594;
inline constexpr unsigned kPayloadOpBits = 2;
inline constexpr unsigned kPayloadTurnLsb = 592;
inline constexpr unsigned kPayloadTurnBits = 2;
inline constexpr unsigned kPayloadTagLsb = 584;
inline constexpr unsigned kPayloadTagBits = 8;
inline constexpr unsigned kPayloadLastLsb = 583;
inline constexpr unsigned kPayloadLastBits = 1;
inline constexpr unsigned kPayloadLeftLsb = 579;
inline constexpr unsigned kPayloadLeftBits = 4;
inline constexpr unsigned kPayloadErrorLsb = 577;
inline constexpr unsigned kPayloadErrorBits = 2;
inline constexpr unsigned kPayloadStrobeLsb = 513;
inline constexpr unsigned kPayloadStrobeBits = 64;
inline constexpr unsigned kPayloadSeveralLsb = 512;
inline constexpr unsigned kPayloadSeveralBits = 1;
inline constexpr unsigned kPayloadDataLsb = 0;
inline constexpr unsigned kPayloadDataBits = 512;
inline constexpr unsigned kErrorsHeaderLsb = 64;
inline constexpr unsigned kErrorsHeaderBits = 16;
inline constexpr unsigned kErrorsPayloadLsb = 48;
inline constexpr unsigned kErrorsPayloadBits = 16;
inline constexpr unsigned kErrorsCrcLsb = 32;
inline constexpr unsigned kErrorsCrcBits = 16;
inline constexpr unsigned kErrorsMisroutedLsb = 16;
inline constexpr unsigned kErrorsMisroutedBits = 16;
inline constexpr unsigned kErrorsDroppedLsb = 0;
inline constexpr unsigned kErrorsDroppedBits = 16;
inline constexpr unsigned kPortErrorsGivenUpLsb = 32;
inline constexpr unsigned kPortErrorsGivenUpBits = 16;
inline constexpr unsigned kPortErrorsLostLsb = 16;
inline constexpr unsigned kPortErrorsLostBits = 16;
inline constexpr unsigned kPortErrorsStrayLsb = 0;
inline constexpr unsigned kPortErrorsStrayBits = 16;

}  // namespace s4::ring
