/// Brings the responses of both lanes and of this station to the memory port, in turn, through a
/// skid buffer. Beats of a tag come from one station over one way, so they stay in order. Of a
/// write to several stations only the last acknowledge is passed on, with the first error of all. A
/// packet with a wrong check sum becomes a response with error Data; its tag is the one it carries.
/// Two clocks from arrival to the port; one beat per clock.
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_collector #(
    parameter int unsigned MaxSeveral = 4,  // writes to several stations at a time, >= 1
    localparam int unsigned StationWidth = ring_pkg::StationWidth,
    localparam int unsigned TagWidth = memory_port_pkg::TagWidth
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Lanes: push only where there is room
    output logic [                1:0] room_o,
    input  logic [                1:0] push_i,
    input  logic [                1:0] wrong_i,
    input  ring_pkg::payload_t         lane0_i,
    input  ring_pkg::payload_t         lane1_i,
    // This station
    input  logic                       local_valid_i,
    output logic                       local_ready_o,
    input  ring_pkg::payload_t         local_i,
    // A write to several stations begins
    input  logic                       several_valid_i,
    output logic                       several_ready_o,
    input  logic [       TagWidth-1:0] several_tag_i,
    input  logic [     StationWidth:0] several_count_i,
    input  logic [                1:0] several_error_i,
    // A read beat leaves for the port
    output logic                       beat_o,
    output logic [       TagWidth-1:0] beat_tag_o,
    // Memory port
    output logic                       rsp_valid_o,
    input  logic                       rsp_ready_i,
    output memory_port_pkg::response_t rsp_o
);

  localparam int unsigned Width = 1 + ring_pkg::PayloadBits;

  `S4_CHECK_PARAM(gen_check_several, MaxSeveral >= 1)

  // ---- Queues and choice ----
  logic [2:0] in_valid, in_ready, head_valid, grant;
  logic [3*Width-1:0] in_data, head;
  logic [1:0] unused_index;
  logic chosen, take, wrong;
  ring_pkg::payload_t packet;

  assign in_valid      = {local_valid_i, push_i};
  assign in_data       = {1'b0, local_i, wrong_i[1], lane1_i, wrong_i[0], lane0_i};
  assign room_o        = in_ready[1:0];
  assign local_ready_o = in_ready[2];

  for (genvar i = 0; i < 3; i = i + 1) begin : gen_queue
    logic unused_count;
    logic [1:0] count;
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
        .in_data_i(in_data[i*Width+:Width]),
        .out_valid_o(head_valid[i]),
        .out_ready_i(grant[i] && take),
        .out_data_o(head[i*Width+:Width]),
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

  assign {wrong, packet} = grant[2] ? head[2*Width+:Width] :
                           grant[1] ? head[Width+:Width] : head[0+:Width];

  // ---- Writes to several stations ----
  logic [MaxSeveral-1:0] used_q, match, free;
  logic [TagWidth-1:0] tag_q[0:MaxSeveral-1];
  logic [StationWidth:0] left_q[0:MaxSeveral-1];
  logic [1:0] error_q[0:MaxSeveral-1];
  logic [1:0] own_error, error_before, error_after;
  logic shared, last_of_all;

  assign shared          = packet.op == ring_pkg::OpAcknowledge && packet.several;
  assign free            = ~used_q & (used_q + MaxSeveral'(1));  // the lowest one
  assign several_ready_o = used_q != '1;
  assign own_error       = wrong ? memory_port_pkg::ResponseErrorData : packet.error;
  assign error_after     = (error_before != memory_port_pkg::ResponseErrorOk) ? error_before :
                                                                                own_error;
  always_comb begin : find
    int unsigned i;
    match        = '0;
    error_before = '0;
    last_of_all  = 1'b0;
    for (i = 0; i < MaxSeveral; i = i + 1) begin
      if (used_q[i] && tag_q[i] == packet.tag) begin
        match[i]     = shared;
        error_before = error_q[i];
        last_of_all  = left_q[i] == (StationWidth + 1)'(1);
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      used_q <= '0;
    end else begin
      used_q <= (used_q | (several_valid_i ? free : '0)) &
                ~((take && chosen && last_of_all) ? match : '0);
    end
  end
  for (genvar i = 0; i < MaxSeveral; i = i + 1) begin : gen_count
    always_ff @(posedge clk_i) begin
      if (several_valid_i && free[i]) begin
        tag_q[i]   <= several_tag_i;
        left_q[i]  <= several_count_i;
        error_q[i] <= several_error_i;
      end else if (take && chosen && match[i]) begin
        left_q[i]  <= left_q[i] - (StationWidth + 1)'(1);
        error_q[i] <= error_after;
      end
    end
  end

  // ---- Memory port ----
  logic pass, skid_ready;
  memory_port_pkg::response_t response;
  logic unused_strobe;

  assign unused_strobe = ^packet.strobe;
  assign pass          = chosen && (!shared || last_of_all);
  assign take          = skid_ready || !pass;
  always_comb begin
    response.data  = packet.data;
    response.tag   = packet.tag;
    response.write = packet.op == ring_pkg::OpAcknowledge;
    response.error = shared ? error_after : own_error;
    response.last  = packet.last;
  end
  assign beat_o     = pass && skid_ready && !response.write;
  assign beat_tag_o = packet.tag;

  skid_buffer #(
      .Width($bits(response))
  ) u_skid (
      .clk_i,
      .rst_ni,
      .in_valid_i(pass),
      .in_ready_o(skid_ready),
      .in_data_i(response),
      .out_valid_o(rsp_valid_o),
      .out_ready_i(rsp_ready_i),
      .out_data_o(rsp_o)
  );

  // ---- Assertions ----
  `S4_ASSERT(PushHasRoom, (push_i & ~room_o) == '0)
  `S4_ASSERT(SharedIsKnown, !chosen || !shared || wrong || match != '0)
  `S4_ASSERT(IsResponse, !chosen || wrong || packet.op == ring_pkg::OpData ||
             packet.op == ring_pkg::OpAcknowledge)

endmodule
