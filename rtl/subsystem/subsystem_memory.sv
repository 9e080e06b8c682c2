/// A subsystem with memory of its own: subsystem behind its memory port, memory_station with
/// NumChannels LPDDR4X channels. A program may start once init_done_o is high; a request before
/// that waits. Registers, interrupt and observation are those of the subsystem, pins, counters and
/// open_* those of the station. Model: tests/memory_station/subsystem_memory_test.cpp
module subsystem_memory #(
    parameter int unsigned NumChannels = 2,  // 1, 2, 4 or 8
    parameter int unsigned ChannelGranuleBits = 9,  // log2 of the bytes at one channel in a row
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks
) (
    input  logic                                            clk_i,
    input  logic                                            rst_ni,
    // Static
    input  logic                                            two_ranks_i,
    input  logic                                            ecc_enable_i,
    output logic                                            init_done_o,
    // AXI4-Lite registers
    input  logic                                            s_axil_awvalid_i,
    output logic                                            s_axil_awready_o,
    input  logic [                                    11:0] s_axil_awaddr_i,
    input  logic                                            s_axil_wvalid_i,
    output logic                                            s_axil_wready_o,
    input  logic [                                    31:0] s_axil_wdata_i,
    input  logic [                                     3:0] s_axil_wstrb_i,
    output logic                                            s_axil_bvalid_o,
    input  logic                                            s_axil_bready_i,
    output logic [                                     1:0] s_axil_bresp_o,
    input  logic                                            s_axil_arvalid_i,
    output logic                                            s_axil_arready_o,
    input  logic [                                    11:0] s_axil_araddr_i,
    output logic                                            s_axil_rvalid_o,
    input  logic                                            s_axil_rready_i,
    output logic [                                    31:0] s_axil_rdata_o,
    output logic [                                     1:0] s_axil_rresp_o,
    output logic                                            irq_o,
    // Observation, as subsystem
    output logic [                                     4:0] obs_start_o,
    output logic [                                     4:0] obs_done_o,
    output logic [                                   159:0] obs_index_o,
    output logic [                                   159:0] obs_done_index_o,
    // What waits for an answer: beats of reads and bursts of writes here, accesses in each channel
    output logic [                                    15:0] open_read_beats_o,
    output logic [                                    15:0] open_write_bursts_o,
    output logic [                      NumChannels*16-1:0] open_reads_o,
    output logic [                      NumChannels*16-1:0] open_writes_o,
    // Counters and pins of every channel, channel 0 lowest, as memory_controller
    input  logic [                                     4:0] counter_select_i,
    output logic [NumChannels*lpddr4_pkg::CounterWidth-1:0] counter_value_o,
    output logic [                       NumChannels*2-1:0] dfi_cke_o,
    output logic [                       NumChannels*4-1:0] dfi_cs_o,
    output logic [                      NumChannels*12-1:0] dfi_ca_o,
    output logic [                         NumChannels-1:0] dfi_reset_n_o,
    output logic [                       NumChannels*2-1:0] dfi_wrdata_en_o,
    output logic [                      NumChannels*64-1:0] dfi_wrdata_o,
    output logic [                       NumChannels*8-1:0] dfi_wrmask_o,
    output logic [                       NumChannels*2-1:0] dfi_rddata_en_o,
    input  logic [                      NumChannels*64-1:0] dfi_rddata_i,
    input  logic [                       NumChannels*2-1:0] dfi_rddata_valid_i
);

  logic req_valid, req_ready, wdata_valid, wdata_ready, rsp_valid, rsp_ready;
  memory_port_pkg::request_t req;
  memory_port_pkg::write_data_t wdata;
  memory_port_pkg::response_t rsp;
  logic unused_busy;

  subsystem u_subsystem (
      .clk_i,
      .rst_ni,
      .s_axil_awvalid_i,
      .s_axil_awready_o,
      .s_axil_awaddr_i,
      .s_axil_wvalid_i,
      .s_axil_wready_o,
      .s_axil_wdata_i,
      .s_axil_wstrb_i,
      .s_axil_bvalid_o,
      .s_axil_bready_i,
      .s_axil_bresp_o,
      .s_axil_arvalid_i,
      .s_axil_arready_o,
      .s_axil_araddr_i,
      .s_axil_rvalid_o,
      .s_axil_rready_i,
      .s_axil_rdata_o,
      .s_axil_rresp_o,
      .irq_o,
      .busy_o           (unused_busy),
      .mem_req_valid_o  (req_valid),
      .mem_req_ready_i  (req_ready),
      .mem_req_o        (req),
      .mem_wdata_valid_o(wdata_valid),
      .mem_wdata_ready_i(wdata_ready),
      .mem_wdata_o      (wdata),
      .mem_rsp_valid_i  (rsp_valid),
      .mem_rsp_ready_o  (rsp_ready),
      .mem_rsp_i        (rsp),
      .obs_start_o,
      .obs_done_o,
      .obs_index_o,
      .obs_done_index_o
  );

  memory_station #(
      .NumChannels       (NumChannels),
      .ChannelGranuleBits(ChannelGranuleBits),
      .InitResetClocks   (InitResetClocks),
      .InitCkeClocks     (InitCkeClocks),
      .InitCommandClocks (InitCommandClocks)
  ) u_station (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .ecc_enable_i,
      .init_done_o,
      .req_valid_i  (req_valid),
      .req_ready_o  (req_ready),
      .req_i        (req),
      .wdata_valid_i(wdata_valid),
      .wdata_ready_o(wdata_ready),
      .wdata_i      (wdata),
      .rsp_valid_o  (rsp_valid),
      .rsp_ready_i  (rsp_ready),
      .rsp_o        (rsp),
      .open_read_beats_o,
      .open_write_bursts_o,
      .open_reads_o,
      .open_writes_o,
      .counter_select_i,
      .counter_value_o,
      .dfi_cke_o,
      .dfi_cs_o,
      .dfi_ca_o,
      .dfi_reset_n_o,
      .dfi_wrdata_en_o,
      .dfi_wrdata_o,
      .dfi_wrmask_o,
      .dfi_rddata_en_o,
      .dfi_rddata_i,
      .dfi_rddata_valid_i
  );

endmodule
