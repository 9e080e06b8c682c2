/// Answers the bursts of the weight DMA that lie in the local buffer, in front of the memory port:
/// all others pass in the same clock. Words are read through the store port of the local buffer,
/// which is shared with the store DMA in turns, one per clock, and every answer belongs to who read
/// a clock before. A local word goes to the weight DMA in the clock in which it arrives; a response
/// of the memory waits for that clock. A burst is taken while the last word of the one before is
/// read, so bursts of one word each move a word per clock as well.
/// Model: tests/memory_port/dma_path_test.cpp
`include "assert.svh"

module local_reads (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    // Weight DMA: with req_local_i the address is one of local words, in bytes
    input  logic                                  req_valid_i,
    output logic                                  req_ready_o,
    input  memory_port_pkg::request_t             req_i,
    input  logic                                  req_local_i,
    output logic                                  rsp_valid_o,
    input  logic                                  rsp_ready_i,
    output memory_port_pkg::response_t            rsp_o,
    output logic                                  busy_o,  // a burst is here
    // Memory port
    output logic                                  mem_req_valid_o,
    input  logic                                  mem_req_ready_i,
    output memory_port_pkg::request_t             mem_req_o,
    input  logic                                  mem_rsp_valid_i,
    output logic                                  mem_rsp_ready_o,
    input  memory_port_pkg::response_t            mem_rsp_i,
    // Reads of the store DMA: the word comes exactly one clock after the handshake
    input  logic                                  store_valid_i,
    output logic                                  store_ready_o,
    input  logic [config_pkg::LocalAddrWidth-1:0] store_addr_i,
    output logic                                  store_rvalid_o,
    output logic [memory_port_pkg::BeatBits-1:0]  store_rdata_o,
    // Store port of the local buffer
    output logic                                  st_valid_o,
    input  logic                                  st_ready_i,
    output logic [config_pkg::LocalAddrWidth-1:0] st_addr_o,
    input  logic                                  st_rvalid_i,
    input  logic [memory_port_pkg::BeatBits-1:0]  st_rdata_i
);

  localparam int unsigned LocalBits = config_pkg::LocalAddrWidth;
  localparam int unsigned OffsetBits = $clog2(memory_port_pkg::BeatBytes);

  // ---- The burst in hand ----
  logic busy_q, take, read, read_last, burst_free;
  logic [LocalBits-1:0] addr_q;
  logic [3:0] left_q;
  logic [memory_port_pkg::TagWidth-1:0] tag_q;

  assign read_last  = left_q == '0;
  assign burst_free = !busy_q || (read && read_last);
  assign take       = req_valid_i && req_local_i && burst_free;
  assign busy_o     = busy_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= 1'b0;
    else if (take) busy_q <= 1'b1;
    else if (read && read_last) busy_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      addr_q <= req_i.addr[OffsetBits+:LocalBits];
      left_q <= req_i.len;
      tag_q  <= req_i.tag;
    end else if (read) begin
      addr_q <= addr_q + LocalBits'(1);
      left_q <= left_q - 4'd1;
    end
  end

  assign mem_req_valid_o = req_valid_i && !req_local_i;
  assign mem_req_o       = req_i;
  assign req_ready_o     = req_local_i ? burst_free : mem_req_ready_i;

  // ---- The store port, in turns; a choice stands until it is served ----
  logic [1:0] grant;
  logic unused_index;

  arbiter_rr #(
      .N(2)
  ) u_turns (
      .clk_i,
      .rst_ni,
      .req_i({busy_q, store_valid_i}),
      .ready_i(st_ready_i),
      .grant_o(grant),
      .index_o(unused_index),
      .valid_o(st_valid_o)
  );
  assign st_addr_o     = grant[1] ? addr_q : store_addr_i;
  assign store_ready_o = grant[0] && st_ready_i;
  assign read          = grant[1] && st_ready_i;

  // ---- Answers ----
  logic answer_q, answer_last_q;  // the word of this clock is of a burst of weights
  logic [memory_port_pkg::TagWidth-1:0] answer_tag_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) answer_q <= 1'b0;
    else answer_q <= read;
  end
  always_ff @(posedge clk_i) begin
    if (read) begin
      answer_tag_q  <= tag_q;
      answer_last_q <= read_last;
    end
  end

  assign store_rvalid_o  = st_rvalid_i && !answer_q;
  assign store_rdata_o   = st_rdata_i;
  assign mem_rsp_ready_o = rsp_ready_i && !answer_q;
  assign rsp_valid_o     = answer_q || mem_rsp_valid_i;
  always_comb begin
    rsp_o = mem_rsp_i;
    if (answer_q) begin
      rsp_o.data  = st_rdata_i;
      rsp_o.tag   = answer_tag_q;
      rsp_o.write = 1'b0;
      rsp_o.error = memory_port_pkg::ResponseErrorOk;
      rsp_o.last  = answer_last_q;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(ReadHeld, st_valid_o, st_ready_i, st_addr_o)
  `S4_ASSERT(ReadAnswered, !answer_q || st_rvalid_i)
  `S4_ASSERT(AnswerTaken, !answer_q || rsp_ready_i)
  `S4_ASSERT(OneReader, !(read && store_valid_i && store_ready_o))

endmodule
