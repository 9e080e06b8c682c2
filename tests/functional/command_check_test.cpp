// Every static check of a command, and that it stops the program with the right status.
#include <catch2/catch.hpp>
#include <functional>

#include "sim/sequencer/command_check.hpp"
#include "tests/functional/harness.hpp"

namespace {

using s4::commands::CommandBytes;
using s4::commands::DmaCommand;
using s4::commands::EndCommand;
using s4::commands::Engine;
using s4::commands::Error;
using s4::commands::Opcode;
using s4::commands::RowsCommand;
using s4::commands::SpuCommand;
using s4::commands::SyncCommand;
using s4::commands::WeightsCommand;
using s4::test::copy_words;
using s4::test::Harness;

DmaCommand good_load() { return copy_words(Opcode::kLoad, 0x10000, 0, 4); }
DmaCommand good_store() { return copy_words(Opcode::kStore, 0x10000, 0, 4); }

WeightsCommand good_weights() {
  WeightsCommand c;
  c.mem_addr = 0x10000;
  c.param_words = 2;
  c.index_words = 3;
  c.value_words = 4;
  c.count = 1;
  return c;
}

SpuCommand good_spu() {
  SpuCommand c;
  c.in_plane = 16;
  c.in_image = 16;
  c.in_row = 4;
  c.in_blocks = 2;
  c.in_height = 4;
  c.in_width = 4;
  c.images = 1;
  c.out_height = 4;
  c.out_width = 4;
  c.kernel_h = c.kernel_w = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
  c.out_channels = 70;
  c.out_addr = 100;
  c.out_plane = 16;
  c.pixels = 16;
  c.weights_resident = 1;
  return c;
}

RowsCommand good_rows() {
  RowsCommand c;
  c.row_function = static_cast<std::uint8_t>(s4::commands::RowFunction::kLayerNorm);
  c.affine = 1;
  c.in_row = 1;
  c.in_word = 16;
  c.out_addr = 100;
  c.out_row = 1;
  c.out_word = 16;
  c.rows = 16;
  c.columns = 100;
  c.param_addr = 200;
  return c;
}

/// Runs a sync and then the command: it must be refused as said, and index 1 be named.
void expect(const CommandBytes& bytes, Error code, std::uint32_t info,
            const std::string& config = "tiny") {
  Harness h(config);
  h.add(SyncCommand{});
  h.program.push_back(bytes);
  h.add(EndCommand{});
  CHECK_FALSE(h.run());
  INFO("code " << to_string(h.fault().code) << " expected " << to_string(code));
  CHECK(h.fault().code == code);
  CHECK(h.fault().engine == Engine::kSequencer);
  CHECK(h.fault().command == 1);
  CHECK(h.fault().info == info);
  const std::uint32_t status = h.subsystem.read_register(s4::registers::kStatusOffset);
  CHECK(status == (1U << s4::registers::kStatusErrorLsb |
                   static_cast<std::uint32_t>(code) << s4::registers::kStatusErrorCodeLsb));
  CHECK(h.subsystem.read_register(s4::registers::kErrorCommandOffset) == 1);
  CHECK(h.subsystem.read_register(s4::registers::kErrorInfoOffset) == info);
  CHECK(h.subsystem.read_register(s4::registers::kIrqStatusOffset) == 2);
}

template <typename Command>
void expect_change(Command command, const std::function<void(Command&)>& change, Error code,
                   std::uint32_t info, const std::string& config = "tiny") {
  change(command);
  expect(command.encode(), code, info, config);
}

template <typename Command>
void expect_good(const Command& command) {
  Harness h;
  const s4::sim::CommandCheck check(h.config, h.subsystem.registers());
  CHECK(check.check(command.encode()).code == Error::kNone);
}

}  // namespace

TEST_CASE("legal commands pass the check", "[functional][check]") {
  expect_good(good_load());
  expect_good(good_store());
  expect_good(good_weights());
  expect_good(good_spu());
  expect_good(good_rows());
  expect_good(EndCommand{});
  expect_good(SyncCommand{});
}

