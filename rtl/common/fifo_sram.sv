/// First-in first-out queue for many wide words: as fifo, but the words lie in SRAM macros.
/// Never drops, never reorders. In a short queue a word is visible at the output one clock after it
/// was accepted; words that do not fit the three registers in front wait in the SRAM. One word per
/// clock; a clock is lost when the SRAM ran empty while words kept coming. No combinational path
/// from the input side to the output side or back.
///
///   in --(nothing behind)----------> front, 3 registers -> out
///      \-> SRAM, Depth words -> read -^
/// Model: std::deque, in tests/common/fifo_sram_test.cpp
`include "assert.svh"

module fifo_sram #(
    parameter int unsigned Width = 576,  // bits of one word, >= 1
    parameter int unsigned Depth = 64,  // words, >= 4, any number
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // Input
    input  logic                  in_valid_i,
    output logic                  in_ready_o,
    input  logic [     Width-1:0] in_data_i,
    // Output
    output logic                  out_valid_o,
    input  logic                  out_ready_i,
    output logic [     Width-1:0] out_data_o,
    // Words held now
    output logic [CountWidth-1:0] count_o
);

  localparam int unsigned MacroWidth = 512;  // widest SRAM macro
  localparam int unsigned NumMacros = (Width + MacroWidth - 1) / MacroWidth;
  localparam int unsigned PointerWidth = $clog2(Depth);
  localparam logic [PointerWidth-1:0] LastSlot = PointerWidth'(Depth - 1);
  localparam int unsigned FrontDepth = 3;

  `S4_CHECK_PARAM(gen_check_width, Width >= 1)
  `S4_CHECK_PARAM(gen_check_depth, Depth >= 4)

  logic [PointerWidth-1:0] write_q, read_q;
  logic [CountWidth-1:0] count_q, behind_q;  // all words; those in the SRAM that were not read
  logic coming_q;  // a word was read and enters the front in this clock
  logic [1:0] front_count;
  logic push, pop, direct, store, fetch, front_ready, front_valid;
  logic [Width-1:0] fetched;

  // ---- Control ----
  assign in_ready_o = count_q != CountWidth'(Depth);
  assign count_o    = count_q;
  assign push       = in_valid_i && in_ready_o;
  assign pop        = out_valid_o && out_ready_i;
  // Past the SRAM only if nothing is in it or comes out of it.
  assign direct     = push && behind_q == '0 && !coming_q && front_count != 2'(FrontDepth);
  assign store      = push && !direct;
  assign fetch      = behind_q != '0 && 3'(front_count) + 3'(coming_q) < 3'(FrontDepth);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q  <= '0;
      read_q   <= '0;
      count_q  <= '0;
      behind_q <= '0;
      coming_q <= 1'b0;
    end else begin
      if (store) write_q <= (write_q == LastSlot) ? '0 : write_q + PointerWidth'(1);
      if (fetch) read_q <= (read_q == LastSlot) ? '0 : read_q + PointerWidth'(1);
      count_q  <= count_q + CountWidth'(push) - CountWidth'(pop);
      behind_q <= behind_q + CountWidth'(store) - CountWidth'(fetch);
      coming_q <= fetch;
    end
  end

  // ---- SRAM ----
  for (genvar m = 0; m < NumMacros; m = m + 1) begin : gen_macro
    localparam int unsigned Low = m * MacroWidth;
    localparam int unsigned Part = (Width - Low < MacroWidth) ? Width - Low : MacroWidth;
    sram_1r1w #(
        .Width(Part),
        .Depth(Depth)
    ) u_sram (
        .clk_i,
        .we_i(store),
        .waddr_i(write_q),
        .wmask_i(1'b1),
        .wdata_i(in_data_i[Low+:Part]),
        .re_i(fetch),
        .raddr_i(read_q),
        .rdata_o(fetched[Low+:Part])
    );
  end

  // ---- Front ----
  fifo #(
      .Width(Width),
      .Depth(FrontDepth)
  ) u_front (
      .clk_i,
      .rst_ni,
      .flush_i(1'b0),
      .in_valid_i(front_valid),
      .in_ready_o(front_ready),
      .in_data_i(coming_q ? fetched : in_data_i),
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .count_o(front_count)
  );
  assign front_valid = coming_q || direct;

  // ---- Assertions ----
  `S4_ASSERT(FrontHasRoom, !front_valid || front_ready)
  `S4_ASSERT(CountAddsUp, count_q == behind_q + CountWidth'(coming_q) + CountWidth'(front_count))
  `S4_ASSERT(OutHeld, (out_valid_o && !out_ready_i) |=> (out_valid_o && $stable(out_data_o)))

endmodule
