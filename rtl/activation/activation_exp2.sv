/// Magnitude and scale of the result: 2^V by table and quadratic, or |V| itself.
/// Three stages, stage k loads at a clock edge with step_i[k]; data only, so no reset. The result
/// is magnitude_o * 2^scale_o. Model: exp2 in tools/activation/datapath.py
module activation_exp2 (
    input  logic               clk_i,
    input  logic        [ 2:0] step_i,
    // Stage 0
    input  logic signed [33:0] v_i,
    input  logic signed [ 9:0] scale_i,
    input  logic               exp2_i,
    // After stage 2
    output logic        [33:0] magnitude_o,
    output logic signed [12:0] scale_o,
    output logic               v_negative_o
);

  localparam int unsigned Fraction = activation_tables_pkg::Fraction;
  localparam int unsigned TBits = Fraction - activation_tables_pkg::Exp2SegmentBits;
  localparam int unsigned HighBits = activation_tables_pkg::Exp2HighBits;
  localparam int unsigned A0Bits = activation_tables_pkg::Significand;
  localparam int unsigned A1Bits = activation_tables_pkg::A1Bits;
  localparam int unsigned A2Bits = activation_tables_pkg::A2Bits;

  // V, or |V| of a direct result, accompanies: t is its lower part.
  logic [33:0] value_q, value_q2;
  logic signed [12:0] scale_q, scale_q2;
  logic exp2_q, exp2_q2, negative_q, negative_q2;
  logic [A0Bits-1:0] a0_q, a0_q2;
  logic [A1Bits-1:0] a1_q;
  logic [A2Bits-1:0] a2_q;
  logic [A1Bits:0] slope_q;
  logic [A2Bits-1:0] bend;
  logic [A1Bits:0] rise;
  logic [HighBits-1:0] unused_bend;
  logic [TBits-1:0] unused_rise;

  logic [A0Bits-1:0] a0;
  logic [A1Bits-1:0] a1;
  logic [A2Bits-1:0] a2;
  assign a0 = activation_tables_pkg::exp2_a0(v_i[Fraction-1:TBits]);
  assign a1 = activation_tables_pkg::exp2_a1(v_i[Fraction-1:TBits]);
  assign a2 = activation_tables_pkg::exp2_a2(v_i[Fraction-1:TBits]);
  assign {bend, unused_bend} = (A2Bits + HighBits)'(a2_q) *
                (A2Bits + HighBits)'(value_q[TBits-1:TBits-HighBits]);
  assign {rise, unused_rise} = (A1Bits + TBits + 1)'(slope_q) *
                (A1Bits + TBits + 1)'(value_q2[TBits-1:0]);

  always_ff @(posedge clk_i) begin
    // ---- Stage 0: segment ----
    if (step_i[0]) begin
      a0_q <= a0;
      a1_q <= a1;
      a2_q <= a2;
      value_q <= (!exp2_i && v_i[33]) ? -v_i : v_i;
      scale_q <= exp2_i ? 13'(v_i >>> Fraction) - 13'(A0Bits - 1) : 13'(scale_i);
      exp2_q <= exp2_i;
      negative_q <= !exp2_i && v_i[33];
    end
    // ---- Stage 1: slope ----
    if (step_i[1]) begin
      slope_q <= (A1Bits + 1)'(a1_q) + (A1Bits + 1)'(bend);
      a0_q2 <= a0_q;
      value_q2 <= value_q;
      scale_q2 <= scale_q;
      exp2_q2 <= exp2_q;
      negative_q2 <= negative_q;
    end
    // ---- Stage 2: value ----
    if (step_i[2]) begin
      magnitude_o <= exp2_q2 ? 34'(a0_q2) + 34'(rise) : value_q2;
      scale_o <= scale_q2;
      v_negative_o <= negative_q2;
    end
  end

endmodule
