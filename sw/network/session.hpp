// A compiled network on a device, program by program: the host's part in between included.
//
//   NetworkSession session(compiled, inputs, device, settings);
//   session.load();
//   while (session.prepare_program()) {
//     session.start_program();  // rings the doorbell
//     ...until the program has ended: device.wait()...
//     session.end_program();
//   }
//   session.failed(), session.take_outcome()
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sw/driver/device.hpp"
#include "sw/network/network.hpp"

namespace s4::sw {

/// What one device made of the network.
struct NetworkOutcome {
  std::vector<std::uint8_t> memory;  ///< the write region
  /// Words of results of rows that stay in the local buffer, by value; of the functional model.
  std::map<std::size_t, std::vector<std::uint8_t>> rows;
  std::vector<graph::TensorData> outputs;
  std::vector<HostStepReport> host_steps;
  double wall_s = 0;  ///< of the programs
};

class NetworkSession {
 public:
  /// All but the settings' progress must outlive the session.
  NetworkSession(const CompiledNetwork& compiled, const std::vector<graph::TensorData>& inputs,
                 Device& device, const RunSettings& settings);
  ~NetworkSession();

  /// Another batch ran on the device just before, and got this one's inputs as its next ones.
  void follow_batch() { next_ = first_ = compiled_.first_of_later(); }
  /// The session of the batch behind this one; none: programs that want its inputs get those of
  /// this batch once more.
  void set_next_batch(NetworkSession* session) { next_batch_ = session; }

  /// Writes weights, unless they are there already, and what results must not keep, into the
  /// device's memory.
  void load(bool weights = true);
  /// Writes the inputs of the next program and the program; false once all are done, or one failed.
  bool prepare_program();
  void start_program() { device_.start(); }
  /// While a program runs on `device`, for people: "layer 3 of 56, conv2", or nothing.
  [[nodiscard]] std::string place_of(const Device& device, std::size_t program) const;
  [[nodiscard]] std::string place() const { return place_of(device_, next_); }
  /// The next program, or that which runs; in CompiledNetwork::programs.
  [[nodiscard]] std::size_t current() const { return next_; }
  /// The first program of this batch.
  [[nodiscard]] std::size_t first() const { return first_; }
  /// Clocks that the compiler expects of all programs.
  [[nodiscard]] std::uint64_t predicted() const;
  /// After the end of the program; `gave_up`: the host did not wait for it.
  void end_program(bool gave_up = false);

  // The same for programs that run side by side on several devices with one memory. The programs
  // of a step are prepared and started in their order; once all have ended they are collected, in
  // the same order. False: one failed before.
  bool prepare_on(Device& device, std::size_t program, const Region& write_region);
  void collect_from(Device& device, std::size_t program, bool gave_up);

  /// Loads, runs all programs one after the other with a progress line, and reads the results.
  void run();

  [[nodiscard]] bool failed() const { return !error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] const std::vector<DeviceRun>& runs() const { return runs_; }
  /// After the last program: reads memory and computes outputs.
  [[nodiscard]] NetworkOutcome take_outcome();

 private:
  class HostValues;

  [[nodiscard]] const ChipProgram& program() const;  ///< the next one, or that which runs
  void write_inputs(const ChipProgram& chip);
  [[nodiscard]] const MemoryValue& memory_of(std::size_t value) const;
  [[nodiscard]] RunRequest request() const;

  const CompiledNetwork& compiled_;
  Device& device_;
  const RunSettings& settings_;
  NetworkOutcome outcome_;
  std::unique_ptr<HostValues> host_;
  std::vector<bool> written_;  // by value
  std::size_t first_ = 0;
  std::size_t next_ = 0;  // program to begin
  NetworkSession* next_batch_ = nullptr;
  std::vector<DeviceRun> runs_;
  std::string error_;
};

}  // namespace s4::sw
