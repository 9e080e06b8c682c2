// s4 gemm, s4 conv, s4 maxpool: one layer with seeded weights and data.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "sw/cli/checks.hpp"
#include "sw/cli/commands.hpp"
#include "sw/driver/case_activation.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/driver/layer_runner.hpp"
#include "sw/report/layer_json.hpp"

namespace s4::cli {
namespace {

using sw::LayerCase;

constexpr const char* kChoices = "Choices that the compiler makes itself";

struct LayerOptions {
  LayerCase layer_case;
  bool own_order = false;
  std::uint32_t m = 0, n = 0, k = 0, batch = 1;
  std::string kernel = "1x1", stride = "1x1", pad = "0,0,0,0", dilation = "1x1";
  std::string dtype = "int8", out, second, pattern = "balanced", zero_points = "random";
  std::string config = "small", backend = "all";
  std::string strategy, storage, json, trace, kind = "fast", memory = "ideal", ecc = "off";
  std::int64_t shape = -1;
  std::uint64_t chunk = 0;
  sw::RunSettings settings;
};

/// "3x5" or "1,0,1,0": exactly `count` numbers from 0 to 65535.
std::vector<std::uint32_t> numbers(const std::string& option, const std::string& text,
                                   char separator, std::size_t count) {
  std::vector<std::uint32_t> values;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    const std::string item = text.substr(at, end - at);
    if (item.empty() || item.size() > 5 ||
        item.find_first_not_of("0123456789") != std::string::npos || std::stoul(item) > 65535) {
      break;
    }
    values.push_back(static_cast<std::uint32_t>(std::stoul(item)));
    at = end + 1;
  }
  if (values.size() != count || at != text.size() + 1) {
    throw std::invalid_argument(fmt::format("--{} {}: {} numbers separated by '{}' are expected",
                                            option, text, count, separator));
  }
  return values;
}

void add_weights(CLI::App& command, LayerOptions& o) {
  command.add_option("--keep", o.layer_case.keep, "Weights kept of every 64 (64: dense)")
      ->required()
      ->check(CLI::Range(1, 64));
  command.add_option("--dtype", o.dtype, "Data type")->check(CLI::IsMember({"int8", "bf16"}));
  command.add_option("--out", o.out, "Data type of the results; without it that of the operands")
      ->check(CLI::IsMember({"int8", "bf16"}));
  command.add_flag("--own-order", o.own_order,
                   "Unstructured weights: leave every output channel at its place");
  command.add_option("--pattern", o.pattern, "Which weights are kept")
      ->check(CLI::IsMember({"balanced", "unstructured"}));
  command.add_flag("--add", o.layer_case.add, "Add a second tensor to the result");
  command
      .add_option("--second", o.second, "What becomes of the result and a second tensor, as --add")
      ->check(CLI::IsMember(sw::second_names()));
  command.add_option("--zero-points", o.zero_points, "Zero points: random or zero")
      ->capture_default_str()
      ->check(CLI::IsMember({"random", "zero"}));
  command.add_flag("--allow-wrap", o.layer_case.compile.allow_wrap,
                   "Accept accumulators that can exceed 32 bits");
  command.add_option("--shape", o.shape, "Array shape")->group(kChoices)->check(CLI::Range(0, 2));
  command.add_option("--weights", o.strategy, "keep, resend, group-outer or stream")
      ->group(kChoices)
      ->check(CLI::IsMember({"keep", "resend", "group-outer", "stream"}));
  command
      .add_option("--piece", o.layer_case.compile.piece_bytes,
                  "Most bytes of values in a piece of the weight stream")
      ->group(kChoices)
      ->check(whole(1));
}

void add_common(CLI::App& command, LayerOptions& o) {
  command.add_option("--config", o.config, "tiny, small, s4 or a configuration file")
      ->capture_default_str();
  command.add_option("--backend", o.backend, "What runs; everything that runs is compared")
      ->capture_default_str()
      ->check(CLI::IsMember({"rtl", "functional", "reference", "all"}));
  command.add_option("--seed", o.layer_case.seed, "Seed of weights, data, scales")
      ->capture_default_str()
      ->check(whole(0));
  command.add_flag("--resident", o.layer_case.compile.resident,
                   "Activations and results stay in the local buffer; only weights are read");
  command.add_flag("--uint8", o.layer_case.is_unsigned, "Activations are uint8");
  command
      .add_option("--activation", o.layer_case.activation,
                  "Behind the results: a function, or a table of any bytes")
      ->check(CLI::IsMember(sw::activation_names()));
  command.add_option("--json", o.json, "Write the report to this file");
  command.add_option("--wave", o.settings.rtl.wave, "Record an FST waveform of the RTL");
  command.add_option("--wave-from", o.settings.rtl.wave_from, "First cycle recorded")
      ->check(whole(0));
  command.add_option("--wave-to", o.settings.rtl.wave_to, "Cycle after the last one recorded")
      ->check(whole(1));
  command.add_option("--trace", o.trace, "Write the engines' timeline (Perfetto) to this file");
  command
      .add_option("--stalls", o.settings.rtl.stalls,
                  "Probability that a memory handshake stalls in a clock")
      ->check(CLI::Range(0.0, 0.95))
      ->check(finite());
  command
      .add_option("--memory", o.memory,
                  "Memory of the RTL: ideal, or lpddr4 (controllers in RTL, device models)")
      ->capture_default_str()
      ->check(CLI::IsMember({"ideal", "lpddr4"}));
  command.add_option("--ecc", o.ecc, "Error correction of the LPDDR4X memory: on or off")
      ->capture_default_str()
      ->check(CLI::IsMember({"on", "off"}));
  command.add_option("--kind", o.kind, "RTL model: fast or checked (assertions)")
      ->capture_default_str()
      ->check(CLI::IsMember({"fast", "checked"}));
  command.add_option("--timeout", o.settings.timeout_s, "Host seconds for one program on the RTL")
      ->capture_default_str()
      ->check(finite());
  command.add_option("--storage", o.storage, "Activations on chip: ring or whole")
      ->group(kChoices)
      ->check(CLI::IsMember({"ring", "whole"}));
  command.add_option("--chunk", o.chunk, "Most output pixels computed together")
      ->group(kChoices)
      ->check(whole(1));
}

void add_image(CLI::App& command, LayerOptions& o, const CLI::Range& size) {
  sw::LayerGeometry& g = o.layer_case.geometry;
  const auto extent = CLI::Range(1, 65535);
  command.add_option("--batch", g.batch, "Images")->capture_default_str()->check(extent);
  command.add_option("--channels", g.channels, "Input channels")->required()->check(size);
  command.add_option("--height", g.height, "Rows of the input")->required()->check(extent);
  command.add_option("--width", g.width, "Columns of the input")->required()->check(extent);
  command.add_option("--kernel", o.kernel, "Kernel rows x columns, 1 to 11")->capture_default_str();
  command.add_option("--stride", o.stride, "Rows x columns, 1 to 4")->capture_default_str();
  command.add_option("--pad", o.pad, "Padding top,left,bottom,right")->capture_default_str();
  command.add_option("--dilation", o.dilation, "Rows x columns, 1 to 4")->capture_default_str();
}

int run(LayerOptions o) {
  LayerCase& c = o.layer_case;
  if (c.is_gemm) {
    c.geometry = sw::gemm_geometry(o.m, o.n, o.k);
    c.geometry.batch = o.batch;
    if (!c.dense && (c.transposed || o.batch != 1)) {
      throw std::invalid_argument("--transposed and --batch need --dense");
    }
    if (c.dense && (c.keep != 64 || o.pattern != "balanced")) {
      throw std::invalid_argument("--dense keeps all of its operand: no --keep, no --pattern");
    }
  } else {
    sw::LayerGeometry& g = c.geometry;
    const auto kernel = numbers("kernel", o.kernel, 'x', 2);
    const auto stride = numbers("stride", o.stride, 'x', 2);
    const auto dilation = numbers("dilation", o.dilation, 'x', 2);
    const auto pad = numbers("pad", o.pad, ',', 4);
    g.kernel_h = kernel[0];
    g.kernel_w = kernel[1];
    g.stride_h = stride[0];
    g.stride_w = stride[1];
    g.dilation_h = dilation[0];
    g.dilation_w = dilation[1];
    g.pad_top = pad[0];
    g.pad_left = pad[1];
    g.pad_bottom = pad[2];
    g.pad_right = pad[3];
    if (c.max_pool) g.filters = g.channels;
  }
  if (!o.second.empty()) {
    const auto& names = sw::second_names();
    c.add = true;
    c.second =
        static_cast<sw::SecondUse>(std::find(names.begin(), names.end(), o.second) - names.begin());
  }
  c.bf16 = o.dtype == "bf16";
  c.out_bf16 = (o.out.empty() ? o.dtype : o.out) == "bf16";
  c.pattern = sw::pattern_from_name(o.pattern);
  c.compile.permute = c.pattern == sw::Pattern::kUnstructured && !o.own_order;
  c.random_zero_points = o.zero_points == "random";
  if (o.shape >= 0) c.compile.shape = static_cast<std::uint32_t>(o.shape);
  for (const sw::Strategy s : {sw::Strategy::kKeep, sw::Strategy::kResend,
                               sw::Strategy::kGroupOuter, sw::Strategy::kStream}) {
    if (o.strategy == sw::strategy_name(s)) c.compile.strategy = s;
  }
  for (const sw::Storage s : {sw::Storage::kRing, sw::Storage::kWhole}) {
    if (o.storage == sw::storage_name(s)) c.compile.storage = s;
  }
  if (o.chunk > 0) c.compile.chunk_pixels = o.chunk;
  o.settings.backend = sw::backend_from_name(o.backend);
  o.settings.rtl.kind = tb::kind_from_name(o.kind);
  o.settings.rtl.memory = sw::memory_from_name(o.memory, o.ecc);
  if (o.memory != "ideal" && o.settings.rtl.stalls > 0) {
    throw std::invalid_argument("--stalls needs --memory ideal");
  }
  o.settings.rtl.seed = c.seed;
  o.settings.config_argument = o.config;
  o.settings.show_progress = true;
  const bool rtl =
      o.settings.backend == sw::Backend::kRtl || o.settings.backend == sw::Backend::kAll;
  if (!rtl && (!o.settings.rtl.wave.empty() || !o.trace.empty())) {
    throw std::invalid_argument("--wave and --trace need --backend rtl or all");
  }
  const sw::RtlOptions& rtl_options = o.settings.rtl;
  const bool cut = rtl_options.wave_from != 0 || rtl_options.wave_to != tb::Model::kForever;
  if (cut && rtl_options.wave.empty()) {
    throw std::invalid_argument("--wave-from and --wave-to need --wave");
  }
  if (rtl_options.wave_from >= rtl_options.wave_to) {
    throw std::invalid_argument(fmt::format("--wave-from {} is not before --wave-to {}",
                                            rtl_options.wave_from, rtl_options.wave_to));
  }
  require_writable({{"--json", o.json}, {"--trace", o.trace}, {"--wave", rtl_options.wave}});
  const config::Configuration config = sw::find_configuration(o.config);
  const sw::LayerReport report = sw::run_layer(c, config, o.settings);
  fmt::print("{}", sw::to_text(report));
  if (!o.json.empty()) sw::write_json(o.json, sw::to_json(report));
  if (!o.trace.empty()) sw::write_json(o.trace, sw::to_trace(report), -1);
  return report.ok() ? 0 : 1;
}

}  // namespace

