/// Which of the ports of single words may use a bank, one per bank and clock. Lower ports first,
/// but who lost a bank to another one goes before all that did not, until each was served: beside
/// n others in the same bank a port waits for at most 2 n accesses. Combinational from valid_i to
/// hit_o and from win_i, which says that the bank serves its word port, to ready_o.
/// Model: tests/local_buffer/local_buffer_test.cpp
module word_ports #(
    parameter  int unsigned Ports    = 5,
    parameter  int unsigned Banks    = 32,
    parameter  int unsigned AddrBits = 16,
    localparam int unsigned BankBits = $clog2(Banks)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    // Requests, held until ready_o
    input  logic [         Ports-1:0] valid_i,
    input  logic [Ports*AddrBits-1:0] addr_i,
    output logic [         Ports-1:0] ready_o,
    // Port p at the bits from p * Banks on: the bank that it may use
    output logic [   Ports*Banks-1:0] hit_o,
    input  logic [         Banks-1:0] win_i
);

  logic [Ports-1:0] go, lost, first_q;

  always_comb begin : order
    int unsigned p, q;
    go    = valid_i;
    hit_o = '0;
    for (p = 0; p < Ports; p = p + 1) begin
      for (q = 0; q < Ports; q = q + 1) begin
        if (q != p && valid_i[q] &&
            addr_i[p*AddrBits+:BankBits] == addr_i[q*AddrBits+:BankBits] &&
            ((first_q[q] && !first_q[p]) || (first_q[q] == first_q[p] && q < p))) begin
          go[p] = 1'b0;
        end
      end
      hit_o[p*Banks+32'(addr_i[p*AddrBits+:BankBits])] = go[p];
    end
  end

  always_comb begin : results
    int unsigned p;
    for (p = 0; p < Ports; p = p + 1) begin
      ready_o[p] = go[p] && win_i[addr_i[p*AddrBits+:BankBits]];
      lost[p]    = valid_i[p] && !go[p] && win_i[addr_i[p*AddrBits+:BankBits]];
    end
  end

  // Those that lost while nobody was left to go first.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) first_q <= '0;
    else if ((first_q & valid_i & ~ready_o) == '0) first_q <= lost;
    else first_q <= first_q & valid_i & ~ready_o;
  end

endmodule
