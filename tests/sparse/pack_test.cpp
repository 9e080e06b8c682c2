#include <catch2/catch.hpp>
#include <limits>
#include <random>

#include "sim/config/configuration_loader.hpp"
#include "sw/sparse/pack.hpp"
#include "sw/sparse/prune.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"

using namespace s4::sw;
using s4::config::Configuration;

namespace {

Configuration configuration(const std::string& name) {
  return s4::sim::load_configuration(s4::tb::root(), name);
}

std::int8_t non_zero(std::mt19937_64& random) {
  const int value = static_cast<int>(random() % 254) - 127;
  return static_cast<std::int8_t>(value >= 0 ? value + 1 : value);
}

struct Parameters {
  std::vector<std::int32_t> biases;
  std::vector<float> scales;
};

Parameters parameters(std::uint32_t out, std::mt19937_64& random) {
  Parameters p;
  for (std::uint32_t i = 0; i < out; ++i) {
    p.biases.push_back(static_cast<std::int32_t>(random()));
    p.scales.push_back(static_cast<float>(random() % 1000) / 977.0F);
  }
  return p;
}

/// Packs and unpacks; checks what must hold for every stream.
PackedWeights round_trip(const WeightTensor& weights, const Configuration& config,
                         std::uint32_t shape, std::uint64_t piece_bytes, std::mt19937_64& random) {
  const Parameters p = parameters(weights.out_channels, random);
  const bool late = random() % 2 == 0;
  const PackedWeights packed =
      pack_weights(weights, p.biases, p.scales, config, shape, piece_bytes, late);
  const UnpackedWeights back =
      unpack_weights(packed, config, weights.out_channels, weights.in_channels, weights.kernel_h,
                     weights.kernel_w, !weights.bf16.empty());
  if (weights.bf16.empty()) {
    REQUIRE(back.weights == weights);
  } else {
    for (std::size_t i = 0; i < weights.data.size(); ++i) {
      REQUIRE(back.weights.value(i) == weights.value(i));
    }
  }
  REQUIRE(back.biases == p.biases);
  REQUIRE(back.scales == p.scales);
  const auto profiles = profile_groups(weights, bank_counts(weights), config, shape);
  REQUIRE(profiles.size() == packed.groups.size());
  std::uint64_t end = 0;
  for (std::size_t g = 0; g < packed.groups.size(); ++g) {
    const WeightGroup& group = packed.groups[g];
    REQUIRE(profiles[g].counts == group.counts);
    REQUIRE(profiles[g].words() == group.words());
    std::uint64_t words = 0;
    for (std::size_t i = 0; i < group.pieces.size(); ++i) {
      const WeightPiece& piece = group.pieces[i];
      REQUIRE(piece.offset == end);
      REQUIRE((piece.param_words != 0) == (i == (late && g == 0 ? group.pieces.size() - 1 : 0)));
      REQUIRE(piece.index_words % 3 == 0);
      REQUIRE(piece.value_words % 4 == 0);
      REQUIRE(piece.index_words * 64 <= index_capacity(config));
      REQUIRE(piece.value_words * 64 <= value_capacity(config));
      end += piece.words() * 64;
      words += piece.words();
    }
    REQUIRE(words == group.words());
  }
  REQUIRE(end == packed.bytes.size());
  return packed;
}

/// Weights whose bank b of channel o has exactly `k(o, b)` entries, as far as channels exist.
template <typename Function>
WeightTensor weights_with(std::uint32_t out, std::uint32_t in, std::uint32_t kh, std::uint32_t kw,
                          std::mt19937_64& random, Function&& k) {
  WeightTensor weights(out, in, kh, kw);
  for (std::uint32_t o = 0; o < out; ++o) {
    for (std::uint32_t bank = 0; bank < weights.banks(); ++bank) {
      std::uint32_t left = k(o, bank);
      std::uint32_t valid = weights.valid_in_bank(bank);
      for (std::uint32_t e = 0; e < valid; ++e) {
        if (random() % (valid - e) < left) {
          weights.data[weights.position(o, bank, e)] = non_zero(random);
          --left;
        }
        if (left == 0) break;
      }
    }
  }
  return weights;
}

}  // namespace

