// Random traffic of all five clients on a plain array, and who waits for whom.
#include <catch2/catch.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/random.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

/// Clocks that a DMA waits for fetch and other DMA at most.
constexpr unsigned kLongestWait = 3;
constexpr unsigned kOneBank = 1000;

/// Fetch groups at a time.
enum class Groups { kOne, kNeighbours, kOverlap, kAny };

/// Percent of clocks in which a client that has nothing pending starts something.
struct Traffic {
  unsigned load = 0, store = 0, fetch = 0, second = 0, result = 0;
};

struct Counts {
  std::uint64_t loads = 0, stores = 0, fetch_groups = 0, fetch_clocks = 0, seconds = 0, results = 0;
  unsigned longest_load = 0, longest_store = 0;  // clocks waited
};

class LocalBufferBench {
 public:
  explicit LocalBufferBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("local_buffer", config, tb::Kind::kChecked, options)),
        plain_(config_) {
    for (const char* name : {"ld_valid_i", "st_valid_i", "fe_valid_i", "fe_pair_i", "fe_stride2_i",
                             "er_valid_i", "ew_valid_i"}) {
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
                  Groups groups, unsigned clocks, Counts& counts) {
    tb::Model& m = *model_;
    const unsigned group = config_.pixels_per_quadrant;
    const bool pair = groups != Groups::kOne;
    const unsigned lanes = pair ? 2 * group : group;
    const unsigned banks = config_.local_banks;
    const unsigned out_pixels = config_.epilogue_pixels;
    const unsigned chunk = config_.lanes_per_quadrant;
    const unsigned addr_bits = config_.local_addr_width;
    const std::uint32_t words = plain_.size();
    auto ld_valid = m.port("ld_valid_i"), ld_ready = m.port("ld_ready_o"),
         ld_addr = m.port("ld_addr_i"), ld_data = m.port("ld_data_i"),
         st_valid = m.port("st_valid_i"), st_ready = m.port("st_ready_o"),
         st_addr = m.port("st_addr_i"), st_rvalid = m.port("st_rvalid_o"),
         st_rdata = m.port("st_rdata_o"), fe_valid = m.port("fe_valid_i"),
         fe_addr = m.port("fe_addr_i"), fe_grant = m.port("fe_grant_o"),
         fe_rdata = m.port("fe_rdata_o"), er_valid = m.port("er_valid_i"),
         er_ready = m.port("er_ready_o"), er_addr = m.port("er_addr_i"),
         er_mask = m.port("er_mask_i"), er_chunk = m.port("er_chunk_i"),
         er_rdata = m.port("er_rdata_o"), ew_valid = m.port("ew_valid_i"),
         ew_addr = m.port("ew_addr_i"), ew_mask = m.port("ew_mask_i"),
         ew_chunk = m.port("ew_chunk_i"), ew_data = m.port("ew_data_i");
    m.port("fe_stride2_i").set(fetch_stride == 2);
    m.port("fe_pair_i").set(pair);
    // Pending requests.
    bool load = false, store = false, second = false;
    std::uint32_t load_addr = 0, store_addr = 0, second_addr = 0;
    std::uint64_t second_mask = 0;
    unsigned second_chunk = 0, load_waits = 0, store_waits = 0;
    sim::Word load_word{};
    std::uint64_t fetch = 0;
    std::vector<std::uint32_t> fetch_addr(lanes);
    // Answers due in this clock.
    bool store_due = false;
    sim::Word store_word{};
    std::vector<std::pair<unsigned, sim::Word>> fetch_due;
    std::vector<std::pair<unsigned, std::vector<std::uint8_t>>> second_due;
    const auto fail = [&](const std::string& what) {
      return what + ", cycle " + std::to_string(m.cycle()) + ", seed " + std::to_string(tb::seed());
    };
    const auto some_mask = [&] {
      const std::uint64_t all = (std::uint64_t{1} << out_pixels) - 1;
      return random.percent(70) ? all : (all >> random.below(out_pixels));
    };
    for (unsigned clock = 0; clock < clocks; ++clock) {
      // ---- Answers of the last clock's reads ----
      if ((st_rvalid.get() != 0) != store_due) return fail("st_rvalid_o");
      if (store_due && !same(st_rdata, 0, store_word.data(), 64)) return fail("st_rdata_o");
      for (const auto& [lane, word] : fetch_due) {
        if (!same(fe_rdata, lane * 64, word.data(), 64)) {
          return fail("fe_rdata_o of lane " + std::to_string(lane));
        }
      }
      for (const auto& [pixel, bytes] : second_due) {
        if (!same(er_rdata, pixel * chunk, bytes.data(), chunk)) {
          return fail("er_rdata_o of pixel " + std::to_string(pixel));
        }
      }
      store_due = false;
      fetch_due.clear();
      second_due.clear();
      // ---- New requests ----
      if (!load && random.percent(traffic.load)) {
        load = true;
        load_addr = random.below(words);
        load_word = random_word(random);
        load_waits = 0;
      }
      if (!store && random.percent(traffic.store)) {
        store = true;
        store_addr = random.below(words);
        store_waits = 0;
      }
      if (!second && random.percent(traffic.second)) {
        second = true;
        second_addr = random.below(words - out_pixels);
        second_mask = some_mask();
        second_chunk = random.below(config_.lane_chunks);
      }
      if (fetch == 0 && random.percent(traffic.fetch)) {
        fetch = random.percent(80) ? (std::uint64_t{1} << lanes) - 1
                                   : random.bits() % (std::uint64_t{1} << lanes);
        std::uint32_t first = random.below(words - 4 * lanes);
        for (unsigned i = 0; i < lanes; ++i) {
          if (i == group && groups == Groups::kAny) first = random.below(words - 8 * lanes);
          if (i == group && groups == Groups::kOverlap) --first;  // its first is the lower's last
          fetch_addr[i] = fetch_stride == 0          ? random.below(words)
                          : fetch_stride == kOneBank ? random.below(words / banks) * banks
                                                     : first + i * fetch_stride;
        }
        if (fetch != 0) ++counts.fetch_groups;
      }
      const bool result = random.percent(traffic.result);
      const std::uint32_t result_addr = random.below(words - out_pixels);
      const std::uint64_t result_mask = some_mask();
      const unsigned result_chunk = random.below(config_.lane_chunks);
      std::vector<std::uint8_t> result_bytes(std::size_t{out_pixels} * chunk);
      for (auto& byte : result_bytes) byte = random.byte();
      ld_valid.set(load);
      ld_addr.set(load_addr);
      ld_data.set_bytes(load_word.data(), 64);
      st_valid.set(store);
      st_addr.set(store_addr);
      er_valid.set(second);
      er_addr.set(second_addr);
      er_mask.set(second_mask);
      er_chunk.set(second_chunk);
      fe_valid.set(fetch);
      for (unsigned i = 0; i < lanes; ++i)
        fe_addr.set_bits(i * addr_bits, addr_bits, fetch_addr[i]);
      ew_valid.set(result);
      ew_addr.set(result_addr);
      ew_mask.set(result_mask);
      ew_chunk.set(result_chunk);
      ew_data.set_bytes(result_bytes.data(), result_bytes.size());
      m.eval();
      // ---- Who must and who may win: a bank has one user per clock ----
      std::vector<const char*> user(banks, nullptr);
      std::vector<std::uint32_t> fetched(banks, 0);  // address that a fetch has of a bank
      const auto take = [&](std::uint32_t addr, const char* who) -> std::string {
        const char*& holder = user[addr % banks];
        const bool shared = holder != nullptr && std::strcmp(holder, who) == 0 &&
                            std::strcmp(who, "a fetch") == 0 && fetched[addr % banks] == addr;
        fetched[addr % banks] = addr;
        if (holder != nullptr && !shared) {
          return std::string("bank ") + std::to_string(addr % banks) + " serves " + holder +
                 " and " + who;
        }
        holder = who;
        return "";
      };
      std::string clash;
      const auto claim = [&](std::uint32_t addr, const char* who) {
        const std::string text = take(addr, who);
        if (clash.empty()) clash = text;
      };
      for (unsigned e = 0; result && e < out_pixels; ++e) {
        if (((result_mask >> e) & 1U) != 0) claim(result_addr + e, "a result");
      }
      bool blocked = false;
      for (unsigned e = 0; second && e < out_pixels; ++e) {
        if (((second_mask >> e) & 1U) != 0) {
          blocked = blocked || user[(second_addr + e) % banks] != nullptr;
        }
      }
      if (second && (er_ready.get() != 0) == blocked) return fail("er_ready_o");
      for (unsigned e = 0; second && !blocked && e < out_pixels; ++e) {
        if (((second_mask >> e) & 1U) != 0) claim(second_addr + e, "the second tensor");
      }
      const auto vector_user = user;  // results and second tensor: nobody goes before them
      const bool load_wins = load && ld_ready.get() != 0;
      const bool store_wins = store && st_ready.get() != 0;
      if (load_wins) claim(load_addr, "a load");
      if (store_wins) claim(store_addr, "a store");
      const std::uint64_t grants = fe_grant.get();
      if ((grants & ~fetch) != 0) return fail("a grant for nothing");
      for (unsigned i = 0; i < lanes; ++i) {
        if (((grants >> i) & 1U) != 0) claim(fetch_addr[i], "a fetch");
      }
      if (!clash.empty()) return fail(clash);
      // A port's run, of its first pending lane or in the upper one of its last, is granted as far
      // as its banks are free.
      std::vector<bool> run_bank(banks, false);
      bool fetch_lost = false;
      if (fetch != 0) {
        ++counts.fetch_clocks;
        const unsigned step = fetch_stride == 2 ? 2 : 1;
        std::vector<bool> in_run(lanes, false);
        for (unsigned port = 0; port < 2; ++port) {
          const unsigned from = pair && port == 1 ? group : 0;
          int anchor = -1;
          for (unsigned i = from; i < from + group; ++i) {
            if (((fetch >> i) & 1U) != 0 && (anchor < 0 || port == 1)) anchor = static_cast<int>(i);
          }
          if (anchor < 0) continue;
          const auto at = static_cast<unsigned>(anchor);
          const std::uint32_t start = fetch_addr[at] + 64 * banks - (at - from) * step;
          for (unsigned i = from; i < from + group; ++i) {
            if (((fetch >> i) & 1U) != 0 &&
                fetch_addr[i] % banks == (start + (i - from) * step) % banks) {
              in_run[i] = true;
            }
          }
        }
        for (unsigned i = 0; i < lanes; ++i) {
          if (((fetch >> i) & 1U) == 0) continue;
          const unsigned bank = fetch_addr[i] % banks;
          const bool granted = ((grants >> i) & 1U) != 0;
          if (granted && !in_run[i]) return fail("a grant outside the run");
          if (!in_run[i]) continue;
          run_bank[bank] = true;
          if (granted) continue;
          if (user[bank] == nullptr) return fail("a fetch word of the run waits");
          if (std::strcmp(user[bank], "a fetch") == 0 && fetched[bank] == fetch_addr[i]) {
            return fail("a fetch word that the other port reads waits");
          }
          fetch_lost = fetch_lost || (load_wins && load_addr % banks == bank) ||
                       (store_wins && store_addr % banks == bank);
          if (i < group && std::strcmp(user[bank], "a fetch") == 0) {
            bool own = false;  // another lane of the same group may have the bank
            for (unsigned j = 0; j < group; ++j) {
              own = own || (((grants >> j) & 1U) != 0 && fetch_addr[j] % banks == bank);
            }
            if (!own) return fail("the upper group goes before the lower one");
          }
        }
      }
      // A DMA goes before the fetch, but not twice; the load before the store, but not twice.
      const auto expect_dma = [&](bool asks, std::uint32_t addr, bool after) {
        const unsigned bank = addr % banks;
        return asks && vector_user[bank] == nullptr && !(fetch_first_ && run_bank[bank]) && !after;
      };
      const bool same_bank = load && store && load_addr % banks == store_addr % banks;
      if (load_wins != expect_dma(load, load_addr, same_bank && store_first_)) {
        return fail("ld_ready_o");
      }
      if (store_wins != expect_dma(store, store_addr, same_bank && load_wins)) {
        return fail("st_ready_o");
      }
      fetch_first_ = fetch_lost;
      store_first_ = store && !store_wins && (store_first_ || (load_wins && same_bank));
      // ---- Effects ----
      if (store_wins) {
        store_due = true;
        store_word = plain_.word(store_addr);
        store = false;
        ++counts.stores;
        counts.longest_store = std::max(counts.longest_store, store_waits);
      }
      for (unsigned i = 0; i < lanes; ++i) {
        if (((grants >> i) & 1U) != 0) fetch_due.emplace_back(i, plain_.word(fetch_addr[i]));
      }
      fetch &= ~grants;
      if (second && !blocked) {
        for (unsigned e = 0; e < out_pixels; ++e) {
          if (((second_mask >> e) & 1U) == 0) continue;
          const auto& word = plain_.word(second_addr + e);
          const auto from = word.begin() + static_cast<std::ptrdiff_t>(second_chunk * chunk);
          second_due.emplace_back(e, std::vector<std::uint8_t>(from, from + chunk));
        }
        second = false;
        ++counts.seconds;
      }
      if (load_wins) {
        plain_.word(load_addr) = load_word;
        load = false;
        ++counts.loads;
        counts.longest_load = std::max(counts.longest_load, load_waits);
      }
      for (unsigned e = 0; result && e < out_pixels; ++e) {
        if (((result_mask >> e) & 1U) == 0) continue;
        auto& word = plain_.word(result_addr + e);
        if (result_chunk == 0) word.fill(0);
        std::copy_n(result_bytes.begin() + e * chunk, chunk,
                    word.begin() + static_cast<std::ptrdiff_t>(result_chunk * chunk));
      }
      counts.results += result;
      ++load_waits;
      ++store_waits;
      m.tick();
    }
    for (const char* name :
         {"ld_valid_i", "st_valid_i", "fe_valid_i", "er_valid_i", "ew_valid_i"}) {
      m.port(name).set(0);
    }
    m.tick();
    fetch_first_ = store_first_ = false;
    return "";
  }

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
  bool fetch_first_ = false, store_first_ = false;  // who lost a bank
};

