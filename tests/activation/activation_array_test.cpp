// The array's handshakes, specials, flag and tables; bugs that the checks must notice.
#include <catch2/catch.hpp>
#include <random>

#include "sw/activation/activation_bench.hpp"
#include "sw/activation/int8_table.hpp"
#include "sw/activation/judge.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"

namespace {

using s4::activation::Function;
using s4::activation::kFunctionCount;
using s4::sw::ActivationBeat;
using s4::sw::ActivationBench;
using s4::sw::Stalls;

std::vector<std::uint8_t> permutation() {
  std::vector<std::uint8_t> bytes(256);
  for (unsigned i = 0; i < 256; ++i) bytes[i] = static_cast<std::uint8_t>(167 * i + 29);
  return bytes;
}

/// Beats of random functions, tables, inputs and lanes; counts results that differ.
unsigned random_traffic(ActivationBench& bench, Stalls stalls, unsigned count) {
  std::mt19937_64 random(s4::tb::seed());
  const auto table = permutation();
  bench.load_table(table);
  std::vector<ActivationBeat> beats(count);
  for (ActivationBeat& beat : beats) {
    beat.function = static_cast<unsigned>(random() % 16);  // four codes mean nothing
    beat.table = random() % 4 == 0;
    beat.meta = random() & 0xFFFF;
    for (unsigned i = 0; i < bench.lanes(); ++i) {
      beat.data.push_back(static_cast<std::uint16_t>(random()));
      beat.valid.push_back(random() % 8 != 0);
    }
  }
  unsigned wrong = 0;
  bool invalid = false;
  const auto results = bench.run(beats, stalls);
  for (std::size_t b = 0; b < beats.size(); ++b) {
    for (unsigned i = 0; i < bench.lanes(); ++i) {
      s4::sim::ActivationResult expected =
          beats[b].table ? s4::sim::ActivationResult{table[beats[b].data[i] & 0xFF], false}
                         : s4::sim::activation_lookup(static_cast<Function>(beats[b].function),
                                                      beats[b].data[i]);
      if (!beats[b].valid[i]) expected = {0, false};
      // NaN in beats of no function raises nothing.
      if ((beats[b].data[i] & 0x7FFF) > 0x7F80) expected.invalid = false;
      wrong += results[b][i] != expected.value ? 1U : 0U;
      invalid = invalid || expected.invalid;
    }
  }
  wrong += invalid != bench.invalid() ? 1U : 0U;
  return wrong;
}

}  // namespace

TEST_CASE("array: random functions, tables, lanes and stalls", "[activation]") {
  const unsigned count = s4::tb::full_run() ? 20000 : 2000;
  for (const char* config : {"tiny", "small"}) {
    if (!s4::tb::full_run() && config != std::string("tiny")) continue;  // a minute to build
    ActivationBench bench(config);
    for (const Stalls stalls :
         {Stalls{100, 100}, Stalls{60, 100}, Stalls{100, 40}, Stalls{50, 50}, Stalls{20, 90}}) {
      INFO(config << ", in " << stalls.in_percent << " %, out " << stalls.out_percent << " %");
      CHECK(random_traffic(bench, stalls, count) == 0);
      bench.clear_invalid();
    }
  }
}

TEST_CASE("array: one result per lane and clock; 128 lanes in s4", "[activation]") {
  // The model of s4 takes minutes to build.
  const bool full = s4::tb::full_run();
  ActivationBench bench(full ? "s4" : "tiny", full ? s4::tb::Kind::kFast : s4::tb::Kind::kChecked);
  if (full) CHECK(bench.lanes() == 128);
  const auto got = bench.all_inputs(Function::kGelu);
  const auto& expected = s4::sw::judged(Function::kGelu);
  unsigned wrong = 0;
  for (unsigned x = 0; x < 65536; ++x) wrong += got[x] != expected[x].value ? 1U : 0U;
  CHECK(wrong == 0);
  CHECK(bench.clocks() == 65536 / bench.lanes() + 10);
}

