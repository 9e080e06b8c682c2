// The whole SPU against the functional model, command after command, under random stalls.
#include <bit>
#include <catch2/catch.hpp>
#include <utility>

#include "sim/activation/activation_function.hpp"
#include "sim/reference/bfloat16.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/spu_bench.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr unsigned kPipelines = 20;  // setup, fetch, step and epilogue of a command alone
constexpr unsigned kBf16Pipelines = 24;
constexpr unsigned kFunctionPipelines = 39;
constexpr unsigned kGap = 2;          // between the steps of two commands
constexpr unsigned kGapOfShapes = 3;  // of different shape: the buffers read again

/// A matrix product of `pixels` rows, all banks of the same K.
SpuCase product(SeededRandom& random, const config::Configuration& config, unsigned pixels,
                unsigned blocks, unsigned channels, unsigned count, unsigned shape,
                bool bf16 = false) {
  SpuCase c;
  auto& k = c.command;
  k.dtype = k.out_bf16 = bf16 ? 1 : 0;
  k.in_blocks = static_cast<std::uint16_t>(bf16 ? 2 * blocks : blocks);
  k.in_height = k.out_height = k.images = 1;
  k.in_width = k.out_width = k.in_row = static_cast<std::uint16_t>(pixels);
  k.in_image = k.in_plane = k.pixels = k.out_plane = pixels;
  k.kernel_h = k.kernel_w = k.stride_h = k.stride_w = k.dilation_h = k.dilation_w = 1;
  k.out_channels = static_cast<std::uint16_t>(channels);
  k.shape = static_cast<std::uint8_t>(shape);
  k.out_addr = std::max(config.local_words / 2, k.in_blocks * pixels);
  k.weights_resident = 1;
  const unsigned lanes = (config.num_quadrants >> shape) * config.lanes_per_quadrant;
  for (unsigned g = 0; g < divide_up(channels, lanes); ++g) {
    c.groups.push_back(random_group(random, lanes, 0));
    for (unsigned b = 0; b < blocks; ++b) {
      c.groups.back().banks.push_back(random_bank(random, lanes, count, count >= 11 && count < 64));
    }
  }
  random_epilogue(random, k, c.groups);
  if (bf16) random_float_epilogue(random, k, c.groups);
  if (bf16)
    std::for_each(c.groups.begin(), c.groups.end(), [&](Group& g) { make_bf16(random, g); });
  k.add_enable = 0;
  return c;
}

}  // namespace

TEST_CASE("spu: random programs back to back equal the functional model, random stalls", "[spu]") {
  for (const char* name : {"tiny", "small"}) {
    SpuBench bench(name);
    SeededRandom random(81);
    INFO(name);
    const bool tiny = std::string(name) == "tiny";
    const unsigned programs = tb::full_run() ? (tiny ? 400 : 100) : (tiny ? 12 : 4);
    for (unsigned i = 0; i < programs; ++i) {
      REQUIRE(run_cases(bench, random, 12, i % 4 == 3) == "");
    }
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
             Product{40, 4, 8, 0, 0},
             Product{40, 12, 2, 0, 0},  // the headers of a pass in one chunk: read once
             Product{36, 13, 2, 0, config.pixels_per_quadrant == 4 ? 2 * 9 - 1U : 0},
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
      const unsigned walk = std::bit_width(tile) - 1;  // one clock per doubling of the pixels
      // One clock per pair of pixel quadrants of the first bank.
      const unsigned fetch = p.shape > 0 ? 1U << (p.shape - 1) : 1;
      const unsigned drain =
          parts * divide_up(p.pixels - (tiles - 1) * tile, config.epilogue_pixels);
      CHECK(bench.clocks() == steps + walk + fetch + drain + kPipelines);
      CHECK(bench.mac_clocks() == tiles * p.blocks * p.count);
    }
  }
}

