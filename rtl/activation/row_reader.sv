/// Reads the words of rows in order: word w of row r at addr + r * row_stride + w * word_stride.
/// The port answers one clock after it took a request, without back-pressure, as the store port of
/// the local buffer does; a request leaves only when its answer has a place. One word per clock.
/// start_i is taken when busy_o is low. Model: a loop in sim/activation/row_engine.cpp
`include "assert.svh"

module row_reader (
    input  logic         clk_i,
    input  logic         rst_ni,
    // What to read; steady while busy
    input  logic         start_i,
    input  logic [ 23:0] addr_i,
    input  logic [ 23:0] row_stride_i,
    input  logic [ 23:0] word_stride_i,
    input  logic [ 23:0] rows_i,   // at least 1
    input  logic [ 11:0] words_i,  // of a row, at least 1
    output logic         busy_o,   // requests are left
    // Port of the local buffer
    output logic         rd_valid_o,
    input  logic         rd_ready_i,
    output logic [ 23:0] rd_addr_o,
    input  logic         rd_rvalid_i,
    input  logic [511:0] rd_rdata_i,
    // Words
    output logic         out_valid_o,
    input  logic         out_ready_i,
    output logic [511:0] out_data_o
);

  localparam int unsigned Depth = 4;
  localparam int unsigned CountWidth = $clog2(Depth + 1);

  logic active_q, waiting_q, taken;
  logic [23:0] row_addr_q, addr_q, rows_left_q;
  logic [11:0] words_left_q;
  logic [CountWidth-1:0] count;

  assign busy_o     = active_q;
  assign rd_addr_o  = addr_q;
  assign rd_valid_o = active_q && count + CountWidth'(waiting_q) < CountWidth'(Depth);
  assign taken      = rd_valid_o && rd_ready_i;

  // ---- Walk ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q  <= 1'b0;
      waiting_q <= 1'b0;
    end else begin
      waiting_q <= taken;
      if (!active_q) active_q <= start_i;
      else if (taken && words_left_q == 12'd1 && rows_left_q == 24'd1) active_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!active_q) begin
      row_addr_q   <= addr_i;
      addr_q       <= addr_i;
      rows_left_q  <= rows_i;
      words_left_q <= words_i;
    end else if (taken) begin
      if (words_left_q == 12'd1) begin
        row_addr_q   <= row_addr_q + row_stride_i;
        addr_q       <= row_addr_q + row_stride_i;
        rows_left_q  <= rows_left_q - 24'd1;
        words_left_q <= words_i;
      end else begin
        addr_q       <= addr_q + word_stride_i;
        words_left_q <= words_left_q - 12'd1;
      end
    end
  end

  // ---- Answers ----
  logic unused_ready;

  fifo #(
      .Width(512),
      .Depth(Depth)
  ) u_answers (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (rd_rvalid_i),
      .in_ready_o (unused_ready),
      .in_data_i  (rd_rdata_i),
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .count_o    (count)
  );

  // ---- Assertions ----
  `S4_ASSERT(AnswerHasPlace, !rd_rvalid_i || unused_ready)
  `S4_ASSERT(AnswerInTime, rd_rvalid_i == waiting_q)
  `S4_ASSERT_HELD(RequestHeld, rd_valid_o, rd_ready_i, rd_addr_o)

endmodule
