// The check of commands against its model, command by command.
#include "sim/sequencer/command_check.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tb/model.hpp"
#include "tb/seed.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/sequencer/command_random.hpp"

namespace {

using namespace s4;
using commands::CommandBytes;
using commands::Error;
using tests::CommandRandom;
namespace reg = registers;

/// Module and model side by side, with the same regions.
class CheckBench {
 public:
  CheckBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(tests::configuration(config)),
        registers_(config_),
        check_(config_, registers_),
        m_(tb::Model::load("command_check", config, tb::Kind::kChecked, options)) {
    for (std::uint32_t n = 0; n < commands::kNumContexts; ++n) {
      const std::uint32_t page = n * tests::kContextPages;
      region(n, page + tests::kReadPage, page + tests::kReadPage + tests::kRegionPages,
             page + tests::kWritePage, page + tests::kWritePage + tests::kRegionPages);
    }
    for (const char* name : {"flush_i", "in_valid_i", "in_error_i", "out_ready_i"}) {
      m_->port(name).set(0);
    }
    m_->reset();
  }

  void region(std::uint32_t n, std::uint32_t read_base, std::uint32_t read_limit,
              std::uint32_t write_base, std::uint32_t write_limit) {
    registers_.write(reg::kReadBaseOffset + n * reg::kReadBaseStride, read_base);
    registers_.write(reg::kReadLimitOffset + n * reg::kReadLimitStride, read_limit);
    registers_.write(reg::kWriteBaseOffset + n * reg::kWriteBaseStride, write_base);
    registers_.write(reg::kWriteLimitOffset + n * reg::kWriteLimitStride, write_limit);
    m_->port("read_base_i").set_bits(n * 24, 24, read_base);
    m_->port("read_limit_i").set_bits(n * 25, 25, read_limit);
    m_->port("write_base_i").set_bits(n * 24, 24, write_base);
    m_->port("write_limit_i").set_bits(n * 25, 25, write_limit);
  }

  struct Answer {
    Error code;
    std::uint32_t info;
    unsigned clocks;
    bool operator==(const Answer& other) const { return code == other.code && info == other.info; }
  };

  [[nodiscard]] Answer rtl(const CommandBytes& bytes, bool fetch_error = false) {
    m_->port("in_cmd_i").set_bytes(bytes.data(), bytes.size());
    m_->port("in_error_i").set(fetch_error);
    m_->port("in_index_i").set(++index_);
    m_->port("in_valid_i").set(1);
    m_->port("out_ready_i").set(0);
    m_->eval();
    REQUIRE(m_->port("in_ready_o").get() == 1);
    m_->tick();
    m_->port("in_valid_i").set(0);
    unsigned clocks = 0;
    while (m_->port("out_valid_o").get() == 0 && clocks < 20) {
      m_->tick();
      ++clocks;
    }
    REQUIRE(m_->port("out_valid_o").get() == 1);
    const Answer answer{static_cast<Error>(m_->port("out_error_o").get()),
                        static_cast<std::uint32_t>(m_->port("out_info_o").get()), clocks};
    CHECK(m_->port("out_index_o").get() == index_);
    CommandBytes out;
    m_->port("out_cmd_o").get_bytes(out.data(), out.size());
    CHECK(out == bytes);
    m_->port("out_ready_i").set(1);
    m_->tick();
    return answer;
  }

  [[nodiscard]] Answer model(const CommandBytes& bytes) const {
    const auto verdict = check_.check(bytes);
    return {verdict.code, verdict.info, 0};
  }

  [[nodiscard]] tb::Model& m() { return *m_; }
  [[nodiscard]] const config::Configuration& config() const { return config_; }

