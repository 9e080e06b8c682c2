// Every input of every function: RTL and functional model against MPFR.
#include <catch2/catch.hpp>
#include <string>

#include "sw/activation/activation_bench.hpp"
#include "sw/activation/judge.hpp"

namespace {

using s4::activation::Function;
using s4::activation::kFunctionCount;
using s4::activation::kFunctionNames;

std::string hex(unsigned x) {
  char text[8];
  std::snprintf(text, sizeof text, "%04x", x);
  return text;
}

}  // namespace

TEST_CASE("functional model: all inputs of all functions are correctly rounded", "[activation]") {
  for (unsigned code = 0; code < kFunctionCount; ++code) {
    const auto function = static_cast<Function>(code);
    const auto& expected = s4::sw::judged(function);
    unsigned wrong = 0;
    std::string first;
    for (unsigned x = 0; x < 65536; ++x) {
      const auto got = s4::sim::activation_function(function, static_cast<std::uint16_t>(x));
      if (got.value == expected[x].value && got.invalid == expected[x].invalid) continue;
      if (wrong++ == 0)
        first = hex(x) + " gives " + hex(got.value) + ", MPFR " + hex(expected[x].value);
    }
    INFO(kFunctionNames[code] << ": " << wrong << " wrong, first " << first);
    CHECK(wrong == 0);
  }
}

TEST_CASE("RTL: all inputs of all functions are correctly rounded", "[activation]") {
  s4::sw::ActivationBench bench("tiny");
  for (unsigned code = 0; code < kFunctionCount; ++code) {
    const auto function = static_cast<Function>(code);
    const auto& expected = s4::sw::judged(function);
    const auto got = bench.all_inputs(function);
    unsigned wrong = 0;
    std::string first;
    for (unsigned x = 0; x < 65536; ++x) {
      if (got[x] == expected[x].value) continue;
      if (wrong++ == 0)
        first = hex(x) + " gives " + hex(got[x]) + ", MPFR " + hex(expected[x].value);
    }
    INFO(kFunctionNames[code] << ": " << wrong << " wrong, first " << first);
    CHECK(wrong == 0);
    // One beat per clock: as many clocks as beats and the latency.
    CHECK(bench.clocks() == 65536 / bench.lanes() + 10);
  }
}
