// Programs on the functional model: order, tokens, errors of engines, stalls, registers.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tb/seed.hpp"
#include "tests/functional/harness.hpp"
#include "tests/functional/stream_packer.hpp"

namespace {

namespace reg = s4::registers;
using s4::commands::EndCommand;
using s4::commands::Engine;
using s4::commands::Error;
using s4::commands::Opcode;
using s4::commands::SpuCommand;
using s4::commands::SyncCommand;
using s4::commands::WeightsCommand;
using s4::counters::Counter;
using s4::test::copy_words;
using s4::test::Harness;

template <typename Command>
Command with_tokens(Command command, std::uint16_t wait, std::uint16_t signal) {
  command.wait_mask = wait;
  command.signal_mask = signal;
  return command;
}

void check_fault(const Harness& h, Error code, Engine engine, std::uint32_t command,
                 std::uint32_t info) {
  CHECK(to_string(h.fault().code) == std::string(to_string(code)));
  CHECK(to_string(h.fault().engine) == std::string(to_string(engine)));
  CHECK(h.fault().command == command);
  CHECK(h.fault().info == info);
}

/// One group of 8 channels (tiny, shape 1), one bank with K = 0: only the bias reaches the output.
SpuCommand bias_only_spu(std::uint32_t out_addr) {
  SpuCommand c;
  c.in_blocks = c.in_height = c.in_width = c.images = c.out_height = c.out_width = 1;
  c.kernel_h = c.kernel_w = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
  c.shape = 1;
  c.out_channels = 8;
  c.out_addr = out_addr;
  c.pixels = 1;
  c.weights_resident = 1;
  c.requant_min = -128;
  c.requant_max = 127;
  return c;
}

/// Stream of that group: biases first to first + 7, scale 1.
WeightsCommand bias_only_weights(Harness& h, std::uint64_t addr, std::int32_t first) {
  std::vector<std::int32_t> biases;
  for (std::int32_t i = 0; i < 8; ++i) biases.push_back(first + i);
  auto bytes = s4::test::pack_params(biases, std::vector<std::uint32_t>(8, 0x3f800000U), 8);
  bytes.resize(bytes.size() + 192, 0);
  h.memory.write(addr, bytes);
  WeightsCommand c;
  c.mem_addr = addr;
  c.param_words = 1;
  c.index_words = 3;
  c.count = 1;
  return c;
}

}  // namespace

TEST_CASE("identity and read-write registers", "[functional][registers]") {
  Harness h;
  auto& s = h.subsystem;
  CHECK(s.read_register(reg::kIdOffset) == 0x53344131);  // "S4A1"
  CHECK(s.read_register(reg::kVersionOffset) == 1);
  CHECK(s.read_register(reg::kConfigHashLoOffset) == static_cast<std::uint32_t>(h.config.hash));
  CHECK(s.read_register(reg::kConfigHashHiOffset) ==
        static_cast<std::uint32_t>(h.config.hash >> 32));
  CHECK(s.read_register(reg::kWatchdogOffset) == 100000);
  CHECK(s.read_register(reg::kStatusOffset) == 0);
  s.write_register(reg::kProgramHiOffset, 0xffffffffU);
  CHECK(s.read_register(reg::kProgramHiOffset) == 15);
  s.write_register(reg::kProgramCountOffset, 0xffffffffU);
  CHECK(s.read_register(reg::kProgramCountOffset) == 0xffffff);
  s.write_register(reg::kWriteLimitOffset + 3 * reg::kWriteLimitStride, 0xffffffffU);
  CHECK(s.read_register(reg::kWriteLimitOffset + 3 * reg::kWriteLimitStride) == 0x1ffffff);
  s.write_register(reg::kReadBaseOffset + reg::kReadBaseStride, 0x5a5a5a);
  CHECK(s.read_register(reg::kReadBaseOffset + reg::kReadBaseStride) == 0x5a5a5a);
  s.write_register(reg::kIdOffset, 0);  // read-only
  CHECK(s.read_register(reg::kIdOffset) == 0x53344131);
  CHECK_THROWS_AS(s.read_register(0x3c), std::out_of_range);
  CHECK_THROWS_AS(s.write_register(0x3c, 0), std::out_of_range);
  CHECK_THROWS_AS(s.read_register(0x400 + 8 * s4::counters::kNumCounters), std::out_of_range);
  CHECK_THROWS_AS(s.read_register(2), std::out_of_range);
}

