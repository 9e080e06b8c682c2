#include "sw/activation/row_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "sim/reference/bfloat16.hpp"
#include "sim/reference/rows.hpp"
#include "sw/compiler/row_operation.hpp"

namespace s4::sw {
namespace {

using commands::RowFunction;

int byte_value(std::uint16_t x, bool is_unsigned) {
  return is_unsigned ? x : static_cast<std::int8_t>(x);
}

/// Real value of an input; of a byte without its zero point, which cancels out.
double real(const RowCase& rows, std::uint16_t x) {
  if (rows.int8) return double{rows.in_scale} * byte_value(x, rows.in_unsigned);
  return ref::from_bfloat16(x);
}

std::uint32_t words_of(std::uint32_t columns, bool int8) {
  const std::uint32_t per_word = int8 ? 64 : 32;
  return (columns + per_word - 1) / per_word;
}

/// Throws unless a local buffer addressed by 24 bits holds input, results and parameters.
void check_shape(std::uint32_t rows, std::uint32_t columns, bool int8) {
  if (rows == 0 || rows > UINT16_MAX || columns == 0 || columns > commands::kMaxColumns) {
    throw std::invalid_argument(fmt::format("{} rows of {} columns: rows 1 to {}, columns 1 to {}",
                                            rows, columns, UINT16_MAX, commands::kMaxColumns));
  }
  const std::uint64_t parameters = std::uint64_t{(columns + 31) / 32} * 4;
  if (2 * std::uint64_t{rows} * words_of(columns, int8) + parameters > (1U << 24)) {
    throw std::invalid_argument(
        fmt::format("{} rows of {} columns exceed 2^24 words of 64 bytes", rows, columns));
  }
}

RowOperation operation_of(const RowCase& rows) {
  RowOperation operation;
  operation.function = rows.function;
  operation.in_bf16 = operation.out_bf16 = !rows.int8;
  operation.in_unsigned = rows.in_unsigned;
  operation.low = rows.out_unsigned ? 0 : -128;
  operation.high = rows.out_unsigned ? 255 : 127;
  operation.in_scale = rows.in_scale;
  operation.out_scale = rows.out_scale;
  operation.out_zero = rows.out_zero;
  operation.epsilon = rows.epsilon;
  operation.gamma = rows.gamma;
  operation.beta = rows.beta;
  return operation;
}

/// Place of element `column` of a row in bytes, from the address and strides of a tensor.
std::uint64_t place(std::uint32_t addr, std::uint32_t row_stride, std::uint32_t word_stride,
                    std::uint32_t row, std::uint32_t column, bool int8) {
  const std::uint32_t per_word = int8 ? 64 : 32;
  return (addr + std::uint64_t{row} * row_stride + std::uint64_t{column / per_word} * word_stride) *
             64 +
         column % per_word * (int8 ? 1 : 2);
}

/// By how many units of 2^-22 float32 may miss a normalised number z of a row: mean + z *
/// deviation.
struct Loss {
  double mean = 0, deviation = 0;
};

Loss loss_of(const RowCase& rows, const std::vector<double>& x) {
  const auto count = static_cast<double>(x.size());
  double mean = 0, variance = 0;
  for (const double value : x) mean += value / count;
  for (const double value : x) variance += (value - mean) * (value - mean) / count;
  const double deviation = std::sqrt(variance + double{rows.epsilon});
  const double sums = 1 + count / 2048;
  const double first = std::fabs(x[0] - mean) / deviation;
  return {std::fabs(mean) / deviation + (1 + first) * sums, 2 + first * first};
}

}  // namespace

RowCase random_rows(RowFunction function, std::uint32_t rows, std::uint32_t columns, bool int8,
                    std::uint64_t seed) {
  check_shape(rows, columns, int8);
  RowCase c;
  c.function = function;
  c.rows = rows;
  c.columns = columns;
  c.int8 = int8;
  const bool softmax = function == RowFunction::kSoftmax;
  c.in_scale = 1.0F / 32;
  c.out_scale = softmax ? 1.0F / 256 : 1.0F / 32;
  c.out_zero = softmax ? -128 : 3;
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  c.x.reserve(std::size_t{rows} * columns);
  for (std::uint32_t r = 0; r < rows; ++r) {
    const float spread = int8 ? 1.0F : std::exp2(2 * normal(random));
    const float offset = int8 ? 0.5F * normal(random) : 4 * normal(random);
    for (std::uint32_t i = 0; i < columns; ++i) {
      const float value = offset + spread * normal(random);
      if (int8) {
        const float byte = std::clamp(std::nearbyint(value / c.in_scale), -128.0F, 127.0F);
        c.x.push_back(static_cast<std::uint8_t>(static_cast<std::int8_t>(byte)));
      } else {
        c.x.push_back(ref::to_bfloat16(value));
      }
    }
  }
  if (!softmax && columns <= commands::kMaxAffineColumns) {
    for (std::uint32_t i = 0; i < columns; ++i) {
      c.gamma.push_back(1 + 0.25F * normal(random));
      c.beta.push_back(0.25F * normal(random));
    }
  }
  return c;
}

RowProgram row_program(const RowCase& rows) {
  check_shape(rows.rows, rows.columns, rows.int8);
  RowProgram p;
  auto& c = p.command;
  const std::uint32_t words = words_of(rows.columns, rows.int8);
  const std::uint64_t tensor = std::uint64_t{rows.rows} * words;
  if (!rows.gamma.empty() && rows.columns > commands::kMaxAffineColumns) {
    throw std::invalid_argument(fmt::format("gamma and beta go with {} columns at most, not {}",
                                            commands::kMaxAffineColumns, rows.columns));
  }
  const RowOperation operation = operation_of(rows);
  c = row_command(operation, rows.columns);
  c.in_row = 1;
  c.in_word = rows.rows;
  c.out_addr = static_cast<std::uint32_t>(tensor);
  c.out_row = 1;
  c.out_word = rows.rows;
  c.rows = static_cast<std::uint16_t>(rows.rows);
  c.param_addr = static_cast<std::uint32_t>(2 * tensor);
  const std::vector<std::uint8_t> parameters = row_parameters(operation);
  p.local.assign(2 * tensor * 64 + parameters.size(), 0);
  for (std::uint32_t r = 0; r < rows.rows; ++r) {
    for (std::uint32_t i = 0; i < rows.columns; ++i) {
      const std::uint64_t at = place(0, c.in_row, c.in_word, r, i, rows.int8);
      const std::uint16_t x = rows.x[std::size_t{r} * rows.columns + i];
      p.local[at] = static_cast<std::uint8_t>(x);
      if (!rows.int8) p.local[at + 1] = static_cast<std::uint8_t>(x >> 8);
    }
  }
  std::copy(parameters.begin(), parameters.end(),
            p.local.begin() + static_cast<std::ptrdiff_t>(2 * tensor * 64));
  return p;
}

std::vector<std::uint16_t> row_results(const RowCase& rows, const RowProgram& p) {
  std::vector<std::uint16_t> y;
  y.reserve(std::size_t{rows.rows} * rows.columns);
  const auto& c = p.command;
  for (std::uint32_t r = 0; r < rows.rows; ++r) {
    for (std::uint32_t i = 0; i < rows.columns; ++i) {
      const std::uint64_t at = place(c.out_addr, c.out_row, c.out_word, r, i, rows.int8);
      unsigned value = p.local[at];
      if (!rows.int8) value |= p.local[at + 1] << 8;
      y.push_back(static_cast<std::uint16_t>(value));
    }
  }
  return y;
}

RowReport judge_rows(const RowCase& rows, const std::vector<std::uint16_t>& results) {
  RowReport report;
  report.results = results.size();
  const bool softmax = rows.function == RowFunction::kSoftmax;
  std::vector<double> gamma(rows.columns, 1.0), beta(rows.columns, 0.0), x(rows.columns);
  if (!rows.gamma.empty()) {
    gamma.assign(rows.gamma.begin(), rows.gamma.end());
    beta.assign(rows.beta.begin(), rows.beta.end());
  }
  for (std::uint32_t r = 0; r < rows.rows; ++r) {
    const std::size_t first = std::size_t{r} * rows.columns;
    for (std::uint32_t i = 0; i < rows.columns; ++i) x[i] = real(rows, rows.x[first + i]);
    const auto y =
        softmax ? ref::softmax_row(x) : ref::layer_norm_row(x, gamma, beta, double{rows.epsilon});
    const Loss loss = softmax ? Loss{} : loss_of(rows, x);
    for (std::uint32_t i = 0; i < rows.columns; ++i) {
      // What float32 may lose before the last rounding.
      const double lost =
          softmax ? 0x1p-15 * y[i]
                  : 0x1p-22 * (loss.deviation * std::fabs(y[i] - beta[i]) + 2 * std::fabs(beta[i]) +
                               loss.mean * std::fabs(gamma[i]));
      double got = 0, exact = y[i], unit = rows.out_scale, shown = unit;
      if (rows.int8) {
        const double least = unit * ((rows.out_unsigned ? 0 : -128) - rows.out_zero);
        got = unit * (byte_value(results[first + i], rows.out_unsigned) - rows.out_zero);
        exact = std::isnan(exact) ? least : std::clamp(exact, least, least + 255 * unit);
      } else {
        got = ref::from_bfloat16(results[first + i]);
        unit = std::ldexp(1.0, std::ilogb(std::max(std::fabs(exact), 0x1p-126)) - 7);
        shown = softmax ? unit : std::max(unit, 0x1p-13);
        if (softmax && exact < 0x1p-125 && got <= 0x1p-125) got = exact;
      }
      if (std::isnan(got) && std::isnan(exact)) continue;
      const double error = std::fabs(got - exact);
      report.mismatches += error <= 0.5 * unit + lost ? 0 : 1;
      report.worst_error =
          std::max(report.worst_error, std::isnan(error) ? INFINITY : error / shown);
    }
  }
  return report;
}

nlohmann::json to_json(const RowReport& report) {
  nlohmann::json json = {{"backend", report.backend},
                         {"results", report.results},
                         {"mismatches", report.mismatches},
                         {"worst_error", report.worst_error}};
  if (report.clocks != 0) {
    json["cycles"] = report.clocks;
    json["results_per_clock"] = report.results_per_clock;
  }
  return json;
}

}  // namespace s4::sw