TEST_CASE("stream: BF16 values, every K, every shape") {
  std::mt19937_64 random(s4::tb::seed());
  for (const char* name : {"tiny", "small"}) {
    const Configuration config = configuration(name);
    for (std::uint32_t k = 0; k <= 64; ++k) {
      const std::uint32_t shape = k % (config.max_shape + 1);
      CAPTURE(name, shape, k);
      WeightTensor weights = weights_with(group_lanes(config, shape) + k % 3, 100, 1, 2, random,
                                          [&](auto, auto) { return k; });
      const PackedWeights bytes = round_trip(weights, config, shape, 0, random);
      for (std::size_t i = 0; i < weights.data.size(); ++i) {
        // Both bytes matter: each alone is zero now and then.
        const auto bits = static_cast<std::uint16_t>(random());
        weights.bf16.push_back(static_cast<std::uint16_t>(i % 7 == 0   ? bits & 0xFFU | 1U
                                                          : i % 7 == 1 ? 0x0100U
                                                                       : bits | 0x8000U));
      }
      const PackedWeights packed = round_trip(weights, config, shape, 0, random);
      REQUIRE(packed.index_bytes == bytes.index_bytes);
      REQUIRE(packed.value_bytes <= 2 * bytes.value_bytes);
    }
  }
}

TEST_CASE("stream: every K from 0 to 64, every shape of every configuration") {
  std::mt19937_64 random(s4::tb::seed());
  for (const char* name : {"tiny", "small", "s4"}) {
    const Configuration config = configuration(name);
    for (std::uint32_t shape = 0; shape <= config.max_shape; ++shape) {
      for (std::uint32_t k = 0; k <= 64; k += name[0] == 's' ? 3 : 1) {
        CAPTURE(name, shape, k);
        const WeightTensor weights = weights_with(group_lanes(config, shape), 64, 1, 1, random,
                                                  [&](auto, auto) { return k; });
        const PackedWeights packed = round_trip(weights, config, shape, 0, random);
        REQUIRE(packed.groups.at(0).counts.at(0) == k);
      }
    }
  }
}

TEST_CASE("stream: K of a bank is that of the fullest lane, each bank its own") {
  std::mt19937_64 random(s4::tb::seed() + 1);
  const Configuration config = configuration("tiny");
  for (std::uint32_t shape = 0; shape <= 1; ++shape) {
    const WeightTensor weights =
        weights_with(37, 320, 3, 3, random, [&](auto, auto) { return random() % 65; });
    round_trip(weights, config, shape, 0, random);
  }
}

TEST_CASE("stream: partly filled banks and groups") {
  std::mt19937_64 random(s4::tb::seed() + 2);
  for (const char* name : {"tiny", "small"}) {
    const Configuration config = configuration(name);
    for (const std::uint32_t out : {1U, 7U, 16U, 17U, 65U}) {
      for (const std::uint32_t in : {1U, 3U, 63U, 65U, 130U}) {
        CAPTURE(name, out, in);
        WeightTensor weights = weights_with(out, in, 2, 3, random, [](auto, auto) { return 64U; });
        round_trip(weights, config, config.max_shape, 0, random);
        prune(weights, 5, Pattern::kBalanced, 1);
        round_trip(weights, config, 0, 0, random);
      }
    }
  }
}

namespace {

/// Replays each group through buffers of the configured size, piece after piece. What a piece
/// brings must complete its banks: then the next piece finds room once they are worked off, and a
/// stream never waits for itself.
void require_flow(const PackedWeights& packed, const Configuration& config) {
  for (const WeightGroup& group : packed.groups) {
    const std::uint64_t headers = packed.group_lanes * 6 / 8;
    std::uint64_t index = 0, value = 0;            // arrived
    std::uint64_t index_done = 0, value_done = 0;  // of the banks that are complete
    std::size_t bank = 0;
    for (const WeightPiece& piece : group.pieces) {
      index += piece.index_words * 64;
      REQUIRE(index - index_done <= index_capacity(config));
      value += piece.value_words * 64;
      REQUIRE(value - value_done <= value_capacity(config));
      for (; bank < group.counts.size(); ++bank) {
        const std::uint32_t k = group.counts[bank];
        std::uint64_t index_end = index_done + (bank % headers == 0 ? headers : 0);
        if (k > 0 && k < 64) index_end += headers * (k >= 11 ? 11 : k);
        const std::uint64_t value_end = value_done + std::uint64_t{k} * packed.group_lanes;
        if (index_end > index || value_end > value) break;
        index_done = index_end;
        value_done = value_end;
      }
    }
    REQUIRE(bank == group.counts.size());
  }
}

}  // namespace

