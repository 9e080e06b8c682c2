// Ports-only checker of rtl/ring/ring_quota.sv: three stations around one direction, any traffic.
// The token is one and never lost; no station sends beyond its quota between two visits; a station
// that waits is served in bounded time: the token never stays for longer than the others' quotas.
module ring_quota_proof #(
    parameter int unsigned Stations = 3,
    parameter int unsigned Quota = 2,
    parameter int unsigned Enough = 2,
    parameter int unsigned Share = 1
) (
    input logic                clk_i,
    input logic [Stations-1:0] waiting_i,
    input logic [Stations-1:0] control_i
);
  localparam int unsigned ControlQuota = 1;

  logic rst_ni = 1'b0;
  logic [Stations-1:0] token, may_send, may_control, sent, slot_free, able;

  // All stations want the same link: station Stations - 1 is the farthest and goes first.
  always_comb begin
    int unsigned s;
    logic taken;
    taken = 1'b0;
    for (s = 0; s < Stations; s = s + 1) begin
      slot_free[Stations-1-s] = !taken;
      able[Stations-1-s] = waiting_i[Stations-1-s] &&
          (control_i[Stations-1-s] ? may_control[Stations-1-s] : may_send[Stations-1-s]);
      sent[Stations-1-s] = able[Stations-1-s] && !taken;
      taken = taken || sent[Stations-1-s];
    end
  end

  for (genvar s = 0; s < Stations; s = s + 1) begin : gen_station
    ring_quota #(
        .Quota(Quota),
        .Enough(Enough),
        .ControlQuota(ControlQuota),
        .Share(Share),
        .Patience(2)
    ) u_quota (
        .clk_i,
        .rst_ni,
        .first_i(s == 0),
        .token_i(token[(s+1)%Stations]),
        .token_o(token[s]),
        .waiting_i(waiting_i[s]),
        .slot_free_i(slot_free[s]),
        .sent_i(sent[s]),
        .may_send_o(may_send[s]),
        .may_control_o(may_control[s])
    );
  end

  // A station's account from the ports: sent since the token left it, clocks it waited in vain.
  localparam int unsigned Most = Quota + ControlQuota;
  // Clocks until a waiting station sent: what others may send, and the way of the token, twice.
  localparam int unsigned Bound = 2 * Stations * (Most + 2);
  logic [7:0] sent_q[0:Stations-1];
  logic [7:0] waited_q[0:Stations-1];
  logic [7:0] since_token_q = '0;

  initial begin
    int unsigned s;
    for (s = 0; s < Stations; s = s + 1) begin
      sent_q[s] = '0;
      waited_q[s] = '0;
    end
  end

  always_ff @(posedge clk_i) begin
    int unsigned s;
    rst_ni <= 1'b1;
    if (rst_ni) begin
      since_token_q <= (token != '0) ? '0 : since_token_q + 8'd1;
      for (s = 0; s < Stations; s = s + 1) begin
        // The renewal is seen one clock later at token_o; a packet sent meanwhile counts as new.
        sent_q[s] <= (token[s] ? 8'd0 : sent_q[s]) + 8'(sent[s]);
        waited_q[s] <= (waiting_i[s] && !sent[s]) ? waited_q[s] + 8'd1 : '0;
      end
    end
  end

  always @(posedge clk_i) begin
    int unsigned s;
    if (rst_ni) begin
      assert ((token & (token - Stations'(1))) == '0);
      assert (since_token_q <= Bound);
      for (s = 0; s < Stations; s = s + 1) begin
        assert (waited_q[s] <= Bound);
        assert (sent_q[s] <= Most + 1);
      end
      cover (waited_q[0] == 8'd4 && sent[0]);
      cover (since_token_q == 8'd3);
    end
  end
endmodule
