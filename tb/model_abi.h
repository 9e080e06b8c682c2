/* The C interface of a verilated model library (build/models/<top>-<config>-<kind>.so).
   Implemented by tools/model_wrapper/wrapper.cpp, used by tb/model.cpp. */
#ifndef S4_TB_MODEL_ABI_H
#define S4_TB_MODEL_ABI_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define S4_MODEL_ABI 3

enum { S4_PORT_IN = 0, S4_PORT_OUT = 1, S4_PORT_INOUT = 2 };

typedef struct S4ModelPort {
  const char* name;
  uint32_t width;     /* bits */
  uint32_t direction; /* S4_PORT_* */
  uint32_t bytes;     /* of storage: 1, 2, 4, 8, or a multiple of 4 above 8 (32-bit words) */
  void* data;
} S4ModelPort;

typedef struct S4ModelInstance S4ModelInstance;

typedef struct S4ModelApi {
  uint32_t abi;
  uint32_t settle; /* 1: tick evaluates once more before the edge (assertions sample there) */
  const char* hash;
  const char* top;
  const char* config;
  const char* kind;
  /* assertions 0: those that the library holds do not fire in this instance. */
  S4ModelInstance* (*create)(uint64_t seed, int assertions);
  void (*destroy)(S4ModelInstance*);
  uint32_t (*ports)(S4ModelInstance*, const S4ModelPort** table);
  /* eval, tick and final return 0, or 1 when an assertion, $error or $fatal fired: see error. */
  int (*eval)(S4ModelInstance*);
  /* Up to `cycles` of clk_i 0 -> 1 -> 0; stops after the cycle that failed. */
  int (*tick)(S4ModelInstance*, uint64_t cycles);
  int (*final)(S4ModelInstance*);
  uint64_t (*cycle)(S4ModelInstance*);
  /* Text of the first failure since the last call; the call clears it. */
  const char* (*error)(S4ModelInstance*);
  /* Returns 0, or 1 when the library has no tracing. Cycles [from, to); levels 0 is all. */
  int (*open_wave)(S4ModelInstance*, const char* path, const char* scope, int levels, uint64_t from,
                   uint64_t to);
  void (*close_wave)(S4ModelInstance*);
  /* Returns 0, or 1 when the library has no coverage. */
  int (*write_coverage)(S4ModelInstance*, const char* path);
} S4ModelApi;

/* The only symbol a model library exports. */
typedef const S4ModelApi* (*S4ModelEntry)(void);
#define S4_MODEL_ENTRY_NAME "s4_model_api"

#ifdef __cplusplus
}
#endif
#endif
