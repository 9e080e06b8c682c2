/// Keeps, for every pixel lane of the tile, where its kernel window starts in the input.
/// After start_i it walks the first tile pixel by pixel (one clock each), which also yields the
/// step from one tile to the next; ready_o then stays high. advance_i moves all lanes one tile on,
/// restart_i back to the first tile; both take effect at the clock edge. A window start is the word
/// address (modulo the address width), row and column of its upper left corner, which may lie
/// outside the image. Setup: 5 clocks and one per pixel of the tile.
/// Model: sim/spu/spu.hpp
`include "assert.svh"
module pixel_walker #(
    localparam int unsigned Pixels    = config_pkg::PixelLanes,
    localparam int unsigned Group     = config_pkg::PixelsPerQuadrant,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned CoordBits = 20
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Command, held while in use
    input  logic                       start_i,
    input  logic [                1:0] shape_i,
    input  logic [       AddrBits-1:0] in_addr_i,
    input  logic [       AddrBits-1:0] in_image_i,
    input  logic [               15:0] in_row_i,
    input  logic [               15:0] out_height_i,
    input  logic [               15:0] out_width_i,
    input  logic [                3:0] stride_h_i,
    input  logic [                3:0] stride_w_i,
    input  logic [               15:0] pad_top_i,
    input  logic [               15:0] pad_left_i,
    // Movement
    output logic                       ready_o,
    input  logic                       advance_i,
    input  logic                       restart_i,
    // Window starts of the lanes of pixel quadrant part_i
    input  logic [                1:0] part_i,
    output logic [ Group*AddrBits-1:0] addr_o,
    output logic [Group*CoordBits-1:0] row_o,
    output logic [Group*CoordBits-1:0] column_o
);

  localparam int unsigned LaneBits = (Pixels > 1) ? $clog2(Pixels) : 1;
  typedef logic signed [CoordBits-1:0] coord_t;
  typedef logic [AddrBits-1:0] addr_t;
  typedef enum logic [2:0] {
    StIdle,
    StProducts,
    StOrigin,
    StWalk,
    StSettle,
    StReady
  } state_e;
  state_e state_q;

  // ---- Constants of the command ----
  coord_t span_x_q, span_y_q, end_x_q, end_y_q, step_x_q, step_y_q, first_x_q, first_y_q;
  addr_t row_step_q, wrap_x_q, wrap_y_q, step_addr_q, first_addr_q, image_span_q;
  logic [LaneBits:0] tile_pixels, count_q;

  // ---- Walker: the window start of pixel count_q ----
  coord_t walk_x_q, walk_y_q;
  addr_t walk_addr_q, walk_row_q, walk_image_q;
  logic walk_wrap_x, walk_wrap_y;
  coord_t walk_next_x, walk_next_y;

  assign tile_pixels = (LaneBits + 1)'(Group) << shape_i;
  assign walk_next_x = walk_x_q + $signed(CoordBits'({1'b0, stride_w_i}));
  assign walk_next_y = walk_y_q + $signed(CoordBits'({1'b0, stride_h_i}));
  assign walk_wrap_x = walk_next_x >= end_x_q;
  assign walk_wrap_y = walk_next_y >= end_y_q;
  logic settle;
  assign settle = state_q == StSettle;
  assign ready_o = state_q == StReady;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      count_q <= '0;
    end else begin
      unique case (state_q)
        StIdle: state_q <= StIdle;
        StProducts: state_q <= StOrigin;
        StOrigin: state_q <= StWalk;
        StWalk: if (count_q == tile_pixels) state_q <= StSettle;
        StSettle: state_q <= StReady;
        StReady: state_q <= StReady;
        default: state_q <= StIdle;
      endcase
      if (state_q == StOrigin) count_q <= '0;
      else if (state_q == StWalk) count_q <= count_q + (LaneBits + 1)'(1);
      if (start_i) state_q <= StProducts;
    end
  end

  always_ff @(posedge clk_i) begin : walk
    if (start_i) begin
      span_x_q   <= $signed(CoordBits'(out_width_i * stride_w_i));
      span_y_q   <= $signed(CoordBits'(out_height_i * stride_h_i));
      row_step_q <= AddrBits'(in_row_i * stride_h_i);
      first_x_q  <= -$signed(CoordBits'({4'd0, pad_left_i}));
      first_y_q  <= -$signed(CoordBits'({4'd0, pad_top_i}));
    end
    if (state_q == StProducts) begin
      end_x_q      <= first_x_q + span_x_q;
      end_y_q      <= first_y_q + span_y_q;
      wrap_x_q     <= row_step_q - AddrBits'(span_x_q);
      image_span_q <= AddrBits'(32'(out_height_i) * 32'(row_step_q));
      first_addr_q <= in_addr_i - AddrBits'(32'(pad_top_i) * 32'(in_row_i)) -
                      AddrBits'(pad_left_i);
    end
    if (state_q == StOrigin) begin
      wrap_y_q     <= in_image_i - image_span_q;
      walk_x_q     <= first_x_q;
      walk_y_q     <= first_y_q;
      walk_addr_q  <= first_addr_q;
      walk_row_q   <= first_addr_q;
      walk_image_q <= first_addr_q;
    end
    if (state_q == StWalk) begin
      walk_x_q    <= walk_wrap_x ? first_x_q : walk_next_x;
      walk_addr_q <= walk_addr_q + AddrBits'(stride_w_i);
      if (walk_wrap_x) begin
        walk_y_q    <= walk_wrap_y ? first_y_q : walk_next_y;
        walk_row_q  <= walk_row_q + row_step_q;
        walk_addr_q <= walk_row_q + row_step_q;
        if (walk_wrap_y) begin
          walk_image_q <= walk_image_q + in_image_i;
          walk_row_q   <= walk_image_q + in_image_i;
          walk_addr_q  <= walk_image_q + in_image_i;
        end
      end
      // The pixel after the tile is one tile step away from the first.
      if (count_q == tile_pixels) begin
        step_x_q    <= walk_x_q - first_x_q;
        step_y_q    <= walk_y_q - first_y_q;
        step_addr_q <= walk_addr_q - first_addr_q;
      end
    end
  end

  // ---- Lanes: first tile and current tile ----
  logic [Pixels*AddrBits-1:0] first_lane_addr_q, lane_addr_q;
  logic [Pixels*CoordBits-1:0] first_lane_row_q, lane_row_q, first_lane_column_q, lane_column_q;

  always_ff @(posedge clk_i) begin : lanes
    int unsigned i;
    coord_t x, y;
    addr_t a;
    i = 0;
    x = 0;
    y = 0;
    a = 0;
    if (state_q == StWalk && count_q != tile_pixels) begin
      first_lane_addr_q[32'(count_q)*AddrBits+:AddrBits]     <= walk_addr_q;
      first_lane_row_q[32'(count_q)*CoordBits+:CoordBits]    <= walk_y_q;
      first_lane_column_q[32'(count_q)*CoordBits+:CoordBits] <= walk_x_q;
    end
    if (restart_i || settle) begin
      lane_addr_q   <= first_lane_addr_q;
      lane_row_q    <= first_lane_row_q;
      lane_column_q <= first_lane_column_q;
    end else if (advance_i) begin
      for (i = 0; i < Pixels; i = i + 1) begin
        x = $signed(CoordBits'(lane_column_q[i*CoordBits+:CoordBits])) + step_x_q;
        y = $signed(CoordBits'(lane_row_q[i*CoordBits+:CoordBits])) + step_y_q;
        a = lane_addr_q[i*AddrBits+:AddrBits] + step_addr_q;
        if (x >= end_x_q) begin
          x = x - span_x_q;
          y = y + $signed(CoordBits'({1'b0, stride_h_i}));
          a = a + wrap_x_q;
        end
        if (y >= end_y_q) begin
          y = y - span_y_q;
          a = a + wrap_y_q;
        end
        lane_addr_q[i*AddrBits+:AddrBits]     <= a;
        lane_row_q[i*CoordBits+:CoordBits]    <= y;
        lane_column_q[i*CoordBits+:CoordBits] <= x;
      end
    end
  end

  // ---- Lanes of one pixel quadrant ----
  assign addr_o = lane_addr_q[32'(part_i)*Group*AddrBits+:Group*AddrBits];
  assign row_o = lane_row_q[32'(part_i)*Group*CoordBits+:Group*CoordBits];
  assign column_o = lane_column_q[32'(part_i)*Group*CoordBits+:Group*CoordBits];

  // ---- Assertions ----
  `S4_ASSERT(MoveWhenReady, !(advance_i || restart_i) || ready_o)

endmodule
