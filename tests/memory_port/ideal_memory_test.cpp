// The ideal memory refuses what breaks the protocol, and does what it says with the rest. The mux
// stands in for a subsystem: what a client offers is at the port one clock later.
#include "tb/ideal_memory.hpp"

#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/dma/dma_harness.hpp"

using namespace s4;
using namespace s4::tests;
namespace port = memory_port;

namespace {

constexpr unsigned kLoadTag = 1 << port::kSlotWidth, kStoreTag = 3 << port::kSlotWidth;

struct Bench {
  explicit Bench(tb::IdealMemoryOptions options = {}, const tb::ModelOptions& model_options = {})
      : model(tb::Model::load("memory_port_mux", "tiny", tb::Kind::kFast, model_options)),
        memory(*model, contents, options) {
    model->reset();
    for (const char* name : {"load", "weights", "store"}) {
      model->port(std::string(name) + "_rsp_ready_i").set(1);
    }
  }
  void step(unsigned clocks = 1) {
    for (unsigned i = 0; i < clocks; ++i) {
      memory.tick_before_edge();
      model->tick();
      memory.tick_after_edge();
    }
  }
  /// Offers one request for one clock.
  void request(const std::string& client, std::uint64_t addr, unsigned beats, unsigned tag,
               bool write = false, unsigned mask = 0) {
    tb::Port req = model->port(client + "_req_i");
    req.set_bits(port::kRequestWriteLsb, 1, write ? 1 : 0);
    req.set_bits(port::kRequestAddrLsb, port::kRequestAddrBits, addr);
    req.set_bits(port::kRequestLenLsb, port::kRequestLenBits, beats - 1);
    req.set_bits(port::kRequestTagLsb, port::kRequestTagBits, tag);
    req.set_bits(port::kRequestMaskLsb, port::kRequestMaskBits, mask);
    model->port(client + "_req_valid_i").set(1);
    step();
    model->port(client + "_req_valid_i").set(0);
  }
  void write_data(std::uint8_t byte, std::uint64_t strobe, bool last) {
    tb::Port data = model->port("store_wdata_i");
    for (unsigned i = 0; i < 64; ++i) data.set_bits(port::kWriteDataDataLsb + 8 * i, 8, byte);
    data.set_bits(port::kWriteDataStrobeLsb, 32, strobe & 0xffffffff);
    data.set_bits(port::kWriteDataStrobeLsb + 32, 32, strobe >> 32);
    data.set_bits(port::kWriteDataLastLsb, 1, last ? 1 : 0);
    model->port("store_wdata_valid_i").set(1);
  }

  sim::SparseMemory contents;
  std::unique_ptr<tb::Model> model;
  tb::IdealMemory memory;
};

std::string problem_of(const std::function<void(Bench&)>& act, tb::IdealMemoryOptions options = {},
                       const tb::ModelOptions& model_options = {}) {
  Bench bench(options, model_options);
  try {
    act(bench);
    bench.step(3);
  } catch (const tb::ProtocolError& problem) {
    return problem.what();
  }
  return "";
}

}  // namespace

TEST_CASE("ideal memory: every rule of a request is checked") {
  using Catch::Contains;
  CHECK(problem_of([](Bench& b) { b.request("load", 64, 15, kLoadTag + 5); }) == "");
  CHECK_THAT(problem_of([](Bench& b) { b.request("load", 65, 1, kLoadTag + 5); }),
             Contains("mem_req_o.addr") && Contains("not a multiple of 64") &&
                 Contains("tag 69 (Load slot 5)") && Contains("cycle 3"));
  CHECK_THAT(problem_of([](Bench& b) { b.request("load", 64, 16, kLoadTag); }),
             Contains("mem_req_o.len") && Contains("1024 B boundary"));
  CHECK(problem_of([](Bench& b) { b.request("fetch", 128, 16, 0); }) == "");
  CHECK_THAT(problem_of([](Bench& b) { b.request("load", 64, 1, kLoadTag, false, 4); }),
             Contains("mem_req_o.mask"));
  CHECK_THAT(problem_of([](Bench& b) { b.request("load", 64, 1, kLoadTag, true); }),
             Contains("write of a reader"));
  CHECK_THAT(problem_of([](Bench& b) { b.request("store", 64, 1, kStoreTag); }),
             Contains("read of the store"));
  CHECK_THAT(problem_of([](Bench& b) {
               b.request("load", 64, 1, kLoadTag);
               b.request("load", 128, 1, kLoadTag);
             }),
             Contains("mem_req_o.tag") && Contains("in use already"));
}

