/// Controller of one x16 LPDDR4X-3600 channel of one or two ranks, two CK per clock at the pins:
/// memory_channel, and memory_ecc before it when ecc_enable_i is on. Reads are answered out of
/// order by tag; every access sees what was written by requests accepted before it. Static inputs
/// hold from reset on. Model: sim/memory (device), tests/memory/memory_traffic.hpp (plain memory)
`include "assert.svh"

module memory_controller #(
    parameter int unsigned ReadDepth = config_pkg::LoadSlots,  // entries, 2..64
    parameter int unsigned WriteDepth = config_pkg::LoadSlots,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned AnswerDepth = 16,  // beats of the answer queue, >= 4
    parameter int unsigned EccEntries = (ReadDepth >= 4) ? ReadDepth : 4,  // >= 4, <= 64
    parameter int unsigned EccMerges = 8,  // partial writes under way with error correction, >= 2
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
    input  logic ecc_enable_i,
    output logic init_done_o,
    // Requests: size 0 is 32 bytes, 1 is 64; addresses in bytes, aligned to the size, up to 1 GiB a
    // rank without error correction, to seven eighths of that with it
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

  localparam int unsigned LargestIndex = (ReadDepth > EccEntries) ? ReadDepth : EccEntries;
  localparam int unsigned EccTagWidth = $clog2(LargestIndex) + 1;
  localparam int unsigned ChannelTagWidth = (TagWidth > EccTagWidth) ? TagWidth : EccTagWidth;

  // ---- Error correction, before the channel when it is on ----
  logic ecc_req_ready, ecc_wdata_ready, ecc_rsp_valid, ecc_rsp_last, ecc_rsp_error;
  logic ecc_wack_valid, ecc_wack_error;
  logic [TagWidth-1:0] ecc_rsp_tag, ecc_wack_tag;
  logic [255:0] ecc_rsp_data, job_wdata, wdata, rsp_data;
  logic job_valid, job_write, job_size, job_wdata_valid, answer_ready;
  logic [30:0] job_address, address;
  logic [ChannelTagWidth-1:0] job_tag, tag, rsp_tag, wack_tag;
  logic [31:0] job_wstrb, wstrb;
  logic req_valid, req_ready, req_write, req_size, wdata_valid, wdata_ready;
  logic rsp_valid, rsp_ready, rsp_last, rsp_error, wack_valid, wack_ready, wack_error;
  memory_pkg::correction_t correction;
  logic unused_tags;
  assign unused_tags = ^{rsp_tag, wack_tag};

  assign req_valid    = ecc_enable_i ? job_valid : req_valid_i;
  assign req_write    = ecc_enable_i ? job_write : req_write_i;
  assign address      = ecc_enable_i ? job_address : req_address_i;
  assign req_size     = ecc_enable_i ? job_size : req_size_i;
  assign tag          = ecc_enable_i ? job_tag : ChannelTagWidth'(req_tag_i);
  assign wdata_valid  = ecc_enable_i ? job_wdata_valid : wdata_valid_i;
  assign wdata        = ecc_enable_i ? job_wdata : wdata_i;
  assign wstrb        = ecc_enable_i ? job_wstrb : wstrb_i;
  assign rsp_ready    = ecc_enable_i ? answer_ready : rsp_ready_i;
  assign wack_ready   = ecc_enable_i || wack_ready_i;
  assign req_ready_o   = ecc_enable_i ? ecc_req_ready : req_ready;
  assign wdata_ready_o = ecc_enable_i ? ecc_wdata_ready : wdata_ready;
  assign rsp_valid_o   = ecc_enable_i ? ecc_rsp_valid : rsp_valid;
  assign rsp_tag_o     = ecc_enable_i ? ecc_rsp_tag : rsp_tag[TagWidth-1:0];
  assign rsp_data_o    = ecc_enable_i ? ecc_rsp_data : rsp_data;
  assign rsp_last_o    = ecc_enable_i ? ecc_rsp_last : rsp_last;
  assign rsp_error_o   = ecc_enable_i ? ecc_rsp_error : rsp_error;
  assign wack_valid_o  = ecc_enable_i ? ecc_wack_valid : wack_valid;
  assign wack_tag_o    = ecc_enable_i ? ecc_wack_tag : wack_tag[TagWidth-1:0];
  assign wack_error_o  = ecc_enable_i ? ecc_wack_error : wack_error;

  // Without error correction its registers stand still; in reset they have a clock, see clock_gate.
  logic ecc_clock_q, clk_ecc;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) ecc_clock_q <= 1'b1;
    else ecc_clock_q <= ecc_enable_i;
  end
  clock_gate u_ecc_clock (
      .clk_i,
      .enable_i(ecc_clock_q),
      .clk_o   (clk_ecc)
  );

  memory_ecc #(
      .Slots      (ReadDepth),
      .Entries    (EccEntries),
      .Merges     (EccMerges),
      .TagWidth   (TagWidth),
      .JobTagWidth(ChannelTagWidth)
  ) u_ecc (
      .clk_i            (clk_ecc),
      .rst_ni,
      .enable_i         (ecc_enable_i && init_done_o),
      .two_ranks_i,
      .req_valid_i      (req_valid_i && ecc_enable_i),
      .req_ready_o      (ecc_req_ready),
      .req_write_i,
      .req_address_i,
      .req_size_i,
      .req_tag_i,
      .wdata_valid_i    (wdata_valid_i && ecc_enable_i),
      .wdata_ready_o    (ecc_wdata_ready),
      .wdata_i,
      .wstrb_i,
      .rsp_valid_o      (ecc_rsp_valid),
      .rsp_ready_i,
      .rsp_tag_o        (ecc_rsp_tag),
      .rsp_data_o       (ecc_rsp_data),
      .rsp_last_o       (ecc_rsp_last),
      .rsp_error_o      (ecc_rsp_error),
      .wack_valid_o     (ecc_wack_valid),
      .wack_ready_i,
      .wack_tag_o       (ecc_wack_tag),
      .wack_error_o     (ecc_wack_error),
      .job_valid_o      (job_valid),
      .job_ready_i      (req_ready && ecc_enable_i),
      .job_write_o      (job_write),
      .job_address_o    (job_address),
      .job_size_o       (job_size),
      .job_tag_o        (job_tag),
      .job_wdata_valid_o(job_wdata_valid),
      .job_wdata_ready_i(wdata_ready && ecc_enable_i),
      .job_wdata_o      (job_wdata),
      .job_wstrb_o      (job_wstrb),
      .answer_valid_i   (rsp_valid && ecc_enable_i),
      .answer_ready_o   (answer_ready),
      .answer_tag_i     (rsp_tag),
      .answer_data_i    (rsp_data),
      .answer_last_i    (rsp_last),
      .answer_error_i   (rsp_error),
      .correction_o     (correction)
  );

  memory_channel #(
      .ReadDepth        (ReadDepth),
      .WriteDepth       (WriteDepth),
      .TagWidth         (ChannelTagWidth),
      .AnswerDepth      (AnswerDepth),
      .HighWater        (HighWater),
      .LowWater         (LowWater),
      .MinBatch         (MinBatch),
      .Epoch            (Epoch),
      .IdleClocks       (IdleClocks),
      .InitResetClocks  (InitResetClocks),
      .InitCkeClocks    (InitCkeClocks),
      .InitCommandClocks(InitCommandClocks)
  ) u_channel (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .init_done_o,
      .req_valid_i        (req_valid),
      .req_ready_o        (req_ready),
      .req_write_i        (req_write),
      .req_address_i      (address),
      .req_size_i         (req_size),
      .req_tag_i          (tag),
      .wdata_valid_i      (wdata_valid),
      .wdata_ready_o      (wdata_ready),
      .wdata_i            (wdata),
      .wstrb_i            (wstrb),
      .rsp_valid_o        (rsp_valid),
      .rsp_ready_i        (rsp_ready),
      .rsp_tag_o          (rsp_tag),
      .rsp_data_o         (rsp_data),
      .rsp_last_o         (rsp_last),
      .rsp_error_o        (rsp_error),
      .wack_valid_o       (wack_valid),
      .wack_ready_i       (wack_ready),
      .wack_tag_o         (wack_tag),
      .wack_error_o       (wack_error),
      .correction_i       (correction),
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
