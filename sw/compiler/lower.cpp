// From a layer and its plan to commands.
//
// Local buffer:  ring   [input r0][input r1][output r0][output r1][second r0][second r1]
//                whole  [input][output][second]
//                and a table, if the layer has one, at the end of the buffer
// Tokens: 0 a chunk is loaded, 1 an input region is free, 2 results are ready, 3 an output region
// is free, 4 the weights that are sent once have arrived. Each has one producer and one consumer
// engine, both in program order.
//
// Commands stand in an order in which a machine that runs them one after another, weights on
// demand, would never wait: so no queue depth can deadlock. The array's command stands before its
// weights, because a stream longer than the buffers flows only while the command runs.
#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "sw/compiler/command_fields.hpp"
#include "sw/compiler/program.hpp"

namespace s4::sw {
namespace {

using commands::DmaCommand;
using commands::Engine;
using commands::Opcode;
using commands::SpuCommand;
using commands::WeightsCommand;

constexpr std::uint64_t kPage = 4096;
constexpr std::uint16_t kLoaded = 1U << 0;
constexpr std::uint16_t kInputFree = 1U << 1;
constexpr std::uint16_t kReady = 1U << 2;
constexpr std::uint16_t kOutputFree = 1U << 3;
constexpr std::uint16_t kWeightsIn = 1U << 4;

std::uint64_t page_up(std::uint64_t address) { return (address + kPage - 1) / kPage * kPage; }

/// A range of output channels that one array command computes.
struct Section {
  std::uint32_t channel_begin = 0;
  std::uint32_t channel_end = 0;
  std::uint32_t group_begin = 0;
  std::uint32_t group_end = 0;
};

class Lowering {
 public:
  Lowering(const Layer& layer, const config::Configuration& config, CompiledLayer& out,
           const LayerPlace* place)
      : layer_(layer),
        config_(config),
        g_(layer.geometry),
        out_(out),
        plan_(out.plan),
        input_rows_(g_.height),
        output_rows_(g_.out_height()),
        images_(g_.batch) {
    ring_ = plan_.storage == Storage::kRing;
    const std::uint32_t regions = ring_ ? plan_.regions : 1;
    input_base_ = 0;
    output_base_ = static_cast<std::uint32_t>(plan_.input_words * regions);
    second_base_ = static_cast<std::uint32_t>(output_base_ + plan_.output_words * regions);
    groups_ = static_cast<std::uint32_t>(out.weights.groups.size());
    if (layer.dense) groups_ /= g_.batch;
    if (plan_.strategy == Strategy::kGroupOuter) {
      for (std::uint32_t g = 0; g < groups_; ++g) {
        const std::uint32_t lanes = out.weights.group_lanes;
        sections_.push_back({g * lanes, std::min((g + 1) * lanes, g_.filters), g, g + 1});
      }
    } else {
      sections_.push_back({0, g_.filters, 0, groups_});
    }
    chunks_ = cut(g_, plan_.chunk);
    if (place != nullptr && place->input_rows != 0) input_rows_ = place->input_rows;
    if (place != nullptr && place->output_rows != 0) output_rows_ = place->output_rows;
    if (place != nullptr && place->images != 0) images_ = place->images;
    for (const Chunk& chunk : chunks_) {
      windows_.push_back(ring_ ? std::vector<Chunk>{chunk} : missing(chunk));
    }
    // A ring has room for `regions` chunks. Whole tensors have room for all, but loads that run far
    // ahead would take the memory port from the weights of a program that computes longer.
    const Estimate& e = out.estimate;
    throttle_ = ring_ || e.mac > e.loads + e.weights;
    ahead_ = ring_ ? plan_.regions : throttle_ ? 3 : 4;
  }

  void run(bool resident) {
    if (resident) {
      run_resident();
    } else {
      run_whole_program();
    }
  }

