// Errors on the chip, through the driver: each is named, and the next program runs.
#include <catch2/catch.hpp>

#include "sim/host/gen/chip_registers.hpp"
#include "sw/compiler/program.hpp"
#include "tb/root.hpp"
#include "tests/chip/chip_job.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

sw::RunRequest request_of(const ChipJob& job) {
  sw::RunRequest request;
  request.read_region = job.compiled().read_region;
  request.write_region = job.compiled().write_region;
  return request;
}

sw::RunResult run(ChipBench& bench, const ChipJob& job, const sw::Program& program,
                  const sw::RunRequest& request) {
  job.place(bench);
  return bench.subsystem(0).run(program, job.compiled().config_hash, request);
}

/// The job from its beginning, as if nothing had been before.
void check_next(ChipBench& bench, const ChipJob& job) {
  const sw::RunResult result = run(bench, job, job.program(), request_of(job));
  INFO(result.describe());
  CHECK(result.done);
  CHECK(!result.error);
  CHECK(job.compare(bench) == "");
}

}  // namespace

TEST_CASE("chip: an error is named, and the next program runs") {
  ChipOptions options;
  options.ecc = true;
  options.stalls = {50, 100, tb::seed()};
  ChipBench bench("tiny", options);
  const ChipJob job(bench.config(), small_case(0), 0x200000);
  sw::Program bad = job.program();
  sw::RunRequest request = request_of(job);

  SECTION("an unknown command") {
    bad.commands.at(1)[0] = 0xEE;
    const sw::RunResult result = run(bench, job, bad, request);
    CHECK(result.error_code == commands::Error::kOpcode);
    CHECK(result.error_command == 1);
  }
  SECTION("a load from where no memory is") {
    for (commands::CommandBytes& bytes : bad.commands) {
      if (static_cast<commands::Opcode>(bytes[0]) != commands::Opcode::kLoad) continue;
      commands::DmaCommand load = commands::DmaCommand::decode(bytes);
      load.mem_addr = 15 * 4 * kGiB;
      bytes = load.encode();
    }
    request.read_region = {0, 64 * kGiB};
    const sw::RunResult result = run(bench, job, bad, request);
    CHECK(result.error_code == commands::Error::kMemoryResponse);
  }
  SECTION("a load from outside the region") {
    request.read_region.size = 4096;
    const sw::RunResult result = run(bench, job, bad, request);
    CHECK(result.error_code == commands::Error::kMemoryRange);
  }
  SECTION("two wrong bits in the memory") {
    job.place(bench);
    bench.settle();
    const std::uint64_t word = job.compiled().weight_region.address + 64;
    bench.flip(word, 0);
    bench.flip(word, 1);
    const sw::RunResult result =
        bench.subsystem(0).run(job.program(), job.compiled().config_hash, request);
    CHECK(result.error_code == commands::Error::kMemoryResponse);
    bench.clocks(2000);
    if (bench.interrupt()) (void)bench.wait_ended([](std::uint64_t) { return false; });
    REQUIRE(!bench.faults().empty());
    for (const std::string& fault : bench.faults()) {
      CHECK(fault.find("uncorrectable data in the memory of station") == 0);
    }
  }
  INFO("after the error");
  bench.subsystem(0).reset();
  check_next(bench, job);
}

TEST_CASE("chip: an error on one subsystem is not that of another one") {
  ChipOptions options;
  options.config_argument = tb::root() + "/tests/chip/pair.json";
  ChipBench bench(options.config_argument, options);
  const ChipJob good(bench.config(), small_case(0), 0x200000);
  const ChipJob bad(bench.config(), small_case(1), 5 * kGiB);
  for (const unsigned failing : {0U, 1U}) {
    INFO("subsystem " << failing << " fails");
    good.place(bench);
    bad.place(bench);
    sw::Program unmapped = bad.program();
    for (commands::CommandBytes& bytes : unmapped.commands) {
      if (static_cast<commands::Opcode>(bytes[0]) != commands::Opcode::kStore) continue;
      commands::DmaCommand store = commands::DmaCommand::decode(bytes);
      store.mem_addr = 15 * 4 * kGiB;
      bytes = store.encode();
    }
    sw::RunRequest request = request_of(bad);
    request.write_region = {0, 64 * kGiB};
    sw::Device &first = bench.subsystem(failing), &second = bench.subsystem(1 - failing);
    first.prepare(unmapped, bad.compiled().config_hash, request);
    second.prepare(good.program(), good.compiled().config_hash, request_of(good));
    first.start();
    second.start();
    REQUIRE(second.wait({}));
    REQUIRE(first.wait({}));
    CHECK(first.collect().error_code == commands::Error::kMemoryResponse);
    CHECK(second.collect().done);
    CHECK(good.compare(bench) == "");
    // The next one, without a reset of the other.
    first.reset();
    const sw::RunResult next =
        first.run(bad.program(), bad.compiled().config_hash, request_of(bad));
    INFO(next.describe());
    CHECK(next.done);
    CHECK(bad.compare(bench) == "");
  }
  CHECK(bench.faults().empty());
}

TEST_CASE("chip: a lost interrupt is found and named") {
  ChipBench bench("tiny");
  const ChipJob job(bench.config(), small_case(1), 0x200000);
  job.place(bench);
  sw::Device& device = bench.subsystem(0);
  device.prepare(job.program(), job.compiled().config_hash, request_of(job));
  device.start();
  bench.set(0, chip_registers::kIrqEnableOffset, 0);
  CHECK(device.wait({}));
  const sw::RunResult result = device.collect();
  CHECK(result.done);
  REQUIRE(bench.faults().size() == 1);
  CHECK(bench.faults()[0].find("the interrupt of subsystem 0 was lost") == 0);
  CHECK(job.compare(bench) == "");
  check_next(bench, job);
  CHECK(bench.faults().size() == 1);
}

TEST_CASE("chip: many programs one after the other without a reset") {
  ChipBench bench("tiny");
  const unsigned count = tb::full_run() ? 1000 : 4;
  for (unsigned i = 0; i < count; ++i) {
    INFO("program " << i);
    const ChipJob job(bench.config(), small_case(i), 0x200000 + i % 7 * 0x123000);
    check_next(bench, job);
  }
  CHECK(bench.faults().empty());
}
