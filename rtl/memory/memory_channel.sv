/// One x16 LPDDR4X-3600 channel of one or two ranks, without error correction: takes reads and
/// writes of 32 and 64 bytes, answers reads out of order by tag, and drives the pins with two CK
/// per clock.
/// Reads and writes wait in queues of their own; open rows and the oldest go first, within a
/// bound; writes are served in batches; refresh goes bank by bank. Every access sees what was
/// written by requests accepted before it. A command is chosen in each clock; the pins follow two
/// clocks later. Model: sim/memory (device), tests/memory/memory_traffic.hpp (plain memory)
`include "assert.svh"

module memory_channel #(
    parameter int unsigned ReadDepth = config_pkg::LoadSlots,  // entries, 2..64
    parameter int unsigned WriteDepth = config_pkg::LoadSlots,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned AnswerDepth = 16,  // beats of the answer queue, >= 4
    parameter int unsigned HighWater = WriteDepth - WriteDepth / 8,  // entries that turn to writing
    parameter int unsigned LowWater = WriteDepth / 4,  // entries that turn back to reading
    parameter int unsigned MinBatch = 32,  // accesses before a starving entry turns the direction
    parameter int unsigned Epoch = 2048,  // clocks; an entry goes first after one to two of them
    parameter int unsigned IdleClocks = 64,  // clocks without work before power-down, >= 64
    // Clocks of the initialisation
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks
) (
    input  logic clk_i,
    input  logic rst_ni,
    // Static
    input  logic two_ranks_i,
    output logic init_done_o,
    // Requests: size 0 is 32 bytes, 1 is 64; addresses in bytes, aligned to the size
    input  logic req_valid_i,
    output logic req_ready_o,
    input  logic req_write_i,
    input  logic [30:0] req_address_i,
    input  logic req_size_i,
    input  logic [TagWidth-1:0] req_tag_i,
    // Write data, a beat for each 32 bytes, in the order of the writes
    input  logic wdata_valid_i,
    output logic wdata_ready_o,
    input  logic [255:0] wdata_i,
    input  logic [31:0] wstrb_i,
    // Read data, a beat for each 32 bytes; the beats of one request in order
    output logic rsp_valid_o,
    input  logic rsp_ready_i,
    output logic [TagWidth-1:0] rsp_tag_o,
    output logic [255:0] rsp_data_o,
    output logic rsp_last_o,
    output logic rsp_error_o,
    // Write acknowledge: reads from now on see the data
    output logic wack_valid_o,
    input  logic wack_ready_i,
    output logic [TagWidth-1:0] wack_tag_o,
    output logic wack_error_o,
    // Events of the error correction
    input  memory_pkg::correction_t correction_i,
    // Counters
    input  logic [4:0] counter_select_i,
    output logic [lpddr4_pkg::CounterWidth-1:0] counter_value_o,
    // Pins, two CK per clock: phase 1 above phase 0; CS and CKE rank 1 above rank 0
    output logic [1:0] dfi_cke_o,
    output logic [3:0] dfi_cs_o,
    output logic [11:0] dfi_ca_o,
    output logic dfi_reset_n_o,
    output logic [1:0] dfi_wrdata_en_o,
    output logic [63:0] dfi_wrdata_o,
    output logic [7:0] dfi_wrmask_o,
    output logic [1:0] dfi_rddata_en_o,
    input  logic [63:0] dfi_rddata_i,
    input  logic [1:0] dfi_rddata_valid_i
);

  `S4_CHECK_PARAM(gen_check_banks,
                  memory_pkg::NumBanks == lpddr4_pkg::MaxRanks * lpddr4_pkg::NumBanks)
  `S4_CHECK_PARAM(gen_check_latency, memory_pkg::LatencyWidth == lpddr4_pkg::LatencyWidth)
  `S4_CHECK_PARAM(gen_check_water, LowWater < HighWater && HighWater <= WriteDepth)

  lpddr4_pkg::request_t request;
  lpddr4_pkg::command_word_t issue, command_q, start_command;
  memory_pkg::ready_t ready;
  memory_pkg::candidate_t read, write;
  memory_pkg::demand_t read_demand, write_demand;
  memory_pkg::traffic_t traffic;
  logic [1:0] access, down;  // access of the command of this clock: read, write
  logic row_open, bank_open, read_room, turn, start_reset_n, start_cke;

  // ---- Requests, data ----
  memory_requests #(
      .ReadDepth  (ReadDepth),
      .WriteDepth (WriteDepth),
      .TagWidth   (TagWidth),
      .AnswerDepth(AnswerDepth),
      .Epoch      (Epoch)
  ) u_requests (
      .clk_i,
      .rst_ni,
      .enable_i        (init_done_o),
      .two_ranks_i,
      .req_valid_i,
      .req_ready_o,
      .req_write_i,
      .req_address_i,
      .req_size_i,
      .req_tag_i,
      .wdata_valid_i,
      .wdata_ready_o,
      .wdata_i,
      .wstrb_i,
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o,
      .wack_valid_o,
      .wack_ready_i,
      .wack_tag_o,
      .wack_error_o,
      .request_o       (request),
      .row_open_i      (row_open),
      .ready_i         (ready),
      .read_o          (read),
      .write_o         (write),
      .read_demand_o   (read_demand),
      .write_demand_o  (write_demand),
      .read_room_o     (read_room),
      .access_i        (access),
      .command_i       (command_q),
      .wrdata_en_o     (dfi_wrdata_en_o),
      .wrdata_o        (dfi_wrdata_o),
      .wrmask_o        (dfi_wrmask_o),
      .rddata_en_o     (dfi_rddata_en_o),
      .rddata_i        (dfi_rddata_i),
      .rddata_valid_i  (dfi_rddata_valid_i),
      .traffic_o       (traffic)
  );

  // ---- Commands ----
  memory_commands #(
      .WriteDepth(WriteDepth),
      .HighWater (HighWater),
      .LowWater  (LowWater),
      .MinBatch  (MinBatch),
      .IdleClocks(IdleClocks)
  ) u_commands (
      .clk_i,
      .rst_ni,
      .enable_i      (init_done_o),
      .two_ranks_i,
      .request_i     (request),
      .row_open_o    (row_open),
      .bank_open_o   (bank_open),
      .ready_o       (ready),
      .read_i        (read),
      .write_i       (write),
      .read_demand_i (read_demand),
      .write_demand_i(write_demand),
      .write_count_i (traffic.write_count),
      .read_room_i   (read_room),
      .issue_o       (issue),
      .access_o      (access),
      .turn_o        (turn),
      .down_o        (down)
  );

  memory_initialize #(
      .ResetClocks  (InitResetClocks),
      .CkeClocks    (InitCkeClocks),
      .CommandClocks(InitCommandClocks)
  ) u_initialize (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .reset_no (start_reset_n),
      .cke_o    (start_cke),
      .command_o(start_command),
      .done_o   (init_done_o)
  );

  // ---- Pins of commands ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      command_q     <= '0;
      dfi_cke_o     <= '0;
      dfi_reset_n_o <= 1'b0;
    end else begin
      command_q     <= init_done_o ? issue : start_command;
      dfi_cke_o     <= {start_cke && two_ranks_i && !down[1], start_cke && !down[0]};
      dfi_reset_n_o <= start_reset_n;
    end
  end

  memory_command u_command (
      .clk_i,
      .rst_ni,
      .command_i(command_q),
      .cs_o     (dfi_cs_o),
      .ca_o     (dfi_ca_o)
  );

  // ---- Counters ----
  memory_events u_events (
      .clk_i,
      .rst_ni,
      .enable_i    (init_done_o),
      .issue_i     (issue),
      .access_i    (access),
      .turn_i      (turn),
      .down_i      (down),
      .traffic_i   (traffic),
      .row_open_i  (row_open),
      .bank_open_i (bank_open),
      .correction_i,
      .select_i    (counter_select_i),
      .value_o     (counter_value_o)
  );

endmodule
