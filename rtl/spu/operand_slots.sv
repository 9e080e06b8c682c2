/// Hands out the operand banks of the array in a circle: a bank is taken when its first word is
/// fetched, complete two clocks after the last grants of both fetch ports (complete_i), and free
/// again after release_i.
/// valid_o: the oldest bank is complete, oldest_o is its number. Model: sim/spu/spu.hpp
`include "assert.svh"
module operand_slots #(
    localparam int unsigned Slots    = spu_pkg::OperandBanks,
    localparam int unsigned SlotBits = $clog2(Slots)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    // Fetch
    output logic                credit_o,
    input  logic                take_i,
    output logic [SlotBits-1:0] slot_o,      // the bank that take_i takes
    input  logic [         1:0] complete_i,  // this port has all its words of a bank, in order
    // Array
    output logic                valid_o,
    output logic [SlotBits-1:0] oldest_o,
    input  logic                release_i
);

  logic [SlotBits:0] used_q, lower_q, upper_q;
  logic [1:0] complete_q;
  assign credit_o = used_q != (SlotBits + 1)'(Slots);
  assign valid_o = lower_q != '0 && upper_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      used_q        <= '0;
      lower_q    <= '0;
      upper_q    <= '0;
      complete_q <= '0;
      oldest_o      <= '0;
      slot_o        <= '0;
    end else begin
      if (take_i) slot_o <= slot_o + SlotBits'(1);
      if (release_i) oldest_o <= oldest_o + SlotBits'(1);
      used_q <= used_q + (SlotBits + 1)'(take_i) - (SlotBits + 1)'(release_i);
      complete_q <= complete_i;
      lower_q <= lower_q + (SlotBits + 1)'(complete_q[0]) - (SlotBits + 1)'(release_i);
      upper_q <= upper_q + (SlotBits + 1)'(complete_q[1]) - (SlotBits + 1)'(release_i);
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(TakeFree, !take_i || credit_o)
  `S4_ASSERT(ReleaseOnlyComplete, !release_i || valid_o)

endmodule
