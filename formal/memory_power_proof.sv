// Ports-only checker of memory_power: a rank that has something to do may be commanded within Bound
// clocks, and stays so while it has; CKE is high whenever commands may be chosen.
module memory_power_proof #(
    parameter int unsigned Bound = 12  // clocks
) (
    input logic clk_i,
    input logic start_i,
    input logic busy_i
);
  logic rst_ni = 1'b0;
  logic start_q = 1'b0, busy_q = 1'b0, enable_q = 1'b0;
  logic enable, down, ahead;
  logic [7:0] wait_q = '0;

  memory_power u_power (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .start_i (start_q),
      .busy_i  (busy_i),
      .enable_o(enable),
      .down_o  (down),
      .ahead_o (ahead)
  );

  always_ff @(posedge clk_i) begin
    rst_ni   <= 1'b1;
    start_q  <= start_q || (start_i && rst_ni);
    busy_q   <= busy_i && start_q;
    enable_q <= enable;
    if (!start_q || !busy_i || enable) wait_q <= '0;
    else if (wait_q != '1) wait_q <= wait_q + 8'd1;
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (wait_q <= 8'(Bound));
      assert (!(busy_q && enable_q) || enable);
      assert (!enable || !down);
      assert (!ahead || enable);
      cover (wait_q == 8'(Bound));
    end
  end
endmodule
