/// Store DMA: copies four-dimensional boxes of 64 B words from the local buffer to memory.
/// 64 B per clock; a burst is requested when its first word is about to be read, its words follow
/// two clocks after their reads. Up to Slots bursts wait for their acknowledge, in any order; the
/// bursts of up to four commands overlap. done_o keeps the order of commands and comes after all
/// writes of the command were acknowledged. Acknowledges are always accepted.
/// flush_i: no new burst, no new command; a burst that was begun is completed.
/// Model: sim/dma/store_dma.hpp
`include "assert.svh"

module store_dma #(
    parameter int unsigned Slots = config_pkg::StoreSlots  // bursts in flight, 2..64
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    // Commands
    input  logic                                  cmd_valid_i,
    output logic                                  cmd_ready_o,
    input  logic [commands_pkg::CommandBits-1:0]  cmd_i,
    output logic                                  done_o,
    output logic                                  error_valid_o,
    output logic [7:0]                            error_code_o,
    output logic                                  progress_o,
    output logic [5:0]                            waiting_o,
    input  logic                                  flush_i,
    // Local buffer, read: the word comes exactly one clock after the handshake
    output logic                                  st_valid_o,
    input  logic                                  st_ready_i,
    output logic [config_pkg::LocalAddrWidth-1:0] st_addr_o,
    input  logic                                  st_rvalid_i,
    input  logic [memory_port_pkg::BeatBits-1:0]  st_rdata_i,
    // Memory port, write client
    output logic                                  req_valid_o,
    input  logic                                  req_ready_i,
    output memory_port_pkg::request_t             req_o,
    output logic                                  wdata_valid_o,
    input  logic                                  wdata_ready_i,
    output memory_port_pkg::write_data_t          wdata_o,
    input  logic                                  rsp_valid_i,
    output logic                                  rsp_ready_o,
    input  memory_port_pkg::response_t            rsp_i,
    // Counters
    output logic                                  store_busy_o,
    output logic                                  store_stall_memory_o,
    output logic                                  store_stall_local_o,
    output logic                                  store_words_o
);

  localparam int unsigned SlotBits = $clog2(Slots);
  localparam int unsigned LocalBits = config_pkg::LocalAddrWidth;
  localparam int unsigned BeatBits = memory_port_pkg::BeatBits;
  localparam int unsigned Commands = 4;
  localparam int unsigned IdBits = $clog2(Commands);
  // Words between local buffer and port: one being read, one arriving, and room for a stall.
  localparam int unsigned DataDepth = 4;
  localparam int unsigned ReservedBits = $clog2(DataDepth + 1);

  `S4_CHECK_PARAM(gen_check_slots, Slots >= 2 && SlotBits <= memory_port_pkg::SlotWidth)

  // ---- Commands ----
  logic start, generator_ready, tracker_ready;
  logic [IdBits-1:0] start_id, issue_id_q;

  assign cmd_ready_o = generator_ready && tracker_ready && !flush_i;
  assign start       = cmd_valid_i && cmd_ready_o;
  always_ff @(posedge clk_i) if (start) issue_id_q <= start_id;

  // ---- Bursts: request and reader start together ----
  logic burst_valid, burst_last, issue;
  logic [memory_port_pkg::AddrWidth-1:0] burst_addr;
  logic [3:0] burst_len;
  logic [LocalBits-1:0] burst_local;
  logic slot_valid, req_valid_q, reader_free, ack;
  logic [SlotBits-1:0] slot, rsp_slot;
  memory_port_pkg::request_t req_q, req_d;

  address_generator u_generator (
      .clk_i,
      .rst_ni,
      .start_valid_i(start),
      .start_ready_o(generator_ready),
      .start_command_i(cmd_i),
      .burst_valid_o(burst_valid),
      .burst_ready_i(issue),
      .burst_addr_o(burst_addr),
      .burst_len_o(burst_len),
      .burst_local_o(burst_local),
      .burst_last_o(burst_last)
  );

  slot_allocator #(
      .Slots(Slots)
  ) u_slots (
      .clk_i,
      .rst_ni,
      .valid_o(slot_valid),
      .slot_o(slot),
      .take_i(issue),
      .return_i(ack),
      .return_slot_i(rsp_slot)
  );

  assign issue = burst_valid && slot_valid && reader_free && !flush_i &&
                 (!req_valid_q || req_ready_i);

  always_comb begin
    req_d       = '0;
    req_d.write = 1'b1;
    req_d.addr  = burst_addr;
    req_d.len   = burst_len;
    req_d.tag   = {memory_port_pkg::ClientStore, memory_port_pkg::SlotWidth'(slot)};
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) req_valid_q <= 1'b0;
    else if (issue) req_valid_q <= 1'b1;
    else if (req_ready_i) req_valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) if (issue) req_q <= req_d;
  assign req_valid_o = req_valid_q;
  assign req_o       = req_q;

  // ---- Reader of the local buffer ----
  logic reading_q, read, read_last, arriving_last_q, write;
  logic [LocalBits-1:0] read_addr_q;
  logic [3:0] read_left_q;
  logic [ReservedBits-1:0] reserved_q;  // words read and not yet sent

  assign st_valid_o  = reading_q && reserved_q != ReservedBits'(DataDepth);
  assign st_addr_o   = read_addr_q;
  assign read        = st_valid_o && st_ready_i;
  assign read_last   = read_left_q == '0;
  assign reader_free = !reading_q || (read && read_last);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reading_q  <= 1'b0;
      reserved_q <= '0;
    end else begin
      if (issue) reading_q <= 1'b1;
      else if (read && read_last) reading_q <= 1'b0;
      if (read && !write) reserved_q <= reserved_q + ReservedBits'(1);
      if (write && !read) reserved_q <= reserved_q - ReservedBits'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (issue) begin
      read_addr_q <= burst_local;
      read_left_q <= burst_len;
    end else if (read) begin
      read_addr_q <= read_addr_q + LocalBits'(1);
      read_left_q <= read_left_q - 4'd1;
    end
    if (read) arriving_last_q <= read_last;
  end

  // ---- Write data ----
  logic data_valid, data_ready, data_last;
  logic [BeatBits-1:0] data;
  logic [$clog2(DataDepth+1)-1:0] unused_data_count;

  fifo #(
      .Width(BeatBits + 1),
      .Depth(DataDepth)
  ) u_data (
      .clk_i,
      .rst_ni,
      .flush_i(1'b0),
      .in_valid_i(st_rvalid_i),
      .in_ready_o(data_ready),
      .in_data_i({arriving_last_q, st_rdata_i}),
      .out_valid_o(data_valid),
      .out_ready_i(wdata_ready_i),
      .out_data_o({data_last, data}),
      .count_o(unused_data_count)
  );
  assign wdata_valid_o = data_valid;
  assign write         = wdata_valid_o && wdata_ready_i;
  always_comb begin
    wdata_o.data   = data;
    wdata_o.strobe = '1;
    wdata_o.last   = data_last;
  end

  // ---- Acknowledges and completion ----
  logic [IdBits-1:0] slot_id[0:Slots-1];
  logic [IdBits-1:0] ack_id;
  logic bursts_waiting;

  assign rsp_ready_o = 1'b1;
  assign ack         = rsp_valid_i;
  assign rsp_slot    = rsp_i.tag[SlotBits-1:0];
  assign ack_id      = slot_id[rsp_slot];
  always_ff @(posedge clk_i) if (issue) slot_id[slot] <= issue_id_q;

  command_tracker #(
      .Commands(Commands),
      .Bursts(Slots)
  ) u_tracker (
      .clk_i,
      .rst_ni,
      .start_i(start),
      .start_ready_o(tracker_ready),
      .start_id_o(start_id),
      .issue_i(issue),
      .issue_id_i(issue_id_q),
      .issue_last_i(burst_last),
      .retire_i(ack),
      .retire_id_i(ack_id),
      .fail_i(ack && rsp_i.error != memory_port_pkg::ResponseErrorOk),
      .fail_id_i(ack_id),
      .done_o(done_o),
      .error_o(error_valid_o),
      .busy_o(store_busy_o),
      .waiting_o(bursts_waiting)
  );
  assign error_code_o = commands_pkg::ErrorMemoryResponse;

  // ---- Observation ----
  assign store_stall_memory_o = wdata_valid_o && !wdata_ready_i;
  assign store_stall_local_o  = st_valid_o && !st_ready_i;
  assign store_words_o        = write;
  assign progress_o           = start || issue || read || write || ack || done_o ||
                                (req_valid_o && req_ready_i);
  always_comb begin
    waiting_o    = '0;
    waiting_o[1] = (req_valid_o && !req_ready_i) || store_stall_memory_o;
    waiting_o[2] = bursts_waiting && !req_valid_o && !reading_q && !wdata_valid_o && !rsp_valid_i;
    waiting_o[3] = store_stall_local_o;
  end

  logic unused_rsp;
  assign unused_rsp = ^{rsp_i, data_ready};

  // ---- Assertions ----
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, req_o)
  `S4_ASSERT_HELD(DataHeld, wdata_valid_o, wdata_ready_i, wdata_o)
  `S4_ASSERT_HELD(ReadHeld, st_valid_o, st_ready_i, st_addr_o)
  `S4_ASSERT(ReadAnswered, read |=> st_rvalid_i)
  `S4_ASSERT(NoOtherRead, !read |=> !st_rvalid_i)
  `S4_ASSERT(DataHasRoom, !st_rvalid_i || data_ready)
  `S4_ASSERT(AcknowledgesOnly, !rsp_valid_i || (rsp_i.write && rsp_i.last))

endmodule
