/// Shares the push port of one lane between requests and responses of a station. A packet is pushed
/// when its class has room; where both could go they take turns, so neither blocks the other.
/// Control packets, which are few, go first.
/// Combinational but for the turn. Model: tests/ring/ring_network_test.cpp
`include "assert.svh"

module ring_lane_mux #(
    parameter int unsigned NumStations = 5  // 2..16
) (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    // Requests
    input  logic                            request_valid_i,
    output logic                            request_ready_o,
    input  logic [         NumStations-1:0] request_mask_i,
    input  ring_pkg::payload_t              request_i,
    // Responses
    input  logic                            response_valid_i,
    output logic                            response_ready_o,
    input  logic [         NumStations-1:0] response_mask_i,
    input  ring_pkg::payload_t              response_i,
    // Control packets
    input  logic                            control_valid_i,
    output logic                            control_ready_o,
    input  logic [         NumStations-1:0] control_mask_i,
    input  ring_pkg::payload_t              control_i,
    // Push port of the lane
    input  logic [ring_pkg::NumClasses-1:0] room_i,
    output logic                            valid_o,
    output logic [ring_pkg::ClassWidth-1:0] class_o,
    output logic [         NumStations-1:0] mask_o,
    output ring_pkg::payload_t              payload_o
);

  logic [1:0] has_room, able;
  logic turn_q;

  assign control_ready_o  = control_valid_i && room_i[ring_pkg::ClassControl];
  assign has_room         = {room_i[ring_pkg::ClassResponse], room_i[ring_pkg::ClassRequest]};
  assign able             = control_ready_o ? 2'b00 :
                                              {response_valid_i, request_valid_i} & has_room;
  assign response_ready_o = able[1] && (!able[0] || turn_q);
  assign request_ready_o  = able[0] && (!able[1] || !turn_q);
  assign valid_o          = able != 2'b00 || control_ready_o;
  assign class_o   = control_ready_o  ? ring_pkg::ClassControl :
                     response_ready_o ? ring_pkg::ClassResponse : ring_pkg::ClassRequest;
  assign mask_o    = control_ready_o ? control_mask_i :
                     response_ready_o ? response_mask_i : request_mask_i;
  assign payload_o = control_ready_o ? control_i : response_ready_o ? response_i : request_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) turn_q <= 1'b0;
    else if (able != 2'b00) turn_q <= request_ready_o;
  end

  // ---- Assertions ----
  `S4_ASSERT(OneAtATime, !(request_ready_o && response_ready_o))

endmodule
