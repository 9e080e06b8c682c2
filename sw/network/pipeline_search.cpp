// How PipelineOrder follows the best orders.
#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "sw/network/pipeline_order.hpp"

namespace s4::sw {
namespace {

/// States in which the same tasks are taken, of which so many are followed.
constexpr std::ptrdiff_t kAlike = 2;
/// By how much a searched order must be better than one that does without foresight, percent: the
/// model errs with parts of few clocks. BERT-base, 128 tokens, 32x: 0.6 % better by the model, 2 %
/// worse on the RTL; 384 tokens: 5 % better by both.
constexpr std::uint64_t kDoubt = 2;
constexpr unsigned kLastRank = std::numeric_limits<unsigned>::max();

}  // namespace

bool PipelineOrder::may_take(const Leg& leg, const Place& at, std::size_t track) const {
  if (leg.tracks.size() == 1) return true;
  const PipelineTask& task = leg.tracks[track][at.taken[track]].task;
  const std::uint32_t head = task.heads.begin;
  const std::uint32_t ring = output_rings_[task.layer];
  for (std::size_t t = 0; t < leg.tracks.size(); ++t) {
    const std::size_t other = leg.layers[t];
    const std::size_t heads = at.taken[t] / commands(other);
    const Makers& own = makers_[task.layer];
    if ((own.input == other || own.second == other) && heads <= head) return false;
    const bool reads = makers_[other].input == task.layer || makers_[other].second == task.layer;
    if (reads && ring != 0 && heads + ring <= head) return false;
  }
  return true;
}

bool PipelineOrder::may_prefetch(const State& state, std::size_t taken) const {
  const std::size_t at = state.at.back().taken[0];
  const std::uint32_t sub = lanes_.back()[0].tracks[0][at].task.sub;
  return state.at[sub % plan_.lanes].leg >= read_until_[sub] && taken - at >= tasks_ * 3 / 4;
}

void PipelineOrder::judge(const State& state, Choice& choice) const {
  const Task& task = *choice.task;
  const std::uint64_t end = choice.start + task.clocks;
  const std::uint64_t array =
      task.rows ? state.array - state.array_work : end - state.array_work - task.clocks;
  const std::uint64_t rows =
      task.rows ? end - state.rows_work - task.clocks : state.rows - state.rows_work;
  std::uint64_t least = std::max(array + array_total_, rows + rows_total_);
  for (std::size_t l = 0; l < plan_.lanes; ++l) {
    if (state.at[l].leg == lanes_[l].size()) continue;
    const bool own = l == choice.lane;
    const std::uint64_t array_left = state.array_left[l] - (own && !task.rows ? task.clocks : 0);
    const std::uint64_t rows_left = state.rows_left[l] - (own && task.rows ? task.clocks : 0);
    least = std::max(least, (own ? std::max(end, state.lane[l]) : state.lane[l]) +
                                std::max(array_left, rows_left) + tails_[l][state.at[l].leg + 1]);
  }
  choice.idle = array + rows;
  choice.cost = least + choice.idle;
}

void PipelineOrder::add_choices(const State& state, std::size_t index, std::size_t taken,
                                std::vector<Choice>& choices) const {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    const Place& at = state.at[lane];
    if (at.leg == lanes_[lane].size()) continue;
    if (lane == plan_.lanes && !may_prefetch(state, taken)) continue;
    const Leg& leg = lanes_[lane][at.leg];
    for (std::size_t track = 0; track < leg.tracks.size(); ++track) {
      if (at.taken[track] == leg.tracks[track].size() || !may_take(leg, at, track)) continue;
      Choice choice{index, lane, track, &leg.tracks[track][at.taken[track]]};
      choice.ready = ready(choice.task->task, state);
      // What is prefetched replaces what the tasks taken so far read.
      const std::uint64_t behind = lane == plan_.lanes
                                       ? *std::max_element(state.begun.begin(), state.begun.end())
                                       : state.former[lane];
      choice.start = std::max({choice.ready, behind, choice.task->rows ? state.rows : state.array});
      judge(state, choice);
      choices.push_back(choice);
    }
  }
}

