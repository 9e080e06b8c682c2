/// The DMA engines of a subsystem behind the memory port: load, weights with what makes operands of
/// activations, and store; the command fetch passes by them to the port. The store port of the
/// local buffer also serves the weight DMA. rst_ni resets the port, engine_rst_ni the engines.
/// Model: tests/memory_port/dma_path_test.cpp
module dma_engines #(
    localparam int unsigned AddrBits    = config_pkg::LocalAddrWidth,
    localparam int unsigned CommandBits = commands_pkg::CommandBits
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         engine_rst_ni,
    input  logic                         flush_i,
    output logic                         mem_idle_o,
    // Commands
    input  logic                          load_cmd_valid_i,
    output logic                          load_cmd_ready_o,
    input  logic [        CommandBits-1:0] load_cmd_i,
    output logic                          load_done_o,
    output logic                          load_error_valid_o,
    output logic [                    7:0] load_error_code_o,
    output logic                          load_progress_o,
    output logic [                    5:0] load_waiting_o,
    input  logic                          weights_cmd_valid_i,
    output logic                          weights_cmd_ready_o,
    input  logic [        CommandBits-1:0] weights_cmd_i,
    output logic                          weights_done_o,
    output logic                          weights_error_valid_o,
    output logic [                    7:0] weights_error_code_o,
    output logic                          weights_progress_o,
    output logic [                    5:0] weights_waiting_o,
    input  logic                          store_cmd_valid_i,
    output logic                          store_cmd_ready_o,
    input  logic [        CommandBits-1:0] store_cmd_i,
    output logic                          store_done_o,
    output logic                          store_error_valid_o,
    output logic [                    7:0] store_error_code_o,
    output logic                          store_progress_o,
    output logic [                    5:0] store_waiting_o,
    // Command fetch
    input  logic                          fetch_req_valid_i,
    output logic                          fetch_req_ready_o,
    input  memory_port_pkg::request_t     fetch_req_i,
    output logic                          fetch_rsp_valid_o,
    output memory_port_pkg::response_t    fetch_rsp_o,
    // Memory port
    output logic                          mem_req_valid_o,
    input  logic                          mem_req_ready_i,
    output memory_port_pkg::request_t     mem_req_o,
    output logic                          mem_wdata_valid_o,
    input  logic                          mem_wdata_ready_i,
    output memory_port_pkg::write_data_t  mem_wdata_o,
    input  logic                          mem_rsp_valid_i,
    output logic                          mem_rsp_ready_o,
    input  memory_port_pkg::response_t    mem_rsp_i,
    // Local buffer: writes, and reads that are answered a clock later
    output logic                          ld_valid_o,
    input  logic                          ld_ready_i,
    output logic [           AddrBits-1:0] ld_addr_o,
    output logic [                  511:0] ld_data_o,
    output logic                          st_valid_o,
    input  logic                          st_ready_i,
    output logic [           AddrBits-1:0] st_addr_o,
    input  logic                          st_rvalid_i,
    input  logic [                  511:0] st_rdata_i,
    // Stream to the weight buffers
    output logic                          wt_valid_o,
    input  logic                          wt_ready_i,
    output logic [                  511:0] wt_data_o,
    output logic [                    1:0] wt_section_o,
    // Counters
    output logic                          load_busy_o,
    output logic                          load_stall_memory_o,
    output logic                          load_stall_local_o,
    output logic                          load_words_o,
    output logic                          weights_busy_o,
    output logic                          weights_stall_memory_o,
    output logic                          weights_stall_full_o,
    output logic                          weights_words_o,
    output logic                          weights_local_o,
    output logic                          store_busy_o,
    output logic                          store_stall_memory_o,
    output logic                          store_stall_local_o,
    output logic                          store_words_o
);

  logic load_req_valid, load_req_ready, load_rsp_valid, load_rsp_ready;
  memory_port_pkg::request_t load_req;
  memory_port_pkg::response_t load_rsp;
  logic weights_req_valid, weights_req_ready, weights_rsp_valid, weights_rsp_ready;
  memory_port_pkg::request_t weights_req;
  memory_port_pkg::response_t weights_rsp;
  logic store_req_valid, store_req_ready, store_rsp_valid, store_rsp_ready;
  memory_port_pkg::request_t store_req;
  memory_port_pkg::response_t store_rsp;
  logic store_wdata_valid, store_wdata_ready;
  memory_port_pkg::write_data_t store_wdata;

  // ---- Memory port ----
  memory_port_mux u_memory_port (
      .clk_i,
      .rst_ni,
      .fetch_req_valid_i,
      .fetch_req_ready_o,
      .fetch_req_i,
      .fetch_rsp_valid_o,
      .fetch_rsp_o,
      .load_req_valid_i   (load_req_valid),
      .load_req_ready_o   (load_req_ready),
      .load_req_i         (load_req),
      .load_rsp_valid_o   (load_rsp_valid),
      .load_rsp_ready_i   (load_rsp_ready),
      .load_rsp_o         (load_rsp),
      .weights_req_valid_i(weights_req_valid),
      .weights_req_ready_o(weights_req_ready),
      .weights_req_i      (weights_req),
      .weights_rsp_valid_o(weights_rsp_valid),
      .weights_rsp_ready_i(weights_rsp_ready),
      .weights_rsp_o      (weights_rsp),
      .store_req_valid_i  (store_req_valid),
      .store_req_ready_o  (store_req_ready),
      .store_req_i        (store_req),
      .store_wdata_valid_i(store_wdata_valid),
      .store_wdata_ready_o(store_wdata_ready),
      .store_wdata_i      (store_wdata),
      .store_rsp_valid_o  (store_rsp_valid),
      .store_rsp_ready_i  (store_rsp_ready),
      .store_rsp_o        (store_rsp),
      .mem_req_valid_o,
      .mem_req_ready_i,
      .mem_req_o,
      .mem_wdata_valid_o,
      .mem_wdata_ready_i,
      .mem_wdata_o,
      .mem_rsp_valid_i,
      .mem_rsp_ready_o,
      .mem_rsp_i,
      .mem_idle_o
  );

  // ---- Load ----
  load_dma u_load (
      .clk_i,
      .rst_ni(engine_rst_ni),
      .cmd_valid_i        (load_cmd_valid_i),
      .cmd_ready_o        (load_cmd_ready_o),
      .cmd_i              (load_cmd_i),
      .done_o             (load_done_o),
      .error_valid_o      (load_error_valid_o),
      .error_code_o       (load_error_code_o),
      .progress_o         (load_progress_o),
      .waiting_o          (load_waiting_o),
      .flush_i,
      .req_valid_o        (load_req_valid),
      .req_ready_i        (load_req_ready),
      .req_o              (load_req),
      .rsp_valid_i        (load_rsp_valid),
      .rsp_ready_o        (load_rsp_ready),
      .rsp_i              (load_rsp),
      .ld_valid_o,
      .ld_ready_i,
      .ld_addr_o,
      .ld_data_o,
      .load_busy_o,
      .load_stall_memory_o,
      .load_stall_local_o,
      .load_words_o
  );

  // ---- Weights ----
  // Requests and responses of the weight DMA, and words as they leave it
  logic word_req_valid, word_req_ready, word_req_local, local_busy, word_rsp_valid, word_rsp_ready;
  memory_port_pkg::request_t word_req;
  memory_port_pkg::response_t word_rsp;
  logic word_valid, word_ready, word_last;
  logic [511:0] word_data;
  logic [1:0] word_section;
  dense_operand_pkg::mode_t word_mode;
  // Reads of the store DMA
  logic read_valid, read_ready, read_rvalid;
  logic [AddrBits-1:0] read_addr;
  logic [511:0] read_rdata;

  weight_dma u_weights (
      .clk_i,
      .rst_ni(engine_rst_ni),
      .cmd_valid_i           (weights_cmd_valid_i),
      .cmd_ready_o           (weights_cmd_ready_o),
      .cmd_i                 (weights_cmd_i),
      .done_o                (weights_done_o),
      .error_valid_o         (weights_error_valid_o),
      .error_code_o          (weights_error_code_o),
      .progress_o            (weights_progress_o),
      .waiting_o             (weights_waiting_o),
      .flush_i,
      .req_valid_o           (word_req_valid),
      .req_ready_i           (word_req_ready),
      .req_o                 (word_req),
      .req_local_o           (word_req_local),
      .local_busy_i          (local_busy),
      .rsp_valid_i           (word_rsp_valid),
      .rsp_ready_o           (word_rsp_ready),
      .rsp_i                 (word_rsp),
      .wt_valid_o            (word_valid),
      .wt_ready_i            (word_ready),
      .wt_data_o             (word_data),
      .wt_section_o          (word_section),
      .wt_mode_o             (word_mode),
      .wt_last_o             (word_last),
      .weights_busy_o,
      .weights_stall_memory_o,
      .weights_stall_full_o,
      .weights_words_o,
      .weights_local_o
  );

  local_reads u_local_reads (
      .clk_i,
      .rst_ni(engine_rst_ni),
      .req_valid_i    (word_req_valid),
      .req_ready_o    (word_req_ready),
      .req_i          (word_req),
      .req_local_i    (word_req_local),
      .rsp_valid_o    (word_rsp_valid),
      .rsp_ready_i    (word_rsp_ready),
      .rsp_o          (word_rsp),
      .busy_o         (local_busy),
      .mem_req_valid_o(weights_req_valid),
      .mem_req_ready_i(weights_req_ready),
      .mem_req_o      (weights_req),
      .mem_rsp_valid_i(weights_rsp_valid),
      .mem_rsp_ready_o(weights_rsp_ready),
      .mem_rsp_i      (weights_rsp),
      .store_valid_i  (read_valid),
      .store_ready_o  (read_ready),
      .store_addr_i   (read_addr),
      .store_rvalid_o (read_rvalid),
      .store_rdata_o  (read_rdata),
      .st_valid_o,
      .st_ready_i,
      .st_addr_o,
      .st_rvalid_i,
      .st_rdata_i
  );

  dense_operand u_dense_operand (
      .clk_i,
      .rst_ni(engine_rst_ni),
      .word_valid_i  (word_valid),
      .word_ready_o  (word_ready),
      .word_data_i   (word_data),
      .word_section_i(word_section),
      .word_mode_i   (word_mode),
      .word_last_i   (word_last),
      .wt_valid_o,
      .wt_ready_i,
      .wt_data_o,
      .wt_section_o
  );

  // ---- Store ----
  store_dma u_store (
      .clk_i,
      .rst_ni(engine_rst_ni),
      .cmd_valid_i         (store_cmd_valid_i),
      .cmd_ready_o         (store_cmd_ready_o),
      .cmd_i               (store_cmd_i),
      .done_o              (store_done_o),
      .error_valid_o       (store_error_valid_o),
      .error_code_o        (store_error_code_o),
      .progress_o          (store_progress_o),
      .waiting_o           (store_waiting_o),
      .flush_i,
      .st_valid_o          (read_valid),
      .st_ready_i          (read_ready),
      .st_addr_o           (read_addr),
      .st_rvalid_i         (read_rvalid),
      .st_rdata_i          (read_rdata),
      .req_valid_o         (store_req_valid),
      .req_ready_i         (store_req_ready),
      .req_o               (store_req),
      .wdata_valid_o       (store_wdata_valid),
      .wdata_ready_i       (store_wdata_ready),
      .wdata_o             (store_wdata),
      .rsp_valid_i         (store_rsp_valid),
      .rsp_ready_o         (store_rsp_ready),
      .rsp_i               (store_rsp),
      .store_busy_o,
      .store_stall_memory_o,
      .store_stall_local_o,
      .store_words_o
  );

endmodule
