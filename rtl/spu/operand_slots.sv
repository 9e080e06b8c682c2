/// Hands out the operand banks of the array in a circle: a bank is taken when its first word is
/// fetched, complete in the clock after the last grants of both fetch ports (complete_i), at whose
/// end its words are written, and free again with release_i: a step reads its operands in the clock
/// after it, and new ones come two clocks after it at the earliest. valid_o: the oldest bank, or
/// with pair_i the oldest two, is complete; oldest_o is its number; release_i frees it, or both. A
/// BF16 command uses them two by two, from an even one on: at its start a last odd one is passed
/// over by the fetch (align_take_i) and by the array (align_release_i).
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
    output logic [SlotBits-1:0] slot_o,      // the bank that take_i takes
    input  logic [         1:0] complete_i,  // this port has all its words of a bank, in order
    // Array
    input  logic                align_release_i,
    input  logic                pair_i,
    output logic                valid_o,
    output logic [SlotBits-1:0] oldest_o,
    input  logic                release_i
);

  logic [SlotBits:0] used_q, lower_q, upper_q;
  logic [1:0] complete_q;
  logic passing_q, skipping_q, free, pass, take, skip;
  logic [SlotBits:0] released;
  assign free = used_q != (SlotBits + 1)'(Slots);
  // A bank is passed over as if it were taken and complete at once: all before it have been
  // fetched, and nothing is before credit_o.
  assign pass = passing_q && slot_o[0] && free && complete_q == '0;
  assign credit_o = (free || release_i) && !passing_q;
  assign take = take_i || pass;
  // All banks before it have been released.
  assign skip = skipping_q && oldest_o[0] && lower_q != '0 && upper_q != '0;
  assign released = skip ? (SlotBits + 1)'(1)
                  : release_i ? (pair_i ? (SlotBits + 1)'(2) : (SlotBits + 1)'(1)) : '0;
  // A bank counts in the clock in which its last words are written.
  logic [1:0] one, two;
  assign one = {upper_q != '0 || complete_q[1], lower_q != '0 || complete_q[0]};
  assign two = {upper_q[SlotBits:1] != '0 || (upper_q[0] && complete_q[1]),
                lower_q[SlotBits:1] != '0 || (lower_q[0] && complete_q[0])};
  assign valid_o = (pair_i ? two == 2'b11 : one == 2'b11) && !skipping_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      used_q        <= '0;
      lower_q    <= '0;
      upper_q    <= '0;
      complete_q <= '0;
      passing_q  <= 1'b0;
      skipping_q <= 1'b0;
      oldest_o   <= '0;
      slot_o     <= '0;
    end else begin
      if (take) slot_o <= slot_o + SlotBits'(1);
      oldest_o   <= oldest_o + SlotBits'(released);
      used_q     <= used_q + (SlotBits + 1)'(take) - released;
      complete_q <= complete_i;
      lower_q    <= lower_q + (SlotBits + 1)'(complete_q[0] || pass) - released;
      upper_q    <= upper_q + (SlotBits + 1)'(complete_q[1] || pass) - released;
      if (align_take_i) passing_q <= 1'b1;
      else if (pass || !slot_o[0]) passing_q <= 1'b0;
      if (align_release_i) skipping_q <= 1'b1;
      else if (skip || !oldest_o[0]) skipping_q <= 1'b0;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(TakeFree, !take_i || credit_o)
  `S4_ASSERT(ReleaseOnlyComplete, !release_i || valid_o)
  `S4_ASSERT(ReleaseAfterSkip, !release_i || !skipping_q)

endmodule
