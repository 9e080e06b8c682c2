// Drives the verilated mac_quadrant and compares what it drains, clock by clock, with the host's
// own float operations (INT8 steps: integers).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tests/bf16/numbers.hpp"

namespace s4::tests {

struct QuadrantStep {
  bool bf16 = true;
  bool clear = false;
  bool set = false;
  unsigned bank = 0;
  std::vector<std::uint8_t> index;   ///< one per lane
  std::vector<std::uint16_t> value;  ///< one per lane, INT8 in the low byte
};

class Bf16QuadrantBench {
 public:
  static constexpr unsigned kBankSlots = 4;
  static constexpr unsigned kBankSize = 64;

  explicit Bf16QuadrantBench(const std::string& config, const tb::ModelOptions& options = {},
                             tb::Kind kind = tb::Kind::kChecked);

  [[nodiscard]] unsigned lanes() const { return config_.lanes_per_quadrant; }
  [[nodiscard]] unsigned pixels() const { return config_.pixels_per_quadrant; }
  [[nodiscard]] unsigned out_pixels() const { return config_.epilogue_pixels; }
  [[nodiscard]] unsigned beats() const { return pixels() / out_pixels(); }
  /// Empty, or the first difference.
  [[nodiscard]] const std::string& error() const { return error_; }
  /// Accumulators compared.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }
  /// Products of the BF16 steps so far.
  [[nodiscard]] std::uint64_t products() const { return products_; }

  /// Bytes of a bank, or of both of a pair, pixel by pixel; for the next clock.
  void fill(unsigned bank, std::uint64_t write, std::uint64_t zero,
            const std::vector<std::uint8_t>& data, bool is_unsigned = true, int zero_point = 0,
            bool both = false);
  void step(const QuadrantStep& step) { step_ = step, step_valid_ = true; }
  /// The low bytes of a BF16 step.
  void low(const QuadrantStep& step) { low_ = step.value, low_valid_ = true; }
  void drain(bool set, unsigned sel);
  /// One clock with what was asked for since the last one.
  void clock(unsigned count = 1);

  /// Fills both banks of a pair; x[pixel * 64 + channel].
  void fill_pair(unsigned bank, const std::vector<std::uint16_t>& x);
  /// Both clocks of a step.
  void bf16_step(const QuadrantStep& s) { low(s), clock(), step(s), clock(); }
  /// Waits until all sums are there and drains the whole set.
  void drain_all(bool set);

 private:
  /// Half a step on its way: what it read.
  struct Flight {
    unsigned due = 0;  ///< clocks until its sums are there
    unsigned half = 0;
    QuadrantStep step;
    std::vector<std::uint16_t> factor;  ///< [lane][pixel of the half]
  };

  void drive();
  void follow();
  void select(const QuadrantStep& step, unsigned half);
  void multiply_integers(const QuadrantStep& step);
  void add_products(const Flight& flight);
  void compare();

  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  std::vector<std::vector<std::int32_t>> operand_;
  std::vector<std::vector<std::uint32_t>> accumulator_;
  std::vector<std::uint32_t> shown_;
  std::vector<Flight> flights_;
  std::string error_;
  std::uint64_t compared_ = 0, products_ = 0;

  bool fill_valid_ = false, fill_both_ = false, step_valid_ = false, drain_valid_ = false,
       drain_set_ = false;
  unsigned fill_bank_ = 0, drain_sel_ = 0;
  std::uint64_t fill_write_ = 0, fill_zero_ = 0;
  std::vector<std::uint8_t> data_;
  bool unsigned_ = true;
  int zero_point_ = 0;
  std::vector<std::uint16_t> low_;
  bool low_valid_ = false;
  QuadrantStep step_, late_, later_;
  bool late_valid_ = false, later_valid_ = false;
};

}  // namespace s4::tests
