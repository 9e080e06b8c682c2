// Ports-only checker of rtl/sequencer/engine_queue.sv: counts of accepted, granted, started and
// completed commands follow each other, and the state outputs tell them.
module engine_queue_proof (
    input logic clk_i,
    input logic flush_i,
    input logic in_valid_i,
    input logic wait_grant_i,
    input logic cmd_ready_i,
    input logic done_i
);
  localparam int unsigned Running = 4;

  logic rst_ni = 1'b0;
  logic in_ready, wait_valid, cmd_valid, signal_valid, active, empty;
  logic [commands_pkg::NumTokens-1:0] wait_mask, signal_mask;
  logic [commands_pkg::CommandBits-1:0] cmd;
  logic [31:0] index, done_index, oldest_index;

  engine_queue #(
      .Running(Running)
  ) u_queue (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .flush_i       (flush_i),
      .in_valid_i    (in_valid_i),
      .in_ready_o    (in_ready),
      .in_cmd_i      ('0),
      .in_index_i    ('0),
      .wait_valid_o  (wait_valid),
      .wait_mask_o   (wait_mask),
      .wait_grant_i  (wait_grant_i && wait_valid),
      .cmd_valid_o   (cmd_valid),
      .cmd_ready_i   (cmd_ready_i),
      .cmd_o         (cmd),
      .index_o       (index),
      .done_i        (done_i),
      .signal_valid_o(signal_valid),
      .signal_mask_o (signal_mask),
      .done_index_o  (done_index),
      .active_o      (active),
      .oldest_index_o(oldest_index),
      .empty_o       (empty)
  );

  logic [3:0] waiting_q = '0;  // accepted, not started
  logic [3:0] running_q = '0;  // started, not completed
  logic granted_q = 1'b0;
  logic push, start;
  assign push  = in_valid_i && in_ready;
  assign start = cmd_valid && cmd_ready_i;

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      if (flush_i) begin
        waiting_q <= '0;
        running_q <= '0;
        granted_q <= 1'b0;
      end else begin
        waiting_q <= waiting_q + 4'(push) - 4'(start);
        running_q <= running_q + 4'(start) - 4'(signal_valid);
        if (start) granted_q <= 1'b0;
        else if (wait_grant_i && wait_valid) granted_q <= 1'b1;
      end
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (waiting_q <= 4'(config_pkg::QueueDepth));
      assert (running_q <= 4'(Running));
      assert (in_ready == (waiting_q != 4'(config_pkg::QueueDepth)));
      assert (cmd_valid == (granted_q && !flush_i));
      assert (!granted_q || waiting_q != '0);
      assert (!(start && !signal_valid) || running_q != 4'(Running));
      assert (!wait_valid || (waiting_q != '0 && !granted_q));
      assert (signal_valid == (done_i && running_q != '0 && !flush_i));
      assert (empty == (waiting_q == '0 && running_q == '0));
      assert (active == (granted_q || running_q != '0));
      cover (running_q == 4'(Running) && waiting_q == 4'(config_pkg::QueueDepth));
      cover (start && signal_valid && push);
    end
  end
endmodule