/// Mixes of traffic one after the other, until one goes wrong.
std::string run_mixes(LocalBufferBench& bench, SeededRandom& random, unsigned clocks,
                      Counts& counts) {
  std::string error = bench.initialize(random);
  for (const unsigned stride : {1U, 2U, 0U, 3U, 4U, kOneBank}) {
    for (const Traffic& mix : {Traffic{60, 60, 60, 40, 40}, Traffic{100, 100, 100, 0, 0},
                               Traffic{30, 30, 100, 80, 60}}) {
      for (const Groups groups :
           {Groups::kOne, Groups::kNeighbours, Groups::kOverlap, Groups::kAny}) {
        if (error.empty()) error = bench.run(random, mix, stride, groups, clocks, counts);
      }
    }
  }
  return error;
}

}  // namespace

TEST_CASE("local buffer: random traffic of all clients", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(91);
    Counts counts;
    INFO(name);
    CHECK(run_mixes(bench, random, tb::full_run() ? 20000 : 400, counts) == "");
    CHECK(counts.loads > 1000);
    CHECK(counts.stores > 1000);
    CHECK(counts.fetch_groups > 1000);
    CHECK(counts.seconds > 1000);
    CHECK(counts.results > 1000);
  }
}

TEST_CASE("local buffer: clocks of a fetch group without other traffic", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(92);
    REQUIRE(bench.initialize(random) == "");
    const auto clocks = [&](unsigned stride, Groups groups) {
      Counts counts;
      REQUIRE(bench.run(random, {0, 0, 100, 0, 0}, stride, groups, 2000, counts) == "");
      return static_cast<double>(counts.fetch_clocks) / static_cast<double>(counts.fetch_groups);
    };
    INFO(name);
    // Rows of stride 1 and 2 are one run. Of words 3 or 4 apart two go in a clock, the first and
    // the last, as of nearly all random ones; some of the groups have fewer words than lanes.
    CHECK(clocks(1, Groups::kOne) == 1.0);
    CHECK(clocks(2, Groups::kOne) == 1.0);
    const unsigned lanes = bench.config().pixels_per_quadrant;
    for (const unsigned stride : {3U, 4U, 0U}) {
      CHECK(clocks(stride, Groups::kOne) > 0.35 * lanes);
      CHECK(clocks(stride, Groups::kOne) <= 0.75 * lanes);
    }
    // Neighbouring groups fill all banks once, or every other one twice; a common word is read
    // once.
    CHECK(clocks(1, Groups::kNeighbours) == 1.0);
    CHECK(clocks(1, Groups::kOverlap) == 1.0);
    CHECK(clocks(2, Groups::kNeighbours) > 1.5);
    CHECK(clocks(2, Groups::kNeighbours) <= 2.0);
  }
}

