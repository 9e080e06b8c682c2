/// Pass 2 of the row engine: beats of rows and the scalars of each row in, words of results out.
///   softmax    2^(x * factor - ceiling) * scale
///   LayerNorm  (x - mean) * scale, times gamma plus beta, or times out_factor
/// One beat per clock, rows back to back; a word is offered after the 14th edge that follows
/// the one that took its last beat. Nothing inside ever waits: a beat enters only when its word
/// has a place behind the pipeline.
/// Model: run_rows() in sim/activation/row_engine.cpp
`include "assert.svh"

module row_normalize (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Settings, steady while busy
    input  logic                         softmax_i,   // else LayerNorm
    input  logic                         affine_i,
    input  logic [                 31:0] factor_i,
    input  logic [                 31:0] out_factor_i,
    input  logic                         out_bf16_i,
    input  logic [                  8:0] out_zero_i,
    input  logic [                  9:0] out_min_i,
    input  logic [                  9:0] out_max_i,
    // Beats
    input  logic                         in_valid_i,
    output logic                         in_ready_o,
    input  logic [row_pkg::Lanes*16-1:0] in_data_i,
    input  logic [  row_pkg::Lanes-1:0]  in_mask_i,
    input  logic                         in_last_i,
    // Scalars: taken with the last beat of their row
    input  logic                         scalars_valid_i,
    output logic                         scalars_ready_o,
    input  row_pkg::scalars_t            scalars_i,
    // Parameters of 32 columns, the clock after re
    output logic                         param_re_o,
    output logic [                  6:0] param_raddr_o,
    input  logic [               1023:0] gamma_i,
    input  logic [               1023:0] beta_i,
    // Words of results
    output logic                         out_valid_o,
    input  logic                         out_ready_i,
    output logic [                511:0] out_data_o
);

  localparam int unsigned Lanes = row_pkg::Lanes;
  // Level k is behind k + 1 edges.
  localparam int unsigned ScaleLevel = 1;    // operands of the second steps
  localparam int unsigned ValueLevel = 6;    // exponential or normalised deviation
  localparam int unsigned OutLevel = ValueLevel + 6;
  // Words inside and behind the pipeline: two more than pass through it at full rate. Every address
  // is inside their SRAM, whatever the pointers hold before the reset.
  localparam int unsigned Words = 20;
  localparam int unsigned Slots = 32;

  // ---- Control ----
  logic [OutLevel:0] valid_q, last_q;
  logic [4:0] words_q;
  logic taken, starts, upper_q;

  // A beat that begins a word needs a place for it.
  assign starts          = out_bf16_i || !upper_q;
  assign in_ready_o      = scalars_valid_i && !(starts && words_q == 5'(Words));
  assign taken           = in_valid_i && in_ready_o;
  assign scalars_ready_o = taken && in_last_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
      words_q <= 5'd0;
      upper_q <= 1'b0;
    end else begin
      valid_q <= {valid_q[OutLevel-1:0], taken};
      words_q <= words_q + 5'(taken && starts) - 5'(out_valid_o && out_ready_i);
      if (taken) upper_q <= !upper_q && !in_last_i;
    end
  end

  // Settings of the lanes: registers of this module.
  logic softmax_q, affine_q, bf16_q;
  logic [31:0] factor_q, out_factor_q;
  logic [28:0] limits_q;

  always_ff @(posedge clk_i) begin
    softmax_q <= softmax_i;
    affine_q <= affine_i;
    bf16_q <= out_bf16_i;
    factor_q <= factor_i;
    out_factor_q <= out_factor_i;
    limits_q <= {out_zero_i, out_min_i, out_max_i};
  end

  // ---- What accompanies a beat, the latest level on top ----
  localparam int unsigned ScalarBits = 16 + row_pkg::CeilingWidth;
  logic [(OutLevel+1)*Lanes-1:0] masks_q;
  logic [(ScaleLevel+1)*ScalarBits-1:0] maxima_q;
  logic [(ValueLevel+1)*32-1:0] scales_q;
  logic [15:0] maximum;
  logic [row_pkg::CeilingWidth-1:0] ceiling;

  always_ff @(posedge clk_i) begin
    last_q <= {last_q[OutLevel-1:0], in_last_i};
    masks_q <= {masks_q[OutLevel*Lanes-1:0], in_mask_i};
    maxima_q <= {maxima_q[ScaleLevel*ScalarBits-1:0], scalars_i.maximum, scalars_i.ceiling};
    scales_q <= {scales_q[ValueLevel*32-1:0], scalars_i.scale};
  end
  assign {maximum, ceiling} = maxima_q[ScaleLevel*ScalarBits+:ScalarBits];

  // ---- Parameters: read one level before they are used ----
  logic [6:0] beat_q;
  assign param_re_o    = valid_q[ValueLevel-1] && affine_q;
  assign param_raddr_o = beat_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_q <= 7'd0;
    else if (param_re_o) beat_q <= last_q[ValueLevel-1] ? 7'd0 : beat_q + 7'd1;
  end

  // ---- Lanes ----
  logic [Lanes*16-1:0] results;

  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    logic [23:0] mantissa;
    logic unused_one;
    logic [8:0] distance;
    logic zero;
    logic [31:0] exponential, unused_deviation, normalised, normalised_q, normalised_q2;
    logic [31:0] value, factor;
    logic [3*32-1:0] betas_q;
    logic [15:0] result;

    row_exponential u_exponential (
        .clk_i,
        .x_i       (in_data_i[g*16+:16]),
        .factor_i  (factor_q),
        .maximum_i (maximum),
        .ceiling_i (ceiling),
        .mantissa_o(mantissa),
        .distance_o(distance),
        .zero_o    (zero)
    );

    row_deviation u_deviation (
        .clk_i,
        .x_i        (in_data_i[g*16+:16]),
        .origin_i   (scalars_i.mean),
        .square_i   (1'b0),
        .factor_i   (scales_q[ScaleLevel*32+:32]),
        .deviation_o(unused_deviation),
        .product_o  (normalised)
    );

    always_ff @(posedge clk_i) begin
      normalised_q <= normalised;
      normalised_q2 <= normalised_q;
      betas_q <= {betas_q[2*32-1:0], beta_i[g*32+:32]};
    end

    // Below 2^-126: zero.
    assign unused_one = mantissa[23];  // the leading one is not stored
    assign exponential = (zero || distance > 9'd126) ? 32'd0
                                                     : {9'd127 - distance, mantissa[22:0]};
    assign value = softmax_q ? exponential : normalised_q2;
    assign factor = softmax_q ? scales_q[ValueLevel*32+:32]
                  : affine_q ? gamma_i[g*32+:32] : out_factor_q;

    row_scale u_scale (
        .clk_i,
        .bf16_i  (bf16_q),
        .zero_i  (limits_q[28:20]),
        .low_i   (limits_q[19:10]),
        .high_i  (limits_q[9:0]),
        .a_i     (value),
        .b_i     (factor),
        .addend_i(affine_q ? betas_q[2*32+:32] : row_pkg::NegativeZero),
        .result_o(result)
    );

    assign results[g*16+:16] = masks_q[OutLevel*Lanes+g] ? result : 16'd0;
  end

  // ---- Words, and those that wait ----
  logic word_valid, unused_ready;
  logic [511:0] word;
  logic [5:0] unused_count;

  row_pack u_pack (
      .clk_i,
      .rst_ni,
      .bf16_i     (bf16_q),
      .in_valid_i (valid_q[OutLevel]),
      .in_data_i  (results),
      .in_last_i  (last_q[OutLevel]),
      .out_valid_o(word_valid),
      .out_data_o (word)
  );

  fifo_sram #(
      .Width(512),
      .Depth(Slots)
  ) u_words (
      .clk_i,
      .rst_ni,
      .in_valid_i (word_valid),
      .in_ready_o (unused_ready),
      .in_data_i  (word),
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .count_o    (unused_count)
  );

  // ---- Assertions ----
  `S4_ASSERT(WordHasPlace, !word_valid || unused_ready)
  `S4_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, out_data_o)

endmodule
