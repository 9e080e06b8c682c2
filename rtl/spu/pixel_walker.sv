/// Keeps, for every pixel lane of the tile, where its kernel window starts in the input.
/// start_i prepares the first tile of a command while the tiles of the former one are still in use:
/// the number of known lanes doubles every clock, and so does the step from lane to lane, which
/// ends as the step from tile to tile. ready_o then stays high until load_i puts the prepared
/// command in use. advance_i moves all lanes one tile on, restart_i back to the first tile, which
/// is possible until the next start_i; all take effect at the clock edge. A window start is the
/// word address (modulo the address width), row and column of its upper left corner, which may lie
/// outside the image. From start_i to ready_o: 3 clocks and the logarithm of the tile's pixels; in
/// those of the logarithm hold_o forbids advance_i, whose adders are in use.
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
    // Command to prepare, held from start_i to load_i
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
    output logic                       ready_o,
    input  logic                       load_i,
    // Movement
    output logic                       hold_o,
    input  logic                       advance_i,
    input  logic                       restart_i,
    // Window starts of the lanes of pixel quadrants part_i and part_i | 1
    input  logic [                1:0] part_i,
    output logic [ 2*Group*AddrBits-1:0] addr_o,
    output logic [2*Group*CoordBits-1:0] row_o,
    output logic [2*Group*CoordBits-1:0] column_o
);

  localparam int unsigned Levels = $clog2(Pixels);
  localparam int unsigned LevelBits = $clog2(Levels + 1);
  typedef logic signed [CoordBits-1:0] coord_t;
  typedef logic [AddrBits-1:0] addr_t;
  typedef enum logic [2:0] {
    StIdle,
    StProducts,
    StOrigin,
    StDouble,
    StReady
  } state_e;
  state_e state_q;

  // ---- Constants: of the command being prepared, and of the one in use ----
  coord_t first_x_q, first_y_q, span_x_q, span_y_q, end_x_q, end_y_q, step_x_q, step_y_q;
  addr_t row_step_q, image_span_q, first_addr_q, wrap_x_q, wrap_y_q, step_addr_q;
  coord_t use_span_x_q, use_span_y_q, use_end_x_q, use_end_y_q, use_step_x_q, use_step_y_q;
  coord_t use_stride_h_q, stride_h, stride_w;
  addr_t use_wrap_x_q, use_wrap_y_q, use_step_addr_q;
  logic [LevelBits-1:0] level_q;
  logic double;

  assign stride_h = $signed(CoordBits'({1'b0, stride_h_i}));
  assign stride_w = $signed(CoordBits'({1'b0, stride_w_i}));
  assign double = state_q == StDouble;
  assign hold_o = double;
  assign ready_o = state_q == StReady;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      level_q <= '0;
    end else begin
      unique case (state_q)
        StIdle: state_q <= StIdle;
        StProducts: state_q <= StOrigin;
        StOrigin: begin
          state_q <= StDouble;
          level_q <= '0;
        end
        StDouble: begin
          level_q <= level_q + LevelBits'(1);
          if (level_q == LevelBits'($clog2(Group) - 1) + LevelBits'(shape_i)) state_q <= StReady;
        end
        StReady: if (load_i) state_q <= StIdle;
        default: state_q <= StIdle;
      endcase
      if (start_i) state_q <= StProducts;
    end
  end

  // The step of 2^level pixels, as a window start relative to the first pixel's.
  coord_t twice_x, twice_y;
  addr_t twice_addr;
  logic twice_wrap_x, twice_wrap_y;
  assign twice_x = step_x_q + step_x_q;
  assign twice_wrap_x = twice_x >= span_x_q;
  assign twice_y = step_y_q + step_y_q + (twice_wrap_x ? stride_h : '0);
  assign twice_wrap_y = twice_y >= span_y_q;
  assign twice_addr = step_addr_q + step_addr_q + (twice_wrap_x ? wrap_x_q : '0) +
                      (twice_wrap_y ? wrap_y_q : '0);

  always_ff @(posedge clk_i) begin : prepare
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
      wrap_y_q    <= in_image_i - image_span_q;
      step_x_q    <= stride_w;
      step_y_q    <= '0;
      step_addr_q <= AddrBits'(stride_w_i);
    end
    if (double) begin
      step_x_q    <= twice_wrap_x ? twice_x - span_x_q : twice_x;
      step_y_q    <= twice_wrap_y ? twice_y - span_y_q : twice_y;
      step_addr_q <= twice_addr;
    end
    if (load_i) begin
      use_span_x_q    <= span_x_q;
      use_span_y_q    <= span_y_q;
      use_end_x_q     <= end_x_q;
      use_end_y_q     <= end_y_q;
      use_step_x_q    <= step_x_q;
      use_step_y_q    <= step_y_q;
      use_stride_h_q  <= stride_h;
      use_wrap_x_q    <= wrap_x_q;
      use_wrap_y_q    <= wrap_y_q;
      use_step_addr_q <= step_addr_q;
    end
  end

  // ---- Lanes: first tile and current tile ----
  logic [Pixels*AddrBits-1:0] first_lane_addr_q, lane_addr_q;
  logic [Pixels*CoordBits-1:0] first_lane_row_q, lane_row_q, first_lane_column_q, lane_column_q;

  // One set of adders: current lane to current lane, or while the first tile is prepared lane
  // i - 2^k to lane i, k being the highest bit of i.
  always_ff @(posedge clk_i) begin : lanes
    int unsigned i, k, from;
    coord_t x, y, step_x, step_y, span_x, span_y, end_x, end_y, rows;
    addr_t a, step_addr, wrap_x, wrap_y;
    i         = 0;
    k         = 0;
    from      = 0;
    x         = 0;
    y         = 0;
    a         = 0;
    step_x    = double ? step_x_q : use_step_x_q;
    step_y    = double ? step_y_q : use_step_y_q;
    step_addr = double ? step_addr_q : use_step_addr_q;
    span_x    = double ? span_x_q : use_span_x_q;
    span_y    = double ? span_y_q : use_span_y_q;
    end_x     = double ? end_x_q : use_end_x_q;
    end_y     = double ? end_y_q : use_end_y_q;
    wrap_x    = double ? wrap_x_q : use_wrap_x_q;
    wrap_y    = double ? wrap_y_q : use_wrap_y_q;
    rows      = double ? stride_h : use_stride_h_q;
    if (state_q == StOrigin) begin
      first_lane_addr_q[AddrBits-1:0]    <= first_addr_q;
      first_lane_row_q[CoordBits-1:0]    <= first_y_q;
      first_lane_column_q[CoordBits-1:0] <= first_x_q;
    end
    if (restart_i || load_i) begin
      lane_addr_q   <= first_lane_addr_q;
      lane_row_q    <= first_lane_row_q;
      lane_column_q <= first_lane_column_q;
    end
    if (advance_i || double) begin
      for (k = 0; k <= Levels; k = k + 1) begin
        for (i = (1 << k) >> 1; i < (1 << k); i = i + 1) begin
          from = i - ((1 << k) >> 1);
          if (!double) begin
            x = $signed(CoordBits'(lane_column_q[i*CoordBits+:CoordBits]));
            y = $signed(CoordBits'(lane_row_q[i*CoordBits+:CoordBits]));
            a = lane_addr_q[i*AddrBits+:AddrBits];
          end else begin
            x = $signed(CoordBits'(first_lane_column_q[from*CoordBits+:CoordBits]));
            y = $signed(CoordBits'(first_lane_row_q[from*CoordBits+:CoordBits]));
            a = first_lane_addr_q[from*AddrBits+:AddrBits];
          end
          x = x + step_x;
          y = y + step_y;
          a = a + step_addr;
          if (x >= end_x) begin
            x = x - span_x;
            y = y + rows;
            a = a + wrap_x;
          end
          if (y >= end_y) begin
            y = y - span_y;
            a = a + wrap_y;
          end
          if (!double) begin
            lane_addr_q[i*AddrBits+:AddrBits]     <= a;
            lane_row_q[i*CoordBits+:CoordBits]    <= y;
            lane_column_q[i*CoordBits+:CoordBits] <= x;
          end else if (32'(level_q) + 1 == k) begin
            first_lane_addr_q[i*AddrBits+:AddrBits]     <= a;
            first_lane_row_q[i*CoordBits+:CoordBits]    <= y;
            first_lane_column_q[i*CoordBits+:CoordBits] <= x;
          end
        end
      end
    end
  end

  // ---- Lanes of two pixel quadrants ----
  logic [1:0] other;
  assign other = (Pixels > Group) ? part_i | 2'd1 : part_i;
  assign addr_o = {lane_addr_q[32'(other)*Group*AddrBits+:Group*AddrBits],
                   lane_addr_q[32'(part_i)*Group*AddrBits+:Group*AddrBits]};
  assign row_o = {lane_row_q[32'(other)*Group*CoordBits+:Group*CoordBits],
                  lane_row_q[32'(part_i)*Group*CoordBits+:Group*CoordBits]};
  assign column_o = {lane_column_q[32'(other)*Group*CoordBits+:Group*CoordBits],
                     lane_column_q[32'(part_i)*Group*CoordBits+:Group*CoordBits]};

  // ---- Assertions ----
  `S4_ASSERT(LoadWhenReady, !load_i || ready_o)
  `S4_ASSERT(AdvanceWhenFree, !advance_i || !hold_o)
  `S4_ASSERT(LoadAlone, !load_i || !(advance_i || restart_i))

endmodule
