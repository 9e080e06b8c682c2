// Random and awkward gemm and convolution shapes: RTL = functional model over all memory that may
// be written, both = reference at every output. One test case per shape, the shape in its name.
// S4_FULL=1 runs four times as many, large layers and the s4 configuration among them.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "sw/driver/case_activation.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/report/layer_json.hpp"
#include "tb/seed.hpp"

namespace {

using namespace s4::sw;
using Random = std::mt19937_64;

struct Conformance {
  std::string config;
  LayerCase layer_case;
  double stalls = 0;
  bool forced = false;    ///< shape, strategy, storage and chunks at random, where they are legal
  bool resident = false;  ///< where the activations fit

  [[nodiscard]] std::string name() const {
    return fmt::format("{}: {}{}{}{} seed {}", config, layer_case.describe(),
                       resident ? " resident" : "", forced ? " forced plan" : "",
                       stalls > 0 ? " stalls" : "", layer_case.seed);
  }
};

const s4::config::Configuration& configuration(const std::string& name) {
  static std::map<std::string, s4::config::Configuration> known;
  const auto found = known.find(name);
  return found != known.end() ? found->second
                              : known.emplace(name, find_configuration(name)).first->second;
}

/// Whether the compiler accepts the case.
bool compiles(const Conformance& c) {
  try {
    (void)compile_layer(make_layer(c.layer_case), configuration(c.config), c.layer_case.compile);
    return true;
  } catch (const CompileError&) {
    return false;
  }
}

std::uint32_t pick(Random& random, std::uint32_t low, std::uint32_t high) {
  return low + static_cast<std::uint32_t>(random() % (high - low + 1));
}

template <typename T>
T one_of(Random& random, std::initializer_list<T> values) {
  return *(values.begin() + random() % values.size());
}

LayerCase gemm(std::uint32_t m, std::uint32_t n, std::uint32_t k, std::uint32_t keep) {
  LayerCase c;
  c.is_gemm = true;
  c.geometry = gemm_geometry(m, n, k);
  c.keep = keep;
  return c;
}

LayerCase conv(std::uint32_t batch, std::uint32_t channels, std::uint32_t height,
               std::uint32_t width, std::uint32_t filters, std::uint32_t kernel_h,
               std::uint32_t kernel_w, std::uint32_t keep) {
  LayerCase c;
  LayerGeometry& g = c.geometry;
  g.batch = batch;
  g.channels = channels;
  g.height = height;
  g.width = width;
  g.filters = filters;
  g.kernel_h = kernel_h;
  g.kernel_w = kernel_w;
  c.keep = keep;
  return c;
}

/// Shapes that found bugs elsewhere, and descriptor fields at their limits.
std::vector<LayerCase> awkward_cases() {
  std::vector<LayerCase> cases;
  cases.push_back(gemm(31, 32, 31, 64));
  cases.push_back(gemm(31, 32, 31, 1));
  cases.push_back(gemm(1, 1, 1, 64));
  cases.push_back(gemm(1, 65, 129, 3));
  cases.push_back(gemm(127, 61, 67, 11));
  cases.push_back(gemm(64, 64, 64, 64));
  cases.push_back(gemm(65, 63, 65, 10));
  cases.push_back(gemm(13, 200, 256, 63));
  cases.push_back(gemm(97, 17, 640, 2));
  LayerCase different = gemm(40, 48, 320, 8);  // K differs in every bank
  different.pattern = Pattern::kUnstructured;
  cases.push_back(different);
  LayerCase one_pixel = conv(1, 96, 1, 1, 40, 1, 1, 16);
  cases.push_back(one_pixel);
  LayerCase larger = conv(1, 20, 3, 4, 24, 7, 7, 9);  // kernel larger than the image
  larger.geometry.pad_top = larger.geometry.pad_bottom = 3;
  larger.geometry.pad_left = larger.geometry.pad_right = 3;
  cases.push_back(larger);
  LayerCase largest = conv(1, 9, 12, 13, 10, 11, 11, 6);
  largest.geometry.pad_top = 2;
  largest.geometry.pad_right = 4;
  cases.push_back(largest);
  LayerCase outside = conv(1, 12, 2, 2, 9, 2, 2, 64);  // outputs that see padding only
  outside.geometry.pad_top = 5;
  outside.geometry.pad_left = 6;
  outside.geometry.pad_bottom = 7;
  outside.geometry.pad_right = 4;
  cases.push_back(outside);
  LayerCase strided = conv(2, 66, 13, 11, 30, 3, 2, 12);
  strided.geometry.stride_h = 4;
  strided.geometry.stride_w = 3;
  strided.geometry.pad_left = 1;
  cases.push_back(strided);
  LayerCase dilated = conv(1, 64, 13, 17, 33, 3, 3, 5);
  dilated.geometry.dilation_h = 4;
  dilated.geometry.dilation_w = 3;
  dilated.geometry.pad_bottom = 4;
  cases.push_back(dilated);
  cases.push_back(conv(3, 3, 15, 15, 16, 7, 7, 64));
  cases.push_back(conv(5, 130, 1, 7, 70, 1, 3, 20));
  return cases;
}

/// Many chunks, groups beyond the weight buffers, more pixels than a 16-bit field holds.
std::vector<std::pair<const char*, LayerCase>> large_cases() {
  const auto same = [](LayerCase c) {
    LayerGeometry& g = c.geometry;
    g.pad_top = g.pad_bottom = g.kernel_h / 2;
    g.pad_left = g.pad_right = g.kernel_w / 2;
    return c;
  };
  LayerCase first = same(conv(1, 3, 112, 112, 64, 7, 7, 64));
  first.geometry.stride_h = first.geometry.stride_w = 2;
  return {{"tiny", gemm(70000, 8, 64, 8)},
          {"tiny", gemm(40, 24, 2304, 64)},
          {"tiny", gemm(40, 24, 2304, 50)},
          {"tiny", same(conv(1, 200, 9, 300, 20, 5, 5, 3))},
          {"small", gemm(100, 300, 5000, 64)},
          {"small", first},
          {"s4", same(conv(1, 512, 7, 7, 512, 3, 3, 64))},
          {"s4", same(conv(1, 512, 7, 7, 512, 3, 3, 4))},
          {"s4", same(conv(2, 64, 56, 56, 64, 3, 3, 2))},
          {"s4", gemm(1, 1000, 2048, 8)}};
}

LayerCase random_gemm(Random& random) {
  const std::uint32_t k = one_of(random, {pick(random, 1, 64), pick(random, 65, 400), 128U, 251U});
  return gemm(pick(random, 1, 150), pick(random, 1, 140), k, 64);
}

/// Both operands activations, as in attention.
LayerCase random_dense(Random& random) {
  LayerCase c = random_gemm(random);
  c.dense = true;
  c.transposed = random() % 2 == 0;
  c.geometry.batch = one_of(random, {1U, 2U, 3U});
  c.geometry.width = pick(random, 1, 70);
  return c;
}

LayerCase random_conv(Random& random) {
  const std::uint32_t kernel_h = one_of(random, {1U, 1U, 2U, 3U, 3U, 5U});
  const std::uint32_t kernel_w = one_of(random, {1U, kernel_h, 3U, 4U});
  LayerCase c =
      conv(pick(random, 1, 3), one_of(random, {pick(random, 1, 20), 64U, pick(random, 65, 140)}),
           pick(random, 1, 14), pick(random, 1, 17), pick(random, 1, 90), kernel_h, kernel_w, 64);
  LayerGeometry& g = c.geometry;
  g.stride_h = one_of(random, {1U, 1U, 2U, pick(random, 1, 4)});
  g.stride_w = one_of(random, {1U, 1U, 2U, pick(random, 1, 4)});
  g.dilation_h = one_of(random, {1U, 1U, pick(random, 1, 4)});
  g.dilation_w = one_of(random, {1U, 1U, pick(random, 1, 4)});
  g.pad_top = pick(random, 0, kernel_h);
  g.pad_left = pick(random, 0, kernel_w);
  g.pad_bottom = pick(random, 0, kernel_h);
  g.pad_right = pick(random, 0, kernel_w);
  // Enough padding that the kernel fits.
  const std::uint32_t reach_h = g.dilation_h * (kernel_h - 1) + 1;
  const std::uint32_t reach_w = g.dilation_w * (kernel_w - 1) + 1;
  while (g.height + g.pad_top + g.pad_bottom < reach_h) ++g.pad_bottom;
  while (g.width + g.pad_left + g.pad_right < reach_w) ++g.pad_left;
  return c;
}

LayerCase random_quarters(Random& random) {
  const std::uint32_t kernel_h = pick(random, 1, 5);
  LayerCase c = conv(pick(random, 1, 3), 64, kernel_h + pick(random, 0, 9), 8 * pick(random, 1, 5),
                     pick(random, 1, 90), kernel_h, 1, 64);
  LayerGeometry& g = c.geometry;
  g.quarters = true;
  g.stride_h = pick(random, 1, 2);
  g.pad_top = pick(random, 0, 1);
  g.pad_bottom = pick(random, 0, 1);
  return c;
}

LayerCase random_pool(Random& random) {
  LayerCase c = random_conv(random);
  c.max_pool = true;
  LayerGeometry& g = c.geometry;
  g.filters = g.channels;
  // In ONNX every window meets the image: padding is less than the kernel.
  g.pad_top = std::min(g.pad_top, g.kernel_h - 1);
  g.pad_left = std::min(g.pad_left, g.kernel_w - 1);
  g.pad_bottom = std::min(g.pad_bottom, g.kernel_h - 1);
  g.pad_right = std::min(g.pad_right, g.kernel_w - 1);
  while (g.out_height() == 0) ++g.height;
  while (g.out_width() == 0) ++g.width;
  return c;
}

/// Results that pass the activation lanes: functions and tables behind every kind of layer.
LayerCase random_activation(Random& random, unsigned i) {
  LayerCase c = i % 6 == 1   ? random_pool(random)
                : i % 6 == 2 ? random_dense(random)
                : i % 6 == 3 ? random_quarters(random)
                : i % 2 == 0 ? random_gemm(random)
                             : random_conv(random);
  if (!c.dense) c.keep = one_of(random, {1U, 2U, 8U, 16U, 64U, pick(random, 1, 64)});
  c.bf16 = !c.geometry.quarters && random() % 3 == 0;
  c.out_bf16 = c.max_pool ? c.bf16 : random() % 3 == 0;
  const std::vector<std::string> names = activation_names();
  const std::size_t functions = names.size() - 1;  // the last one is any table
  const bool table = c.max_pool && !c.out_bf16;
  c.activation = names[table ? functions : i % (c.out_bf16 ? functions : names.size())];
  return c;
}

/// A choice that the compiler refuses for this shape is dropped, the rest stays.
void resolve(Conformance& c) {
  Random random(c.layer_case.seed * 7919);
  const auto attempt = [&](auto change) {
    Conformance changed = c;
    change(changed.layer_case.compile);
    if (compiles(changed)) c = changed;
  };
  if (c.resident) attempt([&](CompileOptions& o) { o.resident = true; });
  if (!c.forced) return;
  attempt([&](CompileOptions& o) { o.shape = pick(random, 0, 2); });
  attempt([&](CompileOptions& o) {
    o.strategy = one_of(random, {Strategy::kKeep, Strategy::kResend, Strategy::kGroupOuter,
                                 Strategy::kStream, Strategy::kStream});
  });
  attempt([&](CompileOptions& o) {
    o.storage = one_of(random, {Storage::kRing, Storage::kRing, Storage::kWhole});
  });
  attempt([&](CompileOptions& o) { o.chunk_pixels = one_of(random, {1U, 8U, 20U, 64U}); });
  if (random() % 3 == 0) {
    attempt([&](CompileOptions& o) { o.piece_bytes = one_of(random, {256U, 1024U}); });
  }
}

std::vector<Conformance> all_cases() {
  std::vector<Conformance> cases;
  const bool full = s4::tb::full_run();
  Random random(s4::tb::seed() * 1000003);
  const auto add = [&](LayerCase layer_case, unsigned number) {
    Conformance c;
    c.layer_case = layer_case;
    c.layer_case.seed = s4::tb::seed() * 1000 + number;
    c.layer_case.compile.permute =
        c.layer_case.pattern == Pattern::kUnstructured && number % 4 != 0;
    c.config = random() % 2 == 0 ? "tiny" : "small";
    c.layer_case.add = number % 5 == 2;
    if (number % 10 == 7) c.layer_case.second = static_cast<SecondUse>(1 + number / 10 % 3);
    c.layer_case.is_unsigned = number % 4 == 3;
    c.stalls = number % 3 == 0 ? 0.0 : one_of(random, {0.1, 0.3, 0.6});
    c.forced = number % 2 == 1;
    c.resident = number % 14 == 0;
    cases.push_back(std::move(c));
  };
  unsigned number = 0;
  for (const LayerCase& layer_case : awkward_cases()) {
    add(layer_case, number);
    add(layer_case, number + 1);
    ++number;
  }
  const unsigned count = full ? 900 : 220;
  for (unsigned i = 0; i < count; ++i, ++number) {
    LayerCase layer_case = random() % 2 == 0 ? random_gemm(random) : random_conv(random);
    layer_case.keep = one_of(random, {1U, 2U, 4U, 8U, 16U, 64U, pick(random, 1, 64)});
    if (random() % 4 == 0) layer_case.pattern = Pattern::kUnstructured;
    add(layer_case, 100 + number);
  }
  for (unsigned i = 0; i < (full ? 120 : 24); ++i, ++number) {
    LayerCase layer_case = random_pool(random);
    layer_case.bf16 = layer_case.out_bf16 = i % 3 == 1;
    add(layer_case, 2000 + number);
    cases.back().layer_case.add = false;
  }
  for (unsigned i = 0; i < (full ? 60 : 12); ++i, ++number) {
    LayerCase layer_case = random_quarters(random);
    layer_case.keep = one_of(random, {1U, 2U, 8U, 64U, pick(random, 1, 64)});
    add(layer_case, 3000 + number);
  }
  for (unsigned i = 0; i < (full ? 540 : 66); ++i, ++number) {
    LayerCase layer_case = random() % 2 == 0 ? random_gemm(random) : random_conv(random);
    layer_case.bf16 = i % 4 != 3;
    layer_case.out_bf16 = i % 4 != 2;
    if (i % 12 == 11) layer_case = random_quarters(random), layer_case.out_bf16 = true;
    layer_case.keep = one_of(random, {1U, 2U, 4U, 8U, 16U, 64U, pick(random, 1, 64)});
    if (random() % 4 == 0) layer_case.pattern = Pattern::kUnstructured;
    add(layer_case, 4000 + number);
  }
  for (unsigned i = 0; i < (full ? 160 : 32); ++i, ++number) {
    LayerCase layer_case = random_dense(random);
    layer_case.bf16 = i % 2 != 0;
    layer_case.out_bf16 = i % 4 == 1 || i % 8 == 6;
    add(layer_case, 5000 + number);
  }
  for (unsigned i = 0; i < (full ? 300 : 39); ++i, ++number) {
    const LayerCase layer_case = random_activation(random, i);
    add(layer_case, 6000 + number);
    if (layer_case.max_pool) cases.back().layer_case.add = false;
  }
  if (full) {
    unsigned large = 0;
    const auto add_large = [&](const char* config, const LayerCase& layer_case) {
      Conformance c;
      c.config = config;
      c.layer_case = layer_case;
      if (layer_case.geometry.quarters) {  // their width is a multiple of this
        const std::uint32_t pixels = configuration(config).pixels_per_quadrant;
        std::uint32_t& width = c.layer_case.geometry.width;
        width = (width + pixels - 1) / pixels * pixels;
      }
      c.layer_case.seed = s4::tb::seed() * 1000 + ++large;
      c.forced = large % 2 == 0;
      cases.push_back(std::move(c));
    };
    for (const auto& [config, layer_case] : large_cases()) add_large(config, layer_case);
    for (unsigned i = 0; i < 20; ++i) {
      add_large("s4", i % 2 == 0 ? random_gemm(random) : random_conv(random));
    }
    for (unsigned i = 0; i < 10; ++i) {
      LayerCase layer_case = random_dense(random);
      layer_case.bf16 = layer_case.out_bf16 = i % 2 != 0;
      add_large("s4", layer_case);
    }
    for (unsigned i = 0; i < 15; ++i) add_large("s4", random_activation(random, i));
    for (unsigned i = 0; i < 50; ++i) {
      LayerCase layer_case = i % 2 == 0 ? random_gemm(random) : random_conv(random);
      layer_case.keep = pick(random, 1, 64);
      layer_case.bf16 = i % 4 != 3;
      layer_case.out_bf16 = i % 4 != 2;
      layer_case.add = i % 5 == 0;
      add_large("s4", layer_case);
    }
  }
  return cases;
}

class CaseInvoker final : public Catch::ITestInvoker {
 public:
  explicit CaseInvoker(Conformance c) : case_(std::move(c)) {}

