/// Which words the lanes of a fetch group need of one kernel tap, and which lanes lie outside the
/// image. Of plain words a lane reads its own; of quarter words the first Words lanes read those
/// that hold the windows of all, which lie in one row. Combinational. Model: sim/spu/spu.hpp
module window_words #(
    localparam int unsigned Group     = config_pkg::PixelsPerQuadrant,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned CoordBits = 20,
    localparam int unsigned Words     = Group / 4 + 1
) (
    input  logic                              quarters_i,
    input  logic        [               15:0] in_height_i,
    input  logic        [               15:0] in_width_i,
    input  logic        [               23:0] pixels_i,
    input  logic        [               23:0] pixel_i,       // output pixel of lane 0
    // Tap, relative to the window starts
    input  logic        [       AddrBits-1:0] tap_addr_i,
    input  logic signed [      CoordBits-1:0] tap_row_i,
    input  logic signed [      CoordBits-1:0] tap_column_i,
    // Window starts
    input  logic        [ Group*AddrBits-1:0] addr_i,
    input  logic        [Group*CoordBits-1:0] row_i,
    input  logic        [Group*CoordBits-1:0] column_i,
    // Words
    output logic        [          Group-1:0] read_o,
    output logic        [          Group-1:0] zero_o,
    output logic        [ Group*AddrBits-1:0] addr_o
);

  typedef logic signed [CoordBits-1:0] coord_t;

  // Word of the first lane's quarter: its column counts quarters.
  logic [AddrBits-1:0] first_word;
  coord_t first_column;
  assign first_column = $signed(CoordBits'(column_i[CoordBits-1:0]));
  assign first_word = addr_i[AddrBits-1:0] + tap_addr_i - AddrBits'(first_column) +
                      AddrBits'(first_column >>> 2);

  always_comb begin : lanes
    int unsigned i;
    coord_t x, y;
    read_o = '0;
    zero_o = '0;
    addr_o = '0;
    x      = '0;
    y      = '0;
    for (i = 0; i < Group; i = i + 1) begin
      y = $signed(CoordBits'(row_i[i*CoordBits+:CoordBits])) + tap_row_i;
      x = $signed(CoordBits'(column_i[i*CoordBits+:CoordBits])) + tap_column_i;
      read_o[i] = (y >= 0) && (y < $signed(CoordBits'({4'd0, in_height_i}))) && (x >= 0) &&
                  (quarters_i || (x < $signed(CoordBits'({4'd0, in_width_i})))) &&
                  (pixel_i + 24'(i) < pixels_i);
      zero_o[i] = !read_o[i];
      addr_o[i*AddrBits+:AddrBits] = addr_i[i*AddrBits+:AddrBits] + tap_addr_i;
    end
    if (quarters_i) begin
      for (i = 0; i < Group; i = i + 1) begin
        read_o[i] = i < Words && !zero_o[0];
        addr_o[i*AddrBits+:AddrBits] = first_word + AddrBits'(i);
      end
    end
  end

endmodule
