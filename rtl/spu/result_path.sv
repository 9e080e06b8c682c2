/// From accumulators to what is written: the integer or the floating-point epilogue, then the
/// activation lanes if the command names an activation. Pooled BF16 pass no epilogue, whose
/// arithmetic has no subnormal numbers: they are results in the clock of their beat. Beats come as
/// drain_control issues them, one per clock without an activation; every result comes out once, in
/// order, and is never refused. With a table, table_busy_o stands from the clock after start_i
/// until it is there; no beat comes before. Model: sim/spu/spu.cpp
`include "assert.svh"

module result_path #(
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::EpiloguePixels,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned Half      = Lanes / 2,
    localparam int unsigned Width     = Pixels * Lanes * 8,
    localparam int unsigned MetaWidth = AddrBits + 3 + 1
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Command, held until its last result is out
    input  logic                       start_i,
    input  commands_pkg::spu_command_t command_i,
    input  logic                       command_on_i,  // from start_i to the last result
    // Beats
    input  logic                       beat_valid_i,
    input  logic                       beat_half_i,
    input  logic [          Lanes-1:0] beat_lanes_i,
    input  logic [         Pixels-1:0] beat_mask_i,
    input  logic [      MetaWidth-1:0] beat_meta_i,
    input  logic [Pixels*Lanes*32-1:0] acc_i,
    input  logic [       Lanes*64-1:0] param_i,       // biases, scales
    input  logic [          Width-1:0] second_i,
    // Local buffer: the activation table, by the port of the second tensor
    output logic                       table_busy_o,
    output logic                       read_valid_o,
    input  logic                       read_ready_i,
    output logic [       AddrBits-1:0] read_addr_o,
    output logic [         Pixels-1:0] read_mask_o,
    output logic [                2:0] read_chunk_o,
    // Results of a lane chunk
    output logic                       out_valid_o,
    output logic [          Width-1:0] out_data_o,
    output logic [         Pixels-1:0] out_mask_o,
    output logic [      MetaWidth-1:0] out_meta_o,
    output logic                       busy_o,
    output logic                       invalid_o      // event
);

  // ---- Epilogues: one of the two works at a time, or none ----
  localparam int unsigned BeatWidth = Lanes + Pixels + MetaWidth;
  logic floats, wide, pooled, pass_valid;
  logic epilogue_ready, int_valid, int_busy, float_valid, float_busy, valid;
  logic [Lanes-1:0] lanes, result_lanes;
  logic [BeatWidth-1:0] beat, int_beat, float_beat, result;
  logic [Width-1:0] int_data, float_data, pass_data, data;
  assign wide   = command_i.out_bf16;
  assign pooled = command_i.max_pool && wide;
  assign floats = !pooled && (command_i.dtype == commands_pkg::DtypeBf16 || wide ||
                              command_i.float_epilogue);
  // A beat of BF16 results has half of the lanes.
  assign lanes  = (wide && beat_half_i) ? beat_lanes_i >> Half : beat_lanes_i;
  assign beat   = {lanes, beat_mask_i, beat_meta_i};

  epilogue #(
      .MetaWidth(BeatWidth)
  ) u_epilogue (
      .clk_i,
      .rst_ni,
      .in_valid_i    (beat_valid_i && !floats && !pooled),
      .in_ready_o    (epilogue_ready),
      .acc_i,
      .param_i,
      .second_i,
      .lane_valid_i  (beat_lanes_i),
      .meta_i        (beat),
      .requant_zero_i(command_i.requant_zero),
      .requant_min_i (command_i.requant_min),
      .requant_max_i (command_i.requant_max),
      .add_enable_i  (command_i.add_enable),
      .second_use_i  (command_i.second_use),
      .second_zero_i (command_i.second_zero),
      .add_unsigned_i(command_i.add_unsigned),
      .add_swap_i    (command_i.add_swap),
      .add_min_i     (command_i.add_min),
      .add_max_i     (command_i.add_max),
      .add_c0_i      (command_i.add_c0),
      .add_ra_i      (command_i.add_ra),
      .add_rb_i      (command_i.add_rb),
      .out_valid_o   (int_valid),
      .out_ready_i   (1'b1),  // what follows never refuses a result
      .out_data_o    (int_data),
      .out_meta_o    (int_beat),
      .busy_o        (int_busy)
  );

  float_epilogue #(
      .MetaWidth(BeatWidth)
  ) u_float (
      .clk_i,
      .rst_ni,
      .command_i,
      .in_valid_i(beat_valid_i && floats),
      .in_half_i (beat_half_i),
      .in_meta_i (beat),
      .in_lanes_i(beat_lanes_i),
      .acc_i,
      .param_i,
      .second_i,
      .valid_o   (float_valid),
      .meta_o    (float_beat),
      .data_o    (float_data),
      .busy_o    (float_busy)
  );

  // ---- Pooled BF16: a byte in each lane, two lanes a number ----
  assign pass_valid = beat_valid_i && pooled;
  always_comb begin : pass
    int unsigned e, o;
    e = 0;
    o = 0;
    pass_data = '0;
    if (pass_valid) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          if (beat_lanes_i[o/2]) pass_data[(e*Lanes+o)*8+:8] = acc_i[(e*Lanes+o)*32+:8];
        end
      end
    end
  end

  assign valid  = int_valid || float_valid || pass_valid;
  assign data   = pass_valid ? pass_data : float_valid ? float_data : int_data;
  assign result = pass_valid ? beat : float_valid ? float_beat : int_beat;

  // ---- Activation ----
  logic activated, table_used, row_valid, fused_valid, fused_busy;
  logic [3:0] code;
  logic [4:0] row;
  logic [63:0] row_data;
  logic [Width-1:0] fused_data;
  logic [Pixels-1:0] result_mask, fused_mask;
  logic [MetaWidth-1:0] result_meta, fused_meta;
  assign activated  = command_i.activation != '0;
  assign table_used = command_i.activation == 8'(commands_pkg::ActivationTable);
  assign code       = 4'(command_i.activation - 8'd1);
  assign {result_lanes, result_mask, result_meta} = result;

  table_loader u_table (
      .clk_i,
      .rst_ni,
      .start_i     (start_i && table_used),
      .table_addr_i(command_i.table_addr[AddrBits-1:0]),
      .busy_o      (table_busy_o),
      .read_valid_o,
      .read_ready_i,
      .read_addr_o,
      .read_mask_o,
      .read_chunk_o,
      .read_data_i (second_i),
      .row_valid_o (row_valid),
      .row_o       (row),
      .row_data_o  (row_data)
  );

  fused_activation #(
      .MetaWidth(Pixels + MetaWidth)
  ) u_activation (
      .clk_i,
      .rst_ni,
      .enable_i   (command_on_i && activated),
      .wide_i     (wide),
      .table_i    (table_used),
      .function_i (code),
      .row_valid_i(row_valid),
      .row_i      (row),
      .row_data_i (row_data),
      .in_valid_i (valid && activated),
      .in_data_i  (data),
      .in_lanes_i (result_lanes),
      .in_mask_i  (result_mask),
      .in_meta_i  ({result_mask, result_meta}),
      .out_valid_o(fused_valid),
      .out_data_o (fused_data),
      .out_meta_o ({fused_mask, fused_meta}),
      .busy_o     (fused_busy),
      .invalid_o
  );

  // ---- Results ----
  assign out_valid_o = activated ? fused_valid : valid;
  assign out_data_o  = activated ? fused_data : data;
  assign out_mask_o  = activated ? fused_mask : result_mask;
  assign out_meta_o  = activated ? fused_meta : result_meta;
  assign busy_o      = int_busy || float_busy || fused_busy || pass_valid;

  logic unused_command;
  assign unused_command = ^command_i;

  // ---- Assertions ----
  `S4_ASSERT(EpilogueAlwaysReady, !(beat_valid_i && !floats && !pooled) || epilogue_ready)
  `S4_ASSERT(NoBeatBeforeTable, !(beat_valid_i && table_busy_o))

endmodule
