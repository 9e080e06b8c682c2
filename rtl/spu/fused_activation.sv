/// The activation lanes behind the epilogue: takes a beat of results apart into four of bytes or
/// two of BF16 for the lanes, of which there are a quarter as many, and joins their results. So
/// byte beats are at least four clocks apart and BF16 beats two, which drain_control sees to. The
/// results of a beat come LaneLatency + 5 clocks after it (BF16: + 3), in order. The lanes' clock
/// runs only while enable_i, which stands from the clock before the first beat until the last
/// result is out. Model: sim/spu/spu.cpp
`include "assert.svh"

module fused_activation #(
    parameter  int unsigned MetaWidth  = 1,  // of what accompanies a beat
    localparam int unsigned Lanes      = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels     = config_pkg::EpiloguePixels,
    localparam int unsigned NumResults = Pixels * Lanes,
    localparam int unsigned Width      = NumResults * 8,
    localparam int unsigned Part       = NumResults / 4  // activation lanes
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // Command: held while a beat is inside
    input  logic                 enable_i,
    input  logic                 wide_i,      // BF16
    input  logic                 table_i,
    input  logic [          3:0] function_i,
    // Table, while no beat is inside
    input  logic                 row_valid_i,
    input  logic [          4:0] row_i,
    input  logic [         63:0] row_data_i,
    // Beats in: result (pixel e, lane o) at e * Lanes + o; of BF16 half as many lanes
    input  logic                 in_valid_i,
    input  logic [    Width-1:0] in_data_i,
    input  logic [    Lanes-1:0] in_lanes_i,  // that exist, BF16: in the lower half; others give 0
    input  logic [   Pixels-1:0] in_mask_i,   // pixels that exist
    input  logic [MetaWidth-1:0] in_meta_i,
    // Beats out
    output logic                 out_valid_o,
    output logic [    Width-1:0] out_data_o,
    output logic [MetaWidth-1:0] out_meta_o,
    output logic                 busy_o,
    // Event: an input without a value
    output logic                 invalid_o
);

  localparam int unsigned Half = Lanes / 2;

  // ---- Clock: it runs in reset too, see activation_engine ----
  logic awake_q, clk_lanes;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) awake_q <= 1'b1;
    else awake_q <= enable_i;
  end

  clock_gate u_clock_gate (
      .clk_i,
      .enable_i(awake_q),
      .clk_o   (clk_lanes)
  );

  // ---- A beat, its parts from the bottom ----
  logic [2:0] left_q;  // parts that wait, this one included
  logic [Width-1:0] data_q;
  logic [NumResults-1:0] exist_q, exist;
  logic [MetaWidth-1:0] meta_q;

  always_comb begin : existing
    int unsigned e, o;
    e = 0;
    o = 0;
    exist = '0;
    if (in_valid_i) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        if (wide_i) begin
          for (o = 0; o < Half; o = o + 1) exist[e*Half+o] = in_mask_i[e] && in_lanes_i[o];
        end else begin
          for (o = 0; o < Lanes; o = o + 1) exist[e*Lanes+o] = in_mask_i[e] && in_lanes_i[o];
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) left_q <= '0;
    else if (in_valid_i) left_q <= wide_i ? 3'd2 : 3'd4;
    else if (left_q != '0) left_q <= left_q - 3'd1;
  end
  always_ff @(posedge clk_i) begin
    if (in_valid_i) begin
      data_q  <= in_data_i;
      exist_q <= exist;
      meta_q  <= in_meta_i;
    end else if (left_q != '0) begin
      data_q  <= wide_i ? data_q >> (Part * 16) : data_q >> (Part * 8);
      exist_q <= exist_q >> Part;
    end
  end

  // ---- Lanes ----
  logic [Part*16-1:0] part, result;
  logic ready, part_valid, part_last, lanes_busy;
  logic [MetaWidth-1:0] part_meta;

  always_comb begin : widen
    int unsigned n;
    n    = 0;
    part = data_q[Part*16-1:0];
    if (!wide_i) begin
      for (n = 0; n < Part; n = n + 1) part[n*16+:16] = {8'd0, data_q[n*8+:8]};
    end
  end

  activation_array #(
      .MetaWidth(MetaWidth + 1)
  ) u_lanes (
      .clk_i          (clk_lanes),
      .rst_ni,
      .in_valid_i     (left_q != '0),
      .in_ready_o     (ready),
      .in_data_i      (part),
      .in_function_i  (function_i),
      .in_table_i     (table_i),
      .in_lane_valid_i(exist_q[Part-1:0]),
      .in_meta_i      ({left_q == 3'd1, meta_q}),
      .table_we_i     (row_valid_i),
      .table_row_i    (row_i),
      .table_data_i   (row_data_i),
      .out_valid_o    (part_valid),
      .out_ready_i    (1'b1),
      .out_data_o     (result),
      .out_meta_o     ({part_last, part_meta}),
      .busy_o         (lanes_busy),
      .invalid_o      (invalid_o),
      .invalid_clear_i(1'b1)
  );

  // ---- Results, the latest part on top ----
  logic [Width-1:0] joined;
  always_comb begin : join_parts
    int unsigned n;
    n = 0;
    if (wide_i) begin
      joined = {result, out_data_o[Width-1:Part*16]};
    end else begin
      joined = {{(Part * 8) {1'b0}}, out_data_o[Width-1:Part*8]};
      for (n = 0; n < Part; n = n + 1) joined[Width-Part*8+n*8+:8] = result[n*16+:8];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) out_valid_o <= 1'b0;
    else out_valid_o <= part_valid && part_last;
  end
  always_ff @(posedge clk_i) begin
    if (part_valid) begin
      out_data_o <= joined;
      out_meta_o <= part_meta;
    end
  end
  assign busy_o = left_q != '0 || lanes_busy || out_valid_o;

  // ---- Assertions ----
  `S4_ASSERT(LanesReady, left_q == '0 || ready)
  `S4_ASSERT(BeatsApart, !in_valid_i || left_q <= 3'd1)
  `S4_ASSERT(Awake, !(in_valid_i || left_q != '0) || awake_q)

endmodule