TEST_CASE("opcode and data type", "[functional][check]") {
  for (int opcode = 0; opcode < 256; ++opcode) {
    const bool known = opcode == 1 || opcode == 2 || (opcode >= 16 && opcode <= 18) ||
                       opcode == 32 || opcode == 33;
    if (known) continue;
    CommandBytes bytes{};
    bytes[0] = static_cast<std::uint8_t>(opcode);
    bytes[3] = 0xff;  // a reserved bit too: the operation is named first
    expect(bytes, Error::kOpcode, static_cast<std::uint32_t>(opcode));
  }
  expect_change<SpuCommand>(
      good_spu(), [](auto& c) { c.dtype = 2; }, Error::kOpcode, 32);
}

TEST_CASE("fields of rows", "[functional][check]") {
  const auto bad = [](const std::function<void(RowsCommand&)>& change, std::uint32_t info) {
    expect_change<RowsCommand>(good_rows(), change, Error::kField, info);
  };
  bad([](auto& c) { c.context_id = 4; }, 1);
  bad([](auto& c) { c.activation = 1; }, 10);
  bad([](auto& c) { c.row_function = 3, c.affine = 0; }, 16);
  bad([](auto& c) { c.row_function = 0; }, 16);  // gamma of a softmax
  bad([](auto& c) { c.columns = 4097; }, 16);
  bad([](auto& c) { c.rows = 0; }, 44);
  bad([](auto& c) { c.columns = 0; }, 48);
  bad([](auto& c) { c.columns = 65537, c.affine = 0; }, 48);
  expect_change<RowsCommand>(
      good_rows(), [](auto& c) { c.dtype = 2; }, Error::kOpcode, 33);
  const auto beyond = [](const std::function<void(RowsCommand&)>& change, std::uint32_t info) {
    expect_change<RowsCommand>(good_rows(), change, Error::kLocalRange, info);
  };
  beyond([](auto& c) { c.in_addr = 1024 - 31; }, 20);
  beyond([](auto& c) { c.in_row = 0xffffff; }, 20);
  beyond([](auto& c) { c.out_word = 1024 - 115; }, 32);
  beyond([](auto& c) { c.param_addr = 1024 - 15; }, 52);
  RowsCommand edge = good_rows();
  edge.in_addr = edge.out_addr = 1024 - 32;
  edge.param_addr = 1024 - 16;
  expect_good(edge);
}

TEST_CASE("fields of a BF16 command", "[functional][check]") {
  const auto bf16 = [] {
    SpuCommand c = good_spu();
    c.dtype = 1;
    c.in_unsigned = 0;
    c.in_zero = 0;
    return c;
  };
  expect_good(bf16());
  expect_change<SpuCommand>(
      bf16(), [](auto& c) { c.in_zero = 1; }, Error::kField, 66);
  const auto pool = [](auto& c) {
    c.max_pool = 1;
    c.in_blocks = static_cast<std::uint16_t>((c.out_channels + 31) / 32);
    c.shape = 0;
    c.weights_resident = c.weights_keep = c.add_enable = 0;
    c.in_zero = 0;
    c.out_bf16 = 1;
    c.activation = 0;
  };
  const auto bad = [&](const std::function<void(SpuCommand&)>& change, std::uint32_t info) {
    expect_change<SpuCommand>(
        bf16(), [&](auto& c) { pool(c), change(c); }, Error::kField, info);
  };
  SpuCommand good = bf16();
  pool(good);
  expect_good(good);
  good.activation = 12;
  expect_good(good);
  bad([](auto& c) { ++c.in_blocks; }, 30);
  bad([](auto& c) { c.in_blocks = static_cast<std::uint16_t>((c.out_channels + 63) / 64); }, 30);
  bad([](auto& c) { c.add_enable = 1; }, 64);
  bad([](auto& c) { c.in_quarters = 1, c.out_width = 4; }, 30);
  // From BF16 to bytes, and from bytes to BF16.
  bad([](auto& c) { c.out_bf16 = 0, c.in_blocks = 1 + (c.out_channels - 1) / 64; }, 65);
  bad([](auto& c) { c.dtype = 0; }, 65);
  bad([](auto& c) { c.float_epilogue = 1; }, 65);
}

