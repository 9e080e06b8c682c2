#include "sw/memory/memory_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <fstream>
#include <optional>
#include <random>

#include "sim/memory/gen/lpddr4.hpp"
#include "sim/memory/lpddr_channel.hpp"
#include "sim/memory/memory_place.hpp"
#include "sw/memory/memory_pins.hpp"
#include "sw/memory/plain_memory.hpp"

namespace s4::sw {
namespace {

using Kind = sim::LpddrKind;

constexpr unsigned kInitClocks = 50;        // of each part of the initialisation
constexpr std::uint64_t kPatience = 50000;  // clocks without any answer
constexpr std::uint64_t kQuiet = 1000;      // clocks without bursts after which the run is over

MemoryLatency summary(std::vector<std::uint64_t>& clocks) {
  MemoryLatency latency;
  latency.count = clocks.size();
  if (clocks.empty()) return latency;
  std::sort(clocks.begin(), clocks.end());
  double sum = 0;
  for (const std::uint64_t c : clocks) sum += static_cast<double>(c);
  latency.mean = sum / static_cast<double>(clocks.size());
  const auto rank = [&](std::uint64_t percent) {
    return clocks[(clocks.size() * percent + 99) / 100 - 1];
  };
  latency.p50 = rank(50);
  latency.p99 = rank(99);
  latency.max = clocks.back();
  return latency;
}

class Run {
 public:
  explicit Run(const MemorySettings& settings)
      : settings_(settings),
        timings_(short_start(settings.timings)),
        model_(load(settings)),
        pins_(*model_, settings.ranks == 2, settings.ecc),
        channel_(timings_, settings.ranks),
        random_(settings.seed),
        pending_(pins_.tags()) {
    for (unsigned tag = 0; tag < pins_.tags(); ++tag) free_.push_back(tag);
    for (const MemoryFlip& flip : settings.flips) {
      if (flip.address >= memory_capacity(settings.ranks, settings.ecc) || flip.bit > 7) {
        throw std::invalid_argument(
            fmt::format("there is no bit {} at {:#x} to flip", flip.bit, flip.address));
      }
      flips_.emplace(flip.clock, flip);
    }
    channel_.store().fill_with([this](const sim::LpddrRow& at, unsigned column) {
      const std::uint64_t address = sim::memory_address({at, 2 * column}, settings_.ranks);
      return stored(address, [](std::uint64_t line) { return initial_line(line); });
    });
    if (!settings.commands_path.empty()) {
      commands_.open(settings.commands_path);
      if (!commands_) throw std::runtime_error(settings.commands_path + ": cannot be written");
    }
    channel_.watch([this](const sim::LpddrCommand& command) { saw(command); });
  }

  MemoryResult run() {
    const auto start = std::chrono::steady_clock::now();
    try {
      model_->reset();
      while (!pins_.is_ready()) {
        if (clock_ > kPatience) throw MemoryError("the controller does not end its initialisation");
        step();
      }
      serve();
    } catch (const sim::LpddrViolation& violation) {
      result_.violation = violation.what();
    }
    finish();
    result_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result_;
  }

 private:
  /// A request of the trace that awaits answers.
  struct Request {
    std::uint64_t since = 0;  // first offered
    unsigned pieces = 0;      // without an answer
    bool write = false;
    bool cut = false;  // all pieces are made
  };
  /// What a tag awaits.
  struct Pending {
    bool used = false, write = false;
    std::uint64_t address = 0;
    unsigned beats = 0, next = 0;  // of a read
    MemoryLine expected{};
    std::uint64_t request = 0;
  };

