/// Chooses among the entries of a queue: the oldest access to an open row whose bank is ready, and
/// the oldest entry that wants a row opened; and tells what waits for each bank. The choice is
/// registered and counts on state that is one clock old; the scheduler checks every time again.
/// Starving entries go before all others, and what would keep one waiting again and again stops:
/// accesses to a bank with a starving entry of another row or one that needs a mask, and accesses
/// to the other rank than that of a starving one whose row is open. Model: the queues of
/// tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_choice #(
    parameter int unsigned Depth = 64,  // entries, 2..64
    localparam int unsigned NumBanks = memory_pkg::NumBanks,
    localparam int unsigned SlotWidth = $clog2(Depth)
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // Entries: present, ready to be served, their row open, starving; wanted halves, and whether
    // the half that goes next needs no mask
    input  logic [    Depth-1:0] valid_i,
    input  logic [    Depth-1:0] able_i,
    input  logic [    Depth-1:0] hit_i,
    input  logic [    Depth-1:0] starving_i,
    input  logic [    Depth-1:0] need0_i,
    input  logic [    Depth-1:0] need1_i,
    input  logic [    Depth-1:0] full_i,
    // A new entry, younger than all
    input  logic                 insert_i,
    input  logic [SlotWidth-1:0] insert_slot_i,
    input  logic [          3:0] insert_bank_i,
    // Banks that are ready for an access, a masked write, an activate in the next clock
    input  logic [ NumBanks-1:0] access_ready_i,
    input  logic [ NumBanks-1:0] masked_ready_i,
    input  logic [ NumBanks-1:0] activate_ready_i,
    // Access to an open row
    output logic                 access_valid_o,
    output logic [SlotWidth-1:0] access_slot_o,
    output logic [          3:0] access_bank_o,
    output logic                 access_half_o,
    output logic                 access_masked_o,
    output logic                 access_last_o,
    output logic                 access_only_o,
    // Row to be opened
    output logic                 activate_valid_o,
    output logic [SlotWidth-1:0] activate_slot_o,
    output logic [          3:0] activate_bank_o,
    // As in memory_pkg::demand_t
    output logic [ NumBanks-1:0] bank_any_o,
    output logic [ NumBanks-1:0] bank_hit_o,
    output logic [ NumBanks-1:0] bank_conflict_o,
    output logic [ NumBanks-1:0] bank_starving_o,
    output logic                 ready_o,
    output logic                 starves_o
);

  `S4_CHECK_PARAM(gen_check_depth, Depth >= 2 && Depth <= 64)

  logic [Depth-1:0] in_bank[0:NumBanks-1];  // entries of a bank
  logic [Depth-1:0] older[0:Depth-1];  // entries older than this one
  logic [3:0] bank[0:Depth-1];
  logic [Depth-1:0] mates_q;  // entries of the bank of the access
  logic [NumBanks-1:0] stopped_q;  // banks to which only starving entries go
  logic [1:0] waits_q;  // a starving entry of the rank has its row open

  // The arrays are private to this process and updated at its end, by blocking assignment.
  always_ff @(posedge clk_i or negedge rst_ni) begin : choice
    int unsigned i;
    logic [Depth-1:0] access_bank, masked_bank, activate_bank, stopped, inserted;
    logic [Depth-1:0] candidates, first, upper;
    logic [SlotWidth-1:0] slot;
    i             = 0;
    access_bank   = '0;
    masked_bank   = '0;
    activate_bank = '0;
    stopped       = '0;
    inserted      = '0;
    candidates    = '0;
    first         = '0;
    upper         = '0;
    slot          = '0;
    if (!rst_ni) begin
      access_valid_o   <= 1'b0;
      access_slot_o    <= '0;
      access_bank_o    <= '0;
      access_half_o    <= 1'b0;
      access_masked_o  <= 1'b0;
      access_last_o    <= 1'b0;
      mates_q          <= '0;
      activate_valid_o <= 1'b0;
      activate_slot_o  <= '0;
      activate_bank_o  <= '0;
      bank_any_o       <= '0;
      bank_hit_o       <= '0;
      bank_conflict_o  <= '0;
      bank_starving_o  <= '0;
      stopped_q        <= '0;
      waits_q          <= '0;
      ready_o          <= 1'b0;
      starves_o        <= 1'b0;
    end else begin
      bank_any_o      <= '0;
      bank_hit_o      <= '0;
      bank_conflict_o <= '0;
      bank_starving_o <= '0;
      stopped_q       <= '0;
      waits_q         <= '0;
      // Not for a queue without requests, as most are most of the time: a simulator skips it.
      if (able_i != '0) begin
        for (i = 0; i < NumBanks; i = i + 1) begin
          bank_any_o[i]      <= (in_bank[i] & able_i) != '0;
          bank_hit_o[i]      <= (in_bank[i] & able_i & hit_i) != '0;
          bank_conflict_o[i] <= (in_bank[i] & able_i & ~hit_i) != '0;
          bank_starving_o[i] <= (in_bank[i] & able_i & ~hit_i & starving_i) != '0;
          stopped_q[i]       <= (in_bank[i] & able_i & starving_i & ~(hit_i & full_i)) != '0;
          if (access_ready_i[i]) access_bank = access_bank | in_bank[i];
          if (masked_ready_i[i]) masked_bank = masked_bank | in_bank[i];
          if (activate_ready_i[i]) activate_bank = activate_bank | in_bank[i];
          if (stopped_q[i]) stopped = stopped | in_bank[i];
        end
        for (i = 0; i < Depth; i = i + 1) upper[i] = bank[i][3];
        if (waits_q[0]) stopped = stopped | upper;
        if (waits_q[1]) stopped = stopped | ~upper;
        waits_q[0] <= (able_i & hit_i & starving_i & ~upper) != '0;
        waits_q[1] <= (able_i & hit_i & starving_i & upper) != '0;
      end
      ready_o   <= able_i != '0;
      starves_o <= (able_i & starving_i) != '0;

      candidates = able_i & hit_i & ((full_i & access_bank) | (~full_i & masked_bank)) &
                   (starving_i | ~stopped);
      if ((candidates & starving_i) != '0) candidates = candidates & starving_i;
      if (candidates != '0) begin
        for (i = 0; i < Depth; i = i + 1) begin
          first[i] = candidates[i] && (older[i] & candidates) == '0;
        end
      end
      slot            = SlotWidth'(memory_pkg::number(64'(first)));
      access_valid_o  <= candidates != '0;
      access_slot_o   <= slot;
      access_bank_o   <= bank[slot];
      access_half_o   <= (first & ~need0_i) != '0;
      access_masked_o <= (first & ~full_i) != '0;
      access_last_o   <= (first & need0_i & need1_i) == '0;
      mates_q         <= in_bank[bank[slot]];

      candidates = able_i & ~hit_i & activate_bank;
      if ((candidates & starving_i) != '0) candidates = candidates & starving_i;
      first = '0;
      if (candidates != '0) begin
        for (i = 0; i < Depth; i = i + 1) begin
          first[i] = candidates[i] && (older[i] & candidates) == '0;
        end
      end
      slot             = SlotWidth'(memory_pkg::number(64'(first)));
      activate_valid_o <= candidates != '0;
      activate_slot_o  <= slot;
      activate_bank_o  <= bank[slot];

      if (insert_i) begin
        inserted = Depth'(1) << insert_slot_i;
        for (i = 0; i < NumBanks; i = i + 1) in_bank[i] = in_bank[i] & ~inserted;
        in_bank[insert_bank_i] = in_bank[insert_bank_i] | inserted;
        for (i = 0; i < Depth; i = i + 1) older[i] = older[i] & ~inserted;
        older[insert_slot_i] = valid_i;
        bank[insert_slot_i]  = insert_bank_i;
      end
    end
  end

  // No other entry of this queue wants the row that the access goes to.
  assign access_only_o = (mates_q & valid_i & hit_i & ~(Depth'(1) << access_slot_o)) == '0;

endmodule
