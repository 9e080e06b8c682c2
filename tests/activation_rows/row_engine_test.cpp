// Row engine against its model, bit for bit; shapes, stalls, special numbers, refusals, rate, bugs.
#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <random>

#include "sim/activation/row_engine.hpp"
#include "sw/activation/row_run.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using s4::commands::RowFunction;
using s4::commands::RowsCommand;
using s4::sw::PortStalls;
using s4::sw::RowBench;
using s4::sw::RowCase;

constexpr RowFunction kFunctions[] = {RowFunction::kSoftmax, RowFunction::kLayerNorm,
                                      RowFunction::kStatistics};

/// Bytes that differ after the command; every byte if the engine refuses it.
std::size_t differences(RowBench& bench, const s4::sw::RowProgram& program, PortStalls stalls) {
  std::vector<std::uint8_t> rtl = program.local, model = program.local;
  if (!bench.run(program.command, rtl, stalls)) return rtl.size();
  s4::sim::run_rows(program.command, model);
  std::size_t count = 0;
  for (std::size_t i = 0; i < rtl.size(); ++i) count += rtl[i] != model[i] ? 1 : 0;
  return count;
}

/// A case as a program; statistics leave a word per row where the results would be.
s4::sw::RowProgram program_of(RowCase rows) {
  if (rows.function == RowFunction::kStatistics) rows.gamma.clear();
  return s4::sw::row_program(rows);
}

/// Rows of numbers that no average shows.
std::vector<std::vector<std::uint16_t>> special_rows(std::uint32_t columns) {
  constexpr std::uint16_t kInf = 0x7F80, kMinusInf = 0xFF80, kNan = 0x7FC1, kMost = 0x7F7F,
                          kLeast = 0xFF7F, kOne = 0x3F80;
  std::mt19937_64 random(s4::tb::seed());
  std::vector<std::vector<std::uint16_t>> rows;
  const auto add = [&](std::uint16_t all) -> std::vector<std::uint16_t>& {
    return rows.emplace_back(columns, all);
  };
  for (const std::uint16_t x : {kOne, std::uint16_t{0}, std::uint16_t{0x8000}, kInf, kMinusInf,
                                kNan, kMost, kLeast, std::uint16_t{0x0001}}) {
    add(x);  // all equal
  }
  for (const std::uint16_t x : {kInf, kMinusInf, kNan, kMost, kLeast, std::uint16_t{0x42C8}}) {
    add(0)[columns / 2] = x;  // one hot
    add(kLeast)[columns - 1] = x;
    add(kMinusInf)[0] = x;
  }
  for (unsigned i = 0; i < 6; ++i) {  // any bits, then any finite, then rising
    auto& row = add(0);
    for (auto& x : row) {
      x = static_cast<std::uint16_t>(random());
      if (i > 1 && (x & kInf) == kInf) x ^= 0x4000;
    }
    if (i == 4) std::sort(row.begin(), row.end(), [](auto a, auto b) { return a < b; });
  }
  auto& rising = add(0);  // the ceiling grows with every beat
  for (std::uint32_t i = 0; i < columns; ++i) {
    rising[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(0.25F * i) >> 16);
  }
  auto& huge = add(0);  // neighbours where x * factor is limited
  for (std::uint32_t i = 0; i < columns; ++i) huge[i] = static_cast<std::uint16_t>(0x4800 + i % 97);
  return rows;
}

}  // namespace

TEST_CASE("row engine: shapes, types and stalls", "[rows]") {
  RowBench bench("tiny");
  std::mt19937_64 random(s4::tb::seed());
  for (const RowFunction function : kFunctions) {
    for (const std::uint32_t columns : {1, 2, 31, 32, 33, 63, 64, 65, 97, 128, 768}) {
      for (const bool int8 : {false, true}) {
        const std::uint32_t count = 1 + static_cast<std::uint32_t>(random() % 5);
        auto program = program_of(s4::sw::random_rows(function, count, columns, int8, random()));
        program.command.in_unsigned = static_cast<std::uint8_t>(random() % 2);
        if (random() % 4 == 0) program.command.affine = 0;
        const PortStalls stalls{static_cast<unsigned>(20 + random() % 81),
                                static_cast<unsigned>(20 + random() % 81)};
        INFO("function " << static_cast<int>(function) << ", " << columns << " columns, int8 "
                         << int8 << ", rows " << count);
        CHECK(differences(bench, program, stalls) == 0);
        // The other type of results; both have room in twice the words.
        program.command.out_bf16 ^= 1;
        program.command.out_word = 1;
        program.command.out_row = (columns + 31) / 32;
        program.command.param_addr += count * ((columns + 31) / 32);
        program.local.resize(program.local.size() + count * ((columns + 31) / 32) * 64);
        CHECK(differences(bench, program, stalls) == 0);
      }
    }
  }
}

