#include "sw/onnx/spatial.hpp"

#include <algorithm>

namespace s4::sw {
namespace {

/// Beyond this no size is meant; sums of them do not overflow.
constexpr std::int64_t kMaxExtent = std::int64_t{1} << 24;

void check_list(const NodeImport& node, const std::vector<std::int64_t>& list, std::size_t wanted,
                std::int64_t least, const char* name) {
  if (!list.empty() && list.size() != wanted) {
    node.damaged(std::string("attribute '") + name + "' has " + std::to_string(list.size()) +
                 " values, not " + std::to_string(wanted));
  }
  for (const std::int64_t value : list) {
    if (value < least || value > kMaxExtent) {
      if (value < 0 && value >= -kMaxExtent && least == 0) {
        node.unsupported("negative pads", "a Slice in front");
      }
      node.damaged(std::string("attribute '") + name + "' holds " + std::to_string(value));
    }
  }
}

}  // namespace

graph::Shape in_two_dimensions(const graph::Shape& shape) {
  graph::Shape wide = shape;
  if (wide.size() == 3) wide.insert(wide.begin() + 2, 1);
  return wide;
}

WindowAttributes read_window(NodeImport& node) {
  WindowAttributes attributes;
  attributes.auto_pad = node.text("auto_pad", "NOTSET");
  attributes.kernel = node.integers("kernel_shape");
  attributes.strides = node.integers("strides");
  attributes.dilations = node.integers("dilations");
  attributes.pads = node.integers("pads");
  return attributes;
}

Window resolve_window(const NodeImport& node, const WindowAttributes& attributes,
                      const graph::Shape& x) {
  if (x.size() != 3 && x.size() != 4) {
    if (x.size() < 3) node.damaged("its input " + graph::to_string(x) + " has no image");
    node.unsupported(std::to_string(x.size() - 2) + "-D windows", "1-D and 2-D");
  }
  const std::size_t axes = x.size() - 2;
  const std::size_t first = 2 - axes;
  check_list(node, attributes.kernel, axes, 1, "kernel_shape");
  check_list(node, attributes.strides, axes, 1, "strides");
  check_list(node, attributes.dilations, axes, 1, "dilations");
  check_list(node, attributes.pads, 2 * axes, 0, "pads");
  Window window;
  for (std::size_t i = 0; i < axes; ++i) {
    if (!attributes.kernel.empty()) window.kernel[first + i] = attributes.kernel[i];
    if (!attributes.strides.empty()) window.strides[first + i] = attributes.strides[i];
    if (!attributes.dilations.empty()) window.dilations[first + i] = attributes.dilations[i];
    if (attributes.pads.empty()) continue;
    window.pads[first + i] = attributes.pads[i];
    window.pads[first + i + 2] = attributes.pads[axes + i];
  }
  const std::string& mode = attributes.auto_pad;
  if (mode == "NOTSET") return window;
  if (mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER") {
    node.damaged("auto_pad '" + mode + "'");
  }
  window.pads = {0, 0, 0, 0};
  if (mode == "VALID") return window;
  for (std::size_t i = 0; i < axes; ++i) {
    const std::size_t axis = first + i;
    const std::int64_t size = x[2 + i];
    const std::int64_t stride = window.strides[axis];
    const std::int64_t reach = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    const std::int64_t steps = (size + stride - 1) / stride;
    const std::int64_t total = std::max<std::int64_t>(0, (steps - 1) * stride + reach - size);
    const std::int64_t less = total / 2;
    window.pads[axis] = mode == "SAME_UPPER" ? less : total - less;
    window.pads[axis + 2] = total - window.pads[axis];
  }
  return window;
}

}  // namespace s4::sw
