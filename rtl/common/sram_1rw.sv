/// Single-port SRAM macro: one read or one write per clock. Black box of synthesis.
/// Read: rdata_o shows the word one clock after req_i && !we_i and holds it until the next read; a
/// write leaves rdata_o as it was. Write: unit u of the word (Width / WriteUnits bits) is written
/// when wmask_i[u]. The content after power-up is undefined; there is no reset.
/// Model: plain array, in tests/common/sram_test.cpp
`include "assert.svh"

module sram_1rw #(
    parameter int unsigned Width = 64,  // bits of one word, 1..512
    parameter int unsigned Depth = 16,  // words, >= 1
    parameter int unsigned WriteUnits = 1,  // write mask bits, divides Width
    localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
    input  logic                  clk_i,
    input  logic                  req_i,
    input  logic                  we_i,
    input  logic [ AddrWidth-1:0] addr_i,
    input  logic [WriteUnits-1:0] wmask_i,
    input  logic [     Width-1:0] wdata_i,
    output logic [     Width-1:0] rdata_o
);

  localparam int unsigned UnitWidth = Width / WriteUnits;

  `S4_CHECK_PARAM(gen_check_width, Width >= 1 && Width <= 512)
  `S4_CHECK_PARAM(gen_check_depth, Depth >= 1)
  `S4_CHECK_PARAM(gen_check_units, UnitWidth * WriteUnits == Width)

  logic [Width-1:0] words[0:Depth-1];

  // The array is private to this process and updated by blocking assignment, after the read.
  always_ff @(posedge clk_i) begin : access
    int unsigned u;
    u = 0;
    if (req_i && !we_i) rdata_o <= words[addr_i];
    if (req_i && we_i) begin
      if (&wmask_i) begin
        words[addr_i] = wdata_i;
      end else begin
        for (u = 0; u < WriteUnits; u = u + 1) begin
          if (wmask_i[u]) words[addr_i][u*UnitWidth+:UnitWidth] = wdata_i[u*UnitWidth+:UnitWidth];
        end
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_NORST(AddressInRange, !req_i || 32'(addr_i) < Depth)

endmodule
