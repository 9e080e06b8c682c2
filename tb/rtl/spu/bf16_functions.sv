/// The operators of bf16_pkg, each in one clock's worth of logic, both steps of a sum or product at
/// once. Test: tests/bf16/functions_test.cpp
module bf16_functions (
    input  logic [31:0] a_i,
    input  logic [31:0] b_i,
    output logic [31:0] product_o,   // of the upper halves as BF16
    output logic [31:0] sum_o,       // operands flushed before
    output logic [31:0] times_o,
    output logic [31:0] maximum_o,
    output logic [31:0] clamp_o,     // a to at least b
    output logic [31:0] integer_o,   // a as INT32 to float32
    output logic [31:0] bf16_o       // a to BF16
);

  logic [31:0] a, b, sum_tag, times_tag;
  assign a         = bf16_pkg::flush(a_i);
  assign b         = bf16_pkg::flush(b_i);
  assign product_o = bf16_pkg::product(a_i[31:16], b_i[31:16]);
  assign sum_tag   = bf16_pkg::sum_tag(a, b);
  assign sum_o     = bf16_pkg::round_sum(sum_tag[8:0], bf16_pkg::sum_bits(a, b));
  assign times_tag = bf16_pkg::times_tag(a_i, b_i);
  assign times_o   = bf16_pkg::round_times(times_tag[9:0],
                                           bf16_pkg::times_bits(a_i[30:0], b_i[30:0]));
  assign maximum_o = bf16_pkg::maximum(a_i, b_i);
  assign clamp_o   = bf16_pkg::clamp(a_i, b_i, bf16_pkg::Infinity);
  assign integer_o = bf16_pkg::from_integer(a_i);
  assign bf16_o    = bf16_pkg::to_bf16(a_i);

  // Steps return words of which these bits are used.
  logic [44:0] unused_bits;
  assign unused_bits = {sum_tag[31:9], times_tag[31:10]};

endmodule
