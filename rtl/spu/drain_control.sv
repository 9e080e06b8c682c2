/// Takes finished tiles out of the accumulators, through the epilogue, into the local buffer, in
/// the order of drain_order. One beat per clock unless the second tensor's words are not granted.
/// Accumulators, parameter row and second tensor's words are read in one clock and enter the
/// epilogue in the next. A set is free before its last reads if none of them can be late, else in
/// the clock after the last. The first lane chunk of a block of 64 channels writes the whole word.
/// A pooling tile comes from the pooling unit. With an activation a beat is issued every fourth
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

  localparam int unsigned LeftBits = $clog2(2 * Beats * Quads + 1);

  logic [1:0] waiting_q;  // tiles
  logic set_q, run_q, active, issue, pool, wide, floats;
  logic [1:0] pause_q;    // clocks until the activation lanes take a beat

  // ---- Place of the beat ----
  logic [QuadBits-1:0] quad;
  logic [16:0] channel;
  logic [OutPixels-1:0] mask;
  logic [AddrBits-1:0] result_addr;
  logic [2:0] chunk;
  logic [LeftBits-1:0] left;
  logic half, split, last_part, tile_last, last_tile, last_group, near_end, tile_end;

  drain_order u_order (
      .clk_i,
      .start_i,
      .command_i,
      .tiles_i,
      .step_i       (issue),
      .sel_o        (drain_sel_o),
      .quad_o       (quad),
      .part_o,
      .half_o       (half),
      .channel_o    (channel),
      .mask_o       (mask),
      .split_o      (split),
      .result_addr_o(result_addr),
      .second_addr_o,
      .chunk_o      (chunk),
      .left_o       (left),
      .last_part_o  (last_part),
      .tile_last_o  (tile_last),
      .last_tile_o  (last_tile),
      .last_group_o (last_group),
      .near_end_o   (near_end)
  );

  // ---- Tiles waiting ----
  assign pool = command_i.max_pool;
  assign wide = command_i.out_bf16;
  assign floats = command_i.dtype == commands_pkg::DtypeBf16;
  // A tile of the next command may be here before the last beat of the former is out.
  assign active = run_q && !hold_i && pause_q == '0 &&
                  (pool ? pool_valid_i : (waiting_q != '0) && param_valid_i);
  assign issue = active && (!command_i.add_enable || second_ready_i);
  assign tile_end = issue && tile_last;

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

  // ---- Reads ----
  always_comb begin : select_quadrant
    drain_valid_o = '0;
    drain_valid_o[quad] = issue && !pool;
  end
  assign drain_set_o = set_q;
  assign pool_free_o = tile_end && pool;
  assign pool_read_o = issue && pool;
  assign param_read_o = issue && !pool;
  assign param_release_o = tile_end && !pool && (command_i.weights_resident ?
                                        (last_tile && !command_i.weights_keep) : 1'b1);
  assign second_valid_o = active && command_i.add_enable;
  assign second_mask_o = mask;
  assign second_chunk_o = chunk;

  // ---- Sets ----
  // A set is free as soon as the array cannot overtake the drain, whose beats come one per clock
  // then: the first sums in a set are there two clocks after the step, those of BF16 six. With a
  // second tensor or an activation a beat may be late. The answer is registered: it lies in the way
  // of the array's next step, and so of the operands' next fetch. What uses the last two sets of a
  // command next may be of the other type.
  logic steady, freed_q, free_now;
  assign steady = !command_i.add_enable && !pool && command_i.activation == '0 && (wide || !split);
  assign free_now = issue && !pool &&
                    (steady ? last_part && !freed_q &&
                              left <= ((floats && !near_end) ? LeftBits'(7) : LeftBits'(3))
                            : tile_end);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      set_free_o <= 1'b0;
      freed_q    <= 1'b0;
    end else begin
      set_free_o <= free_now;
      freed_q    <= !tile_end && (freed_q || free_now);
    end
  end

  // ---- Beat ----
  logic [Lanes-1:0] lane_mask;
  always_comb begin : lanes
    int unsigned i;
    for (i = 0; i < Lanes; i = i + 1) begin
      lane_mask[i] = (channel + 17'(i)) < {1'b0, command_i.out_channels};
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_valid_o <= 1'b0;
    else beat_valid_o <= issue;
  end
  always_ff @(posedge clk_i) begin
    if (issue) begin
      drain_quad_o <= quad;
      beat_lanes_o <= lane_mask;
      beat_addr_o  <= result_addr;
      beat_half_o  <= half;
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