TEST_CASE("row engine: special numbers", "[rows]") {
  RowBench bench("tiny");
  for (const std::uint32_t columns : {40U, 200U}) {
    RowCase rows;
    for (const auto& row : special_rows(columns)) {
      rows.x.insert(rows.x.end(), row.begin(), row.end());
    }
    rows.columns = columns;
    rows.rows = static_cast<std::uint32_t>(rows.x.size() / columns);
    for (const RowFunction function : kFunctions) {
      rows.function = function;
      for (const std::uint32_t factor : {0x3FB8AA3BU, 0x3F800000U, 0x1F000000U, 0x5F123456U}) {
        auto program = program_of(rows);
        program.command.factor = factor;
        if (factor == 0x3F800000U) program.command.epsilon = 0;
        INFO("function " << static_cast<int>(function) << ", factor " << std::hex << factor);
        CHECK(differences(bench, program, {}) == 0);
      }
    }
    // Against double: NaN and infinities where they belong.
    rows.function = RowFunction::kSoftmax;
    auto program = program_of(rows);
    REQUIRE(bench.run(program.command, program.local));
    const auto report = s4::sw::judge_rows(rows, s4::sw::row_results(rows, program));
    CHECK(report.mismatches == 0);
    CHECK(report.worst_error < 0.502);
  }
}

TEST_CASE("row engine: within the stated error of double", "[rows]") {
  const bool full = s4::tb::full_run();
  for (const RowFunction function : {RowFunction::kSoftmax, RowFunction::kLayerNorm}) {
    for (const bool int8 : {false, true}) {
      for (const std::uint32_t columns : {1U, 5U, 64U, 384U, 768U, 4096U, 65536U}) {
        const std::uint32_t count =
            std::min((full ? 2000000U : 100000U) / columns + 1, std::uint32_t{UINT16_MAX});
        const RowCase rows =
            s4::sw::random_rows(function, count, columns, int8, s4::tb::seed() + columns);
        auto program = s4::sw::row_program(rows);
        s4::sim::run_rows(program.command, program.local);
        const auto report = s4::sw::judge_rows(rows, s4::sw::row_results(rows, program));
        INFO("function " << static_cast<int>(function) << ", int8 " << int8 << ", " << columns
                         << " columns: " << report.worst_error);
        CHECK(report.mismatches == 0);
      }
    }
  }
}

TEST_CASE("row engine: LayerNorm of rows that begin with an outlier, or lie far off", "[rows]") {
  RowBench bench("tiny");
  for (const float outlier : {1.0F, 30.0F, 1000.0F}) {
    for (const float offset : {0.0F, 100.0F, -30000.0F}) {
      RowCase rows = s4::sw::random_rows(RowFunction::kLayerNorm, 4, 700, false, s4::tb::seed());
      std::mt19937_64 random(s4::tb::seed());
      std::normal_distribution<float> normal;
      for (std::size_t i = 0; i < rows.x.size(); ++i) {
        const float value = offset + (i % 700 == 0 ? outlier : normal(random));
        rows.x[i] = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
      }
      auto program = s4::sw::row_program(rows);
      CHECK(differences(bench, program, {}) == 0);
      s4::sim::run_rows(program.command, program.local);
      const auto report = s4::sw::judge_rows(rows, s4::sw::row_results(rows, program));
      INFO("outlier " << outlier << ", offset " << offset << ": " << report.worst_error);
      CHECK(report.mismatches == 0);
      CHECK(report.worst_error < 0.6);
    }
  }
}

TEST_CASE("row engine: 32 elements per clock on each stream", "[rows]") {
  const bool full = s4::tb::full_run();
  RowBench bench(full ? "s4" : "tiny", full ? s4::tb::Kind::kFast : s4::tb::Kind::kChecked);
  struct Load {
    RowFunction function;
    std::uint32_t rows, columns;
    double least;
  };
  for (const bool int8 : {false, true}) {
    for (const Load& load :
         {Load{RowFunction::kSoftmax, 200, 384, 30.0}, Load{RowFunction::kSoftmax, 500, 128, 28.0},
          Load{RowFunction::kLayerNorm, 300, 256, 18.0},
          Load{RowFunction::kLayerNorm, 300, 768, 30.0},
          Load{RowFunction::kStatistics, 200, 384, 30.0}}) {
      auto program = program_of(
          s4::sw::random_rows(load.function, load.rows, load.columns, int8, s4::tb::seed()));
      CHECK(differences(bench, program, {}) == 0);
      const double rate =
          static_cast<double>(load.rows) * load.columns / static_cast<double>(bench.clocks());
      INFO("function " << static_cast<int>(load.function) << ", int8 " << int8);
      CHECK(rate > load.least);
    }
  }
  for (const bool int8 : {false, true}) {
    if (!full) break;
    for (const RowFunction function : kFunctions) {
      auto program = program_of(s4::sw::random_rows(function, 3, 65536, int8, s4::tb::seed()));
      CHECK(differences(bench, program, {}) == 0);
    }
  }
}

