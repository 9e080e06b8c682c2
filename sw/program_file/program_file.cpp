#include "sw/program_file/program_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "sw/network/memory_map.hpp"
#include "sw/program_file/graph_json.hpp"

namespace s4::sw {
namespace {

using nlohmann::json;

constexpr const char* kNetwork = "network";
constexpr const char* kConstants = "constants";
constexpr const char* kCommands = "commands";
constexpr const char* kInfo = "command info";
constexpr const char* kWeights = "weights";

/// A content that cannot be; the caller adds file and section.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};
void require(bool condition, const std::string& what) {
  if (!condition) throw Wrong(what);
}

// ---- programs as JSON ---------------------------------------------------------------------------

json estimate_json(const Estimate& e) {
  return {e.mac,    e.activation, e.epilogue, e.weights, e.loads,
          e.stores, e.rows,       e.commands, e.cycles};
}

Estimate estimate_from(const json& in) {
  const auto n = in.get<std::array<std::uint64_t, 9>>();
  return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8]};
}

json plan_json(const Plan& p) {
  return {p.shape,
          static_cast<int>(p.strategy),
          static_cast<int>(p.storage),
          p.regions,
          p.chunk.images,
          p.chunk.rows,
          p.chunk.columns,
          p.chunks,
          p.input_words,
          p.output_words,
          p.second_words};
}

Plan plan_from(const json& in) {
  const auto n = in.get<std::array<std::uint64_t, 11>>();
  require(n[1] <= static_cast<std::uint64_t>(Strategy::kNone) &&
              n[2] <= static_cast<std::uint64_t>(Storage::kWhole),
          "a plan is unknown");
  const auto small = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
  Plan p;
  p.shape = small(n[0]);
  p.strategy = static_cast<Strategy>(n[1]);
  p.storage = static_cast<Storage>(n[2]);
  p.regions = small(n[3]);
  p.chunk = {small(n[4]), small(n[5]), small(n[6])};
  p.chunks = n[7];
  p.input_words = n[8];
  p.output_words = n[9];
  p.second_words = n[10];
  return p;
}

json program_json(const ChipProgram& chip) {
  json layers = json::array();
  for (const LayerPlacement& placed : chip.layers) {
    layers.push_back({{"layer", placed.layer},
                      {"plan", plan_json(placed.plan)},
                      {"estimate", estimate_json(placed.estimate)},
                      {"predicted", placed.predicted},
                      {"weight_bytes", placed.weight_bytes},
                      {"parameter_bytes", placed.parameter_bytes}});
  }
  return {{"name", chip.program.name},
          {"commands", chip.program.commands.size()},
          {"layers", layers},
          {"inputs", chip.inputs},
          {"outputs", chip.outputs},
          {"sub_batch", chip.sub_batch},
          {"residency", chip.residency},
          {"spilled", chip.spilled},
          {"predicted", chip.predicted}};
}

std::vector<std::size_t> indices_from(const json& in, std::size_t count, const char* what) {
  auto list = in.get<std::vector<std::size_t>>();
  for (const std::size_t index : list) {
    require(index < count, fmt::format("{} {} does not exist", what, index));
  }
  return list;
}

/// All but the commands, of which there are `commands`.
ChipProgram program_from(const json& in, const Network& network, std::size_t& commands) {
  ChipProgram chip;
  chip.program.name = in.at("name").get<std::string>();
  commands = in.at("commands").get<std::size_t>();
  for (const json& item : in.at("layers").get_ref<const json::array_t&>()) {
    LayerPlacement placed;
    placed.layer = item.at("layer").get<std::size_t>();
    require(placed.layer < network.layers.size(), "a layer does not exist");
    placed.plan = plan_from(item.at("plan"));
    placed.estimate = estimate_from(item.at("estimate"));
    placed.predicted = item.at("predicted").get<std::uint64_t>();
    placed.weight_bytes = item.at("weight_bytes").get<std::uint64_t>();
    placed.parameter_bytes = item.at("parameter_bytes").get<std::uint64_t>();
    chip.layers.push_back(placed);
  }
  chip.inputs = indices_from(in.at("inputs"), network.values.size(), "value");
  chip.outputs = indices_from(in.at("outputs"), network.values.size(), "value");
  chip.sub_batch = in.at("sub_batch").get<std::uint32_t>();
  chip.residency = in.at("residency").get<std::string>();
  chip.spilled = in.at("spilled").get<bool>();
  chip.predicted = in.at("predicted").get<std::uint64_t>();
  return chip;
}

