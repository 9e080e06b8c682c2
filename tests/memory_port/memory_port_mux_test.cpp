// The client mux with clients in C++: every response goes to its client, in the order of its tag.
#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <optional>

#include "tests/common/seeded_bug.hpp"
#include "tests/dma/dma_harness.hpp"

using namespace s4;
using namespace s4::tests;
namespace port = memory_port;

namespace {

/// One client: random bursts under free tags, data checked against memory.
class Client : public Part {
 public:
  Client(Harness& harness, port::Client client, const std::string& name, Random& random)
      : harness_(harness),
        random_(random),
        client_(client),
        name_(name),
        req_valid_(harness.model().port(name + "_req_valid_i")),
        req_ready_(harness.model().port(name + "_req_ready_o")),
        req_(harness.model().port(name + "_req_i")),
        rsp_valid_(harness.model().port(name + "_rsp_valid_o")),
        rsp_(harness.model().port(name + "_rsp_o")) {
    if (client != port::Client::kFetch) {
      rsp_ready_ = harness.model().port(name + "_rsp_ready_i");
    }
    if (client == port::Client::kStore) {
      wdata_valid_ = harness.model().port("store_wdata_valid_i");
      wdata_ready_ = harness.model().port("store_wdata_ready_o");
      wdata_ = harness.model().port("store_wdata_i");
    }
  }

  double gap = 0, stall = 0;  // no request, response not ready
  bool active = true;
  std::uint64_t requests = 0, beats = 0, longest_wait = 0;
  [[nodiscard]] bool idle() const { return !offered_ && bursts_.empty(); }

  void drive() override {
    if (!offered_ && active && bursts_.size() < 64 && !random_.chance(gap)) offer();
    req_valid_.set(offered_ ? 1 : 0);
    ready_ = client_ == port::Client::kFetch || !random_.chance(stall);
    if (client_ != port::Client::kFetch) rsp_ready_.set(ready_ ? 1 : 0);
    if (client_ == port::Client::kStore) {
      if (!writing_ && !data_.empty() && !random_.chance(stall)) {
        writing_ = true;
        wdata_.set_bits(0, 1, data_.front().second ? 1 : 0);
        for (unsigned i = 0; i < 64; i += 32) wdata_.set_bits(1 + i, 32, 0xffffffff);
        for (unsigned i = 0; i < 64; i += 4) {
          std::uint32_t part;
          std::memcpy(&part, data_.front().first.data() + i, 4);
          wdata_.set_bits(port::kWriteDataDataLsb + 8 * i, 32, part);
        }
      }
      wdata_valid_.set(writing_ ? 1 : 0);
    }
  }

  void sample(std::uint64_t cycle) override {
    if (offered_ && req_ready_.get() != 0) {
      bursts_[offered_->tag] = *offered_;
      longest_wait = std::max(longest_wait, cycle - offered_at_);
      offered_.reset();
      ++requests;
    } else if (offered_ && offered_at_ == 0) {
      offered_at_ = cycle;
    }
    if (writing_ && wdata_ready_.get() != 0) {
      writing_ = false;
      data_.pop_front();
    }
    if (rsp_valid_.get() != 0 && ready_) take_response();
  }

 private:
  struct Burst {
    std::uint64_t addr = 0;
    unsigned tag = 0, beats = 0, done = 0;
    std::vector<Word> words;  // written
  };

  void offer() {
    Burst burst;
    do {
      burst.tag = static_cast<unsigned>(client_) << port::kSlotWidth |
                  static_cast<unsigned>(random_.below(64));
    } while (bursts_.count(burst.tag) != 0);
    burst.beats = static_cast<unsigned>(random_.between(1, 16));
    // Each tag its own 16 KiB, so that writes never meet; 1024 B that a burst may fill.
    burst.addr = std::uint64_t{burst.tag} << 14 | random_.below(16) << 10 |
                 64 * random_.below(17 - burst.beats);
    const bool write = client_ == port::Client::kStore;
    for (unsigned i = 0; i < burst.beats; ++i) {
      const Word word = random_.word();
      if (write) {
        burst.words.push_back(word);
        data_.emplace_back(word, i + 1 == burst.beats);
      } else {
        harness_.contents.write(burst.addr + 64 * i, word);
      }
    }
    req_.set_bits(port::kRequestMaskLsb, port::kRequestMaskBits, 0);
    req_.set_bits(port::kRequestTagLsb, port::kRequestTagBits, burst.tag);
    req_.set_bits(port::kRequestLenLsb, port::kRequestLenBits, burst.beats - 1);
    req_.set_bits(port::kRequestAddrLsb, port::kRequestAddrBits, burst.addr);
    req_.set_bits(port::kRequestWriteLsb, 1, write ? 1 : 0);
    offered_ = burst;
    offered_at_ = harness_.cycle();
  }

  void take_response() {
    const auto tag = static_cast<unsigned>(rsp_.bits(port::kResponseTagLsb, 8));
    const auto it = bursts_.find(tag);
    if (it == bursts_.end()) {
      throw std::runtime_error(name_ + ": response to nobody, tag " + std::to_string(tag));
    }
    Burst& burst = it->second;
    ++beats;
    const bool last = rsp_.bits(port::kResponseLastLsb, 1) != 0;
    if (client_ == port::Client::kStore) {
      for (unsigned i = 0; i < burst.beats; ++i) {
        if (read_word(harness_.contents, burst.addr + 64 * i) != burst.words[i]) {
          throw std::runtime_error(name_ + ": wrong word written");
        }
      }
      bursts_.erase(it);
      return;
    }
    Word word;
    for (unsigned i = 0; i < 64; i += 4) {
      const auto part = static_cast<std::uint32_t>(rsp_.bits(port::kResponseDataLsb + 8 * i, 32));
      std::memcpy(word.data() + i, &part, 4);
    }
    if (word != read_word(harness_.contents, burst.addr + 64 * burst.done)) {
      throw std::runtime_error(name_ + ": wrong word read, tag " + std::to_string(tag));
    }
    if (last != (++burst.done == burst.beats)) throw std::runtime_error(name_ + ": last");
    if (last) bursts_.erase(it);
  }

