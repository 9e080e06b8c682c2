/// Load DMA: copies four-dimensional boxes of 64 B words from memory to the local buffer.
/// 64 B per clock on contiguous rows while the words in flight cover the latency. Up to Slots
/// bursts and MaxBeats words are in flight, answered in any order: long bursts need few slots, and
/// more would only fill the memory's queue before the other clients. The bursts of up to four
/// commands overlap; done_o keeps their order and comes after the last word was written. A burst is
/// requested two clocks after its command at the earliest; a response beat reaches the local buffer
/// after one clock. flush_i: no new request (one that is waiting still goes out), no new command;
/// responses are still taken. Model: sim/dma/load_dma.hpp
`include "assert.svh"

module load_dma #(
    parameter int unsigned Slots = config_pkg::LoadSlots  // bursts in flight, 2..64
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
    // Memory port, read client
    output logic                                  req_valid_o,
    input  logic                                  req_ready_i,
    output memory_port_pkg::request_t             req_o,
    input  logic                                  rsp_valid_i,
    output logic                                  rsp_ready_o,
    input  memory_port_pkg::response_t            rsp_i,
    // Local buffer, write
    output logic                                  ld_valid_o,
    input  logic                                  ld_ready_i,
    output logic [config_pkg::LocalAddrWidth-1:0] ld_addr_o,
    output logic [memory_port_pkg::BeatBits-1:0]  ld_data_o,
    // Counters
    output logic                                  load_busy_o,
    output logic                                  load_stall_memory_o,
    output logic                                  load_stall_local_o,
    output logic                                  load_words_o
);

  localparam int unsigned SlotBits = $clog2(Slots);
  localparam int unsigned LocalBits = config_pkg::LocalAddrWidth;
  localparam int unsigned Commands = 4;
  localparam int unsigned IdBits = $clog2(Commands);
  // Words asked for and not yet here; covers a latency of as many clocks.
  localparam int unsigned MaxBeats = 256;
  localparam int unsigned BeatCountBits = $clog2(MaxBeats + 1);

  `S4_CHECK_PARAM(gen_check_slots, Slots >= 2 && SlotBits <= memory_port_pkg::SlotWidth)

  // ---- Commands ----
  logic start, generator_ready, tracker_ready;
  logic [IdBits-1:0] start_id, issue_id_q;

  assign cmd_ready_o = generator_ready && tracker_ready && !flush_i;
  assign start       = cmd_valid_i && cmd_ready_o;
  always_ff @(posedge clk_i) if (start) issue_id_q <= start_id;

  // ---- Requests ----
  logic burst_valid, burst_last, issue;
  logic [memory_port_pkg::AddrWidth-1:0] burst_addr;
  logic [3:0] burst_len;
  logic [LocalBits-1:0] burst_local;
  logic slot_valid, req_valid_q;
  logic [SlotBits-1:0] slot, rsp_slot;
  logic take;
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
      .return_i(take && rsp_i.last),
      .return_slot_i(rsp_slot)
  );

  logic [BeatCountBits-1:0] beats_q, beats_asked, beats_come;
  logic beats_fit;

  assign beats_fit   = beats_q + BeatCountBits'(burst_len) < BeatCountBits'(MaxBeats);
  assign beats_asked = issue ? BeatCountBits'(burst_len) + BeatCountBits'(1) : '0;
  assign beats_come  = BeatCountBits'(take);
  assign issue       = burst_valid && slot_valid && beats_fit && !flush_i &&
                       (!req_valid_q || req_ready_i);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beats_q <= '0;
    else beats_q <= beats_q + beats_asked - beats_come;
  end

  always_comb begin
    req_d      = '0;
    req_d.addr = burst_addr;
    req_d.len  = burst_len;
    req_d.tag  = {memory_port_pkg::ClientLoad, memory_port_pkg::SlotWidth'(slot)};
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) req_valid_q <= 1'b0;
    else if (issue) req_valid_q <= 1'b1;
    else if (req_ready_i) req_valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) if (issue) req_q <= req_d;
  assign req_valid_o = req_valid_q;
  assign req_o       = req_q;

  // ---- Responses: every slot knows its command and the place of its next word ----
  logic [LocalBits-1:0] slot_local[0:Slots-1];
  logic [IdBits-1:0] slot_id[0:Slots-1];
  logic drain;
  logic word_valid_q, word_error_q, word_last_q;
  logic [IdBits-1:0] word_id_q;
  logic [LocalBits-1:0] word_addr_q;
  logic [memory_port_pkg::BeatBits-1:0] word_data_q;

  assign rsp_slot    = rsp_i.tag[SlotBits-1:0];
  assign drain       = word_valid_q && (word_error_q || ld_ready_i);
  assign rsp_ready_o = !word_valid_q || drain;
  assign take        = rsp_valid_i && rsp_ready_o;

  always_ff @(posedge clk_i) begin
    if (issue) begin
      slot_local[slot] <= burst_local;
      slot_id[slot]    <= issue_id_q;
    end
    if (take) slot_local[rsp_slot] <= slot_local[rsp_slot] + LocalBits'(1);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) word_valid_q <= 1'b0;
    else if (take) word_valid_q <= 1'b1;
    else if (drain) word_valid_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (take) begin
      word_error_q <= rsp_i.error != memory_port_pkg::ResponseErrorOk;
      word_last_q  <= rsp_i.last;
      word_id_q    <= slot_id[rsp_slot];
      word_addr_q  <= slot_local[rsp_slot];
      word_data_q  <= rsp_i.data;
    end
  end
  assign ld_valid_o = word_valid_q && !word_error_q;
  assign ld_addr_o  = word_addr_q;
  assign ld_data_o  = word_data_q;

  // ---- Completion ----
  logic bursts_waiting;

  command_tracker #(
      .Commands(Commands),
      .Bursts(Slots + 1)
  ) u_tracker (
      .clk_i,
      .rst_ni,
      .start_i(start),
      .start_ready_o(tracker_ready),
      .start_id_o(start_id),
      .issue_i(issue),
      .issue_id_i(issue_id_q),
      .issue_last_i(burst_last),
      .retire_i(drain && word_last_q),
      .retire_id_i(word_id_q),
      .fail_i(word_valid_q && word_error_q),
      .fail_id_i(word_id_q),
      .done_o(done_o),
      .error_o(error_valid_o),
      .busy_o(load_busy_o),
      .waiting_o(bursts_waiting)
  );
  assign error_code_o = commands_pkg::ErrorMemoryResponse;

  // ---- Observation ----
  assign load_stall_memory_o = load_busy_o && !rsp_valid_i;
  assign load_stall_local_o  = ld_valid_o && !ld_ready_i;
  assign load_words_o        = ld_valid_o && ld_ready_i;
  assign progress_o          = start || issue || take || drain || done_o ||
                               (req_valid_o && req_ready_i);
  always_comb begin
    waiting_o    = '0;
    waiting_o[1] = req_valid_o && !req_ready_i;
    waiting_o[2] = bursts_waiting && !req_valid_o && !rsp_valid_i && !word_valid_q;
    waiting_o[3] = load_stall_local_o;
  end

  logic unused_rsp;
  assign unused_rsp = ^{rsp_i.tag, rsp_i.write};

  // ---- Assertions ----
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, req_o)
  `S4_ASSERT_HELD(WriteHeld, ld_valid_o, ld_ready_i, {ld_addr_o, ld_data_o})
  `S4_ASSERT(BeatsInRange, beats_q <= BeatCountBits'(MaxBeats))
  `S4_ASSERT(ReadsOnly, !rsp_valid_i || !rsp_i.write)

endmodule
