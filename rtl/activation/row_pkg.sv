/// Types and small operators of the row engine; docs/blocks/row_engine.md is the contract.
/// Model: sim/activation/row_engine.hpp
package row_pkg;

  // row_engine.sv holds these against the constants that they follow from.
  localparam int unsigned Lanes = 32;
  // x * factor in units of 2^-22: sign, 18 integer bits, fraction.
  localparam int unsigned Fraction = 22;
  localparam int unsigned ExponentWidth = 41;
  // Rounded up to an integer.
  localparam int unsigned CeilingWidth = 19;
  // An exponential, at most 1 + 2^-22, and a sum of 65,536 of them.
  localparam int unsigned TermWidth = 35;
  localparam int unsigned SumWidth = 51;
  // Adds nothing to any number.
  localparam logic [31:0] NegativeZero = 32'h8000_0000;

  /// What pass 1 knows of a row.
  typedef struct packed {
    logic nan;                           // of softmax and maximum: NaN in the row, or +infinity
    logic [15:0] maximum;                // BF16
    logic [CeilingWidth-1:0] ceiling;    // of maximum * factor
    logic [SumWidth-1:0] exponentials;   // sum of 2^(x * factor - ceiling)
    logic [15:0] origin;              // BF16 that the deviations are from
    logic [31:0] even;                   // deviations: sums of even and of odd beats
    logic [31:0] odd;
    logic [31:0] square_even;            // their squares
    logic [31:0] square_odd;
  } record_t;

  /// The same after the float32 steps.
  typedef struct packed {
    logic nan;
    logic [15:0] maximum;
    logic [CeilingWidth-1:0] ceiling;
    logic [31:0] operand;                // sum of the exponentials, or variance plus epsilon
    logic [31:0] mean;
    logic [31:0] sum;
    logic [31:0] squares;
  } moments_t;

  /// What pass 2 needs.
  typedef struct packed {
    logic [15:0] maximum;
    logic [CeilingWidth-1:0] ceiling;
    logic [31:0] mean;
    logic [31:0] scale;                  // out_factor / sum of the exponentials, or 1 / deviation
  } scalars_t;

  /// A byte as BF16, exactly.
  function automatic logic [15:0] from_byte(input logic [7:0] x, input logic is_unsigned);
    logic negative;
    logic [7:0] size;
    logic [2:0] zeros;
    int unsigned i;
    i = 0;
    negative = x[7] && !is_unsigned;
    size = negative ? 8'd0 - x : x;
    zeros = 3'd0;
    for (i = 0; i < 8; i = i + 1) if (size[i]) zeros = 3'd7 - 3'(i);
    size = size << zeros;
    from_byte = size[7] ? {negative, 8'd134 - 8'(zeros), size[6:0]} : 16'd0;
  endfunction

  /// An integer that orders as BF16 numbers do, -0 below +0; its own inverse.
  function automatic logic [15:0] order(input logic [15:0] x);
    order = x ^ (x[15] ? 16'h7fff : 16'd0);
  endfunction

  /// The larger of two such integers.
  function automatic logic [15:0] larger(input logic [15:0] a, input logic [15:0] b);
    larger = ($signed(a) > $signed(b)) ? a : b;
  endfunction

  /// Smallest integer that is not below v.
  function automatic logic [CeilingWidth-1:0] ceiling(input logic [ExponentWidth-1:0] v);
    ceiling = CeilingWidth'(v[ExponentWidth-1:Fraction]) + CeilingWidth'(v[Fraction-1:0] != '0);
  endfunction

endpackage
