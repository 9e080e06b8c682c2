/// V = c0 + c1 t + c2 t^2 of the input's segment, plus the linear term |x| log2(e) or |e| ln(2).
/// Three stages, stage k loads at a clock edge with step_i[k]; data only, so no reset. Exact but
/// for the linear term, which is rounded towards zero. Model: compute in
/// tools/activation/generate.py
module activation_polynomial (
    input  logic                               clk_i,
    input  logic [                        2:0] step_i,
    // Stage 0
    input  logic                               negative_i,
    input  logic signed [                 8:0] exponent_i,
    input  logic [                        6:0] fraction_i,
    input  logic                               log_i,
    input  activation_tables_pkg::row_t        row_i,
    // After stage 2: V, and the scale of a direct result
    output logic signed [                33:0] v_o,
    output logic signed [                 9:0] scale_o,
    output logic                               exp2_o
);

  localparam int unsigned C0Bits = activation_tables_pkg::C0Bits;
  localparam int unsigned C1Bits = activation_tables_pkg::C1Bits;
  localparam int unsigned C2Bits = activation_tables_pkg::C2Bits;
  localparam int unsigned BaseBits = activation_tables_pkg::BaseBits;
  localparam int unsigned ConstantBits = activation_tables_pkg::ConstantBits;
  localparam int unsigned LinearBits = ConstantBits + 8;
  localparam int unsigned SlopeBits = C1Bits + 1;
  localparam int unsigned Guard = activation_tables_pkg::Guard;
  localparam logic signed [8:0] Huge = 9'(activation_tables_pkg::Huge);

  // ---- Stage 0: segment; product of the linear term ----
  logic [3:0] segment_bits;
  logic [6:0] local_mask;
  logic [BaseBits-1:0] address;
  logic [7:0] factor;
  logic signed [9:0] wide_exponent, slide;
  logic signed [8:0] far;
  logic [4:0] shift;

  always_comb begin
    segment_bits = 4'd7 - {1'b0, row_i.bits};
    address = row_i.base | (BaseBits'(fraction_i) >> segment_bits);
    local_mask = 7'h7f >> row_i.bits;
    factor = log_i ? 8'(exponent_i[8] ? -exponent_i : exponent_i) : {1'b1, fraction_i};
    if (!row_i.linear) factor = 8'd0;
    wide_exponent = 10'(exponent_i);
    case (row_i.slide)
      activation_tables_pkg::SlideUp: slide = wide_exponent;
      activation_tables_pkg::SlideDown: slide = -wide_exponent;
      activation_tables_pkg::SlideHalfUp: slide = wide_exponent >>> 1;
      activation_tables_pkg::SlideHalfDown: slide = -(wide_exponent >>> 1);
      default: slide = 10'sd0;
    endcase
    // Inputs from 2^Huge are treated as if below 2^(Huge + 1): the result is at its bound already.
    far = (exponent_i > Huge) ? 9'sd0 : Huge - exponent_i;
    shift = 5'd31;
    if (far <= 9'(31 - Guard)) shift = 5'(far) + 5'(Guard);
    if (log_i) shift = 5'(Guard);
  end

  logic [C0Bits-1:0] c0;
  logic [C1Bits-1:0] c1;
  logic [C2Bits-1:0] c2;
  assign c0 = activation_tables_pkg::segment_c0(address);
  assign c1 = activation_tables_pkg::segment_c1(address);
  assign c2 = activation_tables_pkg::segment_c2(address);

  logic signed [C0Bits-1:0] c0_q, c0_q2;
  logic signed [C1Bits-1:0] c1_q;
  logic signed [C2Bits-1:0] c2_q;
  logic [6:0] t_q, t_q2;
  logic [LinearBits-1:0] product_q;
  logic [4:0] shift_q;
  logic subtract_q, exp2_q, exp2_q2;
  logic signed [9:0] scale_q, scale_q2;

  always_ff @(posedge clk_i) begin
    if (step_i[0]) begin
      c0_q <= c0;
      c1_q <= c1;
      c2_q <= c2;
      t_q <= fraction_i & local_mask;
      product_q <= LinearBits'(factor) *
          (log_i ? LinearBits'(activation_tables_pkg::Ln2)
                 : LinearBits'(activation_tables_pkg::Log2E));
      shift_q <= shift;
      subtract_q <= log_i ? exponent_i[8] : negative_i;
      exp2_q <= row_i.exp2;
      scale_q <= 10'($signed(row_i.scale)) + slide;
    end
  end

  // ---- Stage 1: slope; the linear term in place ----
  logic signed [SlopeBits-1:0] slope_q;
  logic signed [33:0] linear_q;
  // At least Guard bits drop out, so nothing is lost at the top.
  logic [33:0] shifted;
  assign shifted = 34'(product_q >> shift_q);

  always_ff @(posedge clk_i) begin
    if (step_i[1]) begin
      slope_q <= SlopeBits'(c1_q) + SlopeBits'(c2_q) * SlopeBits'($signed({1'b0, t_q}));
      linear_q <= subtract_q ? -$signed(shifted) : $signed(shifted);
      c0_q2 <= c0_q;
      t_q2 <= t_q;
      exp2_q2 <= exp2_q;
      scale_q2 <= scale_q;
    end
  end

  // ---- Stage 2: value ----
  always_ff @(posedge clk_i) begin
    if (step_i[2]) begin
      v_o <= 34'(c0_q2) + linear_q + 34'(slope_q) * 34'($signed({1'b0, t_q2}));
      scale_o <= scale_q2;
      exp2_o <= exp2_q2;
    end
  end

endmodule
