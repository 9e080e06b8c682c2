#include "sw/ring/ring_pins.hpp"

#include <algorithm>
#include <stdexcept>

namespace s4::sw {

RingPins::RingPins(tb::Model& model, unsigned stations)
    : model_(model),
      stations_(stations),
      payload_bits_(model.port("inject_payload_i").width() / (2 * stations)),
      fault_(model.port("fault_i")),
      stall_(model.port("stall_i")),
      reach_(model.port("reach_o")),
      inject_room_(model.port("inject_room_o")),
      inject_valid_(model.port("inject_valid_i")),
      inject_class_(model.port("inject_class_i")),
      inject_mask_(model.port("inject_mask_i")),
      inject_payload_(model.port("inject_payload_i")),
      eject_room_(model.port("eject_room_i")),
      eject_valid_(model.port("eject_valid_o")),
      eject_class_(model.port("eject_class_o")),
      eject_source_(model.port("eject_source_o")),
      eject_error_(model.port("eject_error_o")),
      eject_payload_(model.port("eject_payload_o")),
      errors_(model.port("errors_o")),
      dead_(model.port("dead_o")),
      link_used_(model.port("link_used_o")) {
  if (inject_valid_.width() != 2 * stations) {
    throw std::invalid_argument("the ring model has another number of stations");
  }
  if (payload_bits_ < 64) throw std::invalid_argument("the ring model's payload is too narrow");
}

void RingPins::reset() {
  fault_.set(0);
  stall_.set(0);
  inject_valid_.set(0);
  for (unsigned s = 0; s < stations_; ++s) {
    for (unsigned l = 0; l < 2; ++l) set_room(s, l, (1u << ring::kNumClasses) - 1);
  }
  model_.reset();
}

void RingPins::offer(unsigned station, unsigned lane, ring::Class packet_class, std::uint32_t mask,
                     std::uint64_t identity) {
  const unsigned at = 2 * station + lane;
  inject_valid_.set_bits(at, 1, 1);
  inject_class_.set_bits(at * ring::kClassWidth, ring::kClassWidth,
                         static_cast<unsigned>(packet_class));
  inject_mask_.set_bits(at * stations_, stations_, mask);
  inject_payload_.set_bits(at * payload_bits_, 64, identity);
}

void RingPins::offer_filled(unsigned station, unsigned lane, ring::Class packet_class,
                            std::uint32_t mask, std::uint64_t identity) {
  offer(station, lane, packet_class, mask, identity);
  const unsigned base = (2 * station + lane) * payload_bits_;
  for (unsigned word = 2; 32 * word < payload_bits_; ++word) {
    inject_payload_.set_bits(base + 32 * word, std::min(32u, payload_bits_ - 32 * word),
                             ring_filling(identity, word));
  }
}

void RingPins::end_offers() { inject_valid_.set(0); }

void RingPins::set_room(unsigned station, unsigned lane, unsigned classes) {
  eject_room_.set_bits((2 * station + lane) * ring::kNumClasses, ring::kNumClasses, classes);
}

ring::Class RingPins::ejected_class(unsigned station, unsigned lane) const {
  return static_cast<ring::Class>(
      eject_class_.bits((2 * station + lane) * ring::kClassWidth, ring::kClassWidth));
}

unsigned RingPins::ejected_source(unsigned station, unsigned lane) const {
  return static_cast<unsigned>(
      eject_source_.bits((2 * station + lane) * ring::kStationWidth, ring::kStationWidth));
}

bool RingPins::ejected_error(unsigned station, unsigned lane) const {
  return eject_error_.bits(2 * station + lane, 1) != 0;
}

std::uint64_t RingPins::ejected_identity(unsigned station, unsigned lane) const {
  return eject_payload_.bits((2 * station + lane) * payload_bits_, 64);
}

bool RingPins::ejected_filled(unsigned station, unsigned lane, std::uint64_t identity) const {
  const unsigned base = (2 * station + lane) * payload_bits_;
  if (eject_payload_.bits(base, 64) != identity) return false;
  for (unsigned word = 2; 32 * word < payload_bits_; ++word) {
    const unsigned count = std::min(32u, payload_bits_ - 32 * word);
    const std::uint64_t mask = (std::uint64_t{1} << count) - 1;
    if (eject_payload_.bits(base + 32 * word, count) != (ring_filling(identity, word) & mask)) {
      return false;
    }
  }
  return true;
}

void RingPins::set_fault(unsigned station, unsigned lane, ring::Fault fault) {
  fault_.set_bits((2 * station + lane) * 2, 2, static_cast<unsigned>(fault));
}

std::uint32_t RingPins::reach(unsigned station, unsigned lane) const {
  return static_cast<std::uint32_t>(reach_.bits((2 * station + lane) * stations_, stations_));
}

RingErrors RingPins::errors(unsigned station) const {
  const unsigned base = station * 5 * ring::kCounterWidth;
  const auto counter = [&](unsigned lsb) {
    return static_cast<unsigned>(errors_.bits(base + lsb, ring::kCounterWidth));
  };
  return {counter(ring::kErrorsHeaderLsb), counter(ring::kErrorsPayloadLsb),
          counter(ring::kErrorsCrcLsb), counter(ring::kErrorsMisroutedLsb),
          counter(ring::kErrorsDroppedLsb)};
}

std::uint32_t RingPins::dead(unsigned station) const {
  return static_cast<std::uint32_t>(dead_.bits(station * stations_, stations_));
}

std::uint32_t ring_filling(std::uint64_t identity, unsigned word) {
  std::uint64_t x = identity + 0x9e3779b97f4a7c15u * (word + 1);
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  return static_cast<std::uint32_t>(x >> 16);
}

}  // namespace s4::sw
