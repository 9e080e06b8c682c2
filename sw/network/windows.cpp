#include "sw/network/windows.hpp"

#include <algorithm>

namespace s4::sw {
namespace {

constexpr std::uint32_t kPixels = 4;  // of a word of quarters
constexpr std::uint32_t kPixelBytes = 16;

/// The image as pixels of a quarter word, if that needs no more banks and fewer words.
std::optional<Windows> find_quarters(const LayerGeometry& conv, std::uint32_t pixel_group) {
  const std::uint64_t pixel = std::uint64_t{conv.stride_h} * conv.stride_w * conv.channels;
  if (conv.in_bytes != 1 || pixel_group < kPixels || conv.out_width() % pixel_group != 0 ||
      pixel > kPixelBytes || conv.kernel_w > kPixels * conv.stride_w || conv.dilation_h != 1 ||
      conv.dilation_w != 1) {
    return std::nullopt;
  }
  Windows windows;
  windows.conv = conv;
  windows.rows = conv.stride_h;
  windows.first_row = -static_cast<std::int32_t>(conv.pad_top);
  windows.row_step = conv.stride_h;
  LayerGeometry& g = windows.gathered;
  g.batch = conv.batch;
  g.filters = conv.filters;
  g.quarters = true;
  g.channels = kPixels * kPixelBytes;
  g.kernel_h = (conv.kernel_h + windows.rows - 1) / windows.rows;
  g.height = conv.out_height() + g.kernel_h - 1;
  g.width = conv.out_width();
  return windows;
}

/// Calls visit(position before, position after) for every weight.
template <typename Visit>
void for_each_weight(const Windows& windows, Visit visit) {
  const LayerGeometry& g = windows.conv;
  const std::size_t taps = std::size_t{g.kernel_h} * g.kernel_w;
  const std::size_t after_taps = windows.gathered.kernel_h;
  const bool quarters = windows.gathered.quarters;
  std::size_t before = 0;
  for (std::uint32_t out = 0; out < g.filters; ++out) {
    for (std::uint32_t c = 0; c < g.channels; ++c) {
      for (std::size_t tap = 0; tap < taps; ++tap, ++before) {
        const std::size_t row = tap / g.kernel_w;
        const std::size_t column = tap % g.kernel_w;
        const std::size_t line = c * windows.rows + row % windows.rows;
        const std::size_t element =
            quarters ? column / g.stride_w * kPixelBytes + line * g.stride_w + column % g.stride_w
                     : (row % windows.rows * g.kernel_w + column) * g.channels + c;
        visit(before, (std::size_t{out} * windows.gathered.channels + element) * after_taps +
                          row / windows.rows);
      }
    }
  }
}

/// [N][64][row][word] of an image: byte `element` of pixel 4 * word + q is channel 16 q + element.
std::vector<std::uint8_t> quarters_of(const Windows& windows, std::span<const std::uint8_t> image,
                                      std::uint8_t padding) {
  const LayerGeometry& g = windows.conv;
  const std::uint32_t height = windows.gathered.height;
  const std::uint32_t words = windows.gathered.row_words();
  const std::size_t plane = std::size_t{height} * words;
  std::vector<std::uint8_t> out(plane * windows.gathered.channels * g.batch, padding);
  for (std::uint32_t n = 0; n < g.batch; ++n) {
    for (std::uint32_t element = 0; element < g.channels * windows.rows * g.stride_w; ++element) {
      const std::uint32_t line = element / g.stride_w;
      const std::uint8_t* from =
          image.data() + (std::size_t{n} * g.channels + line / windows.rows) * g.height * g.width;
      for (std::uint32_t j = 0; j < height; ++j) {
        const std::int64_t y = std::int64_t{windows.first_row} +
                               std::int64_t{j} * windows.row_step + line % windows.rows;
        if (y < 0 || y >= g.height) continue;
        for (std::uint32_t pixel = 0; pixel < kPixels * words; ++pixel) {
          const std::int64_t x =
              std::int64_t{pixel} * g.stride_w + element % g.stride_w - g.pad_left;
          if (x < 0 || x >= g.width) continue;
          const std::size_t channel = pixel % kPixels * kPixelBytes + element;
          out[(std::size_t{n} * windows.gathered.channels + channel) * plane +
              std::size_t{j} * words + pixel / kPixels] = from[y * g.width + x];
        }
      }
    }
  }
  return out;
}

/// [N][element][row][column] of an image.
template <typename T>
std::vector<T> gathered_of(const Windows& windows, std::span<const T> image, T padding) {
  const LayerGeometry& g = windows.conv;
  const std::uint32_t height = windows.gathered.height;
  const std::uint32_t width = windows.gathered.width;
  std::vector<T> out(std::size_t{g.batch} * windows.gathered.channels * height * width, padding);
  T* to = out.data();
  const std::size_t plane = std::size_t{g.height} * g.width;
  for (std::uint32_t n = 0; n < g.batch; ++n) {
    for (std::uint32_t tap = 0; tap < windows.rows * g.kernel_w; ++tap) {
      for (std::uint32_t c = 0; c < g.channels; ++c) {
        const T* from = image.data() + (std::size_t{n} * g.channels + c) * plane;
        for (std::uint32_t j = 0; j < height; ++j) {
          const std::int64_t y = std::int64_t{windows.first_row} +
                                 std::int64_t{j} * windows.row_step +
                                 std::int64_t{tap / g.kernel_w} * windows.row_tap;
          for (std::uint32_t ox = 0; ox < width; ++ox, ++to) {
            const std::int64_t x = std::int64_t{ox} * g.stride_w +
                                   std::int64_t{tap % g.kernel_w} * g.dilation_w - g.pad_left;
            if (y >= 0 && y < g.height && x >= 0 && x < g.width) *to = from[y * g.width + x];
          }
        }
      }
    }
  }
  return out;
}

}  // namespace

std::optional<Windows> find_windows(const LayerGeometry& conv, std::uint32_t pixel_group) {
  const std::uint64_t in_row = std::uint64_t{conv.kernel_w} * conv.channels;
  Windows windows;
  windows.conv = conv;
  LayerGeometry& g = windows.gathered;
  g = conv;
  if (conv.kernel_h * conv.kernel_w == 1 || in_row > sparse_format::kBankSize) return std::nullopt;
  if (in_row * conv.kernel_h <= sparse_format::kBankSize) {
    windows.rows = conv.kernel_h;
    windows.row_tap = conv.dilation_h;
  } else if (conv.dilation_h == 1 && in_row * conv.stride_h <= sparse_format::kBankSize) {
    windows.rows = conv.stride_h;
  }
  const bool whole_rows = windows.rows == 1 && conv.kernel_h > 1;
  if (whole_rows && conv.kernel_w == 1) return std::nullopt;
  g.channels = static_cast<std::uint32_t>(windows.rows * in_row);
  g.kernel_h = (conv.kernel_h + windows.rows - 1) / windows.rows;
  g.width = conv.out_width();
  g.kernel_w = 1;
  g.stride_w = 1;
  g.dilation_w = 1;
  g.pad_left = 0;
  g.pad_right = 0;
  if (!whole_rows) {
    // The rows of padding are part of the words.
    windows.first_row = -static_cast<std::int32_t>(conv.pad_top);
    windows.row_step = conv.stride_h;
    g.stride_h = 1;
    g.dilation_h = 1;
    g.pad_top = 0;
    g.pad_bottom = 0;
    g.height = conv.out_height() + g.kernel_h - 1;
  }
  const std::uint64_t words = std::uint64_t{g.height} * g.width;
  const auto quarters = find_quarters(conv, pixel_group);
  if (quarters && quarters->gathered.kernel_h <= g.kernel_h &&
      std::uint64_t{quarters->gathered.height} * quarters->gathered.row_words() < words) {
    return quarters;
  }
  if (words > std::uint64_t{conv.height} * conv.width) return std::nullopt;
  return windows;
}

void gather(Layer& layer, const Windows& windows) {
  const LayerGeometry& g = windows.gathered;
  WeightTensor weights(g.filters, g.channels, g.kernel_h, 1);
  if (layer.bf16()) weights.bf16.resize(weights.data.size());
  for_each_weight(windows, [&](std::size_t before, std::size_t after) {
    weights.data[after] = layer.weights.data[before];
    if (layer.bf16()) weights.bf16[after] = layer.weights.bf16[before];
  });
  layer.geometry = g;
  layer.weights = std::move(weights);
}

WeightTensor scattered_weights(const WeightTensor& gathered, const Windows& windows) {
  const LayerGeometry& g = windows.conv;
  WeightTensor weights(g.filters, g.channels, g.kernel_h, g.kernel_w);
  const bool bf16 = !gathered.bf16.empty();
  if (bf16) weights.bf16.resize(weights.data.size());
  for_each_weight(windows, [&](std::size_t before, std::size_t after) {
    weights.data[before] = gathered.data[after];
    if (bf16) weights.bf16[before] = gathered.bf16[after];
  });
  return weights;
}

WeightTensor gathered_places(const Windows& windows) {
  Windows one = windows;
  one.conv.filters = one.gathered.filters = 1;
  const LayerGeometry& g = one.gathered;
  WeightTensor places(1, g.channels, g.kernel_h, 1);
  for_each_weight(one, [&](std::size_t, std::size_t after) { places.data[after] = 1; });
  return places;
}

TensorShape gathered_shape(const Windows& windows) {
  const LayerGeometry& g = windows.gathered;
  return {g.batch, g.channels * g.in_bytes, g.height, g.row_words()};
}

std::vector<std::uint8_t> windows_of(const Windows& windows, std::span<const std::uint8_t> image,
                                     std::uint8_t padding) {
  return windows.gathered.quarters ? quarters_of(windows, image, padding)
                                   : gathered_of(windows, image, padding);
}

std::vector<std::uint16_t> windows_of(const Windows& windows,
                                      std::span<const std::uint16_t> image) {
  return gathered_of(windows, image, std::uint16_t{0});
}

}  // namespace s4::sw
