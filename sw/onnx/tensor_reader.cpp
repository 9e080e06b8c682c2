#include "sw/onnx/tensor_reader.hpp"

#include <bit>
#include <charconv>
#include <cstring>
#include <fstream>
#include <limits>

#include "sw/onnx/import.hpp"

namespace s4::sw {
namespace {

using ::onnx::TensorProto;

/// Bytes of one element in raw data; 0 if the type is not supported.
std::size_t raw_size(std::int32_t type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::INT32:
      return 4;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
      return 8;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
      return 2;
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return 1;
    default:
      return 0;
  }
}

template <typename T>
T little_endian(const char* bytes) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

graph::TensorData from_raw(const TensorProto& proto, graph::Shape shape, const char* raw) {
  graph::TensorData data(*onnx_data_type(proto.data_type()), std::move(shape));
  const std::size_t step = raw_size(proto.data_type());
  std::visit(
      [&](auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const char* at = raw + i * step;
          if constexpr (std::is_same_v<T, float>) {
            switch (proto.data_type()) {
              case TensorProto::DOUBLE:
                values[i] = static_cast<float>(little_endian<double>(at));
                break;
              case TensorProto::FLOAT16:
                values[i] = half_to_float(little_endian<std::uint16_t>(at));
                break;
              case TensorProto::BFLOAT16:
                values[i] = bfloat16_to_float(little_endian<std::uint16_t>(at));
                break;
              default:
                values[i] = little_endian<float>(at);
            }
          } else if (proto.data_type() == TensorProto::BOOL) {
            values[i] = *at != 0 ? 1 : 0;
          } else {
            values[i] = little_endian<T>(at);
          }
        }
      },
      data.values);
  return data;
}

/// Typed fields hold one entry per element.
template <typename Field>
graph::TensorData from_field(const TensorProto& proto, graph::Shape shape, const Field& field,
                             const std::string& what) {
  if (field.size() != graph::element_count(shape)) {
    throw OnnxError(what + ": shape " + graph::to_string(shape) + " needs " +
                    std::to_string(graph::element_count(shape)) + " values, the file has " +
                    std::to_string(field.size()));
  }
  graph::TensorData data(*onnx_data_type(proto.data_type()), std::move(shape));
  std::visit(
      [&](auto& values) {
        using T = typename std::decay_t<decltype(values)>::value_type;
        for (std::size_t i = 0; i < values.size(); ++i) {
          const auto given = field[static_cast<int>(i)];
          if constexpr (std::is_same_v<T, float>) {
            switch (proto.data_type()) {
              case TensorProto::FLOAT16:
                values[i] = half_to_float(static_cast<std::uint16_t>(given));
                break;
              case TensorProto::BFLOAT16:
                values[i] = bfloat16_to_float(static_cast<std::uint16_t>(given));
                break;
              default:
                values[i] = static_cast<float>(given);
            }
          } else if (proto.data_type() == TensorProto::BOOL) {
            values[i] = given != 0 ? 1 : 0;
          } else {
            values[i] = static_cast<T>(given);
            if (static_cast<std::int64_t>(values[i]) != static_cast<std::int64_t>(given)) {
              throw OnnxError(what + ": value " + std::to_string(given) + " is no " +
                              onnx_type_name(proto.data_type()));
            }
          }
        }
      },
      data.values);
  return data;
}

std::uint64_t number(const std::string& text, const std::string& what, const char* key) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw OnnxError(what + ": external " + key + " '" + text + "' is not a number");
  }
  return value;
}

