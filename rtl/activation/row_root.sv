/// Quotient, or reciprocal square root, of float32 numbers, digit by digit, three bits per clock.
///   numerator / x: 27 bits and what is left, rounded once: correctly rounded.
///   1 / sqrt(x): root of 27 bits, cut, then the same with numerator 1: below 0.75 units in the
///   last place. A quotient takes 10 clocks, a root 19. x = 0 gives infinity, infinity 0, NaN NaN;
/// x is not negative; results below 2^-126 are 0. Model: row_quotient() and
/// row_reciprocal_root() in sim/activation/row_engine.cpp
module row_root (
    input  logic        clk_i,
    input  logic        rst_ni,
    // Operands; taken when start_i and not busy_o
    input  logic        start_i,
    input  logic        root_i,       // 1 / sqrt(x), else numerator / x
    input  logic [31:0] numerator_i,  // positive, normal
    input  logic [31:0] x_i,
    output logic        busy_o,
    // Result: there when done_o, until the next start
    output logic        done_o,
    output logic [31:0] result_o
);

  localparam int unsigned Digits = 27;
  localparam int unsigned PerClock = 3;
  localparam logic [3:0] Clocks = 4'(Digits / PerClock);

  typedef enum logic [1:0] {
    StIdle, StRoot, StQuotient, StDone
  } state_e;

  state_e state_q;
  logic [3:0] left_q;
  logic [Digits-1:0] result_q, result, root_next;
  logic [Digits-1:0] divisor_q;
  logic [Digits+1:0] rest_q, rest, root_rest;
  logic [2*Digits-1:0] radicand_q;
  logic signed [10:0] exponent_q;  // of the result if its significand is 1 or more
  logic special_q;
  logic [31:0] special_result_q;
  logic unused_signs;

  assign unused_signs = ^{numerator_i[31], x_i[31]};
  assign busy_o = state_q == StRoot || state_q == StQuotient;
  assign done_o = state_q == StDone;

  // ---- Digits ----
  always_comb begin : digits
    int unsigned i;
    logic [Digits+1:0] trial;
    logic [Digits+2:0] root_trial;
    logic [2*Digits-1:0] pairs;
    i = 0;
    trial = '0;
    root_trial = '0;
    // Quotient: the rest doubles.
    rest = rest_q;
    result = result_q;
    for (i = 0; i < PerClock; i = i + 1) begin
      trial = rest - {2'b00, divisor_q};
      result = {result[Digits-2:0], !trial[Digits+1]};
      rest = (trial[Digits+1] ? rest : trial) << 1;
    end
    // Root: two bits of the radicand come down, the trial is 4 root + 1.
    root_rest = rest_q;
    root_next = result_q;
    pairs = radicand_q;
    for (i = 0; i < PerClock; i = i + 1) begin
      root_rest = {root_rest[Digits-1:0], pairs[2*Digits-1-:2]};
      pairs = pairs << 2;
      root_trial = {1'b0, root_rest} - {1'b0, root_next, 2'b01};
      root_rest = root_trial[Digits+2] ? root_rest : root_trial[Digits+1:0];
      root_next = {root_next[Digits-2:0], !root_trial[Digits+2]};
    end
  end

  // ---- Control ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      left_q <= 4'd0;
    end else begin
      unique case (state_q)
        StIdle, StDone: begin
          left_q <= Clocks - 4'd1;
          if (start_i) state_q <= root_i ? StRoot : StQuotient;
        end
        StRoot: begin
          left_q <= (left_q == 4'd0) ? Clocks - 4'd1 : left_q - 4'd1;
          if (left_q == 4'd0) state_q <= StQuotient;
        end
        StQuotient: begin
          left_q <= left_q - 4'd1;
          if (left_q == 4'd0) state_q <= StDone;
        end
      endcase
    end
  end

  // ---- Registers ----
  logic [10:0] exponent, half;  // of x, biased
  assign exponent = {3'd0, x_i[30:23]};
  assign half     = (exponent + 11'd1) >> 1;

  always_ff @(posedge clk_i) begin
    if (start_i && !busy_o) begin
      result_q <= '0;
      // An even exponent keeps the radicand below 2, an odd one doubles it; the bias is odd.
      radicand_q <= x_i[23] ? {2'b01, x_i[22:0], (2 * Digits - 25)'(0)}
                            : {1'b1, x_i[22:0], (2 * Digits - 24)'(0)};
      divisor_q <= {1'b1, x_i[22:0], (Digits - 24)'(0)};
      rest_q <= root_i ? '0 : {3'b001, numerator_i[22:0], (Digits - 24)'(0)};
      exponent_q <= root_i ? 11'sd191 - $signed(half)
                           : $signed({3'd0, numerator_i[30:23]}) + 11'sd127 - $signed(exponent);
      special_q <= x_i[30:23] == 8'd0 || x_i[30:23] == 8'd255;
      special_result_q <= (x_i[30:23] == 8'd0)  ? bf16_pkg::Infinity
                        : (x_i[22:0] == 23'd0) ? 32'd0 : bf16_pkg::Nan;
    end else if (state_q == StRoot) begin
      radicand_q <= radicand_q << (2 * PerClock);
      result_q <= root_next;
      rest_q <= root_rest;
      if (left_q == 4'd0) begin
        divisor_q <= root_next;
        rest_q <= {3'b001, (Digits - 1)'(0)};
        result_q <= '0;
      end
    end else if (state_q == StQuotient) begin
      result_q <= result;
      rest_q <= rest;
    end
  end

  // ---- Rounding ----
  logic [31:0] bits;
  logic signed [10:0] field;
  logic [32:0] rounded;

  always_comb begin
    bits = {result_q, rest_q != '0, 4'd0};
    if (!result_q[Digits-1]) bits = bits << 1;
    // The leading one of the significand adds itself to the field.
    field = exponent_q - 11'sd1 - 11'(!result_q[Digits-1]);
    rounded = {field[9:0], 23'd0} + 33'(epilogue_pkg::round_24(bits));
    result_o = {1'b0, rounded[30:0]};
    // A carry of the rounding may still reach 2^-126.
    if (field < -11'sd1 || rounded[30:23] == 8'd0) result_o = 32'd0;
    if (field >= 11'sd0 && rounded >= 33'(bf16_pkg::Infinity)) result_o = bf16_pkg::Infinity;
    if (special_q) result_o = special_result_q;
  end

endmodule
