// Ports-only checker of the commands that memory_scheduler issues with memory_banks and memory_ranks,
// whatever candidates the queues offer: no command to a bank in the wrong state, none too early
// after the one before it (short times, odd and even), no two at once on the CA bus.
module memory_issue_proof (
    input logic         clk_i,
    input logic [  1:0] enable_i,
    input logic         writing_i,
    input logic         read_room_i,
    input logic [  1:0] refresh_valid_i,
    input logic [  5:0] refresh_bank_i,
    input logic [  1:0] refresh_urgent_i,
    input logic [127:0] banks_i,
    input logic [  1:0] access_valid_i,
    input logic [  7:0] access_rank_bank_i,
    input logic         access_masked_i,
    input logic [  1:0] access_last_i,
    input logic [  1:0] access_only_i,
    input logic [  1:0] activate_valid_i,
    input logic [  7:0] activate_rank_bank_i
);
  localparam int unsigned TRcd = 7;
  localparam int unsigned TRp = 5;
  localparam int unsigned TRas = 12;
  localparam int unsigned TRfc = 8;
  localparam int unsigned TRrd = 6;

  (* anyconst *) logic [3:0] watched;

  logic rst_ni = 1'b0;
  lpddr4_pkg::command_word_t issue;
  logic [15:0] open, access_soon, masked_soon, activate_soon, precharge_soon, refresh_soon;
  logic [1:0] read_soon, write_soon, rank_activate_soon, refresh_done, access;
  logic [15:0] read_ready, write_ready, masked_ready, activate_ready;
  logic [3:0] access_bank, activate_bank, precharge_bank, refresh_bank;
  logic masked, row_open;
  logic [1:0] bank_access, bank_activate, bank_precharge, bank_refresh, bus;
  logic [3:0] rank_read, rank_write, rank_activate, rank_precharge, rank_refresh;

  memory_scheduler u_scheduler (
      .clk_i               (clk_i),
      .rst_ni              (rst_ni),
      .enable_i            (enable_i),
      .writing_i           (writing_i),
      .read_room_i         (read_room_i),
      .refresh_valid_i     (refresh_valid_i),
      .refresh_bank_i      (refresh_bank_i),
      .refresh_urgent_i    (refresh_urgent_i),
      .refresh_done_o      (refresh_done),
      .access_soon_i       (access_soon),
      .masked_soon_i       (masked_soon),
      .activate_soon_i     (activate_soon),
      .precharge_soon_i    (precharge_soon),
      .refresh_soon_i      (refresh_soon),
      .rank_read_soon_i    (read_soon),
      .rank_write_soon_i   (write_soon),
      .rank_activate_soon_i(rank_activate_soon),
      .read_ready_o        (read_ready),
      .write_ready_o       (write_ready),
      .masked_ready_o      (masked_ready),
      .activate_ready_o    (activate_ready),
      .bank_any_i          (banks_i[31:0]),
      .bank_hit_i          (banks_i[63:32]),
      .bank_conflict_i     (banks_i[95:64]),
      .bank_starving_i     (banks_i[127:96]),
      .access_valid_i      (access_valid_i),
      .access_rank_bank_i  (access_rank_bank_i),
      .access_burst_i      (12'b0),
      .access_masked_i     (access_masked_i),
      .access_last_i       (access_last_i),
      .access_only_i       (access_only_i),
      .activate_valid_i    (activate_valid_i),
      .activate_rank_bank_i(activate_rank_bank_i),
      .activate_row_i      (32'b0),
      .access_bank_o       (access_bank),
      .access_masked_o     (masked),
      .activate_bank_o     (activate_bank),
      .precharge_bank_o    (precharge_bank),
      .refresh_bank_o      (refresh_bank),
      .bank_access_i       (bank_access),
      .bank_activate_i     (bank_activate),
      .bank_precharge_i    (bank_precharge),
      .bank_refresh_i      (bank_refresh),
      .bus_i               (bus),
      .rank_read_i         (rank_read),
      .rank_write_i        (rank_write),
      .rank_activate_i     (rank_activate),
      .rank_precharge_i    (rank_precharge),
      .rank_refresh_i      (rank_refresh),
      .issue_o             (issue),
      .access_o            (access)
  );

  memory_banks #(
      .TRcd   (TRcd),
      .TRp    (TRp),
      .TRas   (TRas),
      .TRc    (TRas),
      .TRtp   (4),
      .TWrPre (9),
      .TWrAuto(9),
      .TCcdMw (8),
      .TRfcPb (TRfc)
  ) u_banks (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .issue_i         (issue),
      .lookup_bank_i   (4'b0),
      .lookup_row_i    (16'b0),
      .row_open_o      (row_open),
      .open_o          (open),
      .access_soon_o   (access_soon),
      .masked_soon_o   (masked_soon),
      .activate_soon_o (activate_soon),
      .precharge_soon_o(precharge_soon),
      .refresh_soon_o  (refresh_soon),
      .access_bank_i   (access_bank),
      .access_masked_i (masked),
      .access_o        (bank_access),
      .activate_bank_i (activate_bank),
      .activate_o      (bank_activate),
      .precharge_bank_i(precharge_bank),
      .precharge_o     (bank_precharge),
      .refresh_bank_i  (refresh_bank),
      .refresh_o       (bank_refresh)
  );

  memory_ranks #(
      .TRrd       (TRrd),
      .TFaw       (24),
      .TCcd       (8),
      .TRdWr      (9),
      .TWrRd      (11),
      .TRankSwitch(2),
      .TPpd       (4),
      .TPbr2Pbr   (10)
  ) u_ranks (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .issue_i        (issue),
      .bus_o          (bus),
      .read_soon_o    (read_soon),
      .write_soon_o   (write_soon),
      .activate_soon_o(rank_activate_soon),
      .read_o         (rank_read),
      .write_o        (rank_write),
      .activate_o     (rank_activate),
      .precharge_o    (rank_precharge),
      .refresh_o      (rank_refresh)
  );

  // ---- The watched bank, from the commands alone ----
  logic mine, is_access, is_long;
  logic [4:0] last;  // last edge of this clock's command
  assign mine      = {issue.rank, issue.bank} == watched;
  assign is_access = issue.kind == lpddr4_pkg::CommandRead ||
                     issue.kind == lpddr4_pkg::CommandWrite ||
                     issue.kind == lpddr4_pkg::CommandMaskedWrite;
  assign is_long   = is_access || issue.kind == lpddr4_pkg::CommandActivate;
  assign last      = 5'(issue.phase) + (is_long ? 5'd3 : 5'd1);

  logic opened_q = 1'b0;
  // CK from the last edge of a command to phase 0 of this clock; large when there was none.
  logic signed [6:0] activate_q = 7'sd40, closed_q = 7'sd40, refresh_q = 7'sd40;
  logic [2:0] bus_q = '0;  // CK of the CA bus that are taken from phase 0 on
  logic signed [6:0] end_ck;
  assign end_ck = $signed({2'b00, last});
  function automatic logic signed [6:0] aged(input logic signed [6:0] since);
    aged = (since > 7'sd36) ? since : since + 7'sd2;
  endfunction

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      activate_q <= aged(activate_q);
      closed_q   <= aged(closed_q);
      refresh_q  <= aged(refresh_q);
      bus_q      <= (bus_q > 3'd2) ? bus_q - 3'd2 : '0;
      if (issue.kind != lpddr4_pkg::CommandNone) bus_q <= 3'(last) - 3'd1;
      if (mine && issue.kind == lpddr4_pkg::CommandActivate) begin
        opened_q   <= 1'b1;
        activate_q <= 7'sd2 - end_ck;
      end
      if (mine && (issue.kind == lpddr4_pkg::CommandPrecharge || issue.auto_precharge)) begin
        opened_q <= 1'b0;
        closed_q <= 7'sd2 - end_ck;
      end
      if (mine && issue.kind == lpddr4_pkg::CommandRefresh) refresh_q <= 7'sd2 - end_ck;
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (issue.kind != lpddr4_pkg::CommandNone) assert (3'(issue.phase) >= bus_q);
      assert (!issue.auto_precharge || is_access);
      if (mine) begin
        if (issue.kind == lpddr4_pkg::CommandActivate) begin
          assert (!opened_q);
          assert (closed_q + end_ck >= $signed(7'(TRp)));
          assert (refresh_q + end_ck >= $signed(7'(TRfc)));
        end
        if (is_access) begin
          assert (opened_q);
          assert (activate_q + end_ck >= $signed(7'(TRcd)));
        end
        if (issue.kind == lpddr4_pkg::CommandPrecharge) begin
          assert (opened_q);
          assert (activate_q + end_ck >= $signed(7'(TRas)));
        end
        if (issue.kind == lpddr4_pkg::CommandRefresh) begin
          assert (!opened_q);
          assert (closed_q + end_ck >= $signed(7'(TRp)));
          assert (refresh_q + end_ck >= $signed(7'(TRfc)));
        end
      end
      cover (mine && is_access && issue.auto_precharge);
      cover (mine && issue.kind == lpddr4_pkg::CommandRefresh && activate_q < 7'sd36);
    end
  end
endmodule
