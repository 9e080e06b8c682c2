/// Turns bank descriptors and index rows into array steps: one index per lane and clock.
/// A bank of K entries makes K steps, an empty bank one step without work. Pair rows are passed on,
/// dense banks count, bitmaps are walked from the lowest set bit while the next one is collected.
/// One step per clock; a step is registered and waits on step_* until taken.
/// Model: sim/spu/weight_stream.hpp
`include "assert.svh"
module weight_decoder #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned AllLanes  = Quads * Lanes,
    localparam int unsigned ChunkBits = AllLanes * sparse_format_pkg::IndexBits
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // From the index loader
    input  logic                 descriptor_valid_i,
    output logic                 descriptor_ready_o,
    input  logic [          7:0] descriptor_i,
    input  logic                 pair_valid_i,
    output logic                 pair_ready_o,
    input  logic                 bitmap_valid_i,
    input  logic                 bitmap_last_i,
    output logic                 bitmap_ready_o,
    input  logic [ChunkBits-1:0] chunk_data_i,
    // Steps
    output logic                 step_valid_o,
    input  logic                 step_ready_i,
    output logic                 step_mac_o,          // 0: the bank is empty
    output logic                 step_last_o,         // last step of its bank
    output logic [ChunkBits-1:0] step_index_o
);

  localparam int unsigned PaddedBits = sparse_format_pkg::BitmapRows * sparse_format_pkg::IndexBits;

  // ---- Descriptor queue of two with fall-through ----
  logic queue_in_ready, queue_out_valid, queue_pop, queue_push, head_valid, pop;
  logic [7:0] queue_out, head;
  fifo #(
      .Width(8),
      .Depth(2)
  ) u_descriptors (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (queue_push),
      .in_ready_o (queue_in_ready),
      .in_data_i  (descriptor_i),
      .out_valid_o(queue_out_valid),
      .out_ready_i(queue_pop),
      .out_data_o (queue_out),
      .count_o    (unused_count)
  );
  logic [1:0] unused_count;
  assign head_valid = queue_out_valid || descriptor_valid_i;
  assign head = queue_out_valid ? queue_out : descriptor_i;
  assign descriptor_ready_o = queue_in_ready;
  assign queue_push = descriptor_valid_i && queue_in_ready && !(pop && !queue_out_valid);
  assign queue_pop = pop && queue_out_valid;

  // ---- Step control ----
  logic is_empty, is_dense, is_bitmap, is_pairs, source_ready, advance, fire, last;
  logic [5:0] position_q;
  logic next_full_q, take_bitmap, bitmap_fire;

  assign is_empty = head[6:0] == '0;
  assign is_dense = head[6];
  assign is_bitmap = !is_empty && !is_dense && head[7];
  assign is_pairs = !is_empty && !is_dense && !head[7];
  assign source_ready = is_pairs ? pair_valid_i :
                        (is_bitmap && position_q == '0) ? next_full_q : 1'b1;
  assign advance = !step_valid_o || step_ready_i;
  assign fire = head_valid && source_ready && advance;
  assign last = is_empty || (7'(position_q) + 7'd1 == head[6:0]);
  assign pop = fire && last;
  assign pair_ready_o = head_valid && is_pairs && advance;
  assign take_bitmap = fire && is_bitmap && position_q == '0;
  assign bitmap_ready_o = !next_full_q || take_bitmap;
  assign bitmap_fire = bitmap_valid_i && bitmap_ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      position_q   <= '0;
      next_full_q  <= 1'b0;
      step_valid_o <= 1'b0;
      step_mac_o   <= 1'b0;
      step_last_o  <= 1'b0;
    end else begin
      if (fire) position_q <= last ? '0 : position_q + 6'd1;
      if (bitmap_fire && bitmap_last_i) next_full_q <= 1'b1;
      else if (take_bitmap) next_full_q <= 1'b0;
      if (fire) begin
        step_valid_o <= 1'b1;
        step_mac_o   <= !is_empty;
        step_last_o  <= last;
      end else if (step_ready_i) begin
        step_valid_o <= 1'b0;
      end
    end
  end

  // ---- Lanes: the bitmap being walked, the one being collected, the index of the step ----
  // Row r of a bitmap brings bits 6r+5..6r; it enters at the top and older rows move down.
  logic [63:0] walk[AllLanes];
  logic [PaddedBits-1:0] collect[AllLanes];
  always_ff @(posedge clk_i) begin : lanes
    int unsigned l;
    logic [63:0] bits, lowest;
    l = 0;
    bits = 0;
    lowest = 0;
    if (fire && is_pairs) step_index_o <= chunk_data_i;
    if (fire && is_dense) step_index_o <= {AllLanes{position_q}};
    if (fire && is_bitmap) begin
      for (l = 0; l < AllLanes; l = l + 1) begin
        bits = (position_q == '0) ? collect[l][63:0] : walk[l];
        lowest = bits & (~bits + 64'd1);
        step_index_o[l*6+:6] <= {
          |(lowest & 64'hffffffff00000000),
          |(lowest & 64'hffff0000ffff0000),
          |(lowest & 64'hff00ff00ff00ff00),
          |(lowest & 64'hf0f0f0f0f0f0f0f0),
          |(lowest & 64'hcccccccccccccccc),
          |(lowest & 64'haaaaaaaaaaaaaaaa)
        };
        walk[l] = bits ^ lowest;
      end
    end
    if (bitmap_fire) begin
      for (l = 0; l < AllLanes; l = l + 1) begin
        collect[l] = {chunk_data_i[l*6+:6], collect[l][PaddedBits-1:6]};
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(StepHeld, step_valid_o, step_ready_i, step_index_o)
  `S4_ASSERT(OneRowKind, !(pair_valid_i && bitmap_valid_i))

endmodule
