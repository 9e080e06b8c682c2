// Pipelines with more sub-batches than lanes: when their inputs are loaded, and where they lie.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "pipelined.hpp"
#include "sw/network/pipeline_order.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::check;
using sw::test::configuration;
using sw::test::embedded;
using sw::test::encoder;
using sw::test::NetworkBuilder;
using sw::test::Pipelined;
using sw::test::wrong_order;

/// Whether values in places of the same lane are apart wherever both are needed, and inputs of the
/// lane's next sub-batch from phase `reload` on apart from all that is there.
bool apart(const Pipelined& p, const Allocation& places, std::size_t reload) {
  const auto words = [&](std::size_t v) {
    const TensorShape& shape = p.network.values[p.segment.values[v].value].shape;
    std::uint64_t planes = p.segment.planes(shape);
    if (p.phases.rings[v] != 0) {
      planes = planes / p.segment.heads(p.network, p.segment.values[v].first) * p.phases.rings[v];
    }
    return p.plan.images * planes * shape.height * shape.width;
  };
  const std::size_t phases = p.phases.count();
  const auto needed = [&](std::size_t v, std::size_t phase) {
    const SegmentValue& value = p.segment.values[v];
    if (value.loaded && phase >= reload) return true;
    const std::size_t first = value.loaded ? 0 : p.phases.of[value.first];
    return first <= phase && phase <= p.phases.of[value.last];
  };
  for (std::size_t a = 0; a < p.segment.values.size(); ++a) {
    for (std::size_t b = a + 1; b < p.segment.values.size(); ++b) {
      const bool meet = places.address[a] < places.address[b] + words(b) &&
                        places.address[b] < places.address[a] + words(a);
      if (!meet || p.phases.over[b] == a || p.phases.over[a] == b) continue;
      for (std::size_t phase = 0; phase < phases; ++phase) {
        if (needed(a, phase) && needed(b, phase)) return false;
      }
    }
  }
  return true;
}

TEST_CASE("pipeline: a lane's next inputs are loaded beside its last layers") {
  Pipelined p(prepare(embedded(15, true, {5, 20, 4, 64}, 256).graph), 1, 2);
  const std::size_t leading = leading_layers(p.network, p.segment, p.chosen);
  REQUIRE(leading != 0);
  const auto plain = allocate_lanes(p.network, p.segment, p.phases, 1, 2, 1U << 16);
  OwnPlaces own;
  own.leading = p.phases.of[leading - 1];
  own.reload = p.phases.count() - 2;
  const auto early = allocate_lanes(p.network, p.segment, p.phases, 1, 2, 1U << 16, own);
  REQUIRE((plain && early));
  CHECK(apart(p, *plain, p.phases.count()));
  CHECK_FALSE(apart(p, *plain, own.reload));  // so that the check can fail
  CHECK(apart(p, *early, own.reload));

  p.plan.pipelined = true;
  p.plan.rings = p.phases.rings;
  for (const LayerCost* cost : p.chosen) p.plan.shapes.push_back(cost->shape);
  const auto reload = static_cast<std::size_t>(
      std::find(p.phases.of.begin(), p.phases.of.end(), own.reload) - p.phases.of.begin());
  for (const bool with : {false, true}) {
    p.plan.allocation = with ? *early : *plain;
    p.plan.reload = with ? reload : kNoSplit;
    const PipelineOrder::Order order =
        PipelineOrder(p.network, p.segment, p.phases, p.plan, p.config, p.chosen).find(8);
    p.plan.tasks = order.tasks;
    CHECK(wrong_order(p, p.phases.rings) == "");
    const Schedule schedule = make_schedule(p.network, p.segment, p.plan, p.config, p.chosen, {});
    // Position of the last part of a sequence, and of the first load of the one behind it.
    std::vector<std::size_t> end(5, 0), load(5, 0);
    for (std::size_t c = schedule.program.info.size(); c-- > 0;) {
      const CommandInfo& info = schedule.program.info[c];
      const std::uint32_t image = info.box.image_begin % 5;
      if (info.what == "load input") load[image] = c;
      const bool computes =
          info.engine == commands::Engine::kSpu || info.engine == commands::Engine::kActivation;
      if (end[image] == 0 && computes) end[image] = c;
    }
    for (std::size_t s = 2; s < 5; ++s) CHECK((load[s] < end[s - 2]) == with);
  }
}

TEST_CASE("pipeline: more orders that are followed find a better one") {
  const Pipelined p(prepare(encoder(16, {4, 64, 12, 64}, 2).graph), 1, 2);
  const PipelineOrder order(p.network, p.segment, p.phases, p.plan, p.config, p.chosen);
  const std::uint64_t one = order.find(1).end;
  const std::uint64_t many = order.find(kManyOrders).end;
  CAPTURE(one, many);
  CHECK(many <= one);
}

TEST_CASE("pipeline: more sequences than lanes, RTL = functional model = reference") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b = embedded(17, true, {6, 33, 2, 64}, 128);
  NetworkOptions options;
  options.sub_batch = 1;
  const CompiledNetwork compiled = compile_network(prepare(b.graph, options), config);
  REQUIRE(compiled.programs.size() == 1);
  CHECK(compiled.programs[0].residency.find("loads ahead") != std::string::npos);
  check(run_network(compiled, b.data(), config), "sequences behind each other");
}

TEST_CASE("pipeline: inputs that later layers read stay until then") {
  NetworkBuilder b(18, true);
  const auto x = b.input({6, 9, 20});
  auto y = b.layer_norm(x);
  for (int i = 0; i < 3; ++i) y = b.layer_norm(b.gemm(y, 20));
  y = b.add(b.gemm(y, 20), x);
  for (int i = 0; i < 3; ++i) y = b.layer_norm(b.gemm(y, 20));
  b.output(y.id);

  const Pipelined p(prepare(b.graph), 1, 2);
  const std::size_t last = p.phases.of[p.segment.find(p.network.layers[0].input)->last];
  REQUIRE(last + 2 < p.phases.count());
  for (std::size_t reload = 1; reload < p.phases.count(); ++reload) {
    OwnPlaces own;
    own.reload = reload;
    const auto places = allocate_lanes(p.network, p.segment, p.phases, 1, 2, 1U << 16, own);
    CHECK(places.has_value() == (reload > last));
    if (places) CHECK(apart(p, *places, reload));
  }

  NetworkOptions options;
  options.sub_batch = 1;
  check(run(b, b.data(), "tiny", Backend::kAll, options), "residual of the input");
}

TEST_CASE("residency: places that are taken over the end, and no words lost between") {
  // Two that are needed at the end and at the start again, beside one in the middle.
  const std::vector<PlaceItem> ring = {{10, 4, 1, 0}, {6, 5, 0, 1}, {12, 2, 3, 2}, {4, 1, 2, 3}};
  const auto places = place_items(ring, 4, 16);
  REQUIRE(places.has_value());
  CHECK(places->words == 16);
  CHECK_FALSE(place_items(ring, 4, 15).has_value());
  // Neither by length nor by size do these fit without a gap.
  const std::vector<PlaceItem> tight = {{3, 0, 1, 0}, {4, 1, 2, 1}, {5, 2, 3, 2},
                                        {2, 0, 0, 3}, {2, 3, 4, 4}, {3, 3, 3, 5}};
  const auto found = place_items(tight, 6, 100);
  REQUIRE(found.has_value());
  CHECK(found->words == 10);
}

}  // namespace
