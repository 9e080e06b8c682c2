/// Weight DMA: brings the weight stream of a command from memory to the weight buffers, in order.
/// 64 B per clock while Slots * 16 words cover the latency: bursts are answered in any order into
/// an SRAM of Slots bursts and leave it word by word in the order of the stream, each word with the
/// section it belongs to (0 parameters, 1 indices, 2 values). A word leaves two clocks after its
/// response beat at the earliest. Responses are always accepted: a burst is requested only when its
/// slot is free. Bursts of an operand in the local buffer are requests like others, marked by
/// req_local_o: local_reads answers them. Commands overlap; done_o comes the clock after the last
/// word was taken.
/// An error stops the stream in the burst that failed, before the word that failed; error_valid_o
/// comes once all words before it were taken.
/// flush_i: no new request (one that is waiting still goes out), no new command.
/// Model: sim/dma/weight_dma.hpp
`include "assert.svh"

module weight_dma #(
    parameter int unsigned Slots = config_pkg::WeightSlots  // bursts in flight, power of two 2..64
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    // Commands
    input  logic                                 cmd_valid_i,
    output logic                                 cmd_ready_o,
    input  logic [commands_pkg::CommandBits-1:0] cmd_i,
    output logic                                 done_o,
    output logic                                 error_valid_o,
    output logic [7:0]                           error_code_o,
    output logic                                 progress_o,
    output logic [5:0]                           waiting_o,
    input  logic                                 flush_i,
    // Memory port, read client
    output logic                                 req_valid_o,
    input  logic                                 req_ready_i,
    output memory_port_pkg::request_t            req_o,
    output logic                                 req_local_o,  // addr is one of the local buffer
    input  logic                                 local_busy_i,  // local_reads has a burst
    input  logic                                 rsp_valid_i,
    output logic                                 rsp_ready_o,
    input  memory_port_pkg::response_t           rsp_i,
    // Stream to the weight buffers
    output logic                                 wt_valid_o,
    input  logic                                 wt_ready_i,
    output logic [memory_port_pkg::BeatBits-1:0] wt_data_o,
    output logic [1:0]                           wt_section_o,
    output dense_operand_pkg::mode_t             wt_mode_o,  // of value words
    output logic                                 wt_last_o,  // of the command
    // Counters
    output logic                                 weights_busy_o,
    output logic                                 weights_stall_memory_o,
    output logic                                 weights_stall_full_o,
    output logic                                 weights_words_o,
    output logic                                 weights_local_o
);

  localparam int unsigned SlotBits = $clog2(Slots);
  localparam int unsigned Commands = 4;  // commands whose words are on the way
  localparam int unsigned ModeBits = 41;  // of dense_operand_pkg::mode_t
  localparam int unsigned BusyBits = $clog2(Commands + 3);

  `S4_CHECK_PARAM(gen_check_slots,
                  Slots >= 2 && (1 << SlotBits) == Slots &&
                  SlotBits <= memory_port_pkg::SlotWidth)

  // ---- Commands: to the requests, and to the sections of the words they bring ----
  logic start, requests_ready, sections_ready;
  commands_pkg::weights_command_t command;

  assign command     = cmd_i;
  assign cmd_ready_o = requests_ready && sections_ready && !flush_i;
  assign start       = cmd_valid_i && cmd_ready_o;

  // ---- Requests: slots in circular order ----
  logic burst_valid, burst_local, issue, req_valid_q, req_local_q, free_slot;
  logic [memory_port_pkg::AddrWidth-1:0] burst_addr;
  logic [3:0] burst_len;
  logic [SlotBits-1:0] next_q, head_q;
  logic [SlotBits:0] used_q;
  memory_port_pkg::request_t req_q, req_d;

  weight_requests u_requests (
      .clk_i,
      .rst_ni,
      .start_valid_i(start),
      .start_ready_o(requests_ready),
      .start_command_i(command),
      .burst_valid_o(burst_valid),
      .burst_ready_i(issue),
      .burst_addr_o(burst_addr),
      .burst_len_o(burst_len),
      .burst_local_o(burst_local)
  );

  assign issue = burst_valid && !used_q[SlotBits] && !flush_i && (!req_valid_q || req_ready_i);

  always_comb begin
    req_d      = '0;
    req_d.addr = burst_addr;
    req_d.len  = burst_len;
    req_d.tag  = {memory_port_pkg::ClientWeights, memory_port_pkg::SlotWidth'(next_q)};
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      req_valid_q <= 1'b0;
      next_q      <= '0;
      head_q      <= '0;
      used_q      <= '0;
    end else begin
      if (issue) req_valid_q <= 1'b1;
      else if (req_ready_i) req_valid_q <= 1'b0;
      if (issue) next_q <= next_q + SlotBits'(1);
      if (free_slot) head_q <= head_q + SlotBits'(1);
      if (issue && !free_slot) used_q <= used_q + (SlotBits + 1)'(1);
      if (free_slot && !issue) used_q <= used_q - (SlotBits + 1)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (issue) begin
      req_q       <= req_d;
      req_local_q <= burst_local;
    end
  end
  assign req_valid_o = req_valid_q;
  assign req_o       = req_q;
  assign req_local_o = req_local_q;

  // ---- Responses: into the place of their slot ----
  logic [4:0] slot_beats[0:Slots-1];  // beats that have arrived
  logic [3:0] slot_len[0:Slots-1];
  logic [Slots-1:0] slot_failed_q;
  logic [SlotBits-1:0] rsp_slot;
  logic [4:0] rsp_beat;
  logic rsp_failed, rsp_last;

  assign rsp_ready_o = 1'b1;
  assign rsp_slot    = rsp_i.tag[SlotBits-1:0];
  assign rsp_beat    = slot_beats[rsp_slot];
  assign rsp_last    = rsp_beat == 5'(slot_len[rsp_slot]);
  assign rsp_failed  = rsp_i.error != memory_port_pkg::ResponseErrorOk;

  always_ff @(posedge clk_i) begin
    if (issue) begin
      slot_beats[next_q] <= '0;
      slot_len[next_q]   <= burst_len;
    end
    if (rsp_valid_i) slot_beats[rsp_slot] <= rsp_beat + 5'd1;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) slot_failed_q <= '0;
    else begin
      if (issue) slot_failed_q[next_q] <= 1'b0;
      if (rsp_valid_i && rsp_failed) slot_failed_q[rsp_slot] <= 1'b1;
    end
  end

  // ---- Stream: the oldest slot, word by word ----
  logic word_there, read, section_valid, section_last;
  logic [1:0] section;
  logic [3:0] beat_q;
  logic out_valid_q, out_last_q, done_q;
  logic [1:0] out_section_q;

  assign word_there = used_q != '0 && slot_beats[head_q] > 5'(beat_q) && !slot_failed_q[head_q];
  assign read       = word_there && section_valid && (!out_valid_q || wt_ready_i);
  assign free_slot  = read && beat_q == slot_len[head_q];

  sram_1r1w #(
      .Width(memory_port_pkg::BeatBits),
      .Depth(Slots * memory_port_pkg::MaxBurst)
  ) u_words (
      .clk_i,
      .we_i(rsp_valid_i),
      .waddr_i({rsp_slot, rsp_beat[3:0]}),
      .wmask_i(1'b1),
      .wdata_i(rsp_i.data),
      .re_i(read),
      .raddr_i({head_q, beat_q}),
      .rdata_o(wt_data_o)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q      <= '0;
      out_valid_q <= 1'b0;
      done_q      <= 1'b0;
    end else begin
      if (free_slot) beat_q <= '0;
      else if (read) beat_q <= beat_q + 4'd1;
      if (read) out_valid_q <= 1'b1;
      else if (wt_ready_i) out_valid_q <= 1'b0;
      done_q <= wt_valid_o && wt_ready_i && out_last_q;
    end
  end
  always_ff @(posedge clk_i) begin
    if (read) begin
      out_section_q <= section;
      out_last_q    <= section_last;
      out_mode_q    <= mode_q;
      out_local_q   <= local_q;
    end
    if (queued_valid && queued_ready) begin
      mode_q  <= queued_mode;
      local_q <= queued_local;
    end
  end
  assign wt_valid_o   = out_valid_q;
  assign wt_section_o = out_section_q;
  assign wt_mode_o    = out_mode_q;
  assign wt_last_o    = out_last_q;

  // ---- Sections ----
  logic queued_valid, queued_ready, queued_local, local_q, out_local_q;
  logic [15:0] queued_param, queued_count;
  dense_operand_pkg::mode_t queued_mode, mode_q, out_mode_q;
  logic [23:0] queued_index, queued_value;
  logic [$clog2(Commands+1)-1:0] unused_queued;

  fifo #(
      .Width(81 + ModeBits),
      .Depth(Commands)
  ) u_commands (
      .clk_i,
      .rst_ni,
      .flush_i(1'b0),
      .in_valid_i(start),
      .in_ready_o(sections_ready),
      .in_data_i({command.param_words, command.index_words, command.value_words, command.count,
                  command.dense, command.transposed, command.wide, command.flip, command.lanes,
                  command.slice, command.first_row, command.end_row, command.from_local}),
      .out_valid_o(queued_valid),
      .out_ready_i(queued_ready),
      .out_data_o({queued_param, queued_index, queued_value, queued_count, queued_mode,
                   queued_local}),
      .count_o(unused_queued)
  );
  weight_sections u_sections (
      .clk_i,
      .rst_ni,
      .cmd_valid_i(queued_valid),
      .cmd_ready_o(queued_ready),
      .cmd_param_words_i(queued_param),
      .cmd_index_words_i(queued_index),
      .cmd_value_words_i(queued_value),
      .cmd_count_i(queued_count),
      .valid_o(section_valid),
      .section_o(section),
      .last_o(section_last),
      .advance_i(read)
  );

  // ---- Completion ----
  logic [BusyBits-1:0] commands_q;  // started and not done

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) commands_q <= '0;
    else if (start && !done_o) commands_q <= commands_q + BusyBits'(1);
    else if (done_o && !start) commands_q <= commands_q - BusyBits'(1);
  end
  assign done_o        = done_q;
  assign error_valid_o = used_q != '0 && slot_failed_q[head_q] && !out_valid_q && !done_q;
  assign error_code_o  = commands_pkg::ErrorMemoryResponse;

  // ---- Observation ----
  assign weights_busy_o         = commands_q != '0;
  assign weights_stall_full_o   = wt_valid_o && !wt_ready_i;
  assign weights_stall_memory_o = weights_busy_o && !rsp_valid_i && !weights_stall_full_o;
  assign weights_words_o        = wt_valid_o && wt_ready_i && !out_local_q;
  assign weights_local_o        = wt_valid_o && wt_ready_i && out_local_q;
  assign progress_o             = start || issue || rsp_valid_i || read ||
                                  (wt_valid_o && wt_ready_i) || (req_valid_o && req_ready_i);
  always_comb begin
    waiting_o    = '0;
    waiting_o[1] = req_valid_o && !req_ready_i && !req_local_q;
    waiting_o[2] = used_q != '0 && !word_there && !req_valid_o && !rsp_valid_i && !local_busy_i;
    waiting_o[3] = (req_valid_o && !req_ready_i && req_local_q) || local_busy_i;
    waiting_o[4] = weights_stall_full_o;
  end

  logic unused_inputs;
  assign unused_inputs = ^{rsp_i, rsp_last, command};

  // ---- Assertions ----
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, {req_o, req_local_o})
  `S4_ASSERT_HELD(StreamHeld, wt_valid_o, wt_ready_i,
                  {wt_data_o, wt_section_o, wt_mode_o, wt_last_o})
  `S4_ASSERT(ReadsOnly, !rsp_valid_i || !rsp_i.write)
  `S4_ASSERT(BeatHasPlace, !rsp_valid_i || !rsp_beat[4])
  `S4_ASSERT(LastBeatAtLength, !rsp_valid_i || rsp_i.last == rsp_last)

endmodule
