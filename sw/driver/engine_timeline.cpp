#include "sw/driver/engine_timeline.hpp"

#include <utility>

namespace s4::sw {

EngineTimeline::EngineTimeline(tb::Model& model, unsigned subsystem)
    : model_(&model),
      first_(kEngines * subsystem),
      start_(model.port("obs_start_o")),
      done_(model.port("obs_done_o")),
      index_(model.port("obs_index_o")) {}

void EngineTimeline::sample() {
  const std::uint64_t starts = start_.get() >> first_ & ((1U << kEngines) - 1);
  const std::uint64_t dones = done_.get() >> first_ & ((1U << kEngines) - 1);
  if ((starts | dones) == 0) return;
  for (unsigned e = 0; e < kEngines; ++e) {
    if ((dones >> e & 1U) != 0 && !running_[e].empty()) {
      TimelineEvent event = running_[e].front();
      running_[e].pop_front();
      event.end = model_->cycle() + 1;
      events_.push_back(event);
    }
    if ((starts >> e & 1U) != 0) {
      const auto engine = static_cast<commands::Engine>(e + 1);
      const std::uint32_t command = index_.word(first_ + e);
      running_[e].push_back({engine, command, model_->cycle(), 0});
      const bool computes =
          engine == commands::Engine::kSpu || engine == commands::Engine::kActivation;
      if (computes) computing_ = command;
    }
  }
}

std::vector<TimelineEvent> EngineTimeline::take() {
  for (auto& queue : running_) {
    for (TimelineEvent& event : queue) {
      event.end = model_->cycle();
      events_.push_back(event);
    }
    queue.clear();
  }
  computing_.reset();
  return std::exchange(events_, {});
}

}  // namespace s4::sw