 private:
  void run_resident() {
    start("load");
    load_table();
    const Chunk all = cut(g_, {g_.batch, g_.out_height(), g_.out_width()}).front();
    load_rows(all, whole_window(all), 0, 0);
    load_second(all, 0, 0, 0);
    finish();
    start("compute");
    for (const Section& section : sections_) {
      for (std::uint32_t i = 0; i < chunks_.size(); ++i) compute(section, i, 0, 0, 0, 0);
    }
    finish();
    start("store");
    store_box(all, sections_whole(), 0, 0, 0);
    finish();
    out_.timed = 1;
  }

  void run_whole_program() {
    start("layer");
    load_table();
    const auto count = static_cast<std::uint32_t>(chunks_.size());
    // Weights that are sent once come right after the first chunk: beside a running load they get
    // only a small share of the memory port.
    const bool weights_first = sends_once() && count > 1;
    const std::uint32_t before = weights_first ? 1 : std::min(ahead_, count);
    for (std::uint32_t i = 0; i < before; ++i) load_chunk(i, 0);
    for (std::uint32_t s = 0; s < sections_.size(); ++s) {
      for (std::uint32_t i = 0; i < count; ++i) {
        const bool first = s == 0 && i == 0;
        const std::uint32_t region = ring_ ? i % plan_.regions : 0;
        const bool loads_later = s == 0 && i + ahead_ < count && loads(i + ahead_);
        std::uint16_t wait = s == 0 && loads(i) ? kLoaded : 0;
        std::uint16_t signal = kReady;
        if (ring_ && i >= plan_.regions) wait |= kOutputFree;
        if (throttle_ && loads_later) signal |= kInputFree;
        compute(sections_[s], i, region, wait, signal, first && weights_first ? kWeightsIn : 0);
        const bool frees = ring_ && i + plan_.regions < count;
        store_box(chunks_[i], sections_[s], region, kReady, frees ? kOutputFree : 0);
        if (first && weights_first) {
          std::uint16_t weights_in = kWeightsIn;
          for (std::uint32_t later = 1; later < std::min(ahead_, count); ++later) {
            if (load_chunk(later, weights_in)) weights_in = 0;
          }
        }
        if (loads_later) load_chunk(i + ahead_, 0);
      }
    }
    finish();
  }

  // ---- pieces of a program ----------------------------------------------------------------------

  void start(const char* name) {
    out_.programs.push_back({});
    program_ = &out_.programs.back();
    program_->name = name;
  }

  void finish() {
    commands::EndCommand end;
    end.layer = layer_.number;
    add(end.encode(), {Engine::kSequencer, "end", layer_.number, {}});
  }

  void add(const commands::CommandBytes& bytes, CommandInfo info) {
    program_->commands.push_back(bytes);
    program_->info.push_back(std::move(info));
  }

  [[nodiscard]] OutputBox box(const Chunk& chunk, const Section& section) const {
    return {chunk.image_begin, chunk.image_end, section.channel_begin, section.channel_end,
            chunk.y_begin,     chunk.y_end,     chunk.x_begin,         chunk.x_end};
  }

  [[nodiscard]] Section sections_whole() const {
    return {0, g_.filters, 0, sections_.back().group_end};
  }

  /// The window that covers the whole input.
  [[nodiscard]] Chunk whole_window(Chunk chunk) const {
    chunk.image_begin = 0;
    chunk.image_end = g_.batch;
    chunk.rows = {0, g_.height, 0};
    chunk.columns = {0, g_.row_words(), 0};
    return chunk;
  }

