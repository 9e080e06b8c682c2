// Second tensors of every kind, behind layers and alone, on the RTL.
#include <catch2/catch.hpp>

#include "tb/seed.hpp"
#include "tests/network/run_network.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using graph::Op;
using sw::test::NetworkBuilder;
using Tensor = NetworkBuilder::Tensor;

/// y = op(conv(x), conv(x)), then op(y, x): the first behind a layer, the second alone.
class Combined {
 public:
  Combined(std::uint64_t seed, bool is_unsigned, Op op) : b(seed, is_unsigned), op_(op) {
    const Tensor x = b.input({2, 21, 5, 3});
    const Tensor left = layer(x, x.quant);
    const Tensor right = layer(x, x.quant);
    const Tensor y = combine(left, right);
    b.output(b.function(y, graph::Function::kSigmoid).id);  // the result is read twice
    b.output(combine(y, x).id);
  }
  NetworkBuilder b;

 private:
  /// A convolution with the quantisation of its input, as maxima want it.
  Tensor layer(const Tensor& x, const graph::Quant& y) {
    const Tensor made = b.conv(x, 21, {3, 3}, {{1, 1, 1, 1}, {1, 1}, {1, 1}, 1}, 0.4);
    auto& q = b.graph.nodes.back().get<graph::QLayerAttributes>();
    // The scales of the weights follow, so that results keep their spread.
    for (float& scale : q.weight_scale) scale *= y.scale / q.y.scale;
    q.y = y;
    q.low = b.low();
    q.high = b.high();
    return {made.id, y};
  }
  Tensor combine(const Tensor& a, const Tensor& c) {
    if (op_ == Op::kQAdd) return b.add(a, c);
    if (op_ == Op::kQSub) return b.subtract(a, c);
    if (op_ == Op::kQMul) return b.multiply(a, c);
    return {b.node(op_, {a.id, c.id},
                   graph::QBinaryAttributes{a.quant, c.quant, a.quant, b.low(), b.high()}),
            a.quant};
  }
  Op op_;
};

}  // namespace

TEST_CASE("second tensors added, subtracted, multiplied, compared: RTL = model = reference") {
  for (const Op op : {Op::kQAdd, Op::kQSub, Op::kQMul, Op::kQMax}) {
    for (const bool is_unsigned : {false, true}) {
      Combined net(tb::seed() * 10 + 3, is_unsigned, op);
      CAPTURE(graph::name_of(op), is_unsigned);
      const Network prepared = prepare(net.b.graph);
      std::size_t layers = 0;
      for (const NetworkStep& step : prepared.steps) {
        INFO(step.op << ": " << step.why);
        CHECK((step.place == Place::kChip || step.op == graph::name_of(Op::kReshape)));
        layers += step.place == Place::kChip ? 1U : 0U;
      }
      CHECK(layers == 4);  // two convolutions, one with the second tensor; one alone; the function
      for (const char* config : {"tiny", "small"}) {
        test::check(test::run(net.b, net.b.data(), config, Backend::kAll), config);
      }
    }
  }
}

TEST_CASE("average pools: windows, strides, padding that counts: RTL = model = reference") {
  for (const bool is_unsigned : {false, true}) {
    for (int round = 0; round < 8; ++round) {
      NetworkBuilder b(tb::seed() * 100 + static_cast<std::uint64_t>(round), is_unsigned);
      CAPTURE(is_unsigned, round);
      const Tensor x = b.input({2, b.pick(1, 90), b.pick(4, 9), b.pick(4, 9)});
      graph::PoolAttributes pool;
      pool.kernel = {b.pick(1, 3), b.pick(2, 4)};
      pool.strides = {b.pick(1, 3), b.pick(1, 3)};
      pool.ceil_mode = b.chance(3);
      pool.count_include_pad = round % 2 == 0;
      if (pool.count_include_pad) {
        pool.pads = {pool.kernel[0] - 1, b.pick(0, 1), b.pick(0, pool.kernel[0] - 1), 1};
      } else {
        pool.ceil_mode = false;
      }
      const Tensor y = b.average_pool(x, pool);
      b.output(b.conv(y, 5, {1, 1}, {}).id);
      const Network prepared = prepare(b.graph);
      CHECK(prepared.steps[0].why == "as a convolution of each channel");
      for (const char* config : {"tiny", "small"}) {
        test::check(test::run(b, b.data(), config, Backend::kAll), config);
      }
    }
  }
}

TEST_CASE("average pools whose padding does not count: RTL = model = reference") {
  std::size_t shared = 0;
  for (const bool is_unsigned : {false, true}) {
    for (int round = 0; round < 8; ++round) {
      NetworkBuilder b(tb::seed() * 100 + static_cast<std::uint64_t>(round), is_unsigned);
      CAPTURE(is_unsigned, round);
      const Tensor x = b.input({2, b.pick(1, 90), b.pick(4, 9), b.pick(4, 9)});
      graph::PoolAttributes pool;
      pool.kernel = {b.pick(2, 3), b.pick(2, 3)};
      pool.strides = {b.pick(1, 2), b.pick(1, 2)};
      pool.ceil_mode = b.chance(3);
      pool.pads = {1, b.pick(0, 1), b.pick(0, 1), 1};
      const Tensor y = b.average_pool(round % 3 == 0 ? b.conv(x, 70, {1, 1}, {}) : x, pool);
      b.output(round % 2 == 0 ? b.conv(y, 5, {1, 1}, {}).id : y.id);
      const Network prepared = prepare(b.graph);
      for (const NetworkStep& step : prepared.steps) {
        INFO(step.op << ": " << step.why);
        CHECK(step.place == Place::kChip);
        shared += step.why == "as a convolution of each channel, times the share of each window";
      }
      for (const char* config : {"tiny", "small"}) {
        test::check(test::run(b, b.data(), config, Backend::kAll), config);
      }
    }
  }
  CHECK(shared > 10);  // of others no window, or all of them, reach beyond the border
  // Four bytes of one scale: ties that the order of the sum decides.
  NetworkBuilder b(tb::seed(), true);
  const Tensor x = b.conv(b.input({1, 8, 6, 6}), 8, {1, 1}, {});
  graph::PoolAttributes pool;
  pool.kernel = {2, 2};
  pool.pads = {1, 1, 0, 0};
  b.output(
      b.node(graph::Op::kQAveragePool, {x.id}, graph::QPoolAttributes{pool, x.quant, x.quant}));
  const Network prepared = prepare(b.graph);
  CHECK(prepared.steps.back().place == Place::kHost);
  CHECK_THAT(prepared.steps.back().why, Catch::Contains("order of its float32 additions"));
  test::check(test::run(b, b.data(), "tiny", Backend::kAll), "tiny");
}

