// The order of commands: loads of the first sub-batch; then, layer by layer of every sub-batch, the
// array's command, its weights, and the store of its result if somebody wants it. Loads of the
// next sub-batch stand as early as their place in the local buffer is free. The array's command
// stands before its weights, because a stream longer than the buffers flows only while it runs;
// weights of a layer flow while the one before it runs.
#include "sw/network/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "sw/compiler/command_fields.hpp"
#include "sw/network/dependencies.hpp"

namespace s4::sw {
namespace {

using commands::Engine;
using commands::Opcode;

constexpr std::uint64_t kLatency = 110;  // of the memory, engine to engine
constexpr std::uint64_t kStartAndEnd = 250;
/// Signals that a token can hold, less those that a full queue may add.
constexpr std::uint32_t kMostSignals = (1U << commands::kTokenWidth) - 1 - 16;

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

template <typename Command>
const commands::FieldInfo& field_of(std::string_view name) {
  for (const commands::FieldInfo& field : Command::kFields) {
    if (field.name == name) return field;
  }
  throw std::logic_error("no such field");
}

/// Images [begin, end) of the batch.
struct Images {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] std::uint32_t count() const { return end - begin; }
};

/// Blocks of 64 channels, [begin, end).
struct Blocks {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

class Scheduler {
 public:
  Scheduler(const Network& network, const Segment& segment, const SegmentPlan& plan,
            const config::Configuration& config, const std::vector<const LayerCost*>& costs,
            const ValueAddresses& addresses)
      : network_(network),
        segment_(segment),
        plan_(plan),
        config_(config),
        costs_(costs),
        addresses_(addresses) {
    batch_ = network.layers[segment.layers.front()].layer.geometry.batch;
    const std::uint32_t late = plan.split == kNoSplit ? plan.images : plan.late_images;
    for (std::uint32_t outer = 0; outer < batch_; outer += late) {
      const Images all{outer, std::min(outer + late, batch_)};
      for (std::uint32_t at = outer; at < all.end; at += plan.images) {
        subs_.push_back({{at, std::min(at + plan.images, all.end)}, all});
      }
    }
    out_.layers.resize(segment.layers.size());
    for (std::size_t i = 0; i < segment.layers.size(); ++i) describe_layer(i);
  }

  Schedule run() {
    const auto subs = static_cast<std::uint32_t>(subs_.size());
    load_all(0);
    for (std::uint32_t s = 0; s < subs; ++s) {
      const bool more = s + 1 < subs;
      for (std::size_t i = 0; i < segment_.layers.size(); ++i) {
        if (i >= plan_.split && subs_[s].own.end != subs_[s].all.end) break;
        compute(i, s);
        store(i, s);
        if (!more) continue;
        if (plan_.residency == Residency::kDouble && i == 0) load_all(s + 1);
        if (plan_.residency == Residency::kDouble) continue;
        for (std::size_t v = 0; v < segment_.values.size(); ++v) {
          if (segment_.values[v].loaded && free_after(v, s) == i) load(v, s + 1);
        }
      }
    }
    return finish();
  }

 private:
  /// The last layer of sub-batch `s` that uses the place of a loaded value.
  [[nodiscard]] std::size_t free_after(std::size_t v, std::uint32_t s) const {
    const bool late = subs_[s].own.end == subs_[s].all.end;
    const auto end = [&](std::size_t u) { return base(u, s) + place_words(u, s); };
    std::size_t last = segment_.values[v].last;
    for (std::size_t u = 0; u < segment_.values.size(); ++u) {
      const SegmentValue& other = segment_.values[u];
      const bool meets = base(u, s) < end(v) && base(v, s) < end(u);
      if (meets && (late || other.first < plan_.split)) last = std::max(last, other.last);
    }
    return last;
  }

  /// Words of the place of a value.
  [[nodiscard]] std::uint64_t place_words(std::size_t position, std::uint32_t s) const {
    const TensorShape& shape = shape_of(position);
    return std::uint64_t{held(position, s).count()} * shape.height * shape.width * shape.blocks();
  }

