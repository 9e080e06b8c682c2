#include "sw/cli/classify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <utility>

#include "sw/cli/checks.hpp"
#include "sw/cli/classify_runs.hpp"
#include "sw/driver/configuration.hpp"
#include "sw/graph/evaluate.hpp"
#include "sw/network/network_page.hpp"
#include "sw/network/open.hpp"
#include "sw/network/report_json.hpp"
#include "sw/report/layer_json.hpp"
#include "sw/report/run_report.hpp"
#include "sw/train/digits.hpp"

namespace s4::cli {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using sw::graph::TensorData;
using Labels = std::vector<std::uint8_t>;

constexpr std::size_t kSamples = 12;

double accuracy(const Labels& given, const Labels& labels) {
  return static_cast<double>(sw::count_right(given, labels)) / static_cast<double>(labels.size());
}

/// Scores of a float network, on the host.
TensorData scores_of_file(const fs::path& model, const TensorData& inputs) {
  return sw::graph::evaluate(sw::open_graph(model, {inputs}), {inputs}).at(0);
}

/// The largest error of a layer on the row engine, if there is one.
std::optional<double> worst_row_error(const sw::NetworkReport& report) {
  std::optional<double> worst;
  for (const sw::NetworkLayerReport& layer : report.layers) {
    if (layer.worst_error) worst = std::max(worst.value_or(0), *layer.worst_error);
  }
  return worst;
}

class Job {
 public:
  Job(Classifier classifier, const ClassifyOptions& options)
      : classifier_(std::move(classifier)),
        options_(options),
        config_(sw::find_configuration(options.config)) {}

  int run() {
    const Clock::time_point begin = Clock::now();
    fs::create_directories(options_.out);
    const std::string json = options_.out + "/report.json";
    const std::string html = options_.out + "/report.html";
    require_writable({{"report", json}, {"page", html}, {"--trace", options_.trace}});
    load_images();
    fmt::print("{}\n\n", report_.data);
    print_head();
    for (const int sparsity : classifier_.sparsities) variant(sparsity);
    if (classifier_.print_errors) print_errors();
    if (dram_) {
      fmt::print("\nOn LPDDR4X, {}x: {}.\n", classifier_.sparsities.back(), sw::to_text(*dram_));
    }
    report_.wall_s = std::chrono::duration<double>(Clock::now() - begin).count();
    sw::write_json(json, sw::to_json(report_));
    sw::write_text(html, sw::to_html(report_));
    fmt::print("\n{}\n", report_.ok() ? sw::verdict(report_) : "FAILED: see above.");
    fmt::print("{:.0f} s. Report: {} (figures: {}){}\n", report_.wall_s, html, json,
               options_.trace.empty() ? std::string() : "; trace for Perfetto: " + options_.trace);
    return report_.ok() ? 0 : 1;
  }

 private:
  [[nodiscard]] bool chip_alone() const { return options_.on == "chip"; }
  [[nodiscard]] bool chip_beside() const { return options_.on == "both"; }
  [[nodiscard]] bool both() const { return options_.memory == "both" && !chip_alone(); }
  /// The one that all figures are of.
  [[nodiscard]] sw::MemoryKind first_memory() const {
    if (chip_alone()) return sw::MemoryKind::kLpddr4;
    return both() ? sw::MemoryKind::kIdeal : sw::memory_from_name(options_.memory);
  }

  void load_images() {
    const sw::Digits digits = sw::load_digits();
    const sw::DigitsSplit split = sw::split_digits(digits);
    std::span<const std::size_t> test(split.test);
    if (options_.images > 0 && options_.images < test.size()) test = test.first(options_.images);
    images_ = sw::digit_images(digits, test);
    inputs_ = {classifier_.prepared(images_)};
    labels_ = sw::digit_labels(digits, test);
    report_.title = classifier_.title;
    report_.network = classifier_.network;
    report_.data = "UCI handwritten digits, " + sw::describe(split);
    report_.config = config_.name;
    report_.memory = sw::memory_text(first_memory(), 0);
    if (both()) report_.lpddr4_memory = sw::memory_text(sw::MemoryKind::kLpddr4, 0);
    const std::string subsystems = fmt::format("{} subsystem{}", config_.num_subsystems,
                                               config_.num_subsystems == 1 ? "" : "s");
    if (chip_alone()) {
      report_.memory = "LPDDR4X, all channels of the chip";
      report_.where =
          "the whole chip, its " + subsystems + " sharing the images, weights read once for all";
      report_.chip_column = "with host";
    }
    if (chip_beside()) {
      report_.chip_column = "on the chip";
      report_.chip =
          "the whole chip, " + subsystems + " with a share of the images each, weights read once";
    }
    report_.macs_per_clock = config_.macs_per_clock;
    report_.images = labels_.size();
    const auto dense = scores_of_file(classifier_.path(1, false), inputs_.at(0));
    report_.accuracy_dense_float = accuracy(sw::digit_answers(dense), labels_);
  }

