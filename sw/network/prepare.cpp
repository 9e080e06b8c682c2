// Graph to steps: which node runs where and why, chip layers, and the runs that they form.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "sim/sequencer/gen/commands.hpp"
#include "sw/graph/passes.hpp"
#include "sw/network/function_table.hpp"
#include "sw/network/network.hpp"
#include "sw/network/node_layer.hpp"
#include "sw/network/value_words.hpp"
#include "sw/sparse/prune.hpp"

namespace s4::sw {
namespace {

using graph::Node;
using graph::Op;
using graph::TensorId;

std::uint32_t weights_kept(double sparsity) {
  const double keep = std::floor(64.0 / sparsity);
  if (!std::isfinite(sparsity) || sparsity < 1 || keep < 1) {
    throw NetworkError(
        fmt::format("sparsity {}: it is 1 (dense) to 64 (one weight of 64 is kept)", sparsity));
  }
  return static_cast<std::uint32_t>(keep);
}

bool is_float_layer(const graph::Graph& graph, const Node& node) {
  return (node.op == Op::kConv || node.op == Op::kGemm || node.op == Op::kMatMul) &&
         !graph.is_constant(node.output);
}

class Preparation {
 public:
  Preparation(graph::Graph graph, const NetworkOptions& options) {
    out_.graph = std::move(graph);
    out_.options = options;
  }

  Network run() {
    graph::fuse_residual_adds(out_.graph);
    graph::add_window_shares(out_.graph);
    graph::add_image_ones(out_.graph, commands::kMaxKernel);
    graph::order_heads(out_.graph, kHeadWord);
    const std::uint32_t keep = out_.options.sparsity ? weights_kept(*out_.options.sparsity) : 64;
    for (std::size_t n = 0; n < out_.graph.nodes.size(); ++n) {
      NetworkStep step;
      step.name = out_.graph.nodes[n].name;
      step.op = graph::name_of(out_.graph.nodes[n].op);
      step.node = n;
      step.engine = "host";
      if (fuse_function(out_.graph.nodes[n], step)) {
        out_.steps.push_back(std::move(step));
        continue;
      }
      auto made = layer_of_node(out_.graph, out_.graph.nodes[n], step.why);
      if (made) add_layer(std::move(*made), step, keep);
      out_.steps.push_back(std::move(step));
    }
    check_some_layer();
    mark_views();
    find_runs();
    return std::move(out_);
  }

