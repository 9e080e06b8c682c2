// From words to steps: gather, buffers, index loader and decoder together, against the groups that
// the words were made from.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/spu/weight_path_bench.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

unsigned lanes_of(const config::Configuration& config, unsigned shape) {
  return (config.num_quadrants >> shape) * config.lanes_per_quadrant;
}

/// A program of commands whose weights fit where they must.
std::vector<PathCommand> random_program(const config::Configuration& config, SeededRandom& random,
                                        unsigned commands) {
  std::vector<PathCommand> program;
  while (program.size() < commands) {
    PathCommand c;
    c.kept_before = !program.empty() && program.back().keep;
    c.resident = c.kept_before || random.percent(50);
    c.shape = c.kept_before ? program.back().shape : random.below(config.max_shape + 1);
    c.tiles = 1 + random.below(4);
    const unsigned lanes = lanes_of(config, c.shape);
    unsigned banks = 1 + random.below(random.percent(30) ? 40 : 9);
    if (c.kept_before) {
      c.groups.push_back(program.back().groups[0]);
      banks = static_cast<unsigned>(c.groups[0].banks.size());
    }
    const unsigned groups = 1 + random.below(3);
    const unsigned most_k = random.percent(50) ? 64 : 12;
    while (c.groups.size() < groups) {
      Group group = random_group(random, lanes, banks, most_k);
      if (random.percent(10)) {
        for (auto& bank : group.banks) bank = random_bank(random, lanes, 0, false);
      }
      if (c.resident && !fits_buffers(group, config)) {
        if (c.kept_before) group = random_group(random, lanes, banks, 1);
        if (!c.kept_before) banks = (banks + 1) / 2;
        if (!fits_buffers(group, config)) {
          c.groups.clear();
          continue;
        }
      }
      if (!c.groups.empty() && c.groups[0].banks.size() != group.banks.size()) c.groups.clear();
      c.groups.push_back(std::move(group));
    }
    c.keep = c.resident && c.groups.size() == 1 && random.percent(40);
    program.push_back(std::move(c));
  }
  program.back().keep = false;
  return program;
}

std::string run_program(PathBench& bench, SeededRandom& random, unsigned commands,
                        bool vary_rates = true) {
  const auto program = random_program(bench.config(), random, commands);
  for (const PathCommand& command : program) bench.send(random, command);
  for (std::size_t i = 0; i < program.size(); ++i) {
    const unsigned percents[] = {15, 60, 100};
    Rates rates;
    if (vary_rates) {
      rates = {percents[random.below(3)], percents[random.below(3)], percents[random.below(3)]};
    }
    const std::string error = bench.run(random, program[i], rates);
    if (!error.empty()) return "command " + std::to_string(i) + ": " + error;
  }
  return "";
}

/// Clocks of a pass of `banks` banks of K entries that is read again, everything else at full rate.
double pass_clocks(PathBench& bench, unsigned count, bool bitmap, unsigned banks,
                   unsigned shape = 0) {
  SeededRandom random(34);
  PathCommand c;
  c.shape = shape;
  c.resident = true;
  c.tiles = 9;
  const unsigned lanes = lanes_of(bench.config(), shape);
  Group group = random_group(random, lanes, 0);
  for (unsigned b = 0; b < banks; ++b) {
    group.banks.push_back(random_bank(random, lanes, count, bitmap));
  }
  c.groups.push_back(std::move(group));
  bench.send(random, c);
  REQUIRE(bench.run(random, c, {}) == "");
  const auto& ends = bench.pass_clocks();
  return static_cast<double>(ends[8] - ends[2]) / 6;
}

}  // namespace

TEST_CASE("weight path: random programs, all K, all shapes, random stalls", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    PathBench bench(name);
    SeededRandom random(31);
    INFO(name);
    const unsigned programs = (tb::full_run() ? 200 : 8) / (std::string(name) == "tiny" ? 1 : 2);
    for (unsigned i = 0; i < programs; ++i) {
      REQUIRE(run_program(bench, random, 12) == "");
      REQUIRE_FALSE(bench.words_left());
    }
  }
}

TEST_CASE("weight path: every K in both forms", "[spu]") {
  for (const unsigned shape : {0u, 1u}) {
    PathBench bench("tiny");
    SeededRandom random(32);
    const unsigned lanes = lanes_of(bench.config(), shape);
    for (unsigned k = 0; k <= 64; ++k) {
      for (const bool bitmap : {false, true}) {
        if (bitmap && (k < 11 || k == 64)) continue;
        PathCommand c;
        c.shape = shape;
        c.tiles = 2;
        Group group = random_group(random, lanes, 0);
        // Alone, next to an empty bank and next to one of the other form.
        for (const unsigned neighbour : {k, 0u, k, 64u, k, 13u, k}) {
          group.banks.push_back(random_bank(random, lanes, neighbour,
                                            neighbour == k ? bitmap : neighbour == 13 && !bitmap));
        }
        c.groups.push_back(std::move(group));
        bench.send(random, c);
        INFO("K " << k << (bitmap ? " bitmap" : " pairs") << " shape " << shape);
        REQUIRE(bench.run(random, c, {100, 100, 100}) == "");
      }
    }
  }
}

