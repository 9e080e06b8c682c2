/// Between a subsystem's memory port and the ring: its weight reads within the broadcast region
/// become joint reads of all subsystems that take part (ring_joint_reads). All of them must ask for
/// the same addresses in the same order. For that the weight DMA's tags are replaced by numbers in
/// the order of the reads, and put back in the responses.
/// stations_i and the region take effect while no weight read is under way, so that a change at a
/// bad moment cannot mix up tags. Without this subsystem in stations_i all passes unchanged.
/// Combinational. Model: tests/chip/broadcast_port_test.cpp
`include "assert.svh"

module broadcast_port #(
    localparam int unsigned KibWidth = memory_port_pkg::AddrWidth - 10,
    localparam int unsigned MaskWidth = memory_port_pkg::MaskWidth
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // This subsystem as a mask, constant; those that take part; first and last KiB
    input  logic [      MaskWidth-1:0] self_i,
    input  logic [      MaskWidth-1:0] stations_i,
    input  logic [       KibWidth-1:0] first_i,
    input  logic [       KibWidth-1:0] last_i,
    // Subsystem
    input  logic                       sub_req_valid_i,
    output logic                       sub_req_ready_o,
    input  memory_port_pkg::request_t  sub_req_i,
    output logic                       sub_rsp_valid_o,
    input  logic                       sub_rsp_ready_i,
    output memory_port_pkg::response_t sub_rsp_o,
    // Ring
    output logic                       req_valid_o,
    input  logic                       req_ready_i,
    output memory_port_pkg::request_t  req_o,
    input  logic                       rsp_valid_i,
    output logic                       rsp_ready_o,
    input  memory_port_pkg::response_t rsp_i
);

  localparam int unsigned SlotWidth = memory_port_pkg::SlotWidth;
  localparam int unsigned Slots = 1 << SlotWidth;
  localparam int unsigned ClientLsb = SlotWidth;

  // ---- Weight reads under way ----
  logic asks, answered;
  logic req_is_weights, rsp_is_weights;
  logic [SlotWidth:0] under_way_q;

  assign req_is_weights = sub_req_i.tag[ClientLsb+:2] == memory_port_pkg::ClientWeights;
  assign rsp_is_weights = rsp_i.tag[ClientLsb+:2] == memory_port_pkg::ClientWeights;
  assign asks     = sub_req_valid_i && req_ready_i && req_is_weights;
  assign answered = rsp_valid_i && sub_rsp_ready_i && rsp_is_weights && rsp_i.last;

  // ---- Who takes part ----
  logic [MaskWidth-1:0] stations_q;
  logic [KibWidth-1:0] first_q, last_q, kib;
  logic takes_part, in_region;
  logic [SlotWidth-1:0] number_q;
  logic [SlotWidth-1:0] slots[0:Slots-1];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      under_way_q <= '0;
      stations_q  <= '0;
    end else begin
      under_way_q <= under_way_q + (SlotWidth + 1)'(asks) - (SlotWidth + 1)'(answered);
      if (under_way_q == '0 && !sub_req_valid_i) stations_q <= stations_i;
    end
  end
  always_ff @(posedge clk_i) begin
    if (under_way_q == '0 && !sub_req_valid_i) begin
      first_q <= first_i;
      last_q  <= last_i;
    end
  end
  assign takes_part = (stations_q & self_i) != '0;
  assign kib        = sub_req_i.addr[10+:KibWidth];
  assign in_region     = kib >= first_q && kib <= last_q;

  // ---- Numbers instead of slots ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) number_q <= '0;
    else if (!takes_part) number_q <= '0;
    else number_q <= number_q + SlotWidth'(asks);
  end
  always_ff @(posedge clk_i) begin
    if (asks) slots[number_q] <= sub_req_i.tag[SlotWidth-1:0];
  end

  assign req_valid_o     = sub_req_valid_i;
  assign sub_req_ready_o = req_ready_i;
  assign sub_rsp_valid_o = rsp_valid_i;
  assign rsp_ready_o     = sub_rsp_ready_i;
  always_comb begin
    req_o     = sub_req_i;
    sub_rsp_o = rsp_i;
    if (takes_part && req_is_weights) begin
      req_o.tag = {memory_port_pkg::ClientWeights, number_q};
      if (in_region) req_o.mask = stations_q;
    end
    if (takes_part && rsp_is_weights) begin
      sub_rsp_o.tag = {memory_port_pkg::ClientWeights, slots[rsp_i.tag[SlotWidth-1:0]]};
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(WeightsAreReads, !sub_req_valid_i || !req_is_weights || !sub_req_i.write)
  `S4_ASSERT(AnswersUnderWay, !answered || under_way_q != '0)
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, req_o)

endmodule
