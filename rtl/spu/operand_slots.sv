/// Hands out the operand banks of the array in a circle: a bank is taken when its first word is
/// fetched, complete in the clock after the last grants of both fetch ports (complete_i), at whose
/// end its words are written, and free again with release_i: a step reads its operands in the clock
/// after it, and new ones come two clocks after it at the earliest. valid_o: the oldest bank, or
/// with pair_i the oldest two, is complete; oldest_o is its number; release_i frees it, or both. A
/// BF16 command uses them two by two, from an even one on: at its start a last odd one is passed
/// over by the fetch (align_take_i) and by the array (align_release_i). Words that fill both banks
/// of a pair take and complete both (take_both_i, complete_both_i).
/// Model: sim/spu/spu.hpp
`include "assert.svh"
module operand_slots #(
    localparam int unsigned Slots    = spu_pkg::OperandBanks,
    localparam int unsigned SlotBits = $clog2(Slots)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    // Fetch
    input  logic                align_take_i,
    output logic                credit_o,
    input  logic                take_i,
    input  logic                take_both_i,  // also without take_i: credit_o is for it
    output logic [SlotBits-1:0] slot_o,      // the bank that take_i takes
    input  logic [         1:0] complete_i,  // this port has all its words of a bank, in order
    input  logic [         1:0] complete_both_i,
    // Array
    input  logic                align_release_i,
    input  logic                pair_i,
    output logic                valid_o,
    output logic [SlotBits-1:0] oldest_o,
    input  logic                release_i
);

  logic [SlotBits:0] used_q, lower_q, upper_q;
  logic [SlotBits:0] released, taken;
  logic [SlotBits-1:0] slot_next, oldest_next;
  logic [1:0] lower_come_q, upper_come_q;  // banks completed in the last clock
  logic passing_q, skipping_q, free, room, pass, skip;
  assign free = used_q != (SlotBits + 1)'(Slots);
  // A bank is passed over as if it were taken and complete at once: all before it have been
  // fetched, and nothing is before credit_o.
  assign pass = passing_q && free && lower_come_q == '0 && upper_come_q == '0;
  // What takes two goes after commands that may have left one.
  assign room = take_both_i ? used_q <= (SlotBits + 1)'(Slots - 2) || (release_i && pair_i)
                            : free || release_i;
  assign credit_o = room && !passing_q;
  assign taken = (SlotBits + 1)'({take_i && take_both_i, (take_i && !take_both_i) || pass});
  // All banks before it have been released.
  assign skip = skipping_q && lower_q != '0 && upper_q != '0;
  assign released = skip ? (SlotBits + 1)'(1)
                  : release_i ? (pair_i ? (SlotBits + 1)'(2) : (SlotBits + 1)'(1)) : '0;
  assign slot_next = slot_o + SlotBits'(taken);
  assign oldest_next = oldest_o + SlotBits'(released);
  // A bank counts in the clock in which its last words are written.
  logic [SlotBits:0] lower, upper, wanted;
  assign lower = lower_q + (SlotBits + 1)'(lower_come_q);
  assign upper = upper_q + (SlotBits + 1)'(upper_come_q);
  assign wanted = pair_i ? (SlotBits + 1)'(2) : (SlotBits + 1)'(1);
  assign valid_o = lower >= wanted && upper >= wanted && !skipping_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      used_q        <= '0;
      lower_q    <= '0;
      upper_q    <= '0;
      lower_come_q <= '0;
      upper_come_q <= '0;
      passing_q  <= 1'b0;
      skipping_q <= 1'b0;
      oldest_o   <= '0;
      slot_o     <= '0;
    end else begin
      slot_o     <= slot_next;
      oldest_o   <= oldest_next;
      used_q     <= used_q + taken - released;
      lower_come_q <= {complete_i[0] && complete_both_i[0], complete_i[0] && !complete_both_i[0]};
      upper_come_q <= {complete_i[1] && complete_both_i[1], complete_i[1] && !complete_both_i[1]};
      lower_q    <= lower + (SlotBits + 1)'(pass) - released;
      upper_q    <= upper + (SlotBits + 1)'(pass) - released;
      if (align_take_i) passing_q <= slot_next[0];
      else if (pass) passing_q <= 1'b0;
      if (align_release_i) skipping_q <= oldest_next[0];
      else if (skip) skipping_q <= 1'b0;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(TakeFree, !take_i || credit_o)
  `S4_ASSERT(TakeRoom, !take_i || 32'(used_q) + 32'(taken) <= Slots + 32'(released))
  `S4_ASSERT(BothFromEven, !take_i || !take_both_i || !slot_o[0])
  `S4_ASSERT(ReleaseOnlyComplete, !release_i || valid_o)
  `S4_ASSERT(ReleaseAfterSkip, !release_i || !skipping_q)

endmodule
