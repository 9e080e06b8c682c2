// Attention of several heads: which reshapes and transpositions are views, and that results are
// those of the reference whatever they are.
#include "heads.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include "run_network.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/split_run.hpp"
#include "sw/network/value_words.hpp"
#include "sw/program_file/program_file.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::check;
using sw::test::configuration;
using sw::test::encoder_layer;
using sw::test::Heads;
using sw::test::multi_head;
using sw::test::NetworkBuilder;
using sw::test::run;

std::size_t host_steps(const Network& network) {
  std::size_t count = 0;
  for (const NetworkStep& step : network.steps) {
    UNSCOPED_INFO(step.op << " '" << step.name << "': " << place_name(step.place) << ", "
                          << step.why);
    count += step.place == Place::kHost ? 1U : 0U;
  }
  return count;
}

std::string text_of(const Heads& h) {
  return std::to_string(h.heads) + " heads of " + std::to_string(h.channels) + ", " +
         std::to_string(h.batch) + " x " + std::to_string(h.tokens) +
         (h.stacked ? ", stacked" : "") + (h.joint ? ", joint" : "");
}

/// What is prepared computes what was given, and the chip computes that.
NetworkReport run_given(NetworkBuilder& b, const std::string& config, Backend backend,
                        const NetworkOptions& options = {}) {
  const auto data = b.data();
  CHECK(graph::evaluate(prepare(b.graph, options).graph, data) == graph::evaluate(b.graph, data));
  return run(b, data, config, backend, options);
}

/// Attention between layers of another number of images, with an addition.
NetworkBuilder block(std::uint64_t seed, const Heads& h) {
  NetworkBuilder b(seed, seed % 2 != 0);
  const auto x = b.layer_norm(b.input({h.batch, h.tokens, 40}));
  b.output(b.layer_norm(multi_head(b, x, h)).id);
  return b;
}

TEST_CASE("heads: of whole words they are views, and the addition is part of a layer") {
  std::uint64_t seed = 0;
  for (const std::int64_t heads : {2, 3, 4}) {
    for (const std::int64_t batch : {1, 2, 3}) {
      for (const bool stacked : {false, true}) {
        Heads h{batch, 2 * batch + 5, heads, 64, stacked, heads != 3};
        if (seed % 3 == 1) h.channels = heads == 2 ? 192 : 128;
        if (seed % 5 == 4) h.tokens = 64;  // as many as channels
        INFO(text_of(h));
        NetworkBuilder b = block(seed++, h);
        const Network network = prepare(b.graph);
        CHECK(host_steps(network) == 0);
        // Six layers around three that have the heads as images.
        CHECK(network.layers.size() == 9);
        CHECK(network.runs.size() == 3);
        NetworkOptions options;
        options.store_all = seed % 2 == 0;
        if (seed % 3 == 0) options.sub_batch = 2;
        check(run_given(b, seed % 3 == 0 ? "tiny" : "small", Backend::kFunctional, options),
              text_of(h));
      }
    }
  }
}

TEST_CASE("heads: of other sizes they go through the host, which says why") {
  for (const std::int64_t channels : {32, 63, 96}) {
    for (const std::int64_t batch : {1, 2}) {
      for (const bool joint : {false, true}) {
        const Heads h{batch, 7, 2, channels, true, joint};
        INFO(text_of(h));
        NetworkBuilder b = block(static_cast<std::uint64_t>(channels), h);
        const Network network = prepare(b.graph);
        std::size_t transposed = 0;
        for (const NetworkStep& step : network.steps) {
          if (step.place != Place::kHost || step.op != "Transpose") continue;
          ++transposed;
          CHECK(step.why ==
                "its heads have " + std::to_string(channels) + " channels, a word has 64");
        }
        // Transposition of the keys alone is free.
        CHECK(transposed == 4);
        CHECK(host_steps(network) == 8);
        check(run_given(b, "small", Backend::kFunctional), text_of(h));
      }
    }
  }
}

