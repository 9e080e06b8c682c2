#include "sim/memory/lpddr_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace s4::sim {
namespace {

bool on_bus(LpddrKind kind) { return kind != LpddrKind::kPde && kind != LpddrKind::kPdx; }
bool is_setup(LpddrKind kind) {
  return !on_bus(kind) || kind == LpddrKind::kMrw || kind == LpddrKind::kMrr ||
         kind == LpddrKind::kZq;
}
bool is_precharge(LpddrKind kind) { return kind == LpddrKind::kPrePb || kind == LpddrKind::kPreAb; }
bool is_all(LpddrKind kind) {
  return kind == LpddrKind::kPreAb || kind == LpddrKind::kRefAb || kind == LpddrKind::kSre;
}

}  // namespace

enum class LpddrRules::Interval : unsigned {
  kXP,
  kXSR,
  kZQLAT,
  kMRW,
  kMRD,
  kSR,
  kRFCab,
  kZQCAL,
  kPPD,
  kRRD,
  kFAW,
  kPbR2pbR,
  kRCD,
  kRFCpb,
  kRAS,
  kRTP,
  kWR,
  kRPpb,
  kRPab,
  kRCpb,
  kRCab,
  kCCD,
  kRTW,
  kWTR,
  kCCDMW,
  kRankSwitch,
  kCKE,
  kCMDCKE,
  kRDPDE,
  kWRPDE,
};

const char* LpddrRules::name(Interval rule) {
  constexpr const char* kNames[] = {
      "tXP",    "tXSR",        "tZQLAT", "tMRW",     "tMRD",   "tSR",    "tRFCab", "tZQCAL",
      "tPPD",   "tRRD",        "tFAW",   "tpbR2pbR", "tRCD",   "tRFCpb", "tRAS",   "tRTP",
      "tWR",    "tRPpb",       "tRPab",  "tRCpb",    "tRCab",  "tCCD",   "tRTW",   "tWTR",
      "tCCDMW", "rank_switch", "tCKE",   "tCMDCKE",  "tRDPDE", "tWRPDE"};
  return kNames[static_cast<unsigned>(rule)];
}

LpddrRules::LpddrRules(const LpddrTimings& timings, unsigned ranks) : t_(timings), ranks_(ranks) {
  if (ranks < 1 || ranks > 2) throw std::invalid_argument("a channel has 1 or 2 ranks");
}

bool LpddrRules::is_open(unsigned rank, unsigned bank) const {
  return ranks_[rank].banks[bank].open;
}
unsigned LpddrRules::row(unsigned rank, unsigned bank) const {
  return ranks_[rank].banks[bank].row;
}

void LpddrRules::start_refresh(unsigned rank, std::uint64_t clock) {
  Rank& r = ranks_.at(rank);
  r.counting = true;
  r.start = clock;
  for (Bank& b : r.banks) {
    b.done = 0;
    b.last_refresh = clock;
  }
  find_deadline();
}

void LpddrRules::need(Interval rule, const Stamp& stamp, std::uint64_t interval) {
  const std::uint64_t wanted = stamp.at + interval;
  if (!stamp.set || now_.last() >= wanted || wanted < worst_) return;
  if (wanted == worst_ && rule >= worst_rule_) return;
  worst_ = wanted;
  worst_rule_ = rule;
  worst_stamp_ = &stamp;
  worst_interval_ = interval;
}

void LpddrRules::refuse(const char* rule, const std::string& why, const Stamp* earlier) const {
  std::string text = fmt::format("{} broken by {}: {}", rule, describe(now_), why);
  if (earlier != nullptr && earlier->set) text += "; before it " + describe(earlier->command);
  throw LpddrViolation(
      rule, text,
      earlier != nullptr && earlier->set ? std::optional(earlier->command) : std::nullopt, now_);
}

