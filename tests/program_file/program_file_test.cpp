#include "sw/program_file/program_file.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "sim/config/configuration_loader.hpp"
#include "sw/network/report_json.hpp"
#include "sw/program_file/graph_json.hpp"
#include "tb/root.hpp"
#include "tests/network/random_network.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using sw::test::NetworkBuilder;
using Bytes = std::vector<std::uint8_t>;

config::Configuration configuration(const std::string& name) {
  return sim::load_configuration(tb::root(), name);
}

/// A residual, a pool on the host, a product behind a Flatten, an open clamp (infinite limits).
void small_network(NetworkBuilder& b) {
  const auto x = b.float_input({2, 3, 4, 5});
  graph::ConvGeometry same;
  same.pads = {1, 1, 1, 1};
  const auto first = b.conv(x, 6, {3, 3}, same);
  const auto sum = b.add(b.conv(first, 6, {3, 3}, same, 0.3), first);
  const auto pooled = b.max_pool(sum);
  const auto real = b.dequantize(b.gemm(b.flatten(pooled), 7));
  b.output(b.node(graph::Op::kClip, {real}, graph::ClampAttributes{{0.0F, graph::Clamp{}.high}}));
}

CompiledNetwork compiled_network(NetworkBuilder& b, const config::Configuration& config) {
  small_network(b);
  NetworkOptions options;
  options.sparsity = 8;
  options.store_all = true;
  return compile_network(prepare(b.graph, options), config);
}

std::string error_of(const Bytes& bytes) {
  try {
    (void)decode_program(bytes, "F");
  } catch (const ProgramFileError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a program for another address is read back for it") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(2, true);
  const CompiledNetwork here = compiled_network(b, config);
  constexpr std::uint64_t kBase = 0x5'0000'0000;
  const CompiledNetwork there = compile_network(here.network, config, {kBase});
  const CompiledNetwork read = decode_program(encode_program(there), "F");
  CHECK(read.read_region.address == kBase);
  REQUIRE(read.programs.size() == there.programs.size());
  for (std::size_t p = 0; p < read.programs.size(); ++p) {
    CHECK(read.programs[p].program.commands == there.programs[p].program.commands);
    CHECK(read.programs[p].program.address == there.programs[p].program.address);
  }
  const auto inputs = b.data();
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  CHECK(run_network(read, inputs, config, settings).ok());
}

TEST_CASE("a program read back runs like the one written, comparisons included") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(1, true);
  const CompiledNetwork written = compiled_network(b, config);
  const CompiledNetwork read = decode_program(encode_program(written), "F");
  REQUIRE(read.programs.size() == written.programs.size());
  for (std::size_t p = 0; p < read.programs.size(); ++p) {
    CHECK(read.programs[p].program.commands == written.programs[p].program.commands);
    CHECK(read.programs[p].program.address == written.programs[p].program.address);
    CHECK(read.programs[p].predicted == written.programs[p].predicted);
  }
  CHECK(read.weights == written.weights);
  const auto inputs = b.data();
  NetworkRunSettings settings;
  settings.run.backend = Backend::kAll;
  const NetworkReport before = run_network(written, inputs, config, settings);
  const NetworkReport after = run_network(read, inputs, config, settings);
  CHECK(before.ok());
  CHECK(after.ok());
  CHECK(before.outputs == after.outputs);
  CHECK(before.cycles == after.cycles);
  nlohmann::json left = to_json(before)["layers"];
  nlohmann::json right = to_json(after)["layers"];
  REQUIRE(left.size() == right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    for (auto* layer : {&left[i], &right[i]}) {  // host time
      layer->erase("wall_s");
      layer->erase("mac_per_s");
    }
  }
  CHECK(left == right);
  // The wrong byte is still found.
  settings.run.corrupt_output_byte = 5;
  CHECK(run_network(read, inputs, config, settings).comparisons.at(1).first.find("layer 0") !=
        std::string::npos);
}

