// A line on stderr while a simulation takes long, and the host's patience.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace s4::sw {

class ProgressLine {
 public:
  /// `expected_cycles`: estimate of the whole run, 0 if there is none.
  ProgressLine(bool enabled, std::string what, std::uint64_t expected_cycles, double timeout_s);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// False once the timeout has passed. `where`: what runs now, such as a layer; asked only when
  /// the line is printed.
  [[nodiscard]] bool update(std::uint64_t cycles, const std::function<std::string()>& where = {});

 private:
  using Clock = std::chrono::steady_clock;

  bool enabled_;
  bool terminal_;
  std::string what_;
  std::uint64_t expected_cycles_;
  double timeout_s_;
  Clock::time_point begin_;
  Clock::time_point next_;
  bool shown_ = false;
};

}  // namespace s4::sw
