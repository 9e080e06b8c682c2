// Every operator in the forms that the opsets give it, on numbers worked out by hand.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/onnx/model_builder.hpp"

using namespace s4::sw;
using namespace s4::sw::test;
using graph::TensorData;
using ::onnx::TensorProto;

namespace {

constexpr int kFirst = 6;
constexpr int kLast = 21;

/// Runs one node on `x` in every opset of a range; `build` adds the constants and the node x -> y.
template <typename F>
void in_opsets(int first, int last, const TensorData& x, const TensorData& wanted, F build) {
  for (int opset = first; opset <= last; ++opset) {
    CAPTURE(opset);
    ModelBuilder model(opset);
    model.input("x", x.shape);
    build(model);
    model.output("y");
    const TensorData y = model.run({x});
    REQUIRE(graph::to_string(y.shape) == graph::to_string(wanted.shape));
    REQUIRE(y.type == wanted.type);
    if (y.type != graph::DataType::kFloat32) {
      REQUIRE(y == wanted);
      continue;
    }
    for (std::size_t i = 0; i < y.floats().size(); ++i) {
      CAPTURE(i);
      REQUIRE(y.floats()[i] == Approx(wanted.floats()[i]).margin(1e-6));
    }
  }
}

template <typename F>
void in_all_opsets(const TensorData& x, const TensorData& wanted, F build) {
  in_opsets(kFirst, kLast, x, wanted, build);
}

TensorData image(const Floats& values, const Shape& shape) { return TensorData(shape, values); }

}  // namespace

TEST_CASE("Conv: kernel, bias, pads, strides, groups, auto_pad") {
  const TensorData x = ramp({1, 1, 3, 3});
  SECTION("plain, kernel from the weights") {
    in_all_opsets(x, image({8.5F, 12.5F, 20.5F, 24.5F}, {1, 1, 2, 2}), [](ModelBuilder& m) {
      m.floats("w", {1, 1, 2, 2}, {1, 1, 1, 1}).floats("b", {1}, {0.5F});
      m.node("Conv", {"x", "w", "b"}, {"y"});
    });
  }
  SECTION("asymmetric pads, stride") {
    in_all_opsets(x, image({0, 3, 9, 24}, {1, 1, 2, 2}), [](ModelBuilder& m) {
      m.floats("w", {1, 1, 2, 2}, {1, 1, 1, 1});
      m.node("Conv", {"x", "w"}, {"y"},
             {ints("kernel_shape", {2, 2}), ints("pads", {1, 1, 0, 0}), ints("strides", {2, 2})});
    });
  }
  SECTION("auto_pad") {
    const auto build = [](const char* mode) {
      return [mode](ModelBuilder& m) {
        m.floats("w", {1, 1, 2, 2}, {1, 1, 1, 1});
        m.node("Conv", {"x", "w"}, {"y"}, {text("auto_pad", mode), ints("strides", {2, 2})});
      };
    };
    in_all_opsets(x, image({8, 7, 13, 8}, {1, 1, 2, 2}), build("SAME_UPPER"));
    // The odd row and column in front.
    in_all_opsets(x, image({0, 3, 9, 24}, {1, 1, 2, 2}), build("SAME_LOWER"));
    in_all_opsets(x, image({8}, {1, 1, 1, 1}), build("VALID"));
  }
  SECTION("groups and dilation") {
    in_all_opsets(
        ramp({1, 2, 3, 3}), image({0 + 8, 2 * (9 + 17)}, {1, 2, 1, 1}), [](ModelBuilder& m) {
          m.floats("w", {2, 1, 2, 2}, {1, 0, 0, 1, 2, 0, 0, 2});
          m.node("Conv", {"x", "w"}, {"y"}, {integer("group", 2), ints("dilations", {2, 2})});
        });
  }
  SECTION("one dimension") {
    in_all_opsets(ramp({1, 1, 4}), image({1, 3, 5}, {1, 1, 3}), [](ModelBuilder& m) {
      m.floats("w", {1, 1, 2}, {1, 1});
      m.node("Conv", {"x", "w"}, {"y"}, {ints("kernel_shape", {2})});
    });
  }
}