  static sim::LpddrTimings short_start(sim::LpddrTimings timings) {
    timings.init1 = timings.init3 = timings.init5 = 2 * kInitClocks;
    return timings;
  }
  static std::unique_ptr<tb::Model> load(const MemorySettings& settings) {
    if (settings.ranks < 1 || settings.ranks > 2) {
      throw std::invalid_argument("a channel has 1 or 2 ranks");
    }
    if (settings.requests.empty()) throw std::invalid_argument("there are no requests");
    tb::ModelOptions options;
    for (const char* name : {"InitResetClocks", "InitCkeClocks", "InitCommandClocks"}) {
      options.parameters[name] = std::to_string(kInitClocks);
    }
    for (const auto& [name, value] : settings.parameters) options.parameters[name] = value;
    options.replace = settings.replace;
    return tb::Model::load("memory_controller", settings.config, settings.kind, options);
  }

  void saw(const sim::LpddrCommand& command) {
    if (commands_.is_open()) commands_ << to_text(command) << '\n';
    if (!sim::has_column(command.kind)) return;
    ++result_.accesses;
    last_burst_ = (command.last() +
                   (sim::is_read(command.kind) ? timings_.read_end() : timings_.write_end())) /
                  2;
  }

  void serve() {
    origin_ = clock_;
    progress_ = clock_;
    const sim::LpddrCounts before = channel_.counts();
    result_.accesses = 0;
    while (next_ < settings_.requests.size() || offered_ || !open_.empty()) {
      flip();
      offer();
      step();
      const bool waiting = offered_ || !open_.empty();
      if (!waiting) progress_ = clock_;
      if (clock_ - progress_ > kPatience) {
        throw MemoryError(fmt::format("clock {}: no answer for {} clocks, {} requests are open",
                                      clock_ - origin_, kPatience, open_.size()));
      }
    }
    const std::uint64_t answered = clock_;
    while (clock_ < std::max(answered, last_burst_) + kQuiet) step();
    last_ = std::max(answered, last_burst_);
    check_stored();
    const sim::LpddrCounts& counts = channel_.counts();
    const auto count = [&](Kind kind) { return counts.of(kind) - before.of(kind); };
    result_.row_hits = counts.row_hits - before.row_hits;
    result_.activates = count(Kind::kAct);
    result_.masked_writes = count(Kind::kMwr);
    result_.refreshes = count(Kind::kRefPb) + count(Kind::kRefAb);
    result_.power_downs = count(Kind::kPde);
    using Counter = lpddr4::Counter;
    for (const auto& [which, value] : {std::pair{Counter::kCorrected, &result_.corrected},
                                       {Counter::kUncorrected, &result_.uncorrected},
                                       {Counter::kScrubbed, &result_.scrubbed},
                                       {Counter::kReadModified, &result_.read_modified},
                                       {Counter::kChecksRead, &result_.checks_read},
                                       {Counter::kChecksWritten, &result_.checks_written}}) {
      pins_.select(static_cast<unsigned>(which));
      for (unsigned i = 0; i < 3; ++i) step();
      *value = pins_.counter();
    }
  }

  /// What the device holds at its address when the memory holds these lines.
  template <typename Lines>
  [[nodiscard]] sim::LpddrBurst stored(std::uint64_t address, const Lines& lines) const {
    const auto word = [&](std::uint64_t at) {
      std::uint64_t value = 0;
      std::memcpy(&value, lines(at / 64 * 64).data() + at % 64, 8);
      return value;
    };
    if (settings_.ecc) return sim::memory_ecc_burst(address, settings_.ranks, word);
    sim::LpddrBurst burst;
    for (unsigned i = 0; i < burst.size(); i += 8) {
      const std::uint64_t value = word(address + i);
      std::memcpy(burst.data() + i, &value, 8);
    }
    return burst;
  }

