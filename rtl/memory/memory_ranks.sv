/// The ranks of the channel, and the CA bus that they share: bit 2 * rank + phase says what may
/// be done. Times as in memory_bank; a command of issue_i counts from the next clock on. Proof of
/// the CA bus: formal/memory_bus.json
`include "assert.svh"

module memory_ranks #(
    localparam int unsigned NumRanks = lpddr4_pkg::MaxRanks
) (
    input  logic                                         clk_i,
    input  logic                                         rst_ni,
    // Command of this clock
    input  lpddr4_pkg::command_word_t issue_i,
    // The CA bus is free for a command that begins at phase 0, 1 of this clock
    output logic [                                  1:0] bus_o,
    // May be done in the next clock, per rank
    output logic [                         NumRanks-1:0] read_soon_o,
    output logic [                         NumRanks-1:0] write_soon_o,
    output logic [                         NumRanks-1:0] activate_soon_o,
    output logic [                         NumRanks-1:0] refresh_soon_o,
    // May be done at phase 0, 1 of this clock: bit 2 * rank + phase
    output logic [                       2*NumRanks-1:0] read_o,
    output logic [                       2*NumRanks-1:0] write_o,
    output logic [                       2*NumRanks-1:0] activate_o,
    output logic [                       2*NumRanks-1:0] precharge_o,
    output logic [                       2*NumRanks-1:0] refresh_o
);

  lpddr4_pkg::command_word_t issue;
  assign issue = issue_i;
  logic unused_issue;
  assign unused_issue = ^{issue.auto_precharge, issue.bank, issue.row, issue.burst};

  for (genvar r = 0; r < NumRanks; r = r + 1) begin : gen_rank
    memory_rank u_rank (
        .clk_i,
        .rst_ni,
        .kind_i         (issue.kind),
        .phase_i        (issue.phase),
        .mine_i         (issue.rank == 1'(r)),
        .read_soon_o    (read_soon_o[r]),
        .write_soon_o   (write_soon_o[r]),
        .activate_soon_o(activate_soon_o[r]),
        .refresh_soon_o (refresh_soon_o[r]),
        .read_o         (read_o[2*r+:2]),
        .write_o        (write_o[2*r+:2]),
        .activate_o     (activate_o[2*r+:2]),
        .precharge_o    (precharge_o[2*r+:2]),
        .refresh_o      (refresh_o[2*r+:2])
    );
  end

  // ---- CA bus ----
  logic [1:0] bus_q;  // CK until a command may begin
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bus_q <= '0;
    end else begin
      unique case (issue.kind)
        lpddr4_pkg::CommandNone: bus_q <= bus_q[1] ? bus_q - 2'd2 : '0;
        lpddr4_pkg::CommandPrecharge, lpddr4_pkg::CommandRefresh: bus_q <= 2'(issue.phase);
        default: bus_q <= 2'd2 + 2'(issue.phase);
      endcase
    end
  end
  assign bus_o = {bus_q <= 2'd1, bus_q == 2'd0};

  // ---- Assertions ----
  `S4_ASSERT(BusFree, issue.kind == lpddr4_pkg::CommandNone || bus_o[issue.phase])

endmodule
