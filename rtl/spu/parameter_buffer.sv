/// Circular buffer of epilogue parameter rows (bias and scale of LanesPerQuadrant channels).
/// A group's rows lie at the head in the order of its channel parts; re_i with part_i reads one,
/// the row is on data_o one clock later and stays. release_i frees the group's release_rows_i
/// rows. valid_o: all rows of the group (release_rows_i of them) are there.
/// Model: sim/spu/weight_stream.hpp
`include "assert.svh"
module parameter_buffer #(
    localparam int unsigned RowBits = config_pkg::LanesPerQuadrant * 64,
    localparam int unsigned Rows    = config_pkg::ParamRows
) (
    input  logic               clk_i,
    input  logic               rst_ni,
    // Rows in, in order
    input  logic               row_valid_i,
    output logic               row_ready_o,
    input  logic [RowBits-1:0] row_data_i,
    // Group at the head
    input  logic [        2:0] release_rows_i,  // rows of a group, 1, 2 or 4
    output logic               valid_o,
    input  logic               release_i,
    // Read
    input  logic               re_i,
    input  logic [        1:0] part_i,
    output logic [RowBits-1:0] data_o
);

  localparam int unsigned AddrBits = $clog2(Rows);
  localparam int unsigned Macros = RowBits / 512;
  logic [AddrBits:0] head_q, fill_q, held;

  assign held = fill_q - head_q;
  assign row_ready_o = held != (AddrBits + 1)'(Rows);
  assign valid_o = held >= (AddrBits + 1)'(release_rows_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_q <= '0;
      fill_q <= '0;
    end else begin
      if (row_valid_i && row_ready_o) fill_q <= fill_q + (AddrBits + 1)'(1);
      if (release_i) head_q <= head_q + (AddrBits + 1)'(release_rows_i);
    end
  end

  logic [AddrBits-1:0] read_addr;
  assign read_addr = head_q[AddrBits-1:0] + AddrBits'(part_i);

  for (genvar m = 0; m < Macros; m++) begin : gen_macro
    sram_1r1w #(
        .Width(512),
        .Depth(Rows)
    ) u_sram (
        .clk_i  (clk_i),
        .we_i   (row_valid_i && row_ready_o),
        .waddr_i(fill_q[AddrBits-1:0]),
        .wmask_i(1'b1),
        .wdata_i(row_data_i[m*512+:512]),
        .re_i   (re_i),
        .raddr_i(read_addr),
        .rdata_o(data_o[m*512+:512])
    );
  end

  // ---- Assertions ----
  `S4_ASSERT(ReleaseHeld, !release_i || valid_o)

endmodule