  /// Whatever was written is in the device by now with its checks, flipped bits aside.
  void check_stored() {
    if (!settings_.flips.empty()) return;
    for (const auto& [address, line] : memory_.lines()) {
      for (unsigned half = 0; half < 64; half += 32) {
        std::vector<std::uint64_t> bursts{address + half};
        if (settings_.ecc) {
          bursts = {sim::memory_ecc_data(address + half, settings_.ranks),
                    sim::memory_ecc_check(address + half, settings_.ranks) / 32 * 32};
        }
        for (const std::uint64_t burst : bursts) {
          const auto [at, byte] = sim::memory_place(burst, settings_.ranks);
          if (channel_.store().read(at, byte / 2) ==
              stored(burst, [this](std::uint64_t at_line) { return memory_.read(at_line); })) {
            continue;
          }
          throw MemoryError(fmt::format("the device does not hold {} written at {:#x}",
                                        burst == bursts[0] ? "what was" : "the checks of what was",
                                        address + half));
        }
      }
      ++result_.stored;
    }
  }

  void flip() {
    while (!flips_.empty() && flips_.begin()->first <= clock_ - origin_) {
      const MemoryFlip& flip = flips_.begin()->second;
      const auto [at, byte] = sim::memory_place(
          settings_.ecc ? sim::memory_ecc_data(flip.address, settings_.ranks) : flip.address,
          settings_.ranks);
      channel_.store().flip(at, byte, flip.bit);
      flips_.erase(flips_.begin());
    }
  }

  /// Offers the next piece of a request if there is one whose clock has come and a free tag.
  void offer() {
    if (!offered_ && !free_.empty()) {
      if (offset_ == 0) {
        if (next_ == settings_.requests.size()) return;
        const MemoryRequest& request = settings_.requests[next_];
        if (request.clock > clock_ - origin_) return;
        if (!first_) first_ = clock_;
        open_.emplace(next_, Request{clock_, 0, request.write, false});
      }
      cut();
    }
  }

  /// The next piece: up to 64 bytes of a line, only one half of it if that is enough.
  void cut() {
    const MemoryRequest& request = settings_.requests[next_];
    const std::uint64_t from = request.address + offset_;
    const std::uint64_t line = from / 64 * 64;
    const std::uint64_t to = std::min(line + 64, request.address + request.bytes);
    MemoryPiece piece;
    piece.write = request.write;
    piece.wide = from < line + 32 && to > line + 32;
    piece.address = piece.wide || from < line + 32 ? line : line + 32;
    piece.tag = free_.front();
    free_.pop_front();
    offered_ = piece;
    strobes_ = (to - from == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (to - from)) - 1)
               << (from - line);
    Request& open = open_.at(next_);
    ++open.pieces;
    Pending& pending = pending_[piece.tag];
    pending = Pending{};
    pending.used = true;
    pending.write = piece.write;
    pending.address = piece.address;
    pending.beats = piece.wide ? 2 : 1;
    pending.request = next_;
    offset_ += static_cast<std::uint32_t>(to - from);
    if (offset_ == request.bytes) {
      open.cut = true;
      offset_ = 0;
      ++next_;
    }
    pins_.offer(piece);
  }

  /// The offered piece was taken: from now on it counts.
  void accepted() {
    const MemoryPiece& piece = *offered_;
    const std::uint64_t line = piece.address / 64 * 64;
    const unsigned half = piece.address % 64;
    if (piece.write) {
      MemoryLine data;
      for (unsigned i = 0; i < 64; i += 8) {
        const std::uint64_t word = random_();
        std::memcpy(data.data() + i, &word, 8);
      }
      memory_.write(line, data, strobes_);
      for (unsigned h = half; h < (piece.wide ? 64u : half + 32); h += 32) {
        MemoryBeat beat;
        std::memcpy(beat.data, data.data() + h, 32);
        beat.strobes = static_cast<std::uint32_t>(strobes_ >> h);
        beats_.push_back(beat);
      }
    } else {
      const MemoryLine now = memory_.read(line);
      std::memcpy(pending_[piece.tag].expected.data(), now.data() + half, piece.wide ? 64 : 32);
    }
    offered_.reset();
    pins_.end_offer();
    progress_ = clock_;
  }