TEST_CASE("Gemm: alpha, beta, transposition, addend") {
  in_all_opsets(ramp({2, 2}), image({2 * 2 + 3, 2 * 3 + 6, 2 * 6 + 3, 2 * 11 + 6}, {2, 2}),
                [](ModelBuilder& m) {
                  m.floats("b", {2, 2}, {0, 2, 1, 3}).floats("c", {2}, {1, 2});
                  std::vector<Attribute> a{real("alpha", 2), real("beta", 3), integer("transB", 1)};
                  if (m.opset() < 7) a.push_back(integer("broadcast", 1));
                  m.node("Gemm", {"x", "b", "c"}, {"y"}, a);
                });
  in_opsets(11, kLast, ramp({2, 1}), image({0 * 3 + 1 * 5}, {1, 1}), [](ModelBuilder& m) {
    m.floats("b", {2, 1}, {3, 5});
    m.node("Gemm", {"x", "b"}, {"y"}, {integer("transA", 1)});
  });
}

TEST_CASE("MatMul of matrices, vectors and stacks") {
  in_all_opsets(ramp({2, 2}), image({1, 0, 5, 2}, {2, 2}), [](ModelBuilder& m) {
    m.floats("b", {2, 2}, {1, 1, 1, 0}).node("MatMul", {"x", "b"}, {"y"});
  });
  in_all_opsets(ramp({2}), image({3}, {}), [](ModelBuilder& m) {
    m.floats("b", {2}, {2, 3}).node("MatMul", {"x", "b"}, {"y"});
  });
  in_all_opsets(ramp({2, 1, 2}), image({3, 13}, {2, 1, 1}), [](ModelBuilder& m) {
    m.floats("b", {2, 1}, {2, 3}).node("MatMul", {"x", "b"}, {"y"});
  });
}

TEST_CASE("Add, Sub, Mul, Div and Sum, with repeated operands") {
  const TensorData x = ramp({2, 2}, 1);
  const auto both = [](const char* op) {
    return [op](ModelBuilder& m) {
      std::vector<Attribute> a;
      if (m.opset() < 7) a.push_back(integer("broadcast", 1));
      m.floats("b", {2}, {1, 2}).node(op, {"x", "b"}, {"y"}, a);
    };
  };
  in_all_opsets(x, image({2, 4, 4, 6}, {2, 2}), both("Add"));
  in_all_opsets(x, image({0, 0, 2, 2}, {2, 2}), both("Sub"));
  in_all_opsets(x, image({1, 4, 3, 8}, {2, 2}), both("Mul"));
  in_all_opsets(x, image({1, 1, 3, 2}, {2, 2}), both("Div"));
  in_opsets(6, 6, x, image({2, 3, 5, 6}, {2, 2}), [](ModelBuilder& m) {
    m.floats("b", {2}, {1, 2});
    m.node("Add", {"x", "b"}, {"y"}, {integer("broadcast", 1), integer("axis", 0)});
  });
  in_opsets(8, kLast, x, image({3, 5, 5, 7}, {2, 2}), [](ModelBuilder& m) {
    m.floats("b", {2}, {1, 2}).scalar("c", 1).node("Sum", {"x", "b", "c"}, {"y"});
  });
}

TEST_CASE("Relu and Clip: attributes before opset 11, inputs since") {
  const TensorData x = ramp({5}, -2);
  in_all_opsets(x, image({0, 0, 0, 1, 2}, {5}),
                [](ModelBuilder& m) { m.node("Relu", {"x"}, {"y"}); });
  const auto clip = [](ModelBuilder& m) {
    if (m.opset() < 11) {
      m.node("Clip", {"x"}, {"y"}, {real("min", -1), real("max", 1)});
    } else {
      m.scalar("low", -1).scalar("high", 1).node("Clip", {"x", "low", "high"}, {"y"});
    }
  };
  in_all_opsets(x, image({-1, -1, 0, 1, 1}, {5}), clip);
  in_opsets(11, kLast, x, image({-2, -1, 0, 0, 0}, {5}), [](ModelBuilder& m) {
    m.scalar("high", 0).node("Clip", {"x", "", "high"}, {"y"});
  });
  // The largest finite numbers are no limit.
  ModelBuilder open(9);
  open.input("x", {5});
  open.node("Clip", {"x"}, {"y"},
            {real("min", std::numeric_limits<float>::lowest()),
             real("max", std::numeric_limits<float>::max())});
  open.node("Relu", {"y"}, {"z"});
  open.output("z");
  REQUIRE(open.import().graph.nodes.size() == 1);
}

