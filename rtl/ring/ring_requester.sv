/// Makes packets of what a subsystem asks of its memory port: a Read packet per read burst, a Write
/// packet and a Data packet per beat for a write burst.
///  - A read that crosses a granule lies at two stations: its second part is sent when all beats of
///    the first have arrived, so that beats stay in order. One such read at a time; others pass it.
///    If the burst is given up before, it is not sent.
///  - A write with a destination mask goes to each of those stations, at the address within their
///    memories; its acknowledges are counted elsewhere (several_*: tag, how many, error so far).
///  - A joint read (ring_joint_reads) asks for its beats on behalf of several stations; one that
///    another station sends is only opened here.
///  - What cannot be done (no such address, a dead station, a mask on a read that is not joint,
///    a station beyond the ring) becomes a request to this station that only asks for its error:
///    the number of beats stays the same.
/// A request is in its packet one clock after it was accepted; one packet per clock.
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_requester #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of a station's memory
    parameter int unsigned GranuleBits = 10,  // log2 of the bytes of a granule, >= 10
    localparam int unsigned StationWidth = ring_pkg::StationWidth
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    // This station as a mask, constant; stations that accept nothing
    input  logic [              NumStations-1:0] self_i,
    input  logic [              NumStations-1:0] dead_i,
    // Memory port, requests and write data
    input  logic                                 req_valid_i,
    output logic                                 req_ready_o,
    input  memory_port_pkg::request_t            req_i,
    // The request is a joint read: sent by another station; who receives its beats; its turn
    input  logic                                 joint_i,
    input  logic                                 follow_i,
    input  logic [              NumStations-1:0] joint_mask_i,
    input  logic [      ring_pkg::TurnWidth-1:0] joint_turn_i,
    input  logic                                 wdata_valid_i,
    output logic                                 wdata_ready_o,
    input  memory_port_pkg::write_data_t         wdata_i,
    // Packets
    output logic                                 packet_valid_o,
    input  logic                                 packet_ready_i,
    output logic [              NumStations-1:0] packet_mask_o,
    output ring_pkg::payload_t                   packet_o,
    // A read beat leaves for the port; it is one of a burst that is given up
    input  logic                                 beat_i,
    input  logic                                 beat_given_up_i,
    input  logic [memory_port_pkg::TagWidth-1:0] beat_tag_i,
    // Turn of the tag that is asked for, and a burst is under way, see ring_watch
    output logic [memory_port_pkg::TagWidth-1:0] ask_tag_o,
    input  logic [      ring_pkg::TurnWidth-1:0] ask_turn_i,
    output logic                                 open_o,
    output logic [memory_port_pkg::TagWidth-1:0] open_tag_o,
    output logic [      ring_pkg::TurnWidth-1:0] open_turn_o,
    output logic                                 open_write_o,
    output logic [                          3:0] open_len_o,
    // A write to several stations begins
    output logic                                 several_valid_o,
    input  logic                                 several_ready_i,
    output logic [memory_port_pkg::TagWidth-1:0] several_tag_o,
    output logic [             StationWidth:0] several_count_o,
    output logic [                          1:0] several_error_o
);

  localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth;
  localparam int unsigned PlaceBits = GranuleBits - 6;  // of a beat within its granule
  localparam int unsigned MaskWidth = memory_port_pkg::MaskWidth;

  `S4_CHECK_PARAM(gen_check_granule, GranuleBits >= 10)

  // ---- Second part of a read that crosses a granule ----
  logic rest_valid_q, rest_due, rest_taken;
  memory_port_pkg::request_t rest_q;
  logic [ring_pkg::TurnWidth-1:0] rest_turn_q;
  logic [3:0] rest_wait_q;  // beats of the first part still to come, minus one
  logic rest_arrived_q, rest_beat;

  assign rest_due  = rest_valid_q && rest_arrived_q;
  assign rest_beat = beat_i && beat_tag_i == rest_q.tag;

  // ---- What comes next ----
  logic next_valid, load, accept;
  memory_port_pkg::request_t next;
  logic [StationWidth-1:0] home;
  logic home_exists, next_crosses;
  logic [PlaceBits:0] place_sum;

  assign next       = rest_due ? rest_q : req_i;
  assign next_valid = rest_due || (req_valid_i && !(next_crosses && rest_valid_q));
  assign place_sum  = {1'b0, next.addr[6+:PlaceBits]} + (PlaceBits + 1)'(next.len);
  assign next_crosses = place_sum[PlaceBits] && !next.write;
  assign accept      = load && next_valid;
  assign rest_taken  = accept && rest_due;
  assign req_ready_o = load && !rest_due && !(next_crosses && rest_valid_q);

  ring_address_map #(
      .NumStations(NumStations),
      .SliceBits(SliceBits),
      .GranuleBits(GranuleBits)
  ) u_map (
      .addr_i(next.addr),
      .station_o(home),
      .exists_o(home_exists)
  );

  // ---- Where it goes ----
  logic [NumStations-1:0] asked, alive;
  logic several, refused, beyond, joint, follow;

  assign joint   = joint_i && !rest_due;
  assign follow  = follow_i && joint;
  assign several = next.write && next.mask != '0;
  assign asked   = several ? next.mask[NumStations-1:0] : NumStations'(1) << home;
  assign alive   = asked & ~dead_i;
  if (MaskWidth > NumStations) begin : gen_beyond
    assign beyond = next.mask[MaskWidth-1:NumStations] != '0;
  end else begin : gen_none_beyond
    assign beyond = 1'b0;
  end
  assign refused = alive == '0 || beyond || (!several && !home_exists) ||
                   (!next.write && next.mask != '0 && !joint);

  // ---- The request that is being sent ----
  logic valid_q, write_q, data_q, last_q, second_q, several_q, refused_q, partly_q, follow_q;
  logic [NumStations-1:0] mask_q, receivers_q;
  logic [SliceBits-1:0] addr_q;
  logic [3:0] len_q, left_q;  // left: beats of a write after the next one
  logic [memory_port_pkg::TagWidth-1:0] tag_q;
  logic [ring_pkg::TurnWidth-1:0] turn_q;
  logic header_sent, data_sent;

  assign header_sent = (packet_valid_o && packet_ready_i && !data_q) || (valid_q && follow_q);
  assign data_sent   = packet_valid_o && packet_ready_i && data_q;
  assign load        = !valid_q || (header_sent && !write_q) || (data_sent && wdata_i.last);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      data_q  <= 1'b0;
    end else if (load) begin
      valid_q <= next_valid;
      data_q  <= 1'b0;
    end else if (header_sent) begin
      data_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (data_sent) left_q <= left_q - 4'd1;
    if (accept) begin
      left_q    <= next.len;
      write_q   <= next.write;
      mask_q    <= refused ? self_i : alive;
      addr_q    <= next.addr[SliceBits-1:0];
      len_q     <= next_crosses ? 4'(~next.addr[6+:PlaceBits]) : next.len;
      tag_q     <= next.tag;
      turn_q    <= rest_due ? rest_turn_q : joint ? joint_turn_i : ask_turn_i;
      second_q  <= rest_due;
      last_q    <= !next_crosses;
      several_q <= several && !refused;
      refused_q <= refused;
      partly_q  <= alive != asked;
      follow_q    <= follow;
      receivers_q <= joint ? joint_mask_i : '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rest_valid_q   <= 1'b0;
      rest_arrived_q <= 1'b0;
      rest_wait_q    <= '0;
    end else begin
      if (rest_taken || (rest_beat && beat_given_up_i)) rest_valid_q <= 1'b0;
      if (accept && next_crosses) begin
        rest_valid_q   <= 1'b1;
        rest_arrived_q <= 1'b0;
        rest_wait_q    <= 4'(~next.addr[6+:PlaceBits]);
      end else if (rest_valid_q && rest_beat) begin
        rest_wait_q    <= rest_wait_q - 4'd1;
        rest_arrived_q <= rest_wait_q == '0;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (accept && next_crosses) begin
      rest_turn_q <= ask_turn_i;
      rest_q      <= next;
      rest_q.addr <= {next.addr[AddrWidth-1:GranuleBits] + (AddrWidth - GranuleBits)'(1),
                      GranuleBits'(0)};
      rest_q.len  <= place_sum[3:0];
    end
  end

  // ---- Packets ----
  ring_pkg::payload_t header, data;
  always_comb begin
    header         = '0;
    header.op      = write_q ? ring_pkg::OpWrite : ring_pkg::OpRead;
    header.turn    = turn_q;
    header.tag     = tag_q;
    header.last    = last_q;
    header.left    = open_len_o;
    header.error   = refused_q ? memory_port_pkg::ResponseErrorDecode :
                                 memory_port_pkg::ResponseErrorOk;
    header.several = several_q;
    header.data    = 512'({MaskWidth'(receivers_q), len_q, AddrWidth'(addr_q)});
    data           = '0;
    data.op        = ring_pkg::OpData;
    data.turn      = turn_q;
    data.tag       = tag_q;
    data.last      = wdata_i.last;
    data.left      = left_q;
    data.strobe    = wdata_i.strobe;
    data.several   = several_q;
    data.data      = wdata_i.data;
  end
  assign packet_valid_o = valid_q && !follow_q &&
                          (data_q ? wdata_valid_i : !several_q || several_ready_i);
  assign packet_mask_o  = mask_q;
  assign packet_o       = data_q ? data : header;
  assign wdata_ready_o  = valid_q && data_q && packet_ready_i;

  // From here on answers may come, and may fail to come.
  assign ask_tag_o    = req_i.tag;
  assign open_o       = write_q ? data_sent && wdata_i.last : header_sent && !second_q;
  assign open_tag_o   = tag_q;
  assign open_turn_o  = turn_q;
  assign open_write_o = write_q;
  assign open_len_o   = last_q ? len_q : len_q + rest_q.len + 4'd1;

  assign several_valid_o = header_sent && several_q;
  assign several_tag_o   = tag_q;
  assign several_error_o = partly_q ? memory_port_pkg::ResponseErrorDecode :
                                      memory_port_pkg::ResponseErrorOk;
  always_comb begin : count_several
    int unsigned s;
    several_count_o = '0;
    for (s = 0; s < NumStations; s = s + 1) begin
      several_count_o = several_count_o + (StationWidth + 1)'(mask_q[s]);
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(Aligned, !req_valid_i || req_i.addr[5:0] == '0)
  `S4_ASSERT(WritesStayInGranule, !accept || !next.write || !place_sum[PlaceBits])
  `S4_ASSERT(LastAgrees, !data_sent || wdata_i.last == (left_q == '0))
  `S4_ASSERT(PacketHasTarget, !packet_valid_o || packet_mask_o != '0)
  `S4_ASSERT(JointInGranule, !accept || !joint || (!next.write && !next_crosses))

endmodule
