#include "tb/model.hpp"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "tb/root.hpp"
#include "tb/seed.hpp"

namespace s4::tb {
namespace {

struct Library {
  std::string path;
  std::string hash;
  const S4ModelApi* api = nullptr;
};

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

/// The distribution's Python where there is one: wrappers such as pyenv triple its start-up time.
std::string python() {
  return access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3";
}

std::string build_command(const std::string& top, const std::string& config, Kind kind,
                          const ModelOptions& options) {
  std::string command = python() + " " + quoted(root() + "/tools/build_model.py") +
                        " --hash --top " + quoted(top) + " --config " + quoted(config) +
                        " --kind " + kind_name(kind);
  for (const auto& [name, value] : options.parameters) {
    command += " --param " + quoted(name + "=" + value);
  }
  for (const auto& [module, path] : options.replace) {
    command += " --replace " + quoted(module + "=" + path);
  }
  return command;
}

/// Two lines: path of the library, hash of what it was made from.
Library build(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw ModelError("cannot run: " + command);
  std::string output;
  char buffer[4096];
  while (std::size_t count = fread(buffer, 1, sizeof buffer, pipe)) output.append(buffer, count);
  const int status = pclose(pipe);
  const std::size_t first = output.find('\n');
  const std::size_t second = first == std::string::npos ? first : output.find('\n', first + 1);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || second == std::string::npos) {
    throw ModelError("the model could not be built; see the messages above, or run: " + command);
  }
  return {output.substr(0, first), output.substr(first + 1, second - first - 1), nullptr};
}

Library open(const std::string& command) {
  static std::mutex mutex;
  static std::map<std::string, Library> loaded;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto known = loaded.find(command);
  if (known != loaded.end()) return known->second;

  Library library = build(command);
  void* handle = dlopen(library.path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) throw ModelError(std::string("cannot load the model: ") + dlerror());
  auto entry = reinterpret_cast<S4ModelEntry>(dlsym(handle, S4_MODEL_ENTRY_NAME));
  if (entry == nullptr) throw ModelError(library.path + " is not a model library");
  library.api = entry();
  if (library.api->abi != S4_MODEL_ABI) {
    throw ModelError(library.path + " has another interface version: delete it and run again");
  }
  if (library.hash != library.api->hash) {
    throw ModelError(library.path + " was made from other sources (hash " + library.api->hash +
                     ", expected " + library.hash + "): delete it and run again");
  }
  loaded.emplace(command, library);
  return library;
}

Kind effective(Kind kind) {
  const char* forced = std::getenv("S4_MODEL_KIND");
  if (forced == nullptr || *forced == '\0') forced = S4_FORCE_KIND;
  return *forced == '\0' ? kind : kind_from_name(forced);
}

}  // namespace

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::kFast:
      return "fast";
    case Kind::kChecked:
      return "checked";
    case Kind::kWave:
      return "wave";
    case Kind::kCoverage:
      return "coverage";
  }
  return "?";
}

Kind kind_from_name(const std::string& name) {
  for (Kind kind : {Kind::kFast, Kind::kChecked, Kind::kWave, Kind::kCoverage}) {
    if (name == kind_name(kind)) return kind;
  }
  throw std::invalid_argument("no model kind '" + name + "' (fast, checked, wave, coverage)");
}

std::string root() {
  const char* root = std::getenv("S4_ROOT");
  return root != nullptr && *root != '\0' ? root : S4_SOURCE_DIR;
}

// ---- Port ---------------------------------------------------------------------------------------

void Port::refuse_output() const {
  throw ModelError(*model_ + ": " + info_->name + " is an output and cannot be set");
}

void Port::set_word(unsigned i, std::uint32_t value) {
  require_input();
  if (i >= words()) {
    throw ModelError(*model_ + ": " + info_->name + " has no word " + std::to_string(i));
  }
  if (info_->bytes <= 8) {
    const std::uint64_t mask = std::uint64_t{0xffffffff} << (32 * i);
    set((get() & ~mask) | (std::uint64_t{value} << (32 * i)));
    return;
  }
  const unsigned top_bits = info_->width % 32;
  if (i + 1 == words() && top_bits != 0) value &= (1U << top_bits) - 1;
  std::memcpy(static_cast<char*>(info_->data) + 4 * i, &value, 4);
}

std::uint64_t Port::bits(unsigned lsb, unsigned count) const {
  std::uint64_t value = 0;
  for (unsigned done = 0; done < count;) {
    const unsigned shift = (lsb + done) % 32;
    const std::uint64_t part = word((lsb + done) / 32) >> shift;
    value |= part << done;
    done += 32 - shift;
  }
  return count >= 64 ? value : value & ((std::uint64_t{1} << count) - 1);
}

