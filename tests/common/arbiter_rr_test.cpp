// Expected grants come from the plain rule: the first requester from the turn onwards.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using s4::tb::Kind;
using s4::tb::Model;
using s4::tb::ModelOptions;
using s4::tests::seeded_bug;

namespace {

std::unique_ptr<Model> arbiter(unsigned n, ModelOptions options = {}) {
  options.parameters = {{"N", std::to_string(n)}};
  return Model::load("arbiter_rr", "tiny", Kind::kChecked, options);
}

/// Empty if all grants follow the rule under random requests that stand until they are served.
std::string check_grants(Model& m, unsigned n, unsigned cycles) {
  std::mt19937_64 random(s4::tb::seed());
  auto req = m.port("req_i"), ready = m.port("ready_i"), grant = m.port("grant_o"),
       index = m.port("index_o"), valid = m.port("valid_o");
  std::uint64_t standing = 0;
  unsigned turn = 0;
  std::vector<unsigned> waited(n, 0);
  req.set(0);
  ready.set(0);
  m.reset();
  for (unsigned cycle = 0; cycle < cycles; ++cycle) {
    for (unsigned i = 0; i < n; ++i) standing |= std::uint64_t{random() % 3 == 0} << i;
    req.set(standing);
    ready.set(random() % 2);
    m.eval();
    unsigned expected = 0;
    for (unsigned step = 0; step < n; ++step) {
      expected = (turn + step) % n;
      if (standing >> expected & 1) break;
    }
    const std::uint64_t expected_grant = standing ? std::uint64_t{1} << expected : 0;
    if (valid.get() != (standing != 0) || grant.get() != expected_grant ||
        (standing && index.get() != expected)) {
      return fmt::format("cycle {}: requests {:#b}: expected grant {:#b}, got {:#b}, seed {}",
                         cycle, standing, expected_grant, grant.get(), s4::tb::seed());
    }
    if (standing) turn = expected;  // kept while it waits for ready
    if (standing && ready.get()) {
      turn = (expected + 1) % n;
      standing &= ~expected_grant;
      for (unsigned i = 0; i < n; ++i) waited[i] = standing >> i & 1 ? waited[i] + 1 : 0;
      for (unsigned i = 0; i < n; ++i) {
        if (waited[i] >= n) return fmt::format("requester {} waited {} transfers", i, waited[i]);
      }
    }
    m.tick();
  }
  return "";
}

}  // namespace

TEST_CASE("arbiter_rr: grants follow the turn, held while stalled, waiting is bounded") {
  for (const unsigned n : {1u, 2u, 5u}) {
    INFO("N " << n);
    CHECK(check_grants(*arbiter(n), n, 5000) == "");
  }
}

TEST_CASE("arbiter_rr: all requesters standing are served one after the other") {
  auto m = arbiter(5);
  m->reset();
  m->port("req_i").set(0x1f);
  m->port("ready_i").set(1);
  for (unsigned i = 0; i < 20; ++i) {
    m->eval();
    CHECK(m->port("index_o").get() == i % 5);
    m->tick();
  }
}

TEST_CASE("arbiter_rr: the grant check and the assertions catch seeded bugs") {
  auto fixed = arbiter(5, seeded_bug("rtl/common/arbiter_rr.sv", "arbiter_fixed",
                                     "(upper != '0) ? upper : req_i", "req_i"));
  CHECK(check_grants(*fixed, 5, 500) != "");
  auto moving = arbiter(
      5, seeded_bug("rtl/common/arbiter_rr.sv", "arbiter_moving",
                    "ready_i ? (from_grant & ~grant_o) : from_grant;", "from_grant & ~grant_o;"));
  moving->reset();
  moving->port("req_i").set(0x3);
  moving->port("ready_i").set(0);
  CHECK_THROWS_AS(moving->tick(3), s4::tb::ModelError);
}
