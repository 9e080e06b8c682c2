// How the images of a network are shared among the subsystems of a chip.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "sim/ring/ring_address.hpp"
#include "sw/network/chip_run.hpp"
#include "sw/network/memory_map.hpp"
#include "sw/network/weight_reads.hpp"

namespace s4::sw {
namespace {

using graph::TensorData;

constexpr std::uint64_t kPage = 4096;
constexpr unsigned kSliceBits = 32;

std::int64_t batch_of(const std::vector<TensorData>& inputs) {
  if (inputs.empty() || inputs.front().shape.empty()) {
    throw NetworkError(
        "a run on several subsystems needs an input whose first dimension is the batch");
  }
  const std::int64_t batch = inputs.front().shape.front();
  for (const TensorData& input : inputs) {
    if (!input.shape.empty() && input.shape.front() == batch) continue;
    throw NetworkError(fmt::format(
        "a run on several subsystems splits the first dimension of every input: {} is not {}",
        graph::to_string(input.shape), batch));
  }
  if (batch < 1) throw NetworkError("a run on several subsystems needs an image");
  return batch;
}

/// Outputs are joined along the batch.
void require_batch(const graph::Graph& graph, std::int64_t images) {
  for (const graph::TensorId id : graph.outputs) {
    const graph::Tensor& output = graph.at(id);
    if (!output.shape.empty() && output.shape.front() == images) continue;
    throw NetworkError(fmt::format(
        "a run on several subsystems splits images, but output '{}' {} of {} images does not "
        "start with the batch",
        output.name, graph::to_string(output.shape), images));
  }
}

/// Shares of images, compiled one behind the other in memory.
class Sharing {
 public:
  Sharing(const std::vector<TensorData>& inputs, const config::Configuration& config,
          std::uint64_t memory_bytes, const CompileShare& compile, ResultPlace results)
      : inputs_(inputs), memory_bytes_(memory_bytes), compile_(compile) {
    if (results == ResultPlace::kInterleaved) return;
    // The same offsets of all memories: the lower half is what addresses of the first slice reach
    // there, the upper half is the subsystem's own.
    const std::uint64_t each = memory_bytes / (config.num_subsystems + 1);
    memory_bytes_ = each / 2 / kPage * kPage;
    local_bytes_ = each - memory_bytes_;
  }

  /// The next images, and the last one of them `repeated` times more.
  void add(std::int64_t images, std::int64_t repeated, std::optional<std::uint64_t> weights) {
    ChipShare share;
    share.first = first_;
    share.repeated = repeated;
    for (const TensorData& input : inputs_) {
      std::vector<TensorData> parts{graph::slice_rows(input, first_, images)};
      parts.resize(1 + static_cast<std::size_t>(repeated),
                   graph::slice_rows(input, first_ + images - 1, 1));
      share.inputs.push_back(graph::join_rows(parts));
    }
    NetworkPlace place{base_, weights, std::nullopt};
    if (local_bytes_ != 0) {
      const auto station = static_cast<std::uint64_t>(shares_.size());
      place.results = Region{sim::kWindows + (station << kSliceBits) + memory_bytes_, local_bytes_};
    }
    share.compiled = compile_(share.inputs, place);
    require_batch(share.compiled.network.graph, images + repeated);
    base_ = memory_end(share.compiled);
    if (base_ > memory_bytes_) {
      throw NetworkError(
          fmt::format("the network needs {} bytes for {} subsystems{}, the chip has {}", base_,
                      shares_.size() + 1, local_bytes_ == 0 ? "" : " beside their own memories",
                      memory_bytes_));
    }
    first_ += images;
    shares_.push_back(std::move(share));
  }

  [[nodiscard]] const std::vector<ChipShare>& shares() const { return shares_; }
  [[nodiscard]] std::vector<ChipShare> take() { return std::move(shares_); }