  Harness& harness_;
  Random& random_;
  port::Client client_;
  std::string name_;
  tb::Port req_valid_, req_ready_, req_, rsp_valid_, rsp_ready_, rsp_;
  tb::Port wdata_valid_, wdata_ready_, wdata_;
  std::optional<Burst> offered_;
  std::uint64_t offered_at_ = 0;
  std::map<unsigned, Burst> bursts_;
  std::deque<std::pair<Word, bool>> data_;
  bool ready_ = false, writing_ = false;
};

struct Mux : Harness {
  explicit Mux(tb::IdealMemoryOptions options, std::uint64_t salt,
               const tb::ModelOptions& model_options = {})
      : Harness("memory_port_mux", "tiny", std::move(options), model_options),
        random(salt),
        fetch(*this, port::Client::kFetch, "fetch", random),
        load(*this, port::Client::kLoad, "load", random),
        weights(*this, port::Client::kWeights, "weights", random),
        store(*this, port::Client::kStore, "store", random) {
    for (Client* client : clients()) add(*client);
  }
  std::array<Client*, 4> clients() { return {&fetch, &load, &weights, &store}; }
  bool idle() { return fetch.idle() && load.idle() && weights.idle() && store.idle(); }

  Random random;
  Client fetch, load, weights, store;
};

tb::IdealMemoryOptions options_with(double stall, bool reorder, unsigned latency) {
  tb::IdealMemoryOptions options;
  options.latency = latency;
  options.stall_request = options.stall_write = options.stall_response = stall;
  options.reorder = reorder;
  return options;
}

std::string run_random(unsigned cycles, double stall, bool reorder,
                       const tb::ModelOptions& model_options = {}) {
  Mux m(options_with(stall, reorder, 20), 400 + cycles, model_options);
  for (Client* client : m.clients()) {
    client->gap = 0.5 + stall / 4;
    client->stall = stall;
  }
  m.fetch.gap = 0.9;
  tb::Port idle = m.model().port("mem_idle_o");
  try {
    for (unsigned i = 0; i < cycles; ++i) {
      m.step();
      if (idle.get() != 0 && !m.idle()) return "mem_idle_o while a burst is in flight";
    }
    for (Client* client : m.clients()) client->active = false;
    m.run_until([&] { return m.idle(); }, 20000);
    m.step();
  } catch (const std::exception& problem) {
    return problem.what();
  }
  for (Client* client : m.clients()) {
    if (client->requests < cycles / 200) return "a client got too little";
  }
  return idle.get() != 0 ? "" : "mem_idle_o stays low";
}

}  // namespace

TEST_CASE("memory port mux: four clients, stalls on every handshake, responses in any order") {
  const unsigned cycles = tb::full_run() ? 100000 : 8000;
  CHECK(run_random(cycles, 0, false) == "");
  CHECK(run_random(cycles, 0, true) == "");
  CHECK(run_random(cycles, 0.3, true) == "");
  CHECK(run_random(cycles, 0.7, true) == "");
}

TEST_CASE("memory port mux: the test catches seeded bugs") {
  const auto run = [](const char* name, const char* find, const char* replace) {
    return run_random(4000, 0.3, true,
                      seeded_bug("rtl/memory_port/memory_port_mux.sv", name, find, replace));
  };
  CHECK(run("mux_route", "ClientWeights: rsp_ready = weights_rsp_ready_i;",
            "ClientWeights: rsp_ready = load_rsp_ready_i;") != "");
  CHECK_THAT(run("mux_held", "assign load_request = !req_valid_q || mem_req_ready_i;",
                 "assign load_request = 1'b1;"),
             Catch::Contains("payload changed") || Catch::Contains("dropped") ||
                 Catch::Contains("RequestHeld"));
  CHECK(run("mux_idle", "in_flight_q == '0 && !fetch_req_valid_i && dma_valid == '0;",
            "!fetch_req_valid_i && dma_valid == '0;") != "");
}

TEST_CASE("memory port mux: fetch goes first, the others in turn") {
  Mux m(options_with(0, false, 10), 450);
  m.load.gap = m.weights.gap = m.store.gap = 0;
  m.fetch.gap = 0.5;
  m.memory().options().stall_request = 0.5;  // the requests queue
  for (unsigned i = 0; i < 600; ++i) m.step();
  CHECK(m.fetch.longest_wait <= 12);
  CHECK(m.load.requests > 20);
  CHECK(m.weights.requests > 20);
  CHECK(m.store.requests > 20);
}

TEST_CASE("memory port mux: one clock each way") {
  Mux m(options_with(0, false, 10), 460);
  for (Client* client : m.clients()) client->active = false;
  m.load.active = true;
  m.step();  // offered and accepted by the mux
  m.load.active = false;
  CHECK(m.memory().statistics().requests == 0);
  m.step();
  CHECK(m.memory().statistics().requests == 1);
  for (unsigned i = 0; i < 10; ++i) {
    m.step();
    CHECK(m.load.beats == 0);
  }
  m.step();
  CHECK(m.load.beats == 1);
}
