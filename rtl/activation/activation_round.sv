/// magnitude * 2^scale to BF16, round to nearest even, gradual underflow, overflow to infinity.
/// Two stages, stage k loads at a clock edge with step_i[k]; data only, so no reset.
/// Model: to_bf16 in tools/activation/datapath.py
module activation_round (
    input  logic               clk_i,
    input  logic        [ 1:0] step_i,
    // Stage 0
    input  logic        [33:0] magnitude_i,
    input  logic signed [12:0] scale_i,
    input  logic               negative_i,
    input  logic               special_i,
    input  logic               invalid_i,
    input  logic        [15:0] special_result_i,
    // After stage 1
    output logic        [15:0] result_o,
    output logic               invalid_o
);

  // ---- Stage 0: leading one up ----
  // {significand, guard}, and whether anything lies below
  logic [8:0] top_q;
  logic sticky_q, negative_q, special_q, invalid_q;
  logic signed [12:0] exponent_q;  // of the leading one
  logic [15:0] special_result_q;

  logic [5:0] zeros;
  logic [33:0] normal;

  always_comb begin : leading_one
    int unsigned k;
    zeros = 6'd0;
    normal = magnitude_i;
    for (k = 32; k > 0; k = k >> 1) begin
      if ((normal >> (34 - k)) == 34'd0) begin
        zeros = zeros | 6'(k);
        normal = normal << k;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (step_i[0]) begin
      top_q <= normal[33:25];
      sticky_q <= normal[24:0] != 25'd0;
      exponent_q <= scale_i + 13'sd33 - 13'(zeros);
      negative_q <= negative_i;
      special_q <= special_i;
      invalid_q <= invalid_i;
      special_result_q <= special_result_i;
    end
  end

  // ---- Stage 1: round, pack ----
  logic signed [12:0] below;
  logic [3:0] shift;
  logic [8:0] kept;
  logic [17:0] moved;
  logic lost, up, none, subnormal, overflow;
  logic [7:0] field;
  logic [14:0] packed_result;

  always_comb begin
    below = -13'sd126 - exponent_q;
    none = !top_q[8];  // zero
    subnormal = below > 13'sd0;
    // Beyond nine places nothing is left but the sticky bit.
    shift = 4'd0;
    if (subnormal) shift = (below > 13'sd10) ? 4'd10 : below[3:0];
    moved = {top_q, 9'd0} >> shift;
    kept = moved[17:9];
    lost = sticky_q || moved[8:0] != 9'd0 || shift == 4'd10;
    up = kept[0] && (lost || kept[1]);
    overflow = exponent_q > 13'sd127;
    field = subnormal ? 8'd0 : 8'(exponent_q + 13'sd126);
    // The leading one of a normal number adds one to the field; so do carries of the rounding.
    packed_result = {field, 7'd0} + 15'(kept[8:1]) + 15'(up);
    if (overflow) packed_result = 15'h7f80;
    if (none) packed_result = 15'd0;
  end

  always_ff @(posedge clk_i) begin
    if (step_i[1]) begin
      result_o <= special_q ? special_result_q : {negative_q, packed_result};
      invalid_o <= invalid_q;
    end
  end

endmodule
