/// Takes finished tiles out of the accumulators, through the epilogue, into the local buffer. Order
/// of the beats, EpiloguePixels pixels of a channel part each: all pixels of a part, then the next
/// part, so that results one after the other lie in different banks of the local buffer and a word
/// of the fetch waits for one of them at most. With a second tensor all parts of a few pixels, then
/// the next pixels: a beat's results and the second tensor's words of a beat one and a half tiles
/// later lie in different banks then. One beat per clock unless the second tensor's words are not
/// granted. Beats without a valid pixel or channel block are skipped. Accumulators, parameter row
/// and second tensor's words are read in one clock and enter the epilogue in the next. A set is
/// free in the clock of its last read, or one later where that depends on a grant. The first lane
/// chunk of a block of 64 channels writes the whole word. With the floating-point epilogue a beat
/// is issued twice, once for each half of its lanes. BF16 results of a half fill a lane chunk, or,
/// of 64 lanes, a word of their own, and without such a word there is no second half; without a
/// second tensor each half takes all pixels. Bytes of both halves are written together. A pooling
/// tile is one channel block of one pixel quadrant, and comes from the pooling unit; a lane chunk
/// of BF16 is one beat, as no epilogue halves it. With an activation a beat is issued every fourth
/// clock, one of BF16 or a half every second, which is what the activation lanes take; the first
/// waits for their table.
/// Model: sim/spu/spu.hpp
`include "assert.svh"
module drain_control #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned Beats     = Pixels / OutPixels,
    localparam int unsigned SelBits   = (Beats > 1) ? $clog2(Beats) : 1,
    localparam int unsigned QuadBits  = (Quads > 1) ? $clog2(Quads) : 1
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Command, held until its last beat has left the epilogue
    input  logic                       start_i,
    input  commands_pkg::spu_command_t command_i,
    input  logic [               23:0] tiles_i,
    output logic                       busy_o,          // beats of the command are still due
    input  logic                       hold_i,          // no beat yet; from the clock after start_i
    // Tiles
    input  logic                       tile_done_i,
    input  logic                       tile_set_i,
    input  logic                       pool_valid_i,    // oldest tile of the pooling unit
    output logic                       set_free_o,      // of the array
    output logic                       pool_free_o,     // oldest tile of the pooling unit is out
    // Accumulator read
    output logic [          Quads-1:0] drain_valid_o,
    output logic                       drain_set_o,
    output logic [        SelBits-1:0] drain_sel_o,
    output logic [       QuadBits-1:0] drain_quad_o,    // one clock later: whose data to take
    output logic                       pool_read_o,
    output logic [                2:0] part_o,          // channel part of accumulators, parameters
    // Parameters of the group
    input  logic                       param_valid_i,
    output logic                       param_read_o,
    output logic                       param_release_o,
    // Second tensor
    output logic                       second_valid_o,
    input  logic                       second_ready_i,
    output logic [       AddrBits-1:0] second_addr_o,
    output logic [      OutPixels-1:0] second_mask_o,
    output logic [                2:0] second_chunk_o,
    // Beat into the epilogue, one clock after the reads
    output logic                       beat_valid_o,
    output logic [          Lanes-1:0] beat_lanes_o,    // channels that exist
    output logic [       AddrBits-1:0] beat_addr_o,     // word of the first pixel
    output logic [      OutPixels-1:0] beat_mask_o,     // pixels that exist
    output logic [                2:0] beat_chunk_o,    // lane chunk within the word
    output logic                       beat_half_o,     // upper half of the lanes
    output logic                       beat_last_o      // last beat of the command
);

  typedef logic [AddrBits-1:0] addr_t;
  localparam int unsigned StepBits = $clog2(2 * Beats * Quads + 1);  // beats of two channel parts

  // ---- Tiles waiting ----
  logic [1:0] waiting_q;
  logic set_q, issue, tile_end, last_tile, last_group;
  logic [23:0] tile_q, pixel_base_q;
  logic active, run_q, pool;
  logic [1:0] pause_q;  // clocks until the activation lanes take a beat

  // ---- Position in the tile ----
  logic [2:0] part_q, last_part_index;
  logic [1:0] quad_q, last_quad_index;
  logic [SelBits-1:0] sel_q;
  logic [16:0] group_channel_q, channel_q, next_channel, group_channels, beat_channels;
  addr_t group_out_q, out_q, next_out, group_add_q, add_q, next_add, out_half, add_half;
  logic [23:0] pixel, pixels_here;
  logic split, wide, floats, half_q, alone, last_half, sweep, half_over, pixel_over, part_over;
  logic last_sel, last_pixel, last_part, wrap_block;
  logic [2:0] chunk;

  assign pool = command_i.max_pool;
  assign last_part_index = pool ? 3'(config_pkg::LaneChunks - 1)
                                : 3'((4'(Quads) >> command_i.shape[1:0]) - 4'd1);
  assign last_quad_index = 2'((4'd1 << command_i.shape[1:0]) - 4'd1);
  assign pixel = pixel_base_q + 24'(quad_q) * 24'(Pixels) + 24'(sel_q) * 24'(OutPixels);
  assign pixels_here = command_i.pixels - pixel;
  assign last_sel = sel_q == SelBits'(Beats - 1);
  assign last_pixel = (last_sel && quad_q == last_quad_index) || (pixels_here <= 24'(OutPixels));
  assign beat_channels = (pool && wide) ? 17'(Lanes / 2) : 17'(Lanes);
  assign next_channel = channel_q + beat_channels;
  // BF16 results: a block has 32 channels. With 64 lanes each half is a block of its own.
  assign wide = command_i.out_bf16;
  assign floats = command_i.dtype == commands_pkg::DtypeBf16;
  assign split = !pool && (wide || floats || command_i.float_epilogue);
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
  assign last_tile = tile_q == tiles_i - 24'd1;
  assign group_channels = pool ? (wide ? 17'd32 : 17'd64)
                               : 17'(Quads * Lanes) >> command_i.shape[1:0];
  assign last_group = (group_channel_q + group_channels) >= {1'b0, command_i.out_channels};

  // A tile of the next command may be here before the last beat of the former is out.
  assign active = run_q && !hold_i && pause_q == '0 &&
                  (pool ? pool_valid_i : (waiting_q != '0) && param_valid_i);
  assign issue = active && (!command_i.add_enable || second_ready_i);
  // The upper half may lie in a block that does not exist.
  assign alone = wide && Lanes == 64 && channel_q + 17'd32 >= {1'b0, command_i.out_channels};
  assign last_half = half_q || !split || alone;
  // Inner loops first: pixels, half, part; half, pixels, part of bytes; with a second tensor half,
  // part, pixels.
  assign sweep = !command_i.add_enable;
  assign half_over = issue && (!sweep || !wide || last_pixel);
  assign pixel_over = issue && (sweep ? wide || last_half : last_half && last_part);
  assign part_over = issue && last_half && (!sweep || last_pixel);
  assign tile_end = issue && last_half && last_pixel && last_part;
  assign chunk = wide ? 3'({channel_q[4:0], 1'b0} >> $clog2(Lanes)) | 3'(half_q && Lanes != 64)
                      : 3'(channel_q[5:0] >> $clog2(Lanes));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waiting_q <= '0;
      set_q     <= 1'b0;
      run_q     <= 1'b0;
      pause_q   <= '0;
    end else begin
      if (issue && command_i.activation != '0) pause_q <= split || wide ? 2'd1 : 2'd3;
      else if (pause_q != '0) pause_q <= pause_q - 2'd1;
      if (start_i) run_q <= 1'b1;
      else if (tile_end && last_tile && last_group) run_q <= 1'b0;
      waiting_q <= waiting_q + 2'(tile_done_i) - 2'(tile_end && !pool);
      if (tile_done_i && (waiting_q == '0)) set_q <= tile_set_i;
      else if (tile_end && !pool) set_q <= !set_q;
    end
  end

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
      if (tile_end) begin
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

  // Beats for so many pixels, at most `most`.
  logic [StepBits-1:0] tile_steps;
  function automatic logic [StepBits-1:0] steps_of(input logic [23:0] pixels,
                                                   input logic [StepBits-1:0] most);
    logic [23:0] steps;
    steps = (pixels + 24'(OutPixels - 1)) / 24'(OutPixels);
    steps_of = steps < 24'(most) ? StepBits'(steps) : most;
  endfunction

  // ---- Reads ----
  logic [QuadBits-1:0] quad_index;
  assign quad_index = QuadBits'(32'(part_q) << command_i.shape[1:0]) | QuadBits'(quad_q);
  always_comb begin : select_quadrant
    drain_valid_o = '0;
    drain_valid_o[quad_index] = issue && !pool;
  end
  assign drain_set_o = set_q;
  assign drain_sel_o = sel_q;
  // A set is free as soon as the array cannot overtake the drain, whose beats come one per clock
  // then: the first sums in a set are there two clocks after the step, those of BF16 six. With a
  // second tensor or an activation a beat may be late. The answer is registered: it lies in the way
  // of the array's next step, and so of the operands' next fetch. What uses the last two sets of a
  // command next may be of the other type.
  logic steady, freed_q, free_q, free_now, near_end;
  logic [StepBits-1:0] here, whole, left;
  assign steady = sweep && !pool && command_i.activation == '0 && (wide || !split);
  assign here = steps_of(pixels_here, tile_steps - StepBits'(32'(quad_q) * Beats + 32'(sel_q)));
  assign whole = steps_of(command_i.pixels - pixel_base_q, tile_steps);
  assign tile_steps = StepBits'(Beats) << command_i.shape[1:0];
  assign left = last_half ? here : here + whole;
  assign near_end = last_group && tile_q + 24'd2 >= tiles_i;
  assign free_now = issue && !pool &&
                    (steady ? last_part && !freed_q &&
                              left <= ((floats && !near_end) ? StepBits'(7) : StepBits'(3))
                            : tile_end);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      free_q  <= 1'b0;
      freed_q <= 1'b0;
    end else begin
      free_q  <= free_now;
      freed_q <= !tile_end && (freed_q || free_now);
    end
  end
  assign set_free_o = free_q;
  assign pool_free_o = tile_end && pool;
  assign pool_read_o = issue && pool;
  assign part_o = part_q;
  assign param_read_o = issue && !pool;
  assign param_release_o = tile_end && !pool && (command_i.weights_resident ?
                                        (last_tile && !command_i.weights_keep) : 1'b1);

  logic [OutPixels-1:0] mask;
  logic [Lanes-1:0] lane_mask;
  always_comb begin : masks
    int unsigned i;
    mask = '0;
    lane_mask = '0;
    for (i = 0; i < OutPixels; i = i + 1) mask[i] = 24'(i) < pixels_here;
    for (i = 0; i < Lanes; i = i + 1) begin
      lane_mask[i] = (channel_q + 17'(i)) < {1'b0, command_i.out_channels};
    end
  end

  assign second_valid_o = active && command_i.add_enable;
  assign second_addr_o = add_half + AddrBits'(pixel);
  assign second_mask_o = mask;
  assign second_chunk_o = chunk;

  // ---- Beat ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_valid_o <= 1'b0;
    else beat_valid_o <= issue;
  end
  always_ff @(posedge clk_i) begin
    if (issue) begin
      drain_quad_o <= quad_index;
      beat_lanes_o <= lane_mask;
      beat_addr_o  <= out_half + AddrBits'(pixel);
      beat_half_o  <= half_q;
      beat_mask_o  <= mask;
      beat_chunk_o <= chunk;
      beat_last_o  <= tile_end && last_tile && last_group;
    end
  end
  assign busy_o = run_q;

  logic unused_command;
  assign unused_command = ^command_i;

  // ---- Assertions ----
  // Two full sets, and one that is freed but not out.
  `S4_ASSERT(WaitingInRange, !tile_done_i || waiting_q != 2'd3)

endmodule
