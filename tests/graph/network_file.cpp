#include "tests/graph/network_file.hpp"

#include <zlib.h>

#include <cstring>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tb/root.hpp"

namespace s4::sw::graph::test {
namespace {

std::string inflate_file(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::string text;
  std::string block(1 << 16, '\0');
  for (;;) {
    const int got = gzread(file.get(), block.data(), static_cast<unsigned>(block.size()));
    if (got < 0) throw std::runtime_error(path + " is damaged");
    if (got == 0) return text;
    text.append(block, 0, static_cast<std::size_t>(got));
  }
}

class Fields {
 public:
  explicit Fields(std::string text) : text_(std::move(text)) {}

  std::string next(const std::string& what) {
    std::uint32_t size = 0;
    if (text_.size() - at_ < 4) throw std::runtime_error("the vectors end before " + what);
    for (int i = 0; i < 4; ++i) {
      size |= static_cast<std::uint32_t>(static_cast<unsigned char>(text_[at_++])) << (8 * i);
    }
    if (text_.size() - at_ < size) throw std::runtime_error("the vectors end inside " + what);
    at_ += size;
    return text_.substr(at_ - size, size);
  }
  [[nodiscard]] bool done() const { return at_ == text_.size(); }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

template <typename T>
TensorData decode(const Shape& shape, const std::string& bytes) {
  if (bytes.size() % sizeof(T) != 0) throw std::runtime_error("a tensor of the vectors is cut off");
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return TensorData(shape, std::move(values));
}

TensorData decode(const nlohmann::json& port, const std::string& bytes) {
  const std::string type = port.at("type");
  const Shape shape = port.at("shape").get<Shape>();
  if (type == "int8") return decode<std::int8_t>(shape, bytes);
  if (type == "uint8") return decode<std::uint8_t>(shape, bytes);
  if (type == "float32") return decode<float>(shape, bytes);
  throw std::runtime_error("a tensor of the vectors has the type " + type);
}

}  // namespace

NetworkFile load_networks(const std::string& path) {
  Fields fields(inflate_file(path));
  const auto head = nlohmann::json::parse(fields.next("the head"));
  NetworkFile file{head.at("runtime"), {}};
  const std::size_t count = head.at("networks");
  while (file.networks.size() < count) {
    const auto info = nlohmann::json::parse(fields.next("a network"));
    NetworkVector network;
    network.name = info.at("name");
    network.layers = info.at("layers").get<std::vector<std::string>>();
    network.unoptimized = info.at("differ_disabled");
    network.onnx = fields.next(network.name);
    for (const auto& port : info.at("inputs")) {
      network.inputs.push_back(decode(port, fields.next(network.name)));
    }
    for (const auto& port : info.at("outputs")) {
      network.output_names.push_back(port.at("name"));
      network.outputs.push_back(decode(port, fields.next(network.name)));
    }
    file.networks.push_back(std::move(network));
  }
  if (!fields.done()) throw std::runtime_error("the vectors go on behind the last network");
  return file;
}

const NetworkFile& committed_networks() {
  static const NetworkFile kFile =
      load_networks(tb::root() + "/tests/graph/vectors/networks.bin.gz");
  return kFile;
}

}  // namespace s4::sw::graph::test
