// Drives activation_array: streams of beats under random stalls, results against expectations.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/activation/activation_function.hpp"
#include "tb/model.hpp"

namespace s4::sw {

struct ActivationBeat {
  unsigned function = 0;
  bool table = false;
  std::uint64_t meta = 0;
  std::vector<std::uint16_t> data;  // one per lane
  std::vector<bool> valid;          // one per lane; empty: all
};

/// Chances per clock of an offered beat and of a ready output.
struct Stalls {
  unsigned in_percent = 100;
  unsigned out_percent = 100;
};

class ActivationBench {
 public:
  explicit ActivationBench(const std::string& config, tb::Kind kind = tb::Kind::kChecked,
                           tb::ModelOptions options = {});

  [[nodiscard]] unsigned lanes() const { return lanes_; }
  [[nodiscard]] tb::Model& model() { return *model_; }

  /// Writes the 256 bytes of a table, one row a clock.
  void load_table(const std::vector<std::uint8_t>& bytes);
  /// Sends the beats and returns each one's results; meta and order are checked (throws).
  std::vector<std::vector<std::uint16_t>> run(const std::vector<ActivationBeat>& beats,
                                              Stalls stalls = {});
  /// All 65,536 inputs of a function, in the order of their bit patterns.
  std::vector<std::uint16_t> all_inputs(activation::Function function, Stalls stalls = {});
  /// Clocks that the last run took.
  [[nodiscard]] std::uint64_t clocks() const { return clocks_; }
  [[nodiscard]] bool invalid();
  void clear_invalid();

 private:
  std::unique_ptr<tb::Model> model_;
  unsigned lanes_ = 0;
  std::uint64_t clocks_ = 0;
};

}  // namespace s4::sw
