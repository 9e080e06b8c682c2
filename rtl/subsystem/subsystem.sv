/// One sparse processing subsystem: sequencer, registers, DMA engines, SPU, activation engine and
/// local buffer behind one memory port. Programs are fetched from memory after a doorbell on
/// AXI4-Lite; irq_o follows the enabled causes. obs_* shows starts and completions of commands for
/// timelines. Model: sim/subsystem/functional_subsystem.hpp
module subsystem #(
    localparam int unsigned AddrBits    = config_pkg::LocalAddrWidth,
    localparam int unsigned Pixels      = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels   = config_pkg::EpiloguePixels,
    localparam int unsigned ChunkBits   = config_pkg::LanesPerQuadrant * 8,
    localparam int unsigned NumContexts = commands_pkg::NumContexts,
    localparam int unsigned CommandBits = commands_pkg::CommandBits
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // AXI4-Lite registers
    input  logic                         s_axil_awvalid_i,
    output logic                         s_axil_awready_o,
    input  logic [                 11:0] s_axil_awaddr_i,
    input  logic                         s_axil_wvalid_i,
    output logic                         s_axil_wready_o,
    input  logic [                 31:0] s_axil_wdata_i,
    input  logic [                  3:0] s_axil_wstrb_i,
    output logic                         s_axil_bvalid_o,
    input  logic                         s_axil_bready_i,
    output logic [                  1:0] s_axil_bresp_o,
    input  logic                         s_axil_arvalid_i,
    output logic                         s_axil_arready_o,
    input  logic [                 11:0] s_axil_araddr_i,
    output logic                         s_axil_rvalid_o,
    input  logic                         s_axil_rready_i,
    output logic [                 31:0] s_axil_rdata_o,
    output logic [                  1:0] s_axil_rresp_o,
    output logic                         irq_o,
    output logic                         busy_o,  // a program runs, or the engines are being reset
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
    // Observation: engines load, weights, spu, store, activation
    output logic [                  4:0] obs_start_o,
    output logic [                  4:0] obs_done_o,
    output logic [                159:0] obs_index_o,
    output logic [                159:0] obs_done_index_o
);

  // ---- Reset of the engines: the chip's reset or the sequencer's ----
  logic engine_reset, engine_rst_n;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) engine_rst_n <= 1'b0;
    else engine_rst_n <= !engine_reset;
  end

  // ---- Registers ----
  logic start, soft_reset, busy, done, error, resetting, counters_clear;
  logic [35:0] program_addr;
  logic [23:0] program_count;
  logic [31:0] watchdog, error_command, error_info, commands_done;
  logic [NumContexts*24-1:0] read_base, write_base;
  logic [NumContexts*25-1:0] read_limit, write_limit;
  logic [7:0] error_code;
  logic [3:0] error_engine;
  counters_pkg::events_t events;
  assign busy_o = busy || resetting;

  registers u_registers (
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
      .start_o         (start),
      .soft_reset_o    (soft_reset),
      .program_addr_o  (program_addr),
      .program_count_o (program_count),
      .watchdog_o      (watchdog),
      .read_base_o     (read_base),
      .read_limit_o    (read_limit),
      .write_base_o    (write_base),
      .write_limit_o   (write_limit),
      .busy_i          (busy),
      .done_i          (done),
      .error_i         (error),
      .resetting_i     (resetting),
      .error_code_i    (error_code),
      .error_engine_i  (error_engine),
      .error_command_i (error_command),
      .error_info_i    (error_info),
      .commands_done_i (commands_done),
      .counters_clear_i(counters_clear),
      .events_i        (events)
  );

  // ---- Sequencer ----
  logic flush, mem_idle;
  logic load_cmd_valid, load_cmd_ready, load_done, load_error_valid, load_progress;
  logic [CommandBits-1:0] load_cmd;
  logic [7:0] load_error_code;
  logic [5:0] load_waiting;
  logic weights_cmd_valid, weights_cmd_ready, weights_done, weights_error_valid, weights_progress;
  logic [CommandBits-1:0] weights_cmd;
  logic [7:0] weights_error_code;
  logic [5:0] weights_waiting;
  logic spu_cmd_valid, spu_cmd_ready, spu_done, spu_error_valid, spu_progress;
  logic [CommandBits-1:0] spu_cmd;
  logic [7:0] spu_error_code;
  logic [5:0] spu_waiting;
  logic store_cmd_valid, store_cmd_ready, store_done, store_error_valid, store_progress;
  logic [CommandBits-1:0] store_cmd;
  logic [7:0] store_error_code;
  logic [5:0] store_waiting;
  logic activation_cmd_valid, activation_cmd_ready, activation_done, activation_error_valid;
  logic activation_progress;
  logic [CommandBits-1:0] activation_cmd;
  logic [7:0] activation_error_code;
  logic [5:0] activation_waiting;
  logic [159:0] unused_index;
  logic fetch_req_valid, fetch_req_ready, fetch_rsp_valid;
  memory_port_pkg::request_t fetch_req;
  memory_port_pkg::response_t fetch_rsp;

  sequencer u_sequencer (
      .clk_i,
      .rst_ni,
      .start_i              (start),
      .soft_reset_i         (soft_reset),
      .program_addr_i       (program_addr),
      .program_count_i      (program_count),
      .watchdog_i           (watchdog),
      .read_base_i          (read_base),
      .read_limit_i         (read_limit),
      .write_base_i         (write_base),
      .write_limit_i        (write_limit),
      .busy_o               (busy),
      .done_o               (done),
      .error_o              (error),
      .resetting_o          (resetting),
      .error_code_o         (error_code),
      .error_engine_o       (error_engine),
      .error_command_o      (error_command),
      .error_info_o         (error_info),
      .commands_done_o      (commands_done),
      .counters_clear_o     (counters_clear),
      .fetch_word_o         (events.fetch_words),
      .fetch_req_valid_o    (fetch_req_valid),
      .fetch_req_ready_i    (fetch_req_ready),
      .fetch_req_o          (fetch_req),
      .fetch_rsp_valid_i    (fetch_rsp_valid),
      .fetch_rsp_i          (fetch_rsp),
      .load_cmd_valid_o     (load_cmd_valid),
      .load_cmd_ready_i     (load_cmd_ready),
      .load_cmd_o           (load_cmd),
      .load_index_o         (unused_index[0+:32]),
      .load_done_i          (load_done),
      .load_error_valid_i   (load_error_valid),
      .load_error_code_i    (load_error_code),
      .load_progress_i      (load_progress),
      .load_waiting_i       (load_waiting),
      .weights_cmd_valid_o  (weights_cmd_valid),
      .weights_cmd_ready_i  (weights_cmd_ready),
      .weights_cmd_o        (weights_cmd),
      .weights_index_o      (unused_index[32+:32]),
      .weights_done_i       (weights_done),
      .weights_error_valid_i(weights_error_valid),
      .weights_error_code_i (weights_error_code),
      .weights_progress_i   (weights_progress),
      .weights_waiting_i    (weights_waiting),
      .spu_cmd_valid_o      (spu_cmd_valid),
      .spu_cmd_ready_i      (spu_cmd_ready),
      .spu_cmd_o            (spu_cmd),
      .spu_index_o          (unused_index[64+:32]),
      .spu_done_i           (spu_done),
      .spu_error_valid_i    (spu_error_valid),
      .spu_error_code_i     (spu_error_code),
      .spu_progress_i       (spu_progress),
      .spu_waiting_i        (spu_waiting),
      .store_cmd_valid_o    (store_cmd_valid),
      .store_cmd_ready_i    (store_cmd_ready),
      .store_cmd_o          (store_cmd),
      .store_index_o        (unused_index[96+:32]),
      .store_done_i         (store_done),
      .store_error_valid_i  (store_error_valid),
      .store_error_code_i   (store_error_code),
      .store_progress_i     (store_progress),
      .store_waiting_i      (store_waiting),
      .activation_cmd_valid_o   (activation_cmd_valid),
      .activation_cmd_ready_i   (activation_cmd_ready),
      .activation_cmd_o         (activation_cmd),
      .activation_index_o       (unused_index[128+:32]),
      .activation_done_i        (activation_done),
      .activation_error_valid_i (activation_error_valid),
      .activation_error_code_i  (activation_error_code),
      .activation_progress_i    (activation_progress),
      .activation_waiting_i     (activation_waiting),
      .flush_o              (flush),
      .mem_idle_i           (mem_idle),
      .engine_reset_o       (engine_reset),
      .obs_start_o,
      .obs_done_o,
      .obs_index_o,
      .obs_done_index_o
  );
  assign events.cycles = busy;

  // ---- DMA engines and memory port ----
  logic ld_valid, ld_ready, st_valid, st_ready, st_rvalid;
  logic [AddrBits-1:0] ld_addr, st_addr;
  logic [511:0] ld_data, st_rdata;
  logic wt_valid, wt_ready;
  logic [511:0] wt_data;
  logic [1:0] wt_section;

  dma_engines u_dma (
      .clk_i,
      .rst_ni,
      .engine_rst_ni(engine_rst_n),
      .flush_i   (flush),
      .mem_idle_o(mem_idle),
      .load_cmd_valid_i     (load_cmd_valid),
      .load_cmd_ready_o     (load_cmd_ready),
      .load_cmd_i           (load_cmd),
      .load_done_o          (load_done),
      .load_error_valid_o   (load_error_valid),
      .load_error_code_o    (load_error_code),
      .load_progress_o      (load_progress),
      .load_waiting_o       (load_waiting),
      .weights_cmd_valid_i  (weights_cmd_valid),
      .weights_cmd_ready_o  (weights_cmd_ready),
      .weights_cmd_i        (weights_cmd),
      .weights_done_o       (weights_done),
      .weights_error_valid_o(weights_error_valid),
      .weights_error_code_o (weights_error_code),
      .weights_progress_o   (weights_progress),
      .weights_waiting_o    (weights_waiting),
      .store_cmd_valid_i    (store_cmd_valid),
      .store_cmd_ready_o    (store_cmd_ready),
      .store_cmd_i          (store_cmd),
      .store_done_o         (store_done),
      .store_error_valid_o  (store_error_valid),
      .store_error_code_o   (store_error_code),
      .store_progress_o     (store_progress),
      .store_waiting_o      (store_waiting),
      .fetch_req_valid_i    (fetch_req_valid),
      .fetch_req_ready_o    (fetch_req_ready),
      .fetch_req_i          (fetch_req),
      .fetch_rsp_valid_o    (fetch_rsp_valid),
      .fetch_rsp_o          (fetch_rsp),
      .mem_req_valid_o,
      .mem_req_ready_i,
      .mem_req_o,
      .mem_wdata_valid_o,
      .mem_wdata_ready_i,
      .mem_wdata_o,
      .mem_rsp_valid_i,
      .mem_rsp_ready_o,
      .mem_rsp_i,
      .ld_valid_o            (ld_valid),
      .ld_ready_i            (ld_ready),
      .ld_addr_o             (ld_addr),
      .ld_data_o             (ld_data),
      .st_valid_o            (st_valid),
      .st_ready_i            (st_ready),
      .st_addr_o             (st_addr),
      .st_rvalid_i           (st_rvalid),
      .st_rdata_i            (st_rdata),
      .wt_valid_o            (wt_valid),
      .wt_ready_i            (wt_ready),
      .wt_data_o             (wt_data),
      .wt_section_o          (wt_section),
      .load_busy_o           (events.load_busy),
      .load_stall_memory_o   (events.load_stall_memory),
      .load_stall_local_o    (events.load_stall_local),
      .load_words_o          (events.load_words),
      .weights_busy_o        (events.weights_busy),
      .weights_stall_memory_o(events.weights_stall_memory),
      .weights_stall_full_o  (events.weights_stall_full),
      .weights_words_o       (events.weights_words),
      .weights_local_o       (events.weights_local),
      .store_busy_o          (events.store_busy),
      .store_stall_memory_o  (events.store_stall_memory),
      .store_stall_local_o   (events.store_stall_local),
      .store_words_o         (events.store_words)
  );

  // ---- Activation engine ----
  logic aw_valid, aw_ready;
  logic [1:0] ar_valid, ar_ready, ar_rvalid;
  logic [AddrBits-1:0] aw_addr;
  logic [2*AddrBits-1:0] ar_addr;
  logic [511:0] aw_data;
  logic [1023:0] ar_rdata;

  activation_engine u_activation (
      .clk_i,
      .rst_ni(engine_rst_n),
      .cmd_valid_i             (activation_cmd_valid),
      .cmd_ready_o             (activation_cmd_ready),
      .cmd_i                   (activation_cmd),
      .done_o                  (activation_done),
      .error_valid_o           (activation_error_valid),
      .error_code_o            (activation_error_code),
      .progress_o              (activation_progress),
      .waiting_o               (activation_waiting),
      .ar_valid_o              (ar_valid),
      .ar_ready_i              (ar_ready),
      .ar_addr_o               (ar_addr),
      .ar_rvalid_i             (ar_rvalid),
      .ar_rdata_i              (ar_rdata),
      .aw_valid_o              (aw_valid),
      .aw_ready_i              (aw_ready),
      .aw_addr_o               (aw_addr),
      .aw_data_o               (aw_data),
      .activation_busy_o       (events.activation_busy),
      .activation_stall_local_o(events.activation_stall_local),
      .activation_words_o      (events.activation_words)
  );

  // ---- SPU and local buffer ----
  logic [2*Pixels-1:0] fe_valid, fe_grant;
  logic [2*Pixels*AddrBits-1:0] fe_addr;
  logic [2*Pixels*512-1:0] fe_rdata;
  logic fe_pair, fe_stride2, er_valid, er_ready, ew_valid;
  logic [AddrBits-1:0] er_addr, ew_addr;
  logic [OutPixels-1:0] er_mask, ew_mask;
  logic [2:0] er_chunk, ew_chunk;
  logic [OutPixels*ChunkBits-1:0] er_rdata, ew_data;

  spu u_spu (
      .clk_i,
      .rst_ni(engine_rst_n),
      .cmd_valid_i            (spu_cmd_valid),
      .cmd_ready_o            (spu_cmd_ready),
      .cmd_i                  (spu_cmd),
      .done_o                 (spu_done),
      .error_valid_o          (spu_error_valid),
      .error_code_o           (spu_error_code),
      .progress_o             (spu_progress),
      .waiting_o              (spu_waiting),
      .wt_valid_i             (wt_valid),
      .wt_ready_o             (wt_ready),
      .wt_data_i              (wt_data),
      .wt_section_i           (wt_section),
      .fe_pair_o              (fe_pair),
      .fe_valid_o             (fe_valid),
      .fe_addr_o              (fe_addr),
      .fe_stride2_o           (fe_stride2),
      .fe_grant_i             (fe_grant),
      .fe_rdata_i             (fe_rdata),
      .er_valid_o             (er_valid),
      .er_ready_i             (er_ready),
      .er_addr_o              (er_addr),
      .er_mask_o              (er_mask),
      .er_chunk_o             (er_chunk),
      .er_rdata_i             (er_rdata),
      .ew_valid_o             (ew_valid),
      .ew_addr_o              (ew_addr),
      .ew_mask_o              (ew_mask),
      .ew_chunk_o             (ew_chunk),
      .ew_data_o              (ew_data),
      .spu_busy_o             (events.spu_busy),
      .spu_mac_clocks_o       (events.spu_mac_clocks),
      .spu_macs_o             (events.spu_macs),
      .spu_stall_weights_o    (events.spu_stall_weights),
      .spu_stall_activations_o(events.spu_stall_activations),
      .spu_stall_drain_o      (events.spu_stall_drain),
      .fetch_groups_o         (events.fetch_groups),
      .fetch_conflicts_o      (events.fetch_conflicts),
      .epilogue_busy_o        (events.epilogue_busy),
      .epilogue_stall_o       (events.epilogue_stall),
      .epilogue_words_o       (events.epilogue_words),
      .epilogue_invalid_o     (events.epilogue_invalid)
  );

  local_buffer u_local_buffer (
      .clk_i,
      .rst_ni(engine_rst_n),
      .ld_valid_i  (ld_valid),
      .ld_ready_o  (ld_ready),
      .ld_addr_i   (ld_addr),
      .ld_data_i   (ld_data),
      .st_valid_i  (st_valid),
      .st_ready_o  (st_ready),
      .st_addr_i   (st_addr),
      .st_rvalid_o (st_rvalid),
      .st_rdata_o  (st_rdata),
      .aw_valid_i  (aw_valid),
      .aw_ready_o  (aw_ready),
      .aw_addr_i   (aw_addr),
      .aw_data_i   (aw_data),
      .ar_valid_i  (ar_valid),
      .ar_ready_o  (ar_ready),
      .ar_addr_i   (ar_addr),
      .ar_rvalid_o (ar_rvalid),
      .ar_rdata_o  (ar_rdata),
      .fe_pair_i   (fe_pair),
      .fe_valid_i  (fe_valid),
      .fe_addr_i   (fe_addr),
      .fe_stride2_i(fe_stride2),
      .fe_grant_o  (fe_grant),
      .fe_rdata_o  (fe_rdata),
      .er_valid_i  (er_valid),
      .er_ready_o  (er_ready),
      .er_addr_i   (er_addr),
      .er_mask_i   (er_mask),
      .er_chunk_i  (er_chunk),
      .er_rdata_o  (er_rdata),
      .ew_valid_i  (ew_valid),
      .ew_addr_i   (ew_addr),
      .ew_mask_i   (ew_mask),
      .ew_chunk_i  (ew_chunk),
      .ew_data_i   (ew_data)
  );

endmodule
