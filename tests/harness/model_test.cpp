// The C++ access to verilated models: ports of every width, clocking, failures, isolation.
#include "tb/model.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tb/root.hpp"
#include "tb/seed.hpp"

using s4::tb::Kind;
using s4::tb::Model;
using s4::tb::ModelError;
using s4::tb::ModelOptions;
using s4::tb::Port;

namespace {
std::unique_ptr<Model> probe(Kind kind = Kind::kChecked, const ModelOptions& options = {}) {
  return Model::load("model_probe", "tiny", kind, options);
}
}  // namespace

TEST_CASE("every port width is written and read back after one clock") {
  auto m = probe();
  m->reset();
  m->port("small_i").set(0xfd);  // above the width: dropped
  m->port("half_i").set(0xabc);
  m->port("word_i").set(0xdeadbeef);
  m->port("address_i").set(0xf12345678);
  Port wide = m->port("wide_i");
  for (unsigned i = 0; i < 4; ++i) wide.set_word(i, 0x89abcdef + i);
  CHECK(m->port("word_o").get() == 0);
  m->tick();
  CHECK(m->port("small_o").get() == 5);
  CHECK(m->port("half_o").get() == 0xabc);
  CHECK(m->port("word_o").get() == 0xdeadbeef);
  CHECK(m->port("address_o").get() == 0xf12345678);
  CHECK(m->port("address_o").word(1) == 0xf);
  for (unsigned i = 0; i < 3; ++i) CHECK(m->port("wide_o").word(i) == 0x89abcdef + i);
  CHECK(m->port("wide_o").word(3) == 0x2);  // 100 bits: four remain in the last word
  CHECK(m->port("wide_o").width() == 100);
  CHECK(m->port("wide_o").bits(30, 8) == 0xc2);
  CHECK(m->cycle() == 3);
}

TEST_CASE("bit ranges and bytes of wide ports") {
  auto m = probe();
  m->reset();
  Port in = m->port("wide_i");
  in.set_bits(28, 40, 0x123456789a);
  CHECK(in.bits(28, 40) == 0x123456789a);
  CHECK(in.bits(0, 28) == 0);
  const unsigned char bytes[13] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xff};
  in.set_bytes(bytes, sizeof bytes);
  m->tick();
  unsigned char out[13] = {};
  m->port("wide_o").get_bytes(out, sizeof out);
  CHECK(std::equal(bytes, bytes + 12, out));
  CHECK(out[12] == 0x0f);
  CHECK_THROWS_AS(in.set_bits(90, 11, 0), ModelError);
}

TEST_CASE("eval follows combinational paths without a clock") {
  auto m = probe(Kind::kFast);
  m->port("word_i").set(40);
  m->port("half_i").set(2);
  m->eval();
  CHECK(m->port("sum_o").get() == 42);
  CHECK(m->cycle() == 0);
}

TEST_CASE("a failing assertion is thrown with its text and cycle") {
  auto m = probe();
  m->reset();
  m->port("small_i").set(7);
  CHECK_THROWS_WITH(m->tick(5), Catch::Contains("small_i is seven") &&
                                    Catch::Contains("model_probe-tiny-checked cycle 3") &&
                                    Catch::Contains("S4_SEED="));
  m->port("small_i").set(0);
  CHECK_NOTHROW(m->tick());  // the failure was reported once
}

TEST_CASE("assertions sample what the clock edge sees") {
  auto m = probe();
  m->reset();
  m->port("half_i").set(5);
  m->tick();
  m->port("half_i").set(6);
  CHECK_NOTHROW(m->tick(3));
}

TEST_CASE("fast models have no assertions") {
  auto m = probe(Kind::kFast);
  m->reset();
  m->port("small_i").set(7);
  CHECK_NOTHROW(m->tick());
}

