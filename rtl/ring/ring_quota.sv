/// Fairness: a token runs against the packets of one direction and renews every station's quota.
/// Between two visits a station sends at most Quota packets, and ControlQuota control packets
/// beyond them. The token leaves in the clock after it came, unless the station is deprived: slots
/// in transit passed its packets by more than Share times as often as it could send, Patience
/// clocks beyond that. Then the token stays until the station has sent as many packets as passed it
/// by since the last visit, or Enough of them, or has nothing to send. The others use up their
/// quotas meanwhile, so no station waits for a slot longer than that takes.
/// Station 0 (first_i) makes the token after reset. Model: tests/ring/ring_quota_test.cpp
/// Proof: formal/ring_quota.json
`include "assert.svh"

module ring_quota #(
    parameter int unsigned Quota = 128,  // packets between two visits, >= Enough
    parameter int unsigned Enough = 128,  // packets after which the token leaves, >= 1
    parameter int unsigned ControlQuota = 8,  // control packets beyond Quota, >= 1
    parameter int unsigned Share = 1,  // slots in transit for one of its own, >= 1
    parameter int unsigned Patience = 16  // clocks, >= 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic first_i,
    // Token: high for the clock in which it is on the link
    input  logic token_i,
    output logic token_o,
    // A packet could be sent if its slot were free; its slot is; one is sent
    input  logic waiting_i,
    input  logic slot_free_i,
    input  logic sent_i,
    // Requests and responses; control packets
    output logic may_send_o,
    output logic may_control_o
);

  localparam int unsigned Most = Quota + ControlQuota;
  localparam int unsigned CountWidth = $clog2(Most + 1);
  localparam int unsigned LackWidth = $clog2(Patience + 1);

  `S4_CHECK_PARAM(gen_check_enough, Enough >= 1 && Enough <= Quota)
  `S4_CHECK_PARAM(gen_check_control, ControlQuota >= 1)
  `S4_CHECK_PARAM(gen_check_share, Share >= 1 && Patience >= 1)

  // Since the last visit: packets sent, and clocks (Enough at most) in which they were passed by.
  logic [CountWidth-1:0] sent_q, blocked_q;
  logic [LackWidth-1:0] lack_q;
  logic boot_q, held_q, token_q;
  logic here, pass, blocked, content;

  assign blocked       = waiting_i && !slot_free_i;
  assign here          = held_q || token_i || (boot_q && first_i);
  assign content       = !waiting_i || sent_q >= CountWidth'(Enough) || sent_q >= blocked_q ||
                         (!held_q && lack_q != LackWidth'(Patience));
  assign pass          = here && content;
  assign token_o       = token_q;
  assign may_send_o    = sent_q < CountWidth'(Quota);
  assign may_control_o = sent_q < CountWidth'(Most);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      boot_q    <= 1'b1;
      held_q    <= 1'b0;
      token_q   <= 1'b0;
      sent_q    <= '0;
      blocked_q <= '0;
      lack_q    <= '0;
    end else begin
      boot_q  <= 1'b0;
      held_q  <= here && !pass;
      token_q <= pass;
      if (pass) begin
        sent_q    <= CountWidth'(sent_i);
        blocked_q <= CountWidth'(blocked);
      end else begin
        sent_q <= sent_q + CountWidth'(sent_i);
        if (blocked && blocked_q != CountWidth'(Enough)) blocked_q <= blocked_q + CountWidth'(1);
      end
      if (sent_i) begin
        lack_q <= (32'(lack_q) > Share) ? lack_q - LackWidth'(Share) : '0;
      end else if (blocked && lack_q != LackWidth'(Patience)) begin
        lack_q <= lack_q + LackWidth'(1);
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(OneToken, !(held_q && token_i))
  `S4_ASSERT(WithinQuota, !sent_i || may_control_o)
  `S4_ASSERT(SentIntoFreeSlot, !sent_i || (waiting_i && slot_free_i))

endmodule
