/// Write bursts of a station: each beat of data becomes an access; when all accesses of a burst are
/// acknowledged it is, in the order of the requests. Requests may come before their data and wait
/// in a queue. An error of any beat is the burst's. One access per clock; an acknowledge leaves one
/// clock after the last one of its accesses. Model: tests/memory_station/station_bench.hpp
`include "assert.svh"

module station_writes #(
    parameter int unsigned Bursts = 32,  // bursts in flight, a power of two, >= 2
    parameter int unsigned Waiting = 8,  // bursts that wait for their data
    localparam int unsigned SlotWidth = $clog2(Bursts),
    localparam int unsigned LineWidth = memory_port_pkg::AddrWidth - 6
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Write bursts and their data
    input  logic                         req_valid_i,
    output logic                         req_ready_o,
    input  memory_port_pkg::request_t    req_i,
    input  logic                         wdata_valid_i,
    output logic                         wdata_ready_o,
    input  memory_port_pkg::write_data_t wdata_i,
    // Accesses
    output logic                         beat_valid_o,
    input  logic                         beat_ready_i,
    output logic [        LineWidth-1:0] beat_line_o,
    output logic [        SlotWidth-1:0] beat_slot_o,
    output logic [                511:0] beat_data_o,
    output logic [                 63:0] beat_strobe_o,
    // Their acknowledges
    input  logic                         answer_valid_i,
    input  logic [        SlotWidth-1:0] answer_slot_i,
    input  logic [                  1:0] answer_error_i,
    // Acknowledges of the port
    output logic                         rsp_valid_o,
    input  logic                         rsp_ready_i,
    output memory_port_pkg::response_t   rsp_o,
    // Bursts that were accepted and not acknowledged
    output logic [                 15:0] open_o
);

  localparam int unsigned QueueWidth = LineWidth + 4 + memory_port_pkg::TagWidth;

  `S4_CHECK_PARAM(gen_check_bursts, Bursts == 1 << SlotWidth && Bursts >= 2)

  // ---- Requests that wait ----
  logic wait_valid, accept;
  logic [LineWidth-1:0] wait_line;
  logic [3:0] wait_len;
  logic [memory_port_pkg::TagWidth-1:0] wait_tag;
  logic [$clog2(Waiting+1)-1:0] waiting;
  logic unused_request;

  assign unused_request = ^{req_i.write, req_i.mask, req_i.addr[5:0]};
  fifo #(
      .Width(QueueWidth),
      .Depth(Waiting)
  ) u_waiting (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (req_valid_i),
      .in_ready_o (req_ready_o),
      .in_data_i  ({req_i.addr[memory_port_pkg::AddrWidth-1:6], req_i.len, req_i.tag}),
      .out_valid_o(wait_valid),
      .out_ready_i(accept),
      .out_data_o ({wait_line, wait_len, wait_tag}),
      .count_o    (waiting)
  );

  // ---- Accesses ----
  logic active_q, issue, over;
  logic [LineWidth-1:0] line_q;
  logic [3:0] left_q;
  logic [SlotWidth-1:0] tail_q, head_q;
  logic [SlotWidth:0] used_q;
  logic leave;

  assign beat_valid_o  = active_q && wdata_valid_i;
  assign wdata_ready_o = active_q && beat_ready_i;
  assign beat_line_o   = line_q;
  assign beat_slot_o   = tail_q - SlotWidth'(1);
  assign beat_data_o   = wdata_i.data;
  assign beat_strobe_o = wdata_i.strobe;
  assign issue         = beat_valid_o && beat_ready_i;
  assign over          = issue && left_q == '0;
  assign accept        = wait_valid && (!active_q || over) && !used_q[SlotWidth];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      tail_q   <= '0;
      head_q   <= '0;
      used_q   <= '0;
    end else begin
      if (accept) active_q <= 1'b1;
      else if (over) active_q <= 1'b0;
      tail_q <= tail_q + SlotWidth'(accept);
      head_q <= head_q + SlotWidth'(leave);
      used_q <= used_q + (SlotWidth + 1)'(accept) - (SlotWidth + 1)'(leave);
    end
  end
  always_ff @(posedge clk_i) begin
    if (accept) begin
      line_q <= wait_line;
      left_q <= wait_len;
    end else if (issue) begin
      line_q <= line_q + LineWidth'(1);
      left_q <= left_q - 4'd1;
    end
  end

  // ---- Bursts in flight: beats that are not acknowledged, worst outcome so far, tag ----
  logic [Bursts*5-1:0] beats_q;
  logic [Bursts*2-1:0] error_q;
  logic [memory_port_pkg::TagWidth-1:0] tags[0:Bursts-1];

  always_ff @(posedge clk_i) begin : bursts
    int unsigned s;
    for (s = 0; s < Bursts; s = s + 1) begin
      if (accept && tail_q == SlotWidth'(s)) begin
        beats_q[s*5+:5] <= 5'(wait_len) + 5'd1;
        error_q[s*2+:2] <= memory_port_pkg::ResponseErrorOk;
      end else if (answer_valid_i && answer_slot_i == SlotWidth'(s)) begin
        beats_q[s*5+:5] <= beats_q[s*5+:5] - 5'd1;
        if (answer_error_i > error_q[s*2+:2]) error_q[s*2+:2] <= answer_error_i;
      end
    end
    if (accept) tags[tail_q] <= wait_tag;
  end

  assign rsp_valid_o = used_q != '0 && beats_q[32'(head_q)*5+:5] == '0;
  assign leave       = rsp_valid_o && rsp_ready_i;
  always_comb begin
    rsp_o.data  = '0;
    rsp_o.tag   = tags[head_q];
    rsp_o.write = 1'b1;
    rsp_o.error = error_q[32'(head_q)*2+:2];
    rsp_o.last  = 1'b1;
  end
  assign open_o = 16'(used_q) + 16'(waiting);

  // ---- Assertions ----
  `S4_ASSERT(LastBeat, !issue || wdata_i.last == (left_q == '0))
  `S4_ASSERT(BurstInFlight, !answer_valid_i || beats_q[32'(answer_slot_i)*5+:5] != '0)
  `S4_ASSERT_HELD(ResponseHeld, rsp_valid_o, rsp_ready_i, rsp_o)

endmodule