 private:
  void add_layer(NodeLayer made, NetworkStep& step, std::uint32_t keep) {
    if (out_.layers.size() > std::numeric_limits<std::uint16_t>::max()) {
      throw NetworkError("the network has more than 65536 layers");
    }
    step.place = Place::kChip;
    step.engine = made.layer.rows ? "activation" : "spu";
    step.why = made.why;
    step.layer = out_.layers.size();
    made.layer.number = static_cast<std::uint16_t>(out_.layers.size());
    ChipLayer layer;
    layer.step = out_.steps.size();
    const std::uint32_t bytes = made.layer.geometry.in_bytes;
    layer.input = value_of(made.input, made.input_shape, bytes, made.rows_view);
    std::optional<Windows> gathered;
    if (!out_.values[layer.input].producer && made.layer.has_weights() && !made.rows_view) {
      if (const auto windows = find_windows(made.layer.geometry, out_.options.pixel_group)) {
        gather(made.layer, *windows);
        made.input_shape = gathered_shape(*windows);
        layer.input = windows_value(layer.input, made, *windows);
        const LayerGeometry& g = made.layer.geometry;
        step.why += fmt::format("{}as a {}x1 convolution of windows ", step.why.empty() ? "" : "; ",
                                g.kernel_h);
        step.why += g.quarters ? std::string("of four pixels of 16 bytes that the host packs")
                               : fmt::format("of {} elements that the host gathers", g.channels);
        gathered = windows;
      }
    }
    // Banks are those that the array sees: of gathered windows, not of a few channels. Windows
    // leave places in their banks that no weight can have.
    if (keep < 64 && made.has_weights) {
      if (gathered) {
        prune_share(made.layer.weights, keep, gathered_places(*gathered));
      } else {
        prune(made.layer.weights, keep, Pattern::kBalanced, 0);
      }
      set_weights(out_.graph, out_.graph.nodes[step.node],
                  gathered ? scattered_weights(made.layer.weights, *gathered) : made.layer.weights);
    }
    if (made.layer.add) {
      layer.second = value_of(made.second, made.output_shape, bytes, made.rows_view);
    }
    if (made.layer.dense) {
      layer.operand = made.operand_view
                          ? view_of(*made.operand_view, bytes)
                          : value_of(made.operand, made.operand_shape, bytes, made.rows_view);
      out_.values[out_.home(*layer.operand)].is_operand = true;
    }
    layer.output = out_.values.size();
    layer.dense_weights = made.dense_weights;
    const TensorId output = out_.graph.nodes[step.node].output;
    ChipValue value;
    value.tensor = output;
    value.shape = made.output_shape;
    value.bytes = made.layer.geometry.out_bytes;
    value.rows_view = made.rows_view;
    value.is_unsigned = made.layer.is_unsigned;
    value.producer = out_.layers.size();
    values_[{output, key(made.output_shape, made.rows_view)}] = out_.values.size();
    out_.values.push_back(value);
    layer.layer = std::move(made.layer);
    out_.layers.push_back(std::move(layer));
  }

  /// A function of a result that nothing but it reads stands behind the layer: of bytes as a table,
  /// of BF16 as itself.
  bool fuse_function(const Node& node, NetworkStep& step) {
    const bool wide = node.op == Op::kBf16Unary;
    if (node.op != Op::kQUnary && node.op != Op::kQClip && !wide) return false;
    const std::optional<std::size_t> found = result_of_layer(node.inputs[0]);
    if (!found) return false;
    ChipValue& value = out_.values[*found];
    Layer& layer = out_.layers[*value.producer].layer;
    const graph::Shape& shape = out_.graph.at(node.output).shape;
    const auto view = value.rows_view ? rows_shape(shape) : image_shape(shape);
    const bool in_order =
        !value.rows_view || image_order(shape) == image_order(out_.graph.at(value.tensor).shape);
    TensorShape bytes = view.value_or(TensorShape{});
    bytes.channels *= value.bytes;
    if (layer.rows || layer.activation || value.bytes != (wide ? 2 : 1) || !view || !in_order ||
        key(bytes, value.rows_view) != key(value.shape, value.rows_view)) {
      return false;
    }
    layer.activation = wide ? function_code(node) : function_table(out_.graph, node, step.why);
    if (!layer.activation) return false;
    values_.erase({value.tensor, key(value.shape, value.rows_view)});
    values_[{node.output, key(value.shape, value.rows_view)}] = *found;
    value.tensor = node.output;
    step.place = Place::kView;
    step.engine = "";
    step.why = fmt::format("{} behind '{}'", wide ? "on the results" : "a table", layer.name);
    return true;
  }

  /// The value of a chip layer that the tensor is, perhaps in another shape, and that has no other
  /// reader.
  [[nodiscard]] std::optional<std::size_t> result_of_layer(TensorId tensor) const {
    for (;;) {
      std::size_t readers = 0;
      for (const Node& node : out_.graph.nodes) {
        readers +=
            static_cast<std::size_t>(std::count(node.inputs.begin(), node.inputs.end(), tensor));
      }
      const auto& outputs = out_.graph.outputs;
      if (readers != 1 || std::count(outputs.begin(), outputs.end(), tensor) != 0) return {};
      for (std::size_t v = 0; v < out_.values.size(); ++v) {
        if (out_.values[v].tensor == tensor && out_.values[v].producer) return v;
      }
      const Node* node = producer_of(out_.graph, tensor);
      if (node == nullptr || node->op != Op::kReshape) return {};
      tensor = node->inputs[0];
    }
  }

