// Error correction of the controller: every bit of a word, two wrong bits, partial writes, random
// requests with flips, what it costs, seeded bugs.
#include <catch2/catch.hpp>

#include "sim/memory/memory_code.hpp"
#include "tb/seed.hpp"
#include "tests/memory/memory_bug.hpp"
#include "tests/memory/memory_traffic.hpp"

using namespace s4;
using lpddr4::Counter;
using tests::MemoryRequest;
using tests::MemorySetup;
using tests::MemoryTraffic;

namespace {

constexpr unsigned kFlush = 1200;  // clocks until all that was written is in the device

MemorySetup with_ecc(bool two_ranks = false) {
  MemorySetup setup;
  setup.config = "tiny";
  setup.kind = tb::Kind::kChecked;
  setup.seed = tb::seed();
  setup.two_ranks = two_ranks;
  setup.ecc = true;
  return setup;
}

/// Requests to neighbouring lines.
MemoryTraffic::Source lines(bool write, std::uint32_t first, unsigned count, unsigned step = 64) {
  return [=, i = 0u]() mutable -> std::optional<MemoryRequest> {
    if (i == count) return std::nullopt;
    return MemoryRequest{write, first + step * i++};
  };
}

/// Reads all of `range` bytes; then the device must hold what was written, with right checks.
void scrub(MemoryTraffic& traffic, std::uint32_t range) {
  traffic.run(lines(false, 0x2000000, 200, 256));  // other checks in the cache
  traffic.run(lines(false, 0, range / 64));
  traffic.idle(kFlush);
  if (!traffic.is_stored()) throw std::runtime_error("expected every wrong bit to be scrubbed");
}

/// Random requests to `range` bytes, in parts between which words of them get one wrong bit each: a
/// word that has one gets no second before all were read, and thereby corrected in the device.
void random_flips(MemoryTraffic& traffic, std::uint64_t seed, unsigned requests,
                  std::uint32_t range, double stores, std::uint64_t& flips) {
  std::mt19937_64 random(seed);
  std::set<std::uint32_t> flipped;
  const auto part = [&](double p) {
    return std::uniform_real_distribution<double>(0, 1)(random) < p;
  };
  for (unsigned left = requests; left > 0;) {
    if (flipped.size() > range / 16) {
      scrub(traffic, range);
      flipped.clear();
    }
    unsigned now = std::min<unsigned>(left, 1 + random() % 400);
    left -= now;
    traffic.run([&]() -> std::optional<MemoryRequest> {
      if (now == 0) return std::nullopt;
      --now;
      if (part(0.1)) {
        const auto word = static_cast<std::uint32_t>(random() % range & ~7u);
        if (flipped.insert(word).second) {
          traffic.flip(word, random() % 72);
          ++flips;
        }
      }
      MemoryRequest r{part(stores), static_cast<std::uint32_t>(random() % range), part(0.6)};
      r.address &= r.two ? ~63u : ~31u;
      if (part(0.3)) r.strobes = random() | (part(0.5) ? 0xffffffff : 0);
      if (part(0.02)) r.address |= 0x70000000;
      return r;
    });
    if (part(0.2)) traffic.idle(random() % 600);
  }
  scrub(traffic, range);
}

}  // namespace

TEST_CASE("memory: the code corrects one bit and sees two") {
  std::mt19937_64 random(tb::seed());
  CHECK(sim::memory_checks(0) == 0);
  for (unsigned a = 0; a < 72; ++a) {
    for (unsigned b = a; b < 72; ++b) {
      const std::uint64_t word = random();
      std::uint64_t read = word;
      std::uint8_t checks = sim::memory_checks(word);
      for (const unsigned bit : {a, b}) {
        if (bit < 64) read ^= std::uint64_t{1} << bit;
        if (bit >= 64) checks ^= static_cast<std::uint8_t>(1u << (bit - 64));
        if (a == b) break;
      }
      const auto result = sim::memory_correct(read, checks);
      if (a != b) {
        CHECK(result.state == sim::MemoryCodeState::kWrong);
      } else {
        CHECK(result.state == sim::MemoryCodeState::kCorrected);
        CHECK(result.word == word);
      }
    }
  }
}

TEST_CASE("memory: every wrong bit is corrected and written back") {
  MemoryTraffic traffic(with_ecc());
  constexpr std::uint32_t kFirst = 0x123400 / 1792 * 1792;
  traffic.run(lines(true, kFirst, 72));
  traffic.idle(kFlush);
  REQUIRE(traffic.is_stored());
  for (unsigned bit = 0; bit < 72; ++bit) traffic.flip(kFirst + 64 * bit + bit % 8 * 8, bit);
  // Other blocks push the checks at hand out of the cache.
  traffic.run(lines(false, 0x2000000, 200, 256));
  CHECK(!traffic.is_stored());
  traffic.run(lines(false, kFirst, 72));
  CHECK(traffic.counter(Counter::kCorrected) == 72);
  CHECK(traffic.counter(Counter::kScrubbed) == 72);
  CHECK(traffic.counter(Counter::kUncorrected) == 0);
  traffic.idle(kFlush);
  CHECK(traffic.is_stored());
  traffic.run(lines(false, kFirst, 72));
  CHECK(traffic.counter(Counter::kCorrected) == 72);
}

