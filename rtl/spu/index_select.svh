/// Index selection: of the operands of a bank, `bank[channel][pixel]`, those of one channel,
/// `picked[pixel]`, which a lane multiplies with its value in this clock. It is a statement and not
/// a module because a port of a whole bank simulates 12 times slower; whatever replaces it gives
/// picked[p] = bank[index][p] for all pixels within the clock. Alternatives with area and speed:
/// docs/adr/0026-index-selection.md. Uses the loop variable `p` of the process.
`ifndef S4_INDEX_SELECT_SVH
`define S4_INDEX_SELECT_SVH

`define S4_INDEX_SELECT(picked, bank, index) \
  for (p = 0; p < Pixels; p = p + 1) picked[p] = bank[index][p];

`endif
