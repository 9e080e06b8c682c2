/// A station's memory as the others see it: request packets of both lanes and of this station
/// become accesses of one beat at the memory, the answers become response packets, each to its
/// sender or, of a joint read, to all that the packet names. Requests wait here while the memory is
/// busy or answers cannot leave; answers never wait for requests. Two clocks from a packet to the
/// memory, three from its answer to the packet.
///
///   lanes, this station -> queues -> ring_unpacker -> ring_reorder -> packets
///                                                       | memory
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_responder #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of this station's memory
    parameter int unsigned Places = 64,  // accesses in flight, a power of two
    localparam int unsigned PlaceWidth = $clog2(Places),
    localparam int unsigned StationWidth = ring_pkg::StationWidth
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic [  StationWidth-1:0] station_i,
    // Lanes: push only where there is room
    output logic [               1:0] room_o,
    input  logic [               1:0] push_i,
    input  logic [               1:0] wrong_i,
    input  logic [2*StationWidth-1:0] source_i,
    input  ring_pkg::payload_t        lane0_i,
    input  ring_pkg::payload_t        lane1_i,
    // This station
    input  logic                      local_valid_i,
    output logic                      local_ready_o,
    input  ring_pkg::payload_t        local_i,
    // Memory; an answer is always taken
    output logic                      mem_valid_o,
    input  logic                      mem_ready_i,
    output logic                      mem_write_o,
    output logic [     SliceBits-7:0] mem_beat_o,
    output logic [    PlaceWidth-1:0] mem_tag_o,
    output logic [             511:0] mem_data_o,
    output logic [              63:0] mem_strobe_o,
    input  logic                      mem_rsp_valid_i,
    input  logic [    PlaceWidth-1:0] mem_rsp_tag_i,
    input  logic [               1:0] mem_rsp_error_i,
    input  logic [             511:0] mem_rsp_data_i,
    // Responses
    output logic                      rsp_valid_o,
    input  logic                      rsp_ready_i,
    output logic [   NumStations-1:0] rsp_mask_o,
    output ring_pkg::payload_t        rsp_o
);

  localparam int unsigned Width = 1 + StationWidth + ring_pkg::PayloadBits;

  // ---- Queues and choice ----
  logic [2:0] in_valid, in_ready, head_valid, grant;
  logic [1:0] unused_index;
  logic chosen, take, wrong;
  logic [StationWidth-1:0] source;
  ring_pkg::payload_t packet;

  assign in_valid      = {local_valid_i, push_i};
  assign room_o        = in_ready[1:0];
  assign local_ready_o = in_ready[2];

  for (genvar i = 0; i < 3; i = i + 1) begin : gen_queue
    logic unused_count;
    logic [1:0] count;
    logic [Width-1:0] head;  // not side by side in one vector: simulators shift such words
    assign unused_count = ^count;
    fifo #(
        .Width(Width),
        .Depth(2)
    ) u_queue (
        .clk_i,
        .rst_ni,
        .flush_i(1'b0),
        .in_valid_i(in_valid[i]),
        .in_ready_o(in_ready[i]),
        .in_data_i(
          (i == 2) ? {1'b0, station_i, local_i} :
          (i == 1) ? {wrong_i[1], source_i[StationWidth+:StationWidth], lane1_i} :
                     {wrong_i[0], source_i[0+:StationWidth], lane0_i}
        ),
        .out_valid_o(head_valid[i]),
        .out_ready_i(grant[i] && take),
        .out_data_o(head),
        .count_o(count)
    );
  end

  arbiter_rr #(
      .N(3)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .req_i(head_valid),
      .ready_i(take),
      .grant_o(grant),
      .index_o(unused_index),
      .valid_o(chosen)
  );

  assign {wrong, source, packet} = grant[2] ? gen_queue[2].head :
                                   grant[1] ? gen_queue[1].head : gen_queue[0].head;

  // ---- Accesses ----
  logic valid, ready, write, access, last, several;
  logic [1:0] error;
  logic [3:0] left;
  logic [SliceBits-7:0] beat;
  logic [NumStations-1:0] receivers;
  logic [ring_pkg::TurnWidth+memory_port_pkg::TagWidth-1:0] tag;
  logic [511:0] data;
  logic [63:0] strobe;

  ring_unpacker #(
      .NumStations(NumStations),
      .SliceBits(SliceBits)
  ) u_unpacker (
      .clk_i,
      .rst_ni,
      .valid_i(chosen),
      .ready_o(take),
      .source_i(source),
      .wrong_i(wrong),
      .packet_i(packet),
      .valid_o(valid),
      .ready_i(ready),
      .write_o(write),
      .access_o(access),
      .error_o(error),
      .beat_o(beat),
      .mask_o(receivers),
      .tag_o(tag),
      .last_o(last),
      .left_o(left),
      .several_o(several),
      .data_o(data),
      .strobe_o(strobe)
  );

  ring_reorder #(
      .NumStations(NumStations),
      .SliceBits(SliceBits),
      .Places(Places)
  ) u_reorder (
      .clk_i,
      .rst_ni,
      .valid_i(valid),
      .ready_o(ready),
      .write_i(write),
      .access_i(access),
      .error_i(error),
      .beat_i(beat),
      .mask_i(receivers),
      .tag_i(tag),
      .last_i(last),
      .left_i(left),
      .several_i(several),
      .data_i(data),
      .strobe_i(strobe),
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
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_mask_o,
      .rsp_o
  );

  // ---- Assertions ----
  `S4_ASSERT(PushHasRoom, (push_i & ~room_o) == '0)

endmodule
