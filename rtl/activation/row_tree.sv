/// float32 sum of the 32 lanes of a beat: neighbours first, s(i) = s(2i) + s(2i + 1) at each of
/// five levels. Ten stages; data only, so no reset.
/// Model: tree() in sim/activation/row_engine.cpp
module row_tree (
    input  logic                         clk_i,
    input  logic [row_pkg::Lanes*32-1:0] terms_i,
    output logic [                 31:0] sum_o
);

  localparam int unsigned Lanes = row_pkg::Lanes;

  // Node n is the sum of nodes 2n and 2n + 1; the lanes are nodes Lanes to 2 Lanes - 1.
  logic [2*Lanes*32-1:0] nodes;
  logic [31:0] unused_node;

  assign nodes[2*Lanes*32-1:Lanes*32] = terms_i;
  assign nodes[31:0] = 32'd0;
  assign unused_node = nodes[31:0];
  assign sum_o = nodes[63:32];

  for (genvar n = 1; n < Lanes; n = n + 1) begin : gen_node
    row_add u_add (
        .clk_i,
        .a_i  (nodes[(2*n)*32+:32]),
        .b_i  (nodes[(2*n+1)*32+:32]),
        .sum_o(nodes[n*32+:32])
    );
  end

endmodule
