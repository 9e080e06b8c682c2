#include "sim/subsystem/functional_subsystem.hpp"

#include <utility>

#include "sim/activation/activation_engine.hpp"
#include "sim/dma/load_dma.hpp"
#include "sim/dma/store_dma.hpp"
#include "sim/dma/weight_dma.hpp"
#include "sim/sequencer/sequencer.hpp"
#include "sim/spu/spu.hpp"

namespace s4::sim {

struct FunctionalSubsystem::Blocks {
  Blocks(const config::Configuration& configuration, Memory& memory)
      : config(configuration),
        registers(config),
        local_buffer(config),
        load(memory, local_buffer, registers),
        weights(memory, local_buffer, buffers, registers),
        spu(config, local_buffer, buffers, registers),
        store(memory, local_buffer, registers),
        activation(local_buffer, registers),
        sequencer(config, memory, registers, buffers, load, weights, spu, store, activation) {}

  config::Configuration config;
  Registers registers;
  LocalBuffer local_buffer;
  WeightBuffers buffers;
  LoadDma load;
  WeightDma weights;
  Spu spu;
  StoreDma store;
  ActivationEngine activation;
  Sequencer sequencer;
};

FunctionalSubsystem::FunctionalSubsystem(const config::Configuration& config, Memory& memory)
    : blocks_(std::make_unique<Blocks>(config, memory)) {}

FunctionalSubsystem::~FunctionalSubsystem() = default;

void FunctionalSubsystem::write_register(std::uint32_t offset, std::uint32_t value) {
  blocks_->registers.write(offset, value);
  if (blocks_->registers.reset_pending()) {
    blocks_->registers.clear_status();
    blocks_->buffers.clear();
    blocks_->weights.reset();
    blocks_->spu.reset();
  }
}

std::uint32_t FunctionalSubsystem::read_register(std::uint32_t offset) const {
  return blocks_->registers.read(offset);
}

bool FunctionalSubsystem::run() {
  if (!blocks_->registers.start_pending()) return false;
  blocks_->sequencer.run();
  return true;
}

void FunctionalSubsystem::observe_rows(RowsObserver observer) {
  blocks_->sequencer.observe_rows(std::move(observer));
}

const Registers& FunctionalSubsystem::registers() const { return blocks_->registers; }
LocalBuffer& FunctionalSubsystem::local_buffer() { return blocks_->local_buffer; }
const LocalBuffer& FunctionalSubsystem::local_buffer() const { return blocks_->local_buffer; }

}  // namespace s4::sim
