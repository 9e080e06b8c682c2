// Where tables that are built in float differ from correctly rounded ones; the page with charts.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "sw/activation/act_page.hpp"
#include "sw/activation/float_table.hpp"

using s4::activation::Function;

TEST_CASE("float-built tables: differences from correctly rounded ones, counted", "[activation]") {
  // docs/blocks/activation.md has these numbers: bytes that differ, bytes that may.
  struct Count {
    Function function;
    unsigned differing, may_differ;
  };
  const Count expected[] = {
      {Function::kGelu, 343, 684}, {Function::kGeluTanh, 352, 723},   {Function::kExp, 0, 0},
      {Function::kLog, 0, 0},      {Function::kReciprocal, 125, 349}, {Function::kRsqrt, 6, 33},
      {Function::kSqrt, 72, 145},  {Function::kSigmoid, 0, 59},       {Function::kTanh, 0, 0},
      {Function::kSilu, 27, 63},   {Function::kSoftplus, 42, 97},     {Function::kErf, 0, 0},
  };
  for (const Count& count : expected) {
    const auto got = s4::sw::count_differences(count.function);
    INFO(fmt::format("{}: {} of {} bytes differ in {} of {} tables, {} by more than a step, {} may",
                     s4::activation::kFunctionNames[static_cast<unsigned>(count.function)],
                     got.differing, got.entries, got.tables_differing, got.tables, got.far,
                     got.may_differ));
    CHECK(got.differing == count.differing);
    CHECK(got.may_differ == count.may_differ);
    CHECK(got.far == 0);
  }
}

TEST_CASE("float-built tables: a rounding in float decides otherwise", "[activation]") {
  unsigned differing = 0;
  for (int k = 1; k < 200; ++k) {
    const s4::sw::ByteQuantization x{0.01F * static_cast<float>(k), 0, false}, y{0.01F, 0, false};
    const auto exact = s4::sw::int8_table(Function::kReciprocal, x, y).bytes;
    const auto built = s4::sw::float_table(Function::kReciprocal, x, y);
    for (unsigned i = 0; i < 256; ++i) differing += exact[i] != built[i] ? 1 : 0;
  }
  CHECK(differing != 0);
}

TEST_CASE("page of the activation functions", "[activation]") {
  std::vector<s4::sw::ActivationReport> reports;
  for (const char* name : {"gelu", "erf"}) {
    s4::sw::ActivationReport report;
    report.function = name;
    report.backend = "functional";
    reports.push_back(report);
  }
  const std::string page = s4::sw::activation_page(reports);
  CHECK(page.find("<td>gelu</td><td>functional</td>") != std::string::npos);
  std::size_t charts = 0;
  for (std::size_t at = 0; (at = page.find("<svg", at)) != std::string::npos; ++at) ++charts;
  CHECK(charts == 2);
  CHECK(page.find("http") == page.find("http://www.w3.org/2000/svg"));  // names a format only
}
