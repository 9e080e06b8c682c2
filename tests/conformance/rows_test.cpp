// Softmax, LayerNorm and statistics from memory to memory: RTL = functional model over all memory
// that may be written, both = the engine's model alone, and within the stated error of double.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "sim/activation/row_engine.hpp"
#include "sw/activation/row_layer.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/functional_device.hpp"
#include "sw/driver/rtl_device.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using namespace s4::sw;
using s4::commands::RowFunction;
using s4::counters::Counter;

struct RowsCase {
  const char* config;
  RowFunction function;
  std::uint32_t rows, columns;
  bool int8;
  double stalls = 0;
  std::uint32_t chunk_rows = 0;
  std::uint64_t seed = 1;

  [[nodiscard]] std::string name() const {
    return fmt::format("{}: {} {} x {} {}{}{} seed {}", config, s4::commands::to_string(function),
                       rows, columns, int8 ? "int8" : "bf16",
                       chunk_rows != 0 ? fmt::format(" by {}", chunk_rows) : "",
                       stalls > 0 ? " stalls" : "", seed);
  }
};

RowProgram program_of(const RowsCase& c) {
  RowCase rows = random_rows(c.function, c.rows, c.columns, c.int8, c.seed);
  if (c.function == RowFunction::kStatistics) rows.gamma = rows.beta = {};
  return row_program(rows);
}

void check(const RowsCase& c) {
  const auto config = find_configuration(c.config);
  const RowProgram program = program_of(c);
  const RowLayer layer = compile_rows(program, config, c.chunk_rows);
  RowProgram alone = program, functional = program, rtl = program;
  s4::sim::run_rows(alone.command, alone.local);
  FunctionalDevice model(config);
  const RunResult expected = run_rows_on(model, layer, functional);
  INFO(expected.describe());
  REQUIRE(expected.done);
  CHECK(functional.local == alone.local);
  RtlOptions options;
  options.kind = std::string(c.config) == "s4" ? s4::tb::Kind::kFast : s4::tb::Kind::kChecked;
  options.stalls = c.stalls;
  options.seed = c.seed;
  RtlDevice device(config, options);
  const RunResult got = run_rows_on(device, layer, rtl);
  INFO(got.describe());
  REQUIRE(got.done);
  CHECK(rtl.local == functional.local);
  CHECK(got.commands_done == expected.commands_done);
  for (const Counter counter : {Counter::kLoadWords, Counter::kStoreWords, Counter::kFetchWords,
                                Counter::kActivationWords}) {
    CHECK(got.counter(counter) == expected.counter(counter));
  }
  if (c.function == RowFunction::kStatistics) return;
  RowCase rows = random_rows(c.function, c.rows, c.columns, c.int8, c.seed);
  CHECK(judge_rows(rows, row_results(rows, rtl)).mismatches == 0);
}

std::vector<RowsCase> cases() {
  std::vector<RowsCase> all = {
      {"tiny", RowFunction::kSoftmax, 1, 1, false},
      {"tiny", RowFunction::kSoftmax, 200, 65, true, 0, 7},
      {"tiny", RowFunction::kLayerNorm, 33, 768, false},
      {"tiny", RowFunction::kLayerNorm, 9, 4096, true, 0, 2},
      {"tiny", RowFunction::kStatistics, 77, 100, false, 0.3},
      {"small", RowFunction::kSoftmax, 384, 384, false},
      {"small", RowFunction::kSoftmax, 3, 65536, false},
      {"small", RowFunction::kLayerNorm, 384, 768, true},
      {"small", RowFunction::kStatistics, 5, 3000, true},
  };
  std::mt19937_64 random(s4::tb::seed());
  const auto pick = [&](std::uint32_t low, std::uint32_t high) {
    return low + static_cast<std::uint32_t>(random() % (high - low + 1));
  };
  const unsigned count = s4::tb::full_run() ? 60 : 12;
  for (unsigned i = 0; i < count; ++i) {
    const auto function = static_cast<RowFunction>(random() % 3);
    all.push_back({i % 2 == 0 ? "tiny" : "small", function, pick(1, 90), pick(1, 400),
                   random() % 2 == 0, i % 3 == 0 ? 0.0 : 0.1 * pick(1, 5),
                   random() % 2 == 0 ? pick(1, 9) : 0, random() % 1000});
  }
  if (s4::tb::full_run()) {
    all.push_back({"s4", RowFunction::kSoftmax, 4608, 384, false});
    all.push_back({"s4", RowFunction::kLayerNorm, 384, 768, false});
    all.push_back({"s4", RowFunction::kSoftmax, 11, 65536, true});
  }
  return all;
}

class CaseInvoker final : public Catch::ITestInvoker {
 public:
  explicit CaseInvoker(const RowsCase& c) : case_(c) {}
  void invoke() const override { check(case_); }

 private:
  RowsCase case_;
};

/// Registers one Catch2 test case per shape.
const bool kRegistered = [] {
  for (const RowsCase& c : cases()) {
    const std::string tag = fmt::format("[{}]", c.config);
    // The registry owns the invoker; it lives as long as the program.
    Catch::AutoReg(new CaseInvoker(c), CATCH_INTERNAL_LINEINFO, "",
                   Catch::NameAndTags(c.name(), tag));
  }
  return true;
}();

}  // namespace

TEST_CASE("rows: seeded bugs are noticed") {
  if (!s4::tb::full_run()) return;  // models of whole subsystems
  struct Bug {
    const char *name, *find, *replace;
  };
  const auto config = find_configuration("tiny");
  const RowProgram program = program_of({"tiny", RowFunction::kSoftmax, 40, 96, false});
  const RowLayer layer = compile_rows(program, config, 7);
  RowProgram expected = program;
  FunctionalDevice model(config);
  REQUIRE(run_rows_on(model, layer, expected).done);
  for (const Bug& bug : {Bug{"rows_read", "assign ar_addr_o = {ar_addr[24+:AddrBits],",
                             "assign ar_addr_o = {ar_addr[0+:AddrBits],"},
                         Bug{"rows_early", "assign done_o       = rows_done && !error_valid_o;",
                             "assign done_o       = aw_valid_o && aw_ready_i;"}}) {
    INFO(bug.name);
    RtlOptions options;
    options.kind = s4::tb::Kind::kChecked;
    options.stalls = 0.2;
    options.replace = s4::tests::seeded_bug("rtl/activation/activation_engine.sv", bug.name,
                                            bug.find, bug.replace)
                          .replace;
    RowProgram got = program;
    bool noticed = false;
    try {
      RtlDevice device(config, options);
      noticed = !run_rows_on(device, layer, got).done || got.local != expected.local;
    } catch (const std::runtime_error&) {
      noticed = true;
    }
    CHECK(noticed);
  }
}
