#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/common/stream_check.hpp"

using s4::tb::Kind;
using s4::tb::Model;
using s4::tb::ModelOptions;
using s4::tests::check_stream;
using s4::tests::seeded_bug;
using s4::tests::StreamPlan;

namespace {
std::unique_ptr<Model> fifo(unsigned width, unsigned depth, ModelOptions options = {}) {
  options.parameters = {{"Width", std::to_string(width)}, {"Depth", std::to_string(depth)}};
  return Model::load("fifo", "tiny", Kind::kChecked, options);
}
}  // namespace

TEST_CASE("fifo: random stalls and flushes, odd sizes") {
  struct Shape {
    unsigned width, depth;
  };
  for (const Shape shape : {Shape{8, 2}, Shape{1, 1}, Shape{37, 5}}) {
    auto m = fifo(shape.width, shape.depth);
    for (const unsigned in : {20u, 90u}) {
      for (const unsigned out : {20u, 90u}) {
        for (const unsigned flush : {0u, 3u}) {
          INFO("width " << shape.width << " depth " << shape.depth << " in " << in << " % out "
                        << out << " % flush " << flush << " %");
          const auto result = check_stream(*m, {shape.depth, in, out, flush, 2000});
          CHECK(result.error == "");
          CHECK(result.delivered > 100);
          if (in > out) CHECK(result.full_cycles > 100);
        }
      }
    }
  }
}

TEST_CASE("fifo: a word per clock from depth 2 on, every other clock at depth 1") {
  CHECK(check_stream(*fifo(8, 2), {2, 100, 100, 0, 1000}).delivered == 999);
  CHECK(check_stream(*fifo(37, 5), {5, 100, 100, 0, 1000}).delivered == 999);
  CHECK(check_stream(*fifo(1, 1), {1, 100, 100, 0, 1000}).delivered == 500);
}

TEST_CASE("fifo: the stream check and the assertions catch seeded bugs") {
  // Only at depths that are no power of two does a late wrap show.
  auto late = fifo(37, 5,
                   seeded_bug("rtl/common/fifo.sv", "fifo_wrap", "PointerWidth'(Depth - 1)",
                              "PointerWidth'(Depth)"));
  CHECK(check_stream(*late, {5, 90, 90, 0, 200}).error.find("out_data_o") != std::string::npos);
  auto flush = fifo(8, 2,
                    seeded_bug("rtl/common/fifo.sv", "fifo_flush", "else if (flush_i)",
                               "else if (flush_i && !push)"));
  CHECK(check_stream(*flush, {2, 60, 60, 10, 500}).error != "");
  auto moving = fifo(8, 2,
                     seeded_bug("rtl/common/fifo.sv", "fifo_moving", "if (push) slots[write_q]",
                                "if (in_valid_i) slots[read_q]"));
  auto overwrite = [&] {
    moving->reset();
    moving->port("in_valid_i").set(1);
    for (unsigned i = 0; i < 8; ++i) {
      moving->port("in_data_i").set(i);
      moving->tick();
    }
  };
  CHECK_THROWS_AS(overwrite(), s4::tb::ModelError);
}
