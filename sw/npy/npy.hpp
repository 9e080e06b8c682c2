// Files of one array in NumPy's .npy format, versions 1 and 2.
//
// Little-endian, row-major arrays of float32, int8, uint8 and int64; everything else is refused.
#pragma once

#include <filesystem>
#include <span>
#include <stdexcept>
#include <vector>

#include "sw/graph/tensor.hpp"

namespace s4::sw {

/// A file that cannot be read as, or a tensor that cannot be written as .npy; the text names the
/// file and what is wrong with it.
struct NpyError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads a file. Nothing larger than the file itself is allocated. Throws NpyError.
[[nodiscard]] graph::TensorData read_npy(const std::filesystem::path& path);
/// The same from memory; `name` stands for the file in errors.
[[nodiscard]] graph::TensorData parse_npy(std::span<const std::uint8_t> bytes,
                                          const std::string& name);

/// Writes version 1 (version 2 if the header needs it). Throws NpyError for int32 and bool, which
/// the reader does not take, and if the file cannot be written.
void write_npy(const std::filesystem::path& path, const graph::TensorData& tensor);
/// The bytes of such a file.
[[nodiscard]] std::vector<std::uint8_t> npy_bytes(const graph::TensorData& tensor);

}  // namespace s4::sw