void LpddrRules::command(const LpddrCommand& c) {
  now_ = c;
  if (c.rank >= ranks_.size()) refuse("rank", "there is no such rank");
  if (on_bus(c.kind) && bus_.set && c.first <= bus_.at) {
    refuse("ca_bus", "the CA bus is taken", &bus_);
  }
  Rank& rank = ranks_[c.rank];
  if (!rank.counting && !is_setup(c.kind)) start_refresh(c.rank, c.last());
  if (c.last() > deadline_) overdue(c.last(), c);
  check_state(c, rank);
  worst_ = 0;
  worst_stamp_ = nullptr;
  check_rank(c, rank);
  if (worst_stamp_ != nullptr) {
    const LpddrCommand before = worst_stamp_->command;
    throw LpddrViolation(
        name(worst_rule_),
        fmt::format(
            "{} broken: {} comes {} CK after {}{}, at least {} are needed", name(worst_rule_),
            describe(c), c.last() - std::min(c.last(), worst_stamp_->at), describe(before),
            worst_stamp_->at == before.last() ? "" : " has closed its bank", worst_interval_),
        before, c);
  }
  take(c, rank);
}

void LpddrRules::check_state(const LpddrCommand& c, const Rank& rank) const {
  if (rank.powered_down != (c.kind == LpddrKind::kPdx)) {
    refuse("power_down", rank.powered_down ? "CKE is low" : "CKE is high", &rank.down);
  }
  if (on_bus(c.kind) && rank.self_refresh != (c.kind == LpddrKind::kSrx)) {
    refuse("self_refresh", rank.self_refresh ? "the rank refreshes itself" : "no self refresh",
           rank.self_refresh ? &rank.self_entry : nullptr);
  }
  const Bank& bank = rank.banks[c.bank];
  if (has_column(c.kind) && !bank.open) {
    const bool all = bank.precharge_all.set && bank.precharge_all.at > bank.precharge.at;
    refuse("bank_state", "the bank is closed", all ? &bank.precharge_all : &bank.precharge);
  }
  if ((c.kind == LpddrKind::kAct || c.kind == LpddrKind::kRefPb) && bank.open) {
    refuse("bank_state", fmt::format("row {} is open", bank.row), &bank.act);
  }
  if (c.kind == LpddrKind::kRefAb || c.kind == LpddrKind::kSre) {
    for (const Bank& b : rank.banks) {
      if (b.open) refuse("bank_state", fmt::format("row {} is open", b.row), &b.act);
    }
  }
  if (c.kind == LpddrKind::kRefPb && (rank.refreshed_banks >> c.bank & 1) != 0) {
    refuse("refresh_order", "the bank had its refresh of this round", &bank.refreshed);
  }
}

void LpddrRules::check_rank(const LpddrCommand& c, const Rank& rank) {
  if (!on_bus(c.kind)) return check_down(rank);
  need(Interval::kXP, rank.up, t_.xp + lpddr_length(c.kind) - 1);
  need(Interval::kXSR, rank.self_exit, t_.xsr);
  need(Interval::kZQLAT, rank.zq_latch, t_.zq_latch);
  need(c.kind == LpddrKind::kMrw ? Interval::kMRW : Interval::kMRD, rank.mode,
       c.kind == LpddrKind::kMrw ? t_.mrw : t_.mrd);
  if (c.kind == LpddrKind::kSrx) return need(Interval::kSR, rank.self_entry, t_.sr);
  need(Interval::kRFCab, rank.refresh_all, t_.rfc_all);
  if (c.kind == LpddrKind::kZq) {
    if (c.column == 1) need(Interval::kZQCAL, rank.zq_start, t_.zq_calibrate);
    return;
  }
  if (c.kind == LpddrKind::kMrw) return;
  if (c.kind == LpddrKind::kMrr) return check_column(c, rank, nullptr);
  if (is_precharge(c.kind)) need(Interval::kPPD, rank.precharge, t_.ppd);
  if (c.kind == LpddrKind::kAct || c.kind == LpddrKind::kRefPb) {
    need(Interval::kRRD, rank.act, t_.rrd);
    need(Interval::kFAW, rank.window[rank.oldest], t_.faw);
  }
  if (c.kind == LpddrKind::kRefPb) need(Interval::kPbR2pbR, rank.refresh_bank, t_.pbr_to_pbr);
  if (is_all(c.kind)) {
    for (const Bank& b : rank.banks) check_bank(c, rank, b);
  } else {
    check_bank(c, rank, rank.banks[c.bank]);
  }
}

