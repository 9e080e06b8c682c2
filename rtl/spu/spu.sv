/// Sparse processing unit: convolutions and matrix products on compressed sparse weights.
/// Takes one command at a time: a few clocks of setup and one per pixel of a tile, then for every
/// group, tile and bank K clocks of the whole array, while activations are fetched ahead, weights
/// stream in and finished tiles drain through the epilogue. done_o pulses when the last result is
/// in the local buffer. Model: sim/spu/spu.hpp
`include "assert.svh"
module spu #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned CoordBits = 20,
    localparam int unsigned SlotBits  = $clog2(spu_pkg::OperandBanks),
    localparam int unsigned IndexBits = config_pkg::ArrayLanes * sparse_format_pkg::IndexBits,
    localparam int unsigned ValueBits = config_pkg::ArrayLanes * 8
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    // Commands
    input  logic                                 cmd_valid_i,
    output logic                                 cmd_ready_o,
    input  logic [commands_pkg::CommandBits-1:0] cmd_i,
    output logic                                 done_o,
    output logic                                 error_valid_o,
    output logic [                          7:0] error_code_o,
    output logic                                 progress_o,
    output logic [                          5:0] waiting_o,
    // Weight words
    input  logic                                 wt_valid_i,
    output logic                                 wt_ready_o,
    input  logic [                        511:0] wt_data_i,
    input  logic [                          1:0] wt_section_i,
    // Local buffer: activation fetch
    output logic [                   Pixels-1:0] fe_valid_o,
    output logic [          Pixels*AddrBits-1:0] fe_addr_o,
    output logic                                 fe_stride2_o,
    input  logic [                   Pixels-1:0] fe_grant_i,
    input  logic [               Pixels*512-1:0] fe_rdata_i,
    // Local buffer: second tensor
    output logic                                 er_valid_o,
    input  logic                                 er_ready_i,
    output logic [                 AddrBits-1:0] er_addr_o,
    output logic [                OutPixels-1:0] er_mask_o,
    output logic [                          2:0] er_chunk_o,
    input  logic [        OutPixels*Lanes*8-1:0] er_rdata_i,
    // Local buffer: results, never refused
    output logic                                 ew_valid_o,
    output logic [                 AddrBits-1:0] ew_addr_o,
    output logic [                OutPixels-1:0] ew_mask_o,
    output logic [                          2:0] ew_chunk_o,
    output logic [        OutPixels*Lanes*8-1:0] ew_data_o,
    // Counters
    output logic                                 spu_busy_o,
    output logic                                 spu_mac_clocks_o,
    output logic [                         15:0] spu_macs_o,
    output logic                                 spu_stall_weights_o,
    output logic                                 spu_stall_activations_o,
    output logic                                 spu_stall_drain_o,
    output logic                                 fetch_groups_o,
    output logic                                 fetch_conflicts_o,
    output logic                                 epilogue_busy_o,
    output logic                                 epilogue_stall_o,
    output logic [                          5:0] epilogue_words_o
);

  typedef enum logic [1:0] {
    StIdle,
    StSetup,
    StRun
  } state_e;
  state_e state_q;

  // ---- Command ----
  commands_pkg::spu_command_t command_q;
  logic [1:0] shape;
  logic [24:0] banks_q;
  logic [23:0] tiles_q;
  logic [15:0] groups_q;
  logic setup_q, walker_start_q, walker_ready, start, weight_error;
  logic signed [8:0] in_zero;

  assign shape = command_q.shape[1:0];
  assign in_zero = command_q.in_zero;
  assign cmd_ready_o = state_q == StIdle;
  assign start = (state_q == StSetup) && walker_ready && !walker_start_q && !setup_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q        <= StIdle;
      setup_q        <= 1'b0;
      walker_start_q <= 1'b0;
    end else begin
      setup_q        <= cmd_valid_i && cmd_ready_o;
      walker_start_q <= setup_q;
      unique case (state_q)
        StIdle: if (cmd_valid_i) state_q <= StSetup;
        StSetup: if (start) state_q <= StRun;
        StRun: if (done_o) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (cmd_valid_i && cmd_ready_o) command_q <= cmd_i;
    if (setup_q) begin
      banks_q  <= 25'(command_q.in_blocks) * 25'(command_q.kernel_h) * 25'(command_q.kernel_w);
      tiles_q  <= (command_q.pixels + ((24'(Pixels) << shape) - 24'd1)) >>
                  ($clog2(Pixels) + 32'(shape));
      groups_q <= 16'((17'(command_q.out_channels) + ((17'(Quads * Lanes) >> shape) - 17'd1)) >>
                  ($clog2(Quads * Lanes) - 32'(shape)));
    end
  end

  // ---- Weights ----
  logic step_valid, step_ready, step_mac, step_last;
  logic [IndexBits-1:0] step_index;
  logic value_valid, value_consume, value_consume_last, value_pass_end, value_rewind;
  logic [ValueBits-1:0] value_data;
  logic param_valid, param_release, param_read;
  logic [1:0] param_part;
  logic [Lanes*64-1:0] param_data;

  weight_path u_weights (
      .clk_i,
      .rst_ni,
      .word_valid_i        (wt_valid_i),
      .word_ready_o        (wt_ready_o),
      .word_data_i         (wt_data_i),
      .word_section_i      (wt_section_i),
      .start_i             (start),
      .shape_i             (shape),
      .banks_i             (banks_q),
      .tiles_i             (tiles_q),
      .groups_i            (groups_q),
      .resident_i          (command_q.weights_resident),
      .keep_i              (command_q.weights_keep),
      .error_o             (weight_error),
      .step_valid_o        (step_valid),
      .step_ready_i        (step_ready),
      .step_mac_o          (step_mac),
      .step_last_o         (step_last),
      .step_index_o        (step_index),
      .value_valid_o       (value_valid),
      .value_data_o        (value_data),
      .value_consume_i     (value_consume),
      .value_consume_last_i(value_consume_last),
      .value_pass_end_i    (value_pass_end),
      .value_rewind_i      (value_rewind),
      .param_valid_o       (param_valid),
      .param_release_i     (param_release),
      .param_read_i        (param_read),
      .param_part_i        (param_part),
      .param_data_o        (param_data)
  );

  // ---- Activations ----
  logic walk_advance, walk_restart, fetch_busy, bank_valid, bank_release;
  logic [1:0] walk_part;
  logic [Pixels*AddrBits-1:0] window_addr;
  logic [Pixels*CoordBits-1:0] window_row, window_column;
  logic fill_valid;
  logic [Quads-1:0] fill_quads;
  logic [SlotBits-1:0] fill_bank, bank;
  logic [Pixels-1:0] fill_write, fill_zero;

  pixel_walker u_walker (
      .clk_i,
      .rst_ni,
      .start_i     (walker_start_q),
      .shape_i     (shape),
      .in_addr_i   (command_q.in_addr[AddrBits-1:0]),
      .in_image_i  (command_q.in_image[AddrBits-1:0]),
      .in_row_i    (command_q.in_row),
      .out_height_i(command_q.out_height),
      .out_width_i (command_q.out_width),
      .stride_h_i  (command_q.stride_h),
      .stride_w_i  (command_q.stride_w),
      .pad_top_i   (command_q.pad_top),
      .pad_left_i  (command_q.pad_left),
      .ready_o     (walker_ready),
      .advance_i   (walk_advance),
      .restart_i   (walk_restart),
      .part_i      (walk_part),
      .addr_o      (window_addr),
      .row_o       (window_row),
      .column_o    (window_column)
  );

  activation_fetch u_fetch (
      .clk_i,
      .rst_ni,
      .start_i       (start),
      .command_i     (command_q),
      .tiles_i       (tiles_q),
      .groups_i      (groups_q),
      .busy_o        (fetch_busy),
      .advance_o     (walk_advance),
      .restart_o     (walk_restart),
      .part_o        (walk_part),
      .addr_i        (window_addr),
      .row_i         (window_row),
      .column_i      (window_column),
      .read_valid_o  (fe_valid_o),
      .read_addr_o   (fe_addr_o),
      .read_stride2_o(fe_stride2_o),
      .read_grant_i  (fe_grant_i),
      .fill_valid_o  (fill_valid),
      .fill_quads_o  (fill_quads),
      .fill_bank_o   (fill_bank),
      .fill_write_o  (fill_write),
      .fill_zero_o   (fill_zero),
      .bank_valid_o  (bank_valid),
      .bank_o        (bank),
      .bank_release_i(bank_release),
      .group_done_o  (fetch_groups_o),
      .conflict_o    (fetch_conflicts_o)
  );

  // ---- Array ----
  logic tile_busy, mac_valid, mac_clear, mac_zero, mac_set, tile_done, tile_set, set_free;
  logic [SlotBits-1:0] mac_bank;

  tile_control u_tiles (
      .clk_i,
      .rst_ni,
      .start_i             (start),
      .banks_i             (banks_q),
      .tiles_i             (tiles_q),
      .groups_i            (groups_q),
      .resident_i          (command_q.weights_resident),
      .keep_i              (command_q.weights_keep),
      .shape_i             (shape),
      .pixels_i            (command_q.pixels),
      .channels_i          (command_q.out_channels),
      .busy_o              (tile_busy),
      .step_valid_i        (step_valid),
      .step_mac_i          (step_mac),
      .step_last_i         (step_last),
      .step_ready_o        (step_ready),
      .value_valid_i       (value_valid),
      .value_consume_o     (value_consume),
      .value_consume_last_o(value_consume_last),
      .value_pass_end_o    (value_pass_end),
      .value_rewind_o      (value_rewind),
      .bank_valid_i        (bank_valid),
      .bank_i              (bank),
      .bank_release_o      (bank_release),
      .mac_valid_o         (mac_valid),
      .mac_clear_o         (mac_clear),
      .mac_zero_o          (mac_zero),
      .mac_set_o           (mac_set),
      .mac_bank_o          (mac_bank),
      .tile_done_o         (tile_done),
      .tile_set_o          (tile_set),
      .set_free_i          (set_free),
      .stall_weights_o     (spu_stall_weights_o),
      .stall_activations_o (spu_stall_activations_o),
      .stall_drain_o       (spu_stall_drain_o),
      .macs_o              (spu_macs_o)
  );

  mac_array u_array (
      .clk_i,
      .fill_valid_i     (fill_valid),
      .fill_quads_i     (fill_quads),
      .fill_bank_i      (fill_bank),
      .fill_write_i     (fill_write),
      .fill_zero_i      (fill_zero),
      .fill_data_i      (fe_rdata_i),
      .fill_unsigned_i  (command_q.in_unsigned),
      .fill_zero_point_i(in_zero),
      .step_valid_i     (mac_valid),
      .step_clear_i     (mac_clear),
      .step_zero_i      (mac_zero),
      .step_set_i       (mac_set),
      .step_bank_i      (mac_bank),
      .step_index_i     (step_index),
      .step_value_i     (value_data),
      .drain_valid_i    (drain_valid),
      .drain_set_i      (drain_set),
      .drain_sel_i      (drain_sel),
      .drain_quad_i     (drain_quad),
      .drain_data_o     (drain_data)
  );

  // ---- Drain and epilogue ----
  localparam int unsigned SelBits = (Pixels > OutPixels) ? $clog2(Pixels / OutPixels) : 1;
  localparam int unsigned QuadBits = (Quads > 1) ? $clog2(Quads) : 1;
  localparam int unsigned MetaWidth = AddrBits + OutPixels + 3 + 1;
  logic [Quads-1:0] drain_valid;
  logic drain_set, drain_busy, beat_valid, beat_last, epilogue_ready, result_last;
  logic [SelBits-1:0] drain_sel;
  logic [QuadBits-1:0] drain_quad;
  logic [OutPixels*Lanes*32-1:0] drain_data;
  logic [Lanes-1:0] beat_lanes;
  logic [AddrBits-1:0] beat_addr;
  logic [OutPixels-1:0] beat_mask;
  logic [2:0] beat_chunk;

  drain_control u_drain (
      .clk_i,
      .rst_ni,
      .start_i        (start),
      .command_i      (command_q),
      .tiles_i        (tiles_q),
      .busy_o         (drain_busy),
      .tile_done_i    (tile_done),
      .tile_set_i     (tile_set),
      .set_free_o     (set_free),
      .drain_valid_o  (drain_valid),
      .drain_set_o    (drain_set),
      .drain_sel_o    (drain_sel),
      .drain_quad_o   (drain_quad),
      .param_valid_i  (param_valid),
      .param_read_o   (param_read),
      .param_part_o   (param_part),
      .param_release_o(param_release),
      .second_valid_o (er_valid_o),
      .second_ready_i (er_ready_i),
      .second_addr_o  (er_addr_o),
      .second_mask_o  (er_mask_o),
      .second_chunk_o (er_chunk_o),
      .beat_valid_o   (beat_valid),
      .beat_lanes_o   (beat_lanes),
      .beat_addr_o    (beat_addr),
      .beat_mask_o    (beat_mask),
      .beat_chunk_o   (beat_chunk),
      .beat_last_o    (beat_last)
  );

  epilogue #(
      .MetaWidth(MetaWidth)
  ) u_epilogue (
      .clk_i,
      .rst_ni,
      .in_valid_i    (beat_valid),
      .in_ready_o    (epilogue_ready),
      .acc_i         (drain_data),
      .param_i       (param_data),
      .second_i      (er_rdata_i),
      .lane_valid_i  (beat_lanes),
      .meta_i        ({beat_last, beat_chunk, beat_mask, beat_addr}),
      .requant_zero_i(command_q.requant_zero),
      .requant_min_i (command_q.requant_min),
      .requant_max_i (command_q.requant_max),
      .add_enable_i  (command_q.add_enable),
      .add_unsigned_i(command_q.add_unsigned),
      .add_swap_i    (command_q.add_swap),
      .add_min_i     (command_q.add_min),
      .add_max_i     (command_q.add_max),
      .add_c0_i      (command_q.add_c0),
      .add_ra_i      (command_q.add_ra),
      .add_rb_i      (command_q.add_rb),
      .out_valid_o   (ew_valid_o),
      .out_ready_i   (1'b1),  // the local buffer never refuses a result
      .out_data_o    (ew_data_o),
      .out_meta_o    ({result_last, ew_chunk_o, ew_mask_o, ew_addr_o}),
      .busy_o        (epilogue_busy_o)
  );

  // ---- Status ----
  assign done_o = ew_valid_o && result_last;
  assign error_valid_o = weight_error;
  assign error_code_o = commands_pkg::ErrorWeightStream;
  assign progress_o = mac_valid || (step_valid && step_ready) || (beat_valid) || ew_valid_o ||
                      (fe_grant_i != '0) || (state_q == StSetup);
  assign waiting_o = {spu_stall_drain_o, spu_stall_weights_o, spu_stall_activations_o, 3'b000};
  assign spu_busy_o = state_q != StIdle;
  assign spu_mac_clocks_o = mac_valid;
  assign epilogue_stall_o = er_valid_o && !er_ready_i;

  always_comb begin : count_words
    int unsigned i;
    epilogue_words_o = '0;
    for (i = 0; i < OutPixels; i = i + 1) begin
      epilogue_words_o = epilogue_words_o + 6'(ew_valid_o && ew_mask_o[i]);
    end
  end

  // ---- Assertions ----
  logic unused_busy;
  assign unused_busy = fetch_busy ^ tile_busy ^ drain_busy;
  `S4_ASSERT(EpilogueAlwaysReady, !beat_valid || epilogue_ready)
  `S4_ASSERT(IdleWhenDone, !done_o || !(fetch_busy || tile_busy || drain_busy))

endmodule