 private:
  const config::Configuration& config_;
  sim::Registers registers_;
  sim::CommandCheck check_;
  std::unique_ptr<tb::Model> m_;
  std::uint32_t index_ = 0;
};

std::string text(const CheckBench::Answer& answer) {
  return std::string(commands::to_string(answer.code)) + " info " + std::to_string(answer.info);
}

std::string dump(const CommandBytes& bytes) {
  std::string out;
  for (unsigned i = 0; i < bytes.size(); ++i) {
    char hex[8];
    std::snprintf(hex, sizeof hex, "%02x%s", bytes[i], i % 16 == 15 ? "\n" : " ");
    out += hex;
  }
  return out;
}

/// Random commands, some spoilt; number of differences, and every (code, info) that came up.
unsigned compare(CheckBench& bench, unsigned count, std::map<Error, std::set<std::uint32_t>>& seen,
                 std::string& first) {
  std::mt19937_64 random(tb::seed());
  CommandRandom commands(bench.config(), random);
  unsigned different = 0;
  for (unsigned i = 0; i < count; ++i) {
    const auto engine = static_cast<commands::Engine>(commands.below(6));
    CommandBytes bytes = commands.legal(engine);
    for (unsigned n = static_cast<unsigned>(commands.below(4)); n > 0; --n) commands.spoil(bytes);
    const auto expected = bench.model(bytes);
    const auto got = bench.rtl(bytes);
    seen[expected.code].insert(expected.info);
    if (!(expected == got)) {
      if (different++ == 0) {
        first = "expected " + text(expected) + ", got " + text(got) + ", seed " +
                std::to_string(tb::seed()) + "\n" + dump(bytes);
      }
    }
  }
  return different;
}

}  // namespace

TEST_CASE("command_check: random commands, legal and spoilt, as the model says") {
  for (const char* config : {"tiny", "small"}) {
    CheckBench bench(config);
    std::map<Error, std::set<std::uint32_t>> seen;
    std::string first;
    const unsigned different = compare(bench, tb::full_run() ? 200000 : 20000, seen, first);
    INFO(config << ": " << first);
    CHECK(different == 0);
    CHECK(seen[Error::kNone].size() == 1);
    CHECK(seen[Error::kOpcode].size() > 50);
    for (const unsigned byte :
         {1, 10, 16, 24, 28, 30, 32, 34, 36, 38, 40, 42, 43, 44, 45, 48, 50, 60, 64}) {
      INFO("field at byte " << byte);
      CHECK(seen[Error::kField].count(byte) == 1);
    }
    CHECK(seen[Error::kAlign] == std::set<std::uint32_t>{16, 40, 44, 48});
    CHECK(seen[Error::kMemoryRange] == std::set<std::uint32_t>{16});
    CHECK(seen[Error::kLocalRange] == std::set<std::uint32_t>{16, 20, 24, 32, 48, 52, 92, 116});
  }
}

TEST_CASE("command_check: every reserved bit of every command is refused") {
  CheckBench bench("tiny");
  std::mt19937_64 random(tb::seed());
  CommandRandom commands(bench.config(), random);
  for (unsigned engine = 0; engine < 6; ++engine) {
    const CommandBytes legal = commands.legal(static_cast<commands::Engine>(engine));
    for (unsigned bit = 0; bit < 1024; ++bit) {
      CommandBytes bytes = legal;
      bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
      INFO("engine " << engine << " bit " << bit);
      CHECK(text(bench.rtl(bytes)) == text(bench.model(bytes)));
    }
  }
}

