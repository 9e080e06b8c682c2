/// d = x - origin, then d * factor, or d * d: float32, each rounded once, subnormals flushed.
/// Five stages, the first for what comes to all lanes; data only, so no reset.
/// Model: pass_one() and run_rows() in sim/activation/row_engine.cpp
module row_deviation (
    input  logic        clk_i,
    // Stage 0
    input  logic [15:0] x_i,          // BF16
    input  logic [31:0] origin_i,
    // Stage 2
    input  logic        square_i,
    input  logic [31:0] factor_i,
    // After stage 4
    output logic [31:0] deviation_o,
    output logic [31:0] product_o
);
  // One copy of the code for all lanes.
  /* verilator no_inline_module */

  logic [15:0] x_q;
  logic [31:0] x, negated_q, bits_q, deviation, deviation_q, deviation_q2, factor_q, product_q;
  logic [8:0] tag_q;
  logic [9:0] product_tag_q;

  assign x         = {x_q, 16'd0};
  assign deviation = bf16_pkg::round_sum(tag_q, bits_q);

  always_ff @(posedge clk_i) begin
    // ---- Stage 0: registers ----
    x_q <= x_i;
    negated_q <= {!origin_i[31], origin_i[30:0]};
    // ---- Stages 1 and 2: difference ----
    bits_q <= bf16_pkg::sum_bits(x, negated_q);
    tag_q <= 9'(bf16_pkg::sum_tag(x, negated_q));
    deviation_q <= deviation;
    factor_q <= square_i ? deviation : factor_i;
    // ---- Stages 3 and 4: product ----
    product_q <= bf16_pkg::times_bits(deviation_q[30:0], factor_q[30:0]);
    product_tag_q <= 10'(bf16_pkg::times_tag(deviation_q, factor_q));
    deviation_q2 <= deviation_q;
    product_o <= bf16_pkg::round_times(product_tag_q, product_q);
    deviation_o <= deviation_q2;
  end

endmodule