TEST_CASE("ideal memory: writes stay in the write windows") {
  tb::IdealMemoryOptions options;
  options.write_windows = {{0x2000, 0x3000}, {0x8000, 0x8400}};
  const auto write = [&](std::uint64_t addr, unsigned beats) {
    Bench bench(options);
    bench.request("store", addr, beats, kStoreTag, true);
    bench.step(3);
  };
  CHECK_NOTHROW(write(0x2000, 16));
  CHECK_NOTHROW(write(0x2fc0, 1));
  CHECK_NOTHROW(write(0x8000, 16));
  for (const std::uint64_t addr : {0x1fc0, 0x3000, 0x7c00, 0x8400}) {
    CHECK_THROWS_WITH(write(addr, 1), Catch::Contains("not in a write region"));
  }
  CHECK_THROWS_AS(write(0x8000 - 64, 16), tb::ProtocolError);
  options.write_windows.clear();
  CHECK_NOTHROW(write(0x1fc0, 1));
}

TEST_CASE("ideal memory: valid and payload are held until ready") {
  using Catch::Contains;
  tb::IdealMemoryOptions closed;
  closed.stall_request = closed.stall_write = 1;
  const std::string mux = "rtl/memory_port/memory_port_mux.sv";
  CHECK_THAT(problem_of([](Bench& b) { b.request("load", 64, 1, kLoadTag); }, closed,
                        seeded_bug(mux, "mux_drop", "if (load_request) req_valid_q <= accept;",
                                   "req_valid_q <= accept;")),
             Contains("mem_req_valid_o: dropped before ready"));
  CHECK_THAT(problem_of([](Bench& b) {
               b.write_data(1, 1, true);
               b.step();
               b.model->port("store_wdata_valid_i").set(0);
             }),
             Contains("mem_wdata_valid_o: dropped before ready"));
  CHECK_THAT(problem_of([](Bench& b) {
               b.write_data(1, 1, true);
               b.step();
               b.write_data(2, 1, true);
               b.request("store", 64, 1, kStoreTag, true);
               b.step(2);
             }),
             Contains("mem_wdata_o: payload changed"));
}

TEST_CASE("ideal memory: last is on the last beat of a write") {
  using Catch::Contains;
  const auto write = [](unsigned beats, bool last) {
    return problem_of([=](Bench& b) {
      b.request("store", 64, beats, kStoreTag, true);
      b.step();
      b.write_data(7, 1, last);
    });
  };
  CHECK_THAT(write(2, true), Contains("mem_wdata_o.last: is 1 on beat 1 of 2"));
  CHECK_THAT(write(1, false), Contains("mem_wdata_o.last: is 0 on beat 1 of 1"));
  // Data without a request wait; they are no violation.
  CHECK(problem_of([](Bench& b) { b.write_data(7, 1, true); }) == "");
}

TEST_CASE("ideal memory: byte enables, acknowledge after the latency, errors by address") {
  tb::IdealMemoryOptions options;
  options.latency = 7;
  options.address_limit = 4096;
  Bench b(options);
  const std::uint64_t strobe = 0x8000000180000001;
  b.request("store", 64, 1, kStoreTag + 9, true);
  b.step();
  b.write_data(0x5a, strobe, true);
  b.step();  // accepted here
  b.model->port("store_wdata_valid_i").set(0);
  b.step(6);
  CHECK(b.memory.in_flight() == 1);
  CHECK(b.memory.statistics().acknowledges == 0);
  b.step();
  CHECK(b.memory.statistics().acknowledges == 1);
  CHECK(b.memory.idle());
  const Word word = read_word(b.contents, 64);
  for (unsigned i = 0; i < 64; ++i) CHECK(word[i] == ((strobe >> i & 1) != 0 ? 0x5a : 0));

  tb::Port valid = b.model->port("load_rsp_valid_o"), rsp = b.model->port("load_rsp_o");
  const auto error_of = [&](std::uint64_t addr) {
    b.request("load", addr, 1, kLoadTag);
    for (unsigned i = 0; i < 20; ++i) {
      b.step();
      if (valid.get() != 0) return rsp.bits(port::kResponseErrorLsb, port::kResponseErrorBits);
    }
    return ~std::uint64_t{0};
  };
  b.memory.inject_error(256, port::ResponseError::kData);
  const std::uint64_t begin = b.model->cycle();
  CHECK(error_of(4096 - 64) == 0);
  const auto first = b.memory.take_first_beat(port::Client::kLoad);
  REQUIRE(first.has_value());
  CHECK((*first >= begin + options.latency && *first <= b.model->cycle()));
  CHECK_FALSE(b.memory.take_first_beat(port::Client::kLoad).has_value());
  CHECK_FALSE(b.memory.take_first_beat(port::Client::kWeights).has_value());
  CHECK(error_of(4096) == static_cast<unsigned>(port::ResponseError::kDecode));
  CHECK(error_of(256) == static_cast<unsigned>(port::ResponseError::kData));
  b.memory.inject_error(256, port::ResponseError::kOk);
  CHECK(error_of(256) == 0);
}
