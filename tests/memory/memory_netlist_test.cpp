// The yosys netlist of a channel in the place of its RTL, words and gates: random traffic of
// `tiny`, every beat compared and every command judged; and a netlist with one operator changed,
// which must fail. With S4_FULL=1: netlist and model take minutes. See docs/guide/synthesis.md.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/memory/memory_traffic.hpp"

using namespace s4;
using tests::MemoryRequest;

namespace {

/// Parameters of the channel in `tiny`, with the short initialisation of the tests.
constexpr const char* kParameters =
    " --set ReadDepth=16 --set WriteDepth=16 --set TagWidth=8 --set AnswerDepth=16"
    " --set HighWater=14 --set LowWater=4 --set MinBatch=32 --set Epoch=2048 --set IdleClocks=64"
    " --set InitResetClocks=50 --set InitCkeClocks=50 --set InitCommandClocks=50";

std::string make_netlist(const std::string& level) {
  const std::string command = "cd '" + tb::root() +
                              "' && python3 tools/netlist.py --top memory_channel --level " +
                              level + kParameters;
  REQUIRE(std::system(command.c_str()) == 0);
  return tb::root() + "/build/synth/tiny/memory_channel" + (level == "words" ? "_words" : "") +
         "_netlist.v";
}

/// Random requests of both sizes, some with masks, in one rank and in two, with pauses.
void run_with(const std::string& netlist, unsigned count) {
  for (const bool two_ranks : {false, true}) {
    tests::MemorySetup setup;
    setup.config = "tiny";
    setup.two_ranks = two_ranks;
    setup.stall = 0.1;
    setup.seed = tb::seed();
    setup.replace["memory_channel"] = netlist;
    tests::MemoryTraffic traffic(setup);
    std::mt19937_64 random(tb::seed());
    for (const unsigned lines : {24u, 1u << 20}) {
      traffic.run([&, n = 0u]() mutable -> std::optional<MemoryRequest> {
        if (n++ == count) return std::nullopt;
        MemoryRequest request{random() % 2 == 0, static_cast<std::uint32_t>(random() % lines << 6)};
        if (random() % 4 == 0) request.strobes = random();
        if (random() % 4 == 0) {
          request.two = false;
          request.address |= static_cast<std::uint32_t>(random() % 2 << 5);
        }
        return request;
      });
      traffic.idle(3000);
    }
  }
}

}  // namespace

TEST_CASE("memory: the netlist of a channel in words passes random requests") {
  if (!tb::full_run()) return;
  CHECK_NOTHROW(run_with(make_netlist("words"), 5000));
}

TEST_CASE("memory: the netlist of a channel in gates passes random requests") {
  if (!tb::full_run()) return;
  CHECK_NOTHROW(run_with(make_netlist("gates"), 2000));
}

TEST_CASE("memory: a netlist with one operator changed fails") {
  if (!tb::full_run()) return;
  std::ifstream in(make_netlist("words"));
  std::string text{std::istreambuf_iterator<char>(in), {}};
  // The first sum of a bank: its times.
  const auto module = text.find("module memory_channel_netlist_memory_bank");
  REQUIRE(module != std::string::npos);
  const auto sum = text.find(" + ", module);
  REQUIRE(sum != std::string::npos);
  text.replace(sum, 3, " - ");
  const std::string changed = tb::root() + "/build/synth/tiny/memory_channel_changed_netlist.v";
  std::ofstream(changed) << text;
  CHECK_THROWS(run_with(changed, 2000));
}
