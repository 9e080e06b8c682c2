// Generated from rtl/sequencer/commands.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// Commands of 128 bytes, little-endian, aligned to 128 bytes in memory. Reserved bits must be
/// zero.
package commands_pkg;

  // Dependency tokens (counting semaphores) shared by all engines.
  localparam int unsigned NumTokens = 16;
  // Bits of one token counter; overflow is an error.
  localparam int unsigned TokenWidth = 6;
  // Contexts, each with its own memory regions.
  localparam int unsigned NumContexts = 4;
  // Largest kernel extent, each way.
  localparam int unsigned MaxKernel = 11;
  // Largest convolution stride, each way.
  localparam int unsigned MaxStride = 4;
  // Largest dilation, each way.
  localparam int unsigned MaxDilation = 4;
  // Activation functions; function f of the activation engine is activation f + 1.
  localparam int unsigned NumFunctions = 12;
  // The activation that is a table of 256 bytes.
  localparam int unsigned ActivationTable = 16;
  // Rows: elements of a beat, in every configuration; sums are formed in this order.
  localparam int unsigned RowLanes = 32;
  // Rows: elements of the longest row.
  localparam int unsigned MaxColumns = 65536;
  // Rows: elements of the longest row with gamma and beta, which the engine keeps.
  localparam int unsigned MaxAffineColumns = 4096;
  // Rows: integer bits of |x| * factor; what exceeds them is limited to 2^17.
  localparam int unsigned RowExponentBits = 17;
  // Rows: fractional bits of an exponential in the sum.
  localparam int unsigned RowTermFraction = 34;
  // Rows: words of parameters for 32 columns: 16 gammas, 16 gammas, 16 betas, 16 betas, float32.
  localparam int unsigned RowParameterWords = 4;
  // Bits of a command.
  localparam int unsigned CommandBits = 1024;

  // Operation.
  typedef enum logic [7:0] {
    OpcodeEnd = 8'd1,
    OpcodeSync = 8'd2,
    OpcodeLoad = 8'd16,
    OpcodeStore = 8'd17,
    OpcodeWeights = 8'd18,
    OpcodeSpu = 8'd32,
    OpcodeRows = 8'd33
  } opcode_e;

  // Engines, as numbered in status and traces. Numbers 6 to 15 are kept for engines to come.
  typedef enum logic [3:0] {
    EngineSequencer = 4'd0,
    EngineLoad = 4'd1,
    EngineWeights = 4'd2,
    EngineSpu = 4'd3,
    EngineStore = 4'd4,
    EngineActivation = 4'd5
  } engine_e;

  // Data type of operands.
  typedef enum logic [3:0] {
    DtypeInt8 = 4'd0,
    DtypeBf16 = 4'd1
  } dtype_e;

  // Error codes of the status register.
  typedef enum logic [7:0] {
    ErrorNone = 8'd0,
    ErrorOpcode = 8'd1,
    ErrorField = 8'd2,
    ErrorAlign = 8'd3,
    ErrorMemoryRange = 8'd4,
    ErrorLocalRange = 8'd5,
    ErrorMemoryResponse = 8'd6,
    ErrorWeightStream = 8'd7,
    ErrorWatchdog = 8'd8,
    ErrorProgramEnd = 8'd9,
    ErrorTokenOverflow = 8'd10
  } error_e;

  // What is done with a row.
  typedef enum logic [3:0] {
    RowFunctionSoftmax = 4'd0,
    RowFunctionLayerNorm = 4'd1,
    RowFunctionStatistics = 4'd2
  } row_function_e;

  // End of program.
  typedef struct packed {
    logic [935:0] reserved0;
    logic [7:0] activation;
    logic [15:0] layer;
    logic [15:0] signal_mask;
    logic [15:0] wait_mask;
    logic [15:0] reserved1;
    logic [3:0] dtype;
    logic [3:0] context_id;
    logic [7:0] opcode;
  } end_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] EndCommandMask =
    1024'h000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffffffffffffff0000ffff;

  // Token rendezvous in the sequencer.
  typedef struct packed {
    logic [935:0] reserved0;
    logic [7:0] activation;
    logic [15:0] layer;
    logic [15:0] signal_mask;
    logic [15:0] wait_mask;
    logic [15:0] reserved1;
    logic [3:0] dtype;
    logic [3:0] context_id;
    logic [7:0] opcode;
  } sync_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] SyncCommandMask =
    1024'h000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffffffffffffff0000ffff;

  // Four-dimensional strided copy of 64-byte words between memory and local buffer. Word
  // (i3,i2,i1,i0) lies at mem_addr + i3*mem_stride3 + i2*mem_stride2 + i1*mem_stride1 + 64*i0 and
  // at local_addr + i3*local_stride3 + i2*local_stride2 + i1*local_stride1 + i0.
  typedef struct packed {
    logic [495:0] reserved0;
    logic [15:0] dest_mask;
    logic [7:0] reserved1;
    logic [23:0] local_stride3;
    logic [7:0] reserved2;
    logic [23:0] local_stride2;
    logic [7:0] reserved3;
    logic [23:0] local_stride1;
    logic [31:0] mem_stride3;
    logic [31:0] mem_stride2;
    logic [31:0] mem_stride1;
    logic [15:0] reserved4;
    logic [15:0] count3;
    logic [15:0] count2;
    logic [15:0] count1;
    logic [11:0] reserved5;
    logic [19:0] count0;
    logic [7:0] reserved6;
    logic [23:0] local_addr;
    logic [27:0] reserved7;
    logic [35:0] mem_addr;
    logic [39:0] reserved8;
    logic [7:0] activation;
    logic [15:0] layer;
    logic [15:0] signal_mask;
    logic [15:0] wait_mask;
    logic [15:0] reserved9;
    logic [3:0] dtype;
    logic [3:0] context_id;
    logic [7:0] opcode;
  } dma_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] DmaCommandMask =
    1024'h0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffff00ffffff00ffffff00ffffffffffffffffffffffffffffff0000ffffffffffff000fffff00ffffff0000000fffffffff0000000000ffffffffffffff0000ffff;

  // Copies `count` consecutive pieces of the weight stream, each made of parameter, index and
  // value section, into the weight buffers; waits while they are full.
  typedef struct packed {
    logic [495:0] reserved0;
    logic [15:0] dest_mask;
    logic [103:0] reserved1;
    logic [23:0] local_addr;
    logic [15:0] reserved2;
    logic [15:0] end_row;
    logic [15:0] first_row;
    logic [4:0] reserved3;
    logic [2:0] slice;
    logic reserved4;
    logic from_local;
    logic [1:0] lanes;
    logic flip;
    logic wide;
    logic transposed;
    logic dense;
    logic [15:0] reserved5;
    logic [15:0] count;
    logic [7:0] reserved6;
    logic [23:0] value_words;
    logic [7:0] reserved7;
    logic [23:0] index_words;
    logic [15:0] reserved8;
    logic [15:0] param_words;
    logic [27:0] reserved9;
    logic [35:0] mem_addr;
    logic [39:0] reserved10;
    logic [7:0] activation;
    logic [15:0] layer;
    logic [15:0] signal_mask;
    logic [15:0] wait_mask;
    logic [15:0] reserved11;
    logic [3:0] dtype;
    logic [3:0] context_id;
    logic [7:0] opcode;
  } weights_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] WeightsCommandMask =
    1024'h0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000ffff00000000000000000000000000ffffff0000ffffffff077f0000ffff00ffffff00ffffff0000ffff0000000fffffffff0000000000ffffffffffffff0000ffff;

  // Convolution (a matrix product is a 1x1 convolution over one row of pixels). Input word of
  // channel block c, image n, row y, column x: in_addr + c*in_plane + n*in_image + y*in_row + x.
  // Output word of block c, pixel p: out_addr + c*out_plane + p, p = (n*out_height +
  // oy)*out_width + ox. Bank order of the reduction: (c, ky, kx), kx fastest.
  typedef struct packed {
    logic [71:0] reserved0;
    logic [23:0] table_addr;
    logic [31:0] float_high;
    logic [31:0] float_low;
    logic [31:0] negative_factor;
    logic [22:0] reserved1;
    logic signed [8:0] second_zero;
    logic [7:0] reserved2;
    logic [23:0] add_plane;
    logic [7:0] reserved3;
    logic [23:0] add_addr;
    logic [31:0] add_rb;
    logic [31:0] add_ra;
    logic [31:0] add_c0;
    logic [22:0] reserved4;
    logic signed [8:0] add_max;
    logic [6:0] reserved5;
    logic signed [8:0] add_min;
    logic [5:0] reserved6;
    logic signed [9:0] requant_max;
    logic [5:0] reserved7;
    logic signed [9:0] requant_min;
    logic [6:0] reserved8;
    logic signed [8:0] requant_zero;
    logic [6:0] reserved9;
    logic signed [8:0] in_zero;
    logic [2:0] reserved10;
    logic float_epilogue;
    logic [1:0] second_use;
    logic out_bf16;
    logic after_former;
    logic in_quarters;
    logic max_pool;
    logic add_swap;
    logic add_unsigned;
    logic add_enable;
    logic in_unsigned;
    logic weights_keep;
    logic weights_resident;
    logic [7:0] reserved11;
    logic [23:0] pixels;
    logic [7:0] reserved12;
    logic [23:0] out_plane;
    logic [7:0] reserved13;
    logic [23:0] out_addr;
    logic [15:0] out_channels;
    logic [15:0] pad_left;
    logic [15:0] pad_top;
    logic [3:0] reserved14;
    logic [3:0] shape;
    logic [3:0] dilation_w;
    logic [3:0] dilation_h;
    logic [3:0] stride_w;
    logic [3:0] stride_h;
    logic [3:0] kernel_w;
    logic [3:0] kernel_h;
    logic [15:0] out_width;
    logic [15:0] out_height;
    logic [15:0] images;
    logic [15:0] in_width;
    logic [15:0] in_height;
    logic [15:0] in_blocks;
    logic [15:0] in_row;
    logic [7:0] reserved15;
    logic [23:0] in_image;
    logic [7:0] reserved16;
    logic [23:0] in_plane;
    logic [7:0] reserved17;
    logic [23:0] in_addr;
    logic [39:0] reserved18;
    logic [7:0] activation;
    logic [15:0] layer;
    logic [15:0] signal_mask;
    logic [15:0] wait_mask;
    logic [15:0] reserved19;
    logic [3:0] dtype;
    logic [3:0] context_id;
    logic [7:0] opcode;
  } spu_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] SpuCommandMask =
    1024'h000000000000000000ffffffffffffffffffffffffffffff000001ff00ffffff00ffffffffffffffffffffffffffffff000001ff01ff03ff03ff01ff01ff1fff00ffffff00ffffff00ffffffffffffffffff0fffffffffffffffffffffffffffffffffff00ffffff00ffffff00ffffff0000000000ffffffffffffff0000ffff;

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
    logic [15:0] reserved5;
    logic [15:0] rows;
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
    logic [39:0] reserved13;
    logic [7:0] activation;
    logic [15:0] layer;
    logic [15:0] signal_mask;
    logic [15:0] wait_mask;
    logic [15:0] reserved14;
    logic [3:0] dtype;
    logic [3:0] context_id;
    logic [7:0] opcode;
  } rows_command_t;
  // Bits of the command that carry a field; all others must be zero.
  localparam logic [1023:0] RowsCommandMask =
    1024'h000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000003ff03ff01ffffffffffffffffffffffffffffffffff00ffffff0001ffff0000ffff00ffffff00ffffff00ffffff00ffffff00ffffff00ffffff0000007f0000000000ffffffffffffff0000ffff;

endpackage
