// Starts and ends of a subsystem's commands, from its observation pins.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "sw/driver/device.hpp"
#include "tb/model.hpp"

namespace s4::sw {

class EngineTimeline {
 public:
  /// Pins obs_* of the model; those of subsystem n of a chip.
  explicit EngineTimeline(tb::Model& model, unsigned subsystem = 0);

  /// Before a clock edge, outputs evaluated.
  void sample();
  /// What was seen since the last time; commands that an error cut short end now.
  [[nodiscard]] std::vector<TimelineEvent> take();
  /// The command that the array or the row engine began last, since the last take().
  [[nodiscard]] std::optional<std::uint32_t> computing() const { return computing_; }

 private:
  static constexpr unsigned kEngines = 5;

  tb::Model* model_;
  unsigned first_;  // of this subsystem's engines
  tb::Port start_, done_, index_;
  std::deque<TimelineEvent> running_[kEngines];
  std::vector<TimelineEvent> events_;
  std::optional<std::uint32_t> computing_;
};

}  // namespace s4::sw
