/// Circular buffer of one weight stream (indices or values), read chunk by chunk.
/// A row holds one lane row for each quadrant column; a chunk is the NumQuadrants >> shape_i lane
/// rows that the array takes per clock. Every quadrant sees the lane row of its channel part. One
/// chunk per clock; the next chunk is on chunk_data_o while chunk_valid_o, and is taken by
/// consume_i. At the end of a pass the reader goes back to where the pass started (rewind_i), or to
/// the chunk after that (skip_i), or on to the next block; rows behind it are free again. Latency
/// from a written row to chunk_valid_o: 2 clocks. Model: sim/spu/weight_stream.hpp
`include "assert.svh"
module weight_stream_buffer #(
    parameter int unsigned LaneBits = 8,   // bits per lane of a lane row, 6 or 8
    parameter int unsigned Rows     = 512, // power of two
    localparam int unsigned Quads    = config_pkg::NumQuadrants,
    localparam int unsigned RowBits  = config_pkg::LanesPerQuadrant * LaneBits
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // Rows in, in order
    input  logic                     row_valid_i,
    output logic                     row_ready_o,
    input  logic [Quads*RowBits-1:0] row_data_i,
    // Array shape, constant while a command runs. restart_i drops what was read ahead with the
    // former shape: due before the first chunk is taken with another shape
    input  logic [              1:0] shape_i,
    input  logic                     restart_i,
    // Chunks out: lane row of quadrant q at q*RowBits
    output logic                     chunk_valid_o,
    output logic [Quads*RowBits-1:0] chunk_data_o,
    input  logic                     consume_i,       // takes the chunk
    input  logic                     consume_last_i,  // with consume_i: last chunk of the pass
    input  logic                     pass_end_i,      // the pass ends without another chunk
    input  logic                     rewind_i,        // this pass will be read again
    input  logic                     skip_i           // with rewind_i: but for its first chunk
);

  localparam int unsigned QuadBits = (Quads > 1) ? $clog2(Quads) : 1;
  localparam int unsigned ColumnBits = $clog2(Quads);
  localparam int unsigned RowAddrBits = $clog2(Rows);
  // Lane-row pointer: wrap bit, row, column.
  localparam int unsigned PointerBits = 1 + RowAddrBits + ColumnBits;
  localparam int unsigned BlockBits = $clog2(config_pkg::IndexRowsPerBlock) + ColumnBits;
  typedef logic [PointerBits-1:0] pointer_t;

  pointer_t read_q, start_q, step_q, chunk_step, end_ptr, target, read_from, read_next, start_next;
  logic [RowAddrBits:0] fill_q, distance, held_rows;
  logic [QuadBits-1:0] column_q;
  logic have_q, issue, available, pass_over;

  // ---- Pointers ----
  // end_ptr is the lane row after the last consumed one once the held chunk is taken or dropped.
  // The held chunk may have been read in the former command's shape, so its step is kept with it.
  assign chunk_step = PointerBits'(Quads) >> shape_i;
  assign end_ptr = (have_q && !consume_i) ? read_q - step_q : read_q;

  always_comb begin : redirect
    target = skip_i ? start_q + chunk_step : start_q;
    if (!rewind_i) begin
      target = ((end_ptr + PointerBits'((1 << BlockBits) - 1)) >> BlockBits) << BlockBits;
    end
  end

  assign pass_over = (consume_i && consume_last_i) || pass_end_i;
  assign read_from = pass_over ? target : read_q;
  assign start_next = (pass_over && !rewind_i) ? target : start_q;
  assign distance = fill_q - read_from[PointerBits-1:ColumnBits];
  assign available = (distance != '0) && (distance <= (RowAddrBits + 1)'(Rows));
  assign issue = available && (!have_q || consume_i || pass_end_i);
  assign read_next = issue ? read_from + chunk_step : read_from;

  // Rows from the oldest that may still be read to the fill pointer.
  assign held_rows = fill_q -
      (rewind_i ? start_q[PointerBits-1:ColumnBits] : end_ptr[PointerBits-1:ColumnBits]);
  assign row_ready_o = held_rows != (RowAddrBits + 1)'(Rows);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q   <= '0;
      start_q  <= '0;
      step_q   <= '0;
      fill_q   <= '0;
      have_q   <= 1'b0;
      column_q <= '0;
    end else begin
      read_q  <= restart_i ? start_q : read_next;
      start_q <= start_next;
      have_q  <= !restart_i && (issue || (have_q && !consume_i && !pass_end_i));
      if (issue) column_q <= QuadBits'(read_from);
      if (issue) step_q <= chunk_step;
      if (row_valid_i && row_ready_o) fill_q <= fill_q + (RowAddrBits + 1)'(1);
    end
  end
  assign chunk_valid_o = have_q;

  // ---- Storage: one SRAM per column ----
  logic [Quads*RowBits-1:0] columns;
  for (genvar c = 0; c < Quads; c++) begin : gen_column
    sram_1r1w #(
        .Width(RowBits),
        .Depth(Rows)
    ) u_sram (
        .clk_i  (clk_i),
        .we_i   (row_valid_i && row_ready_o),
        .waddr_i(fill_q[RowAddrBits-1:0]),
        .wmask_i(1'b1),
        .wdata_i(row_data_i[c*RowBits+:RowBits]),
        .re_i   (issue),
        .raddr_i(read_from[PointerBits-2:ColumnBits]),
        .rdata_o(columns[c*RowBits+:RowBits])
    );
  end

  // ---- Column of each quadrant: first column of the chunk plus its channel part ----
  for (genvar q = 0; q < Quads; q++) begin : gen_route
    logic [QuadBits-1:0] select;
    assign select = (Quads == 1) ? '0 : column_q + QuadBits'(q >> shape_i);
    assign chunk_data_o[q*RowBits+:RowBits] = columns[select*RowBits+:RowBits];
  end

  // ---- Assertions ----
  `S4_ASSERT(ConsumeOnlyValid, !consume_i || chunk_valid_o)
  `S4_ASSERT(LastNeedsConsume, !consume_last_i || consume_i)
  `S4_ASSERT(RestartAlone, !restart_i || !(consume_i || pass_end_i))
  `S4_ASSERT(OneEnd, !(consume_i && pass_end_i))

endmodule