TEST_CASE("pools") {
  const TensorData x = ramp({1, 1, 3, 3});
  const Attribute kernel = ints("kernel_shape", {2, 2});
  in_all_opsets(x, image({4, 5, 7, 8}, {1, 1, 2, 2}),
                [&](ModelBuilder& m) { m.node("MaxPool", {"x"}, {"y"}, {kernel}); });
  in_all_opsets(x, image({2, 3, 5, 6}, {1, 1, 2, 2}),
                [&](ModelBuilder& m) { m.node("AveragePool", {"x"}, {"y"}, {kernel}); });
  in_opsets(10, kLast, x, image({4, 5, 7, 8}, {1, 1, 2, 2}), [&](ModelBuilder& m) {
    m.node("MaxPool", {"x"}, {"y"}, {kernel, ints("strides", {2, 2}), integer("ceil_mode", 1)});
  });
  in_opsets(10, kLast, x, image({8}, {1, 1, 1, 1}), [&](ModelBuilder& m) {
    m.node("MaxPool", {"x"}, {"y"}, {kernel, ints("dilations", {2, 2})});
  });
  in_opsets(7, kLast, x, image({0, 0.75F, 2.25F, 6}, {1, 1, 2, 2}), [&](ModelBuilder& m) {
    m.node("AveragePool", {"x"}, {"y"},
           {kernel, ints("pads", {1, 1, 0, 0}), ints("strides", {2, 2}),
            integer("count_include_pad", 1)});
  });
  in_all_opsets(x, image({0, 1.5F, 4.5F, 6}, {1, 1, 2, 2}), [&](ModelBuilder& m) {
    m.node("AveragePool", {"x"}, {"y"},
           {kernel, ints("pads", {1, 1, 0, 0}), ints("strides", {2, 2})});
  });
  in_opsets(19, kLast, x, image({4}, {1, 1, 1, 1}), [&](ModelBuilder& m) {
    m.node("AveragePool", {"x"}, {"y"}, {kernel, ints("dilations", {2, 2})});
  });
  in_all_opsets(x, image({4}, {1, 1, 1, 1}),
                [](ModelBuilder& m) { m.node("GlobalAveragePool", {"x"}, {"y"}); });
  in_all_opsets(x, image({8}, {1, 1, 1, 1}),
                [](ModelBuilder& m) { m.node("GlobalMaxPool", {"x"}, {"y"}); });
  in_all_opsets(x, image({4}, {1, 1}), [](ModelBuilder& m) {
    if (m.opset() < 18) {
      m.node("ReduceMean", {"x"}, {"y"}, {ints("axes", {2, 3}), integer("keepdims", 0)});
    } else {
      m.longs("axes", {-1, -2}).node("ReduceMean", {"x", "axes"}, {"y"}, {integer("keepdims", 0)});
    }
  });
}

TEST_CASE("shapes: Flatten, Reshape, Squeeze, Unsqueeze, Transpose, Identity") {
  const TensorData x = ramp({1, 2, 3});
  in_all_opsets(x, ramp({1, 6}), [](ModelBuilder& m) { m.node("Flatten", {"x"}, {"y"}); });
  in_all_opsets(x, ramp({2, 3}),
                [](ModelBuilder& m) { m.node("Flatten", {"x"}, {"y"}, {integer("axis", 2)}); });
  in_all_opsets(x, ramp({1, 3, 2}), [](ModelBuilder& m) {
    m.longs("s", {0, -1, 2}).node("Reshape", {"x", "s"}, {"y"});
  });
  in_all_opsets(x, ramp({2, 3}), [](ModelBuilder& m) {
    if (m.opset() < 13) {
      m.node("Squeeze", {"x"}, {"y"}, {ints("axes", {0})});
    } else {
      m.longs("axes", {-3}).node("Squeeze", {"x", "axes"}, {"y"});
    }
  });
  in_all_opsets(x, ramp({1, 1, 2, 3, 1}), [](ModelBuilder& m) {
    if (m.opset() < 13) {
      m.node("Unsqueeze", {"x"}, {"y"}, {ints("axes", {0, 4})});
    } else {
      m.longs("axes", {0, -1}).node("Unsqueeze", {"x", "axes"}, {"y"});
    }
  });
  in_all_opsets(x, image({0, 3, 1, 4, 2, 5}, {3, 2, 1}),
                [](ModelBuilder& m) { m.node("Transpose", {"x"}, {"y"}); });
  in_all_opsets(x, x, [](ModelBuilder& m) { m.node("Identity", {"x"}, {"y"}); });
}

