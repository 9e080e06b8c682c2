// The local buffer under random traffic of all clients, beside a plain array.
#pragma once
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/spu/random.hpp"

namespace s4::tests {

/// Stands for a distance of fetch words: all in bank 0.
constexpr unsigned kOneBank = 1000;

/// Fetch groups at a time.
enum class Groups { kOne, kNeighbours, kOverlap, kAny };

/// Percent of clocks in which a client that has nothing pending starts something.
struct Traffic {
  unsigned load = 0, store = 0, fetch = 0, second = 0, result = 0, activation = 0;
  bool one_bank = false;  // all words of the word ports in bank 0
};

struct Counts {
  std::uint64_t loads = 0, stores = 0, fetch_groups = 0, fetch_clocks = 0, seconds = 0, results = 0;
  std::uint64_t activation_writes = 0, activation_reads = 0;
  unsigned longest_load = 0, longest_store = 0, longest_word = 0;  // clocks waited
};

/// A client that asks for single words.
struct WordPort {
  const char* name;
  bool write;
  tb::Port valid, ready, addr, data, rvalid;
  unsigned data_bit = 0, bit = 0, addr_bit = 0;  // places in the ports
  // Request
  bool asks = false, first = false;
  std::uint32_t word_addr = 0;
  sim::Word word{};
  unsigned waits = 0;
  // Answer due in this clock
  bool due = false;
  sim::Word answer{};
  bool wins = false;
};

class LocalBufferBench {
 public:
  explicit LocalBufferBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("local_buffer", config, tb::Kind::kChecked, options)),
        plain_(config_) {
    for (const char* name : {"ld_valid_i", "st_valid_i", "fe_valid_i", "fe_pair_i", "fe_stride2_i",
                             "er_valid_i", "ew_valid_i", "aw_valid_i", "ar_valid_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }

  [[nodiscard]] const config::Configuration& config() const { return config_; }

  /// Words [0, words) get known contents through the load port, one per clock.
  std::string initialize(SeededRandom& random) {
    tb::Model& m = *model_;
    auto data = m.port("ld_data_i");
    m.port("ld_valid_i").set(1);
    for (std::uint32_t w = 0; w < plain_.size(); ++w) {
      plain_.word(w) = random_word(random);
      m.port("ld_addr_i").set(w);
      data.set_bytes(plain_.word(w).data(), 64);
      m.eval();
      if (m.port("ld_ready_o").get() == 0) return "a load alone has to wait";
      m.tick();
    }
    m.port("ld_valid_i").set(0);
    return "";
  }

  /// `fetch_stride`: distance of the fetch lanes' words; 0 takes any words, kOneBank those of bank
  /// 0. A pair of groups is fetched at a time or one; the upper group follows the lower one or lies
  /// anywhere.
  std::string run(SeededRandom& random, const Traffic& traffic, unsigned fetch_stride,
                  Groups groups, unsigned clocks, Counts& counts);

 private:
  static bool same(const tb::Port& port, unsigned first_byte, const std::uint8_t* bytes,
                   unsigned count) {
    for (unsigned i = 0; i < count; i += 4) {
      if (port.bits((first_byte + i) * 8, 32) !=
          (std::uint32_t{bytes[i]} | std::uint32_t{bytes[i + 1]} << 8 |
           std::uint32_t{bytes[i + 2]} << 16 | std::uint32_t{bytes[i + 3]} << 24)) {
        return false;
      }
    }
    return true;
  }
  static sim::Word random_word(SeededRandom& random) {
    sim::Word word;
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint64_t value = random.bits();
      std::memcpy(word.data() + 8 * i, &value, 8);
    }
    return word;
  }

  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  sim::LocalBuffer plain_;
  bool fetch_first_ = false;  // it lost a bank
};

}  // namespace s4::tests
