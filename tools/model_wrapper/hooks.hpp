// Included ahead of every generated source: what the model prints goes through the wrapper.
#pragma once
extern "C" int s4_model_print(const char* format, ...) __attribute__((format(printf, 1, 2)));
#define VL_PRINTF s4_model_print
#define VL_USER_FINISH
#define VL_USER_STOP
#define VL_USER_FATAL
