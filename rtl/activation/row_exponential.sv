/// 2^(x * factor - ceiling) of a BF16 as mantissa (24 bits, 1 to 2) and distance: 2^-distance.
/// Seven stages; data only, so no reset. The result is zero_o below 2^-256,
/// at -infinity, and where x * factor is limited unless x is the maximum itself: neighbours
/// there differ by 2^9 at least. Model: exponential() in sim/activation/row_engine.cpp
module row_exponential (
    input  logic                             clk_i,
    // Stage 0
    input  logic [                     15:0] x_i,
    input  logic [                     31:0] factor_i,
    // Stage 2: maximum and its ceiling, that of maximum * factor
    input  logic [                     15:0] maximum_i,
    input  logic [row_pkg::CeilingWidth-1:0] ceiling_i,
    // After stage 6
    output logic [                     23:0] mantissa_o,
    output logic [                      8:0] distance_o,
    output logic                             zero_o
);
  // One copy of the code for all lanes.
  /* verilator no_inline_module */

  localparam int unsigned Fraction = row_pkg::Fraction;
  localparam int unsigned Width = row_pkg::ExponentWidth;

  // ---- Stages 0 and 1 ----
  logic [Width-1:0] v;
  logic limited;
  logic [15:0] x_q, x_q2, x_q3;

  row_exponent u_exponent (
      .clk_i,
      .x_i,
      .factor_i,
      .v_o      (v),
      .limited_o(limited)
  );

  // ---- Stage 2: registers of what comes to all lanes ----
  logic [Width-1:0] v_q;
  logic limited_q;
  logic [15:0] maximum_q;
  logic [row_pkg::CeilingWidth-1:0] ceiling_q;

  // ---- Stage 3: below the ceiling ----
  logic [Width-1:0] below;
  logic zero;
  logic [33:0] exponent_q;
  logic [3:0] zero_q;

  assign below = v_q - {ceiling_q, Fraction'(0)};
  // Above the ceiling lies only what is outside the row.
  assign zero = x_q3 == 16'hff80 || (limited_q && x_q3 != maximum_q) ||
                (below[Width-1] ? !(&below[Width-2:Fraction+8]) : |below[Width-2:0]);

  always_ff @(posedge clk_i) begin
    x_q <= x_i;
    x_q2 <= x_q;
    x_q3 <= x_q2;
    v_q <= v;
    limited_q <= limited;
    maximum_q <= maximum_i;
    ceiling_q <= ceiling_i;
    exponent_q <= 34'(below);
    zero_q <= {zero_q[2:0], zero};
  end

  // ---- Stages 4 to 6 ----
  logic [33:0] magnitude;
  logic signed [12:0] scale;
  logic unused_negative;
  logic [9:0] unused_magnitude;
  logic [3:0] unused_distance;

  activation_exp2 u_exp2 (
      .clk_i,
      .step_i      (3'b111),
      .v_i         (exponent_q),
      .scale_i     (10'sd0),
      .exp2_i      (1'b1),
      .magnitude_o (magnitude),
      .scale_o     (scale),
      .v_negative_o(unused_negative)
  );

  // scale = -distance - 23
  assign {unused_magnitude, mantissa_o} = magnitude;
  assign {unused_distance, distance_o} = -13'd23 - scale;
  assign zero_o = zero_q[3];

endmodule
