#include "sw/driver/case_activation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>

#include "sw/activation/int8_table.hpp"
#include "sw/activation/judge.hpp"

namespace s4::sw {
namespace {

constexpr const char* kAnyTable = "table";

double real_of(std::uint8_t bits, const ByteQuantization& q) {
  const std::int32_t byte = q.is_unsigned ? bits : static_cast<std::int8_t>(bits);
  return static_cast<double>(byte - q.zero) * q.scale;
}

/// A scale for the results of which few saturate, and any zero point.
ByteQuantization result_quantization(activation::Function function, const ByteQuantization& x,
                                     std::mt19937_64& random) {
  double most = 0;
  for (unsigned i = 0; i < 256; ++i) {
    const double y = sim::activation_real(function, real_of(static_cast<std::uint8_t>(i), x));
    if (std::isfinite(y)) most = std::max(most, std::min(std::fabs(y), 1000.0));
  }
  ByteQuantization y;
  y.is_unsigned = x.is_unsigned;
  y.scale = static_cast<float>(std::max(most, 1e-3) / static_cast<double>(100 + random() % 80));
  y.zero = static_cast<std::int32_t>(random() % 256) - (y.is_unsigned ? 0 : 128);
  return y;
}

void check_table(const Int8Table& table, activation::Function function, const ByteQuantization& x,
                 const ByteQuantization& y) {
  for (unsigned i = 0; i < 256; ++i) {
    const double real = real_of(static_cast<std::uint8_t>(i), x);
    const JudgedInteger judged = judged_quotient(function, real, y.scale);
    const long least = y.is_unsigned ? 0 : -128;
    // Far outside of the bytes the judge says how far no longer.
    const long steps = std::clamp(judged.value, -1000L, 1000L);
    const long value = judged.undefined ? y.zero : std::clamp(steps + y.zero, least, least + 255);
    if (table.bytes[i] != static_cast<std::uint8_t>(value)) {
      throw std::logic_error(
          fmt::format("table of {}: byte {} gives {}, MPFR {}",
                      activation::kFunctionNames[static_cast<std::size_t>(function)], i,
                      table.bytes[i], value));
    }
  }
}

}  // namespace

std::vector<std::string> activation_names() {
  std::vector<std::string> names(activation::kFunctionNames.begin(),
                                 activation::kFunctionNames.end());
  names.emplace_back(kAnyTable);
  return names;
}

FusedActivation make_activation(const std::string& name, const Layer& layer, std::uint64_t seed) {
  std::mt19937_64 random(seed * 0x9E3779B97F4A7C15ULL + 3);
  FusedActivation made;
  const bool wide = layer.geometry.out_bytes == 2;
  if (name == kAnyTable) {
    if (wide) throw CompileError(fmt::format("{}: a table is for results of bytes", layer.name));
    for (std::uint8_t& byte : made.table) byte = static_cast<std::uint8_t>(random());
    return made;
  }
  const activation::Function function = sim::activation_from_name(name);
  if (wide) {
    made.code = static_cast<std::uint8_t>(static_cast<unsigned>(function) + 1);
    return made;
  }
  const QuantParams& result = layer.add ? layer.add->sum : layer.output;
  const ByteQuantization x{result.scale, result.zero, layer.is_unsigned};
  const ByteQuantization y = result_quantization(function, x, random);
  const Int8Table table = int8_table(function, x, y);
  check_table(table, function, x, y);
  made.table = table.bytes;
  return made;
}

std::uint16_t reference_activation(const FusedActivation& activation, std::uint16_t x) {
  return judged(static_cast<activation::Function>(activation.code - 1)).at(x).value;
}

}  // namespace s4::sw