  void invoke() const override {
    Conformance c = case_;
    resolve(c);
    RunSettings settings;
    settings.backend = Backend::kAll;
    settings.rtl.stalls = c.stalls;
    settings.rtl.kind = c.config == "s4" ? s4::tb::Kind::kFast : s4::tb::Kind::kChecked;
    settings.rtl.seed = c.layer_case.seed;
    INFO("build/bin/s4 " << c.layer_case.arguments() << " --config " << c.config << " --stalls "
                         << c.stalls << " --kind checked");
    const LayerReport report = run_layer(c.layer_case, configuration(c.config), settings);
    INFO(to_text(report));
    REQUIRE(report.ok());
    REQUIRE(report.comparisons.size() == 3);
  }

 private:
  Conformance case_;
};

/// Registers one Catch2 test case per shape.
const bool kRegistered = [] {
  std::map<std::string, int> names;
  for (Conformance& c : all_cases()) {
    std::string name = c.name();
    const int repeat = names[name]++;
    if (repeat > 0) name += fmt::format(" ({})", repeat + 1);
    const std::string tag = "[" + c.config + "]";
    // The registry owns the invoker; it lives as long as the program.
    Catch::AutoReg(new CaseInvoker(c), CATCH_INTERNAL_LINEINFO, "", Catch::NameAndTags(name, tag));
  }
  return true;
}();

}  // namespace
