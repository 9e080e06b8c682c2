// Quotient and reciprocal root: RTL against the model, the model against double, latency, a bug.
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "sim/activation/row_engine.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using s4::tb::Model;

struct Operation {
  bool root;
  std::uint32_t numerator, x;
};

/// Positive numbers of any size, with those in between that matter.
std::vector<Operation> operations(unsigned count) {
  std::mt19937_64 random(s4::tb::seed());
  constexpr std::uint32_t kSpecial[] = {0,          0x00000001, 0x007FFFFF, 0x00800000,
                                        0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x40000000,
                                        0x7F7FFFFF, 0x7F800000, 0x7FC00000};
  std::vector<Operation> list;
  for (const std::uint32_t x : kSpecial) {
    for (const std::uint32_t n : {0x00800000U, 0x3F800000U, 0x3FFFFFFFU, 0x7F7FFFFFU}) {
      list.push_back({false, n, x});
    }
    list.push_back({true, 0x3F800000, x});
  }
  while (list.size() < count) {
    const auto n = static_cast<std::uint32_t>(0x00800000 + random() % 0x7F000000);
    auto x = static_cast<std::uint32_t>(0x00800000 + random() % 0x7F000000);
    if (random() % 2 == 0) x = 0x3F800000 + static_cast<std::uint32_t>(random() % (1U << 24));
    list.push_back({random() % 2 == 0, n, x});
  }
  return list;
}

/// Results that differ from the model; clocks of the last quotient and root.
unsigned wrong(Model& m, const std::vector<Operation>& list, unsigned clocks[2]) {
  unsigned count = 0;
  for (const Operation& op : list) {
    m.port("root_i").set(op.root ? 1 : 0);
    m.port("numerator_i").set(op.numerator);
    m.port("x_i").set(op.x);
    m.port("start_i").set(1);
    m.tick();
    m.port("start_i").set(0);
    unsigned ticks = 1;
    for (; m.port("done_o").get() == 0 && ticks < 100; ++ticks) m.tick();
    clocks[op.root ? 1 : 0] = ticks;
    const std::uint32_t expected =
        op.root ? s4::sim::row_reciprocal_root(op.x) : s4::sim::row_quotient(op.numerator, op.x);
    count += m.port("result_o").get() != expected ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("row_root: quotients and reciprocal roots", "[rows]") {
  const auto model = Model::load("row_root", "tiny", s4::tb::Kind::kChecked);
  model->port("start_i").set(0);
  model->reset();
  unsigned clocks[2] = {0, 0};
  CHECK(wrong(*model, operations(s4::tb::full_run() ? 1000000 : 20000), clocks) == 0);
  CHECK(clocks[0] == 10);
  CHECK(clocks[1] == 19);
}

TEST_CASE("row_root: the model against double", "[rows]") {
  double worst = 0;
  unsigned different = 0;
  for (const Operation& op : operations(s4::tb::full_run() ? 10000000 : 200000)) {
    const auto x = double{std::bit_cast<float>(op.x)};
    if (!std::isfinite(x) || x < 0x1p-126) continue;
    if (op.root) {
      const double exact = 1 / std::sqrt(x);
      const double got = std::bit_cast<float>(s4::sim::row_reciprocal_root(op.x));
      worst = std::max(worst, std::fabs(got - exact) / std::ldexp(1.0, std::ilogb(exact) - 23));
    } else {
      const double exact = double{std::bit_cast<float>(op.numerator)} / x;
      if (exact < 0x1p-125) continue;
      const auto expected = static_cast<float>(exact);
      different += std::bit_cast<float>(s4::sim::row_quotient(op.numerator, op.x)) != expected;
    }
  }
  CHECK(different == 0);
  INFO("worst error of 1 / sqrt: " << worst);
  CHECK(worst < 0.75);
  CHECK(worst > 0.45);
}

TEST_CASE("row_root: a lost remainder is noticed", "[rows]") {
  const auto model = Model::load("row_root", "tiny", s4::tb::Kind::kFast,
                                 s4::tests::seeded_bug("rtl/activation/row_root.sv", "row_digit",
                                                       "rest_q != '0, 4'd0", "1'b0, 4'd0"));
  model->port("start_i").set(0);
  model->reset();
  unsigned clocks[2];
  CHECK(wrong(*model, operations(2000), clocks) != 0);
}
