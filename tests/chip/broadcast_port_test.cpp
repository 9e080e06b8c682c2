// Weight reads of a subsystem on their way to the ring: tags, masks, and when they change.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <random>
#include <stdexcept>

#include "sim/memory_port/gen/memory_port.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr unsigned kWeights = static_cast<unsigned>(memory_port::Client::kWeights);
constexpr unsigned kSelf = 1u << 2, kSlots = 16;

struct Request {
  unsigned mask, tag, len;
  std::uint64_t addr;
  unsigned write;
};

/// Random reads of the weight DMA (slots in circular order, freed in order) and of the others.
/// Returns how many were joint; throws std::runtime_error at the first difference.
unsigned run(const tb::ModelOptions& options, unsigned clocks) {
  auto model = tb::Model::load("broadcast_port", "tiny", tb::Kind::kChecked, options);
  const auto in = [&](const char* name) { return model->port(name); };
  auto stations = in("stations_i"), first = in("first_i"), last = in("last_i"),
       sub_valid = in("sub_req_valid_i"), sub_ready = in("sub_req_ready_o"),
       sub_req = in("sub_req_i"), sub_rsp_valid = in("sub_rsp_valid_o"),
       sub_rsp_ready = in("sub_rsp_ready_i"), sub_rsp = in("sub_rsp_o"), valid = in("req_valid_o"),
       ready = in("req_ready_i"), req = in("req_o"), rsp_valid = in("rsp_valid_i"),
       rsp_ready = in("rsp_ready_o"), rsp = in("rsp_i");
  for (auto* port : {&sub_valid, &sub_rsp_ready, &ready, &rsp_valid, &stations}) port->set(0);
  in("self_i").set(kSelf);
  model->reset();
  std::mt19937_64 random(tb::seed());

  struct Burst {
    Request asked;
    unsigned left;
    bool done = false;
  };
  std::map<unsigned, Burst> on_ring;   // by the ring's tag
  std::deque<unsigned> weight_slots;   // those of the DMA in their order, with what is done
  std::map<unsigned, bool> slot_done;  // by slot
  std::optional<Request> waits;
  unsigned next_slot = 0, joint = 0, number = 0;
  unsigned want = 0, effective = 0;
  bool quiet = false;
  std::uint64_t want_first = 0, want_last = 0, low = 0, high = 0;
  const auto fail = [&](unsigned clock, const std::string& what) {
    throw std::runtime_error(fmt::format("clock {}: {}", clock, what));
  };
  for (unsigned clock = 0; clock < clocks; ++clock) {
    if (random() % 200 == 0) {  // at any moment
      want = random() % 4 == 0 ? 0 : static_cast<unsigned>(random() % 8);
      want_first = random() % 40;
      want_last = want_first + random() % 30;
      quiet = random() % 4 != 0;  // so that it takes effect soon
    }
    stations.set(want);
    first.set(want_first);
    last.set(want_last);
    if (!waits && !quiet && on_ring.size() < 24 && random() % 2 == 0) {
      Request r{0, 0, static_cast<unsigned>(random() % 16), (random() % 50) << 10, 0};
      if (random() % 3 != 0 && weight_slots.size() < kSlots) {
        r.tag = kWeights << 6 | next_slot;
        weight_slots.push_back(next_slot);
        slot_done[next_slot] = false;
        next_slot = (next_slot + 1) % kSlots;
        waits = r;
      } else {  // a load or a store, its slot used once at a time
        r.write = random() % 2;
        r.tag = (r.write != 0 ? 3u : 1u) << 6 | static_cast<unsigned>(random() % 64);
        if (on_ring.count(r.tag) == 0) waits = r;
      }
    }
    sub_valid.set(waits.has_value());
    if (waits) {
      sub_req.set_bits(0, 16, waits->mask);
      sub_req.set_bits(16, 8, waits->tag);
      sub_req.set_bits(24, 4, waits->len);
      sub_req.set_bits(28, 36, waits->addr);
      sub_req.set_bits(64, 1, waits->write);
    }
    ready.set(random() % 3 != 0);
    // An answer of any burst.
    const bool answers = !on_ring.empty() && random() % 2 == 0;
    auto burst = on_ring.begin();
    if (answers) std::advance(burst, static_cast<long>(random() % on_ring.size()));
    rsp_valid.set(answers);
    if (answers) {
      rsp.set_bits(0, 1, burst->second.left == 0);
      rsp.set_bits(3, 1, burst->second.asked.write);
      rsp.set_bits(4, 8, burst->first);
      rsp.set_bits(12, 32, random());
    }
    sub_rsp_ready.set(random() % 4 != 0);
    model->eval();

    const bool idle = weight_slots.empty() && !waits;
    if ((valid.get() != 0) != waits.has_value()) fail(clock, "request appears or is lost");
    if ((sub_ready.get() != 0) != (ready.get() != 0)) fail(clock, "ready of requests");
    if ((rsp_ready.get() != 0) != (sub_rsp_ready.get() != 0)) fail(clock, "ready of responses");
    if ((sub_rsp_valid.get() != 0) != answers) fail(clock, "response appears or is lost");
    if (answers) {
      if (sub_rsp.bits(4, 8) != burst->second.asked.tag) fail(clock, "tag of a response");
      if (sub_rsp.bits(12, 32) != rsp.bits(12, 32)) fail(clock, "data of a response");
      if (sub_rsp.bits(0, 4) != rsp.bits(0, 4)) fail(clock, "end of a response");
    }
    bool sent = false;
    if (waits) {
      const bool weights = waits->tag >> 6 == kWeights, takes_part = (effective & kSelf) != 0;
      const std::uint64_t kib = waits->addr >> 10;
      const bool is_joint = weights && takes_part && kib >= low && kib <= high;
      const unsigned tag = weights && takes_part ? kWeights << 6 | number : waits->tag;
      if (req.bits(0, 16) != (is_joint ? effective : 0)) fail(clock, "mask of a request");
      if (req.bits(16, 8) != tag) fail(clock, "tag of a request");
      if (req.bits(24, 41) != sub_req.bits(24, 41)) fail(clock, "address of a request");
      sent = ready.get() != 0;
      if (sent) {
        if (on_ring.count(tag) != 0) fail(clock, "a tag is used twice");
        on_ring[tag] = {*waits, waits->write != 0 ? 0 : waits->len};
        joint += is_joint;
        if (weights && takes_part) number = (number + 1) % 64;
      }
    }
    if (answers && sub_rsp_ready.get() != 0 && burst->second.left-- == 0) {
      const unsigned tag = burst->second.asked.tag;
      on_ring.erase(burst);
      if (tag >> 6 == kWeights) slot_done[tag & 63] = true;
      while (!weight_slots.empty() && slot_done[weight_slots.front()]) weight_slots.pop_front();
    }
    if (sent) waits.reset();
    model->tick();
    // Slots count until the last beat; the module may change its mind once all have ended.
    if (idle) {
      effective = want, low = want_first, high = want_last;
      quiet = false;
    }
    if ((effective & kSelf) == 0) number = 0;
  }
  return joint;
}

}  // namespace

TEST_CASE("broadcast_port: tags and masks of random requests") {
  CHECK(run({}, tb::full_run() ? 1000000 : 100000) > 100);
}

TEST_CASE("broadcast_port: seeded bugs are noticed") {
  if (!tb::full_run()) return;
  const auto fails = [](const char* name, const char* find, const char* replace) {
    const auto options = seeded_bug("rtl/chip/broadcast_port.sv", name, find, replace);
    CHECK_THROWS_AS(run(options, 50000), std::runtime_error);
  };
  fails("broadcast_region", "kib <= last_q", "1'b1");
  fails("broadcast_tags", "slots[rsp_i.tag[SlotWidth-1:0]]", "rsp_i.tag[SlotWidth-1:0]");
  fails("broadcast_moment", "if (under_way_q == '0 && !sub_req_valid_i) stations_q", "stations_q");
}
