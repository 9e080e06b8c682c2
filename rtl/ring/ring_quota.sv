/// Fairness: a token runs against the packets of one direction and renews every station's quota.
/// Between two visits a station sends at most Quota packets, and ControlQuota control packets
/// beyond them. The token is held at a station that has something it could send and has not sent
/// Enough packets since the last visit; otherwise it leaves in the clock after it came. So no
/// station waits for a free slot longer than the others take to use up their quotas.
/// Station 0 (first_i) makes the token after reset. Model: tests/ring/ring_quota_test.cpp.
/// Proof: formal/ring_quota.json
`include "assert.svh"

module ring_quota #(
    parameter int unsigned Quota = 72,  // packets between two visits, >= Enough
    parameter int unsigned Enough = 64,  // packets that let the token pass, >= 1
    parameter int unsigned ControlQuota = 8  // control packets beyond Quota, >= 1
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic first_i,
    // Token: high for the clock in which it is on the link
    input  logic token_i,
    output logic token_o,
    // A packet could be sent were its slot free, and one is being sent
    input  logic waiting_i,
    input  logic sent_i,
    // Requests and responses; control packets
    output logic may_send_o,
    output logic may_control_o
);

  localparam int unsigned Most = Quota + ControlQuota;
  localparam int unsigned CountWidth = $clog2(Most + 1);

  `S4_CHECK_PARAM(gen_check_enough, Enough >= 1 && Enough <= Quota)
  `S4_CHECK_PARAM(gen_check_control, ControlQuota >= 1)

  logic [CountWidth-1:0] sent_q;
  logic boot_q, held_q, token_q;
  logic here, pass;

  assign here          = held_q || token_i || (boot_q && first_i);
  assign pass          = here && (!waiting_i || sent_q >= CountWidth'(Enough));
  assign token_o       = token_q;
  assign may_send_o    = sent_q < CountWidth'(Quota);
  assign may_control_o = sent_q < CountWidth'(Most);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      boot_q  <= 1'b1;
      held_q  <= 1'b0;
      token_q <= 1'b0;
      sent_q  <= '0;
    end else begin
      boot_q  <= 1'b0;
      held_q  <= here && !pass;
      token_q <= pass;
      if (pass) sent_q <= CountWidth'(sent_i);
      else sent_q <= sent_q + CountWidth'(sent_i);
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(OneToken, !(held_q && token_i))
  `S4_ASSERT(WithinQuota, !sent_i || may_control_o)

endmodule
