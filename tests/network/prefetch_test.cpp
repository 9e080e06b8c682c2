// Batches one behind the other, of which a program runs the first layers of the next one.
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "heads.hpp"
#include "run_network.hpp"
#include "sw/driver/functional_device.hpp"
#include "sw/network/session.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::check;
using sw::test::configuration;
using sw::test::embeddings;
using sw::test::encoder_layer;
using sw::test::Heads;
using sw::test::NetworkBuilder;
using Inputs = std::vector<graph::TensorData>;

NetworkBuilder embedded(std::uint64_t seed, const Heads& h, std::int64_t width) {
  NetworkBuilder b(seed, seed % 2 == 0);
  b.output(encoder_layer(b, encoder_layer(b, embeddings(b, h, width), h), h).id);
  return b;
}

CompiledNetwork compiled_for(const NetworkBuilder& b, const config::Configuration& config) {
  NetworkOptions options;
  options.prefetch = true;
  return compile_network(prepare(b.graph, options), config);
}

/// Words that the functional model stores in each batch; `inform`: every session knows the next.
std::vector<std::vector<std::uint8_t>> stored(const CompiledNetwork& compiled,
                                              const config::Configuration& config,
                                              const std::vector<Inputs>& batches, bool inform) {
  FunctionalDevice device(config);
  const RunSettings settings;
  std::vector<std::unique_ptr<NetworkSession>> sessions;
  for (const Inputs& inputs : batches) {
    sessions.push_back(std::make_unique<NetworkSession>(compiled, inputs, device, settings));
    if (sessions.size() > 1) sessions.back()->follow_batch();
  }
  std::vector<std::vector<std::uint8_t>> results;
  for (std::size_t b = 0; b < sessions.size(); ++b) {
    if (inform && b + 1 < sessions.size()) sessions[b]->set_next_batch(sessions[b + 1].get());
    sessions[b]->run();
    REQUIRE(!sessions[b]->failed());
    CHECK(sessions[b]->runs().size() == (b == 0 ? 2 : 1));
    results.push_back(sessions[b]->take_outcome().memory);
  }
  return results;
}

std::vector<Inputs> batches_of(NetworkBuilder& b, std::size_t count) {
  std::vector<Inputs> batches;
  Inputs data = b.data();
  for (std::size_t n = 0; n < count; ++n) {
    batches.push_back(data);
    for (graph::TensorData& input : data) {
      std::visit(
          [](auto& list) {
            for (auto& element : list)
              element =
                  static_cast<std::decay_t<decltype(element)>>(static_cast<int>(element) * 5 + 3);
          },
          input.values);
    }
  }
  return batches;
}

TEST_CASE("prefetch: two programs make what one makes") {
  const config::Configuration config = configuration("small");
  const Heads h{4, 33, 2, 64};
  for (const std::uint64_t seed : {3U, 4U}) {
    NetworkBuilder b = embedded(seed, h, 128);
    const CompiledNetwork compiled = compiled_for(b, config);
    REQUIRE(compiled.programs.size() == 2);
    CHECK(compiled.first_of_later() == 1);
    CHECK(compiled.programs[0].outputs.empty());
    CHECK(compiled.programs[0].layers.size() == 3);
    // Positions stay where the first program leaves them.
    CHECK(compiled.programs[0].inputs.size() == 3);
    CHECK(compiled.programs[1].inputs.size() == 2);
    CHECK(compiled.programs[1].outputs.size() == 1);
    check(run_network(compiled, b.data(), config), "two programs");
  }
}

TEST_CASE("prefetch: random batches, functional model") {
  for (std::uint64_t i = 0; i < 10; ++i) {
    const auto pick = [&](std::uint64_t n) { return static_cast<std::int64_t>(i * 7 % n); };
    const Heads h{1 + pick(6), 3 + pick(11), 1 + pick(3), 64};
    INFO("network " << i);
    NetworkBuilder b = embedded(50 + i, h, 64 * (1 + pick(3)));
    const config::Configuration config = configuration(i % 4 == 3 ? "tiny" : "small");
    const CompiledNetwork compiled = compiled_for(b, config);
    const std::vector<Inputs> batches = batches_of(b, 3);
    NetworkRunSettings settings;
    settings.run.backend = Backend::kFunctional;
    for (const Inputs& inputs : batches) {
      check(run_network(compiled, inputs, config, settings), "a batch alone");
    }
    if (compiled.first_of_later() == 0) continue;
    const auto together = stored(compiled, config, batches, true);
    for (std::size_t n = 0; n < batches.size(); ++n) {
      CHECK(together[n] == stored(compiled, config, {batches[n]}, true)[0]);
    }
  }
}

TEST_CASE("prefetch: a batch whose inputs come too late is noticed") {
  const config::Configuration config = configuration("small");
  NetworkBuilder b = embedded(9, {4, 12, 2, 64}, 128);
  const CompiledNetwork compiled = compiled_for(b, config);
  REQUIRE(compiled.first_of_later() == 1);
  const std::vector<Inputs> batches = batches_of(b, 2);
  const auto alone = stored(compiled, config, {batches[1]}, true);
  CHECK(stored(compiled, config, batches, true)[1] == alone[0]);
  CHECK(stored(compiled, config, batches, false)[1] != alone[0]);
}

TEST_CASE("prefetch: networks whose first layers are not alone with the inputs have one program") {
  const config::Configuration config = configuration("small");
  const Heads h{2, 12, 2, 64};
  SECTION("what they make is an output") {
    NetworkBuilder b(5, false);
    const auto x = embeddings(b, h, 128);
    b.output(x.id);
    b.output(encoder_layer(b, x, h).id);
    const CompiledNetwork compiled = compiled_for(b, config);
    CHECK(compiled.first_of_later() == 0);
    check(run_network(compiled, b.data(), config), "an output");
  }
  SECTION("an input is read by later layers") {
    NetworkBuilder b(6, false);
    const auto x = encoder_layer(b, embeddings(b, h, 128), h);
    b.output(b.add(x, b.input({h.batch, h.tokens, 128})).id);
    const CompiledNetwork compiled = compiled_for(b, config);
    CHECK(compiled.first_of_later() == 0);
    check(run_network(compiled, b.data(), config), "an input");
  }
  SECTION("every layer is stored") {
    NetworkBuilder b = embedded(7, h, 128);
    NetworkOptions options;
    options.prefetch = options.store_all = true;
    CHECK(compile_network(prepare(b.graph, options), config).first_of_later() == 0);
  }
}

}  // namespace