  /// One clock: pins of the device, handshakes, clock edge.
  void step() {
    pins_.drive(channel_.clock(pins_.outputs()));
    if (!beats_.empty()) pins_.give(beats_.front());
    model_->eval();
    const bool taken = offered_ && pins_.takes_request();
    const bool given = !beats_.empty() && pins_.takes_data();
    if (pins_.has_data()) compare();
    if (pins_.has_acknowledge()) acknowledge();
    model_->tick();
    ++clock_;
    if (given) {
      beats_.pop_front();
      if (beats_.empty()) pins_.end_give();
    }
    if (taken) accepted();
  }

  Pending& find(const MemoryPins::Answer& answer, bool write) {
    Pending& pending = pending_[answer.tag];
    if (!pending.used || pending.write != write) {
      throw MemoryError(fmt::format("clock {}: {} for tag {} that awaits none", clock_ - origin_,
                                    write ? "acknowledge" : "data", answer.tag));
    }
    if (answer.error) {
      throw MemoryError(fmt::format("clock {}: error for the {} of {:#x}", clock_ - origin_,
                                    write ? "write" : "read", pending.address));
    }
    progress_ = clock_;
    return pending;
  }

  void compare() {
    std::uint8_t got[32];
    const MemoryPins::Answer answer = pins_.data(got);
    Pending& pending = find(answer, false);
    const std::uint8_t* wanted = pending.expected.data() + 32 * pending.next;
    if (std::memcmp(got, wanted, sizeof got) != 0) {
      unsigned i = 0;
      while (got[i] == wanted[i]) ++i;
      throw MemoryError(fmt::format("clock {}: byte {:#x} read as {:#04x}, {:#04x} was written",
                                    clock_ - origin_, pending.address + 32 * pending.next + i,
                                    got[i], wanted[i]));
    }
    ++result_.compared;
    if (answer.last != (++pending.next == pending.beats)) {
      throw MemoryError(fmt::format("clock {}: beat {} of {} of the read of {:#x} is {}the last",
                                    clock_ - origin_, pending.next, pending.beats, pending.address,
                                    answer.last ? "" : "not "));
    }
    if (answer.last) retire(answer.tag, read_clocks_);
  }

  void acknowledge() {
    const MemoryPins::Answer answer = pins_.acknowledge();
    (void)find(answer, true);
    retire(answer.tag, write_clocks_);
  }

  void retire(unsigned tag, std::vector<std::uint64_t>& clocks) {
    Pending& pending = pending_[tag];
    pending.used = false;
    free_.push_back(tag);
    const auto open = open_.find(pending.request);
    if (--open->second.pieces != 0 || !open->second.cut) return;
    clocks.push_back(clock_ - open->second.since);
    result_.bytes += settings_.requests[pending.request].bytes;
    open_.erase(open);
  }

  void finish() {
    if (commands_.is_open()) {
      commands_.close();
      if (!commands_) throw std::runtime_error(settings_.commands_path + ": cannot be written");
    }
    const std::uint64_t end = last_ != 0 ? last_ : clock_;
    result_.clocks = first_ && end > *first_ ? end - *first_ : 0;
    if (result_.clocks != 0) {
      result_.percent_of_peak =
          100.0 * static_cast<double>(result_.bytes) / (8.0 * static_cast<double>(result_.clocks));
    }
    result_.read_latency = summary(read_clocks_);
    result_.write_latency = summary(write_clocks_);
  }

  const MemorySettings& settings_;
  sim::LpddrTimings timings_;
  std::unique_ptr<tb::Model> model_;
  MemoryPins pins_;
  sim::LpddrChannel channel_;
  PlainMemory memory_;
  std::mt19937_64 random_;
  std::vector<Pending> pending_;  // by tag
  std::deque<unsigned> free_;
  std::multimap<std::uint64_t, MemoryFlip> flips_;  // by clock
  std::map<std::uint64_t, Request> open_;
  std::optional<MemoryPiece> offered_;
  std::uint64_t strobes_ = 0;  // of the offered piece, in its line
  std::deque<MemoryBeat> beats_;
  std::uint64_t next_ = 0;
  std::uint32_t offset_ = 0;
  std::uint64_t clock_ = 0, origin_ = 0, progress_ = 0, last_burst_ = 0, last_ = 0;
  std::optional<std::uint64_t> first_;
  std::vector<std::uint64_t> read_clocks_, write_clocks_;
  std::ofstream commands_;
  MemoryResult result_;
};

nlohmann::json to_json(const MemoryLatency& latency) {
  return {{"count", latency.count},
          {"mean", latency.mean},
          {"p50", latency.p50},
          {"p99", latency.p99},
          {"max", latency.max}};
}

}  // namespace