TEST_CASE("configurations are found by name", "[functional][config]") {
  CHECK(s4::sim::load_configuration(s4::tb::root(), "s4").macs_per_clock == 4096);
  CHECK(s4::sim::load_configuration(s4::tb::root(), "tiny").local_words == 1024);
  CHECK_THROWS_WITH(s4::sim::load_configuration(s4::tb::root(), "huge"),
                    Catch::Contains("no configuration named 'huge'"));
}

TEST_CASE("an empty program completes", "[functional][sequencer]") {
  Harness h;
  CHECK_FALSE(h.subsystem.run());  // no doorbell
  CHECK(h.add(EndCommand{}).run());
  CHECK(h.subsystem.read_register(reg::kStatusOffset) == 1U << reg::kStatusDoneLsb);
  CHECK(h.subsystem.read_register(reg::kCommandsDoneOffset) == 1);
  CHECK(h.subsystem.read_register(reg::kIrqStatusOffset) == 1);
  CHECK_FALSE(h.subsystem.registers().interrupt());
  h.subsystem.write_register(reg::kIrqEnableOffset, 1);
  CHECK(h.subsystem.registers().interrupt());
  h.subsystem.write_register(reg::kIrqStatusOffset, 1);
  CHECK_FALSE(h.subsystem.registers().interrupt());
}

TEST_CASE("copies of random boxes", "[functional][dma]") {
  std::mt19937_64 random(s4::tb::seed());
  for (int round = 0; round < 200; ++round) {
    Harness h;
    auto load = copy_words(Opcode::kLoad, 0x10000, 0, 1 + random() % 5);
    load.count1 = static_cast<std::uint16_t>(1 + random() % 4);
    load.count2 = static_cast<std::uint16_t>(1 + random() % 3);
    load.count3 = static_cast<std::uint16_t>(1 + random() % 3);
    load.mem_addr += 64 * (random() % 100);
    load.mem_stride1 = 64 * (load.count0 + random() % 3);
    load.mem_stride2 = load.mem_stride1 * load.count1 + 64 * (random() % 3);
    load.mem_stride3 = load.mem_stride2 * load.count2;
    load.local_stride1 = load.count0 + random() % 3;
    load.local_stride2 = load.local_stride1 * load.count1;
    load.local_stride3 = load.local_stride2 * load.count2 + random() % 5;
    load.local_addr = random() % 200;
    load.signal_mask = 1;
    std::vector<std::uint8_t> image(64 * 2000);
    for (auto& byte : image) byte = static_cast<std::uint8_t>(random());
    h.memory.write(0x10000, image);
    auto store = load;
    store.opcode = Opcode::kStore;
    store.mem_addr += 0x100000;
    store.wait_mask = 1;
    store.signal_mask = 0;
    REQUIRE(h.add(load).add(store).add(EndCommand{}).run());
    std::uint64_t words = 0;
    for (unsigned i3 = 0; i3 < load.count3; ++i3) {
      for (unsigned i2 = 0; i2 < load.count2; ++i2) {
        for (unsigned i1 = 0; i1 < load.count1; ++i1) {
          for (unsigned i0 = 0; i0 < load.count0; ++i0, ++words) {
            const std::uint64_t mem = load.mem_addr + i3 * load.mem_stride3 +
                                      i2 * load.mem_stride2 + i1 * load.mem_stride1 + 64 * i0;
            const std::uint64_t local = load.local_addr + i3 * load.local_stride3 +
                                        i2 * load.local_stride2 + i1 * load.local_stride1 + i0;
            const auto& word = h.subsystem.local_buffer().word(local);
            std::array<std::uint8_t, 64> stored{};
            h.memory.read(mem + 0x100000, stored);
            REQUIRE(std::equal(word.begin(), word.end(), image.begin() + (mem - 0x10000)));
            REQUIRE(stored == word);
          }
        }
      }
    }
    CHECK(h.subsystem.registers().counter(Counter::kLoadWords) == words);
    CHECK(h.subsystem.registers().counter(Counter::kStoreWords) == words);
    CHECK(h.subsystem.read_register(reg::kCounterOffset +
                                    8 * static_cast<unsigned>(Counter::kFetchWords)) == 6);
  }
}

