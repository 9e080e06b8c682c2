// Ports-only checker of rtl/common/skid_buffer.sv: order, no loss, hold, and full throughput.
module skid_buffer_proof #(
    parameter int unsigned Width = 1
) (
    input logic             clk_i,
    input logic             in_valid_i,
    input logic [Width-1:0] in_data_i,
    input logic             out_ready_i
);
  logic rst_ni = 1'b0;
  logic in_ready, out_valid;
  logic [Width-1:0] out_data;

  skid_buffer #(
      .Width(Width)
  ) u_skid_buffer (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready),
      .in_data_i  (in_data_i),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data)
  );

  logic [3*Width-1:0] held_q = '0;
  logic [1:0] number_q = '0;
  logic started_q = 1'b0, popped_q = 1'b0;
  logic push, pop;
  assign push = in_valid_i && in_ready;
  assign pop  = out_valid && out_ready_i;

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    started_q <= rst_ni;
    popped_q <= pop;
    if (rst_ni) begin
      if (push) held_q <= {held_q[2*Width-1:0], in_data_i};
      number_q <= number_q + 2'(push) - 2'(pop);
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (number_q <= 2);
      assert (out_valid == (number_q != 0));  // latency of exactly one clock
      if (number_q < 2) assert (in_ready);
      if (out_valid) assert (out_data == held_q[(32'(number_q)-1)*Width+:Width]);
      if (started_q && popped_q) assert (in_ready);  // a word per clock while the output is read
      cover (number_q == 2 && pop);
    end
  end
endmodule
