// Random traffic of all clients on a plain array, and who waits for whom.
#include "tests/local_buffer/local_buffer_bench.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

/// Clocks that a word port waits for the fetch and, beside load and store alone or beside all
/// others, for word ports.
constexpr unsigned kLongestWait = 3, kLongestOfAll = 17;

/// Mixes of traffic one after the other, until one goes wrong.
std::string run_mixes(LocalBufferBench& bench, SeededRandom& random, unsigned clocks,
                      Counts& counts) {
  std::string error = bench.initialize(random);
  for (const unsigned stride : {1U, 2U, 0U, 3U, 4U, kOneBank}) {
    for (const Traffic& mix : {Traffic{60, 60, 60, 40, 40, 60}, Traffic{100, 100, 100, 0, 0, 100},
                               Traffic{100, 100, 100, 0, 0}, Traffic{30, 30, 100, 80, 60, 30}}) {
      for (const Groups groups :
           {Groups::kOne, Groups::kNeighbours, Groups::kOverlap, Groups::kAny}) {
        if (error.empty()) error = bench.run(random, mix, stride, groups, clocks, counts);
      }
    }
  }
  return error;
}

}  // namespace

TEST_CASE("local buffer: random traffic of all clients", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(91);
    Counts counts;
    INFO(name);
    CHECK(run_mixes(bench, random, tb::full_run() ? 20000 : 400, counts) == "");
    CHECK(counts.loads > 1000);
    CHECK(counts.stores > 1000);
    CHECK(counts.activation_writes > 1000);
    CHECK(counts.activation_reads > 2000);
    CHECK(counts.fetch_groups > 1000);
    CHECK(counts.seconds > 1000);
    CHECK(counts.results > 1000);
  }
}

TEST_CASE("local buffer: clocks of a fetch group without other traffic", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(92);
    REQUIRE(bench.initialize(random) == "");
    const auto clocks = [&](unsigned stride, Groups groups) {
      Counts counts;
      REQUIRE(bench.run(random, {0, 0, 100, 0, 0}, stride, groups, 2000, counts) == "");
      return static_cast<double>(counts.fetch_clocks) / static_cast<double>(counts.fetch_groups);
    };
    INFO(name);
    // Rows of stride 1 and 2 are one run. Of words 3 or 4 apart two go in a clock, the first and
    // the last, as of nearly all random ones; some of the groups have fewer words than lanes.
    CHECK(clocks(1, Groups::kOne) == 1.0);
    CHECK(clocks(2, Groups::kOne) == 1.0);
    const unsigned lanes = bench.config().pixels_per_quadrant;
    for (const unsigned stride : {3U, 4U, 0U}) {
      CHECK(clocks(stride, Groups::kOne) > 0.35 * lanes);
      CHECK(clocks(stride, Groups::kOne) <= 0.75 * lanes);
    }
    // Neighbouring groups fill all banks once, or every other one twice; a common word is read
    // once.
    CHECK(clocks(1, Groups::kNeighbours) == 1.0);
    CHECK(clocks(1, Groups::kOverlap) == 1.0);
    CHECK(clocks(2, Groups::kNeighbours) > 1.5);
    CHECK(clocks(2, Groups::kNeighbours) <= 2.0);
  }
}

TEST_CASE("local buffer: who wants a word waits a bounded time", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(93);
    REQUIRE(bench.initialize(random) == "");
    Counts counts;
    REQUIRE(bench.run(random, {100, 100, 100, 0, 0}, kOneBank, Groups::kAny, 20000, counts) == "");
    CHECK(counts.longest_load <= kLongestWait);
    CHECK(counts.longest_store <= kLongestWait);
    CHECK(counts.longest_store == kLongestWait);  // and it happens
    REQUIRE(bench.run(random, {100, 100, 100, 0, 0, 100, true}, kOneBank, Groups::kAny, 20000,
                      counts) == "");
    CHECK(counts.longest_word <= kLongestOfAll);
    CHECK(counts.longest_word >= kLongestOfAll / 2);
  }
}

TEST_CASE("local buffer: seeded bugs are noticed", "[local_buffer]") {
  struct Bug {
    const char *name, *find, *replace, *module = "local_buffer";
  };
  BugList list(4);
  for (const Bug& bug : {
           Bug{"fetch_turn", "fetch_first_q <= fetch_lost != '0;", "fetch_first_q <= 1'b0;"},
           Bug{"word_order", "first_q[q] == first_q[p] && q < p",
               "first_q[q] == first_q[p] && q > p", "word_ports"},
           Bug{"word_losers", "== '0) first_q <= lost;", "== '0) first_q <= '0;", "word_ports"},
           Bug{"word_data", "wdata = word_mine[1] ? aw_data_i", "wdata = word_mine[1] ? ld_data_i"},
           Bug{"word_read", "ar_rvalid_o <= ar_ready_o;", "ar_rvalid_o <= ar_valid_i;"},
           Bug{"whole_word", "wmask[c] = (ew_chunk_i == '0) || (ew_chunk_i == 3'(c));",
               "wmask[c] = (ew_chunk_i == 3'(c));"},
           Bug{"partial_second", "assign er_win = er_hit[k] && er_ready_o;",
               "assign er_win = er_hit[k];"},
           Bug{"rotation", "run_first_q  <= run_first;", "run_first_q  <= '0;"},
           Bug{"port_order", "(!port_hit[0] || row_found == fe_row)", "1'b1"},
           Bug{"common_word", "(!port_hit[0] || row_found == fe_row)", "!port_hit[0]"},
           Bug{"port_data", "else if (!fe_lower_q[i]) fe_rdata_o", "else fe_rdata_o"},
           Bug{"word_turn", "!vector_busy && !fe_turn;", "!vector_busy && !fe_hit;"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    std::string error;
    try {
      // In tiny the second tensor is read word by word.
      const bool vector = std::string(bug.name) == "partial_second";
      LocalBufferBench bench(
          vector ? "small" : "tiny",
          seeded_bug(std::string("rtl/local_buffer/") + bug.module + ".sv",
                     std::string("local_buffer_") + bug.name, bug.find, bug.replace));
      SeededRandom random(94);
      Counts counts;
      error = run_mixes(bench, random, 300, counts);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
