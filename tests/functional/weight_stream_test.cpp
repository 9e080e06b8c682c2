// The decoder of the compressed weight stream on hand-made streams.
#include "sim/spu/weight_stream.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tb/seed.hpp"
#include "tests/functional/stream_packer.hpp"

namespace {

using s4::sim::GroupWeights;
using s4::sim::PassSize;
using s4::sim::WeightBuffers;
using s4::sim::WeightStream;
using s4::test::Entry;
using s4::test::Form;
using s4::test::PackedBank;

void push(s4::sim::ByteFifo& fifo, const std::vector<std::uint8_t>& bytes) {
  const auto room = fifo.append(bytes.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
}

PackedBank random_bank(std::mt19937_64& random, std::uint32_t lanes, std::uint32_t count,
                       Form form) {
  PackedBank bank{count, form, {}};
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    std::vector<std::uint8_t> order(64);
    for (std::uint8_t i = 0; i < 64; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), random);
    std::sort(order.begin(), order.begin() + count);
    std::vector<Entry> entries(count);
    for (std::uint32_t j = 0; j < count; ++j) {
      entries[j] = {order[j], static_cast<std::int8_t>(random())};
    }
    bank.lanes.push_back(std::move(entries));
  }
  return bank;
}

void check_pass(const std::vector<PackedBank>& banks, std::uint32_t lanes) {
  const auto sections = s4::test::pack_pass(banks, lanes);
  const auto count = static_cast<std::uint32_t>(banks.size());
  const WeightStream stream(lanes);
  WeightBuffers buffers;
  CHECK(stream.scan(buffers, count).status == PassSize::Status::kStarved);
  push(buffers.indices, sections.indices);
  if (!sections.values.empty()) {
    CHECK(stream.scan(buffers, count).status == PassSize::Status::kStarved);
  }
  push(buffers.values, sections.values);
  push(buffers.indices, {0xff, 0xff});  // of the next pass
  const PassSize size = stream.scan(buffers, count);
  REQUIRE(size.status == PassSize::Status::kComplete);
  CHECK(size.index_bytes == sections.indices.size());
  CHECK(size.value_bytes == sections.values.size());
  GroupWeights weights;
  stream.decode(buffers, count, weights);
  REQUIRE(weights.banks.size() == banks.size());
  std::uint64_t chunks = 0;
  for (std::size_t b = 0; b < banks.size(); ++b) {
    const auto& bank = weights.banks[b];
    chunks += bank.count;
    REQUIRE(bank.count == banks[b].count);
    for (std::uint32_t lane = 0; lane < lanes; ++lane) {
      for (std::uint32_t j = 0; j < bank.count; ++j) {
        const std::size_t at = bank.first + lane * bank.count + j;
        const Entry& expected = banks[b].lanes[lane][j];
        if (weights.index[at] != expected.index ||
            static_cast<std::int8_t>(weights.value[at]) != expected.value) {
          FAIL("bank " << b << " lane " << lane << " entry " << j << ": expected ("
                       << int{expected.index} << ", " << int{expected.value} << "), got ("
                       << int{weights.index[at]} << ", " << int{weights.value[at]} << "), seed "
                       << s4::tb::seed());
        }
      }
    }
  }
  CHECK(size.chunks == chunks);
}

}  // namespace

TEST_CASE("pairs written bit by bit", "[functional][decoder]") {
  // 8 lanes: a chunk is 6 index bytes. One bank, K = 1, index of lane o is 8 * o + 1.
  const WeightStream stream(8);
  WeightBuffers buffers;
  std::vector<std::uint8_t> indices(192, 0);
  indices[0] = 1;  // header: pairs, K = 1
  // Fields 1, 9, 17, 25 | 33, 41, 49, 57, four in 24 bits, the first lowest.
  const std::uint32_t low = 1U | 9U << 6 | 17U << 12 | 25U << 18;
  const std::uint32_t high = 33U | 41U << 6 | 49U << 12 | 57U << 18;
  for (int i = 0; i < 3; ++i) {
    indices[6 + i] = static_cast<std::uint8_t>(low >> (8 * i));
    indices[9 + i] = static_cast<std::uint8_t>(high >> (8 * i));
  }
  std::vector<std::uint8_t> values(256, 0);
  for (std::uint8_t lane = 0; lane < 8; ++lane) values[lane] = static_cast<std::uint8_t>(-lane);
  push(buffers.indices, indices);
  push(buffers.values, values);
  const PassSize size = stream.scan(buffers, 1);
  REQUIRE(size.status == PassSize::Status::kComplete);
  CHECK(size.index_bytes == 192);
  CHECK(size.value_bytes == 256);
  GroupWeights weights;
  stream.decode(buffers, 1, weights);
  REQUIRE(weights.banks[0].count == 1);
  for (int lane = 0; lane < 8; ++lane) {
    CHECK(weights.index[lane] == 8 * lane + 1);
    CHECK(static_cast<std::int8_t>(weights.value[lane]) == -lane);
  }
}

