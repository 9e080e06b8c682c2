// Layers on the functional model against the reference: geometry, array shapes, weight strategies.
#include "sim/spu/spu.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>

#include "sim/reference/ops.hpp"
#include "tb/seed.hpp"
#include "tests/functional/harness.hpp"
#include "tests/functional/stream_packer.hpp"

namespace {

using s4::commands::EndCommand;
using s4::commands::SpuCommand;
using s4::commands::WeightsCommand;
using s4::counters::Counter;
using s4::test::Harness;
using Random = std::mt19937_64;

int between(Random& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1));
}

/// A convolution with everything that the SPU can fuse.
struct Layer {
  int images = 1, channels = 1, height = 1, width = 1, filters = 1;
  int kernel_h = 1, kernel_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::array<int, 4> pads{0, 0, 0, 0};  // top, left, bottom, right
  int keep = 64;                        // most weights of a bank
  bool vary = false;                    // K differs from bank to bank
  bool is_unsigned = false;
  bool add = false;
  int shape = 0;
  bool resident = true;
  bool keep_weights = false;  // two commands over the two halves of the images

  [[nodiscard]] int out_height() const {
    return (height + pads[0] + pads[2] - dilation_h * (kernel_h - 1) - 1) / stride_h + 1;
  }
  [[nodiscard]] int out_width() const {
    return (width + pads[1] + pads[3] - dilation_w * (kernel_w - 1) - 1) / stride_w + 1;
  }
  [[nodiscard]] int blocks() const { return (channels + 63) / 64; }
  [[nodiscard]] int out_blocks() const { return (filters + 63) / 64; }
  [[nodiscard]] int pixels() const { return images * out_height() * out_width(); }
  [[nodiscard]] int words() const {
    return blocks() * images * height * width + (add ? 2 : 1) * out_blocks() * pixels();
  }
  [[nodiscard]] std::string describe() const {
    std::string text;
    for (const int value : {images,        channels,         height,           width,    filters,
                            kernel_h,      kernel_w,         stride_h,         stride_w, dilation_h,
                            dilation_w,    pads[0],          pads[1],          pads[2],  pads[3],
                            keep,          int{vary},        int{is_unsigned}, int{add}, shape,
                            int{resident}, int{keep_weights}}) {
      text += std::to_string(value) + " ";
    }
    return text + "seed " + std::to_string(s4::tb::seed());
  }
};

struct Result {
  std::uint64_t macs = 0;
  std::uint64_t mac_clocks = 0;
  double seconds = 0;
};

