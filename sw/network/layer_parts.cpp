#include "sw/network/layer_parts.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>

#include "sw/network/slices.hpp"

namespace s4::sw {
namespace {

/// Every output pixel is made of the input pixel at its place.
bool is_pixelwise(const LayerGeometry& g) {
  return g.kernel_h * g.kernel_w == 1 && g.stride_h * g.stride_w == 1 && !g.quarters &&
         g.pad_top + g.pad_left + g.pad_bottom + g.pad_right == 0;
}

/// What lies between two cuts is a row of this axis; nothing if there is no axis to cut.
std::optional<RowAxis> row_axis(const Layer& layer) {
  const LayerGeometry& g = layer.geometry;
  if (layer.rows) return g.pixels() > 1 ? std::optional(RowAxis::kPixel) : std::nullopt;
  if (g.out_height() > 1) return RowAxis::kY;
  if (!is_pixelwise(g)) return std::nullopt;
  if (g.width > 1) return RowAxis::kX;
  // Each image has an operand of its own.
  return g.batch > 1 && !layer.dense ? std::optional(RowAxis::kImage) : std::nullopt;
}

/// The same layer, its tensors in memory unchanged, with the axis as its rows.
void turn(LayerGeometry& g, RowAxis axis) {
  if (axis == RowAxis::kX) {
    g.height = g.width;
    g.width = 1;
  } else if (axis == RowAxis::kImage) {
    g.height = g.batch;
    g.batch = 1;
  } else if (axis == RowAxis::kPixel) {
    g.height = static_cast<std::uint32_t>(g.pixels());
    g.batch = g.width = 1;
  }
}

/// Output rows [begin, end) of a turned layer; nothing if no geometry says just that.
std::optional<LayerPart> row_part(const Layer& layer, RowAxis axis, std::uint32_t begin,
                                  std::uint32_t end) {
  LayerPart part;
  part.layer = layer;
  part.cut = Cut::kRows;
  part.axis = axis;
  part.begin = begin;
  part.end = end;
  const LayerGeometry& whole = layer.geometry;
  LayerGeometry& g = part.layer.geometry;
  const AxisWindow window = axis_window(begin, end, whole.height, whole.kernel_h, whole.stride_h,
                                        whole.dilation_h, whole.pad_top);
  const std::uint32_t needed =
      (end - begin - 1) * whole.stride_h + (whole.kernel_h - 1) * whole.dilation_h + 1;
  g.height = window.end - window.begin;
  g.pad_top = window.pad;
  g.pad_bottom = needed - std::min(needed, g.height + g.pad_top);
  if (g.out_height() != end - begin) return std::nullopt;
  part.input = std::uint64_t{window.begin} * whole.row_words();
  part.output = std::uint64_t{begin} * whole.out_width();
  part.input_rows = whole.height;
  part.output_rows = whole.out_height();
  return part;
}

std::vector<LayerPart> cut_rows(const Layer& layer, std::uint32_t count) {
  const std::optional<RowAxis> axis = row_axis(layer);
  if (!axis) return {};
  Layer turned = layer;
  turn(turned.geometry, *axis);
  const std::uint64_t rows = turned.geometry.out_height();
  const std::uint64_t parts = std::min<std::uint64_t>(rows, count);
  std::vector<LayerPart> list;
  for (std::uint64_t i = 0; i < parts && parts > 1; ++i) {
    auto part = row_part(turned, *axis, static_cast<std::uint32_t>(rows * i / parts),
                         static_cast<std::uint32_t>(rows * (i + 1) / parts));
    if (!part) return {};
    list.push_back(std::move(*part));
  }
  return list;
}

std::vector<LayerPart> cut_channels(const Layer& layer, std::uint32_t count) {
  const LayerGeometry& g = layer.geometry;
  const std::uint64_t blocks = g.out_blocks();
  const std::uint64_t parts = std::min<std::uint64_t>(blocks, count);
  if (layer.rows || layer.dense || parts < 2) return {};
  const std::uint32_t block = 64 / g.out_bytes;
  const std::uint64_t plane = std::uint64_t{g.batch} * g.height * g.row_words();
  const auto counts = layer.max_pool ? std::vector<std::uint8_t>() : bank_counts(layer.weights);
  std::vector<LayerPart> list;
  for (std::uint64_t i = 0; i < parts; ++i) {
    LayerPart part;
    part.cut = Cut::kChannels;
    const std::uint64_t first = blocks * i / parts;
    part.begin = static_cast<std::uint32_t>(first * block);
    part.end = std::min(static_cast<std::uint32_t>(blocks * (i + 1) / parts * block), g.filters);
    part.output = first * g.pixels();
    if (layer.max_pool) {
      part.layer = layer;
      part.layer.geometry.channels = part.layer.geometry.filters = part.end - part.begin;
      part.input = first * plane;
    } else {
      const ChannelSlice slice = channel_slice(layer.weights, counts, part.begin, part.end);
      part.layer = slice_layer(layer, slice);
      // A bank is 64 channels, a block of words 64 bytes of them.
      part.input = std::uint64_t{slice.in_begin} * g.in_bytes * plane;
    }
    list.push_back(std::move(part));
  }
  return list;
}

std::vector<LayerPart> cut_images(const Layer& layer, std::uint32_t count) {
  const LayerGeometry& g = layer.geometry;
  const std::uint64_t parts = std::min(g.batch, count);
  if (layer.rows || layer.dense || parts < 2) return {};
  std::vector<LayerPart> list;
  for (std::uint64_t i = 0; i < parts; ++i) {
    list.push_back(image_part(layer, static_cast<std::uint32_t>(g.batch * i / parts),
                              static_cast<std::uint32_t>(g.batch * (i + 1) / parts)));
  }
  return list;
}

}  // namespace

const char* cut_name(Cut cut) {
  switch (cut) {
    case Cut::kNone:
      return "none";
    case Cut::kRows:
      return "rows";
    case Cut::kChannels:
      return "channels";
    case Cut::kImages:
      return "images";
  }
  return "?";
}

OutputBox LayerPart::place(OutputBox box) const {
  if (cut == Cut::kChannels) {
    box.channel_begin += begin;
    box.channel_end += begin;
  }
  if (cut == Cut::kImages) {
    box.image_begin += begin;
    box.image_end += begin;
  }
  if (cut != Cut::kRows) return box;
  const std::uint32_t first = box.y_begin + begin;
  const std::uint32_t last = box.y_end + begin;
  box.y_begin = 0;
  box.y_end = 1;
  switch (axis) {
    case RowAxis::kX:
      box.x_begin = first;
      box.x_end = last;
      break;
    case RowAxis::kImage:
      box.image_begin = first;
      box.image_end = last;
      break;
    default:
      box.y_begin = first;
      box.y_end = last;
  }
  return box;
}

LayerPart image_part(const Layer& layer, std::uint32_t begin, std::uint32_t end) {
  if (layer.rows || layer.dense) {
    throw std::invalid_argument(layer.name + ": no part of the images from memory to memory");
  }
  const LayerGeometry& g = layer.geometry;
  LayerPart part;
  part.layer = layer;
  part.cut = Cut::kImages;
  part.begin = begin;
  part.end = end;
  part.layer.geometry.batch = end - begin;
  part.input = std::uint64_t{begin} * g.height * g.row_words();
  part.output = std::uint64_t{begin} * g.out_height() * g.out_width();
  part.images = g.batch;
  return part;
}

std::vector<LayerPart> cut_layer(const Layer& layer, Cut cut, std::uint32_t count) {
  if (cut == Cut::kRows) return cut_rows(layer, count);
  if (cut == Cut::kChannels) return cut_channels(layer, count);
  if (cut == Cut::kImages) return cut_images(layer, count);
  LayerPart whole;
  whole.layer = layer;
  whole.end = layer.geometry.out_height();
  return {std::move(whole)};
}

PartCost part_cost(const Layer& layer, const config::Configuration& config) {
  PartCost cost;
  if (!layer.rows) {
    CompileOptions options;
    options.allow_wrap = true;
    cost.plan = make_plan(layer, config, options, &cost.estimate);
    return cost;
  }
  const LayerGeometry& g = layer.geometry;
  cost.plan.strategy = Strategy::kNone;
  cost.estimate.rows = row_clocks(*layer.rows, g.pixels(), g.channels);
  cost.estimate.loads = g.pixels() * g.in_blocks();
  cost.estimate.stores = g.pixels() * g.out_blocks();
  cost.estimate.cycles = std::max(cost.estimate.rows, cost.estimate.memory());
  return cost;
}

}  // namespace s4::sw
