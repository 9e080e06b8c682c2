/// Lanes of the activation engine behind valid/ready: a function or an INT8 table on every lane.
/// One beat of Lanes results per clock, the same latency for both: a beat accepted at one edge is
/// offered after the edge LaneLatency - 1 clocks on. In order, none dropped. All stages move
/// together, when the output is empty or taken: in_ready_o follows out_ready_i in the same clock
/// while the output is full. Model: sim/activation/activation_function.hpp
`include "assert.svh"

module activation_array #(
    parameter int unsigned MetaWidth = 1,  // bits that accompany a beat, >= 1
    // A quarter of the epilogue's lanes: 128 in s4
    localparam int unsigned Lanes =
        (config_pkg::EpiloguePixels * config_pkg::LanesPerQuadrant + 3) / 4
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // Beats in: BF16, or INT8 in the low byte of each lane if in_table_i
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [ Lanes*16-1:0] in_data_i,
    input  logic [          3:0] in_function_i,
    input  logic                 in_table_i,
    input  logic [    Lanes-1:0] in_lane_valid_i,  // others give 0 and raise no flag
    input  logic [MetaWidth-1:0] in_meta_i,
    // Table: eight bytes of row r answer the bytes 8 r to 8 r + 7. Written while no beat that uses
    // a table is inside.
    input  logic                 table_we_i,
    input  logic [          4:0] table_row_i,
    input  logic [         63:0] table_data_i,
    // Beats out; table results in the low byte, the upper one 0
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [ Lanes*16-1:0] out_data_o,
    output logic [MetaWidth-1:0] out_meta_o,
    // A beat is inside
    output logic                 busy_o,
    // A function had no value for an input since the last clear; the clear loses against a new one
    output logic                 invalid_o,
    input  logic                 invalid_clear_i
);

  localparam int unsigned Latency = activation_pkg::LaneLatency;

  `S4_CHECK_PARAM(gen_check_meta, MetaWidth >= 1)

  // ---- Control ----
  logic [Latency-1:0] valid_q, table_q, step;
  logic advance;

  assign advance     = !valid_q[Latency-1] || out_ready_i;
  assign step        = advance ? {valid_q[Latency-2:0], in_valid_i} : '0;
  assign in_ready_o  = advance;
  assign out_valid_o = valid_q[Latency-1];
  assign busy_o      = valid_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (advance) valid_q <= {valid_q[Latency-2:0], in_valid_i};
  end

  // ---- What accompanies a beat, the latest stage on top ----
  localparam int unsigned CompanionBits = Lanes + MetaWidth;
  logic [Latency*CompanionBits-1:0] companions_q;
  logic [Lanes-1:0] lane_valid;

  always_ff @(posedge clk_i) begin
    if (advance && (in_valid_i || busy_o)) begin
      companions_q <= {companions_q[(Latency-1)*CompanionBits-1:0], in_lane_valid_i, in_meta_i};
      table_q <= {table_q[Latency-2:0], in_table_i};
    end
  end
  assign {lane_valid, out_meta_o} =
      companions_q[Latency*CompanionBits-1:(Latency-1)*CompanionBits];

  // ---- Lanes ----
  // A step of a function's stages; tables leave them alone, so that nothing toggles.
  logic [Latency-1:0] function_step, table_step;
  assign function_step = step & ~{table_q[Latency-2:0], in_table_i};
  assign table_step    = step & {table_q[Latency-2:0], in_table_i};

  logic [Lanes-1:0] lane_invalid;

  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    logic [15:0] result;

    activation_lane u_lane (
        .clk_i,
        .step_i    (function_step),
        .x_i       (in_data_i[g*16+:16]),
        .function_i(in_function_i),
        .result_o  (result),
        .invalid_o (lane_invalid[g])
    );

    // The byte waits until the table is read, one edge before the output.
    logic [(Latency-2)*8-1:0] bytes_q;
    logic [2:0] column_q;
    logic [63:0] row;
    logic [7:0] looked_up_q;

    always_ff @(posedge clk_i) begin
      if (table_step[Latency-3:0] != '0) begin
        bytes_q <= {bytes_q[(Latency-3)*8-1:0], in_data_i[g*16+:8]};
      end
      if (table_step[Latency-2]) column_q <= bytes_q[(Latency-3)*8+:3];
      if (table_step[Latency-1]) looked_up_q <= row[column_q*8+:8];
    end

    sram_1r1w #(
        .Width(64),
        .Depth(32)  // rows of eight bytes, indexed by the input's bit pattern
    ) u_table (
        .clk_i,
        .we_i   (table_we_i),
        .waddr_i(table_row_i),
        .wmask_i(1'b1),
        .wdata_i(table_data_i),
        .re_i   (table_step[Latency-2]),
        .raddr_i(bytes_q[(Latency-3)*8+3+:5]),
        .rdata_o(row)
    );

    assign out_data_o[g*16+:16] = !lane_valid[g]     ? 16'd0
                                : table_q[Latency-1] ? {8'd0, looked_up_q} : result;
  end

  // ---- Sticky flag: raised when the beat is taken ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) invalid_o <= 1'b0;
    else if (out_valid_o && out_ready_i && !table_q[Latency-1] &&
             (lane_invalid & lane_valid) != '0) invalid_o <= 1'b1;
    else if (invalid_clear_i) invalid_o <= 1'b0;
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_meta_o})
  `S4_ASSERT(TableQuiet, !(table_we_i && (valid_q & table_q) != '0))

endmodule
