/// The clock of a block that does nothing unless it is spoken to: stops after IdleClocks clocks
/// without a sign of life, runs again from the second edge after the next one on. running_o: the
/// next edge of clk_i is one of clk_o too; handshakes with the block count only then, so the valid
/// and ready of either side are to be masked with it. Test: tests/chip/idle_clock_test.cpp
module idle_clock #(
    parameter int unsigned IdleClocks = 32  // what the block needs to come to rest, 2 or more
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic active_i,  // the block works, or somebody has something for it or waits for it
    output logic clk_o,
    output logic running_o
);

  localparam int unsigned CountWidth = $clog2(IdleClocks + 1);

  // It runs in reset, where registers whose reset was never seen to fall take it.
  logic awake_q;
  logic [CountWidth-1:0] left_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      awake_q <= 1'b1;
      left_q  <= CountWidth'(IdleClocks);
    end else begin
      awake_q <= active_i || left_q != '0;
      if (active_i) left_q <= CountWidth'(IdleClocks);
      else if (left_q != '0) left_q <= left_q - 1'b1;
    end
  end
  assign running_o = awake_q;

  clock_gate u_gate (
      .clk_i,
      .enable_i(awake_q),
      .clk_o
  );

endmodule
