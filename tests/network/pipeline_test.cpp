// Pipelined schedules: which layers form a program, the order of their parts, their places.
#include "sw/network/pipeline.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>

#include "pipelined.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::check;
using sw::test::configuration;
using sw::test::embedded;
using sw::test::encoder;
using sw::test::Heads;
using sw::test::NetworkBuilder;
using sw::test::Pipelined;
using sw::test::wrong_order;

TEST_CASE("pipeline: attention's heads are a phase, with rings between its layers") {
  const Pipelined p(prepare(encoder(1, {4, 9, 4, 64}, 2).graph), 2, 2);
  CHECK(p.segment.batch == 4);
  // LayerNorm, and of a layer q, k, v, three of the heads, projection, LayerNorm, two, LayerNorm.
  REQUIRE(p.segment.layers.size() == 1 + 2 * 11);
  CHECK(p.phases.count() == 1 + 2 * 9);
  CHECK(std::count(p.phases.rings.begin(), p.phases.rings.end(), 3U) == 2 * 2);
  CHECK(std::count(p.phases.rings.begin(), p.phases.rings.end(), 0U) + 4 ==
        static_cast<std::ptrdiff_t>(p.phases.rings.size()));
  CHECK(wrong_order(p, p.phases.rings) == "");
}

TEST_CASE("pipeline: wrong orders are noticed") {
  Pipelined p(prepare(encoder(2, {3, 9, 4, 64}, 1).graph), 1, 2);
  CHECK(wrong_order(p, p.phases.rings) == "");
  std::vector<std::uint32_t> small = p.phases.rings;
  for (std::uint32_t& ring : small) ring = std::min(ring, 1U);
  CHECK(wrong_order(p, small) == "after its place was used again");
  const std::vector<PipelineTask> tasks = p.plan.tasks;
  std::swap(p.plan.tasks.front(), p.plan.tasks.back());
  CHECK(wrong_order(p, p.phases.rings) == "before an earlier phase of its lane");
  // Of one phase: the softmax of a head before its product.
  p.plan.tasks = tasks;
  const auto is_rows = [&](const PipelineTask& t) {
    return p.segment.heads(p.network, t.layer) > 1 &&
           p.network.layers[p.segment.layers[t.layer]].layer.rows.has_value();
  };
  const auto softmax = std::find_if(p.plan.tasks.begin(), p.plan.tasks.end(), is_rows);
  REQUIRE(softmax != p.plan.tasks.end());
  const auto product =
      std::find_if(p.plan.tasks.begin(), p.plan.tasks.end(), [&](const PipelineTask& t) {
        return t.layer + 1 == softmax->layer && t.sub == softmax->sub &&
               t.heads.begin == softmax->heads.begin;
      });
  REQUIRE(product < softmax);
  std::rotate(product, product + 1, softmax + 1);
  CHECK(wrong_order(p, p.phases.rings) == "before what it reads");
  p.plan.tasks = tasks;
  // As if the queries replaced themselves, which are made before they are read.
  const std::vector<std::size_t> over = p.phases.over;
  for (const std::size_t queries : over) {
    if (queries != kOwnPlace) p.phases.over[queries] = queries;
  }
  CHECK(wrong_order(p, p.phases.rings) == "after it was replaced");
  p.phases.over = over;
  p.plan.tasks.pop_back();
  CHECK(wrong_order(p, p.phases.rings) == "not all");
}

TEST_CASE("pipeline: random encoders are in order") {
  for (std::uint32_t i = 0; i < 20; ++i) {
    const Heads h{1 + i % 5, 2 + i % 7, 2 + i % 5, 64 * (1 + i % 2), i % 2 == 0, i % 3 == 0};
    const std::uint32_t images = 1 + i % static_cast<std::uint32_t>(h.batch);
    CAPTURE(i, images);
    const Pipelined p(prepare(encoder(i, h, 2).graph), images, 1 + i % 4);
    CHECK(wrong_order(p, p.phases.rings) == "");
    const Pipelined e(prepare(embedded(i, i % 2 == 0, h, 100 + 28 * (i % 2)).graph), images,
                      1 + i % 4);
    CHECK(wrong_order(e, e.phases.rings) == "");
  }
}

