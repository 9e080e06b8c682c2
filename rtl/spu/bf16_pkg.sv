/// BF16 and float32 operators in steps that fit a clock each: product of two BF16; sum, product and
/// comparison of two float32; conversions. Rounding is to nearest even, subnormal operands and
/// results count as zero of their sign, every NaN made is 0x7FC00000. A step is a function of
/// 32-bit words without branches, so that a loop over lanes simulates as vector code; a pair of
/// words between two steps has a function each. docs/blocks/bf16.md is the contract.
/// Model: sim/spu/bf16.hpp
package bf16_pkg;

  localparam logic [31:0] Infinity = 32'h7f80_0000;
  localparam logic [31:0] Nan = 32'h7fc0_0000;
  localparam logic [31:0] One = 32'h3f80_0000;
  // What adds nothing to any number, zeros of both signs included.
  localparam logic [31:0] NegativeZero = 32'h8000_0000;

  /// Subnormal numbers to zero.
  function automatic logic [31:0] flush(input logic [31:0] x);
    flush = (x[30:23] == 8'd0) ? x & NegativeZero : x;
  endfunction

  /// Exact product of two BF16 as a float32. A weight w of zero adds nothing, whatever x is.
  function automatic logic [31:0] product(input logic [15:0] x, input logic [15:0] w);
    logic [31:0] significand, exponent, fraction, sign, finite;
    logic nan, infinite, zero;
    significand = (32'(x[6:0]) | 32'd128) * (32'(w[6:0]) | 32'd128);
    // Biased by 254.
    exponent = 32'(x[14:7]) + 32'(w[14:7]) + 32'(significand[15]);
    fraction = (significand[15] ? significand << 8 : significand << 9) & 32'h007f_ffff;
    sign = (32'(x[15]) ^ 32'(w[15])) << 31;
    nan = x[14:0] > 15'h7f80 || w[14:0] > 15'h7f80 || (w[14:7] == 8'd255 && x[14:7] == 8'd0);
    infinite = x[14:7] == 8'd255 || w[14:7] == 8'd255 || exponent >= 32'd382;
    zero = x[14:7] == 8'd0 || exponent <= 32'd127;
    finite = ((exponent - 32'd127) << 23) | fraction;
    finite = infinite ? Infinity : finite;
    finite = (zero && x[14:7] != 8'd255 && w[14:7] != 8'd255) ? 32'd0 : finite;
    finite = finite | sign;
    finite = nan ? Nan : finite;
    product = (w[14:7] == 8'd0) ? NegativeZero : finite;
  endfunction

  // ---- Sum: alignment, then rounding ----

  /// Sum is no number: a NaN in it, or infinities of both signs. l has the larger magnitude.
  function automatic logic sum_is_nan(input logic [31:0] l, input logic [31:0] s);
    sum_is_nan = l[30:0] > Infinity[30:0] || (s[30:0] == Infinity[30:0] && l[31] != s[31]);
  endfunction

  /// |a + b| in 28 bits: carry, 24 bits of the larger significand, three of which the lowest stands
  /// for all below. Operands are not subnormal.
  function automatic logic [31:0] sum_bits(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] l, s, distance, full, moved, lost, big, total;
    l = (a[30:0] >= b[30:0]) ? a : b;
    s = (a[30:0] >= b[30:0]) ? b : a;
    distance = 32'(l[30:23]) - 32'(s[30:23]);
    distance = (distance > 32'd31) ? 32'd31 : distance;
    full = (s[30:23] == 8'd0) ? 32'd0 : {5'd0, 1'b1, s[22:0], 3'd0};
    moved = full >> distance[4:0];
    lost = full & ~(32'hffff_ffff << distance[4:0]);
    moved = moved | 32'(lost != 32'd0);
    big = (l[30:23] == 8'd0) ? 32'd0 : {5'd0, 1'b1, l[22:0], 3'd0};
    total = (a[31] == b[31]) ? big + moved : big - moved;
    total = (l[30:23] == 8'd255) ? 32'h0400_0000 : total;
    sum_bits = sum_is_nan(l, s) ? 32'h0600_0000 : total;
  endfunction

  /// {sign, exponent} of the same sum before it is normalised; 255 stands for infinity and NaN.
  function automatic logic [31:0] sum_tag(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] l;
    logic sign;
    l = (a[30:0] >= b[30:0]) ? a : b;
    // Infinities of both signs, like numbers that cancel, give no sign; nor does a NaN.
    sign = l[31] && !(a[31] != b[31] && a[30:0] == b[30:0]) && l[30:0] <= Infinity[30:0];
    sum_tag = {23'd0, sign, l[30:23]};
  endfunction

  /// Rounds what sum_bits and sum_tag made.
  function automatic logic [31:0] round_sum(input logic [8:0] tag, input logic [31:0] bits);
    logic [31:0] full, zeros, exponent, magnitude;
    full = bits << 4;
    zeros = 32'(epilogue_pkg::leading_zeros(full));
    exponent = 32'(tag[7:0]);
    // The leading one of the significand adds itself to the exponent.
    magnitude = ((exponent - zeros) << 23) + 32'(epilogue_pkg::round_24(full << zeros[4:0]));
    magnitude = (magnitude >= Infinity && exponent != 32'd255) ? Infinity : magnitude;
    magnitude = (bits == 32'd0 || exponent < zeros) ? 32'd0 : magnitude;
    round_sum = magnitude | (32'(tag[8]) << 31);
  endfunction

  // ---- Product of two float32: exact, then rounding ----

  /// Upper 31 bits of the product of the significands, the lowest bit standing for all below.
  function automatic logic [31:0] times_bits(input logic [30:0] a, input logic [30:0] b);
    logic [47:0] exact;
    logic [31:0] bits;
    logic special, nan;
    exact = 48'(epilogue_pkg::significand(a)) * 48'(epilogue_pkg::significand(b));
    bits = {exact[47:17], exact[16:0] != 17'd0};
    special = a[30:23] == 8'd255 || b[30:23] == 8'd255;
    nan = a[30:0] > Infinity[30:0] || b[30:0] > Infinity[30:0] ||
          (special && (a[30:23] == 8'd0 || b[30:23] == 8'd0));
    bits = special ? 32'h4000_0000 : bits;
    times_bits = nan ? 32'h6000_0000 : bits;
  endfunction

  /// {sign, sum of the exponents}; 511 stands for infinity and NaN.
  function automatic logic [31:0] times_tag(input logic [31:0] a, input logic [31:0] b);
    logic special, nan;
    logic [31:0] exponent;
    special = a[30:23] == 8'd255 || b[30:23] == 8'd255;
    nan = a[30:0] > Infinity[30:0] || b[30:0] > Infinity[30:0] ||
          (special && (a[30:23] == 8'd0 || b[30:23] == 8'd0));
    exponent = special ? 32'd511 : 32'(a[30:23]) + 32'(b[30:23]);
    times_tag = exponent | (32'(a[31] != b[31] && !nan) << 9);
  endfunction

  /// Rounds what times_bits and times_tag made. A number that rounds below 2^-126 becomes zero.
  function automatic logic [31:0] round_times(input logic [9:0] tag,
                                              input logic [31:0] bits);
    logic [31:0] rounded, exponent, magnitude;
    rounded = 32'(epilogue_pkg::round_24(bits[31] ? bits : bits << 1));
    exponent = 32'(tag[8:0]) + 32'(bits[31]) + (rounded >> 23);  // biased by 255
    magnitude = ((exponent - 32'd128) << 23) | (rounded & 32'h007f_ffff);
    magnitude = (exponent >= 32'd383) ? Infinity : magnitude;
    magnitude = (exponent <= 32'd128 || bits == 32'd0) ? 32'd0 : magnitude;
    magnitude = (tag[8:0] == 9'd511) ? Infinity | (32'(bits[29]) << 22) : magnitude;
    round_times = magnitude | (32'(tag[9]) << 31);
  endfunction

  // ---- Comparison, conversion ----

  /// A word that orders as signed what x orders as a float32, -0 below +0.
  function automatic logic [31:0] order(input logic [31:0] x);
    order = x ^ (x[31] ? 32'h7fff_ffff : 32'd0);
  endfunction

  /// The larger; NaN if one is.
  function automatic logic [31:0] maximum(input logic [31:0] a, input logic [31:0] b);
    logic [31:0] larger;
    larger = ($signed(order(a)) > $signed(order(b))) ? a : b;
    maximum = (a[30:0] > Infinity[30:0] || b[30:0] > Infinity[30:0]) ? Nan : larger;
  endfunction

  /// Raised to low, then lowered to high; NaN stays.
  function automatic logic [31:0] clamp(input logic [31:0] x, input logic [31:0] low,
                                        input logic [31:0] high);
    logic [31:0] limited;
    limited = ($signed(order(x)) < $signed(order(low))) ? low : x;
    limited = ($signed(order(limited)) > $signed(order(high))) ? high : limited;
    clamp = (x[30:0] > Infinity[30:0]) ? Nan : limited;
  endfunction

  /// INT32 to float32.
  function automatic logic [31:0] from_integer(input logic [31:0] value);
    logic [31:0] size, zeros, result;
    size = value[31] ? 32'd0 - value : value;
    zeros = 32'(epilogue_pkg::leading_zeros(size));
    result = ((32'd157 - zeros) << 23) + 32'(epilogue_pkg::round_24(size << zeros[4:0]));
    from_integer = (value == 32'd0) ? 32'd0 : result | (value & NegativeZero);
  endfunction

  /// float32 to BF16 in the low half.
  function automatic logic [31:0] to_bf16(input logic [31:0] x);
    logic [31:0] rounded;
    rounded = (flush(x) + 32'h0000_7fff + 32'(x[16] && x[30:23] != 8'd0)) >> 16;
    to_bf16 = (x[30:0] > Infinity[30:0]) ? 32'h0000_7fc0 : rounded;
  endfunction

  /// float32 to the nearest integer, limited to [low, high], plus zero, as a byte; NaN is low.
  function automatic logic [31:0] to_byte(input logic [31:0] x, input logic [31:0] zero,
                                          input logic [31:0] low, input logic [31:0] high);
    logic [31:0] limited;
    limited = epilogue_pkg::limit(epilogue_pkg::to_integer(x, 32'd0), low, high);
    limited = (x[30:0] > Infinity[30:0]) ? low : limited;
    to_byte = (limited + zero) & 32'h0000_00ff;
  endfunction

endpackage