TEST_CASE("every K in both forms", "[functional][decoder]") {
  std::mt19937_64 random(s4::tb::seed());
  for (const std::uint32_t lanes : {8U, 16U, 64U, 256U}) {
    for (std::uint32_t k = 0; k <= 64; ++k) {
      check_pass({random_bank(random, lanes, k, Form::kPairs)}, lanes);
      check_pass({random_bank(random, lanes, k, Form::kBitmap)}, lanes);
    }
  }
}

TEST_CASE("headers continue in a second chunk", "[functional][decoder]") {
  std::mt19937_64 random(s4::tb::seed());
  // 8 lanes: 6 headers in a chunk; 5, 6, 7, 12 and 13 banks lie around the boundaries.
  for (const std::uint32_t lanes : {8U, 16U}) {
    for (const std::uint32_t banks : {1U, 5U, 6U, 7U, 11U, 12U, 13U, 24U, 25U, 100U}) {
      std::vector<PackedBank> pass;
      for (std::uint32_t b = 0; b < banks; ++b) {
        const auto k = static_cast<std::uint32_t>(random() % 65);
        pass.push_back(random_bank(random, lanes, k, k >= 11 ? Form::kBitmap : Form::kPairs));
      }
      check_pass(pass, lanes);
    }
  }
}

TEST_CASE("banks without weights and dense banks", "[functional][decoder]") {
  std::mt19937_64 random(s4::tb::seed());
  std::vector<PackedBank> empty(20, random_bank(random, 8, 0, Form::kPairs));
  check_pass(empty, 8);
  std::vector<PackedBank> mixed;
  for (const std::uint32_t k : {0U, 64U, 0U, 0U, 3U, 64U, 64U, 12U, 0U}) {
    mixed.push_back(random_bank(random, 16, k, k == 12 ? Form::kBitmap : Form::kPairs));
  }
  check_pass(mixed, 16);
}

TEST_CASE("a header with K above 64 is malformed", "[functional][decoder]") {
  const WeightStream stream(16);
  for (int header = 0; header < 256; ++header) {
    WeightBuffers buffers;
    std::vector<std::uint8_t> indices(16 * 1024, 0);
    indices[0] = static_cast<std::uint8_t>(header);
    push(buffers.indices, indices);
    push(buffers.values, std::vector<std::uint8_t>(64 * 16, 0));
    const auto expected =
        (header & 127) > 64 ? PassSize::Status::kMalformed : PassSize::Status::kComplete;
    CHECK(stream.scan(buffers, 1).status == expected);
  }
}

TEST_CASE("parameter rows", "[functional][decoder]") {
  const WeightStream stream(16);
  std::vector<std::int32_t> biases;
  std::vector<std::uint32_t> scales;
  for (int i = 0; i < 16; ++i) {
    biases.push_back(-1000 * i + 7);
    scales.push_back(0x3f800000U + static_cast<std::uint32_t>(i) * 0x01010101U);
  }
  WeightBuffers buffers;
  push(buffers.params, s4::test::pack_params(biases, scales, 8));
  REQUIRE(buffers.params.size() == stream.param_bytes());
  std::vector<s4::sim::ChannelParameters> channels;
  stream.decode_params(buffers, 8, channels);
  for (int i = 0; i < 16; ++i) {
    CHECK(channels[i].bias == biases[i]);
    CHECK(channels[i].scale == scales[i]);
  }
}

TEST_CASE("the byte queue keeps its order", "[functional][decoder]") {
  std::mt19937_64 random(s4::tb::seed());
  s4::sim::ByteFifo fifo;
  std::uint8_t in = 0;
  std::uint8_t out = 0;
  for (int i = 0; i < 2000; ++i) {
    auto room = fifo.append(random() % 50);
    for (auto& byte : room) byte = in++;
    const std::size_t take = random() % (fifo.size() + 1);
    for (std::size_t j = 0; j < take; ++j) REQUIRE(fifo.data()[j] == out++);
    fifo.pop(take);
  }
}
