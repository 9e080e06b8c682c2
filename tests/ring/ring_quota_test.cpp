// The quota token of one station against a plain account of what it may do.
#include <catch2/catch.hpp>
#include <random>

#include "tb/model.hpp"
#include "tb/seed.hpp"

using namespace s4;

namespace {

constexpr unsigned kQuota = 6, kEnough = 5, kControl = 2, kShare = 2, kPatience = 3;

std::unique_ptr<tb::Model> quota() {
  tb::ModelOptions options;
  options.parameters = {
      {"Quota", "6"}, {"Enough", "5"}, {"ControlQuota", "2"}, {"Share", "2"}, {"Patience", "3"}};
  auto model = tb::Model::load("ring_quota", "tiny", tb::Kind::kChecked, options);
  for (const char* name : {"first_i", "token_i", "waiting_i", "slot_free_i", "sent_i"}) {
    model->port(name).set(0);
  }
  model->reset();
  return model;
}

}  // namespace

TEST_CASE("ring_quota: only station 0 makes a token, once") {
  if (!tb::full_run()) return;  // the proof says more: formal/ring_quota.json
  auto model = quota();
  auto token = model->port("token_o");
  for (unsigned i = 0; i < 20; ++i, model->tick()) CHECK(token.get() == 0);
  model->port("first_i").set(1);
  model->reset();
  unsigned tokens = 0;
  for (unsigned i = 0; i < 20; ++i) {
    model->tick();
    tokens += token.get();
    CHECK(token.get() == (i == 0 ? 1 : 0));
  }
  CHECK(tokens == 1);
}

TEST_CASE("ring_quota: the quota holds, the token leaves when the station is content") {
  if (!tb::full_run()) return;  // the proof says more: formal/ring_quota.json
  auto model = quota();
  std::mt19937_64 random(tb::seed());
  auto token_in = model->port("token_i"), token_out = model->port("token_o"),
       waiting = model->port("waiting_i"), slot_free = model->port("slot_free_i"),
       sent = model->port("sent_i"), may_send = model->port("may_send_o"),
       may_control = model->port("may_control_o");
  bool held = false, out = false;
  unsigned count = 0, blocked = 0, lack = 0, holds = 0, visits = 0, spent = 0;
  for (unsigned clock = 0; clock < 20000; ++clock) {
    const bool phase = clock / 500 % 2 != 0;
    const bool arrives = !held && random() % 10 == 0;
    const bool wants = random() % 100 < (phase ? 95 : 30);
    const bool slot = random() % 100 < (clock / 100 % 3 == 0 ? 10 : 70);
    CHECK(may_send.get() == (count < kQuota));
    CHECK(may_control.get() == (count < kQuota + kControl));
    CHECK(token_out.get() == out);
    spent += count >= kQuota;
    const bool control = random() % 5 == 0;
    const bool sends = wants && slot && count < kQuota + (control ? kControl : 0);
    token_in.set(arrives);
    waiting.set(wants);
    slot_free.set(slot);
    sent.set(sends);
    model->tick();
    // The account.
    const bool here = held || arrives;
    const bool deprived = held || lack == kPatience;
    const bool stays = here && wants && deprived && count < kEnough && count < blocked;
    out = here && !stays;
    holds += stays && !held;
    visits += arrives;
    held = stays;
    const bool passed_by = wants && !slot;
    if (out) count = blocked = 0;
    count += sends;
    if (passed_by) blocked = std::min(blocked + 1, kEnough);
    if (sends) {
      lack = lack > kShare ? lack - kShare : 0;
    } else if (passed_by) {
      lack = std::min(lack + 1, kPatience);
    }
  }
  CHECK(visits > 1000);
  CHECK(holds > 50);
  CHECK(spent > 50);
}
