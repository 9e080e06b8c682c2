/// Latencies of the epilogue's two parts and the float32 steps that they share.
/// A float32 travels as its IEEE 754 bits {sign, exponent, fraction}; an exponent of 0 stands for
/// zero (fractions of subnormal constants are ignored; docs/blocks/epilogue.md shows why no result
/// can tell). Exponents never reach 255: the same page bounds the constants.
/// Model: sim/reference/rounding.hpp computes the same with the host's float arithmetic.
package epilogue_pkg;

  // Clocks through requantize, elementwise_add and both.
  localparam int unsigned RequantizeStages = 4;
  localparam int unsigned AddStages = 7;
  localparam int unsigned Latency = RequantizeStages + AddStages;

  /// value / 2^shift to nearest, ties to even; shift of 1 or more.
  function automatic logic [12:0] round_shift(input logic [24:0] value, input logic [4:0] shift);
    logic [31:0] below_half, odd;
    // Half of the last place, less one, plus the bit that would become odd: a carry out of the
    // dropped bits appears exactly when they exceed half, or equal it and the result would be odd.
    below_half = ~(32'hffff_ffff << shift) >> 1;
    odd = (32'(value) >> shift) & 32'd1;
    round_shift = 13'((32'(value) + below_half + odd) >> shift);
  endfunction

  /// The upper 24 of 32 bits to nearest, ties to even; 2^24 when that carries out.
  function automatic logic [24:0] round_24(input logic [31:0] value);
    logic up;
    up = value[7] && (value[8] || value[6:0] != 7'd0);
    round_24 = 25'((value >> 8) + 32'(up));
  endfunction

  /// Number of leading zeros; 31 for 0 too.
  function automatic logic [4:0] leading_zeros(input logic [31:0] value);
    logic [31:0] x, s4, s3, s2, s1, s0;
    s4 = (value < 32'h0001_0000) ? 32'd16 : 32'd0;
    x = value << s4[4:0];
    s3 = (x < 32'h0100_0000) ? 32'd8 : 32'd0;
    x = x << s3[3:0];
    s2 = (x < 32'h1000_0000) ? 32'd4 : 32'd0;
    x = x << s2[2:0];
    s1 = (x < 32'h4000_0000) ? 32'd2 : 32'd0;
    x = x << s1[1:0];
    s0 = (x < 32'h8000_0000) ? 32'd1 : 32'd0;
    leading_zeros = 5'(s4 | s3 | s2 | s1 | s0);
  endfunction

  /// An integer of -1023 to 1023 as {sign, zeros [3:0], magnitude << zeros [9:0]}.
  function automatic logic [14:0] normalise_10(input logic [31:0] value);
    logic [31:0] magnitude;
    logic [3:0] zeros;
    magnitude = value[31] ? 32'd0 - value : value;
    zeros = 4'(leading_zeros({magnitude[9:0], 22'h20_0000}));
    normalise_10 = {value[31], zeros, 10'(magnitude << zeros)};
  endfunction

  /// An integer of -255 to 255 as {sign, zeros [2:0], magnitude << zeros [7:0]}; zeros is 0 for 0.
  function automatic logic [11:0] normalise_8(input logic [31:0] value);
    logic [31:0] magnitude;
    logic [2:0] zeros;
    magnitude = value[31] ? 32'd0 - value : value;
    zeros = 3'(leading_zeros({magnitude[7:0], 24'h80_0000}));
    normalise_8 = {value[31], zeros, 8'(magnitude << zeros)};
  endfunction

  /// Product of integers of -512 to 511, not both -512, with 18 bits of magnitude m:
  /// {4'b0, m[7:0], 1'b0, sign, 4'b0, m[17:8]}.
  function automatic logic [27:0] product_18(input logic [9:0] first, input logic [9:0] second);
    logic [17:0] product;
    logic [9:0] x, y;
    x = first[9] ? 10'd0 - first : first;
    y = second[9] ? 10'd0 - second : second;
    product = 18'(32'(x) * 32'(y));
    product_18 = {4'd0, product[7:0], 1'b0, first[9] ^ second[9], 4'd0, product[17:8]};
  endfunction

  /// Integers of 42 bits with their leading one moved to bit 41: its upper 27 bits, of which the
  /// lowest stands for all below it, behind a 0, as add_aligned gives them, and how far it was
  /// moved, 18 at most: {zeros [4:0], sum [27:0]}.
  function automatic logic [32:0] align_42(input logic [41:0] value);
    logic [4:0] zeros;
    logic [41:0] moved;
    zeros = leading_zeros({value[41:24], 14'h2000});
    moved = value << zeros;
    align_42 = {zeros, 1'b0, moved[41:16], moved[15:0] != 16'd0};
  endfunction

  /// 24-bit significand of a float32 without its sign, 0 for zero.
  function automatic logic [23:0] significand(input logic [30:0] value);
    significand = (value[30:23] == 8'd0) ? 24'd0 : {1'b1, value[22:0]};
  endfunction

  /// Bits of the float32 (-1)^sign * rounded * 2^(below - 149), below being the exponent less one:
  /// the leading one of `rounded` (2^23 to 2^24) adds itself to it. Zero if rounded is zero.
  function automatic logic [31:0] pack_float(input logic sign, input logic [7:0] below,
                                             input logic [24:0] rounded);
    pack_float = (rounded == 25'd0) ? 32'd0
                                    : ({sign, below, 23'd0} + 32'(rounded));
  endfunction

  /// Product of a normalised integer and the significand of a float32, to a float32. product: bit
  /// 31 or 30 set or all zero, the lowest bit standing for all below it; below: as in pack_float if
  /// bit 31 is set.
  function automatic logic [31:0] round_product(input logic sign, input logic [7:0] below,
                                                input logic [31:0] product);
    round_product = pack_float(sign, below - 8'(!product[31]),
                               round_24(product[31] ? product : product << 1));
  endfunction

  /// |larger| +- |smaller| as 28 bits: carry, 24 bits of larger's significand, three more of which
  /// the lowest stands for all below it. |larger| >= |smaller|.
  function automatic logic [27:0] add_aligned(input logic [31:0] larger,
                                              input logic [31:0] smaller);
    logic [31:0] distance, full, moved, big;
    distance = 32'(larger[30:23]) - 32'(smaller[30:23]);
    distance = (distance > 32'd31) ? 32'd31 : distance;
    full = 32'({significand(smaller[30:0]), 3'd0});
    moved = full >> distance[4:0];
    moved = moved | 32'((full & ~(32'hffff_ffff << distance[4:0])) != 32'd0);
    big = 32'({significand(larger[30:0]), 3'd0});
    add_aligned = 28'((larger[31] == smaller[31]) ? big + moved : big - moved);
  endfunction

  /// Rounds what add_aligned made; sign and exponent are those of the larger operand.
  function automatic logic [31:0] round_sum(input logic [8:0] sign_exponent,
                                            input logic [27:0] sum);
    logic [31:0] full;
    logic [4:0] zeros;
    full = {sum, 4'd0};
    zeros = leading_zeros(full);
    // A difference below the smallest normal number becomes zero.
    round_sum = (sign_exponent[7:0] < 8'(zeros))
        ? 32'd0
        : pack_float(sign_exponent[8], sign_exponent[7:0] - 8'(zeros), round_24(full << zeros));
  endfunction

  /// A float32 to the nearest integer, ties to even, plus another; beyond +-1023 any value beyond
  /// that.
  function automatic logic [31:0] to_integer(input logic [31:0] value, input logic [31:0] plus);
    logic [31:0] shift, magnitude;
    // value = significand * 2^(exponent - 150). Shifts above 25 give 0 as 25 does; a shift of 12
    // leaves at least 2^11.
    shift = 32'd150 - 32'(value[30:23]);
    shift = ($signed(shift) > 32'sd25) ? 32'd25 : ($signed(shift) < 32'sd12) ? 32'd12 : shift;
    magnitude = 32'(round_shift(25'(significand(value[30:0])), shift[4:0]));
    to_integer = value[31] ? plus - magnitude : plus + magnitude;
  endfunction

  /// Raised to minimum, then lowered to maximum, as signed numbers.
  function automatic logic [31:0] limit(input logic [31:0] value, input logic [31:0] minimum,
                                        input logic [31:0] maximum);
    logic [31:0] raised;
    raised = ($signed(value) < $signed(minimum)) ? minimum : value;
    limit = ($signed(raised) > $signed(maximum)) ? maximum : raised;
  endfunction

endpackage
