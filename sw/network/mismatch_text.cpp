#include "sw/network/mismatch_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sw/compiler/tensor_layout.hpp"

namespace s4::sw {
namespace {

std::string value_text(std::uint8_t byte, bool is_unsigned) {
  return is_unsigned ? std::to_string(byte)
                     : std::to_string(static_cast<int>(static_cast<std::int8_t>(byte)));
}

}  // namespace

std::string MismatchText::waveform(std::uint64_t begin, std::uint64_t end) const {
  const std::string config =
      settings_.run.config_argument.empty() ? config_.name : settings_.run.config_argument;
  const RtlOptions& rtl = settings_.run.rtl;
  std::string memory =
      rtl.memory != MemoryKind::kIdeal ? fmt::format(" --memory {}", memory_name(rtl.memory)) : "";
  if (rtl.stalls > 0) memory += fmt::format(" --stalls {} --seed {}", rtl.stalls, rtl.seed);
  return fmt::format(
      ", cycles {} to {}; waveform: build/bin/s4 {} --config {} --backend rtl{} --wave F.fst "
      "--wave-from {} --wave-to {}",
      begin, end, settings_.arguments.empty() ? "run MODEL --input X.npy" : settings_.arguments,
      config, memory, begin, end);
}

std::string MismatchText::blame(std::size_t layer, TensorCoordinate at, const char* device) const {
  at.channel = std::min(at.channel, network_.layers[layer].layer.geometry.filters - 1);
  for (const ChipProgram& chip : compiled_.programs) {
    const Program& program = chip.program;
    for (std::size_t c = 0; c < program.info.size(); ++c) {
      const CommandInfo& info = program.info[c];
      if (info.engine != network_.layers[layer].layer.engine() || info.layer != layer ||
          !info.box.contains(at)) {
        continue;
      }
      const std::string text =
          fmt::format("command {} ({}) of program '{}'", c, info.what, program.name);
      for (const DeviceRun& run : report_.runs) {
        if (run.device != device || run.program != program.name) continue;
        for (const TimelineEvent& event : run.result.timeline) {
          if (event.engine != info.engine || event.command != c) continue;
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

std::string MismatchText::of_byte(std::uint64_t offset, std::uint8_t expected, std::uint8_t got,
                                  const char* device) const {
  const std::uint64_t address = compiled_.write_region.address + offset;
  for (const MemoryValue& memory : compiled_.memory) {
    const Region& region = memory.region;
    if (address < region.address || address >= region.address + region.size) continue;
    const ChipValue& value = network_.values[memory.value];
    const std::size_t index = *value.producer;
    const Layer& layer = network_.layers[index].layer;
    TensorCoordinate at = coordinate_of(value.shape, address - region.address);
    const bool padding = at.channel >= value.shape.channels;
    const std::uint32_t byte = at.channel % value.bytes;
    at.channel /= value.bytes;
    return fmt::format(
        "layer {} '{}' ({}): output (n {}, c {}, y {}, x {}){}{}: expected {}, got "
        "{}; {}",
        index, layer.name, layer.describe(), at.image, at.channel, at.y, at.x,
        padding ? " (padding channel)" : "", value.bytes > 1 ? fmt::format(", byte {}", byte) : "",
        value_text(expected, value.is_unsigned || value.bytes > 1),
        value_text(got, value.is_unsigned || value.bytes > 1), blame(index, at, device));
  }
  return fmt::format(
      "byte {} of the written memory, outside of every tensor: expected {}, got "
      "{}",
      offset, expected, got);
}

}  // namespace s4::sw
