/// Write bursts of the host: cut into parts, each asked for at the memory port once all its data
/// are here, so that a host that is slow with its data holds up nobody's reads. Answered on AXI4 in
/// the order of their addresses, when all parts are acknowledged, with the worst of their outcomes
/// (Decode becomes DECERR, Data SLVERR). The data of an illegal burst are taken and dropped; it is
/// answered with SLVERR.
/// One beat per clock; the request of a part leaves a clock after its last beat was taken.
/// Model: tests/host/bridge_bench.hpp
`include "assert.svh"

module host_writes #(
    parameter int unsigned IdWidth = 8,  // bits of an AXI ID, >= 1
    parameter int unsigned Parts = 32,  // in flight, a power of two, 2..128
    parameter int unsigned Beats = 64,  // data that wait, >= 16
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // No new burst is accepted; none is under way
    input  logic                         stop_i,
    output logic                         idle_o,
    // AXI4 write
    input  logic                         awvalid_i,
    output logic                         awready_o,
    input  logic [          IdWidth-1:0] awid_i,
    input  logic [        AddrWidth-1:0] awaddr_i,
    input  logic [                  7:0] awlen_i,
    input  logic [                  2:0] awsize_i,
    input  logic [                  1:0] awburst_i,
    input  logic                         wvalid_i,
    output logic                         wready_o,
    input  logic [                511:0] wdata_i,
    input  logic [                 63:0] wstrb_i,
    input  logic                         wlast_i,
    output logic                         bvalid_o,
    input  logic                         bready_i,
    output logic [          IdWidth-1:0] bid_o,
    output logic [                  1:0] bresp_o,
    // Memory port: requests, their data, and acknowledges, which are always taken
    output logic                         req_valid_o,
    input  logic                         req_ready_i,
    output memory_port_pkg::request_t    req_o,
    output logic                         wdata_valid_o,
    input  logic                         wdata_ready_i,
    output memory_port_pkg::write_data_t wdata_o,
    input  logic                         rsp_valid_i,
    input  memory_port_pkg::response_t   rsp_i
);

  localparam int unsigned LineWidth = AddrWidth - 6;
  localparam int unsigned SlotWidth = $clog2(Parts);
  localparam int unsigned RequestBits = LineWidth + 4 + SlotWidth;
  localparam int unsigned DataBits = $bits(wdata_o);
  localparam int unsigned AnswerDepth = 2;
  localparam int unsigned BurstBits = IdWidth + AddrWidth + 13;

  `S4_CHECK_PARAM(gen_check_parts, Parts == 1 << SlotWidth && Parts >= 2 && Parts <= 128)
  `S4_CHECK_PARAM(gen_check_beats, Beats >= memory_port_pkg::MaxBurst)

  // ---- Bursts: a part ends with its data, which must not reach awready_o in the same clock ----
  logic aw_room, burst_valid, burst_ready;
  logic [BurstBits-1:0] burst;

  skid_buffer #(
      .Width(BurstBits)
  ) u_bursts (
      .clk_i,
      .rst_ni,
      .in_valid_i (awvalid_i && !stop_i),
      .in_ready_o (aw_room),
      .in_data_i  ({awid_i, awaddr_i, awlen_i, awsize_i, awburst_i}),
      .out_valid_o(burst_valid),
      .out_ready_i(burst_ready),
      .out_data_o (burst)
  );
  assign awready_o = aw_room && !stop_i;

  // ---- Parts ----
  logic part_valid, part_ready, part_illegal, part_last;
  logic [IdWidth-1:0] part_id;
  logic [LineWidth-1:0] part_line;
  logic [7:0] part_len;

  burst_cutter #(
      .IdWidth(IdWidth)
  ) u_cutter (
      .clk_i,
      .rst_ni,
      .valid_i       (burst_valid),
      .ready_o       (burst_ready),
      .id_i          (burst[AddrWidth+13+:IdWidth]),
      .addr_i        (burst[13+:AddrWidth]),
      .len_i         (burst[12:5]),
      .size_i        (burst[4:2]),
      .burst_i       (burst[1:0]),
      .part_valid_o  (part_valid),
      .part_ready_i  (part_ready),
      .part_id_o     (part_id),
      .part_illegal_o(part_illegal),
      .part_line_o   (part_line),
      .part_len_o    (part_len),
      .part_last_o   (part_last)
  );

  // ---- Data: a part is taken with its last beat ----
  logic beat, ends, slot_room, store_ready, request_ready;
  logic [7:0] beat_q;
  logic [SlotWidth-1:0] tail_q, head_q;
  logic [SlotWidth:0] count_q;
  logic [$clog2(Beats+1)-1:0] unused_stored;
  logic [$clog2(Parts+1)-1:0] unused_requests;
  memory_port_pkg::write_data_t store;

  assign slot_room  = !count_q[SlotWidth];
  assign wready_o   = part_valid && slot_room && (part_illegal || store_ready);
  assign beat       = wvalid_i && wready_o;
  assign ends       = beat_q == part_len;
  assign part_ready = beat && ends;
  always_comb begin
    store.data   = wdata_i;
    store.strobe = wstrb_i;
    store.last   = ends;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_q <= '0;
    else if (beat) beat_q <= ends ? '0 : beat_q + 8'd1;
  end

  fifo_sram #(
      .Width(DataBits),
      .Depth(Beats)
  ) u_data (
      .clk_i,
      .rst_ni,
      .in_valid_i (beat && !part_illegal),
      .in_ready_o (store_ready),
      .in_data_i  (store),
      .out_valid_o(wdata_valid_o),
      .out_ready_i(wdata_ready_i),
      .out_data_o (wdata_o),
      .count_o    (unused_stored)
  );

  // ---- Requests ----
  logic [LineWidth-1:0] line;
  logic [3:0] len;
  logic [SlotWidth-1:0] slot;

  fifo #(
      .Width(RequestBits),
      .Depth(Parts)
  ) u_requests (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (part_ready && !part_illegal),
      .in_ready_o (request_ready),
      .in_data_i  ({part_line, part_len[3:0], tail_q}),
      .out_valid_o(req_valid_o),
      .out_ready_i(req_ready_i),
      .out_data_o ({line, len, slot}),
      .count_o    (unused_requests)
  );
  always_comb begin
    req_o       = '0;
    req_o.write = 1'b1;
    req_o.addr  = {line, 6'd0};
    req_o.len   = len;
    req_o.tag   = {1'b1, (memory_port_pkg::TagWidth - 1)'(slot)};
  end

  // ---- Slots, one per part, taken and given back in order; what became of them ----
  logic [IdWidth:0] entries[0:Parts-1];  // ID, last of its burst
  logic [1:0] responses[0:Parts-1];
  logic [Parts-1:0] done_q;
  logic [SlotWidth-1:0] rsp_slot;
  logic [IdWidth-1:0] id;
  logic last, leave, answer_ready, unused_rsp;
  logic [1:0] sum_q, worst;  // of the burst's parts before; with this one
  logic [$clog2(AnswerDepth+1)-1:0] answers;

  assign rsp_slot   = rsp_i.tag[SlotWidth-1:0];
  assign unused_rsp = ^{rsp_i.data, rsp_i.tag, rsp_i.write, rsp_i.last};
  assign {id, last} = entries[head_q];
  assign worst      = sum_q | responses[head_q];
  assign leave      = count_q != '0 && done_q[head_q] && (answer_ready || !last);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tail_q  <= '0;
      head_q  <= '0;
      count_q <= '0;
      done_q  <= '0;
      sum_q   <= host_pkg::RespOkay;
    end else begin
      tail_q  <= tail_q + SlotWidth'(part_ready);
      head_q  <= head_q + SlotWidth'(leave);
      count_q <= count_q + (SlotWidth + 1)'(part_ready) - (SlotWidth + 1)'(leave);
      if (leave) sum_q <= last ? host_pkg::RespOkay : worst;
      if (part_ready) done_q[tail_q] <= part_illegal;
      if (rsp_valid_i) done_q[rsp_slot] <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (part_ready) begin
      entries[tail_q]   <= {part_id, part_last};
      responses[tail_q] <= host_pkg::RespSlverr;  // of an illegal burst
    end
    if (rsp_valid_i) responses[rsp_slot] <= host_pkg::response(rsp_i.error);
  end

  fifo #(
      .Width(IdWidth + 2),
      .Depth(AnswerDepth)
  ) u_answers (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (leave && last),
      .in_ready_o (answer_ready),
      .in_data_i  ({id, worst}),
      .out_valid_o(bvalid_o),
      .out_ready_i(bready_i),
      .out_data_o ({bid_o, bresp_o}),
      .count_o    (answers)
  );

  assign idle_o = !burst_valid && !part_valid && count_q == '0 && answers == '0;

  // ---- Assertions ----
  `S4_ASSERT(LastBeat, !beat || wlast_i == (ends && part_last))
  `S4_ASSERT(RequestHasRoom, !part_ready || request_ready)
  `S4_ASSERT(PartInFlight, !rsp_valid_i || (count_q != '0 && !done_q[rsp_slot]))
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, req_o)

endmodule
