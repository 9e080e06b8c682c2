#include "tests/bf16/quadrant_bench.hpp"

#include <fmt/format.h>

#include "tb/root.hpp"

namespace s4::tests {

Bf16QuadrantBench::Bf16QuadrantBench(const std::string& config, const tb::ModelOptions& options,
                                     tb::Kind kind)
    : config_(sim::load_configuration(tb::root(), config)),
      model_(tb::Model::load("mac_quadrant", config, kind, options)),
      operand_(kBankSlots, std::vector<std::int32_t>(std::size_t{kBankSize} * pixels())),
      accumulator_(2, std::vector<std::uint32_t>(std::size_t{lanes()} * pixels())),
      data_(std::size_t{pixels()} * 64) {
  step_.index.assign(lanes(), 0);
  step_.value.assign(lanes(), 0);
  late_ = later_ = step_;
  drive();
  model_->reset();
  // Nothing has a reset but the valid bits: define operands and sums.
  for (unsigned bank = 0; bank < kBankSlots; ++bank) {
    fill(bank, ~std::uint64_t{0}, 0, data_);
    clock();
  }
  for (const bool set : {false, true}) {
    QuadrantStep clear = step_;
    clear.clear = true;
    clear.set = set;
    bf16_step(clear);
  }
  clock(6);
  products_ = 0;
}

void Bf16QuadrantBench::fill(unsigned bank, std::uint64_t write, std::uint64_t zero,
                             const std::vector<std::uint8_t>& data, bool is_unsigned,
                             int zero_point, bool both) {
  fill_valid_ = true;
  fill_both_ = both;
  fill_bank_ = bank;
  fill_write_ = write;
  fill_zero_ = zero;
  data_ = data;
  unsigned_ = is_unsigned;
  zero_point_ = zero_point;
}

void Bf16QuadrantBench::drain(bool set, unsigned sel) {
  drain_valid_ = true;
  drain_set_ = set;
  drain_sel_ = sel;
}

void Bf16QuadrantBench::fill_pair(unsigned bank, const std::vector<std::uint16_t>& x) {
  for (unsigned word = 0; word < 2; ++word) {
    std::vector<std::uint8_t> bytes(std::size_t{pixels()} * 64);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::size_t channel = 32 * word + i % 64 / 2;
      bytes[i] = static_cast<std::uint8_t>(x[i / 64 * 64 + channel] >> (i % 2 * 8));
    }
    fill((bank & ~1U) + word, ~std::uint64_t{0}, 0, bytes);
    clock();
  }
}

void Bf16QuadrantBench::drain_all(bool set) {
  clock(4);
  for (unsigned sel = 0; sel < beats(); ++sel) {
    drain(set, sel);
    clock();
  }
}

void Bf16QuadrantBench::clock(unsigned count) {
  for (unsigned i = 0; i < count; ++i) {
    drive();
    model_->tick();
    follow();
    compare();
    fill_valid_ = step_valid_ = low_valid_ = drain_valid_ = false;
    // The inputs of what is not valid move nevertheless.
    fill_write_ ^= 0x5555;
    fill_both_ = !fill_both_;
    step_.bank = (step_.bank + 1) % kBankSlots;
    step_.clear = !step_.clear;
    step_.bf16 = !step_.bf16;
    drain_set_ = !drain_set_;
  }
}

void Bf16QuadrantBench::drive() {
  tb::Model& m = *model_;
  m.port("fill_valid_i").set(fill_valid_);
  m.port("fill_bank_i").set(fill_bank_);
  m.port("fill_both_i").set(fill_both_);
  m.port("fill_write_i").set(fill_write_);
  m.port("fill_zero_i").set(fill_zero_);
  m.port("fill_data_i").set_bytes(data_.data(), data_.size());
  m.port("fill_unsigned_i").set(unsigned_);
  m.port("fill_zero_point_i").set(static_cast<std::uint64_t>(zero_point_));
  m.port("step_valid_i").set(step_valid_);
  m.port("step_bf16_i").set(step_.bf16);
  m.port("step_clear_i").set(step_.clear);
  m.port("step_set_i").set(step_.set);
  m.port("step_bank_i").set(step_.bank);
  auto index = m.port("step_index_i");
  for (unsigned o = 0; o < lanes(); ++o) index.set_bits(o * 6, 6, step_.index[o]);
  m.port("step_low_i").set(low_valid_);
  auto value = m.port("step_value_i");
  const bool high = step_valid_ && step_.bf16;
  for (unsigned o = 0; o < lanes(); ++o) {
    value.set_bits(o * 8, 8, low_valid_ ? low_[o] & 0xFFU : step_.value[o] >> (high ? 8 : 0));
  }
  m.port("drain_valid_i").set(drain_valid_);
  m.port("drain_set_i").set(drain_set_);
  m.port("drain_sel_i").set(drain_sel_);
}

