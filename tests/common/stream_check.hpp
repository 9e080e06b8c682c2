// Drives a valid/ready element under random stalls and compares it with a queue at its handshakes.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <random>
#include <string>

#include "tb/model.hpp"
#include "tb/seed.hpp"

namespace s4::tests {

struct StreamPlan {
  unsigned capacity = 1;       // words the element must accept with its output stalled
  unsigned in_percent = 50;    // chance of an offered word per clock
  unsigned out_percent = 50;   // chance of a ready output per clock
  unsigned flush_percent = 0;  // only with a flush_i port
  unsigned cycles = 2000;
};

struct StreamResult {
  std::string error;           // empty: everything as promised
  std::uint64_t accepted = 0;  // words in
  std::uint64_t delivered = 0;
  std::uint64_t full_cycles = 0;
};

/// Promise checked: latency one clock, order, no loss, ready exactly while there is room.
inline StreamResult check_stream(tb::Model& m, const StreamPlan& plan) {
  std::mt19937_64 random(tb::seed());
  auto chance = [&](unsigned percent) { return random() % 100 < percent; };
  auto in_valid = m.port("in_valid_i"), in_ready = m.port("in_ready_o"),
       in_data = m.port("in_data_i"), out_valid = m.port("out_valid_o"),
       out_ready = m.port("out_ready_i"), out_data = m.port("out_data_o");
  const bool has_flush = m.has_port("flush_i");
  const bool has_count = m.has_port("count_o");
  const unsigned width = std::min(in_data.width(), 64u);
  const std::uint64_t mask = width == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;

  StreamResult result;
  std::deque<std::uint64_t> held;
  bool offering = false;
  in_valid.set(0);
  out_ready.set(0);
  if (has_flush) m.port("flush_i").set(0);
  m.reset();
  for (unsigned cycle = 0; cycle < plan.cycles; ++cycle) {
    if (!offering && chance(plan.in_percent)) {
      offering = true;
      in_data.set(random() & mask);
    }
    const bool flush = has_flush && chance(plan.flush_percent);
    in_valid.set(offering);
    out_ready.set(chance(plan.out_percent));
    if (has_flush) m.port("flush_i").set(flush);
    m.eval();
    auto expect = [&](const char* what, std::uint64_t expected, std::uint64_t got) {
      if (expected == got || !result.error.empty()) return;
      result.error = fmt::format("cycle {}: {}: expected {:#x}, got {:#x}, seed {}", cycle, what,
                                 expected, got, tb::seed());
    };
    expect("out_valid_o", !held.empty(), out_valid.get());
    expect("in_ready_o", held.size() < plan.capacity, in_ready.get());
    if (!held.empty()) expect("out_data_o", held.front(), out_data.get());
    if (has_count) expect("count_o", held.size(), m.port("count_o").get());
    if (!result.error.empty()) return result;
    result.full_cycles += held.size() == plan.capacity;
    if (out_valid.get() && out_ready.get()) {
      held.pop_front();
      ++result.delivered;
    }
    if (in_valid.get() && in_ready.get()) {
      held.push_back(in_data.get());
      offering = false;
      ++result.accepted;
    }
    if (flush) held.clear();
    m.tick();
  }
  return result;
}

}  // namespace s4::tests