  using ShapeKey = std::array<std::uint64_t, 4>;
  /// Views of a tensor with equal keys lie in memory in the same way. Of a row the channels are the
  /// last axis, of an image the second: [N,A,A] has both, one the other's transpose.
  static ShapeKey key(const TensorShape& shape, bool rows_view) {
    const bool rows = rows_view && shape.pixels() > 1;
    return {shape.batch, shape.channels, shape.pixels(), rows ? 1U : 0U};
  }

  /// The windows of value `plain` as a value of their own.
  std::size_t windows_value(std::size_t plain, const NodeLayer& made, const Windows& windows) {
    ChipValue value = out_.values[plain];
    value.shape = made.input_shape;
    value.windows = windows;
    value.padding = made.layer.input.zero;
    out_.values.push_back(value);
    return out_.values.size() - 1;
  }

  /// `shape` in bytes, `bytes` of an element.
  std::size_t value_of(TensorId tensor, const TensorShape& shape, std::uint32_t bytes,
                       bool rows_view) {
    TensorShape elements = shape;
    elements.channels /= bytes;
    tensor = without_reshapes(out_.graph, tensor, elements, rows_view);
    if (const auto view = rows_view ? head_view(tensor, shape) : std::nullopt) {
      return view_of(*view, bytes);
    }
    const auto [found, made] =
        values_.insert({{tensor, key(shape, rows_view)}, out_.values.size()});
    if (made) {
      const bool is_unsigned = out_.graph.at(tensor).type == graph::DataType::kUint8;
      ChipValue value;
      value.tensor = tensor;
      value.shape = shape;
      value.bytes = bytes;
      value.rows_view = rows_view;
      value.is_unsigned = is_unsigned;
      value.repeats = repeats(value);
      out_.values.push_back(value);
    }
    return found->second;
  }

  /// Constant, and every image has the words of the first, which lie [block][image][pixel].
  [[nodiscard]] bool repeats(const ChipValue& value) const {
    if (!out_.graph.is_constant(value.tensor)) return false;
    const std::vector<std::uint8_t> words = words_of(value, out_.graph.constant(value.tensor));
    const auto plane = static_cast<std::ptrdiff_t>(64 * value.shape.pixels() / value.shape.batch);
    const auto block = plane * value.shape.batch;
    for (auto first = words.begin(); first != words.end(); first += block) {
      for (auto image = first + plane; image != first + block; image += plane) {
        if (!std::equal(first, first + plane, image)) return false;
      }
    }
    return true;
  }

  /// What a tensor that is read as rows of this shape shows, if it is a view of heads.
  [[nodiscard]] std::optional<HeadView> head_view(TensorId tensor, const TensorShape& shape) const {
    auto view = split_heads(out_.graph, tensor, false);
    if (!view) view = merged_heads(out_.graph, tensor);
    if (!view || view->seen.batch != shape.batch || key(view->seen, true) != key(shape, true)) {
      return std::nullopt;
    }
    return view;
  }

  /// The words of a tensor's value in another shape.
  std::size_t view_of(const HeadView& view, std::uint32_t bytes) {
    const std::size_t home = out_.home(value_of(view.tensor, view.shape, bytes, true));
    if (key(out_.values[home].shape, true) == key(view.seen, true)) return home;
    const auto [found, made] = views_.insert({{home, key(view.seen, true)}, out_.values.size()});
    if (made) {
      ChipValue value = out_.values[home];
      value.shape = view.seen;
      value.is_operand = false;
      value.home = home;
      out_.values.push_back(value);
    }
    return found->second;
  }

