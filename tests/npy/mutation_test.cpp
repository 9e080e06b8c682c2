// A thousand damaged .npy files: an error or an array, never a crash. Run it under the sanitizers
// too.
#include <catch2/catch.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <random>

#include "sw/npy/npy.hpp"
#include "tb/seed.hpp"

using namespace s4::sw;
using graph::DataType;
using graph::Shape;
using graph::TensorData;

namespace {

using Random = std::mt19937_64;
using Bytes = std::vector<std::uint8_t>;

std::size_t below(Random& random, std::size_t count) {
  return count == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}

/// Arrays of all types and of ranks 0 to 4, one of them empty.
std::vector<TensorData> arrays(Random& random) {
  std::vector<TensorData> list;
  for (const DataType type :
       {DataType::kFloat32, DataType::kInt8, DataType::kUint8, DataType::kInt64}) {
    for (const Shape& shape : {Shape{}, Shape{5}, Shape{2, 3}, Shape{3, 0, 2}, Shape{1, 2, 3, 4}}) {
      TensorData data(type, shape);
      std::visit(
          [&](auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            for (auto& value : values) value = static_cast<T>(static_cast<int>(below(random, 200)));
          },
          data.values);
      list.push_back(std::move(data));
    }
  }
  return list;
}

Bytes with_header(const std::string& header, std::size_t data_bytes, unsigned major = 1) {
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(major), 0};
  for (unsigned i = 0; i < (major == 2 ? 4U : 2U); ++i) {
    bytes.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
  }
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.resize(bytes.size() + data_bytes, 1);
  return bytes;
}

/// Bytes changed, taken out, doubled, or the end cut off; mostly in the header.
void mutate_bytes(Random& random, Bytes& bytes) {
  for (std::size_t times = 1 + below(random, 4); times > 0 && !bytes.empty(); --times) {
    const std::size_t reach =
        below(random, 4) == 0 ? bytes.size() : std::min<std::size_t>(90, bytes.size());
    const std::size_t at = below(random, reach);
    const std::size_t run = 1 + below(random, std::min<std::size_t>(16, bytes.size() - at));
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(random, 6)) {
      case 0:
        bytes.erase(from, from + static_cast<std::ptrdiff_t>(run));
        break;
      case 1: {
        const Bytes copy(from, from + static_cast<std::ptrdiff_t>(run));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(random, bytes.size())),
                     copy.begin(), copy.end());
        break;
      }
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes[at] ^= static_cast<std::uint8_t>(1U << below(random, 8));
        break;
      default:
        bytes[at] = static_cast<std::uint8_t>(below(random, 256));
    }
  }
}

/// A header of which about one part says something else.
Bytes mutate_meaning(Random& random) {
  using List = std::initializer_list<const char*>;
  const auto some = [&](const char* right, List others) {
    if (below(random, 4) != 0) return std::string(right);
    return std::string(others.begin()[below(random, others.size())]);
  };
  const std::string number =
      some("2", {"0", "1", "65536", "2147483648", "4294967296", "9223372036854775807",
                 "9223372036854775808", "18446744073709551616", "-1", "007", "1e3", "3L", ""});
  const std::string shape = some("(%, 3)", {"(%,)", "(2, %, 3)", "(%)", "()", "(%, %, %, %)", "[%]",
                                            "(%, 0, %)", "(,)", "(2,,3)", "(2", "%", "(0, %)"});
  std::string filled;
  for (const char c : shape) filled += c == '%' ? number : std::string(1, c);
  const std::string type = some(
      "|i1", {"<f4", "|u1", "<i8", ">f4", "<f8", "<i4", "|O", "", "i1", "|b1", "<f4'", "(2,)<f4"});
  const std::string order = some("False", {"True", "0", "false", ""});
  const std::string end = some(", }", {"}", ", 'more': 1}", ", 'descr': '|i1'}", "", "}}"});
  const std::string header = "{'descr': '" + type + "', 'fortran_order': " + order +
                             ", 'shape': " + filled + end + some("\n", {"", "   \n", "x\n"});
  const std::size_t sizes[] = {6, 6, 6, 6, 0, 2, 12, 24, 48};
  return with_header(header, sizes[below(random, std::size(sizes))],
                     static_cast<unsigned>(1 + below(random, 2)));
}

}  // namespace

TEST_CASE("arrays that are mutated can be read and written") {
  Random random(s4::tb::seed());
  for (const TensorData& data : arrays(random)) {
    const TensorData again = parse_npy(npy_bytes(data), "array.npy");
    CHECK(again == data);
  }
  // As NumPy writes it.
  const Bytes bytes = with_header("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", 6);
  CHECK(parse_npy(bytes, "array.npy") == TensorData({2, 3}, std::vector<std::uint8_t>(6, 1)));
}

TEST_CASE("a thousand mutated .npy files give an error or an array") {
  Random random(s4::tb::seed());
  const std::vector<TensorData> originals = arrays(random);
  int errors = 0;
  int read = 0;
  std::map<std::string, int> texts;
  for (int n = 0; n < 1000; ++n) {
    CAPTURE(n, s4::tb::seed());
    Bytes bytes;
    if (below(random, 2) == 0) {
      bytes = mutate_meaning(random);
    } else {
      bytes = npy_bytes(originals[below(random, originals.size())]);
      mutate_bytes(random, bytes);
    }
    // Exactly as many bytes as there are: reading one more is an error under the sanitizers.
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[bytes.size()]);
    if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
    try {
      const TensorData data = parse_npy({exact.get(), bytes.size()}, "broken.npy");
      REQUIRE(static_cast<std::size_t>(data.size()) * graph::size_of(data.type) <= bytes.size());
      // Bit for bit; a NaN is not equal to itself.
      REQUIRE(npy_bytes(parse_npy(npy_bytes(data), "again.npy")) == npy_bytes(data));
      ++read;
    } catch (const NpyError& error) {
      const std::string text = error.what();
      REQUIRE(text.rfind("broken.npy: ", 0) == 0);
      REQUIRE(text.size() > 20);
      ++texts[text];
      ++errors;
    }
  }
  CHECK(errors > 500);
  CHECK(read > 20);
  CHECK(texts.size() > 40);
}
