// Directed behaviour: reset in the middle, bad addresses, hazards, bounded waiting, power-down,
// both phases, and seeded bugs that the plain memory and the device must catch.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/memory/memory_bug.hpp"
#include "tests/memory/memory_traffic.hpp"

using namespace s4;
using tests::MemoryRequest;
using tests::MemorySetup;
using tests::MemoryTraffic;

namespace {

MemorySetup tiny() {
  MemorySetup setup;
  setup.config = "tiny";
  setup.kind = tb::Kind::kChecked;
  setup.seed = tb::seed();
  return setup;
}

/// Requests of a list, one after the other.
MemoryTraffic::Source list(std::vector<MemoryRequest> requests) {
  return [requests, next = std::size_t{0}]() mutable -> std::optional<MemoryRequest> {
    if (next == requests.size()) return std::nullopt;
    return requests[next++];
  };
}

MemoryTraffic::Source random_lines(std::uint64_t count, unsigned lines) {
  return [=, left = count,
          random = std::mt19937_64(tb::seed())]() mutable -> std::optional<MemoryRequest> {
    if (left-- == 0) return std::nullopt;
    MemoryRequest r{random() % 2 == 0, static_cast<std::uint32_t>(random() % lines << 6)};
    if (random() % 4 == 0) r.strobes = random();
    return r;
  };
}

/// What is thrown when a text of a module is replaced, "nothing" if nothing is.
std::string with_bug(const std::string& module, const std::string& find,
                     const std::string& replace) {
  MemorySetup setup = tiny();
  setup.kind = tb::Kind::kFast;
  setup.replace[module] = tests::memory_bug(module, find, replace);
  try {
    MemoryTraffic traffic(setup);
    traffic.run(random_lines(4000, 24));
    traffic.run(random_lines(4000, 1 << 20));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("memory: reset in the middle of traffic") {
  MemoryTraffic traffic(tiny());
  for (unsigned i = 0; i < 8; ++i) {
    try {
      traffic.run([&, n = 0u]() mutable -> std::optional<MemoryRequest> {
        if (++n == 50 + 37 * i) throw std::string("enough");
        return MemoryRequest{n % 3 == 0, (n * 7919 % 4096) << 6};
      });
      FAIL("the source did not stop");
    } catch (const std::string&) {
    }
    traffic.reset();
    traffic.run(random_lines(200, 64));
    CHECK(!traffic.busy());
  }
}

TEST_CASE("memory: the start takes the times of the standard") {
  if (!tb::full_run()) return;  // 2.2 ms, and models of their own
  const auto start = [](const std::map<std::string, std::string>& parameters) -> std::string {
    MemorySetup setup = tiny();
    setup.kind = tb::Kind::kFast;
    setup.real_start = true;
    setup.parameters = parameters;
    try {
      MemoryTraffic traffic(setup);
      traffic.idle(2000000);
      traffic.run(random_lines(500, 1 << 16));
    } catch (const std::exception& error) {
      return error.what();
    }
    return "legal";
  };
  CHECK(start({}) == "legal");
  CHECK_THAT(start({{"InitResetClocks", "179980"}}), Catch::Contains("tINIT1"));
  CHECK_THAT(start({{"InitCkeClocks", "1799980"}}), Catch::Contains("tINIT3"));
  CHECK_THAT(start({{"InitCommandClocks", "1780"}}), Catch::Contains("tINIT5"));
}

TEST_CASE("memory: what lies outside is answered with an error") {
  MemoryTraffic traffic(tiny());
  const auto result = traffic.run(list({{true, 0x40000000},
                                        {false, 0x40000000},
                                        {false, 0x7fffffc0},
                                        {true, 64},
                                        {false, 32},  // 64 bytes across a line
                                        {true, 96},
                                        {false, 48, false},
                                        {true, 0x7fffffe0, false},
                                        {false, 64}}));
  CHECK(result.refused == 7);
  CHECK(traffic.counter(lpddr4::Counter::kRefused) == 7);
  CHECK(traffic.counter(lpddr4::Counter::kReadBursts) == 2);
  auto two = tiny();
  two.two_ranks = true;
  MemoryTraffic both(two);
  CHECK(both.run(list({{true, 0x7fffffc0}, {false, 0x7fffffc0}, {false, 0x40000000}})).refused ==
        0);
}

TEST_CASE("memory: partial writes are merged, full ones need no mask") {
  MemoryTraffic traffic(tiny());
  std::vector<MemoryRequest> requests;
  // Sixteen lines in four parts each: all merge before the first leaves.
  for (unsigned part = 0; part < 4; ++part) {
    for (unsigned line = 0; line < 3; ++line) {
      requests.push_back({true, line << 6, true, std::uint64_t{0xffff} << 16 * part});
    }
  }
  for (unsigned line = 0; line < 3; ++line) requests.push_back({false, line << 6});
  traffic.run(list(requests));
  CHECK(traffic.counter(lpddr4::Counter::kMerged) == 9);
  CHECK(traffic.counter(lpddr4::Counter::kMaskedBursts) == 0);
  CHECK(traffic.counter(lpddr4::Counter::kWriteBursts) == 6);
  CHECK(traffic.counter(lpddr4::Counter::kOrdered) == 3);
  // A write without any byte costs nothing and is acknowledged.
  traffic.run(list({{true, 1024, true, 0}, {true, 2048, true, 1}}));
  traffic.idle(300);
  CHECK(traffic.counter(lpddr4::Counter::kWriteBursts) == 7);
  CHECK(traffic.counter(lpddr4::Counter::kMaskedBursts) == 1);
}

TEST_CASE("memory: no request waits for ever") {
  // Hits of one row without end, against reads and writes of another row of its bank.
  constexpr unsigned kEpoch = 2048;
  MemoryTraffic traffic(tiny());
  const auto result = traffic.run([n = 0u]() mutable -> std::optional<MemoryRequest> {
    if (++n == 20000) return std::nullopt;
    if (n % 500 == 0) return MemoryRequest{n % 1000 == 0, 8 << 14 | (n & 0x7c0)};
    return MemoryRequest{false, n % 32 << 6};
  });
  CHECK(result.latency_max > kEpoch / 2);  // somebody waited for an epoch
  CHECK(result.latency_max < 3 * kEpoch);
}

TEST_CASE("memory: writes without end do not shut reads out") {
  MemoryTraffic traffic(tiny());
  const auto result = traffic.run([n = 0u]() mutable -> std::optional<MemoryRequest> {
    if (++n == 3000) return std::nullopt;
    if (n % 500 == 0) return MemoryRequest{false, 8 << 14 | (n & 0x7c0)};
    return MemoryRequest{true, n << 6};
  });
  CHECK(result.latency_max > 2048);  // a read starved
  CHECK(result.latency_max < 3 * 2048);
}

TEST_CASE("memory: hits in one rank do not shut the other one out") {
  auto setup = tiny();
  setup.two_ranks = true;
  MemoryTraffic traffic(setup);
  const auto result = traffic.run([n = 0u]() mutable -> std::optional<MemoryRequest> {
    if (++n == 2500) return std::nullopt;
    if (n == 100) return MemoryRequest{false, 1 << 14};
    return MemoryRequest{false, n % 32 << 6};
  });
  CHECK(result.latency_max > 2048);  // it starved
  CHECK(result.latency_max < 3 * 2048);
}

TEST_CASE("memory: writes of a row do not shut a masked one out") {
  MemoryTraffic traffic(tiny());
  const auto result = traffic.run([n = 0u]() mutable -> std::optional<MemoryRequest> {
    if (++n == 2500) return std::nullopt;
    if (n == 100) return MemoryRequest{true, 0, true, 1};
    if (n == 101) return MemoryRequest{false, 0};  // waits for that write
    return MemoryRequest{true, (1 + n % 31) << 6};
  });
  CHECK(result.latency_max > 2048);
  CHECK(result.latency_max < 3 * 2048);
}

TEST_CASE("memory: an idle rank is powered down and wakes") {
  auto setup = tiny();
  setup.two_ranks = true;
  MemoryTraffic traffic(setup);
  for (unsigned i = 0; i < 20; ++i) {
    traffic.run(random_lines(5, 1 << 20));
    traffic.idle(100 + 61 * i);
  }
  traffic.idle(60000);
  CHECK(traffic.counter(lpddr4::Counter::kPowerDown) > 100000);
  CHECK(traffic.device().counts().of(sim::LpddrKind::kPdx) > 20);
  // 60,000 clocks are 17 intervals of eight refreshes for each rank.
  CHECK(traffic.device().counts().of(sim::LpddrKind::kRefPb) > 2 * 8 * 15);
}

TEST_CASE("memory: seeded bugs are caught") {
  const auto caught = [](const std::string& said, const std::string& word) {
    INFO(said);
    return said.find(word) != std::string::npos;
  };
  // Reads do not wait for the write of their line.
  CHECK(caught(with_bug("memory_frontend", "assign read_blocked_o = write_match_i;",
                        "assign read_blocked_o = 1'b0;"),
               "expected"));
  if (!tb::full_run()) return;
  // A slot is free before its data were fetched.
  CHECK(caught(with_bug("memory_queue", "free        = ~(valid_d | held0_d | held1_d);",
                        "free        = ~valid_d;"),
               "expected"));
  // Bytes of a merged write replace the mask of those before.
  CHECK(caught(with_bug("memory_write_data", "assign strobes_d   = wstrb_i | (",
                        "assign strobes_d   = wstrb_i | 32'h0 & ("),
               "expected"));
  // The bank takes one CK off the time to an access.
  CHECK(
      caught(with_bug("memory_bank", "long_end + 9'(TRcd)", "long_end + 9'(TRcd) - 9'd1"), "tRCD"));
}