std::string read_external(const TensorProto& proto, const std::string& what, std::uint64_t bytes,
                          const std::filesystem::path& folder) {
  std::string location;
  std::uint64_t offset = 0;
  std::uint64_t length = bytes;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = number(entry.value(), what, "offset");
    if (entry.key() == "length") length = number(entry.value(), what, "length");
  }
  const std::filesystem::path relative(location);
  bool inside =
      !location.empty() && !relative.is_absolute() && location.find('\0') == std::string::npos;
  for (const auto& part : relative) inside = inside && part != "..";
  if (!inside) {
    throw OnnxError(what + ": its data is in '" + location +
                    "', which is not a file in the folder of the model");
  }
  if (length != bytes) {
    throw OnnxError(what + ": external length " + std::to_string(length) + ", its shape needs " +
                    std::to_string(bytes) + " bytes");
  }
  const std::filesystem::path path = folder / relative;
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw OnnxError(what + ": its data file " + path.string() + " is not there");
  }
  const std::uint64_t size = std::filesystem::file_size(path, error);
  if (error || offset > size || bytes > size - offset) {
    throw OnnxError(what + ": its data file " + path.string() + " ends before its data does");
  }
  std::ifstream file(path, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::string data(bytes, '\0');
  if (!file.read(data.data(), static_cast<std::streamsize>(bytes))) {
    throw OnnxError(what + ": its data file " + path.string() + " cannot be read");
  }
  return data;
}

}  // namespace

std::optional<graph::DataType> onnx_data_type(std::int32_t type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::DOUBLE:
      return graph::DataType::kFloat32;
    case TensorProto::INT8:
      return graph::DataType::kInt8;
    case TensorProto::UINT8:
      return graph::DataType::kUint8;
    case TensorProto::INT32:
      return graph::DataType::kInt32;
    case TensorProto::INT64:
      return graph::DataType::kInt64;
    case TensorProto::BOOL:
      return graph::DataType::kBool;
    default:
      return std::nullopt;
  }
}

std::string onnx_type_name(std::int32_t type) {
  static const char* const kNames[] = {
      "UNDEFINED",      "FLOAT",      "UINT8",          "INT8",       "UINT16",   "INT16",
      "INT32",          "INT64",      "STRING",         "BOOL",       "FLOAT16",  "DOUBLE",
      "UINT32",         "UINT64",     "COMPLEX64",      "COMPLEX128", "BFLOAT16", "FLOAT8E4M3FN",
      "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "UINT4",      "INT4",     "FLOAT4E2M1"};
  if (type >= 0 && type < static_cast<std::int32_t>(std::size(kNames))) return kNames[type];
  return "type " + std::to_string(type);
}

float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1FU;
  const std::uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

float bfloat16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

graph::TensorData read_tensor(const TensorProto& proto, const std::string& what,
                              const std::filesystem::path& folder) {
  graph::Shape shape(proto.dims().begin(), proto.dims().end());
  if (shape.size() > 16) throw OnnxError(what + ": " + std::to_string(shape.size()) + " axes");
  std::int64_t count = 0;
  try {
    count = graph::element_count(shape);
  } catch (const graph::GraphError& error) {
    throw OnnxError(what + ": " + error.what());
  }
  if (!onnx_data_type(proto.data_type())) {
    throw OnnxError(what + ": element type " + onnx_type_name(proto.data_type()));
  }
  if (proto.has_segment()) throw OnnxError(what + ": stored in segments");
  const std::uint64_t bytes = static_cast<std::uint64_t>(count) * raw_size(proto.data_type());
  if (proto.data_location() == TensorProto::EXTERNAL) {
    const std::string raw = read_external(proto, what, bytes, folder);
    return from_raw(proto, std::move(shape), raw.data());
  }
  if (proto.has_raw_data()) {
    if (proto.raw_data().size() != bytes) {
      throw OnnxError(what + ": shape " + graph::to_string(shape) + " needs " +
                      std::to_string(bytes) + " bytes, the file has " +
                      std::to_string(proto.raw_data().size()));
    }
    return from_raw(proto, std::move(shape), proto.raw_data().data());
  }
  switch (proto.data_type()) {
    case TensorProto::FLOAT:
      return from_field(proto, std::move(shape), proto.float_data(), what);
    case TensorProto::DOUBLE:
      return from_field(proto, std::move(shape), proto.double_data(), what);
    case TensorProto::INT64:
      return from_field(proto, std::move(shape), proto.int64_data(), what);
    default:
      return from_field(proto, std::move(shape), proto.int32_data(), what);
  }
}

}  // namespace s4::sw
