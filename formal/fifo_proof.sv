// Ports-only checker of rtl/common/fifo.sv: the queue kept here says what must come out, and when.
module fifo_proof #(
    parameter int unsigned Width = 1,
    parameter int unsigned Depth = 3
) (
    input logic             clk_i,
    input logic             flush_i,
    input logic             in_valid_i,
    input logic [Width-1:0] in_data_i,
    input logic             out_ready_i
);
  localparam int unsigned CountWidth = $clog2(Depth + 1);

  logic rst_ni = 1'b0;
  logic in_ready, out_valid;
  logic [Width-1:0] out_data;
  logic [CountWidth-1:0] count;

  fifo #(
      .Width(Width),
      .Depth(Depth)
  ) u_fifo (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .flush_i    (flush_i),
      .in_valid_i (in_valid_i),
      .in_ready_o (in_ready),
      .in_data_i  (in_data_i),
      .out_valid_o(out_valid),
      .out_ready_i(out_ready_i),
      .out_data_o (out_data),
      .count_o    (count)
  );

  // Words that went in and did not come out; the oldest has the highest place in use.
  logic [(Depth+1)*Width-1:0] held_q = '0;
  int unsigned number_q = 0;
  logic push, pop;
  assign push = in_valid_i && in_ready;
  assign pop  = out_valid && out_ready_i;

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      if (push) held_q <= {held_q[Depth*Width-1:0], in_data_i};
      number_q <= flush_i ? 0 : number_q + 32'(push) - 32'(pop);
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (number_q <= Depth);
      assert (32'(count) == number_q);
      assert (out_valid == (number_q != 0));
      assert (in_ready == (number_q != Depth));
      if (out_valid) assert (out_data == held_q[(number_q-1)*Width+:Width]);
      cover (number_q == Depth && pop);
      cover (number_q == 1 && flush_i);
    end
  end
endmodule
