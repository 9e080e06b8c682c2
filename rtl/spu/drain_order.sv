/// The order in which a command's results are drained, in beats of EpiloguePixels pixels of a
/// channel part: all pixels of a part, then the next part, so that results one after the other lie
/// in different banks of the local buffer and a word of the fetch waits for one of them at most.
/// With a second tensor all parts of a few pixels, then the next pixels: a beat's results and the
/// second tensor's words of a beat one and a half tiles later lie in different banks then. Beats
/// without a valid pixel or channel block are skipped. What the floating-point epilogue takes comes
/// twice (split), once for each half of its lanes. BF16 results of a half fill a lane chunk, or, of
/// 64 lanes, a word of their own, and without such a word there is no second half; without a second
/// tensor each half takes all pixels. Bytes of both halves are written together. A pooling tile is
/// one channel block of one pixel quadrant; a lane chunk of its BF16 is one beat, as no epilogue
/// halves it.
/// Timing: the outputs stand for the beat at hand; with step_i the next one is there a clock later,
/// the first of a command a clock after start_i. Model: sim/spu/spu.hpp
module drain_order #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned Beats     = Pixels / OutPixels,
    localparam int unsigned SelBits   = (Beats > 1) ? $clog2(Beats) : 1,
    localparam int unsigned QuadBits  = (Quads > 1) ? $clog2(Quads) : 1,
    localparam int unsigned LeftBits  = $clog2(2 * Beats * Quads + 1)
) (
    input  logic                       clk_i,
    input  logic                       start_i,
    input  commands_pkg::spu_command_t command_i,
    input  logic [               23:0] tiles_i,
    input  logic                       step_i,
    // Place of the beat in the tile
    output logic [        SelBits-1:0] sel_o,          // pixels of the quadrant
    output logic [       QuadBits-1:0] quad_o,         // quadrant of the array
    output logic [                2:0] part_o,         // channel part
    output logic                       half_o,
    // What there is of it
    output logic [               16:0] channel_o,      // the first one
    output logic [      OutPixels-1:0] mask_o,         // pixels that exist
    output logic                       split_o,
    // Words of the first pixel, and the lane chunk in them
    output logic [       AddrBits-1:0] result_addr_o,
    output logic [       AddrBits-1:0] second_addr_o,
    output logic [                2:0] chunk_o,
    // What follows
    output logic [       LeftBits-1:0] left_o,         // beats of the part's halves, this one too
    output logic                       last_part_o,    // no other part after this one
    output logic                       tile_last_o,    // last beat of the tile
    output logic                       last_tile_o,    // of the group
    output logic                       last_group_o,
    output logic                       near_end_o      // last two tiles of the command
);

  typedef logic [AddrBits-1:0] addr_t;

  logic [2:0] part_q, last_part_index;
  logic [1:0] quad_q, last_quad_index;
  logic [SelBits-1:0] sel_q;
  logic half_q;
  logic [23:0] tile_q, pixel_base_q, pixel, pixels_here;
  logic [16:0] group_channel_q, channel_q, next_channel, group_channels, beat_channels;
  addr_t group_out_q, out_q, next_out, group_add_q, add_q, next_add, out_half, add_half;
  logic pool, wide, split, alone, last_half, sweep, half_over, pixel_over, part_over;
  logic last_sel, last_pixel, last_part, last_tile, wrap_block, tile_end;

  assign pool = command_i.max_pool;
  // BF16 results: a block has 32 channels. With 64 lanes each half is a block of its own.
  assign wide = command_i.out_bf16;
  assign split = !pool && (wide || command_i.dtype == commands_pkg::DtypeBf16 ||
                           command_i.float_epilogue);

  // ---- Pixels ----
  assign last_quad_index = 2'((4'd1 << command_i.shape[1:0]) - 4'd1);
  assign pixel = pixel_base_q + 24'(quad_q) * 24'(Pixels) + 24'(sel_q) * 24'(OutPixels);
  assign pixels_here = command_i.pixels - pixel;
  assign last_sel = sel_q == SelBits'(Beats - 1);
  assign last_pixel = (last_sel && quad_q == last_quad_index) || (pixels_here <= 24'(OutPixels));
  assign last_tile = tile_q == tiles_i - 24'd1;

  // ---- Channels ----
  assign last_part_index = pool ? 3'(config_pkg::LaneChunks - 1)
                                : 3'((4'(Quads) >> command_i.shape[1:0]) - 4'd1);
  assign beat_channels = (pool && wide) ? 17'(Lanes / 2) : 17'(Lanes);
  assign next_channel = channel_q + beat_channels;
  assign wrap_block = wide ? next_channel[4:0] == '0 : next_channel[5:0] == '0;
  assign out_half = (wide && Lanes == 64 && half_q) ? out_q + AddrBits'(command_i.out_plane)
                                                    : out_q;
  assign add_half = (wide && Lanes == 64 && half_q) ? add_q + AddrBits'(command_i.add_plane)
                                                    : add_q;
  assign next_out = wrap_block ? out_half + AddrBits'(command_i.out_plane) : out_q;
  assign next_add = wrap_block ? add_half + AddrBits'(command_i.add_plane) : add_q;
  // Channel parts in blocks beyond the last one write nothing.
  assign last_part = (part_q == last_part_index) ||
                     (wrap_block && next_channel >= {1'b0, command_i.out_channels});
  assign group_channels = pool ? (wide ? 17'd32 : 17'd64)
                               : 17'(Quads * Lanes) >> command_i.shape[1:0];
  // The upper half may lie in a block that does not exist.
  assign alone = wide && Lanes == 64 && channel_q + 17'd32 >= {1'b0, command_i.out_channels};
  assign last_half = half_q || !split || alone;

  // ---- Loops ----
  // Inner ones first: pixels, half, part; half, pixels, part of bytes; with a second tensor half,
  // part, pixels.
  assign sweep = !command_i.add_enable;
  assign half_over = step_i && (!sweep || !wide || last_pixel);
  assign pixel_over = step_i && (sweep ? wide || last_half : last_half && last_part);
  assign part_over = step_i && last_half && (!sweep || last_pixel);
  assign tile_end = last_half && last_pixel && last_part;

  always_ff @(posedge clk_i) begin : position
    if (start_i) begin
      half_q          <= 1'b0;
      tile_q          <= '0;
      pixel_base_q    <= '0;
      part_q          <= '0;
      quad_q          <= '0;
      sel_q           <= '0;
      group_channel_q <= '0;
      channel_q       <= '0;
      group_out_q     <= AddrBits'(command_i.out_addr);
      out_q           <= AddrBits'(command_i.out_addr);
      group_add_q     <= AddrBits'(command_i.add_addr);
      add_q           <= AddrBits'(command_i.add_addr);
    end else begin
      if (half_over) half_q <= !last_half;
      if (pixel_over) begin
        sel_q <= last_sel || last_pixel ? '0 : sel_q + SelBits'(1);
        if (last_pixel) quad_q <= '0;
        else if (last_sel) quad_q <= quad_q + 2'd1;
      end
      if (part_over) begin
        part_q    <= last_part ? '0 : part_q + 3'd1;
        channel_q <= last_part ? group_channel_q : next_channel;
        out_q     <= last_part ? group_out_q : next_out;
        add_q     <= last_part ? group_add_q : next_add;
      end
      if (step_i && tile_end) begin
        tile_q       <= tile_q + 24'd1;
        pixel_base_q <= pixel_base_q + (24'(Pixels) << command_i.shape[1:0]);
        if (last_tile) begin
          tile_q          <= '0;
          pixel_base_q    <= '0;
          group_channel_q <= next_channel;
          group_out_q     <= next_out;
          group_add_q     <= next_add;
          channel_q       <= next_channel;
          out_q           <= next_out;
          add_q           <= next_add;
        end
      end
    end
  end

  // ---- Beats left ----
  function automatic logic [LeftBits-1:0] beats_of(input logic [23:0] pixels,
                                                   input logic [LeftBits-1:0] most);
    logic [23:0] beats;
    beats = (pixels + 24'(OutPixels - 1)) / 24'(OutPixels);
    beats_of = beats < 24'(most) ? LeftBits'(beats) : most;
  endfunction

  logic [LeftBits-1:0] tile_beats, here, whole;
  assign tile_beats = LeftBits'(Beats) << command_i.shape[1:0];
  assign here = beats_of(pixels_here, tile_beats - LeftBits'(32'(quad_q) * Beats + 32'(sel_q)));
  assign whole = beats_of(command_i.pixels - pixel_base_q, tile_beats);

  // ---- Outputs ----
  always_comb begin : mask
    int unsigned i;
    for (i = 0; i < OutPixels; i = i + 1) mask_o[i] = 24'(i) < pixels_here;
  end
  assign sel_o = sel_q;
  assign quad_o = QuadBits'(32'(part_q) << command_i.shape[1:0]) | QuadBits'(quad_q);
  assign part_o = part_q;
  assign half_o = half_q;
  assign channel_o = channel_q;
  assign split_o = split;
  assign result_addr_o = out_half + AddrBits'(pixel);
  assign second_addr_o = add_half + AddrBits'(pixel);
  assign chunk_o = wide ? 3'({channel_q[4:0], 1'b0} >> $clog2(Lanes)) | 3'(half_q && Lanes != 64)
                        : 3'(channel_q[5:0] >> $clog2(Lanes));
  assign left_o = last_half ? here : here + whole;
  assign last_part_o = last_part;
  assign tile_last_o = tile_end;
  assign last_tile_o = last_tile;
  assign last_group_o = (group_channel_q + group_channels) >= {1'b0, command_i.out_channels};
  assign near_end_o = last_group_o && tile_q + 24'd2 >= tiles_i;

  logic unused_command;
  assign unused_command = ^command_i;

endmodule
