/// The banks of the channel: rows that are open, and what each bank allows, in this clock and the
/// next. Times as in memory_bank; a command of issue_i counts from the next clock on. Model:
/// sim/memory (device)
module memory_banks #(
    localparam int unsigned NumBanks = lpddr4_pkg::MaxRanks * lpddr4_pkg::NumBanks
) (
    input  logic                                         clk_i,
    input  logic                                         rst_ni,
    // Command of this clock
    input  lpddr4_pkg::command_word_t issue_i,
    // Row of a request: open now
    input  logic [                                  3:0] lookup_bank_i,
    input  logic [                                 15:0] lookup_row_i,
    output logic                                         row_open_o,
    // May be done in the next clock, as far as the bank is concerned
    output logic [                         NumBanks-1:0] open_o,
    output logic [                         NumBanks-1:0] access_soon_o,
    output logic [                         NumBanks-1:0] masked_soon_o,
    output logic [                         NumBanks-1:0] activate_soon_o,
    output logic [                         NumBanks-1:0] precharge_soon_o,
    output logic [                         NumBanks-1:0] refresh_soon_o,
    // May be done at phase 0, 1 of this clock, for one bank each
    input  logic [                                  3:0] access_bank_i,
    input  logic                                         access_masked_i,
    output logic [                                  1:0] access_o,
    input  logic [                                  3:0] activate_bank_i,
    output logic [                                  1:0] activate_o,
    input  logic [                                  3:0] precharge_bank_i,
    output logic [                                  1:0] precharge_o,
    input  logic [                                  3:0] refresh_bank_i,
    output logic [                                  1:0] refresh_o
);

  lpddr4_pkg::command_word_t issue;
  assign issue = issue_i;
  logic unused_issue;
  assign unused_issue = ^issue.burst;

  logic [NumBanks-1:0] open, closed;
  logic [9*NumBanks-1:0] activate;
  logic [8*NumBanks-1:0] access, masked, precharge;
  logic [16*NumBanks-1:0] row;

  for (genvar b = 0; b < NumBanks; b = b + 1) begin : gen_bank
    logic mine;
    logic [15:0] row_q;
    assign mine = 4'(b) == {issue.rank, issue.bank};
    memory_bank u_bank (
        .clk_i,
        .rst_ni,
        .kind_i          (mine ? issue.kind : lpddr4_pkg::CommandNone),
        .phase_i         (issue.phase),
        .auto_precharge_i(mine && issue.auto_precharge),
        .open_o          (open[b]),
        .closed_o        (closed[b]),
        .activate_o      (activate[9*b+:9]),
        .access_o        (access[8*b+:8]),
        .masked_o        (masked[8*b+:8]),
        .precharge_o     (precharge[8*b+:8])
    );
    always_ff @(posedge clk_i) begin
      if (mine && issue.kind == lpddr4_pkg::CommandActivate) row_q <= issue.row;
    end
    assign row[16*b+:16] = row_q;
    assign access_soon_o[b] = open[b] && access[8*b+:8] <= 8'd6;
    assign masked_soon_o[b] = access_soon_o[b] && masked[8*b+:8] <= 8'd6;
    assign activate_soon_o[b] = closed[b] && activate[9*b+:9] <= 9'd6;
    assign precharge_soon_o[b] = open[b] && precharge[8*b+:8] <= 8'd4;
    assign refresh_soon_o[b] = closed[b] && activate[9*b+:9] <= 9'd4;
  end

  // ---- What may be done ----
  assign open_o     = open;
  assign row_open_o = open[lookup_bank_i] && row[16*32'(lookup_bank_i)+:16] == lookup_row_i;

  logic [8:0] activate_time, refresh_time;
  logic [7:0] access_time, masked_time, precharge_time;
  always_comb begin
    access_time    = access[8*32'(access_bank_i)+:8];
    masked_time    = access_masked_i ? masked[8*32'(access_bank_i)+:8] : '0;
    activate_time  = activate[9*32'(activate_bank_i)+:9];
    precharge_time = precharge[8*32'(precharge_bank_i)+:8];
    refresh_time   = activate[9*32'(refresh_bank_i)+:9];
    access_o = {access_time <= 8'd4 && masked_time <= 8'd4,
                access_time <= 8'd3 && masked_time <= 8'd3} & {2{open[access_bank_i]}};
    activate_o  = {activate_time <= 9'd4, activate_time <= 9'd3} & {2{closed[activate_bank_i]}};
    precharge_o = {precharge_time <= 8'd2, precharge_time <= 8'd1} & {2{open[precharge_bank_i]}};
    refresh_o   = {refresh_time <= 9'd2, refresh_time <= 9'd1} & {2{closed[refresh_bank_i]}};
  end

endmodule
