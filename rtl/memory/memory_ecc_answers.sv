/// The reads of the error correction from their slot to their answer: slots and bursts that come
/// from the channel, bytes of partial writes, correction, answers, write-back. A slot waits for its
/// data and for the checks of its block; partial writes are reads whose burst is merged and written
/// back. Model: tests/memory/memory_traffic.hpp
module memory_ecc_answers #(
    parameter int unsigned Slots = 64,  // reads under way, 2..64
    parameter int unsigned Entries = 64,  // of the check cache
    parameter int unsigned Merges = 8,  // partial writes under way, >= 2
    parameter int unsigned TagWidth = 8,  // bits of a client's tag
    localparam int unsigned SlotWidth = $clog2(Slots),
    localparam int unsigned EntryWidth = $clog2(Entries),
    localparam int unsigned MergeWidth = $clog2(Merges),
    localparam int unsigned LineWidth = lpddr4_pkg::EccBlockWidth + 2
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // Search and new slot, as memory_ecc_reads; bytes of a partial write
    input  logic                  lookup_i,
    input  logic [ LineWidth-1:0] line_i,
    output logic                  match_o,
    output logic                  match_merge_o,
    output logic                  room_o,
    output logic [ SlotWidth-1:0] free_slot_o,
    input  logic                  insert_i,
    input  memory_ecc_pkg::read_t insert_read_i,
    input  logic [  TagWidth-1:0] tag_i,
    input  logic [EntryWidth-1:0] entry_i,
    input  logic                  merge_i,
    input  logic [MergeWidth-1:0] merge_number_i,
    input  logic [         511:0] data_i,
    input  logic [          63:0] strobes_i,
    output logic                  release_merge_o,
    output logic [MergeWidth-1:0] release_number_o,
    // Checks of an entry came; a burst of a slot
    input  logic                  fill_i,
    input  logic [EntryWidth-1:0] fill_entry_i,
    input  logic                  burst_valid_i,
    input  logic [ SlotWidth-1:0] burst_slot_i,
    input  logic                  burst_last_i,
    input  logic                  burst_error_i,
    input  logic [         255:0] burst_i,
    // Checks of an entry: read, one clock later here; corrected ones; nobody awaits it any more
    output logic                  read_o,
    output logic [EntryWidth-1:0] read_entry_o,
    input  logic                  read_hold_i,
    output logic                  reading_o,
    input  logic [         255:0] checks_i,
    output logic                  back_done_o,
    output logic [EntryWidth-1:0] back_entry_o,
    output logic                  release_entry_o,
    // Answers to the client
    output logic                  rsp_valid_o,
    input  logic                  rsp_ready_i,
    output logic [  TagWidth-1:0] rsp_tag_o,
    output logic [         255:0] rsp_data_o,
    output logic                  rsp_last_o,
    output logic                  rsp_error_o,
    // Bursts written back
    output logic                  back_valid_o,
    input  logic                  back_ready_i,
    output memory_ecc_pkg::back_t back_o,
    // Events
    output logic [           2:0] corrected_o,
    output logic [           2:0] uncorrected_o,
    output logic                  scrubbed_o
);

  // ---- Slots ----
  logic ready, taken, done_merge, done_refused, done_error, read_half, release_slot_valid;
  logic [SlotWidth-1:0] done_slot, release_slot;
  logic [LineWidth-1:0] done_line;
  logic [1:0] done_halves;
  logic [TagWidth-1:0] done_tag;
  logic [MergeWidth-1:0] done_number;
  logic [EntryWidth-1:0] done_entry;
  logic [255:0] burst;
  assign read_entry_o = done_entry;

  memory_ecc_reads #(
      .Slots     (Slots),
      .Entries   (Entries),
      .TagWidth  (TagWidth),
      .MergeWidth(MergeWidth)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .lookup_i,
      .line_i,
      .match_o,
      .match_merge_o,
      .room_o,
      .free_slot_o,
      .insert_i,
      .insert_read_i,
      .tag_i,
      .merge_number_i,
      .entry_i,
      .fill_i,
      .fill_entry_i,
      .fill_error_i  (burst_error_i),
      .data_i        (burst_valid_i),
      .data_slot_i   (burst_slot_i),
      .data_last_i   (burst_last_i),
      .data_error_i  (burst_error_i),
      .data_burst_i  (burst_i),
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
      .read_i        (read_o),
      .read_half_i   (read_half),
      .burst_o       (burst),
      .release_i     (release_slot_valid),
      .release_slot_i(release_slot)
  );

  // ---- Bytes of partial writes ----
  logic [575:0] bytes;
  for (genvar h = 0; h < 2; h = h + 1) begin : gen_half
    sram_1r1w #(
        .Width(288),
        .Depth(Merges)
    ) u_bytes (
        .clk_i,
        .we_i   (merge_i),
        .waddr_i(merge_number_i),
        .wmask_i(1'b1),
        .wdata_i({strobes_i[32*h+:32], data_i[256*h+:256]}),
        .re_i   (read_o && done_merge && read_half == 1'(h)),
        .raddr_i(done_number),
        .rdata_o(bytes[288*h+:288])
    );
  end
  logic bytes_half_q;
  logic [287:0] half_bytes;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) bytes_half_q <= 1'b0;
    else if (read_o) bytes_half_q <= read_half;
  end
  assign half_bytes = bytes_half_q ? bytes[575:288] : bytes[287:0];

  // ---- Correction, answers ----
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
      .read_o,
      .read_half_o     (read_half),
      .read_hold_i,
      .reading_o,
      .burst_i         (burst),
      .checks_i,
      .bytes_i         (half_bytes[255:0]),
      .strobes_i       (half_bytes[287:256]),
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o,
      .back_valid_o,
      .back_ready_i,
      .back_o,
      .back_done_o,
      .back_entry_o,
      .release_o       (release_slot_valid),
      .release_slot_o  (release_slot),
      .release_entry_o,
      .release_merge_o,
      .release_number_o,
      .corrected_o,
      .uncorrected_o,
      .scrubbed_o
  );

endmodule
