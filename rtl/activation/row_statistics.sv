/// Pass 1 of the row engine: beats of rows in, one record per row out: maximum, sum of exponentials
/// relative to it, sums of deviations and of their squares. One beat per clock, rows back to back.
/// Nothing inside ever waits: a row begins only when its record has a place. A softmax's record is
/// offered after the 14th edge that follows the one that took the last beat of its row, others
/// after the 20th. One function at a time: the pipeline is empty when it changes.
/// Model: pass_one() in sim/activation/row_engine.cpp
`include "assert.svh"

module row_statistics (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Settings, steady while busy
    input  logic [                  3:0] function_i,  // row_function_e
    input  logic [                 31:0] factor_i,
    // Beats
    input  logic                         in_valid_i,
    output logic                         in_ready_o,
    input  logic [row_pkg::Lanes*16-1:0] in_data_i,
    input  logic [  row_pkg::Lanes-1:0]  in_mask_i,
    input  logic                         in_first_i,
    input  logic                         in_last_i,
    // Records
    output logic                         out_valid_o,
    input  logic                         out_ready_i,
    output row_pkg::record_t             out_record_o
);

  localparam int unsigned Lanes = row_pkg::Lanes;
  // Stages after which things are there, counted from the input.
  localparam int unsigned MaximumStage = 2;
  localparam int unsigned CeilingStage = MaximumStage + 2;
  localparam int unsigned ExponentialStage = MaximumStage + 7;
  localparam int unsigned SumStage = ExponentialStage + 4;
  localparam int unsigned DeviationStage = MaximumStage + 5;
  localparam int unsigned TreeStage = DeviationStage + 10;
  localparam int unsigned LastStage = TreeStage + 2;

  // Records that wait, and rows that are on their way to one: 22 clocks from the first beat of a
  // short row to the end of its record.
  localparam int unsigned Records = 8;
  localparam int unsigned RecordWidth = $bits(out_record_o);

  // ---- Control: what is in stage k ----
  logic [LastStage:0] valid_q, first_q, last_q;
  logic softmax_q, taken, found;
  logic [3:0] rows_q;

  assign in_ready_o = !in_first_i || rows_q != 4'(Records);
  assign taken      = in_valid_i && in_ready_o;
  assign found      = softmax_q ? valid_q[SumStage] && last_q[SumStage]
                              : valid_q[LastStage] && last_q[LastStage];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
      rows_q <= 4'd0;
    end else begin
      valid_q <= {valid_q[LastStage-1:0], taken};
      rows_q <= rows_q + 4'(taken && in_first_i) - 4'(out_valid_o && out_ready_i);
    end
  end

  // Settings of the lanes: registers of this module.
  logic [31:0] factor_q;
  logic from_zero_q;

  always_ff @(posedge clk_i) begin
    first_q <= {first_q[LastStage-1:0], in_first_i};
    last_q <= {last_q[LastStage-1:0], in_last_i};
    softmax_q <= function_i == commands_pkg::RowFunctionSoftmax;
    from_zero_q <= function_i == commands_pkg::RowFunctionStatistics;
    factor_q <= factor_i;
  end

  // ---- Maximum and origin ----
  logic [Lanes*16-1:0] data;
  logic [Lanes-1:0] mask;
  logic [15:0] maximum, origin;
  logic nan, infinite;

  row_maximum u_maximum (
      .clk_i,
      .from_zero_i(from_zero_q),
      .valid_i    (taken),
      .data_i     (in_data_i),
      .mask_i     (in_mask_i),
      .first_i    (in_first_i),
      .data_o     (data),
      .mask_o     (mask),
      .maximum_o  (maximum),
      .origin_o(origin),
      .nan_o      (nan),
      .infinite_o (infinite)
  );

  // What accompanies a beat from there on, the latest stage on top.
  localparam int unsigned CompanionBits = 33;
  localparam int unsigned CompanionStages = LastStage - MaximumStage;
  logic [CompanionStages*CompanionBits-1:0] companions_q;
  logic [(ExponentialStage-MaximumStage)*Lanes-1:0] masks_q;
  logic [15:0] maximum_q;  // in the stage of the ceiling

  always_ff @(posedge clk_i) begin
    companions_q <= {companions_q[(CompanionStages-1)*CompanionBits-1:0],
                     nan || (softmax_q && infinite), maximum, origin};
    masks_q <= {masks_q[(ExponentialStage-MaximumStage-1)*Lanes-1:0], mask};
  end
  assign maximum_q = companions_q[(CeilingStage-MaximumStage-1)*CompanionBits+16+:16];

  // ---- Softmax: ceiling of the maximum, its growth ----
  logic [row_pkg::ExponentWidth-1:0] v;
  logic limited;
  logic [row_pkg::CeilingWidth-1:0] ceiling, ceiling_q, growth;
  logic [15:0] former_q;

  row_exponent u_exponent (
      .clk_i,
      .x_i      (maximum),
      .factor_i (factor_q),
      .v_o      (v),
      .limited_o(limited)
  );

  assign ceiling = row_pkg::ceiling(v);
  assign growth  = ceiling - ceiling_q;

  localparam int unsigned GrowthStages = SumStage - CeilingStage - 1;
  localparam int unsigned GrowthBits = row_pkg::CeilingWidth + 7;
  logic [GrowthStages*GrowthBits-1:0] growths_q;
  logic [row_pkg::CeilingWidth-1:0] last_ceiling, record_ceiling_q;
  logic [5:0] last_growth;
  logic restart;

  always_ff @(posedge clk_i) begin
    if (valid_q[CeilingStage]) begin
      ceiling_q <= ceiling;
      former_q <= maximum_q;
    end
    // Where the maximum is limited and grew, all before it counts nothing.
    growths_q <= {growths_q[(GrowthStages-1)*GrowthBits-1:0], ceiling,
                  first_q[CeilingStage] || (limited && maximum_q != former_q),
                  (growth > row_pkg::CeilingWidth'(63)) ? 6'd63 : growth[5:0]};
    record_ceiling_q <= last_ceiling;
  end
  assign {last_ceiling, restart, last_growth} =
      growths_q[GrowthStages*GrowthBits-1:(GrowthStages-1)*GrowthBits];

  // ---- Lanes ----
  logic [Lanes*24-1:0] mantissa;
  logic [Lanes*9-1:0] distance;
  logic [Lanes-1:0] zero, in_row;
  logic [Lanes*32-1:0] deviation, square;

  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    logic [31:0] lane_deviation, lane_square;
    logic deviation_inside;

    row_exponential u_exponential (
        .clk_i,
          .x_i       (data[g*16+:16]),
        .factor_i  (factor_q),
        .maximum_i (maximum_q),
        .ceiling_i (ceiling),
        .mantissa_o(mantissa[g*24+:24]),
        .distance_o(distance[g*9+:9]),
        .zero_o    (zero[g])
    );

    row_deviation u_deviation (
        .clk_i,
          .x_i        (data[g*16+:16]),
        .origin_i({origin, 16'd0}),
        .square_i   (1'b1),
        .factor_i   (32'd0),
        .deviation_o(lane_deviation),
        .product_o  (lane_square)
    );

    assign in_row[g] = masks_q[(ExponentialStage-MaximumStage-1)*Lanes+g];
    assign deviation_inside = masks_q[(DeviationStage-MaximumStage-1)*Lanes+g];
    assign deviation[g*32+:32] = deviation_inside ? lane_deviation : row_pkg::NegativeZero;
    assign square[g*32+:32] = deviation_inside ? lane_square : row_pkg::NegativeZero;
  end

  // ---- Sums ----
  row_pkg::record_t record;
  logic [31:0] deviation_sum, square_sum;

  row_exponential_sum u_exponential_sum (
      .clk_i,
      .mantissa_i(mantissa),
      .distance_i(distance),
      .zero_i    (zero | ~in_row),
      .valid_i   (valid_q[SumStage-1]),
      .restart_i (restart),
      .growth_i  (last_growth),
      .sum_o     (record.exponentials)
  );

  row_tree u_deviation_tree (
      .clk_i,
      .terms_i  (deviation),
      .sum_o    (deviation_sum)
  );

  row_tree u_square_tree (
      .clk_i,
      .terms_i  (square),
      .sum_o    (square_sum)
  );

  row_accumulate u_deviations (
      .clk_i,
      .valid_i  (valid_q[TreeStage]),
      .first_i  (first_q[TreeStage]),
      .term_i   (deviation_sum),
      .even_o   (record.even),
      .odd_o    (record.odd)
  );

  row_accumulate u_squares (
      .clk_i,
      .valid_i  (valid_q[TreeStage]),
      .first_i  (first_q[TreeStage]),
      .term_i   (square_sum),
      .even_o   (record.square_even),
      .odd_o    (record.square_odd)
  );

  // ---- Record ----
  logic [CompanionBits-1:0] at_sum, at_last;
  assign at_sum  = companions_q[(SumStage-MaximumStage-1)*CompanionBits+:CompanionBits];
  assign at_last = companions_q[(LastStage-MaximumStage-1)*CompanionBits+:CompanionBits];
  assign {record.nan, record.maximum, record.origin} = softmax_q ? at_sum : at_last;
  assign record.ceiling = record_ceiling_q;

  logic unused_ready;
  logic [3:0] unused_count;

  fifo #(
      .Width(RecordWidth),
      .Depth(Records)
  ) u_records (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (found),
      .in_ready_o (unused_ready),
      .in_data_i  (record),
      .out_valid_o,
      .out_ready_i,
      .out_data_o (out_record_o),
      .count_o    (unused_count)
  );

  // ---- Assertions ----
  `S4_ASSERT(RecordHasPlace, !found || unused_ready)

endmodule