  /// Words between planes, images and rows of the input as it lies in the local buffer.
  [[nodiscard]] BoxAxis input_axis(const Chunk& chunk, std::uint32_t axis) const {
    const std::uint64_t rows = chunk.rows.end - chunk.rows.begin;
    const std::uint64_t columns = chunk.columns.end - chunk.columns.begin;
    const std::uint64_t row = std::uint64_t{64} * g_.row_words();
    const std::uint64_t image = row * input_rows_;
    switch (axis) {
      case 0:
        return {columns, 64, 1};
      case 1:
        return {rows, row, ring_ ? columns : g_.row_words()};
      case 2:
        return {chunk.images(), image,
                ring_ ? rows * columns : std::uint64_t{g_.height} * g_.row_words()};
      default:
        return {g_.in_blocks(), image * images_,
                ring_ ? chunk.window() : std::uint64_t{g_.batch} * g_.height * g_.row_words()};
    }
  }

  /// Words from the start of a tensor, `rows` of which are an image, to the chunk's first.
  [[nodiscard]] std::uint64_t input_offset(const Chunk& chunk, std::uint32_t rows) const {
    return (std::uint64_t{chunk.image_begin} * rows + chunk.rows.begin) * g_.row_words() +
           chunk.columns.begin;
  }
  [[nodiscard]] std::uint64_t output_offset(const Chunk& chunk, std::uint32_t rows) const {
    return (std::uint64_t{chunk.image_begin} * rows + chunk.y_begin) * g_.out_width() +
           chunk.x_begin;
  }
  /// Words between channel blocks of the output in memory.
  [[nodiscard]] std::uint64_t output_block() const {
    return std::uint64_t{images_} * output_rows_ * g_.out_width();
  }

  /// Words between channel blocks of the output as it lies in the local buffer.
  [[nodiscard]] std::uint64_t output_plane(const Chunk& chunk) const {
    return ring_ ? chunk.pixels() : g_.pixels();
  }

  [[nodiscard]] std::uint32_t output_address(const Chunk& chunk, std::uint32_t base,
                                             std::uint32_t region, std::uint32_t block) const {
    const std::uint64_t offset =
        ring_ ? region * plan_.output_words : output_offset(chunk, g_.out_height());
    return static_cast<std::uint32_t>(base + offset + block * output_plane(chunk));
  }

  void copy(Opcode opcode, const char* what, std::uint64_t mem_addr, std::uint32_t local_addr,
            const std::vector<BoxAxis>& axes, std::uint16_t wait, std::uint16_t signal,
            const OutputBox& serves) {
    DmaCommand c = box_command(opcode, mem_addr, local_addr, axes, layer_.name);
    c.layer = layer_.number;
    c.wait_mask = wait;
    c.signal_mask = signal;
    add(c.encode(),
        {opcode == Opcode::kLoad ? Engine::kLoad : Engine::kStore, what, layer_.number, serves});
  }

  /// Loads the given window (of the chunk's images) to its place.
  void load_rows(const Chunk& serves, const Chunk& window, std::uint32_t region, std::uint16_t wait,
                 std::uint16_t signal = 0) {
    const std::uint64_t local =
        input_base_ + (ring_ ? region * plan_.input_words : input_offset(window, g_.height));
    copy(Opcode::kLoad, "load input",
         out_.input_region.address + 64 * input_offset(window, input_rows_),
         static_cast<std::uint32_t>(local),
         {input_axis(window, 0), input_axis(window, 1), input_axis(window, 2),
          input_axis(window, 3)},
         wait, signal, box(serves, sections_whole()));
  }

  [[nodiscard]] std::vector<BoxAxis> output_axes(const Chunk& chunk, std::uint32_t blocks) const {
    const std::uint64_t rows = chunk.y_end - chunk.y_begin;
    const std::uint64_t columns = chunk.x_end - chunk.x_begin;
    const std::uint64_t row = std::uint64_t{64} * g_.out_width();
    const std::uint64_t image = row * output_rows_;
    return {{columns, 64, 1},
            {rows, row, columns},
            {chunk.images(), image, rows * columns},
            {blocks, image * images_, output_plane(chunk)}};
  }

