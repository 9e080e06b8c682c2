#include "sim/sequencer/sequencer.hpp"

#include <algorithm>

namespace s4::sim {

using commands::Engine;
using commands::Error;
using commands::Opcode;

void Sequencer::run() {
  registers_.begin();
  tokens_.clear();
  for (auto& queue : queues_) queue.clear();
  checked_.reset();
  next_ = 0;
  ended_ = false;
  finished_ = false;
  spu_starved_ = false;
  spu_overfull_ = false;
  if (registers_.program_addr() % commands::kCommandBytes != 0) {
    fail(Error::kAlign, Engine::kSequencer, 0, 0);
  }
  while (!finished_) {
    const bool moved = dispatch() || (!finished_ && (step_spu() || step_load() || step_store() ||
                                                     step_activation() || step_weights()));
    if (!moved && !finished_) fail_stalled();
  }
}

// ---- Sequencer ---------------------------------------------------------------------------------

bool Sequencer::fetch() {
  if (checked_) return true;
  if (next_ >= registers_.program_count()) {
    fail(Error::kProgramEnd, Engine::kSequencer, next_, 0);
    return false;
  }
  Pending command;
  command.index = next_;
  const std::uint64_t addr =
      registers_.program_addr() + std::uint64_t{next_} * commands::kCommandBytes;
  if (!memory_.contains(addr, commands::kCommandBytes)) {
    fail(Error::kMemoryResponse, Engine::kSequencer, next_, 0);
    return false;
  }
  memory_.read(addr, command.bytes);
  registers_.count(counters::Counter::kFetchWords, commands::kCommandBytes / kWordBytes);
  const CommandCheck::Verdict verdict = check_.check(command.bytes);
  if (verdict.code != Error::kNone) {
    fail(verdict.code, Engine::kSequencer, next_, verdict.info);
    return false;
  }
  command.header = commands::SyncCommand::decode(command.bytes);
  checked_ = command;
  ++next_;
  return true;
}

bool Sequencer::dispatch() {
  bool moved = false;
  while (fetch()) {
    Engine engine = Engine::kSequencer;
    switch (checked_->header.opcode) {
      case Opcode::kEnd:
        if (!ended_) {
          ended_ = tokens_.take(checked_->header.wait_mask);
          moved = moved || ended_;
        }
        if (ended_ && idle() && !buffers_overfull()) {
          registers_.count_command();
          registers_.complete();
          finished_ = true;
        }
        return moved;
      case Opcode::kSync:
        if (!tokens_.take(checked_->header.wait_mask)) return moved;
        complete(Engine::kSequencer, *checked_);
        if (finished_) return true;
        break;
      case Opcode::kLoad:
        engine = Engine::kLoad;
        break;
      case Opcode::kStore:
        engine = Engine::kStore;
        break;
      case Opcode::kWeights:
        engine = Engine::kWeights;
        break;
      case Opcode::kSpu:
        engine = Engine::kSpu;
        break;
      case Opcode::kRows:
        engine = Engine::kActivation;
        break;
    }
    if (engine != Engine::kSequencer) {
      if (queue(engine).size() >= config_.queue_depth) return moved;
      queue(engine).push_back(*checked_);
    }
    checked_.reset();
    moved = true;
  }
  return moved;
}

std::optional<Sequencer::Pending> Sequencer::start(Engine engine) {
  auto& waiting = queue(engine);
  if (waiting.empty() || !tokens_.take(waiting.front().header.wait_mask)) return std::nullopt;
  const Pending command = waiting.front();
  waiting.pop_front();
  return command;
}

void Sequencer::complete(Engine engine, const Pending& command) {
  registers_.count_command();
  if (const auto token = tokens_.signal(command.header.signal_mask)) {
    fail(Error::kTokenOverflow, engine, command.index, *token);
  }
}

bool Sequencer::idle() const {
  return !weights_.active() && !spu_.active() &&
         std::all_of(queues_.begin(), queues_.end(), [](const auto& q) { return q.empty(); });
}

void Sequencer::fail(Error code, Engine engine, std::uint32_t command, std::uint32_t info) {
  registers_.stop({code, engine, command, info});
  finished_ = true;
}

// ---- Engines -----------------------------------------------------------------------------------

bool Sequencer::step_load() {
  const auto command = start(Engine::kLoad);
  if (!command) return false;
  const Error error = load_.execute(commands::DmaCommand::decode(command->bytes));
  if (error != Error::kNone) {
    fail(error, Engine::kLoad, command->index, 0);
  } else {
    complete(Engine::kLoad, *command);
  }
  return true;
}

bool Sequencer::step_store() {
  const auto command = start(Engine::kStore);
  if (!command) return false;
  const Error error = store_.execute(commands::DmaCommand::decode(command->bytes));
  if (error != Error::kNone) {
    fail(error, Engine::kStore, command->index, 0);
  } else {
    complete(Engine::kStore, *command);
  }
  return true;
}

bool Sequencer::step_activation() {
  const auto command = start(Engine::kActivation);
  if (!command) return false;
  const commands::RowsCommand rows = commands::RowsCommand::decode(command->bytes);
  activation_.execute(rows);
  if (rows_observer_) rows_observer_(command->index, rows);
  complete(Engine::kActivation, *command);
  return true;
}

bool Sequencer::step_weights() {
  if (!weights_.active()) {
    const auto command = start(Engine::kWeights);
    if (!command) return false;
    weights_command_ = *command;
    weights_.start(commands::WeightsCommand::decode(command->bytes));
  }
  spu_starved_ = false;
  const Error error = weights_.advance();
  if (error != Error::kNone) {
    fail(error, Engine::kWeights, weights_command_.index, 0);
  } else if (!weights_.active()) {
    complete(Engine::kWeights, weights_command_);
  }
  return true;
}

bool Sequencer::step_spu() {
  if (!spu_.active()) {
    const auto command = start(Engine::kSpu);
    if (!command) return false;
    spu_command_ = *command;
    spu_.start(commands::SpuCommand::decode(command->bytes));
    spu_starved_ = false;
  }
  if (spu_starved_ || spu_overfull_) return false;
  switch (spu_.advance()) {
    case Spu::Progress::kDone:
      complete(Engine::kSpu, spu_command_);
      return true;
    case Spu::Progress::kStarved:
      spu_starved_ = true;
      return true;
    case Spu::Progress::kOverfull:
      spu_overfull_ = true;
      return false;
    case Spu::Progress::kMalformed:
      fail(Error::kWeightStream, Engine::kSpu, spu_command_.index, 0);
      return true;
  }
  return false;
}

// ---- Stalls ------------------------------------------------------------------------------------

bool Sequencer::buffers_overfull() const {
  const std::size_t lanes = config_.array_lanes;
  return buffers_.values.size() > config_.value_rows * lanes ||
         buffers_.indices.size() > config_.index_rows * lanes * sparse_format::kIndexBits / 8 ||
         buffers_.params.size() > std::size_t{config_.param_rows} * config_.lanes_per_quadrant * 8;
}

void Sequencer::fail_stalled() {
  const auto stalled = [this](Engine engine, std::uint32_t command, std::uint32_t info) {
    fail(Error::kWatchdog, engine, command, info);
  };
  // In the hardware the weight DMA waits for room that nobody makes.
  if (spu_overfull_ || (buffers_overfull() && !spu_.active() && queue(Engine::kSpu).empty())) {
    return stalled(Engine::kWeights, weights_command_.index, kWeightBufferWait);
  }
  if (spu_.active() && queue(Engine::kWeights).empty()) {
    return stalled(Engine::kSpu, spu_command_.index, kWeightBufferWait);
  }
  const bool own_wait = checked_ && (checked_->header.opcode == Opcode::kSync ||
                                     (checked_->header.opcode == Opcode::kEnd && !ended_));
  if (own_wait) return stalled(Engine::kSequencer, checked_->index, kTokenWait);
  for (const Engine engine :
       {Engine::kLoad, Engine::kWeights, Engine::kSpu, Engine::kStore, Engine::kActivation}) {
    const bool runs = engine == Engine::kSpu && spu_.active();
    if (!runs && !queue(engine).empty()) {
      return stalled(engine, queue(engine).front().index, kTokenWait);
    }
  }
  stalled(Engine::kSequencer, next_, 0);
}

}  // namespace s4::sim
