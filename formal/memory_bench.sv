// The scheduler with what it goes by, for proofs of bounded waiting: memory_scheduler, one real
// bank (Mine), both ranks and the CA bus with times of the proof's choice. The other 15 banks are
// free: what they are ready for comes from the proof, so they stand for any banks in any state; a
// bank that was ready a clock ago keeps its promise unless a command went to it in between.
module memory_bench #(
    parameter logic [3:0] Mine = 4'd1,
    parameter int unsigned TRcd = 8,  // CK, as memory_bank and memory_rank
    parameter int unsigned TRp = 12,
    parameter int unsigned TRas = 22,
    parameter int unsigned TRc = 34,
    parameter int unsigned TRtp = 6,
    parameter int unsigned TWrPre = 16,
    parameter int unsigned TWrAuto = 17,
    parameter int unsigned TCcdMw = 16,
    parameter int unsigned TRfcPb = 30,
    parameter int unsigned TRrd = 10,
    parameter int unsigned TFaw = 20,
    parameter int unsigned TRdWr = 14,
    parameter int unsigned TWrRd = 18,
    parameter int unsigned TPbr2Pbr = 20
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    input  logic                   writing_i,
    input  memory_pkg::candidate_t read_i,
    input  memory_pkg::candidate_t write_i,
    input  memory_pkg::demand_t    read_demand_i,
    input  memory_pkg::demand_t    write_demand_i,
    input  logic [            1:0] refresh_valid_i,
    input  logic [            5:0] refresh_bank_i,
    input  logic [            1:0] refresh_urgent_i,
    // The other banks: may be precharged, refreshed (the bank that waits for it); broken promises
    input  logic [           15:0] closable_i,
    input  logic [            1:0] refreshable_i,
    input  logic [            2:0] late_i,
    output memory_pkg::ready_t     ready_o,
    output lpddr4_pkg::command_word_t issue_o,
    output lpddr4_pkg::command_word_t command_o,  // of the clock before
    output logic [            1:0] access_o,
    output logic [            1:0] refresh_done_o,
    output logic                   open_o  // Mine
);
  lpddr4_pkg::command_word_t issue, command_q;
  assign issue_o   = issue;
  assign command_o = command_q;

  // ---- The bank ----
  logic mine, closed;
  logic [8:0] activate;
  logic [7:0] access, masked, precharge;
  assign mine = {issue.rank, issue.bank} == Mine;
  memory_bank #(
      .TRcd   (TRcd),
      .TRp    (TRp),
      .TRas   (TRas),
      .TRc    (TRc),
      .TRtp   (TRtp),
      .TWrPre (TWrPre),
      .TWrAuto(TWrAuto),
      .TCcdMw (TCcdMw),
      .TRfcPb (TRfcPb)
  ) u_bank (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .kind_i          (mine ? issue.kind : 4'd0),
      .phase_i         (issue.phase),
      .auto_precharge_i(mine && issue.auto_precharge),
      .open_o          (open_o),
      .closed_o        (closed),
      .activate_o      (activate),
      .access_o        (access),
      .masked_o        (masked),
      .precharge_o     (precharge)
  );

  // ---- Ranks, CA bus: as memory_ranks ----
  logic [1:0] read_soon, write_soon, activate_soon, refresh_soon;
  logic [3:0] rank_read, rank_write, rank_activate, rank_precharge, rank_refresh;
  for (genvar r = 0; r < 2; r = r + 1) begin : gen_rank
    memory_rank #(
        .TRrd    (TRrd),
        .TFaw    (TFaw),
        .TRdWr   (TRdWr),
        .TWrRd   (TWrRd),
        .TPbr2Pbr(TPbr2Pbr)
    ) u_rank (
        .clk_i          (clk_i),
        .rst_ni         (rst_ni),
        .kind_i         (issue.kind),
        .phase_i        (issue.phase),
        .mine_i         (issue.rank == 1'(r)),
        .read_soon_o    (read_soon[r]),
        .write_soon_o   (write_soon[r]),
        .activate_soon_o(activate_soon[r]),
        .refresh_soon_o (refresh_soon[r]),
        .read_o         (rank_read[2*r+:2]),
        .write_o        (rank_write[2*r+:2]),
        .activate_o     (rank_activate[2*r+:2]),
        .precharge_o    (rank_precharge[2*r+:2]),
        .refresh_o      (rank_refresh[2*r+:2])
    );
  end

  logic [1:0] bus_q = '0;
  always_ff @(posedge clk_i) begin
    command_q <= issue;
    unique case (issue.kind)
      lpddr4_pkg::CommandNone: bus_q <= bus_q[1] ? bus_q - 2'd2 : '0;
      lpddr4_pkg::CommandPrecharge, lpddr4_pkg::CommandRefresh: bus_q <= 2'(issue.phase);
      default: bus_q <= 2'd2 + 2'(issue.phase);
    endcase
  end
  initial command_q = '0;

  // ---- What banks allow ----
  logic [3:0] access_bank, activate_bank, precharge_bank, refresh_bank;
  logic [15:0] only_mine, access_soon, masked_soon, opening_soon, precharge_soon, refreshing_soon;
  logic [1:0] bank_access, bank_activate, bank_precharge, bank_refresh;
  logic access_masked, disturbed;
  assign disturbed = command_q.kind != lpddr4_pkg::CommandNone;
  always_comb begin : banks
    only_mine       = 16'd1 << Mine;
    access_soon     = ~only_mine;
    masked_soon     = ~only_mine;
    opening_soon    = ~only_mine;
    precharge_soon  = closable_i & ~only_mine;
    refreshing_soon = '0;
    refreshing_soon[{1'b0, refresh_bank_i[2:0]}] = refreshable_i[0];
    refreshing_soon[{1'b1, refresh_bank_i[5:3]}] = refreshable_i[1];
    access_soon[Mine]     = open_o && access <= 8'd6;
    masked_soon[Mine]     = open_o && access <= 8'd6 && masked <= 8'd6;
    opening_soon[Mine]    = closed && activate <= 9'd6;
    precharge_soon[Mine]  = open_o && precharge <= 8'd4;
    refreshing_soon[Mine] = closed && activate <= 9'd4;
    bank_access    = {2{!(late_i[0] && disturbed)}};
    bank_activate  = {2{!(late_i[1] && disturbed)}};
    bank_precharge = {2{!(late_i[2] && disturbed)}};
    bank_refresh   = 2'b11;
    if (access_bank == Mine) begin
      bank_access = {access <= 8'd4 && (!access_masked || masked <= 8'd4),
                     access <= 8'd3 && (!access_masked || masked <= 8'd3)} & {2{open_o}};
    end
    if (activate_bank == Mine) bank_activate = {activate <= 9'd4, activate <= 9'd3} & {2{closed}};
    if (precharge_bank == Mine) begin
      bank_precharge = {precharge <= 8'd2, precharge <= 8'd1} & {2{open_o}};
    end
    if (refresh_bank == Mine) bank_refresh = {activate <= 9'd2, activate <= 9'd1} & {2{closed}};
  end

  memory_scheduler u_scheduler (
      .clk_i               (clk_i),
      .rst_ni              (rst_ni),
      .enable_i            (2'b11),
      .writing_i           (writing_i),
      .read_room_i         (1'b1),
      .refresh_valid_i     (refresh_valid_i),
      .refresh_bank_i      (refresh_bank_i),
      .refresh_urgent_i    (refresh_urgent_i),
      .refresh_done_o      (refresh_done_o),
      .access_soon_i       (access_soon),
      .masked_soon_i       (masked_soon),
      .activate_soon_i     (opening_soon),
      .precharge_soon_i    (precharge_soon),
      .refresh_soon_i      (refreshing_soon),
      .rank_read_soon_i    (read_soon),
      .rank_write_soon_i   (write_soon),
      .rank_activate_soon_i(activate_soon),
      .rank_refresh_soon_i (refresh_soon),
      .ready_o             (ready_o),
      .read_demand_i       (read_demand_i),
      .write_demand_i      (write_demand_i),
      .read_i              (read_i),
      .write_i             (write_i),
      .access_bank_o       (access_bank),
      .access_masked_o     (access_masked),
      .activate_bank_o     (activate_bank),
      .precharge_bank_o    (precharge_bank),
      .refresh_bank_o      (refresh_bank),
      .bank_access_i       (bank_access),
      .bank_activate_i     (bank_activate),
      .bank_precharge_i    (bank_precharge),
      .bank_refresh_i      (bank_refresh),
      .bus_i               ({bus_q <= 2'd1, bus_q == 2'd0}),
      .rank_read_i         (rank_read),
      .rank_write_i        (rank_write),
      .rank_activate_i     (rank_activate),
      .rank_precharge_i    (rank_precharge),
      .rank_refresh_i      (rank_refresh),
      .issue_o             (issue),
      .access_o            (access_o)
  );
endmodule
