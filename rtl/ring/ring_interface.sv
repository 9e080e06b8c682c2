/// What joins a subsystem's memory port and a station's memory to the ring: requests of the port go
/// to the station that holds the address (over a lane, or straight to this station's memory) and
/// come back as beats and acknowledges of the port; requests of all stations reach this memory.
/// Requests and responses share only the push ports of the lanes, in turn, each while its class has
/// room; responses are taken whatever becomes of requests, so neither class blocks the other. A
/// burst that is never answered is given up after a while and answered with an error. Reads for
/// several stations become one, see ring_joint_reads. Timing: see the parts. Model:
/// tests/ring/ring_network_bench.hpp
///
///   memory port -> ring_joint_reads -> ring_requester -> fork -+-> lane muxes -> lanes
///                                      ring_responder -> fork -+-> lane muxes, collector
///   lanes -> ring_collector (responses) -> memory port;  lanes -> ring_responder (requests)
`include "assert.svh"

module ring_interface #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of a station's memory
    parameter int unsigned GranuleBits = 10,  // log2 of the bytes that lie at one station in a row
    parameter int unsigned Places = 64,  // accesses in flight at the memory, a power of two
    parameter int unsigned MaxSeveral = 4,  // writes to several stations at a time
    parameter int unsigned JointDepth = 64,  // joint reads that wait for other stations
    localparam int unsigned NumClasses = ring_pkg::NumClasses,
    localparam int unsigned StationWidth = ring_pkg::StationWidth,
    localparam int unsigned TagWidth = memory_port_pkg::TagWidth,
    localparam int unsigned ClassWidth = ring_pkg::ClassWidth,
    localparam int unsigned PlaceWidth = $clog2(Places),
    localparam int unsigned PayloadWidth = ring_pkg::PayloadBits
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // This station's number, constant
    input  logic [     StationWidth-1:0] station_i,
    // Clocks without an answer until a burst is given up / 256, see ring_watch; what went wrong
    input  logic [                 15:0] patience_i,
    output ring_pkg::port_errors_t       errors_o,
    // Nobody waits for others' joint reads, see ring_joint_reads
    input  logic                         joint_clear_i,
    // Memory port of the subsystem
    input  logic                         req_valid_i,
    output logic                         req_ready_o,
    input  memory_port_pkg::request_t    req_i,
    input  logic                         wdata_valid_i,
    output logic                         wdata_ready_o,
    input  memory_port_pkg::write_data_t wdata_i,
    output logic                         rsp_valid_o,
    input  logic                         rsp_ready_i,
    output memory_port_pkg::response_t   rsp_o,
    // Memory: accesses of one beat, answered in any order; an answer is always taken
    output logic                         mem_valid_o,
    input  logic                         mem_ready_i,
    output logic                         mem_write_o,
    output logic [        SliceBits-7:0] mem_beat_o,
    output logic [       PlaceWidth-1:0] mem_tag_o,
    output logic [                511:0] mem_data_o,
    output logic [                 63:0] mem_strobe_o,
    input  logic                         mem_rsp_valid_i,
    input  logic [       PlaceWidth-1:0] mem_rsp_tag_i,
    input  logic [                  1:0] mem_rsp_error_i,
    input  logic [                511:0] mem_rsp_data_i,
    // Station, as ring_station
    input  logic [    2*NumStations-1:0] reach_i,
    input  logic [      NumStations-1:0] dead_i,
    input  logic [     2*NumClasses-1:0] inject_room_i,
    output logic [                  1:0] inject_valid_o,
    output logic [     2*ClassWidth-1:0] inject_class_o,
    output logic [    2*NumStations-1:0] inject_mask_o,
    output logic [   2*PayloadWidth-1:0] inject_payload_o,
    output logic [     2*NumClasses-1:0] eject_room_o,
    input  logic [                  1:0] eject_valid_i,
    input  logic [     2*ClassWidth-1:0] eject_class_i,
    input  logic [   2*StationWidth-1:0] eject_source_i,
    input  logic [                  1:0] eject_error_i,
    input  logic [   2*PayloadWidth-1:0] eject_payload_i
);

  logic [NumStations-1:0] self;
  assign self = NumStations'(1) << station_i;

  // ---- Arrivals ----
  logic [1:0] request_room, response_room, request_push, response_push;
  ring_pkg::payload_t arrived0, arrived1;

  assign arrived0 = eject_payload_i[0+:PayloadWidth];
  assign arrived1 = eject_payload_i[PayloadWidth+:PayloadWidth];
  for (genvar l = 0; l < 2; l = l + 1) begin : gen_arrival
    assign eject_room_o[l*NumClasses+:NumClasses] = {1'b1, response_room[l], request_room[l]};
    assign request_push[l]  = eject_valid_i[l] &&
                              eject_class_i[l*ClassWidth+:ClassWidth] == ring_pkg::ClassRequest;
    assign response_push[l] = eject_valid_i[l] &&
                              eject_class_i[l*ClassWidth+:ClassWidth] == ring_pkg::ClassResponse;
  end

  // ---- Joint reads ----
  logic next_valid, next_ready, joint, follow, control_valid, control_ready;
  logic [NumStations-1:0] joint_mask, control_mask;
  logic [ring_pkg::TurnWidth-1:0] joint_turn;
  logic [1:0] lane_control_valid, lane_control_ready, told;
  memory_port_pkg::request_t next;
  ring_pkg::payload_t control;

  for (genvar l = 0; l < 2; l = l + 1) begin : gen_control
    assign told[l] = eject_valid_i[l] && !eject_error_i[l] &&
                     eject_class_i[l*ClassWidth+:ClassWidth] == ring_pkg::ClassControl;
    assign lane_control_valid[l] = control_valid &&
                                   (control_mask & reach_i[l*NumStations+:NumStations]) != '0;
  end
  assign control_ready = lane_control_ready != 2'b00;

  ring_joint_reads #(
      .NumStations(NumStations),
      .GranuleBits(GranuleBits),
      .Depth(JointDepth)
  ) u_joint_reads (
      .clk_i,
      .rst_ni,
      .clear_i(joint_clear_i),
      .self_i(self),
      .dead_i,
      .patience_i,
      .req_valid_i,
      .req_ready_o,
      .req_i,
      .req_valid_o(next_valid),
      .req_ready_i(next_ready),
      .req_o(next),
      .joint_o(joint),
      .follow_o(follow),
      .mask_o(joint_mask),
      .turn_o(joint_turn),
      .control_valid_o(control_valid),
      .control_ready_i(control_ready),
      .control_mask_o(control_mask),
      .control_o(control),
      .control_valid_i(told),
      .control_source_i(eject_source_i),
      .control_asked_i({arrived1.data[ring_pkg::AskedWidth-1:0],
                        arrived0.data[ring_pkg::AskedWidth-1:0]})
  );

  // ---- Subsystem's side ----
  logic packet_valid, packet_ready, beat, beat_given_up, several_valid, several_ready;
  logic open, open_write;
  logic [3:0] open_len;
  logic [TagWidth-1:0] ask_tag, open_tag;
  logic [ring_pkg::TurnWidth-1:0] ask_turn, open_turn;
  logic [NumStations-1:0] packet_mask;
  ring_pkg::payload_t packet;
  logic [TagWidth-1:0] beat_tag, several_tag;
  logic [StationWidth:0] several_count;
  logic [1:0] several_error;
  logic [2:0] request_valid, request_ready, response_valid, response_ready;
  logic [NumStations-1:0] request_mask, response_mask;
  ring_pkg::payload_t request, response;

  ring_requester #(
      .NumStations(NumStations),
      .SliceBits(SliceBits),
      .GranuleBits(GranuleBits)
  ) u_requester (
      .clk_i,
      .rst_ni,
      .self_i(self),
      .dead_i,
      .req_valid_i(next_valid),
      .req_ready_o(next_ready),
      .req_i(next),
      .joint_i(joint),
      .follow_i(follow),
      .joint_mask_i(joint_mask),
      .joint_turn_i(joint_turn),
      .wdata_valid_i,
      .wdata_ready_o,
      .wdata_i,
      .packet_valid_o(packet_valid),
      .packet_ready_i(packet_ready),
      .packet_mask_o(packet_mask),
      .packet_o(packet),
      .beat_i(beat),
      .beat_given_up_i(beat_given_up),
      .beat_tag_i(beat_tag),
      .ask_tag_o(ask_tag),
      .ask_turn_i(ask_turn),
      .open_o(open),
      .open_tag_o(open_tag),
      .open_turn_o(open_turn),
      .open_write_o(open_write),
      .open_len_o(open_len),
      .several_valid_o(several_valid),
      .several_ready_i(several_ready),
      .several_tag_o(several_tag),
      .several_count_o(several_count),
      .several_error_o(several_error)
  );

  ring_packet_fork #(
      .NumStations(NumStations)
  ) u_request_fork (
      .clk_i,
      .rst_ni,
      .self_i(self),
      .reach_i,
      .in_valid_i(packet_valid),
      .in_ready_o(packet_ready),
      .in_mask_i(packet_mask),
      .in_payload_i(packet),
      .out_valid_o(request_valid),
      .out_ready_i(request_ready),
      .out_mask_o(request_mask),
      .out_payload_o(request)
  );

  ring_collector #(
      .MaxSeveral(MaxSeveral)
  ) u_collector (
      .clk_i,
      .rst_ni,
      .patience_i,
      .ask_tag_i(ask_tag),
      .ask_turn_o(ask_turn),
      .open_i(open),
      .open_tag_i(open_tag),
      .open_turn_i(open_turn),
      .open_write_i(open_write),
      .open_len_i(open_len),
      .errors_o,
      .room_o(response_room),
      .push_i(response_push),
      .wrong_i(eject_error_i),
      .lane0_i(arrived0),
      .lane1_i(arrived1),
      .local_valid_i(response_valid[2]),
      .local_ready_o(response_ready[2]),
      .local_i(response),
      .several_valid_i(several_valid),
      .several_ready_o(several_ready),
      .several_tag_i(several_tag),
      .several_count_i(several_count),
      .several_error_i(several_error),
      .beat_o(beat),
      .beat_given_up_o(beat_given_up),
      .beat_tag_o(beat_tag),
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_o
  );

  // ---- Memory's side ----
  logic answer_valid, answer_ready;
  logic [NumStations-1:0] answer_mask;
  ring_pkg::payload_t answer;

  ring_responder #(
      .NumStations(NumStations),
      .SliceBits(SliceBits),
      .Places(Places)
  ) u_responder (
      .clk_i,
      .rst_ni,
      .station_i,
      .room_o(request_room),
      .push_i(request_push),
      .wrong_i(eject_error_i),
      .source_i(eject_source_i),
      .lane0_i(arrived0),
      .lane1_i(arrived1),
      .local_valid_i(request_valid[2]),
      .local_ready_o(request_ready[2]),
      .local_i(request),
      .mem_valid_o,
      .mem_ready_i,
      .mem_write_o,
      .mem_beat_o,
      .mem_tag_o,
      .mem_data_o,
      .mem_strobe_o,
      .mem_rsp_valid_i,
      .mem_rsp_tag_i,
      .mem_rsp_error_i,
      .mem_rsp_data_i,
      .rsp_valid_o(answer_valid),
      .rsp_ready_i(answer_ready),
      .rsp_mask_o(answer_mask),
      .rsp_o(answer)
  );

  ring_packet_fork #(
      .NumStations(NumStations)
  ) u_response_fork (
      .clk_i,
      .rst_ni,
      .self_i(self),
      .reach_i,
      .in_valid_i(answer_valid),
      .in_ready_o(answer_ready),
      .in_mask_i(answer_mask),
      .in_payload_i(answer),
      .out_valid_o(response_valid),
      .out_ready_i(response_ready),
      .out_mask_o(response_mask),
      .out_payload_o(response)
  );

  // ---- Lanes ----
  for (genvar l = 0; l < 2; l = l + 1) begin : gen_lane
    ring_lane_mux #(
        .NumStations(NumStations)
    ) u_mux (
        .clk_i,
        .rst_ni,
        .request_valid_i(request_valid[l]),
        .request_ready_o(request_ready[l]),
        .request_mask_i(request_mask),
        .request_i(request),
        .response_valid_i(response_valid[l]),
        .response_ready_o(response_ready[l]),
        .response_mask_i(response_mask),
        .response_i(response),
        .control_valid_i(lane_control_valid[l]),
        .control_ready_o(lane_control_ready[l]),
        .control_mask_i(control_mask),
        .control_i(control),
        .room_i(inject_room_i[l*NumClasses+:NumClasses]),
        .valid_o(inject_valid_o[l]),
        .class_o(inject_class_o[l*ClassWidth+:ClassWidth]),
        .mask_o(inject_mask_o[l*NumStations+:NumStations]),
        .payload_o(inject_payload_o[l*PayloadWidth+:PayloadWidth])
    );
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(PortHeld, rsp_valid_o, rsp_ready_i, rsp_o)

endmodule
