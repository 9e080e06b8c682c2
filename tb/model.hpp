// A verilated RTL module, loaded at run time.
//
//   auto m = s4::tb::Model::load("fifo", "tiny", s4::tb::Kind::kChecked);  // built on demand
//   auto valid = m->port("in_valid_i");
//   m->reset();
//   valid.set(1);
//   m->tick();                       // clk_i 0 -> 1 -> 0
//
// A failing assertion, $error or $fatal in the RTL is thrown as ModelError by eval() and tick().
// Set inputs, then tick(): the edge sees them, and outputs then show the new state with the inputs
// still applied. After changing inputs call eval() to see combinational outputs follow.
#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tb/model_abi.h"

namespace s4::tb {

/// kFast: no assertions, no trace. kChecked: assertions, random initial state from the seed.
/// kWave: kChecked plus FST tracing. kCoverage: kChecked plus line and toggle coverage.
enum class Kind { kFast, kChecked, kWave, kCoverage };

[[nodiscard]] const char* kind_name(Kind kind);
/// Inverse of kind_name; throws std::invalid_argument.
[[nodiscard]] Kind kind_from_name(const std::string& name);

/// A library that could not be built, loaded or trusted, or a failure inside the model.
struct ModelError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One port of one instance; cheap to copy, valid as long as the Model lives.
class Port {
 public:
  Port() = default;
  Port(const S4ModelPort* info, const std::string* model) : info_(info), model_(model) {}

  [[nodiscard]] const char* name() const { return info_->name; }
  [[nodiscard]] unsigned width() const { return info_->width; }
  [[nodiscard]] unsigned words() const { return (info_->width + 31) / 32; }
  [[nodiscard]] bool is_input() const { return info_->direction != S4_PORT_OUT; }

  /// Low 64 bits of the port.
  [[nodiscard]] std::uint64_t get() const {
    switch (info_->bytes) {
      case 1:
        return load<std::uint8_t>();
      case 2:
        return load<std::uint16_t>();
      case 4:
        return load<std::uint32_t>();
      default:
        return load<std::uint64_t>();
    }
  }
  /// Sets the whole port; bits above the width are dropped, those above 64 become 0.
  void set(std::uint64_t value) {
    require_input();
    if (info_->width < 64) value &= (std::uint64_t{1} << info_->width) - 1;
    switch (info_->bytes) {
      case 1:
        return store(static_cast<std::uint8_t>(value));
      case 2:
        return store(static_cast<std::uint16_t>(value));
      case 4:
        return store(static_cast<std::uint32_t>(value));
      case 8:
        return store(value);
      default:
        std::memset(info_->data, 0, info_->bytes);
        store(value);
    }
  }

  /// 32-bit word i, word 0 the lowest; words above the port read 0.
  [[nodiscard]] std::uint32_t word(unsigned i) const {
    if (info_->bytes <= 8) return i > 1 ? 0 : static_cast<std::uint32_t>(get() >> (32 * i));
    if (i >= words()) return 0;
    std::uint32_t value;
    std::memcpy(&value, static_cast<const char*>(info_->data) + 4 * i, 4);
    return value;
  }
  void set_word(unsigned i, std::uint32_t value);

  /// Bits [lsb, lsb + count), count at most 64.
  [[nodiscard]] std::uint64_t bits(unsigned lsb, unsigned count) const;
  void set_bits(unsigned lsb, unsigned count, std::uint64_t value);

  /// The lowest `count` bytes, byte 0 the lowest (little endian).
  void get_bytes(void* to, std::size_t count) const;
  void set_bytes(const void* from, std::size_t count);

 private:
  template <typename T>
  T load() const {
    T value;
    std::memcpy(&value, info_->data, sizeof(T));
    return value;
  }
  template <typename T>
  void store(T value) {
    std::memcpy(info_->data, &value, sizeof(T));
  }
  void require_input() const {
    if (info_->direction == S4_PORT_OUT) refuse_output();
  }
  [[noreturn]] void refuse_output() const;

  const S4ModelPort* info_ = nullptr;
  const std::string* model_ = nullptr;
};

struct ModelOptions {
  /// Overrides of parameters of the top module, e.g. {{"Width", "8"}}.
  std::map<std::string, std::string> parameters;
  /// Files that stand in for modules (a netlist, a mutant), relative to the repository root.
  /// S4_MODEL_REPLACE="module=path,module=path" adds to these wherever the module is used.
  std::map<std::string, std::string> replace;
  /// Seed of the random initial state; 0 takes seed().
  std::uint64_t seed = 0;
};

class Model {
 public:
  static constexpr std::uint64_t kForever = std::numeric_limits<std::uint64_t>::max();

  /// Builds the library if it is missing or out of date (tools/build_model.py), loads it, checks
  /// its hash and makes an instance. `config`: tiny, small, s4 or the path of a configuration
  /// JSON. S4_MODEL_KIND=fast|checked|wave|coverage overrides `kind`.
  static std::unique_ptr<Model> load(const std::string& top, const std::string& config, Kind kind,
                                     const ModelOptions& options = {});
  /// Path of an up-to-date library, built if need be, without making an instance.
  static std::string library(const std::string& top, const std::string& config, Kind kind,
                             const ModelOptions& options = {});

  ~Model();
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  /// Throws ModelError naming the port and those that exist.
  [[nodiscard]] Port port(const std::string& name) const;
  [[nodiscard]] bool has_port(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> port_names() const;

  void eval() {
    if (api_->eval(instance_) != 0) fail();
  }
  void tick(std::uint64_t cycles = 1) {
    if (api_->tick(instance_, cycles) != 0) fail();
  }
  /// rst_ni low for `cycles` clocks, then high.
  void reset(std::uint64_t cycles = 2);
  /// Clocks ticked since the instance was made.
  [[nodiscard]] std::uint64_t cycle() const { return api_->cycle(instance_); }

  /// Records cycles [from, to) into an FST file; needs Kind::kWave. One cycle is 1 ns there.
  /// `scope` limits it to one instance ("TOP.subsystem.u_spu"), `levels` to a depth (0: all).
  void open_wave(const std::string& path, std::uint64_t from = 0, std::uint64_t to = kForever,
                 const std::string& scope = "", int levels = 0);
  void close_wave();
  /// Needs Kind::kCoverage. Also done at the end of every instance if S4_COVERAGE_DIR is set.
  void write_coverage(const std::string& path);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::string hash() const { return api_->hash; }

 private:
  Model() = default;
  [[noreturn]] void fail();

  const S4ModelApi* api_ = nullptr;
  S4ModelInstance* instance_ = nullptr;
  const S4ModelPort* ports_ = nullptr;
  std::uint32_t port_count_ = 0;
  std::uint64_t seed_ = 0;
  std::string name_;
  Kind kind_ = Kind::kFast;
};

}  // namespace s4::tb
