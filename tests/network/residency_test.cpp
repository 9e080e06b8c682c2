// Places of activations in the local buffer.
#include <catch2/catch.hpp>
#include <vector>

#include "sw/network/residency.hpp"

namespace {

using namespace s4::sw;

/// Values of one image, `words[i]` words each.
Network network_of(const std::vector<std::uint32_t>& words) {
  Network network;
  for (const std::uint32_t count : words) {
    ChipValue value;
    value.shape = {1, 64 * count, 1, 1};
    network.values.push_back(value);
  }
  return network;
}

/// No two values share a word while both live.
void check_apart(const Network& network, const Segment& segment, const Allocation& places) {
  for (std::size_t a = 0; a < segment.values.size(); ++a) {
    for (std::size_t b = a + 1; b < segment.values.size(); ++b) {
      const SegmentValue& x = segment.values[a];
      const SegmentValue& y = segment.values[b];
      if (x.last < y.first || y.last < x.first) continue;
      const std::uint64_t x_end = places.address[a] + network.values[x.value].shape.words();
      const std::uint64_t y_end = places.address[b] + network.values[y.value].shape.words();
      CAPTURE(a, b);
      CHECK((x_end <= places.address[b] || y_end <= places.address[a]));
    }
  }
}

}  // namespace

TEST_CASE("places are found for large values that small ones would cut off") {
  const Network network = network_of({4, 4, 1, 4});
  Segment segment;
  segment.layers = {0, 1, 2, 3, 4, 5};
  // The small value lives longer than the last large one and takes the place of the first.
  segment.values = {{0, false, false, 0, 3},
                    {1, false, false, 2, 5},
                    {2, false, false, 4, 5},
                    {3, false, false, 5, 5}};
  const auto places = allocate(network, segment, 1, Residency::kPacked, 9);
  REQUIRE(places.has_value());
  CHECK(places->words == 9);
  check_apart(network, segment, *places);
  CHECK_FALSE(allocate(network, segment, 1, Residency::kPacked, 8).has_value());
}

TEST_CASE("inputs may be loaded ahead where results have no place of their own") {
  const Network network = network_of({2, 4, 3});
  Segment segment;
  segment.layers = {0, 1};
  segment.values = {{0, true, false, 0, 0}, {1, false, false, 0, 1}, {2, false, true, 1, 1}};
  const auto words = [&](Residency residency) {
    return allocate(network, segment, 1, residency, 100)->words;
  };
  CHECK(words(Residency::kDouble) == 2 + 2 + 4 + 3);
  CHECK(words(Residency::kSingle) == 2 + 4 + 3);
  CHECK(words(Residency::kAhead) == 2 + 4 + 3);
  CHECK(words(Residency::kPacked) == 4 + 3);
  // The result's place is used before it is made.
  segment.layers = {0, 1, 2};
  segment.values[1] = {1, false, false, 0, 0};
  segment.values[2] = {2, false, true, 1, 2};
  CHECK(words(Residency::kSingle) == 2 + 4 + 3);
  CHECK(words(Residency::kAhead) == 2 + 4);
}
