// What the row engine made and no program stores.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sw/driver/functional_device.hpp"
#include "sw/network/session.hpp"

namespace s4::sw {

/// Takes results of rows out of the local buffer of the functional model, command by command.
/// Layers behind rows are judged by these results, since the reference makes others. All must
/// outlive the device's last program.
class RowCapture {
 public:
  RowCapture(const CompiledNetwork& compiled, const NetworkSession& session,
             FunctionalDevice& device);

  /// Words by value; those that a program stores are not among them.
  [[nodiscard]] std::map<std::size_t, std::vector<std::uint8_t>> take() {
    return std::move(words_);
  }

 private:
  void take_rows(const CommandInfo& info, const commands::RowsCommand& command);

  const CompiledNetwork& compiled_;
  const sim::LocalBuffer& local_;
  std::map<std::size_t, std::vector<std::uint8_t>> words_;
};

}  // namespace s4::sw
