// A whole network on the chip: from a quantised graph to steps, commands and a checked run.
//
//   prepare          graph -> steps: which node runs where and why; chip layers
//   compile_network  steps -> memory map and command streams for one configuration
//   run_network      inputs -> outputs on the backends, compared with each other and the reference
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sw/compiler/layer.hpp"
#include "sw/compiler/program.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/graph/graph.hpp"
#include "sw/network/windows.hpp"

namespace s4::sw {

/// A network that cannot be prepared, compiled or run; the text says what is wrong and where.
struct NetworkError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct NetworkOptions {
  /// Prunes every chip layer to K = floor(64 / sparsity) weights per bank, 1 to 64.
  std::optional<double> sparsity;
  /// Stores the output of every chip layer, so that all are compared with the reference.
  bool store_all = false;
  /// Images that stay on the chip together; chosen if not given.
  std::optional<std::uint32_t> sub_batch;
  /// PixelsPerQuadrant of the configuration, if first layers may read pixels of a quarter word;
  /// such a network compiles for that configuration only. 0: they may not.
  std::uint32_t pixel_group = 0;
  /// Runs may be one program where nothing is in between.
  bool merge_runs = true;
  /// For batches one behind the other: the first layers of a batch may run at the end of the
  /// program of the batch before, see ChipProgram::next_inputs.
  bool prefetch = false;
};

enum class Place : std::uint8_t {
  kChip,
  kHost,
  kView,  ///< nothing moves: another shape of the same bytes
};
[[nodiscard]] const char* place_name(Place place);

/// One node of the graph.
struct NetworkStep {
  std::string name;
  std::string op;        ///< "QConv", "MaxPool", ...
  std::size_t node = 0;  ///< in Graph::nodes
  Place place = Place::kHost;
  std::string engine;                ///< "spu", "host", ...
  std::string why;                   ///< why it runs there; empty if there is nothing to say
  std::optional<std::size_t> layer;  ///< in Network::layers, if on the chip
};

/// Activations as a chip layer reads or writes them: bytes of a tensor of the graph.
struct ChipValue {
  graph::TensorId tensor = graph::kNoTensor;
  TensorShape shape;        ///< in bytes: a BF16 channel is two, the low one first
  std::uint32_t bytes = 1;  ///< of an element; 2: BF16, which the graph holds as float32
  bool is_unsigned = false;
  std::optional<std::size_t> producer;  ///< layer; without one the host provides the bytes
  /// Set: the host gathers windows; `shape` is that of the gathered image.
  std::optional<Windows> windows;
  std::int32_t padding = 0;  ///< in windows, where they leave the image
  bool rows_view = false;    ///< the tensor is [..,S,C]: channels vary fastest, pixels are rows
  bool is_operand = false;   ///< of some layer: in memory, with a margin behind it
  bool repeats = false;      ///< constant, and the words of every image are those of the first
  /// Set: no words of its own, but those of this value in another shape (heads of attention). Never
  /// of the same batch as that, so no run has both.
  std::optional<std::size_t> home;
};

struct ChipLayer {
  Layer layer;  ///< for the whole batch
  std::size_t step = 0;
  std::size_t input = 0;  ///< in Network::values
  std::optional<std::size_t> second;
  std::optional<std::size_t> operand;  ///< that takes the place of weights; read from memory
  std::size_t output = 0;
  /// Weights of the operator if it were dense: neither the zeros between groups nor those that fill
  /// gathered windows.
  std::uint64_t dense_weights = 0;

  [[nodiscard]] std::uint64_t macs_dense() const { return dense_weights * layer.geometry.pixels(); }
  [[nodiscard]] std::uint64_t dense_bytes() const {
    return dense_weights * layer.geometry.in_bytes;
  }
};

/// Weights are those of the graph: pruning changes both.
struct Network {
  graph::Graph graph;  ///< residual additions fused, heads of several words in their order
  NetworkOptions options;
  std::vector<NetworkStep> steps;  ///< in the order of the graph's nodes
  std::vector<ChipLayer> layers;
  std::vector<ChipValue> values;
  /// Layers that run without the host in between, in order.
  std::vector<std::vector<std::size_t>> runs;
  std::vector<std::string> notes;