void add_layer_commands(CLI::App& app, Action& action) {
  const auto gemm = std::make_shared<LayerOptions>();
  gemm->layer_case.is_gemm = true;
  CLI::App* command = app.add_subcommand("gemm", "Matrix product: M rows, K reduction, N columns");
  const auto size = CLI::Range(1, 1 << 24);
  command->add_option("--m", gemm->m, "Rows (pixels)")->required()->check(size);
  command->add_option("--n", gemm->n, "Output channels")->required()->check(size);
  command->add_option("--k", gemm->k, "Reduction")->required()->check(size);
  add_weights(*command, *gemm);
  command->get_option("--keep")->required(false);
  command->add_flag("--dense", gemm->layer_case.dense,
                    "The right operand is an activation tensor [K][N], all of it");
  command->add_flag("--transposed", gemm->layer_case.transposed,
                    "The dense right operand lies in memory as [N][K]");
  command->add_option("--batch", gemm->batch, "Products, each with operands of its own (--dense)")
      ->capture_default_str()
      ->check(CLI::Range(1, 65535));
  add_common(*command, *gemm);
  command->callback([gemm, command, &action] {
    if (!gemm->layer_case.dense && command->count("--keep") == 0) {
      throw CLI::RequiredError("--keep");
    }
    action = [gemm] { return run(*gemm); };
  });

  const auto conv = std::make_shared<LayerOptions>();
  command = app.add_subcommand("conv", "Two-dimensional convolution");
  add_image(*command, *conv, size);
  command->add_option("--filters", conv->layer_case.geometry.filters, "Output channels")
      ->required()
      ->check(size);
  command->add_flag("--quarters", conv->layer_case.geometry.quarters,
                    "A word of the input holds four pixels of 16 bytes; column x reads pixels x to "
                    "x + 3 of its row as 64 channels");
  add_weights(*command, *conv);
  add_common(*command, *conv);
  command->callback([conv, &action] { action = [conv] { return run(*conv); }; });

  const auto pool = std::make_shared<LayerOptions>();
  pool->layer_case.max_pool = true;
  command = app.add_subcommand("maxpool", "Maximum over windows, channel by channel");
  add_image(*command, *pool, size);
  command->add_option("--dtype", pool->dtype, "Data type")->check(CLI::IsMember({"int8", "bf16"}));
  add_common(*command, *pool);
  command->callback([pool, &action] { action = [pool] { return run(*pool); }; });
}

}  // namespace s4::cli