template <typename T>
Result run_layer(const std::string& config_name, const Layer& layer, Random& random) {
  INFO("layer " << layer.describe() << " in " << config_name);
  Harness h(config_name);
  const auto& config = h.config;
  const int out_h = layer.out_height();
  const int out_w = layer.out_width();
  REQUIRE(out_h >= 1);
  REQUIRE(out_w >= 1);
  const auto range = s4::ref::full_range<T>();

  // ---- Tensors ----
  s4::ref::Tensor<T> x({layer.images, layer.channels, layer.height, layer.width});
  for (auto& value : x.data) value = static_cast<T>(random());
  s4::ref::Tensor<T> second({layer.images, layer.filters, out_h, out_w});
  for (auto& value : second.data) value = static_cast<T>(random());
  s4::ref::QWeights w;
  w.values =
      s4::ref::Tensor<std::int8_t>({layer.filters, layer.channels, layer.kernel_h, layer.kernel_w});
  const int taps = layer.kernel_h * layer.kernel_w;
  const auto weight = [&](int f, int c, int tap) -> std::int8_t& {
    return w.values[(std::int64_t{f} * layer.channels + c) * taps + tap];
  };
  for (int block = 0; block < layer.blocks(); ++block) {
    for (int tap = 0; tap < taps; ++tap) {
      const int keep = layer.vary ? between(random, 0, layer.keep) : layer.keep;
      const int valid = std::min(64, layer.channels - block * 64);
      for (int f = 0; f < layer.filters; ++f) {
        int left = std::min(keep, valid);
        for (int i = 0; i < valid; ++i) {  // selection sampling
          if (between(random, 1, valid - i) > left) continue;
          weight(f, block * 64 + i, tap) = static_cast<std::int8_t>(between(random, -127, 127));
          --left;
        }
      }
    }
  }
  const s4::ref::Quant x_quant{0.05F, between(random, range.low, range.high)};
  const s4::ref::Quant y_quant{0.1F * std::sqrt(static_cast<float>(layer.channels * taps)) *
                                   static_cast<float>(layer.keep + 1) / 8.0F,
                               between(random, range.low, range.high)};
  s4::ref::Tensor<std::int32_t> bias({layer.filters});
  for (int f = 0; f < layer.filters; ++f) {
    w.scale.push_back(0.01F + 0.0001F * static_cast<float>(between(random, 0, 300)));
    bias[f] = between(random, -20000, 20000);
  }
  s4::ref::Epilogue<T> epilogue;
  epilogue.bias = &bias;
  epilogue.y_quant = y_quant;
  if (between(random, 0, 1) != 0) epilogue.range.low = y_quant.zero_point;  // ReLU
  if (layer.add) {
    epilogue.add = s4::ref::FusedAdd<T>{};
    epilogue.add->tensor = &second;
    epilogue.add->quant = {0.3F, between(random, range.low, range.high)};
    epilogue.add->y_quant = {0.7F, between(random, range.low, range.high)};
    if (between(random, 0, 1) != 0) epilogue.add_range.high = range.high - 20;
  }
  s4::ref::QConvParams params;
  params.pads = {layer.pads[0], layer.pads[1], layer.pads[2], layer.pads[3]};
  params.strides = {layer.stride_h, layer.stride_w};
  params.dilations = {layer.dilation_h, layer.dilation_w};
  const auto expected = s4::ref::conv_requant(x, x_quant, w, epilogue, params);

  // ---- Local buffer ----
  const std::uint32_t in_image = static_cast<std::uint32_t>(layer.height * layer.width);
  const std::uint32_t in_plane = in_image * static_cast<std::uint32_t>(layer.images);
  const auto pixels = static_cast<std::uint32_t>(layer.pixels());
  const std::uint32_t out_addr = in_plane * static_cast<std::uint32_t>(layer.blocks());
  const std::uint32_t add_addr = out_addr + pixels * static_cast<std::uint32_t>(layer.out_blocks());
  auto& local = h.subsystem.local_buffer();
  const auto byte_at = [&](std::uint32_t base, std::uint32_t plane, int c,
                           std::uint32_t pixel) -> std::uint8_t& {
    return local.word(base + static_cast<std::uint32_t>(c / 64) * plane + pixel)[c % 64];
  };
  // Bytes beyond the channels are not zero: they must not matter, their weights are.
  for (std::uint32_t i = 0; i < local.size(); ++i) {
    for (auto& byte : local.word(i)) byte = static_cast<std::uint8_t>(i * 7 + 3);
  }
  const auto place = [&](const s4::ref::Tensor<T>& tensor, std::uint32_t base,
                         std::uint32_t plane) {
    const auto area = static_cast<std::uint32_t>(tensor.dim(2) * tensor.dim(3));
    std::int64_t at = 0;
    for (int n = 0; n < tensor.dim(0); ++n) {
      for (int c = 0; c < tensor.dim(1); ++c) {
        for (std::uint32_t p = 0; p < area; ++p) {
          byte_at(base, plane, c, static_cast<std::uint32_t>(n) * area + p) =
              static_cast<std::uint8_t>(tensor[at++]);
        }
      }
    }
  };
  place(x, 0, in_plane);
  if (layer.add) place(second, add_addr, pixels);

  // ---- Weight stream ----
  const int group = static_cast<int>(config.array_lanes >> layer.shape);
  const int groups = (layer.filters + group - 1) / group;
  const auto tile = config.pixels_per_quadrant << layer.shape;
  const std::uint32_t tiles = (pixels + tile - 1) / tile;
  std::uint64_t addr = Harness::kBase;
  for (int g = 0; g < groups; ++g) {
    std::vector<s4::test::PackedBank> banks;
    for (int block = 0; block < layer.blocks(); ++block) {
      for (int tap = 0; tap < taps; ++tap) {
        std::vector<std::vector<std::int8_t>> lanes(group, std::vector<std::int8_t>(64, 0));
        for (int lane = 0; lane < group && g * group + lane < layer.filters; ++lane) {
          for (int i = 0; i < 64 && block * 64 + i < layer.channels; ++i) {
            lanes[lane][i] = weight(g * group + lane, block * 64 + i, tap);
          }
        }
        banks.push_back(s4::test::make_bank(lanes));
      }
    }
    std::vector<std::int32_t> biases(group, 12345);
    std::vector<std::uint32_t> scales(group, 0x3f800000U);
    for (int lane = 0; lane < group && g * group + lane < layer.filters; ++lane) {
      biases[lane] = bias[g * group + lane];
      scales[lane] = std::bit_cast<std::uint32_t>(
          s4::ref::requantize_scale(x_quant.scale, w.scale[g * group + lane], y_quant.scale));
    }
    const auto param_bytes = s4::test::pack_params(biases, scales, config.lanes_per_quadrant);
    const auto sections = s4::test::pack_pass(banks, static_cast<std::uint32_t>(group));
    WeightsCommand weights;
    weights.mem_addr = addr;
    weights.param_words = static_cast<std::uint16_t>(param_bytes.size() / 64);
    weights.index_words = static_cast<std::uint32_t>(sections.indices.size() / 64);
    weights.value_words = static_cast<std::uint32_t>(sections.values.size() / 64);
    weights.count = 1;
    for (const auto* section : {&param_bytes, &sections.indices, &sections.values}) {
      h.memory.write(addr, *section);
      addr += section->size();
    }
    REQUIRE(addr < Harness::kLimit);
    const std::uint32_t copies = layer.resident ? 1 : tiles;
    for (std::uint32_t copy = 0; copy < copies; ++copy) h.add(weights);
    // In front of the queue's end, so that weights and SPU commands alternate: the SPU command is
    // added behind the weights of the first group.
    if (g == 0) {
      SpuCommand spu;
      spu.in_plane = in_plane;
      spu.in_image = in_image;
      spu.in_row = static_cast<std::uint16_t>(layer.width);
      spu.in_blocks = static_cast<std::uint16_t>(layer.blocks());
      spu.in_height = static_cast<std::uint16_t>(layer.height);
      spu.in_width = static_cast<std::uint16_t>(layer.width);
      spu.images = static_cast<std::uint16_t>(layer.images);
      spu.out_height = static_cast<std::uint16_t>(out_h);
      spu.out_width = static_cast<std::uint16_t>(out_w);
      spu.kernel_h = static_cast<std::uint8_t>(layer.kernel_h);
      spu.kernel_w = static_cast<std::uint8_t>(layer.kernel_w);
      spu.stride_h = static_cast<std::uint8_t>(layer.stride_h);
      spu.stride_w = static_cast<std::uint8_t>(layer.stride_w);
      spu.dilation_h = static_cast<std::uint8_t>(layer.dilation_h);
      spu.dilation_w = static_cast<std::uint8_t>(layer.dilation_w);
      spu.shape = static_cast<std::uint8_t>(layer.shape);
      spu.pad_top = static_cast<std::uint16_t>(layer.pads[0]);
      spu.pad_left = static_cast<std::uint16_t>(layer.pads[1]);
      spu.out_channels = static_cast<std::uint16_t>(layer.filters);
      spu.out_addr = out_addr;
      spu.out_plane = pixels;
      spu.pixels = pixels;
      spu.weights_resident = layer.resident ? 1 : 0;
      spu.in_unsigned = layer.is_unsigned ? 1 : 0;
      spu.in_zero = static_cast<std::int16_t>(x_quant.zero_point);
      spu.requant_zero = static_cast<std::int16_t>(y_quant.zero_point);
      spu.requant_min = static_cast<std::int16_t>(epilogue.range.low - y_quant.zero_point);
      spu.requant_max = static_cast<std::int16_t>(epilogue.range.high - y_quant.zero_point);
      if (layer.add) {
        const auto& a = *epilogue.add;
        const float ra = y_quant.scale / a.y_quant.scale;
        const float rb = a.quant.scale / a.y_quant.scale;
        const float offset_a = ra * static_cast<float>(y_quant.zero_point);
        const float offset_b = rb * static_cast<float>(a.quant.zero_point);
        const float c0 = static_cast<float>(a.y_quant.zero_point) - (offset_a + offset_b);
        spu.add_enable = 1;
        spu.add_unsigned = layer.is_unsigned ? 1 : 0;
        spu.add_c0 = std::bit_cast<std::uint32_t>(c0);
        spu.add_ra = std::bit_cast<std::uint32_t>(ra);
        spu.add_rb = std::bit_cast<std::uint32_t>(rb);
        spu.add_min = static_cast<std::int16_t>(epilogue.add_range.low);
        spu.add_max = static_cast<std::int16_t>(epilogue.add_range.high);
        spu.add_addr = add_addr;
        spu.add_plane = pixels;
      }
      if (layer.keep_weights) {
        // The first image with kept weights, then the others.
        SpuCommand first = spu;
        first.weights_keep = 1;
        first.images = 1;
        first.pixels = pixels / static_cast<std::uint32_t>(layer.images);
        h.add(first);
        spu.images = static_cast<std::uint16_t>(layer.images - 1);
        spu.pixels = pixels - first.pixels;
        spu.in_addr = in_image;
        spu.out_addr += first.pixels;
        spu.add_addr += first.pixels;
      }
      h.add(spu);
    }
  }
  h.add(EndCommand{});

  // ---- Run and compare ----
  const auto start = std::chrono::steady_clock::now();
  const bool done = h.run();
  Result result;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  INFO("error " << to_string(h.fault().code) << " engine " << to_string(h.fault().engine));
  REQUIRE(done);
  result.macs = h.subsystem.registers().counter(Counter::kSpuMacs);
  result.mac_clocks = h.subsystem.registers().counter(Counter::kSpuMacClocks);
  const auto area = static_cast<std::uint32_t>(out_h * out_w);
  std::int64_t at = 0;
  for (int n = 0; n < layer.images; ++n) {
    for (int f = 0; f < layer.filters; ++f) {
      for (std::uint32_t p = 0; p < area; ++p) {
        const auto got =
            static_cast<T>(byte_at(out_addr, pixels, f, static_cast<std::uint32_t>(n) * area + p));
        if (got != expected[at]) {
          FAIL("image " << n << " channel " << f << " pixel " << p << ": expected "
                        << int{expected[at]} << ", got " << int{got});
        }
        ++at;
      }
    }
  }
  // Channels beyond the last filter, up to the end of what the groups cover of its block, are 0.
  for (int f = layer.filters; f < layer.out_blocks() * 64; ++f) {
    for (std::uint32_t p = 0; p < pixels; ++p) {
      if (byte_at(out_addr, pixels, f, p) != 0) FAIL("channel " << f << " is not 0");
    }
  }
  return result;
}