  /// The value that has the words of this one.
  [[nodiscard]] std::size_t home(std::size_t value) const {
    return values[value].home.value_or(value);
  }
};

/// Decides where every node runs and makes the chip layers. `graph` is optimised as import_onnx
/// returns it. Throws NetworkError if nothing can run on the chip: a float network has to be
/// quantised first.
[[nodiscard]] Network prepare(graph::Graph graph, const NetworkOptions& options = {});

/// Where an activation lies in memory, if it ever does.
struct MemoryValue {
  std::size_t value = 0;  ///< in Network::values
  Region region;
  bool is_output = false;  ///< written by the chip; else by the host
};

/// A layer of a program, as the compiler sees it.
struct LayerPlacement {
  std::size_t layer = 0;  ///< in Network::layers
  Plan plan;
  Estimate estimate;                  ///< of all images of the program
  std::uint64_t predicted = 0;        ///< clocks that the compiler expects, waiting included
  std::uint64_t weight_bytes = 0;     ///< indices and values, as stored
  std::uint64_t parameter_bytes = 0;  ///< biases, scales, tables, gamma and beta, as stored
};

/// One command stream: layers whose activations stay in the local buffer, or one that spills.
struct ChipProgram {
  Program program;  ///< layer numbers of commands are positions in Network::layers
  std::vector<LayerPlacement> layers;
  std::vector<std::size_t> inputs;   ///< values read from memory
  std::vector<std::size_t> outputs;  ///< values written to memory
  std::uint32_t sub_batch = 0;       ///< images on chip together; 0: spilled
  std::string residency;  ///< how inputs are loaded ahead: residency_name(); "memory": spilled
  bool spilled = false;
  std::uint64_t predicted = 0;  ///< clocks
  /// It finds in the local buffer what the program before it, or it itself in the batch before,
  /// made of the inputs, and does so for the next batch: its inputs are those of the next one.
  bool next_inputs = false;
};

/// Where a network starts in memory unless told otherwise.
inline constexpr std::uint64_t kNetworkBase = 0x100000;

/// Addresses, multiples of 4096.
struct NetworkPlace {
  std::uint64_t base = kNetworkBase;  ///< the first one
  /// The first one of weights and tables, outside of everything else that the network has in
  /// memory: several networks can share them. Not given: behind the activations.
  std::optional<std::uint64_t> weights = {};
  /// Where results are stored. Not given: behind the inputs.
  std::optional<Region> results = {};
};

struct CompiledNetwork {
  Network network;
  std::string config_name;
  std::uint64_t config_hash = 0;
  std::vector<ChipProgram> programs;  ///< in order
  NetworkPlace place;
  std::vector<MemoryValue> memory;
  Region weight_region;
  std::vector<std::uint8_t> weights;
  /// What context 0 may read, whole pages; with weights of a place of their own also what lies
  /// between these and the rest.
  Region read_region;
  Region write_region;  ///< what context 0 may write, whole pages