TEST_CASE("BatchNormalization") {
  in_all_opsets(ramp({1, 2, 1, 2}), image({10, 12, 99, 100}, {1, 2, 1, 2}), [](ModelBuilder& m) {
    m.floats("scale", {2}, {2, 1}).floats("bias", {2}, {10, 100});
    m.floats("mean", {2}, {0, 3}).floats("variance", {2}, {0.75F, 0.75F});
    std::vector<Attribute> a{real("epsilon", 0.25F)};
    if (m.opset() < 7) a.push_back(integer("is_test", 1));
    if (m.opset() < 9) a.push_back(integer("spatial", 1));
    if (m.opset() >= 14) a.push_back(integer("training_mode", 0));
    m.node("BatchNormalization", {"x", "scale", "bias", "mean", "variance"}, {"y"}, a);
  });
}

TEST_CASE("Softmax: over all axes from one on before opset 13, over one since") {
  const TensorData x(Shape{1, 2, 2}, Floats(4, 1.0F));
  in_opsets(6, 12, x, TensorData(Shape{1, 2, 2}, Floats(4, 0.25F)),
            [](ModelBuilder& m) { m.node("Softmax", {"x"}, {"y"}); });
  in_opsets(13, kLast, x, TensorData(Shape{1, 2, 2}, Floats(4, 0.5F)),
            [](ModelBuilder& m) { m.node("Softmax", {"x"}, {"y"}); });
  in_opsets(13, kLast, image({0, std::log(3.0F)}, {2, 1}), image({0.25F, 0.75F}, {2, 1}),
            [](ModelBuilder& m) { m.node("Softmax", {"x"}, {"y"}, {integer("axis", 0)}); });
}

TEST_CASE("ArgMax") {
  const TensorData x = image({3, 1, 3, 0, 5, 5}, {2, 3});
  in_all_opsets(x, TensorData(Shape{2, 1}, Ints{0, 1}),
                [](ModelBuilder& m) { m.node("ArgMax", {"x"}, {"y"}, {integer("axis", 1)}); });
  in_opsets(12, kLast, x, TensorData(Shape{2}, Ints{2, 2}), [](ModelBuilder& m) {
    m.node("ArgMax", {"x"}, {"y"},
           {integer("axis", -1), integer("keepdims", 0), integer("select_last_index", 1)});
  });
}

TEST_CASE("Dropout passes its input, and a mask of true") {
  in_all_opsets(ramp({3}), ramp({3}), [](ModelBuilder& m) {
    if (m.opset() < 7) {
      m.node("Dropout", {"x"}, {"y"}, {integer("is_test", 1), real("ratio", 0.5F)});
    } else if (m.opset() < 12) {
      m.node("Dropout", {"x"}, {"y"}, {real("ratio", 0.5F)});
    } else {
      m.scalar("ratio", 0.5F).small("training", {}, {0}, TensorProto::BOOL);
      m.node("Dropout", {"x", "ratio", "training"}, {"y"});
    }
  });
  ModelBuilder model(13);
  model.input("x", {2}).node("Dropout", {"x"}, {"unused", "y"});
  const TensorData mask = model.output("y").run({ramp({2})});
  REQUIRE(mask.type == graph::DataType::kBool);
  REQUIRE(mask.integers() == Ints{1, 1});
}

