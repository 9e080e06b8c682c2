// The part of a schedule that computes: commands of the array and of the row engine, weights, and
// the clocks they are expected to take.
#include <algorithm>

#include "sw/network/scheduler.hpp"

namespace s4::sw {
namespace {

using commands::Engine;
using commands::Opcode;

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

}  // namespace

void Scheduler::compute(std::size_t i, std::uint32_t s) {
  std::uint32_t last = parts(i);
  while (part_of(computed(i, s), last - 1, parts(i)).count() == 0) --last;
  bool first = true;
  for (std::uint32_t part = 0; part < last; ++part) {
    const Images images = part_of(computed(i, s), part, parts(i));
    if (images.count() == 0) continue;
    compute_part(i, s, whole(i, images), first, part + 1 < last);
    first = false;
  }
}

void Scheduler::compute_part(std::size_t i, std::uint32_t s, const Part& part, bool sends,
                             bool keep) {
  ++out_.layers[i].plan.chunks;
  if (layer(i).rows) return compute_rows(i, s, part);
  if (layer(i).dense) return compute_dense(i, s, part);
  const LayerCost& cost = *costs_[i];
  for (std::size_t k = 0; k < cost.slices.size(); ++k) {
    const bool first = k == 0;
    const bool last = k + 1 == cost.slices.size();
    compute_slice(i, s, part, cost.slices[k], sends && (first || !cost.shared),
                  keep || (cost.shared && !last));
  }
}

void Scheduler::compute_dense(std::size_t i, std::uint32_t s, const Part& part) {
  for (std::uint32_t head = part.heads.begin; head < part.heads.end; ++head) {
    for (std::uint32_t image = part.images.begin; image < part.images.end; ++image) {
      compute_slice(i, s, {{image, image + 1}, {head, head + 1}}, costs_[i]->slices.front(), true,
                    false);
    }
  }
}

void Scheduler::compute_slice(std::size_t i, std::uint32_t s, const Part& part,
                              const SliceCost& slice, bool sends, bool keep) {
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
  use(in, s, part, heads(i), read, Engine::kSpu, false, needs);
  if (chip.second) {
    use(position(*chip.second), s, part, heads(i), results, Engine::kSpu, false, needs);
  }
  use(out, s, part, heads(i), results, Engine::kSpu, true, needs);
  const std::uint64_t table = parameter_base(i);
  if (chip.layer.has_table()) {
    accesses_.access(table, table + kTableWords, Engine::kSpu, next_index(), false, needs);
  }

  const std::uint64_t in_plane = std::uint64_t{g.height} * g.row_words();
  const std::uint64_t out_plane = std::uint64_t{g.out_height()} * g.out_width();
  const auto word = [](std::uint64_t at) { return static_cast<std::uint32_t>(at); };
  commands::SpuCommand c = layer_command(chip.layer, slice.profile.shape);
  if (chip.layer.has_table()) c.table_addr = word(table);
  c.in_blocks = static_cast<std::uint16_t>(read.end - read.begin);
  c.in_plane = word(in_plane * stride(in, s, heads(i)));
  c.in_addr = word(base(in, s) + skipped(in, s, part, heads(i)) * in_plane +
                   read.begin * std::uint64_t{c.in_plane});
  c.in_image = word(in_plane);
  c.in_row = static_cast<std::uint16_t>(g.row_words());
  c.in_height = static_cast<std::uint16_t>(g.height);
  c.in_width = static_cast<std::uint16_t>(g.row_words());
  c.images = static_cast<std::uint16_t>(part.count());
  c.out_height = static_cast<std::uint16_t>(g.out_height());
  c.out_width = static_cast<std::uint16_t>(g.out_width());
  c.pad_top = static_cast<std::uint16_t>(g.pad_top);
  c.pad_left = static_cast<std::uint16_t>(g.pad_left);
  c.out_channels = static_cast<std::uint16_t>(slice.slice.filters());
  c.out_plane = word(out_plane * stride(out, s, heads(i)));
  const std::uint64_t out_skip =
      skipped(out, s, part, heads(i)) * out_plane + results.begin * std::uint64_t{c.out_plane};
  c.out_addr = word(base(out, s) + out_skip);
  c.pixels = word(part.count() * out_plane);
  const bool weights = chip.layer.has_weights();
  c.weights_resident = weights && slice.profile.fits ? 1 : 0;
  c.weights_keep = weights && keep ? 1 : 0;
  if (chip.second) {
    const std::size_t second = position(*chip.second);
    c.add_plane = word(out_plane * stride(second, s, heads(i)));
    c.add_addr = word(base(second, s) + skipped(second, s, part, heads(i)) * out_plane +
                      results.begin * std::uint64_t{c.add_plane});
  }
  const std::uint64_t end = predict(i, s, part, slice.profile, needs, weights && sends);
  OutputBox made = box(i, part);
  made.channel_begin = slice.slice.out_begin;
  made.channel_end = slice.slice.out_end;
  add(Engine::kSpu, c.encode(), needs, {Engine::kSpu, chip.layer.kind(), chip.layer.number, made},
      end);
  if (weights && sends) send_weights(i, s, part, slice);
}

std::uint64_t Scheduler::predict(std::size_t i, std::uint32_t s, const Part& part,
                                 const ShapeProfile& profile, const LastCommands& needs,
                                 bool sends) {
  const LayerGeometry& g = layer(i).geometry;
  const std::uint64_t pixels = std::uint64_t{part.count()} * g.out_height() * g.out_width();
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
  if (layer(i).dense) {
    LastCommands operand = no_needs();
    use_operand(i, s, part, next_index(), operand);
    port_ = std::max(port_, ready(operand));
  }
  const bool local = segment_.has_local_operand(network_, i);
  for (const GroupProfile& group : profile.groups) {
    const std::uint64_t tile = tile_clocks(group, profile, config_, !profile.fits);
    e.mac += tiles * group.clocks;
    e.activation += tiles * fetch_clocks(group, profile);
    e.epilogue += tiles * drain_clocks(group, profile, config_);
    at += tile;
    if (sends) {
      const std::uint64_t words = group.words() * (profile.fits ? 1 : tiles);
      const std::uint64_t operand = local ? group.value_bytes / 64 * (profile.fits ? 1 : tiles) : 0;
      e.weights += words - operand;
      port_ += words;
      at = std::max(at, (profile.fits ? port_ : start + group.words()) + kMemoryLatency);
    }
    at += (tiles - 1) * tile;
  }
  at += profile.switch_stall;
  if (!profile.fits) port_ = std::max(port_, at);
  ++e.commands;
  LayerPlacement& placed = out_.layers[i];
  placed.predicted += at - std::min(at, front_);
  front_ = std::max(front_, at);
  last_start_ = start;
  spu_ = at;
  last_end_ = std::max(last_end_, at + kCommandEnd);
  return at + kCommandEnd;
}

void Scheduler::compute_rows(std::size_t i, std::uint32_t s, const Part& part) {
  const ChipLayer& chip = network_.layers[segment_.layers[i]];
  const LayerGeometry& g = chip.layer.geometry;
  const std::uint64_t plane = std::uint64_t{g.height} * g.width;
  constexpr std::uint64_t kMostRows = 65535;  // of a command
  if (part.count() > 1 && part.count() * plane > kMostRows) {
    Part first = part;
    Part second = part;
    if (part.heads.count() > 1) {
      first.heads.end = second.heads.begin = part.heads.begin + part.heads.count() / 2;
    } else {
      first.images.end = second.images.begin = part.images.begin + part.images.count() / 2;
    }
    compute_rows(i, s, first);
    return compute_rows(i, s, second);
  }
  const std::size_t in = position(chip.input);
  const std::size_t out = position(chip.output);
  const std::uint64_t parameters = parameter_base(i);
  LastCommands needs = no_needs();
  accesses_.access(parameters, parameters + layer_parameter_words(chip.layer), Engine::kActivation,
                   next_index(), false, needs);
  use(in, s, part, heads(i), {0, g.in_blocks()}, Engine::kActivation, false, needs);
  use(out, s, part, heads(i), {0, g.out_blocks()}, Engine::kActivation, true, needs);

  const auto word = [](std::uint64_t at) { return static_cast<std::uint32_t>(at); };
  commands::RowsCommand c = row_command(*chip.layer.rows, g.channels);
  c.layer = chip.layer.number;
  c.in_addr = word(base(in, s) + skipped(in, s, part, heads(i)) * plane);
  c.in_row = 1;
  c.in_word = word(stride(in, s, heads(i)) * plane);
  c.out_addr = word(base(out, s) + skipped(out, s, part, heads(i)) * plane);
  c.out_row = 1;
  c.out_word = word(stride(out, s, heads(i)) * plane);
  c.rows = static_cast<std::uint16_t>(part.count() * plane);
  c.param_addr = word(layer_parameter_words(chip.layer) != 0 ? parameters : 0);

  const std::uint64_t clocks = row_clocks(*chip.layer.rows, c.rows, g.channels);
  const std::uint64_t end = std::max(rows_, ready(needs)) + clocks;
  LayerPlacement& placed = out_.layers[i];
  placed.estimate.rows += clocks;
  ++placed.estimate.commands;
  placed.predicted += end - std::min(end, front_);
  rows_ = end;
  front_ = std::max(front_, end);
  last_end_ = std::max(last_end_, end);
  add(Engine::kActivation, c.encode(), needs,
      {Engine::kActivation, chip.layer.kind(), chip.layer.number, box(i, part)}, end);
}

commands::WeightsCommand Scheduler::from_local(commands::WeightsCommand c, std::uint64_t address,
                                               std::size_t i, std::uint32_t s,
                                               const Part& part) const {
  const TensorShape& shape = network_.values[*network_.layers[segment_.layers[i]].operand].shape;
  const std::uint64_t rows = std::uint64_t{shape.height} * shape.width;
  const std::uint64_t word = (c.mem_addr - address) / 64;
  const auto block = static_cast<std::uint32_t>(word / (rows * shape.batch));
  c.mem_addr = 0;
  c.from_local = 1;
  c.local_addr = static_cast<std::uint32_t>(operand_word(i, s, part, block) + word % rows);
  return c;
}

void Scheduler::send_weights(std::size_t i, std::uint32_t s, const Part& part,
                             const SliceCost& cost) {
  Estimate& e = out_.layers[i].estimate;
  if (!cost.packed) return;
  const LayerGeometry& g = layer(i).geometry;
  const std::uint64_t pixels = std::uint64_t{part.count()} * g.out_height() * g.out_width();
  const std::uint64_t tiles = cost.profile.fits ? 1 : ceil_div(pixels, cost.profile.tile_pixels);
  const auto all = static_cast<std::uint32_t>(cost.packed->groups.size());
  const std::uint32_t groups = layer(i).dense ? all / g.batch : all;
  const std::uint32_t first = layer(i).dense ? box(i, part).image_begin * groups : 0;
  const bool local = segment_.has_local_operand(network_, i);
  const auto send = [&](std::uint32_t begin, std::uint32_t end) {
    for (commands::WeightsCommand c :
         weight_commands(*cost.packed, cost.offset, first + begin, first + end)) {
      c.layer = layer(i).number;
      ++e.commands;
      LastCommands needs = no_needs();
      if (c.dense != 0) {
        use_operand(i, s, part, kNoCommand, needs);
        if (local) c = from_local(c, cost.packed->operand_address, i, s, part);
      }
      add(Engine::kWeights, c.encode(), needs,
          {Engine::kWeights, "weights", layer(i).number, box(i, part)}, port_);
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
