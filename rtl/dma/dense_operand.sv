/// Turns words of an activation tensor into rows of the value stream, so that the right operand of
/// a matrix product can be an activation; passes all other words in the same clock.
/// A row holds one byte for each of 8 << lanes output channels; rows leave packed into words. Not
/// transposed, a word (a pair of BF16 ones with 64 lanes) makes one row, of BF16 the low bytes and
/// then the high. Transposed, 8 << lanes words, one per channel, make 64 rows. Rows of reduction
/// indices outside [first_row, end_row) are zero.
/// A row per clock; loading of the next words overlaps the last row. The first word leaves two
/// clocks after the words that it is made of.
/// Model: sim/dma/dense_operand.hpp; docs/blocks/dma.md
`include "assert.svh"

module dense_operand #(
    localparam int unsigned Rows = (config_pkg::ArrayLanes < 64) ? config_pkg::ArrayLanes : 64
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Words of the weight DMA; the mode is held over a command, last is its last word
    input  logic                     word_valid_i,
    output logic                     word_ready_o,
    input  logic [            511:0] word_data_i,
    input  logic [              1:0] word_section_i,
    input  dense_operand_pkg::mode_t word_mode_i,
    input  logic                     word_last_i,
    // To the weight buffers
    output logic                     wt_valid_o,
    input  logic                     wt_ready_i,
    output logic [            511:0] wt_data_o,
    output logic [              1:0] wt_section_o
);

  localparam logic [1:0] SectionValue = 2'd2;

  // ---- Words in hand ----
  dense_operand_pkg::mode_t mode_q;
  logic [Rows*512-1:0] words_q;
  logic [6:0] loaded_q, need, rows, left_q;
  logic last_q, emitting_q, take, emit, over, whole;

  logic pair;
  assign pair = word_mode_i.wide && word_mode_i.lanes == 2'd3;
  assign need = word_mode_i.transposed ? 7'd8 << word_mode_i.lanes : (pair ? 7'd2 : 7'd1);
  assign rows = word_mode_i.transposed ? 7'd64 : (word_mode_i.wide ? 7'd2 : 7'd1);
  assign over = emit && left_q == 7'd1;
  assign whole = take && loaded_q == need - 7'd1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      loaded_q   <= '0;
      emitting_q <= 1'b0;
    end else begin
      if (take) loaded_q <= whole ? '0 : loaded_q + 7'd1;
      if (whole) emitting_q <= 1'b1;
      else if (over) emitting_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin : words
    int unsigned r;
    r = 0;
    if (take) begin
      mode_q <= word_mode_i;
      last_q <= word_last_i;
    end
    if (whole) left_q <= rows;
    else if (emit) left_q <= left_q - 7'd1;
    for (r = 0; r < Rows; r = r + 1) begin
      if (take && 32'(loaded_q) == r) words_q[r*512+:512] <= word_data_i;
      else if (emit && left_q != 7'd1) words_q[r*512+:512] <= words_q[r*512+:512] >> 8;
    end
  end

  // ---- The next row ----
  logic [15:0] index_q;  // its reduction index
  logic high_q;          // it has the high bytes of it
  logic [511:0] bytes, row;
  logic kept;

  always_comb begin : gather
    int unsigned i;
    i = 0;
    bytes = words_q[511:0];
    if (mode_q.transposed) begin
      for (i = 0; i < Rows; i = i + 1) bytes[i*8+:8] = words_q[i*512+:8];
    end else if (mode_q.wide) begin
      for (i = 0; i < 32; i = i + 1) begin
        bytes[i*8+:8] = words_q[i*16+:8];
        bytes[(32+i)*8+:8] = words_q[512+i*16+:8];
      end
    end
  end
  assign kept = index_q >= mode_q.first_row && index_q < mode_q.end_row;
  always_comb begin : shape_row
    row = bytes;
    if (!mode_q.transposed) row = bytes >> ({6'd0, mode_q.slice} << (4'd6 + 4'(mode_q.lanes)));
    if (mode_q.flip) row = row ^ {64{8'h80}};
    if (!kept) row = '0;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      index_q <= '0;
      high_q  <= 1'b0;
    end else if (emit) begin
      high_q <= mode_q.wide && !high_q;
      if (over && last_q) index_q <= '0;
      else if (high_q || !mode_q.wide) index_q <= index_q + 16'd1;
    end
  end

  // ---- Rows into words: a row enters at the top, older ones move down ----
  logic [511:64] pack_q;
  logic [511:0] pack_d, out_q;
  logic [2:0] packed_q;
  logic complete, out_valid_q;

  always_comb begin : pack
    unique case (mode_q.lanes)
      2'd0: pack_d = {row[63:0], pack_q[511:64]};
      2'd1: pack_d = {row[127:0], pack_q[511:128]};
      2'd2: pack_d = {row[255:0], pack_q[511:256]};
      default: pack_d = row;
    endcase
  end
  assign complete = packed_q == 3'(4'd8 >> mode_q.lanes) - 3'd1;
  assign emit = emitting_q && (!complete || !out_valid_q || wt_ready_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      packed_q    <= '0;
      out_valid_q <= 1'b0;
    end else begin
      if (emit) packed_q <= complete ? '0 : packed_q + 3'd1;
      if (emit && complete) out_valid_q <= 1'b1;
      else if (wt_ready_i) out_valid_q <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (emit) pack_q <= pack_d[511:64];
    if (emit && complete) out_q <= pack_d;
  end

  // ---- Words in and out ----
  logic convert, pass;
  assign convert = word_section_i == SectionValue && word_mode_i.dense;
  assign pass = !convert && !emitting_q && !out_valid_q;
  assign word_ready_o = convert ? !emitting_q || over : pass && wt_ready_i;
  assign take = word_valid_i && convert && (!emitting_q || over);
  assign wt_valid_o = out_valid_q || (pass && word_valid_i);
  assign wt_data_o = out_valid_q ? out_q : word_data_i;
  assign wt_section_o = out_valid_q ? SectionValue : word_section_i;

  logic unused_mode;
  assign unused_mode = mode_q.dense;

  // ---- Assertions ----
  `S4_ASSERT_HELD(WordHeld, wt_valid_o, wt_ready_i, {wt_data_o, wt_section_o})
  `S4_ASSERT(WholeBlocks, !(take && word_last_i) || whole)
  `S4_ASSERT(WholeWords, !(over && last_q) || complete)

endmodule
