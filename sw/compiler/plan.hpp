// How a layer is cut to fit the local buffer and the weight buffers, and what that costs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/compiler/layer.hpp"
#include "sw/sparse/pack.hpp"

namespace s4::sw {

/// Clocks around a command of the array: from the last step of one to the first of the next, from
/// its last input to its first step, from its last step to its last result.
inline constexpr std::uint64_t kCommandGap = 3;
inline constexpr std::uint64_t kCommandStart = 25;
inline constexpr std::uint64_t kCommandEnd = 35;
/// From the former command's last result to the first step of one that reads it.
inline constexpr std::uint64_t kCommandAfter = 10;

/// How weights reach the array.
enum class Strategy {
  kKeep,        ///< the layer's only group is sent once and kept over all chunks
  kResend,      ///< all groups are sent again for every chunk, resident within it
  kGroupOuter,  ///< group by group over all chunks, each group sent once; activations stay on chip
  kStream,      ///< a fresh copy for every tile: groups larger than the weight buffers
  kNone,        ///< the layer has none
};
[[nodiscard]] const char* strategy_name(Strategy strategy);

/// Where activations lie in the local buffer.
enum class Storage {
  kRing,   ///< one to three regions, each holding a chunk
  kWhole,  ///< the whole tensors
};
[[nodiscard]] const char* storage_name(Storage storage);

/// Memory addresses of a layer's data, each a multiple of 64.
struct LayerPlace {
  std::uint64_t weights = 0;
  std::uint64_t operand = 0;
  std::uint64_t input = 0;
  std::uint64_t second = 0;
  std::uint64_t output = 0;
  std::uint64_t table = 0;
  /// The layer is some rows of a larger one: rows of an image of the tensors that lie in memory,
  /// the second one like the output; addresses are those of the first row used. 0: the layer's own.
  std::uint32_t input_rows = 0;
  std::uint32_t output_rows = 0;
  /// Images of those tensors; 0: the layer's own.
  std::uint32_t images = 0;
};

struct CompileOptions {
  /// Activations are loaded by a program before and results stored by one after the timed one.
  bool resident = false;
  /// Accept accumulators that can wrap.
  bool allow_wrap = false;
  /// Output channels may change places, in memory too, so that those of a group are full in the
  /// same banks: CompiledLayer::channel_order.
  bool permute = false;
  /// Lowest memory address used; a multiple of 4096.
  std::uint64_t base_address = 0x100000;
  /// Where the data lie, if it is not this compiler that places them; programs follow at
  /// `base_address`.
  std::optional<LayerPlace> place;
  // Choices that the cost model makes when they are not given; a choice that cannot work is an
  // error.
  std::optional<std::uint32_t> shape;
  std::optional<Strategy> strategy;
  std::optional<Storage> storage;
  /// Most output pixels of a chunk; the smallest possible chunk may be larger.
  std::optional<std::uint64_t> chunk_pixels;
  /// Values of a piece of the weight stream, bytes; 0: as large as the buffers allow.
  std::uint64_t piece_bytes = 0;
};

/// The part of the input that a range of outputs needs along one axis. Positions outside the
/// tensor are padding; at least one position is always inside.
struct AxisWindow {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t pad = 0;  ///< positions of padding before `begin`
};
[[nodiscard]] AxisWindow axis_window(std::uint32_t out_begin, std::uint32_t out_end,
                                     std::uint32_t size, std::uint32_t kernel, std::uint32_t stride,
                                     std::uint32_t dilation, std::uint32_t pad);

/// Outputs computed together (all channels), and the input they need.
struct Chunk {
  std::uint32_t image_begin = 0, image_end = 0;
  std::uint32_t y_begin = 0, y_end = 0;
  std::uint32_t x_begin = 0, x_end = 0;
  AxisWindow rows;
  AxisWindow columns;

