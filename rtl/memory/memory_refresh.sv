/// Refresh of one rank, bank by bank: counts the refreshes that are owed (negative: done ahead)
/// and chooses the bank. While a bank has no requests it is taken as soon as one refresh is owed;
/// from ForceAt owed on a bank with requests is taken; at UrgentAt nothing else goes to it. While
/// the rank has nothing to do up to MaxPostponed are done ahead. All banks are refreshed once
/// before any is refreshed again. Proof: formal/memory_refresh.json
`include "assert.svh"

module memory_refresh #(
    parameter int unsigned Interval = lpddr4_pkg::TRefiPb,  // CK, >= 4
    parameter int unsigned ForceAt = 3,  // refreshes owed
    parameter int unsigned UrgentAt = 5,  // refreshes owed, <= MaxPostponed
    localparam int unsigned NumBanks = lpddr4_pkg::NumBanks,
    localparam int unsigned Most = lpddr4_pkg::MaxPostponed
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                enable_i,
    input  logic                ahead_i,  // refreshes may be done ahead
    // Banks that requests wait for; banks that are open
    input  logic [NumBanks-1:0] wanted_i,
    input  logic [NumBanks-1:0] open_i,
    // The bank chosen: no activate of it, no access when urgent. Stays until done
    output logic                valid_o,
    output logic [         2:0] bank_o,
    output logic                urgent_o,
    input  logic                done_i,
    // Refreshes owed now, and whether any is
    output logic signed [  5:0] owed_o,
    output logic                due_o
);

  localparam int unsigned TimeWidth = $clog2(Interval + 1);
  localparam logic signed [5:0] MostOwed = $signed(6'(Most));
  localparam logic signed [5:0] Forced = $signed(6'(ForceAt));
  localparam logic signed [5:0] Urgent = $signed(6'(UrgentAt));

  `S4_CHECK_PARAM(gen_check_urgent, UrgentAt <= Most && ForceAt <= UrgentAt)
  `S4_CHECK_PARAM(gen_check_interval, Interval >= 4)

  logic [TimeWidth-1:0] time_q;  // CK of the interval passed
  logic [NumBanks-1:0] left_q, idle, choice, left_d;
  logic tick;

  assign tick   = time_q >= TimeWidth'(Interval - 2);
  assign due_o  = owed_o > 6'sd0;
  assign idle   = left_q & ~wanted_i;
  assign left_d = left_q & ~(NumBanks'(1) << bank_o);

  // A closed idle bank, an open idle bank, or any.
  always_comb begin
    choice = '0;
    if (due_o || (ahead_i && wanted_i == '0 && owed_o > -MostOwed)) begin
      if ((idle & ~open_i) != '0) choice = idle & ~open_i;
      else if (idle != '0) choice = idle;
      else if (owed_o >= Forced) choice = left_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin : debt
    int unsigned b;
    b = 0;
    if (!rst_ni) begin
      time_q   <= '0;
      left_q   <= '1;
      owed_o   <= '0;
      valid_o  <= 1'b0;
      bank_o   <= '0;
      urgent_o <= 1'b0;
    end else if (enable_i) begin
      time_q <= tick ? time_q + TimeWidth'(2) - TimeWidth'(Interval) : time_q + TimeWidth'(2);
      owed_o <= owed_o + $signed({5'b0, tick}) - $signed({5'b0, done_i});
      if (done_i) begin
        left_q   <= (left_d == '0) ? '1 : left_d;
        valid_o  <= 1'b0;
        urgent_o <= 1'b0;
      end else if (valid_o) begin
        urgent_o <= owed_o >= Urgent;
      end else if (choice != '0) begin
        valid_o <= 1'b1;
        for (b = NumBanks; b > 0; b = b - 1) if (choice[b-1]) bank_o <= 3'(b - 1);
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(OwedInRange, owed_o >= -MostOwed && owed_o <= MostOwed)
  `S4_ASSERT(DoneWhenChosen, !done_i || (valid_o && left_q[bank_o]))

endmodule
