/// float32 sum of two numbers, rounded once, subnormals flushed. Two stages;
/// data only, so no reset. Model: bf16::add in sim/spu/bf16.hpp
module row_add (
    input  logic        clk_i,
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic [31:0] sum_o
);
  // One copy of the code for all places.
  /* verilator no_inline_module */

  logic [31:0] bits_q;
  logic [8:0] tag_q;

  always_ff @(posedge clk_i) begin
    bits_q <= bf16_pkg::sum_bits(a_i, b_i);
    tag_q <= 9'(bf16_pkg::sum_tag(a_i, b_i));
    sum_o <= bf16_pkg::round_sum(tag_q, bits_q);
  end

endmodule
