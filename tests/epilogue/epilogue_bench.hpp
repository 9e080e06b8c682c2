// Drives the verilated `epilogue` with beats and compares its bytes with float arithmetic.
#pragma once
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "sim/reference/rounding.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "tb/model.hpp"

namespace s4::tests {

/// One beat: pixels x lanes accumulators and bytes, a bias and a scale for each lane.
struct EpilogueBeat {
  std::vector<std::int32_t> acc;
  std::vector<std::uint8_t> second;
  std::vector<std::int32_t> bias;
  std::vector<float> scale;
  std::uint64_t lane_valid = ~std::uint64_t{0};
};

/// Probabilities that the input offers and the output takes a beat, in percent.
struct Stalls {
  unsigned offer = 100;
  unsigned take = 100;
};

/// The formula of one lane in the host's float arithmetic. `rounding` other than kHalfEven is a
/// seeded fault of the requantisation.
[[nodiscard]] std::uint8_t epilogue_byte(const commands::SpuCommand& command, std::int32_t acc,
                                         std::int32_t bias, float scale, std::uint8_t second,
                                         ref::Rounding rounding = ref::Rounding::kHalfEven);

class EpilogueBench {
 public:
  explicit EpilogueBench(const std::string& config, tb::Kind kind = tb::Kind::kChecked,
                         tb::ModelOptions options = {});

  [[nodiscard]] unsigned lanes() const { return lanes_; }
  [[nodiscard]] unsigned pixels() const { return pixels_; }
  [[nodiscard]] unsigned results() const { return pixels_ * lanes_; }
  [[nodiscard]] tb::Model& model() { return *model_; }

  /// A beat of zeros with scales of 1.
  [[nodiscard]] EpilogueBeat beat() const;
  void set_command(const commands::SpuCommand& command);
  void offer(const EpilogueBeat& beat, std::uint32_t meta);
  /// Bytes and meta at the output now.
  [[nodiscard]] std::vector<std::uint8_t> bytes() const;

  /// Sends all beats through and counts the lanes that differ from the formula; the first few are
  /// described in `report()`. The pipeline is empty before and after. Throws if a beat is lost,
  /// is late or comes out of order.
  std::uint64_t mismatches(const commands::SpuCommand& command,
                           const std::vector<EpilogueBeat>& beats, Stalls stalls = {});
  [[nodiscard]] const std::string& report() const { return report_; }
  /// Clocks of the last call of mismatches().
  [[nodiscard]] std::uint64_t clocks() const { return clocks_; }

  tb::Port in_valid, in_ready, out_valid, out_ready, busy, out_meta;

 private:
  [[nodiscard]] std::uint64_t compare(const commands::SpuCommand& command, const EpilogueBeat& beat,
                                      std::size_t number);

  std::unique_ptr<tb::Model> model_;
  tb::Port acc_, param_, second_, lane_valid_, meta_, out_data_;
  unsigned lanes_ = 0;
  unsigned pixels_ = 0;
  std::mt19937_64 random_;
  std::string report_;
  unsigned reported_ = 0;
  std::uint64_t clocks_ = 0;
};

}  // namespace s4::tests
