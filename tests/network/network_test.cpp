#include <catch2/catch.hpp>

#include "random_network.hpp"
#include "sim/config/configuration_loader.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/network.hpp"
#include "tb/root.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;

config::Configuration configuration(const std::string& name) {
  return sim::load_configuration(tb::root(), name);
}

/// Conv, conv with a residual, Flatten and Gemm.
void digits_like(NetworkBuilder& b, std::int64_t batch, std::int64_t channels) {
  graph::ConvGeometry same;
  same.pads = {1, 1, 1, 1};
  auto x = b.float_input({batch, 1, 6, 5});
  auto a = b.conv(x, channels, {3, 3}, same);
  auto c = b.conv(a, channels, {3, 3}, same, 0.2);
  auto sum = b.add(c, a);
  graph::ConvGeometry strided = same;
  strided.strides = {2, 2};
  auto d = b.conv(sum, 70, {3, 3}, strided, 0.1);
  auto e = b.gemm(b.flatten(d), 10, 0.5);
  b.output(b.dequantize(e));
}

TEST_CASE("a small network on functional model and RTL") {
  for (const char* name : {"tiny", "small"}) {
    const config::Configuration config = configuration(name);
    NetworkBuilder b(1, name[0] == 't');
    digits_like(b, 5, 20);
    const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
    NetworkRunSettings settings;
    settings.run.backend = Backend::kAll;
    const NetworkReport report = run_network(compiled, b.data(), config, settings);
    INFO(report.error);
    for (const Comparison& c : report.comparisons) {
      INFO(c.first);
      CHECK(c.made);
      CHECK(c.mismatches == 0);
    }
    CHECK(report.ok());
  }
}

}  // namespace
