// The SPU between a plain local buffer that grants at random and a stream of weight words, beside
// the functional model on the same commands.
#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "sim/local_buffer/local_buffer.hpp"
#include "sim/registers/registers.hpp"
#include "sim/spu/spu.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/spu/geometry.hpp"
#include "tests/spu/weight_words.hpp"

namespace s4::tests {

struct SpuRates {
  unsigned word = 100;     // percent of clocks in which a weight word is offered
  unsigned grant = 100;    // percent of pending activation words granted per clock
  unsigned second = 100;   // percent of clocks in which the second tensor may be read
  unsigned command = 100;  // percent of clocks in which the next command is offered
};

/// A command and the weights that it brings.
struct SpuCase {
  commands::SpuCommand command;
  std::vector<Group> groups;
  bool kept_before = false;  // the first group lies in the buffers already
};

class SpuBench {
 public:
  explicit SpuBench(const std::string& config, const tb::ModelOptions& options = {})
      : config_(sim::load_configuration(tb::root(), config)),
        model_(tb::Model::load("spu", config, tb::Kind::kChecked, options)),
        rtl_local_(config_),
        sim_local_(config_),
        registers_(config_),
        functional_(config_, sim_local_, buffers_, registers_) {
    for (const char* name :
         {"cmd_valid_i", "wt_valid_i", "wt_section_i", "fe_grant_i", "er_ready_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }

  [[nodiscard]] const config::Configuration& config() const { return config_; }
  tb::Model& model() { return *model_; }
  /// A word of both local buffers; of the hardware's after a run.
  void set_local(std::uint32_t at, const sim::Word& word) {
    rtl_local_.word(at) = sim_local_.word(at) = word;
  }
  [[nodiscard]] const sim::Word& local(std::uint32_t at) { return rtl_local_.word(at); }
  /// Of the last run: clocks from the first command's handshake to the last one's done_o, both
  /// counted; those in which the array worked, numbered from the first handshake; completed
  /// commands.
  [[nodiscard]] std::uint64_t clocks() const { return clocks_; }
  [[nodiscard]] std::uint64_t mac_clocks() const { return mac_at_.size(); }
  [[nodiscard]] const std::vector<std::uint64_t>& mac_at() const { return mac_at_; }
  [[nodiscard]] std::size_t completed() const { return completed_; }

  /// Any bytes, or BF16 of about one.
  void randomize_local(SeededRandom& random) {
    const bool numbers = random.percent(60);
    for (std::uint32_t w = 0; w < rtl_local_.size(); ++w) {
      for (unsigned i = 0; i < 64; ++i) {
        auto& byte = rtl_local_.word(w)[i];
        byte = random.byte();
        if (numbers && i % 2 == 1) {
          byte = static_cast<std::uint8_t>((byte & 0x80) | random.between(0x3B, 0x40));
        }
      }
      sim_local_.word(w) = rtl_local_.word(w);
    }
  }

  /// Weight words of a case, for the hardware and for the model.
  void send(SeededRandom& random, const SpuCase& c) {
    const unsigned tiles =
        divide_up(c.command.pixels, config_.pixels_per_quadrant << c.command.shape);
    for (std::size_t g = c.kept_before ? 1 : 0; g < c.groups.size(); ++g) {
      for (unsigned t = 0; t < (c.command.weights_resident != 0 ? 1 : tiles); ++t) {
        const std::size_t before = words_.size();
        append_words(words_, random, c.groups[g], config_.lanes_per_quadrant, 8);
        for (std::size_t w = before; w < words_.size(); ++w) {
          auto& fifo = words_[w].section == kParams    ? buffers_.params
                       : words_[w].section == kIndices ? buffers_.indices
                                                       : buffers_.values;
          const auto to = fifo.append(64);
          std::copy_n(words_[w].data.begin(), 64, to.begin());
        }
      }
    }
  }

  /// Runs one command on both; what differs, or nothing.
  std::string run(SeededRandom& random, const SpuCase& c, const SpuRates& rates) {
    return run(random, std::vector<SpuCase>{c}, {rates});
  }

  /// Runs commands, each offered as soon as the hardware takes it; what differs, or nothing.
  /// rates[i % size] holds while command i is the oldest. When a command completes, the whole local
  /// buffer must be as the model leaves it: later commands have not written yet.
  std::string run(SeededRandom& random, const std::vector<SpuCase>& cases,
                  const std::vector<SpuRates>& all_rates) {
    tb::Model& m = *model_;
    auto cmd_valid = m.port("cmd_valid_i"), done = m.port("done_o"),
         fe_valid = m.port("fe_valid_o"), fe_addr = m.port("fe_addr_o"),
         fe_grant = m.port("fe_grant_i"), fe_rdata = m.port("fe_rdata_i"),
         er_valid = m.port("er_valid_o"), er_ready = m.port("er_ready_i"),
         er_addr = m.port("er_addr_o"), er_mask = m.port("er_mask_o"),
         er_chunk = m.port("er_chunk_o"), er_rdata = m.port("er_rdata_i"),
         ew_valid = m.port("ew_valid_o"), ew_addr = m.port("ew_addr_o"),
         ew_mask = m.port("ew_mask_o"), ew_chunk = m.port("ew_chunk_o"),
         ew_data = m.port("ew_data_o"), error = m.port("error_valid_o");
    const unsigned pixels = config_.pixels_per_quadrant;
    const unsigned out_pixels = config_.epilogue_pixels;
    const unsigned lanes = config_.lanes_per_quadrant;
    const unsigned addr_bits = config_.local_addr_width;
    auto cmd_ready = m.port("cmd_ready_o");
    m.eval();
    if (cmd_ready.get() == 0) return "not ready for a command";
    std::vector<std::uint8_t> fe_data(std::size_t{2} * pixels * 64);
    std::vector<std::uint8_t> er_data(std::size_t{out_pixels} * lanes);
    std::vector<std::uint8_t> result(er_data.size());
    std::uint64_t macs = 0;
    std::uint64_t words = 0;
    std::uint64_t invalid = 0;
    std::uint64_t idle = 0;
    std::size_t accepted = 0;
    bool offered = false;
    mac_at_.clear();
    completed_ = 0;
    clocks_ = 0;
    const Totals before = totals();
    while (completed_ != cases.size()) {
      const SpuRates& rates = all_rates[completed_ % all_rates.size()];
      if (!offered && accepted != cases.size() &&
          (accepted == 0 || random.percent(rates.command))) {
        const auto bytes = cases[accepted].command.encode();
        m.port("cmd_i").set_bytes(bytes.data(), bytes.size());
        offered = true;
      }
      cmd_valid.set(offered);
      fe_rdata.set_bytes(fe_data.data(), fe_data.size());
      er_rdata.set_bytes(er_data.data(), er_data.size());
      offering_ = !words_.empty() && (offering_ || random.percent(rates.word));
      m.port("wt_valid_i").set(offering_);
      if (offering_) {
        m.port("wt_data_i").set_bytes(words_.front().data.data(), 64);
        m.port("wt_section_i").set(words_.front().section);
      }
      er_ready.set(random.percent(rates.second));
      m.eval();
      // Words that were not granted are noise.
      for (auto& byte : fe_data) byte = static_cast<std::uint8_t>(byte * 5 + 1);
      for (auto& byte : er_data) byte = static_cast<std::uint8_t>(byte * 5 + 1);
      std::uint64_t grants = 0;
      for (unsigned i = 0; i < 2 * pixels; ++i) {
        if (((fe_valid.get() >> i) & 1U) == 0 || !random.percent(rates.grant)) continue;
        grants |= std::uint64_t{1} << i;
        const auto& word = rtl_local_.word(fe_addr.bits(i * addr_bits, addr_bits));
        std::copy(word.begin(), word.end(), fe_data.begin() + i * 64);
      }
      fe_grant.set(grants);
      m.eval();
      if (er_valid.get() != 0 && er_ready.get() != 0) {
        for (unsigned e = 0; e < out_pixels; ++e) {
          if (((er_mask.get() >> e) & 1U) == 0) continue;
          const auto& word = rtl_local_.word((er_addr.get() + e) % rtl_local_.size());
          std::copy_n(word.begin() + static_cast<std::ptrdiff_t>(er_chunk.get() * lanes), lanes,
                      er_data.begin() + e * lanes);
        }
      }
      if (ew_valid.get() != 0) {
        ew_data.get_bytes(result.data(), result.size());
        for (unsigned e = 0; e < out_pixels; ++e) {
          if (((ew_mask.get() >> e) & 1U) == 0) continue;
          auto& word = rtl_local_.word((ew_addr.get() + e) % rtl_local_.size());
          if (ew_chunk.get() == 0) word.fill(0);
          std::copy_n(result.begin() + e * lanes, lanes,
                      word.begin() + static_cast<std::ptrdiff_t>(ew_chunk.get() * lanes));
        }
      }
      if (error.get() != 0) return "error_valid_o";
      macs += m.port("spu_macs_o").get();
      if (m.port("spu_mac_clocks_o").get() != 0) mac_at_.push_back(clocks_);
      words += m.port("epilogue_words_o").get();
      invalid += m.port("epilogue_invalid_o").get();
      if (done.get() != 0 && completed_ == accepted) return "a command too many completes";
      const bool over = done.get() != 0;
      const bool taken = offered && cmd_ready.get() != 0;
      if (offering_ && m.port("wt_ready_o").get() != 0) {
        words_.pop_front();
        offering_ = false;
      }
      idle = m.port("progress_o").get() != 0 ? 0 : idle + 1;
      m.tick();
      ++clocks_;
      if (taken) {
        offered = false;
        if (++accepted - completed_ > 2) return "more than two commands at a time";
      }
      if (over) {
        const std::string error = compare(cases[completed_]);
        if (!error.empty()) return "command " + std::to_string(completed_) + ": " + error;
        ++completed_;
      }
      if (idle > 20000) return "nothing moves, seed " + std::to_string(tb::seed());
    }
    cmd_valid.set(0);
    fe_grant.set(0);
    m.port("wt_valid_i").set(0);
    m.eval();
    if (m.port("spu_busy_o").get() != 0) return "busy after the last command";
    const Totals after = totals();
    if (macs != after.macs - before.macs) return "counter spu_macs";
    if (words != after.words - before.words) return "counter epilogue_words";
    // The hardware counts clocks, the model results.
    const std::uint64_t valueless = after.invalid - before.invalid;
    if ((invalid != 0) != (valueless != 0) || invalid > valueless) {
      return "counter epilogue_invalid";
    }
    // A tile without any weight takes one step of zeros, of BF16 in two clocks.
    std::uint64_t zero_steps = 0;
    for (const SpuCase& c : cases) zero_steps += empty_tiles(c);
    if (mac_at_.size() - zero_steps != after.mac_clocks - before.mac_clocks) {
      return "counter spu_mac_clocks";
    }
    return "";
  }

 private:
  struct Totals {
    std::uint64_t macs, words, mac_clocks, invalid;
  };
  [[nodiscard]] Totals totals() const {
    using counters::Counter;
    return {registers_.counter(Counter::kSpuMacs), registers_.counter(Counter::kEpilogueWords),
            registers_.counter(Counter::kSpuMacClocks),
            registers_.counter(Counter::kEpilogueInvalid)};
  }

  [[nodiscard]] std::uint64_t empty_tiles(const SpuCase& c) const {
    std::uint64_t tiles = 0;
    for (const Group& group : c.groups) {
      const bool empty = std::all_of(group.banks.begin(), group.banks.end(),
                                     [](const auto& bank) { return bank.count == 0; });
      if (empty) {
        tiles += divide_up(c.command.pixels, config_.pixels_per_quadrant << c.command.shape) *
                 (c.command.dtype + 1U);
      }
    }
    return tiles;
  }

  /// Runs the command on the model; where its local buffer differs, or nothing.
  std::string compare(const SpuCase& c) {
    functional_.start(c.command);
    if (functional_.advance() != sim::Spu::Progress::kDone) return "the model does not complete";
    for (std::uint32_t w = 0; w < rtl_local_.size(); ++w) {
      if (rtl_local_.word(w) == sim_local_.word(w)) continue;
      for (unsigned i = 0; i < 64; ++i) {
        if (rtl_local_.word(w)[i] == sim_local_.word(w)[i]) continue;
        const std::int64_t at = std::int64_t{w} - c.command.out_addr;
        return "word " + std::to_string(w) + " (result " + std::to_string(at) + ") byte " +
               std::to_string(i) + ": expected " + std::to_string(sim_local_.word(w)[i]) +
               ", got " + std::to_string(rtl_local_.word(w)[i]) + ", seed " +
               std::to_string(tb::seed());
      }
    }
    return "";
  }

  config::Configuration config_;
  std::unique_ptr<tb::Model> model_;
  sim::LocalBuffer rtl_local_, sim_local_;
  sim::WeightBuffers buffers_;
  sim::Registers registers_;
  sim::Spu functional_;
  std::deque<WeightWord> words_;
  bool offering_ = false;
  std::uint64_t clocks_ = 0;
  std::vector<std::uint64_t> mac_at_;
  std::size_t completed_ = 0;
};

/// Epilogue constants that keep results inside the range often enough to tell them apart.
inline void random_epilogue(SeededRandom& random, commands::SpuCommand& c,
                            std::vector<Group>& groups) {
  const auto number = [&random](int exponent) {
    return std::bit_cast<std::uint32_t>(
        std::ldexp(static_cast<float>(random.between(-4095, 4095)), exponent));
  };
  c.in_unsigned = random.percent(50) ? 1 : 0;
  c.in_zero = static_cast<std::int16_t>(c.in_unsigned != 0 ? random.between(0, 255)
                                                           : random.between(-128, 127));
  c.requant_zero = static_cast<std::int16_t>(random.between(-128, 127));
  c.requant_min = static_cast<std::int16_t>(-128 - c.requant_zero);
  c.requant_max = static_cast<std::int16_t>(127 - c.requant_zero);
  c.add_enable = random.percent(50) ? 1 : 0;
  c.add_unsigned = random.percent(50) ? 1 : 0;
  const std::uint32_t order = random.below(100);
  c.add_swap = order < 50 ? 1 : 0;
  c.add_min = -128;
  c.add_max = 127;
  c.add_c0 = number(-7);
  c.add_ra = number(-12);
  c.add_rb = number(-12);
  if (order % 4 == 0) {
    // With the numbers above every order of the sum is exact. Here c0 takes back what a result at
    // its upper limit adds, and c0 + pb loses bits of pb that (c0 + pa) + pb keeps.
    const float coarse = 0x1p19F;
    c.add_ra = std::bit_cast<std::uint32_t>(coarse);
    c.add_c0 = std::bit_cast<std::uint32_t>(-coarse * static_cast<float>(c.requant_max));
  }
  for (Group& group : groups) {
    for (auto& bias : group.biases) bias = random.between(-100000, 100000);
    for (auto& scale : group.scales) scale = number(-23);
  }
}

/// For some commands an activation; the table is whatever lies in the local buffer.
inline void random_activation(SeededRandom& random, const config::Configuration& config,
                              commands::SpuCommand& c) {
  if (random.percent(60)) return;
  c.activation = static_cast<std::uint8_t>(
      c.out_bf16 != 0 ? 1 + random.below(commands::kNumFunctions) : commands::kActivationTable);
  c.table_addr = random.below(config.local_words - 3);
}

/// Epilogue constants of a command with BF16 operands or results.
inline void random_float_epilogue(SeededRandom& random, commands::SpuCommand& c,
                                  std::vector<Group>& groups) {
  const bool bf16 = c.dtype != 0;
  const auto number = [&random](float low, float high) {
    const float unit = static_cast<float>(random.below(65536)) / 65536.0F;
    return std::bit_cast<std::uint32_t>(low + (high - low) * unit);
  };
  if (bf16) c.in_zero = 0;
  c.add_rb = number(-0.5F, 2.0F);
  c.second_use = static_cast<std::uint8_t>(random.below(4));
  c.second_zero = static_cast<std::int16_t>(random.between(-128, 255));
  c.negative_factor = random.percent(50) ? 0x3F800000U : number(-0.1F, 0.5F);
  c.float_low = random.percent(50) ? 0xFF800000U : number(-2.0F, 0.0F);
  c.float_high = random.percent(50) ? 0x7F800000U : number(0.0F, 50.0F);
  const float unit = (bf16 ? 0.3F : 1e-4F) * (c.out_bf16 != 0 ? 1.0F : 20.0F);
  for (Group& group : groups) {
    for (auto& bias : group.biases) {
      bias = bf16 ? static_cast<std::int32_t>(number(-2.0F, 2.0F)) : random.between(-9999, 9999);
    }
    for (auto& scale : group.scales) scale = number(-unit, 2 * unit);
  }
}

/// A random program; weights, input, output and second tensor fit the buffers.
inline std::vector<SpuCase> random_cases(const config::Configuration& config, SeededRandom& random,
                                         unsigned count) {
  std::vector<SpuCase> cases;
  while (cases.size() < count) {
    SpuCase c;
    c.kept_before = !cases.empty() && cases.back().command.weights_keep != 0;
    auto& k = c.command;
    k = random_geometry(random, config, config.local_words / 2, config.local_words / 8);
    if (c.kept_before) {
      // The same layer over other pixels.
      const commands::SpuCommand& before = cases.back().command;
      if (divide_up(k.pixels, 1) == 0) continue;
      const auto shape = before.shape;
      k = before;
      k.shape = shape;
    }
    const bool pool = !c.kept_before && random.percent(20);
    if (!pool && !c.kept_before && random.percent(20) &&
        !make_quarters(random, config, k, config.local_words / 2)) {
      continue;
    }
    if (!pool && !c.kept_before) {
      k.dtype = k.in_quarters == 0 && random.percent(40) ? 1 : 0;
      k.out_bf16 = random.percent(40) ? 1 : 0;
      k.float_epilogue = random.percent(20) ? 1 : 0;
    }
    const bool floats = k.dtype != 0 || k.out_bf16 != 0 || k.float_epilogue != 0;
    const unsigned blocks = k.dtype != 0 ? divide_up(k.in_blocks, 2) : k.in_blocks;
    const unsigned banks = blocks * k.kernel_h * k.kernel_w;
    if (std::uint64_t{banks} * k.pixels > 12000) continue;
    const unsigned lanes = (config.num_quadrants >> k.shape) * config.lanes_per_quadrant;
    k.weights_resident = c.kept_before || random.percent(60) ? 1 : 0;
    if (pool) {
      k.max_pool = 1;
      k.shape = 0;
      k.weights_resident = 0;
      k.dtype = k.out_bf16 = random.percent(50) ? 1 : 0;
      const unsigned channels = 64U >> k.out_bf16;
      k.out_channels = static_cast<std::uint16_t>(channels * k.in_blocks - random.below(channels));
    } else if (!c.kept_before) {
      k.out_channels = static_cast<std::uint16_t>(
          random.percent(60) ? 1 + random.below(lanes) : 1 + random.below(2 * lanes + 20));
    }
    const unsigned groups = divide_up(k.out_channels, lanes);
    k.out_plane = k.add_plane = k.pixels;
    const std::uint32_t results = divide_up(k.out_channels << k.out_bf16, 64) * k.pixels;
    if (results > config.local_words / 4) continue;
    k.out_addr = config.local_words / 2 + random.below(config.local_words / 4 - results + 1);
    k.add_addr = config.local_words * 3 / 4 + random.below(config.local_words / 4 - results + 1);
    if (pool) {
      random_epilogue(random, k, c.groups);
      k.in_zero = 0;
      if (k.out_bf16 != 0) k.add_enable = 0;
    } else if (c.kept_before) {
      c.groups = cases.back().groups;
    } else {
      const unsigned most_k = random.percent(30) ? 64 : (random.percent(50) ? 16 : 3);
      for (unsigned g = 0; g < groups; ++g) {
        c.groups.push_back(random_group(random, lanes, banks, banks > 60 ? 3 : most_k));
        if (random.percent(5)) {
          for (auto& bank : c.groups.back().banks) bank = random_bank(random, lanes, 0, false);
        }
      }
      random_epilogue(random, k, c.groups);
      if (floats) random_float_epilogue(random, k, c.groups);
      if (k.dtype != 0) {
        for (Group& group : c.groups) make_bf16(random, group);
      }
    }
    if (k.weights_resident != 0 &&
        !std::all_of(c.groups.begin(), c.groups.end(),
                     [&](const Group& g) { return fits_buffers(g, config); })) {
      k.weights_resident = 0;
    }
    k.weights_keep = k.weights_resident != 0 && groups == 1 && random.percent(40) ? 1 : 0;
    k.activation = 0;
    random_activation(random, config, k);
    cases.push_back(std::move(c));
  }
  cases.back().command.weights_keep = 0;
  return cases;
}

/// Random commands, back to back or (alone) one after the other.
inline std::string run_cases(SpuBench& bench, SeededRandom& random, unsigned count,
                             bool alone = false) {
  bench.randomize_local(random);
  const auto cases = random_cases(bench.config(), random, count);
  for (const SpuCase& c : cases) bench.send(random, c);
  std::vector<SpuRates> rates;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned percents[] = {25, 70, 100};
    rates.push_back({percents[random.below(3)], percents[random.below(3)],
                     percents[random.below(3)], random.percent(70) ? 100U : 3U});
  }
  std::string error;
  if (!alone) error = bench.run(random, cases, rates);
  for (std::size_t i = 0; alone && i < count && error.empty(); ++i) {
    error = bench.run(random, cases[i], rates[i]);
    if (!error.empty()) error = "of " + std::to_string(i) + ": " + error;
  }
  if (error.empty()) return "";
  std::string list;
  for (const SpuCase& c : cases) {
    const commands::SpuCommand& k = c.command;
    list += "\n  kernel " + std::to_string(k.kernel_h) + "x" + std::to_string(k.kernel_w) +
            " pixels " + std::to_string(k.pixels) + " channels " + std::to_string(k.out_channels) +
            (k.dtype != 0 ? " bf16" : "") + (k.out_bf16 != 0 ? " to bf16" : "") +
            (k.max_pool != 0 ? " pool" : "") + (k.in_quarters != 0 ? " quarters" : "") + " shape " +
            std::to_string(k.shape) + " resident " + std::to_string(k.weights_resident) + " keep " +
            std::to_string(k.weights_keep) + " activation " + std::to_string(k.activation);
  }
  return error + ", commands:" + list;
}

}  // namespace s4::tests
