#include "sw/train/digits.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

#include "sw/train/random.hpp"
#include "tb/root.hpp"

namespace s4::sw {
namespace {

constexpr std::size_t kImages = 1797;
/// Far more than the file holds; a file that inflates beyond it is not read on.
constexpr std::size_t kMaxText = std::size_t{64} << 20U;
constexpr std::uint32_t kWhite = 16;

std::string inflate_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw DigitsError(path.string() + ": there is no such file");
  }
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw DigitsError(path.string() + ": cannot be read");
  std::string text;
  std::vector<char> part(std::size_t{1} << 16U);
  for (;;) {
    const int count = gzread(file.get(), part.data(), static_cast<unsigned>(part.size()));
    // A file that was never compressed is passed through; that is as much a damaged one.
    if (count > 0 && gzdirect(file.get()) != 0) {
      throw DigitsError(path.string() + ": is no gzip file");
    }
    int code = Z_OK;
    const char* why = gzerror(file.get(), &code);
    if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      throw DigitsError(fmt::format("{}: damaged or cut off after {} bytes of text ({})",
                                    path.string(), text.size(), why));
    }
    if (count == 0) break;
    text.append(part.data(), static_cast<std::size_t>(count));
    if (text.size() > kMaxText) throw DigitsError(path.string() + ": is too large");
  }
  return text;
}

/// One line: 64 pixels and the label.
void read_line(const std::string& place, const std::string& line, Digits& out) {
  std::size_t at = 0;
  for (std::size_t column = 0; column <= Digits::kPixels; ++column) {
    std::uint32_t value = 0;
    const std::size_t first = at;
    while (at < line.size() && line[at] >= '0' && line[at] <= '9' && at - first < 3) {
      value = value * 10 + static_cast<std::uint32_t>(line[at++] - '0');
    }
    const bool last = column == Digits::kPixels;
    const std::uint32_t limit = last ? Digits::kClasses - 1 : kWhite;
    if (at == first || value > limit) {
      throw DigitsError(
          fmt::format("{}: {} is wanted, a number from 0 to {}", place,
                      last ? std::string("the label") : fmt::format("pixel {}", column), limit));
    }
    if (last ? at != line.size() : at == line.size() || line[at] != ',') {
      throw DigitsError(fmt::format("{}: 65 numbers with commas between them are wanted", place));
    }
    ++at;
    (last ? out.labels : out.pixels).push_back(static_cast<std::uint8_t>(value));
  }
}

}  // namespace

Digits load_digits(const std::filesystem::path& path) {
  const std::string text = inflate_file(path);
  Digits out;
  std::size_t number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    read_line(fmt::format("{}, line {}", path.string(), number), text.substr(at, end - at), out);
    at = end + 1;
  }
  if (out.size() == 0) throw DigitsError(path.string() + ": holds no image");
  return out;
}

Digits load_digits() {
  const std::filesystem::path path = digits_folder() / "digits.csv.gz";
  Digits out = load_digits(path);
  if (out.size() != kImages) {
    throw DigitsError(
        fmt::format("{}: holds {} images, not {}", path.string(), out.size(), kImages));
  }
  return out;
}

DigitsSplit split_digits(const Digits& digits, std::uint64_t seed, std::size_t validation) {
  std::vector<std::size_t> order(digits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Random(seed).shuffle(order);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return digits.labels[a] < digits.labels[b];
  });
  DigitsSplit split;
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < order.size(); ++i)
    (i % 5 == 0 ? split.test : rest).push_back(order[i]);
  if (validation > rest.size()) {
    throw std::invalid_argument(
        fmt::format("{} images to validate, there are {}", validation, rest.size()));
  }
  for (std::size_t i = 0; i < rest.size(); ++i) {
    // True for `validation` values of i, evenly spread.
    const bool take = (i + 1) * validation / rest.size() != i * validation / rest.size();
    (take ? split.validation : split.train).push_back(rest[i]);
  }
  for (auto* part : {&split.train, &split.validation, &split.test}) {
    std::sort(part->begin(), part->end());
  }
  return split;
}

graph::TensorData digit_images(const Digits& digits, std::span<const std::size_t> which) {
  constexpr auto kSide = static_cast<std::int64_t>(Digits::kSide);
  graph::TensorData images(graph::DataType::kFloat32,
                           {static_cast<std::int64_t>(which.size()), 1, kSide, kSide});
  auto& values = images.get<float>();
  for (std::size_t i = 0; i < which.size(); ++i) {
    for (std::size_t p = 0; p < Digits::kPixels; ++p) {
      values[i * Digits::kPixels + p] =
          static_cast<float>(digits.pixels.at(which[i] * Digits::kPixels + p)) / kWhite;
    }
  }
  return images;
}

std::vector<std::uint8_t> digit_labels(const Digits& digits, std::span<const std::size_t> which) {
  std::vector<std::uint8_t> labels;
  for (const std::size_t i : which) labels.push_back(digits.labels.at(i));
  return labels;
}

std::vector<std::uint8_t> digit_answers(const graph::TensorData& scores) {
  if (scores.shape.size() != 2 || scores.shape[1] != static_cast<std::int64_t>(Digits::kClasses)) {
    throw graph::GraphError("scores of shape [n,10] are wanted, not " +
                            graph::to_string(scores.shape));
  }
  const std::vector<float>& values = scores.floats();
  std::vector<std::uint8_t> answers;
  for (std::size_t at = 0; at < values.size(); at += Digits::kClasses) {
    const auto row = values.begin() + static_cast<std::ptrdiff_t>(at);
    answers.push_back(static_cast<std::uint8_t>(
        std::max_element(row, row + static_cast<std::ptrdiff_t>(Digits::kClasses)) - row));
  }
  return answers;
}

std::size_t count_right(const std::vector<std::uint8_t>& answers,
                        const std::vector<std::uint8_t>& labels) {
  if (answers.size() != labels.size()) {
    throw std::invalid_argument(
        fmt::format("{} answers to {} images", answers.size(), labels.size()));
  }
  std::size_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += answers[i] == labels[i] ? 1 : 0;
  return right;
}

std::string describe(const DigitsSplit& split, std::uint64_t seed) {
  return fmt::format("split seed {}: {} train ({} of them validate), {} test", seed,
                     split.train.size() + split.validation.size(), split.validation.size(),
                     split.test.size());
}

std::filesystem::path digits_folder() {
  return std::filesystem::path(tb::root()) / "sw" / "models" / "digits";
}

std::filesystem::path digits_model_path(int sparsity, bool quantized) {
  const std::string name = sparsity == 1 && !quantized ? std::string("digits_dense.onnx")
                                                       : fmt::format("digits_{}x{}.onnx", sparsity,
                                                                     quantized ? "_int8" : "");
  return digits_folder() / name;
}

}  // namespace s4::sw