  void describe_layer(std::size_t i) {
    LayerPlacement& placed = out_.layers[i];
    placed.layer = segment_.layers[i];
    const LayerGeometry& g = layer(i).geometry;
    const LayerCost& cost = *costs_[i];
    placed.plan.shape = cost.shape;
    placed.plan.strategy = Strategy::kResend;
    placed.plan.slices = static_cast<std::uint32_t>(cost.slices.size());
    placed.plan.storage = Storage::kWhole;
    const std::uint32_t images = i >= plan_.split ? plan_.late_images : plan_.images;
    placed.plan.chunk = {images, g.out_height(), g.out_width()};
    placed.plan.input_words = std::uint64_t{images} * g.height * g.row_words() * g.in_blocks();
    placed.plan.output_words =
        std::uint64_t{images} * g.out_height() * g.out_width() * g.out_blocks();
    placed.plan.second_words = layer(i).add ? placed.plan.output_words : 0;
    for (const SliceCost& slice : cost.slices) {
      if (cost.shared && &slice != &cost.slices.front()) break;
      if (!slice.profile.fits) placed.plan.strategy = Strategy::kStream;
      for (const GroupProfile& group : slice.profile.groups) {
        placed.weight_bytes += group.index_bytes + group.value_bytes;
        placed.parameter_bytes += group.param_bytes;
      }
    }
    if ((keeps(i) && parts(i) > 1) || cost.shared) placed.plan.strategy = Strategy::kKeep;
    if (layer(i).max_pool) placed.plan.strategy = Strategy::kNone;
  }

  [[nodiscard]] const Layer& layer(std::size_t i) const {
    return network_.layers[segment_.layers[i]].layer;
  }
  /// Images that layer i computes in sub-batch `s`.
  [[nodiscard]] Images computed(std::size_t i, std::uint32_t s) const {
    return i >= plan_.split ? subs_[s].all : subs_[s].own;
  }
  /// Images that the place of a value holds in sub-batch `s`.
  [[nodiscard]] Images held(std::size_t position, std::uint32_t s) const {
    return is_late(segment_.values[position], plan_.split) ? subs_[s].all : subs_[s].own;
  }
  /// One group that stays in the weight buffers over several commands.
  [[nodiscard]] bool keeps(std::size_t i) const {
    return !layer(i).max_pool && costs_[i]->can_keep();
  }
  [[nodiscard]] std::uint32_t parts(std::size_t i) const {
    return i == 0 && (keeps(0) || layer(0).max_pool) ? plan_.load_parts : 1;
  }
  /// Part `part` of a sub-batch; empty if there are fewer images than parts.
  [[nodiscard]] static Images part_of(const Images& all, std::uint32_t part, std::uint32_t count) {
    return {
        all.begin + static_cast<std::uint32_t>(std::uint64_t{all.count()} * part / count),
        all.begin + static_cast<std::uint32_t>(std::uint64_t{all.count()} * (part + 1) / count)};
  }

  [[nodiscard]] std::size_t position(std::size_t value) const {
    return static_cast<std::size_t>(segment_.find(value) - segment_.values.data());
  }
  /// Place of a value of sub-batch `s`.
  [[nodiscard]] std::uint64_t base(std::size_t position, std::uint32_t s) const {
    return s % 2 == 0 ? plan_.allocation.address[position] : plan_.allocation.other[position];
  }
  [[nodiscard]] const TensorShape& shape_of(std::size_t position) const {
    return network_.values[segment_.values[position].value].shape;
  }

  /// Notes the use of the given images and channel blocks of a value of sub-batch `s`.
  void use(std::size_t position, std::uint32_t s, const Images& images, const Blocks& blocks,
           Engine engine, bool write, LastCommands& needs) {
    const TensorShape& shape = shape_of(position);
    const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
    const Images all = held(position, s);
    for (std::uint32_t block = blocks.begin; block < blocks.end; ++block) {
      const std::uint64_t at =
          base(position, s) +
          (std::uint64_t{block} * all.count() + images.begin - all.begin) * plane;
      accesses_.access(at, at + images.count() * plane, engine, next_index(), write, needs);
    }
  }

