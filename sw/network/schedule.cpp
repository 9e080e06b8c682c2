// The order of commands: loads of the first sub-batch; then, layer by layer of every sub-batch, the
// array's command, its weights, and the store of its result if somebody wants it. Loads of the
// next sub-batch stand as early as their place in the local buffer is free. The array's command
// stands before its weights, because a stream longer than the buffers flows only while it runs;
// weights of a layer flow while the one before it runs.
#include "sw/network/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>

namespace s4::sw {
namespace {

using commands::Engine;
using commands::Opcode;

constexpr std::uint64_t kStartAndEnd = 250;
/// Layers that a pipeline's parameters are loaded ahead.
constexpr std::size_t kParametersAhead = 4;
/// Pieces in which a layer's results leave that take the place of weights.
constexpr std::uint32_t kStoreParts = 4;
/// Parts of layers from one block of a result that leaves to the next.
constexpr std::size_t kTasksOfStore = 2;
/// Signals that a token can hold, less those that a full queue may add.
constexpr std::uint32_t kMostSignals = (1U << commands::kTokenWidth) - 1 - 16;

template <typename Command>
const commands::FieldInfo& field_of(std::string_view name) {
  for (const commands::FieldInfo& field : Command::kFields) {
    if (field.name == name) return field;
  }
  throw std::logic_error("no such field");
}

}  // namespace

Scheduler::Scheduler(const Network& network, const Segment& segment, const SegmentPlan& plan,
                     const config::Configuration& config,
                     const std::vector<const LayerCost*>& costs, const ValueAddresses& addresses)
    : network_(network),
      segment_(segment),
      plan_(plan),
      config_(config),
      costs_(costs),
      addresses_(addresses) {
  const std::uint32_t late = plan.split == kNoSplit ? plan.images : plan.late_images;
  for (std::uint32_t outer = plan.window.begin; outer < plan.window.end; outer += late) {
    const Images all{outer, std::min(outer + late, plan.window.end)};
    for (std::uint32_t at = outer; at < all.end; at += plan.images) {
      subs_.push_back({{at, std::min(at + plan.images, all.end)}, all});
    }
  }
  if (plan.stage == Stage::kRest) parameters_ = plan.prefetch;
  out_.layers.resize(segment.layers.size());
  for (std::size_t i = 0; i < segment.layers.size(); ++i) describe_layer(i);
}

Schedule Scheduler::run() {
  if (plan_.pipelined) {
    run_tasks();
    return finish();
  }
  const auto subs = static_cast<std::uint32_t>(subs_.size());
  load_parameters(segment_.layers.size());
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

void Scheduler::run_tasks() {
  const bool rest = plan_.stage == Stage::kRest;
  const auto own = static_cast<std::uint64_t>(std::count_if(
      plan_.tasks.begin(), plan_.tasks.end(), [](const PipelineTask& t) { return !t.next; }));
  std::uint64_t done = 0;
  const std::vector<LoadPiece> pieces = rest ? load_pieces() : std::vector<LoadPiece>();
  std::size_t piece = 0;
  std::size_t waited = 0;
  bool started = false;
  std::vector<bool> begun(subs_.size(), false);  // their loads
  if (rest) std::fill_n(begun.begin(), std::min<std::size_t>(plan_.lanes, subs_.size()), true);
  const auto begin_loads = [&](std::uint32_t s) {
    if (s >= subs_.size() || begun[s]) return;
    load_all(s);
    begun[s] = true;
  };
  for (const PipelineTask& task : plan_.tasks) {
    // What the first layers need is not to wait for parameters of later ones.
    const std::size_t ahead = task.layer + kParametersAhead;
    load_parameters(plan_.stage == Stage::kFirst ? std::min(ahead, plan_.prefetch - 1) : ahead);
    // What is loaded for the next batch shall not keep weights from the memory.
    while (piece < pieces.size() && (done * 16 >= own * (1 + 9 * piece / pieces.size()))) {
      load_piece(pieces[piece++]);
    }
    if (task.next || !rest) {
      while (piece < pieces.size() && task.next) load_piece(pieces[piece++]);
      begin_loads(task.sub);
    }
    // The other lanes' inputs come behind those of the first one.
    if (!rest && started) {
      for (std::uint32_t s = 0; s < plan_.lanes; ++s) begin_loads(s);
    }
    started = true;
    // Few commands, since the array's are not to wait behind them.
    if (!rest && task.layer >= plan_.reload) begin_loads(task.sub + plan_.lanes);
    if (!task.next) ++done;
    if (!stores_.empty() && ++waited % kTasksOfStore == 0) store_next();
    const Part part{part_of(subs_[task.sub].own, task.part, task.parts), task.heads};
    if (layer(task.layer).rows || layer(task.layer).dense || costs_[task.layer]->shared) {
      compute_part(task.layer, task.sub, part, true, false);
    } else {
      compute_slice(task.layer, task.sub, part, costs_[task.layer]->slices[task.slice], true,
                    false);
    }
    if (task.last) store(task.layer, task.sub);
  }
  while (!stores_.empty()) store_next();
}

std::vector<Scheduler::LoadPiece> Scheduler::load_pieces() const {
  std::vector<LoadPiece> pieces;
  for (std::uint32_t s = 0; s < plan_.lanes && s < subs_.size(); ++s) {
    for (std::uint32_t part = 0; part < plan_.load_parts; ++part) {
      for (std::size_t v = 0; v < segment_.values.size(); ++v) {
        const std::uint32_t planes = segment_.planes(shape_of(v));
        if (!segment_.values[v].loaded) continue;
        for (std::uint32_t p = 0; p < planes; ++p) pieces.push_back({v, s, part, {p, p + 1}});
      }
    }
  }
  return pieces;
}

std::size_t Scheduler::free_after(std::size_t v, std::uint32_t s) const {
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

std::uint64_t Scheduler::place_words(std::size_t position, std::uint32_t s) const {
  const TensorShape& shape = shape_of(position);
  return std::uint64_t{held(position, s).count()} * shape.height * shape.width *
         segment_.planes(shape);
}

void Scheduler::describe_layer(std::size_t i) {
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
      placed.weight_bytes += group.index_bytes + (layer(i).dense ? 0 : group.value_bytes);
      placed.parameter_bytes += group.param_bytes;
    }
  }
  if ((keeps(i) && parts(i) > 1) || cost.shared) placed.plan.strategy = Strategy::kKeep;
  if (!layer(i).has_weights()) placed.plan.strategy = Strategy::kNone;
  placed.parameter_bytes += 64 * layer_parameter_words(layer(i));
}

void Scheduler::use(std::size_t position, std::uint32_t s, const Part& part, std::uint32_t heads,
                    const Blocks& blocks, Engine engine, bool write, LastCommands& needs) {
  const TensorShape& shape = shape_of(position);
  const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
  const std::uint64_t images = stride(position, s, heads);
  for (std::uint32_t block = blocks.begin; block < blocks.end; ++block) {
    for (std::uint32_t head = part.heads.begin; head < part.heads.end; ++head) {
      const std::uint64_t first =
          block * images + skipped(position, s, {part.images, {head, head + 1}}, heads);
      const std::uint64_t at = base(position, s) + first * plane;
      accesses_.access(at, at + part.images.count() * plane, engine, next_index(), write, needs);
    }
  }
}

void Scheduler::use_memory(std::size_t value, const Images& images, const Blocks& planes,
                           Engine engine, bool write, LastCommands& needs) {
  const TensorShape& shape = network_.values[value].shape;
  const std::uint64_t words = std::uint64_t{shape.height} * shape.width;
  const auto found = addresses_.find(value);
  const std::uint64_t base = found == addresses_.end() ? 0 : found->second / 64;
  for (std::uint32_t plane = planes.begin; plane < planes.end; ++plane) {
    const std::uint64_t at = base + (std::uint64_t{plane} * segment_.batch + images.begin) * words;
    memory_.access(at, at + images.count() * words, engine, next_index(), write, needs);
  }
}

std::uint64_t Scheduler::operand_word(std::size_t i, std::uint32_t s, const Part& part,
                                      std::uint32_t block) const {
  const std::size_t value = *network_.layers[segment_.layers[i]].operand;
  const std::size_t at = position(value);
  const TensorShape& shape = network_.values[value].shape;
  return base(at, s) + (block * stride(at, s, heads(i)) + skipped(at, s, part, heads(i))) *
                           shape.height * shape.width;
}

void Scheduler::use_operand(std::size_t i, std::uint32_t s, const Part& part, std::int64_t user,
                            LastCommands& needs) {
  const std::size_t value = *network_.layers[segment_.layers[i]].operand;
  const TensorShape& shape = network_.values[value].shape;
  const bool local = segment_.has_local_operand(network_, i);
  for (std::uint32_t block = 0; block < shape.blocks(); ++block) {
    if (local) {
      const std::uint64_t at = operand_word(i, s, part, block);
      accesses_.read_for(at, at + std::uint64_t{shape.height} * shape.width, Engine::kSpu, user,
                         needs);
      continue;
    }
    const std::uint32_t first = block * heads(i);
    use_memory(value, part.images, {first + part.heads.begin, first + part.heads.end},
               Engine::kWeights, false, needs);
  }
}

void Scheduler::add(Engine engine, const commands::CommandBytes& bytes, const LastCommands& needs,
                    CommandInfo info, std::uint64_t end) {
  tokens_.add(engine, needs);
  out_.program.commands.push_back(bytes);
  out_.program.info.push_back(std::move(info));
  ends_.push_back(end);
}

std::uint64_t Scheduler::ready(const LastCommands& needs) const {
  std::uint64_t at = 0;
  for (const std::int64_t command : needs) {
    if (command != kNoCommand) at = std::max(at, ends_[static_cast<std::size_t>(command)]);
  }
  return at;
}

commands::DmaCommand Scheduler::copy(Opcode opcode, std::size_t position, std::uint32_t s,
                                     const Images& images, const Blocks& planes) const {
  const TensorShape& shape = shape_of(position);
  const std::uint64_t plane = std::uint64_t{shape.height} * shape.width;
  const Images all = held(position, s);
  const auto found = addresses_.find(segment_.values[position].value);
  const std::uint64_t memory = found == addresses_.end() ? 0 : found->second;
  return box_command(
      opcode, memory + 64 * (std::uint64_t{planes.begin} * segment_.batch + images.begin) * plane,
      static_cast<std::uint32_t>(
          base(position, s) +
          (std::uint64_t{planes.begin} * all.count() + images.begin - all.begin) * plane),
      {{plane, 64, 1},
       {images.count(), 64 * plane, plane},
       {planes.end - planes.begin, 64 * plane * segment_.batch, plane * all.count()}},
      network_.graph.at(network_.values[segment_.values[position].value].tensor).name);
}

std::uint64_t Scheduler::parameter_base(std::size_t i) const {
  std::uint64_t words = 0;
  for (std::size_t k = i; k < segment_.layers.size(); ++k) words += layer_parameter_words(layer(k));
  return config_.local_words - words;
}

void Scheduler::load_parameters(std::size_t last) {
  for (; parameters_ <= last && parameters_ < segment_.layers.size(); ++parameters_) {
    const std::size_t i = parameters_;
    const std::uint64_t words = layer_parameter_words(layer(i));
    if (words == 0) continue;
    const std::uint64_t at = parameter_base(i);
    LastCommands needs = no_needs();
    accesses_.access(at, at + words, Engine::kLoad, next_index(), true, needs);
    auto command = box_command(Opcode::kLoad, costs_[i]->parameters, static_cast<std::uint32_t>(at),
                               {{words, 64, 1}}, layer(i).name);
    command.layer = layer(i).number;
    port_ += words;
    ++out_.layers[i].estimate.commands;
    out_.layers[i].estimate.loads += words;
    add(Engine::kLoad, command.encode(), needs,
        {Engine::kLoad, layer(i).rows ? "load gamma and beta" : "load table", layer(i).number,
         box(i, whole(i, plan_.window))},
        port_ + kMemoryLatency);
  }
}

void Scheduler::load_all(std::uint32_t s) {
  // Pieces of all values in turn: the first layer starts with the first pieces.
  for (std::uint32_t part = 0; part < plan_.load_parts; ++part) {
    for (std::size_t v = 0; v < segment_.values.size(); ++v) {
      if (segment_.values[v].loaded) load_part(v, s, part);
    }
  }
}

void Scheduler::load(std::size_t v, std::uint32_t s) {
  for (std::uint32_t part = 0; part < plan_.load_parts; ++part) load_part(v, s, part);
}

void Scheduler::load_part(std::size_t v, std::uint32_t s, std::uint32_t part) {
  load_piece({v, s, part, {0, segment_.planes(shape_of(v))}});
}

void Scheduler::load_piece(const LoadPiece& piece) {
  const auto [v, s, part, planes] = piece;
  const bool common = is_common(v);
  // The first program of all leaves it there.
  if (common && (s != 0 || part != 0 || plan_.stage == Stage::kRest)) return;
  const Images images = common ? held(v, s) : part_of(subs_[s].own, part, plan_.load_parts);
  if (images.count() == 0) return;
  LastCommands needs = no_needs();
  const TensorShape& shape = shape_of(v);
  use(v, s, {images, {}}, 1, planes, Engine::kLoad, true, needs);
  const std::size_t reader = segment_.values[v].first;
  auto command = copy(Opcode::kLoad, v, s, images, planes);
  command.layer = layer(reader).number;
  const std::uint64_t words =
      std::uint64_t{images.count()} * shape.height * shape.width * (planes.end - planes.begin);
  port_ = std::max(port_, ready(needs)) + words;
  out_.layers[reader].estimate.loads += words;
  ++out_.layers[reader].estimate.commands;
  add(Engine::kLoad, command.encode(), needs,
      {Engine::kLoad, "load input", layer(reader).number, box(reader, whole(reader, images))},
      port_ + kMemoryLatency);
}

OutputBox Scheduler::box(std::size_t i, const Part& part) const {
  const LayerGeometry& g = layer(i).geometry;
  const std::uint32_t first = part.heads.begin * segment_.batch + part.images.begin;
  const std::uint32_t last = (part.heads.end - 1) * segment_.batch + part.images.end;
  return {first, last, 0, g.filters, 0, g.out_height(), 0, g.out_width()};
}

void Scheduler::store(std::size_t i, std::uint32_t s) {
  const std::size_t v = position(network_.layers[segment_.layers[i]].output);
  if (!segment_.values[v].stored) return;
  const std::uint32_t planes = segment_.planes(shape_of(v));
  // A product of activations shall not wait for the heads behind its own.
  const bool in_parts = plan_.pipelined && network_.values[segment_.values[v].value].is_operand;
  const bool last = i + 1 == segment_.layers.size() && subs_.size() <= plan_.lanes;
  if (plan_.pipelined && !in_parts && plan_.lanes > 1 && last) {
    // Nothing follows in the lane. Other lanes' weights shall not wait for the whole store.
    for (std::uint32_t plane = 0; plane < planes; ++plane) {
      stores_.push_back({i, s, {plane, plane + 1}});
    }
    return;
  }
  const std::uint32_t parts = in_parts ? std::min(planes, kStoreParts) : 1;
  for (std::uint32_t part = 0; part < parts; ++part) {
    store_planes(i, s, {planes * part / parts, planes * (part + 1) / parts});
  }
}

void Scheduler::store_next() {
  const StorePiece piece = stores_.front();
  stores_.pop_front();
  store_planes(piece.layer, piece.sub, piece.planes);
}

void Scheduler::store_planes(std::size_t i, std::uint32_t s, const Blocks& planes) {
  const std::size_t v = position(network_.layers[segment_.layers[i]].output);
  const Images images = computed(i, s);
  LastCommands needs = no_needs();
  const TensorShape& shape = shape_of(v);
  use(v, s, {images, {}}, 1, planes, Engine::kStore, false, needs);
  const std::size_t value = segment_.values[v].value;
  if (network_.values[value].is_operand) {
    use_memory(value, images, planes, Engine::kStore, true, needs);
  }
  auto command = copy(Opcode::kStore, v, s, images, planes);
  command.layer = layer(i).number;
  const std::uint64_t words =
      std::uint64_t{images.count()} * shape.height * shape.width * (planes.end - planes.begin);
  store_ = std::max(store_, ready(needs)) + words;
  out_.layers[i].estimate.stores += words;
  ++out_.layers[i].estimate.commands;
  add(Engine::kStore, command.encode(), needs,
      {Engine::kStore, "store output", layer(i).number, box(i, whole(i, images))},
      store_ + kMemoryLatency);
  last_end_ = std::max(last_end_, store_ + kMemoryLatency);
}

Schedule Scheduler::finish() {
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
  if (plan_.stage == Stage::kFirst) out_.layers.resize(plan_.prefetch);
  return std::move(out_);
}

Schedule make_schedule(const Network& network, const Segment& segment, const SegmentPlan& plan,
                       const config::Configuration& config,
                       const std::vector<const LayerCost*>& costs,
                       const ValueAddresses& addresses) {
  return Scheduler(network, segment, plan, config, costs, addresses).run();
}

}  // namespace s4::sw
