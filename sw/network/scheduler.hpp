// How make_schedule() makes commands; its parts are in schedule.cpp and schedule_compute.cpp.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sw/compiler/command_fields.hpp"
#include "sw/network/dependencies.hpp"
#include "sw/network/schedule.hpp"

namespace s4::sw {

/// Clocks from an engine through the memory to the next one.
inline constexpr std::uint64_t kMemoryLatency = 110;

/// Blocks of 64 channels, [begin, end).
struct Blocks {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// What a command computes of a layer. Of several heads it takes all images that the places hold.
struct Part {
  Images images;
  Heads heads;
  [[nodiscard]] std::uint32_t count() const { return images.count() * heads.count(); }
};

class Scheduler {
 public:
  Scheduler(const Network& network, const Segment& segment, const SegmentPlan& plan,
            const config::Configuration& config, const std::vector<const LayerCost*>& costs,
            const ValueAddresses& addresses);

  Schedule run();

 private:
  /// The last layer of sub-batch `s` that uses the place of a loaded value.
  [[nodiscard]] std::size_t free_after(std::size_t v, std::uint32_t s) const;

  /// Words of the place of a value.
  [[nodiscard]] std::uint64_t place_words(std::size_t position, std::uint32_t s) const;

  void describe_layer(std::size_t i);

  [[nodiscard]] const Layer& layer(std::size_t i) const {
    return network_.layers[segment_.layers[i]].layer;
  }
  /// Images that layer i computes in sub-batch `s`.
  [[nodiscard]] Images computed(std::size_t i, std::uint32_t s) const {
    return i >= plan_.split ? subs_[s].all : subs_[s].own;
  }
  /// One image of the value, loaded once, is that of all sub-batches.
  [[nodiscard]] bool is_common(std::size_t position) const {
    const std::vector<bool>& common = plan_.allocation.common;
    return !common.empty() && common[position];
  }
  /// Images that the place of a value holds in sub-batch `s`.
  [[nodiscard]] Images held(std::size_t position, std::uint32_t s) const {
    if (is_common(position)) return {0, 1};
    return is_late(segment_.values[position], plan_.split) ? subs_[s].all : subs_[s].own;
  }
  /// One group that stays in the weight buffers over several commands.
  [[nodiscard]] bool keeps(std::size_t i) const {
    return layer(i).has_weights() && !layer(i).dense && costs_[i]->can_keep();
  }
  [[nodiscard]] std::uint32_t parts(std::size_t i) const {
    return i == 0 && (keeps(0) || !layer(0).has_weights()) ? plan_.load_parts : 1;
  }

  [[nodiscard]] std::size_t position(std::size_t value) const {
    return static_cast<std::size_t>(segment_.find(network_.home(value)) - segment_.values.data());
  }
  /// Place of a value of sub-batch `s`.
  [[nodiscard]] std::uint64_t base(std::size_t position, std::uint32_t s) const {
    const Allocation& places = plan_.allocation;
    if (plan_.pipelined) {
      return places.address[position] + s % places.turns[position] * places.step[position];
    }
    return s % 2 == 0 ? places.address[position] : places.other[position];
  }
  /// Heads that a layer with `heads` of them has places for in a value.
  [[nodiscard]] std::uint32_t slots(std::size_t position, std::uint32_t heads) const {
    const bool ring = !plan_.rings.empty() && plan_.rings[position] != 0;
    return ring ? plan_.rings[position] : heads;
  }
  /// Images of the place from its first to the part's first one, as a layer with `heads` sees it.
  [[nodiscard]] std::uint64_t skipped(std::size_t position, std::uint32_t s, const Part& part,
                                      std::uint32_t heads) const {
    if (is_common(position)) return 0;
    const Images all = held(position, s);
    return std::uint64_t{part.heads.begin % slots(position, heads)} * all.count() +
           part.images.begin - all.begin;
  }
  /// Images from a block of channels to the next.
  [[nodiscard]] std::uint64_t stride(std::size_t position, std::uint32_t s,
                                     std::uint32_t heads) const {
    return std::uint64_t{slots(position, heads)} * held(position, s).count();
  }
  [[nodiscard]] std::uint32_t heads(std::size_t i) const { return segment_.heads(network_, i); }
  /// These images with all heads.
  [[nodiscard]] Part whole(std::size_t i, const Images& images) const {
    return {images, {0, heads(i)}};
  }
  [[nodiscard]] const TensorShape& shape_of(std::size_t position) const {
    return network_.values[segment_.values[position].value].shape;
  }

  /// Notes the use of a part, of the given channel blocks, of a value of sub-batch `s` as a layer
  /// with `heads` sees it.
  void use(std::size_t position, std::uint32_t s, const Part& part, std::uint32_t heads,
           const Blocks& blocks, commands::Engine engine, bool write, LastCommands& needs);

