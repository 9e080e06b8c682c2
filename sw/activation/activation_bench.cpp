#include "sw/activation/activation_bench.hpp"

#include <fmt/format.h>

#include <random>
#include <stdexcept>

#include "tb/seed.hpp"

namespace s4::sw {

ActivationBench::ActivationBench(const std::string& config, tb::Kind kind,
                                 tb::ModelOptions options) {
  options.parameters["MetaWidth"] = "16";
  model_ = tb::Model::load("activation_array", config, kind, options);
  lanes_ = model_->port("in_data_i").width() / 16;
  for (const char* name : {"in_valid_i", "out_ready_i", "table_we_i", "invalid_clear_i"}) {
    model_->port(name).set(0);
  }
  model_->reset();
}

void ActivationBench::load_table(const std::vector<std::uint8_t>& bytes) {
  if (bytes.size() != 256) throw std::invalid_argument("a table has 256 bytes");
  model_->port("table_we_i").set(1);
  for (unsigned row = 0; row < 32; ++row) {
    model_->port("table_row_i").set(row);
    model_->port("table_data_i").set_bytes(bytes.data() + 8 * row, 8);
    model_->tick();
  }
  model_->port("table_we_i").set(0);
}

std::vector<std::vector<std::uint16_t>> ActivationBench::run(
    const std::vector<ActivationBeat>& beats, Stalls stalls) {
  std::mt19937_64 random(tb::seed());
  auto in_valid = model_->port("in_valid_i"), in_ready = model_->port("in_ready_o"),
       out_valid = model_->port("out_valid_o"), out_ready = model_->port("out_ready_i"),
       in_data = model_->port("in_data_i"), out_data = model_->port("out_data_o"),
       in_function = model_->port("in_function_i"), in_table = model_->port("in_table_i"),
       in_lane_valid = model_->port("in_lane_valid_i"), in_meta = model_->port("in_meta_i"),
       out_meta = model_->port("out_meta_o");
  std::vector<std::vector<std::uint16_t>> results;
  std::size_t sent = 0;
  bool offering = false;
  std::uint64_t idle = 0;
  clocks_ = 0;
  while (results.size() < beats.size()) {
    if (!offering && sent < beats.size() && random() % 100 < stalls.in_percent) {
      const ActivationBeat& beat = beats[sent];
      offering = true;
      in_data.set_bytes(beat.data.data(), 2 * lanes_);
      in_function.set(beat.function);
      in_table.set(beat.table ? 1 : 0);
      in_meta.set(beat.meta);
      for (unsigned i = 0; i < lanes_; ++i) {
        in_lane_valid.set_bits(i, 1, beat.valid.empty() || beat.valid[i] ? 1 : 0);
      }
    }
    in_valid.set(offering ? 1 : 0);
    out_ready.set(random() % 100 < stalls.out_percent ? 1 : 0);
    model_->eval();
    const bool accepted = offering && in_ready.get() != 0;
    if (out_valid.get() != 0 && out_ready.get() != 0) {
      const ActivationBeat& beat = beats[results.size()];
      if (results.size() >= sent || out_meta.get() != (beat.meta & 0xFFFF)) {
        throw std::runtime_error(fmt::format("beat {}: meta {:#x} instead of {:#x}, seed {}",
                                             results.size(), out_meta.get(), beat.meta,
                                             tb::seed()));
      }
      results.emplace_back(lanes_);
      out_data.get_bytes(results.back().data(), 2 * lanes_);
      idle = 0;
    }
    if (++idle > 10000) throw std::runtime_error("activation_array gives nothing more");
    model_->tick();
    ++clocks_;
    if (accepted) {
      offering = false;
      ++sent;
    }
  }
  in_valid.set(0);
  out_ready.set(0);
  return results;
}

std::vector<std::uint16_t> ActivationBench::all_inputs(activation::Function function,
                                                       Stalls stalls) {
  std::vector<ActivationBeat> beats;
  for (unsigned x = 0; x < 65536; x += lanes_) {
    ActivationBeat beat;
    beat.function = static_cast<unsigned>(function);
    beat.meta = x / lanes_;
    for (unsigned i = 0; i < lanes_; ++i) beat.data.push_back(static_cast<std::uint16_t>(x + i));
    beats.push_back(std::move(beat));
  }
  std::vector<std::uint16_t> all;
  for (const auto& result : run(beats, stalls)) all.insert(all.end(), result.begin(), result.end());
  return all;
}

bool ActivationBench::invalid() { return model_->port("invalid_o").get() != 0; }

void ActivationBench::clear_invalid() {
  model_->port("invalid_clear_i").set(1);
  model_->tick();
  model_->port("invalid_clear_i").set(0);
}

}  // namespace s4::sw
