// What the DMA tests share: random boxes and their words by the definition of the command, command
// ports, the sides of the local buffer and of the weight buffers, and the clock loop.
#pragma once
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/memory_port/memory.hpp"
#include "sim/sequencer/gen/commands.hpp"
#include "tb/ideal_memory.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"

namespace s4::tests {

using Word = std::array<std::uint8_t, 64>;

class Random {
 public:
  explicit Random(std::uint64_t salt) : engine_(tb::seed() * 1000003 + salt) {}
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool chance(double probability) {
    return probability > 0 && static_cast<double>(engine_() >> 11) * 0x1p-53 < probability;
  }
  Word word() {
    Word w;
    for (unsigned i = 0; i < 8; ++i) {
      const std::uint64_t value = engine_();
      std::memcpy(w.data() + 8 * i, &value, 8);
    }
    return w;
  }

 private:
  std::mt19937_64 engine_;
};

inline Word read_word(sim::Memory& memory, std::uint64_t addr) {
  Word w;
  memory.read(addr, w);
  return w;
}

/// function(memory byte address, local word address) for every word of the box, in order.
template <typename Function>
void for_each_word(const commands::DmaCommand& c, Function&& function) {
  for (std::uint64_t i3 = 0; i3 < c.count3; ++i3)
    for (std::uint64_t i2 = 0; i2 < c.count2; ++i2)
      for (std::uint64_t i1 = 0; i1 < c.count1; ++i1)
        for (std::uint64_t i0 = 0; i0 < c.count0; ++i0)
          function(
              c.mem_addr + i3 * c.mem_stride3 + i2 * c.mem_stride2 + i1 * c.mem_stride1 + 64 * i0,
              c.local_addr + i3 * c.local_stride3 + i2 * c.local_stride2 + i1 * c.local_stride1 +
                  i0);
}

inline std::uint64_t words_of(const commands::DmaCommand& c) {
  return std::uint64_t{c.count0} * c.count1 * c.count2 * c.count3;
}

/// A box of words that lie apart, inside local words [base, base + room) and the address space.
inline commands::DmaCommand random_box(Random& random, std::uint32_t base, std::uint32_t room) {
  commands::DmaCommand c;
  std::uint64_t extent = 0;
  do {
    c.count0 = static_cast<std::uint32_t>(random.chance(0.5) ? random.between(1, 6)
                                                             : random.between(1, room));
    c.count1 = static_cast<std::uint16_t>(random.between(1, 6));
    c.count2 = static_cast<std::uint16_t>(random.chance(0.5) ? 1 : random.between(1, 4));
    c.count3 = static_cast<std::uint16_t>(random.chance(0.5) ? 1 : random.between(1, 4));
    c.local_stride1 = static_cast<std::uint32_t>(c.count0 + random.below(3));
    c.local_stride2 = static_cast<std::uint32_t>(c.local_stride1 * c.count1 + random.below(3));
    c.local_stride3 = static_cast<std::uint32_t>(c.local_stride2 * c.count2 + random.below(3));
    extent = std::uint64_t{c.local_stride3} * c.count3;
  } while (extent > room);
  c.local_addr = static_cast<std::uint32_t>(base + random.below(room - extent + 1));
  const auto stride = [&](std::uint64_t least) {
    const std::uint64_t words = least + (random.chance(0.5)   ? 0
                                         : random.chance(0.8) ? random.below(40)
                                                              : random.below(1 << 20));
    return static_cast<std::uint32_t>(words * 64);
  };
  c.mem_stride1 = stride(c.count0);
  c.mem_stride2 = stride(std::uint64_t{c.mem_stride1} / 64 * c.count1);
  c.mem_stride3 = stride(std::uint64_t{c.mem_stride2} / 64 * c.count2);
  const std::uint64_t bytes = std::uint64_t{c.mem_stride3} * c.count3;
  const std::uint64_t bases = (sim::kAddressSpace - bytes) / 64 + 1;
  c.mem_addr = 64 * (random.chance(0.1) ? bases - 1 : random.below(bases));
  return c;
}

/// One contiguous row.
inline commands::DmaCommand row(std::uint64_t mem_addr, std::uint32_t local_addr,
                                std::uint32_t words) {
  commands::DmaCommand c;
  c.mem_addr = mem_addr;
  c.local_addr = local_addr;
  c.count0 = words;
  c.count1 = c.count2 = c.count3 = 1;
  return c;
}

/// Something connected to ports of the model: drives before the evaluation, samples after it.
class Part {
 public:
  virtual ~Part() = default;
  virtual void drive() = 0;
  virtual void sample(std::uint64_t cycle) = 0;
};

/// Model, memory and parts under one clock.
class Harness {
 public:
  Harness(const std::string& top, const std::string& config, tb::IdealMemoryOptions options,
          const tb::ModelOptions& model_options = {})
      : model_(tb::Model::load(top, config, tb::Kind::kChecked, model_options)),
        memory_(*model_, contents, std::move(options)) {
    model_->reset();
  }

