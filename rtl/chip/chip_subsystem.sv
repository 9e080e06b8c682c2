/// A subsystem as the chip has it: behind its memory port the broadcast_port, its clock stopped
/// while it has nothing to do, and at its pins plain vectors, so that simulators can make this
/// module once for all of them. Adds no clocks, but to the first register access after a pause two.
/// Model: tests/chip/chip_bench.hpp
module chip_subsystem #(
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth,
    localparam int unsigned MaskWidth = memory_port_pkg::MaskWidth,
    localparam int unsigned KibWidth = AddrWidth - 10,
    localparam int unsigned RequestBits = 5 + AddrWidth + memory_port_pkg::TagWidth + MaskWidth,
    localparam int unsigned WriteDataBits = 1 + memory_port_pkg::BeatBits +
        memory_port_pkg::BeatBytes,
    localparam int unsigned ResponseBits = 4 + memory_port_pkg::BeatBits +
        memory_port_pkg::TagWidth
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    // As broadcast_port
    input  logic [    MaskWidth-1:0] self_i,
    input  logic [    MaskWidth-1:0] broadcast_i,
    input  logic [     KibWidth-1:0] broadcast_first_i,
    input  logic [     KibWidth-1:0] broadcast_last_i,
    // As subsystem
    input  logic                     s_axil_awvalid_i,
    output logic                     s_axil_awready_o,
    input  logic [             11:0] s_axil_awaddr_i,
    input  logic                     s_axil_wvalid_i,
    output logic                     s_axil_wready_o,
    input  logic [             31:0] s_axil_wdata_i,
    input  logic [              3:0] s_axil_wstrb_i,
    output logic                     s_axil_bvalid_o,
    input  logic                     s_axil_bready_i,
    output logic [              1:0] s_axil_bresp_o,
    input  logic                     s_axil_arvalid_i,
    output logic                     s_axil_arready_o,
    input  logic [             11:0] s_axil_araddr_i,
    output logic                     s_axil_rvalid_o,
    input  logic                     s_axil_rready_i,
    output logic [             31:0] s_axil_rdata_o,
    output logic [              1:0] s_axil_rresp_o,
    output logic                     irq_o,
    output logic                     mem_req_valid_o,
    input  logic                     mem_req_ready_i,
    output logic [  RequestBits-1:0] mem_req_o,
    output logic                     mem_wdata_valid_o,
    input  logic                     mem_wdata_ready_i,
    output logic [WriteDataBits-1:0] mem_wdata_o,
    input  logic                     mem_rsp_valid_i,
    output logic                     mem_rsp_ready_o,
    input  logic [ ResponseBits-1:0] mem_rsp_i,
    output logic [              4:0] obs_start_o,
    output logic [              4:0] obs_done_o,
    output logic [            159:0] obs_index_o,
    output logic [            159:0] obs_done_index_o
);

  logic req_valid, req_ready, rsp_valid, rsp_ready;
  memory_port_pkg::request_t req, joint_req;
  memory_port_pkg::write_data_t write_data;
  memory_port_pkg::response_t joint_rsp, rsp;

  // ---- Clock: it stands while no program runs and nobody asks for a register ----
  logic busy, clk_work, running;
  logic awready, wready, arready, bvalid, rvalid, req_offered, wdata_offered, rsp_taken;

  idle_clock u_clock (
      .clk_i,
      .rst_ni,
      .active_i (busy || s_axil_awvalid_i || s_axil_wvalid_i || s_axil_arvalid_i || bvalid ||
                 rvalid || req_offered || wdata_offered || rsp_valid),
      .clk_o    (clk_work),
      .running_o(running)
  );
  assign s_axil_awready_o  = awready && running;
  assign s_axil_wready_o   = wready && running;
  assign s_axil_arready_o  = arready && running;
  assign s_axil_bvalid_o   = bvalid && running;
  assign s_axil_rvalid_o   = rvalid && running;
  assign req_valid         = req_offered && running;
  assign mem_wdata_valid_o = wdata_offered && running;
  assign rsp_ready         = rsp_taken && running;

  subsystem u_subsystem (
      .clk_i            (clk_work),
      .rst_ni,
      .s_axil_awvalid_i (s_axil_awvalid_i && running),
      .s_axil_awready_o (awready),
      .s_axil_awaddr_i,
      .s_axil_wvalid_i  (s_axil_wvalid_i && running),
      .s_axil_wready_o  (wready),
      .s_axil_wdata_i,
      .s_axil_wstrb_i,
      .s_axil_bvalid_o  (bvalid),
      .s_axil_bready_i  (s_axil_bready_i && running),
      .s_axil_bresp_o,
      .s_axil_arvalid_i (s_axil_arvalid_i && running),
      .s_axil_arready_o (arready),
      .s_axil_araddr_i,
      .s_axil_rvalid_o  (rvalid),
      .s_axil_rready_i  (s_axil_rready_i && running),
      .s_axil_rdata_o,
      .s_axil_rresp_o,
      .irq_o,
      .busy_o           (busy),
      .mem_req_valid_o  (req_offered),
      .mem_req_ready_i  (req_ready && running),
      .mem_req_o        (req),
      .mem_wdata_valid_o(wdata_offered),
      .mem_wdata_ready_i(mem_wdata_ready_i && running),
      .mem_wdata_o      (write_data),
      .mem_rsp_valid_i  (rsp_valid && running),
      .mem_rsp_ready_o  (rsp_taken),
      .mem_rsp_i        (rsp),
      .obs_start_o,
      .obs_done_o,
      .obs_index_o,
      .obs_done_index_o
  );

  broadcast_port u_broadcast (
      .clk_i,
      .rst_ni,
      .self_i,
      .stations_i     (broadcast_i),
      .first_i        (broadcast_first_i),
      .last_i         (broadcast_last_i),
      .sub_req_valid_i(req_valid),
      .sub_req_ready_o(req_ready),
      .sub_req_i      (req),
      .sub_rsp_valid_o(rsp_valid),
      .sub_rsp_ready_i(rsp_ready),
      .sub_rsp_o      (rsp),
      .req_valid_o    (mem_req_valid_o),
      .req_ready_i    (mem_req_ready_i),
      .req_o          (joint_req),
      .rsp_valid_i    (mem_rsp_valid_i),
      .rsp_ready_o    (mem_rsp_ready_o),
      .rsp_i          (joint_rsp)
  );

  assign mem_req_o   = joint_req;
  assign mem_wdata_o = write_data;
  assign joint_rsp   = mem_rsp_i;

endmodule
