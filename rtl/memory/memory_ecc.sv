/// Inline error correction of a channel: stands between the client and memory_channel, keeps eight
/// check bits for every 64-bit word in the same page, corrects one wrong bit of a word and writes
/// it back, answers two with an error. Takes the client's requests as the channel does; seven
/// eighths of the memory are left. Page and code: memory_ecc_issue, memory_ecc_pkg. Model:
/// sim/memory/memory_code.hpp, tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_ecc #(
    parameter int unsigned Slots = 64,  // reads under way, 2..64
    parameter int unsigned Entries = 64,  // blocks of 256 bytes whose checks are cached, 4..64
    parameter int unsigned Merges = 8,  // partial writes under way, >= 2
    parameter int unsigned TagWidth = 8,  // bits of a client's tag, of a tag of the channel
    parameter int unsigned JobTagWidth = 8
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   enable_i,
    input  logic                   two_ranks_i,
    // Client
    input  logic                   req_valid_i,
    output logic                   req_ready_o,
    input  logic                   req_write_i,
    input  logic [           30:0] req_address_i,
    input  logic                   req_size_i,
    input  logic [   TagWidth-1:0] req_tag_i,
    input  logic                   wdata_valid_i,
    output logic                   wdata_ready_o,
    input  logic [          255:0] wdata_i,
    input  logic [           31:0] wstrb_i,
    output logic                   rsp_valid_o,
    input  logic                   rsp_ready_i,
    output logic [   TagWidth-1:0] rsp_tag_o,
    output logic [          255:0] rsp_data_o,
    output logic                   rsp_last_o,
    output logic                   rsp_error_o,
    output logic                   wack_valid_o,
    input  logic                   wack_ready_i,
    output logic [   TagWidth-1:0] wack_tag_o,
    output logic                   wack_error_o,
    // Channel; its acknowledges are not needed
    output logic                   job_valid_o,
    input  logic                   job_ready_i,
    output logic                   job_write_o,
    output logic [           30:0] job_address_o,
    output logic                   job_size_o,
    output logic [JobTagWidth-1:0] job_tag_o,
    output logic                   job_wdata_valid_o,
    input  logic                   job_wdata_ready_i,
    output logic [          255:0] job_wdata_o,
    output logic [           31:0] job_wstrb_o,
    input  logic                   answer_valid_i,
    output logic                   answer_ready_o,
    input  logic [JobTagWidth-1:0] answer_tag_i,
    input  logic [          255:0] answer_data_i,
    input  logic                   answer_last_i,
    input  logic                   answer_error_i,
    // Events of this clock
    output memory_pkg::correction_t correction_o
);

  localparam int unsigned SlotWidth = $clog2(Slots);
  localparam int unsigned EntryWidth = $clog2(Entries);
  localparam int unsigned MergeWidth = $clog2(Merges);
  localparam int unsigned LineWidth = lpddr4_pkg::EccBlockWidth + 2;

  `S4_CHECK_PARAM(gen_check_entries, Entries >= 4 && Slots >= 2)

  memory_pkg::correction_t correction;
  assign correction_o = correction;

  // ---- Front ----
  logic idle, lookup, match, match_merge, room, insert, reading, read;
  logic [LineWidth-1:0] line;
  logic [SlotWidth-1:0] free_slot;
  logic [EntryWidth-1:0] entry, read_entry, back_entry;
  logic [TagWidth-1:0] insert_tag;
  logic [MergeWidth-1:0] insert_number, release_number;
  logic [255:0] checks;
  logic [511:0] data;
  logic [63:0] strobes;
  logic release_merge, wipe_valid, wipe_hold, front_valid, front_ready;
  logic [JobTagWidth-1:0] front_tag;
  memory_ecc_pkg::found_t found;
  memory_ecc_pkg::use_t use_entry;
  memory_ecc_pkg::wipe_t wipe;
  memory_ecc_pkg::read_t insert_read;
  memory_ecc_pkg::job_t front;
  memory_ecc_pkg::back_t back;

  memory_ecc_front #(
      .SlotWidth  (SlotWidth),
      .EntryWidth (EntryWidth),
      .Merges     (Merges),
      .TagWidth   (TagWidth),
      .JobTagWidth(JobTagWidth)
  ) u_front (
      .clk_i,
      .rst_ni,
      .enable_i,
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
      .wack_valid_o,
      .wack_ready_i,
      .wack_tag_o,
      .wack_error_o,
      .idle_o          (idle),
      .lookup_o        (lookup),
      .line_o          (line),
      .match_i         (match),
      .match_merge_i   (match_merge),
      .room_i          (room),
      .free_slot_i     (free_slot),
      .found_i         (found),
      .entry_i         (entry),
      .insert_o        (insert),
      .insert_read_o   (insert_read),
      .insert_tag_o    (insert_tag),
      .insert_number_o (insert_number),
      .use_o           (use_entry),
      .data_o          (data),
      .strobes_o       (strobes),
      .release_merge_i (release_merge),
      .release_number_i(release_number),
      .wipe_i          (wipe),
      .wipe_checks_i   (checks),
      .wipe_ready_i    (!reading && !read),
      .wipe_o          (wipe_valid),
      .wipe_hold_o     (wipe_hold),
      .job_valid_o     (front_valid),
      .job_ready_i     (front_ready),
      .job_o           (front),
      .job_tag_o       (front_tag),
      .refused_o       (correction.refused),
      .merge_o         (correction.merged),
      .check_read_o    (correction.check_read),
      .check_write_o   (correction.check_written)
  );

  // ---- What comes from the channel: checks of an entry, or a burst of a slot ----
  logic answer_fill, fill_ready, back_valid, back_ready, back_done, release_entry;
  logic unused_answer_tag;
  assign answer_fill       = answer_valid_i && answer_tag_i[JobTagWidth-1];
  assign answer_ready_o    = !answer_tag_i[JobTagWidth-1] || fill_ready;
  assign unused_answer_tag = ^answer_tag_i;

  memory_ecc_answers #(
      .Slots   (Slots),
      .Entries (Entries),
      .Merges  (Merges),
      .TagWidth(TagWidth)
  ) u_answers (
      .clk_i,
      .rst_ni,
      .lookup_i        (lookup),
      .line_i          (line),
      .match_o         (match),
      .match_merge_o   (match_merge),
      .room_o          (room),
      .free_slot_o     (free_slot),
      .insert_i        (insert),
      .insert_read_i   (insert_read),
      .tag_i           (insert_tag),
      .entry_i         (entry),
      .merge_i         (correction.merged),
      .merge_number_i  (insert_number),
      .data_i          (data),
      .strobes_i       (strobes),
      .release_merge_o (release_merge),
      .release_number_o(release_number),
      .fill_i          (answer_fill && fill_ready),
      .fill_entry_i    (answer_tag_i[EntryWidth-1:0]),
      .burst_valid_i   (answer_valid_i && !answer_tag_i[JobTagWidth-1]),
      .burst_slot_i    (answer_tag_i[SlotWidth-1:0]),
      .burst_last_i    (answer_last_i),
      .burst_error_i   (answer_error_i),
      .burst_i         (answer_data_i),
      .read_o          (read),
      .read_entry_o    (read_entry),
      .read_hold_i     (wipe_hold),
      .reading_o       (reading),
      .checks_i        (checks),
      .back_done_o     (back_done),
      .back_entry_o    (back_entry),
      .release_entry_o (release_entry),
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o,
      .back_valid_o    (back_valid),
      .back_ready_i    (back_ready),
      .back_o          (back),
      .corrected_o     (correction.corrected),
      .uncorrected_o   (correction.uncorrected),
      .scrubbed_o      (correction.scrubbed)
  );

  // ---- Check cache ----
  memory_ecc_cache #(
      .Entries (Entries),
      .MaxUsers(Slots),
      .MaxDirty((Entries >= 32) ? 8 : Entries / 4)
  ) u_cache (
      .clk_i,
      .rst_ni,
      .lookup_i       (lookup),
      .block_i        (line[LineWidth-1:2]),
      .forget_i       (idle),
      .found_o        (found),
      .entry_o        (entry),
      .use_i          (use_entry),
      .fill_i         (answer_fill),
      .fill_entry_i   (answer_tag_i[EntryWidth-1:0]),
      .fill_checks_i  (answer_data_i),
      .fill_error_i   (answer_error_i),
      .fill_ready_o   (fill_ready),
      .back_i         (back_done),
      .back_entry_i   (back_entry),
      .back_burst_i   (back.burst),
      .back_checks_i  (back.checks),
      .release_i      (release_entry),
      .release_entry_i(back_entry),
      .read_i         (read),
      .read_entry_i   (read_entry),
      .checks_o       (checks),
      .wipe_o         (wipe),
      .wipe_i         (wipe_valid)
  );

  // ---- To the channel ----
  memory_ecc_issue #(
      .TagWidth(JobTagWidth)
  ) u_issue (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .front_valid_i(front_valid),
      .front_ready_o(front_ready),
      .front_i      (front),
      .front_tag_i  (front_tag),
      .back_valid_i (back_valid),
      .back_ready_o (back_ready),
      .back_i       (back),
      .req_valid_o  (job_valid_o),
      .req_ready_i  (job_ready_i),
      .req_write_o  (job_write_o),
      .req_address_o(job_address_o),
      .req_size_o   (job_size_o),
      .req_tag_o    (job_tag_o),
      .wdata_valid_o(job_wdata_valid_o),
      .wdata_ready_i(job_wdata_ready_i),
      .wdata_o      (job_wdata_o),
      .wstrb_o      (job_wstrb_o)
  );

endmodule
