/// Write data: places the beats of accepted writes into the line of their queue entry (bytes of a
/// second write over those of the first), acknowledges a write with its last beat, and hands each
/// burst to the pins at its time. From the last beat on the queue answers for the order, so that
/// is when the write is done for its sender. Bursts leave in the order of their commands; data
/// begin 3 + TWl + TDqss CK after the first CK of the command. Model:
/// tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_write_data #(
    parameter int unsigned Depth = 64,  // entries of the write queue
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    localparam int unsigned SlotWidth = $clog2(Depth)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // Accepted writes: where their beats go; a fresh line has no bytes yet; data of a refused write
    // are dropped
    output logic                 room_o,
    input  logic                 write_i,
    input  logic [SlotWidth-1:0] slot_i,
    input  logic                 fresh_i,
    input  logic                 half_i,
    input  logic                 two_i,
    input  logic                 error_i,
    input  logic [ TagWidth-1:0] tag_i,
    // Beats
    input  logic                 wdata_valid_i,
    output logic                 wdata_ready_o,
    input  logic [        255:0] wdata_i,
    input  logic [         31:0] wstrb_i,
    // Acknowledge
    output logic                 wack_valid_o,
    input  logic                 wack_ready_i,
    output logic [ TagWidth-1:0] wack_tag_o,
    output logic                 wack_error_o,
    // A half of an entry has its data: any, all of its bytes
    output logic                 data_o,
    output logic [SlotWidth-1:0] data_slot_o,
    output logic                 data_half_o,
    output logic                 data_any_o,
    output logic                 data_full_o,
    // Write command of this clock on the way to the pins (as seen by memory_command)
    input  logic                 burst_i,
    input  logic                 burst_phase_i,
    input  logic                 burst_masked_i,
    input  logic [SlotWidth-1:0] burst_slot_i,
    input  logic                 burst_half_i,
    // The slot's data were fetched
    output logic                 release_o,
    output logic [SlotWidth-1:0] release_slot_o,
    // Pins
    output logic [          1:0] wrdata_en_o,
    output logic [         63:0] wrdata_o,
    output logic [          7:0] wrmask_o
);

  localparam int unsigned FirstCk = 3 + lpddr4_pkg::TWl + lpddr4_pkg::TDqss;
  // Clocks in late_q, less one. The line is read two clocks before its data are on the pins.
  localparam int unsigned Delay = FirstCk / 2 - 2;
  localparam int unsigned OrderWidth = SlotWidth + 4 + TagWidth;
  localparam int unsigned LateWidth = SlotWidth + 4;

  `S4_CHECK_PARAM(gen_check_latency, FirstCk % 2 == 0 && FirstCk >= 8)

  // ---- Where the beats go ----
  logic order_valid, order_pop, fresh, half, two, error, second_q;
  logic [SlotWidth-1:0] slot;
  logic [TagWidth-1:0] tag;
  logic [2:0] unused_count;
  fifo #(
      .Width(OrderWidth),
      .Depth(4)
  ) u_order (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (write_i),
      .in_ready_o (room_o),
      .in_data_i  ({slot_i, fresh_i, half_i, two_i, error_i, tag_i}),
      .out_valid_o(order_valid),
      .out_ready_i(order_pop),
      .out_data_o ({slot, fresh, half, two, error, tag}),
      .count_o    (unused_count)
  );

  logic beat, last;
  assign last          = !two || second_q;
  assign wdata_ready_o = order_valid && (!last || !wack_valid_o || wack_ready_i);
  assign beat          = wdata_valid_i && wdata_ready_o;
  assign order_pop     = beat && last;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      second_q     <= 1'b0;
      wack_valid_o <= 1'b0;
      wack_tag_o   <= '0;
      wack_error_o <= 1'b0;
    end else begin
      if (beat) second_q <= !last;
      if (order_pop) begin
        wack_valid_o <= 1'b1;
        wack_tag_o   <= tag;
        wack_error_o <= error;
      end else if (wack_ready_i) begin
        wack_valid_o <= 1'b0;
      end
    end
  end

  // ---- Bytes that are there ----
  logic [31:0] strobes[0:2*Depth-1];
  logic [2*Depth-1:0] seen_q;  // halves with data since their line was fresh
  logic [SlotWidth:0] place, other_place;
  logic [31:0] strobes_d;
  assign place       = {slot, half ^ second_q};
  assign other_place = {slot, !(half ^ second_q)};
  assign strobes_d   = wstrb_i | ((seen_q[place] && !(fresh && !second_q)) ? strobes[place] : '0);
  assign data_o      = beat && !error;
  assign data_slot_o = slot;
  assign data_half_o = half ^ second_q;
  assign data_any_o  = strobes_d != '0;
  assign data_full_o = strobes_d == '1;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      seen_q <= '0;
    end else if (data_o) begin
      seen_q[place] <= 1'b1;
      if (fresh && !second_q) seen_q[other_place] <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) if (data_o) strobes[place] <= strobes_d;

  // ---- From the command to the pins ----
  logic [LateWidth*(Delay+1)-1:0] late_q;
  logic [LateWidth-1:0] fetch;
  logic fetch_now, fetch_phase, fetch_masked, fetch_half;
  logic [SlotWidth-1:0] fetch_slot;
  assign fetch = late_q[LateWidth*Delay+:LateWidth];
  assign {fetch_now, fetch_phase, fetch_masked, fetch_half, fetch_slot} = fetch;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) late_q <= '0;
    else late_q <= {late_q[LateWidth*Delay-1:0],
                    burst_i, burst_phase_i, burst_masked_i, burst_half_i, burst_slot_i};
  end
  assign release_o      = fetch_now;
  assign release_slot_o = fetch_slot;

  logic [255:0] line;
  sram_1r1w #(
      .Width     (256),
      .Depth     (2 * Depth),
      .WriteUnits(32)
  ) u_lines (
      .clk_i,
      .we_i   (data_o),
      .waddr_i(place),
      .wmask_i(wstrb_i),
      .wdata_i(wdata_i),
      .re_i   (fetch_now),
      .raddr_i({fetch_slot, fetch_half}),
      .rdata_o(line)
  );

  // ---- Four pairs of 32 bits; at phase 1 the upper one of a pair waits a clock ----
  logic active_q, phase_q, carry_q;
  logic [1:0] pair_q;
  logic [31:0] mask_q, carry_data_q;
  logic [3:0] carry_mask_q;
  logic [63:0] pair;
  logic [7:0] pair_mask;
  assign pair      = line[64*pair_q+:64];
  assign pair_mask = mask_q[8*pair_q+:8];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q     <= 1'b0;
      phase_q      <= 1'b0;
      carry_q      <= 1'b0;
      pair_q       <= '0;
      mask_q       <= '0;
      carry_data_q <= '0;
      carry_mask_q <= '0;
      wrdata_en_o  <= '0;
      wrdata_o     <= '0;
      wrmask_o     <= '0;
    end else begin
      if (fetch_now) begin
        active_q <= 1'b1;
        phase_q  <= fetch_phase;
        pair_q   <= '0;
        mask_q   <= fetch_masked ? ~strobes[{fetch_slot, fetch_half}] : '0;
      end else begin
        if (pair_q == 2'd3) active_q <= 1'b0;
        pair_q <= pair_q + 2'd1;
      end
      carry_q      <= active_q && phase_q;
      carry_data_q <= pair[63:32];
      carry_mask_q <= pair_mask[7:4];
      wrdata_en_o  <= {active_q, carry_q || (active_q && !phase_q)};
      wrdata_o     <= {phase_q ? pair[31:0] : pair[63:32], carry_q ? carry_data_q : pair[31:0]};
      wrmask_o     <= {phase_q ? pair_mask[3:0] : pair_mask[7:4],
                       carry_q ? carry_mask_q : pair_mask[3:0]};
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(BurstsApart, !fetch_now || !active_q || pair_q == 2'd3)
  `S4_ASSERT(CarryFits, !(carry_q && active_q && !phase_q))
  `S4_ASSERT_HELD(AckHeld, wack_valid_o, wack_ready_i, {wack_tag_o, wack_error_o})

endmodule
