/// Accumulators to integers: (acc + bias) * scale, clamped, rounded, zero point added.
/// Per lane, all as float32 of IEEE 754, round to nearest even: r = acc + bias (wraps), v =
/// float(r) * scale, v limited to [minimum, maximum], a = integer(v) + zero. Exact for every
/// accumulator and every finite scale. Four stages, one beat per clock; stage k loads at a clock
/// edge with step_i[k], which the owner raises when stage k - 1 (for 0: the input) holds a beat and
/// the pipeline moves. Data only, so no reset. Result valid after the edge with step_i[3].
/// Model: s4::ref::requantize in sim/reference/rounding.hpp
module requantize #(
    localparam int unsigned Pixels = config_pkg::EpiloguePixels,
    localparam int unsigned Lanes = config_pkg::LanesPerQuadrant,
    localparam int unsigned NumResults = Pixels * Lanes
) (
    input  logic                                      clk_i,
    input  logic [epilogue_pkg::RequantizeStages-1:0] step_i,
    // Beat for stage 0: INT32 accumulators, lane (e, o) at e * Lanes + o; INT32 biases and float32
    // scales of the lanes o
    input  logic [                 NumResults*32-1:0] acc_i,
    input  logic [                      Lanes*32-1:0] bias_i,
    input  logic [                      Lanes*32-1:0] scale_i,
    // Held while a beat is inside. If minimum > maximum, maximum wins.
    input  logic signed [                        8:0] zero_i,
    input  logic signed [                        9:0] minimum_i,
    input  logic signed [                        9:0] maximum_i,
    // Integers of -768 to 766, sign-extended
    output logic [                 NumResults*32-1:0] result_o
);

  // What the stages hold, a word per lane (words of equal size are what simulates fast):
  //   sum      the biased accumulator
  //   float    {sign, leading zeros [4:0], significand [24:0]}: the sum as a float32,
  //            (-1)^sign * significand * 2^(8 - zeros)
  //   product  {sign, shift - 12 [3:0], top [26:0]}: top is the exact product's upper part, bit 26
  //            or 25 set, the lowest bit standing for all below it; the integer part of the result
  //            starts shift + 3 bits up (one more if bit 26 is clear, top then being moved up)
  logic [31:0] sum[0:NumResults-1];
  logic [31:0] sum_scale[0:Lanes-1];
  logic [30:0] float[0:NumResults-1];
  logic [31:0] float_scale[0:Lanes-1];
  logic [31:0] product[0:NumResults-1];

  // One process, later stages first, so that each reads what the earlier one held before the edge.
  always_ff @(posedge clk_i) begin : stages
    int unsigned e, o, i;
    logic [31:0] word, top, shift, magnitude, zero, minimum, maximum;
    logic [4:0] zeros;
    logic [47:0] exact;
    e = 0;
    o = 0;
    i = 0;
    word = 0;
    top = 0;
    shift = 0;
    magnitude = 0;
    zeros = 0;
    exact = 0;
    zero = 32'(zero_i);
    minimum = 32'(minimum_i);
    maximum = 32'(maximum_i);

    // Stage 3: both roundings, clamp, zero point. Clamping to integers after the rounding equals
    // clamping before it.
    if (step_i[3]) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        word = product[i];
        top = {word[26:0], 5'd0};
        shift = 32'd12 + 32'(word[30:27]) + 32'(!word[26]);
        top = word[26] ? top : top << 1;
        magnitude = 32'(epilogue_pkg::round_shift(epilogue_pkg::round_24(top), shift[4:0]));
        word = epilogue_pkg::limit(word[31] ? 32'd0 - magnitude : magnitude, minimum, maximum);
        result_o[i*32+:32] <= word + zero;
      end
    end
    // Stage 2: exact product of the significands.
    if (step_i[2]) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          word = 32'(float[e*Lanes+o]);
          exact = 48'(word[24:0]) * 48'(epilogue_pkg::significand(float_scale[o][30:0]));
          // A shift of 12 leaves at least 2^11, of 25 nothing: the limits need no more.
          shift = 32'd118 + 32'(word[29:25]) - 32'(float_scale[o][30:23]);
          shift = ($signed(shift) > 32'sd25) ? 32'd25 : shift;
          shift = ($signed(shift) < 32'sd12) ? 32'd0 : shift - 32'd12;
          product[e*Lanes+o] = {word[30] ^ float_scale[o][31], shift[3:0], exact[47:22],
                                exact[21:0] != 22'd0};
        end
      end
    end
    // Stage 1: int32 to float32.
    if (step_i[1]) begin
      for (i = 0; i < NumResults; i = i + 1) begin
        word = sum[i];
        magnitude = word[31] ? 32'd0 - word : word;
        zeros = epilogue_pkg::leading_zeros(magnitude);
        float[i] = {word[31], zeros, epilogue_pkg::round_24(magnitude << zeros)};
      end
      for (o = 0; o < Lanes; o = o + 1) float_scale[o] = sum_scale[o];
    end
    // Stage 0: bias.
    if (step_i[0]) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          sum[e*Lanes+o] = acc_i[(e*Lanes+o)*32+:32] + bias_i[o*32+:32];
        end
      end
      for (o = 0; o < Lanes; o = o + 1) sum_scale[o] = scale_i[o*32+:32];
    end
  end

endmodule
