/// Dependency tokens: counting semaphores shared by the sequencer and its engines.
/// A requester asks with a mask; it is granted in the same clock when every token of the mask is
/// non-zero, and these tokens are decremented together at the edge. At most one grant per clock:
/// the lowest number among those that can have it. Signals are added at the edge, any number per
/// clock; they help requests from the next clock on. A count beyond the counter is reported in the
/// clock of its signals and saturates. Model: sim/sequencer/token_file.hpp
`include "assert.svh"

module token_file #(
    parameter int unsigned NumPorts = 5,  // requesters and signallers, >= 1
    localparam int unsigned NumTokens = commands_pkg::NumTokens,
    localparam int unsigned TokenWidth = commands_pkg::TokenWidth,
    localparam int unsigned TokenIndexWidth = $clog2(NumTokens),
    localparam int unsigned PortIndexWidth = $clog2(NumPorts + 1)
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    // All tokens become 0; requests and signals of this clock are lost
    input  logic                          clear_i,
    // Requests, port p at bit p and mask p * NumTokens
    input  logic [          NumPorts-1:0] wait_valid_i,
    input  logic [NumPorts*NumTokens-1:0] wait_mask_i,
    output logic [          NumPorts-1:0] wait_grant_o,
    // The tokens of this request are there (granted now, or passed over for a lower number)
    output logic [          NumPorts-1:0] wait_met_o,
    // Signals
    input  logic [          NumPorts-1:0] signal_valid_i,
    input  logic [NumPorts*NumTokens-1:0] signal_mask_i,
    // The lowest token that overflows in this clock and the lowest port that signals it
    output logic                          overflow_o,
    output logic [   TokenIndexWidth-1:0] overflow_token_o,
    output logic [    PortIndexWidth-1:0] overflow_port_o
);

  localparam int unsigned SumWidth = TokenWidth + PortIndexWidth;
  localparam int unsigned MaxCount = (1 << TokenWidth) - 1;

  `S4_CHECK_PARAM(gen_check_ports, NumPorts >= 1)

  logic [NumTokens*TokenWidth-1:0] count_q, count_d;
  logic [NumTokens-1:0] there, taken, over;

  // ---- Requests ----
  always_comb begin : nonzero
    int unsigned t;
    t     = 0;
    there = '0;
    if (wait_valid_i != '0) begin
      for (t = 0; t < NumTokens; t = t + 1) there[t] = count_q[t*TokenWidth+:TokenWidth] != '0;
    end
  end

  always_comb begin : grant
    int unsigned p;
    wait_met_o = '0;
    taken      = '0;
    for (p = 0; p < NumPorts; p = p + 1) begin
      wait_met_o[p] = wait_valid_i[p] && (wait_mask_i[p*NumTokens+:NumTokens] & ~there) == '0;
    end
    wait_grant_o = wait_met_o & (~wait_met_o + NumPorts'(1));
    for (p = 0; p < NumPorts; p = p + 1) begin
      if (wait_grant_o[p]) taken = taken | wait_mask_i[p*NumTokens+:NumTokens];
    end
  end

  // ---- Counters ----
  always_comb begin : update
    int unsigned t, p;
    logic [SumWidth-1:0] sum;
    t       = 0;
    p       = 0;
    count_d = count_q;
    over    = '0;
    sum     = '0;
    if (signal_valid_i != '0 || taken != '0) begin
      for (t = 0; t < NumTokens; t = t + 1) begin
        sum = SumWidth'(count_q[t*TokenWidth+:TokenWidth]);
        for (p = 0; p < NumPorts; p = p + 1) begin
          if (signal_valid_i[p] && signal_mask_i[p*NumTokens+t]) sum = sum + SumWidth'(1);
        end
        sum     = sum - SumWidth'(taken[t]);
        over[t] = sum > SumWidth'(MaxCount);
        count_d[t*TokenWidth+:TokenWidth] = over[t] ? '1 : sum[TokenWidth-1:0];
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) count_q <= '0;
    else if (clear_i) count_q <= '0;
    else count_q <= count_d;
  end

  // ---- Overflow ----
  always_comb begin : report
    int unsigned t, p;
    overflow_o       = over != '0;
    overflow_token_o = '0;
    overflow_port_o  = '0;
    t                = 0;
    p                = 0;
    if (overflow_o) begin
      for (t = 0; t < NumTokens; t = t + 1) begin
        if (over[NumTokens-1-t]) overflow_token_o = TokenIndexWidth'(NumTokens - 1 - t);
      end
      for (p = 0; p < NumPorts; p = p + 1) begin
        if (signal_valid_i[NumPorts-1-p] &&
            signal_mask_i[(NumPorts-1-p)*NumTokens+32'(overflow_token_o)]) begin
          overflow_port_o = PortIndexWidth'(NumPorts - 1 - p);
        end
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(TakenAreThere, (taken & ~there) == '0)
  `S4_ASSERT(OneGrant, (wait_grant_o & (wait_grant_o - NumPorts'(1))) == '0)

endmodule
