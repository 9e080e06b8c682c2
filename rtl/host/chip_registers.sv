/// Registers of the whole chip on AXI4-Lite, map in chip_registers_pkg: identity, interrupts of the
/// subsystems, errors of ring and memory, counters of the memory channels, reset. Writes to
/// read-only registers are ignored; unmapped offsets answer SLVERR, reading 0. A bit of IRQ_STATUS
/// is set while its cause stands, and setting wins over a clear; reset_o is a pulse in the clock of
/// the write to CONTROL. Model: tests/host/host_registers_test.cpp
`include "assert.svh"

module chip_registers #(
    parameter int unsigned NumSubsystems = 4,  // 1..15
    parameter int unsigned NumChannels = 2,  // memory channels of a station, 1..8
    localparam int unsigned NumStations = NumSubsystems + 1,
    localparam int unsigned CounterWidth = lpddr4_pkg::CounterWidth,
    localparam int unsigned NumRingCounters = 8,  // of a station: those of ring_pkg, both kinds
    localparam int unsigned ErrorsWidth = 5 * ring_pkg::CounterWidth,
    localparam int unsigned PortErrorsWidth = 3 * ring_pkg::CounterWidth,
    localparam int unsigned KibWidth = memory_port_pkg::AddrWidth - 10
) (
    input  logic                                            clk_i,
    input  logic                                            rst_ni,
    // AXI4-Lite
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
    // Reset of the chip
    output logic                                            reset_o,
    input  logic                                            resetting_i,
    // Subsystems and memory; memory_error_i: an answer with uncorrectable data in this clock
    input  logic                                            two_ranks_i,
    input  logic                                            ecc_enable_i,
    input  logic [                       NumSubsystems-1:0] irq_i,
    input  logic [                         NumStations-1:0] memory_ready_i,
    input  logic [                         NumStations-1:0] memory_error_i,
    output logic [                                     4:0] counter_select_o,
    input  logic [NumStations*NumChannels*CounterWidth-1:0] counter_value_i,
    // Ring, as ring_network
    output logic [                                    15:0] patience_o,
    input  logic [             ErrorsWidth*NumStations-1:0] ring_errors_i,
    input  logic [         PortErrorsWidth*NumStations-1:0] port_errors_i,
    input  logic [             NumStations*NumStations-1:0] dead_i,
    // Joint weight reads, as broadcast_port
    output logic [                                    15:0] broadcast_stations_o,
    output logic [                            KibWidth-1:0] broadcast_first_o,
    output logic [                            KibWidth-1:0] broadcast_last_o
);

  localparam int unsigned AddrWidth = chip_registers_pkg::AddrWidth;
  localparam int unsigned CausesWidth = 18;
  localparam int unsigned RingWidth = ring_pkg::CounterWidth;

  `S4_CHECK_PARAM(gen_check_subsystems, NumSubsystems >= 1 && NumSubsystems <= 15)
  `S4_CHECK_PARAM(gen_check_channels, NumChannels >= 1 && NumChannels <= 8)

  // ---- Bus ----
  logic write, unused_read, write_error, read_error;
  logic [AddrWidth-3:0] write_word, read_word;
  logic [AddrWidth-1:0] write_offset, read_offset;
  logic [31:0] write_data, read_data, mask, cleared;
  logic [3:0] write_strobe;

  axil_slave #(
      .AddrWidth(AddrWidth)
  ) u_slave (
      .clk_i,
      .rst_ni,
      .awvalid_i     (s_axil_awvalid_i),
      .awready_o     (s_axil_awready_o),
      .awaddr_i      (s_axil_awaddr_i),
      .wvalid_i      (s_axil_wvalid_i),
      .wready_o      (s_axil_wready_o),
      .wdata_i       (s_axil_wdata_i),
      .wstrb_i       (s_axil_wstrb_i),
      .bvalid_o      (s_axil_bvalid_o),
      .bready_i      (s_axil_bready_i),
      .bresp_o       (s_axil_bresp_o),
      .arvalid_i     (s_axil_arvalid_i),
      .arready_o     (s_axil_arready_o),
      .araddr_i      (s_axil_araddr_i),
      .rvalid_o      (s_axil_rvalid_o),
      .rready_i      (s_axil_rready_i),
      .rdata_o       (s_axil_rdata_o),
      .rresp_o       (s_axil_rresp_o),
      .write_o       (write),
      .write_word_o  (write_word),
      .write_data_o  (write_data),
      .write_strobe_o(write_strobe),
      .write_error_i (write_error),
      .read_o        (unused_read),
      .read_word_o   (read_word),
      .read_data_i   (read_data),
      .read_error_i  (read_error)
  );

  // The map ends with BROADCAST_LAST and has no gaps.
  assign write_offset = {write_word, 2'b00};
  assign read_offset  = {read_word, 2'b00};
  assign write_error  = write_offset > chip_registers_pkg::BroadcastLastOffset;
  assign read_error   = read_offset > chip_registers_pkg::BroadcastLastOffset;
  assign mask         = {
    {8{write_strobe[3]}}, {8{write_strobe[2]}}, {8{write_strobe[1]}}, {8{write_strobe[0]}}
  };
  assign cleared      = write ? write_data & mask : '0;

  // ---- Interrupts and errors ----
  logic [NumStations-1:0] ring_errors_q, memory_errors_q, ring_moved;
  logic [CausesWidth-1:0] irq_status_q, irq_enable_q, causes;
  logic [NumStations*(ErrorsWidth+PortErrorsWidth)-1:0] ring_counts, ring_counts_q;

  always_comb begin : gather
    int unsigned s;
    ring_counts = '0;
    ring_moved  = '0;
    for (s = 0; s < NumStations; s = s + 1) begin
      ring_counts[s*NumRingCounters*RingWidth+:NumRingCounters*RingWidth] = {
        ring_errors_i[s*ErrorsWidth+:ErrorsWidth], port_errors_i[s*PortErrorsWidth+:PortErrorsWidth]
      };
      ring_moved[s] = ring_counts[s*NumRingCounters*RingWidth+:NumRingCounters*RingWidth] !=
                      ring_counts_q[s*NumRingCounters*RingWidth+:NumRingCounters*RingWidth] &&
                      ring_counts[s*NumRingCounters*RingWidth+:NumRingCounters*RingWidth] != '0;
    end
    causes = {memory_errors_q != '0, ring_errors_q != '0, 16'(irq_i)};
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      irq_status_q    <= chip_registers_pkg::IrqStatusReset[CausesWidth-1:0];
      ring_errors_q   <= chip_registers_pkg::RingErrorsReset[NumStations-1:0];
      memory_errors_q <= chip_registers_pkg::MemoryErrorsReset[NumStations-1:0];
      ring_counts_q   <= '0;
    end else begin
      ring_counts_q   <= ring_counts;
      irq_status_q    <= causes | irq_status_q;
      ring_errors_q   <= ring_moved | ring_errors_q;
      memory_errors_q <= memory_error_i | memory_errors_q;
      case (write_offset)
        chip_registers_pkg::IrqStatusOffset:
        irq_status_q <= causes | (irq_status_q & ~cleared[CausesWidth-1:0]);
        chip_registers_pkg::RingErrorsOffset:
        ring_errors_q <= ring_moved | (ring_errors_q & ~cleared[NumStations-1:0]);
        chip_registers_pkg::MemoryErrorsOffset:
        memory_errors_q <= memory_error_i | (memory_errors_q & ~cleared[NumStations-1:0]);
        default: ;
      endcase
    end
  end
  assign irq_o = (irq_status_q & irq_enable_q) != '0;

  // ---- Writable registers ----
  logic [15:0] patience_q, stations_q;
  logic [KibWidth-1:0] first_q, last_q;
  logic [19:0] counter_select_q, ring_select_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      irq_enable_q     <= chip_registers_pkg::IrqEnableReset[CausesWidth-1:0];
      patience_q       <= chip_registers_pkg::PatienceReset[15:0];
      counter_select_q <= chip_registers_pkg::CounterSelectReset[19:0];
      ring_select_q    <= chip_registers_pkg::RingSelectReset[19:0];
      stations_q       <= chip_registers_pkg::BroadcastStationsReset[15:0];
      first_q          <= chip_registers_pkg::BroadcastFirstReset[KibWidth-1:0];
      last_q           <= chip_registers_pkg::BroadcastLastReset[KibWidth-1:0];
    end else if (write) begin
      case (write_offset)
        chip_registers_pkg::IrqEnableOffset:
        irq_enable_q <= CausesWidth'((32'(irq_enable_q) & ~mask) | cleared);
        chip_registers_pkg::PatienceOffset:
        patience_q <= 16'((32'(patience_q) & ~mask) | cleared);
        chip_registers_pkg::CounterSelectOffset:
        counter_select_q <= 20'((32'(counter_select_q) & ~mask) | cleared) & 20'hf071f;
        chip_registers_pkg::RingSelectOffset:
        ring_select_q <= 20'((32'(ring_select_q) & ~mask) | cleared) & 20'hf0007;
        chip_registers_pkg::BroadcastStationsOffset:
        stations_q <= 16'((32'(stations_q) & ~mask) | cleared);
        chip_registers_pkg::BroadcastFirstOffset:
        first_q <= KibWidth'((32'(first_q) & ~mask) | cleared);
        chip_registers_pkg::BroadcastLastOffset:
        last_q <= KibWidth'((32'(last_q) & ~mask) | cleared);
        default: ;
      endcase
    end
  end

  assign reset_o = write && write_offset == chip_registers_pkg::ControlOffset &&
                   cleared[chip_registers_pkg::ControlResetLsb];
  assign patience_o = patience_q;
  assign broadcast_stations_o = stations_q;
  assign broadcast_first_o = first_q;
  assign broadcast_last_o = last_q;
  assign counter_select_o = counter_select_q[4:0];

  // ---- What the selections show ----
  logic [CounterWidth-1:0] counter_q, counter;
  logic [RingWidth-1:0] ring_count_q, ring_count;
  logic [NumStations-1:0] dead_q, dead;

  always_comb begin : selected
    int unsigned s, c;
    counter    = '0;
    ring_count = '0;
    dead       = '0;
    for (s = 0; s < NumStations; s = s + 1) begin
      for (c = 0; c < NumChannels; c = c + 1) begin
        if (32'(counter_select_q[19:16]) == s && 32'(counter_select_q[10:8]) == c)
          counter = counter_value_i[(s*NumChannels+c)*CounterWidth+:CounterWidth];
      end
      for (c = 0; c < NumRingCounters; c = c + 1) begin  // counter 0 is the uppermost
        if (32'(ring_select_q[19:16]) == s && 32'(ring_select_q[2:0]) == c)
          ring_count = ring_counts_q[((s+1)*NumRingCounters-1-c)*RingWidth+:RingWidth];
      end
      if (32'(ring_select_q[19:16]) == s) dead = dead_i[s*NumStations+:NumStations];
    end
  end
  always_ff @(posedge clk_i) begin
    counter_q    <= counter;
    ring_count_q <= ring_count;
    dead_q       <= dead;
  end

  // ---- Read ----
  always_comb begin : read_choice
    read_data = '0;
    case (read_offset)
      chip_registers_pkg::IdOffset: read_data = chip_registers_pkg::IdReset;
      chip_registers_pkg::VersionOffset: read_data = chip_registers_pkg::VersionReset;
      chip_registers_pkg::ConfigHashLoOffset: read_data = config_pkg::ConfigHash[31:0];
      chip_registers_pkg::ConfigHashHiOffset: read_data = config_pkg::ConfigHash[63:32];
      chip_registers_pkg::StatusOffset: begin
        read_data[chip_registers_pkg::StatusResettingLsb]   = resetting_i;
        read_data[chip_registers_pkg::StatusMemoryReadyLsb] = &memory_ready_i;
        read_data[chip_registers_pkg::StatusTwoRanksLsb]    = two_ranks_i;
        read_data[chip_registers_pkg::StatusEccLsb]         = ecc_enable_i;
      end
      chip_registers_pkg::TopologyOffset:
      read_data = {8'd0, 8'(NumChannels), 8'(NumStations), 8'(NumSubsystems)};
      chip_registers_pkg::MemoryReadyOffset: read_data = 32'(memory_ready_i);
      chip_registers_pkg::IrqStatusOffset: read_data = 32'(irq_status_q);
      chip_registers_pkg::IrqEnableOffset: read_data = 32'(irq_enable_q);
      chip_registers_pkg::RingErrorsOffset: read_data = 32'(ring_errors_q);
      chip_registers_pkg::MemoryErrorsOffset: read_data = 32'(memory_errors_q);
      chip_registers_pkg::PatienceOffset: read_data = 32'(patience_q);
      chip_registers_pkg::CounterSelectOffset: read_data = 32'(counter_select_q);
      chip_registers_pkg::CounterLoOffset: read_data = counter_q[31:0];
      chip_registers_pkg::CounterHiOffset: read_data = 32'(counter_q[CounterWidth-1:32]);
      chip_registers_pkg::RingSelectOffset: read_data = 32'(ring_select_q);
      chip_registers_pkg::RingCountOffset: read_data = 32'(ring_count_q);
      chip_registers_pkg::RingDeadOffset: read_data = 32'(dead_q);
      chip_registers_pkg::BroadcastStationsOffset: read_data = 32'(stations_q);
      chip_registers_pkg::BroadcastFirstOffset: read_data = 32'(first_q);
      chip_registers_pkg::BroadcastLastOffset: read_data = 32'(last_q);
      default: ;
    endcase
  end

  // ---- Assertions ----
  `S4_ASSERT(PulseReset, reset_o |=> !reset_o)

endmodule