TEST_CASE("heads: encoder layers on the RTL") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 12U : 2U); ++i) {
    NetworkBuilder b(tb::seed() * 100 + i, i % 2 != 0);
    Heads h;
    h.batch = b.pick(1, 3);
    h.tokens = b.pick(1, 21);
    h.heads = b.pick(1, 3);
    h.channels = 64 * b.pick(1, 2);
    h.stacked = b.chance(2);
    h.joint = b.chance(2);
    auto x = b.input({h.batch, h.tokens, b.pick(30, 140)});
    for (std::int64_t layers = b.pick(1, 2); layers > 0; --layers) x = encoder_layer(b, x, h);
    b.output(b.dequantize(x));
    NetworkOptions options;
    options.store_all = i % 3 == 0;
    check(run_given(b, "tiny", Backend::kAll, options), text_of(h));
  }
}

TEST_CASE("heads: random encoders, functional model = reference") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 300U : 30U); ++i) {
    NetworkBuilder b(tb::seed() * 1000 + i, i % 2 != 0);
    Heads h;
    h.batch = b.pick(1, 3);
    h.tokens = b.chance(4) ? b.pick(60, 70) : b.pick(1, 21);
    h.heads = b.pick(1, 4);
    h.channels = b.chance(4) ? b.pick(1, 130) : 64 * b.pick(1, 3);
    h.stacked = b.chance(2);
    h.joint = b.chance(2);
    auto x = b.input({h.batch, h.tokens, b.pick(30, 140)});
    for (std::int64_t layers = b.pick(1, 2); layers > 0; --layers) x = encoder_layer(b, x, h);
    b.output(b.dequantize(x));
    NetworkOptions options;
    options.store_all = i % 3 == 0;
    if (i % 5 == 0) options.sub_batch = 1;
    const std::string config = i % 4 == 0 ? "s4" : i % 2 == 0 ? "small" : "tiny";
    check(run_given(b, config, Backend::kFunctional, options),
          "network " + std::to_string(i) + ", " + config + ": " + text_of(h));
  }
}

TEST_CASE("heads: of the inputs, of a result that others read too, and merged behind an output") {
  for (const std::int64_t batch : {1, 2}) {
    CAPTURE(batch);
    NetworkBuilder b(static_cast<std::uint64_t>(batch), false);
    auto x = b.input({batch, 6, 128});
    x.quant.zero = 0;
    const auto heads = sw::test::transpose(b, b.reshape(x, {batch, 6, 2, 64}), {0, 2, 1, 3});
    const auto scores = b.product(heads, b.transpose(heads));  // [B,2,6,6]
    const auto mixed = b.product(b.softmax(scores), heads);
    const auto merged = b.reshape(sw::test::transpose(b, mixed, {0, 2, 1, 3}), {batch, 6, 128});
    b.output(scores.id);  // whose images stand in another order than on the chip
    b.output(mixed.id);
    b.output(b.layer_norm(merged).id);
    b.output(b.layer_norm(heads).id);
    b.output(b.gemm(b.add(merged, x), 20).id);
    const Network network = prepare(b.graph);
    CHECK(host_steps(network) == 0);
    for (const bool all : {false, true}) {
      NetworkOptions options;
      options.store_all = all;
      check(run_given(b, "tiny", Backend::kFunctional, options), "inputs");
    }
  }
}

TEST_CASE("heads: of several words that no product could order") {
  NetworkBuilder b(31, false);
  const auto x = b.layer_norm(b.input({2, 6, 256}));
  const auto heads = sw::test::transpose(b, b.reshape(x, {2, 6, 2, 128}), {0, 2, 1, 3});
  const auto y = b.gemm_operand(b.input({2, 6, 30}), 256);
  const auto other = sw::test::transpose(b, b.reshape(y, {2, 6, 2, 128}), {0, 2, 1, 3});
  b.output(b.product(heads, b.transpose(other)).id);
  b.output(b.layer_norm(y).id);  // another reader
  const Network network = prepare(b.graph);
  CHECK(host_steps(network) == 4);
  CHECK(std::count_if(network.steps.begin(), network.steps.end(), [](const NetworkStep& step) {
          return step.why.find("several words") != std::string::npos;
        }) == 2);
  check(run_given(b, "tiny", Backend::kFunctional), "not ordered");
}

