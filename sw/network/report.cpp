#include <algorithm>

#include "sw/network/network.hpp"

namespace s4::sw {
namespace {

template <typename T, typename Member>
T total(const std::vector<NetworkLayerReport>& layers, Member member) {
  T sum{};
  for (const NetworkLayerReport& layer : layers) sum += layer.*member;
  return sum;
}

}  // namespace

double NetworkLayerReport::utilisation() const {
  return cycles && *cycles > 0 ? ideal_cycles / static_cast<double>(*cycles) : 0;
}

std::uint64_t NetworkReport::macs_dense() const {
  return total<std::uint64_t>(layers, &NetworkLayerReport::macs_dense);
}
std::uint64_t NetworkReport::macs_nonzero() const {
  return total<std::uint64_t>(layers, &NetworkLayerReport::macs_nonzero);
}
std::uint64_t NetworkReport::weight_bytes() const {
  return total<std::uint64_t>(layers, &NetworkLayerReport::weight_bytes);
}
std::uint64_t NetworkReport::parameter_bytes() const {
  return total<std::uint64_t>(layers, &NetworkLayerReport::parameter_bytes);
}
std::uint64_t NetworkReport::dense_weight_bytes() const {
  return total<std::uint64_t>(layers, &NetworkLayerReport::dense_weight_bytes);
}
double NetworkReport::ideal_cycles() const {
  return total<double>(layers, &NetworkLayerReport::ideal_cycles);
}

double NetworkReport::cycles_per_image() const {
  return cycles && batch > 0 ? static_cast<double>(*cycles) / static_cast<double>(batch) : 0;
}
double NetworkReport::utilisation() const {
  return cycles && *cycles > 0 ? ideal_cycles() / static_cast<double>(*cycles) : 0;
}
double NetworkReport::kilohertz() const {
  return cycles && rtl_s > 0 ? static_cast<double>(*cycles) / rtl_s / 1000 : 0;
}
double NetworkReport::mac_per_s() const {
  return wall_s > 0 ? static_cast<double>(macs_nonzero()) / wall_s : 0;
}

std::uint64_t NetworkReport::mismatches() const {
  std::uint64_t sum = 0;
  for (const Comparison& comparison : comparisons) sum += comparison.mismatches;
  return sum;
}

std::string NetworkReport::bound() const {
  Estimate sum;
  for (const NetworkLayerReport& layer : layers) {
    sum.mac += layer.estimate.mac;
    sum.activation += layer.estimate.activation;
    sum.epilogue += layer.estimate.epilogue;
    sum.rows += layer.estimate.rows;
    sum.weights += layer.estimate.weights;
    sum.loads += layer.estimate.loads;
    sum.stores += layer.estimate.stores;
    sum.commands += layer.estimate.commands;
  }
  return bound_name(sum);
}

bool NetworkReport::ok() const {
  if (!error.empty()) return false;
  const std::size_t asked = backend == Backend::kReference    ? 0
                            : backend == Backend::kFunctional ? 1
                                                              : 3;
  const std::size_t judged = has_rows && backend != Backend::kReference ? 1 : 0;
  return comparisons.size() == asked + judged && all_hold(comparisons) && all_hold(counts);
}

}  // namespace s4::sw
