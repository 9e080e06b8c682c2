// Random requests of every mix, every beat compared with a plain memory, every command judged.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/memory/memory_traffic.hpp"

using namespace s4;
using tests::MemoryRequest;

namespace {

struct Mix {
  const char* name;
  double write, two, masked, far;  ///< parts: writes, 64 bytes, with strobes, away from the rest
  unsigned lines;                  ///< lines that most requests go to
  double stall, bad, pause;
};

constexpr Mix kMixes[] = {
    {"hot lines", 0.5, 0.5, 0.5, 0.0, 8, 0.0, 0.0, 0.0},
    {"hot lines, stalls", 0.5, 0.7, 0.3, 0.1, 16, 0.3, 0.0, 0.0},
    {"a few rows", 0.33, 0.8, 0.1, 0.1, 4096, 0.1, 0.0, 0.0},
    {"all over", 0.4, 0.9, 0.05, 1.0, 64, 0.0, 0.01, 0.0},
    {"masked writes", 0.9, 0.5, 1.0, 0.5, 64, 0.0, 0.0, 0.0},
    {"pauses", 0.5, 0.5, 0.2, 0.3, 64, 0.1, 0.01, 0.02},
};

std::uint64_t strobes(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0:
      return random();
    case 1:
      return std::uint64_t{0xffffffff} << 32 * (random() & 1);
    case 2:
      return std::uint64_t{0xff} << random() % 57;
    default:
      return random() % 8 == 0 ? 0 : random() | random();
  }
}

}  // namespace

TEST_CASE("memory: random requests") {
  // Ten million in all, 100,000 in the quick run.
  const std::uint64_t requests = tb::full_run() ? 834000 : 8340;
  for (const bool two_ranks : {false, true}) {
    for (const Mix& mix : kMixes) {
      INFO(mix.name << (two_ranks ? ", two ranks" : ", one rank"));
      tests::MemorySetup setup;
      setup.config = two_ranks && tb::full_run() ? "s4" : "tiny";
      setup.kind = tb::Kind::kChecked;
      setup.two_ranks = two_ranks;
      setup.stall = mix.stall;
      setup.seed = tb::seed();
      tests::MemoryTraffic traffic(setup);
      std::mt19937_64 random(tb::seed() * 17 + mix.lines);
      const auto part = [&](double p) {
        return std::uniform_real_distribution<double>(0, 1)(random) < p;
      };
      std::uint64_t left = requests;
      while (left > 0) {
        const auto result = traffic.run([&]() -> std::optional<MemoryRequest> {
          if (left == 0 || part(mix.pause)) {
            return std::nullopt;
          }
          --left;
          MemoryRequest r;
          r.write = part(mix.write);
          r.two = part(mix.two);
          r.address = static_cast<std::uint32_t>(
              part(mix.far) ? random() & 0x7fffffe0 : random() % mix.lines << 6 | (random() & 32));
          if (!two_ranks && !part(mix.bad)) r.address &= 0x3fffffff;
          if (r.two && !part(mix.bad)) r.address &= ~63u;
          if (part(mix.masked)) r.strobes = strobes(random);
          return r;
        });
        (void)result;
        if (mix.pause > 0) traffic.idle(random() % 3 == 0 ? random() % 3000 : random() % 60);
      }
      CHECK(traffic.counter(lpddr4::Counter::kDataErrors) == 0);
      CHECK((mix.pause == 0 || traffic.counter(lpddr4::Counter::kPowerDown) != 0));
    }
  }
}
