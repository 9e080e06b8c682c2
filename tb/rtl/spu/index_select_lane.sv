/// The index selection of one lane by itself, all its pixels, so that `make synth` can say what it
/// takes. In the array it is a statement of mac_quadrant; no logic but the macro is in here.
/// Area: docs/blocks/spu.md, docs/adr/0026-index-selection.md
`include "index_select.svh"

module index_select_lane #(
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned BankSize  = sparse_format_pkg::BankSize,
    localparam int unsigned IndexBits = sparse_format_pkg::IndexBits
) (
    input  logic [BankSize*Pixels*9-1:0] bank_i,   // channel c of pixel p at (c*Pixels + p)*9
    input  logic [        IndexBits-1:0] index_i,
    output logic [         Pixels*9-1:0] picked_o
);

  logic [8:0] bank[BankSize][Pixels];
  logic [8:0] picked[Pixels];

  always_comb begin : select
    int unsigned c, p;
    {c, p} = '0;
    for (c = 0; c < BankSize; c = c + 1) begin
      for (p = 0; p < Pixels; p = p + 1) bank[c][p] = bank_i[(c*Pixels+p)*9+:9];
    end
    `S4_INDEX_SELECT(picked, bank, index_i)
    for (p = 0; p < Pixels; p = p + 1) picked_o[p*9+:9] = picked[p];
  end

endmodule
