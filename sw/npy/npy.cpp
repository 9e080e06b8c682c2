#include "sw/npy/npy.hpp"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>

namespace s4::sw {
namespace {

using graph::DataType;
using graph::Shape;
using graph::TensorData;

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kAlign = 64;
/// NumPy itself allows 32 dimensions.
constexpr std::size_t kMaxRank = 32;

struct TypeName {
  DataType type;
  std::string_view descr;
};
constexpr TypeName kTypes[] = {{DataType::kFloat32, "<f4"},
                               {DataType::kInt8, "|i1"},
                               {DataType::kUint8, "|u1"},
                               {DataType::kInt64, "<i8"}};

/// What the dictionary of the header says.
struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
};

/// Reader of the dictionary: a Python literal of strings, booleans and a tuple of integers.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    Header header;
    expect('{');
    while (!take('}')) {
      const std::string key = string();
      expect(':');
      if (key == "descr") {
        once(header.descr.has_value(), key);
        header.descr = string();
      } else if (key == "fortran_order") {
        once(header.fortran_order.has_value(), key);
        header.fortran_order = boolean();
      } else if (key == "shape") {
        once(header.shape.has_value(), key);
        header.shape = tuple();
      } else {
        fail("the header has an unknown entry '" + key + "'");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip();
    if (at_ != text_.size()) fail("the header goes on after its dictionary");
    if (!header.descr) fail("the header has no 'descr'");
    if (!header.fortran_order) fail("the header has no 'fortran_order'");
    if (!header.shape) fail("the header has no 'shape'");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw NpyError(name_ + ": " + what); }
  void once(bool seen, const std::string& key) const {
    if (seen) fail("the header has two entries '" + key + "'");
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(fmt::format("the header is no dictionary: '{}' is missing", c));
  }
  std::string string() {
    skip();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("the header holds something else than a string");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a string of the header has no end");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    skip();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).substr(0, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("'fortran_order' is neither True nor False");
  }
  Shape tuple() {
    Shape shape;
    expect('(');
    while (!take(')')) {
      skip();
      std::int64_t value = 0;
      const char* const begin = text_.data() + at_;
      const auto [stop, error] = std::from_chars(begin, text_.data() + text_.size(), value);
      if (error != std::errc() || value < 0) fail("'shape' is not a tuple of whole numbers");
      at_ += static_cast<std::size_t>(stop - begin);
      shape.push_back(value);
      if (shape.size() > kMaxRank) fail(fmt::format("more than {} dimensions", kMaxRank));
      if (!take(',')) {
        expect(')');
        if (shape.size() == 1) fail("'shape' is not a tuple: (5) is a number, (5,) a tuple");
        break;
      }
    }
    return shape;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

template <typename T>
TensorData make(Shape shape, std::span<const std::uint8_t> bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return TensorData(std::move(shape), std::move(values));
}

}  // namespace

TensorData parse_npy(std::span<const std::uint8_t> bytes, const std::string& name) {
  const auto fail = [&](const std::string& what) { throw NpyError(name + ": " + what); };
  if (bytes.size() < kMagic.size() ||
      std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    fail("this is no .npy file");
  }
  if (bytes.size() < 10) fail("the file ends inside its header");
  const unsigned major = bytes[6];
  if (major != 1 && major != 2) {
    fail(fmt::format("version {}.{}; 1.0 and 2.0 can be read", major, bytes[7]));
  }
  if (bytes[7] != 0) fail(fmt::format("version {}.{} is unknown", major, bytes[7]));
  const std::size_t start = major == 1 ? 10 : 12;
  if (bytes.size() < start) fail("the file ends inside its header");
  std::size_t length = bytes[8] | std::size_t{bytes[9]} << 8;
  if (major == 2) length |= std::size_t{bytes[10]} << 16 | std::size_t{bytes[11]} << 24;
  if (length > bytes.size() - start) fail("the file ends inside its header");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + start, length);
  const Header header = HeaderParser(text, name).parse();
  const TypeName* type = nullptr;
  for (const TypeName& known : kTypes) {
    if (known.descr == *header.descr) type = &known;
  }
  if (type == nullptr) {
    fail(
        fmt::format("elements of type '{}'; float32 '<f4', int8 '|i1', uint8 '|u1' and int64 "
                    "'<i8' can be read",
                    *header.descr));
  }
  if (*header.fortran_order && header.shape->size() > 1) {
    fail("the array is in Fortran order; store it in C order (numpy.ascontiguousarray)");
  }
  std::int64_t count = 0;
  try {
    count = graph::element_count(*header.shape);
  } catch (const graph::GraphError& error) {
    fail(error.what());
  }
  const std::span<const std::uint8_t> data = bytes.subspan(start + length);
  const std::uint64_t wanted = static_cast<std::uint64_t>(count) * graph::size_of(type->type);
  if (data.size() != wanted) {
    fail(fmt::format("shape {} of {} needs {} bytes of data, the file has {}",
                     graph::to_string(*header.shape), graph::name_of(type->type), wanted,
                     data.size()));
  }
  switch (type->type) {
    case DataType::kFloat32:
      return make<float>(*header.shape, data);
    case DataType::kInt8:
      return make<std::int8_t>(*header.shape, data);
    case DataType::kUint8:
      return make<std::uint8_t>(*header.shape, data);
    default:
      return make<std::int64_t>(*header.shape, data);
  }
}

TensorData read_npy(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw NpyError("cannot read " + path.string());
  }
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (file.bad()) throw NpyError("cannot read " + path.string());
  return parse_npy({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                   path.string());
}

std::vector<std::uint8_t> npy_bytes(const TensorData& tensor) {
  std::string_view descr;
  for (const TypeName& known : kTypes) {
    if (known.type == tensor.type) descr = known.descr;
  }
  if (descr.empty()) {
    throw NpyError(
        fmt::format("a tensor of {} is not written as .npy", graph::name_of(tensor.type)));
  }
  std::string shape;
  for (const std::int64_t size : tensor.shape) shape += std::to_string(size) + ", ";
  if (tensor.shape.size() > 1) shape.resize(shape.size() - 2);
  if (tensor.shape.size() == 1) shape.resize(shape.size() - 1);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
  const bool second = header.size() + kAlign > 65535;
  const std::size_t start = second ? 12 : 10;
  header.append((kAlign - (start + header.size() + 1) % kAlign) % kAlign, ' ');
  header += '\n';
  std::vector<std::uint8_t> bytes(kMagic.begin(), kMagic.end());
  bytes.push_back(second ? 2 : 1);
  bytes.push_back(0);
  for (unsigned i = 0; i < (second ? 4U : 2U); ++i) {
    bytes.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
  }
  bytes.insert(bytes.end(), header.begin(), header.end());
  std::visit(
      [&](const auto& values) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(values.data());
        bytes.insert(bytes.end(), data, data + values.size() * sizeof(values[0]));
      },
      tensor.values);
  return bytes;
}

void write_npy(const std::filesystem::path& path, const TensorData& tensor) {
  const std::vector<std::uint8_t> bytes = npy_bytes(tensor);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw NpyError("cannot write " + path.string());
}

}  // namespace s4::sw
