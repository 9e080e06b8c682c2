/// The host's registers: an AXI4-Lite slave of 64 KiB. Page 0 is the chip's own, page n + 1 goes to
/// subsystem n, other pages are answered with DECERR. While the chip resets, pages of subsystems
/// answer SLVERR. irq_o is a level. rst_no is the reset of everything else on the chip; before it
/// stop_o keeps the host's bridge from new bursts, until bridge_idle_i says that none is under way.
/// Timing: an answer of page 0 comes five clocks after a whole access at the earliest.
/// Model: tests/host/host_registers_test.cpp
module host_registers #(
    parameter int unsigned NumSubsystems = 4,  // 1..15
    parameter int unsigned NumChannels = 2,  // memory channels of a station, 1..8
    localparam int unsigned NumStations = NumSubsystems + 1,
    localparam int unsigned CounterWidth = lpddr4_pkg::CounterWidth,
    localparam int unsigned ErrorsWidth = 5 * ring_pkg::CounterWidth,
    localparam int unsigned PortErrorsWidth = 3 * ring_pkg::CounterWidth,
    localparam int unsigned KibWidth = memory_port_pkg::AddrWidth - 10
) (
    input  logic                                            clk_i,
    input  logic                                            rst_ni,
    // AXI4-Lite of the host
    input  logic                                            s_axil_awvalid_i,
    output logic                                            s_axil_awready_o,
    input  logic [                                    15:0] s_axil_awaddr_i,
    input  logic                                            s_axil_wvalid_i,
    output logic                                            s_axil_wready_o,
    input  logic [                                    31:0] s_axil_wdata_i,
    input  logic [                                     3:0] s_axil_wstrb_i,
    output logic                                            s_axil_bvalid_o,
    input  logic                                            s_axil_bready_i,
    output logic [                                     1:0] s_axil_bresp_o,
    input  logic                                            s_axil_arvalid_i,
    output logic                                            s_axil_arready_o,
    input  logic [                                    15:0] s_axil_araddr_i,
    output logic                                            s_axil_rvalid_o,
    input  logic                                            s_axil_rready_i,
    output logic [                                    31:0] s_axil_rdata_o,
    output logic [                                     1:0] s_axil_rresp_o,
    output logic                                            irq_o,
    // Registers of the subsystems, subsystem 0 lowest; addresses and data go to all
    output logic [                       NumSubsystems-1:0] m_axil_awvalid_o,
    input  logic [                       NumSubsystems-1:0] m_axil_awready_i,
    output logic [                                    11:0] m_axil_awaddr_o,
    output logic [                       NumSubsystems-1:0] m_axil_wvalid_o,
    input  logic [                       NumSubsystems-1:0] m_axil_wready_i,
    output logic [                                    31:0] m_axil_wdata_o,
    output logic [                                     3:0] m_axil_wstrb_o,
    input  logic [                       NumSubsystems-1:0] m_axil_bvalid_i,
    output logic [                       NumSubsystems-1:0] m_axil_bready_o,
    input  logic [                     2*NumSubsystems-1:0] m_axil_bresp_i,
    output logic [                       NumSubsystems-1:0] m_axil_arvalid_o,
    input  logic [                       NumSubsystems-1:0] m_axil_arready_i,
    output logic [                                    11:0] m_axil_araddr_o,
    input  logic [                       NumSubsystems-1:0] m_axil_rvalid_i,
    output logic [                       NumSubsystems-1:0] m_axil_rready_o,
    input  logic [                    32*NumSubsystems-1:0] m_axil_rdata_i,
    input  logic [                     2*NumSubsystems-1:0] m_axil_rresp_i,
    // Reset of the chip
    output logic                                            stop_o,
    input  logic                                            bridge_idle_i,
    output logic                                            rst_no,
    // State of the chip, as chip_registers
    input  logic                                            two_ranks_i,
    input  logic                                            ecc_enable_i,
    input  logic [                       NumSubsystems-1:0] irq_i,
    input  logic [                         NumStations-1:0] memory_ready_i,
    input  logic [                         NumStations-1:0] memory_error_i,
    output logic [                                     4:0] counter_select_o,
    input  logic [NumStations*NumChannels*CounterWidth-1:0] counter_value_i,
    output logic [                                    15:0] patience_o,
    input  logic [             ErrorsWidth*NumStations-1:0] ring_errors_i,
    input  logic [         PortErrorsWidth*NumStations-1:0] port_errors_i,
    input  logic [             NumStations*NumStations-1:0] dead_i,
    output logic [                                    15:0] broadcast_stations_o,
    output logic [                            KibWidth-1:0] broadcast_first_o,
    output logic [                            KibWidth-1:0] broadcast_last_o
);

  logic awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready, rvalid, rready;
  logic [1:0] bresp, rresp;
  logic [31:0] rdata;
  logic reset, unused_busy;
  logic [NumSubsystems-1:0] busy;

  register_pages #(
      .NumPages(NumStations)
  ) u_pages (
      .clk_i,
      .rst_ni,
      .block_i         ({{NumSubsystems{stop_o}}, 1'b0}),
      .busy_o          ({busy, unused_busy}),
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
      .m_axil_awvalid_o({m_axil_awvalid_o, awvalid}),
      .m_axil_awready_i({m_axil_awready_i, awready}),
      .m_axil_awaddr_o,
      .m_axil_wvalid_o ({m_axil_wvalid_o, wvalid}),
      .m_axil_wready_i ({m_axil_wready_i, wready}),
      .m_axil_wdata_o,
      .m_axil_wstrb_o,
      .m_axil_bvalid_i ({m_axil_bvalid_i, bvalid}),
      .m_axil_bready_o ({m_axil_bready_o, bready}),
      .m_axil_bresp_i  ({m_axil_bresp_i, bresp}),
      .m_axil_arvalid_o({m_axil_arvalid_o, arvalid}),
      .m_axil_arready_i({m_axil_arready_i, arready}),
      .m_axil_araddr_o,
      .m_axil_rvalid_i ({m_axil_rvalid_i, rvalid}),
      .m_axil_rready_o ({m_axil_rready_o, rready}),
      .m_axil_rdata_i  ({m_axil_rdata_i, rdata}),
      .m_axil_rresp_i  ({m_axil_rresp_i, rresp})
  );

  chip_registers #(
      .NumSubsystems(NumSubsystems),
      .NumChannels  (NumChannels)
  ) u_chip_registers (
      .clk_i,
      .rst_ni,
      .s_axil_awvalid_i(awvalid),
      .s_axil_awready_o(awready),
      .s_axil_awaddr_i (m_axil_awaddr_o),
      .s_axil_wvalid_i (wvalid),
      .s_axil_wready_o (wready),
      .s_axil_wdata_i  (m_axil_wdata_o),
      .s_axil_wstrb_i  (m_axil_wstrb_o),
      .s_axil_bvalid_o (bvalid),
      .s_axil_bready_i (bready),
      .s_axil_bresp_o  (bresp),
      .s_axil_arvalid_i(arvalid),
      .s_axil_arready_o(arready),
      .s_axil_araddr_i (m_axil_araddr_o),
      .s_axil_rvalid_o (rvalid),
      .s_axil_rready_i (rready),
      .s_axil_rdata_o  (rdata),
      .s_axil_rresp_o  (rresp),
      .irq_o,
      .reset_o         (reset),
      .resetting_i     (stop_o),
      .two_ranks_i,
      .ecc_enable_i,
      .irq_i,
      .memory_ready_i,
      .memory_error_i,
      .counter_select_o,
      .counter_value_i,
      .patience_o,
      .ring_errors_i,
      .port_errors_i,
      .dead_i,
      .broadcast_stations_o,
      .broadcast_first_o,
      .broadcast_last_o
  );

  chip_reset u_reset (
      .clk_i,
      .rst_ni,
      .request_i(reset),
      .stop_o,
      .idle_i   (bridge_idle_i && busy == '0),
      .rst_no
  );

endmodule
