// Sums and maxima over rows of an ONNX file, quantised: on the RTL.
#include <catch2/catch.hpp>
#include <random>

#include "sw/onnx/export.hpp"
#include "sw/onnx/import.hpp"
#include "sw/quantize/quantize.hpp"
#include "tb/seed.hpp"
#include "tests/network/run_network.hpp"
#include "tests/onnx/model_builder.hpp"

using namespace s4;
using namespace s4::sw;
using graph::Op;
namespace test = sw::test;
using sw::test::ints;
using sw::test::ModelBuilder;

TEST_CASE("ReduceSum and ReduceMax of a quantised file: RTL = model = reference") {
  std::mt19937_64 random(tb::seed());
  const auto numbers = [&](graph::Shape shape) {
    graph::TensorData data(graph::DataType::kFloat32, std::move(shape));
    for (float& value : data.get<float>()) {
      value = static_cast<float>(static_cast<std::int32_t>(random() % 2001) - 1000) / 500.0F;
    }
    return data;
  };
  ModelBuilder m(13);
  m.input("x", {1, 5, 9, 23});
  m.longs("rows", {-1});
  m.node("Relu", {"x"}, {"positive"});
  m.node("ReduceSum", {"positive", "rows"}, {"sums"});
  m.node("ReduceMax", {"positive"}, {"most"}, {ints("axes", {-1})});
  m.output("sums");
  m.output("most");
  const graph::Graph real = m.import().graph;
  const Calibration calibration = split_calibration({numbers({16, 5, 9, 23})}, 1);
  const graph::Graph bytes =
      import_onnx_bytes(export_onnx_bytes(quantize(real, calibration, {}).graph), ".").graph;
  const Network prepared = prepare(bytes);
  std::size_t products = 0, pools = 0;
  for (const NetworkStep& step : prepared.steps) {
    CAPTURE(step.name, step.op, step.why);
    const bool chip = step.place == Place::kChip;
    if (step.op == "QMatMul") products += chip ? 1 : 0;
    if (step.op == "MaxPool") pools += chip ? 1 : 0;
  }
  CHECK(products == 1);
  CHECK(pools == 2);  // 23 to 6 to 1
  for (const std::string name : {"tiny", "small"}) {
    const config::Configuration config = test::configuration(name);
    const auto report = run_network(compile_network(prepared, config), {numbers({1, 5, 9, 23})},
                                    config, NetworkRunSettings{});
    test::check(report, name);
  }
}