  void print_head() const {
    fmt::print("{} test images per sparsity on the RTL of {},\n", labels_.size(), report_.where);
    fmt::print("configuration {}: {} multiply-accumulates per clock{}; memory: {}.\n", config_.name,
               config_.macs_per_clock, chip_alone() ? " and subsystem" : "", report_.memory);
    if (both()) fmt::print("Beside it: {}.\n", report_.lpddr4_memory);
    if (chip_beside()) fmt::print("And {}.\n", report_.chip);
    if (chip_alone()) fmt::print("With host: and of the images' way to memory, over AXI4.\n");
    fmt::print("Accuracies in percent.\n\n");
    fmt::print("{:>8} {:>7} {:>7} {:>7} {:>13}{}{} {:>9} {:>12} {:>13} {:>8} {:>11}\n", "sparsity",
               "float", "INT8", "RTL", "cycles/image",
               both() ? fmt::format(" {:>12}", "on LPDDR4X") : "",
               report_.chip_column.empty() ? "" : fmt::format(" {:>12}", report_.chip_column),
               "speed-up", "utilisation", "weight bytes", "kHz", "mismatches");
    std::fflush(stdout);
  }

  [[nodiscard]] Place place(sw::MemoryKind memory, bool chip) const {
    return {config_, options_.config, memory, chip,
            fmt::format("{} --images {}", classifier_.command, labels_.size())};
  }

  void variant(int sparsity) {
    const fs::path model = classifier_.path(sparsity, true);
    // Timed as it is used, then with the output of every layer stored, so that all are compared.
    const Place main = place(first_memory(), chip_alone());
    const Measured timed = measure(model, inputs_, main, false);
    const Measured checked = measure(model, inputs_, main, true);
    sw::Variant v;
    v.sparsity = sparsity;
    v.ok = true;
    const auto judge = [&v](const Measured& m) {
      v.mismatches += m.mismatches;
      v.ok = v.ok && m.ok;
      fmt::print("{}", m.text);
    };
    judge(timed);
    judge(checked);
    const auto images = static_cast<double>(report_.images);
    if (both()) {
      const Measured real = measure(model, inputs_, place(sw::MemoryKind::kLpddr4, false), false);
      judge(real);
      v.lpddr4_cycles_per_image = real.cycles / images;
      v.lpddr4_mismatches = real.mismatches;
      dram_ = real.dram;
    }
    if (chip_beside()) {
      const Measured chip = measure(model, inputs_, place(sw::MemoryKind::kLpddr4, true), false);
      judge(chip);
      v.chip_mismatches = chip.mismatches;
      v.chip_cycles_per_image = chip.with_host / images;
      v.chip_khz = chip.with_host / std::max(chip.wall_s, 1e-9) / 1e3;
    }
    if (timed.dram) dram_ = timed.dram;
    const auto real_scores = scores_of_file(classifier_.path(sparsity, false), inputs_.at(0));
    v.accuracy_float = accuracy(sw::digit_answers(real_scores), labels_);
    v.score_error =
        sw::score_error(timed.scores.floats(), real_scores.floats(), sw::Digits::kClasses);
    v.worst_row_error = worst_row_error(checked.layers);
    v.accuracy_int8 = accuracy(sw::digit_answers(timed.reference_scores), labels_);
    const Labels given = sw::digit_answers(timed.scores);
    v.accuracy_rtl = accuracy(given, labels_);
    v.cycles_per_image = timed.cycles / images;
    if (chip_alone()) v.chip_cycles_per_image = timed.with_host / images;
    v.ideal_cycles_per_image = timed.ideal_cycles / images;
    if (!report_.variants.empty() && v.cycles_per_image > 0) {
      v.speedup = report_.variants.front().cycles_per_image / v.cycles_per_image;
    }
    v.utilisation = timed.utilisation;
    v.weight_bytes = timed.layers.weight_bytes();
    v.dense_weight_bytes = timed.layers.dense_weight_bytes();
    v.wall_s = timed.wall_s;
    v.khz = timed.with_host / std::max(timed.wall_s, 1e-9) / 1e3;
    v.mac_per_s = static_cast<double>(timed.macs_nonzero) / std::max(timed.wall_s, 1e-9);
    v.layers = sw::layer_rows(timed.layers);
    v.timeline = sw::engine_timeline(timed.layers,
                                     fmt::format("{}x: {} images{}", sparsity, timed.layers.batch,
                                                 chip_alone() ? " of the first subsystem" : ""));
    choose_samples(given);
    for (const sw::Sample& s : report_.samples) v.answers.push_back(given.at(s.number));
    fmt::print(
        "{:>7}x {:>7.2f} {:>7.2f} {:>7.2f} {:>13.1f}{}{} {:>8.2f}x {:>10.1f} % {:>13} {:>8.1f} "
        "{:>11}\n",
        sparsity, 100 * v.accuracy_float, 100 * v.accuracy_int8, 100 * v.accuracy_rtl,
        v.cycles_per_image,
        v.lpddr4_cycles_per_image ? fmt::format(" {:>12.1f}", *v.lpddr4_cycles_per_image) : "",
        v.chip_cycles_per_image ? fmt::format(" {:>12.1f}", *v.chip_cycles_per_image) : "",
        v.speedup, 100 * v.utilisation, v.weight_bytes, v.khz, v.mismatches);
    std::fflush(stdout);
    report_.variants.push_back(std::move(v));
    if (!options_.trace.empty() && sparsity == classifier_.sparsities.back()) {
      sw::write_json(options_.trace, timed.trace, -1);
    }
  }

