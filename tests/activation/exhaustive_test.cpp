// The sweep over all inputs: correct RTL passes, a seeded bug is counted and located.
#include "sw/activation/exhaustive.hpp"

#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"

namespace {

using s4::activation::Function;
using s4::sw::ActivationBench;
using s4::sw::default_sweep;

}  // namespace

TEST_CASE("sweep: the array and the model are correct, half an ulp at most", "[activation]") {
  ActivationBench bench("tiny");
  for (const Function function : {Function::kSigmoid, Function::kLog}) {
    const auto rtl = s4::sw::sweep_rtl(bench, default_sweep(function, false));
    const auto model = s4::sw::sweep_functional(default_sweep(function, false));
    CHECK(rtl.correct());
    CHECK(model.correct());
    CHECK(rtl.results == model.results);
    CHECK(rtl.results.size() == 65536);
    CHECK(rtl.worst_ulp > 0.49);
    CHECK(rtl.worst_ulp <= 0.5);
    CHECK(rtl.latency == 10);
    CHECK(rtl.results_per_clock == rtl.lanes);
  }
  for (unsigned code = 0; code < s4::activation::kFunctionCount; ++code) {
    const auto sweep = default_sweep(static_cast<Function>(code), true);
    const auto rtl = s4::sw::sweep_rtl(bench, sweep);
    INFO(s4::sw::to_text(rtl));
    CHECK(rtl.correct());
    CHECK(rtl.results == s4::sw::sweep_functional(sweep).results);
  }
}

TEST_CASE("sweep: a seeded bug is counted", "[activation]") {
  ActivationBench bench(
      "tiny", s4::tb::Kind::kFast,
      s4::tests::seeded_bug("rtl/activation/activation_round.sv", "activation_truncates",
                            "kept[0] && (lost || kept[1])", "1'b0"));
  const auto report = s4::sw::sweep_rtl(bench, default_sweep(Function::kSigmoid, false));
  CHECK_FALSE(report.correct());
  CHECK(report.mismatches > 100);
  CHECK(report.worst_ulp > 0.5);
  CHECK(s4::sw::to_text(report).find("first: input") != std::string::npos);
}
