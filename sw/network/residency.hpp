// Where the activations of a segment lie in the local buffer.
//
// A segment is a sequence of chip layers whose activations all stay on the chip. The batch passes
// through it in sub-batches; each runs through all layers before the next one does.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sw/network/network.hpp"

namespace s4::sw {

/// A value as the layers of a segment use it. Positions are those of layers in the segment.
struct SegmentValue {
  std::size_t value = 0;  ///< in Network::values, with words of its own (Network::home)
  bool loaded = false;    ///< from memory, before the first layer that reads it
  bool stored = false;    ///< to memory, after the layer that makes it
  std::size_t first = 0;  ///< layer that makes it, or first one that reads it
  std::size_t last = 0;   ///< last layer that reads it, at least `first`
  /// Takes the place of weights in a layer of the segment, straight from its place: whole blocks of
  /// rows are read, so up to kOperandMargin words behind it too.
  bool operand = false;
};

inline constexpr std::uint32_t kOperandMargin = 63;

struct Segment {
  std::vector<std::size_t> layers;  ///< in Network::layers, in order
  std::vector<SegmentValue> values;
  /// Images that pass through the segment. Layers of more have that many times the heads of each:
  /// image h * batch + b is head h of image b.
  std::uint32_t batch = 1;

  /// `value` has words of its own.
  [[nodiscard]] const SegmentValue* find(std::size_t value) const;
  /// Words of an image stand together `planes` times: once for every block of channels and head.
  [[nodiscard]] std::uint32_t planes(const TensorShape& shape) const {
    return shape.blocks() * shape.batch / batch;
  }
  /// The second operand of layer i comes from its place in the local buffer.
  [[nodiscard]] bool has_local_operand(const Network& network, std::size_t i) const {
    const std::optional<std::size_t>& operand = network.layers[layers[i]].operand;
    const SegmentValue* const value = operand ? find(network.home(*operand)) : nullptr;
    return value != nullptr && value->operand;
  }
  /// Any layer has such an operand.
  [[nodiscard]] bool has_local_operands() const;
  /// Heads that a layer takes as images of their own; 1: none.
  [[nodiscard]] std::uint32_t heads(const Network& network, std::size_t i) const {
    return network.layers[layers[i]].layer.geometry.batch / batch;
  }
};

/// Words of the local buffer that the segment leaves to activations: gammas, betas and tables stand
/// at its end while the segment runs. 0 if nothing is left.
[[nodiscard]] std::uint64_t activation_room(const Network& network, const Segment& segment,
                                            std::uint64_t local_words);

/// The segment of these layers. `needed`: values that somebody outside of it wants, by value.
/// `local_operands`: operands that a layer of the segment makes stay in the local buffer for those
/// that read them.
[[nodiscard]] Segment make_segment(const Network& network, std::vector<std::size_t> layers,
                                   const std::vector<bool>& needed, bool local_operands);

/// How much of the local buffer is given for overlap, most first.
enum class Residency : std::uint8_t {
  kDouble,  ///< inputs of the next sub-batch are loaded beside those in use
  kSingle,  ///< inputs of the next sub-batch take the place of those in use once they are read
  kAhead,   ///< as kSingle, but places of results are used again while they are stored
  kPacked,  ///< every place is used again: inputs are loaded once nothing else needs their place
};
[[nodiscard]] const char* residency_name(Residency residency);

/// Word addresses, by position in Segment::values.
struct Allocation {
  std::vector<std::uint32_t> address;
  std::vector<std::uint32_t> other;  ///< second place of loaded values in kDouble, else the same
  std::uint64_t words = 0;           ///< highest word used, plus one
  /// Of a pipeline: sub-batch s has place s % turns, `step` words from one to the next.
  std::vector<std::uint32_t> turns, step;
  /// Of a pipeline: one image that all sub-batches read, in a place behind the lanes. Empty: none.
  std::vector<bool> common;
};

/// A place that is taken from layer `first` to layer `last`, or over as many other steps; with
/// `last` below `first` from the start to `last`, and from `first` to the end.
struct PlaceItem {
  std::uint64_t words = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t owner = 0;  ///< position in Segment::values
  std::uint64_t address = 0;

  [[nodiscard]] bool covers(std::size_t step) const {
    return first <= last ? first <= step && step <= last : step <= last || first <= step;
  }
  /// Both are taken in some step.
  [[nodiscard]] bool meets(const PlaceItem& other) const {
    return covers(other.first) || other.covers(first);
  }
};
/// Places for all items, of which `count` owners have one or two; nothing if they do not fit `room`
/// words.
[[nodiscard]] std::optional<Allocation> place_items(const std::vector<PlaceItem>& items,
                                                    std::size_t count, std::uint64_t room);

/// A segment of which all layers take equal numbers of images.
inline constexpr std::size_t kNoSplit = std::numeric_limits<std::size_t>::max();

/// Value `v` of a segment is read by layer `split` or a later one: its place holds all images that
/// these take together.
[[nodiscard]] inline bool is_late(const SegmentValue& v, std::size_t split) {
  return v.last >= split;
}

/// Places values of `images` images each, late ones of `late_images`; nothing if they do not fit
/// `room` words.
[[nodiscard]] std::optional<Allocation> allocate(const Network& network, const Segment& segment,
                                                 std::uint32_t images, Residency residency,
                                                 std::uint64_t room, std::size_t split = kNoSplit,
                                                 std::uint32_t late_images = 0);

}  // namespace s4::sw
