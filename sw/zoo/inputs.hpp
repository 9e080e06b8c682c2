// Seeded inputs of the networks: images and sentences that differ from each other.
#pragma once

#include <cstdint>
#include <string>

#include "sw/quantize/calibrate.hpp"

namespace s4::sw {

/// Images [batch,3,size,size] as a classifier gets them, normalised: smooth gradients, gratings and
/// blobs of random place, size, direction and colour, and a little noise.
[[nodiscard]] graph::TensorData zoo_images(std::uint64_t seed, std::int64_t batch,
                                           std::int64_t size);

/// input_ids and token_type_ids, int64 [batch,sequence]: words of the whole vocabulary, half of
/// them frequent ones; the second sentence begins anywhere.
[[nodiscard]] std::vector<graph::TensorData> zoo_tokens(std::uint64_t seed, std::int64_t batch,
                                                        std::int64_t sequence,
                                                        std::int64_t vocabulary);

}  // namespace s4::sw