Result run_layer(const std::string& config, const Layer& layer, Random& random) {
  return layer.is_unsigned ? run_layer<std::uint8_t>(config, layer, random)
                           : run_layer<std::int8_t>(config, layer, random);
}

Layer random_layer(const s4::config::Configuration& config, Random& random) {
  for (;;) {
    Layer l;
    l.images = between(random, 1, 3);
    l.channels = between(random, 1, 3) == 1 ? 64 * between(random, 1, 3) : between(random, 1, 200);
    l.height = between(random, 1, 12);
    l.width = between(random, 1, 12);
    l.filters = between(random, 1, 3) == 1 ? 64 : between(random, 1, 150);
    l.kernel_h = between(random, 1, 2) == 1 ? 1 : between(random, 1, 11);
    l.kernel_w = between(random, 1, 2) == 1 ? l.kernel_h : between(random, 1, 11);
    l.stride_h = between(random, 1, 4);
    l.stride_w = between(random, 1, 4);
    l.dilation_h = between(random, 1, 4);
    l.dilation_w = between(random, 1, 4);
    for (auto& pad : l.pads) pad = between(random, 0, 1) * between(random, 0, 9);
    l.keep = between(random, 1, 2) == 1 ? between(random, 0, 64) : 1 << between(random, 0, 6);
    l.vary = between(random, 0, 1) != 0;
    l.is_unsigned = between(random, 0, 1) != 0;
    l.add = between(random, 0, 2) == 0;
    l.shape = between(random, 0, static_cast<int>(config.max_shape));
    l.resident = between(random, 0, 2) != 0;
    l.keep_weights = l.resident && l.images > 1 && between(random, 0, 2) == 0 &&
                     l.filters <= static_cast<int>(config.array_lanes >> l.shape);
    if (l.height + l.pads[0] + l.pads[2] < l.dilation_h * (l.kernel_h - 1) + 1) continue;
    if (l.width + l.pads[1] + l.pads[3] < l.dilation_w * (l.kernel_w - 1) + 1) continue;
    if (l.words() > static_cast<int>(config.local_words)) continue;
    // Resident groups must fit the value buffer, and the index buffer for at most 14 bits each.
    const std::int64_t group = config.array_lanes >> l.shape;
    const std::int64_t entries =
        std::int64_t{l.blocks()} * l.kernel_h * l.kernel_w * (l.keep + 2) * group;
    const std::int64_t room =
        std::min(config.value_rows, config.index_rows) * std::int64_t{config.array_lanes};
    if (l.resident && entries > room) continue;
    if (entries * l.pixels() / 4 > 40'000'000) continue;
    return l;
  }
}

}  // namespace

