/// A clock that stands still while enable_i is low, so that an idle block uses no energy, and in
/// simulation no time: its registers and all logic between them are not evaluated.
/// enable_i, a register of clk_i, is taken at the falling edge: clk_o has whole pulses only, from
/// the second rising edge after that of enable_i on. A standard cell library's gating cell stands
/// in its place on silicon. Test: tests/common/clock_gate_test.cpp
module clock_gate (
    input  logic clk_i,
    input  logic enable_i,
    output logic clk_o
);

  logic enable_q;
  always_ff @(negedge clk_i) enable_q <= enable_i;
  assign clk_o = clk_i & enable_q;

endmodule
