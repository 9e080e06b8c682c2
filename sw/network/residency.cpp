#include "sw/network/residency.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

namespace s4::sw {
namespace {

/// Orders in which places are given, before the smallest result is taken.
constexpr int kPlacings = 40;

/// Lowest address at which `item` meets none of the placed ones.
std::uint64_t lowest_place(const PlaceItem& item, const std::vector<PlaceItem>& placed) {
  std::vector<const PlaceItem*> rivals;
  for (const PlaceItem& other : placed) {
    if (item.meets(other)) rivals.push_back(&other);
  }
  std::sort(rivals.begin(), rivals.end(),
            [](const PlaceItem* a, const PlaceItem* b) { return a->address < b->address; });
  std::uint64_t address = 0;
  for (const PlaceItem* rival : rivals) {
    if (address + item.words <= rival->address) break;
    address = std::max(address, rival->address + rival->words);
  }
  return address;
}

/// Gives the items their places in this order.
Allocation place(std::vector<PlaceItem> items, const std::vector<std::size_t>& order,
                 std::size_t count) {
  Allocation result;
  result.address.assign(count, 0);
  result.other.assign(count, 0);
  std::vector<bool> placed_once(count, false);
  std::vector<PlaceItem> placed;
  for (const std::size_t i : order) {
    const std::size_t owner = items[i].owner;
    items[i].address = lowest_place(items[i], placed);
    result.words = std::max(result.words, items[i].address + items[i].words);
    placed.push_back(items[i]);
    const auto address = static_cast<std::uint32_t>(items[i].address);
    if (!placed_once[owner]) result.address[owner] = address;
    result.other[owner] = address;
    placed_once[owner] = true;
  }
  return result;
}

}  // namespace

const char* residency_name(Residency residency) {
  switch (residency) {
    case Residency::kDouble:
      return "double";
    case Residency::kSingle:
      return "single";
    case Residency::kAhead:
      return "ahead";
    case Residency::kPacked:
      return "packed";
  }
  return "?";
}

const SegmentValue* Segment::find(std::size_t value) const {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [&](const SegmentValue& v) { return v.value == value; });
  return found == values.end() ? nullptr : &*found;
}

bool Segment::has_local_operands() const {
  return std::any_of(values.begin(), values.end(), [](const SegmentValue& v) { return v.operand; });
}

std::uint64_t activation_room(const Network& network, const Segment& segment,
                              std::uint64_t local_words) {
  std::uint64_t taken = 0;
  for (const std::size_t layer : segment.layers) {
    taken += layer_parameter_words(network.layers[layer].layer);
  }
  return local_words - std::min(taken, local_words);
}

Segment make_segment(const Network& network, std::vector<std::size_t> layers,
                     const std::vector<bool>& needed, bool local_operands) {
  Segment segment;
  segment.layers = std::move(layers);
  segment.batch = network.layers[segment.layers.front()].layer.geometry.batch;
  for (const std::size_t l : segment.layers) {
    segment.batch = std::min(segment.batch, network.layers[l].layer.geometry.batch);
  }
  const auto use = [&](std::size_t view, std::size_t position) {
    const std::size_t value = network.home(view);
    const auto found = std::find_if(segment.values.begin(), segment.values.end(),
                                    [&](const SegmentValue& v) { return v.value == value; });
    if (found != segment.values.end()) {
      found->last = position;
    } else {
      segment.values.push_back({value, true, false, position, position});
    }
  };
  for (std::size_t i = 0; i < segment.layers.size(); ++i) {
    const ChipLayer& layer = network.layers[segment.layers[i]];
    use(layer.input, i);
    if (layer.second) use(*layer.second, i);
    if (layer.operand && local_operands) {
      const std::size_t value = network.home(*layer.operand);
      for (SegmentValue& made : segment.values) {
        if (made.value != value || made.loaded) continue;
        made.operand = true;
        made.last = i;
      }
    }
    segment.values.push_back({layer.output, false, needed[layer.output], i, i});
  }
  return segment;
}

std::optional<Allocation> allocate(const Network& network, const Segment& segment,
                                   std::uint32_t images, Residency residency, std::uint64_t room,
                                   std::size_t split, std::uint32_t late_images) {
  const std::size_t count = segment.values.size();
  const std::size_t end = segment.layers.size();
  std::vector<PlaceItem> items;
  for (std::size_t i = 0; i < count; ++i) {
    const SegmentValue& v = segment.values[i];
    const TensorShape& shape = network.values[v.value].shape;
    PlaceItem item;
    item.owner = i;
    const bool late = is_late(v, split);
    item.words = std::uint64_t{late ? late_images : images} * shape.height * shape.width *
                     segment.planes(shape) +
                 (v.operand ? kOperandMargin : 0);
    // What is loaded ahead or still being stored outlives its sub-batch.
    const bool always = (v.loaded && residency != Residency::kPacked) ||
                        (v.stored && residency <= Residency::kSingle);
    // What waits for the late layers outlives the sub-batches in which it is made.
    const bool waits = late && v.first < split;
    item.first = always || v.loaded || waits ? 0 : v.first;
    item.last = always ? end : v.last;
    for (int copy = 0; copy < (residency == Residency::kDouble && v.loaded ? 2 : 1); ++copy) {
      items.push_back(item);
    }
  }
  return place_items(items, count, room);
}

std::optional<Allocation> place_items(const std::vector<PlaceItem>& items, std::size_t count,
                                      std::uint64_t room) {
  std::size_t end = 0;
  for (const PlaceItem& item : items) end = std::max({end, item.first, item.last});
  const auto length = [&](const PlaceItem& item) {
    return item.first <= item.last ? item.last - item.first : end + 1 - item.first + item.last;
  };
  std::uint64_t least = 0;  // words taken at the same time
  for (const PlaceItem& at : items) {
    std::uint64_t words = 0;
    for (const PlaceItem& item : items) words += item.covers(at.first) ? item.words : 0;
    least = std::max(least, words);
  }
  std::vector<std::size_t> order(items.size());
  std::optional<Allocation> best;
  if (least > room) return best;
  std::mt19937 random(1);
  // Long lives first leave few holes where sizes are alike, large places first where they are not;
  // else one of the sizes between may come first.
  for (int attempt = 0; attempt < kPlacings; ++attempt) {
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<std::pair<std::uint64_t, std::uint64_t>> keys;
    for (const PlaceItem& item : items) {
      const std::uint64_t lives = length(item);
      keys.push_back(attempt == 0   ? std::pair(lives, item.words)
                     : attempt == 1 ? std::pair(item.words, lives)
                                    : std::pair(item.words * (4 + random() % 5), lives));
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return keys[a] > keys[b]; });
    const auto result = place(items, order, count);
    if (result.words <= room && (!best || result.words < best->words)) best = result;
    if (best && best->words == least) break;
  }
  return best;
}

}  // namespace s4::sw
