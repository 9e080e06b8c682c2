/// Joins the clients of the memory port: command fetch, load DMA, weight DMA (read) and store DMA
/// (write). Requests: command fetch first, the others in turn, one per clock, registered (latency
/// one). Write data pass straight through, in order: only the store DMA writes. Responses go to the
/// client in the upper bits of their tag, through a skid buffer (latency one); fetch is always
/// ready, a client that is not ready holds those behind. mem_idle_o: no burst is in flight and no
/// client offers a request, so no write burst is half sent either.
/// Model: tests/memory_port/memory_port_mux_test.cpp
`include "assert.svh"

module memory_port_mux (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Command fetch
    input  logic                         fetch_req_valid_i,
    output logic                         fetch_req_ready_o,
    input  memory_port_pkg::request_t    fetch_req_i,
    output logic                         fetch_rsp_valid_o,
    output memory_port_pkg::response_t   fetch_rsp_o,
    // Load DMA
    input  logic                         load_req_valid_i,
    output logic                         load_req_ready_o,
    input  memory_port_pkg::request_t    load_req_i,
    output logic                         load_rsp_valid_o,
    input  logic                         load_rsp_ready_i,
    output memory_port_pkg::response_t   load_rsp_o,
    // Weight DMA
    input  logic                         weights_req_valid_i,
    output logic                         weights_req_ready_o,
    input  memory_port_pkg::request_t    weights_req_i,
    output logic                         weights_rsp_valid_o,
    input  logic                         weights_rsp_ready_i,
    output memory_port_pkg::response_t   weights_rsp_o,
    // Store DMA
    input  logic                         store_req_valid_i,
    output logic                         store_req_ready_o,
    input  memory_port_pkg::request_t    store_req_i,
    input  logic                         store_wdata_valid_i,
    output logic                         store_wdata_ready_o,
    input  memory_port_pkg::write_data_t store_wdata_i,
    output logic                         store_rsp_valid_o,
    input  logic                         store_rsp_ready_i,
    output memory_port_pkg::response_t   store_rsp_o,
    // Memory port
    output logic                         mem_req_valid_o,
    input  logic                         mem_req_ready_i,
    output memory_port_pkg::request_t    mem_req_o,
    output logic                         mem_wdata_valid_o,
    input  logic                         mem_wdata_ready_i,
    output memory_port_pkg::write_data_t mem_wdata_o,
    input  logic                         mem_rsp_valid_i,
    output logic                         mem_rsp_ready_o,
    input  memory_port_pkg::response_t   mem_rsp_i,
    output logic                         mem_idle_o
);

  // Every tag can be in flight once.
  localparam int unsigned CountBits = memory_port_pkg::TagWidth + 1;

  // ---- Requests ----
  logic [2:0] dma_valid, dma_grant;  // load, weights, store
  logic [1:0] unused_index;
  logic dma_chosen, load_request, accept, req_valid_q;
  memory_port_pkg::request_t req_q, req_d;

  assign dma_valid    = {store_req_valid_i, weights_req_valid_i, load_req_valid_i};
  assign load_request = !req_valid_q || mem_req_ready_i;
  assign accept       = load_request && (fetch_req_valid_i || dma_chosen);

  arbiter_rr #(
      .N(3)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .req_i(dma_valid),
      .ready_i(load_request && !fetch_req_valid_i),
      .grant_o(dma_grant),
      .index_o(unused_index),
      .valid_o(dma_chosen)
  );

  always_comb begin
    if (fetch_req_valid_i) req_d = fetch_req_i;
    else if (dma_grant[0]) req_d = load_req_i;
    else if (dma_grant[1]) req_d = weights_req_i;
    else req_d = store_req_i;
  end
  assign fetch_req_ready_o   = load_request;
  assign load_req_ready_o    = load_request && !fetch_req_valid_i && dma_grant[0];
  assign weights_req_ready_o = load_request && !fetch_req_valid_i && dma_grant[1];
  assign store_req_ready_o   = load_request && !fetch_req_valid_i && dma_grant[2];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) req_valid_q <= 1'b0;
    else if (load_request) req_valid_q <= accept;
  end
  always_ff @(posedge clk_i) if (accept) req_q <= req_d;
  assign mem_req_valid_o = req_valid_q;
  assign mem_req_o       = req_q;

  // ---- Write data ----
  assign mem_wdata_valid_o   = store_wdata_valid_i;
  assign mem_wdata_o         = store_wdata_i;
  assign store_wdata_ready_o = mem_wdata_ready_i;

  // ---- Responses ----
  logic rsp_valid, rsp_ready;
  logic [1:0] rsp_client;
  memory_port_pkg::response_t rsp;

  skid_buffer #(
      .Width($bits(mem_rsp_i))
  ) u_responses (
      .clk_i,
      .rst_ni,
      .in_valid_i(mem_rsp_valid_i),
      .in_ready_o(mem_rsp_ready_o),
      .in_data_i(mem_rsp_i),
      .out_valid_o(rsp_valid),
      .out_ready_i(rsp_ready),
      .out_data_o(rsp)
  );
  assign rsp_client          = rsp.tag[memory_port_pkg::TagWidth-1-:2];
  assign fetch_rsp_valid_o   = rsp_valid && rsp_client == memory_port_pkg::ClientFetch;
  assign load_rsp_valid_o    = rsp_valid && rsp_client == memory_port_pkg::ClientLoad;
  assign weights_rsp_valid_o = rsp_valid && rsp_client == memory_port_pkg::ClientWeights;
  assign store_rsp_valid_o   = rsp_valid && rsp_client == memory_port_pkg::ClientStore;
  assign fetch_rsp_o         = rsp;
  assign load_rsp_o          = rsp;
  assign weights_rsp_o       = rsp;
  assign store_rsp_o         = rsp;

  always_comb begin
    unique case (rsp_client)
      memory_port_pkg::ClientLoad: rsp_ready = load_rsp_ready_i;
      memory_port_pkg::ClientWeights: rsp_ready = weights_rsp_ready_i;
      memory_port_pkg::ClientStore: rsp_ready = store_rsp_ready_i;
      default: rsp_ready = 1'b1;
    endcase
  end

  // ---- Bursts in flight ----
  logic [CountBits-1:0] in_flight_q;
  logic complete;

  assign complete   = rsp_valid && rsp_ready && rsp.last;
  assign mem_idle_o = in_flight_q == '0 && !fetch_req_valid_i && dma_valid == '0;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) in_flight_q <= '0;
    else if (accept && !complete) in_flight_q <= in_flight_q + CountBits'(1);
    else if (complete && !accept) in_flight_q <= in_flight_q - CountBits'(1);
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(RequestHeld, mem_req_valid_o, mem_req_ready_i, mem_req_o)
  `S4_ASSERT_HELD(WriteDataHeld, mem_wdata_valid_o, mem_wdata_ready_i, mem_wdata_o)
  `S4_ASSERT(FetchTag, !fetch_req_valid_i || (!fetch_req_i.write &&
             fetch_req_i.tag[7:6] == memory_port_pkg::ClientFetch))
  `S4_ASSERT(LoadTag, !load_req_valid_i || (!load_req_i.write &&
             load_req_i.tag[7:6] == memory_port_pkg::ClientLoad))
  `S4_ASSERT(WeightsTag, !weights_req_valid_i || (!weights_req_i.write &&
             weights_req_i.tag[7:6] == memory_port_pkg::ClientWeights))
  `S4_ASSERT(StoreTag, !store_req_valid_i || (store_req_i.write &&
             store_req_i.tag[7:6] == memory_port_pkg::ClientStore))
  `S4_ASSERT(AnswersRequest, !complete || in_flight_q != '0)

endmodule
