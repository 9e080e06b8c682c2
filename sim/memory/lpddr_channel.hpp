// Device model of one x16 LPDDR4X channel of one or two ranks of 8 Gb, at the pins of the
// controller: stores data, checks every rule of docs/blocks/memory_judges.md.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "sim/memory/lpddr_decoder.hpp"
#include "sim/memory/lpddr_rules.hpp"
#include "sim/memory/lpddr_startup.hpp"
#include "sim/memory/lpddr_store.hpp"

namespace s4::sim {

/// What the controller drives in one of its clocks: two CK, phase 0 the earlier.
struct LpddrOutputs {
  bool reset_n = false;
  std::uint8_t cke = 0;           ///< one bit a rank
  std::uint8_t cs = 0;            ///< {phase 1 rank 1, rank 0, phase 0 rank 1, rank 0}
  std::uint16_t ca = 0;           ///< {phase 1 CA[5:0], phase 0 CA[5:0]}
  std::uint8_t write_enable = 0;  ///< a bit a phase: 32 bits of data are on the pins
  std::uint64_t write_data = 0;   ///< {phase 1, phase 0}; earlier transfers lower
  std::uint8_t write_mask = 0;    ///< a bit a byte: not written
  std::uint8_t read_enable = 0;   ///< a bit a phase: data are expected
};
/// What the channel drives in the same clock.
struct LpddrInputs {
  std::uint8_t read_valid = 0;
  std::uint64_t read_data = 0;
};

struct LpddrCounts {
  std::array<std::uint64_t, kLpddrKinds> commands{};
  std::uint64_t row_hits = 0;  ///< column commands other than the first after an ACT

  [[nodiscard]] std::uint64_t of(LpddrKind kind) const {
    return commands[static_cast<std::size_t>(kind)];
  }
};

class LpddrChannel {
 public:
  using Watcher = std::function<void(const LpddrCommand&)>;

  explicit LpddrChannel(const LpddrTimings& timings = {}, unsigned ranks = 1);

  /// One clock of the controller, two CK; the first call is clock 0. The result depends only on
  /// earlier clocks. Throws LpddrViolation at the first broken rule; the model is then of no use.
  LpddrInputs clock(const LpddrOutputs& outputs);

  /// Called with every command at its last edge, in order of first edges, before it is judged.
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }

  [[nodiscard]] LpddrStore& store() { return store_; }
  [[nodiscard]] const LpddrRules& rules() const { return rules_; }
  [[nodiscard]] const LpddrStartup& startup() const { return startup_; }
  [[nodiscard]] const LpddrCounts& counts() const { return counts_; }
  /// CK of the next clock's first phase.
  [[nodiscard]] std::uint64_t ck() const { return ck_; }
  /// No data are due on the pins.
  [[nodiscard]] bool is_quiet() const { return writes_.empty() && reads_.empty(); }

 private:
  /// A burst that is due on the data pins.
  struct Burst {
    std::uint64_t start = 0;
    LpddrCommand command;
    unsigned row = 0;
    LpddrBurst data{};
    std::uint32_t mask = 0;
  };
  void pins(const LpddrOutputs& outputs);
  void take(const LpddrCommand& command);
  void write_phase(unsigned phase, const LpddrOutputs& outputs);
  void read_phase(unsigned phase, const LpddrOutputs& outputs, LpddrInputs& inputs);

  LpddrTimings t_;
  unsigned rank_count_;
  LpddrRules rules_;
  LpddrStartup startup_;
  LpddrDecoder decoder_;
  LpddrStore store_;
  LpddrCounts counts_;
  Watcher watcher_;
  std::deque<Burst> writes_, reads_;
  std::deque<LpddrCommand> edges_;  // of CKE, while a command is on the CA bus
  std::uint64_t ck_ = 0;
  unsigned cke_ = 0;
  bool reset_n_ = false;
  std::array<std::array<bool, 8>, 2> used_{};  // the open row had a column command
};

}  // namespace s4::sim