TEST_CASE("random layers equal the reference", "[functional][layer]") {
  Random random(s4::tb::seed());
  const int rounds = s4::tb::full_run() ? 400 : 60;
  for (const char* name : {"tiny", "small", "s4"}) {
    const Harness h(name);
    for (int round = 0; round < rounds; ++round) {
      run_layer(name, random_layer(h.config, random), random);
    }
  }
}

TEST_CASE("awkward layers equal the reference", "[functional][layer]") {
  Random random(s4::tb::seed());
  Layer base;
  base.channels = 31;
  base.width = 31;
  base.filters = 32;
  const auto check = [&](auto&& change) {
    Layer layer = base;
    change(layer);
    run_layer("tiny", layer, random);
    run_layer("small", layer, random);
  };
  check([](Layer&) {});
  check([](Layer& l) { l.keep = 1; });
  check([](Layer& l) { l.keep = 0; });
  check([](Layer& l) { l.width = 1, l.channels = 1, l.filters = 1; });
  check([](Layer& l) { l.channels = 127, l.filters = 61, l.width = 37, l.keep = 13; });
  check([](Layer& l) {
    l.kernel_h = l.kernel_w = 11, l.pads = {5, 5, 5, 5}, l.width = 3, l.keep = 2;
  });
  check([](Layer& l) { l.kernel_w = 7, l.pads = {0, 6, 0, 0}, l.width = 1, l.dilation_w = 1; });
  check([](Layer& l) { l.height = 5, l.width = 9, l.stride_h = 4, l.stride_w = 3, l.shape = 1; });
  check([](Layer& l) { l.channels = 130, l.keep = 64, l.vary = true, l.resident = false; });
  check([](Layer& l) { l.filters = 130, l.keep = 11, l.width = 50, l.add = true, l.shape = 1; });
}

