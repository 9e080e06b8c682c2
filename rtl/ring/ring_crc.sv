/// Check sum of a word: remainder of word * x^CrcWidth by the polynomial of ring_pkg, inverted.
/// Combinational; an exclusive-or tree per bit. en_i low: zero (nothing is computed).
/// Model: sim/ring/ring_crc.hpp
`include "assert.svh"

module ring_crc #(
    parameter int unsigned Width = 64  // bits of the word, >= 1
) (
    input  logic                         en_i,
    input  logic [            Width-1:0] data_i,
    output logic [ring_pkg::CrcWidth-1:0] crc_o
);

  localparam int unsigned CrcWidth = ring_pkg::CrcWidth;

  `S4_CHECK_PARAM(gen_check_width, Width >= 1)

  // Bits of the word that count in bit `place` of the sum: those i whose x^(CrcWidth + i) has it.
  function automatic logic [Width-1:0] places(input logic [$clog2(CrcWidth)-1:0] place);
    logic [CrcWidth-1:0] power;
    int unsigned i;
    power  = CrcWidth'(ring_pkg::CrcPolynomial);
    places = '0;
    for (i = 0; i < Width; i = i + 1) begin
      places[i] = power[place];
      power = {power[CrcWidth-2:0], 1'b0} ^
              (power[CrcWidth-1] ? CrcWidth'(ring_pkg::CrcPolynomial) : CrcWidth'(0));
    end
  endfunction

  for (genvar k = 0; k < CrcWidth; k = k + 1) begin : gen_bit
    localparam logic [Width-1:0] Places = places($clog2(CrcWidth)'(k));
    assign crc_o[k] = en_i ? ~^(data_i & Places) : 1'b0;
  end

endmodule