TEST_CASE("Gather with computed indices, as an embedding reads its table") {
  for (const int opset : {11, 13, 17}) {
    CAPTURE(opset);
    ModelBuilder m(opset);
    m.input("ids", {1, 3}, TensorProto::INT64);
    m.floats("table", {4, 2}, {0, 1, 10, 11, 20, 21, 30, 31});
    m.node("Gather", {"table", "ids"}, {"y"});
    m.output("y");
    const TensorData ids({1, 3}, Ints{2, 0, -1});
    const TensorData y = m.run({ids});
    REQUIRE(y.shape == Shape{1, 3, 2});
    REQUIRE(y.floats() == Floats{20, 21, 0, 1, 30, 31});
    REQUIRE_THROWS_AS(m.run({TensorData({1, 3}, Ints{2, 0, 4})}), graph::GraphError);
  }
  ModelBuilder m(13);
  m.input("x", {3}).floats("table", {4, 2}, {0, 1, 10, 11, 20, 21, 30, 31});
  m.node("Gather", {"table", "x"}, {"y"});
  m.output("y");
  REQUIRE_THROWS_AS(m.import(), OnnxError);  // indices in float32
}

TEST_CASE("chains of Shape, Gather, Unsqueeze, Concat and Cast fold to the shape of a Reshape") {
  in_all_opsets(ramp({2, 3, 4}), ramp({2, 12}), [](ModelBuilder& m) {
    m.node("Shape", {"x"}, {"all"});
    TensorProto zero;
    zero.set_data_type(TensorProto::INT64);
    zero.add_int64_data(0);
    m.node("Constant", {}, {"zero"}, {{"value", zero}});
    m.node("Gather", {"all", "zero"}, {"batch"}, {integer("axis", 0)});
    if (m.opset() < 13) {
      m.node("Unsqueeze", {"batch"}, {"first"}, {ints("axes", {0})});
    } else {
      m.longs("axes", {0}).node("Unsqueeze", {"batch", "axes"}, {"first"});
    }
    m.node("Cast", {"first"}, {"narrow"}, {integer("to", TensorProto::INT32)});
    m.node("Cast", {"narrow"}, {"wide"}, {integer("to", TensorProto::INT64)});
    m.longs("rest", {-1}).node("Concat", {"wide", "rest"}, {"shape"}, {integer("axis", 0)});
    m.node("Reshape", {"x", "shape"}, {"y"});
  });
  // Only one node is left.
  ModelBuilder m(15);
  m.input("x", {2, 3, 4}).node("Shape", {"x"}, {"part"}, {integer("end", -1)});
  m.longs("one", {1}).node("Mul", {"part", "one"}, {"same"});
  m.longs("rest", {-1}).node("Concat", {"same", "rest"}, {"shape"}, {integer("axis", 0)});
  m.node("Reshape", {"x", "shape"}, {"y0"});
  m.node("Relu", {"y0"}, {"y"});
  const auto network = m.output("y").import();
  REQUIRE(network.graph.nodes.size() == 1);
  REQUIRE(network.graph.at(network.graph.outputs[0]).shape == Shape{2, 3, 4});
}

TEST_CASE("Slice: attributes before opset 10, inputs since, steps, bounds beyond the end") {
  in_all_opsets(ramp({2, 4}), image({5, 6, 7}, {1, 3}), [](ModelBuilder& m) {
    if (m.opset() < 10) {
      m.node("Slice", {"x"}, {"y"}, {ints("starts", {1, -3}), ints("ends", {9, 4})});
    } else {
      m.longs("starts", {1, -3})
          .longs("ends", {9, 4})
          .node("Slice", {"x", "starts", "ends"}, {"y"});
    }
  });
  in_opsets(10, kLast, ramp({2, 4}), image({3, 1, 7, 5}, {2, 2}), [](ModelBuilder& m) {
    m.longs("starts", {-1}).longs("ends", {std::numeric_limits<std::int64_t>::min()});
    m.longs("axes", {1}).longs("steps", {-2});
    m.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
  });
}