TEST_CASE("row engine: results may replace the input", "[rows]") {
  RowBench bench("tiny");
  for (const RowFunction function : {RowFunction::kSoftmax, RowFunction::kLayerNorm}) {
    auto program = program_of(s4::sw::random_rows(function, 7, 200, false, s4::tb::seed()));
    program.command.out_addr = program.command.in_addr;
    CHECK(differences(bench, program, {50, 50}) == 0);
  }
}

TEST_CASE("row engine: commands that mean nothing are refused without an access", "[rows]") {
  RowBench bench("tiny");
  const auto good =
      program_of(s4::sw::random_rows(RowFunction::kLayerNorm, 2, 64, false, s4::tb::seed()));
  const auto refused = [&](auto change) {
    auto program = good;
    change(program.command);
    auto local = program.local;
    const bool ran = bench.run(program.command, local);
    const bool untouched =
        local == program.local && bench.reads(0) + bench.reads(1) + bench.writes() == 0;
    CHECK_THROWS_AS(s4::sim::run_rows(program.command, local), std::invalid_argument);
    return !ran && untouched;
  };
  CHECK(refused([](RowsCommand& c) { c.rows = 0; }));
  CHECK(refused([](RowsCommand& c) { c.columns = 0; }));
  CHECK(refused([](RowsCommand& c) { c.columns = 65537; }));
  CHECK(refused([](RowsCommand& c) { c.columns = 4097; }));
  CHECK(refused([](RowsCommand& c) { c.row_function = 3; }));
  CHECK(refused([](RowsCommand& c) { c.row_function = 0; }));  // affine softmax
  CHECK(refused([](RowsCommand& c) { c.dtype = 2; }));
  auto bytes = good.command.encode();
  bytes[127] = 1;  // reserved
  auto local = good.local;
  CHECK_FALSE(bench.run(bytes, local));
  bytes = good.command.encode();
  bytes[0] = 32;  // the opcode of another engine
  CHECK_FALSE(bench.run(bytes, local));
  CHECK(differences(bench, good, {}) == 0);
}

TEST_CASE("seeded bugs of the row engine are noticed", "[rows]") {
  struct Bug {
    const char* name;
    const char* file;
    const char* find;
    const char* replace;
  };
  const Bug bugs[] = {
      {"row_growth", "rtl/activation/row_exponential_sum.sv", "sum_o >> growth_i", "sum_o"},
      {"row_limited", "rtl/activation/row_statistics.sv", "(limited && maximum_q != former_q)",
       "1'b0"},
      {"row_chain", "rtl/activation/row_accumulate.sv", "begins = first_i || second_q",
       "begins = first_i"},
      {"row_places", "rtl/activation/row_normalize.sv", "words_q == 5'(Words)", "1'b0"},
  };
  for (const Bug& bug : bugs) {
    if (&bug != bugs && !s4::tb::full_run()) break;  // each takes a model of a minute
    INFO(bug.name);
    std::size_t wrong = 0;
    try {
      RowBench bench("tiny", s4::tb::Kind::kFast,
                     s4::tests::seeded_bug(bug.file, bug.name, bug.find, bug.replace));
      RowCase rows;
      for (const auto& row : special_rows(200)) {
        rows.x.insert(rows.x.end(), row.begin(), row.end());
      }
      rows.columns = 200;
      rows.rows = static_cast<std::uint32_t>(rows.x.size() / 200);
      for (const RowFunction function : {RowFunction::kSoftmax, RowFunction::kLayerNorm}) {
        rows.function = function;
        wrong += differences(bench, program_of(rows), {100, 30});
        wrong += differences(
            bench, program_of(s4::sw::random_rows(function, 9, 300, true, s4::tb::seed())),
            {100, 30});
      }
    } catch (const std::runtime_error&) {
      wrong = 1;
    }
    CHECK(wrong != 0);
  }
}
