/// Follows the commands of a DMA from start to completion while their bursts overlap.
/// Commands complete in the order in which they started: done_o is high for one clock per command,
/// the clock after its last burst retired (later if older commands are not complete). A burst that
/// failed keeps its command from completing: error_o stays high from the moment on at which that
/// command is the oldest. Model: tests/dma/load_dma_test.cpp
`include "assert.svh"

module command_tracker #(
    parameter int unsigned Commands = 4,  // commands in flight, a power of two >= 2
    parameter int unsigned Bursts = 8,  // most bursts of a command in flight, >= 1
    localparam int unsigned IdBits = $clog2(Commands)
) (
    input  logic              clk_i,
    input  logic              rst_ni,
    // A command starts when start_i && start_ready_o, under the number start_id_o
    input  logic              start_i,
    output logic              start_ready_o,
    output logic [IdBits-1:0] start_id_o,
    // A burst is issued; issue_last_i: the last one of its command
    input  logic              issue_i,
    input  logic [IdBits-1:0] issue_id_i,
    input  logic              issue_last_i,
    // A burst is complete
    input  logic              retire_i,
    input  logic [IdBits-1:0] retire_id_i,
    // A beat of a burst failed, at the latest when the burst retires
    input  logic              fail_i,
    input  logic [IdBits-1:0] fail_id_i,
    // Outcome
    output logic              done_o,
    output logic              error_o,
    output logic              busy_o,  // a command is in flight
    output logic              waiting_o  // a burst is in flight
);

  localparam int unsigned CountBits = $clog2(Bursts + 1);

  `S4_CHECK_PARAM(gen_check_commands, Commands >= 2 && (1 << IdBits) == Commands)
  `S4_CHECK_PARAM(gen_check_bursts, Bursts >= 1)

  logic [IdBits-1:0] oldest_q, next_q;
  logic [Commands-1:0] valid_q, issued_q, failed_q, drained;
  logic start;

  assign start_ready_o = !valid_q[next_q];
  assign start_id_o    = next_q;
  assign start         = start_i && start_ready_o;
  assign busy_o        = valid_q != '0;
  assign waiting_o     = drained != '1;
  assign error_o       = valid_q[oldest_q] && failed_q[oldest_q];
  assign done_o        = valid_q[oldest_q] && issued_q[oldest_q] && drained[oldest_q] &&
                         !failed_q[oldest_q];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      oldest_q <= '0;
      next_q   <= '0;
      valid_q  <= '0;
      issued_q <= '0;
      failed_q <= '0;
    end else begin
      if (start) begin
        next_q           <= next_q + IdBits'(1);
        valid_q[next_q]  <= 1'b1;
        issued_q[next_q] <= 1'b0;
        failed_q[next_q] <= 1'b0;
      end
      if (issue_i && issue_last_i) issued_q[issue_id_i] <= 1'b1;
      if (fail_i) failed_q[fail_id_i] <= 1'b1;
      if (done_o) begin
        oldest_q          <= oldest_q + IdBits'(1);
        valid_q[oldest_q] <= 1'b0;
      end
    end
  end

  // ---- Bursts in flight of each command ----
  for (genvar c = 0; c < Commands; c = c + 1) begin : gen_command
    logic [CountBits-1:0] count_q;
    logic up, down;
    assign up         = issue_i && issue_id_i == IdBits'(c);
    assign down       = retire_i && retire_id_i == IdBits'(c);
    assign drained[c] = count_q == '0;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (up && !down) count_q <= count_q + CountBits'(1);
      else if (down && !up) count_q <= count_q - CountBits'(1);
    end
    `S4_ASSERT(CountInRange, count_q <= CountBits'(Bursts))
    `S4_ASSERT(RetiresIssuedBurst, !down || count_q != '0)
  end

  // ---- Assertions ----
  `S4_ASSERT(IssuesKnownCommand, !issue_i || (valid_q[issue_id_i] && !issued_q[issue_id_i]))

endmodule
