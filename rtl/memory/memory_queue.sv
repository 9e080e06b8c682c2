/// Queue of the requests of one direction, one entry for each 64-byte line: takes entries, merges
/// writes into them, follows their data and the commands that serve them. memory_choice says what
/// could be done next. An entry takes part from the clock after its insertion (a write: after its
/// data) on; one that has waited between one and two Epochs is starving. A write keeps its slot
/// until its data were fetched. Model: the queues of tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_queue #(
    parameter int unsigned Depth = 64,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter bit IsWrite = 1'b0,  // entries wait for data and keep their slot until it was fetched
    parameter int unsigned Epoch = 2048,  // clocks, >= 2
    localparam int unsigned NumBanks = memory_pkg::NumBanks,
    localparam int unsigned SlotWidth = $clog2(Depth),
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    // Search for a line; the result is there one clock later and follows removals
    input  logic                                  lookup_i,
    input  lpddr4_pkg::request_t request_i,
    output logic                                  match_o,
    output logic [                 SlotWidth-1:0] match_slot_o,
    // Insertion of request_i into free_slot_o, or its halves into the entry found (merge)
    output logic                                  room_o,
    output logic [                 SlotWidth-1:0] free_slot_o,
    input  logic                                  insert_i,
    input  logic                                  merge_i,
    input  logic                                  row_open_i,
    input  logic [                  TagWidth-1:0] tag_i,
    output logic                                  pending_o,
    // Entries that wait for the other queue
    input  logic [                     Depth-1:0] waiting_i,
    // Write data that arrived: any and all bytes of the half now in place
    input  logic                                  data_i,
    input  logic [                 SlotWidth-1:0] data_slot_i,
    input  logic                                  data_half_i,
    input  logic                                  data_any_i,
    input  logic                                  data_full_i,
    // Entries that leave; slots whose data was fetched
    output logic [                           1:0] removed_o,
    output logic [               2*SlotWidth-1:0] removed_slot_o,
    input  logic                                  release_i,
    input  logic [                 SlotWidth-1:0] release_slot_i,
    // Banks that are ready for an access, a masked write, an activate in the next clock
    input  logic [                  NumBanks-1:0] access_ready_i,
    input  logic [                  NumBanks-1:0] masked_ready_i,
    input  logic [                  NumBanks-1:0] activate_ready_i,
    // Command of the clock before, and whether it was an access of this queue
    input  lpddr4_pkg::command_word_t command_i,
    input  logic                                  mine_i,
    input  logic [                 SlotWidth-1:0] mine_slot_i,
    input  logic                                  mine_half_i,
    // What it would do next and what waits in it; slot and tag of the access
    output memory_pkg::candidate_t candidate_o,
    output memory_pkg::demand_t demand_o,
    output logic [                 SlotWidth-1:0] access_slot_o,
    output logic [                  TagWidth-1:0] access_tag_o,
    output logic [                CountWidth-1:0] count_o
);

  localparam int unsigned EpochWidth = $clog2(Epoch);

  `S4_CHECK_PARAM(gen_check_depth, Depth >= 2 && Depth <= 64)
  `S4_CHECK_PARAM(gen_check_epoch, Epoch >= 2)

  lpddr4_pkg::request_t request;
  lpddr4_pkg::command_word_t command;
  assign request = request_i;
  assign command = command_i;
  logic unused_command;
  assign unused_command = ^{command.phase, command.burst};

  // ---- Entries ----
  logic [Depth-1:0] valid_q, hit_q, marked_q, starving_q, match_q;
  logic [Depth-1:0] held0_q, held1_q;  // bursts to be fetched: 0 to 3
  logic [Depth-1:0] need0_q, need1_q, pend0_q, pend1_q, full0_q, full1_q;
  logic [15:0] row_q[0:Depth-1];
  logic [3:0] bank_q[0:Depth-1];
  logic [4:0] line_q[0:Depth-1];
  logic [TagWidth-1:0] tag_q[0:Depth-1];
  logic [EpochWidth-1:0] epoch_q;
  logic blocked_q;

  // ---- Search ----
  logic [Depth-1:0] matching;
  assign matching     = match_q & valid_q;
  assign match_o      = matching != '0;
  assign match_slot_o = SlotWidth'(memory_pkg::number(64'(matching)));
  assign pending_o    = (matching & (pend0_q | pend1_q)) != '0;

  always_ff @(posedge clk_i) begin : search
    int unsigned i;
    i = 0;
    if (lookup_i) begin
      for (i = 0; i < Depth; i = i + 1) begin
        match_q[i] <= valid_q[i] && {bank_q[i], row_q[i], line_q[i]} ==
                      {request.rank, request.bank, request.row, request.line};
      end
    end
  end

  // ---- Insertion, data, commands ----
  logic [Depth-1:0] valid_d, hit_d, held0_d, held1_d;
  logic [Depth-1:0] need0_d, need1_d, pend0_d, pend1_d, full0_d, full1_d;
  logic [Depth-1:0] inserted, mine, arrived;
  assign inserted = insert_i ? Depth'(1) << free_slot_o : '0;
  assign mine     = mine_i ? Depth'(1) << mine_slot_i : '0;
  assign arrived  = data_i ? Depth'(1) << data_slot_i : '0;

  always_comb begin : update
    int unsigned i;
    logic [Depth-1:0] merged, empty, released;
    i        = 0;
    merged   = '0;
    released = '0;
    hit_d   = hit_q;
    need0_d = need0_q & ~(mine_half_i ? '0 : mine);
    need1_d = need1_q & ~(mine_half_i ? mine : '0);
    pend0_d = pend0_q;
    pend1_d = pend1_q;
    full0_d = full0_q & ~inserted;
    full1_d = full1_q & ~inserted;
    if (command.kind == lpddr4_pkg::CommandActivate) begin
      for (i = 0; i < Depth; i = i + 1) begin
        if (bank_q[i] == {command.rank, command.bank}) hit_d[i] = row_q[i] == command.row;
      end
    end else if (command.kind == lpddr4_pkg::CommandPrecharge || command.auto_precharge) begin
      for (i = 0; i < Depth; i = i + 1) begin
        if (bank_q[i] == {command.rank, command.bank}) hit_d[i] = 1'b0;
      end
    end
    hit_d = (hit_d & ~inserted) | (row_open_i ? inserted : '0);
    if (IsWrite) begin
      merged  = inserted | (merge_i ? matching : '0);
      pend0_d = (pend0_q & ~(data_half_i ? '0 : arrived)) | (request.halves[0] ? merged : '0);
      pend1_d = (pend1_q & ~(data_half_i ? arrived : '0)) | (request.halves[1] ? merged : '0);
      if (data_any_i && !data_half_i) need0_d = need0_d | arrived;
      if (data_any_i && data_half_i) need1_d = need1_d | arrived;
      if (data_full_i && !data_half_i) full0_d = full0_d | arrived;
      if (data_full_i && data_half_i) full1_d = full1_d | arrived;
    end else begin
      need0_d = request.halves[0] ? need0_d | inserted : need0_d;
      need1_d = request.halves[1] ? need1_d | inserted : need1_d;
    end
    empty = ~(need0_d | need1_d | pend0_d | pend1_d);
    removed_o[0] = (empty & mine) != '0;
    removed_o[1] = (empty & arrived & ~mine) != '0;
    removed_slot_o = {data_slot_i, mine_slot_i};
    valid_d = (valid_q & ~(empty & (mine | arrived))) | inserted;
    held0_d = held0_q;
    held1_d = held1_q;
    if (IsWrite) begin
      released = release_i ? Depth'(1) << release_slot_i : '0;
      held0_d  = held0_q ^ mine ^ released;
      held1_d  = held1_q ^ (held0_q & mine & ~released) ^ (~held0_q & released & ~mine);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin : entries
    logic [Depth-1:0] free, first_free;
    if (!rst_ni) begin
      {valid_q, hit_q, held0_q, held1_q}   <= '0;
      {need0_q, need1_q, pend0_q, pend1_q} <= '0;
      {full0_q, full1_q}                   <= '0;
      {marked_q, starving_q, blocked_q}    <= '0;
      epoch_q     <= '0;
      room_o      <= 1'b0;
      free_slot_o <= '0;
      count_o     <= '0;
    end else begin
      valid_q     <= valid_d;
      hit_q       <= hit_d;
      held0_q     <= held0_d;
      held1_q     <= held1_d;
      need0_q     <= need0_d;
      need1_q     <= need1_d;
      pend0_q     <= pend0_d;
      pend1_q     <= pend1_d;
      full0_q     <= full0_d;
      full1_q     <= full1_d;
      epoch_q     <= (epoch_q == EpochWidth'(Epoch - 1)) ? '0 : epoch_q + EpochWidth'(1);
      marked_q    <= (epoch_q == '0) ? valid_d & ~inserted : marked_q & valid_d & ~inserted;
      starving_q  <= ((epoch_q == '0) ? marked_q | starving_q : starving_q) & valid_d & ~inserted;
      blocked_q   <= waiting_i != '0;
      free        = ~(valid_d | held0_d | held1_d);
      room_o      <= free != '0;
      first_free  = free & (~free + Depth'(1));
      free_slot_o <= SlotWidth'(memory_pkg::number(64'(first_free)));
      count_o     <= count_o + CountWidth'(insert_i) - CountWidth'(removed_o[0]) -
                     CountWidth'(removed_o[1]);
    end
  end

  always_ff @(posedge clk_i) begin : payload
    if (insert_i) begin
      row_q[free_slot_o]  <= request.row;
      bank_q[free_slot_o] <= {request.rank, request.bank};
      line_q[free_slot_o] <= request.line;
      tag_q[free_slot_o]  <= tag_i;
    end
  end

  // ---- Choice ----
  logic [Depth-1:0] able, full;
  logic [SlotWidth-1:0] activate_slot;
  logic access_half;
  memory_pkg::candidate_t candidate;
  memory_pkg::demand_t demand;
  assign able = valid_q & ~waiting_i & ~pend0_q & ~pend1_q;
  // Not '1: yosys makes one bit of it here.
  assign full = IsWrite ? (~need0_q & full1_q) | (need0_q & full0_q) : {Depth{1'b1}};

  memory_choice #(
      .Depth(Depth)
  ) u_choice (
      .clk_i,
      .rst_ni,
      .valid_i         (valid_q),
      .able_i          (able),
      .hit_i           (hit_q),
      .starving_i      (starving_q),
      .need0_i         (need0_q),
      .need1_i         (need1_q),
      .full_i          (full),
      .insert_i,
      .insert_slot_i   (free_slot_o),
      .insert_bank_i   ({request.rank, request.bank}),
      .access_ready_i,
      .masked_ready_i,
      .activate_ready_i,
      .access_valid_o  (candidate.access_valid),
      .access_slot_o,
      .access_bank_o   (candidate.access_bank),
      .access_half_o   (access_half),
      .access_masked_o (candidate.access_masked),
      .access_last_o   (candidate.access_last),
      .access_only_o   (candidate.access_only),
      .activate_valid_o(candidate.activate_valid),
      .activate_slot_o (activate_slot),
      .activate_bank_o (candidate.activate_bank),
      .bank_any_o      (demand.any),
      .bank_hit_o      (demand.hit),
      .bank_conflict_o (demand.conflict),
      .bank_starving_o (demand.starving),
      .ready_o         (demand.ready),
      .starves_o       (demand.starves)
  );
  assign demand.blocked         = blocked_q;
  assign candidate.access_burst = {line_q[access_slot_o], access_half};
  assign candidate.activate_row = row_q[activate_slot];
  assign access_tag_o           = tag_q[access_slot_o];
  assign candidate_o            = candidate;
  assign demand_o               = demand;

  // ---- Assertions ----
  `S4_ASSERT(RoomForInsertion, !insert_i || room_o)
  `S4_ASSERT(OneMatch, !IsWrite || (matching & (matching - Depth'(1))) == '0)
  `S4_ASSERT(MineIsValid, !mine_i || valid_q[mine_slot_i])
  `S4_ASSERT(MineNeeded, !mine_i || (mine_half_i ? need1_q[mine_slot_i] : need0_q[mine_slot_i]))

endmodule
