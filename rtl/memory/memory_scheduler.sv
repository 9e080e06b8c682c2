/// Chooses the command of every clock, and its phase. Stage 1 (here for precharge and refresh, in
/// the queues for accesses and activates) registers candidates that will be ready in the next
/// clock; stage 2 checks them against the exact times and issues one: urgent refreshes, accesses,
/// other refreshes, activates, precharges. While a refresh could go but for the times of its rank,
/// no row of that rank is opened: activates would begin those times again and again. An access
/// closes its bank (auto-precharge) when no other entry wants the row and one wants another row,
/// or a refresh waits for the bank; a row that nobody wants closed stays open. Proofs:
/// formal/memory_service.json and its fellows. Model: sim/memory (device) judges every command
`include "assert.svh"

module memory_scheduler #(
    localparam int unsigned NumRanks = lpddr4_pkg::MaxRanks,
    localparam int unsigned NumBanks = NumRanks * lpddr4_pkg::NumBanks
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic [   NumRanks-1:0] enable_i,
    input  logic                   writing_i,
    input  logic                   read_room_i,
    // Refresh wanted, per rank
    input  logic [   NumRanks-1:0] refresh_valid_i,
    input  logic [ 3*NumRanks-1:0] refresh_bank_i,
    input  logic [   NumRanks-1:0] refresh_urgent_i,
    output logic [   NumRanks-1:0] refresh_done_o,
    // Banks and ranks: ready in the next clock
    input  logic [   NumBanks-1:0] access_soon_i,
    input  logic [   NumBanks-1:0] masked_soon_i,
    input  logic [   NumBanks-1:0] activate_soon_i,
    input  logic [   NumBanks-1:0] precharge_soon_i,
    input  logic [   NumBanks-1:0] refresh_soon_i,
    input  logic [   NumRanks-1:0] rank_read_soon_i,
    input  logic [   NumRanks-1:0] rank_write_soon_i,
    input  logic [   NumRanks-1:0] rank_activate_soon_i,
    input  logic [   NumRanks-1:0] rank_refresh_soon_i,
    output memory_pkg::ready_t ready_o,
    // What the queues hold and would do next
    input  memory_pkg::demand_t read_demand_i,
    input  memory_pkg::demand_t write_demand_i,
    input  memory_pkg::candidate_t read_i,
    input  memory_pkg::candidate_t write_i,
    // Exact times of the candidates: bit p for phase p
    output logic [            3:0] access_bank_o,
    output logic                   access_masked_o,
    output logic [            3:0] activate_bank_o,
    output logic [            3:0] precharge_bank_o,
    output logic [            3:0] refresh_bank_o,
    input  logic [            1:0] bank_access_i,
    input  logic [            1:0] bank_activate_i,
    input  logic [            1:0] bank_precharge_i,
    input  logic [            1:0] bank_refresh_i,
    input  logic [            1:0] bus_i,
    input  logic [ 2*NumRanks-1:0] rank_read_i,
    input  logic [ 2*NumRanks-1:0] rank_write_i,
    input  logic [ 2*NumRanks-1:0] rank_activate_i,
    input  logic [ 2*NumRanks-1:0] rank_precharge_i,
    input  logic [ 2*NumRanks-1:0] rank_refresh_i,
    // The command of this clock; the access of it, reads in bit 0
    output lpddr4_pkg::command_word_t issue_o,
    output logic [            1:0] access_o
);

  // What waits in the direction that is served, and in the other one
  memory_pkg::demand_t own, other;
  memory_pkg::candidate_t read, write;
  logic [NumBanks-1:0] any_own, hit_own, hit_other, conflict_own, conflict_other, starving;
  logic unused_demand;
  assign own            = writing_i ? write_demand_i : read_demand_i;
  assign other          = writing_i ? read_demand_i : write_demand_i;
  assign any_own        = own.any;
  assign hit_own        = own.hit;
  assign hit_other      = other.hit;
  assign conflict_own   = own.conflict;
  assign conflict_other = other.conflict;
  assign starving       = own.starving | other.starving;
  assign read           = read_i;
  assign write          = write_i;
  assign unused_demand  = ^{own.ready, own.starves, own.blocked, other.any, other.ready,
                            other.starves, other.blocked, read.access_masked};

  // ---- Stage 1: what will be ready ----
  logic [NumBanks-1:0] refreshing, urgent, closing_wanted, urgent_wanted, starving_wanted, chosen;
  logic [NumBanks-1:0] read_ready, write_ready, masked_ready, activate_ready;
  logic [NumRanks-1:0] refresh_ready, refresh_ready_q;
  assign ready_o = {read_ready, write_ready, masked_ready, activate_ready};

  always_comb begin : soon
    int unsigned r;
    refreshing    = '0;
    urgent        = '0;
    refresh_ready = '0;
    for (r = 0; r < NumRanks; r = r + 1) begin
      if (refresh_valid_i[r]) begin
        refreshing[8*r+32'(refresh_bank_i[3*r+:3])] = 1'b1;
        urgent[8*r+32'(refresh_bank_i[3*r+:3])]     = refresh_urgent_i[r];
        refresh_ready[r] = enable_i[r] && rank_refresh_soon_i[r] &&
                           refresh_soon_i[8*r+32'(refresh_bank_i[3*r+:3])];
      end
      read_ready[8*r+:8] = (rank_read_soon_i[r] && enable_i[r] && !writing_i && read_room_i) ?
                             access_soon_i[8*r+:8] & ~urgent[8*r+:8] : '0;
      write_ready[8*r+:8] = (rank_write_soon_i[r] && enable_i[r] && writing_i) ?
                              access_soon_i[8*r+:8] & ~urgent[8*r+:8] : '0;
      masked_ready[8*r+:8] = (rank_write_soon_i[r] && enable_i[r] && writing_i) ?
                               masked_soon_i[8*r+:8] & ~urgent[8*r+:8] : '0;
      activate_ready[8*r+:8] = (rank_activate_soon_i[r] && enable_i[r] && !refresh_ready_q[r]) ?
                                 activate_soon_i[8*r+:8] & ~refreshing[8*r+:8] : '0;
    end
  end

  logic [NumBanks-1:0] closable;
  assign closable        = precharge_soon_i & {{8{enable_i[1]}}, {8{enable_i[0]}}};
  assign urgent_wanted   = closable & urgent;
  assign starving_wanted = closable & starving;
  assign closing_wanted  = closable &
                          ((refreshing & ~hit_own & ~hit_other) |
                           (conflict_own & ~hit_own) |
                           (conflict_other & ~any_own & ~hit_other));
  // In turn, from the bank after the last one that was closed: no bank keeps another one from it.
  logic [NumBanks-1:0] later_q;
  always_comb begin
    chosen = (urgent_wanted != '0) ? urgent_wanted :
             (starving_wanted != '0) ? starving_wanted : closing_wanted;
    if ((chosen & later_q) != '0) chosen = chosen & later_q;
    chosen = chosen & (~chosen + NumBanks'(1));
  end

  logic precharge_valid_q, precharge_urgent_q, refresh_urgent_q, refresh_rank_q;
  logic [3:0] precharge_bank_q;
  logic [2:0] refresh_bank_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin : candidates
    int unsigned b;
    b = 0;
    if (!rst_ni) begin
      precharge_valid_q  <= 1'b0;
      precharge_urgent_q <= 1'b0;
      precharge_bank_q   <= '0;
      refresh_ready_q    <= '0;
      refresh_urgent_q   <= 1'b0;
      refresh_rank_q     <= 1'b0;
      refresh_bank_q     <= '0;
      later_q            <= '1;
    end else begin
      if (issue_o.kind == lpddr4_pkg::CommandPrecharge) begin
        for (b = 0; b < NumBanks; b = b + 1) later_q[b] <= b > 32'(precharge_bank_q);
      end
      precharge_valid_q  <= chosen != '0;
      precharge_urgent_q <= urgent_wanted != '0;
      for (b = 0; b < NumBanks; b = b + 1) if (chosen[b]) precharge_bank_q <= 4'(b);
      refresh_ready_q  <= refresh_ready;
      refresh_rank_q   <= refresh_ready == 2'b10 || (refresh_ready == 2'b11 && refresh_urgent_i[1]);
      refresh_bank_q   <= (refresh_ready == 2'b10 || (refresh_ready == 2'b11 &&
                                                      refresh_urgent_i[1])) ?
                          refresh_bank_i[3+:3] : refresh_bank_i[0+:3];
      refresh_urgent_q <= (refresh_ready & refresh_urgent_i) != '0;
    end
  end

  // ---- Stage 2: exact times ----
  lpddr4_pkg::command_word_t issue;
  logic access_write, access_masked, activate_own, activate_other, activate_valid;
  logic activate_write, auto_precharge;
  logic [3:0] other_bank;
  logic [5:0] access_burst;
  logic [1:0] access_ok, activate_ok, precharge_ok, refresh_ok;
  logic access, activate, precharge, refresh;

  assign access_write    = write.access_valid;
  assign access_bank_o   = access_write ? write.access_bank : read.access_bank;
  assign access_burst    = access_write ? write.access_burst : read.access_burst;
  assign access_masked   = access_write && write.access_masked;
  assign access_masked_o = access_masked;
  assign activate_own    = writing_i ? write.activate_valid : read.activate_valid;
  assign activate_other  = writing_i ? read.activate_valid : write.activate_valid;
  assign other_bank      = writing_i ? read.activate_bank : write.activate_bank;
  assign activate_write  = writing_i == activate_own;
  assign activate_valid  = activate_own || (activate_other && !any_own[other_bank]);
  assign activate_bank_o = activate_write ? write.activate_bank : read.activate_bank;
  assign precharge_bank_o = precharge_bank_q;
  assign refresh_bank_o  = {refresh_rank_q, refresh_bank_q};

  assign auto_precharge = !access_masked &&
                          (access_write ? write.access_last && write.access_only :
                                          read.access_last && read.access_only) &&
                          (conflict_own[access_bank_o] || starving[access_bank_o] ||
                           refreshing[access_bank_o] ||
                           (conflict_other[access_bank_o] && !hit_other[access_bank_o]));

  always_comb begin : check
    access_ok = bank_access_i & bus_i &
                (access_write ? rank_write_i[2*32'(access_bank_o[3])+:2] :
                                rank_read_i[2*32'(access_bank_o[3])+:2]);
    activate_ok  = bank_activate_i & bus_i & rank_activate_i[2*32'(activate_bank_o[3])+:2];
    precharge_ok = bank_precharge_i & bus_i & rank_precharge_i[2*32'(precharge_bank_o[3])+:2];
    refresh_ok   = bank_refresh_i & bus_i & rank_refresh_i[2*32'(refresh_rank_q)+:2];
    access    = (read.access_valid || write.access_valid) && access_ok[1] &&
                enable_i[access_bank_o[3]];
    activate  = activate_valid && activate_ok[1] && enable_i[activate_bank_o[3]];
    precharge = precharge_valid_q && precharge_ok[1] && enable_i[precharge_bank_o[3]];
    refresh   = refresh_ready_q[refresh_rank_q] && refresh_ok[1] &&
                refresh_valid_i[refresh_rank_q] && enable_i[refresh_rank_q];

    issue                = '0;
    access_o             = '0;
    refresh_done_o       = '0;
    if ((refresh && refresh_urgent_q) ||
        (refresh && !(precharge && precharge_urgent_q) && !access)) begin
      issue.kind                     = lpddr4_pkg::CommandRefresh;
      issue.phase                    = !refresh_ok[0];
      {issue.rank, issue.bank}       = refresh_bank_o;
      refresh_done_o[refresh_rank_q] = 1'b1;
    end else if (precharge && (precharge_urgent_q || (!access && !activate))) begin
      issue.kind               = lpddr4_pkg::CommandPrecharge;
      issue.phase              = !precharge_ok[0];
      {issue.rank, issue.bank} = precharge_bank_o;
    end else if (access) begin
      issue.kind = !access_write ? lpddr4_pkg::CommandRead :
                   access_masked ? lpddr4_pkg::CommandMaskedWrite : lpddr4_pkg::CommandWrite;
      issue.phase              = !access_ok[0];
      issue.auto_precharge     = auto_precharge;
      issue.burst              = access_burst;
      {issue.rank, issue.bank} = access_bank_o;
      access_o                 = access_write ? 2'b10 : 2'b01;
    end else if (activate) begin
      issue.kind               = lpddr4_pkg::CommandActivate;
      issue.phase              = !activate_ok[0];
      {issue.rank, issue.bank} = activate_bank_o;
      issue.row                = activate_write ? write.activate_row : read.activate_row;
    end
  end
  assign issue_o = issue;

endmodule