TEST_CASE("stream: pieces of any size complete their banks") {
  std::mt19937_64 random(s4::tb::seed() + 3);
  const Configuration config = configuration("tiny");
  for (const std::uint64_t bytes : {1ULL, 256ULL, 1000ULL, 4096ULL}) {
    const WeightTensor weights =
        weights_with(20, 640, 1, 3, random, [&](auto, auto) { return random() % 65; });
    const PackedWeights packed = round_trip(weights, config, 1, bytes, random);
    REQUIRE(packed.groups[0].pieces.size() > 1);
    require_flow(packed, config);
  }
}

TEST_CASE("stream: pieces flow through the smallest legal buffers") {
  std::mt19937_64 random(s4::tb::seed() + 5);
  Configuration config = configuration("tiny");
  config.num_quadrants = 1;
  config.lanes_per_quadrant = config.array_lanes = 8;
  config.max_shape = 0;
  config.value_rows = 128;
  config.index_rows = 64;  // two blocks
  for (const std::uint32_t most : {1U, 2U, 10U, 11U, 35U, 64U}) {
    for (unsigned repeat = 0; repeat < 8; ++repeat) {
      const WeightTensor weights =
          weights_with(16, 640, 1, 5, random, [&](auto, auto) -> std::uint32_t {
            return random() % 2 != 0 ? most : random() % (most + 1);
          });
      require_flow(round_trip(weights, config, 0, 0, random), config);
    }
  }
}

TEST_CASE("stream: sizes at 32x are those of 14 bits per weight") {
  std::mt19937_64 random(s4::tb::seed() + 4);
  const Configuration config = configuration("s4");
  const WeightTensor weights = weights_with(256, 2048, 1, 1, random, [](auto, auto) { return 2U; });
  const PackedWeights packed = round_trip(weights, config, 2, 0, random);
  const double stored = static_cast<double>(packed.index_bytes + packed.value_bytes);
  const double dense = static_cast<double>(weights.data.size());
  REQUIRE(dense / stored > 17.5);
  REQUIRE(dense / stored < 18.4);
}

TEST_CASE("stream: what is wrong is refused") {
  const Configuration config = configuration("tiny");
  WeightTensor weights(4, 64, 1, 1);
  std::vector<float> scales(4, 1.0F);
  REQUIRE_THROWS_AS(pack_weights(weights, {0, 0}, scales, config, 0), std::invalid_argument);
  REQUIRE_THROWS_AS(pack_weights(weights, {0, 0, 0, 0}, scales, config, 2), std::invalid_argument);
  scales[2] = std::numeric_limits<float>::infinity();
  REQUIRE_THROWS_AS(pack_weights(weights, {0, 0, 0, 0}, scales, config, 0), std::invalid_argument);
  scales[2] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE_THROWS_AS(pack_weights(weights, {0, 0, 0, 0}, scales, config, 0), std::invalid_argument);
}

TEST_CASE("stream: the reader notices a flipped bit") {
  std::mt19937_64 random(s4::tb::seed() + 5);
  const Configuration config = configuration("tiny");
  const WeightTensor weights = weights_with(16, 256, 1, 1, random, [](auto, auto) { return 20U; });
  const Parameters p = parameters(16, random);
  const PackedWeights good = pack_weights(weights, p.biases, p.scales, config, 0);
  unsigned unnoticed = 0;
  for (std::size_t byte = 0; byte < good.bytes.size(); byte += 7) {
    PackedWeights bad = good;
    bad.bytes[byte] ^= 1U << (byte % 8);
    try {
      const UnpackedWeights back = unpack_weights(bad, config, 16, 256, 1, 1);
      if (back.weights == weights && back.biases == p.biases && back.scales == p.scales) {
        ++unnoticed;
      }
    } catch (const std::invalid_argument&) {
    }
  }
  REQUIRE(unnoticed == 0);
}
