#include "sw/driver/layer_runner.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "sw/driver/configuration.hpp"
#include "sw/driver/functional_device.hpp"
#include "sw/report/layer_json.hpp"
#include "tb/seed.hpp"

using namespace s4::sw;
using Catch::Matchers::Contains;

namespace {

LayerCase small_conv() {
  LayerCase c;
  c.geometry.channels = 70;
  c.geometry.height = 6;
  c.geometry.width = 5;
  c.geometry.filters = 20;
  c.geometry.kernel_h = c.geometry.kernel_w = 3;
  c.geometry.pad_top = c.geometry.pad_left = 1;
  c.keep = 8;
  c.seed = s4::tb::seed();
  return c;
}

LayerReport run(const LayerCase& c, const char* config, RunSettings settings = {}) {
  settings.rtl.seed = s4::tb::seed();
  return run_layer(c, find_configuration(config), settings);
}

}  // namespace

TEST_CASE("a layer runs on every backend and all comparisons are made") {
  RunSettings settings;
  for (const auto& [backend, comparisons] :
       {std::pair{Backend::kReference, 0}, std::pair{Backend::kFunctional, 1},
        std::pair{Backend::kRtl, 3}, std::pair{Backend::kAll, 3}}) {
    settings.backend = backend;
    const LayerReport report = run(small_conv(), "tiny", settings);
    INFO(to_text(report));
    REQUIRE(report.ok());
    REQUIRE(report.comparisons.size() == static_cast<std::size_t>(comparisons));
    const nlohmann::json json = to_json(report);
    for (const char* key :
         {"ok", "mismatches", "cycles", "ideal_cycles", "utilisation", "bound", "macs_dense",
          "macs_nonzero", "weight_bytes", "dense_weight_bytes", "wall_s", "mac_per_s"}) {
      REQUIRE(json.contains(key));
    }
    REQUIRE(json["cycles"].is_null() == (comparisons < 3));
  }
}

TEST_CASE("a mismatch names layer, coordinate, values, command, cycles and waveform") {
  RunSettings settings;
  const LayerCase c = small_conv();
  // Output word of pixel (y 1, x 2), channel 7: batch 1, 5 x 4 outputs.
  const std::uint64_t pixel = 1 * c.geometry.out_width() + 2;
  settings.corrupt_output_byte = pixel * 64 + 7;
  const LayerReport report = run(c, "tiny", settings);
  REQUIRE_FALSE(report.ok());
  REQUIRE(report.mismatches() == 2);  // against the functional model and against the reference
  const std::string& text = report.comparisons.at(0).first;
  REQUIRE_THAT(text, Contains("conv 1x70x6x5 f20") && Contains("(n 0, c 7, y 1, x 2)") &&
                         Contains("expected") && Contains("got") && Contains("command ") &&
                         Contains("(conv)") && Contains("cycles ") &&
                         Contains("build/bin/s4 conv --batch 1 --channels 70") &&
                         Contains("--config tiny") && Contains("--wave F.fst --wave-from ") &&
                         Contains("--wave-to "));
  REQUIRE(to_json(report)["ok"] == false);

  settings.backend = Backend::kFunctional;
  REQUIRE(run(c, "tiny", settings).mismatches() == 1);
}

TEST_CASE("a byte written after the output is a mismatch") {
  RunSettings settings;
  settings.backend = Backend::kFunctional;
  const LayerCase c = small_conv();
  settings.corrupt_output_byte = c.geometry.pixels() * 64 + 3;
  const LayerReport report = run(c, "tiny", settings);
  REQUIRE_FALSE(report.ok());
  REQUIRE_THAT(report.comparisons.at(0).first, Contains("byte 3 after the output"));
}

TEST_CASE("a program for another configuration is refused") {
  const LayerCase c = small_conv();
  const CompiledLayer layer = compile_layer(make_layer(c), find_configuration("small"));
  RunRequest request{layer.read_region, layer.write_region, 100000, {}};
  FunctionalDevice functional(find_configuration("tiny"));
  REQUIRE_THROWS_WITH(functional.run(layer.programs[0], layer.config_hash, request),
                      Contains("is for the configuration with hash") && Contains("tiny"));
  RtlDevice rtl(find_configuration("tiny"), {});
  REQUIRE_THROWS_AS(rtl.run(layer.programs[0], layer.config_hash, request), DeviceError);
}

