/// Brings packets to the two lanes of a station and to the station itself (the local port), each to
/// all that its mask asks for, and to each exactly once. Order holds per target: a packet is done
/// when the last target took it, then the next one comes. A target that has no room does not keep
/// the others from taking the same packet. Latency one clock; one packet per clock.
/// Model: tests/ring/ring_network_test.cpp
`include "assert.svh"

module ring_packet_fork #(
    parameter int unsigned NumStations = 5  // 2..16
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    // This station as a mask, and the destinations of each lane, constant
    input  logic [        NumStations-1:0] self_i,
    input  logic [      2*NumStations-1:0] reach_i,
    // Packets; a mask names at least one station
    input  logic                           in_valid_i,
    output logic                           in_ready_o,
    input  logic [        NumStations-1:0] in_mask_i,
    input  ring_pkg::payload_t             in_payload_i,
    // Targets: lane 0, lane 1, local
    output logic [                    2:0] out_valid_o,
    input  logic [                    2:0] out_ready_i,
    output logic [        NumStations-1:0] out_mask_o,
    output ring_pkg::payload_t             out_payload_o
);

  logic valid, done;
  logic [2:0] targets, taken_q, taken;
  logic unused_count;
  logic [1:0] count;
  assign unused_count = ^count;

  fifo #(
      .Width(NumStations + $bits(in_payload_i)),
      .Depth(2)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .flush_i(1'b0),
      .in_valid_i,
      .in_ready_o,
      .in_data_i({in_mask_i, in_payload_i}),
      .out_valid_o(valid),
      .out_ready_i(done),
      .out_data_o({out_mask_o, out_payload_o}),
      .count_o(count)
  );

  assign targets = {(out_mask_o & self_i) != '0,
                    (out_mask_o & reach_i[NumStations+:NumStations]) != '0,
                    (out_mask_o & reach_i[0+:NumStations]) != '0};
  assign out_valid_o = valid ? targets & ~taken_q : 3'b000;
  assign taken       = taken_q | (out_valid_o & out_ready_i);
  assign done        = valid && taken == targets;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) taken_q <= '0;
    else if (valid) taken_q <= done ? 3'b000 : taken;
  end

  // ---- Assertions ----
  `S4_ASSERT(HasTarget, !valid || targets != '0)
  `S4_ASSERT(OnlyTargets, (taken_q & ~targets) == '0 || !valid)

endmodule
