#include "sw/compiler/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace s4::sw {
namespace {

constexpr std::uint64_t kMaxField16 = 65535;
constexpr std::uint64_t kMaxPixels = (std::uint64_t{1} << 24) - 1;
constexpr std::uint64_t kMemoryLatency = 110;
constexpr std::uint64_t kSlowChunks = 4096;
constexpr std::uint32_t kPoolBytes = 64;  // of a pixel of a tile of the pooling unit
constexpr std::uint32_t kMaxRegions = 3;  // of a ring: one loads, one computes, one in between

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

Estimate estimate_plan(const Plan& plan, const std::vector<Chunk>& chunks, const Layer& layer,
                       const config::Configuration& config, const ShapeProfile& profile,
                       bool resident) {
  Estimate e;
  const LayerGeometry& g = layer.geometry;
  const bool streamed = plan.strategy == Strategy::kStream;
  const bool group_outer = plan.strategy == Strategy::kGroupOuter;
  const std::size_t sections = group_outer ? profile.groups.size() : 1;
  const std::uint64_t tensors_in = layer.add ? 2 : 1;

  const bool prefetch = profile.switch_stall == 0;

  std::uint64_t port = 0;
  std::uint64_t spu = 0;
  std::uint64_t store = 0;
  std::uint64_t loaded_window = 0;
  std::vector<std::uint64_t> spu_end;
  std::vector<std::uint64_t> store_end;
  std::uint64_t last_spu_start = 0;
  for (std::size_t section = 0; section < sections; ++section) {
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      const Chunk& chunk = chunks[i];
      const std::uint64_t tiles = ceil_div(chunk.pixels(), profile.tile_pixels);
      const std::size_t step = section * chunks.size() + i;
      std::uint64_t load_words = 0;
      if (!resident && plan.storage == Storage::kRing) {
        load_words =
            chunk.window() * g.in_blocks() + (tensors_in - 1) * chunk.pixels() * g.out_blocks();
      } else if (!resident && section == 0) {
        const std::uint64_t image = std::uint64_t{g.height} * g.row_words();
        const std::uint64_t to =
            std::min<std::uint64_t>(chunk.image_begin * image + std::uint64_t{chunk.rows.end} *
                                                                    g.row_words() * chunk.images(),
                                    g.batch * image);
        const std::uint64_t end = g.height == 1 && chunk.images() == 1
                                      ? chunk.image_begin * image + chunk.columns.end
                                      : to;
        load_words = (end > loaded_window ? end - loaded_window : 0) * g.in_blocks() +
                     (tensors_in - 1) * chunk.pixels() * g.out_blocks();
        loaded_window = std::max(loaded_window, end);
      }
      std::uint64_t weight_words = 0;
      const bool resend = plan.strategy == Strategy::kResend || i == 0;
      const std::size_t group_begin = group_outer ? section : 0;
      const std::size_t group_end = group_outer ? section + 1 : profile.groups.size();
      for (std::size_t index = group_begin; index < group_end; ++index) {
        const GroupProfile& group = profile.groups[index];
        e.mac += tiles * group.clocks;
        e.activation += tiles * fetch_clocks(group, profile);
        e.epilogue += tiles * drain_clocks(group, profile, config);
        if (streamed || resend) weight_words += group.words() * (streamed ? tiles : 1);
      }
      const std::uint64_t store_words =
          resident
              ? 0
              : chunk.pixels() * (group_outer ? profile.lanes * g.out_bytes / 64 : g.out_blocks());

      // Order of the read port: this chunk's activations, then its weights.
      if (load_words > 0) {
        const bool waits = plan.storage == Storage::kRing && step >= plan.regions;
        port = std::max(port, waits ? spu_end[step - plan.regions] : 0) + load_words;
      }
      const std::uint64_t loaded = load_words > 0 ? port + kMemoryLatency : 0;
      std::uint64_t start = std::max(spu, loaded > 0 ? loaded + kCommandStart : 0);
      if (plan.storage == Storage::kRing && step >= plan.regions) {
        start = std::max(start, store_end[step - plan.regions] + kCommandStart);
      }
      // A group's first tile is not complete before its weights are.
      const bool sends = !streamed && resend && !layer.max_pool;
      if (sends) port = std::max(port, prefetch ? last_spu_start : spu);
      std::uint64_t at = start;
      for (std::size_t index = group_begin; index < group_end; ++index) {
        const GroupProfile& group = profile.groups[index];
        const std::uint64_t tile = tile_clocks(group, profile, config, streamed);
        at += tile;
        if (sends) {
          port += group.words();
          at = std::max(at, port + kMemoryLatency);
        }
        at += (tiles - 1) * tile;
      }
      if (plan.strategy == Strategy::kResend) at += profile.switch_stall;
      last_spu_start = start;
      spu = at + kCommandGap;
      if (streamed) port = std::max(port, spu);
      const std::uint64_t done = at + kCommandEnd;
      spu_end.push_back(done);
      if (store_words > 0) {
        store = std::max(store, done) + store_words;  // stores overlap but for their words
      }
      store_end.push_back(store_words > 0 ? store + kMemoryLatency : done);
      e.loads += load_words;
      e.weights += weight_words;
      e.stores += store_words;
      e.commands += 1 + (load_words > 0 ? tensors_in : 0) + (store_words > 0 ? 1 : 0) +
                    (weight_words > 0 ? profile.groups.size() / sections : 0);
    }
  }
  e.commands += 1;
  const std::uint64_t stored = store > 0 ? store + kMemoryLatency : 0;
  e.cycles = std::max({spu + kCommandEnd, stored, port, e.memory()}) + 2 * kMemoryLatency;
  return e;
}

