/// float32 steps between the passes: mean and variance of a row from its sums, or the sum of its
/// exponentials as float32. A LayerNorm takes 12 clocks, a softmax 3, statistics 5; the result
/// waits until it is taken.
///   sum = even + odd   mean = origin + sum / n   variance = squares / n - (sum / n)^2, not
///   below 0; every operation rounds once. Model: scalars() in sim/activation/row_engine.cpp
`include "assert.svh"

module row_moments (
    input  logic              clk_i,
    input  logic              rst_ni,
    // Settings, steady while busy
    input  logic [       3:0] function_i,
    input  logic [      31:0] inverse_columns_i,
    input  logic [      31:0] epsilon_i,
    // Records
    input  logic              in_valid_i,
    output logic              in_ready_o,
    input  row_pkg::record_t  in_record_i,
    // Moments
    output logic              out_valid_o,
    input  logic              out_ready_i,
    output row_pkg::moments_t out_moments_o
);

  // Clock in which an operation begins; its result is there two clocks later.
  localparam logic [3:0] Sum = 4'd0, Squares = 4'd1, Mean = 4'd2, MeanSquare = 4'd3,
                         Square = 4'd4, Variance = 4'd6, Epsilon = 4'd8, Done = 4'd11;

  logic [3:0] step_q, last_step;
  logic busy_q, softmax, statistics;
  row_pkg::record_t record_q;
  logic [31:0] add_a, add_b, times_a, times_b, add, times, times_bits_q;
  logic [9:0] times_tag_q;
  logic [31:0] sum_q, squares_q, mean_q, mean_square_q, operand_q;

  assign softmax    = function_i == commands_pkg::RowFunctionSoftmax;
  assign statistics = function_i == commands_pkg::RowFunctionStatistics;
  assign last_step  = softmax ? Mean : statistics ? Square : Done;
  assign in_ready_o = !busy_q;
  assign out_valid_o = busy_q && step_q == last_step;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      step_q <= Sum;
    end else if (!busy_q) begin
      busy_q <= in_valid_i;
      step_q <= Sum;
    end else begin
      if (out_valid_o && out_ready_i) busy_q <= 1'b0;
      if (step_q != last_step) step_q <= step_q + 4'd1;
    end
  end

  // ---- Sum of exponentials in steps: leading one up, rounded ----
  localparam int unsigned SumWidth = row_pkg::SumWidth;
  logic [SumWidth-1:0] normal, normal_q;
  logic [5:0] zeros, zeros_q;
  logic [31:0] top, exponentials;

  // ---- Operands ----
  always_comb begin
    add_a = record_q.even;
    add_b = record_q.odd;
    times_a = add;
    times_b = inverse_columns_i;
    case (step_q)
      Squares: begin
        add_a = record_q.square_even;
        add_b = record_q.square_odd;
      end
      Square: begin
        times_a = times;
        times_b = times;
        add_a = {record_q.origin, 16'd0};
        add_b = times;
      end
      Variance: begin
        add_a = mean_square_q;
        add_b = {!times[31], times[30:0]};
      end
      Epsilon: begin
        add_a = add[31] ? 32'd0 : add;
        add_b = epsilon_i;
      end
      default: ;  // sums of the chains; products with 1 / columns
    endcase
  end

  // ---- One adder, one multiplier, two clocks each ----
  row_add u_add (
      .clk_i,
      .a_i      (add_a),
      .b_i      (add_b),
      .sum_o    (add)
  );

  always_ff @(posedge clk_i) begin
    times_bits_q <= bf16_pkg::times_bits(times_a[30:0], times_b[30:0]);
    times_tag_q <= 10'(bf16_pkg::times_tag(times_a, times_b));
    times <= bf16_pkg::round_times(times_tag_q, times_bits_q);
    if (!busy_q) record_q <= in_record_i;
    if (step_q == Mean && !softmax) sum_q <= add;
    if (step_q == MeanSquare) squares_q <= add;
    if (step_q == Square + 4'd1) mean_square_q <= times;
    if (step_q == Variance) mean_q <= add;
    normal_q <= normal;
    zeros_q <= zeros;
    if (softmax ? step_q == Squares : step_q == Epsilon + 4'd2) begin
      operand_q <= softmax ? exponentials : add;
    end
  end

  // ---- Sum of exponentials, rounded to 24 bits ----
  always_comb begin : leading_one
    int unsigned k;
    zeros = 6'd0;
    normal = record_q.exponentials;
    for (k = 32; k > 0; k = k >> 1) begin
      if ((normal >> (SumWidth - k)) == '0) begin
        zeros = zeros | 6'(k);
        normal = normal << k;
      end
    end
  end

  always_comb begin
    top = {normal_q[SumWidth-1:SumWidth-31], normal_q[SumWidth-32:0] != '0};
    // The leading one of the significand adds itself to the exponent.
    exponentials = ((32'd126 + 32'(SumWidth - 1 - commands_pkg::RowTermFraction) -
                     32'(zeros_q)) << 23) + 32'(epilogue_pkg::round_24(top));
    if (!normal_q[SumWidth-1]) exponentials = 32'd0;
  end

  assign out_moments_o.nan     = record_q.nan;
  assign out_moments_o.maximum = record_q.maximum;
  assign out_moments_o.ceiling = record_q.ceiling;
  assign out_moments_o.operand = operand_q;
  assign out_moments_o.mean    = mean_q;
  assign out_moments_o.sum     = sum_q;
  assign out_moments_o.squares = squares_q;

  // ---- Assertions ----
  `S4_ASSERT_HELD(MomentsHeld, out_valid_o, out_ready_i, out_moments_o)

endmodule
