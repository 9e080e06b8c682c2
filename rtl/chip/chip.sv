/// The chip: NumSubsystems subsystems and the host's station on the ring, the memory of every
/// station behind it, one interface of the host. Station n is subsystem n, the last one the host.
/// Every port reaches the memory of every station; addresses as ring_address_map. The host's bursts
/// wait until all memories are ready (that is longer than the ring's patience); programs are to be
/// started after that. The host may reset all but its registers.
///
///   s_axi_*  -> host_bridge ----> ring_network <----> chip_station, 2 channels each -> dfi_*
///   s_axil_* -> host_registers -> chip_subsystem -^
/// Model: tests/chip/chip_bench.hpp
module chip #(
    parameter int unsigned NumSubsystems = config_pkg::NumSubsystems,  // 1..15
    parameter int unsigned IdWidth = 8,  // bits of an AXI ID
    // Accesses in flight at a station's memory, a power of two
    parameter int unsigned Places = (config_pkg::LoadSlots < 16) ? 32 : 2 * config_pkg::LoadSlots,
    parameter int unsigned TimeLimit = 65536,  // of the ring: clocks until a station counts as dead
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks,
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth,
    localparam int unsigned NumChannels = 2,  // of a station
    localparam int unsigned NumStations = NumSubsystems + 1,
    localparam int unsigned AllChannels = NumStations * NumChannels
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    // Static, of all memories; every memory is ready
    input  logic                        two_ranks_i,
    input  logic                        ecc_enable_i,
    output logic                        init_done_o,
    // Host: memory, as host_bridge
    input  logic                        s_axi_awvalid_i,
    output logic                        s_axi_awready_o,
    input  logic [         IdWidth-1:0] s_axi_awid_i,
    input  logic [       AddrWidth-1:0] s_axi_awaddr_i,
    input  logic [                 7:0] s_axi_awlen_i,
    input  logic [                 2:0] s_axi_awsize_i,
    input  logic [                 1:0] s_axi_awburst_i,
    input  logic                        s_axi_wvalid_i,
    output logic                        s_axi_wready_o,
    input  logic [               511:0] s_axi_wdata_i,
    input  logic [                63:0] s_axi_wstrb_i,
    input  logic                        s_axi_wlast_i,
    output logic                        s_axi_bvalid_o,
    input  logic                        s_axi_bready_i,
    output logic [         IdWidth-1:0] s_axi_bid_o,
    output logic [                 1:0] s_axi_bresp_o,
    input  logic                        s_axi_arvalid_i,
    output logic                        s_axi_arready_o,
    input  logic [         IdWidth-1:0] s_axi_arid_i,
    input  logic [       AddrWidth-1:0] s_axi_araddr_i,
    input  logic [                 7:0] s_axi_arlen_i,
    input  logic [                 2:0] s_axi_arsize_i,
    input  logic [                 1:0] s_axi_arburst_i,
    output logic                        s_axi_rvalid_o,
    input  logic                        s_axi_rready_i,
    output logic [         IdWidth-1:0] s_axi_rid_o,
    output logic [               511:0] s_axi_rdata_o,
    output logic [                 1:0] s_axi_rresp_o,
    output logic                        s_axi_rlast_o,
    // Host: registers and interrupt, as host_registers
    input  logic                        s_axil_awvalid_i,
    output logic                        s_axil_awready_o,
    input  logic [                15:0] s_axil_awaddr_i,
    input  logic                        s_axil_wvalid_i,
    output logic                        s_axil_wready_o,
    input  logic [                31:0] s_axil_wdata_i,
    input  logic [                 3:0] s_axil_wstrb_i,
    output logic                        s_axil_bvalid_o,
    input  logic                        s_axil_bready_i,
    output logic [                 1:0] s_axil_bresp_o,
    input  logic                        s_axil_arvalid_i,
    output logic                        s_axil_arready_o,
    input  logic [                15:0] s_axil_araddr_i,
    output logic                        s_axil_rvalid_o,
    input  logic                        s_axil_rready_i,
    output logic [                31:0] s_axil_rdata_o,
    output logic [                 1:0] s_axil_rresp_o,
    output logic                        irq_o,
    // Test, 0 in use, a clock later: of every station, two bits: none of its packets goes onto the
    // ring; its memory takes no new access. Errors on the links, as ring_network
    input  logic [       2*NumStations-1:0] stall_i,
    input  logic [       4*NumStations-1:0] fault_i,
    // Observation: of every subsystem, as subsystem; accesses without an answer of every channel;
    // links of the ring that carry a beat of data, as ring_network
    output logic [   5*NumSubsystems-1:0] obs_start_o,
    output logic [   5*NumSubsystems-1:0] obs_done_o,
    output logic [ 160*NumSubsystems-1:0] obs_index_o,
    output logic [ 160*NumSubsystems-1:0] obs_done_index_o,
    output logic [    16*AllChannels-1:0] open_reads_o,
    output logic [    16*AllChannels-1:0] open_writes_o,
    output logic [     2*NumStations-1:0] obs_link_o,
    // Pins of every channel, station 0 and its channel 0 lowest, as memory_controller
    output logic [     2*AllChannels-1:0] dfi_cke_o,
    output logic [     4*AllChannels-1:0] dfi_cs_o,
    output logic [    12*AllChannels-1:0] dfi_ca_o,
    output logic [       AllChannels-1:0] dfi_reset_n_o,
    output logic [     2*AllChannels-1:0] dfi_wrdata_en_o,
    output logic [    64*AllChannels-1:0] dfi_wrdata_o,
    output logic [     8*AllChannels-1:0] dfi_wrmask_o,
    output logic [     2*AllChannels-1:0] dfi_rddata_en_o,
    input  logic [    64*AllChannels-1:0] dfi_rddata_i,
    input  logic [     2*AllChannels-1:0] dfi_rddata_valid_i
);

  localparam int unsigned SliceBits = lpddr4_pkg::AddressWidth + $clog2(NumChannels);
  localparam int unsigned PlaceWidth = $clog2(Places);
  localparam int unsigned CounterWidth = lpddr4_pkg::CounterWidth;
  localparam int unsigned KibWidth = AddrWidth - 10;
  localparam int unsigned RequestBits = 5 + AddrWidth + memory_port_pkg::TagWidth +
      memory_port_pkg::MaskWidth;
  localparam int unsigned WriteDataBits = 1 + memory_port_pkg::BeatBits +
      memory_port_pkg::BeatBytes;
  localparam int unsigned ResponseBits = 4 + memory_port_pkg::BeatBits + memory_port_pkg::TagWidth;
  localparam int unsigned ErrorsWidth = 5 * ring_pkg::CounterWidth;
  localparam int unsigned PortErrorsWidth = 3 * ring_pkg::CounterWidth;

  // ---- Host's registers, and the reset of all else ----
  logic chip_rst_n, stop, bridge_idle;
  logic [NumSubsystems-1:0] awvalid, awready, wvalid, wready, bvalid, bready, arvalid, arready;
  logic [NumSubsystems-1:0] rvalid, rready, irq;
  logic [11:0] awaddr, araddr;
  logic [31:0] wdata;
  logic [3:0] wstrb;
  logic [2*NumSubsystems-1:0] bresp, rresp;
  logic [32*NumSubsystems-1:0] rdata;
  logic [NumStations-1:0] memory_ready, memory_error;
  logic [4:0] counter_select;
  logic [AllChannels*CounterWidth-1:0] counter_value;
  logic [15:0] patience;
  logic [ErrorsWidth*NumStations-1:0] ring_errors;
  logic [PortErrorsWidth*NumStations-1:0] port_errors;
  logic [NumStations*NumStations-1:0] dead;
  logic [15:0] broadcast_stations;
  logic [KibWidth-1:0] broadcast_first, broadcast_last;

  host_registers #(
      .NumSubsystems(NumSubsystems),
      .NumChannels  (NumChannels)
  ) u_registers (
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
      .m_axil_awvalid_o(awvalid),
      .m_axil_awready_i(awready),
      .m_axil_awaddr_o (awaddr),
      .m_axil_wvalid_o (wvalid),
      .m_axil_wready_i (wready),
      .m_axil_wdata_o  (wdata),
      .m_axil_wstrb_o  (wstrb),
      .m_axil_bvalid_i (bvalid),
      .m_axil_bready_o (bready),
      .m_axil_bresp_i  (bresp),
      .m_axil_arvalid_o(arvalid),
      .m_axil_arready_i(arready),
      .m_axil_araddr_o (araddr),
      .m_axil_rvalid_i (rvalid),
      .m_axil_rready_o (rready),
      .m_axil_rdata_i  (rdata),
      .m_axil_rresp_i  (rresp),
      .stop_o          (stop),
      .bridge_idle_i   (bridge_idle),
      .rst_no          (chip_rst_n),
      .two_ranks_i,
      .ecc_enable_i,
      .irq_i           (irq),
      .memory_ready_i  (memory_ready),
      .memory_error_i  (memory_error),
      .counter_select_o(counter_select),
      .counter_value_i (counter_value),
      .patience_o      (patience),
      .ring_errors_i   (ring_errors),
      .port_errors_i   (port_errors),
      .dead_i          (dead),
      .broadcast_stations_o(broadcast_stations),
      .broadcast_first_o   (broadcast_first),
      .broadcast_last_o    (broadcast_last)
  );
  assign init_done_o = &memory_ready;

  // ---- Subsystems ----
  logic [NumStations-1:0] req_valid, req_ready, wdata_valid, wdata_ready, rsp_valid, rsp_ready;
  logic [RequestBits*NumStations-1:0] req;
  logic [WriteDataBits*NumStations-1:0] req_data;
  logic [ResponseBits*NumStations-1:0] rsp;

  for (genvar n = 0; n < NumSubsystems; n = n + 1) begin : gen_subsystem
    chip_subsystem u_subsystem (
        .clk_i,
        .rst_ni           (chip_rst_n),
        .self_i           (16'd1 << n),
        .broadcast_i      (broadcast_stations),
        .broadcast_first_i(broadcast_first),
        .broadcast_last_i (broadcast_last),
        .s_axil_awvalid_i (awvalid[n]),
        .s_axil_awready_o (awready[n]),
        .s_axil_awaddr_i  (awaddr),
        .s_axil_wvalid_i  (wvalid[n]),
        .s_axil_wready_o  (wready[n]),
        .s_axil_wdata_i   (wdata),
        .s_axil_wstrb_i   (wstrb),
        .s_axil_bvalid_o  (bvalid[n]),
        .s_axil_bready_i  (bready[n]),
        .s_axil_bresp_o   (bresp[2*n+:2]),
        .s_axil_arvalid_i (arvalid[n]),
        .s_axil_arready_o (arready[n]),
        .s_axil_araddr_i  (araddr),
        .s_axil_rvalid_o  (rvalid[n]),
        .s_axil_rready_i  (rready[n]),
        .s_axil_rdata_o   (rdata[32*n+:32]),
        .s_axil_rresp_o   (rresp[2*n+:2]),
        .irq_o            (irq[n]),
        .mem_req_valid_o  (req_valid[n]),
        .mem_req_ready_i  (req_ready[n]),
        .mem_req_o        (req[n*RequestBits+:RequestBits]),
        .mem_wdata_valid_o(wdata_valid[n]),
        .mem_wdata_ready_i(wdata_ready[n]),
        .mem_wdata_o      (req_data[n*WriteDataBits+:WriteDataBits]),
        .mem_rsp_valid_i  (rsp_valid[n]),
        .mem_rsp_ready_o  (rsp_ready[n]),
        .mem_rsp_i        (rsp[n*ResponseBits+:ResponseBits]),
        .obs_start_o      (obs_start_o[5*n+:5]),
        .obs_done_o       (obs_done_o[5*n+:5]),
        .obs_index_o      (obs_index_o[160*n+:160]),
        .obs_done_index_o (obs_done_index_o[160*n+:160])
    );
  end

  // ---- Host's bridge ----
  localparam int unsigned Host = NumSubsystems;

  host_bridge #(
      .IdWidth(IdWidth)
  ) u_bridge (
      .clk_i,
      .rst_ni           (chip_rst_n),
      .stop_i           (stop || !init_done_o),
      .idle_o           (bridge_idle),
      .s_axi_awvalid_i,
      .s_axi_awready_o,
      .s_axi_awid_i,
      .s_axi_awaddr_i,
      .s_axi_awlen_i,
      .s_axi_awsize_i,
      .s_axi_awburst_i,
      .s_axi_wvalid_i,
      .s_axi_wready_o,
      .s_axi_wdata_i,
      .s_axi_wstrb_i,
      .s_axi_wlast_i,
      .s_axi_bvalid_o,
      .s_axi_bready_i,
      .s_axi_bid_o,
      .s_axi_bresp_o,
      .s_axi_arvalid_i,
      .s_axi_arready_o,
      .s_axi_arid_i,
      .s_axi_araddr_i,
      .s_axi_arlen_i,
      .s_axi_arsize_i,
      .s_axi_arburst_i,
      .s_axi_rvalid_o,
      .s_axi_rready_i,
      .s_axi_rid_o,
      .s_axi_rdata_o,
      .s_axi_rresp_o,
      .s_axi_rlast_o,
      .mem_req_valid_o  (req_valid[Host]),
      .mem_req_ready_i  (req_ready[Host]),
      .mem_req_o        (req[Host*RequestBits+:RequestBits]),
      .mem_wdata_valid_o(wdata_valid[Host]),
      .mem_wdata_ready_i(wdata_ready[Host]),
      .mem_wdata_o      (req_data[Host*WriteDataBits+:WriteDataBits]),
      .mem_rsp_valid_i  (rsp_valid[Host]),
      .mem_rsp_ready_o  (rsp_ready[Host]),
      .mem_rsp_i        (rsp[Host*ResponseBits+:ResponseBits])
  );

  // ---- Ring ----
  logic [NumStations-1:0] mem_valid, mem_ready, mem_write, answer_valid;
  logic [(SliceBits-6)*NumStations-1:0] mem_beat;
  logic [PlaceWidth*NumStations-1:0] mem_tag, answer_tag;
  logic [512*NumStations-1:0] mem_data, answer_data;
  logic [64*NumStations-1:0] mem_strobe;
  logic [2*NumStations-1:0] answer_error, link_used;
  // From registers, so that what hangs on them, most of the ring, is not work of every change of an
  // input of the chip.
  logic [2*NumStations-1:0] stall_q;
  logic [4*NumStations-1:0] fault_q;
  logic [NumStations-1:0] ring_stall, memory_stall;
  always_ff @(posedge clk_i or negedge chip_rst_n) begin
    if (!chip_rst_n) begin
      stall_q <= '0;
      fault_q <= '0;
    end else begin
      stall_q <= stall_i;
      fault_q <= fault_i;
    end
  end
  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_stall
    assign {memory_stall[s], ring_stall[s]} = stall_q[2*s+:2];
  end

  // Its clock stands while nothing is under way. Every valid that it gives and every ready counts
  // only with `running`; the host's registers see its counters as they stand.
  logic clk_ring, running, joint_clear;
  logic [NumStations-1:0] port_ready, port_wdata_ready, port_rsp_valid, access_valid;
  logic [NumStations-1:0] burst_end;
  assign joint_clear = broadcast_stations == '0;
  assign req_ready   = port_ready & {NumStations{running}};
  assign wdata_ready = port_wdata_ready & {NumStations{running}};
  assign rsp_valid   = port_rsp_valid & {NumStations{running}};
  assign mem_valid   = access_valid & {NumStations{running}};
  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_burst_end
    assign burst_end[s] = rsp_valid[s] && rsp_ready[s] && rsp[s*ResponseBits];  // last
  end

  ring_clock #(
      .NumStations(NumStations)
  ) u_ring_clock (
      .clk_i,
      .rst_ni       (chip_rst_n),
      .burst_i      (req_valid & req_ready),
      .end_i        (burst_end),
      .access_i     (mem_valid & mem_ready),
      .answer_i     (answer_valid),
      .offered_i    ((req_valid | wdata_valid | port_rsp_valid | access_valid) != '0 ||
                     link_used != '0 || fault_q != '0),
      .joint_clear_i(joint_clear),
      .clk_o        (clk_ring),
      .running_o    (running)
  );

  ring_network #(
      .NumStations(NumStations),
      .SliceBits  (SliceBits),
      .Places     (Places),
      .JointDepth (config_pkg::WeightSlots),
      .TimeLimit  (TimeLimit)
  ) u_network (
      .clk_i          (clk_ring),
      .rst_ni         (chip_rst_n),
      .fault_i        (fault_q),
      .stall_i        (ring_stall),
      .patience_i     (patience),
      .joint_clear_i  (joint_clear),
      .req_valid_i    (req_valid & {NumStations{running}}),
      .req_ready_o    (port_ready),
      .req_i          (req),
      .wdata_valid_i  (wdata_valid & {NumStations{running}}),
      .wdata_ready_o  (port_wdata_ready),
      .wdata_i        (req_data),
      .rsp_valid_o    (port_rsp_valid),
      .rsp_ready_i    (rsp_ready & {NumStations{running}}),
      .rsp_o          (rsp),
      .mem_valid_o    (access_valid),
      .mem_ready_i    (mem_ready & {NumStations{running}}),
      .mem_write_o    (mem_write),
      .mem_beat_o     (mem_beat),
      .mem_tag_o      (mem_tag),
      .mem_data_o     (mem_data),
      .mem_strobe_o   (mem_strobe),
      .mem_rsp_valid_i(answer_valid),
      .mem_rsp_tag_i  (answer_tag),
      .mem_rsp_error_i(answer_error),
      .mem_rsp_data_i (answer_data),
      .errors_o       (ring_errors),
      .port_errors_o  (port_errors),
      .dead_o         (dead),
      .link_used_o    (link_used),
      .link_data_o    (obs_link_o)
  );

  // ---- Memories ----
  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_station
    localparam int unsigned First = s * NumChannels;  // channel

    chip_station #(
        .NumChannels      (NumChannels),
        .SliceBits        (SliceBits),
        .PlaceWidth       (PlaceWidth),
        .InitResetClocks  (InitResetClocks),
        .InitCkeClocks    (InitCkeClocks),
        .InitCommandClocks(InitCommandClocks)
    ) u_station (
        .clk_i,
        .rst_ni            (chip_rst_n),
        .two_ranks_i,
        .ecc_enable_i,
        .stall_i           (memory_stall[s]),
        .init_done_o       (memory_ready[s]),
        .mem_valid_i       (mem_valid[s]),
        .mem_ready_o       (mem_ready[s]),
        .mem_write_i       (mem_write[s]),
        .mem_beat_i        (mem_beat[s*(SliceBits-6)+:SliceBits-6]),
        .mem_tag_i         (mem_tag[s*PlaceWidth+:PlaceWidth]),
        .mem_data_i        (mem_data[512*s+:512]),
        .mem_strobe_i      (mem_strobe[64*s+:64]),
        .mem_rsp_valid_o   (answer_valid[s]),
        .mem_rsp_tag_o     (answer_tag[s*PlaceWidth+:PlaceWidth]),
        .mem_rsp_error_o   (answer_error[2*s+:2]),
        .mem_rsp_data_o    (answer_data[512*s+:512]),
        .data_error_o      (memory_error[s]),
        .open_reads_o      (open_reads_o[16*First+:16*NumChannels]),
        .open_writes_o     (open_writes_o[16*First+:16*NumChannels]),
        .counter_select_i  (counter_select),
        .counter_value_o   (counter_value[CounterWidth*First+:CounterWidth*NumChannels]),
        .dfi_cke_o         (dfi_cke_o[2*First+:2*NumChannels]),
        .dfi_cs_o          (dfi_cs_o[4*First+:4*NumChannels]),
        .dfi_ca_o          (dfi_ca_o[12*First+:12*NumChannels]),
        .dfi_reset_n_o     (dfi_reset_n_o[First+:NumChannels]),
        .dfi_wrdata_en_o   (dfi_wrdata_en_o[2*First+:2*NumChannels]),
        .dfi_wrdata_o      (dfi_wrdata_o[64*First+:64*NumChannels]),
        .dfi_wrmask_o      (dfi_wrmask_o[8*First+:8*NumChannels]),
        .dfi_rddata_en_o   (dfi_rddata_en_o[2*First+:2*NumChannels]),
        .dfi_rddata_i      (dfi_rddata_i[64*First+:64*NumChannels]),
        .dfi_rddata_valid_i(dfi_rddata_valid_i[2*First+:2*NumChannels])
    );
  end

endmodule
