// Drives row_engine beside a local buffer: commands under random stalls of its three ports.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/sequencer/gen/commands.hpp"
#include "tb/model.hpp"

namespace s4::sw {

/// Chances per clock, in per cent, that a port takes a request.
struct PortStalls {
  unsigned read_percent = 100;
  unsigned write_percent = 100;
};

class RowBench {
 public:
  explicit RowBench(const std::string& config, tb::Kind kind = tb::Kind::kChecked,
                    tb::ModelOptions options = {});

  /// Runs a command on a local buffer of 64-byte words; false if the engine refused it. Throws
  /// std::runtime_error if it stops, or reads or writes beyond the buffer.
  [[nodiscard]] bool run(const commands::RowsCommand& command, std::vector<std::uint8_t>& local,
                         PortStalls stalls = {});
  /// The same for any bytes of a command.
  [[nodiscard]] bool run(const commands::CommandBytes& command, std::vector<std::uint8_t>& local,
                         PortStalls stalls = {});

  /// Clocks of the last command, from its acceptance to its end.
  [[nodiscard]] std::uint64_t clocks() const { return clocks_; }
  /// Words that the last command read through either port, and wrote.
  [[nodiscard]] std::uint64_t reads(unsigned port) const { return reads_[port]; }
  [[nodiscard]] std::uint64_t writes() const { return writes_; }
  [[nodiscard]] tb::Model& model() { return *model_; }

 private:
  std::unique_ptr<tb::Model> model_;
  std::uint64_t clocks_ = 0, writes_ = 0;
  std::uint64_t reads_[2] = {0, 0};
};

}  // namespace s4::sw