/// Chunk sizes worth trying, large ones first; each fits the command fields.
std::vector<ChunkSize> chunk_sizes(const LayerGeometry& g, std::uint64_t tile_pixels) {
  std::vector<ChunkSize> sizes;
  const std::uint32_t oh = g.out_height();
  const std::uint32_t ow = g.out_width();
  const auto add = [&](std::uint64_t images, std::uint64_t rows, std::uint64_t columns) {
    const std::uint64_t in_columns = columns == ow ? g.width : columns;
    if (in_columns > kMaxField16 || columns > kMaxField16 || images * rows * columns > kMaxPixels) {
      return;
    }
    sizes.push_back({static_cast<std::uint32_t>(images), static_cast<std::uint32_t>(rows),
                     static_cast<std::uint32_t>(columns)});
  };
  const auto parts = [](std::uint64_t total) {
    std::set<std::uint64_t, std::greater<>> values;
    for (std::uint64_t k = 1; k <= total && k <= 16; ++k) values.insert(ceil_div(total, k));
    for (std::uint64_t k = 16; k / 2 < total; k += k / 4) values.insert(ceil_div(total, k));
    values.insert(1);
    return values;
  };
  if (g.batch > 1) {
    for (const std::uint64_t images : parts(g.batch)) {
      if (images > 1) add(images, oh, ow);
    }
  }
  if (oh > 1) {
    for (const std::uint64_t rows : parts(oh)) add(1, rows, ow);
  }
  if (oh == 1) add(1, 1, ow);
  if (g.quarters) return sizes;  // a word's pixels are not cut
  std::set<std::uint64_t, std::greater<>> columns;
  for (const std::uint64_t part : parts(ow)) {
    std::uint64_t whole = tile_pixels;
    while (whole > 1 && part <= whole / 2) whole /= 2;
    columns.insert(std::min<std::uint64_t>(ow, ceil_div(part, whole) * whole));
  }
  for (const std::uint64_t part : columns) {
    if (part < ow) add(1, 1, part);
  }
  return sizes;
}

/// Whether the chunks of this size are contiguous in a whole output tensor.
bool contiguous(const LayerGeometry& g, const ChunkSize& size) {
  return size.columns == g.out_width() || g.out_height() == 1;
}

}  // namespace