TEST_CASE("reserved bits", "[functional][check]") {
  // Every bit that belongs to no field, in every kind of command.
  const auto check_kind = [](const auto& command) {
    using Command = std::decay_t<decltype(command)>;
    Harness h;
    const s4::sim::CommandCheck check(h.config, h.subsystem.registers());
    CommandBytes fields{};
    for (const auto& field : Command::kFields) {
      s4::commands::set_bits(fields, field.lsb, field.bits, ~std::uint64_t{0});
    }
    int reserved = 0;
    for (unsigned bit = 0; bit < 1024; ++bit) {
      if (((fields[bit / 8] >> (bit % 8)) & 1U) != 0) continue;
      ++reserved;
      CommandBytes bytes = command.encode();
      s4::commands::set_bits(bytes, bit, 1, 1);
      const auto verdict = check.check(bytes);
      if (verdict.code != Error::kField || verdict.info != bit / 8) FAIL("bit " << bit);
    }
    CHECK(reserved > 200);
  };
  check_kind(good_load());
  check_kind(good_weights());
  check_kind(good_spu());
  check_kind(EndCommand{});
  check_kind(SyncCommand{});
  CommandBytes bytes = good_load().encode();
  bytes[127] = 1;
  expect(bytes, Error::kField, 127);
}

TEST_CASE("fields of copies", "[functional][check]") {
  const auto bad = [](const std::function<void(DmaCommand&)>& change, std::uint32_t info) {
    expect_change<DmaCommand>(good_load(), change, Error::kField, info);
    expect_change<DmaCommand>(good_store(), change, Error::kField, info);
  };
  bad([](auto& c) { c.context_id = 4; }, 1);
  bad([](auto& c) { c.count0 = 0; }, 28);
  bad([](auto& c) { c.count1 = 0; }, 32);
  bad([](auto& c) { c.count2 = 0; }, 34);
  bad([](auto& c) { c.count3 = 0; }, 36);
  bad([](auto& c) { c.dest_mask = 0x8000; }, 64);
  bad([](auto& c) { c.dest_mask = 1, c.count2 = 0, c.mem_addr = 1; }, 34);  // lowest, before align
}

TEST_CASE("fields of weights", "[functional][check]") {
  const auto bad = [](const std::function<void(WeightsCommand&)>& change, std::uint32_t info) {
    expect_change<WeightsCommand>(good_weights(), change, Error::kField, info);
  };
  bad([](auto& c) { c.index_words = 4; }, 28);
  bad([](auto& c) { c.value_words = 6; }, 32);
  bad([](auto& c) { c.count = 0; }, 36);
  bad([](auto& c) { c.dest_mask = 1; }, 64);
  bad([](auto& c) { c.param_words = c.index_words = c.value_words = 0; }, 24);
  // An operand in the local buffer: only dense, with an address there and none in memory.
  const auto operand = [](auto& c) {
    c.param_words = c.index_words = 0;
    c.value_words = 64;
    c.dense = 1;
    c.from_local = 1;
    c.mem_addr = 0;
  };
  WeightsCommand good = good_weights();
  operand(good);
  good.local_addr = 1024 - 64;
  expect_good(good);
  bad([&](auto& c) { c.from_local = 1; }, 40);
  bad([&](auto& c) { c.local_addr = 1; }, 48);
  bad([&](auto& c) { operand(c), c.mem_addr = 0x10000; }, 16);
  bad([&](auto& c) { operand(c), c.from_local = 0, c.mem_addr = 0x10000, c.local_addr = 4; }, 48);
  // A parameter row is 8 words in s4 (64 lanes), 2 in small.
  expect_change<WeightsCommand>(
      good_weights(), [](auto& c) { c.param_words = 12; }, Error::kField, 24, "s4");
  expect_change<WeightsCommand>(
      good_weights(), [](auto& c) { c.param_words = 3; }, Error::kField, 24, "small");
}

