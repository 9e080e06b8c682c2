/// Round-robin choice of one among N requests, as index and one-hot grant.
/// Combinational from req_i to the outputs. The one that was granted becomes the last in order once
/// valid_o && ready_i; while valid_o && !ready_i the choice is kept as long as its request stands,
/// so a valid/ready port driven from it never changes its mind. Under a standing request at most
/// N - 1 other transfers come first. Model: tests/common/arbiter_rr_test.cpp.
/// Proof: formal/arbiter_rr.json
`include "assert.svh"

module arbiter_rr #(
    parameter int unsigned N = 4,  // requesters, >= 1
    localparam int unsigned IndexWidth = (N > 1) ? $clog2(N) : 1
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic [         N-1:0] req_i,
    // The chosen transfer happens when valid_o && ready_i
    input  logic                  ready_i,
    output logic [         N-1:0] grant_o,
    output logic [IndexWidth-1:0] index_o,
    output logic                  valid_o
);

  `S4_CHECK_PARAM(gen_check_n, N >= 1)

  // Requesters that come before the others in this turn: all from the pointer upwards.
  logic [N-1:0] first_q, first_d;
  logic [N-1:0] upper, candidates;
  logic [N-1:0] from_grant;

  // ---- Choice ----
  assign upper      = req_i & first_q;
  assign candidates = (upper != '0) ? upper : req_i;
  assign grant_o    = candidates & (~candidates + N'(1));
  assign valid_o    = req_i != '0;

  always_comb begin : encode
    int unsigned i;
    index_o = '0;
    for (i = 0; i < N; i = i + 1) begin
      if (grant_o[i]) index_o = index_o | IndexWidth'(i);
    end
  end

  // ---- Next turn ----
  // from_grant: the granted position and all above it; without its lowest bit, all above it.
  assign from_grant = ~grant_o + N'(1);
  always_comb begin
    first_d = first_q;
    if (valid_o) first_d = ready_i ? (from_grant & ~grant_o) : from_grant;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) first_q <= '0;
    else first_q <= first_d;
  end

  // ---- Assertions ----
  `S4_ASSERT(GrantOneHot, valid_o == (grant_o != '0) && (grant_o & (grant_o - N'(1))) == '0)
  `S4_ASSERT(GrantRequested, (grant_o & ~req_i) == '0)
  `S4_ASSERT(ChoiceHeld, (valid_o && !ready_i) |=>
                         ((req_i & $past(grant_o)) == '0 || grant_o == $past(grant_o)))

endmodule