  /// The first program of a batch behind another one.
  [[nodiscard]] std::size_t first_of_later() const {
    return programs.size() == 2 && programs[1].next_inputs ? 1 : 0;
  }
};

/// The place changes nothing but addresses. Throws CompileError if a layer does not fit the
/// configuration in any way, or the place the network.
[[nodiscard]] CompiledNetwork compile_network(Network network, const config::Configuration& config,
                                              const NetworkPlace& place = {});

struct NetworkRunSettings {
  RunSettings run;
  /// Arguments of the command-line program that repeat this run, without configuration, backend and
  /// waveform: "run digits.onnx --input x.npy". For the advice after a mismatch.
  std::string arguments;
};

/// Bytes that a layer moves and keeps, by its commands: docs/guide/cli.md.
struct LayerBytes {
  std::uint64_t dram_read = 0;     ///< its commands included
  std::uint64_t dram_written = 0;  ///< of results
  std::uint64_t ring = 0;          ///< of these, to or from the memory of another station
  std::uint64_t spilled = 0;       ///< of these, activations from one program to another
  std::uint64_t local_peak = 0;    ///< most in use of the local buffer
};

/// One chip layer in a report. Figures are of the whole batch.
struct NetworkLayerReport {
  std::string name;
  std::string engine;
  std::string shape;  ///< "conv 1x64x8x8 ..."
  std::string plan;
  std::string bound;
  Estimate estimate;
  std::uint64_t macs_dense = 0;
  std::uint64_t macs_nonzero = 0;
  double sparsity = 1;  ///< dense weights per non-zero weight
  std::uint64_t weight_bytes = 0;
  std::uint64_t parameter_bytes = 0;
  std::uint64_t dense_weight_bytes = 0;
  LayerBytes bytes;
  double ideal_cycles = 0;
  std::uint64_t predicted_cycles = 0;
  /// From the completion of the layer before to its own, summed over sub-batches; RTL only.
  std::optional<std::uint64_t> cycles;
  std::uint64_t mismatches = 0;
  /// Rows only: steps of the result between it and the real number, at most.
  std::optional<double> worst_error;
  [[nodiscard]] double utilisation() const;
};

struct HostStepReport {
  std::string name;
  std::string op;
  double wall_s = 0;
};

struct NetworkReport {
  std::string config;
  Backend backend = Backend::kAll;
  double stalls = 0;
  MemoryKind memory = MemoryKind::kIdeal;
  std::optional<DramReport> dram;  ///< of a run on LPDDR4X
  bool on_ring = false;            ///< of a chip: between subsystem and memory lies a ring
  std::uint64_t batch = 0;
  std::vector<NetworkLayerReport> layers;
  bool has_rows = false;                   ///< layers that are judged by their distance
  std::vector<HostStepReport> host_steps;  ///< of the leading backend
  std::vector<Comparison> comparisons;
  /// Bytes that the commands move, against what RTL and memory devices counted.
  std::vector<Comparison> counts;
  std::vector<DeviceRun> runs;    ///< programs on devices
  std::vector<Program> programs;  ///< for timelines
  std::vector<std::string> output_names;
  std::vector<graph::TensorData> outputs;  ///< of the leading backend: rtl, functional, reference
  std::vector<graph::TensorData> reference_outputs;
  std::optional<std::uint64_t> cycles;  ///< all programs on RTL
  std::uint64_t predicted_cycles = 0;
  double rtl_s = 0;  ///< host seconds of the programs
  double functional_s = 0;
  double reference_s = 0;
  double wall_s = 0;  ///< of the programs on the leading backend
  std::string error;  ///< why a comparison could not be made

  [[nodiscard]] std::uint64_t macs_dense() const;
  [[nodiscard]] std::uint64_t macs_nonzero() const;
  [[nodiscard]] std::uint64_t weight_bytes() const;
  [[nodiscard]] std::uint64_t parameter_bytes() const;
  [[nodiscard]] std::uint64_t dense_weight_bytes() const;
  [[nodiscard]] double ideal_cycles() const;
  [[nodiscard]] double cycles_per_image() const;
  [[nodiscard]] double utilisation() const;
  [[nodiscard]] double kilohertz() const;
  [[nodiscard]] double mac_per_s() const;
  [[nodiscard]] std::uint64_t mismatches() const;
  /// "mac", "memory", ...: the largest of the layers' lower bounds, added up.
  [[nodiscard]] std::string bound() const;
  /// Every comparison asked for was made and held.
  [[nodiscard]] bool ok() const;
};

/// Runs the network on `inputs`, in the order of Graph::inputs, on a fresh device per backend.
/// Throws NetworkError if inputs or configuration do not fit, DeviceError or tb::ModelError if a
/// backend cannot run at all; an error of the device or a mismatch is in the report.
[[nodiscard]] NetworkReport run_network(const CompiledNetwork& compiled,
                                        const std::vector<graph::TensorData>& inputs,
                                        const config::Configuration& config,
                                        const NetworkRunSettings& settings = {});

}  // namespace s4::sw
