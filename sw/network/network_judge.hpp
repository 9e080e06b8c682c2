// Judges a run of a compiled network on the RTL: by the functional model over all memory that the
// network may write, by the reference at every value that it stores.
//
//   NetworkJudge judge(compiled, inputs, config, settings);
//   judge.prepare();  // functional model and reference
//   ...a NetworkSession on the RTL, if wants_rtl()...
//   judge.take_rtl(session);
//   NetworkReport report = judge.finish();
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sw/network/network.hpp"
#include "sw/network/session.hpp"

namespace s4::sw {

class NetworkJudge {
 public:
  /// All must outlive the judge.
  NetworkJudge(const CompiledNetwork& compiled, const std::vector<graph::TensorData>& inputs,
               const config::Configuration& config, const NetworkRunSettings& settings);

  [[nodiscard]] bool wants_rtl() const;
  /// Throws NetworkError if inputs or configuration do not fit.
  void prepare();
  /// Reads what the session made of the network; a failed one becomes the report's error.
  void take_rtl(NetworkSession& session);
  [[nodiscard]] NetworkReport finish();

 private:
  void check_inputs() const;
  void describe();
  void run_reference(const std::optional<NetworkOutcome>& device);
  [[nodiscard]] std::vector<std::uint8_t> row_words(std::size_t value,
                                                    const NetworkOutcome& device) const;
  void judge_rows_of(std::size_t of, const NetworkOutcome& device,
                     const std::map<graph::TensorId, graph::TensorData>& kept,
                     graph::TensorData& data, Comparison& comparison);
  [[nodiscard]] std::optional<NetworkOutcome> conclude(NetworkSession& session);
  void compare_bytes(Comparison& comparison, std::uint64_t offset,
                     std::span<const std::uint8_t> want, std::span<const std::uint8_t> got,
                     const char* device, std::optional<std::size_t> layer);
  void compare_memories(const std::optional<NetworkOutcome>& rtl,
                        const std::optional<NetworkOutcome>& functional);
  void compare_reference(const std::string& what, const std::optional<NetworkOutcome>& outcome,
                         const char* device);
  void count_cycles();

  const CompiledNetwork& compiled_;
  const Network& network_;
  const graph::Graph& graph_;
  const std::vector<graph::TensorData>& inputs_;
  const config::Configuration& config_;
  const NetworkRunSettings& settings_;
  std::map<std::size_t, std::vector<std::uint8_t>> expected_;  ///< words, by value
  std::optional<NetworkOutcome> functional_, rtl_;
  std::size_t rtl_first_ = 0;  ///< the first program that ran on the RTL
  NetworkReport report_;
};

}  // namespace s4::sw
