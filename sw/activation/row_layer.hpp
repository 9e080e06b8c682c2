// Softmax, LayerNorm or statistics of a tensor in memory as a program of one subsystem.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/activation/row_run.hpp"
#include "sw/compiler/row_operation.hpp"
#include "sw/driver/device.hpp"

namespace s4::sw {

/// A program and where its tensors lie in memory: word w of row r at w * rows + r, 64 bytes each.
struct RowLayer {
  Program program;
  std::uint64_t config_hash = 0;
  std::uint32_t chunk_rows = 0;  ///< rows at a time in the local buffer
  std::uint32_t regions = 0;     ///< chunks that it holds: 2, so that engines overlap, or 1
  Region input_region;
  Region parameter_region;  ///< empty without gamma and beta
  Region output_region;
  Region read_region;   ///< what context 0 may read, whole pages
  Region write_region;  ///< what context 0 may write, whole pages
};

/// Loads rows in chunks, works on them and stores the results, each beside the others.
/// `chunk_rows` 0 takes as many as fit. Throws CompileError when a row does not fit.
[[nodiscard]] RowLayer compile_rows(const RowProgram& rows, const config::Configuration& config,
                                    std::uint32_t chunk_rows = 0);

/// Memory addresses, each a multiple of 64.
struct RowPlace {
  std::uint64_t input = 0;
  std::uint64_t parameters = 0;
  std::uint64_t output = 0;
  /// The rows are some of larger tensors with so many; the addresses are those of the first row
  /// worked on. 0: all.
  std::uint64_t tensor_rows = 0;
};

/// The same for `count` rows of tensors that lie in memory already. The program has no address and
/// no layer number yet.
[[nodiscard]] Program rows_program(const RowOperation& rows, std::uint64_t count,
                                   std::uint32_t columns, const RowPlace& place,
                                   const config::Configuration& config);

/// Puts input and parameters of `rows` into memory, runs, and puts the results where the engine
/// alone would have left them in `rows.local`.
[[nodiscard]] RunResult run_rows_on(Device& device, const RowLayer& layer, RowProgram& rows,
                                    const Progress& progress = {});

}  // namespace s4::sw
