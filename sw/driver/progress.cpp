#include "sw/driver/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace s4::sw {
namespace {

constexpr auto kFirst = std::chrono::seconds(1);
constexpr auto kTerminalPeriod = std::chrono::milliseconds(250);
constexpr auto kLogPeriod = std::chrono::seconds(10);

}  // namespace

ProgressLine::ProgressLine(bool enabled, std::string what, std::uint64_t expected_cycles,
                           double timeout_s)
    : enabled_(enabled),
      terminal_(isatty(STDERR_FILENO) != 0),
      what_(std::move(what)),
      expected_cycles_(expected_cycles),
      timeout_s_(timeout_s),
      begin_(Clock::now()),
      next_(begin_ + kFirst) {}

ProgressLine::~ProgressLine() {
  if (shown_ && terminal_) fmt::print(stderr, "\r\033[K");
}

bool ProgressLine::update(std::uint64_t cycles, const std::function<std::string()>& where) {
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  if (seconds > timeout_s_) return false;
  if (!enabled_ || now < next_ || cycles == 0) return true;
  next_ = now + (terminal_ ? std::chrono::duration_cast<Clock::duration>(kTerminalPeriod)
                           : std::chrono::duration_cast<Clock::duration>(kLogPeriod));
  const double rate = static_cast<double>(cycles) / seconds;
  std::string left;
  if (expected_cycles_ > cycles) {
    left =
        fmt::format(", about {:.0f} s left", static_cast<double>(expected_cycles_ - cycles) / rate);
  }
  const std::string place = where ? where() : "";
  fmt::print(stderr, "{}{}{}{}: cycle {}, {:.1f} kHz{}{}", terminal_ ? "\r\033[K" : "", what_,
             place.empty() ? "" : ", ", place, cycles, rate / 1000, left, terminal_ ? "" : "\n");
  std::fflush(stderr);
  shown_ = true;
  return true;
}

}  // namespace s4::sw
