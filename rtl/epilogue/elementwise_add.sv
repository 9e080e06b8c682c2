/// Combines requantised results with a second tensor, or passes them on.
/// Per lane, all as float32 of IEEE 754, round to nearest even: pa = a * ra, pb = b * rb, and
///   add       sum = (c0 + pa) + pb, or (c0 + pb) + pa with swap_i    result = integer(sum)
///   subtract  the same with -pb                    result = integer(sum) + second_zero
///   multiply  sum = c0 + ((a - first_zero) * (b - second_zero)) * ra  result = integer(sum)
///   maximum   result = the larger of a and b
/// limited to [minimum, maximum]. The two multipliers of a sum share the one of a product. Without
/// enable_i the result is a. The low byte is kept, 0 in lanes that are not valid. Exact for every a
/// and b and for constants below 2^100. Seven stages, one beat per clock; stage k
/// loads at a clock edge with step_i[k], which the owner raises when stage k - 1 (for 0: the input)
/// holds a beat and the pipeline moves. Data only, so no reset. Result valid after the edge with
/// step_i[6].
/// Model: s4::ref::qlinear_add and its neighbours in sim/reference/ops.hpp
module elementwise_add #(
    localparam int unsigned Lanes = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels = config_pkg::EpiloguePixels,
    localparam int unsigned NumResults = Pixels * Lanes
) (
    input  logic                               clk_i,
    input  logic [epilogue_pkg::AddStages-1:0] step_i,
    // Beat for stage 0: integers of -1023 to 1023, sign-extended to 32 bits, and bytes; lane (e, o)
    // at e * Lanes + o
    input  logic [          NumResults*32-1:0] first_i,
    input  logic [           NumResults*8-1:0] second_i,
    // Valid lanes of the beat for stage 6
    input  logic [                  Lanes-1:0] lane_valid_i,
    // Held while a beat is inside. If minimum > maximum, maximum wins.
    input  logic                               enable_i,
    input  logic [                        1:0] use_i,         // 0 + 1 - 2 * 3 max
    input  logic signed [                 8:0] first_zero_i,
    input  logic signed [                 8:0] second_zero_i,
    input  logic                               unsigned_i,
    input  logic                               swap_i,
    input  logic signed [                 8:0] minimum_i,
    input  logic signed [                 8:0] maximum_i,
    input  logic [                       31:0] c0_i,
    input  logic [                       31:0] ra_i,
    input  logic [                       31:0] rb_i,
    output logic [           NumResults*8-1:0] result_o
);

  localparam logic [1:0] UseSubtract = 2'd1;
  localparam logic [1:0] UseMultiply = 2'd2;
  localparam logic [1:0] UseMaximum = 2'd3;

  // What the stages hold, words per lane. Without a sum, the low byte of operands, next and its
  // successors carries the result.
  //   operands      {b sign, leading zeros [2:0], normalised magnitude [7:0], 1'b0,
  //                  a sign, leading zeros [3:0], normalised magnitude [9:0]}; of a product
  //                 {-, low part of its magnitude [7:0], -, sign, -, upper part [9:0]}
  //   addend, next  the products as float32, in the order of addition; of a product times ra the
  //                 lower 32 bits of its upper part's, all of its lower part's
  //   rest          of a product times ra {sign, bits 33 and 32 of its upper part's}
  //   inner_*       c0 + addend before its rounding: {sign, exponent} of the larger, exact sum; or
  //                 the product times ra, normalised, and c0 as next
  //   inner         c0 + addend, float32
  //   outer_*       inner + next, likewise
  //   outer         inner + next, float32
  logic [27:0] operands[0:NumResults-1];
  logic [31:0] addend[0:NumResults-1];
  logic [31:0] next[0:NumResults-1];
  logic [31:0] rest[0:NumResults-1];
  logic [31:0] inner_tag[0:NumResults-1];
  logic [27:0] inner_sum[0:NumResults-1];
  logic [31:0] inner_next[0:NumResults-1];
  logic [31:0] inner[0:NumResults-1];
  logic [31:0] last[0:NumResults-1];
  logic [31:0] outer_tag[0:NumResults-1];
  logic [31:0] outer_sum[0:NumResults-1];
  logic [31:0] outer[0:NumResults-1];
  // Only within a stage: a byte per lane, before packing or after unpacking; masks of the lanes.
  logic [31:0] bytes[0:NumResults-1];
  logic [31:0] lane_mask[0:Lanes-1];

  // One process, later stages first, so that each reads what the earlier one held before the edge.
  always_ff @(posedge clk_i) begin : stages
    int unsigned e, o, i;
    logic [31:0] a, b, larger, smaller, constant, minimum, maximum, sign_flip, post_zero;
    logic [23:0] ra, rb;
    logic [7:0] ra_below, rb_below;
    logic [33:0] exact;
    logic [41:0] whole;
    logic [32:0] aligned;
    logic sum, multiply, rb_sign;
    e = 0;
    o = 0;
    i = 0;
    a = 0;
    b = 0;
    larger = 0;
    smaller = 0;
    exact = 0;
    whole = 0;
    aligned = 0;
    sum = enable_i && use_i != UseMaximum;  // stages 1 to 5 work
    multiply = enable_i && use_i == UseMultiply;
    post_zero = (use_i == UseSubtract) ? 32'(second_zero_i) : 32'd0;
    rb_sign = rb_i[31] ^ (use_i == UseSubtract);
    sign_flip = unsigned_i ? 32'd0 : 32'h0000_0080;
    ra = epilogue_pkg::significand(ra_i[30:0]);
    rb = multiply ? ra : epilogue_pkg::significand(rb_i[30:0]);
    ra_below = ra_i[30:23] + 8'd9;
    rb_below = rb_i[30:23] + 8'd7;
    constant = (c0_i[30:23] == 8'd0) ? 32'd0 : c0_i;
    minimum = 32'(minimum_i);
    maximum = 32'(maximum_i);

    // Stage 6: to integer, limits, lanes, bytes.
    if (step_i[6]) begin
      for (o = 0; o < Lanes; o = o + 1) lane_mask[o] = lane_valid_i[o] ? 32'h0000_00ff : 32'd0;
      if (sum) begin
        for (i = 0; i < NumResults; i = i + 1) begin
          bytes[i] = epilogue_pkg::limit(epilogue_pkg::to_integer(outer[i], post_zero), minimum,
                                         maximum);
        end
      end else begin
        for (i = 0; i < NumResults; i = i + 1) bytes[i] = outer[i];
      end
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          bytes[e*Lanes+o] = bytes[e*Lanes+o] & lane_mask[o];
        end
      end
      for (i = 0; i < NumResults / 4; i = i + 1) begin
        result_o[i*32+:32] <= bytes[i*4] | (bytes[i*4|1] << 8) | (bytes[i*4|2] << 16) |
                              (bytes[i*4|3] << 24);
      end
    end
    // Stage 5: rounding of the whole sum.
    if (step_i[5] && sum) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        outer[i] = epilogue_pkg::round_sum(outer_tag[i][8:0], outer_sum[i][27:0]);
      end
    end else if (step_i[5]) begin
      for (i = 0; i < NumResults; i = i + 1) outer[i] = outer_sum[i];
    end
    // Stage 4: inner + last.
    if (step_i[4] && sum) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        larger = (inner[i][30:0] >= last[i][30:0]) ? inner[i] : last[i];
        smaller = (inner[i][30:0] >= last[i][30:0]) ? last[i] : inner[i];
        outer_tag[i] = 32'(larger[31:23]);
        outer_sum[i] = 32'(epilogue_pkg::add_aligned(larger, smaller));
      end
    end else if (step_i[4]) begin
      for (i = 0; i < NumResults; i = i + 1) outer_sum[i] = last[i];
    end
    // Stage 3: rounding of c0 + addend.
    if (step_i[3]) begin
      for (i = 0; i < NumResults; i = i + 1) last[i] = inner_next[i];
    end
    if (step_i[3] && sum) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        inner[i] = epilogue_pkg::round_sum(inner_tag[i][8:0], inner_sum[i]);
      end
    end
    // Stage 2: c0 + addend. A product is normalised instead, and c0 added where b * rb is.
    if (step_i[2] && multiply) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        whole = {rest[i][1:0], addend[i], 8'd0} + 42'(next[i]);
        aligned = epilogue_pkg::align_42(whole);
        inner_tag[i] = 32'({rest[i][2] ^ ra_i[31], ra_i[30:23] + 8'd18 - 8'(aligned[32:28])});
        inner_sum[i] = aligned[27:0];
        inner_next[i] = constant;
      end
    end else if (step_i[2]) begin
      for (i = 0; i < NumResults; i = i + 1) inner_next[i] = next[i];
    end
    if (step_i[2] && sum && !multiply) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        larger = (constant[30:0] >= addend[i][30:0]) ? constant : addend[i];
        smaller = (constant[30:0] >= addend[i][30:0]) ? addend[i] : constant;
        inner_tag[i] = 32'(larger[31:23]);
        inner_sum[i] = epilogue_pkg::add_aligned(larger, smaller);
      end
    end
    // Stage 1: products, exact and then rounded.
    if (step_i[1] && multiply) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        exact = 34'(operands[i][9:0]) * 34'(ra);
        addend[i] = exact[31:0];
        rest[i] = 32'({operands[i][14], exact[33:32]});
        next[i] = 32'(operands[i][23:16]) * 32'(rb);
      end
    end else if (step_i[1] && sum) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        exact = 34'(operands[i][9:0]) * 34'(ra);
        a = epilogue_pkg::round_product(operands[i][14] ^ ra_i[31],
                                        ra_below - 8'(operands[i][13:10]),
                                        {exact[33:3], exact[2:0] != 3'd0});
        exact = 34'(operands[i][23:16]) * 34'(rb);
        b = epilogue_pkg::round_product(operands[i][27] ^ rb_sign,
                                        rb_below - 8'(operands[i][26:24]), exact[31:0]);
        addend[i] = swap_i ? b : a;
        next[i] = swap_i ? a : b;
      end
    end else if (step_i[1]) begin
      for (i = 0; i < NumResults; i = i + 1) next[i] = 32'(operands[i]);
    end
    // Stage 0: integers to normalised magnitudes, or their product, or the larger one.
    if (step_i[0] && enable_i) begin
      for (i = 0; i < NumResults / 4; i = i + 1) begin
        a = second_i[i*32+:32];
        bytes[i*4] = a;
        bytes[i*4|1] = a >> 8;
        bytes[i*4|2] = a >> 16;
        bytes[i*4|3] = a >> 24;
      end
      for (i = 0; i < NumResults; i = i + 1) begin
        bytes[i] = ((bytes[i] & 32'h0000_00ff) ^ sign_flip) - sign_flip;
      end
      // All in this branch: elsewhere `bytes` would be those of stage 6 to synthesis.
      if (multiply) begin
        for (i = 0; i < NumResults; i = i + 1) begin
          a = first_i[i*32+:32] - 32'(first_zero_i);
          b = bytes[i] - 32'(second_zero_i);
          operands[i] = epilogue_pkg::product_18(a[9:0], b[9:0]);
        end
      end else if (!sum) begin
        for (i = 0; i < NumResults; i = i + 1) begin
          a = first_i[i*32+:32];
          a = ($signed(a) > $signed(bytes[i])) ? a : bytes[i];
          operands[i] = 28'(epilogue_pkg::limit(a, minimum, maximum));
        end
      end else begin
        for (i = 0; i < NumResults; i = i + 1) begin
          operands[i] = {epilogue_pkg::normalise_8(bytes[i]), 1'b0,
                         epilogue_pkg::normalise_10(first_i[i*32+:32])};
        end
      end
    end else if (step_i[0]) begin
      for (i = 0; i < NumResults; i = i + 1) operands[i] = first_i[i*32+:28];
    end
  end

endmodule