TEST_CASE("array: latency is ten edges, not nine", "[activation]") {
  ActivationBench bench("tiny");
  auto& m = bench.model();
  m.port("in_valid_i").set(1);
  m.port("in_data_i").set(0x3F803F80);
  m.port("in_function_i").set(static_cast<unsigned>(Function::kSqrt));
  m.port("in_table_i").set(0);
  m.port("in_lane_valid_i").set(3);
  m.tick();
  m.port("in_valid_i").set(0);
  m.tick(8);
  CHECK(m.port("out_valid_o").get() == 0);
  m.tick();
  CHECK(m.port("out_valid_o").get() == 1);
  CHECK(m.port("out_data_o").get() == 0x3F803F80);
}

TEST_CASE("array: specials and the flag", "[activation]") {
  struct Special {
    Function function;
    std::uint16_t x;
    std::uint16_t y;
    bool invalid;
  };
  constexpr std::uint16_t kInf = 0x7F80, kNegativeInf = 0xFF80, kNan = 0x7FC0,
                          kNegativeZero = 0x8000;
  const Special specials[] = {
      {Function::kLog, 0, kNegativeInf, false},
      {Function::kLog, kNegativeZero, kNegativeInf, false},
      {Function::kLog, 0xBF80, kNan, true},
      {Function::kLog, kInf, kInf, false},
      {Function::kLog, 0x3F80, 0, false},
      {Function::kLog, 0x0001, 0xC2B8, false},  // ln 2^-133 = -92.19
      {Function::kSqrt, 0x8001, kNan, true},
      {Function::kSqrt, kNegativeZero, kNegativeZero, false},
      {Function::kSqrt, kNegativeInf, kNan, true},
      {Function::kSqrt, 0x0002, 0x1E80, false},  // 2^-66
      {Function::kRsqrt, kNegativeZero, kNegativeInf, false},
      {Function::kRsqrt, 0, kInf, false},
      {Function::kRsqrt, kInf, 0, false},
      {Function::kRsqrt, 0xC000, kNan, true},
      {Function::kReciprocal, kNegativeZero, kNegativeInf, false},
      {Function::kReciprocal, kNegativeInf, kNegativeZero, false},
      {Function::kReciprocal, 0x0001, kInf, false},    // 2^133 overflows
      {Function::kReciprocal, 0x7F00, 0x0040, false},  // 2^-127, subnormal
      {Function::kExp, kInf, kInf, false},
      {Function::kExp, kNegativeInf, 0, false},
      {Function::kExp, 0x42B2, kInf, false},    // e^89
      {Function::kExp, 0xC2B8, 0x0001, false},  // e^-92 = 2^-132.7
      {Function::kExp, kNegativeZero, 0x3F80, false},
      {Function::kGelu, kNegativeInf, kNegativeZero, false},
      {Function::kGelu, kInf, kInf, false},
      {Function::kGelu, 0x0001, 0x0001, false},         // above the tie
      {Function::kGelu, 0x8001, kNegativeZero, false},  // nearer to zero than the tie
      {Function::kSilu, 0x8003, 0x8001, false},
      {Function::kTanh, kNegativeInf, 0xBF80, false},
      {Function::kErf, kNegativeZero, kNegativeZero, false},
      {Function::kSigmoid, kNegativeInf, 0, false},
      {Function::kSoftplus, kNegativeInf, 0, false},
      {Function::kSoftplus, kInf, kInf, false},
  };
  ActivationBench bench("tiny");
  for (const Special& s : specials) {
    bench.clear_invalid();
    ActivationBeat beat;
    beat.function = static_cast<unsigned>(s.function);
    beat.data = {0x3F80, s.x};
    const auto result = bench.run({beat}).at(0);
    INFO(s4::activation::kFunctionNames[beat.function] << " of " << s.x);
    CHECK(result[1] == s.y);
    CHECK(bench.invalid() == s.invalid);
    const auto model = s4::sim::activation_function(s.function, s.x);
    CHECK(model.value == s.y);
    CHECK(model.invalid == s.invalid);
  }
  for (unsigned code = 0; code < kFunctionCount; ++code) {  // NaNs of all kinds
    bench.clear_invalid();
    ActivationBeat beat;
    beat.function = code;
    beat.data = {0xFFFF, 0x7F81};
    const auto result = bench.run({beat}).at(0);
    CHECK(result == std::vector<std::uint16_t>{kNan, kNan});
    CHECK_FALSE(bench.invalid());
  }
}

