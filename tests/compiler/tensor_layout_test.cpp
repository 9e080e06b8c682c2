#include "sw/compiler/tensor_layout.hpp"

#include <catch2/catch.hpp>
#include <numeric>

using namespace s4::sw;

TEST_CASE("words and NCHW hold the same tensor") {
  for (const TensorShape shape :
       {TensorShape{2, 130, 3, 5}, TensorShape{1, 64, 1, 7}, TensorShape{3, 1, 4, 1}}) {
    std::vector<std::uint8_t> nchw(shape.elements());
    std::iota(nchw.begin(), nchw.end(), std::uint8_t{1});
    const auto words = to_words(shape, nchw);
    REQUIRE(words.size() == shape.words() * 64);
    REQUIRE(from_words(shape, words) == nchw);
    std::uint64_t real = 0;
    for (std::uint64_t byte = 0; byte < words.size(); ++byte) {
      const TensorCoordinate at = coordinate_of(shape, byte);
      if (at.channel >= shape.channels) {
        REQUIRE(words[byte] == 0);
        continue;
      }
      ++real;
      const std::uint64_t from =
          ((std::uint64_t{at.image} * shape.channels + at.channel) * shape.height + at.y) *
              shape.width +
          at.x;
      REQUIRE(words[byte] == nchw[from]);
    }
    REQUIRE(real == shape.elements());
  }
}
