/// Sparse processing unit: convolutions and matrix products on compressed sparse weights.
/// For every group, tile and bank K clocks of the whole array, while activations are fetched ahead,
/// weights stream in and finished tiles drain through the epilogue. Two commands at a time: fetch,
/// index side, array and drain each go over to the next command when they are done with the former
/// one, so that its steps follow 3 clocks later and its first tiles are computed while the last one
/// before drains. done_o pulses, in order, when a command's last result is in the local buffer.
/// Model: sim/spu/spu.hpp
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
    output logic                                 fe_pair_o,
    output logic [                 2*Pixels-1:0] fe_valid_o,
    output logic [        2*Pixels*AddrBits-1:0] fe_addr_o,
    output logic                                 fe_stride2_o,
    input  logic [                 2*Pixels-1:0] fe_grant_i,
    input  logic [             2*Pixels*512-1:0] fe_rdata_i,
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
    output logic [                          1:0] fetch_groups_o,
    output logic                                 fetch_conflicts_o,
    output logic                                 epilogue_busy_o,
    output logic                                 epilogue_stall_o,
    output logic [                          5:0] epilogue_words_o,
    output logic                                 epilogue_invalid_o
);

  // ---- Commands: each part's own, and when it starts ----
  commands_pkg::spu_command_t next, fetch_q, back_q;
  spu_pkg::loops_t index_q, array_q;
  logic [23:0] fetch_tiles, back_tiles, array_pixels;
  logic [15:0] fetch_groups, array_channels;
  logic walk_start, walk_ready, fetch_load, fetch_start, index_start, array_start, back_start;
  logic array_bf16, index_restart, array_restart, hand_over, error_newer;
  logic fetch_busy, fetch_last_group, index_busy, array_busy, drain_busy, back_busy;

  spu_commands u_commands (
      .clk_i,
      .rst_ni,
      .cmd_valid_i,
      .cmd_ready_o,
      .cmd_i,
      .next_o            (next),
      .walk_start_o      (walk_start),
      .walk_ready_i      (walk_ready),
      .fetch_load_o      (fetch_load),
      .fetch_start_o     (fetch_start),
      .fetch_o           (fetch_q),
      .fetch_tiles_o     (fetch_tiles),
      .fetch_groups_o    (fetch_groups),
      .fetch_busy_i      (fetch_busy),
      .fetch_last_group_i(fetch_last_group),
      .index_start_o     (index_start),
      .index_restart_o   (index_restart),
      .index_o           (index_q),
      .index_busy_i      (index_busy),
      .array_start_o     (array_start),
      .array_restart_o   (array_restart),
      .array_o           (array_q),
      .array_bf16_o      (array_bf16),
      .array_pixels_o    (array_pixels),
      .array_channels_o  (array_channels),
      .array_busy_i      (array_busy),
      .back_start_o      (back_start),
      .back_o            (back_q),
      .back_tiles_o      (back_tiles),
      .back_done_i       (done_o),
      .busy_o            (spu_busy_o),
      .back_busy_o       (back_busy),
      .error_newer_o     (error_newer),
      .progress_o        (hand_over)
  );
  logic unused_next;
  assign unused_next = ^next;

  // ---- Weights ----
  logic step_valid, step_ready, step_mac, step_last, weight_error;
  logic [IndexBits-1:0] step_index;
  logic value_valid, value_consume, value_consume_last, value_pass_end, value_rewind;
  logic [ValueBits-1:0] value_data;
  logic param_valid, param_release, param_read;
  logic [Lanes*64-1:0] param_data;

  weight_path u_weights (
      .clk_i,
      .rst_ni,
      .word_valid_i        (wt_valid_i),
      .word_ready_o        (wt_ready_o),
      .word_data_i         (wt_data_i),
      .word_section_i      (wt_section_i),
      .start_i             (index_start),
      .restart_i           (index_restart),
      .shape_i             (index_q.shape),
      .banks_i             (index_q.banks),
      .tiles_i             (index_q.tiles),
      .groups_i            (index_q.groups),
      .resident_i          (index_q.resident),
      .keep_i              (index_q.keep),
      .index_busy_o        (index_busy),
      .error_o             (weight_error),
      .step_valid_o        (step_valid),
      .step_ready_i        (step_ready),
      .step_mac_o          (step_mac),
      .step_last_o         (step_last),
      .step_index_o        (step_index),
      .value_shape_i       (array_q.shape),
      .value_restart_i     (array_restart),
      .value_valid_o       (value_valid),
      .value_data_o        (value_data),
      .value_consume_i     (value_consume),
      .value_consume_last_i(value_consume_last),
      .value_pass_end_i    (value_pass_end),
      .value_rewind_i      (value_rewind),
      .param_shape_i       (back_q.shape[1:0]),
      .param_valid_o       (param_valid),
      .param_release_i     (param_release),
      .param_read_i        (param_read),
      .param_part_i        (drain_part[1:0]),
      .param_data_o        (param_data)
  );

  // ---- Activations ----
  logic walk_hold, walk_advance, walk_restart, bank_valid, bank_release;
  logic [1:0] walk_part;
  logic [2*Pixels*AddrBits-1:0] window_addr;
  logic [2*Pixels*CoordBits-1:0] window_row, window_column;
  logic [1:0] fill_valid;
  logic fill_pair;
  logic [1:0] groups_done;
  logic [2*Quads-1:0] fill_quads;
  logic [2*SlotBits-1:0] fill_bank;
  logic [1:0] fill_both;
  logic [SlotBits-1:0] bank;
  logic [2*Pixels-1:0] fill_write, fill_zero;
  logic pool_credit, pool_take, fill_first, fill_last;
  logic [2*(Pixels/4+1)-1:0] fill_arrived;
  logic [2*Pixels*512-1:0] fill_data;

  pixel_walker u_walker (
      .clk_i,
      .rst_ni,
      .start_i     (walk_start),
      .shape_i     (next.shape[1:0]),
      .in_addr_i   (next.in_addr[AddrBits-1:0]),
      .in_image_i  (next.in_image[AddrBits-1:0]),
      .in_row_i    (next.in_row),
      .out_height_i(next.out_height),
      .out_width_i (next.out_width),
      .stride_h_i  (next.stride_h),
      .stride_w_i  (next.stride_w),
      .pad_top_i   (next.pad_top),
      .pad_left_i  (next.pad_left),
      .ready_o     (walk_ready),
      .load_i      (fetch_load),
      .hold_o      (walk_hold),
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
      .start_i       (fetch_start),
      .command_i     (fetch_q),
      .tiles_i       (fetch_tiles),
      .groups_i      (fetch_groups),
      .busy_o        (fetch_busy),
      .last_group_o  (fetch_last_group),
      .hold_i        (walk_hold),
      .advance_o     (walk_advance),
      .restart_o     (walk_restart),
      .part_o        (walk_part),
      .addr_i        (window_addr),
      .row_i         (window_row),
      .column_i      (window_column),
      .pair_o        (fe_pair_o),
      .read_valid_o  (fe_valid_o),
      .read_addr_o   (fe_addr_o),
      .read_stride2_o(fe_stride2_o),
      .read_grant_i  (fe_grant_i),
      .fill_valid_o  (fill_valid),
      .fill_pair_o   (fill_pair),
      .fill_quads_o  (fill_quads),
      .fill_bank_o   (fill_bank),
      .fill_both_o   (fill_both),
      .fill_write_o  (fill_write),
      .fill_zero_o   (fill_zero),
      .fill_arrived_o(fill_arrived),
      .pool_credit_i (pool_credit),
      .pool_take_o   (pool_take),
      .fill_first_o  (fill_first),
      .fill_last_o   (fill_last),
      .bank_pair_i   (array_bf16),
      .bank_align_i  (array_start && array_bf16),
      .bank_valid_o  (bank_valid),
      .bank_o        (bank),
      .bank_release_i(bank_release),
      .groups_done_o (groups_done),
      .conflict_o    (fetch_conflicts_o)
  );

  for (genvar g = 0; g < 2; g++) begin : gen_window
    quarter_window u_window (
        .clk_i,
        .quarters_i(fetch_q.in_quarters),
        .arrived_i (fill_arrived[g*(Pixels/4+1)+:Pixels/4+1]),
        .data_i    (fe_rdata_i[g*Pixels*512+:Pixels*512]),
        .data_o    (fill_data[g*Pixels*512+:Pixels*512])
    );
  end

  // ---- Array ----
  logic mac_low, mac_valid, mac_clear, mac_zero, mac_set, tile_done, tile_set, set_free, pool_free;
  logic [SlotBits-1:0] mac_bank;

  tile_control u_tiles (
      .clk_i,
      .rst_ni,
      .start_i             (array_start),
      .banks_i             (array_q.banks),
      .tiles_i             (array_q.tiles),
      .groups_i            (array_q.groups),
      .resident_i          (array_q.resident),
      .keep_i              (array_q.keep),
      .bf16_i              (array_bf16),
      .shape_i             (array_q.shape),
      .pixels_i            (array_pixels),
      .channels_i          (array_channels),
      .busy_o              (array_busy),
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
      .mac_low_o           (mac_low),
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
      .rst_ni,
      .fill_valid_i     (fetch_q.max_pool ? '0 : fill_valid),
      .fill_pair_i      (fill_pair),
      .fill_quads_i     (fill_quads),
      .fill_bank_i      (fill_bank),
      .fill_both_i      (fill_both),
      .fill_write_i     (fill_write),
      .fill_zero_i      (fill_zero),
      .fill_data_i      (fill_data),
      .fill_unsigned_i  (fetch_q.in_unsigned),  // BF16 does not see a byte's sign
      .fill_zero_point_i(fetch_q.in_zero),
      .step_low_i       (mac_low),
      .step_valid_i     (mac_valid),
      .step_bf16_i      (array_bf16),
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

  // ---- Pooling ----
  logic pool_tile_valid, pool_read;
  logic [2:0] drain_part;
  logic [OutPixels*Lanes*32-1:0] pool_data;

  max_pool u_pool (
      .clk_i,
      .rst_ni,
      .take_i         (pool_take),
      .credit_o       (pool_credit),
      .fill_valid_i   (fill_valid[0] && fetch_q.max_pool),
      .fill_first_i   (fill_first),
      .fill_last_i    (fill_last),
      .fill_write_i   (fill_write[Pixels-1:0]),
      .fill_data_i    (fe_rdata_i[Pixels*512-1:0]),
      .fill_unsigned_i(fetch_q.in_unsigned),
      .fill_bf16_i    (fetch_q.out_bf16),
      .tile_valid_o   (pool_tile_valid),
      .tile_free_i    (pool_free),
      .read_i         (pool_read),
      .read_sel_i     (drain_sel),
      .read_chunk_i   (drain_part),
      .read_unsigned_i(back_q.in_unsigned),
      .read_bf16_i    (back_q.out_bf16),
      .read_data_o    (pool_data)
  );

  // ---- Drain and epilogue ----
  localparam int unsigned SelBits = (Pixels > OutPixels) ? $clog2(Pixels / OutPixels) : 1;
  localparam int unsigned QuadBits = (Quads > 1) ? $clog2(Quads) : 1;
  localparam logic [31:0] UnitScale = 32'h3f80_0000;  // 1.0: a pooled byte stays as it is
  logic [Quads-1:0] drain_valid;
  logic drain_set, beat_valid, beat_half, beat_last;
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
      .start_i        (back_start),
      .command_i      (back_q),
      .tiles_i        (back_tiles),
      .busy_o         (drain_busy),
      .hold_i         (load_table),
      .tile_done_i    (tile_done),
      .tile_set_i     (tile_set),
      .pool_valid_i   (pool_tile_valid),
      .set_free_o     (set_free),
      .pool_free_o    (pool_free),
      .drain_valid_o  (drain_valid),
      .drain_set_o    (drain_set),
      .drain_sel_o    (drain_sel),
      .drain_quad_o   (drain_quad),
      .pool_read_o    (pool_read),
      .param_valid_i  (param_valid),
      .param_read_o   (param_read),
      .part_o         (drain_part),
      .param_release_o(param_release),
      .second_valid_o (second_valid),
      .second_ready_i (er_ready_i),
      .second_addr_o  (second_addr),
      .second_mask_o  (second_mask),
      .second_chunk_o (second_chunk),
      .beat_valid_o   (beat_valid),
      .beat_lanes_o   (beat_lanes),
      .beat_addr_o    (beat_addr),
      .beat_mask_o    (beat_mask),
      .beat_chunk_o   (beat_chunk),
      .beat_half_o    (beat_half),
      .beat_last_o    (beat_last)
  );

  logic result_last, load_table, table_read;
  logic [AddrBits-1:0] table_addr, second_addr;
  logic [OutPixels-1:0] table_mask, second_mask;
  logic [2:0] table_chunk, second_chunk;
  logic second_valid;

  result_path u_results (
      .clk_i,
      .rst_ni,
      .start_i      (back_start),
      .command_i    (back_q),
      .command_on_i (back_busy),
      .beat_valid_i (beat_valid),
      .beat_half_i  (beat_half),
      .beat_lanes_i (beat_lanes),
      .beat_mask_i  (beat_mask),
      .beat_meta_i  ({beat_last, beat_chunk, beat_addr}),
      .acc_i        (back_q.max_pool ? pool_data : drain_data),
      .param_i      (back_q.max_pool ? {{Lanes{UnitScale}}, {(32 * Lanes) {1'b0}}} : param_data),
      .second_i     (er_rdata_i),
      .table_busy_o (load_table),
      .read_valid_o (table_read),
      .read_ready_i (er_ready_i),
      .read_addr_o  (table_addr),
      .read_mask_o  (table_mask),
      .read_chunk_o (table_chunk),
      .out_valid_o  (ew_valid_o),
      .out_data_o   (ew_data_o),
      .out_mask_o   (ew_mask_o),
      .out_meta_o   ({result_last, ew_chunk_o, ew_addr_o}),
      .busy_o       (epilogue_busy_o),
      .invalid_o    (epilogue_invalid_o)
  );

  // The table is read before the first beat asks for a second tensor.
  assign er_valid_o = table_read || second_valid;
  assign er_addr_o  = load_table ? table_addr : second_addr;
  assign er_mask_o  = load_table ? table_mask : second_mask;
  assign er_chunk_o = load_table ? table_chunk : second_chunk;

  // ---- Status ----
  assign fetch_groups_o = 2'(groups_done[0]) + 2'(groups_done[1]);
  assign done_o = ew_valid_o && result_last;
  // An error of a command that is not yet the oldest waits for the former one's completion.
  logic error_q;
  assign error_valid_o = error_q || (weight_error && !error_newer);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) error_q <= 1'b0;
    else error_q <= error_valid_o;
  end

  assign error_code_o = commands_pkg::ErrorWeightStream;
  assign progress_o = mac_valid || mac_low || (step_valid && step_ready) || beat_valid ||
                      ew_valid_o || (fe_grant_i != '0) || hand_over;
  assign waiting_o = {spu_stall_drain_o, spu_stall_weights_o, spu_stall_activations_o, 3'b000};
  assign spu_mac_clocks_o = mac_valid || mac_low;
  assign epilogue_stall_o = er_valid_o && !er_ready_i;

  always_comb begin : count_words
    int unsigned i;
    epilogue_words_o = '0;
    for (i = 0; i < OutPixels; i = i + 1) begin
      epilogue_words_o = epilogue_words_o + 6'(ew_valid_o && ew_mask_o[i]);
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(DoneOfRunning, !done_o || (back_busy && !drain_busy))

endmodule
