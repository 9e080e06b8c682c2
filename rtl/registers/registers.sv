/// Register file of one subsystem on AXI4-Lite, map in registers_pkg; counters and interrupt.
/// start_o and soft_reset_o are pulses in the clock of the write to CONTROL. Writes to read-only
/// registers are ignored; unmapped offsets answer SLVERR, reading 0. IRQ_STATUS is set when done_i
/// or error_i rises, and setting wins over a clear in the same clock. irq_o is a level.
/// Model: tests/registers/registers_test.cpp
`include "assert.svh"

module registers #(
    localparam int unsigned NumContexts = commands_pkg::NumContexts
) (
    input  logic                               clk_i,
    input  logic                               rst_ni,
    // AXI4-Lite
    input  logic                               s_axil_awvalid_i,
    output logic                               s_axil_awready_o,
    input  logic [registers_pkg::AddrWidth-1:0] s_axil_awaddr_i,
    input  logic                               s_axil_wvalid_i,
    output logic                               s_axil_wready_o,
    input  logic [                       31:0] s_axil_wdata_i,
    input  logic [                        3:0] s_axil_wstrb_i,
    output logic                               s_axil_bvalid_o,
    input  logic                               s_axil_bready_i,
    output logic [                        1:0] s_axil_bresp_o,
    input  logic                               s_axil_arvalid_i,
    output logic                               s_axil_arready_o,
    input  logic [registers_pkg::AddrWidth-1:0] s_axil_araddr_i,
    output logic                               s_axil_rvalid_o,
    input  logic                               s_axil_rready_i,
    output logic [                       31:0] s_axil_rdata_o,
    output logic [                        1:0] s_axil_rresp_o,
    output logic                               irq_o,
    // Sequencer: control
    output logic                               start_o,
    output logic                               soft_reset_o,
    output logic [                       35:0] program_addr_o,
    output logic [                       23:0] program_count_o,
    output logic [                       31:0] watchdog_o,
    output logic [         NumContexts*24-1:0] read_base_o,
    output logic [         NumContexts*25-1:0] read_limit_o,
    output logic [         NumContexts*24-1:0] write_base_o,
    output logic [         NumContexts*25-1:0] write_limit_o,
    // Sequencer: status
    input  logic                               busy_i,
    input  logic                               done_i,
    input  logic                               error_i,
    input  logic                               resetting_i,
    input  logic [                        7:0] error_code_i,
    input  logic [                        3:0] error_engine_i,
    input  logic [                       31:0] error_command_i,
    input  logic [                       31:0] error_info_i,
    input  logic [                       31:0] commands_done_i,
    // Counters: clear pulse, increments of this clock (counted while busy_i)
    input  logic                               counters_clear_i,
    input  logic [counters_pkg::EventBits-1:0] events_i
);

  localparam int unsigned AddrWidth = registers_pkg::AddrWidth;
  localparam int unsigned CounterSelectWidth = $clog2(counters_pkg::NumCounters);
  localparam int unsigned CounterEnd = registers_pkg::CounterOffset + 8 * counters_pkg::NumCounters;

  // ---- Bus ----
  logic write, read, write_error, read_error;
  logic [AddrWidth-3:0] write_word, read_word;
  logic [31:0] write_data, read_data, write_mask;
  logic [3:0] write_strobe;

  axil_slave #(
      .AddrWidth(AddrWidth)
  ) u_slave (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
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
      .read_o        (read),
      .read_word_o   (read_word),
      .read_data_i   (read_data),
      .read_error_i  (read_error)
  );

  assign write_mask = {
    {8{write_strobe[3]}}, {8{write_strobe[2]}}, {8{write_strobe[1]}}, {8{write_strobe[0]}}
  };

  // ---- Map: is there a register at this offset? ----
  function automatic logic is_mapped(input logic [AddrWidth-1:0] offset);
    is_mapped = 1'b0;
    case (offset)
      registers_pkg::IdOffset, registers_pkg::VersionOffset, registers_pkg::ConfigHashLoOffset,
      registers_pkg::ConfigHashHiOffset, registers_pkg::ControlOffset, registers_pkg::StatusOffset,
      registers_pkg::ErrorCommandOffset, registers_pkg::ErrorInfoOffset,
      registers_pkg::ProgramLoOffset, registers_pkg::ProgramHiOffset,
      registers_pkg::ProgramCountOffset, registers_pkg::WatchdogOffset,
      registers_pkg::IrqStatusOffset, registers_pkg::IrqEnableOffset,
      registers_pkg::CommandsDoneOffset: is_mapped = 1'b1;
      default: ;
    endcase
    if (offset >= registers_pkg::ReadBaseOffset &&
        offset < registers_pkg::ReadBaseOffset +
                 AddrWidth'(registers_pkg::ReadBaseStride * NumContexts))
      is_mapped = 1'b1;
    if (offset >= AddrWidth'(registers_pkg::CounterOffset) && offset < AddrWidth'(CounterEnd))
      is_mapped = 1'b1;
  endfunction

  logic [AddrWidth-1:0] write_offset, read_offset;
  assign write_offset = {write_word, 2'b00};
  assign read_offset  = {read_word, 2'b00};
  assign write_error  = !is_mapped(write_offset);
  assign read_error   = !is_mapped(read_offset);

  // ---- Writable registers ----
  logic [31:0] program_lo_q, watchdog_q;
  logic [3:0] program_hi_q;
  logic [23:0] program_count_q;
  logic [NumContexts*24-1:0] read_base_q, write_base_q;
  logic [NumContexts*25-1:0] read_limit_q, write_limit_q;
  logic [1:0] irq_status_q, irq_enable_q, irq_set, irq_clear;
  logic done_q, error_q;

  assign irq_set = {error_i && !error_q, done_i && !done_q};
  assign irq_clear = (write && write_offset == registers_pkg::IrqStatusOffset)
                     ? write_data[1:0] & write_mask[1:0] : 2'b00;

  always_ff @(posedge clk_i or negedge rst_ni) begin : hold
    int unsigned n;
    n = 0;
    if (!rst_ni) begin
      program_lo_q    <= registers_pkg::ProgramLoReset;
      program_hi_q    <= registers_pkg::ProgramHiReset[3:0];
      program_count_q <= registers_pkg::ProgramCountReset[23:0];
      watchdog_q      <= registers_pkg::WatchdogReset;
      irq_enable_q    <= registers_pkg::IrqEnableReset[1:0];
      irq_status_q    <= registers_pkg::IrqStatusReset[1:0];
      done_q          <= 1'b0;
      error_q         <= 1'b0;
      for (n = 0; n < NumContexts; n = n + 1) begin
        read_base_q[n*24+:24]   <= registers_pkg::ReadBaseReset[23:0];
        read_limit_q[n*25+:25]  <= registers_pkg::ReadLimitReset[24:0];
        write_base_q[n*24+:24]  <= registers_pkg::WriteBaseReset[23:0];
        write_limit_q[n*25+:25] <= registers_pkg::WriteLimitReset[24:0];
      end
    end else begin
      done_q       <= done_i;
      error_q      <= error_i;
      irq_status_q <= (irq_status_q & ~irq_clear) | irq_set;
      if (write) begin
        case (write_offset)
          registers_pkg::ProgramLoOffset:
          program_lo_q <= (program_lo_q & ~write_mask) | (write_data & write_mask);
          registers_pkg::ProgramHiOffset:
          program_hi_q <= (program_hi_q & ~write_mask[3:0]) | (write_data[3:0] & write_mask[3:0]);
          registers_pkg::ProgramCountOffset:
          program_count_q <= (program_count_q & ~write_mask[23:0]) |
                             (write_data[23:0] & write_mask[23:0]);
          registers_pkg::WatchdogOffset:
          watchdog_q <= (watchdog_q & ~write_mask) | (write_data & write_mask);
          registers_pkg::IrqEnableOffset:
          irq_enable_q <= (irq_enable_q & ~write_mask[1:0]) | (write_data[1:0] & write_mask[1:0]);
          default: ;
        endcase
        for (n = 0; n < NumContexts; n = n + 1) begin
          if (write_offset ==
              registers_pkg::ReadBaseOffset + AddrWidth'(n * registers_pkg::ReadBaseStride))
            read_base_q[n*24+:24] <= (read_base_q[n*24+:24] & ~write_mask[23:0]) |
                                     (write_data[23:0] & write_mask[23:0]);
          if (write_offset ==
              registers_pkg::ReadLimitOffset + AddrWidth'(n * registers_pkg::ReadLimitStride))
            read_limit_q[n*25+:25] <= (read_limit_q[n*25+:25] & ~write_mask[24:0]) |
                                      (write_data[24:0] & write_mask[24:0]);
          if (write_offset ==
              registers_pkg::WriteBaseOffset + AddrWidth'(n * registers_pkg::WriteBaseStride))
            write_base_q[n*24+:24] <= (write_base_q[n*24+:24] & ~write_mask[23:0]) |
                                      (write_data[23:0] & write_mask[23:0]);
          if (write_offset ==
              registers_pkg::WriteLimitOffset + AddrWidth'(n * registers_pkg::WriteLimitStride))
            write_limit_q[n*25+:25] <= (write_limit_q[n*25+:25] & ~write_mask[24:0]) |
                                       (write_data[24:0] & write_mask[24:0]);
        end
      end
    end
  end

  logic control;
  assign control      = write && write_offset == registers_pkg::ControlOffset && write_strobe[0];
  assign start_o      = control && write_data[registers_pkg::ControlStartLsb];
  assign soft_reset_o = control && write_data[registers_pkg::ControlResetLsb];

  assign program_addr_o  = {program_hi_q, program_lo_q};
  assign program_count_o = program_count_q;
  assign watchdog_o      = watchdog_q;
  assign read_base_o     = read_base_q;
  assign read_limit_o    = read_limit_q;
  assign write_base_o    = write_base_q;
  assign write_limit_o   = write_limit_q;
  assign irq_o           = (irq_status_q & irq_enable_q) != '0;

  // ---- Counters ----
  logic [63:0] counter;
  logic is_counter;
  assign is_counter = read_offset >= AddrWidth'(registers_pkg::CounterOffset);

  performance_counters u_counters (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .clear_i (counters_clear_i),
      .count_i (busy_i),
      .events_i(events_i),
      .select_i(read_offset[3+:CounterSelectWidth]),
      .value_o (counter)
  );

  // ---- Read ----
  always_comb begin : read_choice
    int unsigned n;
    n         = 0;
    read_data = '0;
    if (read) begin
      case (read_offset)
        registers_pkg::IdOffset: read_data = registers_pkg::IdReset;
        registers_pkg::VersionOffset: read_data = registers_pkg::VersionReset;
        registers_pkg::ConfigHashLoOffset: read_data = config_pkg::ConfigHash[31:0];
        registers_pkg::ConfigHashHiOffset: read_data = config_pkg::ConfigHash[63:32];
        registers_pkg::StatusOffset: begin
          read_data[registers_pkg::StatusBusyLsb]          = busy_i;
          read_data[registers_pkg::StatusDoneLsb]          = done_i;
          read_data[registers_pkg::StatusErrorLsb]         = error_i;
          read_data[registers_pkg::StatusResettingLsb]     = resetting_i;
          read_data[registers_pkg::StatusErrorCodeLsb+:8]   = error_code_i;
          read_data[registers_pkg::StatusErrorEngineLsb+:4] = error_engine_i;
        end
        registers_pkg::ErrorCommandOffset: read_data = error_command_i;
        registers_pkg::ErrorInfoOffset: read_data = error_info_i;
        registers_pkg::ProgramLoOffset: read_data = program_lo_q;
        registers_pkg::ProgramHiOffset: read_data = 32'(program_hi_q);
        registers_pkg::ProgramCountOffset: read_data = 32'(program_count_q);
        registers_pkg::WatchdogOffset: read_data = watchdog_q;
        registers_pkg::IrqStatusOffset: read_data = 32'(irq_status_q);
        registers_pkg::IrqEnableOffset: read_data = 32'(irq_enable_q);
        registers_pkg::CommandsDoneOffset: read_data = commands_done_i;
        default: ;
      endcase
      for (n = 0; n < NumContexts; n = n + 1) begin
        if (read_offset ==
            registers_pkg::ReadBaseOffset + AddrWidth'(n * registers_pkg::ReadBaseStride))
          read_data = 32'(read_base_q[n*24+:24]);
        if (read_offset ==
            registers_pkg::ReadLimitOffset + AddrWidth'(n * registers_pkg::ReadLimitStride))
          read_data = 32'(read_limit_q[n*25+:25]);
        if (read_offset ==
            registers_pkg::WriteBaseOffset + AddrWidth'(n * registers_pkg::WriteBaseStride))
          read_data = 32'(write_base_q[n*24+:24]);
        if (read_offset ==
            registers_pkg::WriteLimitOffset + AddrWidth'(n * registers_pkg::WriteLimitStride))
          read_data = 32'(write_limit_q[n*25+:25]);
      end
      if (is_counter && !read_error) read_data = read_offset[2] ? counter[63:32] : counter[31:0];
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(PulseStart, start_o |=> !start_o)
  `S4_ASSERT(CountersAbove, is_counter || read_offset < AddrWidth'(registers_pkg::CounterOffset))

endmodule
