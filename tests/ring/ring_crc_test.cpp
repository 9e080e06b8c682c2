#include <catch2/catch.hpp>
#include <random>

#include "sim/ring/gen/ring.hpp"
#include "sim/ring/ring_crc.hpp"
#include "tb/model.hpp"
#include "tb/seed.hpp"

using namespace s4;

TEST_CASE("ring_crc: the published check value of this polynomial") {
  // CRC-16/GENIBUS ("123456789" gives 0xd64e) starts from ones; one that starts from zeros and is
  // inverted gives the inverse of CRC-16/XMODEM, 0x31c3.
  std::vector<bool> bits;
  const std::string text = "123456789";
  for (std::size_t i = text.size(); i-- > 0;) {
    for (unsigned b = 0; b < 8; ++b) bits.push_back((text[i] >> b & 1) != 0);
  }
  CHECK(sim::ring_crc(bits) == static_cast<std::uint16_t>(~0x31c3));
}

TEST_CASE("ring_crc: RTL and model, odd widths, every single bit") {
  std::mt19937_64 random(tb::seed());
  for (const unsigned width : {37u, 1u, 6 + ring::kPayloadBits}) {
    if (width != 37 && !tb::full_run()) continue;
    tb::ModelOptions options;
    options.parameters = {{"Width", std::to_string(width)}};
    auto model = tb::Model::load("ring_crc", "tiny", tb::Kind::kChecked, options);
    auto enable = model->port("en_i"), data = model->port("data_i"), crc = model->port("crc_o");
    std::uint16_t zero = 0;
    for (unsigned round = 0; round < width + 200; ++round) {
      std::vector<bool> bits(width, false);
      data.set(0);
      for (unsigned i = 0; i < width; ++i) {
        bits[i] = round < width ? i == round : round > width && random() % 2 != 0;
        data.set_bits(i, 1, bits[i] ? 1 : 0);
      }
      enable.set(1);
      model->eval();
      CHECK(crc.get() == sim::ring_crc(bits));
      if (round == width) zero = static_cast<std::uint16_t>(crc.get());
      enable.set(0);
      model->eval();
      CHECK(crc.get() == 0);
    }
    CHECK(zero == 0xffff);
  }
}