TEST_CASE("fields of the SPU", "[functional][check]") {
  const auto bad = [](const std::function<void(SpuCommand&)>& change, std::uint32_t info) {
    expect_change<SpuCommand>(good_spu(), change, Error::kField, info);
  };
  bad([](auto& c) { c.context_id = 15; }, 1);
  bad([](auto& c) { c.activation = 15; }, 10);
  bad([](auto& c) { c.out_bf16 = 1, c.activation = 16; }, 10);
  bad([](auto& c) { c.out_bf16 = 1, c.activation = 13; }, 10);
  bad([](auto& c) { c.activation = 1; }, 10);
  bad([](auto& c) { c.in_blocks = 0; }, 30);
  bad([](auto& c) { c.in_height = 0; }, 32);
  bad([](auto& c) { c.in_width = 0; }, 34);
  bad([](auto& c) { c.images = 0; }, 36);
  bad([](auto& c) { c.out_height = 0; }, 38);
  bad([](auto& c) { c.out_width = 0; }, 40);
  for (const std::uint8_t kernel : {0, 12, 15}) {
    bad([&](auto& c) { c.kernel_h = kernel; }, 42);
    bad([&](auto& c) { c.kernel_w = kernel; }, 42);
  }
  for (const std::uint8_t step : {0, 5, 15}) {
    bad([&](auto& c) { c.stride_h = step; }, 43);
    bad([&](auto& c) { c.stride_w = step; }, 43);
    bad([&](auto& c) { c.dilation_h = step; }, 44);
    bad([&](auto& c) { c.dilation_w = step; }, 44);
  }
  bad([](auto& c) { c.shape = 2; }, 45);
  bad([](auto& c) { c.out_channels = 0; }, 50);
  bad([](auto& c) { c.pixels = 15; }, 60);
  bad([](auto& c) { c.pixels = 0; }, 60);
  bad([](auto& c) { c.images = 0xffff, c.out_height = 0xffff, c.out_width = 0xffff; }, 60);
  bad([](auto& c) { c.weights_keep = 1; }, 64);  // 70 channels are more than a group
  bad([](auto& c) { c.weights_keep = 1, c.weights_resident = 0, c.out_channels = 8; }, 64);
  bad([](auto& c) { c.weights_keep = 1, c.shape = 1, c.out_channels = 9; }, 64);
  for (const int zero : {-129, -256, 128, 255}) {
    bad([&](auto& c) { c.in_unsigned = 0, c.in_zero = static_cast<std::int16_t>(zero); }, 66);
  }
  for (const int zero : {-1, -256}) {
    bad([&](auto& c) { c.in_unsigned = 1, c.in_zero = static_cast<std::int16_t>(zero); }, 66);
  }
  for (const int zero : {-128, 0, 127}) {
    SpuCommand in_range = good_spu();
    in_range.in_unsigned = 0;
    in_range.in_zero = static_cast<std::int16_t>(zero);
    expect_good(in_range);
    in_range.in_unsigned = 1;
    in_range.in_zero = static_cast<std::int16_t>(zero + 128);
    expect_good(in_range);
  }
  SpuCommand keep = good_spu();
  keep.weights_keep = 1;
  keep.out_channels = 16;
  expect_good(keep);
}

TEST_CASE("alignment", "[functional][check]") {
  const auto bad = [](const std::function<void(DmaCommand&)>& change, std::uint32_t info) {
    expect_change<DmaCommand>(good_load(), change, Error::kAlign, info);
    expect_change<DmaCommand>(good_store(), change, Error::kAlign, info);
  };
  bad([](auto& c) { c.mem_addr += 32; }, 16);
  bad([](auto& c) { c.mem_stride1 = 1; }, 40);
  bad([](auto& c) { c.mem_stride2 = 65; }, 44);
  bad([](auto& c) { c.mem_stride3 = 128 + 32; }, 48);
  bad([](auto& c) { c.mem_stride3 = 1, c.mem_stride2 = 1, c.local_addr = 0xffffff; }, 44);
  expect_change<WeightsCommand>(
      good_weights(), [](auto& c) { c.mem_addr += 63; }, Error::kAlign, 16);
}

