// The controller as `s4 mem` drives it: random requests compared with a plain memory, both judges,
// how close its commands come to every rule, what is refused.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "sw/memory/memory_run.hpp"
#include "sw/memory/memory_table.hpp"
#include "sw/memory/plain_memory.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/memory/lpddr_cases.hpp"

using namespace s4;
using sw::MemoryRequest;

namespace {

std::string file_path(const std::string& name) {
  const auto folder = std::filesystem::path(tb::root()) / "build" / "tests";
  std::filesystem::create_directories(folder);
  return (folder / name).string();
}

/// Requests of all sizes, most of them in a few rows of all banks, so that they meet each other.
std::vector<MemoryRequest> random_requests(std::uint64_t count, unsigned ranks, unsigned writes,
                                           std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<MemoryRequest> requests;
  const std::uint64_t capacity = sw::memory_capacity(ranks);
  std::uint64_t clock = 0, base = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (random() % 4096 == 0) clock += random() % 5000;  // a pause, power-down now and then
    if (random() % 64 == 0) base = random() % 256 * 4096 * 1021 % capacity;
    MemoryRequest request;
    request.clock = clock += random() % 8 == 0 ? random() % 16 : 0;
    request.write = random() % 100 < writes;
    const unsigned kind = random() % 10;
    request.bytes = kind < 5 ? 64 : kind < 8 ? 32 : 1 + random() % 300;
    request.address = (base + random() % 16384) % (capacity - 512);
    if (kind < 8) request.address &= ~std::uint64_t{request.bytes - 1};
    requests.push_back(request);
  }
  return requests;
}

