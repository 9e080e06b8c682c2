// Constants as second operands, and functions of bytes without a name: on the RTL.
#include <algorithm>
#include <catch2/catch.hpp>

#include "sw/graph/evaluate.hpp"
#include "sw/graph/passes.hpp"
#include "tb/seed.hpp"
#include "tests/network/run_network.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using graph::Op;
using graph::Quant;
using sw::test::NetworkBuilder;
using Tensor = NetworkBuilder::Tensor;

/// Random bytes, the ends of their range among them.
Tensor constant(NetworkBuilder& b, graph::Shape shape, Quant quant) {
  graph::TensorData bytes(b.type(), std::move(shape));
  std::visit(
      [&](auto& list) {
        for (std::size_t i = 0; i < list.size(); ++i) {
          const auto byte = i < 2 ? (i == 0 ? b.low() : b.high()) : b.pick(b.low(), b.high());
          list[i] = static_cast<std::decay_t<decltype(list[i])>>(byte);
        }
      },
      bytes.values);
  return {b.graph.add_constant("k", std::move(bytes)), quant};
}

/// `op` of a result and a constant, in this order or the other.
Tensor combine(NetworkBuilder& b, Op op, const Tensor& x, const Tensor& k, bool left) {
  const Tensor& first = left ? k : x;
  const Tensor& second = left ? x : k;
  if (op == Op::kQSub) return b.subtract(first, second);
  const Quant y = op == Op::kQMax ? x.quant
                                  : Quant{(x.quant.scale + k.quant.scale) * b.scale(0.6F, 1.0F),
                                          b.zero_point()};
  return {b.node(op, {first.id, second.id},
                 graph::QBinaryAttributes{first.quant, second.quant, y, b.low(), b.high()}),
          y};
}

struct Form {
  graph::Shape x;
  graph::Shape k;
};
const std::vector<Form> kForms{
    {{2, 70, 5, 3}, {70, 1, 1}}, {{2, 9, 70}, {70}},  {{3, 70}, {1, 70}},
    {{1, 5, 3, 7}, {3, 1}},      {{2, 67, 3, 1}, {}},
};

std::size_t on_host(const Network& network) {
  return static_cast<std::size_t>(
      std::count_if(network.steps.begin(), network.steps.end(),
                    [](const NetworkStep& step) { return step.place == Place::kHost; }));
}

/// Results of the file's own operators, whose constants nothing spreads.
void check_own(const NetworkBuilder& b, const Network& prepared,
               const std::vector<graph::TensorData>& data) {
  CHECK(graph::evaluate(prepared.graph, data) == graph::evaluate(b.graph, data));
}

}  // namespace

TEST_CASE("sums and differences and maxima with a repeated constant: RTL = model = reference") {
  std::uint64_t seed = tb::seed() * 1000;
  std::size_t spread = 0, left_alone = 0;
  for (const Op op : {Op::kQAdd, Op::kQSub, Op::kQMax}) {
    for (const Form& form : kForms) {
      for (int round = 0; round < 4; ++round) {
        const bool left = round % 2 == 0;
        const bool behind = round / 2 == 0;  // a layer; else alone
        NetworkBuilder b(++seed, round % 3 == 0);
        CAPTURE(graph::name_of(op), graph::to_string(form.x), left, behind);
        Tensor x = b.input(form.x);
        if (behind) {
          x = form.x.size() == 4 ? b.conv(x, form.x[1], {1, 1}, {}) : b.gemm(x, form.x.back());
        }
        // Another layer for the chip, where the one in question may stay on the host.
        if (!behind) b.output(b.function(x, graph::Function::kSigmoid).id);
        const Quant own = op == Op::kQMax ? x.quant : Quant{b.scale(0.01F, 0.05F), b.zero_point()};
        const Tensor k = constant(b, form.k, own);
        b.output(combine(b, op, x, k, left).id);
        const Network prepared = prepare(b.graph);
        const auto data = b.data();
        check_own(b, prepared, data);
        if (on_host(prepared) != 0) {
          // Only the order of QLinearAdd's roundings keeps one there.
          CHECK(op == Op::kQAdd);
          CHECK(prepared.steps.back().why.find("in another order") != std::string::npos);
          ++left_alone;
          continue;
        }
        ++spread;
        CHECK(prepared.layers.size() == (behind ? 1 : 2));
        const bool small = round == 0;
        test::check(test::run(b, data, small ? "small" : "tiny", Backend::kAll), "bytes");
      }
    }
  }
  INFO(left_alone << " left alone");
  CHECK(spread > 40);
}

