/// Gives the words of rows their addresses: word w of row r goes to
/// addr + r * row_stride + w * word_stride. A word passes in the clock in which the port takes it;
/// addresses only, no storage of data. start_i when busy_o is low; done_o with the last word.
/// Model: a loop in sim/activation/row_engine.cpp
`include "assert.svh"

module row_writer (
    input  logic         clk_i,
    input  logic         rst_ni,
    // Where to write; steady while busy
    input  logic         start_i,
    input  logic [ 23:0] addr_i,
    input  logic [ 23:0] row_stride_i,
    input  logic [ 23:0] word_stride_i,
    input  logic [ 23:0] rows_i,   // at least 1
    input  logic [ 11:0] words_i,  // of a row, at least 1
    output logic         busy_o,
    output logic         done_o,
    // Words
    input  logic         in_valid_i,
    output logic         in_ready_o,
    input  logic [511:0] in_data_i,
    // Port of the local buffer
    output logic         wr_valid_o,
    input  logic         wr_ready_i,
    output logic [ 23:0] wr_addr_o,
    output logic [511:0] wr_data_o
);

  logic active_q, taken, row_end;
  logic [23:0] row_addr_q, addr_q, rows_left_q;
  logic [11:0] words_left_q;

  assign busy_o     = active_q;
  assign wr_valid_o = active_q && in_valid_i;
  assign in_ready_o = active_q && wr_ready_i;
  assign wr_addr_o  = addr_q;
  assign wr_data_o  = in_data_i;
  assign taken      = wr_valid_o && wr_ready_i;
  assign row_end    = words_left_q == 12'd1;
  assign done_o     = taken && row_end && rows_left_q == 24'd1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (!active_q) active_q <= start_i;
    else if (done_o) active_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (!active_q) begin
      row_addr_q   <= addr_i;
      addr_q       <= addr_i;
      rows_left_q  <= rows_i;
      words_left_q <= words_i;
    end else if (taken && row_end) begin
      row_addr_q   <= row_addr_q + row_stride_i;
      addr_q       <= row_addr_q + row_stride_i;
      rows_left_q  <= rows_left_q - 24'd1;
      words_left_q <= words_i;
    end else if (taken) begin
      addr_q       <= addr_q + word_stride_i;
      words_left_q <= words_left_q - 12'd1;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(WriteHeld, wr_valid_o, wr_ready_i, {wr_addr_o, wr_data_o})

endmodule
