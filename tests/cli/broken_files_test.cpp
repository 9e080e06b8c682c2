// Damaged ONNX, program and .npy files on the command line: an exit code and a line that says what
// is wrong, never a crash. S4_FULL=1 runs a thousand of each; S4_CLI names another program, such as
// one with sanitizers.
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "sw/npy/npy.hpp"
#include "sw/train/digits.hpp"
#include "tb/root.hpp"
#include "tb/seed.hpp"
#include "tests/support/command.hpp"

namespace {

namespace fs = std::filesystem;

using s4::tests::Outcome;
using s4::tests::run;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// One to four changes: bytes replaced, removed, repeated, or the end cut off. `head`: half of them
/// fall into the first so many bytes.
std::string damaged(std::mt19937_64& random, std::string bytes, std::size_t head) {
  const std::size_t changes = 1 + random() % 4;
  for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) {
    const std::size_t reach = random() % 2 == 0 ? std::min(head, bytes.size()) : bytes.size();
    const std::size_t at = random() % reach;
    const std::size_t run = std::min<std::size_t>(1 + random() % 16, bytes.size() - at);
    switch (random() % 6) {
      case 0:
        bytes.erase(at, run);
        break;
      case 1:
        bytes.insert(at, bytes.substr(at, run));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes[at] = static_cast<char>(random() % 2 == 0 ? 0xFF : 0x7F);
        break;
      case 4:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        break;
      default:
        for (std::size_t k = 0; k < run; ++k) bytes[at + k] = static_cast<char>(random());
    }
  }
  return bytes;
}

/// A folder with two digits and a program; removed at the end.
struct Folder {
  fs::path path;
  std::string model = s4::sw::digits_model_path(32, true).string();

  Folder() : path(fs::temp_directory_path() / ("s4-broken-" + std::to_string(getpid()))) {
    fs::create_directories(path);
    const s4::sw::Digits digits = s4::sw::load_digits();
    const std::vector<std::size_t> first{0, 1};
    s4::sw::write_npy(path / "x.npy", s4::sw::digit_images(digits, first));
    const Outcome made = run("compile " + model + " --config tiny --batch 2 -o " + file("p.s4p"));
    INFO(made.output);
    REQUIRE(made.code == 0);
  }
  ~Folder() { fs::remove_all(path); }
  [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }
};

struct Count {
  int good = 0;
  int refused = 0;
};

/// Runs `arguments` on damaged copies of `original`, written to `target`.
Count run_damaged(const std::string& original, const std::string& target, std::size_t head,
                  const std::string& arguments) {
  std::mt19937_64 random(s4::tb::seed());
  const std::string bytes = read_file(original);
  Count count;
  const int cases = s4::tb::full_run() ? 1000 : 25;
  for (int i = 0; i < cases; ++i) {
    const std::string changed = damaged(random, bytes, head);
    if (changed == bytes) continue;
    write_file(target, changed);
    const Outcome outcome = run(arguments);
    INFO("case " << i << ", exit code " << outcome.code << ": " << outcome.output);
    REQUIRE(outcome.code >= 0);
    REQUIRE(outcome.code <= 2);
    if (outcome.code == 2) REQUIRE(outcome.output.find("s4: ") != std::string::npos);
    REQUIRE(outcome.output.find("Sanitizer") == std::string::npos);
    REQUIRE(outcome.output.find("runtime error") == std::string::npos);
    (outcome.code == 0 ? count.good : count.refused) += 1;
  }
  return count;
}

}  // namespace

TEST_CASE("command line: the undamaged files run") {
  const Folder folder;
  for (const std::string& network : {folder.model, folder.file("p.s4p")}) {
    const Outcome outcome = run("run " + network + " --config tiny --backend functional --input " +
                                folder.file("x.npy"));
    INFO(outcome.output);
    CHECK(outcome.code == 0);
  }
}

TEST_CASE("command line: a run writes its page") {
  const Folder folder;
  const std::string page = folder.file("page.html");
  const Outcome outcome =
      run("run " + folder.file("p.s4p") + " --config tiny --backend functional --input " +
          folder.file("x.npy") + " --html " + page);
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  const std::string text = read_file(page);
  for (const char* part : {"<h1>p.s4p</h1>", "<th>spilled</th>", "conv1", "Clocks of each layer",
                           "functional = reference: equal", "</html>"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("command line: damaged ONNX files") {
  const Folder folder;
  const Count count =
      run_damaged(folder.model, folder.file("bad.onnx"), 4000,
                  "run " + folder.file("bad.onnx") +
                      " --config tiny --backend functional --input " + folder.file("x.npy"));
  CHECK(count.refused > 0);
}

TEST_CASE("command line: damaged programs are always refused") {
  const Folder folder;
  const Count count =
      run_damaged(folder.file("p.s4p"), folder.file("bad.s4p"), 200,
                  "run " + folder.file("bad.s4p") + " --config tiny --backend functional --input " +
                      folder.file("x.npy"));
  CHECK(count.good == 0);
}

TEST_CASE("command line: damaged .npy files") {
  const Folder folder;
  const Count count =
      run_damaged(folder.file("x.npy"), folder.file("bad.npy"), 128,
                  "run " + folder.model + " --config tiny --backend functional --input " +
                      folder.file("bad.npy"));
  CHECK(count.refused > 0);
}

TEST_CASE("command line: options that do not go with a run on the whole chip are refused") {
  const Folder folder;
  const std::string input = " --config tiny --input " + folder.file("x.npy");
  const auto refused = [](const std::string& arguments, const std::string& why) {
    const Outcome outcome = run("run " + arguments);
    INFO(arguments << ": " << outcome.output);
    CHECK(outcome.code == 2);
    CHECK(outcome.output.find(why) != std::string::npos);
  };
  const std::string single = folder.model + input + " --mode single";
  refused(single + " --memory ideal", "--memory lpddr4");
  refused(single + " --backend functional", "--backend rtl or all");
  refused(folder.model + input + " --memory lpddr4 --stalls 0.1",
          "--stalls needs --memory ideal or --mode");
  refused(folder.file("p.s4p") + input + " --mode single", "it needs the ONNX file");
  refused(folder.model + input + " --preload backdoor", "--preload needs --mode");
  refused(single + " --from fc", "no --mode");
  refused(folder.model + input + " --jobs 2 --wave w.fst", "for a run without it");
  refused(folder.model + input + " --jobs 2 --html r.html", "for a run without it");
  refused(folder.model + input + " --from nix", "no layer 'nix'");
}