TEST_CASE("memory ranges", "[functional][check]") {
  const auto bad = [](const DmaCommand& command, const std::function<void(DmaCommand&)>& change) {
    expect_change<DmaCommand>(command, change, Error::kMemoryRange, 16);
  };
  const auto good = [](DmaCommand command, const std::function<void(DmaCommand&)>& change) {
    change(command);
    expect_good(command);
  };
  for (const DmaCommand& copy : {good_load(), good_store()}) {
    bad(copy, [](auto& c) { c.mem_addr = 0x10000 - 64; });
    bad(copy, [](auto& c) { c.mem_addr = Harness::kLimit - 3 * 64; });
    good(copy, [](auto& c) { c.mem_addr = Harness::kLimit - 4 * 64; });
    bad(copy, [](auto& c) { c.context_id = 1; });
    bad(copy, [](auto& c) { c.count1 = 2, c.mem_stride1 = Harness::kLimit; });
    bad(copy, [](auto& c) { c.count2 = 2, c.mem_stride2 = Harness::kLimit; });
    bad(copy, [](auto& c) { c.count3 = 2, c.mem_stride3 = Harness::kLimit; });
    bad(copy, [](auto& c) { c.count1 = 0xffff, c.mem_stride1 = 0xffffffc0U; });
    bad(copy, [](auto& c) { c.mem_addr = 0xfffffffc0ULL; });
  }
  // Context 2: reading and writing regions differ.
  const auto in_context_2 = [](std::uint64_t addr) {
    return [addr](DmaCommand& c) { c.context_id = 2, c.mem_addr = addr; };
  };
  good(good_load(), in_context_2(0x20000));
  good(good_load(), in_context_2(0x30000 - 256));
  bad(good_load(), in_context_2(0x30000 - 192));
  bad(good_store(), in_context_2(0x28000 - 64));
  good(good_store(), in_context_2(0x28000));
  const auto bad_weights = [](const std::function<void(WeightsCommand&)>& change) {
    expect_change<WeightsCommand>(good_weights(), change, Error::kMemoryRange, 16);
  };
  bad_weights([](auto& c) { c.mem_addr = 0x10000 - 64; });
  bad_weights([](auto& c) { c.mem_addr = Harness::kLimit - 8 * 64; });
  bad_weights([](auto& c) { c.value_words = 0xfffffc, c.count = 0xffff; });
  // Nothing reaches beyond the address space, whatever the region allows.
  Harness h;
  h.set_region(0, 0, std::uint64_t{1} << 37, 0, std::uint64_t{1} << 37);
  h.add(copy_words(Opcode::kLoad, (std::uint64_t{1} << 36) - 64, 0, 2)).add(EndCommand{});
  CHECK_FALSE(h.run());
  CHECK(h.fault().code == Error::kMemoryRange);
}

TEST_CASE("local-buffer ranges", "[functional][check]") {
  const auto bad = [](const std::function<void(DmaCommand&)>& change) {
    expect_change<DmaCommand>(good_load(), change, Error::kLocalRange, 24);
    expect_change<DmaCommand>(good_store(), change, Error::kLocalRange, 24);
  };
  bad([](auto& c) { c.local_addr = 1021; });
  bad([](auto& c) { c.local_addr = 0xffffff; });
  bad([](auto& c) { c.count1 = 2, c.local_stride1 = 1021; });
  bad([](auto& c) { c.count2 = 3, c.local_stride2 = 511; });
  bad([](auto& c) { c.count3 = 2, c.local_stride3 = 0xffffff; });
  DmaCommand last = good_load();
  last.local_addr = 1020;
  expect_good(last);
  const auto bad_operand = [](std::uint32_t at, std::uint32_t words) {
    const auto change = [=](WeightsCommand& c) {
      c.mem_addr = c.param_words = c.index_words = 0;
      c.dense = c.from_local = 1;
      c.local_addr = at;
      c.value_words = words;
    };
    expect_change<WeightsCommand>(good_weights(), change, Error::kLocalRange, 48);
  };
  bad_operand(1024 - 63, 64);
  bad_operand(0, 1024 + 64);
  bad_operand(0xffffff, 64);
  bad_operand(0, 0xffffc0);

  const auto bad_spu = [](const std::function<void(SpuCommand&)>& change, std::uint32_t info) {
    expect_change<SpuCommand>(good_spu(), change, Error::kLocalRange, info);
  };
  bad_spu([](auto& c) { c.in_addr = 1024 - 31; }, 16);
  bad_spu([](auto& c) { c.in_plane = 1024; }, 16);
  bad_spu([](auto& c) { c.in_row = 0xffff; }, 16);
  bad_spu([](auto& c) { c.out_addr = 1024 - 31; }, 52);
  bad_spu([](auto& c) { c.out_plane = 0xffffff; }, 52);
  bad_spu([](auto& c) { c.add_enable = 1, c.add_addr = 1024 - 15; }, 92);
  bad_spu([](auto& c) { c.add_enable = 1, c.add_plane = 1024; }, 92);
  SpuCommand edge = good_spu();
  edge.in_addr = 1024 - 32;
  edge.out_addr = 1024 - 32;
  edge.add_addr = 0xffffff;  // not used
  expect_good(edge);
}