  /// What rounding costs: against double precision and against the float network.
  void print_errors() const {
    fmt::print("\n{:>8} {:>16} {:>16} {:>12} {:>14} {:>14}\n", "sparsity", "worst row error",
               "largest error", "mean error", "largest score", "same answers");
    for (const sw::Variant& v : report_.variants) {
      fmt::print("{:>7g}x {:>16} {:>16.3f} {:>12.3f} {:>14.2f} {:>12.2f} %\n", v.sparsity,
                 v.worst_row_error ? fmt::format("{:.4f} steps", *v.worst_row_error) : "-",
                 v.score_error.largest, v.score_error.mean, v.score_error.range,
                 100 * v.score_error.same_answers);
    }
  }

  /// The first image of every class, and then those that the dense network gets wrong.
  void choose_samples(const Labels& given) {
    if (!report_.samples.empty()) return;
    std::vector<std::size_t> numbers;
    for (std::size_t digit = 0; digit < sw::Digits::kClasses; ++digit) {
      const auto found = std::find(labels_.begin(), labels_.end(), digit);
      if (found != labels_.end()) {
        numbers.push_back(static_cast<std::size_t>(found - labels_.begin()));
      }
    }
    for (std::size_t i = 0; i < given.size() && numbers.size() < kSamples; ++i) {
      if (given[i] != labels_[i]) numbers.push_back(i);
    }
    const std::vector<float>& pixels = images_.floats();
    for (const std::size_t i : numbers) {
      const auto begin = pixels.begin() + static_cast<long>(i * sw::Digits::kPixels);
      report_.samples.push_back({i,
                                 labels_[i],
                                 sw::Digits::kSide,
                                 sw::Digits::kSide,
                                 {begin, begin + sw::Digits::kPixels}});
    }
  }

  Classifier classifier_;
  ClassifyOptions options_;
  config::Configuration config_;
  TensorData images_;
  std::vector<TensorData> inputs_;  // of the network
  Labels labels_;
  sw::RunReport report_;
  std::optional<sw::DramReport> dram_;  // of the last run on LPDDR4X
};

}  // namespace

void add_classify_options(CLI::App& command, ClassifyOptions& o) {
  command.add_option("--config", o.config, "tiny, small, s4 or a configuration file")
      ->capture_default_str();
  command.add_option("--images", o.images, "Only the first of the test images")->check(whole(1));
  command.add_option("--out", o.out, "Folder for report.html and report.json")
      ->capture_default_str();
  command
      .add_option("--memory", o.memory, "Memory of the RTL: ideal, lpddr4, or both side by side")
      ->capture_default_str()
      ->check(CLI::IsMember({"ideal", "lpddr4", "both"}));
  command
      .add_option(
          "--on", o.on,
          "subsystem: one of them; chip: all, sharing the images, on LPDDR4X; both: the chip "
          "beside one subsystem")
      ->capture_default_str()
      ->check(CLI::IsMember({"subsystem", "chip", "both"}));
  command.add_option("--trace", o.trace,
                     "Write the engines' timeline (Perfetto) of the last run to this file");
}

int classify(const Classifier& classifier, const ClassifyOptions& options) {
  if (options.on == "chip" && options.memory == "ideal") {
    throw std::invalid_argument("--memory ideal: the chip's memory is LPDDR4X");
  }
  return Job(classifier, options).run();
}

}  // namespace s4::cli
