// Throughput of every kind of traffic beside what it must reach, refresh on, all data compared.
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>

#include "tb/seed.hpp"
#include "tests/memory/memory_traffic.hpp"

using namespace s4;
using tests::MemoryRequest;

namespace {

struct Kind {
  const char* name;
  double must;
  bool two_ranks;
  std::function<MemoryRequest(std::uint64_t, std::mt19937_64&)> request;
};

MemoryRequest at(bool write, std::uint64_t address) {
  return {write, static_cast<std::uint32_t>(address & ((1u << 30) - 64))};
}

std::vector<Kind> kinds() {
  const auto mixed = [](std::uint64_t, std::mt19937_64& random) {
    return at(random() % 3 == 0, random());
  };
  return {
      {"sequential read", 95, false, [](auto i, auto&) { return at(false, 64 * i); }},
      {"sequential write", 94, false, [](auto i, auto&) { return at(true, 64 * i); }},
      {"two streams 2:1", 91, false,
       [](auto i, auto&) {
         return i % 3 == 2 ? at(true, (1u << 29) + 64 * (i / 3)) : at(false, 64 * (i - i / 3));
       }},
      {"random 64 B read", 80, false, [](auto, auto& random) { return at(false, random()); }},
      {"random 64 B 2:1", 65, false, mixed},
      {"random 64 B 2:1, two ranks", 74, true,
       [](auto, auto& random) {
         auto request = at(random() % 3 == 0, random());
         request.address |= (random() & 1) << 30;
         return request;
       }},
      {"random 256 B read", 94, false,
       [place = std::uint64_t{0}](auto i, auto& random) mutable {
         if (i % 4 == 0) place = random() & ~std::uint64_t{255};
         return at(false, place + 64 * (i % 4));
       }},
      {"16 KB stride", 80, false,
       [](auto i, auto&) { return at(false, 16384 * i + i / 65536 * 64); }},
  };
}

}  // namespace

TEST_CASE("memory: throughput") {
  const std::uint64_t requests = tb::full_run() ? 100000 : 3000;
  const char* only = std::getenv("MEMORY_KIND");
  for (const Kind& kind : kinds()) {
    if (only != nullptr && std::string(kind.name).find(only) == std::string::npos) continue;
    INFO(kind.name);
    tests::MemorySetup setup;
    setup.two_ranks = kind.two_ranks;
    if (const char* p = std::getenv("MEMORY_PARAM")) {
      std::string text = p;
      for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find(',', at), text.size());
        const auto eq = text.find('=', at);
        setup.parameters[text.substr(at, eq - at)] = text.substr(eq + 1, end - eq - 1);
        at = end + 1;
      }
    }
    tests::MemoryTraffic traffic(setup);
    std::mt19937_64 random(tb::seed());
    std::uint64_t i = 0;
    const auto result = traffic.run([&]() -> std::optional<MemoryRequest> {
      if (i == requests) return std::nullopt;
      return kind.request(i++, random);
    });
    std::printf("%-28s %6.2f  must %4.0f  latency %6.1f max %5llu  turns %llu acts %llu pre %llu\n",
                kind.name, result.percent, kind.must, result.latency,
                (unsigned long long)result.latency_max,
                (unsigned long long)traffic.counter(lpddr4::Counter::kTurnarounds),
                (unsigned long long)traffic.counter(lpddr4::Counter::kActivates),
                (unsigned long long)traffic.counter(lpddr4::Counter::kPrecharges));
    CHECK(result.percent >= kind.must);
  }
}
