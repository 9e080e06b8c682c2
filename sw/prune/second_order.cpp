// Second-order pruning: Optimal Brain Surgeon inside a bank, bank after bank as in SparseGPT.
//
// With H = X'X, removing weight q from a row and changing the others best costs w_q^2 / G_qq, where
// G is the inverse of H over the weights that may still change. Within a bank weights are removed
// one by one by this cost. Then the bank is final, and G shrinks to the rest: with G = U'U, U upper
// triangular, the inverse of a trailing part of H is made of the same trailing part of U, which all
// rows share.
#include "sw/prune/second_order.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "sw/quantize/walk.hpp"
#include "sw/train/train_network.hpp"

namespace s4::sw {
namespace {

using graph::Graph;
using graph::kNoTensor;
using graph::Node;
using graph::Op;
using graph::TensorData;
using graph::TensorId;
using Square = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// U of G = U'U, G the inverse of H.
Square inverse_factor(const Square& h) {
  const Eigen::LLT<Square> factor(h);
  if (factor.info() != Eigen::Success) {
    throw std::invalid_argument("the calibration data are not finite, or the damping is too small");
  }
  Square inverse = Square::Identity(h.rows(), h.cols());
  factor.solveInPlace(inverse);
  inverse = 0.5 * (inverse + inverse.transpose()).eval();
  const Eigen::LLT<Square> second(inverse);
  if (second.info() != Eigen::Success) {
    throw std::invalid_argument("the calibration data are too alike: raise the damping");
  }
  return second.matrixU();
}

/// Which weights of a bank go, given the bank's part of G: those in `gone`, then as many as must.
std::vector<Eigen::Index> chosen(Eigen::VectorXd w, Square g, std::vector<bool> gone,
                                 std::size_t keep) {
  const Eigen::Index size = w.size();
  std::vector<Eigen::Index> list;
  const auto remove = [&](Eigen::Index i) {
    const double pivot = g(i, i);
    const Eigen::VectorXd column = g.col(i);
    w -= column * (w[i] / pivot);
    g -= column * column.transpose() / pivot;
    gone[static_cast<std::size_t>(i)] = true;
    list.push_back(i);
  };
  for (Eigen::Index i = 0; i < size; ++i) {
    if (gone[static_cast<std::size_t>(i)]) remove(i);
  }
  while (static_cast<std::size_t>(size) > list.size() + keep) {
    Eigen::Index best = -1;
    double least = 0.0;
    for (Eigen::Index i = 0; i < size; ++i) {
      if (gone[static_cast<std::size_t>(i)]) continue;
      const double cost = w[i] * w[i] / g(i, i);
      if (best >= 0 && cost >= least) continue;
      best = i;
      least = cost;
    }
    remove(best);
  }
  std::sort(list.begin(), list.end());
  return list;
}

/// The inputs of a layer's group as rows of the reduction, one per result.
Matrix inputs_of(const Graph& graph, const LayerRows& layer, std::size_t group,
                 const TensorData& x) {
  const Node& node = graph.nodes[layer.node];
  TrainGeometry g;
  g.channels = static_cast<int>(layer.channels);
  g.kernel_h = static_cast<int>(layer.kernel_h);
  g.kernel_w = static_cast<int>(layer.kernel_w);
  std::size_t all = layer.channels;
  if (x.shape.size() == 4 && (node.op == Op::kConv || layer.image != node.inputs[0])) {
    g.height = static_cast<int>(x.shape[2]);
    g.width = static_cast<int>(x.shape[3]);
    all = static_cast<std::size_t>(x.shape[1]);
  }
  if (node.op == Op::kConv) {
    const graph::ConvGeometry& c = node.get<graph::ConvAttributes>().geometry;
    g.stride_h = static_cast<int>(c.strides[0]);
    g.stride_w = static_cast<int>(c.strides[1]);
    g.dilation_h = static_cast<int>(c.dilations[0]);
    g.dilation_w = static_cast<int>(c.dilations[1]);
    g.pad_top = static_cast<int>(c.pads[0]);
    g.pad_left = static_cast<int>(c.pads[1]);
    g.pad_bottom = static_cast<int>(c.pads[2]);
    g.pad_right = static_cast<int>(c.pads[3]);
  }
  const auto pixels = static_cast<std::size_t>(g.in_pixels());
  const std::vector<float>& values = x.floats();
  const std::size_t images = values.size() / (all * pixels);
  Matrix rows(static_cast<Eigen::Index>(images * pixels), g.channels);
  for (std::size_t n = 0; n < images; ++n) {
    for (std::size_t c = 0; c < layer.channels; ++c) {
      const std::size_t from = (n * all + group * layer.channels + c) * pixels;
      for (std::size_t p = 0; p < pixels; ++p) {
        rows(static_cast<Eigen::Index>(n * pixels + p), static_cast<Eigen::Index>(c)) =
            values[from + p];
      }
    }
  }
  return gather_patches(rows, g);
}

/// Adds X'X of the inputs, with a column of ones behind them.
void add_gram(const Matrix& x, Square& gram) {
  constexpr Eigen::Index kRows = 4096;
  const Eigen::Index size = x.cols();
  for (Eigen::Index first = 0; first < x.rows(); first += kRows) {
    const auto part = x.middleRows(first, std::min(kRows, x.rows() - first));
    Matrix product(size, size);
    product.noalias() = part.transpose() * part;
    gram.topLeftCorner(size, size) += product.cast<double>();
    const Eigen::VectorXd sums = part.cast<double>().colwise().sum().transpose();
    gram.col(size).head(size) += sums;
    gram.row(size).head(size) += sums.transpose();
  }
  gram(size, size) += static_cast<double>(x.rows());
}

/// Rows of a group with their bias behind them.
Square with_bias(const LayerRows& layer, std::size_t group, const std::vector<float>& bias) {
  const std::size_t filters = layer.filters / layer.groups;
  const auto reduction = static_cast<Eigen::Index>(layer.reduction());
  Square w(static_cast<Eigen::Index>(filters), reduction + 1);
  for (Eigen::Index f = 0; f < w.rows(); ++f) {
    const std::size_t filter = group * filters + static_cast<std::size_t>(f);
    const auto row = layer.row(filter);
    for (Eigen::Index i = 0; i < reduction; ++i) w(f, i) = row[static_cast<std::size_t>(i)];
    w(f, reduction) = bias.empty() ? 0.0 : bias[filter];
  }
  return w;
}

double energy(const Square& w, const Square& gram) { return (w * gram).cwiseProduct(w).sum(); }

/// The bias of a layer, one per filter; empty if it has none of this form.
std::vector<float> bias_of(const Graph& graph, const LayerRows& layer) {
  const Node& node = graph.nodes[layer.node];
  const TensorId id = node.op == Op::kMatMul ? kNoTensor : node.input(2);
  if (id == kNoTensor || !graph.is_constant(id)) return {};
  if (node.op == Op::kGemm && node.get<graph::GemmAttributes>().beta != 1.0F) return {};
  const TensorData& bias = graph.constant(id);
  if (bias.size() != static_cast<std::int64_t>(layer.filters)) return {};
  // A column beside a matrix of one output is as long, and something else.
  if (bias.shape.back() != bias.size()) return {};
  return bias.floats();
}

void set_bias(Graph& graph, const LayerRows& layer, const std::vector<float>& bias) {
  TensorId& id = graph.nodes[layer.node].inputs[2];
  const graph::Shape shape = graph.constant(id).shape;
  id = graph.add_constant(graph.at(id).name, TensorData(shape, bias));
}

void prune_layer(Graph& graph, LayerRows& layer, const Walk& walk, std::uint32_t keep,
                 double damping, PrunedLayer& entry) {
  if (layer.reduction() > kMaxSecondOrderReduction) {
    throw std::invalid_argument(fmt::format(
        "'{}' has a reduction of {}; second-order pruning takes up to {}, magnitude any",
        layer.name, layer.reduction(), kMaxSecondOrderReduction));
  }
  std::vector<float> bias = bias_of(graph, layer);
  const auto size = static_cast<Eigen::Index>(layer.reduction()) + 1;
  double error = 0.0;
  double whole = 0.0;
  for (std::size_t group = 0; group < layer.groups; ++group) {
    Square gram = Square::Zero(size, size);
    for (std::size_t run = 0; run < walk.runs(); ++run) {
      add_gram(inputs_of(graph, layer, group, walk.value(run, layer.image)), gram);
    }
    const Square before = with_bias(layer, group, bias);
    prune_rows_second_order(layer, group, bias, {gram.data(), gram.data() + gram.size()}, keep,
                            damping);
    error += energy(with_bias(layer, group, bias) - before, gram);
    whole += energy(before, gram);
  }
  set_rows(graph, layer);
  if (!bias.empty()) set_bias(graph, layer, bias);
  entry.after = layer.non_zeros();
  entry.fullest = layer.fullest();
  entry.output_error = whole > 0.0 ? std::sqrt(std::max(0.0, error) / whole) : 0.0;
}

}  // namespace

void prune_rows_second_order(LayerRows& layer, std::size_t group, std::vector<float>& bias,
                             const std::vector<double>& gram, std::uint32_t keep, double damping) {
  const auto size = static_cast<Eigen::Index>(layer.reduction()) + 1;
  if (gram.size() != static_cast<std::size_t>(size * size)) {
    throw std::invalid_argument("the matrix of the inputs has another size than the layer");
  }
  fix_product_order();
  Square h = Eigen::Map<const Square>(gram.data(), size, size);
  // The column of ones is not counted: it says nothing of the scale of the inputs.
  const double mean = h.diagonal().head(size - 1).mean();
  h.diagonal().array() += std::max(damping * mean, 1e-9);
  const Square u = inverse_factor(h);

  const std::size_t filters = layer.filters / layer.groups;
  const std::size_t first = group * filters;
  const bool has_bias = !bias.empty();
  Square w = with_bias(layer, group, bias);
  // Without a bias the last column can change nothing.
  const Eigen::Index end = has_bias ? size : size - 1;

  for (const BankSpan& bank : layer.banks(first)) {
    const auto at = static_cast<Eigen::Index>(bank.first);
    const auto width = static_cast<Eigen::Index>(bank.size);
    const Square corner = u.block(at, at, width, width).triangularView<Eigen::Upper>();
    // G between this bank's weights and all that may still change.
    const Square g = corner.transpose() * u.block(at, at, width, end - at);
    for (Eigen::Index f = 0; f < w.rows(); ++f) {
      auto part = w.row(f).segment(at, width);
      std::vector<bool> zero(bank.size);
      for (std::size_t i = 0; i < bank.size; ++i) {
        zero[i] = layer.row(first + static_cast<std::size_t>(f))[bank.first + i] == 0.0F;
      }
      const auto list = chosen(part.transpose(), g.leftCols(width), std::move(zero), keep);
      if (list.empty()) continue;
      const auto count = static_cast<Eigen::Index>(list.size());
      Square among(count, count);
      Square towards(count, end - at);
      Eigen::VectorXd removed(count);
      for (Eigen::Index i = 0; i < count; ++i) {
        removed[i] = part[list[static_cast<std::size_t>(i)]];
        towards.row(i) = g.row(list[static_cast<std::size_t>(i)]);
        for (Eigen::Index j = 0; j < count; ++j) {
          among(i, j) = g(list[static_cast<std::size_t>(i)], list[static_cast<std::size_t>(j)]);
        }
      }
      const Eigen::VectorXd factor = among.llt().solve(removed);
      w.row(f).segment(at, end - at) -= factor.transpose() * towards;
      for (const Eigen::Index i : list) part[i] = 0.0;
    }
  }
  for (std::size_t f = 0; f < filters; ++f) {
    const auto row = layer.row(first + f);
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = static_cast<float>(w(static_cast<Eigen::Index>(f), static_cast<Eigen::Index>(i)));
    }
    if (has_bias) bias[first + f] = static_cast<float>(w(static_cast<Eigen::Index>(f), size - 1));
  }
}

std::vector<PrunedLayer> prune_second_order(Graph& graph, const Calibration& calibration,
                                            std::uint32_t keep, const SecondOrderOptions& options) {
  std::vector<LayerRows> layers = prunable_layers(graph, keep);
  Walk walk(graph, calibration);
  for (const LayerRows& layer : layers) walk.hold(layer.image, layer.node);
  std::vector<PrunedLayer> report;
  auto next = layers.begin();
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    if (next != layers.end() && next->node == n) {
      PrunedLayer entry = examine(*next, keep);
      if (options.progress) options.progress(next->name);
      if (entry.note.empty()) prune_layer(graph, *next, walk, keep, options.damping, entry);
      report.push_back(std::move(entry));
      ++next;
    }
    walk.evaluate(n);
  }
  return report;
}

}  // namespace s4::sw
