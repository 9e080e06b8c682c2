/// A station of the ring: lane 0 carries packets to higher station numbers, lane 1 to lower ones.
/// The path of every (source, destination) is fixed: the shorter way, and at half the ring lane 0
/// for sources of even number, lane 1 for odd ones. So order holds per source, destination and
/// class, for single packets and multicasts alike. Each lane has a push port for injection; it
/// takes the destinations of inject_mask_i that are on its way (reach_o) and ignores the others and
/// the station itself, so a multicast is pushed into both lanes, or into the one that reaches it
/// all. Push ports: `room` says per class what may be pushed in this clock; what is pushed is
/// taken. Two clocks plus one per hop from push to ejection. Model: sim/ring/ring_scoreboard.hpp
`include "assert.svh"

module ring_station #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned PayloadWidth = ring_pkg::PayloadBits,  // >= 2
    parameter int unsigned Credits = 8,  // packets in flight per sender, receiver and class, >= 1
    parameter int unsigned QueueDepth = 4,  // packets of a class that wait to be sent, >= 1
    parameter int unsigned Quota = 128,  // packets between two visits of the token
    parameter int unsigned Enough = 128,  // packets after which the token leaves, <= Quota
    parameter int unsigned TimeLimit = 65536,  // clocks until a destination counts as dead
    parameter bit Protection = 1'b1,  // 0: no check sum and no payload parity (proofs)
    localparam int unsigned NumClasses = ring_pkg::NumClasses,
    localparam int unsigned Reach = NumStations / 2,
    localparam int unsigned DistanceWidth = $clog2(Reach + 1),
    localparam int unsigned LinkWidth = 3 + ring_pkg::ClassWidth + DistanceWidth + Reach +
        ring_pkg::StationWidth + ring_pkg::CrcWidth + PayloadWidth,
    localparam int unsigned CreditWidth = NumClasses * Reach * Reach,
    localparam int unsigned StationWidth = ring_pkg::StationWidth
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // This station's number, constant
    input  logic [          StationWidth-1:0] station_i,
    // Errors to make on the links that leave, two bits per lane
    input  logic [                       3:0] fault_i,
    // Nothing of its own leaves in this clock, by either lane
    input  logic                              stall_i,
    // Links, lane 0 in the low half
    input  logic [           2*LinkWidth-1:0] link_i,
    output logic [           2*LinkWidth-1:0] link_o,
    input  logic [         2*CreditWidth-1:0] credit_i,
    output logic [         2*CreditWidth-1:0] credit_o,
    input  logic [                       1:0] token_i,
    output logic [                       1:0] token_o,
    // Injection
    output logic [         2*NumStations-1:0] reach_o,
    output logic [          2*NumClasses-1:0] inject_room_o,
    input  logic [                       1:0] inject_valid_i,
    input  logic [2*ring_pkg::ClassWidth-1:0] inject_class_i,
    input  logic [         2*NumStations-1:0] inject_mask_i,
    input  logic [        2*PayloadWidth-1:0] inject_payload_i,
    // Ejection
    input  logic [          2*NumClasses-1:0] eject_room_i,
    output logic [                       1:0] eject_valid_o,
    output logic [2*ring_pkg::ClassWidth-1:0] eject_class_o,
    output logic [        2*StationWidth-1:0] eject_source_o,
    output logic [                       1:0] eject_error_o,
    output logic [        2*PayloadWidth-1:0] eject_payload_o,
    // Errors counted, and destinations that accept nothing
    output ring_pkg::errors_t                 errors_o,
    output logic [           NumStations-1:0] dead_o
);

  localparam int unsigned DropWidth = $clog2(NumClasses * Reach + 1);

  `S4_CHECK_PARAM(gen_check_stations, NumStations >= 2 && NumStations <= ring_pkg::MaxStations)

  // ---- Absolute and relative masks ----
  // Offset o (0 .. N-1) upwards from here is the station (station_i + o) mod N.
  localparam int unsigned Half = (NumStations % 2 == 0) ? NumStations / 2 : 0;
  logic [2*Reach-1:0] relative_mask, dead;
  logic [1:0] tie;  // the lane takes the destination at half the ring

  assign tie = station_i[0] ? 2'b10 : 2'b01;

  // Rotates a mask right by the station's number.
  function automatic logic [NumStations-1:0] to_offsets(
      input logic [NumStations-1:0] mask, input logic [StationWidth-1:0] station);
    to_offsets = NumStations'({mask, mask} >> station);
  endfunction
  // Rotates it left again.
  function automatic logic [NumStations-1:0] to_stations(
      input logic [NumStations-1:0] mask, input logic [StationWidth-1:0] station);
    to_stations = NumStations'(
        {mask, mask} >> ((StationWidth + 1)'(NumStations) - (StationWidth + 1)'(station))
    );
  endfunction

  logic [2*NumStations-1:0] dead_offsets;
  for (genvar l = 0; l < 2; l = l + 1) begin : gen_masks
    logic [NumStations-1:0] offsets, reach;
    assign offsets = to_offsets(inject_mask_i[l*NumStations+:NumStations], station_i);
    for (genvar o = 0; o < NumStations; o = o + 1) begin : gen_offset
      localparam int unsigned Hops = (l == 0) ? o : (NumStations - o) % NumStations;
      if (Hops >= 1 && Hops <= Reach) begin : gen_within
        assign reach[o] = Hops != Half || tie[l];
        assign relative_mask[l*Reach+Hops-1] = offsets[o] && reach[o];
        assign dead_offsets[l*NumStations+o] = dead[l*Reach+Hops-1];
      end else begin : gen_beyond
        logic unused_offset;
        assign unused_offset = offsets[o];
        assign reach[o] = 1'b0;
        assign dead_offsets[l*NumStations+o] = 1'b0;
      end
    end
    assign reach_o[l*NumStations+:NumStations] = to_stations(reach, station_i);
  end
  assign dead_o = to_stations(
      dead_offsets[NumStations-1:0] | dead_offsets[2*NumStations-1:NumStations], station_i
  );

  // ---- Lanes ----
  logic [1:0] header_error, payload_error, crc_error, misrouted;
  logic [2*DropWidth-1:0] dropped;
  logic [2*DistanceWidth-1:0] distance;

  for (genvar l = 0; l < 2; l = l + 1) begin : gen_lane
    ring_lane #(
        .PayloadWidth(PayloadWidth),
        .Reach(Reach),
        .Credits(Credits),
        .QueueDepth(QueueDepth),
        .Quota(Quota),
        .Enough(Enough),
        .TimeLimit(TimeLimit),
        .Protection(Protection)
    ) u_lane (
        .clk_i,
        .rst_ni,
        .first_i(station_i == '0),
        .station_i,
        .fault_i(fault_i[2*l+:2]),
        .stall_i,
        .link_i(link_i[l*LinkWidth+:LinkWidth]),
        .link_o(link_o[l*LinkWidth+:LinkWidth]),
        .credit_i(credit_i[l*CreditWidth+:CreditWidth]),
        .credit_o(credit_o[l*CreditWidth+:CreditWidth]),
        .token_i(token_i[l]),
        .token_o(token_o[l]),
        .inject_room_o(inject_room_o[l*NumClasses+:NumClasses]),
        .inject_valid_i(inject_valid_i[l] && relative_mask[l*Reach+:Reach] != '0),
        .inject_class_i(inject_class_i[l*ring_pkg::ClassWidth+:ring_pkg::ClassWidth]),
        .inject_mask_i(relative_mask[l*Reach+:Reach]),
        .inject_payload_i(inject_payload_i[l*PayloadWidth+:PayloadWidth]),
        .eject_room_i(eject_room_i[l*NumClasses+:NumClasses]),
        .eject_valid_o(eject_valid_o[l]),
        .eject_class_o(eject_class_o[l*ring_pkg::ClassWidth+:ring_pkg::ClassWidth]),
        .eject_distance_o(distance[l*DistanceWidth+:DistanceWidth]),
        .eject_source_o(eject_source_o[l*StationWidth+:StationWidth]),
        .eject_error_o(eject_error_o[l]),
        .eject_payload_o(eject_payload_o[l*PayloadWidth+:PayloadWidth]),
        .header_error_o(header_error[l]),
        .payload_error_o(payload_error[l]),
        .crc_error_o(crc_error[l]),
        .dropped_o(dropped[l*DropWidth+:DropWidth]),
        .dead_o(dead[l*Reach+:Reach])
    );

    // A packet came from where it says: source plus (lane 0) or minus distance is this station.
    logic [StationWidth:0] sum;
    always_comb begin
      if (l == 0) begin
        sum = (StationWidth + 1)'(eject_source_o[l*StationWidth+:StationWidth]) +
              (StationWidth + 1)'(distance[l*DistanceWidth+:DistanceWidth]);
      end else begin
        sum = (StationWidth + 1)'(eject_source_o[l*StationWidth+:StationWidth]) +
              (StationWidth + 1)'(NumStations) -
              (StationWidth + 1)'(distance[l*DistanceWidth+:DistanceWidth]);
      end
      if (sum >= (StationWidth + 1)'(NumStations)) sum = sum - (StationWidth + 1)'(NumStations);
    end
    assign misrouted[l] = eject_valid_o[l] && sum != (StationWidth + 1)'(station_i);
  end

  // ---- Error counters ----
  localparam int unsigned CounterWidth = ring_pkg::CounterWidth;
  logic [CounterWidth-1:0] header_q, payload_q, crc_q, misrouted_q, dropped_q;

  function automatic logic [CounterWidth-1:0] plus(input logic [CounterWidth-1:0] count,
                                                   input logic [DropWidth:0] more);
    logic [CounterWidth:0] sum;
    sum  = (CounterWidth + 1)'(count) + (CounterWidth + 1)'(more);
    plus = sum[CounterWidth] ? '1 : sum[CounterWidth-1:0];
  endfunction

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      header_q    <= '0;
      payload_q   <= '0;
      crc_q       <= '0;
      misrouted_q <= '0;
      dropped_q   <= '0;
    end else begin
      header_q    <= plus(header_q, (DropWidth + 1)'(header_error[0]) +
                                    (DropWidth + 1)'(header_error[1]));
      payload_q   <= plus(payload_q, (DropWidth + 1)'(payload_error[0]) +
                                     (DropWidth + 1)'(payload_error[1]));
      crc_q       <= plus(crc_q, (DropWidth + 1)'(crc_error[0]) + (DropWidth + 1)'(crc_error[1]));
      misrouted_q <= plus(misrouted_q, (DropWidth + 1)'(misrouted[0]) +
                                       (DropWidth + 1)'(misrouted[1]));
      dropped_q   <= plus(dropped_q, (DropWidth + 1)'(dropped[0+:DropWidth]) +
                                     (DropWidth + 1)'(dropped[DropWidth+:DropWidth]));
    end
  end
  assign errors_o = {header_q, payload_q, crc_q, misrouted_q, dropped_q};

endmodule
