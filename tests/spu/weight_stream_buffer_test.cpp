// The circular buffer of a weight stream against a list of lane rows: both widths, every shape.
#include <catch2/catch.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/configuration_loader.hpp"
#include "tb/model.hpp"
#include "tb/root.hpp"
#include "tests/common/seeded_bug.hpp"
#include "tests/spu/random.hpp"

using namespace s4;
using namespace s4::tests;

namespace {

constexpr unsigned kRows = 64;

struct Rates {
  unsigned in = 100;       // percent of clocks with a row offered
  unsigned consume = 100;  // percent of clocks in which a chunk is taken
};

class StreamBufferBench {
 public:
  StreamBufferBench(const std::string& config, unsigned lane_bits, tb::ModelOptions options = {})
      : config_(sim::load_configuration(tb::root(), config)), lane_bits_(lane_bits) {
    options.parameters = {{"LaneBits", std::to_string(lane_bits)}, {"Rows", std::to_string(kRows)}};
    model_ = tb::Model::load("weight_stream_buffer", config, tb::Kind::kChecked, options);
    for (const char* name : {"row_valid_i", "shape_i", "restart_i", "consume_i", "consume_last_i",
                             "pass_end_i", "rewind_i"}) {
      model_->port(name).set(0);
    }
    model_->reset();
  }

  [[nodiscard]] unsigned quads() const { return config_.num_quadrants; }
  [[nodiscard]] unsigned block_lane_rows() const {
    return config_.index_rows_per_block * config_.num_quadrants;
  }

  /// One command: passes of `chunks` chunks each (0: only ended); reread[i]: pass i is read again.
  /// Returns what went wrong, or nothing. Lane rows are counted from the start of all passes.
  std::string command(SeededRandom& random, unsigned shape, const std::vector<unsigned>& chunks,
                      const std::vector<bool>& reread, const Rates& rates) {
    tb::Model& m = *model_;
    auto row_valid = m.port("row_valid_i"), row_ready = m.port("row_ready_o"),
         row_data = m.port("row_data_i"), valid = m.port("chunk_valid_o"),
         data = m.port("chunk_data_o"), consume = m.port("consume_i"),
         last = m.port("consume_last_i"), end = m.port("pass_end_i"), rewind = m.port("rewind_i"),
         restart = m.port("restart_i");
    const unsigned step = quads() >> shape;
    m.port("shape_i").set(shape);
    rewind.set(!reread.empty() && reread[0]);
    restart.set(1);
    consume.set(0);
    row_valid.set(0);
    m.tick();
    restart.set(0);
    clocks_ = 0;
    taken_ = 0;
    std::size_t pass = 0;
    unsigned done = 0;  // chunks of the pass
    unsigned starved = 0;
    while (pass < chunks.size()) {
      rewind.set(reread[pass]);
      const bool offer = offering_ || random.percent(rates.in);
      if (offer && !offering_) {
        next_row_ = random_row(random);
        for (unsigned q = 0; q < quads(); ++q) put(row_data, q, next_row_[q]);
      }
      offering_ = offer;
      row_valid.set(offer);
      consume.set(0);
      last.set(0);
      end.set(0);
      m.eval();
      bool take = false;
      bool over = false;
      if (done < chunks[pass]) {
        take = valid.get() != 0 && random.percent(rates.consume);
        over = take && done + 1 == chunks[pass];
        consume.set(take);
        last.set(over);
      } else {
        over = random.percent(rates.consume);
        end.set(over);
      }
      m.eval();
      if (take) {
        const std::size_t first = start_ + std::size_t{done} * step;
        for (unsigned q = 0; q < quads(); ++q) {
          const std::size_t row = first + (q >> shape);
          if (row >= stream_.size()) return fail("a chunk that was not written", row);
          if (get(data, q) != stream_[row]) return fail("quadrant " + std::to_string(q), row);
        }
        ++done;
        ++taken_;
      }
      const bool accepted = row_ready.get() != 0 && offer;
      if (accepted) {
        for (auto& lane_row : next_row_) stream_.push_back(lane_row);
        offering_ = false;
        if (reread[pass] && stream_.size() > start_ + std::size_t{kRows} * quads()) {
          return fail("overwrites rows that are read again", stream_.size());
        }
        // Rows of the consumed chunks are free, in this clock already; what is left must fit.
        const std::size_t oldest = start_ + (reread[pass] ? 0 : done * step);
        if (stream_.size() > oldest / quads() * quads() + std::size_t{kRows} * quads()) {
          return fail("overwrites rows that were not read", stream_.size());
        }
      }
      if (over) {
        if (!reread[pass]) {
          const std::size_t rows = std::size_t{done} * step;
          start_ += (rows + block_lane_rows() - 1) / block_lane_rows() * block_lane_rows();
        }
        done = 0;
        ++pass;
      }
      m.tick();
      ++clocks_;
      if (++starved > 200000) return "nothing moves";
    }
    consume.set(0);
    last.set(0);
    end.set(0);
    return "";
  }

  /// Chunks of the last command and its clocks.
  [[nodiscard]] unsigned taken() const { return taken_; }
  [[nodiscard]] unsigned clocks() const { return clocks_; }
  tb::Model& model() { return *model_; }

 private:
  using LaneRow = std::vector<std::uint32_t>;

