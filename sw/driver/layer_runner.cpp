#include "sw/driver/layer_runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "sw/driver/functional_device.hpp"
#include "sw/driver/progress.hpp"

namespace s4::sw {
namespace {

using counters::Counter;

/// Fills output memory before a run, so that bytes never written are seen.
constexpr std::uint8_t kUnwritten = 0xA5;

std::string value_text(std::uint8_t byte, bool is_unsigned) {
  return is_unsigned ? std::to_string(byte)
                     : std::to_string(static_cast<int>(static_cast<std::int8_t>(byte)));
}

class LayerRunner {
 public:
  LayerRunner(const LayerCase& layer_case, const config::Configuration& config,
              const RunSettings& settings)
      : case_(layer_case), config_(config), settings_(settings) {}

  LayerReport run() {
    layer_ = make_layer(case_);
    check_layer(layer_, case_.compile.allow_wrap);
    data_ = make_data(layer_, case_.seed);
    compiled_ = compile_layer(layer_, config_, case_.compile);
    fill_report();

    const Backend backend = settings_.backend;
    const bool functional = backend != Backend::kReference;
    const bool rtl = backend == Backend::kRtl || backend == Backend::kAll;
    const auto begin = Clock::now();
    expected_ = output_words(reference_output(layer_, data_));
    report_.wall_s = std::chrono::duration<double>(Clock::now() - begin).count();
    if (backend == Backend::kReference) return std::move(report_);

    std::optional<std::vector<std::uint8_t>> functional_memory;
    std::optional<std::vector<std::uint8_t>> rtl_memory;
    if (functional) {
      FunctionalDevice device(config_);
      functional_memory = run_on(device);
      if (functional_memory && !rtl) corrupt(*functional_memory);
    }
    if (rtl) {
      RtlOptions options = settings_.rtl;
      if (options.config_argument.empty()) options.config_argument = settings_.config_argument;
      RtlDevice device(config_, options);
      rtl_memory = run_on(device);
      report_.dram = device.dram();
      if (rtl_memory) corrupt(*rtl_memory);
      compare_memories("rtl = functional", rtl_memory, functional_memory, "rtl");
      compare_reference("rtl = reference", rtl_memory, "rtl");
    }
    compare_reference("functional = reference", functional_memory, "functional");
    return std::move(report_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  void fill_report() {
    report_.layer = layer_.name;
    report_.config = config_.name;
    report_.backend = settings_.backend;
    report_.layer_case = case_;
    report_.resident = case_.compile.resident;
    report_.stalls = settings_.rtl.stalls;
    report_.memory = settings_.rtl.memory;
    report_.plan = compiled_.plan;
    report_.estimate = compiled_.estimate;
    report_.bound = bound_name(compiled_.estimate);
    report_.macs_dense = layer_.max_pool ? 0 : layer_.geometry.macs();
    report_.macs_nonzero = layer_.weights.non_zeros() * layer_.geometry.pixels();
    report_.weight_bytes = compiled_.weights.index_bytes + compiled_.weights.value_bytes;
    report_.parameter_bytes = compiled_.weights.param_bytes;
    // BF16 has twice the bytes and half the rate.
    report_.dense_weight_bytes = layer_.weights.data.size() * layer_.geometry.in_bytes;
    report_.ideal_cycles = static_cast<double>(report_.macs_dense) * case_.keep / 64.0 /
                           config_.macs_per_clock * layer_.geometry.in_bytes;
    report_.programs = compiled_.programs;
    report_.channel_order = compiled_.channel_order;
  }

  /// A tensor of the output's shape as it lies in memory.
  [[nodiscard]] std::vector<std::uint8_t> output_words(
      const std::vector<std::uint8_t>& nchw) const {
    const auto& order = compiled_.channel_order;
    if (!order || order->channels.empty()) return to_words(compiled_.output_shape, nchw);
    return to_words(compiled_.output_shape, in_order(compiled_.output_shape, nchw, order->channels,
                                                     layer_.geometry.out_bytes));
  }
  /// Channel of the layer at a place of the output.
  [[nodiscard]] std::uint32_t channel_at(std::uint32_t place) const {
    const auto& order = compiled_.channel_order;
    return order && place < order->channels.size() ? order->channels[place] : place;
  }

  void corrupt(std::vector<std::uint8_t>& memory) const {
    if (settings_.corrupt_output_byte) memory.at(*settings_.corrupt_output_byte) ^= 1;
  }

  /// The memory that the programs may write, or nothing if one of them failed.
  std::optional<std::vector<std::uint8_t>> run_on(Device& device) {
    device.write_memory(compiled_.weight_region.address, compiled_.weights.bytes);
    device.write_memory(compiled_.input_region.address,
                        to_words(compiled_.input_shape, data_.input));
    if (layer_.dense) {
      device.write_memory(compiled_.operand_region.address,
                          operand_words(*layer_.dense, compiled_.weights.group_lanes));
    }
    if (layer_.add) {
      device.write_memory(compiled_.second_region.address, output_words(data_.second));
    }
    if (layer_.has_table()) {
      device.write_memory(compiled_.table_region.address, layer_parameters(layer_));
    }
    const std::vector<std::uint8_t> fill(compiled_.write_region.size, kUnwritten);
    device.write_memory(compiled_.write_region.address, fill);

    for (std::size_t i = 0; i < compiled_.programs.size(); ++i) {
      const Program& program = compiled_.programs[i];
      const bool timed = i == compiled_.timed;
      ProgressLine line(settings_.show_progress, layer_.name + ", " + program.name,
                        timed ? compiled_.estimate.cycles : 0, settings_.timeout_s);
      RunRequest request;
      request.read_region = compiled_.read_region;
      request.write_region = compiled_.write_region;
      request.watchdog = settings_.watchdog;
      request.progress = [&](std::uint64_t cycles) { return line.update(cycles); };
      const RunResult result = device.run(program, compiled_.config_hash, request);
      report_.runs.push_back({device.name(), program.name, timed, result});
      if (timed) {
        report_.wall_s = result.wall_s;
        if (std::string(device.name()) == "rtl" && result.done) report_.cycles = result.cycles();
      }
      if (!result.done || result.error) {
        const std::string command = result.error && result.error_command < program.info.size()
                                        ? ": " + disassemble(program.commands[result.error_command])
                                        : "";
        report_.error +=
            fmt::format("{}{}: {}, program '{}': {}{}", report_.error.empty() ? "" : "\n",
                        layer_.name, device.name(), program.name, result.describe(), command);
        return std::nullopt;
      }
    }
    std::vector<std::uint8_t> memory(compiled_.write_region.size);
    device.read_memory(compiled_.write_region.address, memory);
    return memory;
  }

  std::string waveform(std::uint64_t begin, std::uint64_t end) const {
    const std::string config =
        settings_.config_argument.empty() ? config_.name : settings_.config_argument;
    const std::string stalls = settings_.rtl.memory != MemoryKind::kIdeal
                                   ? fmt::format(" --memory {}", memory_name(settings_.rtl.memory))
                               : settings_.rtl.stalls > 0
                                   ? fmt::format(" --stalls {}", settings_.rtl.stalls)
                                   : "";
    return fmt::format(
        ", cycles {} to {}; waveform: build/bin/s4 {} --config {} --backend rtl{} --wave F.fst "
        "--wave-from {} --wave-to {}",
        begin, end, case_.arguments(), config, stalls, begin, end);
  }

  /// Place of a channel of the layer; a BF16 one has two bytes.
  [[nodiscard]] std::uint32_t channel_of(const TensorCoordinate& at) const {
    return at.channel / layer_.geometry.out_bytes;
  }

  /// The array command that computed an output byte, its clocks, and how to look at them.
  std::string blame(const TensorCoordinate& at, const char* device) const {
    for (std::size_t i = 0; i < compiled_.programs.size(); ++i) {
      const Program& program = compiled_.programs[i];
      for (std::size_t c = 0; c < program.info.size(); ++c) {
        const CommandInfo& info = program.info[c];
        TensorCoordinate inside = at;
        inside.channel = std::min(channel_of(at), layer_.geometry.filters - 1);
        if (info.engine != commands::Engine::kSpu || !info.box.contains(inside)) continue;
        std::string text =
            fmt::format("command {} ({}) of program '{}'", c, info.what, program.name);
        for (const DeviceRun& run : report_.runs) {
          if (run.device != device || run.program != program.name) continue;
          for (const TimelineEvent& event : run.result.timeline) {
            if (event.engine != commands::Engine::kSpu || event.command != c) continue;
            return text + waveform(event.begin, event.end);
          }
          if (!run.result.timeline.empty()) {
            return text + ", which did not start" + waveform(0, run.result.timeline.back().end);
          }
        }
        return text;
      }
    }
    return "no command";
  }

  std::string describe_byte(std::uint64_t byte, std::uint8_t expected, std::uint8_t got,
                            const char* device) const {
    if (byte >= expected_.size()) {
      return fmt::format("{}: byte {} after the output: expected {}, got {}", layer_.name,
                         byte - expected_.size(), expected, got);
    }
    const TensorCoordinate at = coordinate_of(compiled_.output_shape, byte);
    return fmt::format("{}: output (n {}, c {}, y {}, x {}){}: expected {}, got {}; {}",
                       layer_.name, at.image, channel_at(channel_of(at)), at.y, at.x,
                       channel_of(at) >= layer_.geometry.filters ? " (padding channel)"
                       : layer_.geometry.out_bytes == 1          ? ""
                       : at.channel % 2 == 0                     ? ", low byte"
                                                                 : ", high byte",
                       value_text(expected, layer_.is_unsigned),
                       value_text(got, layer_.is_unsigned), blame(at, device));
  }

  template <typename Expected>
  void compare(const std::string& what, const std::optional<std::vector<std::uint8_t>>& memory,
               const char* device, bool made, Expected&& expected) {
    Comparison comparison;
    comparison.what = what;
    // Every output byte must be there, or the comparison proves nothing.
    comparison.made = made && memory && !expected_.empty() && memory->size() >= expected_.size();
    for (std::uint64_t i = 0; comparison.made && i < memory->size(); ++i) {
      const std::uint8_t want = expected(i);
      const std::uint8_t got = (*memory)[i];
      if (want == got) continue;
      if (comparison.mismatches++ == 0) {
        comparison.first = what + ": " + describe_byte(i, want, got, device);
      }
    }
    report_.comparisons.push_back(std::move(comparison));
  }

  void compare_memories(const std::string& what,
                        const std::optional<std::vector<std::uint8_t>>& memory,
                        const std::optional<std::vector<std::uint8_t>>& other, const char* device) {
    const bool same_size = memory && other && memory->size() == other->size();
    compare(what, memory, device, same_size, [&](std::uint64_t i) { return (*other)[i]; });
  }

  void compare_reference(const std::string& what,
                         const std::optional<std::vector<std::uint8_t>>& memory,
                         const char* device) {
    compare(what, memory, device, true,
            [&](std::uint64_t i) { return i < expected_.size() ? expected_[i] : kUnwritten; });
  }

  const LayerCase& case_;
  const config::Configuration& config_;
  const RunSettings& settings_;
  Layer layer_;
  LayerData data_;
  CompiledLayer compiled_;
  std::vector<std::uint8_t> expected_;  ///< output words
  LayerReport report_;
};

}  // namespace

const char* backend_name(Backend backend) {
  switch (backend) {
    case Backend::kReference:
      return "reference";
    case Backend::kFunctional:
      return "functional";
    case Backend::kRtl:
      return "rtl";
    case Backend::kAll:
      return "all";
  }
  return "?";
}

Backend backend_from_name(const std::string& name) {
  for (const Backend b :
       {Backend::kReference, Backend::kFunctional, Backend::kRtl, Backend::kAll}) {
    if (name == backend_name(b)) return b;
  }
  throw std::invalid_argument("no backend '" + name + "' (rtl, functional, reference, all)");
}

std::uint64_t LayerReport::mismatches() const {
  std::uint64_t total = 0;
  for (const Comparison& comparison : comparisons) total += comparison.mismatches;
  return total;
}

bool LayerReport::ok() const {
  if (!error.empty()) return false;
  const std::size_t asked = backend == Backend::kReference    ? 0
                            : backend == Backend::kFunctional ? 1
                                                              : 3;
  return comparisons.size() == asked && all_hold(comparisons);
}

double LayerReport::utilisation() const {
  return cycles && *cycles > 0 ? ideal_cycles / static_cast<double>(*cycles) : 0;
}

double LayerReport::kilohertz() const {
  return cycles && wall_s > 0 ? static_cast<double>(*cycles) / wall_s / 1000 : 0;
}

LayerReport run_layer(const LayerCase& layer_case, const config::Configuration& config,
                      const RunSettings& settings) {
  return LayerRunner(layer_case, config, settings).run();
}

}  // namespace s4::sw