TEST_CASE("local buffer: a DMA waits a bounded time for a saturated fetch", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(93);
    REQUIRE(bench.initialize(random) == "");
    Counts counts;
    REQUIRE(bench.run(random, {100, 100, 100, 0, 0}, kOneBank, Groups::kAny, 20000, counts) == "");
    CHECK(counts.longest_load <= kLongestWait);
    CHECK(counts.longest_store <= kLongestWait);
    CHECK(counts.longest_store == kLongestWait);  // and it happens
  }
}

TEST_CASE("local buffer: seeded bugs are noticed", "[local_buffer]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  for (const Bug& bug : {
           Bug{"fetch_turn", "fetch_first_q <= fetch_lost != '0;", "fetch_first_q <= 1'b0;"},
           Bug{"store_turn", "else if (store_lost != '0)", "else if (1'b0)"},
           Bug{"whole_word", "wmask[c] = (ew_chunk_i == '0) || (ew_chunk_i == 3'(c));",
               "wmask[c] = (ew_chunk_i == 3'(c));"},
           Bug{"partial_second", "assign er_win = er_hit[k] && er_ready_o;",
               "assign er_win = er_hit[k];"},
           Bug{"rotation", "run_first_q  <= run_first;", "run_first_q  <= '0;"},
           Bug{"port_order", "(!port_hit[0] || row_found == fe_row)", "1'b1"},
           Bug{"common_word", "(!port_hit[0] || row_found == fe_row)", "!port_hit[0]"},
           Bug{"port_data", "else if (!fe_lower_q[i]) fe_rdata_o", "else fe_rdata_o"},
           Bug{"store_first", "!fe_turn && !ld_win[k];", "!fe_hit && !ld_win[k];"},
       }) {
    INFO(bug.name);
    std::string error;
    try {
      // In tiny the second tensor is read word by word.
      const bool vector = std::string(bug.name) == "partial_second";
      LocalBufferBench bench(
          vector ? "small" : "tiny",
          seeded_bug("rtl/local_buffer/local_buffer.sv", std::string("local_buffer_") + bug.name,
                     bug.find, bug.replace));
      SeededRandom random(94);
      Counts counts;
      error = run_mixes(bench, random, 300, counts);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
