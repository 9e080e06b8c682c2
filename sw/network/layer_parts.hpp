// A layer cut into parts that subsystems compute side by side. Its tensors lie in memory once:
// every part reads of them what it needs, and writes its own rows or channels of the output.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/config/gen/configuration.hpp"
#include "sw/compiler/layer.hpp"
#include "sw/compiler/program.hpp"

namespace s4::sw {

enum class Cut : std::uint8_t {
  kNone,      ///< one subsystem has the whole layer
  kRows,      ///< rows of the output; of a matrix product, and of softmax and LayerNorm, rows of it
  kChannels,  ///< whole 64-byte blocks of the output's channels
  kImages,    ///< images of the batch
};
[[nodiscard]] const char* cut_name(Cut cut);

/// What the rows of a cut are in the output.
enum class RowAxis : std::uint8_t { kY, kX, kImage, kPixel };

struct LayerPart {
  Layer layer;  ///< that computes the part
  Cut cut = Cut::kNone;
  RowAxis axis = RowAxis::kY;
  std::uint32_t begin = 0;  ///< first row, channel or image of the output
  std::uint32_t end = 0;    ///< behind the last one
  // Words from the start of the layer's input, and of its output and second tensor, to those of the
  // part.
  std::uint64_t input = 0;
  std::uint64_t output = 0;
  // Rows of an image of the layer's tensors, as LayerPlace has them; of softmax and LayerNorm rows
  // in all.
  std::uint32_t input_rows = 0;
  std::uint32_t output_rows = 0;
  std::uint32_t images = 0;  ///< of the layer's tensors, as LayerPlace has them

  /// A box of the part's output as one of the layer's.
  [[nodiscard]] OutputBox place(OutputBox box) const;
};

/// Images [begin, end) of a layer. Throws std::invalid_argument for rows, and for a product of two
/// activations, whose images have operands of their own.
[[nodiscard]] LayerPart image_part(const Layer& layer, std::uint32_t begin, std::uint32_t end);

/// At most `count` parts, about equal; without a cut the layer itself. Empty if it cannot be cut
/// so: a product of two activations and rows have no channels to cut, each image of such a product
/// has an operand of its own, and what is cut needs two rows, blocks or images.
[[nodiscard]] std::vector<LayerPart> cut_layer(const Layer& layer, Cut cut, std::uint32_t count);

/// What the compiler expects of a layer from memory to memory.
struct PartCost {
  Plan plan;
  Estimate estimate;
};
/// Throws CompileError if the layer does not fit the configuration.
[[nodiscard]] PartCost part_cost(const Layer& layer, const config::Configuration& config);

}  // namespace s4::sw
