#include "sw/program_file/sections.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace s4::sw {
namespace {

// Like PNG's: a byte above 127 and both line ends show what a text transfer does to a file.
constexpr std::string_view kFileMagic("\x93S4P\r\n\x1a\n", 8);
constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kHeaderBytes = 28;
constexpr std::size_t kCrcAt = 24;
constexpr std::size_t kEntryBytes = 40;
constexpr std::size_t kNameBytes = 16;
constexpr std::uint32_t kMostSections = 64;
/// deflate makes nothing larger than this many times its size.
constexpr std::uint64_t kMostRatio = 1032;
enum Encoding : std::uint32_t { kStored = 0, kDeflated = 1 };

void put(std::vector<std::uint8_t>& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
std::uint64_t get(std::span<const std::uint8_t> bytes, std::size_t at, unsigned count) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < count; ++i) value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

std::uint32_t crc_of(std::span<const std::uint8_t> bytes, std::uint32_t start = 0) {
  return static_cast<std::uint32_t>(crc32_z(start, bytes.data(), bytes.size()));
}

std::vector<std::uint8_t> deflated(const std::vector<std::uint8_t>& bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  std::vector<std::uint8_t> out(size);
  if (compress2(out.data(), &size, bytes.data(), static_cast<uLong>(bytes.size()), 9) != Z_OK) {
    throw ProgramFileError("zlib cannot deflate a section");
  }
  out.resize(size);
  return out;
}

struct Entry {
  std::string name;
  std::uint32_t encoding = kStored;
  std::uint64_t stored = 0;
  std::uint64_t decoded = 0;
  std::uint32_t crc = 0;
};

class SectionDecoder {
 public:
  SectionDecoder(std::span<const std::uint8_t> bytes, const std::string& name)
      : bytes_(bytes), name_(name) {}

  SectionFile run() {
    if (!is_section_file(bytes_)) fail("header", "this is no program file");
    if (bytes_.size() < kHeaderBytes) fail("header", "the file ends inside it");
    const auto version = static_cast<std::uint32_t>(get(bytes_, 8, 4));
    if (version != kVersion) {
      fail("header", fmt::format("version {}; this program reads version {}", version, kVersion));
    }
    const auto count = static_cast<std::uint32_t>(get(bytes_, 12, 4));
    if (count > kMostSections) fail("header", fmt::format("{} sections are too many", count));
    const std::size_t start = kHeaderBytes + count * kEntryBytes;
    if (bytes_.size() < start) fail("table", "the file ends inside it");
    const std::uint32_t crc =
        crc_of(bytes_.subspan(kHeaderBytes, start - kHeaderBytes), crc_of(bytes_.first(kCrcAt)));
    if (crc != get(bytes_, kCrcAt, 4)) fail("header", "header or table is damaged (check sum)");
    SectionFile file;
    file.config_hash = get(bytes_, 16, 8);
    std::size_t at = start;
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < count; ++i) {
      const Entry entry = read_entry(kHeaderBytes + i * kEntryBytes);
      if (!names.insert(entry.name).second) fail(entry.name, "it is there twice");
      if (entry.stored > bytes_.size() - at) fail(entry.name, "the file ends inside it");
      file.sections.push_back({entry.name, decode(entry, bytes_.subspan(at, entry.stored))});
      at += entry.stored;
    }
    if (at != bytes_.size()) {
      fail(count > 0 ? file.sections.back().name : "table",
           fmt::format("{} bytes follow behind it", bytes_.size() - at));
    }
    return file;
  }

 private:
  [[noreturn]] void fail(const std::string& section, const std::string& what) const {
    throw ProgramFileError(fmt::format("{}: section '{}': {}", name_, section, what));
  }

  [[nodiscard]] Entry read_entry(std::size_t at) const {
    Entry entry;
    const auto* text = reinterpret_cast<const char*>(bytes_.data()) + at;
    entry.name = std::string(text, std::find(text, text + kNameBytes, '\0'));
    entry.encoding = static_cast<std::uint32_t>(get(bytes_, at + 16, 4));
    entry.stored = get(bytes_, at + 20, 8);
    entry.decoded = get(bytes_, at + 28, 8);
    entry.crc = static_cast<std::uint32_t>(get(bytes_, at + 36, 4));
    return entry;
  }

  [[nodiscard]] std::vector<std::uint8_t> decode(const Entry& entry,
                                                 std::span<const std::uint8_t> stored) const {
    if (crc_of(stored) != entry.crc) fail(entry.name, "it is damaged (check sum)");
    if (entry.encoding == kStored) {
      if (entry.stored != entry.decoded) fail(entry.name, "its two lengths differ");
      return {stored.begin(), stored.end()};
    }
    if (entry.encoding != kDeflated) {
      fail(entry.name, fmt::format("encoding {} is unknown", entry.encoding));
    }
    if (entry.decoded / kMostRatio > entry.stored) {
      fail(entry.name, fmt::format("{} bytes cannot hold {}", entry.stored, entry.decoded));
    }
    std::vector<std::uint8_t> bytes(entry.decoded);
    uLongf size = static_cast<uLongf>(bytes.size());
    uLong used = static_cast<uLong>(stored.size());
    std::uint8_t none = 0;
    const int status =
        uncompress2(bytes.empty() ? &none : bytes.data(), &size, stored.data(), &used);
    if (status != Z_OK || size != entry.decoded || used != entry.stored) {
      fail(entry.name, "it does not inflate to the length given");
    }
    return bytes;
  }

  std::span<const std::uint8_t> bytes_;
  const std::string& name_;
};

}  // namespace

bool is_section_file(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kFileMagic.size() &&
         std::equal(kFileMagic.begin(), kFileMagic.end(), bytes.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

std::vector<std::uint8_t> encode_sections(const SectionFile& file) {
  std::vector<std::uint8_t> table;
  std::vector<std::uint8_t> body;
  for (const FileSection& section : file.sections) {
    const std::vector<std::uint8_t> small = deflated(section.bytes);
    const bool deflate = small.size() < section.bytes.size();
    const std::vector<std::uint8_t>& stored = deflate ? small : section.bytes;
    std::string name = section.name;
    if (name.empty() || name.size() > kNameBytes) {
      throw ProgramFileError("'" + name + "' is no name of a section");
    }
    name.resize(kNameBytes, '\0');
    table.insert(table.end(), name.begin(), name.end());
    put(table, deflate ? kDeflated : kStored, 4);
    put(table, stored.size(), 8);
    put(table, section.bytes.size(), 8);
    put(table, crc_of(stored), 4);
    body.insert(body.end(), stored.begin(), stored.end());
  }
  std::vector<std::uint8_t> bytes(kFileMagic.begin(), kFileMagic.end());
  put(bytes, kVersion, 4);
  put(bytes, file.sections.size(), 4);
  put(bytes, file.config_hash, 8);
  put(bytes, crc_of(table, crc_of(bytes)), 4);
  bytes.insert(bytes.end(), table.begin(), table.end());
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

SectionFile decode_sections(std::span<const std::uint8_t> bytes, const std::string& name) {
  return SectionDecoder(bytes, name).run();
}

}  // namespace s4::sw
