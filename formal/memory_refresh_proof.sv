// Ports-only checker of memory_refresh: when an urgent refresh is done within three quarters of an
// interval (formal/memory_urgent.json), never more than MaxPostponed are owed or done ahead, no
// bank is refreshed twice in a round, and the count is true. One that is not urgent may wait for
// ever.
module memory_refresh_proof (
    input logic       clk_i,
    input logic       ahead_i,
    input logic [7:0] wanted_i,
    input logic [7:0] open_i,
    input logic       done_i
);
  localparam int unsigned Interval = 24;  // CK
  localparam int unsigned Bound = 9;  // clocks from urgent to the refresh, of an interval of twelve

  logic rst_ni = 1'b0;
  logic valid, urgent, due, done;
  logic [2:0] bank;
  logic signed [5:0] owed;
  assign done = done_i && valid;

  memory_refresh #(
      .Interval(Interval)
  ) u_refresh (
      .clk_i   (clk_i),
      .rst_ni  (rst_ni),
      .enable_i(1'b1),
      .ahead_i (ahead_i),
      .wanted_i(wanted_i),
      .open_i  (open_i),
      .valid_o (valid),
      .bank_o  (bank),
      .urgent_o(urgent),
      .done_i  (done),
      .owed_o  (owed),
      .due_o   (due)
  );

  logic [3:0] waited_q = '0;
  logic [3:0] time_q = '0;  // clocks of the interval
  logic signed [7:0] count_q = '0;
  logic [7:0] round_q = '0;  // banks refreshed
  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      waited_q <= (urgent && !done) ? waited_q + 4'd1 : '0;
      time_q   <= (time_q == 4'd11) ? '0 : time_q + 4'd1;
      count_q  <= count_q + ((time_q == 4'd11) ? 8'sd1 : 8'sd0) - (done ? 8'sd1 : 8'sd0);
      if (done) round_q <= ((round_q | (8'd1 << bank)) == 8'hff) ? '0 : round_q | (8'd1 << bank);
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      assume (waited_q < 4'(Bound));
      assert (8'(owed) == count_q);
      assert (count_q <= 8'sd8 && count_q >= -8'sd8);
      assert (!done || !round_q[bank]);
      assert (due == (count_q > 8'sd0));
      cover (count_q == -8'sd3);
      cover (count_q == 8'sd2);
    end
  end
endmodule
