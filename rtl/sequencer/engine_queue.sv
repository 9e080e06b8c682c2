/// Commands of one engine between dispatch and completion.
/// Waiting commands (config_pkg::QueueDepth, in order): the head asks for its tokens, and once they
/// are granted it is offered to the engine, which starts it at the handshake. Running commands (at
/// most Running): the signal mask and index of each are kept until its done pulse, in order.
/// One command every two clocks; two clocks from acceptance to the offer when tokens are there.
/// flush_i empties both and withdraws the offer. Model: tests/sequencer/engine_queue_test.cpp
`include "assert.svh"

module engine_queue #(
    parameter int unsigned Running = 4  // commands that an engine may hold, >= 1
) (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    input  logic                                 flush_i,
    // Dispatched commands
    input  logic                                 in_valid_i,
    output logic                                 in_ready_o,
    input  logic [commands_pkg::CommandBits-1:0] in_cmd_i,
    input  logic [                         31:0] in_index_i,
    // Token request of the head
    output logic                                 wait_valid_o,
    output logic [  commands_pkg::NumTokens-1:0] wait_mask_o,
    input  logic                                 wait_grant_i,
    // Engine
    output logic                                 cmd_valid_o,
    input  logic                                 cmd_ready_i,
    output logic [commands_pkg::CommandBits-1:0] cmd_o,
    output logic [                         31:0] index_o,
    input  logic                                 done_i,
    // Completion, in the clock of done_i
    output logic                                 signal_valid_o,
    output logic [  commands_pkg::NumTokens-1:0] signal_mask_o,
    output logic [                         31:0] done_index_o,
    // State: something runs or is offered; its oldest command (else the head of the queue); nothing
    output logic                                 active_o,
    output logic [                         31:0] oldest_index_o,
    output logic                                 empty_o
);

  localparam int unsigned CommandBits = commands_pkg::CommandBits;
  localparam int unsigned NumTokens = commands_pkg::NumTokens;
  localparam int unsigned WaitCountWidth = $clog2(config_pkg::QueueDepth + 1);
  localparam int unsigned RunCountWidth = $clog2(Running + 1);

  commands_pkg::sync_command_t header;
  logic head_valid, head_pop, granted_q;
  logic run_ready, run_valid, run_push;
  logic [RunCountWidth-1:0] run_count;
  logic [WaitCountWidth-1:0] unused_wait_count;
  logic [CommandBits-1:0] unused_header;

  // ---- Waiting commands ----
  fifo #(
      .Width(32 + CommandBits),
      .Depth(config_pkg::QueueDepth)
  ) u_waiting (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .flush_i    (flush_i),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready_o),
      .in_data_i  ({in_index_i, in_cmd_i}),
      .out_valid_o(head_valid),
      .out_ready_i(head_pop),
      .out_data_o ({index_o, cmd_o}),
      .count_o    (unused_wait_count)
  );

  assign header        = cmd_o;
  assign unused_header = header;

  // The head takes its tokens only when a place among the running commands is free for it.
  assign wait_valid_o = head_valid && !granted_q && run_ready && !flush_i;
  assign wait_mask_o  = header.wait_mask;
  assign cmd_valid_o  = granted_q && !flush_i;
  assign head_pop     = cmd_valid_o && cmd_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) granted_q <= 1'b0;
    else if (flush_i || head_pop) granted_q <= 1'b0;
    else if (wait_valid_o && wait_grant_i) granted_q <= 1'b1;
  end

  // ---- Running commands ----
  assign run_push = head_pop;

  fifo #(
      .Width(32 + NumTokens),
      .Depth(Running)
  ) u_running (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .flush_i    (flush_i),
      .in_valid_i (run_push),
      .in_ready_o (run_ready),
      .in_data_i  ({index_o, header.signal_mask}),
      .out_valid_o(run_valid),
      .out_ready_i(signal_valid_o),
      .out_data_o ({done_index_o, signal_mask_o}),
      .count_o    (run_count)
  );

  assign signal_valid_o = done_i && run_valid && !flush_i;
  assign active_o       = run_valid || granted_q;
  assign oldest_index_o = run_valid ? done_index_o : index_o;
  assign empty_o        = !run_valid && !head_valid;

  // ---- Assertions ----
  `S4_ASSERT(OfferHeld, (cmd_valid_o && !cmd_ready_i) |=>
                        (flush_i || (cmd_valid_o && $stable(cmd_o) && $stable(index_o))))
  `S4_ASSERT(RoomForStart, !run_push || run_ready)
  `S4_ASSERT(DoneOnlyWhenRunning, !done_i || run_valid || flush_i)
  `S4_ASSERT(RunningInRange, run_count <= RunCountWidth'(Running))

endmodule