void Port::set_bits(unsigned lsb, unsigned count, std::uint64_t value) {
  if (lsb + count > width() || count > 64) {
    throw ModelError(*model_ + ": " + info_->name + " has no bits [" + std::to_string(lsb) +
                     " +: " + std::to_string(count) + "]");
  }
  for (unsigned done = 0; done < count;) {
    const unsigned index = (lsb + done) / 32;
    const unsigned shift = (lsb + done) % 32;
    const unsigned take = std::min(32 - shift, count - done);
    const std::uint32_t mask = (take == 32 ? ~0U : (1U << take) - 1) << shift;
    const auto part = static_cast<std::uint32_t>(value >> done) << shift;
    set_word(index, (word(index) & ~mask) | (part & mask));
    done += take;
  }
}

void Port::get_bytes(void* to, std::size_t count) const {
  std::memset(to, 0, count);
  std::memcpy(to, info_->data, std::min<std::size_t>(count, info_->bytes));
}

void Port::set_bytes(const void* from, std::size_t count) {
  require_input();
  if (count * 8 > (width() + 7) / 8 * 8) {
    throw ModelError(*model_ + ": " + info_->name + " does not hold " + std::to_string(count) +
                     " bytes");
  }
  std::memcpy(info_->data, from, count);
  const unsigned last = words() - 1;
  set_word(last, word(last));  // drops bits above the width
}

// ---- Model --------------------------------------------------------------------------------------

std::string Model::library(const std::string& top, const std::string& config, Kind kind,
                           const ModelOptions& options) {
  return build(build_command(top, config, effective(kind), options)).path;
}

std::unique_ptr<Model> Model::load(const std::string& top, const std::string& config, Kind kind,
                                   const ModelOptions& options) {
  const Kind asked = kind;
  kind = effective(kind);
  // A program that asked for no assertions provokes what they forbid: a kind that is forced to
  // trace or to count leaves them out too. Forcing `checked` turns them on.
  const bool assertions = asked != Kind::kFast || kind == Kind::kChecked;
  const Library library = open(build_command(top, config, kind, options));
  std::unique_ptr<Model> model(new Model);
  model->api_ = library.api;
  model->kind_ = kind;
  model->name_ = top + "-" + config + "-" + kind_name(kind);
  model->seed_ = options.seed != 0 ? options.seed : seed();
  model->instance_ = library.api->create(model->seed_, assertions ? 1 : 0);
  model->port_count_ = library.api->ports(model->instance_, &model->ports_);
  return model;
}

Model::~Model() {
  const char* folder = std::getenv("S4_COVERAGE_DIR");
  if (kind_ == Kind::kCoverage && folder != nullptr && instance_ != nullptr) {
    static unsigned count = 0;
    api_->write_coverage(
        instance_, (std::string(folder) + "/" + api_->top + "-" + std::to_string(getpid()) + "-" +
                    std::to_string(count++) + ".dat")
                       .c_str());
  }
  if (instance_ != nullptr) api_->destroy(instance_);
}

bool Model::has_port(const std::string& name) const {
  return std::any_of(ports_, ports_ + port_count_,
                     [&](const S4ModelPort& port) { return name == port.name; });
}

Port Model::port(const std::string& name) const {
  for (std::uint32_t i = 0; i < port_count_; ++i) {
    if (name == ports_[i].name) return Port(&ports_[i], &name_);
  }
  std::string text = name_ + " has no port '" + name + "'; it has";
  for (const std::string& each : port_names()) text += " " + each;
  throw ModelError(text);
}

std::vector<std::string> Model::port_names() const {
  std::vector<std::string> names;
  for (std::uint32_t i = 0; i < port_count_; ++i) names.emplace_back(ports_[i].name);
  return names;
}

void Model::reset(std::uint64_t cycles) {
  Port reset = port("rst_ni");
  // Reset acts on its falling edge, also on resets that are registers themselves: show it one even
  // from power-up, where rst_ni is already low and those registers hold random values.
  reset.set(1);
  eval();
  reset.set(0);
  eval();
  tick(cycles);
  reset.set(1);
  eval();
}

void Model::open_wave(const std::string& path, std::uint64_t from, std::uint64_t to,
                      const std::string& scope, int levels) {
  if (kind_ != Kind::kWave) throw ModelError(name_ + " has no tracing: load it as Kind::kWave");
  if (api_->open_wave(instance_, path.c_str(), scope.c_str(), levels, from, to) != 0) {
    throw ModelError("cannot write the waveform " + path);
  }
}

void Model::close_wave() { api_->close_wave(instance_); }

void Model::write_coverage(const std::string& path) {
  if (api_->write_coverage(instance_, path.c_str()) != 0) {
    throw ModelError(name_ + " has no coverage: load it as Kind::kCoverage");
  }
}

void Model::fail() {
  const std::string text = api_->error(instance_);
  throw ModelError(name_ + " cycle " + std::to_string(cycle()) +
                   " (S4_SEED=" + std::to_string(seed_) + "): " + text);
}

}  // namespace s4::tb