TEST_CASE("array: INT8 tables at one byte per lane and clock", "[activation]") {
  ActivationBench bench("tiny");
  const s4::sw::ByteQuantization x{0.05F, 3, false};
  const s4::sw::ByteQuantization y{1.0F / 128, -7, false};
  const auto table = s4::sw::int8_table(Function::kTanh, x, y);
  bench.load_table({table.bytes.begin(), table.bytes.end()});
  std::vector<ActivationBeat> beats;
  for (unsigned first = 0; first < 256; first += bench.lanes()) {
    ActivationBeat beat;
    beat.table = true;
    for (unsigned i = 0; i < bench.lanes(); ++i) {
      beat.data.push_back(static_cast<std::uint16_t>(0xA500 | (first + i)));
    }
    beats.push_back(beat);
  }
  const auto results = bench.run(beats);
  for (unsigned i = 0; i < 256; ++i) {
    CHECK(results[i / bench.lanes()][i % bench.lanes()] == table.bytes[i]);
  }
  CHECK(bench.clocks() == beats.size() + 10);
}

TEST_CASE("seeded bugs of the activation engine are noticed", "[activation]") {
  struct Bug {
    const char* name;
    const char* file;
    const char* find;
    const char* replace;
  };
  const Bug bugs[] = {
      // A coefficient: the slope of one segment of 2^f.
      {"activation_coefficient", "rtl/activation/gen/activation_tables_pkg.sv",
       "5'h11: exp2_a1 = ", "5'h11: exp2_a1 = 19'd16384 ^ "},
      {"activation_slope", "rtl/activation/activation_polynomial.sv", "SlopeBits'(c1_q) +",
       "SlopeBits'(c1_q) -"},
      {"activation_truncates", "rtl/activation/activation_round.sv", "kept[0] && (lost || kept[1])",
       "1'b0"},
      {"activation_sticky_flag", "rtl/activation/activation_array.sv",
       "(lane_invalid & lane_valid) != '0", "lane_invalid != '0"},
      {"activation_stall", "rtl/activation/activation_array.sv",
       "!valid_q[Latency-1] || out_ready_i", "!valid_q[Latency-1] || in_valid_i || out_ready_i"},
  };
  s4::tests::BugList list(2);
  for (const Bug& bug : bugs) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    bool noticed = false;
    try {
      ActivationBench bench("tiny", s4::tb::Kind::kFast,
                            s4::tests::seeded_bug(bug.file, bug.name, bug.find, bug.replace));
      if (std::string(bug.name) == "activation_sticky_flag") {
        ActivationBeat beat;  // an undefined input on a lane that does not count
        beat.function = static_cast<unsigned>(Function::kLog);
        beat.data = {0x3F80, 0xBF80};
        beat.valid = {true, false};
        (void)bench.run({beat});
        noticed = bench.invalid();
      } else if (std::string(bug.name) == "activation_coefficient") {
        const auto got = bench.all_inputs(Function::kExp);
        for (unsigned x = 0; x < 65536; ++x) {
          noticed |= got[x] != s4::sw::judged(Function::kExp)[x].value;
        }
      } else {
        noticed = random_traffic(bench, {60, 60}, 300) != 0;
      }
    } catch (const std::runtime_error&) {
      noticed = true;
    }
    CHECK(noticed);
  }
}
