#include "tests/memory/legal_commands.hpp"

#include <algorithm>

namespace s4::memory_test {
namespace {

using Kind = sim::LpddrKind;
using sim::LpddrCommand;

constexpr unsigned kPast = 1900;  // CK after which nothing binds any more
constexpr unsigned kRefreshInterval = 7027;

bool reads(const LpddrCommand& c) { return sim::is_read(c.kind) || c.kind == Kind::kMrr; }
bool writes(const LpddrCommand& c) { return sim::is_write(c.kind); }
bool precharges(const LpddrCommand& c) { return c.kind == Kind::kPrePb || c.kind == Kind::kPreAb; }
bool edge(const LpddrCommand& c) { return c.kind == Kind::kPde || c.kind == Kind::kPdx; }
/// Commands that need their bank, or all banks, idle for good.
bool opens(const LpddrCommand& c) {
  return c.kind == Kind::kAct || c.kind == Kind::kRefPb || c.kind == Kind::kRefAb ||
         c.kind == Kind::kSre;
}
bool of_all(const LpddrCommand& c) {
  return c.kind == Kind::kPreAb || c.kind == Kind::kRefAb || c.kind == Kind::kSre;
}
bool share_bank(const LpddrCommand& a, const LpddrCommand& b) {
  if (!sim::has_bank(a.kind) && !of_all(a)) return false;
  if (!sim::has_bank(b.kind) && !of_all(b)) return false;
  return of_all(a) || of_all(b) || a.bank == b.bank;
}

struct Wait {
  const char* rule;
  unsigned clocks;  // last edge to last edge
};

/// Every rule between two commands of a rank.
template <typename Use>
void same_rank(const LpddrCommand& a, const LpddrCommand& b, Use use) {
  const unsigned length = sim::lpddr_length(b.kind);
  if (a.kind == Kind::kPde) return use(Wait{"tCKE", 14});
  if (a.kind == Kind::kPdx) return use(edge(b) ? Wait{"tCKE", 14} : Wait{"tXP", 13 + length});
  if (b.kind == Kind::kPdx) return;
  if (a.kind == Kind::kMrw) {
    use(b.kind == Kind::kMrw ? Wait{"tMRW", 18} : Wait{"tMRD", 26});
  }
  if (b.kind == Kind::kPde) {
    use(Wait{"tCMDCKE", 4});
    if (reads(a)) use(Wait{"tRDPDE", 47});
    if (writes(a)) use(Wait{"tWRPDE", a.kind == Kind::kWra ? 59u : 58u});
    return;
  }
  if (a.kind == Kind::kSrx) use(Wait{"tXSR", 518});
  if (a.kind == Kind::kZq && a.column == 1) use(Wait{"tZQLAT", 54});
  if (b.kind == Kind::kSrx) {
    if (a.kind == Kind::kSre) use(Wait{"tSR", 27});
    return;
  }
  if (a.kind == Kind::kRefAb) use(Wait{"tRFCab", 504});
  if (a.kind == Kind::kZq && a.column == 0 && b.kind == Kind::kZq) use(Wait{"tZQCAL", 1800});
  if (precharges(a) && precharges(b)) use(Wait{"tPPD", 4});
  const bool a_turns = a.kind == Kind::kAct || a.kind == Kind::kRefPb;
  const bool b_turns = b.kind == Kind::kAct || b.kind == Kind::kRefPb;
  if (a_turns && b_turns) use(Wait{"tRRD", 18});
  if (a.kind == Kind::kRefPb && b.kind == Kind::kRefPb) use(Wait{"tpbR2pbR", 162});
  if ((reads(a) && reads(b)) || (writes(a) && writes(b))) use(Wait{"tCCD", 8});
  if (reads(a) && writes(b)) use(Wait{"tRTW", 33});
  if (writes(a) && reads(b)) use(Wait{"tWTR", 43});
  if (!share_bank(a, b)) return;
  if (writes(a) && b.kind == Kind::kMwr) use(Wait{"tCCDMW", 32});
  if (a.kind == Kind::kAct && sim::has_column(b.kind)) use(Wait{"tRCD", 33});
  if (a.kind == Kind::kRefPb && (precharges(b) || opens(b))) use(Wait{"tRFCpb", 252});
  if (precharges(b)) {
    if (a.kind == Kind::kAct) use(Wait{"tRAS", 76});
    if (reads(a)) use(Wait{"tRTP", 14});
    if (writes(a)) use(Wait{"tWR", 58});
  }
  if (opens(b)) {
    if (a.kind == Kind::kPrePb) use(Wait{"tRPpb", 33});
    if (a.kind == Kind::kPreAb) use(Wait{"tRPab", 38});
    if (a.kind == Kind::kRda) use(Wait{"tRPpb", 14 + 33});
    if (a.kind == Kind::kWra) use(Wait{"tRPpb", 59 + 33});
  }
}

const char* other_rank(const LpddrCommand& a, const LpddrCommand& b, unsigned& clocks) {
  clocks = 0;
  if ((reads(a) && reads(b)) || (writes(a) && writes(b))) clocks = 14;
  if (reads(a) && writes(b)) clocks = 36;
  return "rank_switch";
}

}  // namespace

std::pair<std::uint64_t, std::string> LegalCommands::earliest(const LpddrCommand& command) const {
  const Rank& rank = ranks_[command.rank];
  const unsigned length = sim::lpddr_length(command.kind);
  std::uint64_t best = 10000 + length;
  std::string rule;
  bool tied = false;  // two intervals end together: both would be broken, none is the bound
  const auto use = [&](const std::string& name, std::uint64_t clock) {
    if (clock < best) return;
    if (clock == best) {
      const auto is_interval = [](const std::string& r) { return !r.empty() && r != "ca_bus"; };
      tied = tied || (is_interval(name) && is_interval(rule) && name != rule);
      return;
    }
    best = clock;
    rule = name;
    tied = false;
  };
  unsigned turns = 0;
  for (const LpddrCommand& a : past_) {
    // Order of the list, without a rule of its own.
    if (a.first + length - 1 > best) use("", a.first + length - 1);
    if (!edge(a) && !edge(command)) use("ca_bus", a.last() + length);
    if (a.rank != command.rank) {
      unsigned clocks = 0;
      const char* name = other_rank(a, command, clocks);
      if (clocks != 0) use(name, a.last() + clocks);
      continue;
    }
    same_rank(a, command, [&](Wait wait) { use(wait.rule, a.last() + wait.clocks); });
    if (a.kind == Kind::kAct && opens(command) && share_bank(a, command)) {
      const bool all = rank.by_all[a.bank];
      use(all ? "tRCab" : "tRCpb", a.last() + (all ? 114 : 108));
    }
    const bool a_turns = a.kind == Kind::kAct || a.kind == Kind::kRefPb;
    if (a_turns && ++turns == 4 && (command.kind == Kind::kAct || command.kind == Kind::kRefPb)) {
      use("tFAW", a.last() + 72);
    }
  }
  return {best, tied ? "" : rule};
}

Kind LegalCommands::choose_kind(const Rank& rank) {
  if (rank.asleep) return rank.down ? Kind::kPdx : (below(2) == 0 ? Kind::kSrx : Kind::kPde);
  if (rank.down) return Kind::kPdx;
  static constexpr struct {
    Kind kind;
    unsigned weight;
  } kMix[] = {{Kind::kAct, 30},   {Kind::kRd, 20},   {Kind::kRda, 4},    {Kind::kWr, 20},
              {Kind::kWra, 4},    {Kind::kMwr, 8},   {Kind::kPrePb, 20}, {Kind::kPreAb, 2},
              {Kind::kRefPb, 10}, {Kind::kRefAb, 2}, {Kind::kMrw, 1},    {Kind::kMrr, 2},
              {Kind::kPde, 2},    {Kind::kSre, 1},   {Kind::kZq, 1}};
  unsigned sum = 0;
  for (const auto& entry : kMix) sum += entry.weight;
  unsigned pick = below(sum);
  for (const auto& entry : kMix) {
    if (pick < entry.weight) return entry.kind;
    pick -= entry.weight;
  }
  return Kind::kAct;
}

bool LegalCommands::choose(LpddrCommand& c) {
  c = {};
  c.rank = static_cast<std::uint8_t>(below(2));
  Rank& rank = ranks_[c.rank];
  c.kind = choose_kind(rank);
  // Long before a refresh is overdue, one of all banks comes.
  const std::uint64_t now = past_.empty() ? 0 : past_.front().first;
  const bool any_open = std::any_of(rank.row, rank.row + 8, [](int row) { return row >= 0; });
  const bool late = now > rank.last_round + 5 * kRefreshInterval ||
                    now > 10000 + (rank.rounds + 5) * kRefreshInterval;
  if (late && !rank.asleep && !rank.down) {
    c.kind = any_open ? Kind::kPreAb : Kind::kRefAb;
  }
  if (sim::has_bank(c.kind)) c.bank = static_cast<std::uint8_t>(below(8));
  if (sim::has_row(c.kind)) c.row = static_cast<std::uint16_t>(below(65536));
  if (sim::has_column(c.kind)) c.column = static_cast<std::uint16_t>(16 * below(64));
  if (c.kind == Kind::kZq) c.column = rank.calibrating ? 1 : 0;
  const bool open = rank.row[c.bank] >= 0;
  if (sim::has_column(c.kind)) return open;
  if (c.kind == Kind::kAct) return !open;
  if (c.kind == Kind::kRefPb) return !open && (rank.refreshed >> c.bank & 1) == 0;
  if (c.kind == Kind::kRefAb || c.kind == Kind::kSre) return !any_open;
  return true;
}

void LegalCommands::take(const LpddrCommand& c) {
  Rank& rank = ranks_[c.rank];
  const auto close = [&](unsigned bank, bool all) {
    if (rank.row[bank] >= 0) rank.by_all[bank] = all;
    rank.row[bank] = -1;
  };
  const auto round = [&] {
    const std::uint64_t due = (c.last() - 10000) / kRefreshInterval;
    rank.rounds = std::min(rank.rounds + 1, due + 8);
    rank.last_round = c.last();
    rank.refreshed = 0;
  };
  switch (c.kind) {
    case Kind::kAct:
      rank.row[c.bank] = c.row;
      break;
    case Kind::kRda:
    case Kind::kWra:
    case Kind::kPrePb:
      close(c.bank, false);
      break;
    case Kind::kPreAb:
      for (unsigned b = 0; b < 8; ++b) close(b, true);
      break;
    case Kind::kRefPb:
      rank.refreshed |= 1u << c.bank;
      if (rank.refreshed == 255) round();
      break;
    case Kind::kRefAb:
      round();
      break;
    case Kind::kSrx:
      rank.asleep = false;
      break;
    case Kind::kPde:
    case Kind::kPdx:
      rank.down = c.kind == Kind::kPde;
      break;
    case Kind::kSre:
      rank.asleep = true;
      rank.refreshed = 0;
      break;
    case Kind::kZq:
      rank.calibrating = c.column == 0;
      break;
    default:
      break;
  }
  past_.push_front(c);
  while (past_.back().last() + kPast < c.first) past_.pop_back();
}

std::vector<LegalCommand> LegalCommands::make(unsigned count) {
  ranks_[0] = ranks_[1] = Rank{};
  ranks_[0].last_round = ranks_[1].last_round = 10000;
  past_.clear();
  std::vector<LegalCommand> result;
  while (result.size() < count) {
    LegalCommand next;
    if (!choose(next.command)) continue;
    auto [last, rule] = earliest(next.command);
    const unsigned slack = below(4) != 0 ? 0 : below(20) != 0 ? 1 + below(30) : below(2000);
    next.bound = slack == 0 ? rule : "";
    next.command.first = last + slack + 1 - sim::lpddr_length(next.command.kind);
    take(next.command);
    result.push_back(next);
  }
  return result;
}

}  // namespace s4::memory_test