std::uint64_t memory_capacity(unsigned ranks, bool ecc) {
  return (std::uint64_t{ranks} << 30) / 8 * (ecc ? 7 : 8);
}

MemoryResult run_memory(const MemorySettings& settings) { return Run(settings).run(); }

std::string to_text(const MemorySettings& settings, const MemoryResult& result) {
  std::string text = fmt::format(
      "{}: {} requests, {} rank{}, ECC {}\n"
      "{} bytes in {} clocks: {:.2f} % of peak (8 bytes per clock)\n"
      "{} accesses, {} row hits, {} activates, {} masked writes, {} refreshes, {} power-downs\n",
      settings.name, settings.requests.size(), settings.ranks, settings.ranks == 2 ? "s" : "",
      settings.ecc ? "on" : "off", result.bytes, result.clocks, result.percent_of_peak,
      result.accesses, result.row_hits, result.activates, result.masked_writes, result.refreshes,
      result.power_downs);
  for (const auto& [name, l] :
       {std::pair<const char*, const MemoryLatency&>{"read", result.read_latency},
        {"write", result.write_latency}}) {
    if (l.count == 0) continue;
    text += fmt::format("{} latency in clocks: mean {:.1f}, p50 {}, p99 {}, max {}\n", name, l.mean,
                        l.p50, l.p99, l.max);
  }
  if (settings.ecc) {
    text += fmt::format(
        "checks: {} bursts read, {} written; {} words corrected, {} not correctable, {} bursts "
        "scrubbed, {} writes merged\n",
        result.checks_read, result.checks_written, result.corrected, result.uncorrected,
        result.scrubbed, result.read_modified);
  }
  if (result.violation.empty()) {
    text += fmt::format(
        "every command is legal, {} beats read and compared, {} lines found stored, {:.2f} s\n",
        result.compared, result.stored, result.seconds);
  } else {
    text += "VIOLATION: " + result.violation + '\n';
  }
  return text;
}

nlohmann::json to_json(const MemorySettings& settings, const MemoryResult& result) {
  const MemoryLatency& l =
      result.read_latency.count != 0 ? result.read_latency : result.write_latency;
  nlohmann::json json = {{"traffic", settings.name},
                         {"channels", 1},
                         {"ranks", settings.ranks},
                         {"ecc", settings.ecc},
                         {"config", settings.config},
                         {"requests", settings.requests.size()},
                         {"bytes", result.bytes},
                         {"clocks", result.clocks},
                         {"percent_of_peak", result.percent_of_peak},
                         {"latency", to_json(l)},
                         {"read_latency", to_json(result.read_latency)},
                         {"write_latency", to_json(result.write_latency)},
                         {"accesses", result.accesses},
                         {"row_hits", result.row_hits},
                         {"activates", result.activates},
                         {"masked_writes", result.masked_writes},
                         {"refreshes", result.refreshes},
                         {"power_downs", result.power_downs},
                         {"compared", result.compared},
                         {"stored", result.stored},
                         {"corrected", result.corrected},
                         {"uncorrected", result.uncorrected},
                         {"scrubbed", result.scrubbed},
                         {"read_modified", result.read_modified},
                         {"checks_read", result.checks_read},
                         {"checks_written", result.checks_written},
                         {"violations", result.violation.empty() ? 0 : 1}};
  if (!result.violation.empty()) json["violation"] = result.violation;
  return json;
}

}  // namespace s4::sw