  [[nodiscard]] std::int64_t next_index() const {
    return static_cast<std::int64_t>(out_.program.commands.size());
  }

  /// Adds a command; its clocks are [start, end).
  void add(Engine engine, const commands::CommandBytes& bytes, const LastCommands& needs,
           CommandInfo info, std::uint64_t end) {
    tokens_.add(engine, needs);
    out_.program.commands.push_back(bytes);
    out_.program.info.push_back(std::move(info));
    ends_.push_back(end);
  }

  [[nodiscard]] std::uint64_t ready(const LastCommands& needs) const {
    std::uint64_t at = 0;
    for (const std::int64_t command : needs) {
      if (command != kNoCommand) at = std::max(at, ends_[static_cast<std::size_t>(command)]);
    }
    return at;
  }

  static LastCommands no_needs() {
    LastCommands needs;
    needs.fill(kNoCommand);
    return needs;
  }

  [[nodiscard]] commands::DmaCommand copy(Opcode opcode, std::size_t position, std::uint32_t s,
                                          const Images& images) const {
    const TensorShape& shape = shape_of(position);
    const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
    const Images all = held(position, s);
    const auto found = addresses_.find(segment_.values[position].value);
    const std::uint64_t memory = found == addresses_.end() ? 0 : found->second;
    return box_command(
        opcode, memory + 64 * images.begin * plane,
        static_cast<std::uint32_t>(base(position, s) + (images.begin - all.begin) * plane),
        {{plane, 64, 1},
         {images.count(), 64 * plane, plane},
         {shape.blocks(), 64 * plane * shape.batch, plane * all.count()}},
        network_.graph.at(network_.values[segment_.values[position].value].tensor).name);
  }

  void load_all(std::uint32_t s) {
    // Pieces of all values in turn: the first layer starts with the first pieces.
    for (std::uint32_t part = 0; part < plan_.load_parts; ++part) {
      for (std::size_t v = 0; v < segment_.values.size(); ++v) {
        if (segment_.values[v].loaded) load_part(v, s, part);
      }
    }
  }
  void load(std::size_t v, std::uint32_t s) {
    for (std::uint32_t part = 0; part < plan_.load_parts; ++part) load_part(v, s, part);
  }

  void load_part(std::size_t v, std::uint32_t s, std::uint32_t part) {
    const Images images = part_of(subs_[s].own, part, plan_.load_parts);
    if (images.count() == 0) return;
    LastCommands needs = no_needs();
    const TensorShape& shape = shape_of(v);
    use(v, s, images, {0, shape.blocks()}, Engine::kLoad, true, needs);
    const std::size_t reader = segment_.values[v].first;
    auto command = copy(Opcode::kLoad, v, s, images);
    command.layer = layer(reader).number;
    const std::uint64_t words =
        std::uint64_t{images.count()} * shape.height * shape.width * shape.blocks();
    port_ = std::max(port_, ready(needs)) + words;
    out_.layers[reader].estimate.loads += words;
    ++out_.layers[reader].estimate.commands;
    add(Engine::kLoad, command.encode(), needs,
        {Engine::kLoad, "load input", layer(reader).number, box(reader, images)}, port_ + kLatency);
  }

  [[nodiscard]] OutputBox box(std::size_t i, const Images& images) const {
    const LayerGeometry& g = layer(i).geometry;
    return {images.begin, images.end, 0, g.filters, 0, g.out_height(), 0, g.out_width()};
  }