TEST_CASE("heads: a matrix of the rows of all heads has them in the tensor's order") {
  for (const std::int64_t batch : {1, 2}) {
    CAPTURE(batch);
    NetworkBuilder b(21, false);
    const auto x = b.gemm(b.input({batch, 5, 30}), 128);
    const auto split = b.reshape(x, {batch, 5, 2, 64});
    const auto norm = b.layer_norm(sw::test::transpose(b, split, {0, 2, 1, 3}));
    const auto y = b.gemm(b.reshape(norm, {batch * 2 * 5, 64}), 30);
    b.output(b.softmax(b.reshape(y, {batch, 2, 5, 30})).id);
    const auto stack = b.gemm(b.reshape(norm, {batch * 2, 5, 64}), 20);
    b.output(b.function(b.reshape(stack, {batch, 2, 5, 20}), graph::Function::kTanh).id);
    check(run_given(b, "tiny", Backend::kFunctional), "matrix");
    if (batch == 1) CHECK(host_steps(prepare(b.graph)) == 0);
  }
}

TEST_CASE("heads: on several subsystems, cut in every way") {
  for (std::uint64_t i = 0; i < (tb::full_run() ? 20U : 4U); ++i) {
    const config::Configuration config = configuration(i % 2 == 0 ? "tiny" : "small");
    for (const Cut forced : {Cut::kNone, Cut::kRows, Cut::kChannels, Cut::kImages}) {
      NetworkBuilder b(tb::seed() * 100 + i, i % 3 == 0);
      const Heads h{b.pick(1, 3),      b.pick(2, 17), b.pick(2, 4),
                    64 * b.pick(1, 2), b.chance(2),   b.chance(2)};
      INFO("block " << i << ", " << cut_name(forced) << ": " << text_of(h));
      b.output(encoder_layer(b, b.input({h.batch, h.tokens, 70}), h).id);
      SplitOptions options;
      options.subsystems = i % 3 == 0 ? 2 : 4;
      options.forced = forced;
      options.images = true;
      const SplitNetwork split = split_network(prepare(b.graph), config, options);
      NetworkRunSettings settings;
      settings.run.backend = Backend::kFunctional;
      const SplitReport report = run_split(split, b.data(), config, settings, false);
      check(report.network, "split");
      CHECK(report.ok());
      for (const SplitStep& step : split.steps) CHECK(find_conflict(split, step).empty());
    }
  }
}

TEST_CASE("heads: a program read back runs like the one written") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b = block(15, Heads{2, 6, 2, 128, true, true});
  const CompiledNetwork compiled = compile_network(prepare(b.graph), config);
  const CompiledNetwork read = decode_program(encode_program(compiled), "x.s4");
  CHECK(encode_program(read) == encode_program(compiled));
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  check(run_network(read, b.data(), config, settings), "read back");
}

TEST_CASE("heads: words of images that stand head by head") {
  ChipValue value;
  value.shape = {6, 64, 1, 1};
  value.rows_view = true;
  const graph::Tensor tensor{"x", graph::DataType::kInt8, {3, 2, 1, 64}, std::nullopt};
  graph::TensorData data(tensor.type, tensor.shape);
  for (std::size_t i = 0; i < 6 * 64; ++i) {
    data.get<std::int8_t>()[i] = static_cast<std::int8_t>(i / 64);
  }
  const std::vector<std::uint8_t> words = words_of(value, data);
  std::vector<int> images;
  for (std::size_t i = 0; i < words.size(); i += 64) images.push_back(words[i]);
  CHECK(images == std::vector<int>{0, 2, 4, 1, 3, 5});
  CHECK(data_of(value, tensor, words) == data);
}

}  // namespace
