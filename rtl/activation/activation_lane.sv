/// One of twelve functions of a BF16 number, correctly rounded for every input.
/// One result per clock, valid after the edge with step_i[9]; stage k loads at a clock edge with
/// step_i[k], which the owner raises when stage k - 1 (for 0: the input) holds a beat and the
/// pipeline moves. Data only, so no reset. Subnormals count, in and out. NaN gives 0x7FC0; where
/// the function has no value the result is 0x7FC0 and invalid_o is set. Model:
/// sim/activation/activation_function.hpp
module activation_lane (
    input  logic                                     clk_i,
    input  logic [activation_pkg::LaneLatency-1:0] step_i,
    input  logic [                             15:0] x_i,
    input  logic [                              3:0] function_i,  // function_e
    output logic [                             15:0] result_o,
    output logic                                     invalid_o
);
  // One copy of the code for all lanes: 128 of them would take minutes to compile.
  /* verilator no_inline_module */

  logic negative, special, invalid, is_log, result_negative;
  logic signed [8:0] exponent;
  logic [6:0] fraction;
  logic [3:0] code;
  logic [15:0] special_result;
  activation_tables_pkg::row_t row;

  activation_decode u_decode (
      .clk_i,
      .step_i          (step_i[1:0]),
      .x_i,
      .function_i,
      .negative_o      (negative),
      .exponent_o      (exponent),
      .fraction_o      (fraction),
      .function_o      (code),
      .row_o           (row),
      .special_o       (special),
      .invalid_o       (invalid),
      .special_result_o(special_result)
  );

  assign is_log = code == activation_tables_pkg::FnLog;
  // exp, sigmoid and softplus are positive; reciprocal to erf have the input's sign; the root
  // functions and log see no negative input (log's sign is that of V).
  assign result_negative = negative && code != activation_tables_pkg::FnExp &&
                           code != activation_tables_pkg::FnSigmoid &&
                           code != activation_tables_pkg::FnSoftplus;

  logic signed [33:0] v;
  logic signed [9:0] direct_scale;
  logic exp2;

  activation_polynomial u_polynomial (
      .clk_i,
      .step_i    (step_i[4:2]),
      .negative_i(negative),
      .exponent_i(exponent),
      .fraction_i(fraction),
      .log_i     (is_log),
      .row_i     (row),
      .v_o       (v),
      .scale_o   (direct_scale),
      .exp2_o    (exp2)
  );

  logic [33:0] magnitude;
  logic signed [12:0] scale;
  logic v_negative;

  activation_exp2 u_exp2 (
      .clk_i,
      .step_i      (step_i[7:5]),
      .v_i         (v),
      .scale_i     (direct_scale),
      .exp2_i      (exp2),
      .magnitude_o (magnitude),
      .scale_o     (scale),
      .v_negative_o(v_negative)
  );

  // What accompanies a beat through stages 2 to 7, the latest stage on top.
  localparam int unsigned CompanionBits = 19;
  logic [6*CompanionBits-1:0] companions_q;
  logic last_negative, last_special, last_invalid;
  logic [15:0] last_special_result;

  always_ff @(posedge clk_i) begin
    if (step_i[7:2] != 6'd0) begin
      companions_q <= {companions_q[5*CompanionBits-1:0], result_negative, special, invalid,
                       special_result};
    end
  end
  assign {last_negative, last_special, last_invalid, last_special_result} =
      companions_q[6*CompanionBits-1:5*CompanionBits];

  activation_round u_round (
      .clk_i,
      .step_i          (step_i[9:8]),
      .magnitude_i     (magnitude),
      .scale_i         (scale),
      .negative_i      (last_negative ^ v_negative),
      .special_i       (last_special),
      .invalid_i       (last_invalid),
      .special_result_i(last_special_result),
      .result_o,
      .invalid_o
  );

endmodule
