/// Queue of the requests of one direction, one entry for each 64-byte line, and the choice of
/// what could be done next: the oldest access to an open row whose bank is ready, and the oldest
/// entry that wants a row opened. The choice is registered and counts on state that is one clock
/// old; the scheduler checks every time again. An entry that has waited between one and two
/// Epochs goes before all others, and accesses to the row that keeps its bank from it stop. An
/// entry takes part from the clock after its insertion (a write: after its data) on. Model: the
/// queues of tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_queue #(
    parameter int unsigned Depth = 64,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned OtherDepth = 64,  // entries of the queue of the other direction
    parameter bit IsWrite = 1'b0,  // entries wait for data and keep their slot until it was fetched
    parameter int unsigned Epoch = 2048,  // clocks, >= 2
    localparam int unsigned NumBanks = lpddr4_pkg::MaxRanks * lpddr4_pkg::NumBanks,
    localparam int unsigned SlotWidth = $clog2(Depth),
    localparam int unsigned OtherWidth = $clog2(OtherDepth),
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
    input  logic                                  blocked_i,
    input  logic [                OtherWidth-1:0] blocker_i,
    output logic                                  pending_o,
    // Write data that arrived: any and all bytes of the half now in place
    input  logic                                  data_i,
    input  logic [                 SlotWidth-1:0] data_slot_i,
    input  logic                                  data_half_i,
    input  logic                                  data_any_i,
    input  logic                                  data_full_i,
    // Entries that leave, for the reads that wait for them; slots whose data was fetched
    output logic [                           1:0] removed_o,
    output logic [               2*SlotWidth-1:0] removed_slot_o,
    input  logic [                           1:0] unblock_i,
    input  logic [              2*OtherWidth-1:0] unblock_slot_i,
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
    // Access to an open row
    output logic                                  access_valid_o,
    output logic [                 SlotWidth-1:0] access_slot_o,
    output logic [                           3:0] access_bank_o,
    output logic [                           5:0] access_burst_o,
    output logic                                  access_masked_o,
    output logic                                  access_last_o,
    output logic                                  access_only_o,
    output logic [                  TagWidth-1:0] access_tag_o,
    // Row to be opened
    output logic                                  activate_valid_o,
    output logic [                           3:0] activate_bank_o,
    output logic [                          15:0] activate_row_o,
    // Per bank: entries ready, entries of the open row, of other rows, starving ones of other rows
    output logic [                  NumBanks-1:0] bank_any_o,
    output logic [                  NumBanks-1:0] bank_hit_o,
    output logic [                  NumBanks-1:0] bank_conflict_o,
    output logic [                  NumBanks-1:0] bank_starving_o,
    output logic                                  ready_o,
    output logic                                  blocked_o,
    output logic                                  starving_o,
    output logic [                CountWidth-1:0] count_o
);

  localparam int unsigned EpochWidth = $clog2(Epoch);

  `S4_CHECK_PARAM(gen_check_depth, Depth >= 2 && Depth <= 64)
  `S4_CHECK_PARAM(gen_check_epoch, Epoch >= 2)

  // Bit i of part k: bit k of the number i. For the number of a one-hot vector.
  function automatic logic [SlotWidth*Depth-1:0] number_masks();
    int unsigned i, k;
    number_masks = '0;
    for (k = 0; k < SlotWidth; k = k + 1) begin
      for (i = 0; i < Depth; i = i + 1) number_masks[k*Depth+i] = ((i >> k) & 1) != 0;
    end
  endfunction
  localparam logic [SlotWidth*Depth-1:0] Masks = number_masks();

  function automatic logic [SlotWidth-1:0] number(input logic [Depth-1:0] one_hot);
    int unsigned k;
    for (k = 0; k < SlotWidth; k = k + 1) number[k] = |(one_hot & Masks[k*Depth+:Depth]);
  endfunction

  lpddr4_pkg::request_t request;
  lpddr4_pkg::command_word_t command;
  assign request = request_i;
  assign command = command_i;
  logic unused_command;
  assign unused_command = ^{command.phase, command.burst};

  // ---- Entries ----
  logic [Depth-1:0] valid_q, hit_q, blocked_q, marked_q, starving_q, match_q;
  logic [Depth-1:0] held0_q, held1_q;  // bursts to be fetched: 0 to 3
  logic [Depth-1:0] need0_q, need1_q, pend0_q, pend1_q, full0_q, full1_q;
  logic [Depth-1:0] in_bank[0:NumBanks-1];  // entries of a bank
  logic [Depth-1:0] older[0:Depth-1];  // entries older than this one
  logic [15:0] row_q[0:Depth-1];
  logic [3:0] bank_q[0:Depth-1];
  logic [4:0] line_q[0:Depth-1];
  logic [TagWidth-1:0] tag_q[0:Depth-1];
  logic [OtherWidth-1:0] blocker_q[0:Depth-1];
  logic [EpochWidth-1:0] epoch_q;

  // ---- Search ----
  logic [Depth-1:0] matching;
  assign matching     = match_q & valid_q;
  assign match_o      = matching != '0;
  assign match_slot_o = number(matching);
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
  logic [Depth-1:0] valid_d, hit_d, held0_d, held1_d, blocked_d;
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
    blocked_d = blocked_q & ~inserted;
    if (blocked_i) blocked_d = blocked_d | inserted;
    if (unblock_i != '0) begin
      for (i = 0; i < Depth; i = i + 1) begin
        if ((unblock_i[0] && unblock_slot_i[0+:OtherWidth] ==
             (inserted[i] ? blocker_i : blocker_q[i])) ||
            (unblock_i[1] && unblock_slot_i[OtherWidth+:OtherWidth] ==
             (inserted[i] ? blocker_i : blocker_q[i]))) begin
          blocked_d[i] = 1'b0;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin : entries
    logic [Depth-1:0] free;
    if (!rst_ni) begin
      valid_q     <= '0;
      hit_q       <= '0;
      held0_q     <= '0;
      held1_q     <= '0;
      blocked_q   <= '0;
      need0_q     <= '0;
      need1_q     <= '0;
      pend0_q     <= '0;
      pend1_q     <= '0;
      full0_q     <= '0;
      full1_q     <= '0;
      marked_q    <= '0;
      starving_q  <= '0;
      epoch_q     <= '0;
      room_o      <= 1'b0;
      free_slot_o <= '0;
      count_o     <= '0;
    end else begin
      valid_q     <= valid_d;
      hit_q       <= hit_d;
      held0_q     <= held0_d;
      held1_q     <= held1_d;
      blocked_q   <= blocked_d;
      need0_q     <= need0_d;
      need1_q     <= need1_d;
      pend0_q     <= pend0_d;
      pend1_q     <= pend1_d;
      full0_q     <= full0_d;
      full1_q     <= full1_d;
      epoch_q     <= (epoch_q == EpochWidth'(Epoch - 1)) ? '0 : epoch_q + EpochWidth'(1);
      marked_q    <= (epoch_q == '0) ? valid_d & ~inserted : marked_q & valid_d & ~inserted;
      starving_q  <= ((epoch_q == '0) ? marked_q | starving_q : starving_q) & valid_d & ~inserted;
      free        = ~(valid_d | held0_d | held1_d);
      room_o      <= free != '0;
      free_slot_o <= number(free & (~free + Depth'(1)));
      count_o     <= count_o + CountWidth'(insert_i) - CountWidth'(removed_o[0]) -
                     CountWidth'(removed_o[1]);
    end
  end

  always_ff @(posedge clk_i) begin : payload
    if (insert_i) begin
      row_q[free_slot_o]     <= request.row;
      bank_q[free_slot_o]    <= {request.rank, request.bank};
      line_q[free_slot_o]    <= request.line;
      tag_q[free_slot_o]     <= tag_i;
      blocker_q[free_slot_o] <= blocker_i;
    end
  end

  // ---- Choice ----
  // The arrays in_bank and older are private to this process and updated at its end, by blocking
  // assignment.
  logic [Depth-1:0] mates_q;
  logic access_half_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin : choice
    int unsigned i;
    logic [Depth-1:0] able, access_bank, masked_bank, activate_bank, stopped, half1, full;
    logic [Depth-1:0] candidates, first;
    logic [SlotWidth-1:0] slot;
    i             = 0;
    able          = '0;
    access_bank   = '0;
    masked_bank   = '0;
    activate_bank = '0;
    stopped       = '0;
    half1         = '0;
    full          = '0;
    candidates    = '0;
    first         = '0;
    slot          = '0;
    if (!rst_ni) begin
      access_valid_o   <= 1'b0;
      access_slot_o    <= '0;
      access_bank_o    <= '0;
      access_half_q    <= 1'b0;
      access_masked_o  <= 1'b0;
      access_last_o    <= 1'b0;
      access_tag_o     <= '0;
      mates_q          <= '0;
      activate_valid_o <= 1'b0;
      activate_bank_o  <= '0;
      activate_row_o   <= '0;
      bank_any_o       <= '0;
      bank_hit_o       <= '0;
      bank_conflict_o  <= '0;
      bank_starving_o  <= '0;
      ready_o          <= 1'b0;
      blocked_o        <= 1'b0;
      starving_o       <= 1'b0;
    end else begin
      able = valid_q & ~blocked_q & ~pend0_q & ~pend1_q;
      for (i = 0; i < NumBanks; i = i + 1) begin
        bank_any_o[i]      <= (in_bank[i] & able) != '0;
        bank_hit_o[i]      <= (in_bank[i] & able & hit_q) != '0;
        bank_conflict_o[i] <= (in_bank[i] & able & ~hit_q) != '0;
        bank_starving_o[i] <= (in_bank[i] & able & ~hit_q & starving_q) != '0;
        if (access_ready_i[i]) access_bank = access_bank | in_bank[i];
        if (masked_ready_i[i]) masked_bank = masked_bank | in_bank[i];
        if (activate_ready_i[i]) activate_bank = activate_bank | in_bank[i];
        if (bank_starving_o[i]) stopped = stopped | in_bank[i];
      end
      ready_o    <= able != '0;
      blocked_o  <= blocked_q != '0;
      starving_o <= (able & starving_q) != '0;

      half1 = ~need0_q;
      full  = (half1 & full1_q) | (~half1 & full0_q);
      if (!IsWrite) full = '1;
      candidates = able & hit_q & ((full & access_bank) | (~full & masked_bank)) &
                   (starving_q | ~stopped);
      if ((candidates & starving_q) != '0) candidates = candidates & starving_q;
      first = '0;
      if (candidates != '0) begin
        for (i = 0; i < Depth; i = i + 1) begin
          first[i] = candidates[i] && (older[i] & candidates) == '0;
        end
      end
      slot            = number(first);
      access_valid_o  <= candidates != '0;
      access_slot_o   <= slot;
      access_bank_o   <= bank_q[slot];
      access_half_q   <= (first & half1) != '0;
      access_masked_o <= (first & ~full) != '0;
      access_last_o   <= (first & need0_q & need1_q) == '0;
      access_tag_o    <= tag_q[slot];
      mates_q         <= in_bank[bank_q[slot]];

      candidates = able & ~hit_q & activate_bank;
      if ((candidates & starving_q) != '0) candidates = candidates & starving_q;
      first = '0;
      if (candidates != '0) begin
        for (i = 0; i < Depth; i = i + 1) begin
          first[i] = candidates[i] && (older[i] & candidates) == '0;
        end
      end
      slot             = number(first);
      activate_valid_o <= candidates != '0;
      activate_bank_o  <= bank_q[slot];
      activate_row_o   <= row_q[slot];

      if (insert_i) begin
        for (i = 0; i < NumBanks; i = i + 1) in_bank[i] = in_bank[i] & ~inserted;
        in_bank[{request.rank, request.bank}] = in_bank[{request.rank, request.bank}] | inserted;
        for (i = 0; i < Depth; i = i + 1) older[i] = older[i] & ~inserted;
        older[free_slot_o] = valid_q;
      end
    end
  end

  assign access_burst_o = {line_q[access_slot_o], access_half_q};

  // No other entry of this queue wants the row that the access goes to.
  assign access_only_o = (mates_q & valid_q & hit_q &
                          ~(Depth'(1) << access_slot_o)) == '0;

  // ---- Assertions ----
  `S4_ASSERT(RoomForInsertion, !insert_i || room_o)
  `S4_ASSERT(OneMatch, !IsWrite || (matching & (matching - Depth'(1))) == '0)
  `S4_ASSERT(MineIsValid, !mine_i || valid_q[mine_slot_i])
  `S4_ASSERT(MineNeeded, !mine_i || (mine_half_i ? need1_q[mine_slot_i] : need0_q[mine_slot_i]))

endmodule
