/// Brings the responses of both lanes and of this station to the memory port, in turn, through a
/// skid buffer. Beats of a tag come from one station over one way, so they stay in order. Of a
/// write to several stations only the last acknowledge is passed on, with the first error of all. A
/// packet with a wrong check sum becomes a response with error Data; its tag is the one it carries.
/// A response that belongs to no burst is dropped and counted; a beat that was lost is replaced by
/// one with error Data when the next one comes, and a burst that got nothing for long is answered
/// with error Data, see ring_watch. So every burst gets each of its responses, and once.
/// Two clocks from arrival to the port; one beat per clock.
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_collector #(
    parameter int unsigned MaxSeveral = 4,  // writes to several stations at a time, >= 1
    localparam int unsigned StationWidth = ring_pkg::StationWidth,
    localparam int unsigned TagWidth = memory_port_pkg::TagWidth,
    localparam int unsigned TurnWidth = ring_pkg::TurnWidth
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // As ring_watch
    input  logic [               15:0] patience_i,
    input  logic [       TagWidth-1:0] ask_tag_i,
    output logic [      TurnWidth-1:0] ask_turn_o,
    input  logic                       open_i,
    input  logic [       TagWidth-1:0] open_tag_i,
    input  logic [      TurnWidth-1:0] open_turn_i,
    input  logic                       open_write_i,
    input  logic [                3:0] open_len_i,
    output ring_pkg::port_errors_t     errors_o,
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
    // A read beat leaves for the port; it is one of a burst that is given up
    output logic                       beat_o,
    output logic                       beat_given_up_o,
    output logic [       TagWidth-1:0] beat_tag_o,
    // Memory port
    output logic                       rsp_valid_o,
    input  logic                       rsp_ready_i,
    output memory_port_pkg::response_t rsp_o
);

  localparam int unsigned Width = 1 + ring_pkg::PayloadBits;

  `S4_CHECK_PARAM(gen_check_several, MaxSeveral >= 1)

  // ---- Queues and choice ----
  logic [2:0] in_valid, in_ready, head_valid;
  logic [3:0] grant;
  logic [1:0] unused_index;
  logic chosen, take, wrong, given_up;
  logic [TagWidth-1:0] given_up_tag;
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
          (i == 2) ? {1'b0, local_i} : (i == 1) ? {wrong_i[1], lane1_i} : {wrong_i[0], lane0_i}
        ),
        .out_valid_o(head_valid[i]),
        .out_ready_i(grant[i] && take),
        .out_data_o(head),
        .count_o(count)
    );
  end

  arbiter_rr #(
      .N(4)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .req_i({given_up, head_valid}),
      .ready_i(take),
      .grant_o(grant),
      .index_o(unused_index),
      .valid_o(chosen)
  );

  assign {wrong, packet} = grant[2] ? gen_queue[2].head :
                           grant[1] ? gen_queue[1].head : gen_queue[0].head;

  // ---- Whose it is ----
  logic [TagWidth-1:0] tag;
  logic [TurnWidth-1:0] turn;
  logic [3:0] left;
  logic open, is_write, is_last, of_open, in_step, lost, early, stray, shared, pass, leaves;
  logic skid_ready;

  assign tag     = grant[3] ? given_up_tag : packet.tag;
  assign of_open = open && (grant[3] || (packet.turn == turn && packet.op[1] &&
                                         is_write == (packet.op == ring_pkg::OpAcknowledge)));
  assign shared  = !grant[3] && is_write && packet.several;
  assign in_step = grant[3] || wrong || is_write || packet.left == left;
  assign lost    = !in_step && packet.left < left;  // the packet waits for its turn
  assign early   = !in_step && !lost;  // it was answered by one with a wrong check sum
  assign stray   = !of_open || early || (shared && match == '0);
  assign pass    = chosen && !stray && (!shared || last_of_all);
  assign take    = !pass || (skid_ready && !lost);
  assign leaves  = pass && skid_ready;

  ring_watch u_watch (
      .clk_i,
      .rst_ni,
      .patience_i,
      .ask_tag_i,
      .ask_turn_o,
      .open_i,
      .open_tag_i,
      .open_turn_i,
      .open_write_i,
      .open_len_i,
      .tag_i(tag),
      .open_o(open),
      .write_o(is_write),
      .last_o(is_last),
      .left_o(left),
      .turn_o(turn),
      .answer_i(leaves),
      .stray_i(chosen && stray),
      .lost_i(leaves && lost),
      .given_up_o(given_up),
      .given_up_tag_o(given_up_tag),
      .give_up_i(leaves && grant[3]),
      .errors_o
  );

  // ---- Writes to several stations ----
  logic [MaxSeveral-1:0] used_q, same, match, free;
  logic [TagWidth-1:0] tag_q[0:MaxSeveral-1];
  logic [StationWidth:0] left_q[0:MaxSeveral-1];
  logic [1:0] error_q[0:MaxSeveral-1];
  logic [1:0] own_error, error_before, error_after;
  logic last_of_all;

  assign match           = shared ? same : '0;
  assign free            = ~used_q & (used_q + MaxSeveral'(1));  // the lowest one
  assign several_ready_o = used_q != '1;
  assign own_error       = (wrong || lost || grant[3]) ? memory_port_pkg::ResponseErrorData :
                                                         packet.error;
  assign error_after     = (error_before != memory_port_pkg::ResponseErrorOk) ? error_before :
                                                                                own_error;
  always_comb begin : find
    int unsigned i;
    same         = '0;
    error_before = '0;
    last_of_all  = 1'b0;
    for (i = 0; i < MaxSeveral; i = i + 1) begin
      if (used_q[i] && tag_q[i] == tag) begin
        same[i]      = 1'b1;
        error_before = error_q[i];
        last_of_all  = left_q[i] == (StationWidth + 1)'(1);
      end
    end
  end
  // Whatever ends the burst frees its place.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) used_q <= '0;
    else used_q <= (used_q | (several_valid_i ? free : '0)) & ~((leaves && is_last) ? same : '0);
  end
  for (genvar i = 0; i < MaxSeveral; i = i + 1) begin : gen_count
    always_ff @(posedge clk_i) begin
      if (several_valid_i && free[i]) begin
        tag_q[i]   <= several_tag_i;
        left_q[i]  <= several_count_i;
        error_q[i] <= several_error_i;
      end else if (take && chosen && !stray && match[i]) begin
        left_q[i]  <= left_q[i] - (StationWidth + 1)'(1);
        error_q[i] <= error_after;
      end
    end
  end

  // ---- Memory port ----
  memory_port_pkg::response_t response;
  logic unused_strobe;

  assign unused_strobe = ^packet.strobe ^ packet.last;
  always_comb begin
    response.data  = packet.data;
    response.tag   = tag;
    response.write = is_write;
    response.error = shared ? error_after : own_error;
    response.last  = is_last;
  end
  assign beat_o          = leaves && !is_write;
  assign beat_tag_o      = tag;
  assign beat_given_up_o = grant[3];

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

endmodule