TEST_CASE("weight path: empty banks first, last, everywhere; header chunks full and crossed",
          "[spu]") {
  PathBench bench("tiny");
  SeededRandom random(33);
  for (const unsigned shape : {0u, 1u}) {
    const unsigned lanes = lanes_of(bench.config(), shape);
    const unsigned headers = lanes * 6 / 8;  // banks per header chunk
    for (const unsigned banks : {1u, 2u, headers - 1, headers, headers + 1, 2 * headers}) {
      for (unsigned form = 0; form < 5; ++form) {
        PathCommand c;
        c.shape = shape;
        c.resident = form % 2 == 0;
        c.tiles = 3;
        for (unsigned g = 0; g < 2; ++g) {
          Group group = random_group(random, lanes, banks, 5);
          if (form <= 2) group.banks.front() = random_bank(random, lanes, 0, false);
          if (form >= 2 && form < 4) group.banks.back() = random_bank(random, lanes, 0, false);
          if (form == 4) {
            for (auto& bank : group.banks) bank = random_bank(random, lanes, 0, false);
          }
          c.groups.push_back(std::move(group));
        }
        bench.send(random, c);
        INFO("shape " << shape << " banks " << banks << " form " << form);
        REQUIRE(bench.run(random, c, {100, form < 2 ? 50u : 100u, 100}) == "");
      }
    }
  }
}

TEST_CASE("weight path: clocks of a pass", "[spu]") {
  PathBench bench("tiny");
  // tiny, shape 0: a chunk holds 12 headers and costs one clock, unless the steps of the bank
  // before it outlast its index rows.
  CHECK(pass_clocks(bench, 1, false, 24) == 24 + 2);
  CHECK(pass_clocks(bench, 2, false, 24) == 2 * 24 + 2);
  CHECK(pass_clocks(bench, 8, false, 24) == 8 * 24 + 2);
  CHECK(pass_clocks(bench, 11, true, 24) == 11 * 24 + 2);
  CHECK(pass_clocks(bench, 12, true, 24) == 12 * 24);
  CHECK(pass_clocks(bench, 32, true, 24) == 32 * 24);
  CHECK(pass_clocks(bench, 64, false, 12) == 64 * 12);
  CHECK(pass_clocks(bench, 0, false, 24) == 24 + 1);         // an empty bank is a clock
  CHECK(pass_clocks(bench, 2, false, 24, 1) == 2 * 24 + 4);  // shape 1: 6 headers in a chunk
}

TEST_CASE("weight path: a header above 64 raises the error, and it stays", "[spu]") {
  for (const unsigned count : {65u, 100u, 127u}) {
    PathBench bench("tiny");
    SeededRandom random(35);
    PathCommand c;
    Group group = random_group(random, 16, 3, 8);
    group.banks[1].count = count;
    group.banks[1].lanes.assign(16, std::vector<test::Entry>(count));
    c.groups.push_back(std::move(group));
    bench.send(random, c);
    CHECK(bench.model().port("error_o").get() == 0);
    CHECK(bench.run(random, c, {}) == "error_o");
    bench.model().tick(10);
    CHECK(bench.model().port("error_o").get() == 1);
    bench.model().reset();
    CHECK(bench.model().port("error_o").get() == 0);
  }
}

TEST_CASE("weight path: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  BugList list(2);
  for (const Bug& bug : {
           Bug{"index_loader", "pass_end", "assign pass_end_o = pass_complete &&",
               "assign pass_end_o = 1'b0 &&"},
           Bug{"index_loader", "header_shape", "(HeaderBytes >> shape_i)", "(HeaderBytes)"},
           Bug{"index_loader", "rewind", "resident_i && (tiles_left_q != 24'd1 || keep_i)",
               "resident_i && (tiles_left_q != 24'd1)"},
           Bug{"weight_decoder", "bitmap_order", "walk[l] = bits ^ lowest;", "walk[l] = bits;"},
           Bug{"weight_decoder", "overtaken",
               "assign bitmap_ready_o = !next_full_q || take_bitmap;",
               "assign bitmap_ready_o = 1'b1;"},
           Bug{"weight_decoder", "last", "assign last = is_empty ||", "assign last = is_dense ||"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.file << " " << bug.name);
    std::string error;
    try {
      PathBench bench("tiny",
                      seeded_bug(std::string("rtl/spu/") + bug.file + ".sv",
                                 std::string(bug.file) + "_" + bug.name, bug.find, bug.replace));
      SeededRandom random(36);
      for (unsigned i = 0; i < 4 && error.empty(); ++i) error = run_program(bench, random, 12);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