TEST_CASE("both devices report the same error of a bad program, and run again after a reset") {
  const LayerCase c = small_conv();
  const s4::config::Configuration config = find_configuration("tiny");
  const CompiledLayer layer = compile_layer(make_layer(c), config);
  FunctionalDevice functional(config);
  RtlDevice rtl(config, {});
  for (Device* device : {static_cast<Device*>(&functional), static_cast<Device*>(&rtl)}) {
    CAPTURE(device->name());
    device->write_memory(layer.weight_region.address, layer.weights.bytes);
    RunRequest request{layer.read_region, layer.write_region, 100000, {}};
    request.write_region.size = 0;
    const RunResult bad = device->run(layer.programs[0], layer.config_hash, request);
    REQUIRE(bad.error);
    REQUIRE_FALSE(bad.done);
    REQUIRE(bad.error_code == s4::commands::Error::kMemoryRange);
    // The sequencer finds it, before the store engine sees the command.
    REQUIRE(bad.error_engine == s4::commands::Engine::kSequencer);
    REQUIRE(layer.programs[0].info.at(bad.error_command).engine == s4::commands::Engine::kStore);
    REQUIRE(bad.error_info == 16);
    device->reset();
    request.write_region = layer.write_region;
    const RunResult good = device->run(layer.programs[0], layer.config_hash, request);
    INFO(good.describe());
    REQUIRE(good.done);
    REQUIRE_FALSE(good.error);
  }
}

TEST_CASE("the host gives up on a run that takes too long") {
  RunSettings settings;
  settings.timeout_s = 0;
  LayerCase c = small_conv();
  c.keep = 64;
  c.geometry.channels = 640;
  const LayerReport report = run(c, "tiny", settings);
  REQUIRE_FALSE(report.ok());
  REQUIRE_THAT(report.error, Contains("gave up"));
}

TEST_CASE("the timeline has every command of the engines once, in order") {
  RunSettings settings;
  LayerCase c = small_conv();
  c.compile.storage = Storage::kRing;
  c.compile.chunk_pixels = 4;
  const LayerReport report = run(c, "tiny", settings);
  INFO(to_text(report));
  REQUIRE(report.ok());
  for (const DeviceRun& device : report.runs) {
    if (device.device != "rtl") continue;
    std::set<std::uint32_t> seen;
    for (const TimelineEvent& event : device.result.timeline) {
      REQUIRE(event.begin < event.end);
      REQUIRE(seen.insert(event.command).second);
      REQUIRE(report.programs[0].info.at(event.command).engine == event.engine);
    }
    REQUIRE(seen.size() + 1 == report.programs[0].commands.size());  // all but End
  }
  const nlohmann::json trace = to_trace(report);
  REQUIRE(trace["traceEvents"].size() > report.programs[0].commands.size());
}

TEST_CASE("a stalling memory changes cycles, never results") {
  RunSettings settings;
  const LayerReport quiet = run(small_conv(), "tiny", settings);
  settings.rtl.stalls = 0.4;
  const LayerReport stalled = run(small_conv(), "tiny", settings);
  REQUIRE(quiet.ok());
  REQUIRE(stalled.ok());
  REQUIRE(*stalled.cycles > *quiet.cycles);
}

TEST_CASE("one device runs layers of different array shapes one after the other") {
  const s4::config::Configuration config = find_configuration("small");
  RtlOptions options;
  options.kind = s4::tb::Kind::kChecked;
  RtlDevice rtl(config, options);
  FunctionalDevice functional(config);
  // The weights of each arrive, and fill the buffers, while the shape of the one before holds.
  std::uint64_t seed = s4::tb::seed();
  for (const std::uint32_t shape : {2U, 0U, 1U, 0U, 2U, 1U, 2U}) {
    CAPTURE(shape);
    LayerCase c;
    c.is_gemm = true;
    c.geometry = gemm_geometry(96, 64, 2048);
    c.compile.storage = Storage::kWhole;
    c.keep = 64;
    c.seed = ++seed;
    c.compile.shape = shape;
    c.compile.strategy = Strategy::kStream;
    const Layer layer = make_layer(c);
    const LayerData data = make_data(layer, c.seed);
    const CompiledLayer compiled = compile_layer(layer, config, c.compile);
    const auto expected = to_words(compiled.output_shape, reference_output(layer, data));
    for (Device* device : {static_cast<Device*>(&functional), static_cast<Device*>(&rtl)}) {
      CAPTURE(device->name());
      device->write_memory(compiled.weight_region.address, compiled.weights.bytes);
      device->write_memory(compiled.input_region.address,
                           to_words(compiled.input_shape, data.input));
      const RunResult result =
          device->run(compiled.programs[0], compiled.config_hash,
                      {compiled.read_region, compiled.write_region, 10000, {}});
      INFO(result.describe());
      REQUIRE(result.done);
      std::vector<std::uint8_t> got(expected.size());
      device->read_memory(compiled.output_region.address, got);
      REQUIRE(got == expected);
    }
  }
}