TEST_CASE("spu: clocks of a BF16 command", "[spu]") {
  SeededRandom random(87);
  for (const char* name : {"tiny", "small"}) {
    SpuBench bench(name);
    const auto& config = bench.config();
    struct Product {
      unsigned pixels, blocks, count, shape;
    };
    for (const Product& p :
         {Product{1, 1, 1, 0}, Product{1, 1, 64, 0}, Product{1, 1, 1, 1}, Product{40, 4, 64, 0},
          Product{40, 4, 8, 0}, Product{40, 4, 8, 1}, Product{40, 6, 2, 0}}) {
      const unsigned tile = config.pixels_per_quadrant << p.shape;
      const unsigned tiles = divide_up(p.pixels, tile);
      const unsigned parts = config.num_quadrants >> p.shape;
      const SpuCase c = product(random, config, p.pixels, p.blocks,
                                parts * config.lanes_per_quadrant, p.count, p.shape, true);
      INFO(name << " pixels " << p.pixels << " blocks " << p.blocks << " K " << p.count);
      bench.send(random, c);
      SpuCase keep = c;
      keep.command.weights_keep = 1;
      REQUIRE(bench.run(random, keep, {}) == "");
      REQUIRE(bench.run(random, c, {}) == "");
      const unsigned steps = 2 * tiles * p.blocks * p.count;
      const unsigned walk = std::bit_width(tile) - 1;
      const unsigned fetch = p.shape > 0 ? 1U << p.shape : 2;
      const unsigned drain =
          2 * parts * divide_up(p.pixels - (tiles - 1) * tile, config.epilogue_pixels);
      CHECK(bench.clocks() == steps + walk + fetch + drain + kBf16Pipelines);
      CHECK(bench.mac_clocks() == steps);
    }
  }
}

TEST_CASE("spu: clocks between commands", "[spu]") {
  SeededRandom random(85);
  for (const char* name : {"tiny", "small"}) {
    SpuBench bench(name);
    const auto& config = bench.config();
    for (const auto& [first_shape, second_shape] : {std::pair{0U, 0U}, {0U, 1U}, {1U, 0U}}) {
      for (const unsigned blocks : {1U, 3U}) {
        // Enough steps to prepare the next command beside them, and all weights in the buffers.
        std::vector<SpuCase> cases;
        for (const unsigned shape : {first_shape, second_shape, first_shape}) {
          const unsigned lanes = (config.num_quadrants >> shape) * config.lanes_per_quadrant;
          cases.push_back(product(random, config, 40, blocks, lanes, 64, shape));
        }
        for (const SpuCase& c : cases) bench.send(random, c);
        INFO(name << " shapes " << first_shape << " " << second_shape << " blocks " << blocks);
        REQUIRE(bench.run(random, cases, {SpuRates{}}) == "");
        std::vector<std::uint64_t> gaps;
        for (std::size_t i = 1; i < bench.mac_at().size(); ++i) {
          const std::uint64_t idle = bench.mac_at()[i] - bench.mac_at()[i - 1] - 1;
          if (idle != 0) gaps.push_back(idle);
        }
        const auto gap = [&](unsigned a, unsigned b) { return a == b ? kGap : kGapOfShapes; };
        CHECK(gaps == std::vector<std::uint64_t>{gap(first_shape, second_shape),
                                                 gap(second_shape, first_shape)});
      }
    }
  }
}

namespace {

/// A pool of BF16 with windows of `kernel` neighbouring pixels of one row; channels of one word.
SpuCase bf16_pool(const config::Configuration& config, unsigned pixels, unsigned kernel,
                  std::uint8_t activation) {
  SpuCase c;
  auto& k = c.command;
  k.dtype = k.out_bf16 = k.max_pool = 1;
  k.in_blocks = k.in_height = k.out_height = k.images = 1;
  k.out_width = static_cast<std::uint16_t>(pixels);
  k.in_width = k.in_row = static_cast<std::uint16_t>(pixels * kernel);
  k.in_image = k.in_plane = k.in_width;
  k.pixels = k.out_plane = pixels;
  k.kernel_h = k.stride_h = k.dilation_h = k.dilation_w = 1;
  k.kernel_w = k.stride_w = static_cast<std::uint8_t>(kernel);
  k.out_channels = 32;
  k.out_addr = config.local_words / 2;
  k.activation = activation;
  return c;
}

std::uint16_t number_at(const sim::Word& word, unsigned channel) {
  return static_cast<std::uint16_t>(word[2 * channel] | word[2 * channel + 1] << 8);
}

}  // namespace