void LpddrRules::check_bank(const LpddrCommand& c, const Rank& rank, const Bank& bank) {
  if (has_column(c.kind)) {
    need(Interval::kRCD, bank.act, t_.rcd);
    return check_column(c, rank, &bank);
  }
  need(Interval::kRFCpb, bank.refresh, t_.rfc_bank);
  if (is_precharge(c.kind)) {
    need(Interval::kRAS, bank.act, t_.ras);
    need(Interval::kRTP, bank.read, t_.rtp);
    need(Interval::kWR, bank.write, t_.write_to_precharge());
    return;
  }
  // What follows opens or refreshes the bank.
  need(Interval::kRPpb, bank.precharge, t_.rp_bank);
  need(Interval::kRPab, bank.precharge_all, t_.rp_all);
  need(bank.all ? Interval::kRCab : Interval::kRCpb, bank.act, bank.all ? t_.rc_all : t_.rc_bank);
}

void LpddrRules::check_column(const LpddrCommand& c, const Rank& rank, const Bank* bank) {
  const bool writes = is_write(c.kind);
  need(writes ? Interval::kRTW : Interval::kCCD, rank.read, writes ? t_.read_to_write() : t_.ccd);
  need(writes ? Interval::kCCD : Interval::kWTR, rank.write, writes ? t_.ccd : t_.write_to_read());
  if (c.kind == LpddrKind::kMwr) need(Interval::kCCDMW, bank->write, t_.ccd_masked);
  // Bursts of the other rank: both on the data pins, some CK apart.
  const unsigned begins = writes ? t_.wl + t_.dqss : t_.rl + t_.dqsck;
  for (const Rank& other : ranks_) {
    if (&other == &rank) continue;
    const unsigned read = t_.read_end() + t_.rank_switch;
    const unsigned write = t_.write_end() + t_.rank_switch;
    if (read > begins) need(Interval::kRankSwitch, other.read, read - begins);
    if (write > begins) need(Interval::kRankSwitch, other.write, write - begins);
  }
}

void LpddrRules::check_down(const Rank& rank) {
  if (now_.kind == LpddrKind::kPdx) return need(Interval::kCKE, rank.down, t_.cke);
  need(Interval::kCKE, rank.up, t_.cke);
  need(Interval::kCMDCKE, rank.any, t_.command_to_cke);
  need(Interval::kMRD, rank.mode, t_.mrd);
  need(Interval::kRDPDE, rank.read, t_.read_end());
  need(Interval::kWRPDE, rank.write,
       t_.write_end() + (rank.write.command.kind == LpddrKind::kWra ? t_.n_wr : t_.wr));
}