void Bf16QuadrantBench::follow() {
  const FlushMode flush;
  if (drain_valid_) {
    shown_.clear();
    for (unsigned e = 0; e < out_pixels(); ++e) {
      for (unsigned o = 0; o < lanes(); ++o) {
        shown_.push_back(accumulator_[drain_set_][o * pixels() + drain_sel_ * out_pixels() + e]);
      }
    }
    compared_ += shown_.size();
  }
  for (Flight& flight : flights_) {
    if (--flight.due == 0) add_products(flight);
  }
  if (!flights_.empty() && flights_.front().due == 0) flights_.erase(flights_.begin());
  if (later_valid_ && later_.bf16) select(later_, 1);
  if (late_valid_ && late_.bf16) select(late_, 0);
  if (late_valid_ && !late_.bf16) multiply_integers(late_);
  if (fill_valid_) {
    for (unsigned p = 0; p < pixels(); ++p) {
      for (unsigned c = 0; c < kBankSize; ++c) {
        auto& cell = operand_[fill_bank_][c * pixels() + p];
        const std::uint8_t byte = data_[p * 64 + c];
        if (((fill_write_ >> p) & 1U) != 0) {
          cell = (unsigned_ ? int{byte} : int{static_cast<std::int8_t>(byte)}) - zero_point_;
        }
        if (((fill_zero_ >> p) & 1U) != 0) cell = 0;
        if (fill_both_ && (((fill_write_ | fill_zero_) >> p) & 1U) != 0) {
          operand_[fill_bank_ + 1][c * pixels() + p] = cell;
        }
      }
    }
  }
  later_valid_ = late_valid_;
  later_ = late_;
  late_valid_ = step_valid_;
  if (step_valid_) {
    late_ = step_;
    if (step_.bf16) products_ += std::uint64_t{lanes()} * pixels();
  }
}

void Bf16QuadrantBench::select(const QuadrantStep& step, unsigned half) {
  const unsigned width = pixels() / 2;
  Flight flight{3, half, step, std::vector<std::uint16_t>(std::size_t{lanes()} * width)};
  for (unsigned o = 0; o < lanes(); ++o) {
    const unsigned word = (step.bank & ~1U) + step.index[o] / 32;
    const unsigned byte = step.index[o] % 32 * 2;
    for (unsigned p = 0; p < width; ++p) {
      const std::size_t at = byte * pixels() + half * width + p;
      flight.factor[o * width + p] = static_cast<std::uint16_t>(
          (operand_[word][at] & 0xFF) | (operand_[word][at + pixels()] & 0xFF) << 8);
    }
  }
  flights_.push_back(std::move(flight));
}

void Bf16QuadrantBench::add_products(const Flight& flight) {
  const unsigned width = pixels() / 2;
  for (unsigned o = 0; o < lanes(); ++o) {
    const std::uint16_t w = flight.step.value[o];
    for (unsigned p = 0; p < width; ++p) {
      std::uint32_t& sum = accumulator_[flight.step.set][o * pixels() + flight.half * width + p];
      if (flight.step.clear) sum = 0;
      if ((w & 0x7F80U) == 0) continue;
      const std::uint32_t x = flight.factor[o * width + p];
      sum = host_add(sum, host_multiply(x << 16, std::uint32_t{w} << 16));
    }
  }
}

void Bf16QuadrantBench::multiply_integers(const QuadrantStep& step) {
  for (unsigned o = 0; o < lanes(); ++o) {
    const int w = static_cast<std::int8_t>(step.value[o]);
    for (unsigned p = 0; p < pixels(); ++p) {
      std::uint32_t& sum = accumulator_[step.set][o * pixels() + p];
      if (step.clear) sum = 0;
      sum += static_cast<std::uint32_t>(operand_[step.bank][step.index[o] * pixels() + p] * w);
    }
  }
}

void Bf16QuadrantBench::compare() {
  const auto data = model_->port("drain_data_o");
  for (unsigned i = 0; i < shown_.size() && error_.empty(); ++i) {
    if (data.word(i) != shown_[i]) {
      error_ = fmt::format("lane {} pixel {}: expected {:08x}, got {:08x}, cycle {}, seed {}",
                           i % lanes(), i / lanes(), shown_[i], data.word(i), model_->cycle(),
                           tb::seed());
    }
  }
}

}  // namespace s4::tests