  void check_some_layer() {
    std::vector<std::string> floats;
    for (const Node& node : out_.graph.nodes) {
      if (is_float_layer(out_.graph, node)) floats.push_back(node.name);
    }
    if (!floats.empty() && out_.layers.empty()) {
      throw NetworkError(
          fmt::format("the network is not quantised: its {} convolution{} and products compute in "
                      "float32; make it INT8 first, with s4 quantize",
                      floats.size(), floats.size() == 1 ? "" : "s"));
    }
    if (out_.layers.empty()) {
      std::string text = "no node of the network can run on the chip";
      for (const NetworkStep& step : out_.steps) {
        text += fmt::format("\n  {} '{}': {}", step.op, step.name, step.why);
      }
      throw NetworkError(text);
    }
    for (const std::string& name : floats) {
      out_.notes.push_back(fmt::format("'{}' is not quantised and runs on the host", name));
    }
  }

  /// Reshapes that only chip layers look through.
  void mark_views() {
    std::vector<bool> on_host(out_.graph.tensors.size(), false);
    for (const TensorId id : out_.graph.outputs) on_host[id] = true;
    for (const ChipValue& value : out_.values) {
      if (!value.producer) on_host[value.tensor] = true;
    }
    // Backwards, since a view wants nothing of what is before it.
    for (auto step = out_.steps.rbegin(); step != out_.steps.rend(); ++step) {
      if (step->place != Place::kHost) continue;
      const Node& node = out_.graph.nodes[step->node];
      const bool transpose = node.op == Op::kTranspose;
      if ((node.op == Op::kReshape || transpose) && !on_host[node.output]) {
        step->place = Place::kView;
        step->engine = "";
        step->why =
            transpose ? "the same bytes, read transposed" : "the same bytes, read in another shape";
        continue;
      }
      if (const std::string why = why_no_view(out_.graph, node); !why.empty()) step->why = why;
      for (const TensorId id : node.inputs) {
        if (id != graph::kNoTensor) on_host[id] = true;
      }
    }
  }

  /// Stage of a chip layer: how often the host comes before it. Layers of one stage and one batch
  /// form a run.
  void find_runs() {
    const graph::Graph& graph = out_.graph;
    std::vector<std::size_t> host_stage(graph.tensors.size(), 0);
    std::vector<std::size_t> stage(out_.layers.size(), 0);
    std::map<std::pair<std::size_t, std::uint32_t>, std::vector<std::size_t>> runs;
    for (const NetworkStep& step : out_.steps) {
      const Node& node = graph.nodes[step.node];
      if (!step.layer) {
        for (const TensorId id : node.inputs) {
          if (id == graph::kNoTensor) continue;
          host_stage[node.output] = std::max(host_stage[node.output], host_stage[id]);
        }
        continue;
      }
      const ChipLayer& layer = out_.layers[*step.layer];
      const std::uint32_t batch = layer.layer.geometry.batch;
      std::size_t& own = stage[*step.layer];
      const auto after = [&](std::size_t index) {
        const ChipValue& value = out_.values[index];
        const bool same_run =
            value.producer && out_.layers[*value.producer].layer.geometry.batch == batch;
        own = std::max(own, same_run ? stage[*value.producer] : host_stage[value.tensor]);
      };
      after(layer.input);
      if (layer.second) after(*layer.second);
      if (layer.operand) after(*layer.operand);
      host_stage[node.output] = own + 1;
      runs[{own, batch}].push_back(*step.layer);
    }
    for (auto& [unused, layers] : runs) out_.runs.push_back(std::move(layers));
  }

  Network out_;
  std::map<std::pair<TensorId, ShapeKey>, std::size_t> values_;
  std::map<std::pair<std::size_t, ShapeKey>, std::size_t> views_;  ///< by their home
};

}  // namespace

const char* place_name(Place place) {
  switch (place) {
    case Place::kChip:
      return "chip";
    case Place::kHost:
      return "host";
    case Place::kView:
      return "-";
  }
  return "?";
}

Network prepare(graph::Graph graph, const NetworkOptions& options) {
  return Preparation(std::move(graph), options).run();
}

}  // namespace s4::sw
