#include "sw/npy/npy.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>

#include "sw/npy/compare.hpp"
#include "tb/root.hpp"

namespace {

using namespace s4;
using namespace s4::sw;
using graph::TensorData;
using Bytes = std::vector<std::uint8_t>;

/// A file with this dictionary and as many bytes of data.
Bytes file_of(const std::string& header, std::size_t data, unsigned version = 1) {
  Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', static_cast<std::uint8_t>(version), 0};
  for (unsigned i = 0; i < (version == 1 ? 2U : 4U); ++i) {
    bytes.push_back(static_cast<std::uint8_t>(header.size() >> (8 * i)));
  }
  bytes.insert(bytes.end(), header.begin(), header.end());
  for (std::size_t i = 0; i < data; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
  return bytes;
}

std::string error_of(const Bytes& bytes) {
  try {
    (void)parse_npy(bytes, "F");
  } catch (const NpyError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("what is written is read back") {
  const std::vector<TensorData> tensors{
      TensorData({2, 3}, std::vector<float>{0, -1.5F, 3e38F, 1e-40F, INFINITY, -0.0F}),
      TensorData({4}, std::vector<std::int8_t>{-128, -1, 0, 127}),
      TensorData({1, 2, 2}, std::vector<std::uint8_t>{0, 1, 128, 255}),
      TensorData({2, 1}, std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), 7}),
      TensorData({}, std::vector<float>{42}),
      TensorData({0, 5}, std::vector<float>{}),
  };
  for (const TensorData& tensor : tensors) {
    const Bytes bytes = npy_bytes(tensor);
    INFO(graph::name_of(tensor.type) << graph::to_string(tensor.shape));
    CHECK(parse_npy(bytes, "F") == tensor);
    // Data start at a multiple of 64, as NumPy wants it.
    CHECK((bytes.size() - static_cast<std::size_t>(tensor.size()) * graph::size_of(tensor.type)) %
              64 ==
          0);
  }
  CHECK_THROWS_AS(npy_bytes(TensorData({1}, std::vector<std::int32_t>{1})), NpyError);
}

TEST_CASE("the bytes of a file as NumPy writes it") {
  const TensorData tensor({2, 2}, std::vector<float>{1, 2, 3, 4});
  const Bytes bytes = npy_bytes(tensor);
  REQUIRE(bytes.size() == 128 + 16);
  const std::string header(bytes.begin() + 10, bytes.begin() + 128);
  CHECK(header.find("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), } ") == 0);
  CHECK(header.back() == '\n');
  CHECK(bytes[8] == 118);
  CHECK(bytes[9] == 0);
}

TEST_CASE("forms of the header that other writers use") {
  const auto shape = [](const std::string& header, std::size_t data, unsigned version = 1) {
    return parse_npy(file_of(header, data, version), "F").shape;
  };
  CHECK(shape("{'descr':'|u1','fortran_order':False,'shape':(3,)}", 3) == graph::Shape{3});
  CHECK(shape("{\"shape\": (2, 3,), \"descr\": \"|i1\", \"fortran_order\": False}\n", 6, 2) ==
        graph::Shape{2, 3});
  CHECK(shape("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", 8) == graph::Shape{});
  // With one dimension both orders are the same.
  CHECK(shape("{'descr': '|u1', 'fortran_order': True, 'shape': (3,)}", 3) == graph::Shape{3});
}

TEST_CASE("what is wrong is said") {
  const auto with = [](const std::string& descr, const std::string& order, const std::string& shape,
                       std::size_t data) {
    return error_of(file_of(
        "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + "}", data));
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {error_of({}), "no .npy file"},
      {error_of({'P', 'K', 3, 4, 0, 0, 0, 0}), "no .npy file"},
      {error_of({0x93, 'N', 'U', 'M', 'P', 'Y', 1}), "ends inside its header"},
      {error_of(file_of("{}", 0, 3)), "version 3.0"},
      {error_of(file_of("{}", 0)), "no 'descr'"},
      {with("'<f8'", "False", "(1,)", 8), "type '<f8'"},
      {with("'>f4'", "False", "(1,)", 4), "type '>f4'"},
      {with("'|O'", "False", "(1,)", 8), "type '|O'"},
      {with("[('a', '<f4')]", "False", "(1,)", 4), "something else than a string"},
      {with("'<f4'", "True", "(2, 2)", 16), "Fortran order"},
      {with("'<f4'", "0", "(2, 2)", 16), "neither True nor False"},
      {with("'<f4'", "False", "(5)", 20), "(5) is a number"},
      {with("'<f4'", "False", "5", 20), "dictionary"},
      {with("'<f4'", "False", "(-1,)", 4), "whole numbers"},
      {with("'<f4'", "False", "(99999999999999999999,)", 4), "whole numbers"},
      {with("'<f4'", "False", "(4611686018427387904, 4)", 4), "F: "},
      {with("'<f4'", "False", "(2, 2)", 15), "needs 16 bytes of data, the file has 15"},
      {with("'<f4'", "False", "(2, 2)", 17), "needs 16 bytes of data, the file has 17"},
      {with("'<f4'", "False", "(2, 2), 'shape': (2, 2)", 16), "two entries 'shape'"},
      {with("'<f4'", "False", "(2, 2), 'x': 'y'", 16), "unknown entry 'x'"},
      {error_of(file_of("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4)),
       "goes on"},
  };
  for (const auto& [error, text] : cases) {
    INFO("'" << error << "' holds '" << text << "'");
    CHECK(error.find("F: ") == 0);
    CHECK(error.find(text) != std::string::npos);
  }
}

TEST_CASE("every truncated file is an error") {
  const Bytes good = npy_bytes(TensorData({3}, std::vector<std::int64_t>{1, 2, 3}));
  for (std::size_t size = 0; size < good.size(); ++size) {
    INFO(size);
    CHECK_FALSE(
        error_of(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))).empty());
  }
}

TEST_CASE("files on disk") {
  const std::string folder = tb::root() + "/build/test_npy";
  std::filesystem::create_directories(folder);
  const TensorData tensor({2}, std::vector<float>{1, 2});
  write_npy(folder + "/a.npy", tensor);
  CHECK(read_npy(folder + "/a.npy") == tensor);
  CHECK_THROWS_WITH(read_npy(folder + "/none.npy"), Catch::Contains("cannot read"));
  CHECK_THROWS_WITH(read_npy(folder), Catch::Contains("cannot read"));
  CHECK_THROWS_WITH(write_npy(folder + "/none/a.npy", tensor), Catch::Contains("cannot write"));
}

TEST_CASE("comparison of tensors") {
  const float nan = std::nanf("");
  const TensorData a({2, 2}, std::vector<float>{1, 2, nan, INFINITY});
  CHECK(compare_tensors(a, a, 0).different == 0);
  const TensorData b({2, 2}, std::vector<float>{1, 2.5F, 0, INFINITY});
  const TensorDifference d = compare_tensors(a, b, 0);
  CHECK(d.elements == 4);
  CHECK(d.different == 2);
  CHECK(d.largest == 0.5);
  CHECK(d.first == "[0,1]: 2 and 2.5");
  CHECK(compare_tensors(a, b, 0.5).different == 1);  // NaN is near to nothing
  const TensorData x({1}, std::vector<std::int64_t>{INT64_MIN});
  const TensorData y({1}, std::vector<std::int64_t>{INT64_MAX});
  CHECK(compare_tensors(x, y, 1e18).different == 1);
  CHECK_THROWS_AS(compare_tensors(a, x, 0), graph::GraphError);
}

}  // namespace