ShapeProfile profile_shape(const Layer& layer, const std::vector<std::uint8_t>& counts,
                           const config::Configuration& config, std::uint32_t shape) {
  ShapeProfile profile;
  profile.shape = shape;
  profile.lanes = group_lanes(config, shape);
  profile.tile_pixels = std::uint64_t{config.pixels_per_quadrant} << shape;
  profile.drain_passes = layer.activation ? 4 : layer.float_epilogue ? 2 : 1;
  profile.beat_words = layer.geometry.out_bytes;
  if (layer.max_pool) {
    // A tile is a word of each pixel, whatever its elements, and BF16 pass no epilogue.
    profile.lanes = kPoolBytes;
    if (layer.bf16()) profile.drain_passes = layer.activation ? 2 : 1;
    GroupProfile group;
    group.busy_banks = layer.geometry.kernel_h * layer.geometry.kernel_w;
    group.channels = profile.lanes;
    profile.groups.assign(layer.geometry.in_blocks(), group);
    return profile;
  }
  profile.pixel_words = layer.geometry.in_blocks();
  profile.pixel_banks = layer.weights.in_blocks();
  profile.groups = layer.dense ? profile_dense(layer.weights, config, shape)
                               : profile_groups(layer.weights, counts, config, shape);
  for (const GroupProfile& group : profile.groups) {
    const std::uint64_t index_room = index_capacity(config);
    const std::uint64_t value_room = value_capacity(config);
    profile.fits =
        profile.fits && group.index_bytes <= index_room && group.value_bytes <= value_room;
    profile.words += group.words();
    const std::uint64_t over =
        std::max(2 * group.index_bytes > index_room ? 2 * group.index_bytes - index_room : 0,
                 2 * group.value_bytes > value_room ? 2 * group.value_bytes - value_room : 0);
    profile.switch_stall += over / 64;
  }
  return profile;
}

std::uint64_t fetch_clocks(const GroupProfile& group, const ShapeProfile& profile) {
  const std::uint64_t pairs = std::uint64_t{1} << (profile.shape > 0 ? profile.shape - 1 : 0);
  return ceil_div(group.busy_banks * profile.pixel_words, profile.pixel_banks) * pairs;
}

std::uint64_t drain_clocks(const GroupProfile& group, const ShapeProfile& profile,
                           const config::Configuration& config) {
  // A quadrant drains in halves of its lanes, or in one that stands for both; a half that is a word
  // of its own is left out if there is no such word.
  const bool words = profile.beat_words == 2 && config.lanes_per_quadrant == 64;
  const std::uint64_t halves = words ? ceil_div(group.channels, 32)
                                     : 2 * ceil_div(group.channels, config.lanes_per_quadrant);
  return halves * profile.tile_pixels / config.epilogue_pixels * profile.drain_passes / 2;
}

std::uint64_t bank_clocks(const GroupProfile& group, const ShapeProfile& profile,
                          const config::Configuration& config) {
  const std::uint64_t drain = drain_clocks(group, profile, config);
  // Results meet a word of one of the two ports nearly always: every other beat costs a clock.
  return fetch_clocks(group, profile) + drain * profile.beat_words / (2 * profile.drain_passes);
}

std::uint64_t tile_clocks(const GroupProfile& group, const ShapeProfile& profile,
                          const config::Configuration& config, bool streamed) {
  return std::max({group.clocks, fetch_clocks(group, profile), drain_clocks(group, profile, config),
                   bank_clocks(group, profile, config), streamed ? group.words() : 0});
}

const char* strategy_name(Strategy strategy) {
  constexpr std::array<const char*, 5> kNames{"keep", "resend", "group-outer", "stream", "none"};
  return kNames[static_cast<std::size_t>(strategy)];
}

const char* storage_name(Storage storage) { return storage == Storage::kRing ? "ring" : "whole"; }

std::string Plan::describe() const {
  return fmt::format("shape {}, weights {}, activations {}{}, {}{} chunk{} of {} x {} x {}", shape,
                     strategy_name(strategy), storage_name(storage),
                     storage == Storage::kRing ? fmt::format(" of {}", regions) : "",
                     slices > 1 ? fmt::format("{} slices, ", slices) : "", chunks,
                     chunks == 1 ? "" : "s", chunk.images, chunk.rows, chunk.columns);
}

AxisWindow axis_window(std::uint32_t out_begin, std::uint32_t out_end, std::uint32_t size,
                       std::uint32_t kernel, std::uint32_t stride, std::uint32_t dilation,
                       std::uint32_t pad) {
  const std::int64_t first = std::int64_t{out_begin} * stride - pad;
  const std::int64_t end =
      std::int64_t{out_end - 1} * stride - pad + std::int64_t{kernel - 1} * dilation + 1;
  if (end <= 0) return {0, 1, static_cast<std::uint32_t>(-first)};
  if (first >= size) return {size - 1, size, static_cast<std::uint32_t>(end - first)};
  return {static_cast<std::uint32_t>(std::max<std::int64_t>(first, 0)),
          static_cast<std::uint32_t>(std::min<std::int64_t>(end, size)),
          static_cast<std::uint32_t>(std::max<std::int64_t>(-first, 0))};
}

