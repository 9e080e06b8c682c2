// Generated from rtl/activation/row_commands.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// Commands of the row engine: 128 bytes, little-endian, with the header of every command.
/// Reserved bits must be zero.
package row_commands_pkg;

  // Elements of a beat, in every configuration: sums are formed in this order.
  localparam int unsigned Lanes = 32;
  // Elements of the longest row.
  localparam int unsigned MaxColumns = 65536;
  // Elements of the longest row with gamma and beta, which the engine keeps.
  localparam int unsigned MaxAffineColumns = 4096;
  // Integer bits of |x| * factor; what exceeds them is limited to 2^17.
  localparam int unsigned ExponentBits = 17;
  // Fractional bits of an exponential in the sum.
  localparam int unsigned TermFraction = 34;
  // Words of parameters for 32 columns: 16 gammas, 16 gammas, 16 betas, 16 betas, float32.
  localparam int unsigned ParameterWords = 4;
  // Bits of a command.
  localparam int unsigned CommandBits = 1024;

  // Operation.
  typedef enum logic [7:0] {
    OpcodeRows = 8'd33
  } opcode_e;

  // What is done with a row.
  typedef enum logic [3:0] {
    RowFunctionSoftmax = 4'd0,
    RowFunctionLayerNorm = 4'd1,
    RowFunctionStatistics = 4'd2
  } row_function_e;

  // Every row by itself, local buffer to local buffer. Word w of row r (64 bytes, or 32 BF16)
  // lies at in_addr + r*in_row + w*in_word, of the result at out_addr + r*out_row + w*out_word.
  // Elements of the last word beyond the row are ignored, and written as 0. Results may replace
  // the input if they have its type and addresses.
  typedef struct packed {
    logic [405:0] reserved0;
    logic signed [9:0] out_max;
    logic [5:0] reserved1;
    logic signed [9:0] out_min;
    logic [6:0] reserved2;
    logic signed [8:0] out_zero;
    logic [31:0] out_factor;
    logic [31:0] factor;
    logic [31:0] inverse_columns;
    logic [31:0] epsilon;
    logic [7:0] reserved3;
    logic [23:0] param_addr;
    logic [14:0] reserved4;
    logic [16:0] columns;
    logic [7:0] reserved5;
    logic [23:0] rows;
    logic [7:0] reserved6;
    logic [23:0] out_word;
    logic [7:0] reserved7;
    logic [23:0] out_row;
    logic [7:0] reserved8;
    logic [23:0] out_addr;
    logic [7:0] reserved9;
    logic [23:0] in_word;
    logic [7:0] reserved10;
    logic [23:0] in_row;
    logic [7:0] reserved11;
    logic [23:0] in_addr;
    logic [24:0] reserved12;
    logic affine;
    logic out_bf16;
    logic in_unsigned;
    logic [3:0] row_function;
    logic [111:0] reserved13;
    logic [3:0] dtype;
    logic [3:0] reserved14;
    logic [7:0] opcode;
  } rows_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] RowsCommandMask =
    1024'h000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000003ff03ff01ffffffffffffffffffffffffffffffffff00ffffff0001ffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff0000007f0000000000000000000000000000f0ff;

endpackage