TEST_CASE("a repeated constant stays on the host where the order of its roundings shows") {
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < 200 && found < 3; ++i) {
    NetworkBuilder b(tb::seed() * 500 + i, true);
    const Tensor x = b.max_pool(b.input({1, 80, 4, 4}));
    const auto decimal = [&] { return static_cast<float>(b.pick(1, 30)) / 100.0F; };
    const Quant own{decimal(), b.zero_point()}, other{decimal(), b.zero_point()};
    const Quant y{decimal(), b.zero_point()};
    const Tensor k = constant(b, {80, 1, 1}, other);
    const graph::QBinaryAttributes q{own, other, y, b.low(), b.high()};
    b.output(b.node(Op::kQAdd, {x.id, k.id}, q));
    const Network prepared = prepare(b.graph);
    if (on_host(prepared) == 0) continue;
    ++found;
    CHECK(prepared.steps.back().why ==
          "QLinearAdd rounds its repeated constant in another order, which shows in a byte");
    // Bytes of the activation for which the two orders differ: there is one.
    graph::TensorData all(b.type(), {256, 80, 1, 1});
    graph::TensorData whole(b.type(), {256, 80, 1, 1});
    const auto& small = b.graph.constant(k.id).get<std::uint8_t>();
    for (std::size_t at = 0; at < 256 * 80; ++at) {
      all.get<std::uint8_t>()[at] = static_cast<std::uint8_t>(at / 80);
      whole.get<std::uint8_t>()[at] = small[at % 80];
    }
    const graph::TensorData repeated(graph::Shape{80, 1, 1}, small);
    const graph::Node add{Op::kQAdd, "add", {0, 1}, graph::kNoTensor, q};
    CHECK_FALSE(graph::evaluate_node(add, {&all, &whole}) ==
                graph::evaluate_node(add, {&all, &repeated}));
    test::check(test::run(b, b.data(), "tiny", Backend::kFunctional), "with a step of the host");
  }
  CHECK(found == 3);
}

TEST_CASE("Clip and changes of scale as tables: RTL = model = reference") {
  for (int round = 0; round < 8; ++round) {
    NetworkBuilder b(tb::seed() * 100 + static_cast<std::uint64_t>(round), round % 2 == 0);
    CAPTURE(round);
    const bool rows = round % 3 == 0;
    const Tensor x = b.input(rows ? graph::Shape{2, 7, 20} : graph::Shape{1, 20, 5, 3});
    const auto clip = [&](const Tensor& from) {
      graph::QUnaryAttributes q;
      q.x = from.quant;
      // Far larger and far smaller steps among them.
      const float factors[] = {1.0F, 0.7F, 3.1F, 1e-3F};
      q.y = {from.quant.scale * factors[b.pick(0, 3)], b.zero_point()};
      if (!b.chance(3)) q.clamp = {-b.scale(0.0F, 2.0F), b.scale(0.0F, 2.0F)};
      q.y_type = b.type();
      return Tensor{b.node(Op::kQClip, {from.id}, q), q.y};
    };
    const Tensor y = rows ? b.gemm(x, 20) : b.conv(x, 20, {1, 1}, {});
    const Tensor alone = clip(x);
    b.output(clip(y).id);  // behind the layer
    b.output(clip(alone).id);
    b.output(alone.id);
    const Network prepared = prepare(b.graph);
    CHECK(on_host(prepared) == 0);
    CHECK(prepared.layers.size() == 3);
    test::check(test::run(b, b.data(), round % 4 == 0 ? "small" : "tiny", Backend::kAll), "bytes");
  }
  // Bytes of the other signedness are no table's.
  NetworkBuilder b(5, true);
  const Tensor x = b.max_pool(b.input({1, 8, 3, 3}));
  b.output(
      b.node(Op::kQClip, {x.id},
             graph::QUnaryAttributes{x.quant, {x.quant.scale, 5}, {}, graph::DataType::kInt8}));
  const Network prepared = prepare(b.graph);
  CHECK(prepared.steps.back().place == Place::kHost);
  CHECK(prepared.steps.back().why == "its input is signed and its result is not, or the reverse");
}
