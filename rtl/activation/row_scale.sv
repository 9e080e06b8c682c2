/// float32 a * b + addend, rounded after each of both, to BF16 or a byte. Six stages; data only, so
/// no reset. What is the same for all lanes goes through registers of each. Model: finish() in
/// sim/activation/row_engine.cpp
module row_scale (
    input  logic        clk_i,
    // Settings, steady while busy
    input  logic        bf16_i,
    input  logic [ 8:0] zero_i,    // signed: zero point, limits before it is added
    input  logic [ 9:0] low_i,
    input  logic [ 9:0] high_i,
    // Stage 0
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    // Stage 3
    input  logic [31:0] addend_i,
    // After stage 5: BF16, or a byte in the low half
    output logic [15:0] result_o
);
  // One copy of the code for all lanes.
  /* verilator no_inline_module */

  logic bf16_q;
  logic signed [8:0] zero_q;
  logic signed [9:0] low_q, high_q;
  logic [31:0] a_q, b_q, product_bits_q, product_q, sum;
  logic [9:0] product_tag_q;

  row_add u_add (
      .clk_i,
      .a_i  (product_q),
      .b_i  (addend_i),
      .sum_o(sum)
  );

  always_ff @(posedge clk_i) begin
    bf16_q <= bf16_i;
    zero_q <= zero_i;
    low_q <= low_i;
    high_q <= high_i;
    a_q <= a_i;
    b_q <= b_i;
    product_bits_q <= bf16_pkg::times_bits(a_q[30:0], b_q[30:0]);
    product_tag_q <= 10'(bf16_pkg::times_tag(a_q, b_q));
    product_q <= bf16_pkg::round_times(product_tag_q, product_bits_q);
    result_o <= bf16_q ? 16'(bf16_pkg::to_bf16(sum))
                       : 16'(bf16_pkg::to_byte(sum, 32'(zero_q), 32'(low_q), 32'(high_q)));
  end

endmodule