TEST_CASE("pipeline: places of a phase and of lanes are apart") {
  const Pipelined p(prepare(encoder(3, {4, 20, 6, 64}, 1).graph), 2, 2);
  const auto places = allocate_lanes(p.network, p.segment, p.phases, 2, 2, 1U << 16);
  REQUIRE(places.has_value());
  const auto words = [&](std::size_t v) {
    const TensorShape& shape = p.network.values[p.segment.values[v].value].shape;
    std::uint64_t planes = p.segment.planes(shape);
    if (p.phases.rings[v] != 0) planes = planes / 6 * p.phases.rings[v];
    return 2 * planes * shape.height * shape.width;
  };
  const std::size_t count = p.segment.values.size();
  unsigned replaced = 0;
  for (std::size_t a = 0; a < count; ++a) {
    CHECK(places->step[a] == places->words / 2);
    CHECK(places->turns[a] == 2);
    CHECK(places->address[a] + words(a) <= places->words / 2);
    for (std::size_t b = a + 1; b < count; ++b) {
      const SegmentValue& x = p.segment.values[a];
      const SegmentValue& y = p.segment.values[b];
      if (p.phases.of[x.last] < p.phases.of[y.first] ||
          p.phases.of[y.last] < p.phases.of[x.first]) {
        continue;
      }
      CAPTURE(a, b);
      if (p.phases.over[b] == a) {
        CHECK(places->address[b] == places->address[a]);
        ++replaced;
        continue;
      }
      CHECK((places->address[a] + words(a) <= places->address[b] ||
             places->address[b] + words(b) <= places->address[a]));
    }
  }
  CHECK(replaced == 1);  // the queries of a head by its results
  CHECK_FALSE(allocate_lanes(p.network, p.segment, p.phases, 2, 2, places->words - 1).has_value());
  const auto four = allocate_lanes(p.network, p.segment, p.phases, 1, 4, 1U << 16);
  REQUIRE(four.has_value());
  CHECK(four->words == 4 * std::uint64_t{four->step[0]});
}

TEST_CASE("pipeline: layers behind a step of the host are a program of their own") {
  // The host splits and merges heads of half a word.
  const Network network = prepare(encoder(4, {2, 7, 2, 32}, 1).graph);
  CHECK(merged_runs(network).size() > 1);
  CHECK(merged_runs(prepare(encoder(4, {2, 7, 2, 64}, 1).graph)).size() == 1);
}

/// Commands of the weight DMA that read the local buffer.
std::size_t local_operands(const CompiledNetwork& compiled) {
  std::size_t count = 0;
  for (const ChipProgram& chip : compiled.programs) {
    for (const commands::CommandBytes& bytes : chip.program.commands) {
      const auto c = commands::WeightsCommand::decode(bytes);
      count += c.opcode == commands::Opcode::kWeights && c.from_local != 0 ? 1U : 0U;
    }
  }
  return count;
}

TEST_CASE("pipeline: an encoder is one program on the RTL, and its rows are judged unstored") {
  const Heads h{4, 33, 4, 64};
  NetworkBuilder b = encoder(5, h, 2);
  const config::Configuration config = configuration("small");
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  REQUIRE(compiled.programs.size() == 1);
  CHECK(compiled.programs[0].residency.starts_with("pipelined in 2 lanes"));
  std::size_t stored = 0;
  for (const MemoryValue& memory : compiled.memory) stored += memory.is_output ? 1U : 0U;
  CHECK(stored == 1);  // no keys, no values
  CHECK(local_operands(compiled) != 0);
  const auto data = b.data();
  const NetworkReport report = run_network(compiled, data, config);
  check(report, "encoder");
  std::size_t judged = 0;
  for (const NetworkLayerReport& layer : report.layers) judged += layer.worst_error ? 1U : 0U;
  CHECK(judged == 1 + 2 * 3);
  REQUIRE(report.cycles.has_value());
  INFO(*report.cycles << " clocks, expected " << report.predicted_cycles);
  CHECK(*report.cycles < report.predicted_cycles * 5 / 4);
  CHECK(*report.cycles > report.predicted_cycles * 3 / 4);
}

TEST_CASE("pipeline: embeddings are added on the chip, in the program of the encoder") {
  const config::Configuration config = configuration("small");
  for (const std::int64_t width : {256, 100}) {
    for (const bool is_unsigned : {false, true}) {
      const Heads h{4, 33, 2, 64};
      NetworkBuilder b = embedded(11 + static_cast<std::uint64_t>(width), is_unsigned, h, width);
      const Network network = prepare(b.graph);
      for (const NetworkStep& step : network.steps) CHECK(step.place != Place::kHost);
      const CompiledNetwork compiled = compile_network(network, config);
      REQUIRE(compiled.programs.size() == 1);
      CHECK(compiled.programs[0].residency.starts_with("pipelined in "));
      std::size_t stored = 0;
      for (const MemoryValue& memory : compiled.memory) stored += memory.is_output ? 1U : 0U;
      CHECK(stored == 1);
      const auto data = b.data();
      const NetworkReport report = run_network(compiled, data, config);
      check(report, "embeddings");
      CHECK(report.layers[0].macs_nonzero != 0);
      REQUIRE(report.cycles.has_value());
      INFO(*report.cycles << " clocks, expected " << report.predicted_cycles);
      CHECK(*report.cycles < report.predicted_cycles * 5 / 4);
    }
  }
}

