// Rewrites of a graph that keep what it computes.
#pragma once

#include <string>
#include <vector>

#include "sw/graph/graph.hpp"

namespace s4::sw::graph {

/// Removes nodes whose result nobody reads, and tensors that no node and no port names.
/// Inputs of the graph stay. Tensor ids change.
void remove_dead(Graph& graph);

/// Replaces nodes of constants by their result. Dequantisation of constants stays unless
/// `dequantize`: it says how weights are to be quantised. Convolutions, products and pools stay.
void fold_constants(Graph& graph, bool dequantize = false);
/// Whether fold_constants would replace this node; its inputs are constants.
[[nodiscard]] bool is_foldable(const Graph& graph, const Node& node);

/// Reshapes and Transposes that do nothing, or undo each other, vanish. A Transpose that moves only
/// axes of size 1 becomes a Reshape.
void simplify(Graph& graph);

/// Functions spelled out in elementary operators become one node: x sigmoid(x), the forms of GELU
/// and HardSwish, 1 / sqrt(x), powers of 2, 1/2, -1/2 and -1, and the mean, variance and division
/// of a LayerNormalization. Only where nothing else reads what is between, and constants are right
/// within 1e-3. A mean over all axes behind the channels becomes a GlobalAveragePool.
void fuse_patterns(Graph& graph);

/// Gemm with constant operands gets alpha = beta = 1 and an untransposed second operand; a constant
/// added behind Conv, Gemm or MatMul becomes their bias (stacked rows become a matrix for it);
/// BatchNormalization and a factor behind Conv or Gemm move into their weights.
void fold_parameters(Graph& graph);

/// A Clip (Relu) behind Conv, Gemm, MatMul, Add or Mul, also behind a Reshape or Transpose of its
/// result, becomes the clamp of that node.
void fuse_activations(Graph& graph);

/// A graph in QDQ form becomes one of byte operators: QuantizeLinear and DequantizeLinear around
/// Conv, Gemm, MatMul, Add, Mul, Clip, the pools, functions, and softmax and normalisation over the
/// last axis vanish into them, and move through MaxPool, Reshape and Transpose. Operators that are
/// not between both stay in float32. Returns a line for each one that is, but could not be fused.
std::vector<std::string> fuse_quantized(Graph& graph);

/// Constants that a QAdd, QSub or QMax repeats become whole tensors, where that leaves every byte
/// of the result as it is: QLinearAdd rounds a repeated operand in another order.
void spread_constants(Graph& graph);

/// A QAveragePool that does not count padding, and whose windows are cut by the border, gets a
/// second input: the share (byte_rounding.hpp) of every window, as a tensor like the result. What
/// it computes is the same.
void add_window_shares(Graph& graph);

/// A QGlobalAveragePool of images with more than `largest` rows or columns gets a second input of
/// ones, one per pixel of every image, as channels. What it computes is the same.
void add_image_ones(Graph& graph, std::int64_t largest);

/// Begins with spread_constants(). A QAdd of two tensors of one shape, of which one comes from a
/// QConv or QMatMul and goes nowhere else, becomes the second tensor of that layer.
void fuse_residual_adds(Graph& graph);

/// Attention's heads of several words of `word` channels of bytes: the products that make or read
/// [B,S,h*C] get their channels as [words, h, word] instead of [h, words, word], and the Transpose
/// between them and [B,h,S,C] becomes one of whole words, [B,S,words,h,word] to [B,h,S,words,word]
/// or back, or to [B,h,words,word,S]. Only where nothing else reads those channels.
void order_heads(Graph& graph, std::int64_t word);

/// All of the above but add_window_shares, add_image_ones, fuse_residual_adds and order_heads, in
/// the order that gives the fewest nodes. Returns the lines of fuse_quantized.
std::vector<std::string> optimize(Graph& graph);

}  // namespace s4::sw::graph
