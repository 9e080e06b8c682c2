#include "sim/dma/dense_operand.hpp"

namespace s4::sim {

std::vector<std::uint8_t> dense_rows(const commands::WeightsCommand& command,
                                     std::span<const std::uint8_t> words) {
  constexpr std::size_t kWord = 64;
  const std::size_t lanes = std::size_t{8} << command.lanes;
  const std::size_t parts = command.wide != 0 ? 2 : 1;  // rows of a reduction index
  const bool pairs = command.wide != 0 && lanes == 64 && command.transposed == 0;
  const std::size_t count = words.size() / kWord;
  const std::size_t rows = command.transposed != 0 ? count / lanes * kWord
                           : pairs                 ? count
                                                   : count * parts;
  std::vector<std::uint8_t> result(rows * lanes, 0);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t index = row / parts;
    if (index < command.first_row || index >= command.end_row) continue;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      std::size_t at = 0;
      if (command.transposed != 0) {
        at = (row / kWord * lanes + lane) * kWord + row % kWord;
      } else if (pairs) {
        at = index * 2 * kWord + parts * lane + row % parts;
      } else {
        at = index * kWord + parts * (command.slice * lanes + lane) + row % parts;
      }
      result[row * lanes + lane] =
          static_cast<std::uint8_t>(words[at] ^ (command.flip != 0 ? 0x80U : 0U));
    }
  }
  return result;
}

}  // namespace s4::sim