  sim::SparseMemory contents;
  tb::Model& model() { return *model_; }
  tb::IdealMemory& memory() { return memory_; }
  std::uint64_t cycle() const { return cycle_; }
  void add(Part& part) { parts_.push_back(&part); }

  void step() {
    for (Part* part : parts_) part->drive();
    memory_.tick_before_edge();
    for (Part* part : parts_) part->sample(cycle_);
    model_->tick();
    memory_.tick_after_edge();
    ++cycle_;
  }
  void run_until(const std::function<bool()>& condition, std::uint64_t limit) {
    for (std::uint64_t n = 0; !condition(); ++n) {
      if (n == limit) {
        throw std::runtime_error("nothing after " + std::to_string(limit) + " clocks, cycle " +
                                 std::to_string(cycle_) +
                                 ", S4_SEED=" + std::to_string(tb::seed()));
      }
      step();
    }
  }

 private:
  std::unique_ptr<tb::Model> model_;
  tb::IdealMemory memory_;
  std::vector<Part*> parts_;
  std::uint64_t cycle_ = 0;
};

/// Gives commands to an engine and counts its completions.
class CommandPort : public Part {
 public:
  CommandPort(tb::Model& model, const std::string& prefix, Random& random)
      : random_(random),
        valid_(model.port(prefix + "cmd_valid_i")),
        ready_(model.port(prefix + "cmd_ready_o")),
        command_(model.port(prefix + "cmd_i")),
        done_(model.port(prefix + "done_o")),
        error_valid_(model.port(prefix + "error_valid_o")),
        error_code_(model.port(prefix + "error_code_o")) {}

  std::function<void(std::uint64_t)> on_start, on_done;  // number of the command
  std::uint64_t window = 1000000;                        // commands offered before completion
  double gap = 0;                                        // probability of a clock without a command
  std::uint64_t started = 0, done = 0, first_done = 0, last_done = 0;
  bool error = false;
  unsigned error_code = 0;

  void push(const commands::CommandBytes& bytes) { queue_.push_back(bytes); }
  [[nodiscard]] bool offering() const { return offering_; }
  [[nodiscard]] bool idle() const { return queue_.empty() && started == done; }
  /// Takes back what was not accepted yet.
  void clear() {
    queue_.clear();
    offering_ = false;
  }

  void drive() override {
    if (!offering_ && !queue_.empty() && started - done < window && !random_.chance(gap)) {
      command_.set_bytes(queue_.front().data(), queue_.front().size());
      if (on_start) on_start(started);
      offering_ = true;
    }
    valid_.set(offering_ ? 1 : 0);
  }
  void sample(std::uint64_t cycle) override {
    if (done_.get() != 0) {
      if (done == started) throw std::runtime_error("done_o without a command");
      if (done == 0) first_done = cycle;
      last_done = cycle;
      if (on_done) on_done(done);
      ++done;
    }
    if (error_valid_.get() != 0 && !error) {
      error = true;
      error_code = static_cast<unsigned>(error_code_.get());
    }
    if (offering_ && ready_.get() != 0) {
      ++started;
      offering_ = false;
      queue_.pop_front();
    }
  }

 private:
  Random& random_;
  tb::Port valid_, ready_, command_, done_, error_valid_, error_code_;
  std::deque<commands::CommandBytes> queue_;
  bool offering_ = false;
};

/// Write side of the local buffer.
class LoadSide : public Part {
 public:
  LoadSide(tb::Model& model, Random& random)
      : random_(random),
        valid_(model.port("ld_valid_o")),
        ready_(model.port("ld_ready_i")),
        addr_(model.port("ld_addr_o")),
        data_(model.port("ld_data_o")),
        words(std::size_t{1} << addr_.width()) {}

