/// The reads of a channel, from their place in the queue to their answer: queue, what they wait
/// for, their data. Accesses and rows are offered in candidate_o; the command that was chosen comes
/// back one clock later. Model: tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_reads #(
    parameter int unsigned Depth = 64,  // entries, 2..64
    parameter int unsigned WriteDepth = 64,  // entries of the write queue
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned AnswerDepth = 16,  // beats of the answer queue, >= 4
    parameter int unsigned Epoch = 2048,  // clocks, as memory_queue
    localparam int unsigned WriteSlotWidth = $clog2(WriteDepth),
    localparam int unsigned TimeWidth = lpddr4_pkg::LatencyWidth
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // Requests: search, insertion, a refused one
    input  logic                              lookup_i,
    input  lpddr4_pkg::request_t              request_i,
    input  logic [              TagWidth-1:0] tag_i,
    output logic                              match_o,
    output logic                              room_o,
    input  logic                              insert_i,
    input  logic                              row_open_i,
    input  logic                              refuse_i,
    input  logic                              refuse_two_i,
    output logic                              refuse_ready_o,
    // Waits for a write; writes that leave their queue
    input  logic                              blocked_i,
    input  logic [        WriteSlotWidth-1:0] blocker_i,
    input  logic [                       1:0] written_i,
    input  logic [      2*WriteSlotWidth-1:0] written_slot_i,
    // Scheduling: an access of this queue is issued; the command of the clock before
    input  logic [   memory_pkg::NumBanks-1:0] access_ready_i,
    input  logic [   memory_pkg::NumBanks-1:0] activate_ready_i,
    output memory_pkg::candidate_t            candidate_o,
    output memory_pkg::demand_t               demand_o,
    output logic                              data_room_o,
    input  logic                              issued_i,
    input  lpddr4_pkg::command_word_t         command_i,
    // Pins
    output logic [                       1:0] rddata_en_o,
    input  logic [                      63:0] rddata_i,
    input  logic [                       1:0] rddata_valid_i,
    // Answers
    output logic                              rsp_valid_o,
    input  logic                              rsp_ready_i,
    output logic [              TagWidth-1:0] rsp_tag_o,
    output logic [                     255:0] rsp_data_o,
    output logic                              rsp_last_o,
    output logic                              rsp_error_o,
    // Events: the last beat of a read came, clocks since its insertion; a beat that came wrong
    output logic                              answered_o,
    output logic [             TimeWidth-1:0] latency_o,
    output logic                              wrong_o,
    output logic [memory_pkg::CountWidth-1:0] count_o
);

  localparam int unsigned StampWidth = TagWidth + TimeWidth;  // a tag and the clock of its entry
  localparam int unsigned SlotWidth = $clog2(Depth);
  localparam int unsigned CountWidth = $clog2(Depth + 1);

  `S4_CHECK_PARAM(gen_check_answers, AnswerDepth >= 4)

  // ---- Queue ----
  logic [SlotWidth-1:0] free_slot, slot, slot_q;
  logic [StampWidth-1:0] stamp, stamp_q;
  logic [TimeWidth-1:0] now_q;
  logic [Depth-1:0] waiting;
  logic [CountWidth-1:0] count;
  logic burst_q, half_q, last_q;
  memory_pkg::candidate_t candidate;
  logic [SlotWidth-1:0] unused_match;
  logic [2*SlotWidth-1:0] unused_removed_slot;
  logic [1:0] unused_removed;
  logic unused_pending;

  memory_waits #(
      .Depth     (Depth),
      .WriteDepth(WriteDepth)
  ) u_waits (
      .clk_i,
      .rst_ni,
      .insert_i,
      .slot_i        (free_slot),
      .blocked_i,
      .blocker_i,
      .removed_i     (written_i),
      .removed_slot_i(written_slot_i),
      .waiting_o     (waiting)
  );

  memory_queue #(
      .Depth   (Depth),
      .TagWidth(StampWidth),
      .IsWrite (1'b0),
      .Epoch   (Epoch)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .lookup_i,
      .request_i,
      .match_o,
      .match_slot_o    (unused_match),
      .room_o,
      .free_slot_o     (free_slot),
      .insert_i,
      .merge_i         (1'b0),
      .row_open_i,
      .tag_i           ({now_q, tag_i}),
      .pending_o       (unused_pending),
      .waiting_i       (waiting),
      .data_i          (1'b0),
      .data_slot_i     ('0),
      .data_half_i     (1'b0),
      .data_any_i      (1'b0),
      .data_full_i     (1'b0),
      .removed_o       (unused_removed),
      .removed_slot_o  (unused_removed_slot),
      .release_i       (1'b0),
      .release_slot_i  ('0),
      .access_ready_i,
      .masked_ready_i  ('0),
      .activate_ready_i,
      .command_i,
      .mine_i          (burst_q),
      .mine_slot_i     (slot_q),
      .mine_half_i     (half_q),
      .candidate_o     (candidate),
      .demand_o,
      .access_slot_o   (slot),
      .access_tag_o    (stamp),
      .count_o         (count)
  );
  assign candidate_o = candidate;
  assign count_o     = memory_pkg::CountWidth'(count);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      now_q   <= '0;
      burst_q <= 1'b0;
      half_q  <= 1'b0;
      last_q  <= 1'b0;
      slot_q  <= '0;
      stamp_q <= '0;
    end else begin
      now_q   <= now_q + TimeWidth'(1);
      burst_q <= issued_i;
      half_q  <= candidate.access_burst[0];
      last_q  <= candidate.access_last;
      slot_q  <= slot;
      stamp_q <= stamp;
    end
  end

  // ---- Data ----
  lpddr4_pkg::command_word_t command;
  assign command = command_i;
  logic unused_command;
  assign unused_command = ^command;
  logic [StampWidth-1:0] answer_stamp;
  logic answer, answer_last, answer_wrong, unused_stamp;
  assign unused_stamp = ^answer_stamp[TagWidth-1:0];

  memory_read_data #(
      .Depth     (AnswerDepth),
      .TagWidth  (TagWidth),
      .StampWidth(StampWidth)
  ) u_data (
      .clk_i,
      .rst_ni,
      .room_o        (data_room_o),
      .issued_i,
      .burst_i       (burst_q),
      .burst_phase_i (command.phase),
      .burst_last_i  (last_q),
      .burst_stamp_i (stamp_q),
      .refuse_i,
      .refuse_two_i,
      .refuse_tag_i  (tag_i),
      .refuse_ready_o,
      .rddata_en_o,
      .rddata_i,
      .rddata_valid_i,
      .answer_o      (answer),
      .answer_stamp_o(answer_stamp),
      .answer_last_o (answer_last),
      .answer_wrong_o(answer_wrong),
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o
  );
  assign answered_o = answer && answer_last;
  assign latency_o  = now_q - answer_stamp[TagWidth+:TimeWidth];
  assign wrong_o    = answer && answer_wrong;

endmodule
