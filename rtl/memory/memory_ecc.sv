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
    // Events of this clock, counts: corrected and uncorrectable words; bits: bursts scrubbed,
    // merged writes, checks read, checks written, requests refused
    output logic [            2:0] corrected_o,
    output logic [            2:0] uncorrected_o,
    output logic                   scrubbed_o,
    output logic                   merged_o,
    output logic                   check_read_o,
    output logic                   check_written_o,
    output logic                   refused_o
);

  localparam int unsigned SlotWidth = $clog2(Slots);
  localparam int unsigned EntryWidth = $clog2(Entries);
  localparam int unsigned MergeWidth = $clog2(Merges);
  localparam int unsigned BlockWidth = lpddr4_pkg::EccBlockWidth;
  localparam int unsigned LineWidth = BlockWidth + 2;

  `S4_CHECK_PARAM(gen_check_entries, Entries >= 4 && Slots >= 2)

  // ---- Front ----
  logic lookup, match, match_merge, room, hit, fetching, spare, check_ready;
  logic insert, insert_merge, insert_refused, insert_known, use_entry, use_read, use_fetch;
  logic [LineWidth-1:0] line;
  logic [SlotWidth-1:0] free_slot;
  logic [7:0] known, use_bursts, wipe_bursts;
  logic [EntryWidth-1:0] entry, wipe_entry;
  logic [1:0] insert_halves;
  logic [TagWidth-1:0] insert_tag;
  logic [MergeWidth-1:0] insert_number, release_number;
  logic [255:0] use_checks, checks;
  logic [511:0] data;
  logic [63:0] strobes;
  logic release_merge, wipe_full, wipe_many, wipe_any, wipe, wipe_hold, reading, read;
  logic [BlockWidth-1:0] wipe_block;
  logic front_valid, front_ready, front_write, front_check, front_two;
  logic [BlockWidth-1:0] front_block;
  logic [2:0] front_burst;
  logic [JobTagWidth-1:0] front_tag;
  logic [511:0] front_data;
  logic [63:0] front_strobes;
  logic unused_wipe;
  assign unused_wipe = ^wipe_entry;

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
      .lookup_o        (lookup),
      .line_o          (line),
      .match_i         (match),
      .match_merge_i   (match_merge),
      .room_i          (room),
      .free_slot_i     (free_slot),
      .hit_i           (hit),
      .known_i         (known),
      .fetching_i      (fetching),
      .spare_i         (spare),
      .entry_i         (entry),
      .check_ready_i   (check_ready),
      .insert_o        (insert),
      .insert_halves_o (insert_halves),
      .insert_tag_o    (insert_tag),
      .insert_merge_o  (insert_merge),
      .insert_number_o (insert_number),
      .insert_refused_o(insert_refused),
      .insert_known_o  (insert_known),
      .use_o           (use_entry),
      .use_read_o      (use_read),
      .use_fetch_o     (use_fetch),
      .use_bursts_o    (use_bursts),
      .use_checks_o    (use_checks),
      .data_o          (data),
      .strobes_o       (strobes),
      .release_merge_i (release_merge),
      .release_number_i(release_number),
      .wipe_full_i     (wipe_full),
      .wipe_many_i     (wipe_many),
      .wipe_any_i      (wipe_any),
      .wipe_ready_i    (!reading && !read),
      .wipe_o          (wipe),
      .wipe_hold_o     (wipe_hold),
      .wipe_block_i    (wipe_block),
      .wipe_bursts_i   (wipe_bursts),
      .wipe_checks_i   (checks),
      .job_valid_o     (front_valid),
      .job_ready_i     (front_ready),
      .job_write_o     (front_write),
      .job_check_o     (front_check),
      .job_block_o     (front_block),
      .job_burst_o     (front_burst),
      .job_two_o       (front_two),
      .job_tag_o       (front_tag),
      .job_data_o      (front_data),
      .job_strobes_o   (front_strobes),
      .refused_o,
      .merge_o         (merged_o),
      .check_read_o,
      .check_write_o   (check_written_o)
  );

  // ---- Slots ----
  logic fill, answer_fill, answer_data, fill_ready;
  logic ready, taken, done_merge, done_refused, done_error, read_half, release_slot_valid;
  logic [SlotWidth-1:0] done_slot, release_slot;
  logic [LineWidth-1:0] done_line, back_line;
  logic [1:0] done_halves;
  logic [TagWidth-1:0] done_tag;
  logic [MergeWidth-1:0] done_number;
  logic [EntryWidth-1:0] done_entry;
  logic [255:0] burst;
  logic unused_answer_tag;
  assign answer_fill    = answer_tag_i[JobTagWidth-1];
  assign fill           = answer_valid_i && answer_fill && fill_ready;
  assign answer_data    = answer_valid_i && !answer_fill;
  assign answer_ready_o = !answer_fill || fill_ready;
  assign unused_answer_tag = ^answer_tag_i;

  memory_ecc_reads #(
      .Slots     (Slots),
      .Entries   (Entries),
      .TagWidth  (TagWidth),
      .MergeWidth(MergeWidth)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .lookup_i      (lookup),
      .line_i        (line),
      .match_o       (match),
      .match_merge_o (match_merge),
      .room_o        (room),
      .free_slot_o   (free_slot),
      .insert_i      (insert),
      .halves_i      (insert_halves),
      .tag_i         (insert_tag),
      .merge_i       (insert_merge),
      .merge_number_i(insert_number),
      .refused_i     (insert_refused),
      .entry_i       (entry),
      .known_i       (insert_known),
      .fill_i        (fill),
      .fill_entry_i  (answer_tag_i[EntryWidth-1:0]),
      .fill_error_i  (answer_error_i),
      .data_i        (answer_data),
      .data_slot_i   (answer_tag_i[SlotWidth-1:0]),
      .data_last_i   (answer_last_i),
      .data_error_i  (answer_error_i),
      .data_burst_i  (answer_data_i),
      .ready_o       (ready),
      .taken_i       (taken),
      .slot_o        (done_slot),
      .line_o        (done_line),
      .halves_o      (done_halves),
      .tag_o         (done_tag),
      .merge_o       (done_merge),
      .merge_number_o(done_number),
      .refused_o     (done_refused),
      .error_o       (done_error),
      .entry_o       (done_entry),
      .read_i        (read),
      .read_half_i   (read_half),
      .burst_o       (burst),
      .release_i     (release_slot_valid),
      .release_slot_i(release_slot)
  );

  // ---- Check cache ----
  logic back, release_entry_valid;
  logic [EntryWidth-1:0] back_entry;
  logic [31:0] back_checks;
  logic back_half;
  memory_ecc_cache #(
      .Entries (Entries),
      .MaxUsers(Slots),
      .MaxDirty((Entries >= 32) ? 8 : Entries / 4)
  ) u_cache (
      .clk_i,
      .rst_ni,
      .lookup_i       (lookup),
      .block_i        (line[LineWidth-1:2]),
      .hit_o          (hit),
      .known_o        (known),
      .fetching_o     (fetching),
      .spare_o        (spare),
      .entry_o        (entry),
      .use_i          (use_entry),
      .use_read_i     (use_read),
      .use_fetch_i    (use_fetch),
      .write_bursts_i (use_bursts),
      .write_checks_i (use_checks),
      .write_ready_o  (check_ready),
      .fill_i         (answer_valid_i && answer_fill),
      .fill_entry_i   (answer_tag_i[EntryWidth-1:0]),
      .fill_checks_i  (answer_data_i),
      .fill_error_i   (answer_error_i),
      .fill_ready_o   (fill_ready),
      .back_i         (back),
      .back_entry_i   (back_entry),
      .back_burst_i   ({back_line[1:0], back_half}),
      .back_checks_i  (back_checks),
      .release_i      (release_entry_valid),
      .release_entry_i(back_entry),
      .read_i         (read),
      .read_entry_i   (done_entry),
      .checks_o       (checks),
      .wipe_full_o    (wipe_full),
      .wipe_many_o    (wipe_many),
      .wipe_any_o     (wipe_any),
      .wipe_i         (wipe),
      .wipe_entry_o   (wipe_entry),
      .wipe_block_o   (wipe_block),
      .wipe_bursts_o  (wipe_bursts)
  );

  // ---- Bytes of partial writes ----
  logic [575:0] bytes;
  for (genvar h = 0; h < 2; h = h + 1) begin : gen_half
    sram_1r1w #(
        .Width(288),
        .Depth(Merges)
    ) u_bytes (
        .clk_i,
        .we_i   (merged_o),
        .waddr_i(insert_number),
        .wmask_i(1'b1),
        .wdata_i({strobes[32*h+:32], data[256*h+:256]}),
        .re_i   (read && done_merge && read_half == 1'(h)),
        .raddr_i(done_number),
        .rdata_o(bytes[288*h+:288])
    );
  end
  logic bytes_half_q;
  logic [287:0] half_bytes;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) bytes_half_q <= 1'b0;
    else if (read) bytes_half_q <= read_half;
  end
  assign half_bytes = bytes_half_q ? bytes[575:288] : bytes[287:0];

  // ---- End of a read ----
  logic back_valid, back_ready;
  logic [255:0] back_data;
  memory_ecc_finish #(
      .SlotWidth (SlotWidth),
      .EntryWidth(EntryWidth),
      .MergeWidth(MergeWidth),
      .TagWidth  (TagWidth)
  ) u_finish (
      .clk_i,
      .rst_ni,
      .ready_i         (ready),
      .taken_o         (taken),
      .slot_i          (done_slot),
      .line_i          (done_line),
      .halves_i        (done_halves),
      .tag_i           (done_tag),
      .merge_i         (done_merge),
      .merge_number_i  (done_number),
      .refused_i       (done_refused),
      .error_i         (done_error),
      .entry_i         (done_entry),
      .read_o          (read),
      .read_half_o     (read_half),
      .read_hold_i     (wipe_hold),
      .reading_o       (reading),
      .burst_i         (burst),
      .checks_i        (checks),
      .bytes_i         (half_bytes[255:0]),
      .strobes_i       (half_bytes[287:256]),
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o,
      .back_valid_o    (back_valid),
      .back_ready_i    (back_ready),
      .back_line_o     (back_line),
      .back_half_o     (back_half),
      .back_data_o     (back_data),
      .back_o          (back),
      .back_entry_o    (back_entry),
      .back_checks_o   (back_checks),
      .release_o       (release_slot_valid),
      .release_slot_o  (release_slot),
      .release_entry_o (release_entry_valid),
      .release_merge_o (release_merge),
      .release_number_o(release_number),
      .corrected_o,
      .uncorrected_o,
      .scrubbed_o
  );

  // ---- To the channel ----
  memory_ecc_issue #(
      .TagWidth(JobTagWidth)
  ) u_issue (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .front_valid_i  (front_valid),
      .front_ready_o  (front_ready),
      .front_write_i  (front_write),
      .front_check_i  (front_check),
      .front_block_i  (front_block),
      .front_burst_i  (front_burst),
      .front_two_i    (front_two),
      .front_tag_i    (front_tag),
      .front_data_i   (front_data),
      .front_strobes_i(front_strobes),
      .back_valid_i   (back_valid),
      .back_ready_o   (back_ready),
      .back_block_i   (back_line[LineWidth-1:2]),
      .back_burst_i   ({back_line[1:0], back_half}),
      .back_data_i    (back_data),
      .req_valid_o    (job_valid_o),
      .req_ready_i    (job_ready_i),
      .req_write_o    (job_write_o),
      .req_address_o  (job_address_o),
      .req_size_o     (job_size_o),
      .req_tag_o      (job_tag_o),
      .wdata_valid_o  (job_wdata_valid_o),
      .wdata_ready_i  (job_wdata_ready_i),
      .wdata_o        (job_wdata_o),
      .wstrb_o        (job_wstrb_o)
  );

endmodule
