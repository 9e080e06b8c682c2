// The result of running one network at several sparsities, as JSON and as a page.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sw/report/layer_page.hpp"
#include "sw/report/score_error.hpp"
#include "sw/report/svg.hpp"

namespace s4::sw {

/// One network at one sparsity. Accuracies and utilisation are fractions of 1.
struct Variant {
  double sparsity = 1;
  double accuracy_float = 0;  ///< of the pruned network before quantisation, on the host
  double accuracy_int8 = 0;   ///< of the quantised network, by the reference
  double accuracy_rtl = 0;    ///< of the bytes that the RTL wrote
  ScoreError score_error;     ///< of the RTL, against the float network
  /// Of all layers of the row engine: steps of the result between it and the real number, at most.
  std::optional<double> worst_row_error;
  double cycles_per_image = 0;
  /// On LPDDR4X, where that was run beside the ideal memory, and bytes that differed there.
  std::optional<double> lpddr4_cycles_per_image;
  std::uint64_t lpddr4_mismatches = 0;
  /// Of the whole chip, where it was run: the images' way there over AXI4 too, to the last result.
  std::optional<double> chip_cycles_per_image;
  std::uint64_t chip_mismatches = 0;
  double chip_khz = 0;
  double ideal_cycles_per_image = 0;
  double speedup = 1;  ///< against the first variant
  double utilisation = 0;
  std::uint64_t weight_bytes = 0;        ///< as stored: indices and values
  std::uint64_t dense_weight_bytes = 0;  ///< one byte per weight
  std::uint64_t mismatches = 0;
  bool ok = false;  ///< every comparison was made and held
  double khz = 0;   ///< simulated clocks per second
  double mac_per_s = 0;
  double wall_s = 0;
  std::vector<LayerRow> layers;
  svg::Timeline timeline;    ///< of the engines, one batch
  std::vector<int> answers;  ///< per shown sample
};

/// A test image and what it shows.
struct Sample {
  std::size_t number = 0;  ///< in the test set
  int label = 0;
  unsigned width = 0;
  unsigned height = 0;
  std::vector<float> pixels;  ///< 0 to 1
};

struct RunReport {
  std::string title;
  std::string network;  ///< "digits: conv 1-64, ..."
  std::string data;     ///< which images, how many, how split
  std::string config;
  std::string memory;                   ///< what the memory behind the port is
  std::string lpddr4_memory;            ///< what it is where it was run beside that, else empty
  std::string where = "one subsystem";  ///< that all figures are of
  std::string chip;                     ///< how the whole chip was run beside it, or empty
  std::string chip_column;              ///< heading of chip_cycles_per_image; empty: none has it
  std::uint32_t macs_per_clock = 0;
  std::size_t images = 0;
  double accuracy_dense_float = 0;
  std::vector<Variant> variants;
  std::vector<Sample> samples;
  double wall_s = 0;

  [[nodiscard]] bool ok() const;
};

/// `variants` holds for each: sparsity, accuracy_float, accuracy_int8, accuracy_rtl,
/// cycles_per_image, speedup, utilisation, weight_bytes, mismatches, and more.
[[nodiscard]] nlohmann::json to_json(const RunReport& report);

/// What was compared and whether it held, in a sentence.
[[nodiscard]] std::string verdict(const RunReport& report);

/// One file without references to others.
[[nodiscard]] std::string to_html(const RunReport& report);

/// Throws std::runtime_error if the file cannot be written.
void write_text(const std::string& path, const std::string& text);

}  // namespace s4::sw
