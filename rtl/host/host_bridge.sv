/// The host's way to memory: an AXI4 slave of 512 bits, as a PCIe endpoint drives it, in front of
/// the memory port. Served are INCR bursts of 1 to 256 beats of 64 B from any byte on; all else is
/// answered with SLVERR, all beats of it. Reads are answered in the order of their addresses, so
/// are writes, hence in order for each ID; an answered write is seen by every later read. Between
/// reads and writes that are under way together there is no order.
/// A request is at the port two clocks after its address was accepted (a write's, after its last
/// beat), an answer on AXI three clocks after it came. Model: tests/host/bridge_bench.hpp
///
///   ar -> burst_cutter -> host_reads  -+-> arbiter -> skid -> requests of the port
///   aw -> burst_cutter -> host_writes -+
///   w  -------------------> host_writes -> write data of the port
///   r, b <- places, slots <- responses of the port
`include "assert.svh"

module host_bridge #(
    parameter int unsigned IdWidth = 8,  // bits of an AXI ID, >= 1
    parameter int unsigned ReadParts = 64,  // of read bursts in flight, a power of two, 2..128
    parameter int unsigned ReadBeats = 128,  // beats of them, a power of two, >= 16
    parameter int unsigned WriteParts = 32,  // of write bursts in flight, likewise
    parameter int unsigned WriteBeats = 64,  // write data that wait, >= 16
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // No new burst is accepted; none is under way
    input  logic                         stop_i,
    output logic                         idle_o,
    // AXI4
    input  logic                         s_axi_awvalid_i,
    output logic                         s_axi_awready_o,
    input  logic [          IdWidth-1:0] s_axi_awid_i,
    input  logic [        AddrWidth-1:0] s_axi_awaddr_i,
    input  logic [                  7:0] s_axi_awlen_i,
    input  logic [                  2:0] s_axi_awsize_i,
    input  logic [                  1:0] s_axi_awburst_i,
    input  logic                         s_axi_wvalid_i,
    output logic                         s_axi_wready_o,
    input  logic [                511:0] s_axi_wdata_i,
    input  logic [                 63:0] s_axi_wstrb_i,
    input  logic                         s_axi_wlast_i,
    output logic                         s_axi_bvalid_o,
    input  logic                         s_axi_bready_i,
    output logic [          IdWidth-1:0] s_axi_bid_o,
    output logic [                  1:0] s_axi_bresp_o,
    input  logic                         s_axi_arvalid_i,
    output logic                         s_axi_arready_o,
    input  logic [          IdWidth-1:0] s_axi_arid_i,
    input  logic [        AddrWidth-1:0] s_axi_araddr_i,
    input  logic [                  7:0] s_axi_arlen_i,
    input  logic [                  2:0] s_axi_arsize_i,
    input  logic [                  1:0] s_axi_arburst_i,
    output logic                         s_axi_rvalid_o,
    input  logic                         s_axi_rready_i,
    output logic [          IdWidth-1:0] s_axi_rid_o,
    output logic [                511:0] s_axi_rdata_o,
    output logic [                  1:0] s_axi_rresp_o,
    output logic                         s_axi_rlast_o,
    // Memory port
    output logic                         mem_req_valid_o,
    input  logic                         mem_req_ready_i,
    output memory_port_pkg::request_t    mem_req_o,
    output logic                         mem_wdata_valid_o,
    input  logic                         mem_wdata_ready_i,
    output memory_port_pkg::write_data_t mem_wdata_o,
    input  logic                         mem_rsp_valid_i,
    output logic                         mem_rsp_ready_o,
    input  memory_port_pkg::response_t   mem_rsp_i
);

  logic reads_idle, writes_idle, read_valid, write_valid, any, room, unused_index;
  logic [1:0] grant;
  memory_port_pkg::request_t read_req, write_req;

  host_reads #(
      .IdWidth(IdWidth),
      .Parts  (ReadParts),
      .Places (ReadBeats)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .stop_i,
      .idle_o     (reads_idle),
      .arvalid_i  (s_axi_arvalid_i),
      .arready_o  (s_axi_arready_o),
      .arid_i     (s_axi_arid_i),
      .araddr_i   (s_axi_araddr_i),
      .arlen_i    (s_axi_arlen_i),
      .arsize_i   (s_axi_arsize_i),
      .arburst_i  (s_axi_arburst_i),
      .rvalid_o   (s_axi_rvalid_o),
      .rready_i   (s_axi_rready_i),
      .rid_o      (s_axi_rid_o),
      .rdata_o    (s_axi_rdata_o),
      .rresp_o    (s_axi_rresp_o),
      .rlast_o    (s_axi_rlast_o),
      .req_valid_o(read_valid),
      .req_ready_i(grant[0] && room),
      .req_o      (read_req),
      .rsp_valid_i(mem_rsp_valid_i && !mem_rsp_i.write),
      .rsp_i      (mem_rsp_i)
  );

  host_writes #(
      .IdWidth(IdWidth),
      .Parts  (WriteParts),
      .Beats  (WriteBeats)
  ) u_writes (
      .clk_i,
      .rst_ni,
      .stop_i,
      .idle_o       (writes_idle),
      .awvalid_i    (s_axi_awvalid_i),
      .awready_o    (s_axi_awready_o),
      .awid_i       (s_axi_awid_i),
      .awaddr_i     (s_axi_awaddr_i),
      .awlen_i      (s_axi_awlen_i),
      .awsize_i     (s_axi_awsize_i),
      .awburst_i    (s_axi_awburst_i),
      .wvalid_i     (s_axi_wvalid_i),
      .wready_o     (s_axi_wready_o),
      .wdata_i      (s_axi_wdata_i),
      .wstrb_i      (s_axi_wstrb_i),
      .wlast_i      (s_axi_wlast_i),
      .bvalid_o     (s_axi_bvalid_o),
      .bready_i     (s_axi_bready_i),
      .bid_o        (s_axi_bid_o),
      .bresp_o      (s_axi_bresp_o),
      .req_valid_o  (write_valid),
      .req_ready_i  (grant[1] && room),
      .req_o        (write_req),
      .wdata_valid_o(mem_wdata_valid_o),
      .wdata_ready_i(mem_wdata_ready_i),
      .wdata_o      (mem_wdata_o),
      .rsp_valid_i  (mem_rsp_valid_i && mem_rsp_i.write),
      .rsp_i        (mem_rsp_i)
  );

  // ---- Requests in turn ----
  arbiter_rr #(
      .N(2)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .req_i  ({write_valid, read_valid}),
      .ready_i(room),
      .grant_o(grant),
      .index_o(unused_index),
      .valid_o(any)
  );

  skid_buffer #(
      .Width($bits(mem_req_o))
  ) u_requests (
      .clk_i,
      .rst_ni,
      .in_valid_i (any),
      .in_ready_o (room),
      .in_data_i  (grant[1] ? write_req : read_req),
      .out_valid_o(mem_req_valid_o),
      .out_ready_i(mem_req_ready_i),
      .out_data_o (mem_req_o)
  );

  assign mem_rsp_ready_o = 1'b1;
  assign idle_o          = reads_idle && writes_idle;

  // ---- Assertions ----
  `S4_ASSERT_HELD(ReadHeld, s_axi_rvalid_o, s_axi_rready_i,
                  {s_axi_rid_o, s_axi_rdata_o, s_axi_rresp_o, s_axi_rlast_o})
  `S4_ASSERT_HELD(AnswerHeld, s_axi_bvalid_o, s_axi_bready_i, {s_axi_bid_o, s_axi_bresp_o})
  `S4_ASSERT_HELD(RequestHeld, mem_req_valid_o, mem_req_ready_i, mem_req_o)

endmodule
