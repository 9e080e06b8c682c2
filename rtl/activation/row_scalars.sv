/// Between the passes: records of rows to what pass 2 multiplies with, or to results of their own.
/// Softmax: out_factor / sum of the exponentials, a row in 11 clocks. LayerNorm: mean and
/// 1 / sqrt(variance + epsilon), a row in 20 clocks, two rows at a time. Statistics leave as
/// moments. Rows in order, none dropped. Model: scalars() in sim/activation/row_engine.cpp
`include "assert.svh"

module row_scalars (
    input  logic              clk_i,
    input  logic              rst_ni,
    // Settings, steady while busy
    input  logic [       3:0] function_i,
    input  logic [      31:0] inverse_columns_i,
    input  logic [      31:0] epsilon_i,
    input  logic [      31:0] out_factor_i,
    // Records
    input  logic              in_valid_i,
    output logic              in_ready_o,
    input  row_pkg::record_t  in_record_i,
    // Scalars of pass 2
    output logic              out_valid_o,
    input  logic              out_ready_i,
    output row_pkg::scalars_t out_scalars_o,
    // Statistics: maximum, sum and sum of squares, float32
    output logic              statistics_valid_o,
    input  logic              statistics_ready_i,
    output logic [      95:0] statistics_o
);

  localparam int unsigned ScalarsWidth = $bits(out_scalars_o);

  logic moments_valid, moments_ready;
  row_pkg::moments_t moments, moments_q;
  logic softmax, statistics;

  assign softmax    = function_i == commands_pkg::RowFunctionSoftmax;
  assign statistics = function_i == commands_pkg::RowFunctionStatistics;

  logic [1:0] unused_scalars;

  row_moments u_moments (
      .clk_i,
      .rst_ni,
      .function_i,
      .inverse_columns_i,
      .epsilon_i,
      .in_valid_i,
      .in_ready_o,
      .in_record_i,
      .out_valid_o  (moments_valid),
      .out_ready_i  (moments_ready),
      .out_moments_o(moments)
  );

  // ---- Statistics ----
  assign statistics_valid_o = moments_valid && statistics;
  assign statistics_o = {moments.squares, moments.sum,
                         moments.nan ? bf16_pkg::Nan : {moments.maximum, 16'd0}};

  // ---- Quotient or root ----
  logic pending_q, start, root_busy, root_done, push, scalars_ready;
  logic [31:0] scale;
  row_pkg::scalars_t scalars;

  assign start         = moments_valid && !statistics && !pending_q && !root_busy;
  assign moments_ready = statistics ? statistics_ready_i : start;
  assign push          = pending_q && root_done;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) pending_q <= 1'b0;
    else if (start) pending_q <= 1'b1;
    else if (push && scalars_ready) pending_q <= 1'b0;
  end

  always_ff @(posedge clk_i) if (start) moments_q <= moments;

  row_root u_root (
      .clk_i,
      .rst_ni,
      .start_i    (start),
      .root_i     (!softmax),
      .numerator_i(out_factor_i),
      .x_i        (moments.operand),
      .busy_o     (root_busy),
      .done_o     (root_done),
      .result_o   (scale)
  );

  logic unused_moments;
  assign unused_moments  = ^{moments_q.operand, moments_q.sum, moments_q.squares};
  assign scalars.maximum = moments_q.maximum;
  assign scalars.ceiling = moments_q.ceiling;
  assign scalars.mean    = moments_q.mean;
  assign scalars.scale   = (softmax && moments_q.nan) ? bf16_pkg::Nan : scale;

  fifo #(
      .Width(ScalarsWidth),
      .Depth(2)
  ) u_scalars (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (push),
      .in_ready_o (scalars_ready),
      .in_data_i  (scalars),
      .out_valid_o,
      .out_ready_i,
      .out_data_o (out_scalars_o),
      .count_o    (unused_scalars)
  );

  // ---- Assertions ----
  `S4_ASSERT_HELD(StatisticsHeld, statistics_valid_o, statistics_ready_i, statistics_o)

endmodule