TEST_CASE("a forced kind keeps what the program asked about assertions") {
  setenv("S4_MODEL_KIND", "wave", 1);
  auto silent = probe(Kind::kFast);
  auto checked = probe(Kind::kChecked);
  unsetenv("S4_MODEL_KIND");
  for (Model* m : {silent.get(), checked.get()}) {
    CHECK(m->kind() == Kind::kWave);
    m->reset();
    m->port("small_i").set(7);
  }
  CHECK_NOTHROW(silent->tick());
  CHECK_THROWS_AS(checked->tick(), ModelError);
}

TEST_CASE("instances do not share state and unreset registers start from the seed") {
  ModelOptions options;
  options.seed = 5;
  auto a = probe(Kind::kChecked, options);
  auto b = probe(Kind::kChecked, options);
  options.seed = 6;
  auto c = probe(Kind::kChecked, options);
  for (Model* m : {a.get(), b.get(), c.get()}) m->reset();
  CHECK(a->port("unreset_o").get() == b->port("unreset_o").get());
  CHECK(a->port("unreset_o").get() != c->port("unreset_o").get());
  a->port("word_i").set(1);
  b->port("word_i").set(2);
  a->tick();
  b->tick();
  CHECK(a->port("word_o").get() == 1);
  CHECK(b->port("word_o").get() == 2);
}

TEST_CASE("parameters of the top module can be set") {
  ModelOptions options;
  options.parameters["WideWidth"] = "257";
  auto m = probe(Kind::kChecked, options);
  CHECK(m->port("wide_i").width() == 257);
  CHECK(m->port("wide_i").words() == 9);
}

TEST_CASE("wrong use is refused with a clear text") {
  auto m = probe();
  CHECK_THROWS_WITH(m->port("nothing_i"),
                    Catch::Contains("no port 'nothing_i'") && Catch::Contains("word_i"));
  CHECK_THROWS_WITH(m->port("word_o").set(1), Catch::Contains("word_o is an output"));
  CHECK_THROWS_WITH(m->open_wave("x.fst"), Catch::Contains("no tracing"));
  CHECK_THROWS_AS(s4::tb::kind_from_name("slow"), std::invalid_argument);
}

TEST_CASE("a library made from other sources is refused") {
  // A repository whose build tool claims that an existing library has another hash.
  const std::string library = Model::library("model_probe", "tiny", Kind::kChecked);
  const std::string folder = s4::tb::root() + "/build/harness_refusal";
  std::filesystem::create_directories(folder + "/tools");
  std::ofstream(folder + "/tools/build_model.py")
      << "print('" << library << "')\nprint('0123456789abcdef')\n";
  const std::string before = std::getenv("S4_ROOT") ? std::getenv("S4_ROOT") : "";
  setenv("S4_ROOT", folder.c_str(), 1);
  CHECK_THROWS_WITH(Model::load("model_probe", "tiny", Kind::kChecked),
                    Catch::Contains("was made from other sources"));
  setenv("S4_ROOT", before.c_str(), 1);
  std::filesystem::remove_all(folder);
}

TEST_CASE("a replaced module takes the place of its source") {
  const std::string folder = s4::tb::root() + "/build/harness_replace";
  std::filesystem::create_directories(folder);
  std::ifstream in(s4::tb::root() + "/tb/rtl/harness/model_probe.sv");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::string original = "word_i + 32'(half_i)";
  text.replace(text.find(original), original.size(), "word_i - 32'(half_i)");
  std::ofstream(folder + "/model_probe.sv") << text;
  ModelOptions options;
  options.replace["model_probe"] = folder + "/model_probe.sv";
  auto m = probe(Kind::kFast, options);
  m->port("word_i").set(40);
  m->port("half_i").set(2);
  m->eval();
  CHECK(m->port("sum_o").get() == 38);
}

TEST_CASE("a wave model writes an FST file") {
  auto m = probe(Kind::kWave);
  const std::string path = s4::tb::root() + "/build/harness_probe.fst";
  m->open_wave(path, 2, 6);
  m->reset();
  m->tick(10);
  m->close_wave();
  CHECK(std::filesystem::file_size(path) > 100);
  std::filesystem::remove(path);
}