TEST_CASE("tokens order engines", "[functional][tokens]") {
  // Load a, store it, load b over it, store that: only tokens keep them apart.
  Harness h;
  std::vector<std::uint8_t> a(64, 0xaa);
  std::vector<std::uint8_t> b(64, 0xbb);
  h.memory.write(0x10000, a);
  h.memory.write(0x10040, b);
  h.add(with_tokens(copy_words(Opcode::kLoad, 0x10000, 5, 1), 0, 1));
  h.add(with_tokens(copy_words(Opcode::kLoad, 0x10040, 5, 1), 2, 1));
  h.add(with_tokens(copy_words(Opcode::kStore, 0x20000, 5, 1), 1, 2));
  h.add(with_tokens(copy_words(Opcode::kStore, 0x20040, 5, 1), 1, 4));
  h.add(with_tokens(SyncCommand{}, 4, 8));
  h.add(with_tokens(EndCommand{}, 8, 0));
  REQUIRE(h.run());
  CHECK(h.subsystem.read_register(reg::kCommandsDoneOffset) == 6);
  std::vector<std::uint8_t> out(64);
  h.memory.read(0x20000, out);
  CHECK(out == a);
  h.memory.read(0x20040, out);
  CHECK(out == b);
}

TEST_CASE("tokens start at zero", "[functional][tokens]") {
  Harness h;
  REQUIRE(h.add(with_tokens(SyncCommand{}, 0, 1)).add(EndCommand{}).run());
  CHECK_FALSE(h.add(with_tokens(SyncCommand{}, 1, 0)).add(EndCommand{}).run());
  check_fault(h, Error::kWatchdog, Engine::kSequencer, 0, 1);
}

TEST_CASE("a token overflows at its 64th signal", "[functional][tokens]") {
  Harness h;
  for (int i = 0; i < 63; ++i) h.add(with_tokens(SyncCommand{}, 0, 0x0021));
  REQUIRE(h.add(EndCommand{}).run());
  for (int i = 0; i < 63; ++i) h.add(with_tokens(SyncCommand{}, 0, 0x0020));
  h.add(with_tokens(copy_words(Opcode::kLoad, 0x10000, 0, 1), 0, 0x0821));
  h.add(EndCommand{}).run();
  check_fault(h, Error::kTokenOverflow, Engine::kLoad, 63, 5);
}

TEST_CASE("waiting for a token that never comes names the engine", "[functional][tokens]") {
  struct Case {
    Engine engine;
    s4::commands::CommandBytes command;
  };
  Harness setup;
  const std::vector<Case> cases{
      {Engine::kSequencer, with_tokens(SyncCommand{}, 1, 0).encode()},
      {Engine::kSequencer, with_tokens(EndCommand{}, 1, 0).encode()},
      {Engine::kLoad, with_tokens(copy_words(Opcode::kLoad, 0x10000, 0, 1), 1, 0).encode()},
      {Engine::kStore, with_tokens(copy_words(Opcode::kStore, 0x10000, 0, 1), 1, 0).encode()},
      {Engine::kWeights, with_tokens(bias_only_weights(setup, 0x10000, 0), 1, 0).encode()},
      {Engine::kSpu, with_tokens(bias_only_spu(0), 1, 0).encode()},
  };
  for (const Case& c : cases) {
    Harness h;
    h.add(copy_words(Opcode::kLoad, 0x10000, 0, 1));
    h.program.push_back(c.command);
    h.add(EndCommand{});
    CHECK_FALSE(h.run());
    check_fault(h, Error::kWatchdog, c.engine, 1, 1);
  }
}

TEST_CASE("two engines that wait for each other", "[functional][tokens]") {
  Harness h;
  h.add(with_tokens(copy_words(Opcode::kLoad, 0x10000, 0, 1), 1, 2));
  h.add(with_tokens(copy_words(Opcode::kStore, 0x10000, 0, 1), 2, 1));
  CHECK_FALSE(h.add(EndCommand{}).run());
  check_fault(h, Error::kWatchdog, Engine::kLoad, 0, 1);
  // A reset makes the next program run.
  h.reset();
  CHECK(h.subsystem.read_register(reg::kStatusOffset) == 0);
  CHECK(h.add(EndCommand{}).run());
}