  /// In front of the first activations, and by the same engine: there when they are.
  void load_table() {
    if (!layer_.has_table()) return;
    copy(Opcode::kLoad, "load table", out_.table_region.address, table_address(),
         {{kTableWords, 64, 1}}, 0, 0, {});
  }
  [[nodiscard]] std::uint32_t table_address() const { return config_.local_words - kTableWords; }

  void load_second(const Chunk& chunk, std::uint32_t region, std::uint16_t wait,
                   std::uint16_t signal) {
    if (!layer_.add) return;
    copy(Opcode::kLoad, "load second tensor",
         out_.second_region.address + 64 * output_offset(chunk, output_rows_),
         output_address(chunk, second_base_, region, 0), output_axes(chunk, g_.out_blocks()), wait,
         signal, box(chunk, sections_whole()));
  }

  void store_box(const Chunk& chunk, const Section& section, std::uint32_t region,
                 std::uint16_t wait, std::uint16_t signal) {
    const std::uint32_t block = section.channel_begin * g_.out_bytes / 64;
    const std::uint32_t blocks = (section.channel_end * g_.out_bytes + 63) / 64 - block;
    copy(Opcode::kStore, "store output",
         out_.output_region.address +
             64 * (output_offset(chunk, output_rows_) + block * output_block()),
         output_address(chunk, output_base_, region, block), output_axes(chunk, blocks), wait,
         signal, box(chunk, section));
  }

  [[nodiscard]] bool loads(std::uint32_t i) const {
    return !windows_[i].empty() || layer_.add.has_value();
  }

  [[nodiscard]] bool sends_once() const {
    return plan_.strategy == Strategy::kKeep || plan_.strategy == Strategy::kGroupOuter;
  }

  /// Everything that chunk `i` needs and that is not in the local buffer yet; false if nothing.
  bool load_chunk(std::uint32_t i, std::uint16_t wait) {
    const Chunk& chunk = chunks_[i];
    const std::vector<Chunk>& windows = windows_[i];
    const std::uint32_t region = ring_ ? i % plan_.regions : 0;
    if (throttle_ && i >= ahead_) wait |= kInputFree;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const bool last = w + 1 == windows.size() && !layer_.add;
      load_rows(chunk, windows[w], region, wait, last ? kLoaded : 0);
      wait = 0;
    }
    load_second(chunk, region, wait, kLoaded);
    return loads(i);
  }

  /// Parts of the chunk's window that no earlier chunk of a whole tensor has loaded.
  [[nodiscard]] std::vector<Chunk> missing(const Chunk& chunk) {
    Chunk window = chunk;
    if (chunk.image_begin != loaded_image_) {
      loaded_image_ = chunk.image_begin;
      loaded_rows_ = 0;
      loaded_columns_ = 0;
    }
    if (plan_.chunk.columns < g_.out_width()) {  // one row of outputs, cut into columns
      window.columns.begin = std::max(window.columns.begin, loaded_columns_);
      loaded_columns_ = std::max(loaded_columns_, window.columns.end);
      if (window.columns.begin >= window.columns.end) return {};
    } else {
      window.rows.begin = std::max(window.rows.begin, loaded_rows_);
      loaded_rows_ = std::max(loaded_rows_, window.rows.end);
      if (window.rows.begin >= window.rows.end) return {};
    }
    return {window};
  }

