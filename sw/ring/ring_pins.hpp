// The pins of a verilated ring, per station and lane.
#pragma once
#include <cstdint>
#include <memory>

#include "sim/ring/gen/ring.hpp"
#include "tb/model.hpp"

namespace s4::sw {

/// Error counters of one station.
struct RingErrors {
  unsigned header = 0, payload = 0, crc = 0, misrouted = 0, dropped = 0;
  bool operator==(const RingErrors&) const = default;
};

class RingPins {
 public:
  /// `model`: the module `ring` with PayloadWidth of at least 64, made for `stations` stations.
  RingPins(tb::Model& model, unsigned stations);

  [[nodiscard]] tb::Model& model() { return model_; }
  [[nodiscard]] unsigned stations() const { return stations_; }
  [[nodiscard]] unsigned payload_bits() const { return payload_bits_; }

  /// Nothing is pushed, everything has room, no faults; then reset.
  void reset();

  // ---- Injection: offers of a clock; end_offers() takes them back ----
  [[nodiscard]] bool has_room(unsigned station, unsigned lane, ring::Class packet_class) const {
    const unsigned bit = (2 * station + lane) * ring::kNumClasses;
    return inject_room_.bits(bit + static_cast<unsigned>(packet_class), 1) != 0;
  }
  /// Offers a packet; the class must have room. `identity` fills the low 64 bits of the payload.
  void offer(unsigned station, unsigned lane, ring::Class packet_class, std::uint32_t mask,
             std::uint64_t identity);
  /// Payload bits from 64 up are made from the identity, too; ejected ones are compared with it.
  void offer_filled(unsigned station, unsigned lane, ring::Class packet_class, std::uint32_t mask,
                    std::uint64_t identity);
  void end_offers();

  // ---- Ejection ----
  /// Room for each class (bit c) at a lane of a station; call model().eval() before reading.
  void set_room(unsigned station, unsigned lane, unsigned classes);
  [[nodiscard]] std::uint64_t ejecting() const { return eject_valid_.get(); }
  [[nodiscard]] ring::Class ejected_class(unsigned station, unsigned lane) const;
  [[nodiscard]] unsigned ejected_source(unsigned station, unsigned lane) const;
  [[nodiscard]] bool ejected_error(unsigned station, unsigned lane) const;
  [[nodiscard]] std::uint64_t ejected_identity(unsigned station, unsigned lane) const;
  /// The whole payload is the one that offer_filled made of this identity.
  [[nodiscard]] bool ejected_filled(unsigned station, unsigned lane, std::uint64_t identity) const;

  // ---- Rest ----
  [[nodiscard]] std::uint64_t links_used() const { return link_used_.get(); }
  void set_fault(unsigned station, unsigned lane, ring::Fault fault);
  /// Stations (bit s: station s) that put nothing of their own on the ring.
  void set_stalls(std::uint32_t stations) { stall_.set(stations); }
  [[nodiscard]] std::uint32_t reach(unsigned station, unsigned lane) const;
  [[nodiscard]] RingErrors errors(unsigned station) const;
  [[nodiscard]] std::uint32_t dead(unsigned station) const;

 private:
  tb::Model& model_;
  unsigned stations_, payload_bits_;
  tb::Port fault_, stall_, reach_, inject_room_, inject_valid_, inject_class_, inject_mask_,
      inject_payload_;
  tb::Port eject_room_, eject_valid_, eject_class_, eject_source_, eject_error_, eject_payload_;
  tb::Port errors_, dead_, link_used_;
};

/// Word i (32 bits) of the payload that offer_filled makes of an identity, words from 2 up.
[[nodiscard]] std::uint32_t ring_filling(std::uint64_t identity, unsigned word);

}  // namespace s4::sw
