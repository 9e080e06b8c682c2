// Runs a program: fetches its commands, checks each, hands them to the engines' queues.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "sim/activation/activation_engine.hpp"
#include "sim/config/gen/configuration.hpp"
#include "sim/dma/load_dma.hpp"
#include "sim/dma/store_dma.hpp"
#include "sim/dma/weight_dma.hpp"
#include "sim/memory_port/memory.hpp"
#include "sim/registers/registers.hpp"
#include "sim/sequencer/command_check.hpp"
#include "sim/sequencer/token_file.hpp"
#include "sim/spu/spu.hpp"

namespace s4::sim {

/// Executes programs without time. RTL: rtl/sequencer/sequencer.sv.
///
/// Commands are dispatched in program order as far as queues and tokens allow; then one engine that
/// can start the command at the head of its queue executes it whole, and so on. Weights are read
/// piece by piece and only when nothing else can move, so that the model's buffers stay small. If
/// nothing can move at all, the hardware would hang: Watchdog, naming whom its watchdog names.
class Sequencer {
 public:
  Sequencer(const config::Configuration& config, Memory& memory, Registers& registers,
            WeightBuffers& buffers, LoadDma& load, WeightDma& weights, Spu& spu, StoreDma& store,
            ActivationEngine& activation)
      : config_(config),
        memory_(memory),
        registers_(registers),
        buffers_(buffers),
        load_(load),
        weights_(weights),
        spu_(spu),
        store_(store),
        activation_(activation),
        check_(config, registers) {}

  /// From the doorbell to completion or error.
  void run();

  /// Sees every command of the row engine once it is complete; index: its place in the program.
  using RowsObserver = std::function<void(std::uint32_t index, const commands::RowsCommand&)>;
  void observe_rows(RowsObserver observer) { rows_observer_ = std::move(observer); }

 private:
  /// A checked command on its way.
  struct Pending {
    commands::CommandBytes bytes;
    commands::SyncCommand header;
    std::uint32_t index = 0;
  };
  static constexpr std::size_t kNumEngines = 6;  ///< sequencer included
  /// Interfaces in ERROR_INFO of Watchdog.
  static constexpr std::uint32_t kTokenWait = 1U << 0;
  static constexpr std::uint32_t kWeightBufferWait = 1U << 4;

  [[nodiscard]] std::deque<Pending>& queue(commands::Engine engine) {
    return queues_[static_cast<std::size_t>(engine)];
  }

  /// Each returns whether anything moved; a fault or completion ends the program.
  [[nodiscard]] bool dispatch();
  [[nodiscard]] bool fetch();
  [[nodiscard]] bool step_load();
  [[nodiscard]] bool step_store();
  [[nodiscard]] bool step_activation();
  [[nodiscard]] bool step_weights();
  [[nodiscard]] bool step_spu();

  /// Takes the head of the queue if its tokens are there.
  [[nodiscard]] std::optional<Pending> start(commands::Engine engine);
  void complete(commands::Engine engine, const Pending& command);
  [[nodiscard]] bool idle() const;
  [[nodiscard]] bool buffers_overfull() const;
  void fail(commands::Error code, commands::Engine engine, std::uint32_t command,
            std::uint32_t info);
  void fail_stalled();

  const config::Configuration& config_;
  Memory& memory_;
  Registers& registers_;
  WeightBuffers& buffers_;
  LoadDma& load_;
  WeightDma& weights_;
  Spu& spu_;
  StoreDma& store_;
  ActivationEngine& activation_;
  CommandCheck check_;

  TokenFile tokens_;
  std::array<std::deque<Pending>, kNumEngines> queues_;
  std::optional<Pending> checked_;  ///< next to be dispatched
  std::uint32_t next_ = 0;          ///< next to be fetched
  bool ended_ = false;              ///< End has its tokens
  bool finished_ = false;
  Pending weights_command_;  ///< of the weight DMA, also after its completion
  Pending spu_command_;
  bool spu_starved_ = false;  ///< nothing came into the weight buffers since the SPU lacked weights
  bool spu_overfull_ = false;
  RowsObserver rows_observer_;
};

}  // namespace s4::sim
