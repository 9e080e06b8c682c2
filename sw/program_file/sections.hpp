// A file of named sections, each with its check sum.
//
//   header    magic (8 bytes), version, number of sections, configuration hash, CRC-32 of header
//             and table
//   table     per section: name, encoding, bytes in the file, bytes decoded, CRC-32
//   sections  one after the other; the file ends with the last
//
// All numbers are little-endian. A section is stored, or deflated (zlib) where that is smaller.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace s4::sw {

/// A file that is damaged or no program; the text names the file and the section.
struct ProgramFileError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct FileSection {
  std::string name;  ///< 1 to 16 characters
  std::vector<std::uint8_t> bytes;
};

struct SectionFile {
  std::uint64_t config_hash = 0;
  std::vector<FileSection> sections;
};

/// True if the bytes start like such a file.
[[nodiscard]] bool is_section_file(std::span<const std::uint8_t> bytes);

/// The same sections give the same bytes.
[[nodiscard]] std::vector<std::uint8_t> encode_sections(const SectionFile& file);

/// Throws ProgramFileError on any damage. Allocates at most what the file can decode to.
[[nodiscard]] SectionFile decode_sections(std::span<const std::uint8_t> bytes,
                                          const std::string& name);

}  // namespace s4::sw