void LpddrRules::take(const LpddrCommand& c, Rank& rank) {
  if (on_bus(c.kind)) {
    bus_ = c;
    rank.any = c;
  }
  Bank& bank = rank.banks[c.bank];
  // A precharge of a bank that closes itself later does not shorten that.
  const auto close = [&](Bank& b, bool all, unsigned later) {
    if (b.open) b.all = all;
    b.open = false;
    Stamp& stamp = all ? b.precharge_all : b.precharge;
    if (stamp.set && stamp.at > c.last() + later) return;
    stamp = c;
    stamp.at += later;
  };
  switch (c.kind) {
    case LpddrKind::kAct:
      bank.open = true;
      bank.row = c.row;
      bank.act = rank.act = c;
      rank.window[rank.oldest] = c;
      rank.oldest = (rank.oldest + 1) % 4;
      break;
    case LpddrKind::kRd:
    case LpddrKind::kRda:
      bank.read = rank.read = c;
      if (c.kind == LpddrKind::kRda) close(bank, false, t_.rtp);
      break;
    case LpddrKind::kWr:
    case LpddrKind::kWra:
    case LpddrKind::kMwr:
      bank.write = rank.write = c;
      if (c.kind == LpddrKind::kWra) close(bank, false, t_.write_end() + t_.n_wr);
      break;
    case LpddrKind::kPrePb:
      rank.precharge = c;
      close(bank, false, 0);
      break;
    case LpddrKind::kPreAb:
      rank.precharge = c;
      for (Bank& b : rank.banks) close(b, true, 0);
      break;
    case LpddrKind::kRefPb:
      rank.act = rank.refresh_bank = bank.refresh = c;
      rank.window[rank.oldest] = c;
      rank.oldest = (rank.oldest + 1) % 4;
      take_refresh(c, rank, 1u << c.bank);
      break;
    case LpddrKind::kRefAb:
      rank.refresh_all = c;
      take_refresh(c, rank, 255);
      break;
    case LpddrKind::kMrw:
      rank.mode = c;
      break;
    case LpddrKind::kMrr:
      rank.read = c;
      break;
    case LpddrKind::kPde:
      rank.powered_down = true;
      rank.down = c;
      break;
    case LpddrKind::kPdx:
      rank.powered_down = false;
      rank.up = c;
      break;
    case LpddrKind::kSre:
      rank.self_refresh = true;
      rank.self_entry = c;
      rank.refreshed_banks = 0;
      find_deadline();
      break;
    case LpddrKind::kSrx:
      rank.self_refresh = false;
      rank.self_exit = c;
      // The device kept itself: what was owed at the entry is still owed.
      rank.start += c.last() - rank.self_entry.at;
      for (Bank& b : rank.banks) b.last_refresh = c.last();
      find_deadline();
      break;
    case LpddrKind::kZq:
      (c.column == 0 ? rank.zq_start : rank.zq_latch) = c;
      if (++rank.calibrations == 2 && !rank.counting) start_refresh(c.rank, c.last());
      break;
  }
}

void LpddrRules::take_refresh(const LpddrCommand& c, Rank& rank, unsigned banks) {
  if (banks == 255) {
    rank.refreshed_banks = 0;  // also ends a round of REFPB
    ++rank.refresh_row;
  } else if ((rank.refreshed_banks |= banks) == 255) {
    rank.refreshed_banks = 0;
    ++rank.refresh_row;
  }
  for (unsigned b = 0; b < 8; ++b) {
    if ((banks >> b & 1) == 0) continue;
    Bank& bank = rank.banks[b];
    // More than `postponed` ahead of time do not count.
    const std::uint64_t due = (c.last() - rank.start) / t_.refi;
    bank.done = std::min(bank.done + 1, due + t_.postponed);
    bank.last_refresh = c.last();
    bank.refreshed = c;
  }
  find_deadline();
}

void LpddrRules::find_deadline() {
  deadline_ = std::numeric_limits<std::uint64_t>::max();
  for (const Rank& rank : ranks_) {
    if (!rank.counting || rank.self_refresh) continue;
    for (const Bank& b : rank.banks) {
      const std::uint64_t most = t_.postponed + 1;
      deadline_ = std::min(
          {deadline_, rank.start + (b.done + most) * t_.refi, b.last_refresh + most * t_.refi});
    }
  }
}

void LpddrRules::overdue(std::uint64_t clock, std::optional<LpddrCommand> by) const {
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    const Rank& rank = ranks_[r];
    if (!rank.counting || rank.self_refresh) continue;
    for (std::size_t b = 0; b < 8; ++b) {
      const Bank& bank = rank.banks[b];
      const std::uint64_t most = t_.postponed + 1;
      const bool debt = clock > rank.start + (bank.done + most) * t_.refi;
      if (!debt && clock <= bank.last_refresh + most * t_.refi) continue;
      const char* rule = debt ? "refresh_debt" : "refresh_interval";
      const auto before = bank.refreshed.set ? std::optional(bank.refreshed.command) : std::nullopt;
      throw LpddrViolation(
          rule,
          fmt::format("{} broken at CK {}{}: rank {} bank {} {}; its last refresh: {}", rule, clock,
                      by ? " (" + describe(*by) + ")" : "", r, b,
                      debt ? fmt::format("is owed more than {} refreshes", t_.postponed)
                           : fmt::format("had none for more than {} CK", most * t_.refi),
                      before ? describe(*before) : "none"),
          before, by);
    }
  }
  throw std::logic_error("no refresh is overdue");
}

}  // namespace s4::sim