std::vector<Chunk> cut(const LayerGeometry& g, const ChunkSize& size) {
  std::vector<Chunk> chunks;
  for (std::uint32_t n = 0; n < g.batch; n += size.images) {
    for (std::uint32_t y = 0; y < g.out_height(); y += size.rows) {
      for (std::uint32_t x = 0; x < g.out_width(); x += size.columns) {
        Chunk chunk;
        chunk.image_begin = n;
        chunk.image_end = std::min(n + size.images, g.batch);
        chunk.y_begin = y;
        chunk.y_end = std::min(y + size.rows, g.out_height());
        chunk.x_begin = x;
        chunk.x_end = std::min(x + size.columns, g.out_width());
        chunk.rows = axis_window(chunk.y_begin, chunk.y_end, g.height, g.kernel_h, g.stride_h,
                                 g.dilation_h, g.pad_top);
        chunk.columns = axis_window(chunk.x_begin, chunk.x_end, g.width, g.kernel_w, g.stride_w,
                                    g.dilation_w, g.pad_left);
        if (g.quarters) chunk.columns = {0, g.row_words(), 0};
        chunks.push_back(chunk);
      }
    }
  }
  return chunks;
}

Plan make_plan(const Layer& layer, const config::Configuration& config,
               const CompileOptions& options, Estimate* estimate) {
  const LayerGeometry& g = layer.geometry;
  const auto counts = layer.max_pool ? std::vector<std::uint8_t>() : bank_counts(layer.weights);
  const std::uint64_t room =
      config.local_words -
      std::min<std::uint64_t>(layer_parameter_words(layer), config.local_words);
  const std::uint64_t whole_input =
      std::uint64_t{g.batch} * g.height * g.row_words() * g.in_blocks();
  const std::uint64_t whole_output = g.pixels() * g.out_blocks();
  const std::uint64_t whole_second = layer.add ? whole_output : 0;
  const bool whole_fits =
      whole_input + whole_output + whole_second <= room && g.width <= kMaxField16;
  if (g.quarters && (config.pixels_per_quadrant < 4 || g.width % config.pixels_per_quadrant != 0)) {
    throw CompileError(fmt::format(
        "{}: pixels of a quarter word need a width that is a multiple of PixelsPerQuadrant, which "
        "is {} in configuration {} and has to be 4 or more",
        layer.name, config.pixels_per_quadrant, config.name));
  }
  if (options.shape && *options.shape > config.max_shape) {
    throw CompileError(
        fmt::format("{}: array shape {} does not exist in configuration {} (0 to {})", layer.name,
                    *options.shape, config.name, config.max_shape));
  }
  if (options.resident && !whole_fits) {
    throw CompileError(fmt::format(
        "{}: resident activations need {} bytes of local buffer (input {}, output {}{}), "
        "configuration {} has {}",
        layer.name, 64 * (whole_input + whole_output + whole_second), 64 * whole_input,
        64 * whole_output, layer.add ? fmt::format(", second tensor {}", 64 * whole_second) : "",
        config.name, 64 * room));
  }

  bool found = false;
  Plan best;
  Estimate best_estimate;
  std::uint64_t smallest_need = 0;
  for (std::uint32_t shape = 0; shape <= config.max_shape; ++shape) {
    if (options.shape && *options.shape != shape) continue;
    if (layer.max_pool && shape != 0) break;
    const ShapeProfile profile = profile_shape(layer, counts, config, shape);
    const bool block_groups = profile.lanes % 64 == 0;
    // Each image has weights of its own: no chunk has two, and nothing is kept over chunks.
    const bool own_weights = layer.dense && g.batch > 1;
    if (layer.dense && profile.lanes > kDenseLanes) continue;

    const auto try_plan = [&](Plan plan, const std::vector<Chunk>& chunks) {
      if (options.strategy && *options.strategy != plan.strategy) return;
      if (options.storage && *options.storage != plan.storage) return;
      const Estimate e = estimate_plan(plan, chunks, layer, config, profile, options.resident);
      if (!found || e.cycles < best_estimate.cycles) {
        found = true;
        best = plan;
        best_estimate = e;
      }
    };
    const auto try_strategies = [&](Plan plan, const std::vector<Chunk>& chunks) {
      plan.shape = shape;
      plan.chunks = chunks.size();
      if (layer.max_pool) {
        plan.strategy = Strategy::kNone;
        try_plan(plan, chunks);
        return;
      }
      if (profile.fits) {
        if (profile.groups.size() == 1 && !own_weights) {
          plan.strategy = Strategy::kKeep;
          try_plan(plan, chunks);
        }
        if (plan.storage == Storage::kWhole && !own_weights &&
            (block_groups || profile.groups.size() == 1)) {
          plan.strategy = Strategy::kGroupOuter;
          try_plan(plan, chunks);
        }
        plan.strategy = Strategy::kResend;
        try_plan(plan, chunks);
      }
      if (!profile.fits || options.strategy == Strategy::kStream) {
        plan.strategy = Strategy::kStream;
        try_plan(plan, chunks);
      }
    };

    if (options.resident) {
      Plan plan;
      plan.storage = Storage::kWhole;
      plan.chunk = {own_weights ? 1 : g.batch, g.out_height(), g.out_width()};
      plan.input_words = whole_input;
      plan.output_words = whole_output;
      plan.second_words = whole_second;
      try_strategies(plan, cut(g, plan.chunk));
      continue;
    }
    for (const ChunkSize& size : chunk_sizes(g, profile.tile_pixels)) {
      const std::uint64_t count = ceil_div(g.batch, size.images) *
                                  ceil_div(g.out_height(), size.rows) *
                                  ceil_div(g.out_width(), size.columns);
      if (own_weights && size.images > 1) continue;
      if (found && count > kSlowChunks) break;
      const std::uint64_t pixels = std::uint64_t{size.images} * size.rows * size.columns;
      if (options.chunk_pixels && pixels > *options.chunk_pixels && pixels > 1) continue;
      const auto chunks = cut(g, size);
      if (whole_fits && contiguous(g, size)) {
        Plan plan;
        plan.storage = Storage::kWhole;
        plan.chunk = size;
        plan.input_words = whole_input;
        plan.output_words = whole_output;
        plan.second_words = whole_second;
        try_strategies(plan, chunks);
      }
      Plan plan;
      plan.storage = Storage::kRing;
      plan.chunk = size;
      plan.input_words = 0;
      for (const Chunk& chunk : chunks) {
        plan.input_words = std::max(plan.input_words, chunk.window() * g.in_blocks());
        plan.output_words = std::max(plan.output_words, chunk.pixels() * g.out_blocks());
      }
      plan.second_words = layer.add ? plan.output_words : 0;
      const std::uint64_t need = plan.input_words + plan.output_words + plan.second_words;
      if (smallest_need == 0 || need < smallest_need) smallest_need = need;
      if (need > room) continue;
      for (std::uint32_t regions = kMaxRegions; regions >= 1; --regions) {
        if (regions > chunks.size() || regions * need > room) continue;
        plan.regions = regions;
        try_strategies(plan, chunks);
      }
    }
  }
  if (!found && !options.resident && smallest_need > room) {
    const std::uint64_t window =
        std::uint64_t{std::min(g.height, (g.kernel_h - 1) * g.dilation_h + 1)} *
        std::min(g.width, (g.kernel_w - 1) * g.dilation_w + 1);
    throw CompileError(fmt::format(
        "{}: one output pixel with its window needs {} bytes of local buffer (input {} blocks of "
        "64 channels x {} words, output {} blocks{}), configuration {} has {}",
        layer.name, 64 * smallest_need, g.in_blocks(), window, g.out_blocks(),
        layer.add ? ", second tensor the same" : "", config.name, 64 * room));
  }
  if (!found) {
    throw CompileError(fmt::format(
        "{}: no plan with the forced choices (shape {}, weights {}, activations {}): a group does "
        "not fit the weight buffers ({} bytes of values, {} of indices), there is more than one "
        "group, or the activations do not fit the local buffer ({} bytes)",
        layer.name, options.shape ? std::to_string(*options.shape) : "any",
        options.strategy ? strategy_name(*options.strategy) : "any",
        options.storage ? storage_name(*options.storage) : "any", value_capacity(config),
        index_capacity(config), 64 * room));
  }
  if (estimate != nullptr) *estimate = best_estimate;
  return best;
}

}  // namespace s4::sw
