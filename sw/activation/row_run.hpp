// Softmax and LayerNorm of random rows on the row engine and its model, measured against double.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/activation/row_bench.hpp"

namespace s4::sw {

/// Rows of numbers and what is to be done with them.
struct RowCase {
  commands::RowFunction function = commands::RowFunction::kSoftmax;
  std::uint32_t rows = 1, columns = 1;
  bool int8 = false;         ///< input and results are bytes, else BF16
  bool in_unsigned = false;  ///< uint8, else int8
  bool out_unsigned = false;
  float in_scale = 1;              ///< INT8: real value of an input step; zero points cancel out
  float out_scale = 1;             ///< INT8: real value of an output step
  int out_zero = 0;                ///< INT8: output byte of 0
  float epsilon = 1e-5F;           ///< LayerNorm
  std::vector<std::uint16_t> x;    ///< BF16 or bytes, row by row
  std::vector<float> gamma, beta;  ///< LayerNorm: of the columns, or empty
};

/// A case as a command and a local buffer: rows over channels, so word w of row r at w * rows + r,
/// the results behind the input, then the parameters.
struct RowProgram {
  commands::RowsCommand command;
  std::vector<std::uint8_t> local;
};

/// Normally distributed numbers with a scale and an offset of each row, and parameters; INT8
/// within -4 to 4. Throws as row_program() does.
[[nodiscard]] RowCase random_rows(commands::RowFunction function, std::uint32_t rows,
                                  std::uint32_t columns, bool int8, std::uint64_t seed);

/// Throws std::invalid_argument for a case that no command can say.
[[nodiscard]] RowProgram row_program(const RowCase& rows);

/// BF16 numbers or bytes of the results, row by row.
[[nodiscard]] std::vector<std::uint16_t> row_results(const RowCase& rows,
                                                     const RowProgram& program);

struct RowReport {
  std::string backend;
  std::uint64_t results = 0;
  /// Results farther from double than docs/blocks/row_engine.md promises.
  std::uint64_t mismatches = 0;
  /// BF16: units in the last place of the result in double, of 2^-6 at least for LayerNorm; INT8:
  /// output steps from the real number. A correctly rounded result stays within 0.5.
  double worst_error = 0;
  /// RTL only, 0 otherwise.
  std::uint64_t clocks = 0;
  double results_per_clock = 0;
};

/// Compares results with sim/reference/rows.hpp.
[[nodiscard]] RowReport judge_rows(const RowCase& rows, const std::vector<std::uint16_t>& results);

[[nodiscard]] nlohmann::json to_json(const RowReport& report);

}  // namespace s4::sw