TEST_CASE("command_check: ranges at their exact limits") {
  CheckBench bench("tiny");
  const std::uint32_t words = bench.config().local_words;
  commands::DmaCommand c;
  c.context_id = 2;
  c.count0 = 8;
  c.count1 = 3;
  c.count2 = c.count3 = 1;
  c.mem_stride1 = 1024;
  c.local_stride1 = 16;
  c.local_addr = words - 8 - 2 * 16;
  const std::uint64_t base = 2 * tests::kContextPages * 4096;
  const std::uint64_t limit = base + tests::kRegionPages * 4096;
  c.mem_addr = limit - 8 * 64 - 2 * 1024;
  CHECK(text(bench.rtl(c.encode())) == "None info 0");
  c.mem_addr += 64;
  CHECK(text(bench.rtl(c.encode())) == "MemoryRange info 16");
  c.mem_addr = base;
  CHECK(text(bench.rtl(c.encode())) == "None info 0");
  c.mem_addr = base - 64;
  CHECK(text(bench.rtl(c.encode())) == "MemoryRange info 16");
  c.mem_addr = base;
  c.local_addr += 1;
  CHECK(text(bench.rtl(c.encode())) == "LocalRange info 24");
  c.local_addr = 0;
  c.opcode = commands::Opcode::kStore;
  CHECK(text(bench.rtl(c.encode())) == "MemoryRange info 16");  // the read region is not writable
  c.mem_addr += tests::kWritePage * 4096;
  CHECK(text(bench.rtl(c.encode())) == "None info 0");

  // Rows: input, results, parameters; 3 words of BF16, 2 of bytes.
  commands::RowsCommand r;
  r.row_function = static_cast<std::uint8_t>(commands::RowFunction::kLayerNorm);
  r.dtype = 1;
  r.affine = 1;
  r.rows = 5;
  r.columns = 65;
  r.in_row = r.out_row = 1;
  r.in_word = r.out_word = 100;
  r.in_addr = words - 5 - 2 * 100;
  r.out_addr = words - 5 - 100;
  r.param_addr = words - 12;
  CHECK(text(bench.rtl(r.encode())) == "None info 0");
  r.param_addr += 1;
  CHECK(text(bench.rtl(r.encode())) == "LocalRange info 52");
  r.out_addr += 1;
  CHECK(text(bench.rtl(r.encode())) == "LocalRange info 32");
  r.in_addr += 1;
  CHECK(text(bench.rtl(r.encode())) == "LocalRange info 20");
  r.row_function = static_cast<std::uint8_t>(commands::RowFunction::kStatistics);
  r.affine = 0;
  r.in_addr = 0;
  r.out_addr = words - 5;
  CHECK(text(bench.rtl(r.encode())) == "None info 0");
  r.out_row = 2;
  CHECK(text(bench.rtl(r.encode())) == "LocalRange info 32");
  r.out_row = 0xffffff;
  r.rows = 0xffff;
  CHECK(text(bench.rtl(r.encode())) == "LocalRange info 20");

  // All fields at their largest: sums neither wrap nor saturate to something small.
  bench.region(0, 0, (1U << 25) - 1, 0, (1U << 25) - 1);
  c.context_id = 0;
  c.opcode = commands::Opcode::kLoad;
  c.mem_addr = (std::uint64_t{1} << 36) - 64;
  c.count0 = 1;
  c.count1 = 1;
  c.mem_stride1 = c.mem_stride2 = c.mem_stride3 = 0xffffffc0;
  CHECK(text(bench.rtl(c.encode())) == "None info 0");
  c.count1 = c.count2 = c.count3 = 0xffff;
  CHECK(text(bench.rtl(c.encode())) == "MemoryRange info 16");
  c.mem_addr = 0;
  c.mem_stride1 = c.mem_stride2 = c.mem_stride3 = 0;
  c.local_addr = c.local_stride1 = c.local_stride2 = c.local_stride3 = 0xffffff;
  CHECK(text(bench.rtl(c.encode())) == "LocalRange info 24");
  commands::WeightsCommand w;
  w.dense = w.from_local = 1;
  w.count = 1;
  w.value_words = 64;
  w.local_addr = words - 64;
  CHECK(text(bench.rtl(w.encode())) == "None info 0");
  w.local_addr = words - 63;
  CHECK(text(bench.rtl(w.encode())) == "LocalRange info 48");
  w.value_words = 0xffffc0;
  w.local_addr = 0xffffff;
  CHECK(text(bench.rtl(w.encode())) == "LocalRange info 48");
  w = commands::WeightsCommand{};
  w.param_words = 0xffff;
  w.index_words = 0xffffff;
  w.value_words = 0xfffffc;
  w.count = 0xffff;
  CHECK(text(bench.rtl(w.encode())) == "MemoryRange info 16");
}

TEST_CASE("command_check: verdict after six clocks, error of the fetch comes first") {
  CheckBench bench("tiny");
  CommandBytes bytes = commands::EndCommand{}.encode();
  const auto answer = bench.rtl(bytes);
  CHECK(answer.clocks == 6);  // clocks after acceptance: not in the fifth, but in the sixth
  CHECK(text(bench.rtl(bytes, true)) == "MemoryResponse info 0");
  bytes[0] = 0;
  CHECK(text(bench.rtl(bytes, true)) == "MemoryResponse info 0");
  CHECK(text(bench.rtl(bytes)) == "Opcode info 0");

  // Back to back: one command every seven clocks.
  auto& m = bench.m();
  m.port("in_valid_i").set(1);
  m.port("out_ready_i").set(1);
  unsigned accepted = 0;
  for (unsigned clock = 0; clock < 700; ++clock) {
    m.eval();
    accepted += static_cast<unsigned>(m.port("in_ready_o").get());
    m.tick();
  }
  CHECK(accepted == 100);
}