  [[nodiscard]] std::uint32_t images() const { return image_end - image_begin; }
  [[nodiscard]] std::uint64_t pixels() const {
    return std::uint64_t{images()} * (y_end - y_begin) * (x_end - x_begin);
  }
  /// Words of one channel block of the input window.
  [[nodiscard]] std::uint64_t window() const {
    return std::uint64_t{images()} * (rows.end - rows.begin) * (columns.end - columns.begin);
  }
};

/// Most images, rows and columns of a chunk. More than one row takes all columns, more than one
/// image all rows.
struct ChunkSize {
  std::uint32_t images = 1;
  std::uint32_t rows = 1;
  std::uint32_t columns = 1;
};

/// Chunks in order: images, rows, columns.
[[nodiscard]] std::vector<Chunk> cut(const LayerGeometry& geometry, const ChunkSize& size);

struct Plan {
  std::uint32_t shape = 0;
  Strategy strategy = Strategy::kResend;
  Storage storage = Storage::kRing;
  std::uint32_t regions = 2;  ///< of a ring
  std::uint32_t slices = 1;   ///< parts of the channels, computed one after the other
  ChunkSize chunk;
  std::uint64_t chunks = 0;
  // Words of the local buffer: one region of a ring, or the whole tensor.
  std::uint64_t input_words = 0;
  std::uint64_t output_words = 0;
  std::uint64_t second_words = 0;

  [[nodiscard]] std::string describe() const;
};

/// Clocks, by a small model of the pipeline; the first block are lower bounds.
struct Estimate {
  std::uint64_t mac = 0;         ///< whole tiles times K
  std::uint64_t activation = 0;  ///< fetches of activation words, one per clock: fetch_clocks()
  std::uint64_t epilogue = 0;    ///< results, EpiloguePixels * LanesPerQuadrant per clock
  std::uint64_t weights = 0;     ///< weight words, one per clock
  std::uint64_t loads = 0;       ///< activation words loaded
  std::uint64_t stores = 0;      ///< words stored
  std::uint64_t rows = 0;        ///< of the row engine
  std::uint64_t commands = 0;    ///< commands
  std::uint64_t cycles = 0;      ///< the whole program

  /// Clocks of the memory port: the busier direction.
  [[nodiscard]] std::uint64_t memory() const {
    const std::uint64_t reads = weights + loads + 2 * commands;
    return reads > stores ? reads : stores;
  }
};

/// What a plan needs to know of the weights in one array shape.
struct ShapeProfile {
  std::uint32_t shape = 0;
  std::uint32_t lanes = 0;
  std::uint64_t tile_pixels = 0;
  std::vector<GroupProfile> groups;
  /// Words of an input pixel, and banks they are for: a bank of BF16 has two, or one at the end.
  std::uint64_t pixel_words = 1;
  std::uint64_t pixel_banks = 1;
  /// Clocks of a beat of the epilogue: two of the floating-point one, four with an activation.
  std::uint32_t drain_passes = 1;
  std::uint32_t beat_words = 1;    ///< written for each pixel of a beat: two of BF16
  bool fits = true;                ///< every group fits the weight buffers
  std::uint64_t words = 0;         ///< of all groups
  std::uint64_t switch_stall = 0;  ///< clocks of group changes that prefetching cannot hide
};
/// `counts` comes from bank_counts(). Of a pooling layer, which knows shape 0 alone: a group
/// without weights per channel block.
[[nodiscard]] ShapeProfile profile_shape(const Layer& layer,
                                         const std::vector<std::uint8_t>& counts,
                                         const config::Configuration& config, std::uint32_t shape);

/// Clocks in which the words of a tile are fetched: a pair of pixel quadrants per clock and bank.
[[nodiscard]] std::uint64_t fetch_clocks(const GroupProfile& group, const ShapeProfile& profile);

/// Clocks in which a tile leaves through the epilogue.
[[nodiscard]] std::uint64_t drain_clocks(const GroupProfile& group, const ShapeProfile& profile,
                                         const config::Configuration& config);

/// Clocks in which the banks of the local buffer, of one port each, can give the words of a tile
/// and take its results.
[[nodiscard]] std::uint64_t bank_clocks(const GroupProfile& group, const ShapeProfile& profile,
                                        const config::Configuration& config);

/// Clocks of one tile of a group; `streamed`: its weights arrive from memory during it.
[[nodiscard]] std::uint64_t tile_clocks(const GroupProfile& group, const ShapeProfile& profile,
                                        const config::Configuration& config, bool streamed);

/// Chooses the cheapest plan that fits. Throws CompileError naming what does not fit.
[[nodiscard]] Plan make_plan(const Layer& layer, const config::Configuration& config,
                             const CompileOptions& options, Estimate* estimate);

}  // namespace s4::sw