TEST_CASE("global average pools of any image: RTL = model = reference") {
  using Shape = graph::Shape;
  for (const bool is_unsigned : {false, true}) {
    for (const Shape& shape : {Shape{2, 70, 11, 11}, Shape{2, 70, 12, 12}, Shape{1, 3, 13, 5},
                               Shape{3, 65, 4, 17}, Shape{1, 64, 1, 150}}) {
      for (const bool made : {false, true}) {
        NetworkBuilder b(tb::seed() * 100 + static_cast<std::uint64_t>(shape[1]), is_unsigned);
        CAPTURE(is_unsigned, shape, made);
        const Tensor x = b.input(shape);
        const Tensor y = b.global_average(made ? b.conv(x, 66, {1, 1}, {}) : x);
        b.output(made ? y.id : b.conv(y, 5, {1, 1}, {}).id);
        const Network prepared = prepare(b.graph);
        const NetworkStep& step = prepared.steps[made ? 1 : 0];
        CHECK(step.place == Place::kChip);
        CHECK(step.why == (shape[2] <= 11 && shape[3] <= 11
                               ? "as a convolution with a kernel like the image"
                               : "as a product of ones with the pixels of the image"));
        for (const char* config : {"tiny", "small"}) {
          test::check(test::run(b, b.data(), config, Backend::kAll), config);
        }
      }
    }
  }
}

TEST_CASE("products with one number per channel: RTL = model = reference") {
  for (const bool is_unsigned : {false, true}) {
    for (const bool rows : {false, true}) {
      for (const bool left : {false, true}) {
        NetworkBuilder b(tb::seed() * 100 + 77, is_unsigned);
        CAPTURE(is_unsigned, rows, left);
        const Tensor x = b.input(rows ? graph::Shape{2, 9, 70} : graph::Shape{2, 70, 5, 3});
        const std::int32_t zero = is_unsigned ? 120 : 1;
        graph::TensorData bytes(b.type(), rows ? graph::Shape{70} : graph::Shape{70, 1, 1});
        std::vector<std::int32_t> factors;
        for (int c = 0; c < 70; ++c) factors.push_back(static_cast<int>(b.pick(-120, 120)));
        std::visit(
            [&](auto& list) {
              for (std::size_t c = 0; c < 70; ++c) {
                list[c] = static_cast<std::decay_t<decltype(list[c])>>(factors[c] + zero);
              }
            },
            bytes.values);
        const graph::Quant k{0.02F, zero};
        const graph::Quant& first = left ? k : x.quant;
        const graph::Quant& second = left ? x.quant : k;
        graph::Quant y;
        do {
          y = {x.quant.scale * k.scale * b.scale(30.0F, 90.0F), b.zero_point()};
        } while (!graph::product_rounding(x.quant, factors, first.scale * second.scale / y.scale, y,
                                          b.type()));
        const graph::TensorId constant = b.graph.add_constant("k", std::move(bytes));
        b.output(b.node(Op::kQMul, {left ? constant : x.id, left ? x.id : constant},
                        graph::QBinaryAttributes{first, second, y, b.low(), b.high()}));
        const Network prepared = prepare(b.graph);
        CHECK(prepared.steps.back().why == "as a 1x1 convolution of each channel");
        for (const char* config : {"tiny", "small"}) {
          test::check(test::run(b, b.data(), config, Backend::kAll), config);
        }
      }
    }
  }
}

TEST_CASE("what no second tensor can be stays on the host and says why") {
  const auto why = [](graph::Quant a, graph::Quant b, graph::Quant y, Op op) {
    NetworkBuilder n(5, true);
    const Tensor x = n.input({1, 8, 3, 3});
    const Tensor z = n.max_pool(x);
    const Tensor v = n.max_pool(x);
    n.graph.nodes[1].attributes = n.graph.nodes[0].attributes;
    n.graph.at(v.id).shape = n.shape(z);
    n.output(n.node(op, {z.id, v.id}, graph::QBinaryAttributes{a, b, y, 0, 255}));
    const Network prepared = prepare(n.graph);
    CHECK(prepared.steps.back().place == Place::kHost);
    test::check(test::run(n, n.data(), "tiny", Backend::kFunctional), "with a step of the host");
    return prepared.steps.back().why;
  };
  CHECK(why({0.1F, 3}, {0.2F, 3}, {0.2F, 3}, Op::kQMax) ==
        "its tensors differ in scale or zero point");
  CHECK(why({0.3F, 0}, {0.3F, 0}, {0.6F, 0}, Op::kQSub) ==
        "no constants round all its differences as float32 does");
}
