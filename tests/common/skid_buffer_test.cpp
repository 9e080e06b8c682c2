#include <catch2/catch.hpp>

#include "tests/common/seeded_bug.hpp"
#include "tests/common/stream_check.hpp"

using s4::tb::Kind;
using s4::tb::Model;
using s4::tb::ModelOptions;
using s4::tests::check_stream;
using s4::tests::seeded_bug;

namespace {
std::unique_ptr<Model> skid_buffer(unsigned width, ModelOptions options = {}) {
  options.parameters = {{"Width", std::to_string(width)}};
  return Model::load("skid_buffer", "tiny", Kind::kChecked, options);
}
}  // namespace

TEST_CASE("skid_buffer: random stalls") {
  for (const unsigned width : {1u, 41u}) {
    auto m = skid_buffer(width);
    for (const unsigned in : {20u, 90u}) {
      for (const unsigned out : {20u, 90u}) {
        INFO("width " << width << " in " << in << " % out " << out << " %");
        const auto result = check_stream(*m, {2, in, out, 0, 3000});
        CHECK(result.error == "");
        CHECK(result.delivered > 300);
        if (in > out) CHECK(result.full_cycles > 300);
      }
    }
  }
}

TEST_CASE("skid_buffer: a word per clock") {
  CHECK(check_stream(*skid_buffer(41), {2, 100, 100, 0, 1000}).delivered == 999);
}

TEST_CASE("skid_buffer: the stream check catches seeded bugs") {
  auto lost = skid_buffer(
      41, seeded_bug("rtl/common/skid_buffer.sv", "skid_lost", "skid_full_q || push;", "push;"));
  CHECK(check_stream(*lost, {2, 90, 30, 0, 500}).error != "");
  auto late = skid_buffer(41, seeded_bug("rtl/common/skid_buffer.sv", "skid_late",
                                         "if (push) skid_q", "if (in_valid_i) skid_q"));
  CHECK(check_stream(*late, {2, 90, 30, 0, 500}).error.find("out_data_o") != std::string::npos);
}
