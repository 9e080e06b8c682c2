/// First-in first-out queue of Depth words with valid/ready on both sides.
/// Never drops, never reorders. A word is visible at the output one clock after it was accepted;
/// one word per clock when Depth >= 2, one every two clocks when Depth = 1. No combinational path
/// from the input side to the output side or back. flush_i empties the queue at the clock edge and
/// refuses nothing itself: a word accepted in the same clock is discarded too.
/// Model: std::deque, in tests/common/fifo_test.cpp. Proof: formal/fifo.json
`include "assert.svh"

module fifo #(
    parameter int unsigned Width = 8,  // bits of one word, >= 1
    parameter int unsigned Depth = 2,  // words, >= 1, any number
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  flush_i,
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

  localparam int unsigned PointerWidth = (Depth > 1) ? $clog2(Depth) : 1;
  localparam logic [PointerWidth-1:0] LastSlot = PointerWidth'(Depth - 1);

  `S4_CHECK_PARAM(gen_check_width, Width >= 1)
  `S4_CHECK_PARAM(gen_check_depth, Depth >= 1)

  logic [Width-1:0] slots[0:Depth-1];
  logic [PointerWidth-1:0] write_q, read_q;
  logic [CountWidth-1:0] count_q;
  logic push, pop;

  // ---- Control ----
  assign in_ready_o  = count_q != CountWidth'(Depth);
  assign out_valid_o = count_q != '0;
  assign count_o     = count_q;
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
    end else if (flush_i) begin
      write_q <= '0;
      read_q  <= '0;
      count_q <= '0;
    end else begin
      if (push) write_q <= (write_q == LastSlot) ? '0 : write_q + PointerWidth'(1);
      if (pop) read_q <= (read_q == LastSlot) ? '0 : read_q + PointerWidth'(1);
      if (push && !pop) count_q <= count_q + CountWidth'(1);
      if (pop && !push) count_q <= count_q - CountWidth'(1);
    end
  end

  // ---- Storage ----
  always_ff @(posedge clk_i) begin
    if (push) slots[write_q] <= in_data_i;
  end
  assign out_data_o = slots[read_q];

  // ---- Assertions ----
  `S4_ASSERT(CountInRange, count_q <= CountWidth'(Depth))
  `S4_ASSERT(OutHeld, (out_valid_o && !out_ready_i && !flush_i) |=>
                      (out_valid_o && $stable(out_data_o)))

endmodule
