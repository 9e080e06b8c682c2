/// One direction of a station. A slot that arrives is seen, stripped of this station and passed on
/// in the same clock into the register of the outgoing link: one register per hop, and a slot in
/// transit never waits. A slot that is free, or ends here, takes the next packet of the injector.
/// Masks are relative: bit k of a mask on a link is the station k hops behind its far end; each hop
/// shifts it down, so that a packet leaves the ring after Reach hops whatever its mask. An arrival
/// goes to the ejector, which always has room. Credits return on wires of their own, against the
/// packets: chain d holds those for the sender d hops back. Visible at the ejection port two clocks
/// plus one per hop after the push. Model: sim/ring/ring_scoreboard.hpp. Proof: formal/ring.json
///
///   link_i -> parity -> strip -> mux -> register -> link_o         credit_i -> shift -> credit_o
///                        |        ^
///                     ejector  injector
`include "assert.svh"

module ring_lane #(
    parameter int unsigned PayloadWidth = 64,  // bits that the ring does not look at, >= 2
    parameter int unsigned Reach = 2,  // most hops of a packet, 1..8
    parameter int unsigned Credits = 8,  // packets in flight per sender, receiver and class, >= 1
    parameter int unsigned QueueDepth = 4,  // packets of a class that wait to be sent, >= 1
    parameter int unsigned Quota = 128,  // packets between two visits of the token
    parameter int unsigned Enough = 128,  // packets after which the token leaves, <= Quota
    parameter int unsigned TimeLimit = 65536,  // clocks until a destination counts as dead
    parameter bit Protection = 1'b1,  // 0: no check sum and no payload parity (proofs)
    localparam int unsigned NumClasses = ring_pkg::NumClasses,
    localparam int unsigned DistanceWidth = $clog2(Reach + 1),
    localparam int unsigned HeaderWidth =
        1 + ring_pkg::ClassWidth + DistanceWidth + Reach + ring_pkg::StationWidth,
    localparam int unsigned BodyWidth = ring_pkg::CrcWidth + PayloadWidth,
    // valid, class, distance, mask, source; their parity; payload parity; check sum, payload
    localparam int unsigned LinkWidth = HeaderWidth + 2 + BodyWidth,
    localparam int unsigned CreditWidth = NumClasses * Reach * Reach,
    localparam int unsigned DropWidth = $clog2(NumClasses * Reach + 1)
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              first_i,
    input  logic [ring_pkg::StationWidth-1:0] station_i,
    input  logic [                       1:0] fault_i,
    input  logic                              stall_i,
    // Links
    input  logic [             LinkWidth-1:0] link_i,
    output logic [             LinkWidth-1:0] link_o,
    input  logic [           CreditWidth-1:0] credit_i,
    output logic [           CreditWidth-1:0] credit_o,
    input  logic                              token_i,
    output logic                              token_o,
    // Injection: only into a class that has room
    output logic [            NumClasses-1:0] inject_room_o,
    input  logic                              inject_valid_i,
    input  logic [  ring_pkg::ClassWidth-1:0] inject_class_i,
    input  logic [                 Reach-1:0] inject_mask_i,
    input  logic [          PayloadWidth-1:0] inject_payload_i,
    // Ejection: only a class that has room
    input  logic [            NumClasses-1:0] eject_room_i,
    output logic                              eject_valid_o,
    output logic [  ring_pkg::ClassWidth-1:0] eject_class_o,
    output logic [         DistanceWidth-1:0] eject_distance_o,
    output logic [ring_pkg::StationWidth-1:0] eject_source_o,
    output logic                              eject_error_o,
    output logic [          PayloadWidth-1:0] eject_payload_o,
    // Events of this clock
    output logic                              header_error_o,
    output logic                              payload_error_o,
    output logic                              crc_error_o,
    output logic [             DropWidth-1:0] dropped_o,
    output logic [                 Reach-1:0] dead_o
);

  localparam int unsigned CheckedWidth =
      ring_pkg::StationWidth + ring_pkg::ClassWidth + PayloadWidth;

  `S4_CHECK_PARAM(gen_check_payload, PayloadWidth >= 2)

  // ---- Arriving slot ----
  logic in_valid, in_header_parity, in_payload_parity, in_payload_wrong;
  logic [ring_pkg::ClassWidth-1:0] in_class;
  logic [DistanceWidth-1:0] in_distance;
  logic [Reach-1:0] in_mask;
  logic [ring_pkg::StationWidth-1:0] in_source;
  logic [BodyWidth-1:0] in_body;
  logic arrived, to_client, transit, crc_wrong;

  assign {in_valid, in_class, in_distance, in_mask, in_source, in_header_parity,
          in_payload_parity, in_body} = link_i;
  assign header_error_o   = (^link_i[LinkWidth-1-:HeaderWidth]) != in_header_parity;
  assign arrived          = in_valid && !header_error_o;
  assign in_payload_wrong = (Protection && arrived) ? (^in_body) != in_payload_parity : 1'b0;
  assign payload_error_o  = in_payload_wrong;
  assign to_client        = arrived && in_mask[0];
  assign transit          = arrived && (in_mask >> 1) != '0;

  // ---- Check sum ----
  logic [ring_pkg::CrcWidth-1:0] crc_made, crc_expected;
  if (Protection) begin : gen_crc
    ring_crc #(
        .Width(CheckedWidth)
    ) u_make (
        .en_i(inject_valid_i),
        .data_i({station_i, inject_class_i, inject_payload_i}),
        .crc_o(crc_made)
    );
    ring_crc #(
        .Width(CheckedWidth)
    ) u_check (
        .en_i(to_client),
        .data_i({in_source, in_class, in_body[PayloadWidth-1:0]}),
        .crc_o(crc_expected)
    );
    assign crc_wrong = to_client && crc_expected != in_body[BodyWidth-1:PayloadWidth];
  end else begin : gen_no_crc
    assign crc_made     = '0;
    assign crc_expected = '0;
    assign crc_wrong    = 1'b0 & (^crc_expected);
  end
  assign crc_error_o = crc_wrong;

  // ---- Sending side ----
  logic may_send, may_control, waiting, send_valid, sent;
  logic [ring_pkg::ClassWidth-1:0] send_class;
  logic [Reach-1:0] send_mask;
  logic [BodyWidth-1:0] send_body;
  logic [NumClasses*Reach-1:0] credit_back, credit_given;

  // Stalled, a lane sends as if its quota were spent: what waits keeps its claim on the token, and
  // slots that it lets by do not count as others'.
  ring_injector #(
      .Width(BodyWidth),
      .Reach(Reach),
      .Credits(Credits),
      .QueueDepth(QueueDepth),
      .TimeLimit(TimeLimit)
  ) u_injector (
      .clk_i,
      .rst_ni,
      .room_o(inject_room_o),
      .valid_i(inject_valid_i),
      .class_i(inject_class_i),
      .mask_i(inject_mask_i),
      .packet_i({crc_made, inject_payload_i}),
      .may_send_i(may_send && !stall_i),
      .may_control_i(may_control && !stall_i),
      .waiting_o(waiting),
      .slot_free_i(!transit),
      .valid_o(send_valid),
      .class_o(send_class),
      .mask_o(send_mask),
      .packet_o(send_body),
      .credit_i(credit_back),
      .dropped_o,
      .dead_o
  );

  assign sent = send_valid && !transit;
  ring_quota #(
      .Quota(Quota),
      .Enough(Enough),
      .Share(Reach)
  ) u_quota (
      .clk_i,
      .rst_ni,
      .first_i,
      .token_i,
      .token_o,
      .waiting_i(waiting),
      .slot_free_i(!transit),
      .sent_i(sent),
      .may_send_o(may_send),
      .may_control_o(may_control)
  );

  // ---- Leaving slot ----
  logic [HeaderWidth-1:0] header_d, header_q;
  logic header_parity_q, payload_parity_d, payload_parity_q;
  logic [BodyWidth-1:0] body_q;

  always_comb begin
    header_d         = '0;
    payload_parity_d = 1'b0;
    if (transit) begin
      header_d = {1'b1, in_class, in_distance + DistanceWidth'(1), in_mask >> 1, in_source};
      // Counted here and mended, so that the next hop does not count it again.
      payload_parity_d = in_payload_parity ^ in_payload_wrong;
    end else if (send_valid) begin
      header_d         = {1'b1, send_class, DistanceWidth'(1), send_mask, station_i};
      payload_parity_d = Protection ? ^send_body : 1'b0;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      header_q        <= '0;
      header_parity_q <= 1'b0;
    end else begin
      header_q        <= header_d;
      header_parity_q <= ^header_d;
    end
  end
  always_ff @(posedge clk_i) begin
    payload_parity_q <= payload_parity_d;
    if (transit) body_q <= in_body;
    else if (send_valid) body_q <= send_body;
  end

  // Faults strike the wires behind the register: the lowest source bit, payload bits 0 and 1.
  assign link_o = {header_q, header_parity_q, payload_parity_q, body_q} ^
                  {HeaderWidth'(fault_i == ring_pkg::FaultHeader), 2'b00, (BodyWidth - 2)'(0),
                   fault_i == ring_pkg::FaultPayloadPair,
                   fault_i == ring_pkg::FaultPayload || fault_i == ring_pkg::FaultPayloadPair};

  // ---- Receiving side ----
  ring_ejector #(
      .Width(ring_pkg::StationWidth + 1 + PayloadWidth),
      .Reach(Reach),
      .Credits(Credits)
  ) u_ejector (
      .clk_i,
      .rst_ni,
      .valid_i(to_client),
      .class_i(in_class),
      .distance_i(in_distance),
      .packet_i({in_source, crc_wrong, in_body[PayloadWidth-1:0]}),
      .room_i(eject_room_i),
      .valid_o(eject_valid_o),
      .class_o(eject_class_o),
      .distance_o(eject_distance_o),
      .packet_o({eject_source_o, eject_error_o, eject_payload_o}),
      .credit_o(credit_given)
  );

  // ---- Credit wires ----
  // Chain d (0 .. Reach - 1) of a class: bit k is a credit with k more hops to go. A receiver puts
  // it in at bit d, its sender takes it out at bit 0; bits above d are never used.
  logic [CreditWidth-1:0] credit_d, credit_q;
  always_comb begin : chains
    int unsigned c, d, k;
    credit_d    = '0;
    credit_back = '0;
    for (c = 0; c < NumClasses; c = c + 1) begin
      for (d = 0; d < Reach; d = d + 1) begin
        credit_back[c*Reach+d] = credit_i[(c*Reach+d)*Reach];
        for (k = 0; k < Reach; k = k + 1) begin
          if (k == d) credit_d[(c*Reach+d)*Reach+k] = credit_given[c*Reach+d];
          else if (k < d) credit_d[(c*Reach+d)*Reach+k] = credit_i[(c*Reach+d)*Reach+k+1];
        end
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) credit_q <= '0;
    else credit_q <= credit_d;
  end
  assign credit_o = credit_q;

  // ---- Assertions ----
  `S4_ASSERT(TransitMoves, (transit |=> header_q[HeaderWidth-1] &&
             header_q[ring_pkg::StationWidth-1:0] == $past(in_source)))
  `S4_ASSERT(EndsWithinReach, !transit || 32'(in_distance) < Reach)

endmodule
