#include "sw/network/traffic_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/registers/gen/counters.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "sw/network/weight_reads.hpp"

namespace s4::sw {
namespace {

using commands::DmaCommand;
using commands::Opcode;
using counters::Counter;
using nlohmann::json;

/// Counts that a difference is noted of, in the unit's bytes.
class Tally {
 public:
  Tally(std::string what, std::uint64_t unit) : unit_(unit) { comparison_.what = std::move(what); }

  /// `least` to `most` are right.
  void note(const std::string& where, std::uint64_t least, std::uint64_t most, std::uint64_t got) {
    if (got >= least && got <= most) return;
    if (comparison_.mismatches == 0) {
      comparison_.first = fmt::format("{}: {}: {} counted, expected {}", comparison_.what, where,
                                      got, got < least ? least : most);
    }
    comparison_.mismatches += unit_ * (got < least ? least - got : got - most);
  }
  [[nodiscard]] Comparison take(bool made) {
    comparison_.made = made;
    return std::move(comparison_);
  }

 private:
  std::uint64_t unit_;
  Comparison comparison_;
};

struct PortWords {
  std::uint64_t fetched = 0, loaded = 0, weights = 0, stored = 0;
};

PortWords port_words(const Program& program) {
  PortWords words;
  words.fetched = program.commands.size() * commands::kCommandBytes / kBeatBytes;
  for (const commands::CommandBytes& bytes : program.commands) {
    const DmaCommand c = DmaCommand::decode(bytes);
    const std::uint64_t count = std::uint64_t{c.count0} * c.count1 * c.count2 * c.count3;
    if (c.opcode == Opcode::kLoad) words.loaded += count;
    if (c.opcode == Opcode::kStore) words.stored += count;
  }
  for (const WeightRead& read : weight_reads(program)) {
    words.weights += read.region.size / kBeatBytes;
  }
  return words;
}

json traffic_json(const Traffic& traffic) {
  json out{{"dram_bytes_read", traffic.bytes_read()},
           {"dram_bytes_written", traffic.bytes_written()},
           {"channels", json::array()},
           {"link_beats", traffic.links}};
  for (const Traffic::Channel& channel : traffic.channels) {
    out["channels"].push_back({{"read_bursts", channel.reads}, {"write_bursts", channel.writes}});
  }
  return out;
}

}  // namespace

Comparison check_counters(const CompiledNetwork& compiled, const std::vector<DeviceRun>& runs,
                          std::size_t first) {
  Tally tally("bytes of the commands = counters of the RTL", kBeatBytes);
  std::size_t done = first;
  for (const DeviceRun& run : runs) {
    if (run.device != "rtl" || !run.result.done || done == compiled.programs.size()) continue;
    const Program& program = compiled.programs[done++].program;
    const PortWords words = port_words(program);
    const auto note = [&](const char* what, Counter counter, std::uint64_t due) {
      tally.note(fmt::format("program '{}', {}", program.name, what), due, due,
                 run.result.counter(counter));
    };
    note("words fetched", Counter::kFetchWords, words.fetched);
    note("words loaded", Counter::kLoadWords, words.loaded);
    note("words of weights", Counter::kWeightsWords, words.weights);
    note("words stored", Counter::kStoreWords, words.stored);
  }
  return tally.take(done != first && done == compiled.programs.size());
}

void TrafficReport::check(bool complete) {
  Traffic due = layers;
  due += host;
  constexpr std::uint64_t kAny = ~std::uint64_t{0};
  // With error correction check bits come on top.
  Tally dram(ecc ? "bytes of commands and host within DRAM bursts, check bits besides"
                 : "bytes of commands and host = DRAM bursts",
             kBurstBytes);
  for (std::size_t c = 0; c < due.channels.size() && c < measured.channels.size(); ++c) {
    const Traffic::Channel &want = due.channels[c], &got = measured.channels[c];
    // A merged write saves one or two bursts.
    const std::uint64_t saved =
        c < merged.size() ? std::min(want.writes, kBeatBytes / kBurstBytes * merged[c]) : 0;
    dram.note(fmt::format("channel {}, bursts read", c), want.reads, ecc ? kAny : want.reads,
              got.reads);
    dram.note(fmt::format("channel {}, bursts written", c), want.writes - saved,
              ecc ? kAny : want.writes, got.writes);
  }
  checks = {dram.take(complete && due.channels.size() == measured.channels.size())};
  if (due.links.empty()) return;
  Tally ring("bytes of commands and host = beats on the ring's links", kBeatBytes);
  for (std::size_t l = 0; l < due.links.size() && l < measured.links.size(); ++l) {
    ring.note(fmt::format("lane {} of station {}", l % 2, l / 2), due.links[l], due.links[l],
              measured.links[l]);
  }
  checks.push_back(ring.take(complete && due.links.size() == measured.links.size()));
}

json to_json(const TrafficReport& report) {
  json out{{"layers", traffic_json(report.layers)},
           {"host", traffic_json(report.host)},
           {"measured", traffic_json(report.measured)},
           {"merged_writes", report.merged},
           {"checks", to_json(report.checks)}};
  out["layers"]["ring_bytes"] = report.layers.ring_bytes();
  out["host"]["ring_bytes"] = report.host.ring_bytes();
  return out;
}

std::string to_text(const TrafficReport& report) {
  const Traffic &layers = report.layers, &host = report.host, &measured = report.measured;
  std::string text = fmt::format(
      "  DRAM        {} bytes read, {} written: of layers {} + {}, of the host {} + {}\n",
      measured.bytes_read(), measured.bytes_written(), layers.bytes_read(), layers.bytes_written(),
      host.bytes_read(), host.bytes_written());
  if (!measured.links.empty()) {
    text += fmt::format(
        "  ring        {} bytes of data on its links; {} went over it, of layers {}\n",
        measured.link_bytes(), layers.ring_bytes() + host.ring_bytes(), layers.ring_bytes());
  }
  return text + to_text(report.checks);
}

}  // namespace s4::sw
