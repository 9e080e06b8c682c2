/// Running maximum of a row, and the origin of its deviations: its first element, or 0. Three
/// stages; data only, so no reset. nan_o, infinite_o: the row so far has a NaN, or +infinity.
/// Model: pass_one() in sim/activation/row_engine.cpp
module row_maximum (
    input  logic                          clk_i,
    input  logic                          from_zero_i,  // the origin is 0; steady
    // Stage 0: a beat
    input  logic                          valid_i,
    input  logic [row_pkg::Lanes*16-1:0]  data_i,
    input  logic [  row_pkg::Lanes-1:0]   mask_i,
    input  logic                          first_i,
    // After stage 2: the beat, and what holds up to and with it
    output logic [row_pkg::Lanes*16-1:0]  data_o,
    output logic [  row_pkg::Lanes-1:0]   mask_o,
    output logic [                 15:0]  maximum_o,
    output logic [                 15:0]  origin_o,
    output logic                          nan_o,       // a NaN
    output logic                          infinite_o   // +infinity
);

  localparam int unsigned Lanes = row_pkg::Lanes;

  logic [Lanes*16-1:0] keys;
  logic [16*16-1:0] by_2;
  logic [8*16-1:0] by_4, by_4_q;
  logic [4*16-1:0] by_8;
  logic [2*16-1:0] by_16;
  logic [Lanes-1:0] nan, infinite;
  logic valid_q, first_q, nan_q, infinite_q, valid_q2, first_q2, nan_q2, infinite_q2;
  logic [Lanes*16-1:0] data_q, data_q2;
  logic [Lanes-1:0] mask_q, mask_q2;
  logic [15:0] top_q, key_q;

  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    logic [15:0] element;
    assign element = data_i[g*16+:16];
    // Below -infinity what is outside the row.
    assign keys[g*16+:16] = mask_i[g] ? row_pkg::order(element) : 16'h8000;
    assign nan[g] = mask_i[g] && element[14:0] > 15'h7f80;
    assign infinite[g] = mask_i[g] && element == 16'h7f80;
  end

  // Integers that order as the numbers do, neighbours first.
  always_comb begin : tree
    int unsigned i;
    i = 0;
    by_2 = '0;
    by_4 = '0;
    by_8 = '0;
    by_16 = '0;
    for (i = 0; i < 16; i = i + 1)
      by_2[i*16+:16] = row_pkg::larger(keys[i*32+:16], keys[i*32+16+:16]);
    for (i = 0; i < 8; i = i + 1)
      by_4[i*16+:16] = row_pkg::larger(by_2[i*32+:16], by_2[i*32+16+:16]);
    for (i = 0; i < 4; i = i + 1)
      by_8[i*16+:16] = row_pkg::larger(by_4_q[i*32+:16], by_4_q[i*32+16+:16]);
    for (i = 0; i < 2; i = i + 1)
      by_16[i*16+:16] = row_pkg::larger(by_8[i*32+:16], by_8[i*32+16+:16]);
  end

  always_ff @(posedge clk_i) begin
    // ---- Stage 0: two levels ----
    by_4_q <= by_4;
    nan_q <= nan != '0;
    infinite_q <= infinite != '0;
    valid_q <= valid_i;
    first_q <= first_i;
    data_q <= data_i;
    mask_q <= mask_i;
    // ---- Stage 1: three levels ----
    top_q <= row_pkg::larger(by_16[15:0], by_16[31:16]);
    nan_q2 <= nan_q;
    infinite_q2 <= infinite_q;
    valid_q2 <= valid_q;
    first_q2 <= first_q;
    data_q2 <= data_q;
    mask_q2 <= mask_q;
    // ---- Stage 2: with what came before ----
    if (valid_q2) begin
      key_q <= first_q2 ? top_q : row_pkg::larger(key_q, top_q);
      if (first_q2) origin_o <= from_zero_i ? 16'd0 : data_q2[15:0];
      nan_o <= nan_q2 || (nan_o && !first_q2);
      infinite_o <= infinite_q2 || (infinite_o && !first_q2);
      data_o <= data_q2;
      mask_o <= mask_q2;
    end
  end
  assign maximum_o = row_pkg::order(key_q);

endmodule
