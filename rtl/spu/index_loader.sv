/// Walks the index stream: reads bank headers and sorts the rows of indices and bitmaps.
/// For every bank of every pass one descriptor (K, form) leaves in order; rows of indices leave
/// through pair_*, rows of bitmaps through bitmap_*, both as they lie in the chunk. A bank's
/// descriptor and its first row may leave in the same clock; a bank costs one clock if it has no
/// index rows. A header chunk costs one clock for every 6/8 * group lanes banks, hidden behind the
/// steps of a bank that has fewer index rows than entries. If one holds the headers of a whole pass
/// it is read once, and the passes that repeat it follow each other without a gap.
/// Model: sim/spu/weight_stream.hpp
`include "assert.svh"
module index_loader #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned RowBits   = Lanes * sparse_format_pkg::IndexBits,
    localparam int unsigned ChunkBits = Quads * RowBits
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    // Command: start_i loads it; a pass is one tile of one group
    input  logic                      start_i,
    input  logic [               1:0] shape_i,
    input  logic [              24:0] banks_i,         // banks per pass, >= 1
    input  logic [              23:0] tiles_i,         // tiles per group, >= 1
    input  logic [              15:0] groups_i,        // groups, >= 1
    input  logic                      resident_i,
    input  logic                      keep_i,
    output logic                      busy_o,          // chunks of the command are still due
    output logic                      error_o,         // a header holds K > 64
    // Index chunks from the buffer
    input  logic                      chunk_valid_i,
    input  logic [     ChunkBits-1:0] chunk_data_i,
    output logic                      consume_o,
    output logic                      consume_last_o,
    output logic                      pass_end_o,
    output logic                      rewind_o,
    output logic                      skip_o,          // with rewind_o: the header is kept
    // Descriptors, one per bank
    output logic                      descriptor_valid_o,
    input  logic                      descriptor_ready_i,
    output logic [               7:0] descriptor_o,    // bank_header_t
    // Rows of the chunk: indices of the oldest unfinished bank, or bits of the next bitmap
    output logic                      pair_valid_o,
    input  logic                      pair_ready_i,
    output logic                      bitmap_valid_o,
    output logic                      bitmap_last_o,   // last row of this bitmap
    input  logic                      bitmap_ready_i
);

  localparam int unsigned HeaderBytes = (ChunkBits / 8 >= 1) ? ChunkBits / 8 : 1;
  localparam int unsigned HeaderCountBits = $clog2(HeaderBytes + 1);

  // ---- Position in the command ----
  logic in_pass_q;
  logic [24:0] banks_left_q;
  logic [23:0] tiles_left_q;
  logic [15:0] groups_left_q;

  // ---- Bank in hand ----
  logic slot_valid_q, slot_sent_q, slot_last_q, slot_bitmap_q;
  logic [6:0] slot_count_q, rows_left_q;
  logic slot_pairs, slot_has_rows;

  // ---- Headers ----
  logic [ChunkBits-1:0] header_q, header_view;
  logic [HeaderCountBits-1:0] header_left_q, header_at_q, header_fill;
  logic [7:0] next_header;
  logic next_available, load_header;

  logic descriptor_done, row_done, slot_done, slot_load, take_row, header_chunk;
  logic pass_complete, repeat_pass, restart_pass;

  assign busy_o = in_pass_q;
  assign rewind_o = resident_i && (tiles_left_q != 24'd1 || keep_i);

  // A bank's rows: pairs K, bitmap BitmapRows, dense and empty none.
  assign slot_pairs = !slot_bitmap_q;
  assign slot_has_rows = rows_left_q != 7'd0;

  assign descriptor_valid_o = slot_valid_q && !slot_sent_q;
  assign descriptor_o = {slot_bitmap_q, slot_count_q};
  assign descriptor_done = slot_sent_q || descriptor_ready_i;

  assign pair_valid_o = slot_valid_q && slot_has_rows && slot_pairs && chunk_valid_i;
  assign bitmap_valid_o = slot_valid_q && slot_has_rows && !slot_pairs && chunk_valid_i;
  assign bitmap_last_o = rows_left_q == 7'd1;
  assign take_row = (pair_valid_o && pair_ready_i) || (bitmap_valid_o && bitmap_ready_i);
  assign row_done = !slot_has_rows || (rows_left_q == 7'd1 && take_row);
  assign slot_done = slot_valid_q && row_done && descriptor_done;

  // The next header byte, and the load of a new header chunk when they are used up: its first byte
  // is used at once.
  assign load_header = in_pass_q && (banks_left_q != '0) && (header_left_q == '0) &&
                       (!slot_valid_q || !slot_has_rows);
  assign header_chunk = load_header && chunk_valid_i;
  assign next_header = restart_pass ? header_q[7:0]
                     : header_chunk ? header_view[7:0] : header_q[32'(header_at_q)*8+:8];
  assign next_available = (header_left_q != '0) || header_chunk;
  assign slot_load = restart_pass || (in_pass_q && next_available && (banks_left_q != '0) &&
                                      (!slot_valid_q || slot_done));

  assign consume_o = take_row || header_chunk;
  // The last chunk of a pass is the last row of its last bank, or its header if that has no rows
  // and is never redirected by a row: then pass_end_o says it afterwards.
  assign consume_last_o = take_row && slot_last_q && (rows_left_q == 7'd1);

  logic redirected_q;
  assign pass_complete = in_pass_q && slot_done && slot_last_q;
  assign repeat_pass = resident_i && tiles_left_q != 24'd1 && banks_i <= 25'(header_fill);
  assign restart_pass = pass_complete && repeat_pass;
  assign skip_o = repeat_pass;
  assign pass_end_o = pass_complete && !(redirected_q || consume_last_o);

  // ---- Header bytes, those of the lowest channel part first ----
  always_comb begin : collect_header
    int unsigned q;
    header_view = '0;
    for (q = 0; q < Quads; q = q + 1) begin
      if ((q << shape_i) < Quads) begin
        header_view[q*RowBits+:RowBits] = chunk_data_i[(q<<shape_i)*RowBits+:RowBits];
      end
    end
  end
  assign header_fill = HeaderCountBits'(HeaderBytes >> shape_i);

  always_ff @(posedge clk_i) begin
    if (header_chunk) header_q <= header_view;
  end

  // ---- Control registers ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      in_pass_q     <= 1'b0;
      banks_left_q  <= '0;
      tiles_left_q  <= '0;
      groups_left_q <= '0;
      slot_valid_q  <= 1'b0;
      slot_sent_q   <= 1'b0;
      slot_last_q   <= 1'b0;
      slot_bitmap_q <= 1'b0;
      slot_count_q  <= '0;
      rows_left_q   <= '0;
      header_left_q <= '0;
      header_at_q   <= '0;
      redirected_q  <= 1'b0;
      error_o       <= 1'b0;
    end else begin
      if (take_row) rows_left_q <= rows_left_q - 7'd1;
      if (descriptor_valid_o && descriptor_ready_i) slot_sent_q <= 1'b1;
      if (slot_done) slot_valid_q <= 1'b0;
      if (consume_last_o) redirected_q <= 1'b1;
      if (header_chunk) begin
        header_left_q <= header_fill;
        header_at_q   <= '0;
      end

      if (slot_load) begin
        slot_valid_q  <= 1'b1;
        slot_sent_q   <= 1'b0;
        slot_last_q   <= (restart_pass ? banks_i : banks_left_q) == 25'd1;
        slot_bitmap_q <= next_header[7];
        slot_count_q  <= next_header[6:0];
        if (next_header[6:0] == 7'd0 || next_header[6]) rows_left_q <= '0;
        else if (next_header[7]) rows_left_q <= 7'(sparse_format_pkg::BitmapRows);
        else rows_left_q <= next_header[6:0];
        if (next_header[6] && next_header[5:0] != '0) error_o <= 1'b1;
        banks_left_q  <= banks_left_q - 25'd1;
        header_left_q <= (header_chunk ? header_fill : header_left_q) - HeaderCountBits'(1);
        header_at_q   <= header_chunk ? HeaderCountBits'(1) : header_at_q + HeaderCountBits'(1);
      end

      if (pass_complete) begin
        header_left_q <= '0;
        redirected_q  <= 1'b0;
        banks_left_q  <= banks_i;
        tiles_left_q  <= (tiles_left_q == 24'd1) ? tiles_i : tiles_left_q - 24'd1;
        if (tiles_left_q == 24'd1) groups_left_q <= groups_left_q - 16'd1;
        if (tiles_left_q == 24'd1 && groups_left_q == 16'd1) begin
          in_pass_q    <= 1'b0;
          tiles_left_q <= tiles_left_q;  // rewind_o keeps its value until the next start
        end
        if (repeat_pass) begin
          banks_left_q  <= banks_i - 25'd1;
          header_left_q <= header_fill - HeaderCountBits'(1);
          header_at_q   <= HeaderCountBits'(1);
        end
      end

      if (start_i) begin
        in_pass_q     <= 1'b1;
        banks_left_q  <= banks_i;
        tiles_left_q  <= tiles_i;
        groups_left_q <= groups_i;
        header_left_q <= '0;
        redirected_q  <= 1'b0;
        slot_valid_q  <= 1'b0;
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(NoConsumeEmpty, !consume_o || chunk_valid_i)

endmodule
