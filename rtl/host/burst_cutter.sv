/// Cuts the bursts of an AXI4 address channel into parts that the memory port takes: at most 16
/// beats of 64 B, within one granule of 1 KiB. Low address bits are dropped: an unaligned burst
/// begins with the whole beat that holds its first byte. What the bridge does not serve (FIXED,
/// WRAP, beats of other sizes, a burst that runs beyond the address space) stays one part of all
/// its beats, marked illegal. AXI's rule of 4 KiB is the host's to keep; nothing depends on it.
/// A part is offered one clock after its burst was accepted, one part per clock.
/// Model: tests/host/bridge_bench.hpp
`include "assert.svh"

module burst_cutter #(
    parameter int unsigned IdWidth = 8,  // bits of an AXI ID, >= 1
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth,
    localparam int unsigned LineWidth = AddrWidth - 6
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // AXI4 address channel
    input  logic                 valid_i,
    output logic                 ready_o,
    input  logic [  IdWidth-1:0] id_i,
    input  logic [AddrWidth-1:0] addr_i,
    input  logic [          7:0] len_i,
    input  logic [          2:0] size_i,
    input  logic [          1:0] burst_i,
    // Parts: first line (of 64 B), beats minus one, the last one of its burst
    output logic                 part_valid_o,
    input  logic                 part_ready_i,
    output logic [  IdWidth-1:0] part_id_o,
    output logic                 part_illegal_o,
    output logic [LineWidth-1:0] part_line_o,
    output logic [          7:0] part_len_o,
    output logic                 part_last_o
);

  localparam logic [1:0] BurstIncr = 2'b01;
  localparam logic [2:0] SizeBeat = 3'd6;  // 64 B
  localparam int unsigned GranuleLines = memory_port_pkg::MaxBurst;  // 1 KiB

  `S4_CHECK_PARAM(gen_check_id, IdWidth >= 1)
  `S4_CHECK_PARAM(gen_check_granule, GranuleLines == 16)

  logic active_q, illegal_q, accept, advance, fits;
  logic [IdWidth-1:0] id_q;
  logic [LineWidth-1:0] line_q;
  logic [LineWidth:0] last_line;
  logic [7:0] left_q, room;  // beats minus one
  logic [5:0] unused_byte;

  // ---- Parts ----
  assign room           = 8'(GranuleLines - 1) - 8'(line_q[3:0]);
  assign fits           = left_q <= room;
  assign part_valid_o   = active_q;
  assign part_id_o      = id_q;
  assign part_illegal_o = illegal_q;
  assign part_line_o    = line_q;
  assign part_len_o     = (fits || illegal_q) ? left_q : room;
  assign part_last_o    = fits || illegal_q;

  // ---- Bursts ----
  assign advance     = active_q && part_ready_i;
  assign ready_o     = !active_q || (part_ready_i && part_last_o);
  assign accept      = valid_i && ready_o;
  assign last_line   = (LineWidth + 1)'(addr_i[AddrWidth-1:6]) + (LineWidth + 1)'(len_i);
  assign unused_byte = addr_i[5:0];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (accept) active_q <= 1'b1;
    else if (advance && part_last_o) active_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (accept) begin
      id_q      <= id_i;
      line_q    <= addr_i[AddrWidth-1:6];
      left_q    <= len_i;
      illegal_q <= burst_i != BurstIncr || size_i != SizeBeat || last_line[LineWidth];
    end else if (advance) begin
      line_q <= line_q + LineWidth'(part_len_o) + LineWidth'(1);
      left_q <= left_q - part_len_o - 8'd1;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(PartHeld, part_valid_o, part_ready_i,
                  {part_id_o, part_illegal_o, part_line_o, part_len_o, part_last_o})
  `S4_ASSERT(InGranule, !part_valid_o || part_illegal_o ||
             8'(part_line_o[3:0]) + part_len_o <= 8'(GranuleLines - 1))

endmodule
