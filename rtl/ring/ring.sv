/// The bidirectional ring: NumStations stations, each linked to both neighbours, every direction
/// one packet per clock. Ports are those of the stations side by side, station 0 lowest.
/// Delivers every packet exactly once to each destination of its mask, in order per source,
/// destination and class. Timing: see ring_station. Model: sim/ring/ring_scoreboard.hpp
/// Proof: formal/ring.json
`include "assert.svh"

module ring #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned PayloadWidth = ring_pkg::PayloadBits,  // >= 2
    parameter int unsigned Credits = 8,  // packets in flight per sender, receiver and class, >= 1
    parameter int unsigned QueueDepth = 4,  // packets of a class that wait to be sent, >= 1
    parameter int unsigned Quota = 128,  // packets between two visits of the token
    parameter int unsigned Enough = 128,  // packets after which the token leaves, <= Quota
    parameter int unsigned TimeLimit = 65536,  // clocks until a destination counts as dead
    parameter bit Protection = 1'b1,  // 0: no check sum and no payload parity (proofs)
    localparam int unsigned NumClasses = ring_pkg::NumClasses,
    localparam int unsigned StationWidth = ring_pkg::StationWidth,
    localparam int unsigned ErrorsWidth = 5 * ring_pkg::CounterWidth
) (
    input  logic                                          clk_i,
    input  logic                                          rst_ni,
    // Tests, as ring_station
    input  logic [                     4*NumStations-1:0] fault_i,
    input  logic [                       NumStations-1:0] stall_i,
    // Injection, per station two lanes
    output logic [         2*NumStations*NumStations-1:0] reach_o,
    output logic [          2*NumClasses*NumStations-1:0] inject_room_o,
    input  logic [                     2*NumStations-1:0] inject_valid_i,
    input  logic [2*ring_pkg::ClassWidth*NumStations-1:0] inject_class_i,
    input  logic [         2*NumStations*NumStations-1:0] inject_mask_i,
    input  logic [        2*PayloadWidth*NumStations-1:0] inject_payload_i,
    // Ejection, per station two lanes
    input  logic [          2*NumClasses*NumStations-1:0] eject_room_i,
    output logic [                     2*NumStations-1:0] eject_valid_o,
    output logic [2*ring_pkg::ClassWidth*NumStations-1:0] eject_class_o,
    output logic [        2*StationWidth*NumStations-1:0] eject_source_o,
    output logic [                     2*NumStations-1:0] eject_error_o,
    output logic [        2*PayloadWidth*NumStations-1:0] eject_payload_o,
    // Status
    output logic [           ErrorsWidth*NumStations-1:0] errors_o,
    output logic [           NumStations*NumStations-1:0] dead_o,
    // A slot is used on the link that leaves lane l of station s: bit 2 s + l
    output logic [                     2*NumStations-1:0] link_used_o,
    // The two highest bits of the payload on that link: in a payload_t, op
    output logic [                     4*NumStations-1:0] link_op_o
);

  localparam int unsigned Reach = NumStations / 2;
  localparam int unsigned DistanceWidth = $clog2(Reach + 1);
  localparam int unsigned LinkWidth = 3 + ring_pkg::ClassWidth + DistanceWidth + Reach +
      ring_pkg::StationWidth + ring_pkg::CrcWidth + PayloadWidth;
  localparam int unsigned CreditWidth = NumClasses * Reach * Reach;

  `S4_CHECK_PARAM(gen_check_stations, NumStations >= 2 && NumStations <= ring_pkg::MaxStations)

  // What leaves each station: lane 0 in the low half
  logic [2*LinkWidth*NumStations-1:0] link;
  logic [2*CreditWidth*NumStations-1:0] credit;
  logic [2*NumStations-1:0] token;

  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_station
    localparam int unsigned Below = (s + NumStations - 1) % NumStations;
    localparam int unsigned Above = (s + 1) % NumStations;

    ring_station #(
        .NumStations(NumStations),
        .PayloadWidth(PayloadWidth),
        .Credits(Credits),
        .QueueDepth(QueueDepth),
        .Quota(Quota),
        .Enough(Enough),
        .TimeLimit(TimeLimit),
        .Protection(Protection)
    ) u_station (
        .clk_i,
        .rst_ni,
        .station_i(StationWidth'(s)),
        .fault_i(fault_i[4*s+:4]),
        .stall_i(stall_i[s]),
        .link_i({link[(2*Above+1)*LinkWidth+:LinkWidth], link[2*Below*LinkWidth+:LinkWidth]}),
        .link_o(link[2*s*LinkWidth+:2*LinkWidth]),
        // Against the packets
        .credit_i({credit[(2*Below+1)*CreditWidth+:CreditWidth],
                   credit[2*Above*CreditWidth+:CreditWidth]}),
        .credit_o(credit[2*s*CreditWidth+:2*CreditWidth]),
        .token_i({token[2*Below+1], token[2*Above]}),
        .token_o(token[2*s+:2]),
        .reach_o(reach_o[2*s*NumStations+:2*NumStations]),
        .inject_room_o(inject_room_o[2*s*NumClasses+:2*NumClasses]),
        .inject_valid_i(inject_valid_i[2*s+:2]),
        .inject_class_i(inject_class_i[2*s*ring_pkg::ClassWidth+:2*ring_pkg::ClassWidth]),
        .inject_mask_i(inject_mask_i[2*s*NumStations+:2*NumStations]),
        .inject_payload_i(inject_payload_i[2*s*PayloadWidth+:2*PayloadWidth]),
        .eject_room_i(eject_room_i[2*s*NumClasses+:2*NumClasses]),
        .eject_valid_o(eject_valid_o[2*s+:2]),
        .eject_class_o(eject_class_o[2*s*ring_pkg::ClassWidth+:2*ring_pkg::ClassWidth]),
        .eject_source_o(eject_source_o[2*s*StationWidth+:2*StationWidth]),
        .eject_error_o(eject_error_o[2*s+:2]),
        .eject_payload_o(eject_payload_o[2*s*PayloadWidth+:2*PayloadWidth]),
        .errors_o(errors_o[s*ErrorsWidth+:ErrorsWidth]),
        .dead_o(dead_o[s*NumStations+:NumStations])
    );
    for (genvar l = 0; l < 2; l = l + 1) begin : gen_lane
      localparam int unsigned First = (2 * s + l) * LinkWidth;
      assign link_used_o[2*s+l]     = link[First+LinkWidth-1];
      assign link_op_o[2*(2*s+l)+:2] = link[First+PayloadWidth-2+:2];
    end
  end

endmodule