std::string refused(const std::string& text) {
  const std::string path = file_path("memory_trace_bad.txt");
  std::ofstream(path) << text;
  try {
    (void)sw::read_memory_trace(path, 1u << 30);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

/// Rule that ends a run, "" if none does.
std::string rule_of(const sw::MemorySettings& settings) {
  const std::string text = sw::run_memory(settings).violation;
  return text.substr(0, text.find(' '));
}

}  // namespace

TEST_CASE("memory: random requests of all sizes, compared with a plain memory") {
  const std::uint64_t total = tb::full_run() ? 10000000 : 100000;
  constexpr unsigned kMixes = 5;
  for (unsigned mix = 0; mix < kMixes; ++mix) {
    sw::MemorySettings settings;
    settings.ranks = 1 + mix % 2;
    settings.seed = tb::seed() + mix;
    settings.requests = random_requests(total / kMixes, settings.ranks,
                                        std::array{0u, 30u, 50u, 70u, 100u}[mix], settings.seed);
    INFO("seed " << settings.seed << ", mix " << mix);
    const sw::MemoryResult result = sw::run_memory(settings);
    INFO(result.violation);
    CHECK(result.violation.empty());
    std::uint64_t bytes = 0;
    for (const auto& request : settings.requests) bytes += request.bytes;
    CHECK(result.bytes == bytes);
    CHECK(result.read_latency.count + result.write_latency.count == settings.requests.size());
    CHECK((mix == 4 || result.compared > settings.requests.size() / 4));
    CHECK((mix == 0) == (result.stored == 0));
    CHECK(result.refreshes >= settings.ranks * (2 * result.clocks / 878) * 9 / 10);
  }
}

TEST_CASE("memory: the second judge agrees with what the controller does") {
  for (const unsigned ranks : {1u, 2u}) {
    sw::MemorySettings settings;
    settings.ranks = ranks;
    settings.commands_path = file_path(fmt::format("memory_commands_{}", ranks));
    settings.requests = random_requests(tb::full_run() ? 200000 : 10000, ranks, 40, tb::seed());
    CHECK(sw::run_memory(settings).violation.empty());
    const std::string command =
        fmt::format("{} '{}'", memory_test::check_commands(), settings.commands_path);
    CHECK(std::system((command + " > /dev/null").c_str()) == 0);
    CHECK(std::system((command + " --set tRCD=34 > /dev/null").c_str()) != 0);
  }
}

TEST_CASE("memory: commands come as early as every rule allows, and no earlier") {
  // The device asks for more than the table: the controller, which keeps to the table, is caught.
  struct Rule {
    const char* name;
    std::function<void(sim::LpddrTimings&, unsigned more)> ask;
    unsigned most;  ///< CK by which the controller may be later than it had to be
  };
  const std::vector<Rule> rules{
      {"tRCD", [](auto& t, unsigned more) { t.rcd += more; }, 1},
      {"tRPpb", [](auto& t, unsigned more) { t.rp_bank += more; }, 1},
      {"tRAS", [](auto& t, unsigned more) { t.ras += more; }, 1},
      {"tRRD", [](auto& t, unsigned more) { t.rrd += more; }, 1},
      {"tRTP", [](auto& t, unsigned more) { t.rtp += more; }, 1},
      {"tWR", [](auto& t, unsigned more) { t.wr += more; }, 1},
      {"tCCD", [](auto& t, unsigned more) { t.ccd += more; }, 1},
      {"tCCDMW", [](auto& t, unsigned more) { t.ccd_masked += more; }, 1},
      {"tRTW", [](auto& t, unsigned more) { t.write_preamble += more; }, 1},
      {"tWTR", [](auto& t, unsigned more) { t.wtr += more; }, 1},
      {"rank_switch", [](auto& t, unsigned more) { t.rank_switch += more; }, 1},
      {"tRFCpb", [](auto& t, unsigned more) { t.rfc_bank += more; }, 1},
      {"tpbR2pbR", [](auto& t, unsigned more) { t.pbr_to_pbr += more; }, 1},
      {"tXP", [](auto& t, unsigned more) { t.xp += more; }, 4},
      {"tFAW", [](auto& t, unsigned more) { t.faw += more; }, 1},
      {"tRCpb", [](auto& t, unsigned more) { t.rc_bank += more; }, 2},
  };
  for (const Rule& rule : rules) {
    unsigned more = 0;
    std::string broken;
    while (broken.empty() && more < 30) {
      sw::MemorySettings settings;
      settings.ranks = 2;
      settings.requests = random_requests(4000, 2, 40, tb::seed());
      rule.ask(settings.timings, ++more);
      broken = rule_of(settings);
    }
    INFO(rule.name << " +" << more << " breaks " << broken);
    // tRTP is also where an auto-precharge closes its bank.
    CHECK((broken == rule.name || (rule.name == std::string("tRTP") && broken == "tRPpb")));
    CHECK(more <= rule.most);
  }
}

TEST_CASE("memory: a flipped bit is seen in the data") {
  sw::MemorySettings settings;
  settings.requests = {{0, true, 0x12340, 64}, {5000, false, 0x12340, 64}};
  CHECK(sw::run_memory(settings).compared == 2);
  settings.flips = {{3000, 0x12365, 2}};
  CHECK_THROWS_WITH(sw::run_memory(settings), Catch::Contains("byte 0x12365 read as"));
  settings.flips = {{0, 0x3fffffff, 2}};
  settings.requests = {{100, false, 0x3fffffff, 1}};
  CHECK_THROWS_WITH(sw::run_memory(settings), Catch::Contains("byte 0x3fffffff read as"));
  settings.flips = {{0, 0x40000000, 2}};
  CHECK_THROWS_WITH(sw::run_memory(settings), Catch::Contains("no bit 2 at 0x40000000"));
}

TEST_CASE("memory: clocks of a trace are kept") {
  const std::string path = file_path("memory_trace.txt");
  std::ofstream(path) << "# two far apart\n0 W 100 64\n\n20000 R 0x100 64 # back\n0 R 3f 2\n";
  sw::MemorySettings settings;
  settings.requests = sw::read_memory_trace(path, 1u << 30);
  REQUIRE(settings.requests.size() == 3);
  const auto result = sw::run_memory(settings);
  CHECK(result.clocks > 20000);
  CHECK(result.clocks < 20200);
  CHECK(result.bytes == 130);
  CHECK(result.compared == 2 + 2);  // the last one reaches over two lines
  CHECK(result.power_downs > 0);
}

TEST_CASE("memory: what makes no sense is refused") {
  CHECK(refused("0 R 0 64\n0 X 0 64\n").find(":2: expected") != std::string::npos);
  CHECK(refused("0 R 0\n").find(":1: expected") != std::string::npos);
  CHECK(refused("0 R 0 64 7\n").find(":1: expected") != std::string::npos);
  CHECK(refused("-1 R 0 64\n").find(":1: expected") != std::string::npos);
  CHECK(refused("0 R 0xg 64\n").find(":1: expected") != std::string::npos);
  CHECK(refused("0 R 0 0\n").find(":1: 0 bytes") != std::string::npos);
  CHECK(refused("0 R 0 2000000\n").find("1 to 1048576") != std::string::npos);
  CHECK(refused("0 R 3fffffc1 64\n").find("reach beyond") != std::string::npos);
  CHECK(refused("0 R ffffffffffffffff 64\n").find("reach beyond") != std::string::npos);
  CHECK(refused("# nothing\n").find("no requests") != std::string::npos);
  CHECK_THROWS_WITH(sw::read_memory_trace("build/no_such_file", 1), Catch::Contains("be read"));
  CHECK_THROWS_WITH(sw::memory_pattern("weird"), Catch::Contains("known: sequential-read"));
  sw::MemorySettings settings;
  CHECK_THROWS_WITH(sw::run_memory(settings), Catch::Contains("no requests"));
  settings.requests = {{0, false, 0, 64}};
  settings.ranks = 3;
  CHECK_THROWS_WITH(sw::run_memory(settings), Catch::Contains("1 or 2 ranks"));
  settings.ranks = 1;
  settings.commands_path = "/no/such/folder/commands";
  CHECK_THROWS_WITH(sw::run_memory(settings), Catch::Contains("cannot be written"));
}

TEST_CASE("memory: patterns of the table") {
  const std::uint64_t gib = 1u << 30;
  for (const auto& traffic : sw::memory_table()) {
    INFO(traffic.name);
    CHECK(sw::memory_pattern(sw::to_string(traffic.pattern)) == traffic.pattern);
    const auto requests = sw::make_memory_requests(traffic.pattern, 30000, gib, tb::seed());
    REQUIRE(requests.size() == 30000);
    double writes = 0;
    for (const auto& request : requests) {
      CHECK(request.bytes == traffic.bytes);
      CHECK(request.address % request.bytes == 0);
      CHECK(request.address + request.bytes <= gib);
      writes += request.write ? 1 : 0;
    }
    const bool mixed = traffic.pattern == sw::MemoryPattern::kTwoStreams ||
                       traffic.pattern == sw::MemoryPattern::kRandomMixed;
    const bool all = traffic.pattern == sw::MemoryPattern::kSequentialWrite;
    CHECK(writes / 30000 == Approx(all ? 1 : mixed ? 1.0 / 3 : 0).margin(0.02));
  }
  const auto stride = sw::make_memory_requests(sw::MemoryPattern::kStride, 65537, gib, 1);
  CHECK(stride[1].address == 16384);
  CHECK(stride[65535].address == gib - 16384);
  CHECK(stride[65536].address == 64);
  CHECK_THROWS_AS(sw::make_memory_requests(sw::MemoryPattern::kStride, 1, gib + 1, 1),
                  std::invalid_argument);
}

TEST_CASE("memory: a plain memory keeps what is written") {
  sw::PlainMemory memory;
  CHECK(memory.read(64) == sw::initial_line(64));
  CHECK(memory.read(64) != memory.read(128));
  sw::MemoryLine line;
  line.fill(7);
  memory.write(64, line, 0xf0);
  auto wanted = sw::initial_line(64);
  for (unsigned i = 4; i < 8; ++i) wanted[i] = 7;
  CHECK(memory.read(64) == wanted);
}
