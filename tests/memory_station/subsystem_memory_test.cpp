// Layers on a subsystem with LPDDR4X memory: the same bytes as on the ideal one.
#include <catch2/catch.hpp>

#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;

namespace {

sw::LayerCase small_case() {
  sw::LayerCase layer;
  layer.is_gemm = true;
  layer.geometry = sw::gemm_geometry(64, 32, 128);
  layer.keep = 8;
  layer.seed = tb::seed();
  return layer;
}

sw::RunSettings settings(sw::MemoryKind memory) {
  sw::RunSettings s;
  s.rtl.memory = memory;
  return s;
}

}  // namespace

TEST_CASE("subsystem with LPDDR4X: a layer is the same, its clocks are not") {
  if (!tb::full_run()) return;  // models of subsystems
  const config::Configuration config = sw::find_configuration("tiny");
  const sw::LayerReport real =
      sw::run_layer(small_case(), config, settings(sw::MemoryKind::kLpddr4));
  INFO(real.error);
  CHECK(real.ok());
  REQUIRE(real.dram);
  REQUIRE(real.dram->channels.size() == 2);
  for (const auto& channel : real.dram->channels) {
    CHECK(channel.reads > 0);
    CHECK(channel.writes > 0);
  }
  CHECK(real.dram->start_clocks > 0);
  const sw::LayerReport corrected =
      sw::run_layer(small_case(), config, settings(sw::MemoryKind::kLpddr4Ecc));
  INFO(corrected.error);
  CHECK(corrected.ok());
  CHECK(*corrected.cycles > *real.cycles);
  const sw::LayerReport ideal =
      sw::run_layer(small_case(), config, settings(sw::MemoryKind::kIdeal));
  CHECK(ideal.ok());
  CHECK_FALSE(ideal.dram);
  CHECK(*real.cycles > *ideal.cycles);

  sw::RunSettings wrong = settings(sw::MemoryKind::kLpddr4);
  wrong.rtl.stalls = 0.1;
  CHECK_THROWS_WITH(sw::run_layer(small_case(), config, wrong),
                    Catch::Contains("stalls are for the ideal memory"));
}

TEST_CASE("subsystem with LPDDR4X: swapped channels are caught") {
  if (!tb::full_run()) return;  // a model of its own
  const config::Configuration config = sw::find_configuration("tiny");
  sw::RunSettings s = settings(sw::MemoryKind::kLpddr4);
  s.rtl.replace = tests::seeded_bug("rtl/memory/station_interleave.sv", "swapped_channel",
                                    "assign channel_o = folded;", "assign channel_o = ~folded;")
                      .replace;
  const sw::LayerReport report = sw::run_layer(small_case(), config, s);
  CHECK_FALSE(report.ok());
}
