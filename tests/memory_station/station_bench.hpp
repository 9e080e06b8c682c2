// A memory_station between bursts of the memory port and device models; every byte that is read is
// compared with a plain memory.
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sim/memory_port/gen/memory_port.hpp"
#include "tb/model.hpp"
#include "tb/station_memory.hpp"

namespace s4::tests {

struct Burst {
  bool write = false;
  std::uint64_t address = 0;  ///< a multiple of 64
  unsigned beats = 1;         ///< 1 to 16
  bool sparse = false;        ///< a write leaves out random bytes
};

struct BenchStalls {
  double request = 0, write = 0, response = 0;  ///< probability in a clock
};

class StationBench {
 public:
  using Line = std::array<std::uint8_t, 64>;

  explicit StationBench(const std::string& config = "tiny", tb::Kind kind = tb::Kind::kChecked,
                        unsigned ranks = 2, const tb::ModelOptions& options = {},
                        std::uint64_t seed = 1, bool ecc = false);

  /// Serves the bursts in this order, up to 256 at a time (reads and writes that touch the same
  /// line one after the other); returns the clocks from the first offer to the last answer. Throws
  /// std::runtime_error at the first wrong answer.
  std::uint64_t run(const std::vector<Burst>& bursts, const BenchStalls& stalls = {});
  /// Resets station and devices in whatever they do; the plain memory is then as the devices are.
  void reset();
  /// Every line that was touched, through the backdoor. Throws.
  void check_devices();
  /// Content through the backdoor and in the plain memory.
  void preload(std::uint64_t address, unsigned lines);

  /// The line holds a word with two wrong bits: reads of it are answered with Data until it is
  /// written, whole.
  void spoil(std::uint64_t address) { spoilt_.insert(address / 64); }
  void idle(std::uint64_t clocks);

  [[nodiscard]] tb::StationMemory& memory() { return *memory_; }
  [[nodiscard]] tb::Model& model() { return *model_; }
  [[nodiscard]] std::uint64_t decode_errors() const { return decode_errors_; }
  [[nodiscard]] std::uint64_t data_errors() const { return data_errors_; }
  [[nodiscard]] std::uint64_t beats_read() const { return beats_read_; }

 private:
  struct Open {
    Burst burst;
    unsigned next = 0;
  };
  void tick();
  bool chance(double probability);
  void drive(const BenchStalls& stalls);
  void sample();
  void answer();
  Line& line(std::uint64_t address) { return lines_[address / 64]; }
  [[noreturn]] void wrong(const std::string& what) const;
  void make_memory();

  unsigned ranks_;
  bool ecc_;
  std::unique_ptr<tb::Model> model_;
  std::unique_ptr<tb::StationMemory> memory_;
  std::mt19937_64 random_;
  tb::Port req_valid_, req_ready_, req_, wdata_valid_, wdata_ready_, wdata_;
  tb::Port rsp_valid_, rsp_ready_, rsp_;
  std::map<std::uint64_t, Line> lines_;
  std::set<std::uint64_t> spoilt_;
  const std::vector<Burst>* bursts_ = nullptr;
  std::size_t next_ = 0;
  bool offered_ = false, data_offered_ = false;
  unsigned tag_ = 0;
  std::deque<unsigned> free_;
  std::map<unsigned, Open> open_;                   // by tag
  std::map<std::uint64_t, int> readers_, writers_;  // lines of what is open
  struct Beat {
    Line data{};
    std::uint64_t strobe = 0;
    bool last = false;
  };
  std::deque<Beat> beats_;
  std::uint64_t decode_errors_ = 0, data_errors_ = 0, beats_read_ = 0;
};

}  // namespace s4::tests
