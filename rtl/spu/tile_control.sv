/// Issues array steps: pairs each decoded step with its value chunk and its operand bank.
/// A step leaves when index, value and operands are there and, for the first of a tile, when an
/// accumulator set is free. A bank without entries takes one clock and no value. A tile without any
/// entry issues one step of zeros, so that its accumulators are cleared. tile_done_o hands a full
/// set to the drain one clock after its last step was issued; a set that is free may be used in the
/// same clock. One step per clock, no gap between banks or tiles. BF16: a step takes two clocks,
/// first the low then the high bytes of its values; a bank is two of the operand banks, both
/// released in the last step's second clock; the drain gets the set three clocks later, the next
/// command may start after four. Model: sim/spu/spu.hpp
`include "assert.svh"
module tile_control #(
    localparam int unsigned SlotBits = $clog2(spu_pkg::OperandBanks)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    // Command, held while in use
    input  logic                start_i,
    input  logic [        24:0] banks_i,
    input  logic [        23:0] tiles_i,
    input  logic [        15:0] groups_i,
    input  logic                resident_i,
    input  logic                keep_i,
    input  logic                bf16_i,
    input  logic [         1:0] shape_i,
    input  logic [        23:0] pixels_i,
    input  logic [        15:0] channels_i,
    output logic                busy_o,         // steps of the command are still due
    // Decoded steps
    input  logic                step_valid_i,
    input  logic                step_mac_i,
    input  logic                step_last_i,
    output logic                step_ready_o,
    // Values
    input  logic                value_valid_i,
    output logic                value_consume_o,
    output logic                value_consume_last_o,
    output logic                value_pass_end_o,
    output logic                value_rewind_o,
    // Operand banks
    input  logic                bank_valid_i,
    input  logic [SlotBits-1:0] bank_i,
    output logic                bank_release_o,
    // Array
    output logic                mac_low_o,      // low bytes of the step to come
    output logic                mac_valid_o,
    output logic                mac_clear_o,
    output logic                mac_zero_o,     // all values are zero
    output logic                mac_set_o,
    output logic [SlotBits-1:0] mac_bank_o,
    // Drain
    output logic                tile_done_o,
    output logic                tile_set_o,
    input  logic                set_free_i,     // pulse: the older set is drained
    // Why no step was issued
    output logic                stall_weights_o,
    output logic                stall_activations_o,
    output logic                stall_drain_o,
    // Multiply-accumulates of this clock on valid lanes and pixels
    output logic [        15:0] macs_o
);

  logic run_q, set_q, started_q;
  logic [1:0] full_q;
  logic [24:0] banks_left_q;
  logic [23:0] tiles_left_q;
  logic [15:0] groups_left_q;
  logic low_q, ready, low;
  logic [2:0] done_late_q;
  logic [1:0] set_late_q;
  logic last_bank, zero_step, fire, tile_end, set_ready, values_ready, done_d1_q, set_d1_q;

  assign last_bank = banks_left_q == 25'd1;
  assign zero_step = !step_mac_i && last_bank && !started_q;
  assign set_ready = started_q || (full_q != 2'd2) || set_free_i;
  assign values_ready = !step_mac_i || value_valid_i;
  assign ready = run_q && step_valid_i && values_ready && set_ready;
  // The second clock of a step has its operands: one of them is released already.
  assign low = ready && bank_valid_i && bf16_i && !low_q;
  assign fire = ready && (bf16_i ? low_q : bank_valid_i);
  assign tile_end = fire && step_last_i && last_bank;

  assign step_ready_o = fire;
  assign bank_release_o = fire && step_last_i;
  assign value_consume_o = (fire || low) && step_mac_i;
  assign value_consume_last_o = tile_end && step_mac_i;
  assign value_pass_end_o = tile_end && !step_mac_i;
  assign value_rewind_o = resident_i && (tiles_left_q != 24'd1 || keep_i);

  assign mac_low_o = low && (step_mac_i || zero_step);
  assign mac_valid_o = fire && (step_mac_i || zero_step);
  assign mac_clear_o = !started_q;
  assign mac_zero_o = !step_mac_i;
  assign mac_set_o = set_q;
  assign mac_bank_o = bank_i;
  assign busy_o = run_q || done_d1_q || done_late_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      run_q         <= 1'b0;
      set_q         <= 1'b0;
      started_q     <= 1'b0;
      full_q        <= '0;
      banks_left_q  <= '0;
      tiles_left_q  <= '0;
      groups_left_q <= '0;
      low_q         <= 1'b0;
      done_late_q   <= '0;
      set_late_q    <= '0;
      done_d1_q     <= 1'b0;
      set_d1_q      <= 1'b0;
      tile_done_o   <= 1'b0;
      tile_set_o    <= 1'b0;
    end else begin
      done_d1_q   <= tile_end && bf16_i;
      set_d1_q    <= set_q;
      done_late_q <= {done_late_q[1:0], done_d1_q};
      set_late_q  <= {set_late_q[0], set_d1_q};
      // The drain begins with the first half of the pixels, whose sums are there a clock sooner.
      tile_done_o <= (tile_end && !bf16_i) || done_late_q[1];
      tile_set_o  <= done_late_q[1] ? set_late_q[1] : set_q;
      low_q       <= low || (low_q && !fire);
      full_q      <= full_q + 2'(tile_end) - 2'(set_free_i);
      if (mac_valid_o) started_q <= 1'b1;
      if (fire && step_last_i) banks_left_q <= banks_left_q - 25'd1;
      if (tile_end) begin
        started_q    <= 1'b0;
        set_q        <= !set_q;
        banks_left_q <= banks_i;
        tiles_left_q <= tiles_left_q - 24'd1;
        if (tiles_left_q == 24'd1) begin
          groups_left_q <= groups_left_q - 16'd1;
          tiles_left_q  <= tiles_i;
          if (groups_left_q == 16'd1) begin
            run_q        <= 1'b0;
            tiles_left_q <= tiles_left_q;  // value_rewind_o keeps its value until the next start
          end
        end
      end
      if (start_i) begin
        run_q         <= 1'b1;
        banks_left_q  <= banks_i;
        tiles_left_q  <= tiles_i;
        groups_left_q <= groups_i;
      end
    end
  end

  // ---- Valid lanes and pixels of the tile, for the counters ----
  logic [23:0] pixels_left_q, tile_pixels;
  logic [15:0] channels_left_q, group_channels, valid_channels;
  logic [15:0] valid_pixels;
  assign tile_pixels = 24'(config_pkg::PixelsPerQuadrant) << shape_i;
  assign group_channels = 16'(config_pkg::ArrayLanes) >> shape_i;
  assign valid_pixels = (pixels_left_q < tile_pixels) ? 16'(pixels_left_q) : 16'(tile_pixels);
  assign valid_channels = (channels_left_q < group_channels) ? channels_left_q : group_channels;
  assign macs_o = (fire && step_mac_i) ? 16'(valid_pixels * valid_channels) : '0;

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      pixels_left_q   <= pixels_i;
      channels_left_q <= channels_i;
    end else if (tile_end) begin
      pixels_left_q <= (tiles_left_q == 24'd1) ? pixels_i : pixels_left_q - tile_pixels;
      if (tiles_left_q == 24'd1) channels_left_q <= channels_left_q - group_channels;
    end
  end

  logic still;
  assign still = run_q && !fire && !low;
  assign stall_drain_o = still && !set_ready;
  assign stall_weights_o = still && set_ready && !(step_valid_i && values_ready);
  assign stall_activations_o = still && set_ready && step_valid_i && values_ready;

  // ---- Assertions ----
  `S4_ASSERT(SetsInRange, full_q <= 2'd2)
  `S4_ASSERT(FreeOnlyFull, !set_free_i || full_q != 2'd0)

endmodule