TEST_CASE("the doorbell is ignored in error", "[functional][sequencer]") {
  Harness h;
  CHECK_FALSE(h.add(SyncCommand{}).run());
  CHECK(h.subsystem.registers().error());
  CHECK_FALSE(h.add(EndCommand{}).run());
  CHECK(h.subsystem.registers().error());
  h.reset();
  CHECK(h.add(EndCommand{}).run());
}

TEST_CASE("a program without End", "[functional][sequencer]") {
  Harness h;
  h.add(SyncCommand{}).add(SyncCommand{});
  CHECK_FALSE(h.run());
  check_fault(h, Error::kProgramEnd, Engine::kSequencer, 2, 0);
  h.reset();
  CHECK_FALSE(h.run());  // no commands at all
  check_fault(h, Error::kProgramEnd, Engine::kSequencer, 0, 0);
}

TEST_CASE("a misaligned program", "[functional][sequencer]") {
  Harness h;
  h.program_addr += 64;
  CHECK_FALSE(h.add(EndCommand{}).run());
  check_fault(h, Error::kAlign, Engine::kSequencer, 0, 0);
}

TEST_CASE("memory that answers with an error", "[functional][sequencer]") {
  // The region reaches beyond the memory, which ends at 0x20000.
  const auto run = [](auto&& command) {
    auto h = std::make_unique<Harness>("tiny", 0x20000);
    h->add(SyncCommand{}).add(command).add(EndCommand{});
    CHECK_FALSE(h->run());
    return h;
  };
  check_fault(*run(copy_words(Opcode::kLoad, 0x20000 - 64, 0, 2)), Error::kMemoryResponse,
              Engine::kLoad, 1, 0);
  check_fault(*run(copy_words(Opcode::kStore, 0x20000 - 64, 0, 2)), Error::kMemoryResponse,
              Engine::kStore, 1, 0);
  WeightsCommand weights;
  weights.mem_addr = 0x20000 - 192;
  weights.index_words = 3;
  weights.count = 2;
  check_fault(*run(weights), Error::kMemoryResponse, Engine::kWeights, 1, 0);
  Harness h("tiny", 0x20000);
  h.subsystem.write_register(reg::kProgramLoOffset, 0x20000 - 128);
  h.subsystem.write_register(reg::kProgramCountOffset, 2);
  h.memory.write(0x20000 - 128, SyncCommand{}.encode());
  h.subsystem.write_register(reg::kControlOffset, 1);
  h.subsystem.run();
  check_fault(h, Error::kMemoryResponse, Engine::kSequencer, 1, 0);
}

TEST_CASE("weights come before or after the SPU command", "[functional][spu]") {
  for (const bool weights_first : {true, false}) {
    Harness h;
    const auto weights = bias_only_weights(h, 0x10000, -3);
    if (weights_first) h.add(weights);
    h.add(bias_only_spu(9));
    if (!weights_first) h.add(weights);
    REQUIRE(h.add(EndCommand{}).run());
    for (int i = 0; i < 64; ++i) {
      const int expected = i < 8 ? i - 3 : 0;
      CHECK(static_cast<std::int8_t>(h.subsystem.local_buffer().word(9)[i]) == expected);
    }
    CHECK(h.subsystem.registers().counter(Counter::kWeightsWords) == 4);
    CHECK(h.subsystem.registers().counter(Counter::kEpilogueWords) == 1);
  }
}

TEST_CASE("an SPU command without weights stalls", "[functional][spu]") {
  Harness h;
  CHECK_FALSE(h.add(bias_only_spu(0)).add(EndCommand{}).run());
  check_fault(h, Error::kWatchdog, Engine::kSpu, 0, 16);
  // After a reset the weight buffers are empty, and weights of one program serve the next.
  h.reset();
  REQUIRE(h.add(bias_only_weights(h, 0x10000, 1)).add(EndCommand{}).run());
  REQUIRE(h.add(bias_only_spu(0)).add(EndCommand{}).run());
  REQUIRE(h.add(bias_only_weights(h, 0x10000, 1)).add(EndCommand{}).run());
  h.reset();
  CHECK_FALSE(h.add(bias_only_spu(0)).add(EndCommand{}).run());
  check_fault(h, Error::kWatchdog, Engine::kSpu, 0, 16);
}

