/// Sending side of one direction of a station: a queue per class, credits, choice of the next
/// packet. A head may go when it has a credit at each of its destinations and its quota is not
/// spent; control goes first (three times in a row at most beside others), requests and responses
/// take turns. A destination that gave no credit for TimeLimit clocks while a packet waited for it
/// is dead: it is taken out of masks (dropped_o counts) until it gives a credit again.
/// A packet is visible at the head one clock after it was pushed; one packet per clock.
/// Model: sim/ring/ring_scoreboard.hpp
`include "assert.svh"

module ring_injector #(
    parameter int unsigned Width = 64,  // bits of a packet besides mask and class, >= 1
    parameter int unsigned Reach = 2,  // farthest destination in hops, 1..8
    parameter int unsigned Credits = 8,  // packets in flight to one destination and class, >= 1
    parameter int unsigned QueueDepth = 4,  // packets of a class, >= 1
    parameter int unsigned TimeLimit = 65536,  // clocks, >= 2
    localparam int unsigned NumClasses = ring_pkg::NumClasses,
    localparam int unsigned DropWidth = $clog2(NumClasses * Reach + 1)
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    // Push port: only into a class that has room. Mask: bit k is the station k + 1 hops on
    output logic [         NumClasses-1:0] room_o,
    input  logic                           valid_i,
    input  logic [ring_pkg::ClassWidth-1:0] class_i,
    input  logic [              Reach-1:0] mask_i,
    input  logic [              Width-1:0] packet_i,
    // Quota
    input  logic                           may_send_i,
    input  logic                           may_control_i,
    output logic                           waiting_o,
    // Chosen packet, sent in this clock if slot_free_i
    input  logic                           slot_free_i,
    output logic                           valid_o,
    output logic [ring_pkg::ClassWidth-1:0] class_o,
    output logic [              Reach-1:0] mask_o,
    output logic [              Width-1:0] packet_o,
    // Credits that came back: bit class * Reach + hops - 1
    input  logic [   NumClasses*Reach-1:0] credit_i,
    // Destinations given up in this clock, and now
    output logic [          DropWidth-1:0] dropped_o,
    output logic [              Reach-1:0] dead_o
);

  localparam int unsigned NumCounters = NumClasses * Reach;
  localparam int unsigned CreditWidth = $clog2(Credits + 1);
  localparam int unsigned TimeWidth = $clog2(TimeLimit);
  localparam int unsigned Control = 32'(ring_pkg::ClassControl);

  `S4_CHECK_PARAM(gen_check_reach, Reach >= 1 && Reach <= 8)
  `S4_CHECK_PARAM(gen_check_credits, Credits >= 1)
  `S4_CHECK_PARAM(gen_check_time, TimeLimit >= 2)

  logic [NumClasses-1:0] head_valid, pop, sendable, allowed, chosen, empty_mask;
  logic [NumClasses*Reach-1:0] head_mask, live_mask;
  logic [NumCounters-1:0] has_credit, taken, dead_q, given_up;
  logic [NumClasses-1:0] expired;

  // ---- Queues ----
  for (genvar c = 0; c < NumClasses; c = c + 1) begin : gen_class
    logic unused_count;
    logic [$clog2(QueueDepth+1)-1:0] count;
    logic [Width-1:0] packet;  // not side by side in one vector: simulators shift such words
    assign unused_count = ^count;

    fifo #(
        .Width(Reach + Width),
        .Depth(QueueDepth)
    ) u_queue (
        .clk_i,
        .rst_ni,
        .flush_i(1'b0),
        .in_valid_i(valid_i && class_i == ring_pkg::ClassWidth'(c)),
        .in_ready_o(room_o[c]),
        .in_data_i({mask_i, packet_i}),
        .out_valid_o(head_valid[c]),
        .out_ready_i(pop[c]),
        .out_data_o({head_mask[c*Reach+:Reach], packet}),
        .count_o(count)
    );

    // ---- What the head may do ----
    assign live_mask[c*Reach+:Reach] = head_mask[c*Reach+:Reach] & ~dead_q[c*Reach+:Reach];
    assign empty_mask[c] = live_mask[c*Reach+:Reach] == '0;
    assign sendable[c] = head_valid[c] && !empty_mask[c] &&
                         (live_mask[c*Reach+:Reach] & ~has_credit[c*Reach+:Reach]) == '0;
    // Nobody is left to send to: the packet goes without taking a slot.
    assign pop[c] = (chosen[c] && slot_free_i) || (head_valid[c] && empty_mask[c]);
    assign taken[c*Reach+:Reach] = (chosen[c] && slot_free_i) ? live_mask[c*Reach+:Reach] : '0;

    // ---- Dead destinations ----
    logic [TimeWidth-1:0] blocked_q;
    assign expired[c] = blocked_q == TimeWidth'(TimeLimit - 1);
    assign given_up[c*Reach+:Reach] =
        expired[c] ? live_mask[c*Reach+:Reach] & ~has_credit[c*Reach+:Reach] : '0;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) blocked_q <= '0;
      else if (!head_valid[c] || empty_mask[c] || sendable[c] || expired[c]) blocked_q <= '0;
      else blocked_q <= blocked_q + TimeWidth'(1);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) dead_q <= '0;
    else dead_q <= (dead_q | given_up) & ~credit_i;
  end

  always_comb begin : status
    int unsigned c, r;
    dropped_o = '0;
    dead_o    = '0;
    for (c = 0; c < NumClasses; c = c + 1) begin
      for (r = 0; r < Reach; r = r + 1) begin
        if (dead_q[c*Reach+r]) dead_o[r] = 1'b1;
        if (pop[c] && head_mask[c*Reach+r] && !live_mask[c*Reach+r]) begin
          dropped_o = dropped_o + DropWidth'(1);
        end
      end
    end
  end

  // ---- Credits ----
  for (genvar n = 0; n < NumCounters; n = n + 1) begin : gen_credit
    logic [CreditWidth-1:0] credits_q;
    assign has_credit[n] = credits_q != '0;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) credits_q <= CreditWidth'(Credits);
      else credits_q <= credits_q + CreditWidth'(credit_i[n]) - CreditWidth'(taken[n]);
    end
    `S4_ASSERT(CreditsInRange, credits_q <= CreditWidth'(Credits) &&
               !(credit_i[n] && !taken[n] && credits_q == CreditWidth'(Credits)))
  end

  // ---- Choice ----
  logic [1:0] run_q;  // control packets in a row that went before others
  logic turn_q;  // 1: a response before a request
  logic others, control;

  assign allowed   = sendable & {may_control_i, may_send_i, may_send_i};
  assign waiting_o = sendable != '0;
  assign others    = allowed[1:0] != '0;
  assign control   = allowed[Control] && !(others && run_q == 2'd3);
  always_comb begin
    chosen = '0;
    if (control) chosen[Control] = 1'b1;
    else if (allowed[1:0] == 2'b11) chosen[1:0] = turn_q ? 2'b10 : 2'b01;
    else chosen[1:0] = allowed[1:0];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      run_q  <= '0;
      turn_q <= 1'b0;
    end else if (slot_free_i && valid_o) begin
      run_q <= (control && others) ? run_q + 2'd1 : '0;
      if (!control) turn_q <= chosen[0];
    end
  end

  assign valid_o = chosen != '0;
  always_comb begin
    if (chosen[0]) begin
      class_o  = ring_pkg::ClassRequest;
      mask_o   = live_mask[0+:Reach];
      packet_o = gen_class[0].packet;
    end else if (chosen[1]) begin
      class_o  = ring_pkg::ClassResponse;
      mask_o   = live_mask[Reach+:Reach];
      packet_o = gen_class[1].packet;
    end else begin
      class_o  = ring_pkg::ClassControl;
      mask_o   = live_mask[Control*Reach+:Reach];
      packet_o = gen_class[Control].packet;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(PushHasRoom, !valid_i || (32'(class_i) < NumClasses && room_o[class_i]))
  `S4_ASSERT(PushHasDestination, !valid_i || mask_i != '0)
  `S4_ASSERT(OneChosen, (chosen & (chosen - NumClasses'(1))) == '0)

endmodule