TEST_CASE("memory: two wrong bits are an error until the word is written") {
  MemoryTraffic traffic(with_ecc(true));
  traffic.run(lines(true, 0, 8));
  traffic.idle(kFlush);
  traffic.run(lines(false, 0x2000000, 200, 256));
  traffic.flip(64 + 40, 3);
  traffic.flip(64 + 40, 68);
  traffic.spoil(64 + 40);
  CHECK(traffic.run(lines(false, 0, 8)).wrong == 1);
  CHECK(traffic.counter(Counter::kUncorrected) == 1);
  CHECK(traffic.counter(Counter::kScrubbed) == 0);
  const auto one = [&](MemoryRequest request) {
    bool done = false;
    return traffic
        .run([&]() -> std::optional<MemoryRequest> {
          if (done) return std::nullopt;
          done = true;
          return request;
        })
        .wrong;
  };
  // A part of the word, then another word: it stays wrong, also in the device.
  one({true, 64, true, std::uint64_t{0x0f} << 40});
  one({true, 64, true, std::uint64_t{0xff} << 48});
  CHECK(one({false, 64}) == 1);
  traffic.idle(kFlush);
  traffic.run(lines(false, 0x2000000, 200, 256));
  CHECK(one({false, 96, false}) == 1);
  CHECK(one({false, 64, false}) == 0);
  one({true, 64, true, std::uint64_t{0xff} << 40});
  CHECK(one({false, 64}) == 0);
  traffic.idle(kFlush);
  CHECK(traffic.is_stored());
}

TEST_CASE("memory: seven eighths are left with error correction") {
  for (const bool two : {false, true}) {
    MemoryTraffic traffic(with_ecc(two));
    const std::uint32_t end = two ? 0x70000000 : 0x38000000;
    CHECK(traffic.run(lines(true, end - 128, 4)).refused == 2);
    CHECK(traffic.run(lines(false, end - 128, 4)).refused == 2);
    CHECK(traffic.counter(Counter::kRefused) == 4);
    traffic.idle(kFlush);
    CHECK(traffic.is_stored());
  }
}

TEST_CASE("memory: random requests with wrong bits") {
  const unsigned requests = tb::full_run() ? 250000 : 2500;
  for (const bool two : {false, true}) {
    for (const double stores : {0.1, 0.5, 0.9}) {
      auto setup = with_ecc(two);
      setup.stall = two ? 0.2 : 0;
      MemoryTraffic traffic(setup);
      INFO("seed " << tb::seed() << ", writes " << stores << (two ? ", two ranks" : ""));
      std::uint64_t flips = 0;
      random_flips(traffic, tb::seed() + static_cast<unsigned>(10 * stores), requests,
                   stores < 0.3 ? 1u << 18 : 1u << 16, stores, flips);
      CHECK(flips > requests / 20);
      CHECK(traffic.counter(Counter::kCorrected) > 0);
      CHECK(traffic.counter(Counter::kUncorrected) == 0);
      CHECK(traffic.counter(Counter::kReadModified) > 0);
      CHECK(traffic.counter(Counter::kDataErrors) == 0);
    }
  }
}

TEST_CASE("memory: reset in the middle of corrected traffic") {
  MemoryTraffic traffic(with_ecc());
  for (unsigned i = 0; i < 4; ++i) {
    try {
      traffic.run([&, n = 0u]() mutable -> std::optional<MemoryRequest> {
        if (++n == 60 + 41 * i) throw std::string("enough");
        return MemoryRequest{n % 3 == 0, (n * 7919 % 4096) << 6, true,
                             n % 5 == 0 ? 0xffff : ~std::uint64_t{0}};
      });
      FAIL("the source did not stop");
    } catch (const std::string&) {
    }
    traffic.reset();
    std::uint64_t flips = 0;
    random_flips(traffic, i, 300, 1 << 14, 0.5, flips);
    traffic.idle(kFlush);
    CHECK(!traffic.busy());
  }
}

TEST_CASE("memory: neighbours share their checks") {
  MemoryTraffic traffic(with_ecc());
  const unsigned count = tb::full_run() ? 20000 : 2000;
  const auto written = traffic.run(lines(true, 0, count));
  traffic.idle(kFlush);
  CHECK(traffic.is_stored());
  CHECK(traffic.counter(Counter::kChecksWritten) <= count / 4 + 8);
  CHECK(traffic.counter(Counter::kMaskedBursts) <= 2);
  CHECK(traffic.counter(Counter::kChecksRead) == 0);
  const auto read = traffic.run(lines(false, 1 << 24, count));
  CHECK(traffic.counter(Counter::kChecksRead) <= count / 4 + 1);
  // All bursts, checks included: one of nine is no data.
  CHECK(written.percent > 85);
  CHECK(read.percent > 85);
}

TEST_CASE("memory: seeded bugs of the error correction are caught") {
  const auto said = [](const std::string& module, const std::string& find,
                       const std::string& replace) {
    auto setup = with_ecc();
    setup.kind = tb::Kind::kFast;
    setup.replace[module] = tests::memory_bug(module, find, replace);
    try {
      MemoryTraffic traffic(setup);
      std::uint64_t flips = 0;
      random_flips(traffic, tb::seed(), 6000, 1 << 14, 0.5, flips);
    } catch (const std::exception& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  const auto caught = [](const std::string& text) {
    INFO(text);
    return text.find("expected") != std::string::npos || text.find("error") != std::string::npos;
  };
  // Checks from the memory replace newer ones.
  CHECK(caught(said("memory_ecc_cache", "write_units  = ~known_q[8*32'(fill_entry_i)+:8];",
                    "write_units  = '1;")));
  if (!tb::full_run()) return;
  // A read does not wait for the merge of its line.
  CHECK(caught(said("memory_ecc_front", "(!match_merge_i && has_entry)", "(has_entry)")));
  // A write does not wait for the reads of its line.
  CHECK(caught(
      said("memory_ecc_front", "!partial && !match_i && has_entry", "!partial && has_entry")));
  // The last column of the code is that of its neighbour.
  CHECK(caught(said("memory_ecc_pkg", "64'hf8fffff800000000", "64'h78fffff800000000")));
}
