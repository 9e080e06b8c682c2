/// Sum of the exponentials of a row, fixed point of 34 fractional bits, relative to a ceiling that
/// may grow: then the sum moves right by as much. Terms are cut below 2^-34; order does not matter.
/// Four stages. Model: pass_one() in sim/activation/row_engine.cpp
module row_exponential_sum (
    input  logic                            clk_i,
    // Stage 0: exponentials of a beat
    input  logic [row_pkg::Lanes*24-1:0]    mantissa_i,
    input  logic [ row_pkg::Lanes*9-1:0]    distance_i,
    input  logic [   row_pkg::Lanes-1:0]    zero_i,
    // Stage 3: the beat counts; forget what came before; growth of the ceiling
    input  logic                            valid_i,
    input  logic                            restart_i,
    input  logic [                  5:0]    growth_i,
    // After stage 3
    output logic [row_pkg::SumWidth-1:0]    sum_o
);

  localparam int unsigned Lanes = row_pkg::Lanes;
  localparam int unsigned TermWidth = row_pkg::TermWidth;
  localparam int unsigned Groups = 4;
  localparam int unsigned Size = Lanes / Groups;
  localparam int unsigned GroupWidth = TermWidth + 3;
  localparam int unsigned BeatWidth = TermWidth + 5;

  logic [Lanes*TermWidth-1:0] term_q;
  logic [Groups*GroupWidth-1:0] group_sum, group_sum_q;
  logic [BeatWidth-1:0] beat_sum, beat_sum_q;
  logic [row_pkg::SumWidth-1:0] kept;

  // ---- Stage 0: fixed point ----
  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    logic [TermWidth-1:0] whole;
    logic [8:0] distance;
    assign whole = {mantissa_i[g*24+:24], (TermWidth - 24)'(0)};
    assign distance = distance_i[g*9+:9];

    always_ff @(posedge clk_i) begin
      term_q[g*TermWidth+:TermWidth] <=
          (zero_i[g] || distance >= 9'(TermWidth)) ? '0 : whole >> distance[5:0];
    end
  end

  // ---- Stages 1 and 2: sum of the lanes ----
  always_comb begin : tree
    int unsigned g, i;
    g = 0;
    i = 0;
    group_sum = '0;
    beat_sum = '0;
    for (g = 0; g < Groups; g = g + 1) begin
      for (i = 0; i < Size; i = i + 1) begin
        group_sum[g*GroupWidth+:GroupWidth] = group_sum[g*GroupWidth+:GroupWidth] +
            GroupWidth'(term_q[(g*Size+i)*TermWidth+:TermWidth]);
      end
      beat_sum = beat_sum + BeatWidth'(group_sum_q[g*GroupWidth+:GroupWidth]);
    end
  end

  // ---- Stage 3: with what came before ----
  assign kept = restart_i ? '0 : sum_o >> growth_i;

  always_ff @(posedge clk_i) begin
    group_sum_q <= group_sum;
    beat_sum_q <= beat_sum;
    if (valid_i) sum_o <= kept + row_pkg::SumWidth'(beat_sum_q);
  end

endmodule
