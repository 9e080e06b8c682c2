#include "tests/epilogue/epilogue_bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "tb/seed.hpp"

namespace s4::tests {

std::uint8_t epilogue_byte(const commands::SpuCommand& command, std::int32_t acc, std::int32_t bias,
                           float scale, std::uint8_t second, ref::Rounding rounding) {
  const std::int32_t zero = command.requant_zero;
  const std::int32_t a = ref::requantize(acc, bias, scale, zero, command.requant_min + zero,
                                         command.requant_max + zero, rounding);
  if (command.add_enable == 0) return static_cast<std::uint8_t>(a);
  const std::int32_t b = command.add_unsigned != 0 ? std::int32_t{second}
                                                   : std::int32_t{static_cast<std::int8_t>(second)};
  const auto low = std::int32_t{command.add_min};
  const auto high = std::int32_t{command.add_max};
  if (command.second_use == 3) {
    return static_cast<std::uint8_t>(std::min(std::max({a, b, low}), high));
  }
  // Each statement is one float32 rounding: the project is compiled without contraction.
  const float minus = command.second_use == 1 ? -1.0F : 1.0F;
  const float pa = static_cast<float>(a) * std::bit_cast<float>(std::uint32_t{command.add_ra});
  const float pb =
      minus * static_cast<float>(b) * std::bit_cast<float>(std::uint32_t{command.add_rb});
  const float inner =
      std::bit_cast<float>(std::uint32_t{command.add_c0}) + (command.add_swap != 0 ? pb : pa);
  float sum = inner + (command.add_swap != 0 ? pa : pb);
  if (command.second_use == 2) {
    const auto product = static_cast<float>((a - zero) * (b - command.second_zero));
    const float scaled = product * std::bit_cast<float>(std::uint32_t{command.add_ra});
    sum = std::bit_cast<float>(std::uint32_t{command.add_c0}) + scaled;
  }
  float rounded = ref::round_half_even(sum);
  if (command.second_use == 1) rounded += static_cast<float>(command.second_zero);
  // If the limits cross, the upper one wins, as everywhere.
  if (rounded >= static_cast<float>(high)) return static_cast<std::uint8_t>(high);
  if (rounded <= static_cast<float>(low)) return static_cast<std::uint8_t>(std::min(low, high));
  return static_cast<std::uint8_t>(static_cast<std::int32_t>(rounded));
}

EpilogueBench::EpilogueBench(const std::string& config, tb::Kind kind, tb::ModelOptions options)
    : random_(tb::seed()) {
  options.parameters["MetaWidth"] = "32";
  model_ = tb::Model::load("epilogue", config, kind, options);
  in_valid = model_->port("in_valid_i");
  in_ready = model_->port("in_ready_o");
  out_valid = model_->port("out_valid_o");
  out_ready = model_->port("out_ready_i");
  out_meta = model_->port("out_meta_o");
  busy = model_->port("busy_o");
  acc_ = model_->port("acc_i");
  param_ = model_->port("param_i");
  second_ = model_->port("second_i");
  lane_valid_ = model_->port("lane_valid_i");
  meta_ = model_->port("meta_i");
  out_data_ = model_->port("out_data_o");
  lanes_ = param_.width() / 64;
  pixels_ = acc_.width() / 32 / lanes_;
  in_valid.set(0);
  out_ready.set(0);
  model_->reset();
}

EpilogueBeat EpilogueBench::beat() const {
  EpilogueBeat beat;
  beat.acc.assign(results(), 0);
  beat.second.assign(results(), 0);
  beat.bias.assign(lanes_, 0);
  beat.scale.assign(lanes_, 1.0F);
  return beat;
}

void EpilogueBench::set_command(const commands::SpuCommand& command) {
  const auto set = [this](const char* name, std::uint64_t value) { model_->port(name).set(value); };
  set("requant_zero_i", static_cast<std::uint64_t>(command.requant_zero));
  set("requant_min_i", static_cast<std::uint64_t>(command.requant_min));
  set("requant_max_i", static_cast<std::uint64_t>(command.requant_max));
  set("add_enable_i", command.add_enable);
  set("second_use_i", command.second_use);
  set("second_zero_i", static_cast<std::uint64_t>(command.second_zero));
  set("add_unsigned_i", command.add_unsigned);
  set("add_swap_i", command.add_swap);
  set("add_min_i", static_cast<std::uint64_t>(command.add_min));
  set("add_max_i", static_cast<std::uint64_t>(command.add_max));
  set("add_c0_i", command.add_c0);
  set("add_ra_i", command.add_ra);
  set("add_rb_i", command.add_rb);
}

void EpilogueBench::offer(const EpilogueBeat& beat, std::uint32_t meta) {
  acc_.set_bytes(beat.acc.data(), beat.acc.size() * 4);
  second_.set_bytes(beat.second.data(), beat.second.size());
  std::vector<std::uint32_t> parameters;
  for (const std::int32_t bias : beat.bias) {
    parameters.push_back(static_cast<std::uint32_t>(bias));
  }
  for (const float scale : beat.scale) parameters.push_back(std::bit_cast<std::uint32_t>(scale));
  param_.set_bytes(parameters.data(), parameters.size() * 4);
  lane_valid_.set(beat.lane_valid);
  meta_.set(meta);
  in_valid.set(1);
}

std::vector<std::uint8_t> EpilogueBench::bytes() const {
  std::vector<std::uint8_t> result(results());
  out_data_.get_bytes(result.data(), result.size());
  return result;
}

std::uint64_t EpilogueBench::compare(const commands::SpuCommand& command, const EpilogueBeat& beat,
                                     std::size_t number) {
  const std::vector<std::uint8_t> got = bytes();
  std::uint64_t wrong = 0;
  for (unsigned i = 0; i < results(); ++i) {
    const unsigned o = i % lanes_;
    const bool valid = (beat.lane_valid >> o & 1U) != 0;
    const std::uint8_t expected =
        valid ? epilogue_byte(command, beat.acc[i], beat.bias[o], beat.scale[o], beat.second[i])
              : std::uint8_t{0};
    if (got[i] == expected) continue;
    ++wrong;
    if (++reported_ > 4) continue;
    report_ += fmt::format(
        "cycle {} beat {} lane {}: got {}, expected {} (acc {}, bias {}, scale {:a}, second {}; "
        "zero "
        "{}, clamp {} to {}, add {} use {} c0 {:08x} ra {:08x} rb {:08x})\n",
        model_->cycle(), number, i, got[i], expected, beat.acc[i], beat.bias[o], beat.scale[o],
        beat.second[i], command.requant_zero, command.requant_min, command.requant_max,
        command.add_enable, command.second_use, command.add_c0, command.add_ra, command.add_rb);
  }
  return wrong;
}

std::uint64_t EpilogueBench::mismatches(const commands::SpuCommand& command,
                                        const std::vector<EpilogueBeat>& beats, Stalls stalls) {
  set_command(command);
  report_ = fmt::format("seed {}\n", tb::seed());
  reported_ = 0;
  const auto chance = [this](unsigned percent) {
    return percent >= 100 || random_() % 100 < percent;
  };
  const std::uint64_t start = model_->cycle();
  const std::uint64_t limit = start + 1000 + 100 * beats.size();
  std::size_t sent = 0;
  std::size_t taken = 0;
  std::uint64_t wrong = 0;
  bool offered = false;
  while (taken < beats.size()) {
    // A beat once offered is held until it is accepted.
    if (!offered && sent < beats.size() && chance(stalls.offer)) {
      offer(beats[sent], static_cast<std::uint32_t>(sent * 2654435761U));
      offered = true;
    }
    if (!offered) in_valid.set(0);
    out_ready.set(chance(stalls.take) ? 1 : 0);
    model_->eval();
    if (out_valid.get() != 0 && out_ready.get() != 0) {
      if (out_meta.get() != static_cast<std::uint32_t>(taken * 2654435761U)) {
        throw std::runtime_error(
            fmt::format("cycle {}: beat {} expected at the output, its meta "
                        "is {:08x}",
                        model_->cycle(), taken, out_meta.get()));
      }
      wrong += compare(command, beats[taken], taken);
      ++taken;
    }
    if (offered && in_ready.get() != 0) {
      offered = false;
      ++sent;
    }
    model_->tick();
    if (model_->cycle() > limit) {
      throw std::runtime_error(
          fmt::format("{} of {} beats came out in {} clocks", taken, beats.size(), limit - start));
    }
  }
  in_valid.set(0);
  out_ready.set(0);
  model_->eval();
  if (busy.get() != 0 || out_valid.get() != 0) {
    throw std::runtime_error("the pipeline holds more beats than were sent");
  }
  clocks_ = model_->cycle() - start;
  return wrong;
}

}  // namespace s4::tests