/// What must be the same when a later version prepares the graph again.
json fingerprint(const Network& network) {
  json layers = json::array();
  for (const ChipLayer& layer : network.layers) {
    layers.push_back({layer.layer.name, layer.layer.describe(), layer.input,
                      layer.second ? json(*layer.second) : json(nullptr),
                      layer.operand ? json(*layer.operand) : json(nullptr), layer.output});
  }
  json values = json::array();
  for (const ChipValue& value : network.values) {
    values.push_back({value.tensor, value.shape.batch, value.shape.channels, value.shape.height,
                      value.shape.width, value.is_unsigned, value.rows_view, value.is_operand});
    if (value.home) values.back().push_back(*value.home);
  }
  return {{"layers", layers}, {"values", values}};
}

// ---- commands -----------------------------------------------------------------------------------

constexpr const char* kWhats[] = {"load input",
                                  "load second tensor",
                                  "weights",
                                  "conv",
                                  "gemm",
                                  "store output",
                                  "end",
                                  "maxpool",
                                  "softmax",
                                  "layernorm",
                                  "load gamma and beta",
                                  "load rows",
                                  "rows",
                                  "store rows",
                                  "load table"};
constexpr std::size_t kInfoBytes = 1 + 8 * 4;

void put_info(std::vector<std::uint8_t>& out, const CommandInfo& info) {
  const auto* const found = std::find_if(std::begin(kWhats), std::end(kWhats),
                                         [&](const char* what) { return info.what == what; });
  if (found == std::end(kWhats)) throw ProgramFileError("no code for '" + info.what + "'");
  out.push_back(static_cast<std::uint8_t>(found - std::begin(kWhats)));
  const OutputBox& b = info.box;
  for (const std::uint32_t value : {b.image_begin, b.image_end, b.channel_begin, b.channel_end,
                                    b.y_begin, b.y_end, b.x_begin, b.x_end}) {
    for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

CommandInfo info_from(std::span<const std::uint8_t> in, const commands::CommandBytes& command) {
  CommandInfo info;
  require(in[0] < std::size(kWhats), "the purpose of a command is unknown");
  info.what = kWhats[in[0]];
  std::array<std::uint32_t, 8> n{};
  for (std::size_t i = 0; i < n.size(); ++i) {
    for (unsigned k = 0; k < 4; ++k) n[i] |= std::uint32_t{in[1 + 4 * i + k]} << (8 * k);
  }
  info.box = {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]};
  const auto header = commands::EndCommand::decode(command);
  info.layer = header.layer;
  switch (header.opcode) {
    case commands::Opcode::kLoad:
      info.engine = commands::Engine::kLoad;
      break;
    case commands::Opcode::kStore:
      info.engine = commands::Engine::kStore;
      break;
    case commands::Opcode::kWeights:
      info.engine = commands::Engine::kWeights;
      break;
    case commands::Opcode::kSpu:
      info.engine = commands::Engine::kSpu;
      break;
    case commands::Opcode::kRows:
      info.engine = commands::Engine::kActivation;
      break;
    default:
      info.engine = commands::Engine::kSequencer;
  }
  return info;
}

// ---- reading ------------------------------------------------------------------------------------

class Decoder {
 public:
  Decoder(const SectionFile& file, const std::string& name) : file_(file), name_(name) {}

  CompiledNetwork run() {
    for (const FileSection& section : file_.sections) {
      const bool known = section.name == kNetwork || section.name == kConstants ||
                         section.name == kCommands || section.name == kInfo ||
                         section.name == kWeights;
      if (!known) fail(section.name, "it is unknown");
    }
    out_.config_hash = file_.config_hash;
    out_.weights = find(kWeights);
    in_section(kNetwork, [&] { read_network(); });
    in_section(kCommands, [&] { read_commands(); });
    in_section(kInfo, [&] { read_info(); });
    in_section(kNetwork, [&] { place_programs(out_); });
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& section, const std::string& what) const {
    throw ProgramFileError(fmt::format("{}: section '{}': {}", name_, section, what));
  }

  const std::vector<std::uint8_t>& find(const char* section) const {
    for (const FileSection& found : file_.sections) {
      if (found.name == section) return found.bytes;
    }
    fail(section, "it is missing");
  }

  template <typename F>
  void in_section(const char* section, F function) const {
    try {
      function();
    } catch (const ProgramFileError&) {
      throw;
    } catch (const std::exception& error) {
      fail(section, error.what());
    }
  }

  void read_network() {
    const auto& text = find(kNetwork);
    const json in = json::parse(text.begin(), text.end());
    out_.config_name = in.at("config").get<std::string>();
    NetworkOptions options;
    options.store_all = in.at("store_all").get<bool>();
    options.pixel_group = in.at("pixel_group").get<std::uint32_t>();
    graph::Graph graph = graph_from_json(in.at("graph"), find(kConstants));
    out_.network = prepare(std::move(graph), options);
    require(fingerprint(out_.network) == in.at("fingerprint"),
            "it was made by a version that compiles the network in another way; compile it again");
    const auto memory = indices_from(in.at("memory"), out_.network.values.size(), "value");
    std::vector<bool> placed(out_.network.values.size(), false);
    for (const std::size_t value : memory) {
      require(!placed[value], fmt::format("value {} has two places in memory", value));
      placed[value] = true;
    }
    out_.place.base = in.at("base").get<std::uint64_t>();
    require(out_.place.base % 4096 == 0, "its first address is not that of a page");
    place_values(out_, memory);
    for (const json& item : in.at("programs").get_ref<const json::array_t&>()) {
      counts_.emplace_back();
      out_.programs.push_back(program_from(item, out_.network, counts_.back()));
      for (const auto* list : {&out_.programs.back().inputs, &out_.programs.back().outputs}) {
        for (const std::size_t value : *list) {
          require(placed[value], fmt::format("value {} has no place in memory", value));
        }
      }
    }
    // What the host reads must have been stored.
    for (const graph::TensorId id : out_.network.graph.outputs) require_stored(id);
    for (const NetworkStep& step : out_.network.steps) {
      if (step.place != Place::kHost) continue;
      for (const graph::TensorId id : out_.network.graph.nodes[step.node].inputs) {
        require_stored(id);
      }
    }
  }

  void require_stored(graph::TensorId id) const {
    for (std::size_t v = 0; v < out_.network.values.size(); ++v) {
      const ChipValue& value = out_.network.values[v];
      if (value.tensor != id || !value.producer || value.home) continue;
      const bool stored =
          std::any_of(out_.programs.begin(), out_.programs.end(), [&](const ChipProgram& chip) {
            return std::find(chip.outputs.begin(), chip.outputs.end(), v) != chip.outputs.end();
          });
      require(stored, fmt::format("nobody stores value {}, which the host reads", v));
    }
  }

  void read_commands() {
    const auto& bytes = find(kCommands);
    std::size_t total = 0;
    const std::size_t most = bytes.size() / commands::kCommandBytes;
    for (const std::size_t count : counts_) {
      require(count >= 1 && count <= most - total, "it has fewer commands than the programs");
      total += count;
    }
    require(bytes.size() == total * commands::kCommandBytes, "it has more than the commands");
    const std::uint8_t* at = bytes.data();
    for (std::size_t p = 0; p < counts_.size(); ++p) {
      auto& list = out_.programs[p].program.commands;
      list.resize(counts_[p]);
      for (commands::CommandBytes& command : list) {
        std::memcpy(command.data(), at, commands::kCommandBytes);
        at += commands::kCommandBytes;
        require(commands::EndCommand::decode(command).layer < out_.network.layers.size(),
                "a command is for a layer that does not exist");
      }
    }
  }

  void read_info() {
    std::span<const std::uint8_t> bytes = find(kInfo);
    for (ChipProgram& chip : out_.programs) {
      for (const commands::CommandBytes& command : chip.program.commands) {
        require(bytes.size() >= kInfoBytes, "it is shorter than the commands");
        chip.program.info.push_back(info_from(bytes, command));
        bytes = bytes.subspan(kInfoBytes);
      }
    }
    require(bytes.empty(), "it is longer than the commands");
  }

  const SectionFile& file_;
  const std::string& name_;
  CompiledNetwork out_;
  std::vector<std::size_t> counts_;  ///< commands, by program
};

std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) {
    throw ProgramFileError("cannot read " + path.string());
  }
  std::vector<std::uint8_t> bytes((std::istreambuf_iterator<char>(file)), {});
  if (file.bad()) throw ProgramFileError("cannot read " + path.string());
  return bytes;
}

}  // namespace