  [[nodiscard]] unsigned row_words() const {
    return (config_.lanes_per_quadrant * lane_bits_ + 31) / 32;
  }
  [[nodiscard]] unsigned bits_of(unsigned word) const {
    return std::min(32u, config_.lanes_per_quadrant * lane_bits_ - 32 * word);
  }
  std::vector<LaneRow> random_row(SeededRandom& random) {
    std::vector<LaneRow> row(quads(), LaneRow(row_words()));
    for (auto& lane_row : row) {
      for (unsigned w = 0; w < row_words(); ++w) {
        lane_row[w] = static_cast<std::uint32_t>(random.bits() & ((1ull << bits_of(w)) - 1));
      }
    }
    return row;
  }
  void put(tb::Port& port, unsigned quad, const LaneRow& row) {
    const unsigned lsb = quad * config_.lanes_per_quadrant * lane_bits_;
    for (unsigned w = 0; w < row_words(); ++w) port.set_bits(lsb + 32 * w, bits_of(w), row[w]);
  }
  LaneRow get(const tb::Port& port, unsigned quad) {
    const unsigned lsb = quad * config_.lanes_per_quadrant * lane_bits_;
    LaneRow row;
    for (unsigned w = 0; w < row_words(); ++w) {
      row.push_back(static_cast<std::uint32_t>(port.bits(lsb + 32 * w, bits_of(w))));
    }
    return row;
  }
  std::string fail(const std::string& what, std::size_t row) {
    return what + ", lane row " + std::to_string(row) + ", cycle " +
           std::to_string(model_->cycle()) + ", seed " + std::to_string(tb::seed());
  }

  config::Configuration config_;
  unsigned lane_bits_;
  std::unique_ptr<tb::Model> model_;
  std::vector<LaneRow> stream_;  // everything accepted since reset
  std::size_t start_ = 0;        // lane row at which the pass starts
  bool offering_ = false;
  std::vector<LaneRow> next_row_;
  unsigned clocks_ = 0, taken_ = 0;
};

/// Commands of random shapes; the first thing that went wrong.
std::string random_commands(StreamBufferBench& bench, SeededRandom& random, unsigned commands) {
  bool kept = false;
  unsigned kept_shape = 0;
  unsigned kept_chunks = 0;
  for (unsigned i = 0; i < commands; ++i) {
    unsigned shape = 0;
    while (bench.quads() >> (shape + 1) != 0 && random.percent(50)) ++shape;
    if (kept) shape = kept_shape;
    const unsigned most = kRows * (1u << shape);
    std::vector<unsigned> chunks;
    std::vector<bool> reread;
    if (kept || random.percent(50)) {
      // Resident: a few passes over each group; the last command of a chain may keep its group.
      const unsigned groups = 1 + random.below(3);
      const bool keep = groups == 1 && random.percent(50);
      for (unsigned g = 0; g < groups; ++g) {
        const unsigned count = g == 0 && kept ? kept_chunks : random.below(most + 1);
        const unsigned tiles = 1 + random.below(4);
        for (unsigned t = 0; t < tiles; ++t) {
          chunks.push_back(count);
          reread.push_back(t + 1 != tiles || keep);
        }
        kept_chunks = count;
      }
      kept = keep;
      kept_shape = shape;
    } else {
      for (unsigned p = 1 + random.below(4); p > 0; --p) {
        chunks.push_back(random.percent(20) ? 0 : random.below(4 * most));
        reread.push_back(false);
      }
    }
    const unsigned percents[] = {10, 60, 100};
    const Rates rates{percents[random.below(3)], percents[random.below(3)]};
    const std::string error = bench.command(random, shape, chunks, reread, rates);
    if (!error.empty()) return "command " + std::to_string(i) + ": " + error;
  }
  return "";
}

}  // namespace

TEST_CASE("weight stream buffer: random passes, kept, read again or streamed", "[spu]") {
  for (const char* config : {"tiny", "small"}) {
    for (const unsigned lane_bits : {6u, 8u}) {
      INFO(config << " LaneBits " << lane_bits);
      StreamBufferBench bench(config, lane_bits);
      SeededRandom random(lane_bits);
      CHECK(random_commands(bench, random, tb::full_run() ? 1000 : 60) == "");
    }
  }
}

TEST_CASE("weight stream buffer: a chunk per clock, also over the turn of a pass", "[spu]") {
  StreamBufferBench bench("tiny", 8);
  SeededRandom random(1);
  // 40 passes of 48 chunks over the same rows; the first one meets them as they come in.
  std::vector<bool> reread(40, true);
  reread.back() = false;
  REQUIRE(bench.command(random, 0, std::vector<unsigned>(40, 48), reread, {}) == "");
  CHECK(bench.taken() == 40 * 48);
  CHECK(bench.clocks() == 40 * 48 + 2);  // a row is a chunk 2 clocks after it came in
  // A streamed command of shape 1 takes half a row per clock and is never starved. Two rows are
  // there from before.
  REQUIRE(bench.command(random, 1, {3000}, {false}, {}) == "");
  CHECK(bench.clocks() <= 3000 + 2);
}

TEST_CASE("weight stream buffer: seeded bugs are noticed", "[spu]") {
  struct Bug {
    const char *name, *find, *replace;
  };
  BugList list(2);
  for (const Bug& bug : {
           Bug{"free_early", "(rewind_i ? start_q", "(1'b0 ? start_q"},
           Bug{"block", "(1 << BlockBits) - 1)", "(1 << BlockBits))"},
           Bug{"route", "column_q + QuadBits'(q >> shape_i)", "column_q + QuadBits'(q)"},
           Bug{"restart", "restart_i ? start_q : read_next", "read_next"},
       }) {
    if (list.leaves_out()) continue;
    StreamBufferBench bench(
        "tiny", 6,
        seeded_bug("rtl/spu/weight_stream_buffer.sv", std::string("stream_buffer_") + bug.name,
                   bug.find, bug.replace));
    SeededRandom random(6);
    INFO(bug.name);
    std::string error;
    try {
      error = random_commands(bench, random, 60);
    } catch (const tb::ModelError& e) {
      error = e.what();
    }
    CHECK(error != "");
  }
}
