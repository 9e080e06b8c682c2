/// Ends a read of the error correction: corrects its bursts, answers the client, and writes back
/// what was corrected (scrub) or merged with a partial write. One burst per stage: read from the
/// slot, syndromes, corrected and merged, answer and write-back. A word with two wrong bits is
/// answered with an error; merged, it is stored with inverted checks, so that it stays one.
/// A burst that is written back becomes dirty in the check cache in the same clock. Model:
/// sim/memory/memory_code.hpp
`include "assert.svh"

module memory_ecc_finish #(
    parameter int unsigned SlotWidth = 6,  // bits of a slot, of an entry, of a merge, of a tag
    parameter int unsigned EntryWidth = 6,
    parameter int unsigned MergeWidth = 3,
    parameter int unsigned TagWidth = 8,
    localparam int unsigned BlockWidth = lpddr4_pkg::EccBlockWidth,
    localparam int unsigned LineWidth = BlockWidth + 2
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // A complete slot
    input  logic                  ready_i,
    output logic                  taken_o,
    input  logic [ SlotWidth-1:0] slot_i,
    input  logic [ LineWidth-1:0] line_i,
    input  logic [           1:0] halves_i,
    input  logic [  TagWidth-1:0] tag_i,
    input  logic                  merge_i,
    input  logic [MergeWidth-1:0] merge_number_i,
    input  logic                  refused_i,
    input  logic                  error_i,
    input  logic [EntryWidth-1:0] entry_i,
    // Its burst, checks and bytes to be merged: one clock after read_o, until the next
    output logic                  read_o,
    output logic                  read_half_o,
    input  logic                  read_hold_i,  // somebody else uses the checks
    output logic                  reading_o,  // the checks are in use
    input  logic [         255:0] burst_i,
    input  logic [         255:0] checks_i,
    input  logic [         255:0] bytes_i,
    input  logic [          31:0] strobes_i,
    // Answers to the client
    output logic                  rsp_valid_o,
    input  logic                  rsp_ready_i,
    output logic [  TagWidth-1:0] rsp_tag_o,
    output logic [         255:0] rsp_data_o,
    output logic                  rsp_last_o,
    output logic                  rsp_error_o,
    // Bursts written back, and their checks
    output logic                  back_valid_o,
    input  logic                  back_ready_i,
    output memory_ecc_pkg::back_t back_o,
    output logic                  back_done_o,
    output logic [EntryWidth-1:0] back_entry_o,
    // The slot is done
    output logic                  release_o,
    output logic [ SlotWidth-1:0] release_slot_o,
    output logic                  release_entry_o,  // it awaited an entry
    output logic                  release_merge_o,
    output logic [MergeWidth-1:0] release_number_o,
    // Events: words corrected and not correctable, bursts scrubbed
    output logic [           2:0] corrected_o,
    output logic [           2:0] uncorrected_o,
    output logic                  scrubbed_o
);

  localparam int unsigned MetaWidth =
      SlotWidth + LineWidth + EntryWidth + MergeWidth + TagWidth + 5;

  // ---- Slot to burst ----
  logic second_q, half, last, read_move, word_move, out_move, done;
  logic read_valid_q, word_valid_q, out_valid_q;
  logic [MetaWidth-1:0] meta, read_meta_q, word_meta_q, out_meta_q;
  assign half        = second_q || !halves_i[0];
  assign last        = second_q || halves_i != 2'b11;
  assign read_move   = !read_valid_q || word_move;
  assign word_move   = read_valid_q && (!word_valid_q || out_move);
  assign out_move    = word_valid_q && (!out_valid_q || done);
  assign read_o      = ready_i && read_move && !read_hold_i;
  assign read_half_o = half;
  assign taken_o     = read_o && last;
  assign reading_o   = read_valid_q;
  assign meta = {slot_i, line_i, entry_i, merge_number_i, tag_i,
                 half, last, merge_i, refused_i, error_i};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      second_q     <= 1'b0;
      read_valid_q <= 1'b0;
      read_meta_q  <= '0;
    end else begin
      if (read_o) second_q <= !last;
      if (read_move) begin
        read_valid_q <= read_o;
        read_meta_q  <= meta;
      end
    end
  end

  // ---- Syndromes ----
  logic [SlotWidth-1:0] read_slot;
  logic [LineWidth-1:0] read_line;
  logic [EntryWidth-1:0] read_entry;
  logic [MergeWidth-1:0] read_number;
  logic [TagWidth-1:0] read_tag;
  logic read_half, read_last, read_merge, read_refused, read_error;
  logic [2:0] read_burst;
  logic [31:0] read_checks;
  assign {read_slot, read_line, read_entry, read_number, read_tag, read_half, read_last, read_merge,
          read_refused, read_error} = read_meta_q;
  assign read_burst  = {read_line[1:0], read_half};
  assign read_checks = checks_i[32*32'(read_burst)+:32];
  logic unused_read;
  assign unused_read = ^{read_slot, read_line[LineWidth-1:2], read_entry, read_number, read_tag,
                         read_last, read_refused, read_error};

  logic [255:0] word_burst_q, word_bytes_q;
  logic [31:0] syndromes_q, word_strobes_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      word_valid_q   <= 1'b0;
      word_meta_q    <= '0;
      word_burst_q   <= '0;
      word_bytes_q   <= '0;
      word_strobes_q <= '0;
      syndromes_q    <= '0;
    end else if (word_move) begin
      word_valid_q   <= 1'b1;
      word_meta_q    <= read_meta_q;
      word_burst_q   <= burst_i;
      word_bytes_q   <= bytes_i;
      word_strobes_q <= read_merge ? strobes_i : '0;
      syndromes_q    <= read_checks ^ memory_ecc_pkg::check_burst(burst_i);
    end else if (out_move) begin
      word_valid_q <= 1'b0;
    end
  end

  // ---- Correction ----
  logic [SlotWidth-1:0] word_slot;
  logic [LineWidth-1:0] word_line;
  logic [EntryWidth-1:0] word_entry;
  logic [MergeWidth-1:0] word_number;
  logic [TagWidth-1:0] word_tag;
  logic word_half, word_last, word_merge, word_refused, word_error;
  assign {word_slot, word_line, word_entry, word_number, word_tag, word_half, word_last, word_merge,
          word_refused, word_error} = word_meta_q;
  logic unused_word;
  assign unused_word = ^{word_slot, word_line, word_entry, word_number, word_tag, word_half,
                         word_last, word_merge};

  logic [255:0] merged;
  logic [3:0] right, wrong, poison;  // words: corrected, not correctable, to be kept wrong
  always_comb begin : correct
    int unsigned w, b;
    logic [63:0] bit_wrong;
    bit_wrong = '0;
    for (w = 0; w < 4; w = w + 1) begin
      bit_wrong = '0;
      if (syndromes_q[8*w+:8] != '0) begin
        bit_wrong = memory_ecc_pkg::wrong_bit(syndromes_q[8*w+:8]);
      end
      right[w]  = bit_wrong != '0 || memory_ecc_pkg::is_check_bit(syndromes_q[8*w+:8]);
      wrong[w]  = (!right[w] && syndromes_q[8*w+:8] != '0) || word_error;
      poison[w] = wrong[w] && word_strobes_q[8*w+:8] != '1;
      merged[64*w+:64] = word_burst_q[64*w+:64] ^ bit_wrong;
    end
    for (b = 0; b < 32; b = b + 1) begin
      if (word_strobes_q[b]) merged[8*b+:8] = word_bytes_q[8*b+:8];
    end
  end

  logic [255:0] out_data_q;
  logic [3:0] out_right_q, out_wrong_q, out_poison_q;
  logic answered_q, back_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      out_valid_q  <= 1'b0;
      out_meta_q   <= '0;
      out_data_q   <= '0;
      out_right_q  <= '0;
      out_wrong_q  <= '0;
      out_poison_q <= '0;
      answered_q   <= 1'b0;
      back_q       <= 1'b0;
    end else if (out_move) begin
      out_valid_q  <= 1'b1;
      out_meta_q   <= word_meta_q;
      out_data_q   <= merged;
      out_right_q  <= word_refused ? '0 : right & {4{!word_error}};
      out_wrong_q  <= word_refused ? '0 : wrong;
      out_poison_q <= poison;
      answered_q   <= word_merge;
      back_q       <= !word_refused && (word_merge || (right != '0 && wrong == '0));
    end else begin
      if (done) out_valid_q <= 1'b0;
      if (rsp_valid_o && rsp_ready_i) answered_q <= 1'b1;
      if (back_valid_o && back_ready_i) back_q <= 1'b0;
    end
  end

  // ---- Answer, write-back ----
  memory_ecc_pkg::back_t back;
  logic [SlotWidth-1:0] out_slot;
  logic [LineWidth-1:0] out_line;
  logic [EntryWidth-1:0] out_entry;
  logic [MergeWidth-1:0] out_number;
  logic [TagWidth-1:0] out_tag;
  logic out_half, out_last, out_merge, out_refused, out_error;
  assign {out_slot, out_line, out_entry, out_number, out_tag, out_half, out_last, out_merge,
          out_refused, out_error} = out_meta_q;

  assign rsp_valid_o   = out_valid_q && !answered_q;
  assign rsp_tag_o     = out_tag;
  assign rsp_data_o    = out_refused ? '0 : out_data_q;
  assign rsp_last_o    = out_last;
  assign rsp_error_o   = out_refused || out_error || out_wrong_q != '0;
  assign back_valid_o  = out_valid_q && back_q;
  assign back_done_o   = back_valid_o && back_ready_i;
  assign back_entry_o  = out_entry;
  assign back.block    = out_line[LineWidth-1:2];
  assign back.burst    = {out_line[1:0], out_half};
  assign back.data     = out_data_q;
  assign back.checks   = memory_ecc_pkg::check_burst(out_data_q) ^
                         {{8{out_poison_q[3]}}, {8{out_poison_q[2]}},
                          {8{out_poison_q[1]}}, {8{out_poison_q[0]}}};
  assign back_o        = back;
  assign done = out_valid_q && (answered_q || rsp_ready_i) && (!back_q || back_ready_i);

  assign release_o        = done && out_last;
  assign release_slot_o   = out_slot;
  assign release_entry_o  = release_o && !out_refused;
  assign release_merge_o  = release_o && out_merge;
  assign release_number_o = out_number;
  assign corrected_o      = done ? 3'(out_right_q[0]) + 3'(out_right_q[1]) + 3'(out_right_q[2]) +
                                   3'(out_right_q[3]) : '0;
  assign uncorrected_o    = done ? 3'(out_wrong_q[0]) + 3'(out_wrong_q[1]) + 3'(out_wrong_q[2]) +
                                   3'(out_wrong_q[3]) : '0;
  assign scrubbed_o       = back_done_o && !out_merge;

  // ---- Assertions ----
  `S4_ASSERT_HELD(RspHeld, rsp_valid_o, rsp_ready_i,
                  {rsp_tag_o, rsp_data_o, rsp_last_o, rsp_error_o})
  `S4_ASSERT_HELD(BackHeld, back_valid_o, back_ready_i, back_o)

endmodule