  void store(std::size_t i, std::uint32_t s) {
    const std::size_t v = position(network_.layers[segment_.layers[i]].output);
    if (!segment_.values[v].stored) return;
    const Images images = computed(i, s);
    LastCommands needs = no_needs();
    const TensorShape& shape = shape_of(v);
    use(v, s, images, {0, shape.blocks()}, Engine::kStore, false, needs);
    auto command = copy(Opcode::kStore, v, s, images);
    command.layer = layer(i).number;
    const std::uint64_t words =
        std::uint64_t{images.count()} * shape.height * shape.width * shape.blocks();
    store_ = std::max(store_, ready(needs)) + words;
    out_.layers[i].estimate.stores += words;
    ++out_.layers[i].estimate.commands;
    add(Engine::kStore, command.encode(), needs,
        {Engine::kStore, "store output", layer(i).number, box(i, images)}, store_ + kLatency);
    last_end_ = std::max(last_end_, store_ + kLatency);
  }

  void compute(std::size_t i, std::uint32_t s) {
    std::uint32_t last = parts(i);
    while (part_of(computed(i, s), last - 1, parts(i)).count() == 0) --last;
    bool first = true;
    for (std::uint32_t part = 0; part < last; ++part) {
      const Images images = part_of(computed(i, s), part, parts(i));
      if (images.count() == 0) continue;
      compute_part(i, s, images, first, part + 1 < last);
      first = false;
    }
  }

  void compute_part(std::size_t i, std::uint32_t s, const Images& images, bool sends, bool keep) {
    ++out_.layers[i].plan.chunks;
    const LayerCost& cost = *costs_[i];
    for (std::size_t k = 0; k < cost.slices.size(); ++k) {
      const bool first = k == 0;
      const bool last = k + 1 == cost.slices.size();
      compute_slice(i, s, images, cost.slices[k], sends && (first || !cost.shared),
                    keep || (cost.shared && !last));
    }
  }

  void compute_slice(std::size_t i, std::uint32_t s, const Images& images, const SliceCost& slice,
                     bool sends, bool keep) {
    const ChipLayer& chip = network_.layers[segment_.layers[i]];
    const LayerGeometry& g = chip.layer.geometry;
    const std::size_t in = position(chip.input);
    const std::size_t out = position(chip.output);
    // Blocks of 64 bytes; a slice counts its input in blocks of 64 channels.
    const Blocks read{slice.slice.in_begin * g.in_bytes,
                      std::min(slice.slice.in_end * g.in_bytes, g.in_blocks())};
    const Blocks results{slice.slice.out_begin * g.out_bytes / 64,
                         (slice.slice.out_end * g.out_bytes + 63) / 64};
    LastCommands needs = no_needs();
    use(in, s, images, read, Engine::kSpu, false, needs);
    if (chip.second) use(position(*chip.second), s, images, results, Engine::kSpu, false, needs);
    use(out, s, images, results, Engine::kSpu, true, needs);

    const Images in_all = held(in, s);
    const Images out_all = held(out, s);
    const std::uint64_t in_plane = std::uint64_t{g.height} * g.row_words();
    const std::uint64_t out_plane = std::uint64_t{g.out_height()} * g.out_width();
    const auto word = [](std::uint64_t at) { return static_cast<std::uint32_t>(at); };
    commands::SpuCommand c = layer_command(chip.layer, slice.profile.shape);
    c.in_blocks = static_cast<std::uint16_t>(read.end - read.begin);
    c.in_plane = word(in_plane * in_all.count());
    c.in_addr =
        word(base(in, s) + (images.begin - in_all.begin) * in_plane + read.begin * c.in_plane);
    c.in_image = word(in_plane);
    c.in_row = static_cast<std::uint16_t>(g.row_words());
    c.in_height = static_cast<std::uint16_t>(g.height);
    c.in_width = static_cast<std::uint16_t>(g.row_words());
    c.images = static_cast<std::uint16_t>(images.count());
    c.out_height = static_cast<std::uint16_t>(g.out_height());
    c.out_width = static_cast<std::uint16_t>(g.out_width());
    c.pad_top = static_cast<std::uint16_t>(g.pad_top);
    c.pad_left = static_cast<std::uint16_t>(g.pad_left);
    c.out_channels = static_cast<std::uint16_t>(slice.slice.filters());
    c.out_plane = word(out_plane * out_all.count());
    const std::uint64_t out_skip =
        (images.begin - out_all.begin) * out_plane + results.begin * c.out_plane;
    c.out_addr = word(base(out, s) + out_skip);
    c.pixels = word(images.count() * out_plane);
    const bool weights = !chip.layer.max_pool;
    c.weights_resident = weights && slice.profile.fits ? 1 : 0;
    c.weights_keep = weights && keep ? 1 : 0;
    if (chip.second) {
      const std::size_t second = position(*chip.second);
      const Images all = held(second, s);
      c.add_plane = word(out_plane * all.count());
      c.add_addr = word(base(second, s) + (images.begin - all.begin) * out_plane +
                        results.begin * c.add_plane);
    }
    const std::uint64_t end = predict(i, images, slice.profile, needs, weights && sends);
    OutputBox part = box(i, images);
    part.channel_begin = slice.slice.out_begin;
    part.channel_end = slice.slice.out_end;
    add(Engine::kSpu, c.encode(), needs, {Engine::kSpu, chip.layer.kind(), chip.layer.number, part},
        end);
    if (weights && sends) send_weights(i, images, slice);
  }

