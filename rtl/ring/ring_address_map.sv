/// Where a byte of the memory space lies: the station whose memory holds it. The space is cut into
/// slices, one per station and as large as its memory; the address within a slice is the address in
/// a station's memory. Granules of a slice go round all stations, and each slice starts one station
/// on: station = (slice + granule) mod NumStations. So every station holds each of its granules
/// once, and a run of addresses uses all stations alike. In the upper half of the space a slice is
/// a window on the memory of one station: the same bytes once more, by station. (Where the slices
/// do not fit half of the space there are no windows.) Combinational; a table per four address bits
/// and a tree of additions modulo NumStations. Model: sim/ring/ring_address.hpp
///
///   address  | window | slice | granule, number within the slice | byte of the granule |
///             35               SliceBits                          GranuleBits          0
`include "assert.svh"

module ring_address_map #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of a station's memory, 16..35
    parameter int unsigned GranuleBits = 10  // log2 of the bytes of a granule, 10..SliceBits - 1
) (
    input  logic [memory_port_pkg::AddrWidth-1:0] addr_i,
    output logic [    ring_pkg::StationWidth-1:0] station_o,
    output logic                                  exists_o
);

  localparam int unsigned StationWidth = ring_pkg::StationWidth;
  localparam int unsigned SpaceBits = memory_port_pkg::AddrWidth - SliceBits;
  localparam bit Windows = NumStations <= 1 << (SpaceBits - 1);
  localparam int unsigned SliceNumberBits = Windows ? SpaceBits - 1 : SpaceBits;
  localparam int unsigned GranuleNumberBits = SliceBits - GranuleBits;
  localparam int unsigned NumLeaves = 8;  // seven digits of the granule's number and the slice's
  localparam int unsigned DigitBits = 4 * (NumLeaves - 1);

  `S4_CHECK_PARAM(gen_check_stations, NumStations >= 2 && NumStations <= ring_pkg::MaxStations)
  `S4_CHECK_PARAM(gen_check_slice, SliceBits >= 16 && SliceBits < memory_port_pkg::AddrWidth)
  `S4_CHECK_PARAM(gen_check_granule, GranuleBits >= 10 && GranuleBits < SliceBits)

  // Digit * 16^place mod NumStations, for the 16 values of a digit.
  function automatic logic [16*StationWidth-1:0] residues(input int unsigned place);
    int unsigned i, weight;
    weight = 1;
    for (i = 0; i < place; i = i + 1) weight = (weight * 16) % NumStations;
    residues = '0;
    for (i = 0; i < 16; i = i + 1) begin
      residues[i*StationWidth+:StationWidth] = StationWidth'((i * weight) % NumStations);
    end
  endfunction

  // a + b mod NumStations, of two residues.
  function automatic logic [StationWidth-1:0] plus(input logic [StationWidth-1:0] a,
                                                   input logic [StationWidth-1:0] b);
    logic [StationWidth:0] sum;
    sum  = (StationWidth + 1)'(a) + (StationWidth + 1)'(b);
    plus = StationWidth'(
        (sum >= (StationWidth + 1)'(NumStations)) ? sum - (StationWidth + 1)'(NumStations) : sum
    );
  endfunction

  logic window;
  logic [SliceNumberBits-1:0] slice;
  logic [StationWidth-1:0] interleaved;
  logic [DigitBits-1:0] digits;
  logic [NumLeaves*StationWidth-1:0] leaf;
  logic [NumLeaves/2*StationWidth-1:0] pair;
  logic unused_byte;

  assign unused_byte = ^addr_i[GranuleBits-1:0];
  assign window      = Windows && addr_i[memory_port_pkg::AddrWidth-1];
  assign slice       = addr_i[SliceBits+:SliceNumberBits];
  assign digits      = DigitBits'(addr_i[SliceBits-1:GranuleBits]);
  assign exists_o    = 32'(slice) < NumStations;

  for (genvar d = 0; d < NumLeaves - 1; d = d + 1) begin : gen_digit
    localparam logic [16*StationWidth-1:0] Residues = residues(d);
    assign leaf[d*StationWidth+:StationWidth] =
        Residues[32'(digits[4*d+:4])*StationWidth+:StationWidth];
  end
  // A slice that exists is below NumStations.
  assign leaf[(NumLeaves-1)*StationWidth+:StationWidth] = exists_o ? StationWidth'(slice) : '0;

  for (genvar p = 0; p < NumLeaves / 2; p = p + 1) begin : gen_pair
    assign pair[p*StationWidth+:StationWidth] =
        plus(leaf[2*p*StationWidth+:StationWidth], leaf[(2*p+1)*StationWidth+:StationWidth]);
  end
  assign interleaved = plus(plus(pair[0+:StationWidth], pair[StationWidth+:StationWidth]),
                            plus(pair[2*StationWidth+:StationWidth],
                                 pair[3*StationWidth+:StationWidth]));
  assign station_o   = window ? StationWidth'(slice) : interleaved;

  if (GranuleNumberBits > DigitBits) begin : gen_check_digits
    $error("more granules than digits");
  end

endmodule