TEST_CASE("kept weights serve the next command", "[functional][spu]") {
  Harness h;
  auto keep = bias_only_spu(1);
  keep.weights_keep = 1;
  h.add(bias_only_weights(h, 0x10000, 1)).add(bias_only_weights(h, 0x20000, 50));
  h.add(keep);
  keep.out_addr = 2;
  h.add(keep).add(bias_only_spu(3)).add(bias_only_spu(4)).add(EndCommand{});
  REQUIRE(h.run());
  for (const int word : {1, 2, 3, 4}) {
    CHECK(h.subsystem.local_buffer().word(word)[0] == (word == 4 ? 50 : 1));
  }
}

TEST_CASE("a malformed stream stops the SPU", "[functional][spu]") {
  Harness h;
  const auto weights = bias_only_weights(h, 0x10000, 0);
  const std::uint8_t header = 65;
  h.memory.write(0x10000 + 64, {&header, 1});
  CHECK_FALSE(h.add(weights).add(bias_only_spu(0)).add(EndCommand{}).run());
  check_fault(h, Error::kWeightStream, Engine::kSpu, 1, 0);
}

TEST_CASE("weights that nobody consumes", "[functional][spu]") {
  // The value buffer of tiny holds 16 KiB.
  Harness h;
  WeightsCommand weights;
  weights.mem_addr = 0x10000;
  weights.value_words = 256;
  weights.count = 1;
  REQUIRE(h.add(weights).add(EndCommand{}).run());
  weights.value_words = 4;
  CHECK_FALSE(h.add(SyncCommand{}).add(weights).add(EndCommand{}).run());
  check_fault(h, Error::kWatchdog, Engine::kWeights, 1, 16);
}

TEST_CASE("queues are finite", "[functional][sequencer]") {
  // With two waiting places the third load blocks the bad command behind it.
  Harness h;
  for (int i = 0; i < 3; ++i) h.add(with_tokens(copy_words(Opcode::kLoad, 0x10000, 0, 1), 1, 0));
  h.add(copy_words(Opcode::kLoad, 0, 0, 1));
  CHECK_FALSE(h.run());
  check_fault(h, Error::kWatchdog, Engine::kLoad, 0, 1);
  h.reset();
  for (int i = 0; i < 2; ++i) h.add(with_tokens(copy_words(Opcode::kLoad, 0x10000, 0, 1), 1, 0));
  h.add(copy_words(Opcode::kLoad, 0, 0, 1));
  CHECK_FALSE(h.run());
  check_fault(h, Error::kMemoryRange, Engine::kSequencer, 2, 16);
}

TEST_CASE("sparse memory", "[functional][memory]") {
  s4::sim::SparseMemory memory(0x10000);
  std::vector<std::uint8_t> bytes(10000, 7);
  memory.read(100, bytes);
  CHECK(std::count(bytes.begin(), bytes.end(), 0) == 10000);
  CHECK(memory.written_pages().empty());
  std::fill(bytes.begin(), bytes.end(), 9);
  memory.write(4095, bytes);
  CHECK(memory.written_pages() == std::vector<std::uint64_t>{0, 1, 2, 3});
  s4::sim::SparseMemory copy(memory);
  CHECK_FALSE(s4::sim::SparseMemory::first_difference(memory, copy, 0, 0x10000));
  copy.clear_written();
  const std::uint8_t one = 1;
  copy.write(0x9001, {&one, 1});
  CHECK(copy.written_pages() == std::vector<std::uint64_t>{9});
  CHECK(*s4::sim::SparseMemory::first_difference(memory, copy, 0, 0x10000) == 0x9001);
  CHECK_FALSE(s4::sim::SparseMemory::first_difference(memory, copy, 0, 0x9001));
  CHECK(memory.contains(0xffff, 1));
  CHECK_FALSE(memory.contains(0xffff, 2));
  CHECK_THROWS_AS(memory.write(0xffff, {bytes.data(), 2}), std::out_of_range);
}