  /// Notes the use of the given images and planes of a value in memory.
  void use_memory(std::size_t value, const Images& images, const Blocks& planes,
                  commands::Engine engine, bool write, LastCommands& needs);
  /// That of the second operand of layer i, in memory or in its place, by the array's command
  /// `user`; kNoCommand: noted already.
  void use_operand(std::size_t i, std::uint32_t s, const Part& part, std::int64_t user,
                   LastCommands& needs);
  /// First word of a block of channels of an operand in the local buffer; the part is an image.
  [[nodiscard]] std::uint64_t operand_word(std::size_t i, std::uint32_t s, const Part& part,
                                           std::uint32_t block) const;
  /// This command of a dense operand, of words in memory from the operand's `address` on, on those
  /// in the local buffer.
  [[nodiscard]] commands::WeightsCommand from_local(commands::WeightsCommand c,
                                                    std::uint64_t address, std::size_t i,
                                                    std::uint32_t s, const Part& part) const;

  [[nodiscard]] std::int64_t next_index() const {
    return static_cast<std::int64_t>(out_.program.commands.size());
  }

  /// Adds a command; its clocks are [start, end).
  void add(commands::Engine engine, const commands::CommandBytes& bytes, const LastCommands& needs,
           CommandInfo info, std::uint64_t end);

  [[nodiscard]] std::uint64_t ready(const LastCommands& needs) const;

  static LastCommands no_needs() {
    LastCommands needs;
    needs.fill(kNoCommand);
    return needs;
  }

  [[nodiscard]] commands::DmaCommand copy(commands::Opcode opcode, std::size_t position,
                                          std::uint32_t s, const Images& images,
                                          const Blocks& planes) const;

  /// Where gamma and beta of layer i lie in the local buffer.
  [[nodiscard]] std::uint64_t parameter_base(std::size_t i) const;
  /// Those of layer i and of all before it, unless they are under way.
  void load_parameters(std::size_t i);
  void load_all(std::uint32_t s);
  void load(std::size_t v, std::uint32_t s);

  void load_part(std::size_t v, std::uint32_t s, std::uint32_t part);
  struct LoadPiece {
    std::size_t value = 0;  ///< position in Segment::values
    std::uint32_t sub = 0;
    std::uint32_t part = 0;
    Blocks planes;
  };
  void load_piece(const LoadPiece& piece);
  /// Inputs of the next batch that have places from the start, block by block.
  [[nodiscard]] std::vector<LoadPiece> load_pieces() const;

  [[nodiscard]] OutputBox box(std::size_t i, const Part& part) const;

  void store(std::size_t i, std::uint32_t s);
  void store_planes(std::size_t i, std::uint32_t s, const Blocks& planes);
  struct StorePiece {
    std::size_t layer = 0;
    std::uint32_t sub = 0;
    Blocks planes;
  };
  void store_next();

  void run_tasks();

  void compute(std::size_t i, std::uint32_t s);

  void compute_part(std::size_t i, std::uint32_t s, const Part& part, bool sends, bool keep);
  /// A product of activations, image by image.
  void compute_dense(std::size_t i, std::uint32_t s, const Part& part);

  void compute_slice(std::size_t i, std::uint32_t s, const Part& part, const SliceCost& slice,
                     bool sends, bool keep);

  /// These rows by the row engine.
  void compute_rows(std::size_t i, std::uint32_t s, const Part& part);

  /// Clock at which the last result of a command of the array is there.
  std::uint64_t predict(std::size_t i, std::uint32_t s, const Part& part,
                        const ShapeProfile& profile, const LastCommands& needs, bool sends);

  void send_weights(std::size_t i, std::uint32_t s, const Part& part, const SliceCost& cost);

  Schedule finish();

  const Network& network_;
  const Segment& segment_;
  const SegmentPlan& plan_;
  const config::Configuration& config_;
  const std::vector<const LayerCost*>& costs_;
  const ValueAddresses& addresses_;
  struct SubBatch {
    Images own;
    Images all;  ///< that late layers take together
  };
  std::vector<SubBatch> subs_;
  std::size_t parameters_ = 0;  ///< layers whose parameters are loaded
  Schedule out_;
  std::deque<StorePiece> stores_;  ///< of pipelines, still to come
  AccessMap accesses_;             ///< of the local buffer
  AccessMap memory_;               ///< of words in memory that take the place of weights
  TokenPlanner tokens_;
  // Predicted clocks: when the read port, the array, the row engine and the store are free, and
  // when the latest layer so far ends.
  std::vector<std::uint64_t> ends_;
  std::uint64_t port_ = 0;
  std::uint64_t spu_ = 0;
  std::uint64_t rows_ = 0;
  std::uint64_t front_ = 0;
  std::uint64_t store_ = 0;
  std::uint64_t last_start_ = 0;
  std::uint64_t last_end_ = 0;
};

}  // namespace s4::sw
