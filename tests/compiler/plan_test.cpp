#include "sw/compiler/plan.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "sim/config/configuration_loader.hpp"
#include "sw/compiler/program.hpp"
#include "sw/driver/layer_case.hpp"
#include "tb/root.hpp"

using namespace s4::sw;
using Catch::Matchers::Contains;

namespace {

s4::config::Configuration configuration(const std::string& name) {
  return s4::sim::load_configuration(s4::tb::root(), name);
}

LayerCase gemm(std::uint32_t m, std::uint32_t n, std::uint32_t k, std::uint32_t keep) {
  LayerCase c;
  c.is_gemm = true;
  c.geometry = gemm_geometry(m, n, k);
  c.keep = keep;
  return c;
}

CompiledLayer compile(const LayerCase& c, const char* config) {
  return compile_layer(make_layer(c), configuration(config), c.compile);
}

std::string refusal(const LayerCase& c, const char* config) {
  try {
    (void)compile(c, config);
  } catch (const CompileError& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an axis window holds every position that its outputs read") {
  for (std::uint32_t size : {1U, 2U, 5U, 9U}) {
    for (std::uint32_t kernel : {1U, 2U, 3U, 7U}) {
      for (std::uint32_t stride : {1U, 2U, 4U}) {
        for (std::uint32_t dilation : {1U, 3U}) {
          for (std::uint32_t pad : {0U, 1U, 6U, 12U}) {
            const std::int64_t reach = std::int64_t{dilation} * (kernel - 1) + 1;
            const std::int64_t padded = std::int64_t{size} + 2 * pad;
            if (padded < reach) continue;
            const auto outputs = static_cast<std::uint32_t>((padded - reach) / stride + 1);
            for (std::uint32_t begin = 0; begin < outputs; ++begin) {
              for (std::uint32_t end = begin + 1; end <= outputs; end += 3) {
                const AxisWindow w = axis_window(begin, end, size, kernel, stride, dilation, pad);
                REQUIRE(w.begin < w.end);
                REQUIRE(w.end <= size);
                for (std::uint32_t o = begin; o < end; ++o) {
                  for (std::uint32_t t = 0; t < kernel; ++t) {
                    // Where the layer reads, and where the command on the window reads.
                    const std::int64_t whole = std::int64_t{o} * stride + t * dilation - pad;
                    const std::int64_t part =
                        std::int64_t{o - begin} * stride + t * dilation - w.pad;
                    const bool inside = whole >= 0 && whole < size;
                    const bool window_inside = part >= 0 && part < w.end - w.begin;
                    REQUIRE(inside == window_inside);
                    if (inside) REQUIRE(part + w.begin == whole);
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}

TEST_CASE("chunks cover every output once") {
  LayerGeometry g;
  g.batch = 3;
  g.height = 11;
  g.width = 9;
  g.kernel_h = g.kernel_w = 3;
  for (const ChunkSize size : {ChunkSize{2, 9, 7}, ChunkSize{1, 4, 7}, ChunkSize{1, 1, 3}}) {
    std::set<std::uint64_t> seen;
    for (const Chunk& chunk : cut(g, size)) {
      for (std::uint32_t n = chunk.image_begin; n < chunk.image_end; ++n) {
        for (std::uint32_t y = chunk.y_begin; y < chunk.y_end; ++y) {
          for (std::uint32_t x = chunk.x_begin; x < chunk.x_end; ++x) {
            REQUIRE(seen.insert((std::uint64_t{n} * 100 + y) * 100 + x).second);
          }
        }
      }
    }
    REQUIRE(seen.size() == g.pixels());
  }
}

TEST_CASE("the cost model takes the plans that reach the targets") {
  const CompiledLayer sparse = compile(gemm(1024, 256, 2304, 8), "s4");
  REQUIRE(sparse.plan.shape == 0);
  REQUIRE(sparse.plan.strategy == Strategy::kKeep);
  REQUIRE(bound_name(sparse.estimate) == "memory");
  const CompiledLayer dense = compile(gemm(1024, 256, 2304, 64), "s4");
  REQUIRE(dense.plan.shape == 2);
  REQUIRE(bound_name(dense.estimate) == "mac");
  LayerCase resident = gemm(1024, 256, 2304, 8);
  resident.compile.resident = true;
  const CompiledLayer on_chip = compile(resident, "s4");
  REQUIRE(on_chip.plan.shape == 2);
  REQUIRE(on_chip.programs.size() == 3);
  REQUIRE(on_chip.timed == 1);
}

TEST_CASE("the cost model counts the ports of the local buffer's banks") {
  // Measured: 11,532 clocks in shape 1 and 13,579 in shape 2, which fetches every word twice as
  // often while the results leave.
  LayerCase sparse = gemm(1600, 1730, 464, 2);
  sparse.compile.resident = true;
  REQUIRE(compile(sparse, "s4").plan.shape == 1);

  const s4::config::Configuration s4 = configuration("s4");
  const Layer layer = make_layer(gemm(1600, 1600, 464, 2));
  const auto counts = bank_counts(layer.weights);
  for (const std::uint32_t shape : {0U, 1U, 2U}) {
    const ShapeProfile profile = profile_shape(layer, counts, s4, shape);
    const GroupProfile& whole = profile.groups.front();
    const GroupProfile& last = profile.groups.back();
    CAPTURE(shape);
    // 8 banks of 1, 1 or 2 clocks, and 8 beats, each in the way of one of two ports.
    CHECK(bank_clocks(whole, profile, s4) == std::vector<std::uint64_t>{12, 12, 20}[shape]);
    CHECK(drain_clocks(whole, profile, s4) == 8);
    // 64 channels of 256, 128 and 64.
    CHECK(drain_clocks(last, profile, s4) == std::vector<std::uint64_t>{2, 4, 8}[shape]);
  }
}

TEST_CASE("bounds name what limits") {
  LayerCase few = gemm(4096, 64, 64, 1);
  few.compile.resident = true;
  REQUIRE(bound_name(compile(few, "s4").estimate) == "epilogue");
  LayerCase wide = gemm(16, 512, 4096, 64);
  wide.compile.resident = true;
  REQUIRE(bound_name(compile(wide, "s4").estimate) == "weights");
  LayerCase reads = gemm(1024, 64, 1024, 1);
  reads.compile.resident = true;
  reads.compile.shape = 2;
  REQUIRE(bound_name(compile(reads, "s4").estimate) == "activation");
}

TEST_CASE("what does not fit is refused by name, with the bytes") {
  LayerCase resident = gemm(1000, 64, 640, 8);
  resident.compile.resident = true;
  REQUIRE_THAT(refusal(resident, "tiny"),
               Contains("gemm m1000 n64 k640") && Contains("704000 bytes") &&
                   Contains("input 640000") && Contains("tiny has 65536"));

  LayerCase deep;
  deep.geometry.channels = 8192;
  deep.geometry.height = deep.geometry.width = 11;
  deep.geometry.filters = 8;
  deep.geometry.kernel_h = deep.geometry.kernel_w = 11;
  deep.keep = 1;
  REQUIRE_THAT(refusal(deep, "tiny"),
               Contains("one output pixel") && Contains("991296") && Contains("tiny has 65536"));
}

TEST_CASE("sizes that the hardware cannot take are refused") {
  LayerCase c;
  c.geometry.channels = 8;
  c.geometry.height = c.geometry.width = 20;
  c.geometry.filters = 8;
  c.keep = 64;
  const auto with = [&](auto change) {
    LayerCase changed = c;
    change(changed.geometry);
    return refusal(changed, "tiny");
  };
  REQUIRE(with([](auto&) {}) == "accepted");
  REQUIRE_THAT(with([](auto& g) { g.kernel_h = 12; }), Contains("kernel height = 12"));
  REQUIRE_THAT(with([](auto& g) { g.stride_w = 5; }), Contains("column stride = 5"));
  REQUIRE_THAT(with([](auto& g) { g.stride_h = 0; }), Contains("row stride = 0"));
  REQUIRE_THAT(with([](auto& g) { g.dilation_h = 5; }), Contains("row dilation = 5"));
  REQUIRE_THAT(with([](auto& g) { g.height = 0; }), Contains("height = 0"));
  REQUIRE_THAT(with([](auto& g) {
                 g.kernel_h = 11;
                 g.dilation_h = 3;
               }),
               Contains("output is empty"));
  LayerCase shape = c;
  shape.compile.shape = 2;
  REQUIRE_THAT(refusal(shape, "tiny"), Contains("array shape 2"));
  LayerCase keep = gemm(64, 64, 64, 8);
  keep.compile.strategy = Strategy::kKeep;
  REQUIRE_THAT(refusal(keep, "tiny"), Contains("no plan with the forced choices"));
}

TEST_CASE("accumulators that can wrap are refused unless allowed") {
  LayerCase c = gemm(4, 4, 400000, 64);
  REQUIRE_THAT(refusal(c, "s4"), Contains("an accumulator can wrap"));
  c.compile.allow_wrap = true;
  REQUIRE(refusal(c, "s4") == "accepted");

  Layer layer = make_layer(gemm(1, 1, 64, 64));
  layer.input.zero = 0;
  layer.biases[0] = 2147483647 - 64 * 127 * 128 + 100;
  for (std::int8_t& w : layer.weights.data) w = -127;  // with -128: largest positive sum
  REQUIRE_THROWS_AS(check_layer(layer, false), CompileError);
  layer.biases[0] -= 100;
  REQUIRE_NOTHROW(check_layer(layer, false));
}

TEST_CASE("programs end with End and name every command") {
  LayerCase c = gemm(200, 100, 300, 8);
  for (const char* config : {"tiny", "small", "s4"}) {
    const CompiledLayer layer = compile(c, config);
    REQUIRE(layer.programs.size() == 1);
    const Program& program = layer.programs[0];
    REQUIRE(program.commands.size() == program.info.size());
    REQUIRE(program.address % 128 == 0);
    REQUIRE(disassemble(program.commands.back()) == "End");
    REQUIRE(layer.write_region.address >= layer.read_region.address + layer.read_region.size);
  }
}
