// Checker at the CA pins of memory_command behind memory_ranks: commands that begin when bus_o
// allows it come out as whole parts, each part two CK, the two parts of a long command together.
module memory_bus_proof (
    input logic        clk_i,
    input logic [ 3:0] want_i,
    input logic        phase_i,
    input logic [27:0] rest_i
);
  logic rst_ni = 1'b0;
  lpddr4_pkg::command_word_t want, issue, command_q;
  logic [1:0] bus, read_soon, write_soon, activate_soon;
  logic [3:0] read, write, activate, precharge, refresh;
  logic [3:0] cs;
  logic [11:0] ca;

  always_comb begin
    want       = {4'd0, rest_i};
    want.kind  = want_i;
    want.phase = phase_i;
    issue      = (want_i >= 4'd1 && want_i <= 4'd7 && want_i != 4'd6 && bus[phase_i]) ? want : '0;
  end

  memory_ranks u_ranks (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .issue_i        (issue),
      .bus_o          (bus),
      .read_soon_o    (read_soon),
      .write_soon_o   (write_soon),
      .activate_soon_o(activate_soon),
      .read_o         (read),
      .write_o        (write),
      .activate_o     (activate),
      .precharge_o    (precharge),
      .refresh_o      (refresh)
  );
  memory_command u_command (
      .clk_i    (clk_i),
      .rst_ni   (rst_ni),
      .command_i(command_q),
      .cs_o     (cs),
      .ca_o     (ca)
  );

  // ---- CK by CK at the pins: 0 free, else CK of the command still to come ----
  logic [1:0] left_q = '0, after0, after1;
  logic wrong0, wrong1, second0, second1;
  function automatic logic is_second(input logic [5:0] bits);
    is_second = bits[4:0] == 5'b10010 || bits[1:0] == 2'b11;
  endfunction
  function automatic logic is_long(input logic [5:0] bits);
    is_long = bits[4:0] == 5'b00010 || bits[4:0] == 5'b00100 || bits[4:0] == 5'b01100 ||
              bits[1:0] == 2'b01;
  endfunction
  assign second0 = is_second(ca[5:0]);
  assign second1 = is_second(ca[11:6]);
  always_comb begin
    wrong0 = 1'b0;
    after0 = (left_q == '0) ? '0 : left_q - 2'd1;
    if (cs[1:0] != '0) begin
      wrong0 = (left_q == 2'd2) ? !second0 : (left_q != '0 || second0);
      after0 = second0 ? 2'd1 : is_long(ca[5:0]) ? 2'd3 : 2'd1;
    end else if (left_q == 2'd2) begin
      wrong0 = 1'b1;
    end
    wrong1 = 1'b0;
    after1 = (after0 == '0) ? '0 : after0 - 2'd1;
    if (cs[3:2] != '0) begin
      wrong1 = (after0 == 2'd2) ? !second1 : (after0 != '0 || second1);
      after1 = second1 ? 2'd1 : is_long(ca[11:6]) ? 2'd3 : 2'd1;
    end else if (after0 == 2'd2) begin
      wrong1 = 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    rst_ni    <= 1'b1;
    command_q <= rst_ni ? issue : '0;
    if (rst_ni) left_q <= after1;
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!wrong0 && !wrong1);
      assert (cs[1:0] != 2'b11 && cs[3:2] != 2'b11);
      cover (left_q == 2'd1 && cs[3:2] != '0);
    end
  end
  initial command_q = '0;
endmodule
