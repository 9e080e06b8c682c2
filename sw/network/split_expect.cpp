#include "sw/network/split_expect.hpp"

#include <algorithm>
#include <utility>

namespace s4::sw {
namespace {

/// Of the layers of a program; start and end are the last layer's.
std::map<std::size_t, std::uint64_t> clocks_by_layer(const ChipProgram& chip) {
  std::map<std::size_t, std::uint64_t> clocks;
  std::uint64_t rest = chip.predicted;
  for (const LayerPlacement& placed : chip.layers) {
    clocks[placed.layer] = std::min(rest, placed.predicted);
    rest -= clocks[placed.layer];
  }
  clocks[chip.layers.back().layer] += rest;
  return clocks;
}

void expect_alone(Network network, const config::Configuration& config,
                  std::vector<LayerClocks>& list) {
  network.options.merge_runs = false;  // as compile_run()
  std::vector<ChipProgram> programs;
  try {
    programs = compile_network(std::move(network), config).programs;
  } catch (const CompileError&) {
    return;  // some layer fits only in parts
  }
  for (const ChipProgram& chip : programs) {
    for (const LayerPlacement& placed : chip.layers) {
      list[placed.layer].weight_words = (placed.weight_bytes + placed.parameter_bytes) / 64;
    }
    for (const auto& [l, clocks] : clocks_by_layer(chip)) list[l].alone = clocks;
  }
}

}  // namespace

std::vector<Images> image_shares(std::uint32_t batch, unsigned subsystems) {
  const std::uint64_t parts = std::min(batch, subsystems);
  std::vector<Images> list;
  for (std::uint64_t i = 0; i < parts; ++i) {
    list.push_back({static_cast<std::uint32_t>(batch * i / parts),
                    static_cast<std::uint32_t>(batch * (i + 1) / parts)});
  }
  return list;
}

std::vector<LayerClocks> expected_clocks(const Network& network,
                                         const config::Configuration& config,
                                         const std::map<std::size_t, std::uint64_t>& addresses,
                                         unsigned subsystems, bool images) {
  std::vector<LayerClocks> list(network.layers.size());
  expect_alone(network, config, list);
  for (const std::vector<std::size_t>& run : network.runs) {
    const std::uint32_t batch = network.layers[run.front()].layer.geometry.batch;
    // Of operands in memory more is read than those of the own images.
    const bool same = std::all_of(run.begin(), run.end(), [&](std::size_t l) {
      return network.layers[l].layer.geometry.batch == batch && !network.layers[l].operand;
    });
    const std::vector<Images> shares = image_shares(batch, subsystems);
    if (!images || !same || shares.size() < 2) continue;
    try {
      for (const ChipProgram& chip :
           compile_run(network, run, config, addresses, 0, shares.back()).programs) {
        for (const auto& [l, clocks] : clocks_by_layer(chip)) list[l].shared = clocks;
      }
    } catch (const CompileError&) {
      for (const std::size_t l : run) list[l].shared = 0;
    }
  }
  return list;
}

}  // namespace s4::sw
