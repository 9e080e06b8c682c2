/// Reset of everything behind the host's registers: by rst_ni, or on request once nothing of the
/// host is under way there. From the request on the host's ports are stopped; when both are idle
/// the reset is held for Clocks clocks. rst_no falls at once with rst_ni and rises with the clock.
/// The stop is a register of its own, beside rst_no, whose net is the largest of the chip.
/// Model: tests/host/host_registers_test.cpp
`include "assert.svh"

module chip_reset #(
    parameter int unsigned Clocks = 16  // of a reset on request, >= 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic request_i,
    // The host's ports
    output logic stop_o,
    input  logic idle_i,
    output logic rst_no
);

  typedef enum logic [1:0] {
    StRun,
    StDrain,
    StReset
  } state_e;

  localparam int unsigned CountWidth = (Clocks > 1) ? $clog2(Clocks) : 1;

  `S4_CHECK_PARAM(gen_check_clocks, Clocks >= 1)

  state_e state_q, state_d;
  logic [CountWidth-1:0] count_q;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StRun: if (request_i) state_d = StDrain;
      StDrain: if (idle_i) state_d = StReset;
      StReset: if (count_q == CountWidth'(Clocks - 1)) state_d = StRun;
      default: state_d = StRun;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StRun;
      count_q <= '0;
      stop_o  <= 1'b1;
      rst_no  <= 1'b0;
    end else begin
      state_q <= state_d;
      count_q <= (state_q == StReset) ? count_q + CountWidth'(1) : '0;
      stop_o  <= state_d != StRun;
      rst_no  <= state_d != StReset;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(ResetHeld, state_q != StReset || !rst_no)
  `S4_ASSERT(StoppedInReset, rst_no || stop_o)

endmodule