TEST_CASE("spu: BF16 maxima of every pair of special numbers", "[spu]") {
  // Zeros, subnormal numbers, neighbours, largest ones, infinities, NaN of both signs and kinds.
  std::vector<std::uint16_t> numbers{0x0000, 0x0001, 0x007F, 0x0080, 0x0081, 0x00FF,
                                     0x0100, 0x3F7F, 0x3F80, 0x3F81, 0x4000, 0x7F7F,
                                     0x7F80, 0x7F81, 0x7FC0, 0x7FFF};
  for (std::size_t i = 0, half = numbers.size(); i < half; ++i) {
    numbers.push_back(static_cast<std::uint16_t>(numbers[i] | 0x8000));
  }
  SeededRandom random(88);
  for (const char* name : {"tiny", "small"}) {
    SpuBench bench(name);
    bench.randomize_local(random);
    // Pixel i has the maxima of number i with every other one.
    const auto pixels = static_cast<unsigned>(numbers.size());
    REQUIRE(pixels == 32);
    const SpuCase c = bf16_pool(bench.config(), pixels, 2, 0);
    ref::Tensor<std::uint16_t> x({1, 32, 1, 2 * pixels});
    for (unsigned i = 0; i < pixels; ++i) {
      sim::Word first{}, second{};
      for (unsigned j = 0; j < 32; ++j) {
        x[j * 2 * pixels + 2 * i] = numbers[i];
        x[j * 2 * pixels + 2 * i + 1] = numbers[j];
        first[2 * j] = static_cast<std::uint8_t>(numbers[i]);
        first[2 * j + 1] = static_cast<std::uint8_t>(numbers[i] >> 8);
        second[2 * j] = static_cast<std::uint8_t>(numbers[j]);
        second[2 * j + 1] = static_cast<std::uint8_t>(numbers[j] >> 8);
      }
      bench.set_local(c.command.in_addr + 2 * i, first);
      bench.set_local(c.command.in_addr + 2 * i + 1, second);
    }
    REQUIRE(bench.run(random, c, {}) == "");
    ref::PoolParams params;
    params.kernel = params.strides = {1, 2};
    const auto y = ref::max_pool_bfloat16(x, params);
    for (unsigned i = 0; i < pixels; ++i) {
      for (unsigned j = 0; j < 32; ++j) {
        INFO(name << " " << numbers[i] << " " << numbers[j]);
        REQUIRE(number_at(bench.local(c.command.out_addr + i), j) == y[j * pixels + i]);
      }
    }
  }
}

TEST_CASE("spu: every BF16 number through every function alone", "[spu]") {
  // As the model gives it, which `s4 act` and tests/activation hold against MPFR.
  SpuBench bench("tiny");
  SeededRandom random(90);
  const unsigned words = bench.config().local_words / 4;
  for (unsigned function = 1; function <= commands::kNumFunctions; ++function) {
    if (!tb::full_run() && function % 4 != 1) continue;
    for (unsigned first = 0; first < 65536; first += words * 32) {
      for (unsigned w = 0; w < words; ++w) {
        sim::Word word{};
        for (unsigned i = 0; i < 32; ++i) {
          word[2 * i] = static_cast<std::uint8_t>(first + w * 32 + i);
          word[2 * i + 1] = static_cast<std::uint8_t>((first + w * 32 + i) >> 8);
        }
        bench.set_local(w, word);
      }
      const auto code = static_cast<std::uint8_t>(function);
      const SpuCase c = bf16_pool(bench.config(), words, 1, code);
      INFO("function " << function << " numbers from " << first);
      REQUIRE(bench.run(random, c, {}) == "");
      for (unsigned n = first; n < first + words * 32; n += 977) {
        const auto number = static_cast<std::uint16_t>(n);
        const auto expected =
            sim::activation_lookup(static_cast<activation::Function>(function - 1), number);
        const unsigned at = n - first;
        CHECK(number_at(bench.local(c.command.out_addr + at / 32), at % 32) == expected.value);
      }
    }
  }
}

