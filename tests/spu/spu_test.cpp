// The whole SPU against the functional model, command after command, under random stalls.
#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/spu/spu_bench.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

/// A matrix product of `pixels` rows, all banks of the same K.
SpuCase product(SeededRandom& random, const config::Configuration& config, unsigned pixels,
                unsigned blocks, unsigned channels, unsigned count, unsigned shape) {
  SpuCase c;
  auto& k = c.command;
  k.in_blocks = static_cast<std::uint16_t>(blocks);
  k.in_height = k.out_height = k.images = 1;
  k.in_width = k.out_width = k.in_row = static_cast<std::uint16_t>(pixels);
  k.in_image = k.in_plane = k.pixels = k.out_plane = pixels;
  k.kernel_h = k.kernel_w = k.stride_h = k.stride_w = k.dilation_h = k.dilation_w = 1;
  k.out_channels = static_cast<std::uint16_t>(channels);
  k.shape = static_cast<std::uint8_t>(shape);
  k.out_addr = config.local_words / 2;
  k.weights_resident = 1;
  const unsigned lanes = (config.num_quadrants >> shape) * config.lanes_per_quadrant;
  for (unsigned g = 0; g < divide_up(channels, lanes); ++g) {
    c.groups.push_back(random_group(random, lanes, 0));
    for (unsigned b = 0; b < blocks; ++b) {
      c.groups.back().banks.push_back(random_bank(random, lanes, count, count >= 11 && count < 64));
    }
  }
  random_epilogue(random, k, c.groups);
  k.add_enable = 0;
  return c;
}

}  // namespace

TEST_CASE("spu: random programs equal the functional model, random stalls", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    SpuBench bench(name);
    SeededRandom random(81);
    INFO(name);
    const bool tiny = std::string(name) == "tiny";
    const unsigned programs = tb::full_run() ? (tiny ? 400 : 100) : (tiny ? 12 : 4);
    for (unsigned i = 0; i < programs; ++i) REQUIRE(run_cases(bench, random, 12) == "");
  }
}

TEST_CASE("spu: clocks of a command", "[spu]") {
  SeededRandom random(82);
  for (const char* name : {"tiny", "small"}) {
    SpuBench bench(name);
    const auto& config = bench.config();
    struct Product {
      unsigned pixels, blocks, count, shape;
      unsigned headers;  // clocks of header chunks after the first
    };
    for (const Product& p : {
             Product{1, 1, 1, 0, 0},
             Product{1, 1, 64, 0, 0},
             Product{1, 1, 1, 1, 0},
             Product{40, 4, 64, 0, 0},
             Product{40, 4, 8, 0, divide_up(40, config.pixels_per_quadrant) - 1},
             Product{40, 12, 2, 0, divide_up(40, config.pixels_per_quadrant) - 1},
         }) {
      const unsigned tile = config.pixels_per_quadrant << p.shape;
      const unsigned tiles = divide_up(p.pixels, tile);
      const unsigned parts = config.num_quadrants >> p.shape;
      const SpuCase c = product(random, config, p.pixels, p.blocks,
                                parts * config.lanes_per_quadrant, p.count, p.shape);
      bench.send(random, c);
      // Once to bring the weights in: of the second run only the way through the array is left.
      SpuCase keep = c;
      keep.command.weights_keep = 1;
      REQUIRE(bench.run(random, keep, {}) == "");
      REQUIRE(bench.run(random, c, {}) == "");
      INFO(name << " pixels " << p.pixels << " blocks " << p.blocks << " K " << p.count);
      const unsigned steps = tiles * p.blocks * p.count + p.headers;
      const unsigned walk = tile;            // one clock per pixel of a tile
      const unsigned fetch = 1U << p.shape;  // one clock per pixel quadrant of the first bank
      const unsigned drain =
          parts * divide_up(p.pixels - (tiles - 1) * tile, config.epilogue_pixels);
      CHECK(bench.clocks() == steps + walk + fetch + drain + 24);
      CHECK(bench.mac_clocks() == tiles * p.blocks * p.count);
    }
  }
}

TEST_CASE("spu: a header above 64 is reported", "[spu]") {
  SpuBench bench("tiny");
  SeededRandom random(83);
  SpuCase c = product(random, bench.config(), 4, 3, 16, 5, 0);
  c.groups[0].banks[1].count = 70;
  c.groups[0].banks[1].lanes.assign(16, std::vector<test::Entry>(70));
  bench.send(random, c);
  CHECK(bench.run(random, c, {}) == "error_valid_o");
  CHECK(bench.model().port("error_code_o").get() ==
        static_cast<unsigned>(commands::Error::kWeightStream));
}

TEST_CASE("spu: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  for (const Bug& bug : {
           Bug{"tiles", "(24'(Pixels) << shape) - 24'd1", "(24'(Pixels) << shape) - 24'd2"},
           Bug{"groups", "((17'(Quads * Lanes) >> shape) - 17'd1)", "(17'd0)"},
       }) {
    INFO(bug.name);
    std::string error;
    try {
      SpuBench bench("tiny", seeded_bug("rtl/spu/spu.sv", std::string("spu_") + bug.name, bug.find,
                                        bug.replace));
      SeededRandom random(84);
      for (unsigned i = 0; i < 3 && error.empty(); ++i) error = run_cases(bench, random, 12);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
