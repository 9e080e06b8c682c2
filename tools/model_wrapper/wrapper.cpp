// Makes a verilated module (class Vmodel) a library with the C interface of tb/model_abi.h.
// Built by tools/build_model.py, which also writes ports.inc:
//   S4_MODEL_PORT("name", member, width, direction) for every port.
// Time: one clock is 1 ns of waveform, cycle c is [c ns, c + 1 ns), its rising edge at c + 0.5 ns.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vmodel.h"
#include "tb/model_abi.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_fst_c.h"
#endif
#if VM_COVERAGE
#include "verilated_cov.h"
#endif

struct S4ModelInstance {
  VerilatedContext context;
  std::unique_ptr<Vmodel> top;
#if VM_TRACE
  std::unique_ptr<VerilatedFstC> wave;
#endif
  uint64_t wave_from = 0;
  uint64_t wave_to = 0;
  uint64_t cycle = 0;
  CData* clock = nullptr;
  std::vector<S4ModelPort> ports;
  std::string error;     // first failure since the last call of error()
  std::string returned;  // keeps the text of error() alive
  std::string printed;   // the last "%Error" line the model printed
};

namespace {

constexpr uint64_t kPeriod = 1000;  // ps

thread_local S4ModelInstance* current = nullptr;

struct Fatal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void record(const char* file, int line, const char* text) {
  if (current == nullptr || !current->error.empty()) return;
  if (!current->printed.empty()) {
    current->error = current->printed;
  } else {
    current->error = std::string(file != nullptr ? file : "") + ":" + std::to_string(line) + ": " +
                     (text != nullptr ? text : "stopped");
  }
}

void enter(S4ModelInstance* model) {
  current = model;
  Verilated::threadContextp(&model->context);
}

template <typename Action>
int guarded(S4ModelInstance* model, Action action) {
  enter(model);
  try {
    action();
  } catch (const Fatal&) {
  } catch (const std::exception& problem) {
    record("model", 0, problem.what());
  }
  return model->error.empty() ? 0 : 1;
}

void dump(S4ModelInstance* model, uint64_t time) {
  model->context.time(time);
#if VM_TRACE
  if (model->wave && model->cycle >= model->wave_from && model->cycle < model->wave_to) {
    model->wave->dump(time);
  }
#endif
}

S4ModelInstance* create(uint64_t seed, int assertions) {
  auto model = std::make_unique<S4ModelInstance>();
  enter(model.get());
  model->context.assertOn(assertions != 0);
#if S4_MODEL_RANDOM
  model->context.randReset(2);
  model->context.randSeed(static_cast<int>(seed % 0x7ffffffeU) + 1);
#else
  (void)seed;
#endif
#if VM_TRACE
  model->context.traceEverOn(true);
#endif
  model->top = std::make_unique<Vmodel>(&model->context, "TOP");
  Vmodel* top = model->top.get();
#define S4_MODEL_PORT(text, member, width, direction)                                         \
  model->ports.push_back({text, width, direction, static_cast<uint32_t>(sizeof(top->member)), \
                          static_cast<void*>(&top->member)});                                 \
  if (direction != S4_PORT_OUT)                                                               \
    std::memset(static_cast<void*>(&top->member), 0, sizeof(top->member));
#include "ports.inc"
#undef S4_MODEL_PORT
  for (const S4ModelPort& port : model->ports) {
    if (std::strcmp(port.name, "clk_i") == 0) model->clock = static_cast<CData*>(port.data);
  }
  return model.release();
}

void close_wave(S4ModelInstance* model) {
#if VM_TRACE
  if (model->wave) {
    enter(model);
    model->wave->close();
    model->wave.reset();
  }
#else
  (void)model;
#endif
}

void destroy(S4ModelInstance* model) {
  close_wave(model);
  enter(model);
  model->top.reset();
  current = nullptr;
  delete model;
}

uint32_t ports(S4ModelInstance* model, const S4ModelPort** table) {
  *table = model->ports.data();
  return static_cast<uint32_t>(model->ports.size());
}

int eval(S4ModelInstance* model) {
  return guarded(model, [model] { model->top->eval(); });
}

int tick(S4ModelInstance* model, uint64_t cycles) {
  return guarded(model, [model, cycles] {
    if (model->clock == nullptr) throw std::runtime_error("no port clk_i to tick");
    for (uint64_t i = 0; i < cycles && model->error.empty(); ++i) {
      const uint64_t start = model->cycle * kPeriod;
#if S4_MODEL_SETTLE
      *model->clock = 0;
      model->context.time(start + 1);
      model->top->eval();
      dump(model, start + 1);
#endif
      *model->clock = 1;
      model->context.time(start + kPeriod / 2);
      model->top->eval();
      dump(model, start + kPeriod / 2);
      *model->clock = 0;
      model->context.time(start + kPeriod);
      model->top->eval();
      dump(model, start + kPeriod);
      ++model->cycle;
    }
  });
}

int finish(S4ModelInstance* model) {
  return guarded(model, [model] { model->top->final(); });
}

uint64_t cycle(S4ModelInstance* model) { return model->cycle; }

const char* error(S4ModelInstance* model) {
  model->returned.swap(model->error);
  model->error.clear();
  model->printed.clear();
  return model->returned.c_str();
}

int open_wave(S4ModelInstance* model, const char* path, const char* scope, int levels,
              uint64_t from, uint64_t to) {
#if VM_TRACE
  enter(model);
  close_wave(model);
  model->wave = std::make_unique<VerilatedFstC>();
  if (scope != nullptr && *scope != '\0') model->wave->dumpvars(levels, scope);
  model->top->trace(model->wave.get(), levels == 0 ? 1000 : levels);
  model->wave->open(path);
  model->wave_from = from;
  model->wave_to = to;
  return model->wave->isOpen() ? 0 : 1;
#else
  (void)model, (void)path, (void)scope, (void)levels, (void)from, (void)to;
  return 1;
#endif
}

int write_coverage(S4ModelInstance* model, const char* path) {
#if VM_COVERAGE
  enter(model);
  model->context.coveragep()->write(path);
  return 0;
#else
  (void)model, (void)path;
  return 1;
#endif
}

const S4ModelApi kApi = {
    S4_MODEL_ABI,  S4_MODEL_SETTLE, S4_MODEL_HASH, S4_MODEL_TOP, S4_MODEL_CONFIG,
    S4_MODEL_KIND, create,          destroy,       ports,        eval,
    tick,          finish,          cycle,         error,        open_wave,
    close_wave,    write_coverage,
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const S4ModelApi* s4_model_api(void) {
  return &kApi;
}

extern "C" int s4_model_print(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char* text = nullptr;
  const int length = vasprintf(&text, format, arguments);
  va_end(arguments);
  if (length < 0) return length;
  if (current != nullptr && (std::strstr(text, "%Error") || std::strstr(text, "%Fatal"))) {
    current->printed.assign(text);
    while (!current->printed.empty() && current->printed.back() == '\n') {
      current->printed.pop_back();
    }
  } else {
    std::fputs(text, stderr);
  }
  free(text);
  return length;
}

void vl_finish(const char*, int, const char*) VL_MT_UNSAFE {
  Verilated::threadContextp()->gotFinish(true);
}

void vl_stop(const char* file, int line, const char*) VL_MT_UNSAFE { record(file, line, "$stop"); }

void vl_fatal(const char* file, int line, const char*, const char* text) VL_MT_UNSAFE {
  if (current != nullptr) current->printed.clear();
  record(file, line, text);
  throw Fatal("fatal");
}