  void compute(const Section& section, std::uint32_t i, std::uint32_t region, std::uint16_t wait,
               std::uint16_t signal, std::uint16_t weights_signal) {
    const Chunk& chunk = chunks_[i];
    SpuCommand c = layer_command(layer_, plan_.shape);
    c.wait_mask = wait;
    c.signal_mask = signal;
    const std::uint64_t in_offset =
        ring_ ? region * plan_.input_words : input_offset(chunk, g_.height);
    c.in_addr = static_cast<std::uint32_t>(input_base_ + in_offset);
    c.in_plane = static_cast<std::uint32_t>(input_axis(chunk, 3).local_stride);
    c.in_image = static_cast<std::uint32_t>(input_axis(chunk, 2).local_stride);
    c.in_row = static_cast<std::uint16_t>(input_axis(chunk, 1).local_stride);
    c.in_height = static_cast<std::uint16_t>(chunk.rows.end - chunk.rows.begin);
    c.in_width = static_cast<std::uint16_t>(chunk.columns.end - chunk.columns.begin);
    c.images = static_cast<std::uint16_t>(chunk.images());
    c.out_height = static_cast<std::uint16_t>(chunk.y_end - chunk.y_begin);
    c.out_width = static_cast<std::uint16_t>(chunk.x_end - chunk.x_begin);
    c.pad_top = static_cast<std::uint16_t>(chunk.rows.pad);
    c.pad_left = static_cast<std::uint16_t>(chunk.columns.pad);
    c.out_channels = static_cast<std::uint16_t>(section.channel_end - section.channel_begin);
    const std::uint32_t block = section.channel_begin * g_.out_bytes / 64;
    c.out_addr = output_address(chunk, output_base_, region, block);
    c.out_plane = static_cast<std::uint32_t>(output_plane(chunk));
    c.pixels = static_cast<std::uint32_t>(chunk.pixels());
    if (layer_.has_table()) c.table_addr = table_address();
    const bool keeps = plan_.strategy == Strategy::kKeep || plan_.strategy == Strategy::kGroupOuter;
    c.weights_resident =
        plan_.strategy == Strategy::kStream || plan_.strategy == Strategy::kNone ? 0 : 1;
    c.weights_keep = keeps && i + 1 < chunks_.size() ? 1 : 0;
    if (layer_.add) {
      c.add_addr = output_address(chunk, second_base_, region, block);
      c.add_plane = static_cast<std::uint32_t>(output_plane(chunk));
    }
    add(c.encode(), {Engine::kSpu, layer_.kind(), layer_.number, box(chunk, section)});

    const std::uint64_t tile_pixels = std::uint64_t{config_.pixels_per_quadrant} << plan_.shape;
    const std::uint64_t tiles = (chunk.pixels() + tile_pixels - 1) / tile_pixels;
    if (plan_.strategy == Strategy::kStream) {
      for (std::uint32_t g = section.group_begin; g < section.group_end; ++g) {
        for (std::uint64_t t = 0; t < tiles; ++t) send_weights(g, g + 1, chunk, section, 0);
      }
    } else if (!keeps || i == 0) {
      send_weights(section.group_begin, section.group_end, chunk, section, weights_signal);
    }
  }

  void send_weights(std::uint32_t group_begin, std::uint32_t group_end, const Chunk& chunk,
                    const Section& section, std::uint16_t signal) {
    const std::uint32_t image = layer_.dense ? groups_ * chunk.image_begin : 0;
    const auto list = weight_commands(out_.weights, out_.weight_region.address, image + group_begin,
                                      image + group_end);
    for (std::size_t i = 0; i < list.size(); ++i) {
      WeightsCommand c = list[i];
      c.layer = layer_.number;
      c.signal_mask = i + 1 == list.size() ? signal : 0;
      add(c.encode(), {Engine::kWeights, "weights", layer_.number, box(chunk, section)});
    }
  }

  const Layer& layer_;
  const config::Configuration& config_;
  const LayerGeometry& g_;
  CompiledLayer& out_;
  const Plan& plan_;
  std::uint32_t input_rows_;  ///< of an image in memory
  std::uint32_t output_rows_;
  std::uint32_t images_;  ///< in memory
  bool ring_ = true;
  std::uint32_t input_base_ = 0;
  std::uint32_t output_base_ = 0;
  std::uint32_t second_base_ = 0;
  std::uint32_t groups_ = 0;  ///< of an image
  std::vector<Section> sections_;
  std::vector<Chunk> chunks_;
  std::vector<std::vector<Chunk>> windows_;  ///< input that each chunk loads
  bool throttle_ = true;                     ///< loads wait for the array
  std::uint32_t ahead_ = 2;                  ///< chunks loaded before they are needed
  std::uint32_t loaded_image_ = 0xFFFFFFFF;
  std::uint32_t loaded_rows_ = 0;
  std::uint32_t loaded_columns_ = 0;
  Program* program_ = nullptr;
};

}  // namespace