TEST_CASE("weights in every form of storage") {
  const auto run = [](auto fill, int type) {
    ModelBuilder m(13);
    m.input("x", {2});
    fill(m.constant("c", {2}, type));
    m.node("Add", {"x", "c"}, {"y"}).set_name("sum");
    return m.output("y").run({ramp({2})}).floats();
  };
  const Floats wanted{1.5F, -1.0F};
  const auto raw = [](auto values) {
    return std::string(reinterpret_cast<const char*>(values.data()),
                       values.size() * sizeof values[0]);
  };
  const std::vector<std::uint16_t> half{0x3E00, 0xC000};
  const std::vector<std::uint16_t> bfloat{0x3FC0, 0xC000};
  CHECK(run(
            [&](TensorProto& t) {
              t.set_raw_data(raw(Floats{1.5F, -2.0F}));
            },
            TensorProto::FLOAT) == wanted);
  CHECK(run(
            [&](TensorProto& t) {
              t.set_raw_data(raw(std::vector<double>{1.5, -2.0}));
            },
            TensorProto::DOUBLE) == wanted);
  CHECK(run([&](TensorProto& t) { t.set_raw_data(raw(half)); }, TensorProto::FLOAT16) == wanted);
  CHECK(run([&](TensorProto& t) { t.set_raw_data(raw(bfloat)); }, TensorProto::BFLOAT16) == wanted);
  CHECK(run(
            [&](TensorProto& t) {
              for (const auto v : half) t.add_int32_data(v);
            },
            TensorProto::FLOAT16) == wanted);
  CHECK(run(
            [&](TensorProto& t) {
              t.add_double_data(1.5);
              t.add_double_data(-2.0);
            },
            TensorProto::DOUBLE) == wanted);
}

TEST_CASE("QuantizeLinear and DequantizeLinear: types, axis, opset 21") {
  for (int opset = 10; opset <= kLast; ++opset) {
    CAPTURE(opset);
    ModelBuilder m(opset);
    m.input("x", {4}).scalar("s", 0.5F).small("z", {}, {3}, TensorProto::UINT8);
    m.node("QuantizeLinear", {"x", "s", "z"}, {"q"});
    m.node("DequantizeLinear", {"q", "s", "z"}, {"y"}).set_name("back");
    m.output("q").output("y");
    const auto network = m.import();
    const auto results =
        graph::evaluate(network.graph, {TensorData(Shape{4}, Floats{-9, 0, 0.75F, 999})});
    REQUIRE(results[0].get<std::uint8_t>() == std::vector<std::uint8_t>{0, 3, 5, 255});
    REQUIRE(results[1].floats() == Floats{-1.5F, 0, 1, 126});
  }
  ModelBuilder m(21);
  m.input("x", {2}).scalar("s", 0.5F);
  m.node("QuantizeLinear", {"x", "s"}, {"y"}, {integer("output_dtype", TensorProto::INT8)});
  REQUIRE(m.output("y").run({TensorData(Shape{2}, Floats{-1, 1})}).get<std::int8_t>() ==
          std::vector<std::int8_t>{-2, 2});
  ModelBuilder channels(13);
  channels.input("x", {1, 2})
      .floats("s", {2}, {1, 0.5F})
      .small("z", {2}, {0, 1}, TensorProto::INT8);
  channels.node("QuantizeLinear", {"x", "s", "z"}, {"y"}, {integer("axis", -1)});
  REQUIRE(channels.output("y").run({TensorData(Shape{1, 2}, Floats{3, 3})}).get<std::int8_t>() ==
          std::vector<std::int8_t>{3, 7});
}

