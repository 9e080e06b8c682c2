// Random traffic of all clients on a plain array, and who waits for whom.
#include <array>
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

/// Clocks that a word port waits for the fetch and, beside load and store alone or beside all
/// others, for word ports.
constexpr unsigned kLongestWait = 3, kLongestOfAll = 17;
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
    // In the order in which they go.
    std::array<WordPort, 5> ports = {{
        {"a load",
         true,
         m.port("ld_valid_i"),
         m.port("ld_ready_o"),
         m.port("ld_addr_i"),
         m.port("ld_data_i"),
         {}},
        {"an activation write",
         true,
         m.port("aw_valid_i"),
         m.port("aw_ready_o"),
         m.port("aw_addr_i"),
         m.port("aw_data_i"),
         {}},
        {"a store", false, m.port("st_valid_i"), m.port("st_ready_o"), m.port("st_addr_i"),
         m.port("st_rdata_o"), m.port("st_rvalid_o")},
        {"activation read 0", false, m.port("ar_valid_i"), m.port("ar_ready_o"),
         m.port("ar_addr_i"), m.port("ar_rdata_o"), m.port("ar_rvalid_o")},
        {"activation read 1", false, m.port("ar_valid_i"), m.port("ar_ready_o"),
         m.port("ar_addr_i"), m.port("ar_rdata_o"), m.port("ar_rvalid_o"), 512, 1, addr_bits},
    }};
    WordPort& load = ports[0];
    WordPort& store = ports[2];
    auto fe_valid = m.port("fe_valid_i"), fe_addr = m.port("fe_addr_i"),
         fe_grant = m.port("fe_grant_o"), fe_rdata = m.port("fe_rdata_o"),
         er_valid = m.port("er_valid_i"), er_ready = m.port("er_ready_o"),
         er_addr = m.port("er_addr_i"), er_mask = m.port("er_mask_i"),
         er_chunk = m.port("er_chunk_i"), er_rdata = m.port("er_rdata_o"),
         ew_valid = m.port("ew_valid_i"), ew_addr = m.port("ew_addr_i"),
         ew_mask = m.port("ew_mask_i"), ew_chunk = m.port("ew_chunk_i"),
         ew_data = m.port("ew_data_i");
    m.port("fe_stride2_i").set(fetch_stride == 2);
    m.port("fe_pair_i").set(pair);
    // Pending requests.
    bool second = false;
    std::uint32_t second_addr = 0;
    std::uint64_t second_mask = 0;
    unsigned second_chunk = 0;
    std::uint64_t fetch = 0;
    std::vector<std::uint32_t> fetch_addr(lanes);
    // Answers due in this clock.
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
      for (const WordPort& p : ports) {
        if (p.write) continue;
        if ((p.rvalid.bits(p.bit, 1) != 0) != p.due) {
          return fail(std::string("the answer's time of ") + p.name);
        }
        if (p.due && !same(p.data, p.data_bit / 8, p.answer.data(), 64)) {
          return fail(std::string("the answer of ") + p.name);
        }
      }
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
      fetch_due.clear();
      second_due.clear();
      // ---- New requests ----
      for (WordPort& p : ports) {
        p.due = false;
        const unsigned percent = &p == &load    ? traffic.load
                                 : &p == &store ? traffic.store
                                                : traffic.activation;
        if (p.asks || !random.percent(percent)) continue;
        p.asks = true;
        p.word_addr = traffic.one_bank ? random.below(words / banks) * banks : random.below(words);
        if (p.write) p.word = random_word(random);
        p.waits = 0;
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
      for (WordPort& p : ports) {
        p.valid.set_bits(p.bit, 1, p.asks);
        p.addr.set_bits(p.addr_bit, addr_bits, p.word_addr);
        if (p.write) p.data.set_bytes(p.word.data(), 64);
      }
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
      for (WordPort& p : ports) {
        p.wins = p.asks && p.ready.bits(p.bit, 1) != 0;
        if (p.wins) claim(p.word_addr, p.name);
      }
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
          for (const WordPort& p : ports) {
            fetch_lost = fetch_lost || (p.wins && p.word_addr % banks == bank);
          }
          if (i < group && std::strcmp(user[bank], "a fetch") == 0) {
            bool own = false;  // another lane of the same group may have the bank
            for (unsigned j = 0; j < group; ++j) {
              own = own || (((grants >> j) & 1U) != 0 && fetch_addr[j] % banks == bank);
            }
            if (!own) return fail("the upper group goes before the lower one");
          }
        }
      }
      // A word port goes before the fetch, but not twice; before other word ports in their order,
      // but who lost to one goes before those that did not, until all such were served.
      std::vector<WordPort*> losers;
      for (WordPort& p : ports) {
        if (!p.asks) continue;
        const unsigned bank = p.word_addr % banks;
        bool behind = false, lost = false;
        for (WordPort& q : ports) {
          if (&q == &p || !q.asks || q.word_addr % banks != bank) continue;
          if (q.first != p.first ? q.first : &q < &p) {
            behind = true;
            lost = lost || q.wins;
          }
        }
        const bool free = vector_user[bank] == nullptr && !(fetch_first_ && run_bank[bank]);
        if (p.wins != (free && !behind)) return fail(std::string("who goes first: ") + p.name);
        if (lost) losers.push_back(&p);
      }
      fetch_first_ = fetch_lost;
      bool left = false;
      for (WordPort& p : ports) {
        p.first = p.first && p.asks && !p.wins;
        left = left || p.first;
      }
      if (!left) {
        for (WordPort* p : losers) p->first = true;
      }
      // ---- Effects ----
      for (WordPort& p : ports) {
        if (!p.wins || p.write) continue;
        p.due = true;
        p.answer = plain_.word(p.word_addr);
        p.asks = false;
        counts.longest_word = std::max(counts.longest_word, p.waits);
        if (&p == &store) {
          ++counts.stores;
          counts.longest_store = std::max(counts.longest_store, p.waits);
        } else {
          ++counts.activation_reads;
        }
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
      for (WordPort& p : ports) {
        if (!p.wins || !p.write) continue;
        plain_.word(p.word_addr) = p.word;
        p.asks = false;
        counts.longest_word = std::max(counts.longest_word, p.waits);
        if (&p == &load) {
          ++counts.loads;
          counts.longest_load = std::max(counts.longest_load, p.waits);
        } else {
          ++counts.activation_writes;
        }
      }
      for (unsigned e = 0; result && e < out_pixels; ++e) {
        if (((result_mask >> e) & 1U) == 0) continue;
        auto& word = plain_.word(result_addr + e);
        if (result_chunk == 0) word.fill(0);
        std::copy_n(result_bytes.begin() + e * chunk, chunk,
                    word.begin() + static_cast<std::ptrdiff_t>(result_chunk * chunk));
      }
      counts.results += result;
      for (WordPort& p : ports) ++p.waits;
      m.tick();
    }
    for (const char* name : {"ld_valid_i", "st_valid_i", "fe_valid_i", "er_valid_i", "ew_valid_i",
                             "aw_valid_i", "ar_valid_i"}) {
      m.port(name).set(0);
    }
    m.tick();
    fetch_first_ = false;
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
  bool fetch_first_ = false;  // it lost a bank
};

