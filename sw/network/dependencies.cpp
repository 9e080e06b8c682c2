#include "sw/network/dependencies.hpp"

#include <algorithm>
#include <stdexcept>

namespace s4::sw {
namespace {

using commands::Engine;

/// The token of a pair of engines.
unsigned token_of(std::size_t producer, std::size_t consumer) {
  constexpr std::array<std::array<int, kEngines>, kEngines> kTokens = [] {
    std::array<std::array<int, kEngines>, kEngines> table{};
    for (auto& row : table) row.fill(-1);
    const auto at = [](Engine e) { return static_cast<std::size_t>(e); };
    int next = 0;
    constexpr std::array kUsers = {Engine::kLoad, Engine::kSpu, Engine::kStore,
                                   Engine::kActivation};
    for (const Engine producer : kUsers) {
      for (const Engine consumer : kUsers) {
        if (producer == consumer) continue;
        table[at(producer)][at(consumer)] = next++;
      }
    }
    // What takes the place of weights comes from memory or from who makes it.
    for (const Engine producer : {Engine::kStore, Engine::kSpu, Engine::kActivation}) {
      table[at(producer)][at(Engine::kWeights)] = next++;
    }
    return table;
  }();
  const int token = kTokens[producer][consumer];
  if (token < 0) throw std::logic_error("no token between these engines");
  return static_cast<unsigned>(token);
}

}  // namespace

std::map<std::uint64_t, AccessMap::Users>::iterator AccessMap::split(std::uint64_t at) {
  const auto after = intervals_.upper_bound(at);
  if (after == intervals_.begin()) return intervals_.emplace_hint(after, at, Users{});
  const auto before = std::prev(after);
  if (before->first == at) return before;
  return intervals_.emplace_hint(after, at, before->second);
}

void AccessMap::access(std::uint64_t begin, std::uint64_t end, Engine engine, std::int64_t index,
                       bool write, LastCommands& needs) {
  if (begin >= end) return;
  split(end);
  const auto first = split(begin);
  const auto self = static_cast<std::size_t>(engine);
  for (auto at = first; at != intervals_.end() && at->first < end; ++at) {
    Users& users = at->second;
    for (std::size_t e = 0; e < kEngines; ++e) {
      const bool own = e == self;
      if (!own || (!write && engine == Engine::kSpu)) {
        needs[e] = std::max(needs[e], users.writers[e]);
      }
      if (!own && write) needs[e] = std::max(needs[e], users.readers[e]);
    }
    if (write) {
      users = Users();
      users.writers[self] = index;
    } else {
      users.readers[self] = index;
    }
  }
}

void AccessMap::read_for(std::uint64_t begin, std::uint64_t end, Engine user, std::int64_t index,
                         LastCommands& needs) {
  if (begin >= end) return;
  split(end);
  for (auto at = split(begin); at != intervals_.end() && at->first < end; ++at) {
    Users& users = at->second;
    for (std::size_t e = 0; e < kEngines; ++e) needs[e] = std::max(needs[e], users.writers[e]);
    std::int64_t& reader = users.readers[static_cast<std::size_t>(user)];
    reader = std::max(reader, index);
  }
}

void TokenPlanner::add(Engine engine, const LastCommands& needs) {
  masks_.emplace_back();
  const auto consumer = static_cast<std::size_t>(engine);
  for (std::size_t producer = 0; producer < kEngines; ++producer) {
    const std::int64_t command = needs[producer];
    if (producer == consumer) {
      masks_.back().after_former = command != kNoCommand && command == last_array_;
      continue;
    }
    std::int64_t& known = known_[producer][consumer];
    if (command <= known) continue;
    const auto mask = static_cast<std::uint16_t>(1U << token_of(producer, consumer));
    masks_[static_cast<std::size_t>(command)].signal |= mask;
    masks_.back().wait |= mask;
    known = command;
  }
  if (engine == Engine::kSpu) last_array_ = static_cast<std::int64_t>(masks_.size()) - 1;
}

std::uint32_t TokenPlanner::most_outstanding() const {
  std::array<std::int64_t, commands::kNumTokens> count{};
  std::int64_t most = 0;
  for (const TokenMasks& masks : masks_) {
    for (std::size_t t = 0; t < count.size(); ++t) {
      if (((masks.wait >> t) & 1U) != 0) --count[t];
      if (((masks.signal >> t) & 1U) != 0) ++count[t];
      most = std::max(most, count[t]);
    }
  }
  return static_cast<std::uint32_t>(most);
}

}  // namespace s4::sw