CompiledLayer compile_layer(const Layer& layer, const config::Configuration& config,
                            const CompileOptions& options) {
  check_layer(layer, options.allow_wrap);
  if (options.permute && !layer.dense && layer.has_weights()) {
    CompileOptions chosen = options;
    chosen.permute = false;
    Estimate estimate;
    chosen.shape = make_plan(layer, config, options, &estimate).shape;
    ChannelOrder order = order_channels(layer.geometry.filters, bank_counts(layer.weights),
                                        group_lanes(config, *chosen.shape));
    CompiledLayer out = order.channels.empty()
                            ? compile_layer(layer, config, chosen)
                            : compile_layer(in_order(layer, order.channels), config, chosen);
    out.channel_order = std::move(order);
    return out;
  }
  CompiledLayer out;
  out.name = layer.name;
  out.config_name = config.name;
  out.config_hash = config.hash;
  out.plan = make_plan(layer, config, options, &out.estimate);
  const std::optional<LayerPlace>& given = options.place;
  if (layer.has_weights()) {
    const std::vector<std::int32_t> biases = stream_biases(layer);
    const std::vector<float> scales = requant_scales(layer);
    // Of a network only the first layer's weights are waited for, so it is left as it is.
    const bool first = !given;
    const bool streams = out.plan.strategy == Strategy::kStream;
    out.weights = layer.dense ? pack_dense(*layer.dense, biases, scales, config, out.plan.shape)
                              : pack_weights(layer.weights, biases, scales, config, out.plan.shape,
                                             options.piece_bytes, first && !streams);
  }
  const LayerGeometry& g = layer.geometry;
  // A BF16 channel is two channels of bytes, the low one first.
  out.input_shape = {g.batch, g.channels * g.in_bytes, g.height, g.row_words()};
  out.output_shape = {g.batch, g.filters * g.out_bytes, g.out_height(), g.out_width()};

  std::uint64_t next = page_up(options.base_address);
  const auto place = [&](Region& region, std::uint64_t LayerPlace::*address, std::uint64_t bytes) {
    region = {given ? (*given).*address : next, bytes};
    if (!given) next = page_up(next + bytes);
  };
  place(out.weight_region, &LayerPlace::weights, out.weights.bytes.size());
  if (layer.dense) {
    place(out.operand_region, &LayerPlace::operand,
          operand_bytes(*layer.dense, out.weights.group_lanes));
    out.weights.operand_address = out.operand_region.address;
  }
  place(out.input_region, &LayerPlace::input, out.input_shape.words() * 64);
  if (layer.add) place(out.second_region, &LayerPlace::second, out.output_shape.words() * 64);
  if (layer.has_table()) place(out.table_region, &LayerPlace::table, 64 * kTableWords);
  out.read_region = {out.weight_region.address, next - out.weight_region.address};
  place(out.output_region, &LayerPlace::output, out.output_shape.words() * 64);
  out.write_region = {out.output_region.address, next - out.output_region.address};

  Lowering(layer, config, out, given ? &*given : nullptr).run(options.resident);
  for (Program& program : out.programs) {
    program.address = next;
    next = page_up(next + program.commands.size() * commands::kCommandBytes);
    if (program.commands.size() >= (std::size_t{1} << 24)) {
      throw CompileError(fmt::format("{}: {} commands are more than a program can have", layer.name,
                                     program.commands.size()));
    }
  }
  if (next > (std::uint64_t{1} << 36)) {
    throw CompileError(fmt::format("{}: {} bytes do not fit the address space", layer.name, next));
  }
  return out;
}

}  // namespace s4::sw
