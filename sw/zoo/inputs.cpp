#include "sw/zoo/inputs.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "sw/zoo/seeded.hpp"

namespace s4::sw {
namespace {

constexpr std::size_t kChannels = 3;
constexpr int kGratings = 8;
constexpr int kBlobs = 8;
constexpr double kNoise = 0.05;
// Of ImageNet, with which torchvision's networks normalise.
constexpr std::array<double, kChannels> kMean{0.485, 0.456, 0.406};
constexpr std::array<double, kChannels> kDeviation{0.229, 0.224, 0.225};

using Colour = std::array<double, kChannels>;

/// Of either sign in every channel, never faint: images differ in what they show, less in contrast.
Colour colour(Random& random, double strength) {
  Colour c{};
  for (double& value : c) {
    const double sign = random.uniform() < 0.5 ? -1.0 : 1.0;
    value = sign * strength * (0.4 + 0.6 * random.uniform());
  }
  return c;
}

/// A plane wave; one of low frequency is a gradient.
struct Wave {
  double across = 0;  ///< radians from edge to edge
  double down = 0;
  double phase = 0;
  Colour amplitude{};

  static Wave draw(Random& random, double least, double most, double strength) {
    const double angle = 2.0 * std::numbers::pi * random.uniform();
    const double cycles = least * std::pow(most / least, random.uniform());
    const double turn = 2.0 * std::numbers::pi;
    return {turn * cycles * std::cos(angle), turn * cycles * std::sin(angle),
            turn * random.uniform(), colour(random, strength)};
  }
  [[nodiscard]] double at(double x, double y) const {
    return std::sin(across * x + down * y + phase);
  }
};

struct Blob {
  double x = 0;
  double y = 0;
  double width = 1;
  Colour amplitude{};

  static Blob draw(Random& random) {
    const double x = random.uniform();
    const double y = random.uniform();
    return {x, y, 0.05 + 0.2 * random.uniform(), colour(random, 0.3)};
  }
  [[nodiscard]] double at(double px, double py) const {
    const double across = (px - x) / width;
    const double down = (py - y) / width;
    return std::exp(-across * across - down * down);
  }
};

void draw_image(Random random, std::int64_t size, float* to) {
  const Colour ground = colour(random, 0.1);
  std::vector<Wave> waves{Wave::draw(random, 0.2, 0.6, 0.2)};
  for (int i = 0; i < kGratings; ++i) waves.push_back(Wave::draw(random, 1.0, 28.0, 0.1));
  std::vector<Blob> blobs;
  for (int i = 0; i < kBlobs; ++i) blobs.push_back(Blob::draw(random));
  const std::int64_t pixels = size * size;
  for (std::int64_t i = 0; i < pixels; ++i) {
    const double x = static_cast<double>(i % size) / static_cast<double>(size);
    const double y = static_cast<double>(i / size) / static_cast<double>(size);
    Colour sum = ground;
    const auto add = [&](const auto& shape) {
      const double value = shape.at(x, y);
      for (std::size_t c = 0; c < kChannels; ++c) sum[c] += value * shape.amplitude[c];
    };
    for (const Wave& wave : waves) add(wave);
    for (const Blob& blob : blobs) add(blob);
    for (std::size_t c = 0; c < kChannels; ++c) {
      const double noise = kNoise * (2.0 * random.uniform() - 1.0);
      const double value = std::clamp(0.5 + sum[c] + noise, 0.0, 1.0);
      to[static_cast<std::int64_t>(c) * pixels + i] =
          static_cast<float>((value - kMean[c]) / kDeviation[c]);
    }
  }
}

}  // namespace

graph::TensorData zoo_images(std::uint64_t seed, std::int64_t batch, std::int64_t size) {
  const auto channels = static_cast<std::int64_t>(kChannels);
  graph::TensorData images(graph::DataType::kFloat32, {batch, channels, size, size});
  for (std::int64_t n = 0; n < batch; ++n) {
    draw_image(stream(seed, "image " + std::to_string(n)), size,
               images.get<float>().data() + n * channels * size * size);
  }
  return images;
}

std::vector<graph::TensorData> zoo_tokens(std::uint64_t seed, std::int64_t batch,
                                          std::int64_t sequence, std::int64_t vocabulary) {
  graph::TensorData ids(graph::DataType::kInt64, {batch, sequence});
  graph::TensorData types(graph::DataType::kInt64, {batch, sequence});
  const auto words = static_cast<std::size_t>(vocabulary);
  const std::size_t frequent = std::max<std::size_t>(1, words / 30);
  for (std::int64_t n = 0; n < batch; ++n) {
    Random random = stream(seed, "sentence " + std::to_string(n));
    const auto second = static_cast<std::int64_t>(random.below(static_cast<std::size_t>(sequence)));
    for (std::int64_t i = 0; i < sequence; ++i) {
      const auto at = static_cast<std::size_t>(n * sequence + i);
      const bool common = random.uniform() < 0.5;
      ids.get<std::int64_t>()[at] =
          static_cast<std::int64_t>(random.below(common ? frequent : words));
      types.get<std::int64_t>()[at] = i >= second ? 1 : 0;
    }
  }
  return {std::move(ids), std::move(types)};
}

}  // namespace s4::sw