TEST_CASE("command_check: flush discards a command in every state") {
  CheckBench bench("tiny");
  auto& m = bench.m();
  const CommandBytes bytes = commands::EndCommand{}.encode();
  for (unsigned wait = 0; wait < 8; ++wait) {
    m.port("in_cmd_i").set_bytes(bytes.data(), bytes.size());
    m.port("in_valid_i").set(1);
    m.port("out_ready_i").set(0);
    m.tick();
    m.port("in_valid_i").set(0);
    m.tick(wait);
    m.port("flush_i").set(1);
    m.tick();
    m.port("flush_i").set(0);
    m.eval();
    CHECK(m.port("empty_o").get() == 1);
    CHECK(m.port("out_valid_o").get() == 0);
    m.tick(10);
    CHECK(m.port("out_valid_o").get() == 0);
    CHECK(text(bench.rtl(bytes)) == "None info 0");
  }
}

TEST_CASE("command_check: a table ends with the local buffer") {
  CheckBench bench("tiny");
  const std::uint32_t words = tests::configuration("tiny").local_words;
  std::mt19937_64 random(tb::seed());
  CommandRandom commands(tests::configuration("tiny"), random);
  for (int step = -6; step <= 6; ++step) {
    auto command = commands::SpuCommand::decode(commands.spu());
    command.out_bf16 = 0;
    command.activation = commands::kActivationTable;
    command.table_addr = words + static_cast<std::uint32_t>(step);
    INFO("first word " << command.table_addr);
    const auto answer = bench.rtl(command.encode());
    CHECK(answer.code == (step <= -4 ? Error::kNone : Error::kLocalRange));
    if (step > -4) CHECK(answer.info == 116);
    CHECK(answer == bench.model(command.encode()));
  }
}

TEST_CASE("command_check: seeded bugs are seen by the comparison") {
  struct Bug {
    const char *file, *name, *find, *replace;
  };
  tests::BugList list(3);
  for (const Bug& bug : {
           Bug{"rtl/sequencer/command_check.sv", "check_limit", "(SumWidth - PageWidth)'(limit));",
               "(SumWidth - PageWidth)'(limit) + 1);"},
           Bug{"rtl/sequencer/command_check.sv", "check_pixels", "state_q == StStep2) pixels_bad_q",
               "state_q == StStep1) pixels_bad_q"},
           Bug{"rtl/sequencer/command_check.sv", "check_add", "if (state_q == StSum) sum_c_q",
               "if (state_q == StStep3) sum_c_q"},
           Bug{"rtl/sequencer/command_check.sv", "check_table",
               "as_spu.activation == 8'(commands_pkg::ActivationTable)",
               "as_spu.activation == 8'(commands_pkg::NumFunctions)"},
           Bug{"rtl/sequencer/command_operands.sv", "check_operand",
               "SumWidth'(as_weights.value_words) -", "SumWidth'(as_weights.value_words[11:0]) -"},
           Bug{"rtl/sequencer/command_operands.sv", "check_rows", ": as_rows.out_bf16 ? last_beat",
               ": as_rows.dtype[0] ? last_beat"},
           Bug{"rtl/sequencer/command_fields.sv", "fields_rows",
               "as_rows.columns > 17'(commands_pkg::MaxAffineColumns)",
               "as_rows.columns > 17'(commands_pkg::MaxColumns)"},
           Bug{"rtl/sequencer/command_fields.sv", "fields_pool", "(as_spu.out_bf16 ? 5 : 6)",
               "(as_spu.out_bf16 ? 6 : 6)"},
           Bug{"rtl/sequencer/command_fields.sv", "fields_kernel",
               "as_spu.kernel_w > 4'(commands_pkg::MaxKernel)",
               "as_spu.kernel_w > 4'(commands_pkg::MaxKernel + 1)"},
       }) {
    if (list.leaves_out()) continue;
    CheckBench bench("tiny", tests::seeded_bug(bug.file, bug.name, bug.find, bug.replace));
    std::map<Error, std::set<std::uint32_t>> seen;
    std::string first;
    INFO(bug.name);
    CHECK(compare(bench, 20000, seen, first) > 0);
  }
}
