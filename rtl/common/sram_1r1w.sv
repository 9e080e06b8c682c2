/// Two-port SRAM macro: one read and one write per clock. Black box of synthesis.
/// Read: rdata_o shows the word one clock after re_i and holds it until the next read. Write: unit
/// u of the word (Width / WriteUnits bits) is written when we_i && wmask_i[u]. A read of the
/// address that is written in the same clock returns the OLD word. The content after power-up is
/// undefined; there is no reset. Model: plain array, in tests/common/sram_test.cpp
`include "assert.svh"

module sram_1r1w #(
    parameter int unsigned Width = 64,  // bits of one word, 1..512
    parameter int unsigned Depth = 16,  // words, >= 1
    parameter int unsigned WriteUnits = 1,  // write mask bits, divides Width
    localparam int unsigned AddrWidth = (Depth > 1) ? $clog2(Depth) : 1
) (
    input  logic                  clk_i,
    // Write port
    input  logic                  we_i,
    input  logic [ AddrWidth-1:0] waddr_i,
    input  logic [WriteUnits-1:0] wmask_i,
    input  logic [     Width-1:0] wdata_i,
    // Read port
    input  logic                  re_i,
    input  logic [ AddrWidth-1:0] raddr_i,
    output logic [     Width-1:0] rdata_o
);

  localparam int unsigned UnitWidth = Width / WriteUnits;

  `S4_CHECK_PARAM(gen_check_width, Width >= 1 && Width <= 512)
  `S4_CHECK_PARAM(gen_check_depth, Depth >= 1)
  `S4_CHECK_PARAM(gen_check_units, UnitWidth * WriteUnits == Width)

  logic [Width-1:0] words[0:Depth-1];

  // The array is private to this process and updated by blocking assignment, after the read: a read
  // beside a write sees the old word.
  always_ff @(posedge clk_i) begin : access
    int unsigned u;
    u = 0;
    if (re_i) rdata_o <= words[raddr_i];
    if (we_i) begin
      if (&wmask_i) begin
        words[waddr_i] = wdata_i;
      end else begin
        for (u = 0; u < WriteUnits; u = u + 1) begin
          if (wmask_i[u]) words[waddr_i][u*UnitWidth+:UnitWidth] = wdata_i[u*UnitWidth+:UnitWidth];
        end
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_NORST(ReadAddressInRange, !re_i || 32'(raddr_i) < Depth)
  `S4_ASSERT_NORST(WriteAddressInRange, !we_i || 32'(waddr_i) < Depth)

endmodule