std::vector<std::uint8_t> encode_program(const CompiledNetwork& compiled) {
  if (compiled.place.weights || compiled.place.results) {
    throw ProgramFileError("a program file holds no network whose weights or results lie apart");
  }
  std::vector<std::uint8_t> constants;
  std::vector<std::uint8_t> stream;
  std::vector<std::uint8_t> info;
  json network;
  network["config"] = compiled.config_name;
  network["store_all"] = compiled.network.options.store_all;
  network["pixel_group"] = compiled.network.options.pixel_group;
  network["graph"] = graph_to_json(compiled.network.graph, constants);
  network["fingerprint"] = fingerprint(compiled.network);
  network["base"] = compiled.place.base;
  network["memory"] = json::array();
  for (const MemoryValue& memory : compiled.memory) network["memory"].push_back(memory.value);
  network["programs"] = json::array();
  for (const ChipProgram& chip : compiled.programs) {
    network["programs"].push_back(program_json(chip));
    for (const commands::CommandBytes& command : chip.program.commands) {
      stream.insert(stream.end(), command.begin(), command.end());
    }
    for (const CommandInfo& item : chip.program.info) put_info(info, item);
  }
  const std::string text = network.dump(-1, ' ', false, json::error_handler_t::replace);
  SectionFile file;
  file.config_hash = compiled.config_hash;
  file.sections.push_back({kNetwork, {text.begin(), text.end()}});
  file.sections.push_back({kConstants, std::move(constants)});
  file.sections.push_back({kCommands, std::move(stream)});
  file.sections.push_back({kInfo, std::move(info)});
  file.sections.push_back({kWeights, compiled.weights});
  return encode_sections(file);
}

CompiledNetwork decode_program(std::span<const std::uint8_t> bytes, const std::string& name) {
  return Decoder(decode_sections(bytes, name), name).run();
}

void write_program(const std::filesystem::path& path, const CompiledNetwork& compiled) {
  const std::vector<std::uint8_t> bytes = encode_program(compiled);
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) throw ProgramFileError("cannot write " + path.string());
}

CompiledNetwork read_program(const std::filesystem::path& path) {
  return decode_program(read_bytes(path), path.string());
}

CompiledNetwork read_program(const std::filesystem::path& path,
                             const config::Configuration& config) {
  CompiledNetwork compiled = read_program(path);
  if (compiled.config_hash != config.hash) {
    throw ProgramFileError(fmt::format(
        "{}: the program is for configuration {} (hash {:016x}), not for {} (hash {:016x}); "
        "compile it again for that one",
        path.string(), compiled.config_name, compiled.config_hash, config.name, config.hash));
  }
  return compiled;
}

bool is_program(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 8> start{};
  if (!file.read(start.data(), start.size())) return false;
  return is_section_file({reinterpret_cast<const std::uint8_t*>(start.data()), start.size()});
}

}  // namespace s4::sw