  /// Clock at which the last result of a command of the array is there.
  std::uint64_t predict(std::size_t i, const Images& images, const ShapeProfile& profile,
                        const LastCommands& needs, bool sends) {
    const LayerGeometry& g = layer(i).geometry;
    const std::uint64_t pixels = std::uint64_t{images.count()} * g.out_height() * g.out_width();
    const std::uint64_t tiles = ceil_div(pixels, profile.tile_pixels);
    LastCommands others = needs;
    others[static_cast<std::size_t>(Engine::kSpu)] = kNoCommand;
    const std::uint64_t inputs = ready(others);
    const std::int64_t own = needs[static_cast<std::size_t>(Engine::kSpu)];
    const std::uint64_t start =
        std::max({spu_ + (spu_ > 0 ? kCommandGap : 0), inputs > 0 ? inputs + kCommandStart : 0,
                  own != kNoCommand ? ends_[static_cast<std::size_t>(own)] + kCommandAfter : 0});
    Estimate& e = out_.layers[i].estimate;
    std::uint64_t at = start;
    // The next weights flow once the former command uses its own.
    if (sends) port_ = std::max(port_, profile.switch_stall == 0 ? last_start_ : spu_);
    for (const GroupProfile& group : profile.groups) {
      const std::uint64_t tile = tile_clocks(group, profile, config_, !profile.fits);
      e.mac += tiles * group.clocks;
      e.activation += tiles * fetch_clocks(group, profile);
      e.epilogue += tiles * drain_clocks(profile, config_);
      at += tile;
      if (sends) {
        const std::uint64_t words = group.words() * (profile.fits ? 1 : tiles);
        e.weights += words;
        port_ += words;
        at = std::max(at, (profile.fits ? port_ : start + group.words()) + kLatency);
      }
      at += (tiles - 1) * tile;
    }
    at += profile.switch_stall;
    if (!profile.fits) port_ = std::max(port_, at);
    ++e.commands;
    LayerPlacement& placed = out_.layers[i];
    placed.predicted += at - std::min(at, spu_);
    last_start_ = start;
    spu_ = at;
    last_end_ = std::max(last_end_, at + kCommandEnd);
    return at + kCommandEnd;
  }

  void send_weights(std::size_t i, const Images& images, const SliceCost& cost) {
    Estimate& e = out_.layers[i].estimate;
    if (!cost.packed) return;
    const LayerGeometry& g = layer(i).geometry;
    const std::uint64_t pixels = std::uint64_t{images.count()} * g.out_height() * g.out_width();
    const std::uint64_t tiles = cost.profile.fits ? 1 : ceil_div(pixels, cost.profile.tile_pixels);
    const auto groups = static_cast<std::uint32_t>(cost.packed->groups.size());
    const auto send = [&](std::uint32_t begin, std::uint32_t end) {
      for (commands::WeightsCommand c : weight_commands(*cost.packed, cost.offset, begin, end)) {
        c.layer = layer(i).number;
        ++e.commands;
        add(Engine::kWeights, c.encode(), no_needs(),
            {Engine::kWeights, "weights", layer(i).number, box(i, images)}, port_);
      }
    };
    if (cost.profile.fits) {
      send(0, groups);
      return;
    }
    for (std::uint32_t group = 0; group < groups; ++group) {
      for (std::uint64_t t = 0; t < tiles; ++t) send(group, group + 1);
    }
  }