TEST_CASE("the QOperator form: QLinearConv, QLinearMatMul, QLinearAdd and others") {
  const auto start = [](int opset) {
    ModelBuilder m(opset);
    m.scalar("s", 1).scalar("half", 0.5F).small("z", {}, {1}, TensorProto::INT8);
    m.small("z0", {}, {0}, TensorProto::INT8);
    return m;
  };
  using Bytes = std::vector<std::int8_t>;
  for (int opset = 10; opset <= kLast; ++opset) {
    CAPTURE(opset);
    {
      ModelBuilder m = start(opset);
      m.input("x", {1, 1, 2, 2}, TensorProto::INT8);
      m.small("w", {2, 1, 1, 1}, {2, 4}, TensorProto::INT8)
          .small("b", {2}, {1, 0}, TensorProto::INT32);
      m.floats("ws", {2}, {1, 0.5F}).small("wz", {2}, {0, 0}, TensorProto::INT8);
      m.node("QLinearConv", {"x", "s", "z", "w", "ws", "wz", "s", "z0", "b"}, {"y"});
      const auto y = m.output("y").run({TensorData(Shape{1, 1, 2, 2}, Bytes{1, 2, 3, 4})});
      REQUIRE(y.get<std::int8_t>() == Bytes{1, 3, 5, 7, 0, 2, 4, 6});
    }
    {
      ModelBuilder m = start(opset);
      m.input("x", {1, 2}, TensorProto::INT8).small("w", {2, 1}, {129, 130}, TensorProto::UINT8);
      m.small("wz", {}, {128}, TensorProto::UINT8);
      m.node("QLinearMatMul", {"x", "s", "z", "w", "s", "wz", "half", "z"}, {"y"});
      REQUIRE(m.output("y").run({TensorData(Shape{1, 2}, Bytes{2, 3})}).get<std::int8_t>() ==
              Bytes{11});
    }
    {
      ModelBuilder m = start(opset);
      m.input("x", {2}, TensorProto::INT8);
      m.node("com.microsoft.QLinearAdd", {"x", "s", "z", "x", "half", "z0", "s", ""}, {"y"});
      REQUIRE(m.output("y").run({TensorData(Shape{2}, Bytes{3, 5})}).get<std::int8_t>() ==
              Bytes{4, 6});
    }
    {
      ModelBuilder m = start(opset);
      m.input("x", {2}, TensorProto::INT8);
      m.node("com.microsoft.QLinearMul", {"x", "s", "z", "x", "half", "z0", "s", ""}, {"y"});
      REQUIRE(m.output("y").run({TensorData(Shape{2}, Bytes{3, 5})}).get<std::int8_t>() ==
              Bytes{3, 10});
    }
    {
      ModelBuilder m = start(opset);
      m.input("x", {1, 1, 1, 2}, TensorProto::INT8);
      m.node("com.microsoft.QLinearGlobalAveragePool", {"x", "s", "z", "half", "z0"}, {"y"},
             {integer("channels_last", 0)});
      REQUIRE(m.output("y").run({TensorData(Shape{1, 1, 1, 2}, Bytes{3, 5})}).get<std::int8_t>() ==
              Bytes{6});
    }
    {
      ModelBuilder m = start(opset);
      m.input("x", {1, 1, 1, 2}, TensorProto::INT8);
      m.node("com.microsoft.QLinearAveragePool", {"x", "s", "z", "half", "z0"}, {"y"},
             {ints("kernel_shape", {1, 2})});
      REQUIRE(m.output("y").run({TensorData(Shape{1, 1, 1, 2}, Bytes{3, 5})}).get<std::int8_t>() ==
              Bytes{6});
    }
    {
      ModelBuilder m = start(opset);
      m.input("x", {1, 2}, TensorProto::INT8).small("w", {1, 2}, {1, 2}, TensorProto::INT8);
      m.small("b", {1}, {7}, TensorProto::INT32);
      m.node("com.microsoft.QGemm", {"x", "s", "z0", "w", "s", "z0", "b", "s", "z0"}, {"y"},
             {integer("transB", 1)});
      REQUIRE(m.output("y").run({TensorData(Shape{1, 2}, Bytes{3, 5})}).get<std::int8_t>() ==
              Bytes{20});
    }
  }
}

TEST_CASE("dimensions left open: the batch from the options, others by shape") {
  ModelBuilder m(13);
  m.input("x", {-1, 2, -1}).node("Relu", {"x"}, {"y"});
  m.output("y");
  OnnxOptions options;
  REQUIRE_THROWS_AS(m.import(), UnsupportedOnnx);
  options.shapes["x"] = {3, 2, 5};
  REQUIRE(m.import(options).graph.at(m.import(options).graph.outputs[0]).shape == Shape{3, 2, 5});
  ModelBuilder batch(13);
  batch.input("x", {-1, 2}).node("Relu", {"x"}, {"y"});
  batch.output("y");
  OnnxOptions four;
  four.batch = 4;
  REQUIRE(batch.import(four).graph.at(0).shape == Shape{4, 2});
}
