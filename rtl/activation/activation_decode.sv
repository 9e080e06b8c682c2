/// BF16 into exponent and fraction, results that are no polynomial, and the row of the rest.
/// Two stages, stage k loads at a clock edge with step_i[k]; data only, so no reset. Subnormal
/// inputs are normalised: x = (-1)^sign (1 + fraction / 128) 2^exponent. Model:
/// tools/activation/datapath.py
module activation_decode (
    input  logic                              clk_i,
    input  logic [                       1:0] step_i,
    // Stage 0: BF16 and the code of the function
    input  logic [                      15:0] x_i,
    input  logic [                       3:0] function_i,
    // After stage 1
    output logic                              negative_o,
    output logic signed [                8:0] exponent_o,
    output logic [                       6:0] fraction_o,
    output logic [                       3:0] function_o,
    output activation_tables_pkg::row_t       row_o,
    // The result is special_result_o; invalid: the function has no value there
    output logic                              special_o,
    output logic                              invalid_o,
    output logic [                      15:0] special_result_o
);

  // ---- Stage 0: unpack, specials ----
  logic               negative_q;
  logic signed [8:0]  exponent_q;
  logic        [6:0]  fraction_q;
  logic        [3:0]  function_q;
  logic               special_q, invalid_q;
  logic        [15:0] special_result_q;

  logic zero, infinite, nan, undefined;
  logic [3:0] zeros;
  logic [6:0] shifted;
  logic special, invalid;
  logic [15:0] special_result;

  always_comb begin : unpack
    int unsigned i;
    zeros = 4'd0;
    for (i = 0; i < 7; i = i + 1) if (x_i[i]) zeros = 4'd7 - 4'(i);
    // A subnormal's highest one becomes the leading one, which is not stored.
    shifted = x_i[6:0] << zeros;
    zero = x_i[14:0] == 15'd0;
    infinite = x_i[14:7] == 8'hff && x_i[6:0] == 7'd0;
    nan = x_i[14:7] == 8'hff && x_i[6:0] != 7'd0;
  end

  always_comb begin : specials
    special = nan;
    undefined = 1'b0;
    special_result = 16'h7fc0;
    case (function_i)
      activation_tables_pkg::FnReciprocal: begin
        special = nan || zero || infinite;
        if (!nan) special_result = {x_i[15], zero ? 15'h7f80 : 15'd0};
      end
      activation_tables_pkg::FnRsqrt: begin
        special = nan || zero || infinite || x_i[15];
        undefined = x_i[15] && !zero;
        if (zero) special_result = {x_i[15], 15'h7f80};
        else if (infinite && !x_i[15]) special_result = 16'd0;
      end
      activation_tables_pkg::FnSqrt: begin
        special = nan || zero || infinite || x_i[15];
        undefined = x_i[15] && !zero;
        if (zero || (infinite && !x_i[15])) special_result = x_i;
      end
      activation_tables_pkg::FnLog: begin
        special = nan || zero || infinite || x_i[15];
        undefined = x_i[15] && !zero;
        if (zero) special_result = 16'hff80;
        else if (infinite && !x_i[15]) special_result = x_i;
      end
      activation_tables_pkg::FnExp, activation_tables_pkg::FnSigmoid,
      activation_tables_pkg::FnSoftplus: begin
        special = nan;
      end
      activation_tables_pkg::FnGelu, activation_tables_pkg::FnGeluTanh,
      activation_tables_pkg::FnTanh, activation_tables_pkg::FnSilu,
      activation_tables_pkg::FnErf: begin
        special = nan || zero;
        if (zero) special_result = x_i;
      end
      default: begin  // no such function
        special = 1'b1;
        undefined = 1'b1;
      end
    endcase
    // A NaN that was given is passed on, not raised.
    invalid = undefined && !nan;
  end

  always_ff @(posedge clk_i) begin
    if (step_i[0]) begin
      negative_q <= x_i[15];
      exponent_q <= (x_i[14:7] == 8'd0) ? -9'sd126 - $signed({5'd0, zeros})
                                        : $signed({1'b0, x_i[14:7]}) - 9'sd127;
      fraction_q <= (x_i[14:7] == 8'd0) ? shifted : x_i[6:0];
      function_q <= function_i;
      special_q <= special;
      invalid_q <= invalid;
      special_result_q <= special_result;
    end
  end

  // ---- Stage 1: row ----
  localparam logic signed [8:0] Tiny = -9'(activation_tables_pkg::Tiny);
  localparam logic signed [8:0] Huge = 9'(activation_tables_pkg::Huge);

  activation_tables_pkg::row_t row;
  logic [4:0] bin;
  logic signed [8:0] clamped;

  always_comb begin
    clamped = exponent_q;
    if (exponent_q < Tiny) clamped = Tiny;
    if (exponent_q > Huge) clamped = Huge;
    bin = 5'(clamped - Tiny);
    if (activation_tables_pkg::ByParity[function_q]) bin = {4'd0, exponent_q[0]};
    if (activation_tables_pkg::ByNothing[function_q]) bin = 5'd0;
  end

  assign row = activation_tables_pkg::row({function_q, negative_q, bin});

  always_ff @(posedge clk_i) begin
    if (step_i[1]) begin
      row_o <= row;
      negative_o <= negative_q;
      exponent_o <= exponent_q;
      fraction_o <= fraction_q;
      function_o <= function_q;
      special_o <= special_q;
      invalid_o <= invalid_q;
      special_result_o <= special_result_q;
    end
  end

endmodule