TEST_CASE("pipeline: random embeddings, functional model = reference") {
  for (std::uint64_t i = 0; i < 12; ++i) {
    const auto pick = [&](std::uint64_t n) { return static_cast<std::int64_t>(i * 7 % n); };
    const Heads h{1 + pick(5), 3 + pick(11), 1 + pick(3), 64};
    NetworkBuilder b = embedded(30 + i, i % 2 == 0, h, 64 * (1 + pick(4)));
    check(sw::test::run(b, b.data(), i % 3 == 0 ? "tiny" : "small", Backend::kFunctional),
          std::to_string(i));
  }
}

TEST_CASE("pipeline: positions are loaded once for all sequences, and only where all are alike") {
  const config::Configuration config = configuration("small");
  for (const bool alike : {true, false}) {
    const Heads h{4, 20, 2, 64};
    NetworkBuilder b(14, true);
    const auto words = b.input({h.batch, h.tokens, 128});
    const auto positions = b.constant(h.batch, {h.tokens, 128});
    if (!alike)
      std::get<std::vector<std::uint8_t>>(b.graph.at(positions.id).constant->values).back() ^= 1;
    b.output(encoder_layer(b, b.layer_norm(b.add(words, positions)), h).id);
    const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
    REQUIRE(compiled.programs.size() == 1);
    std::map<std::uint64_t, std::uint64_t> loaded;  // words, by the value's address
    for (const commands::CommandBytes& bytes : compiled.programs[0].program.commands) {
      const auto c = commands::DmaCommand::decode(bytes);
      if (c.opcode != commands::Opcode::kLoad) continue;
      for (const MemoryValue& memory : compiled.memory) {
        const std::uint64_t at = c.mem_addr - memory.region.address;
        if (c.mem_addr < memory.region.address || at >= memory.region.size) continue;
        loaded[memory.value] += std::uint64_t{c.count0} * c.count1 * c.count2 * c.count3;
      }
    }
    REQUIRE(loaded.size() == 2);
    for (const auto& [value, words_loaded] : loaded) {
      const ChipValue& v = compiled.network.values[value];
      const bool constant = compiled.network.graph.is_constant(v.tensor);
      CHECK(v.repeats == (constant && alike));
      CHECK(words_loaded == v.shape.words() / (constant && alike ? 4 : 1));
    }
    check(run_network(compiled, b.data(), config), alike ? "alike" : "each its own");
  }
}

TEST_CASE("pipeline: a constant operand loaded a word off is noticed") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b = embedded(12, false, {2, 20, 2, 64}, 128);
  CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  CHECK(run_network(compiled, b.data(), config, settings).ok());
  std::uint64_t positions = 0;
  for (const MemoryValue& memory : compiled.memory) {
    const ChipValue& value = compiled.network.values[memory.value];
    if (compiled.network.graph.is_constant(value.tensor)) positions = memory.region.address;
  }
  REQUIRE(positions != 0);
  std::size_t changed = 0;
  for (commands::CommandBytes& bytes : compiled.programs[0].program.commands) {
    auto c = commands::DmaCommand::decode(bytes);
    if (c.opcode != commands::Opcode::kLoad || c.mem_addr != positions) continue;
    c.mem_addr += 64;
    bytes = c.encode();
    ++changed;
  }
  CHECK(changed == 1);
  CHECK_FALSE(run_network(compiled, b.data(), config, settings).ok());
}

TEST_CASE("pipeline: keys and values that do not fit the local buffer go through memory") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b = encoder(7, {1, 90, 3, 64}, 1);
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  CHECK(local_operands(compiled) == 0);
  check(run_network(compiled, b.data(), config), "operands in memory");
}

TEST_CASE("pipeline: an operand read a word off is noticed") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b = encoder(8, {2, 20, 2, 64}, 1);
  CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  CHECK(run_network(compiled, b.data(), config, settings).ok());
  for (commands::CommandBytes& bytes : compiled.programs[0].program.commands) {
    auto c = commands::WeightsCommand::decode(bytes);
    if (c.opcode != commands::Opcode::kWeights || c.from_local == 0) continue;
    ++c.local_addr;
    bytes = c.encode();
    break;
  }
  CHECK_FALSE(run_network(compiled, b.data(), config, settings).ok());
}

TEST_CASE("pipeline: a wrong byte of a head is noticed and named") {
  NetworkBuilder b = encoder(6, {2, 9, 2, 64}, 1);
  const config::Configuration config = configuration("tiny");
  NetworkOptions options;
  options.store_all = true;
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  settings.run.corrupt_output_byte = 100;
  const NetworkReport report =
      run_network(compile_network(prepare(b.graph, options), config), b.data(), config, settings);
  CHECK_FALSE(report.ok());
  CHECK(report.mismatches() == 1);
}

}  // namespace
