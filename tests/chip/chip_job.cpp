#include "tests/chip/chip_job.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sw/compiler/tensor_layout.hpp"
#include "sw/driver/functional_device.hpp"
#include "tb/seed.hpp"

namespace s4::tests {
namespace {

constexpr std::uint8_t kUnwritten = 0xA5;

}  // namespace

sw::LayerCase small_case(unsigned number) {
  sw::LayerCase c;
  c.is_gemm = number % 2 == 0;
  if (c.is_gemm) {
    c.geometry = sw::gemm_geometry(64, 32, 128);
  } else {
    c.geometry.channels = 70;
    c.geometry.height = 6;
    c.geometry.width = 5;
    c.geometry.filters = 20;
    c.geometry.kernel_h = c.geometry.kernel_w = 3;
    c.geometry.pad_top = c.geometry.pad_left = 1;
  }
  c.keep = 8;
  c.seed = tb::seed() + number;
  return c;
}

ChipJob::ChipJob(const config::Configuration& config, sw::LayerCase layer_case,
                 std::uint64_t base) {
  layer_case.compile.base_address = base;
  layer_ = sw::make_layer(layer_case);
  sw::check_layer(layer_, false);
  data_ = sw::make_data(layer_, layer_case.seed);
  compiled_ = sw::compile_layer(layer_, config, layer_case.compile);
  input_ = sw::to_words(compiled_.input_shape, data_.input);
  fill_.assign(compiled_.write_region.size, kUnwritten);

  sw::FunctionalDevice device(config);
  device.write_memory(compiled_.weight_region.address, compiled_.weights.bytes);
  device.write_memory(compiled_.input_region.address, input_);
  device.write_memory(compiled_.write_region.address, fill_);
  sw::RunRequest request;
  request.read_region = compiled_.read_region;
  request.write_region = compiled_.write_region;
  const sw::RunResult result = device.run(program(), compiled_.config_hash, request);
  if (!result.done || result.error) throw ChipError("functional model: " + result.describe());
  due_.resize(fill_.size());
  device.read_memory(compiled_.write_region.address, due_);
  const auto words = sw::to_words(compiled_.output_shape, sw::reference_output(layer_, data_));
  if (words.empty() || !std::equal(words.begin(), words.end(), due_.begin())) {
    throw ChipError("functional model and reference differ");
  }
}

void ChipJob::place(ChipBench& bench) const {
  bench.write(compiled_.weight_region.address, compiled_.weights.bytes);
  bench.write(compiled_.input_region.address, input_);
  bench.write(compiled_.write_region.address, fill_);
}

void ChipJob::start(ChipBench& bench, unsigned subsystem) const {
  bench.start(subsystem, program(), compiled_.read_region, compiled_.write_region);
}

std::string ChipJob::compare(ChipBench& bench) const {
  std::vector<std::uint8_t> got(due_.size());
  bench.read(compiled_.write_region.address, got);
  for (std::size_t i = 0; i < due_.size(); ++i) {
    if (got[i] == due_[i]) continue;
    return fmt::format("{}: byte {} of the output: expected {}, got {}", layer_.name, i, due_[i],
                       got[i]);
  }
  return "";
}

}  // namespace s4::tests
