// Where addresses lie: one to one, even, and the same in RTL and model.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "sim/memory/station_address.hpp"
#include "sim/ring/ring_address.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using sim::StationLayout;
using sim::StationPlace;

namespace {

class Interleave {
 public:
  Interleave(const StationLayout& layout, tb::ModelOptions options = {}) : layout_(layout) {
    options.parameters = {{"NumStations", std::to_string(layout.stations)},
                          {"NumChannels", std::to_string(layout.channels)},
                          {"SliceBits", std::to_string(layout.slice_bits)},
                          {"StationGranuleBits", std::to_string(layout.station_granule)},
                          {"ChannelGranuleBits", std::to_string(layout.channel_granule)}};
    model_ = tb::Model::load("station_interleave", "tiny", tb::Kind::kFast, options);
    address_ = model_->port("addr_i");
    exists_ = model_->port("exists_o");
    station_ = model_->port("station_o");
    channel_ = model_->port("channel_o");
    in_channel_ = model_->port("address_o");
  }
  StationPlace operator()(std::uint64_t address) {
    address_.set(address);
    model_->eval();
    StationPlace place;
    place.exists = exists_.get() != 0;
    place.station = static_cast<unsigned>(station_.get());
    place.channel = static_cast<unsigned>(channel_.get());
    place.address = in_channel_.get();
    return place;
  }
  [[nodiscard]] bool agrees(std::uint64_t address) {
    const StationPlace rtl = (*this)(address), model = place_of(layout_, address);
    if (rtl.exists != model.exists) return false;
    return !rtl.exists || std::tie(rtl.station, rtl.channel, rtl.address) ==
                              std::tie(model.station, model.channel, model.address);
  }

 private:
  StationLayout layout_;
  std::unique_ptr<tb::Model> model_;
  tb::Port address_, exists_, station_, channel_, in_channel_;
};

StationLayout chip(unsigned slice_bits) {
  StationLayout layout;
  layout.stations = 5;
  layout.slice_bits = slice_bits;
  return layout;
}

/// Every line of the space, once each; false if two meet, one lies outside, or one is left over.
template <typename Place>
bool one_to_one(const StationLayout& layout, Place&& place) {
  const std::uint64_t lines = (layout.stations << layout.slice_bits) / 64;
  const std::uint64_t each = (std::uint64_t{1} << layout.slice_bits) / layout.channels;
  std::set<std::tuple<unsigned, unsigned, std::uint64_t>> seen;
  for (std::uint64_t i = 0; i < lines; ++i) {
    const StationPlace p = place(64 * i);
    if (!p.exists || p.station >= layout.stations || p.channel >= layout.channels) return false;
    if (p.address >= each || p.address % 64 != 0) return false;
    if (!seen.emplace(p.station, p.channel, p.address).second) return false;
  }
  return seen.size() == lines;
}

}  // namespace

TEST_CASE("interleave: ten channels, every line of a small memory once and none left over") {
  const StationLayout layout = chip(16);
  Interleave rtl(layout);
  CHECK(one_to_one(layout, rtl));
  CHECK(one_to_one(layout, [&](std::uint64_t a) { return place_of(layout, a); }));
  for (std::uint64_t a = 0; a < std::uint64_t{7} << 16; a += 64) {
    if (!rtl.agrees(a)) FAIL("RTL and model differ at " << a);
  }
  CHECK_FALSE(rtl(std::uint64_t{5} << 16).exists);
}

TEST_CASE("interleave: 20 GB, the same in RTL and model, and backwards") {
  const StationLayout layout = chip(32);
  CHECK(layout.bytes() == std::uint64_t{20} << 30);
  Interleave rtl(layout);
  std::mt19937_64 random(tb::seed());
  for (unsigned i = 0; i < 20000; ++i) {
    const std::uint64_t address = random() % sim::kWindows / 32 * 32;
    if (!rtl.agrees(address)) FAIL("RTL and model differ at " << address);
    const StationPlace p = place_of(layout, address);
    if (!p.exists) continue;
    // From station, channel and address back to the only slice and granule that lead there.
    unsigned found = 0;
    for (std::uint64_t slice = 0; slice < 5; ++slice) {
      for (std::uint64_t digit = 0; digit < 2; ++digit) {
        const std::uint64_t inside = (((p.address >> 9) * 2 + digit) << 9) + p.address % 512;
        const std::uint64_t back = (slice << 32) + inside;
        const StationPlace again = place_of(layout, back);
        if (again.station == p.station && again.channel == p.channel) {
          ++found;
          if (back != address) FAIL(address << " and " << back << " meet");
        }
      }
    }
    if (found != 1) FAIL("no way back to " << address);
  }
}

TEST_CASE("interleave: runs and strides use all channels alike") {
  const StationLayout layout = chip(32);
  // A run of whole rounds uses every channel equally often.
  std::map<std::pair<unsigned, unsigned>, unsigned> used;
  for (std::uint64_t a = 0; a < 5 * 64 * 1024; a += 64) {
    const StationPlace p = place_of(layout, (std::uint64_t{3} << 30) + a);
    ++used[{p.station, p.channel}];
  }
  REQUIRE(used.size() == 10);
  for (const auto& [channel, count] : used) CHECK(count == 512);
  // Strides of powers of two: no channel has more than 1.6 times its share of 5120 accesses.
  for (unsigned shift = 9; shift <= 20; ++shift) {
    INFO("stride 2^" << shift);
    std::map<std::pair<unsigned, unsigned>, unsigned> strided;
    for (std::uint64_t i = 0; i < 5120; ++i) {
      const StationPlace p = place_of(layout, (i << shift) % layout.bytes());
      ++strided[{p.station, p.channel}];
    }
    REQUIRE(strided.size() == 10);
    for (const auto& [channel, count] : strided) CHECK(count <= 820);
  }
}

TEST_CASE("interleave: one station of 1, 2, 4 and 8 channels") {
  for (const unsigned channels : {1u, 2u, 4u, 8u}) {
    StationLayout layout = sim::one_station(channels, 2);
    CHECK(layout.bytes() == std::uint64_t{channels} << 31);
    layout.slice_bits = 18;
    layout.station_granule = 12;
    CHECK(one_to_one(layout, [&](std::uint64_t a) { return place_of(layout, a); }));
  }
  StationLayout layout;
  layout.channels = 8;
  layout.slice_bits = 18;
  layout.station_granule = 12;
  Interleave rtl(layout);
  CHECK(one_to_one(layout, rtl));
  for (std::uint64_t a = 0; a < std::uint64_t{2} << 18; a += 64) {
    if (!rtl.agrees(a)) FAIL("RTL and model differ at " << a);
  }
}

TEST_CASE("interleave: a channel that is not what it should be is seen") {
  const auto bug = tests::seeded_bug("rtl/memory/station_interleave.sv", "interleave_channel",
                                     "assign channel_o = folded;",
                                     "assign channel_o = folded | ChannelBits'(upper[3]);");
  Interleave rtl(chip(16), bug);
  CHECK_FALSE(one_to_one(chip(16), rtl));
}
