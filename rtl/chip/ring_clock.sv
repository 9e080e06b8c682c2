/// The clock of the ring: stands while no burst of a port and no access of a memory waits for its
/// answer, nothing is offered on either side and no slot is used. What is left inside then (a
/// packet that nobody waits for any more, for a station that is stalled) goes on with the next
/// burst. The first burst after a pause waits two clocks more. See idle_clock for running_o.
/// Test: tests/chip/ring_clock_test.cpp
`include "assert.svh"

module ring_clock #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned IdleClocks = 32,  // what the ring needs to come to rest
    parameter int unsigned CountWidth = 16  // bursts under way, accesses under way
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // Of every memory port in this clock: a burst is taken, its last answer is
    input  logic [NumStations-1:0] burst_i,
    input  logic [NumStations-1:0] end_i,
    // Of every memory: an access is taken, one is answered
    input  logic [NumStations-1:0] access_i,
    input  logic [NumStations-1:0] answer_i,
    // Something is offered or on its way
    input  logic                   offered_i,
    // A level to which the ring answers by itself
    input  logic                   joint_clear_i,
    output logic                   clk_o,
    output logic                   running_o
);

  logic [CountWidth-1:0] bursts_q, accesses_q;
  logic joint_clear_q;

  function automatic logic [CountWidth-1:0] ones(input logic [NumStations-1:0] bits);
    int unsigned i;
    ones = '0;
    for (i = 0; i < NumStations; i = i + 1) ones = ones + CountWidth'(bits[i]);
  endfunction

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bursts_q      <= '0;
      accesses_q    <= '0;
      joint_clear_q <= 1'b0;
    end else begin
      bursts_q      <= bursts_q + ones(burst_i) - ones(end_i);
      accesses_q    <= accesses_q + ones(access_i) - ones(answer_i);
      joint_clear_q <= joint_clear_i;
    end
  end

  idle_clock #(
      .IdleClocks(IdleClocks)
  ) u_clock (
      .clk_i,
      .rst_ni,
      .active_i (offered_i || bursts_q != '0 || accesses_q != '0 ||
                 joint_clear_i != joint_clear_q),
      .clk_o,
      .running_o
  );

  // ---- Assertions ----
  `S4_ASSERT(EndsBegan, bursts_q + ones(burst_i) >= ones(end_i))
  `S4_ASSERT(AnswersAsked, accesses_q + ones(access_i) >= ones(answer_i))

endmodule
