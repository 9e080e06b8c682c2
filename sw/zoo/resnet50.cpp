#include <array>
#include <stdexcept>
#include <string>

#include "sw/zoo/networks.hpp"

namespace s4::sw {
namespace {

using graph::Op;
using graph::TensorId;

constexpr std::int64_t kExpansion = 4;  // of a bottleneck's last convolution
constexpr std::array<std::int64_t, 4> kBlocks{3, 4, 6, 3};
constexpr std::int64_t kClasses = 1000;
constexpr double kLogitSpread = 2.0;

// Limits of gamma and beta. What a block adds is smaller than its shortcut, so that sums of many
// blocks keep their range.
constexpr Limits kGamma{0.6, 1.4};
constexpr Limits kBranchGamma{0.3, 0.8};
constexpr Limits kBeta{-0.3, 0.3};

struct Layer {
  std::string scope;      ///< "/layer1/layer1.0/conv1"
  std::string parameter;  ///< "layer1.0.conv1"
};

class Resnet50Writer {
 public:
  explicit Resnet50Writer(const Resnet50Options& options)
      : options_(options), out_("main_graph", options.seed) {}

  TorchGraph write() {
    TensorId x = out_.input("input", graph::DataType::kFloat32,
                            {options_.batch, 3, options_.size, options_.size});
    x = conv_norm({"/conv1", "conv1"}, {"/bn1", "bn1"}, x, 64 / options_.thinner, 7, 2, kGamma);
    x = max_pool(out_.relu("/relu", x));
    for (std::size_t stage = 0; stage < kBlocks.size(); ++stage) {
      for (std::int64_t block = 0; block < kBlocks[stage]; ++block) x = bottleneck(x, stage, block);
    }
    x = out_.node(Op::kGlobalAveragePool, "/avgpool", "GlobalAveragePool", {x},
                  graph::NoAttributes{});
    x = out_.node(Op::kReshape, "", "Flatten", {x},
                  graph::ReshapeAttributes{{options_.batch, out_.graph.at(x).shape[1]}});
    out_.output(out_.gemm("/fc", "fc", x, kClasses, kLogitSpread), "output");
    return std::move(out_);
  }

 private:
  TensorId conv_norm(const Layer& conv, const Layer& norm, TensorId x, std::int64_t filters,
                     std::int64_t kernel, std::int64_t stride, const Limits& gamma) {
    x = out_.conv(conv.scope, conv.parameter, x, filters, kernel, stride);
    return out_.batch_norm(norm.scope, norm.parameter, x, gamma, kBeta);
  }

  TensorId max_pool(TensorId x) {
    graph::PoolAttributes pool;
    pool.kernel = {3, 3};
    pool.strides = {2, 2};
    pool.pads = {1, 1, 1, 1};
    return out_.node(Op::kMaxPool, "/maxpool", "MaxPool", {x}, pool);
  }

  TensorId bottleneck(TensorId x, std::size_t stage, std::int64_t block) {
    const std::string layer = "layer" + std::to_string(stage + 1);
    const std::string parameter = layer + "." + std::to_string(block);
    std::string scope = "/";
    scope += layer + "/" + parameter;
    const auto part = [&](const std::string& name) {
      return Layer{scope + "/" + name, parameter + "." + name};
    };
    const std::int64_t width = (std::int64_t{64} << stage) / options_.thinner;
    const std::int64_t stride = stage > 0 && block == 0 ? 2 : 1;
    TensorId y = conv_norm(part("conv1"), part("bn1"), x, width, 1, 1, kGamma);
    y = out_.relu(scope + "/relu", y);
    y = conv_norm(part("conv2"), part("bn2"), y, width, 3, stride, kGamma);
    y = out_.relu(scope + "/relu", y);
    y = conv_norm(part("conv3"), part("bn3"), y, width * kExpansion, 1, 1, kBranchGamma);
    TensorId shortcut = x;
    if (block == 0) {
      const auto down = [&](const std::string& index) {
        return Layer{scope + "/downsample/downsample." + index, parameter + ".downsample." + index};
      };
      shortcut = conv_norm(down("0"), down("1"), x, width * kExpansion, 1, stride, kGamma);
    }
    return out_.relu(scope + "/relu", out_.add(scope, y, shortcut));
  }

  Resnet50Options options_;
  TorchGraph out_;
};

}  // namespace

TorchGraph resnet50(const Resnet50Options& options) {
  if (options.batch < 1) throw std::invalid_argument("resnet50: a batch of at least 1");
  if (options.size < 32 || options.size % 32 != 0) {
    throw std::invalid_argument("resnet50: the size of the images is a multiple of 32");
  }
  if (options.thinner < 1 || options.thinner > 64 || 64 % options.thinner != 0) {
    throw std::invalid_argument("resnet50: channels are divided by 1, 2, 4, 8, 16, 32 or 64");
  }
  return Resnet50Writer(options).write();
}

}  // namespace s4::sw
