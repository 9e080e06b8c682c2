/// Receiving side of one direction of a station: a queue per class with room for every credit that
/// the senders hold, so an arriving packet is always taken. Queues leave through one push port:
/// control first, requests and responses in turns, a class only while the client has room for it.
/// A packet that leaves gives its credit back to the sender. Visible one clock after it arrived;
/// one packet per clock. Model: sim/ring/ring_scoreboard.hpp
`include "assert.svh"

module ring_ejector #(
    parameter int unsigned Width = 64,  // bits of a packet besides class and distance, >= 1
    parameter int unsigned Reach = 2,  // farthest sender in hops, 1..8
    parameter int unsigned Credits = 8,  // packets in flight from one sender and class, >= 1
    localparam int unsigned NumClasses = ring_pkg::NumClasses,
    localparam int unsigned DistanceWidth = $clog2(Reach + 1)
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    // Arrival
    input  logic                            valid_i,
    input  logic [ring_pkg::ClassWidth-1:0] class_i,
    input  logic [       DistanceWidth-1:0] distance_i,
    input  logic [               Width-1:0] packet_i,
    // Push port of the client
    input  logic [          NumClasses-1:0] room_i,
    output logic                            valid_o,
    output logic [ring_pkg::ClassWidth-1:0] class_o,
    output logic [       DistanceWidth-1:0] distance_o,
    output logic [               Width-1:0] packet_o,
    // Credits given back: bit class * Reach + hops - 1
    output logic [    NumClasses*Reach-1:0] credit_o
);

  localparam int unsigned Depth = Reach * Credits;
  localparam int unsigned WordWidth = DistanceWidth + Width;
  localparam int unsigned Control = 32'(ring_pkg::ClassControl);
  localparam int unsigned RegisterBits = 8 * 4096;  // larger queues lie in SRAM macros

  logic [NumClasses-1:0] head_valid, in_ready, pop, able;
  logic turn_q;

  for (genvar c = 0; c < NumClasses; c = c + 1) begin : gen_class
    logic unused_count;
    logic [$clog2(Depth+1)-1:0] count;
    logic [WordWidth-1:0] head;  // not side by side in one vector: simulators shift such words
    assign unused_count = ^count;

    if (Depth * WordWidth <= RegisterBits) begin : gen_registers
      fifo #(
          .Width(WordWidth),
          .Depth(Depth)
      ) u_queue (
          .clk_i,
          .rst_ni,
          .flush_i(1'b0),
          .in_valid_i(valid_i && class_i == ring_pkg::ClassWidth'(c)),
          .in_ready_o(in_ready[c]),
          .in_data_i({distance_i, packet_i}),
          .out_valid_o(head_valid[c]),
          .out_ready_i(pop[c]),
          .out_data_o(head),
          .count_o(count)
      );
    end else begin : gen_sram
      fifo_sram #(
          .Width(WordWidth),
          .Depth(Depth)
      ) u_queue (
          .clk_i,
          .rst_ni,
          .in_valid_i(valid_i && class_i == ring_pkg::ClassWidth'(c)),
          .in_ready_o(in_ready[c]),
          .in_data_i({distance_i, packet_i}),
          .out_valid_o(head_valid[c]),
          .out_ready_i(pop[c]),
          .out_data_o(head),
          .count_o(count)
      );
    end
  end

  // ---- Choice ----
  assign able = head_valid & room_i;
  always_comb begin
    pop = '0;
    if (able[Control]) pop[Control] = 1'b1;
    else if (able[1:0] == 2'b11) pop[1:0] = turn_q ? 2'b10 : 2'b01;
    else pop[1:0] = able[1:0];
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) turn_q <= 1'b0;
    else if (pop[1:0] != '0) turn_q <= pop[0];
  end

  assign valid_o = pop != '0;
  always_comb begin
    if (pop[0]) begin
      class_o                = ring_pkg::ClassRequest;
      {distance_o, packet_o} = gen_class[0].head;
    end else if (pop[1]) begin
      class_o                = ring_pkg::ClassResponse;
      {distance_o, packet_o} = gen_class[1].head;
    end else begin
      class_o                = ring_pkg::ClassControl;
      {distance_o, packet_o} = gen_class[Control].head;
    end
  end

  // ---- Credits ----
  always_comb begin : give_back
    int unsigned c, r;
    credit_o = '0;
    for (c = 0; c < NumClasses; c = c + 1) begin
      for (r = 0; r < Reach; r = r + 1) begin
        credit_o[c*Reach+r] = pop[c] && distance_o == DistanceWidth'(r + 1);
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(NeverFull, !valid_i || (32'(class_i) < NumClasses && in_ready[class_i]))
  `S4_ASSERT(DistanceInReach, !valid_i || (distance_i != '0 && 32'(distance_i) <= Reach))

endmodule
