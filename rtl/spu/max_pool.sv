/// Running maximum of every byte of the fetched words, or of every BF16, over the banks of a tile.
/// Two sets of PixelsPerQuadrant words: one is filled while the other is drained. take_i, with the
/// first bank of a tile, claims a set (credit_o: one is free); fills arrive in order of the tiles,
/// fill_first_i with the first and fill_last_i with the last of one. A lane that is never written
/// (padding) keeps the least byte, or minus infinity. Of BF16 -0 lies below +0, subnormal numbers
/// count as they are, and any NaN makes the result 0x7FC0: maximum() of IEEE 754-2019.
/// tile_valid_o: the oldest tile is complete, from the clock after its last fill; read_i reads
/// OutPixels pixels x Lanes bytes of it, sign- or zero-extended, data one clock later; tile_free_i
/// gives its set back. Model: sim/spu/spu.hpp
`include "assert.svh"
module max_pool #(
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned Chunks    = config_pkg::LaneChunks,
    localparam int unsigned Beats     = Pixels / OutPixels,
    localparam int unsigned SelBits   = (Beats > 1) ? $clog2(Beats) : 1
) (
    input  logic                          clk_i,
    input  logic                          rst_ni,
    // Tiles
    input  logic                          take_i,
    output logic                          credit_o,
    // Fill: word of pixel p at p*512
    input  logic                          fill_valid_i,
    input  logic                          fill_first_i,
    input  logic                          fill_last_i,
    input  logic [            Pixels-1:0] fill_write_i,
    input  logic [        Pixels*512-1:0] fill_data_i,
    input  logic                          fill_unsigned_i,
    input  logic                          fill_bf16_i,
    // Oldest tile
    output logic                          tile_valid_o,
    input  logic                          tile_free_i,
    input  logic                          read_i,
    input  logic [           SelBits-1:0] read_sel_i,
    input  logic [                   2:0] read_chunk_i,
    input  logic                          read_unsigned_i,
    input  logic                          read_bf16_i,   // bytes of BF16, low one first
    output logic [OutPixels*Lanes*32-1:0] read_data_o    // lane o of pixel e at (e*Lanes + o)*32
);

  // ---- Sets ----
  logic [1:0] used_q, complete_q;
  logic fill_set_q, read_set_q, tile_over;
  assign tile_over = fill_valid_i && fill_last_i;
  assign credit_o = used_q != 2'd2;
  assign tile_valid_o = complete_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      used_q     <= '0;
      complete_q <= '0;
      fill_set_q <= 1'b0;
      read_set_q <= 1'b0;
    end else begin
      used_q     <= used_q + 2'(take_i) - 2'(tile_free_i);
      complete_q <= complete_q + 2'(tile_over) - 2'(tile_free_i);
      if (tile_over) fill_set_q <= !fill_set_q;
      if (tile_free_i) read_set_q <= !read_set_q;
    end
  end

  // ---- Maxima, as unsigned numbers that have the order: signed bytes with their sign bit turned;
  // ---- BF16 with it turned, or all bits of a negative one; NaN above all. A set is read before
  // ---- its next fill. Elements are chosen by comparison with loop constants, as in the array.
  localparam logic [15:0] NanKey = 16'hffc0;    // 0x7fc0
  localparam logic [15:0] LeastKey = 16'h007f;  // 0xff80
  logic [15:0] best[2*Pixels][32];  // two bytes

  always_ff @(posedge clk_i) begin : maximum
    int unsigned s, p, c, b, e, o, n;
    logic [15:0] x, y, least;
    logic upper, lower;
    s = 0;
    p = 0;
    c = 0;
    b = 0;
    e = 0;
    o = 0;
    n = 0;
    x = 0;
    y = 0;
    upper = 0;
    lower = 0;
    least = fill_bf16_i ? LeastKey : 16'd0;

    for (b = 0; b < 2 * Beats * Chunks; b = b + 1) begin
      if (read_i && (32'(read_set_q) * Beats + 32'(read_sel_i)) * Chunks + 32'(read_chunk_i) == b)
      begin
        for (e = 0; e < OutPixels; e = e + 1) begin
          for (o = 0; o < Lanes / 2; o = o + 1) begin
            n = e * Lanes + 2 * o;
            y = best[(b/Chunks)*OutPixels+e][(b%Chunks)*Lanes/2+o];
            if (read_bf16_i) y = y ^ {1'b1, {15{!y[15]}}};
            else y = y ^ {2{!read_unsigned_i, 7'd0}};
            read_data_o[n*32+:32] <= {{24{!read_unsigned_i && y[7]}}, y[7:0]};
            read_data_o[(n+1)*32+:32] <= {{24{!read_unsigned_i && y[15]}}, y[15:8]};
          end
        end
      end
    end

    for (s = 0; s < 2; s = s + 1) begin
      if (fill_valid_i && 32'(fill_set_q) == s) begin
        for (p = 0; p < Pixels; p = p + 1) begin
          if (fill_first_i || fill_write_i[p]) begin
            for (c = 0; c < 32; c = c + 1) begin
              x = fill_data_i[p*512+c*16+:16];
              if (!fill_bf16_i) x = x ^ {2{!fill_unsigned_i, 7'd0}};
              else if (x[14:0] > 15'h7f80) x = NanKey;
              else x = x ^ {1'b1, {15{x[15]}}};
              y = fill_first_i ? least : best[s*Pixels+p][c];
              upper = x[15:8] > y[15:8];
              lower = x[7:0] > y[7:0];
              if (fill_bf16_i) begin
                lower = upper || (lower && x[15:8] == y[15:8]);
                upper = lower;
              end
              if (fill_write_i[p] && upper) y[15:8] = x[15:8];
              if (fill_write_i[p] && lower) y[7:0] = x[7:0];
              best[s*Pixels+p][c] = y;
            end
          end
        end
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(TakeFree, !take_i || credit_o)
  `S4_ASSERT(FreeComplete, !tile_free_i || tile_valid_o)
  `S4_ASSERT(CompleteUsed, complete_q <= used_q)

endmodule
