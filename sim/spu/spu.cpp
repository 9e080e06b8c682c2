#include "sim/spu/spu.hpp"

#include <algorithm>

#include "sim/activation/activation_function.hpp"
#include "sim/spu/bf16.hpp"

namespace s4::sim {

namespace {

using sparse_format::kBankSize;

/// Pixels computed together by the model, and those in its inner loop.
constexpr std::uint32_t kBlockPixels = 64;
constexpr std::uint32_t kVectorPixels = 16;
/// Pixels of a word with in_quarters.
constexpr std::uint32_t kQuarters = 4;

constexpr std::uint32_t ceil_div(std::uint32_t value, std::uint32_t unit) {
  return value / unit + (value % unit != 0 ? 1 : 0);
}

}  // namespace

void Spu::start(const commands::SpuCommand& command) {
  command_ = command;
  lanes_ = (config_.num_quadrants >> command.shape) * config_.lanes_per_quadrant;
  tile_pixels_ = (1U << command.shape) * config_.pixels_per_quadrant;
  if (command.max_pool != 0) lanes_ = kWordBytes >> command.out_bf16;
  groups_ = ceil_div(command.out_channels, lanes_);
  tiles_ = ceil_div(command.pixels, tile_pixels_);
  bf16_ = command.dtype == static_cast<std::uint8_t>(commands::Dtype::kBf16);
  const std::uint32_t blocks = bf16_ ? ceil_div(command.in_blocks, 2) : command.in_blocks;
  banks_ = blocks * command.kernel_h * command.kernel_w;
  group_ = 0;
  tile_ = 0;
  operands_.assign(std::size_t{kBankSize} * kBlockPixels, 0);
  bf16_operands_.assign(operands_.size(), 0);
  inside_.assign(kBlockPixels, false);
  accumulators_.resize(std::size_t{lanes_} * kBlockPixels);
  const bool table = command.activation == commands::kActivationTable;
  for (std::uint32_t i = 0; i < table_.size(); ++i) {
    table_[i] = table ? local_buffer_.word(command.table_addr + i / kWordBytes)[i % kWordBytes]
                      : static_cast<std::uint8_t>(i);
  }
  active_ = true;
}

std::uint16_t Spu::function(std::uint16_t x) {
  if (command_.activation == 0) return x;
  const auto code = static_cast<activation::Function>(command_.activation - 1);
  const ActivationResult result = activation_lookup(code, x);
  // Of results, where the hardware counts clocks.
  if (result.invalid) registers_.count(counters::Counter::kEpilogueInvalid, 1);
  return result.value;
}

bool Spu::exceeds_buffers(const PassSize& size) const {
  const std::uint64_t row_lanes = config_.array_lanes;
  return size.value_bytes > config_.value_rows * row_lanes ||
         size.index_bytes > config_.index_rows * row_lanes * sparse_format::kIndexBits / 8;
}

Spu::Progress Spu::advance() {
  if (command_.max_pool != 0) {
    command_.out_bf16 != 0 ? pool_bf16() : pool();
    active_ = false;
    return Progress::kDone;
  }
  const WeightStream stream(lanes_, bf16_ ? sparse_format::kBf16ValueRows : 1);
  const bool resident = command_.weights_resident != 0;
  const bool keep = command_.weights_keep != 0;
  while (group_ < groups_) {
    if (buffers_.params.size() < stream.param_bytes()) return Progress::kStarved;
    const PassSize size = stream.scan(buffers_, banks_);
    if (size.status == PassSize::Status::kMalformed) return Progress::kMalformed;
    if (size.status == PassSize::Status::kStarved) return Progress::kStarved;
    if (resident && (tiles_ > 1 || keep) && exceeds_buffers(size)) return Progress::kOverfull;
    stream.decode_params(buffers_, config_.lanes_per_quadrant, channels_);
    stream.decode(buffers_, banks_, weights_);

    if (resident) {
      for (std::uint32_t pixel = 0; pixel < command_.pixels; pixel += kBlockPixels) {
        compute(pixel, std::min(kBlockPixels, command_.pixels - pixel));
      }
      registers_.count(counters::Counter::kSpuMacClocks, size.chunks * tiles_);
    } else {
      const std::uint32_t end = std::min((tile_ + 1) * tile_pixels_, command_.pixels);
      for (std::uint32_t pixel = tile_ * tile_pixels_; pixel < end; pixel += kBlockPixels) {
        compute(pixel, std::min(kBlockPixels, end - pixel));
      }
      registers_.count(counters::Counter::kSpuMacClocks, size.chunks);
    }
    if (!keep) {
      buffers_.params.pop(stream.param_bytes());
      buffers_.indices.pop(size.index_bytes);
      buffers_.values.pop(size.value_bytes);
    }
    if (resident || ++tile_ == tiles_) {
      tile_ = 0;
      ++group_;
    }
  }
  active_ = false;
  return Progress::kDone;
}

void Spu::compute(std::uint32_t first_pixel, std::uint32_t pixels) {
  std::fill(accumulators_.begin(), accumulators_.end(), 0);
  std::uint32_t bank = 0;
  for (std::uint32_t block = 0; bank < banks_; ++block) {
    for (std::uint32_t ky = 0; ky < command_.kernel_h; ++ky) {
      for (std::uint32_t kx = 0; kx < command_.kernel_w; ++kx, ++bank) {
        if (weights_.banks[bank].count == 0) continue;
        if (bf16_) {
          fetch_bf16({block, ky, kx}, first_pixel, pixels);
          multiply_accumulate_bf16(weights_.banks[bank], pixels);
        } else {
          fetch({block, ky, kx}, first_pixel, pixels);
          multiply_accumulate(weights_.banks[bank], pixels);
        }
      }
    }
  }
  if (bf16_ || command_.out_bf16 != 0 || command_.float_epilogue != 0) {
    drain_float(first_pixel, pixels);
  } else {
    drain(first_pixel, pixels);
  }
}

void Spu::pool() {
  // Bias 0 and scale 1.0: the epilogue gets the byte as it is.
  channels_.assign(kWordBytes, ChannelParameters{0, float32::from_int(1)});
  for (group_ = 0; group_ < groups_; ++group_) {
    for (std::uint32_t pixel = 0; pixel < command_.pixels; pixel += kBlockPixels) {
      const std::uint32_t pixels = std::min(kBlockPixels, command_.pixels - pixel);
      const std::int32_t least = command_.in_unsigned != 0 ? 0 : -128;
      std::fill(accumulators_.begin(), accumulators_.end(), static_cast<std::uint32_t>(least));
      for (std::uint32_t ky = 0; ky < command_.kernel_h; ++ky) {
        for (std::uint32_t kx = 0; kx < command_.kernel_w; ++kx) {
          fetch({group_, ky, kx}, pixel, pixels);
          for (std::uint32_t c = 0; c < kWordBytes; ++c) {
            for (std::uint32_t p = 0; p < pixels; ++p) {
              if (!inside_[p]) continue;
              auto& best = accumulators_[c * kBlockPixels + p];
              best = static_cast<std::uint32_t>(
                  std::max(static_cast<std::int32_t>(best),
                           static_cast<std::int32_t>(operands_[c * kBlockPixels + p])));
            }
          }
        }
      }
      drain(pixel, pixels);
    }
  }
}

void Spu::pool_bf16() {
  constexpr std::uint16_t kLeast = 0xFF80;  // minus infinity
  for (group_ = 0; group_ < groups_; ++group_) {
    const std::uint32_t channels = std::min(lanes_, command_.out_channels - group_ * lanes_);
    for (std::uint32_t pixel = 0; pixel < command_.pixels; pixel += kBlockPixels) {
      const std::uint32_t pixels = std::min(kBlockPixels, command_.pixels - pixel);
      std::fill(bf16_operands_.begin(), bf16_operands_.end(), kLeast);
      for (std::uint32_t ky = 0; ky < command_.kernel_h; ++ky) {
        for (std::uint32_t kx = 0; kx < command_.kernel_w; ++kx) {
          fetch({group_, ky, kx}, pixel, pixels);
          for (std::uint32_t c = 0; c < lanes_; ++c) {
            const std::int16_t* low = operands_.data() + std::size_t{2} * c * kBlockPixels;
            for (std::uint32_t p = 0; p < pixels; ++p) {
              if (!inside_[p]) continue;
              auto& best = bf16_operands_[c * kBlockPixels + p];
              best = bf16::maximum_of_bf16(
                  best, static_cast<std::uint16_t>((low[p] & 0xFF) | (low[kBlockPixels + p] & 0xFF)
                                                                         << 8));
            }
          }
        }
      }
      registers_.count(counters::Counter::kEpilogueWords,
                       std::uint64_t{pixels} * (kWordBytes / config_.lanes_per_quadrant));
      for (std::uint32_t p = 0; p < pixels; ++p) {
        Word& out = local_buffer_.word(command_.out_addr +
                                       std::uint64_t{group_} * command_.out_plane + pixel + p);
        out.fill(0);
        for (std::uint32_t c = 0; c < channels; ++c) {
          const std::uint16_t result = function(bf16_operands_[c * kBlockPixels + p]);
          out[2 * c] = static_cast<std::uint8_t>(result);
          out[2 * c + 1] = static_cast<std::uint8_t>(result >> 8);
        }
      }
    }
  }
}

void Spu::fetch(const Tap& tap, std::uint32_t first_pixel, std::uint32_t pixels) {
  const std::uint64_t plane =
      std::uint64_t{command_.in_addr} + std::uint64_t{tap.block} * command_.in_plane;
  std::uint32_t ox = first_pixel % command_.out_width;
  std::uint32_t oy = first_pixel / command_.out_width % command_.out_height;
  std::uint32_t image = first_pixel / command_.out_width / command_.out_height;
  for (std::uint32_t p = 0; p < pixels; ++p) {
    const std::int64_t y = std::int64_t{oy} * command_.stride_h +
                           std::int64_t{tap.ky} * command_.dilation_h - command_.pad_top;
    const std::int64_t x = std::int64_t{ox} * command_.stride_w +
                           std::int64_t{tap.kx} * command_.dilation_w - command_.pad_left;
    std::int16_t* column = operands_.data() + p;
    const bool quarters = command_.in_quarters != 0;
    inside_[p] = y >= 0 && y < command_.in_height && x >= 0 && (quarters || x < command_.in_width);
    if (!inside_[p]) {
      for (std::uint32_t i = 0; i < kBankSize; ++i) column[i * kBlockPixels] = 0;
    } else {
      const std::uint64_t row = plane + std::uint64_t{image} * command_.in_image +
                                static_cast<std::uint64_t>(y) * command_.in_row;
      const auto column_word = static_cast<std::uint64_t>(x);
      Word word;
      if (quarters) {
        // Pixels of a quarter word: the window begins in one word and ends in that or the next.
        const std::size_t first = column_word % kQuarters * kWordBytes / kQuarters;
        const Word& left = local_buffer_.word(row + column_word / kQuarters);
        std::copy(left.begin() + first, left.end(), word.begin());
        if (first != 0) {
          const Word& right = local_buffer_.word(row + column_word / kQuarters + 1);
          std::copy_n(right.begin(), first, word.end() - first);
        }
      } else {
        word = local_buffer_.word(row + column_word);
      }
      // Bytes 128 to 255 are negative when the input is signed.
      const std::int32_t wrap = command_.in_unsigned != 0 ? 0 : 256;
      for (std::uint32_t i = 0; i < kBankSize; ++i) {
        const std::int32_t byte = word[i] < 128 ? word[i] : word[i] - wrap;
        column[i * kBlockPixels] = static_cast<std::int16_t>(byte - command_.in_zero);
      }
    }
    if (++ox == command_.out_width) {
      ox = 0;
      if (++oy == command_.out_height) {
        oy = 0;
        ++image;
      }
    }
  }
}

void Spu::multiply_accumulate(const GroupWeights::Bank& bank, std::uint32_t pixels) {
  const std::uint32_t valid_lanes = std::min(lanes_, command_.out_channels - group_ * lanes_);
  registers_.count(counters::Counter::kSpuMacs, std::uint64_t{bank.count} * valid_lanes * pixels);
  for (std::uint32_t lane = 0; lane < valid_lanes; ++lane) {
    const std::uint8_t* index = weights_.index.data() + bank.first + lane * bank.count;
    const std::uint16_t* value = weights_.value.data() + bank.first + lane * bank.count;
    // Columns beyond `pixels` hold old operands; their sums are never read.
    for (std::uint32_t p = 0; p < pixels; p += kVectorPixels) {
      std::uint32_t* accumulator = accumulators_.data() + lane * kBlockPixels + p;
      std::uint32_t sum[kVectorPixels];
      std::copy_n(accumulator, kVectorPixels, sum);
      for (std::uint32_t entry = 0; entry < bank.count; ++entry) {
        const std::int16_t weight = static_cast<std::int8_t>(value[entry]);
        const std::int16_t* operand = operands_.data() + index[entry] * kBlockPixels + p;
        for (std::uint32_t i = 0; i < kVectorPixels; ++i) {
          sum[i] += static_cast<std::uint32_t>(std::int32_t{operand[i]} * weight);
        }
      }
      std::copy_n(sum, kVectorPixels, accumulator);
    }
  }
}

void Spu::fetch_bf16(const Tap& tap, std::uint32_t first_pixel, std::uint32_t pixels) {
  constexpr std::uint32_t kChannels = kWordBytes / 2;
  for (std::uint32_t word = 0; word < 2; ++word) {
    // A last block without a partner is read twice; its second half has no weights.
    const std::uint32_t block = std::min(2 * tap.block + word, command_.in_blocks - 1U);
    fetch({block, tap.ky, tap.kx}, first_pixel, pixels);
    for (std::uint32_t c = 0; c < kChannels; ++c) {
      const std::int16_t* low = operands_.data() + std::size_t{2} * c * kBlockPixels;
      std::uint16_t* to = bf16_operands_.data() + (word * kChannels + c) * kBlockPixels;
      for (std::uint32_t p = 0; p < pixels; ++p) {
        to[p] = static_cast<std::uint16_t>((low[p] & 0xFF) | (low[kBlockPixels + p] & 0xFF) << 8);
      }
    }
  }
}

void Spu::multiply_accumulate_bf16(const GroupWeights::Bank& bank, std::uint32_t pixels) {
  const std::uint32_t valid_lanes = std::min(lanes_, command_.out_channels - group_ * lanes_);
  registers_.count(counters::Counter::kSpuMacs, std::uint64_t{bank.count} * valid_lanes * pixels);
  for (std::uint32_t lane = 0; lane < valid_lanes; ++lane) {
    std::uint32_t* sum = accumulators_.data() + lane * kBlockPixels;
    for (std::uint32_t entry = 0; entry < bank.count; ++entry) {
      const std::size_t at = bank.first + lane * bank.count + entry;
      const std::uint16_t* operand = bf16_operands_.data() + weights_.index[at] * kBlockPixels;
      for (std::uint32_t p = 0; p < pixels; ++p) {
        sum[p] = bf16::multiply_add(sum[p], operand[p], weights_.value[at]);
      }
    }
  }
}

void Spu::drain(std::uint32_t first_pixel, std::uint32_t pixels) {
  const Epilogue epilogue(command_);
  const std::uint32_t blocks = ceil_div(command_.out_channels, kWordBytes);
  const std::uint32_t part_lanes = config_.lanes_per_quadrant;
  for (std::uint32_t part = 0; part < lanes_; part += part_lanes) {
    const std::uint32_t first_channel = group_ * lanes_ + part;
    const std::uint32_t block = first_channel / kWordBytes;
    const std::uint32_t first_byte = first_channel % kWordBytes;
    if (block >= blocks) continue;
    registers_.count(counters::Counter::kEpilogueWords, pixels);
    for (std::uint32_t p = 0; p < pixels; ++p) {
      const std::uint64_t pixel = std::uint64_t{first_pixel} + p;
      Word second{};
      if (epilogue.add_enable()) {
        second = local_buffer_.word(command_.add_addr + std::uint64_t{block} * command_.add_plane +
                                    pixel);
      }
      Word& out =
          local_buffer_.word(command_.out_addr + std::uint64_t{block} * command_.out_plane + pixel);
      if (first_byte == 0) out.fill(0);
      for (std::uint32_t lane = 0; lane < part_lanes; ++lane) {
        std::uint8_t byte = 0;
        if (first_channel + lane < command_.out_channels) {
          const std::uint32_t sum = accumulators_[(part + lane) * kBlockPixels + p];
          byte = table_[epilogue.output(static_cast<std::int32_t>(sum), channels_[part + lane],
                                        second[first_byte + lane])];
        }
        out[first_byte + lane] = byte;
      }
    }
  }
}

void Spu::drain_float(std::uint32_t first_pixel, std::uint32_t pixels) {
  const bf16::Epilogue epilogue = bf16::settings_of(command_);
  const bool wide = command_.out_bf16 != 0;
  const std::uint32_t bytes = wide ? 2 : 1;  // of a result
  const std::uint32_t blocks = ceil_div(command_.out_channels * bytes, kWordBytes);
  const std::uint32_t part_lanes = config_.lanes_per_quadrant;
  // Parts of `part_lanes` bytes of a word, as the hardware writes them.
  for (std::uint32_t part = 0; part < lanes_; part += part_lanes / bytes) {
    const std::uint32_t first = (group_ * lanes_ + part) * bytes;
    const std::uint32_t block = first / kWordBytes;
    if (block >= blocks) continue;
    registers_.count(counters::Counter::kEpilogueWords, pixels);
    for (std::uint32_t p = 0; p < pixels; ++p) {
      const std::uint64_t pixel = std::uint64_t{first_pixel} + p;
      Word second{};
      if (command_.add_enable != 0) {
        second = local_buffer_.word(command_.add_addr + std::uint64_t{block} * command_.add_plane +
                                    pixel);
      }
      Word& out =
          local_buffer_.word(command_.out_addr + std::uint64_t{block} * command_.out_plane + pixel);
      if (first % kWordBytes == 0) out.fill(0);
      for (std::uint32_t lane = part; lane < part + part_lanes / bytes; ++lane) {
        const std::uint32_t at = (group_ * lanes_ + lane) * bytes % kWordBytes;
        std::uint16_t result = 0;
        if (group_ * lanes_ + lane < command_.out_channels) {
          const std::uint32_t low = second[at];
          const std::uint32_t high = wide ? second[at + 1] : 0U;
          const ChannelParameters& channel = channels_[lane];
          result = bf16::epilogue(epilogue, accumulators_[lane * kBlockPixels + p],
                                  static_cast<std::uint32_t>(channel.bias), channel.scale,
                                  static_cast<std::uint16_t>(low | high << 8));
          result = wide ? function(result) : table_[result];
        }
        out[at] = static_cast<std::uint8_t>(result);
        if (wide) out[at + 1] = static_cast<std::uint8_t>(result >> 8);
      }
    }
  }
}

}  // namespace s4::sim