TEST_CASE("clocks and multiply-accumulates are counted", "[functional][layer]") {
  Random random(s4::tb::seed());
  Layer layer;
  layer.channels = 128;
  layer.width = 10;
  layer.filters = 12;
  layer.keep = 4;
  const Result result = run_layer("tiny", layer, random);  // 16 x 4: one group, three tiles
  CHECK(result.mac_clocks == 2 * 4 * 3);
  CHECK(result.macs == 2 * 4 * 12 * 10);
}

TEST_CASE("a resident group that exceeds the buffers stalls", "[functional][layer]") {
  // tiny: 512 index rows of 12 bytes hold 512 rows of indices of 16 lanes.
  Harness h("tiny");
  std::vector<s4::test::PackedBank> banks;
  for (int b = 0; b < 64; ++b) {
    banks.push_back(s4::test::make_bank(std::vector<std::vector<std::int8_t>>(16, [] {
      std::vector<std::int8_t> lane(64, 0);
      std::fill_n(lane.begin(), 10, std::int8_t{1});
      return lane;
    }())));
  }
  const auto sections = s4::test::pack_pass(banks, 16);
  WeightsCommand weights;
  weights.mem_addr = Harness::kBase;
  weights.param_words = 2;
  weights.index_words = static_cast<std::uint32_t>(sections.indices.size() / 64);
  weights.value_words = static_cast<std::uint32_t>(sections.values.size() / 64);
  weights.count = 1;
  std::vector<std::uint8_t> bytes(128, 0);
  bytes.insert(bytes.end(), sections.indices.begin(), sections.indices.end());
  bytes.insert(bytes.end(), sections.values.begin(), sections.values.end());
  h.memory.write(Harness::kBase, bytes);
  SpuCommand spu;
  spu.in_blocks = 64;
  spu.in_plane = 8;
  spu.in_height = spu.images = spu.out_height = 1;
  spu.in_width = spu.out_width = 8;
  spu.kernel_h = spu.kernel_w = spu.stride_h = spu.stride_w = spu.dilation_h = spu.dilation_w = 1;
  spu.out_channels = 16;
  spu.out_addr = 512;
  spu.pixels = 8;
  spu.weights_resident = 1;
  CHECK_FALSE(h.add(weights).add(spu).add(EndCommand{}).run());
  CHECK(h.fault().code == s4::commands::Error::kWatchdog);
  CHECK(h.fault().engine == s4::commands::Engine::kWeights);
  CHECK(h.fault().info == 16);
  // With a single tile the rows are released as they are used.
  h.reset();
  spu.in_width = spu.out_width = 4;
  spu.pixels = 4;
  CHECK(h.add(weights).add(spu).add(EndCommand{}).run());
}

TEST_CASE("speed of a large matrix product", "[functional][speed]") {
  Random random(s4::tb::seed());
  for (const int keep : {8, 64}) {
    Layer layer;
    layer.channels = 2304;
    layer.width = 1024;
    layer.filters = 256;
    layer.keep = keep;
    layer.shape = 2;
    const Result result = run_layer("s4", layer, random);
    CHECK(result.macs == 1024ULL * 256 * 36 * static_cast<unsigned>(keep));
    WARN("gemm 1024 x 256 x 2304, K = " << keep << ": " << result.seconds << " s, "
                                        << result.macs / result.seconds * 1e-9 << " G MAC/s");
  }
}
