/// Hands commands to the parts of the SPU: fetch, index side, array and back (drain and epilogue).
/// Two commands are inside at a time: next_o is held until every part that it needs has taken it
/// over, which each does when it is done with its former one: load, and start in the clock after.
/// A pooling command needs no index side and no array. Loop counts are ready one clock after the
/// handshake. A command that is after_former does not fetch before the former one is complete; the
/// one before that is, since its successor has reached the back. Model: sim/spu/spu.hpp
module spu_commands #(
    localparam int unsigned Quads  = config_pkg::NumQuadrants,
    localparam int unsigned Lanes  = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels = config_pkg::PixelsPerQuadrant
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    // Commands
    input  logic                                 cmd_valid_i,
    output logic                                 cmd_ready_o,
    input  logic [commands_pkg::CommandBits-1:0] cmd_i,
    // Pixel walker: prepares next_o while fetch uses the former command
    output commands_pkg::spu_command_t           next_o,
    output logic                                 walk_start_o,
    input  logic                                 walk_ready_i,
    // Activation fetch
    output logic                                 fetch_load_o,
    output logic                                 fetch_start_o,
    output commands_pkg::spu_command_t           fetch_o,
    output logic [                         23:0] fetch_tiles_o,
    output logic [                         15:0] fetch_groups_o,
    input  logic                                 fetch_busy_i,
    input  logic                                 fetch_last_group_i,
    // Index side; restart: the shape is another than before
    output logic                                 index_start_o,
    output logic                                 index_restart_o,
    output spu_pkg::loops_t                      index_o,
    input  logic                                 index_busy_i,
    // Array
    output logic                                 array_start_o,
    output logic                                 array_restart_o,
    output spu_pkg::loops_t                      array_o,
    output logic                                 array_bf16_o,
    output logic [                         23:0] array_pixels_o,
    output logic [                         15:0] array_channels_o,
    input  logic                                 array_busy_i,
    // Drain and epilogue
    output logic                                 back_start_o,
    output commands_pkg::spu_command_t           back_o,
    output logic [                         23:0] back_tiles_o,
    input  logic                                 back_done_i,
    // Status
    output logic                                 busy_o,
    output logic                                 back_busy_o,
    output logic                                 error_newer_o,  // index side: not the oldest's
    output logic                                 progress_o
);

  // ---- Next command ----
  commands_pkg::spu_command_t next_q;
  spu_pkg::loops_t next_loops;
  logic [24:0] next_banks_q;
  logic [23:0] next_tiles_q;
  logic [15:0] next_groups_q, next_blocks;
  logic next_bf16;
  logic next_valid_q, setup_q, walk_due_q, fetch_due_q, index_due_q, array_due_q, back_due_q;
  logic index_load, array_load, back_load;

  assign cmd_ready_o = !next_valid_q;
  assign next_o = next_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      next_valid_q <= 1'b0;
      setup_q      <= 1'b0;
      walk_due_q   <= 1'b0;
      fetch_due_q  <= 1'b0;
      index_due_q  <= 1'b0;
      array_due_q  <= 1'b0;
      back_due_q   <= 1'b0;
    end else begin
      setup_q <= cmd_valid_i && cmd_ready_o;
      if (cmd_valid_i && cmd_ready_o) begin
        next_valid_q <= 1'b1;
        walk_due_q   <= 1'b1;
      end
      if (walk_start_o) walk_due_q <= 1'b0;
      if (setup_q) begin
        fetch_due_q <= 1'b1;
        index_due_q <= !next_q.max_pool;
        array_due_q <= !next_q.max_pool;
        back_due_q  <= 1'b1;
      end
      if (fetch_load_o) fetch_due_q <= 1'b0;
      if (index_load) index_due_q <= 1'b0;
      if (array_load) array_due_q <= 1'b0;
      if (back_load) back_due_q <= 1'b0;
      if (next_valid_q && !setup_q && (!fetch_due_q || fetch_load_o) &&
          (!index_due_q || index_load) && (!array_due_q || array_load) &&
          (!back_due_q || back_load)) begin
        next_valid_q <= 1'b0;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (cmd_valid_i && cmd_ready_o) next_q <= cmd_i;
    if (setup_q) begin
      next_banks_q  <= 25'(next_blocks) * 25'(next_q.kernel_h) * 25'(next_q.kernel_w);
      next_tiles_q  <= (next_q.pixels + ((24'(Pixels) << next_q.shape[1:0]) - 24'd1)) >>
                       ($clog2(Pixels) + 32'(next_q.shape[1:0]));
      next_groups_q <= 16'((17'(next_q.out_channels) +
                            ((17'(Quads * Lanes) >> next_q.shape[1:0]) - 17'd1)) >>
                           ($clog2(Quads * Lanes) - 32'(next_q.shape[1:0])));
    end
  end

  // Blocks of 64 channels; of BF16 two words each, the last perhaps one.
  assign next_bf16   = next_q.dtype == commands_pkg::DtypeBf16;
  assign next_blocks = next_bf16 ? (next_q.in_blocks >> 1) + 16'(next_q.in_blocks[0])
                                 : next_q.in_blocks;

  assign next_loops.shape    = next_q.shape[1:0];
  assign next_loops.resident = next_q.weights_resident;
  assign next_loops.keep     = next_q.weights_keep;
  assign next_loops.banks    = next_banks_q;
  assign next_loops.tiles    = next_tiles_q;
  assign next_loops.groups   = next_groups_q;

  // ---- Each part's command: loaded when the part is idle, started in the clock after ----
  logic fetch_free, former_running;
  assign former_running = back_due_q && back_busy_o && !back_done_i;
  assign fetch_free   = !(fetch_busy_i || fetch_start_o);
  assign walk_start_o = walk_due_q && (fetch_last_group_i || fetch_free);
  assign fetch_load_o = fetch_due_q && walk_ready_i && fetch_free &&
                        !(next_q.after_former && former_running);
  assign index_load   = index_due_q && !(index_busy_i || index_start_o);
  assign array_load   = array_due_q && !(array_busy_i || array_start_o);
  assign back_load    = back_due_q && (!back_busy_o || back_done_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fetch_start_o <= 1'b0;
      index_start_o <= 1'b0;
      array_start_o <= 1'b0;
      back_start_o  <= 1'b0;
      back_busy_o   <= 1'b0;
      index_o       <= '0;
      array_o       <= '0;
    end else begin
      fetch_start_o <= fetch_load_o;
      index_start_o <= index_load;
      array_start_o <= array_load;
      back_start_o  <= back_load;
      if (back_load) back_busy_o <= 1'b1;
      else if (back_done_i) back_busy_o <= 1'b0;
      if (index_load) index_o <= next_loops;
      if (array_load) array_o <= next_loops;
    end
  end

  always_ff @(posedge clk_i) begin
    if (fetch_load_o) begin
      fetch_o        <= next_q;
      fetch_tiles_o  <= next_tiles_q;
      fetch_groups_o <= next_q.max_pool ? next_q.in_blocks : next_groups_q;
    end
    if (array_load) begin
      array_bf16_o     <= next_bf16;
      array_pixels_o   <= next_q.pixels;
      array_channels_o <= next_q.out_channels;
    end
    if (back_load) begin
      back_o       <= next_q;
      back_tiles_o <= next_tiles_q;
    end
    // What the stream buffers have read ahead is in the former command's shape.
    index_restart_o <= index_load && (index_o.shape != next_loops.shape);
    array_restart_o <= array_load && (array_o.shape != next_loops.shape);
  end

  // ---- Status ----
  assign busy_o = next_valid_q || back_busy_o;
  assign error_newer_o = !index_due_q && back_due_q;
  assign progress_o = setup_q || walk_start_o || fetch_load_o || index_load || array_load ||
                      back_load || (fetch_due_q && !walk_due_q && !walk_ready_i);

endmodule
