/// Floating-point epilogue: accumulators of either type to BF16 or INT8, a beat per clock.
/// Per lane, every step a float32 rounded once (docs/blocks/bf16.md):
///   a = acc_int ? float(acc + bias) : acc          b = a * scale     c = acc_int ? b : b + bias
///   e = second * second_scale                      d = c, c + e, c - e, c * e or max(c, e)
///   y = d < 0 ? d * negative_factor : d
///   result = BF16 of y limited to [low, high], or the integer nearest to y, limited to [min, max],
///            + zero
/// ReLU is low = +0 or min = 0. Stage k loads at an edge with step_i[k], which the owner raises
/// when stage k - 1 (for 0: the input) holds a beat and the pipeline moves; result after the edge
/// with step_i[10]. Data only, so no reset. Model: sim/spu/bf16.hpp
module bf16_epilogue #(
    parameter  int unsigned Pixels = config_pkg::EpiloguePixels,   // of a beat
    parameter  int unsigned Lanes  = config_pkg::LanesPerQuadrant,
    localparam int unsigned Num    = Pixels * Lanes
) (
    input  logic                                clk_i,
    input  logic [                        10:0] step_i,
    // Beat: INT32 or float32; bias (of acc's type) and float32 scale of the lanes; second tensor,
    // BF16 or a byte in the low half
    input  logic [                  Num*32-1:0] acc_i,
    input  logic [                Lanes*32-1:0] bias_i,
    input  logic [                Lanes*32-1:0] scale_i,
    input  logic [                  Num*16-1:0] second_i,
    // Held while a beat is inside
    input  logic                                acc_int_i,
    input  logic                                second_int_i,
    input  logic                                second_unsigned_i,
    input  logic signed [                  8:0] second_zero_i,
    input  logic [                        31:0] second_scale_i,
    input  logic [                         2:0] operation_i,   // 0 none, + - * max
    input  logic [                        31:0] negative_factor_i,
    input  logic [                        31:0] low_i,
    input  logic [                        31:0] high_i,
    input  logic                                out_int_i,
    input  logic signed [                  8:0] out_zero_i,
    input  logic signed [                  9:0] out_min_i,
    input  logic signed [                  9:0] out_max_i,
    // BF16, or a byte in the low half
    output logic [                  Num*16-1:0] result_o
);

  localparam logic [2:0] OpNone = 3'd0;
  localparam logic [2:0] OpSubtract = 3'd2;
  localparam logic [2:0] OpMultiply = 3'd3;
  localparam logic [2:0] OpMaximum = 3'd4;

  // What the stages hold, a word per lane, named after the formula; a bits and tag pair between the
  // two steps of a sum or product.
  logic [31:0] a0[Num], a1[Num], b2_bits[Num], b2_tag[Num], b3[Num], c4_bits[Num], c4_tag[Num];
  logic [31:0] c5[Num], d6_bits[Num], d6_tag[Num], d7[Num], y8_bits[Num], y8_tag[Num], y9[Num];
  logic [31:0] s0[Num], s1[Num], e2_bits[Num], e2_tag[Num], e3[Num], e4[Num], e5[Num];
  logic [31:0] bias0[Lanes], bias1[Lanes], bias2[Lanes], bias3[Lanes];
  logic [31:0] scale0[Lanes], scale1[Lanes];

  // One process, later stages first, so that each reads what the earlier one held before the edge.
  always_ff @(posedge clk_i) begin : stages
    int unsigned i, o, e;
    logic [31:0] word, other, low, high;
    i     = 0;
    o     = 0;
    e     = 0;
    word  = 0;
    other = 0;
    low   = 32'(out_min_i);
    high  = 32'(out_max_i);

    // Stage 10: clamp, conversion.
    if (step_i[10]) begin
      for (i = 0; i < Num; i = i + 1) begin
        word = bf16_pkg::clamp(y9[i], low_i, high_i);
        other = bf16_pkg::to_byte(y9[i], 32'(out_zero_i), low, high);
        result_o[i*16+:16] <= 16'(out_int_i ? other : bf16_pkg::to_bf16(word));
      end
    end
    // Stages 8 and 9: factor of negative numbers.
    if (step_i[9]) begin
      for (i = 0; i < Num; i = i + 1) y9[i] = bf16_pkg::round_times(y8_tag[i][9:0], y8_bits[i]);
    end
    if (step_i[8]) begin
      for (i = 0; i < Num; i = i + 1) begin
        word = d7[i][31] ? negative_factor_i : bf16_pkg::One;
        y8_bits[i] = bf16_pkg::times_bits(d7[i][30:0], word[30:0]);
        y8_tag[i] = bf16_pkg::times_tag(d7[i], word);
      end
    end
    // Stages 6 and 7: second tensor. What is not rounded passes as bits.
    if (step_i[7] && operation_i == OpMultiply) begin
      for (i = 0; i < Num; i = i + 1) d7[i] = bf16_pkg::round_times(d6_tag[i][9:0], d6_bits[i]);
    end else if (step_i[7] && (operation_i == OpNone || operation_i == OpMaximum)) begin
      for (i = 0; i < Num; i = i + 1) d7[i] = d6_bits[i];
    end else if (step_i[7]) begin
      for (i = 0; i < Num; i = i + 1) d7[i] = bf16_pkg::round_sum(d6_tag[i][8:0], d6_bits[i]);
    end
    if (step_i[6] && operation_i == OpMultiply) begin
      for (i = 0; i < Num; i = i + 1) begin
        d6_bits[i] = bf16_pkg::times_bits(c5[i][30:0], e5[i][30:0]);
        d6_tag[i] = bf16_pkg::times_tag(c5[i], e5[i]);
      end
    end else if (step_i[6] && operation_i == OpMaximum) begin
      for (i = 0; i < Num; i = i + 1) d6_bits[i] = bf16_pkg::maximum(c5[i], e5[i]);
    end else if (step_i[6] && operation_i == OpNone) begin
      for (i = 0; i < Num; i = i + 1) d6_bits[i] = c5[i];
    end else if (step_i[6]) begin
      word = (operation_i == OpSubtract) ? bf16_pkg::NegativeZero : 32'd0;
      for (i = 0; i < Num; i = i + 1) begin
        d6_bits[i] = bf16_pkg::sum_bits(c5[i], e5[i] ^ word);
        d6_tag[i] = bf16_pkg::sum_tag(c5[i], e5[i] ^ word);
      end
    end
    // Stages 4 and 5: bias; an integer sum has it already.
    if (step_i[5]) begin
      for (i = 0; i < Num; i = i + 1) begin
        c5[i] = bf16_pkg::round_sum(c4_tag[i][8:0], c4_bits[i]);
        e5[i] = e4[i];
      end
    end
    if (step_i[4]) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          word = acc_int_i ? bf16_pkg::NegativeZero : bf16_pkg::flush(bias3[o]);
          c4_bits[e*Lanes+o] = bf16_pkg::sum_bits(b3[e*Lanes+o], word);
          c4_tag[e*Lanes+o] = bf16_pkg::sum_tag(b3[e*Lanes+o], word);
        end
      end
      for (i = 0; i < Num; i = i + 1) e4[i] = e3[i];
    end
    // Stages 2 and 3: scales.
    if (step_i[3]) begin
      for (i = 0; i < Num; i = i + 1) begin
        b3[i] = bf16_pkg::round_times(b2_tag[i][9:0], b2_bits[i]);
        e3[i] = bf16_pkg::round_times(e2_tag[i][9:0], e2_bits[i]);
      end
      for (o = 0; o < Lanes; o = o + 1) bias3[o] = bias2[o];
    end
    if (step_i[2]) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          b2_bits[e*Lanes+o] = bf16_pkg::times_bits(a1[e*Lanes+o][30:0], scale1[o][30:0]);
          b2_tag[e*Lanes+o] = bf16_pkg::times_tag(a1[e*Lanes+o], scale1[o]);
        end
      end
      for (i = 0; i < Num; i = i + 1) begin
        e2_bits[i] = bf16_pkg::times_bits(s1[i][30:0], second_scale_i[30:0]);
        e2_tag[i] = bf16_pkg::times_tag(s1[i], second_scale_i);
      end
      for (o = 0; o < Lanes; o = o + 1) bias2[o] = bias1[o];
    end
    // Stage 1: integers to float32.
    if (step_i[1]) begin
      for (i = 0; i < Num; i = i + 1) begin
        a1[i] = acc_int_i ? bf16_pkg::from_integer(a0[i]) : a0[i];
        s1[i] = second_int_i ? bf16_pkg::from_integer(s0[i]) : s0[i];
      end
      for (o = 0; o < Lanes; o = o + 1) begin
        bias1[o]  = bias0[o];
        scale1[o] = scale0[o];
      end
    end
    // Stage 0: integer bias, zero point.
    if (step_i[0]) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          word = acc_i[(e*Lanes+o)*32+:32];
          a0[e*Lanes+o] = acc_int_i ? word + bias_i[o*32+:32] : word;
        end
      end
      for (i = 0; i < Num; i = i + 1) begin
        word = 32'(second_i[i*16+:16]);
        other = second_unsigned_i ? word & 32'h0000_00ff : {{24{word[7]}}, word[7:0]};
        s0[i] = second_int_i ? other - 32'(second_zero_i) : word << 16;
      end
      for (o = 0; o < Lanes; o = o + 1) begin
        bias0[o]  = bias_i[o*32+:32];
        scale0[o] = scale_i[o*32+:32];
      end
    end
  end

endmodule
