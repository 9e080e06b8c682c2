// Ports-only checker of rtl/sequencer/token_file.sv: the count of one token kept here is never
// below zero, and says who may have it.
module token_file_proof #(
    parameter int unsigned NumPorts = 2,
    parameter int unsigned Token = 0
) (
    input logic                                        clk_i,
    input logic                                        clear_i,
    input logic [                        NumPorts-1:0] wait_valid_i,
    input logic [NumPorts*commands_pkg::NumTokens-1:0] wait_mask_i,
    input logic [                        NumPorts-1:0] signal_valid_i,
    input logic [NumPorts*commands_pkg::NumTokens-1:0] signal_mask_i
);
  localparam int unsigned NumTokens = commands_pkg::NumTokens;
  localparam int unsigned MaxCount = (1 << commands_pkg::TokenWidth) - 1;

  logic rst_ni = 1'b0;
  logic [NumPorts-1:0] grant, met;
  logic overflow;
  logic [3:0] overflow_token;
  logic [$clog2(NumPorts+1)-1:0] overflow_port;

  token_file #(
      .NumPorts(NumPorts)
  ) u_tokens (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .clear_i         (clear_i),
      .wait_valid_i    (wait_valid_i),
      .wait_mask_i     (wait_mask_i),
      .wait_grant_o    (grant),
      .wait_met_o      (met),
      .signal_valid_i  (signal_valid_i),
      .signal_mask_i   (signal_mask_i),
      .overflow_o      (overflow),
      .overflow_token_o(overflow_token),
      .overflow_port_o (overflow_port)
  );

  // One bit more than the counter, and a sign: what would wrap shows.
  logic signed [8:0] count_q = '0;
  logic signed [8:0] taken, signalled, sum;
  always_comb begin : events
    int unsigned p;
    taken     = '0;
    signalled = '0;
    for (p = 0; p < NumPorts; p = p + 1) begin
      if (grant[p] && wait_mask_i[p*NumTokens+Token]) taken = taken + 9'sd1;
      if (signal_valid_i[p] && signal_mask_i[p*NumTokens+Token]) signalled = signalled + 9'sd1;
    end
    sum = count_q - taken + signalled;
  end

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      if (clear_i) count_q <= '0;
      else count_q <= (sum > $signed(9'(MaxCount))) ? $signed(9'(MaxCount)) : sum;
    end
  end

  always @(posedge clk_i) begin : check
    int unsigned p;
    if (rst_ni) begin
      assert (count_q - taken >= 0);
      assert ((grant & (grant - NumPorts'(1))) == '0);
      assert ((grant & ~(met & wait_valid_i)) == '0);
      assert ((grant == '0) == (met == '0));
      for (p = 0; p < NumPorts; p = p + 1) begin
        // Met needs this token if it is asked for, and a mask of this token alone needs no other.
        if (met[p] && wait_mask_i[p*NumTokens+Token]) assert (count_q > 0);
        if (wait_valid_i[p] && wait_mask_i[p*NumTokens+:NumTokens] == NumTokens'(1 << Token))
          assert (met[p] == (count_q > 0));
      end
      assert (overflow || sum <= $signed(9'(MaxCount)));
      if (sum > $signed(9'(MaxCount))) assert (32'(overflow_token) <= Token);
      cover (count_q == 9'sd3 && taken == 9'sd1 && signalled == 9'sd2);
      cover (met == '1 && taken == 9'sd1);
    end
  end
endmodule
