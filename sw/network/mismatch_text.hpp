// What a wrong byte of a network's run means: layer, coordinate, command, clocks, waveform.
#pragma once

#include <cstdint>
#include <string>

#include "sw/network/network.hpp"

namespace s4::sw {

class MismatchText {
 public:
  /// `report` has the runs so far. All references outlive the object.
  MismatchText(const CompiledNetwork& compiled, const NetworkReport& report,
               const config::Configuration& config, const NetworkRunSettings& settings)
      : compiled_(compiled),
        network_(compiled.network),
        report_(report),
        config_(config),
        settings_(settings) {}

  /// Byte `offset` of the write region, on `device`.
  [[nodiscard]] std::string of_byte(std::uint64_t offset, std::uint8_t expected, std::uint8_t got,
                                    const char* device) const;

 private:
  /// How to look at these clocks.
  [[nodiscard]] std::string waveform(std::uint64_t begin, std::uint64_t end) const;
  /// The command that computed an element, its clocks, and how to look at them.
  [[nodiscard]] std::string blame(std::size_t layer, TensorCoordinate at, const char* device) const;

  const CompiledNetwork& compiled_;
  const Network& network_;
  const NetworkReport& report_;
  const config::Configuration& config_;
  const NetworkRunSettings& settings_;
};

}  // namespace s4::sw
