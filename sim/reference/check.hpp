// Argument checks of the reference operators.
#pragma once

#include <cmath>
#include <stdexcept>
#include <string>

#include "sim/reference/rounding.hpp"

namespace s4::ref {

/// Throws std::invalid_argument("<op>: <what>") unless `holds`.
inline void require(bool holds, const char* op, const std::string& what) {
  if (!holds) throw std::invalid_argument(std::string(op) + ": " + what);
}

/// A scale is finite and positive, a zero point fits the type T.
template <typename T>
void require_quant(const Quant& quant, const char* op, const char* name) {
  require(std::isfinite(quant.scale) && quant.scale > 0.0F, op,
          std::string(name) + " scale " + std::to_string(quant.scale) + " is not positive");
  const Range range = full_range<T>();
  require(quant.zero_point >= range.low && quant.zero_point <= range.high, op,
          std::string(name) + " zero point " + std::to_string(quant.zero_point) + " is outside " +
              std::to_string(range.low) + ".." + std::to_string(range.high));
}

}  // namespace s4::ref