 private:
  const std::vector<TensorData>& inputs_;
  std::uint64_t memory_bytes_;     ///< for all that is interleaved
  std::uint64_t local_bytes_ = 0;  ///< of each window behind as many
  const CompileShare& compile_;
  std::vector<ChipShare> shares_;
  std::uint64_t base_ = kNetworkBase;
  std::int64_t first_ = 0;
};

/// Addresses and bytes of a program's reads of weights, in order, each within the weight region.
std::vector<Region> joint_reads(const CompiledNetwork& compiled, const Program& program) {
  const Region& weights = compiled.weight_region;
  std::vector<Region> reads;
  for (const WeightRead& read : weight_reads(program)) {
    const std::uint64_t begin = read.region.address;
    const std::uint64_t end = begin + read.region.size;
    const std::uint64_t weights_end = weights.address + weights.size;
    const bool inside = begin >= weights.address && end <= weights_end;
    const bool outside = begin >= weights_end || end <= weights.address;
    if (read.dense ? !outside : !inside) {
      throw NetworkError(fmt::format(
          "weights cannot be read once for all: command {} of program '{}' reads {} at {:#x}",
          read.command, program.name,
          read.dense ? "activations among them" : "weights outside of their region", begin));
    }
    if (!read.dense) reads.push_back(read.region);
  }
  return reads;
}

bool same(const Region& a, const Region& b) { return a.address == b.address && a.size == b.size; }

}  // namespace

const char* place_name(ResultPlace place) {
  return place == ResultPlace::kLocal ? "local" : "interleaved";
}

ResultPlace place_from_name(const std::string& name) {
  for (const ResultPlace place : {ResultPlace::kInterleaved, ResultPlace::kLocal}) {
    if (name == place_name(place)) return place;
  }
  throw std::invalid_argument(
      fmt::format("results are stored interleaved or local, not '{}'", name));
}

std::uint64_t chip_memory_bytes(const config::Configuration& config, bool ecc) {
  return chip_layout(config, ecc).bytes();
}

std::vector<ChipShare> single_shares(const std::vector<TensorData>& inputs,
                                     const config::Configuration& config,
                                     std::uint64_t memory_bytes, const CompileShare& compile,
                                     ResultPlace results) {
  const std::int64_t batch = batch_of(inputs);
  const auto most = static_cast<std::int64_t>(config.num_subsystems);
  const std::int64_t count = std::min(batch, most);
  Sharing sharing(inputs, config, memory_bytes, compile, results);
  for (std::int64_t n = 0; n < count; ++n) {
    sharing.add(batch / count + (n < batch % count ? 1 : 0), 0, std::nullopt);
  }
  return sharing.take();
}

std::vector<ChipShare> broadcast_shares(const std::vector<TensorData>& inputs,
                                        const config::Configuration& config,
                                        std::uint64_t memory_bytes, const CompileShare& compile,
                                        ResultPlace results) {
  const std::int64_t batch = batch_of(inputs);
  const auto most = static_cast<std::int64_t>(config.num_subsystems);
  const std::int64_t each = (batch + most - 1) / most;
  Sharing sharing(inputs, config, memory_bytes, compile, results);
  // The first one has its weights as if it were alone; the others read these.
  std::optional<std::uint64_t> weights;
  for (std::int64_t first = 0; first < batch; first += each) {
    const std::int64_t images = std::min(each, batch - first);
    sharing.add(images, each - images, weights);
    weights = sharing.shares().front().compiled.weight_region.address;
  }
  require_same_weights(sharing.shares());
  return sharing.take();
}

void require_same_weights(const std::vector<ChipShare>& shares) {
  const auto refuse = [](std::size_t n, const std::string& what) {
    throw NetworkError(fmt::format(
        "weights cannot be read once for all: subsystem {} has {} than the first", n, what));
  };
  for (std::size_t n = 0; n < shares.size(); ++n) {
    const CompiledNetwork& first = shares.front().compiled;
    const CompiledNetwork& own = shares[n].compiled;
    if (!same(own.weight_region, first.weight_region)) refuse(n, "its weights at other addresses");
    if (own.weights != first.weights) refuse(n, "other weights");
    if (own.programs.size() != first.programs.size()) refuse(n, "another number of programs");
    for (std::size_t p = 0; p < own.programs.size(); ++p) {
      const auto wanted = joint_reads(first, first.programs[p].program);
      const auto reads = joint_reads(own, own.programs[p].program);
      if (std::equal(reads.begin(), reads.end(), wanted.begin(), wanted.end(), same)) continue;
      refuse(n,
             fmt::format("other reads of weights in program '{}'", own.programs[p].program.name));
    }
  }
}

std::uint64_t weight_read_bytes(const CompiledNetwork& compiled) {
  std::uint64_t bytes = 0;
  for (const ChipProgram& chip : compiled.programs) {
    for (const WeightRead& read : weight_reads(chip.program)) {
      if (!read.dense) bytes += read.region.size;
    }
  }
  return bytes;
}

}  // namespace s4::sw
