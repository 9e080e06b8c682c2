/// Between the passes: records of rows to what pass 2 multiplies with, or to results of their own.
/// Softmax: out_factor / sum of the exponentials, a row every 4 clocks. LayerNorm: mean and
/// 1 / sqrt(variance + epsilon), a row every 13 clocks. Several rows at a time. Statistics leave as
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
  row_pkg::moments_t moments;
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

  // ---- Quotients or roots, row after row in turn ----
  // A quotient takes 10 clocks and moments come every fourth one.
  localparam int unsigned Roots = 3;
  localparam int unsigned CompanionWidth = 1 + 16 + row_pkg::CeilingWidth + 32;
  localparam logic [1:0] LastRoot = 2'(Roots - 1);

  logic [Roots-1:0] pending_q, root_done, unused_busy;
  logic [1:0] start_q, take_q;
  logic [Roots*32-1:0] scales;
  logic [Roots*CompanionWidth-1:0] companions_q;
  logic start, push, take, scalars_ready, nan;
  row_pkg::scalars_t scalars;

  assign start         = moments_valid && !statistics && !pending_q[start_q];
  assign moments_ready = statistics ? statistics_ready_i : start;
  assign push          = pending_q[take_q] && root_done[take_q];
  assign take          = push && scalars_ready;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      start_q <= 2'd0;
      take_q <= 2'd0;
    end else begin
      if (start) start_q <= (start_q == LastRoot) ? 2'd0 : start_q + 2'd1;
      if (take) take_q <= (take_q == LastRoot) ? 2'd0 : take_q + 2'd1;
    end
  end

  for (genvar g = 0; g < Roots; g = g + 1) begin : gen_root
    logic own_start;
    assign own_start = start && start_q == 2'(g);

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) pending_q[g] <= 1'b0;
      else if (own_start) pending_q[g] <= 1'b1;
      else if (take && take_q == 2'(g)) pending_q[g] <= 1'b0;
    end

    always_ff @(posedge clk_i) begin
      if (own_start) begin
        companions_q[g*CompanionWidth+:CompanionWidth] <= {
          moments.nan, moments.maximum, moments.ceiling, moments.mean
        };
      end
    end

    row_root u_root (
        .clk_i,
        .rst_ni,
        .start_i    (own_start),
        .root_i     (!softmax),
        .numerator_i(out_factor_i),
        .x_i        (moments.operand),
        .busy_o     (unused_busy[g]),
        .done_o     (root_done[g]),
        .result_o   (scales[g*32+:32])
    );
  end

  assign {nan, scalars.maximum, scalars.ceiling, scalars.mean} =
      companions_q[take_q*CompanionWidth+:CompanionWidth];
  assign scalars.scale = (softmax && nan) ? bf16_pkg::Nan : scales[take_q*32+:32];

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