TEST_CASE("spu: clocks of a function of BF16 alone", "[spu]") {
  // The lanes take a beat every other clock and are a quarter of its bytes wide.
  SeededRandom random(89);
  for (const char* name : {"tiny", "small", "s4"}) {
    if (name == std::string("s4") && !tb::full_run()) continue;
    SpuBench bench(name);
    const auto& config = bench.config();
    bench.randomize_local(random);
    const unsigned lanes = config.epilogue_pixels * config.lanes_per_quadrant / 4;
    std::uint64_t before = 0;
    for (const unsigned pixels : {128U, 256U}) {
      REQUIRE(bench.run(random, bf16_pool(config, pixels, 1, 1), {}) == "");
      INFO(name << " " << pixels << " pixels, " << bench.clocks() << " clocks");
      CHECK(bench.clocks() <= pixels * 32 / lanes + kFunctionPipelines);
      if (before != 0) CHECK(bench.clocks() - before == 128 * 32 / lanes);
      before = bench.clocks();
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

TEST_CASE("spu: the error of a command waits for the commands before it", "[spu]") {
  SpuBench bench("tiny");
  SeededRandom random(86);
  const SpuCase good = product(random, bench.config(), 40, 3, 16, 30, 0);
  SpuCase bad = product(random, bench.config(), 4, 3, 16, 5, 0);
  bad.groups[0].banks[0].count = 70;
  bad.groups[0].banks[0].lanes.assign(16, std::vector<test::Entry>(70));
  bench.send(random, good);
  bench.send(random, bad);
  CHECK(bench.run(random, {good, bad}, {SpuRates{}}) == "error_valid_o");
  CHECK(bench.completed() == 1);
}

TEST_CASE("spu: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *file, *name, *find, *replace;
    bool quick;
  };
  // Most are a register of the wrong command: of the fetch, the index side, the array, the drain.
  for (const Bug& bug : {
           Bug{"commands", "tiles", "(24'(Pixels) << next_q.shape[1:0]) - 24'd1",
               "(24'(Pixels) << next_q.shape[1:0]) - 24'd2", true},
           Bug{"commands", "groups", "((17'(Quads * Lanes) >> next_q.shape[1:0]) - 17'd1)",
               "(17'd0)", false},
           Bug{"commands", "walk_early", "walk_due_q && (fetch_last_group_i ||",
               "walk_due_q && (1'b1 ||", false},
           Bug{"commands", "fetch_early", "!(fetch_busy_i || fetch_start_o)", "!fetch_start_o",
               false},
           Bug{"commands", "index_early", "index_due_q && !(index_busy_i || index_start_o)",
               "index_due_q && !index_start_o", false},
           Bug{"commands", "array_early", "array_due_q && !(array_busy_i || array_start_o)",
               "array_due_q && !array_start_o", false},
           Bug{"commands", "back_early", "(!back_busy_o || back_done_i)",
               "(!back_busy_o || !back_done_i)", false},
           Bug{"commands", "index_restart", "index_load && (index_o.shape != next_loops.shape)",
               "1'b0", false},
           Bug{"commands", "value_restart", "array_load && (array_o.shape != next_loops.shape)",
               "1'b0", false},
           Bug{"commands", "pool_index", "index_due_q <= !next_q.max_pool;", "index_due_q <= 1'b1;",
               true},
           Bug{"commands", "pool_array", "array_due_q <= !next_q.max_pool;", "array_due_q <= 1'b1;",
               false},
           Bug{"commands", "pool_groups", "next_q.max_pool ? next_q.in_blocks : next_groups_q",
               "next_groups_q", false},
           Bug{"spu", "fetch_command", ".command_i     (fetch_q)", ".command_i     (next)", false},
           Bug{"spu", "fill_type", ".fill_unsigned_i  (fetch_q.in_unsigned)",
               ".fill_unsigned_i  (back_q.in_unsigned)", false},
           Bug{"spu", "fill_zero", "(fetch_q.in_zero)", "(next.in_zero)", false},
           Bug{"spu", "index_shape", "(index_q.shape)", "(next.shape[1:0])", false},
           Bug{"spu", "index_banks", "(index_q.banks)", "(array_q.banks)", false},
           Bug{"spu", "index_tiles", "(index_q.tiles)", "(fetch_tiles)", false},
           Bug{"spu", "index_groups", "(index_q.groups)", "(array_q.groups)", false},
           Bug{"spu", "index_resident", "(index_q.resident)", "(next.weights_resident)", false},
           Bug{"spu", "index_keep", "(index_q.keep)", "(next.weights_keep)", false},
           Bug{"spu", "value_shape", ".value_shape_i       (array_q.shape)",
               ".value_shape_i       (index_q.shape)", false},
           Bug{"spu", "param_shape", "(back_q.shape[1:0])", "(array_q.shape)", false},
           Bug{"spu", "array_banks", "(array_q.banks)", "(index_q.banks)", false},
           Bug{"spu", "array_tiles", "(array_q.tiles)", "(index_q.tiles)", false},
           Bug{"spu", "array_resident", "(array_q.resident)", "(next.weights_resident)", false},
           Bug{"spu", "array_keep", "(array_q.keep)", "(index_q.keep)", false},
           Bug{"spu", "array_shape", ".shape_i             (array_q.shape)",
               ".shape_i             (index_q.shape)", false},
           Bug{"spu", "array_pixels", ".pixels_i            (array_pixels)",
               ".pixels_i            (next.pixels)", false},
           Bug{"spu", "drain_command", ".command_i      (back_q)", ".command_i      (fetch_q)",
               true},
           Bug{"spu", "drain_tiles", ".tiles_i        (back_tiles)",
               ".tiles_i        (array_q.tiles)", false},
           Bug{"spu", "result_command", ".command_i    (back_q)", ".command_i    (fetch_q)", false},
           Bug{"result_path", "limits", "(command_i.requant_min)", "(command_i.requant_max)",
               false},
           Bug{"result_path", "factors", "(command_i.add_ra)", "(command_i.add_rb)", false},
           Bug{"result_path", "swap", "(command_i.add_swap)", "(1'b0)", false},
           Bug{"drain_control", "pool_free", "assign free_now = issue && !pool &&",
               "assign free_now = issue &&", false},
           Bug{"spu", "pool_params", "back_q.max_pool ? {{Lanes", "fetch_q.max_pool ? {{Lanes",
               false},
           Bug{"spu", "pool_type", ".read_unsigned_i(back_q.in_unsigned)",
               ".read_unsigned_i(fetch_q.in_unsigned)", false},
           Bug{"max_pool", "compare", "x[7:0] > y[7:0]", "$signed(x[7:0]) > $signed(y[7:0])",
               false},
           Bug{"max_pool", "bf16_lower", "lower && x[15:8] == y[15:8]", "lower", true},
           Bug{"max_pool", "nan", "x[14:0] > 15'h7f80", "x[14:0] > 15'h7fff", false},
           Bug{"max_pool", "negative", "x = x ^ {1'b1, {15{x[15]}}}", "x = x ^ 16'h8000", false},
           Bug{"max_pool", "bf16_least", "fill_bf16_i ? LeastKey", "1'b0 ? LeastKey", false},
           Bug{"activation_fetch", "pool_halves", "DtypeBf16 && !pool;", "DtypeBf16;", false},
           Bug{"drain_order", "pool_channels", "(pool && wide) ? 17'(Lanes / 2)",
               "1'b0 ? 17'(Lanes / 2)", false},
           Bug{"result_path", "pass_lanes", "beat_lanes_i[o/2]", "beat_lanes_i[o]", false},
           Bug{"spu", "pool_numbers", ".read_bf16_i    (back_q.out_bf16)",
               ".read_bf16_i    (fetch_q.out_bf16)", false},
           Bug{"max_pool", "credit", "assign credit_o = used_q != 2'd2;", "assign credit_o = 1'b1;",
               false},
           Bug{"max_pool", "set", "if (tile_free_i) read_set_q <= !read_set_q;",
               "if (tile_over) read_set_q <= !read_set_q;", false},
           Bug{"max_pool", "first", "fill_first_i ? least : best", "1'b0 ? least : best", false},
           Bug{"activation_fetch", "pool_block", "if (pool && !last_tile)", "if (pool)", false},
           Bug{"fetch_port", "pool_last", "done_o && now_q.last_bank;", "now_q.last_bank;", false},
           Bug{"quarter_window", "held", "if (quarters_i) held_q <= words;",
               "if (quarters_i) held_q <= '0;", false},
           Bug{"quarter_window", "lane", "words[i*128+:512]", "words[i*128/2+:512]", false},
           Bug{"window_words", "quarter", "AddrBits'(first_column >>> 2)",
               "AddrBits'(first_column >>> 1)", false},
           Bug{"activation_fetch", "both", "assign both = bf16 && alone;", "assign both = 1'b0;",
               false},
           Bug{"activation_fetch", "half_back", "half_q ? tap_addr_q - half_step : tap_addr_q",
               "tap_addr_q", false},
           Bug{"operand_slots", "aligned_take", "passing_q <= slot_next[0];", "passing_q <= 1'b0;",
               false},
           Bug{"operand_slots", "aligned_release", "skipping_q <= oldest_next[0];",
               "skipping_q <= 1'b0;", false},
           Bug{"operand_slots", "room", "assign room = take_both_i ?", "assign room = 1'b0 ?",
               false},
           Bug{"mac_quadrant", "both", "(fill_both_i && 32'(fill_bank_i) + 1 == b)", "1'b0", false},
           Bug{"tile_control", "late_drain", "(tile_end && !bf16_i) || done_late_q[1]",
               "(tile_end && !bf16_i) || done_late_q[0]", true},
           Bug{"tile_control", "idle", "done_d1_q || done_late_q != '0", "1'b0", false},
           Bug{"tile_control", "zero_low", "low && (step_mac_i || zero_step)", "low && step_mac_i",
               false},
           Bug{"drain_order", "bf16_chunk", "{channel_q[4:0], 1'b0}", "{1'b0, channel_q[4:0]}",
               false},
           Bug{"drain_order", "bf16_block", "wide ? next_channel[4:0] == '0",
               "1'b0 ? next_channel[4:0] == '0", false},
           Bug{"float_epilogue", "bias", "param_i[Half*32+:Half*32]", "param_i[0+:Half*32]", false},
           Bug{"float_epilogue", "joined",
               "bytes_q[e*Half*8+:Half*8] <=", "bytes_q[0+:Half*8] <=", false},
           Bug{"result_path", "float_of_bytes", "command_i.float_epilogue);", "1'b0);", false},
           Bug{"drain_order", "pool_group", "pool ? (wide", "1'b0 ? (wide", false},
           Bug{"drain_order", "pool_bf16_group", "(wide ? 17'd32 : 17'd64)", "(17'd64)", false},
           Bug{"result_path", "upper_lanes",
               "(wide && beat_half_i) ? beat_lanes_i >> Half : beat_lanes_i", "beat_lanes_i",
               false},
           Bug{"result_path", "code", "4'(command_i.activation - 8'd1)", "4'(command_i.activation)",
               false},
           Bug{"fused_activation", "part", "data_q >> (Part * 8)", "data_q >> (Part * 16)", true},
           Bug{"fused_activation", "last", "{left_q == 3'd1, meta_q}", "{left_q == 3'd2, meta_q}",
               false},
           Bug{"table_loader", "row", "32'(chunk_q) * ChunkRows", "32'(last_chunk) * ChunkRows",
               false},
           Bug{"table_loader", "early", "StRead: if (read_ready_i)", "StRead: if (1'b1)", false},
           Bug{"spu", "table_hold", ".hold_i         (load_table)", ".hold_i         (1'b0)",
               false},
       }) {
    if (!bug.quick && !tb::full_run()) continue;
    const std::string file = std::string("rtl/spu/") +
                             (bug.file == std::string("commands") ? "spu_" : "") + bug.file + ".sv";
    INFO(bug.name);
    std::string error;
    try {
      // One pixel per beat, as in tiny, has no other pixel's place to join to.
      SpuBench bench(bug.name == std::string("joined") ? "small" : "tiny",
                     seeded_bug(file, std::string("spu_") + bug.name, bug.find, bug.replace));
      SeededRandom random(84);
      // Some need neighbours of two particular kinds, one of them 842 rounds until they have met.
      for (unsigned i = 0; i < 1000 && error.empty(); ++i) error = run_cases(bench, random, 12);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
    CHECK(error.find("could not be built") == std::string::npos);
  }
}
