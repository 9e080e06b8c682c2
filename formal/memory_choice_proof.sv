// What memory_choice promises a starving request, whatever the states of the entries: the oldest
// one that could be served is the candidate, access or activate; and what would keep one waiting
// again and again is no candidate: others of its bank while its row is not open or it needs a
// mask, others of the other rank while its row is open.
module memory_choice_proof #(
    parameter int unsigned Depth = 3
) (
    input logic             clk_i,
    input logic             insert_i,
    input logic [      1:0] insert_slot_i,
    input logic             insert_rank_i,
    input logic             insert_bank_i,
    input logic [Depth-1:0] leave_i,
    input logic [Depth-1:0] able_i,
    input logic [Depth-1:0] hit_i,
    input logic [Depth-1:0] starve_i,
    input logic [Depth-1:0] need0_i,
    input logic [Depth-1:0] need1_i,
    input logic [Depth-1:0] full_i,
    input logic [      3:0] access_ready_i,
    input logic [      3:0] masked_ready_i,
    input logic [      3:0] activate_ready_i
);
  logic rst_ni = 1'b0;

  // ---- Entries: they come into free slots, starve until they leave ----
  logic [Depth-1:0] valid_q = '0, starving_q = '0, able, hit, coming;
  logic [3:0] bank_q[0:Depth-1];
  logic insert;
  assign insert = insert_i && rst_ni && 32'(insert_slot_i) < Depth && !valid_q[insert_slot_i];
  assign coming = insert ? Depth'(1) << insert_slot_i : '0;
  assign able   = able_i & valid_q;
  assign hit    = hit_i & valid_q;

  function automatic logic [15:0] banks(input logic [3:0] ready);
    banks = {6'd0, ready[3:2], 6'd0, ready[1:0]};  // two of each rank
  endfunction
  logic [15:0] access_ready, masked_ready, activate_ready;
  assign access_ready   = banks(access_ready_i);
  assign masked_ready   = banks(masked_ready_i);
  assign activate_ready = banks(activate_ready_i);

  logic access_valid, access_half, access_masked, access_last, access_only, activate_valid;
  logic [1:0] access_slot, activate_slot;
  logic [3:0] access_bank, activate_bank;
  logic [15:0] bank_any, bank_hit, bank_conflict, bank_starving;
  logic ready, starves;

  memory_choice #(
      .Depth(Depth)
  ) u_choice (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .valid_i         (valid_q),
      .able_i          (able),
      .hit_i           (hit),
      .starving_i      (starving_q),
      .need0_i         (need0_i),
      .need1_i         (need1_i),
      .full_i          (full_i),
      .insert_i        (insert),
      .insert_slot_i   (insert_slot_i),
      .insert_bank_i   ({insert_rank_i, 2'b00, insert_bank_i}),
      .access_ready_i  (access_ready),
      .masked_ready_i  (masked_ready),
      .activate_ready_i(activate_ready),
      .access_valid_o  (access_valid),
      .access_slot_o   (access_slot),
      .access_bank_o   (access_bank),
      .access_half_o   (access_half),
      .access_masked_o (access_masked),
      .access_last_o   (access_last),
      .access_only_o   (access_only),
      .activate_valid_o(activate_valid),
      .activate_slot_o (activate_slot),
      .activate_bank_o (activate_bank),
      .bank_any_o      (bank_any),
      .bank_hit_o      (bank_hit),
      .bank_conflict_o (bank_conflict),
      .bank_starving_o (bank_starving),
      .ready_o         (ready),
      .starves_o       (starves)
  );

  // ---- One entry, any, and those that were there before it ----
  (* anyconst *) logic [1:0] watched;
  logic [Depth-1:0] older_q = '0, starving_hits, starving_others;
  logic [3:0] mine;
  logic present, masked;
  assign mine    = bank_q[watched];
  assign present = 32'(watched) < Depth && valid_q[watched] && able[watched] && starving_q[watched];
  assign masked  = !full_i[watched];
  always_comb begin : rivals
    int unsigned i;
    starving_hits   = '0;
    starving_others = '0;
    for (i = 0; i < Depth; i = i + 1) begin
      starving_hits[i] = older_q[i] && able[i] && starving_q[i] && hit[i] &&
                         (full_i[i] ? access_ready[bank_q[i]] : masked_ready[bank_q[i]]);
      starving_others[i] = older_q[i] && able[i] && starving_q[i] && !hit[i] &&
                           activate_ready[bank_q[i]];
    end
  end

  logic goes_q = 1'b0, opens_q = 1'b0, wanted_q = 1'b0, blocked_q = 1'b0, waits_q = 1'b0;
  logic blocked_q2 = 1'b0, waits_q2 = 1'b0, slot_starves, slot_other;
  logic [3:0] mine_q = '0, mine_q2 = '0;
  logic [Depth-1:0] starving_was_q = '0;
  always_ff @(posedge clk_i) begin : follow
    int unsigned i;
    i = 0;
    rst_ni  <= 1'b1;
    valid_q <= rst_ni ? (valid_q & ~leave_i) | coming : '0;
    starving_q <= ((starving_q | starve_i) & valid_q & ~leave_i) & ~coming;
    for (i = 0; i < Depth; i = i + 1) begin
      if (coming[i]) bank_q[i] <= {insert_rank_i, 2'b00, insert_bank_i};
    end
    if (32'(watched) < Depth && coming[watched]) older_q <= valid_q;
    else older_q <= older_q & ~coming;
    goes_q <= rst_ni && present && hit[watched] && starving_hits == '0 &&
              (masked ? masked_ready[mine] : access_ready[mine]);
    opens_q <= rst_ni && present && !hit[watched] && activate_ready[mine] &&
               starving_others == '0;
    wanted_q       <= rst_ni && present && !hit[watched];
    blocked_q      <= rst_ni && present && (!hit[watched] || masked);
    waits_q        <= rst_ni && present && hit[watched];
    blocked_q2     <= blocked_q && rst_ni;
    waits_q2       <= waits_q && rst_ni;
    mine_q         <= mine;
    mine_q2        <= mine_q;
    starving_was_q <= starving_q;
  end
  assign slot_starves = starving_was_q[access_slot];  // when it was chosen
  assign slot_other   = access_bank[3] != mine_q2[3];

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (goes_q) begin
        assert (access_valid && access_slot == watched);
        assert (access_bank == mine_q);
      end
      if (opens_q) begin
        assert (activate_valid && activate_slot == watched);
        assert (activate_bank == mine_q);
      end
      if (wanted_q) begin
        assert (bank_starving[mine_q] && bank_any[mine_q] && bank_conflict[mine_q]);
      end
      if (wanted_q || waits_q) assert (ready && starves);
      if (blocked_q2 && access_valid && access_bank == mine_q2) assert (slot_starves);
      if (waits_q2 && access_valid && slot_other) assert (slot_starves);
      cover (goes_q && older_q != '0);
      cover (blocked_q2 && access_valid && access_bank == mine_q2);
      cover (waits_q2 && access_valid && slot_other);
    end
  end
endmodule
