/// From compressed words to array steps: gather, the three circular buffers, index loader, decoder.
/// Keeps a group's weights over its pixel tiles and prefetches the next group into the free rows.
/// Steps and value chunks leave in step with each other but have their own handshakes, and each of
/// indices, values and parameters goes over to the next command on its own.
/// Model: sim/spu/weight_stream.hpp
module weight_path #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned ValueBits = config_pkg::ArrayLanes * 8,
    localparam int unsigned IndexBits = config_pkg::ArrayLanes * sparse_format_pkg::IndexBits,
    localparam int unsigned ParamBits = config_pkg::LanesPerQuadrant * 64
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // Words from the weight DMA
    input  logic                 word_valid_i,
    output logic                 word_ready_o,
    input  logic [        511:0] word_data_i,
    input  logic [          1:0] word_section_i,
    // Command of the index side, held while index_busy_o and until the next start_i. restart_i with
    // start_i: the shape is another than before. Its steps follow those of the former command.
    input  logic                 start_i,
    input  logic                 restart_i,
    input  logic [          1:0] shape_i,
    input  logic [         24:0] banks_i,
    input  logic [         23:0] tiles_i,
    input  logic [         15:0] groups_i,
    input  logic                 resident_i,
    input  logic                 keep_i,
    output logic                 index_busy_o,
    output logic                 error_o,
    // Steps
    output logic                 step_valid_o,
    input  logic                 step_ready_i,
    output logic                 step_mac_o,
    output logic                 step_last_o,
    output logic [IndexBits-1:0] step_index_o,
    // Values, in the shape of the steps being taken
    input  logic [          1:0] value_shape_i,
    input  logic                 value_restart_i,     // it is another than before
    output logic                 value_valid_o,
    output logic [ValueBits-1:0] value_data_o,
    input  logic                 value_consume_i,
    input  logic                 value_consume_last_i,
    input  logic                 value_pass_end_i,
    input  logic                 value_rewind_i,
    // Parameters, in the shape of the tile being drained
    input  logic [          1:0] param_shape_i,
    output logic                 param_valid_o,
    input  logic                 param_release_i,
    input  logic                 param_read_i,
    input  logic [          1:0] param_part_i,
    output logic [ParamBits-1:0] param_data_o
);

  // ---- Words to rows ----
  logic param_row_valid, param_row_ready, index_row_valid, index_row_ready;
  logic value_row_valid, value_row_ready;
  logic [ParamBits-1:0] param_row;
  logic [IndexBits-1:0] index_row;
  logic [ValueBits-1:0] value_row;

  weight_gather u_gather (
      .clk_i,
      .rst_ni,
      .word_valid_i,
      .word_ready_o,
      .word_data_i,
      .word_section_i,
      .param_valid_o(param_row_valid),
      .param_ready_i(param_row_ready),
      .param_data_o (param_row),
      .index_valid_o(index_row_valid),
      .index_ready_i(index_row_ready),
      .index_data_o (index_row),
      .value_valid_o(value_row_valid),
      .value_ready_i(value_row_ready),
      .value_data_o (value_row)
  );

  parameter_buffer u_parameters (
      .clk_i,
      .rst_ni,
      .row_valid_i   (param_row_valid),
      .row_ready_o   (param_row_ready),
      .row_data_i    (param_row),
      .release_rows_i(3'(3'(Quads) >> param_shape_i)),
      .valid_o       (param_valid_o),
      .release_i     (param_release_i),
      .re_i          (param_read_i),
      .part_i        (param_part_i),
      .data_o        (param_data_o)
  );

  weight_stream_buffer #(
      .LaneBits(8),
      .Rows    (config_pkg::ValueRows)
  ) u_values (
      .clk_i,
      .rst_ni,
      .row_valid_i   (value_row_valid),
      .row_ready_o   (value_row_ready),
      .row_data_i    (value_row),
      .shape_i       (value_shape_i),
      .restart_i     (value_restart_i),
      .chunk_valid_o (value_valid_o),
      .chunk_data_o  (value_data_o),
      .consume_i     (value_consume_i),
      .consume_last_i(value_consume_last_i),
      .pass_end_i    (value_pass_end_i),
      .rewind_i      (value_rewind_i),
      .skip_i        (1'b0)
  );

  // ---- Indices ----
  logic chunk_valid, consume, consume_last, pass_end, rewind, skip;
  logic [IndexBits-1:0] chunk_data;
  logic descriptor_valid, descriptor_ready, pair_valid, pair_ready;
  logic bitmap_valid, bitmap_last, bitmap_ready;
  logic [7:0] descriptor;

  weight_stream_buffer #(
      .LaneBits(sparse_format_pkg::IndexBits),
      .Rows    (config_pkg::IndexRows)
  ) u_indices (
      .clk_i,
      .rst_ni,
      .row_valid_i   (index_row_valid),
      .row_ready_o   (index_row_ready),
      .row_data_i    (index_row),
      .shape_i,
      .restart_i,
      .chunk_valid_o (chunk_valid),
      .chunk_data_o  (chunk_data),
      .consume_i     (consume),
      .consume_last_i(consume_last),
      .pass_end_i    (pass_end),
      .rewind_i      (rewind),
      .skip_i        (skip)
  );

  index_loader u_loader (
      .clk_i,
      .rst_ni,
      .start_i,
      .shape_i,
      .banks_i,
      .tiles_i,
      .groups_i,
      .resident_i,
      .keep_i,
      .busy_o            (index_busy_o),
      .error_o,
      .chunk_valid_i     (chunk_valid),
      .chunk_data_i      (chunk_data),
      .consume_o         (consume),
      .consume_last_o    (consume_last),
      .pass_end_o        (pass_end),
      .rewind_o          (rewind),
      .skip_o            (skip),
      .descriptor_valid_o(descriptor_valid),
      .descriptor_ready_i(descriptor_ready),
      .descriptor_o      (descriptor),
      .pair_valid_o      (pair_valid),
      .pair_ready_i      (pair_ready),
      .bitmap_valid_o    (bitmap_valid),
      .bitmap_last_o     (bitmap_last),
      .bitmap_ready_i    (bitmap_ready)
  );

  weight_decoder u_decoder (
      .clk_i,
      .rst_ni,
      .descriptor_valid_i(descriptor_valid),
      .descriptor_ready_o(descriptor_ready),
      .descriptor_i      (descriptor),
      .pair_valid_i      (pair_valid),
      .pair_ready_o      (pair_ready),
      .bitmap_valid_i    (bitmap_valid),
      .bitmap_last_i     (bitmap_last),
      .bitmap_ready_o    (bitmap_ready),
      .chunk_data_i      (chunk_data),
      .step_valid_o,
      .step_ready_i,
      .step_mac_o,
      .step_last_o,
      .step_index_o
  );

endmodule