TEST_CASE("the same network gives the same bytes, also when read and written again") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder a(2, false);
  NetworkBuilder b(2, false);
  const Bytes first = encode_program(compiled_network(a, config));
  CHECK(first == encode_program(compiled_network(b, config)));
  CHECK(first == encode_program(decode_program(first, "F")));
}

TEST_CASE("every damaged byte is an error that names a section") {
  NetworkBuilder b(3, true);
  const Bytes good = encode_program(compiled_network(b, configuration("tiny")));
  REQUIRE(error_of(good).empty());
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= static_cast<std::uint8_t>(1 + i % 255);
    const std::string error = error_of(bad);
    INFO("byte " << i << " of " << good.size() << ": " << error);
    REQUIRE(error.find("F: section '") == 0);
  }
}

TEST_CASE("every truncated or longer file is an error that names a section") {
  NetworkBuilder b(4, true);
  const Bytes good = encode_program(compiled_network(b, configuration("tiny")));
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string error =
        error_of(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
    INFO("the first " << size << " bytes: " << error);
    REQUIRE(error.find("F: section '") == 0);
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(error_of(longer).find("section 'weights': 1 bytes follow") != std::string::npos);
}

TEST_CASE("damage is said to be where it is") {
  NetworkBuilder b(5, true);
  const Bytes good = encode_program(compiled_network(b, configuration("tiny")));
  const SectionFile file = decode_sections(good, "F");
  std::size_t end = good.size();
  for (std::size_t s = file.sections.size(); s-- > 0;) {
    const std::size_t entry = 28 + s * 40;
    std::size_t stored = 0;
    for (unsigned i = 0; i < 8; ++i) stored |= std::size_t{good[entry + 20 + i]} << (8 * i);
    Bytes bad = good;
    bad[end - stored / 2 - 1] ^= 0x10;
    CHECK(error_of(bad) == "F: section '" + file.sections[s].name + "': it is damaged (check sum)");
    end -= stored;
  }
  Bytes bad = good;
  bad[8] = 9;
  CHECK(error_of(bad).find("section 'header': version 9") != std::string::npos);
  CHECK(error_of(Bytes{'P', 'K', 3, 4}).find("no program file") != std::string::npos);
}

TEST_CASE("sections with right check sums and wrong contents are refused by name") {
  NetworkBuilder b(6, true);
  const SectionFile good =
      decode_sections(encode_program(compiled_network(b, configuration("tiny"))), "F");
  const auto error_with = [&](const std::string& name, auto change) {
    SectionFile bad = good;
    for (FileSection& section : bad.sections) {
      if (section.name == name) change(section.bytes);
    }
    return error_of(encode_sections(bad));
  };
  const auto json_error = [&](auto change) {
    return error_with("network", [&](Bytes& bytes) {
      nlohmann::json json = nlohmann::json::parse(bytes.begin(), bytes.end());
      change(json);
      const std::string text = json.dump();
      bytes.assign(text.begin(), text.end());
    });
  };
  const std::string network = "F: section 'network': ";
  CHECK(error_with("network", [](Bytes& bytes) { bytes.resize(20); }).find(network) == 0);
  CHECK(json_error([](auto& j) { j.erase("graph"); }).find(network) == 0);
  CHECK(json_error([](auto& j) { j["memory"].push_back(1000); }).find("value 1000") !=
        std::string::npos);
  CHECK(json_error([](auto& j) { j["memory"].push_back(j["memory"][0]); }).find("two places") !=
        std::string::npos);
  CHECK(json_error([](auto& j) { j["memory"].erase(0); }).find("no place") != std::string::npos);
  CHECK(json_error([](auto& j) { j["programs"][0]["outputs"].clear(); }).find("nobody stores") !=
        std::string::npos);
  CHECK(json_error([](auto& j) {
          j["fingerprint"]["layers"][0][0] = "other";
        }).find("compile it again") != std::string::npos);
  CHECK(json_error([](auto& j) { j["graph"]["nodes"][1]["output"] = 0; }).find(network) == 0);
  CHECK(json_error([](auto& j) { j["graph"]["nodes"][1]["kind"] = 99; }).find(network) == 0);
  CHECK(json_error([](auto& j) {
          j["programs"][0]["commands"] = 1ULL << 60;
        }).find("F: section 'commands': ") == 0);
  CHECK(error_with("commands", [](Bytes& bytes) {
          bytes.pop_back();
        }).find("F: section 'commands': ") == 0);
  CHECK(error_with("commands", [](Bytes& bytes) { bytes[8] = 200; }).find("does not exist") !=
        std::string::npos);
  CHECK(error_with("command info", [](Bytes& bytes) {
          bytes[0] = 77;
        }).find("F: section 'command info': ") == 0);
  CHECK(error_with("command info", [](Bytes& bytes) { bytes.push_back(0); }).find("longer") !=
        std::string::npos);
  CHECK(error_with("constants", [](Bytes& bytes) { bytes.pop_back(); }).find(network) == 0);
  SectionFile missing = good;
  missing.sections.pop_back();
  CHECK(error_of(encode_sections(missing)) == "F: section 'weights': it is missing");
  SectionFile foreign = good;
  foreign.sections.push_back({"other", {1}});
  CHECK(error_of(encode_sections(foreign)) == "F: section 'other': it is unknown");
}

TEST_CASE("wrong weights with right check sums are found by the comparison") {
  const config::Configuration config = configuration("tiny");
  NetworkBuilder b(7, true);
  SectionFile file = decode_sections(encode_program(compiled_network(b, config)), "F");
  for (FileSection& section : file.sections) {
    if (section.name == "weights") section.bytes[2] ^= 0x40;  // a bias
  }
  const CompiledNetwork read = decode_program(encode_sections(file), "F");
  NetworkRunSettings settings;
  settings.run.backend = Backend::kFunctional;
  const NetworkReport report = run_network(read, b.data(), config, settings);
  CHECK_FALSE(report.ok());
}

TEST_CASE("sections are stored or deflated, whichever is smaller") {
  SectionFile file;
  file.config_hash = 0x0123456789ABCDEF;
  file.sections.push_back({"zeros", Bytes(100000, 0)});
  Bytes noise(1000);
  std::mt19937 random(1);
  for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
  file.sections.push_back({"noise", noise});
  file.sections.push_back({"empty", {}});
  const Bytes bytes = encode_sections(file);
  CHECK(bytes.size() < 28 + 3 * 40 + 1000 + 500);
  const SectionFile back = decode_sections(bytes, "F");
  CHECK(back.config_hash == file.config_hash);
  REQUIRE(back.sections.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(back.sections[i].name == file.sections[i].name);
    CHECK(back.sections[i].bytes == file.sections[i].bytes);
  }
}

TEST_CASE("files: written, found again, refused for another configuration") {
  const std::string folder = tb::root() + "/build/test_program_file";
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/p.s4p";
  NetworkBuilder b(8, true);
  const config::Configuration tiny = configuration("tiny");
  write_program(path, compiled_network(b, tiny));
  CHECK(is_program(path));
  CHECK(read_program(path, tiny).config_hash == tiny.hash);
  CHECK_THROWS_WITH(read_program(path, configuration("small")),
                    Catch::Contains("for configuration tiny"));
  CHECK_THROWS_WITH(read_program(folder + "/none", tiny), Catch::Contains("cannot read"));
  CHECK_THROWS_AS(write_program(folder + "/none/p.s4p", compiled_network(b, tiny)),
                  ProgramFileError);
  std::ofstream(folder + "/text") << "hello, this is text";
  CHECK_FALSE(is_program(folder + "/text"));
  CHECK_FALSE(is_program(folder + "/none"));
}

}  // namespace