  Schedule finish() {
    if (tokens_.most_outstanding() > kMostSignals) {
      throw TooManySignals(fmt::format("{}: {} signals wait for one token, which holds {}",
                                       layer(0).name, tokens_.most_outstanding(), kMostSignals));
    }
    commands::EndCommand end;
    end.layer = layer(segment_.layers.size() - 1).number;
    add(Engine::kSequencer, end.encode(), no_needs(), {Engine::kSequencer, "end", end.layer, {}},
        last_end_);
    const commands::FieldInfo& wait = field_of<commands::EndCommand>("wait_mask");
    const commands::FieldInfo& signal = field_of<commands::EndCommand>("signal_mask");
    const commands::FieldInfo& after_former = field_of<commands::SpuCommand>("after_former");
    for (std::size_t i = 0; i < out_.program.commands.size(); ++i) {
      commands::put_field(out_.program.commands[i], wait, tokens_.masks()[i].wait);
      commands::put_field(out_.program.commands[i], signal, tokens_.masks()[i].signal);
      if (tokens_.masks()[i].after_former) {
        commands::put_field(out_.program.commands[i], after_former, 1);
      }
    }
    out_.predicted = std::max(last_end_, port_) + kStartAndEnd;
    for (LayerPlacement& placed : out_.layers) placed.estimate.cycles = placed.predicted;
    return std::move(out_);
  }

  const Network& network_;
  const Segment& segment_;
  const SegmentPlan& plan_;
  const config::Configuration& config_;
  const std::vector<const LayerCost*>& costs_;
  const ValueAddresses& addresses_;
  std::uint32_t batch_ = 1;
  struct SubBatch {
    Images own;
    Images all;  ///< that late layers take together
  };
  std::vector<SubBatch> subs_;
  Schedule out_;
  AccessMap accesses_;
  TokenPlanner tokens_;
  // Predicted clocks: when the read port, the array and the store are free.
  std::vector<std::uint64_t> ends_;
  std::uint64_t port_ = 0;
  std::uint64_t spu_ = 0;
  std::uint64_t store_ = 0;
  std::uint64_t last_start_ = 0;
  std::uint64_t last_end_ = 0;
};

}  // namespace

Schedule make_schedule(const Network& network, const Segment& segment, const SegmentPlan& plan,
                       const config::Configuration& config,
                       const std::vector<const LayerCost*>& costs,
                       const ValueAddresses& addresses) {
  return Scheduler(network, segment, plan, config, costs, addresses).run();
}

std::uint32_t best_shape(const Layer& layer, const config::Configuration& config,
                         const std::vector<LayerCost>& costs, std::uint32_t images) {
  const std::uint64_t pixels =
      std::uint64_t{images} * layer.geometry.out_height() * layer.geometry.out_width();
  std::uint32_t best = 0;
  std::uint64_t least = 0;
  for (const LayerCost& cost : costs) {
    std::uint64_t clocks = 0;
    std::uint64_t words = 0;
    for (const SliceCost& slice : cost.slices) {
      const ShapeProfile& profile = slice.profile;
      const std::uint64_t tiles = ceil_div(pixels, profile.tile_pixels);
      clocks += profile.switch_stall + kCommandGap;
      if (!cost.shared || &slice == &cost.slices.front()) words += profile.words;
      for (const GroupProfile& group : profile.groups) {
        clocks += tiles * tile_clocks(group, profile, config, !profile.fits);
      }
    }
    clocks = std::max(clocks, words);
    if (cost.shape == costs.front().shape || clocks < least) {
      least = clocks;
      best = cost.shape;
    }
  }
  return best;
}

}  // namespace s4::sw
