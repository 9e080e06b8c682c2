#include "sim/memory/lpddr_startup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/memory/lpddr_rules.hpp"

namespace s4::sim {
namespace {

constexpr std::array<unsigned, 8> kReadLatency{6, 10, 14, 20, 24, 28, 32, 36};
constexpr std::array<unsigned, 8> kWriteLatencySetA{4, 6, 8, 10, 12, 14, 16, 18};
constexpr std::array<unsigned, 8> kWriteRecovery{6, 10, 16, 20, 24, 30, 34, 40};

[[noreturn]] void refuse(const char* rule, std::uint64_t ck, const std::string& why) {
  throw LpddrViolation(rule, fmt::format("{} broken at CK {}: {}", rule, ck, why), std::nullopt,
                       std::nullopt);
}

[[noreturn]] void refuse(const char* rule, const LpddrCommand& c, const std::string& why) {
  throw LpddrViolation(rule, fmt::format("{} broken by {}: {}", rule, describe(c), why),
                       std::nullopt, c);
}

}  // namespace

unsigned LpddrStartup::pins(std::uint64_t ck, bool reset_n, unsigned cke) {
  if (!seen_ || (reset_n_ && !reset_n)) {
    seen_ = true;
    reset_n_ = false;
    low_since_ = ck;
    ranks_ = {};
    cke_high_.reset();
  }
  if (!reset_n) {
    if (cke != 0) cke_high_ = ck;
    return 0;
  }
  if (!reset_n_) {
    reset_n_ = true;
    high_since_ = ck;
    if (ck - low_since_ < t_.init1) {
      refuse("tINIT1", ck,
             fmt::format("RESET_n was low for {} CK, at least {} are needed", ck - low_since_,
                         t_.init1));
    }
    if (cke != 0 || (cke_high_ && ck - *cke_high_ <= t_.init2)) {
      refuse("tINIT2", ck, fmt::format("CKE is not low for {} CK before RESET_n", t_.init2));
    }
  }
  unsigned rose = 0;
  for (unsigned r = 0; r < 2; ++r) {
    Rank& rank = ranks_[r];
    if (rank.up || (cke >> r & 1) == 0) continue;
    if (ck - high_since_ < t_.init3) {
      refuse("tINIT3", ck,
             fmt::format("CKE of rank {} rises {} CK after RESET_n, at least {} are needed", r,
                         ck - high_since_, t_.init3));
    }
    rank.up = true;
    rank.up_since = ck;
    rose |= 1u << r;
  }
  return rose;
}

void LpddrStartup::command(const LpddrCommand& c) {
  Rank& rank = ranks_[c.rank];
  if (!rank.up) refuse("startup", c, "CKE was not high since RESET_n");
  if (c.first < rank.up_since + t_.init5) {
    refuse("tINIT5", c,
           fmt::format("{} CK after CKE rose, at least {} are needed", c.first - rank.up_since,
                       t_.init5));
  }
  if (c.kind == LpddrKind::kMrw) {
    check_mode(c);
    rank.modes[c.row % 64] = static_cast<std::uint8_t>(c.column);
    rank.written |= std::uint64_t{1} << c.row % 64;
  } else if (c.kind == LpddrKind::kZq) {
    if (c.column == 1 && !rank.started) refuse("startup", c, "no calibration was started");
    if (c.column == 0) {
      rank.started = c;
    } else {
      rank.started.reset();
      rank.ready = true;
    }
  } else if (c.kind != LpddrKind::kMrr) {
    if (!rank.ready) refuse("startup", c, "no calibration was latched yet");
    if ((rank.written & 6) != 6) refuse("startup", c, "MR1 and MR2 were not written");
    if (c.kind == LpddrKind::kMwr && (rank.modes[13] >> 5 & 1) != 0) {
      refuse("mode_register", c, "MR13 switches masks off");
    }
  }
}

void LpddrStartup::check_mode(const LpddrCommand& c) const {
  const unsigned value = c.column;
  const auto expect = [&](const char* what, unsigned got, unsigned wanted) {
    if (got != wanted) {
      refuse("mode_register", c, fmt::format("{} {}, {} is needed", what, got, wanted));
    }
  };
  switch (c.row) {
    case 1:
      if ((value & 3) != 0) refuse("mode_register", c, "bursts are not of 16 transfers");
      expect("nWR", kWriteRecovery[value >> 4 & 7], t_.n_wr);
      break;
    case 2:
      if ((value & 0xc0) != 0) refuse("mode_register", c, "write levelling, or set B");
      expect("RL", kReadLatency[value & 7], t_.rl);
      expect("WL", kWriteLatencySetA[value >> 3 & 7], t_.wl);
      break;
    case 3:
      if ((value & 0xc0) != 0) refuse("mode_register", c, "data are inverted");
      break;
    default:
      break;
  }
}

}  // namespace s4::sim