PipelineOrder::Order PipelineOrder::find(std::size_t width) const {
  const auto better = [](const Choice& a, const Choice& b) {
    if (a.cost != b.cost) return a.cost < b.cost;
    return a.idle != b.idle ? a.idle < b.idle : a.start < b.start;
  };
  std::vector<Link> links{{}};
  std::vector<State> states{begin()};
  std::vector<Choice> choices;
  for (std::size_t taken = 0;; ++taken) {
    choices.clear();
    for (std::size_t s = 0; s < states.size(); ++s) add_choices(states[s], s, taken, choices);
    if (choices.empty()) break;
    std::stable_sort(choices.begin(), choices.end(), better);
    std::vector<State> following;
    for (const Choice& choice : choices) {
      if (following.size() == width) break;
      State state = states[choice.state];
      take(choice, state);
      const auto alike = [&](const State& other) { return other.at == state.at; };
      const auto equal = [&](const State& other) {
        return alike(other) && other.array == state.array && other.rows == state.rows;
      };
      if (std::count_if(following.begin(), following.end(), alike) >= kAlike ||
          std::any_of(following.begin(), following.end(), equal)) {
        continue;
      }
      links.push_back({state.link, choice.task, choice.start});
      state.link = links.size() - 1;
      following.push_back(std::move(state));
    }
    states = std::move(following);
  }
  const State& best =
      *std::min_element(states.begin(), states.end(),
                        [](const State& a, const State& b) { return end_of(a) < end_of(b); });
  // A command that waits in front of others holds them up once its engine's queue is full.
  std::vector<Link> taken{{}};
  for (std::size_t at = best.link; at != 0; at = links[at].before) taken.push_back(links[at]);
  std::reverse(taken.begin() + 1, taken.end());
  std::stable_sort(taken.begin() + 1, taken.end(),
                   [](const Link& a, const Link& b) { return a.start < b.start; });
  for (std::size_t l = 1; l < taken.size(); ++l) taken[l].before = l - 1;
  State sorted = best;
  sorted.link = taken.size() - 1;
  return order_of(taken, sorted);
}

PipelineOrder::Order PipelineOrder::order_of(const std::vector<Link>& links,
                                             const State& state) const {
  Order order;
  for (std::size_t at = state.link; at != 0; at = links[at].before) {
    order.tasks.push_back(links[at].task->task);
  }
  std::reverse(order.tasks.begin(), order.tasks.end());
  order.end = end_of(state);
  return order;
}

unsigned PipelineOrder::rank(const Task& task) const {
  if (task.task.next) return kLastRank;
  if (segment_.heads(network_, task.task.layer) > 1) return 0;
  return static_cast<unsigned>(std::bit_width(layer_clocks_[task.task.layer]));
}

bool PipelineOrder::is_turn(const Leg& leg, const Place& at, std::size_t track) const {
  const auto step = [&](std::size_t t) {
    const PipelineTask& task = leg.tracks[t][at.taken[t]].task;
    return std::pair(task.heads.begin + phases_.delay[task.layer], t);
  };
  for (std::size_t t = 0; t < leg.tracks.size(); ++t) {
    if (at.taken[t] != leg.tracks[t].size() && step(t) < step(track)) return false;
  }
  return true;
}

PipelineOrder::Order PipelineOrder::first_come() const {
  State state = begin();
  std::vector<Link> links{{}};
  std::vector<Choice> choices;
  for (;; choices.clear()) {
    add_choices(state, 0, links.size() - 1, choices);
    for (Choice& c : choices) {
      c.start = std::max(c.ready, c.task->rows ? state.rows : state.array);
    }
    std::erase_if(choices, [&](const Choice& c) {
      const Place& at = state.at[c.lane];
      return !is_turn(lanes_[c.lane][at.leg], at, c.track);
    });
    if (choices.empty()) break;
    const Choice choice =
        *std::min_element(choices.begin(), choices.end(), [&](const Choice& a, const Choice& b) {
          if (a.start != b.start) return a.start < b.start;
          const unsigned first = rank(*a.task), second = rank(*b.task);
          if (a.task->rows == b.task->rows && first != second) return first < second;
          return a.ready < b.ready;
        });
    links.push_back({state.link, choice.task, choice.start});
    take(choice, state);
    state.link = links.size() - 1;
  }
  return order_of(links, state);
}

PipelineOrder::Order PipelineOrder::best(std::size_t width) const {
  Order first = first_come();
  Order found = find(width);
  return found.end * (100 + kDoubt) < first.end * 100 ? found : first;
}

std::vector<PipelineTask> pipeline_tasks(const Network& network, const Segment& segment,
                                         const Phases& phases, const SegmentPlan& plan,
                                         const config::Configuration& config,
                                         const std::vector<const LayerCost*>& costs) {
  return PipelineOrder(network, segment, phases, plan, config, costs).best(kFewOrders).tasks;
}

}  // namespace s4::sw