 private:
  Random& random_;
  tb::Port valid_, ready_, addr_, data_;
  bool is_ready_ = false;

 public:
  std::vector<Word> words;
  double stall = 0;
  std::uint64_t written = 0, first = 0, last = 0;

  void drive() override {
    is_ready_ = !random_.chance(stall);
    ready_.set(is_ready_ ? 1 : 0);
  }
  void sample(std::uint64_t cycle) override {
    if (!is_ready_ || valid_.get() == 0) return;
    data_.get_bytes(words[addr_.get()].data(), 64);
    if (written++ == 0) first = cycle;
    last = cycle;
  }
};

/// Read side of the local buffer: the word comes one clock after the handshake, at no other time.
class StoreSide : public Part {
 public:
  StoreSide(tb::Model& model, Random& random)
      : random_(random),
        valid_(model.port("st_valid_o")),
        ready_(model.port("st_ready_i")),
        addr_(model.port("st_addr_o")),
        rvalid_(model.port("st_rvalid_i")),
        rdata_(model.port("st_rdata_i")),
        words(std::size_t{1} << addr_.width()) {}

 private:
  Random& random_;
  tb::Port valid_, ready_, addr_, rvalid_, rdata_;
  bool is_ready_ = false, answer_ = false;
  std::uint64_t answer_addr_ = 0;

 public:
  std::vector<Word> words;
  double stall = 0;
  std::uint64_t reads = 0;

  void drive() override {
    is_ready_ = !random_.chance(stall);
    ready_.set(is_ready_ ? 1 : 0);
    rvalid_.set(answer_ ? 1 : 0);
    const Word word = answer_ ? words[answer_addr_] : random_.word();
    rdata_.set_bytes(word.data(), 64);
  }
  void sample(std::uint64_t) override {
    answer_ = is_ready_ && valid_.get() != 0;
    if (!answer_) return;
    answer_addr_ = addr_.get();
    ++reads;
  }
};

/// The weight buffers: takes the stream and compares it with what is expected.
class WeightSide : public Part {
 public:
  WeightSide(tb::Model& model, Random& random)
      : random_(random),
        valid_(model.port("wt_valid_o")),
        ready_(model.port("wt_ready_i")),
        data_(model.port("wt_data_o")),
        section_(model.port("wt_section_o")) {}

  struct Expected {
    Word word;
    unsigned section;
  };
  std::deque<Expected> expected;
  double stall = 0;
  std::uint64_t taken = 0, first = 0, last = 0;

  void drive() override {
    is_ready_ = !random_.chance(stall);
    ready_.set(is_ready_ ? 1 : 0);
  }
  void sample(std::uint64_t cycle) override {
    if (!is_ready_ || valid_.get() == 0) return;
    if (expected.empty()) throw std::runtime_error("wt: a word too many");
    Word word;
    data_.get_bytes(word.data(), 64);
    const Expected want = expected.front();
    expected.pop_front();
    if (word != want.word || section_.get() != want.section) {
      throw std::runtime_error(
          "wt: word " + std::to_string(taken) + ", cycle " + std::to_string(cycle) +
          ": expected section " + std::to_string(want.section) + ", got " +
          std::to_string(section_.get()) + (word == want.word ? ", same data" : ", other data") +
          ", S4_SEED=" + std::to_string(tb::seed()));
    }
    if (taken++ == 0) first = cycle;
    last = cycle;
  }

 private:
  Random& random_;
  tb::Port valid_, ready_, data_, section_;
  bool is_ready_ = false;
};

/// Expected stream of a weights command; fills its memory with random words.
inline void expect_weights(const commands::WeightsCommand& c, sim::Memory& memory, Random& random,
                           WeightSide& side) {
  std::uint64_t addr = c.mem_addr;
  for (unsigned piece = 0; piece < c.count; ++piece) {
    const std::array<std::uint32_t, 3> sections = {c.param_words, c.index_words, c.value_words};
    for (unsigned section = 0; section < 3; ++section) {
      for (std::uint32_t i = 0; i < sections[section]; ++i, addr += 64) {
        const Word word = random.word();
        memory.write(addr, word);
        side.expected.push_back({word, section});
      }
    }
  }
}

}  // namespace s4::tests
