/// Reads under way of the error correction, one slot each: collects the bursts of a read from the
/// channel, and hands over the slots that have all their data and checks, in turns. A slot whose
/// data are merged with a partial write (merge) or written back corrected keeps its line from later
/// writes until it is released. Model: tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_ecc_reads #(
    parameter int unsigned Slots = 64,  // >= 2
    parameter int unsigned Entries = 64,  // of the check cache
    parameter int unsigned TagWidth = 8,  // bits of a client's tag, >= 1
    parameter int unsigned MergeWidth = 3,  // bits of the number of a merge
    localparam int unsigned SlotWidth = $clog2(Slots),
    localparam int unsigned EntryWidth = $clog2(Entries),
    localparam int unsigned BlockWidth = lpddr4_pkg::EccBlockWidth,
    localparam int unsigned LineWidth = BlockWidth + 2
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // Search for a line; the result is there one clock later and follows releases
    input  logic                  lookup_i,
    input  logic [ LineWidth-1:0] line_i,
    output logic                  match_o,
    output logic                  match_merge_o,
    // New read into free_slot_o: of both halves or one
    output logic                  room_o,
    output logic [ SlotWidth-1:0] free_slot_o,
    input  logic                  insert_i,
    input  memory_ecc_pkg::read_t insert_read_i,  // refused: nothing is read
    input  logic [  TagWidth-1:0] tag_i,
    input  logic [MergeWidth-1:0] merge_number_i,
    input  logic [EntryWidth-1:0] entry_i,
    // Checks of an entry came
    input  logic                  fill_i,
    input  logic [EntryWidth-1:0] fill_entry_i,
    input  logic                  fill_error_i,
    // Bursts from the channel
    input  logic                  data_i,
    input  logic [ SlotWidth-1:0] data_slot_i,
    input  logic                  data_last_i,
    input  logic                  data_error_i,
    input  logic [         255:0] data_burst_i,
    // A slot that is complete; taken when taken_i
    output logic                  ready_o,
    input  logic                  taken_i,
    output logic [ SlotWidth-1:0] slot_o,
    output logic [ LineWidth-1:0] line_o,
    output logic [           1:0] halves_o,
    output logic [  TagWidth-1:0] tag_o,
    output logic                  merge_o,
    output logic [MergeWidth-1:0] merge_number_o,
    output logic                  refused_o,
    output logic                  error_o,  // the data or the checks did not come as expected
    output logic [EntryWidth-1:0] entry_o,
    // Its data: a half, one clock later, until the next is read
    input  logic                  read_i,
    input  logic                  read_half_i,
    output logic [         255:0] burst_o,
    // The slot is done
    input  logic                  release_i,
    input  logic [ SlotWidth-1:0] release_slot_i
);

  `S4_CHECK_PARAM(gen_check_slots, Slots >= 2 && Entries >= 2)

  memory_ecc_pkg::read_t inserted;
  assign inserted = insert_read_i;
  logic [Slots-1:0] valid_q, valid_d, match_q, merge_q, refused_q, error_q, await_q, checked_q,
      picked_q;
  logic [LineWidth-1:0] line_q[0:Slots-1];
  logic [1:0] halves_q[0:Slots-1];
  logic [TagWidth-1:0] tag_q[0:Slots-1];
  logic [MergeWidth-1:0] number_q[0:Slots-1];
  logic [EntryWidth-1:0] entry_q[0:Slots-1];

  // ---- Search ----
  logic [Slots-1:0] matching;
  assign matching      = match_q & valid_q;
  assign match_o       = matching != '0;
  assign match_merge_o = (matching & merge_q) != '0;
  always_ff @(posedge clk_i) begin : search
    int unsigned i;
    i = 0;
    if (lookup_i) begin
      for (i = 0; i < Slots; i = i + 1) begin
        match_q[i] <= valid_q[i] && !refused_q[i] && line_q[i] == line_i;
      end
    end
  end

  // ---- Slots ----
  logic [Slots-1:0] free;
  logic [SlotWidth-1:0] free_number;
  logic picked_valid, pick;
  logic [Slots-1:0] complete, grant;
  logic [SlotWidth-1:0] picked;
  assign valid_d = (valid_q & ~(release_i ? Slots'(1) << release_slot_i : '0)) |
                   (insert_i ? Slots'(1) << free_slot_o : '0);
  assign free = ~valid_d;
  always_comb begin : first_free
    int unsigned i;
    free_number = '0;
    for (i = Slots; i > 0; i = i - 1) if (free[i-1]) free_number = SlotWidth'(i - 1);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin : slots
    int unsigned i;
    i = 0;
    if (!rst_ni) begin
      valid_q     <= '0;
      merge_q     <= '0;
      refused_q   <= '0;
      error_q     <= '0;
      await_q     <= '0;
      checked_q   <= '0;
      picked_q    <= '0;
      room_o      <= 1'b0;
      free_slot_o <= '0;
    end else begin
      valid_q     <= valid_d;
      room_o      <= free != '0;
      free_slot_o <= free_number;
      if (pick) picked_q <= picked_q | grant;
      if (fill_i) begin
        for (i = 0; i < Slots; i = i + 1) begin
          if (!checked_q[i] && entry_q[i] == fill_entry_i) begin
            checked_q[i] <= 1'b1;
            if (fill_error_i) error_q[i] <= 1'b1;
          end
        end
      end
      if (data_i) begin
        if (data_last_i) await_q[data_slot_i] <= 1'b0;
        if (data_error_i) error_q[data_slot_i] <= 1'b1;
      end
      if (insert_i) begin
        merge_q[free_slot_o]   <= inserted.merge;
        refused_q[free_slot_o] <= inserted.refused;
        error_q[free_slot_o]   <= fill_i && fill_error_i && !inserted.known &&
                                  fill_entry_i == entry_i;
        await_q[free_slot_o]   <= !inserted.refused;
        picked_q[free_slot_o]  <= 1'b0;
        checked_q[free_slot_o] <= inserted.refused || inserted.known ||
                                  (fill_i && fill_entry_i == entry_i);
      end
    end
  end
  always_ff @(posedge clk_i) begin : payload
    if (insert_i) begin
      line_q[free_slot_o]   <= line_i;
      halves_q[free_slot_o] <= inserted.halves;
      tag_q[free_slot_o]    <= tag_i;
      number_q[free_slot_o] <= merge_number_i;
      entry_q[free_slot_o]  <= entry_i;
    end
  end

  // ---- Complete slots, in turns ----
  logic chosen_q;
  logic [SlotWidth-1:0] chosen_slot_q;
  assign complete = valid_q & ~await_q & checked_q & ~picked_q;
  assign pick     = picked_valid && (!chosen_q || taken_i);
  arbiter_rr #(
      .N(Slots)
  ) u_turns (
      .clk_i,
      .rst_ni,
      .req_i  (complete),
      .ready_i(!chosen_q || taken_i),
      .grant_o(grant),
      .index_o(picked),
      .valid_o(picked_valid)
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      chosen_q      <= 1'b0;
      chosen_slot_q <= '0;
    end else if (!chosen_q || taken_i) begin
      chosen_q      <= picked_valid;
      chosen_slot_q <= picked;
    end
  end
  assign ready_o        = chosen_q;
  assign slot_o         = chosen_slot_q;
  assign line_o         = line_q[chosen_slot_q];
  assign halves_o       = halves_q[chosen_slot_q];
  assign tag_o          = tag_q[chosen_slot_q];
  assign merge_o        = merge_q[chosen_slot_q];
  assign merge_number_o = number_q[chosen_slot_q];
  assign refused_o      = refused_q[chosen_slot_q];
  assign error_o        = error_q[chosen_slot_q];
  assign entry_o        = entry_q[chosen_slot_q];

  // ---- Bursts: a single one, or the last of two in the upper half of a whole line ----
  logic data_half;
  assign data_half = (halves_q[data_slot_i] == 2'b11) ? data_last_i : halves_q[data_slot_i][1];
  sram_1r1w #(
      .Width(256),
      .Depth(2 * Slots)
  ) u_bursts (
      .clk_i,
      .we_i   (data_i),
      .waddr_i({data_slot_i, data_half}),
      .wmask_i(1'b1),
      .wdata_i(data_burst_i),
      .re_i   (read_i),
      .raddr_i({chosen_slot_q, read_half_i}),
      .rdata_o(burst_o)
  );

  // ---- Assertions ----
  `S4_ASSERT(RoomForInsertion, !insert_i || room_o)
  `S4_ASSERT(DataAwaited, !data_i || (valid_q[data_slot_i] && await_q[data_slot_i]))
  `S4_ASSERT(ReleaseValid, !release_i || valid_q[release_slot_i])

endmodule
