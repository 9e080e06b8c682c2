/// float32 sum over the beats of a row in two chains, even beats and odd ones, each beginning with
/// -0: so the adder may take two clocks and a beat may come in every one. Two stages.
/// Model: pass_one() in sim/activation/row_engine.cpp
module row_accumulate (
    input  logic        clk_i,
    // Stage 0
    input  logic        valid_i,
    input  logic        first_i,
    input  logic [31:0] term_i,
    // After stage 1: up to and with that beat
    output logic [31:0] even_o,
    output logic [31:0] odd_o
);

  logic odd_q, second_q, odd, begins, valid_q, first_q;
  logic [31:0] sum, result;

  // Place of this beat in its row: the first of either chain?
  assign odd    = !first_i && odd_q;
  assign begins = first_i || second_q;
  assign sum    = begins ? row_pkg::NegativeZero : odd ? odd_o : even_o;

  logic [31:0] bits_q;
  logic [8:0] tag_q;
  logic place_q;
  assign result = bf16_pkg::round_sum(tag_q, bits_q);

  always_ff @(posedge clk_i) begin
    // ---- Stage 0: alignment ----
    valid_q <= valid_i;
    if (valid_i) begin
      bits_q <= bf16_pkg::sum_bits(term_i, sum);
      tag_q <= 9'(bf16_pkg::sum_tag(term_i, sum));
      place_q <= odd;
      first_q <= first_i;
      odd_q <= !odd;
      second_q <= first_i;
    end
    // ---- Stage 1: rounding ----
    if (valid_q) begin
      if (!place_q) even_o <= result;
      if (place_q) odd_o <= result;
      else if (first_q) odd_o <= row_pkg::NegativeZero;
    end
  end

endmodule
