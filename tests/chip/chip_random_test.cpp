// Random networks in every mode of the chip, with random stalls of ring and memories in most of
// them: RTL = functional model = reference. A hundred on `small` with full counts, a few on two
// subsystems of `tiny` in every run.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "sw/driver/configuration.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/split_run.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/network/random_layers.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;

constexpr std::array kModes{"single", "broadcast", "split", "auto"};

/// A network, its images, and how it runs: all from its number and the seed of the run.
struct RandomCase {
  std::string config_path, config_name;
  std::uint64_t number = 0;

  [[nodiscard]] std::string name() const {
    return fmt::format("chip random: network {} on {}", number, config_name);
  }
  [[nodiscard]] std::uint64_t seed() const { return tb::seed() * 1000 + number; }
  /// None in a quarter of the cases.
  [[nodiscard]] double stalls() const {
    return number % 4 == 3 ? 0 : std::array{0.4, 0.1, 0.75}[number % 3];
  }
  [[nodiscard]] std::int64_t images() const { return 1 + static_cast<std::int64_t>(number % 6); }
  [[nodiscard]] bool ecc() const { return number % 5 == 4; }
  [[nodiscard]] bool backdoor() const { return number % 3 == 2; }
  [[nodiscard]] ResultPlace results() const {
    return number / 2 % 2 == 1 ? ResultPlace::kLocal : ResultPlace::kInterleaved;
  }

  [[nodiscard]] NetworkBuilder build(std::int64_t images) const {
    NetworkBuilder b(seed(), number % 2 == 0);
    sw::test::RandomLayers::build(b, images);
    return b;
  }
  [[nodiscard]] NetworkRunSettings settings() const {
    NetworkRunSettings settings;
    settings.run.rtl.kind = tb::Kind::kFast;
    settings.run.rtl.memory = ecc() ? MemoryKind::kLpddr4Ecc : MemoryKind::kLpddr4;
    settings.run.rtl.stalls = stalls();
    settings.run.rtl.seed = seed();
    settings.run.config_argument = config_path;
    settings.run.timeout_s = 600;
    return settings;
  }
  /// The command that repeats one mode.
  [[nodiscard]] std::string repeat(const std::string& mode) const {
    return fmt::format("{}S4_SEED={} build/bin/test_chip '{}' -c {}",
                       tb::full_run() ? "S4_FULL=1 " : "", tb::seed(), name(), mode);
  }
};

void check(const NetworkReport& report) {
  INFO(report.error);
  CHECK(report.comparisons.size() >= 3);
  for (const Comparison& c : report.comparisons) {
    INFO(c.what << ": " << c.first);
    CHECK(c.made);
    CHECK(c.mismatches == 0);
  }
  CHECK(report.ok());
}

/// A network, its images, and what a run of it must give.
struct Problem {
  config::Configuration config;
  std::uint64_t memory = 0;
  NetworkBuilder builder;
  std::vector<graph::TensorData> inputs;

  explicit Problem(const RandomCase& c)
      : config(find_configuration(c.config_path)),
        memory(chip_memory_bytes(config, c.ecc())),
        builder(c.build(c.images())),
        inputs(builder.data()) {}

  /// Rows are right within a bound, which the report judges; all else to the bit.
  void check_outputs(const std::vector<graph::TensorData>& outputs, bool has_rows) const {
    if (!has_rows) CHECK(outputs == graph::evaluate(builder.graph, inputs));
  }
};

std::vector<ChipShare> shares_of(const RandomCase& c, const Problem& p, ChipMode mode) {
  const auto compile = [&](const std::vector<graph::TensorData>& part, const NetworkPlace& place) {
    return compile_network(prepare(c.build(part.at(0).shape[0]).graph), p.config, place);
  };
  const auto share = mode == ChipMode::kSingle ? single_shares : broadcast_shares;
  return share(p.inputs, p.config, p.memory, compile, c.results());
}

void run_shared(const RandomCase& c, ChipMode mode) {
  const Problem p(c);
  const ChipRunReport report =
      run_on_chip(mode, shares_of(c, p, mode), p.config, c.settings(), c.backdoor());
  bool has_rows = false;
  for (std::size_t n = 0; n < report.subsystems.size(); ++n) {
    INFO("subsystem " << n);
    check(report.subsystems[n]);
    has_rows = has_rows || report.subsystems[n].has_rows;
  }
  CHECK(report.faults.empty());
  CHECK(report.images == static_cast<std::uint64_t>(c.images()));
  p.check_outputs(joined_outputs(report), has_rows);
}

void run_cut(const RandomCase& c, bool automatic) {
  const Problem p(c);
  SplitOptions options;
  options.memory_bytes = p.memory;
  options.images = automatic;
  if (!automatic) {
    options.forced = std::array{Cut::kNone, Cut::kRows, Cut::kChannels}[c.number % 3];
  }
  if (c.number % 2 == 1) options.base = p.memory / 2 / 4096 * 4096;
  const SplitNetwork split = split_network(prepare(p.builder.graph), p.config, options);
  if (automatic) {  // as `s4 run --mode auto` chooses
    std::uint64_t shared = 0;
    for (const ChipProgram& program :
         shares_of(c, p, ChipMode::kBroadcast).front().compiled.programs) {
      shared += program.predicted;
    }
    if (c.images() > 1 && shared < split.predicted()) return run_shared(c, ChipMode::kBroadcast);
  }
  const SplitReport report = run_split(split, p.inputs, p.config, c.settings(), c.backdoor());
  check(report.network);
  CHECK(report.faults.empty());
  p.check_outputs(report.network.outputs, report.network.has_rows);
}

class CaseInvoker final : public Catch::ITestInvoker {
 public:
  explicit CaseInvoker(RandomCase c) : case_(std::move(c)) {}
  void invoke() const override {
    for (const std::string mode : kModes) {
      DYNAMIC_SECTION(mode) {
        INFO("mode " << mode << ", seed " << case_.seed() << ", stalls " << case_.stalls()
                     << ", images " << case_.images() << "; repeat: " << case_.repeat(mode));
        if (mode == "single") run_shared(case_, ChipMode::kSingle);
        if (mode == "broadcast") run_shared(case_, ChipMode::kBroadcast);
        if (mode == "split") run_cut(case_, false);
        if (mode == "auto") run_cut(case_, true);
      }
    }
  }

 private:
  RandomCase case_;
};

/// One test case per network, so that a run can be cut into shards and continued.
const bool kRegistered = [] {
  std::vector<RandomCase> cases;
  const std::string pair = tb::root() + "/tests/chip/pair.json";
  for (std::uint64_t i = 0; i < (tb::full_run() ? 20 : 3); ++i) cases.push_back({pair, "pair", i});
  for (std::uint64_t i = 0; i < 100 && tb::full_run(); ++i) cases.push_back({"small", "small", i});
  for (const RandomCase& c : cases) {
    // The registry owns the invoker; it lives as long as the program.
    Catch::AutoReg(new CaseInvoker(c), CATCH_INTERNAL_LINEINFO, "",
                   Catch::NameAndTags(c.name(), "[random][" + c.config_name + "]"));
  }
  return true;
}();

}  // namespace
