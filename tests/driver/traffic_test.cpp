// Where bytes go in a chip: channels by the address map, links by the ring's paths.
#include <catch2/catch.hpp>
#include <random>

#include "sim/ring/ring_address.hpp"
#include "sw/driver/traffic.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;

sim::StationLayout layout_of(unsigned stations) {
  sim::StationLayout layout;
  layout.stations = stations;
  return layout;
}

/// Links on the way of one beat, walked station by station.
std::vector<std::uint64_t> walked(unsigned stations, unsigned from, std::uint32_t to) {
  std::vector<std::uint64_t> links(std::size_t{2} * stations, 0);
  for (unsigned station = 0; station < stations; ++station) {
    if ((to >> station & 1U) == 0 || station == from) continue;
    unsigned up = 0;
    for (unsigned at = from; at != station; at = (at + 1) % stations) ++up;
    const unsigned down = stations - up;
    const bool rises = up < down || (up == down && from % 2 == 0);
    for (unsigned at = from; at != station;) {
      links[2 * at + (rises ? 0 : 1)] = 1;  // a multicast passes a link once
      at = rises ? (at + 1) % stations : (at + stations - 1) % stations;
    }
  }
  return links;
}

}  // namespace

TEST_CASE("traffic: a beat passes the links of the ring's fixed paths") {
  for (unsigned stations = 2; stations <= 9; ++stations) {
    const TrafficMap map(layout_of(stations));
    for (unsigned home = 0; home < stations; ++home) {
      const std::uint64_t address = std::uint64_t{1024} * home;
      REQUIRE(sim::ring_home(stations, address).station == home);
      for (std::uint32_t mask = 1; mask < 1U << stations; ++mask) {
        Traffic traffic = map.none();
        map.read(mask, address, 64, traffic);
        CAPTURE(stations, home, mask);
        REQUIRE(traffic.links == walked(stations, home, mask));
        REQUIRE(traffic.ring_beats == ((mask & ~(1U << home)) != 0 ? 1 : 0));
        REQUIRE(traffic.bytes_read() == 64);
      }
      for (unsigned station = 0; station < stations; ++station) {
        Traffic traffic = map.none();
        map.write(station, address, 64, traffic);
        REQUIRE(traffic.links == walked(stations, station, 1U << home));
        REQUIRE(traffic.bytes_written() == 64);
      }
    }
  }
}

TEST_CASE("traffic: any piece is what its bytes are one by one") {
  std::mt19937_64 random(tb::seed());
  for (int i = 0; i < 200; ++i) {
    const TrafficMap map(layout_of(2 + static_cast<unsigned>(random() % 4)));
    const std::uint64_t address = random() % (std::uint64_t{1} << 33);
    const std::uint64_t size = random() % 5000;
    const unsigned station = static_cast<unsigned>(random() % map.layout().stations);
    Traffic read = map.none(), written = map.none();
    map.read(1U << station, address, size, read);
    map.write(station, address, size, written);
    Traffic beats = map.none(), bursts = map.none();
    for (std::uint64_t at = address / 64 * 64; at < address + size && size != 0; at += 64) {
      map.read(1U << station, at, 64, beats);
    }
    for (std::uint64_t at = address / 32 * 32; at < address + size && size != 0; at += 32) {
      map.write(station, at, 32, bursts);
    }
    CAPTURE(address, size, station);
    CHECK(read.channels == beats.channels);
    CHECK(read.links == beats.links);
    CHECK(written.channels == bursts.channels);
    const std::uint64_t touched = size == 0 ? 0 : (address + size + 63) / 64 - address / 64;
    CHECK(read.bytes_read() == 64 * touched);
    CHECK(written.ring_beats <= touched);
    CHECK(written.ring_beats == read.ring_beats);
  }
}

TEST_CASE("traffic: what does not exist moves nothing") {
  const TrafficMap map(layout_of(2));
  Traffic traffic = map.none();
  map.read(1, std::uint64_t{2} << 32, 4096, traffic);
  CHECK(traffic.bytes_read() == 0);
  CHECK(traffic.link_bytes() == 0);
}

TEST_CASE("traffic: a subsystem alone has no ring") {
  const TrafficMap map(sim::one_station(2, 2));
  Traffic traffic = map.none();
  map.read(1, 0x1000, 4096, traffic);
  map.write(0, 0x1000, 64, traffic);
  CHECK(traffic.bytes_read() == 4096);
  CHECK(traffic.bytes_written() == 64);
  CHECK(traffic.links.empty());
  CHECK(traffic.ring_beats == 0);
}
