#include "sw/driver/functional_device.hpp"

#include "sim/registers/gen/registers.hpp"

namespace s4::sw {

void FunctionalDevice::reset() {
  model_.write_register(registers::kControlOffset, 1U << registers::kControlResetLsb);
}

bool FunctionalDevice::wait(const Progress& progress) {
  if (progress && !progress(0)) return false;
  model_.run();
  return true;
}

}  // namespace s4::sw
