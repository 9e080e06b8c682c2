// A thousand damaged program files: every one an error that names the section, never a crash. Run
// it under the sanitizers too.
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <set>

#include "sw/graph/evaluate.hpp"
#include "sw/program_file/graph_json.hpp"
#include "sw/program_file/sections.hpp"
#include "tb/seed.hpp"
#include "tests/network/random_network.hpp"

using namespace s4::sw;
using nlohmann::json;

namespace {

using Random = std::mt19937_64;
using Bytes = std::vector<std::uint8_t>;

std::size_t below(Random& random, std::size_t count) {
  return count == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}

/// A convolution with a residual, a pool and a product.
graph::Graph network(std::uint64_t seed) {
  test::NetworkBuilder b(seed, seed % 2 == 0);
  const auto x = b.float_input({1, 3, 5, 6});
  graph::ConvGeometry geometry;
  geometry.pads = {1, 1, 1, 1};
  const auto first = b.conv(x, 4, {3, 3}, geometry);
  const auto second = b.conv(first, 4, {3, 3}, geometry);
  const auto sum = b.max_pool(b.add(first, second));
  b.graph.outputs = {sum.id};
  return std::move(b.graph);
}

SectionFile sections_of(const graph::Graph& network) {
  SectionFile file;
  file.config_hash = 0x0123456789ABCDEF;
  Bytes constants;
  const std::string text = graph_to_json(network, constants).dump();
  file.sections.push_back({"network", Bytes(text.begin(), text.end())});
  file.sections.push_back({"constants", constants});
  Bytes noise(300);
  Random random(7);
  for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
  file.sections.push_back({"noise", noise});  // is stored, not deflated
  file.sections.push_back({"empty", {}});
  return file;
}

void mutate_bytes(Random& random, Bytes& bytes) {
  // The header and the table are small: half of the changes are there.
  const std::size_t reach =
      below(random, 2) == 0 ? bytes.size() : std::min<std::size_t>(190, bytes.size());
  const std::size_t at = below(random, reach);
  const std::size_t run = 1 + below(random, std::min<std::size_t>(40, bytes.size() - at));
  const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  switch (below(random, 7)) {
    case 0:
      bytes.erase(from, from + static_cast<std::ptrdiff_t>(run));
      break;
    case 1: {
      const Bytes copy(from, from + static_cast<std::ptrdiff_t>(run));
      bytes.insert(from, copy.begin(), copy.end());
      break;
    }
    case 2:
      bytes.resize(at);
      break;
    case 3:
      bytes.resize(bytes.size() + run, 0);
      break;
    case 4:
      std::fill_n(from, run, static_cast<std::uint8_t>(below(random, 2) * 255));
      break;
    case 5:
      bytes[at] ^= static_cast<std::uint8_t>(1U << below(random, 8));
      break;
    default:
      bytes[at] = static_cast<std::uint8_t>(below(random, 256));
  }
}

/// The check sum of header and table made right again, so that what they say is looked at.
void repair_header(Bytes& bytes) {
  if (bytes.size() < 28) return;
  std::uint64_t count = 0;
  for (unsigned i = 0; i < 4; ++i) count |= std::uint64_t{bytes[12 + i]} << (8 * i);
  const std::uint64_t size = 40 * count;
  if (size > bytes.size() - 28) return;
  const auto step = [](std::uint32_t crc, const std::uint8_t* data, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
      crc ^= data[i];
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
    return crc;
  };
  const std::uint32_t crc = ~step(step(~0U, bytes.data(), 24), bytes.data() + 28, size);
  for (unsigned i = 0; i < 4; ++i) bytes[24 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
}

/// A value of the text, anywhere in it, replaced by another.
void mutate_json(Random& random, json& value) {
  if (value.is_structured() && !value.empty() && below(random, 20) != 0) {
    auto item = value.begin();
    std::advance(item, static_cast<std::ptrdiff_t>(below(random, value.size())));
    return mutate_json(random, *item);
  }
  if (value.is_number() && below(random, 2) == 0) {
    value = value.is_number_float() ? json(value.get<double>() * 2)
                                    : json(value.get<std::int64_t>() ^ 1);
    return;
  }
  static const json kOthers[] = {0,
                                 1,
                                 -1,
                                 3,
                                 64,
                                 256,
                                 65536,
                                 2147483647,
                                 4294967295U,
                                 std::numeric_limits<std::int64_t>::max(),
                                 std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::uint64_t>::max(),
                                 0.0,
                                 -0.5,
                                 1e-40,
                                 3e38,
                                 1e300,
                                 "nan",
                                 "inf",
                                 "-inf",
                                 "",
                                 "int8",
                                 "uint8",
                                 "float32",
                                 "QConv",
                                 "QAdd",
                                 "Reshape",
                                 true,
                                 false,
                                 nullptr,
                                 json::array(),
                                 json::object(),
                                 json::array({1, 2, 3}),
                                 json::array({4611686018427387904, 4611686018427387904})};
  value = kOthers[below(random, std::size(kOthers))];
}

/// Runs small networks: what was read must also be computable, or say why not.
bool runs(const graph::Graph& network) {
  std::int64_t elements = 0;
  for (const auto& tensor : network.tensors) {
    elements += graph::element_count(tensor.shape);
    if (elements > 20000) return false;
  }
  std::vector<graph::TensorData> inputs;
  for (const graph::TensorId id : network.inputs) {
    inputs.emplace_back(network.at(id).type, network.at(id).shape);
  }
  try {
    (void)graph::evaluate(network, std::move(inputs));
    return true;
  } catch (const graph::GraphError& error) {
    REQUIRE(std::string(error.what()).size() > 10);
    return false;
  }
}

}  // namespace

TEST_CASE("sections and graphs that are mutated can be read") {
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    const graph::Graph before = network(seed);
    const SectionFile file = sections_of(before);
    const Bytes bytes = encode_sections(file);
    CHECK(encode_sections(file) == bytes);
    const SectionFile again = decode_sections(bytes, "a.s4p");
    CHECK(again.config_hash == file.config_hash);
    REQUIRE(again.sections.size() == file.sections.size());
    for (std::size_t i = 0; i < file.sections.size(); ++i) {
      CHECK(again.sections[i].name == file.sections[i].name);
      CHECK(again.sections[i].bytes == file.sections[i].bytes);
    }
    const auto& text = again.sections[0].bytes;
    const graph::Graph after =
        graph_from_json(json::parse(text.begin(), text.end()), again.sections[1].bytes);
    CHECK(describe(after) == describe(before));
    CHECK(runs(after));
  }
}

