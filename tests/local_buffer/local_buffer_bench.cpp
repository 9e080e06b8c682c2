#include "tests/local_buffer/local_buffer_bench.hpp"

#include <algorithm>

#include "tb/seed.hpp"

namespace s4::tests {

std::string LocalBufferBench::run(SeededRandom& random, const Traffic& traffic,
                                  unsigned fetch_stride, Groups groups, unsigned clocks,
                                  Counts& counts) {
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
      {"activation read 0", false, m.port("ar_valid_i"), m.port("ar_ready_o"), m.port("ar_addr_i"),
       m.port("ar_rdata_o"), m.port("ar_rvalid_o")},
      {"activation read 1", false, m.port("ar_valid_i"), m.port("ar_ready_o"), m.port("ar_addr_i"),
       m.port("ar_rdata_o"), m.port("ar_rvalid_o"), 512, 1, addr_bits},
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
    for (unsigned i = 0; i < lanes; ++i) fe_addr.set_bits(i * addr_bits, addr_bits, fetch_addr[i]);
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
        return std::string("bank ") + std::to_string(addr % banks) + " serves " + holder + " and " +
               who;
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

}  // namespace s4::tests
