// The watch over the bursts of a port against a plain account of every tag.
#include <fmt/format.h>

#include <array>
#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <stdexcept>

#include "sim/ring/gen/ring.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr unsigned kTags = 256, kPatience = 2, kPeriod = kPatience * kTags;

struct Totals {
  unsigned opened = 0, given_up = 0;
};

/// Random bursts; one in `silent` gets no answer. Throws std::runtime_error at the first
/// difference.
Totals run(const tb::ModelOptions& options, unsigned clocks, unsigned silent = 8) {
  struct Tag {
    bool open = false, write = false, silent = false, begun = false;
    unsigned left = 0;
    std::uint64_t heard = 0;
    std::optional<unsigned> turn;
  };
  auto model = tb::Model::load("ring_watch", "tiny", tb::Kind::kChecked, options);
  auto in = [&](const char* name) { return model->port(name); };
  auto ask_tag = in("ask_tag_i"), ask_turn = in("ask_turn_o"), open = in("open_i"),
       open_tag = in("open_tag_i"), open_turn = in("open_turn_i"), open_write = in("open_write_i"),
       open_len = in("open_len_i"), tag = in("tag_i"), is_open = in("open_o"),
       write = in("write_o"), last = in("last_o"), left = in("left_o"), turn = in("turn_o"),
       answer = in("answer_i"), stray = in("stray_i"), lost = in("lost_i"),
       given_up = in("given_up_o"), given_up_tag = in("given_up_tag_o"), give_up = in("give_up_i"),
       errors = in("errors_o");
  for (auto* port : {&open, &answer, &stray, &lost, &give_up}) port->set(0);
  model->port("patience_i").set(kPatience);
  model->reset();
  std::mt19937_64 random(tb::seed());
  std::array<Tag, kTags> tags;
  std::uint64_t clock = 0;
  Totals totals;
  unsigned strays = 0, losts = 0;
  const auto require = [&](bool holds, const char* what, std::uint64_t t) {
    if (!holds) throw std::runtime_error(fmt::format("clock {}: tag {}: {}", clock, t, what));
  };
  const auto counter = [&](unsigned lsb) { return errors.bits(lsb, ring::kCounterWidth); };
  for (; clock < clocks; ++clock) {
    // A request: the turn that it carries is the one that its answers are compared with.
    const auto asked = static_cast<unsigned>(random() % kTags);
    ask_tag.set(asked);
    const bool opens = !tags[asked].open && random() % 8 == 0;
    const bool writes = random() % 3 == 0;
    const auto len = static_cast<unsigned>(random() % 16);
    open.set(opens);
    open_tag.set(asked);
    open_write.set(writes);
    open_len.set(len);
    const auto chosen = static_cast<unsigned>(random() % (1u << ring::kTurnWidth));
    const bool chooses = random() % 4 == 0;
    // An answer, or one for the burst that is given up.
    const bool gives_up = given_up.get() != 0 && random() % 2 == 0;
    const auto t = static_cast<unsigned>(gives_up ? given_up_tag.get() : random() % kTags);
    Tag& own = tags[t];
    const bool answers = gives_up || (own.open && !own.silent);
    tag.set(t);
    model->eval();
    open_turn.set(chooses ? chosen : ask_turn.get());
    answer.set(answers);
    give_up.set(gives_up);
    const bool strays_now = random() % 50 == 0, lost_now = random() % 60 == 0;
    stray.set(strays_now);
    lost.set(lost_now);
    model->eval();
    require((is_open.get() != 0) == own.open, "open or not", t);
    if (own.open) {
      require((write.get() != 0) == own.write, "write or read", t);
      require((last.get() != 0) == (own.write || own.left == 0), "last or not", t);
      if (!own.write) require(left.get() == own.left, "beats left", t);
    }
    if (tags[asked].turn) require(ask_turn.get() == *tags[asked].turn, "turn of a request", asked);
    if (own.turn) require(turn.get() == *own.turn, "turn", t);
    tags[asked].turn = static_cast<unsigned>(ask_turn.get());
    own.turn = static_cast<unsigned>(turn.get());
    if (given_up.get() != 0) {
      const Tag& quiet = tags[given_up_tag.get()];
      require(quiet.open, "given up without a burst", given_up_tag.get());
      require(quiet.begun || clock - quiet.heard > kPeriod, "given up early", given_up_tag.get());
    }
    model->tick();
    if (gives_up && !own.begun) {
      own.begun = true;
      own.turn = (*own.turn + 1) % (1u << ring::kTurnWidth);
      ++totals.given_up;
    }
    if (answers) {
      own.heard = clock;
      if (own.write || own.left-- == 0) own.open = false;
    }
    if (opens) {
      tags[asked] = {true,
                     writes,
                     random() % silent == 0,
                     false,
                     len,
                     clock,
                     chooses ? chosen : tags[asked].turn};
      ++totals.opened;
    }
    strays += strays_now;
    losts += lost_now;
    for (unsigned i = 0; i < kTags && clock % 64 == 0; ++i) {
      require(!tags[i].open || clock - tags[i].heard < 12 * kPeriod, "never given up", i);
    }
    require(counter(ring::kPortErrorsGivenUpLsb) == totals.given_up, "count of given up", t);
    require(counter(ring::kPortErrorsStrayLsb) == strays, "count of strays", t);
    require(counter(ring::kPortErrorsLostLsb) == losts, "count of lost beats", t);
  }
  return totals;
}

}  // namespace

TEST_CASE("ring_watch: bursts are given up in time, and not before") {
  const Totals totals = run({}, tb::full_run() ? 2000000 : 30000);
  CHECK(totals.opened > 1000);
  CHECK(totals.given_up > 100);
}

TEST_CASE("ring_watch: none of many silent bursts is passed over") {
  const Totals totals = run({}, tb::full_run() ? 1000000 : 60000, 2);  // below the counter's end
  CHECK(totals.given_up > 1000);
}

TEST_CASE("ring_watch: the account fails on seeded bugs") {
  if (!tb::full_run()) return;
  const auto fails = [](const char* name, const char* find, const char* replace) {
    const auto options = seeded_bug("rtl/ring/ring_watch.sv", name, find, replace);
    CHECK_THROWS_AS(run(options, 60000, 2), std::runtime_error);
  };
  fails("watch_turn", "give_up_i && !begun_q;", "1'b0;");
  fails("watch_quiet", "if (answer_i) quiet_q[tag_i] <= 1'b0;", "");
  fails("watch_passes", "!(too_long && given_up_q);", "1'b1;");
  fails("watch_never", "open_q[visited_q] && quiet_q[visited_q] &&", "1'b0 &&");
}