TEST_CASE("a thousand mutated section files give errors that name the section") {
  Random random(s4::tb::seed());
  const Bytes original = encode_sections(sections_of(network(1)));
  std::set<std::string> texts;
  int unchanged = 0;
  int decoded = 0;
  for (int n = 0; n < 1000; ++n) {
    CAPTURE(n, s4::tb::seed());
    Bytes bytes = original;
    mutate_bytes(random, bytes);
    const bool repaired = below(random, 2) == 0;
    if (repaired) repair_header(bytes);
    if (bytes == original) {
      ++unchanged;
      continue;
    }
    // Exactly as many bytes as there are: reading one more is an error under the sanitizers.
    const std::unique_ptr<std::uint8_t[]> exact(new std::uint8_t[bytes.size()]);
    if (!bytes.empty()) std::memcpy(exact.get(), bytes.data(), bytes.size());
    try {
      (void)decode_sections({exact.get(), bytes.size()}, "broken.s4p");
      // Only what a valid check sum says anew can be read: another name or configuration.
      REQUIRE(repaired);
      ++decoded;
    } catch (const ProgramFileError& error) {
      const std::string text = error.what();
      REQUIRE(text.rfind("broken.s4p: ", 0) == 0);
      if (is_section_file(bytes)) REQUIRE(text.find(": section '") != std::string::npos);
      texts.insert(text);
    }
  }
  CHECK(unchanged < 100);
  CHECK(decoded < 200);
  CHECK(texts.size() > 20);
}

TEST_CASE("a thousand mutated graphs give an error or a graph") {
  Random random(s4::tb::seed());
  int errors = 0;
  int read = 0;
  int run = 0;
  for (int n = 0; n < 1000; ++n) {
    CAPTURE(n, s4::tb::seed());
    Bytes constants;
    json text = graph_to_json(network(below(random, 6)), constants);
    for (std::size_t times = 1 + below(random, 2); times > 0; --times) mutate_json(random, text);
    if (below(random, 8) == 0) constants.resize(below(random, constants.size() + 3));
    CAPTURE(text.dump().substr(0, 2000));
    try {
      const graph::Graph graph = graph_from_json(text, constants);
      (void)graph::describe(graph);
      ++read;
      run += runs(graph) ? 1 : 0;
    } catch (const graph::GraphError& error) {
      REQUIRE(std::string(error.what()).size() > 10);
      ++errors;
    } catch (const json::exception&) {
      ++errors;
    }
  }
  CAPTURE(errors, read, run);
  CHECK(errors > 300);
  CHECK(read > 25);
  CHECK(run > 10);
}
