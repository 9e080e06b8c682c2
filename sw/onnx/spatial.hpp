// Windows of Conv and the pools: kernel, strides, dilations, pads and auto_pad of 1-D and 2-D
// nodes.
#pragma once

#include "sw/onnx/node_import.hpp"

namespace s4::sw {

/// As the file gives them; lists may be empty.
struct WindowAttributes {
  std::string auto_pad;
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  std::vector<std::int64_t> pads;
};

/// In two dimensions, pads resolved.
struct Window {
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 2> dilations{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};
};

[[nodiscard]] WindowAttributes read_window(NodeImport& node);

/// `x` is the shape of the input, of 3 or 4 axes; 1-D windows become 2-D ones of height 1.
/// Throws UnsupportedReason for other ranks and for negative pads.
[[nodiscard]] Window resolve_window(const NodeImport& node, const WindowAttributes& attributes,
                                    const graph::Shape& x);

/// [N,C,L] as [N,C,1,L], others as they are.
[[nodiscard]] graph::Shape in_two_dimensions(const graph::Shape& shape);

}  // namespace s4::sw
