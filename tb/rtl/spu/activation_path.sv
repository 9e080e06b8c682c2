/// Pixel walker and activation fetch as they sit in the SPU, with their counts of tiles and groups
/// as inputs: cmd_i is prepared from walk_start_i on and fetched from fetch_load_i on.
/// Test: tests/spu/activation_fetch_test.cpp
module activation_path #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Group     = config_pkg::PixelsPerQuadrant,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned CoordBits = 20,
    localparam int unsigned SlotBits  = $clog2(spu_pkg::OperandBanks)
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    input  logic [commands_pkg::CommandBits-1:0] cmd_i,
    input  logic                                 walk_start_i,
    output logic                                 walk_ready_o,
    input  logic                                 fetch_load_i,
    input  logic [                         23:0] tiles_i,
    input  logic [                         15:0] groups_i,
    output logic                                 busy_o,
    output logic                                 last_group_o,
    // Local buffer
    output logic                                 pair_o,
    output logic [                  2*Group-1:0] read_valid_o,
    output logic [         2*Group*AddrBits-1:0] read_addr_o,
    output logic                                 read_stride2_o,
    input  logic [                  2*Group-1:0] read_grant_i,
    // Operand banks
    output logic [                          1:0] fill_valid_o,
    output logic                                 fill_pair_o,
    output logic [                  2*Quads-1:0] fill_quads_o,
    output logic [               2*SlotBits-1:0] fill_bank_o,
    output logic [                          1:0] fill_both_o,
    output logic [                  2*Group-1:0] fill_write_o,
    output logic [                  2*Group-1:0] fill_zero_o,
    input  logic                                 pool_credit_i,
    output logic                                 pool_take_o,
    output logic                                 fill_first_o,
    output logic                                 fill_last_o,
    output logic                                 bank_valid_o,
    output logic [                 SlotBits-1:0] bank_o,
    input  logic                                 bank_release_i,
    // Counters
    output logic [                          1:0] groups_done_o,
    output logic                                 conflict_o
);

  commands_pkg::spu_command_t command, fetch_q;
  logic fetch_start_q;
  logic [23:0] tiles_q;
  logic [15:0] groups_q;
  logic walk_hold, advance, restart;
  logic [1:0] part;
  logic [2*Group*AddrBits-1:0] window_addr;
  logic [2*Group*CoordBits-1:0] window_row, window_column;
  assign command = cmd_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) fetch_start_q <= 1'b0;
    else fetch_start_q <= fetch_load_i;
  end
  always_ff @(posedge clk_i) begin
    if (fetch_load_i) begin
      fetch_q  <= command;
      tiles_q  <= tiles_i;
      groups_q <= groups_i;
    end
  end

  pixel_walker u_walker (
      .clk_i,
      .rst_ni,
      .start_i     (walk_start_i),
      .shape_i     (command.shape[1:0]),
      .in_addr_i   (command.in_addr[AddrBits-1:0]),
      .in_image_i  (command.in_image[AddrBits-1:0]),
      .in_row_i    (command.in_row),
      .out_height_i(command.out_height),
      .out_width_i (command.out_width),
      .stride_h_i  (command.stride_h),
      .stride_w_i  (command.stride_w),
      .pad_top_i   (command.pad_top),
      .pad_left_i  (command.pad_left),
      .ready_o     (walk_ready_o),
      .load_i      (fetch_load_i),
      .hold_o      (walk_hold),
      .advance_i   (advance),
      .restart_i   (restart),
      .part_i      (part),
      .addr_o      (window_addr),
      .row_o       (window_row),
      .column_o    (window_column)
  );

  activation_fetch u_fetch (
      .clk_i,
      .rst_ni,
      .start_i  (fetch_start_q),
      .command_i(fetch_q),
      .tiles_i  (tiles_q),
      .groups_i (groups_q),
      .busy_o,
      .last_group_o,
      .hold_i   (walk_hold),
      .advance_o(advance),
      .restart_o(restart),
      .part_o   (part),
      .addr_i   (window_addr),
      .row_i    (window_row),
      .column_i (window_column),
      .pair_o,
      .read_valid_o,
      .read_addr_o,
      .read_stride2_o,
      .read_grant_i,
      .fill_valid_o,
      .fill_pair_o,
      .fill_quads_o,
      .fill_bank_o,
      .fill_both_o,
      .fill_write_o,
      .fill_zero_o,
      .fill_arrived_o(),
      .pool_credit_i,
      .pool_take_o,
      .fill_first_o,
      .fill_last_o,
      .bank_pair_i (fetch_q.dtype == commands_pkg::DtypeBf16),
      .bank_align_i(fetch_start_q && fetch_q.dtype == commands_pkg::DtypeBf16),
      .bank_valid_o,
      .bank_o,
      .bank_release_i,
      .groups_done_o,
      .conflict_o
  );

endmodule
