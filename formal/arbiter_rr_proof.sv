// Ports-only checker of rtl/common/arbiter_rr.sv: one-hot, work-conserving, bounded waiting, hold.
module arbiter_rr_proof #(
    parameter int unsigned N = 4,
    localparam int unsigned IndexWidth = (N > 1) ? $clog2(N) : 1
) (
    input logic         clk_i,
    input logic [N-1:0] req_i,
    input logic         ready_i
);
  logic rst_ni = 1'b0;
  logic [N-1:0] grant;
  logic [IndexWidth-1:0] index;
  logic valid;

  arbiter_rr #(
      .N(N)
  ) u_arbiter_rr (
      .clk_i  (clk_i),
      .rst_ni (rst_ni),
      .req_i  (req_i),
      .ready_i(ready_i),
      .grant_o(grant),
      .index_o(index),
      .valid_o(valid)
  );

  // Any one requester, and how often others were served while it waited.
  (* anyconst *) logic [IndexWidth-1:0] watched;
  logic [3:0] others_q = '0;
  logic stalled_q = 1'b0;
  logic [N-1:0] grant_q = '0;

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    stalled_q <= rst_ni && valid && !ready_i;
    grant_q <= grant;
    if (!rst_ni || !req_i[watched]) others_q <= '0;
    else if (valid && ready_i) others_q <= grant[watched] ? '0 : others_q + 4'd1;
  end

  always @(posedge clk_i) begin
    assume (32'(watched) < N);
    if (rst_ni) begin
      assert (valid == (req_i != '0));
      assert ((grant != '0) == valid);
      assert ((grant & (grant - N'(1))) == '0);
      assert ((grant & ~req_i) == '0);
      if (valid) assert (grant == (N'(1) << index));
      assert (32'(others_q) <= N - 1);
      if (stalled_q && (req_i & grant_q) != '0) assert (grant == grant_q);
      cover (32'(others_q) == N - 1 && grant[watched]);
    end
  end
endmodule