/// Mixes of traffic one after the other, until one goes wrong.
std::string run_mixes(LocalBufferBench& bench, SeededRandom& random, unsigned clocks,
                      Counts& counts) {
  std::string error = bench.initialize(random);
  for (const unsigned stride : {1U, 2U, 0U, 3U, 4U, kOneBank}) {
    for (const Traffic& mix : {Traffic{60, 60, 60, 40, 40, 60}, Traffic{100, 100, 100, 0, 0, 100},
                               Traffic{100, 100, 100, 0, 0}, Traffic{30, 30, 100, 80, 60, 30}}) {
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
    CHECK(counts.activation_writes > 1000);
    CHECK(counts.activation_reads > 2000);
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

TEST_CASE("local buffer: who wants a word waits a bounded time", "[local_buffer]") {
  for (const char* name : {"tiny", "small"}) {
    LocalBufferBench bench(name);
    SeededRandom random(93);
    REQUIRE(bench.initialize(random) == "");
    Counts counts;
    REQUIRE(bench.run(random, {100, 100, 100, 0, 0}, kOneBank, Groups::kAny, 20000, counts) == "");
    CHECK(counts.longest_load <= kLongestWait);
    CHECK(counts.longest_store <= kLongestWait);
    CHECK(counts.longest_store == kLongestWait);  // and it happens
    REQUIRE(bench.run(random, {100, 100, 100, 0, 0, 100, true}, kOneBank, Groups::kAny, 20000,
                      counts) == "");
    CHECK(counts.longest_word <= kLongestOfAll);
    CHECK(counts.longest_word >= kLongestOfAll / 2);
  }
}

TEST_CASE("local buffer: seeded bugs are noticed", "[local_buffer]") {
  struct Bug {
    const char *name, *find, *replace, *module = "local_buffer";
  };
  BugList list(4);
  for (const Bug& bug : {
           Bug{"fetch_turn", "fetch_first_q <= fetch_lost != '0;", "fetch_first_q <= 1'b0;"},
           Bug{"word_order", "first_q[q] == first_q[p] && q < p",
               "first_q[q] == first_q[p] && q > p", "word_ports"},
           Bug{"word_losers", "== '0) first_q <= lost;", "== '0) first_q <= '0;", "word_ports"},
           Bug{"word_data", "wdata = word_mine[1] ? aw_data_i", "wdata = word_mine[1] ? ld_data_i"},
           Bug{"word_read", "ar_rvalid_o <= ar_ready_o;", "ar_rvalid_o <= ar_valid_i;"},
           Bug{"whole_word", "wmask[c] = (ew_chunk_i == '0) || (ew_chunk_i == 3'(c));",
               "wmask[c] = (ew_chunk_i == 3'(c));"},
           Bug{"partial_second", "assign er_win = er_hit[k] && er_ready_o;",
               "assign er_win = er_hit[k];"},
           Bug{"rotation", "run_first_q  <= run_first;", "run_first_q  <= '0;"},
           Bug{"port_order", "(!port_hit[0] || row_found == fe_row)", "1'b1"},
           Bug{"common_word", "(!port_hit[0] || row_found == fe_row)", "!port_hit[0]"},
           Bug{"port_data", "else if (!fe_lower_q[i]) fe_rdata_o", "else fe_rdata_o"},
           Bug{"word_turn", "!vector_busy && !fe_turn;", "!vector_busy && !fe_hit;"},
       }) {
    if (list.leaves_out()) continue;
    INFO(bug.name);
    std::string error;
    try {
      // In tiny the second tensor is read word by word.
      const bool vector = std::string(bug.name) == "partial_second";
      LocalBufferBench bench(
          vector ? "small" : "tiny",
          seeded_bug(std::string("rtl/local_buffer/") + bug.module + ".sv",
                     std::string("local_buffer_") + bug.name, bug.find, bug.replace));
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
