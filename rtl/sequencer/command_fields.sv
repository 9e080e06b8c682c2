/// Checks of a command that need no multiplication: operation, fields, reserved bits, alignment.
/// Combinational while enable_i; without it nothing is bad, and simulation does no work. A field is
/// named by the byte offset where it starts, a reserved bit by its byte; of several offenders the
/// lowest is reported. The number of pixels is checked elsewhere.
/// Model: sim/sequencer/command_check.hpp
module command_fields (
    input  logic                                 enable_i,
    input  logic [commands_pkg::CommandBits-1:0] cmd_i,
    // Unknown operation, or a data type that the engine does not have
    output logic                                 opcode_bad_o,
    output logic                                 field_bad_o,
    output logic [                          6:0] field_byte_o,
    output logic                                 align_bad_o,
    output logic [                          6:0] align_byte_o
);

  localparam int unsigned NumBytes = commands_pkg::CommandBits / 8;
  localparam int unsigned ParamRowWords = config_pkg::LanesPerQuadrant / 8;

  commands_pkg::sync_command_t header;
  commands_pkg::dma_command_t as_dma;
  commands_pkg::weights_command_t as_weights;
  commands_pkg::spu_command_t as_spu;
  commands_pkg::rows_command_t as_rows;
  assign header     = cmd_i;
  assign as_dma     = cmd_i;
  assign as_weights = cmd_i;
  assign as_spu     = cmd_i;
  assign as_rows    = cmd_i;

  // Each view uses only its own fields.
  logic [5*commands_pkg::CommandBits-1:0] unused_views;
  assign unused_views = {header, as_dma, as_weights, as_spu, as_rows};

  // ---- Operation ----
  logic is_dma, is_weights, is_spu, is_rows, known;
  logic [commands_pkg::CommandBits-1:0] mask;
  always_comb begin
    is_dma     = 1'b0;
    is_weights = 1'b0;
    is_spu     = 1'b0;
    is_rows    = 1'b0;
    known      = 1'b1;
    mask       = commands_pkg::SyncCommandMask;
    unique case (header.opcode)
      commands_pkg::OpcodeEnd: mask = commands_pkg::EndCommandMask;
      commands_pkg::OpcodeSync: mask = commands_pkg::SyncCommandMask;
      commands_pkg::OpcodeLoad, commands_pkg::OpcodeStore: begin
        is_dma = 1'b1;
        mask   = commands_pkg::DmaCommandMask;
      end
      commands_pkg::OpcodeWeights: begin
        is_weights = 1'b1;
        mask       = commands_pkg::WeightsCommandMask;
      end
      commands_pkg::OpcodeSpu: begin
        is_spu = 1'b1;
        mask   = commands_pkg::SpuCommandMask;
      end
      commands_pkg::OpcodeRows: begin
        is_rows = 1'b1;
        mask    = commands_pkg::RowsCommandMask;
      end
      default: known = 1'b0;
    endcase
  end
  assign opcode_bad_o = enable_i && (!known || ((is_spu || is_rows) &&
                                                header.dtype > commands_pkg::DtypeBf16));

  // ---- Arithmetic conditions ----
  // A number is a multiple of 3 when the sum of its base-4 digits is.
  logic [5:0] digits;
  always_comb begin : digit_sum
    int unsigned i;
    digits = '0;
    for (i = 0; i < 12; i = i + 1) digits = digits + 6'(as_weights.index_words[2*i+:2]);
  end
  logic index_bad;
  assign index_bad = digits % 6'd3 != 6'd0;

  // Output channels of one group in the command's array shape.
  logic [15:0] group_channels;
  assign group_channels = 16'(config_pkg::ArrayLanes) >> as_spu.shape;

  // Dense operand: words that make whole blocks of rows, and slices of a word.
  logic [23:0] dense_mask;
  logic [2:0] last_slice;
  logic [15:0] dense_lanes;
  assign dense_lanes = 16'd8 << as_weights.lanes;
  assign dense_mask = as_weights.transposed ? 24'(dense_lanes) - 24'd1 : 24'd63;
  assign last_slice = as_weights.transposed ? 3'd0
                      : 3'((as_weights.wide ? 4'd3 : 4'd7) >> as_weights.lanes);

  // ---- Offending bytes ----
  logic [NumBytes-1:0] bad;
  always_comb begin : fields
    int unsigned b;
    b   = 0;
    bad = '0;
    if (enable_i) begin
      for (b = 0; b < NumBytes; b = b + 1) begin
        bad[b] = (cmd_i[8*b+:8] & ~mask[8*b+:8]) != '0;
      end
      if (header.context_id >= 4'(commands_pkg::NumContexts)) bad[1] = 1'b1;
    end
    if (enable_i && is_dma) begin
      if (as_dma.count0 == '0) bad[28] = 1'b1;
      if (as_dma.count1 == '0) bad[32] = 1'b1;
      if (as_dma.count2 == '0) bad[34] = 1'b1;
      if (as_dma.count3 == '0) bad[36] = 1'b1;
      if (as_dma.dest_mask != '0) bad[64] = 1'b1;
    end
    if (enable_i && is_weights) begin
      if (as_weights.param_words % 16'(ParamRowWords) != '0) bad[24] = 1'b1;
      if (as_weights.param_words == '0 && as_weights.index_words == '0 &&
          as_weights.value_words == '0)
        bad[24] = 1'b1;
      if (index_bad) bad[28] = 1'b1;
      if (as_weights.value_words[1:0] != '0) bad[32] = 1'b1;
      if (as_weights.count == '0) bad[36] = 1'b1;
      if (as_weights.dest_mask != '0) bad[64] = 1'b1;
      if (as_weights.dense) begin
        if (as_weights.param_words != '0) bad[24] = 1'b1;
        if (as_weights.index_words != '0) bad[28] = 1'b1;
        if (as_weights.count != 16'd1) bad[36] = 1'b1;
        if ((as_weights.value_words & dense_mask) != '0) bad[32] = 1'b1;
        if (dense_lanes > 16'(config_pkg::ArrayLanes)) bad[40] = 1'b1;
        if (as_weights.wide && as_weights.flip) bad[40] = 1'b1;
        if (as_weights.from_local && as_weights.mem_addr != '0) bad[16] = 1'b1;
        if (as_weights.slice > last_slice) bad[41] = 1'b1;
      end else begin
        if ({as_weights.transposed, as_weights.wide, as_weights.flip, as_weights.lanes,
             as_weights.from_local} != '0)
          bad[40] = 1'b1;
        if (as_weights.slice != '0) bad[41] = 1'b1;
        if (as_weights.first_row != '0) bad[42] = 1'b1;
        if (as_weights.end_row != '0) bad[44] = 1'b1;
      end
      if (!as_weights.from_local && as_weights.local_addr != '0) bad[48] = 1'b1;
    end
    if (enable_i && is_spu) begin
      // A function makes BF16 of BF16, a table bytes of bytes.
      if (as_spu.activation != '0 &&
          (as_spu.out_bf16 ? as_spu.activation > 8'(commands_pkg::NumFunctions)
                           : as_spu.activation != 8'(commands_pkg::ActivationTable)))
        bad[10] = 1'b1;
      if (as_spu.in_blocks == '0) bad[30] = 1'b1;
      if (as_spu.in_height == '0) bad[32] = 1'b1;
      if (as_spu.in_width == '0) bad[34] = 1'b1;
      if (as_spu.images == '0) bad[36] = 1'b1;
      if (as_spu.out_height == '0) bad[38] = 1'b1;
      if (as_spu.out_width == '0) bad[40] = 1'b1;
      if (as_spu.kernel_h == '0 || as_spu.kernel_h > 4'(commands_pkg::MaxKernel)) bad[42] = 1'b1;
      if (as_spu.kernel_w == '0 || as_spu.kernel_w > 4'(commands_pkg::MaxKernel)) bad[42] = 1'b1;
      if (as_spu.stride_h == '0 || as_spu.stride_h > 4'(commands_pkg::MaxStride)) bad[43] = 1'b1;
      if (as_spu.stride_w == '0 || as_spu.stride_w > 4'(commands_pkg::MaxStride)) bad[43] = 1'b1;
      if (as_spu.dilation_h == '0 || as_spu.dilation_h > 4'(commands_pkg::MaxDilation))
        bad[44] = 1'b1;
      if (as_spu.dilation_w == '0 || as_spu.dilation_w > 4'(commands_pkg::MaxDilation))
        bad[44] = 1'b1;
      if (as_spu.shape > 4'(config_pkg::MaxShape)) bad[45] = 1'b1;
      if (as_spu.out_channels == '0) bad[50] = 1'b1;
      if (as_spu.weights_keep && (!as_spu.weights_resident || as_spu.out_channels > group_channels))
        bad[64] = 1'b1;
      // 9 bits; the zero point is a value of the input's type: uint8 0 to 255, int8 -128 to 127.
      if (as_spu.in_unsigned ? as_spu.in_zero[8] : as_spu.in_zero[8] != as_spu.in_zero[7])
        bad[66] = 1'b1;
      if (as_spu.dtype == commands_pkg::DtypeBf16) begin
        if (as_spu.in_quarters) bad[64] = 1'b1;
        if (as_spu.in_zero != '0) bad[66] = 1'b1;
      end
      if (as_spu.in_quarters) begin
        if (as_spu.in_blocks != 16'd1) bad[30] = 1'b1;
        if (as_spu.in_width <= 16'(as_spu.out_width >> 2)) bad[34] = 1'b1;
        if (config_pkg::PixelsPerQuadrant < 4 ||
            as_spu.out_width % 16'(config_pkg::PixelsPerQuadrant) != '0)
          bad[40] = 1'b1;
        if (as_spu.kernel_w != 4'd1) bad[42] = 1'b1;
        if (as_spu.stride_w != 4'd1) bad[43] = 1'b1;
        if (as_spu.pad_left != '0) bad[48] = 1'b1;
        if (as_spu.max_pool) bad[64] = 1'b1;
      end
      if (as_spu.max_pool) begin
        if (as_spu.in_blocks !=
            ((as_spu.out_channels - 16'd1) >> (as_spu.out_bf16 ? 5 : 6)) + 16'd1)
          bad[30] = 1'b1;
        // Bytes of bytes, or BF16 of BF16, which pass no epilogue.
        if (as_spu.out_bf16 != (as_spu.dtype == commands_pkg::DtypeBf16)) bad[65] = 1'b1;
        if (as_spu.float_epilogue) bad[65] = 1'b1;
        if (as_spu.out_bf16 && as_spu.add_enable) bad[64] = 1'b1;
        if (as_spu.shape != '0) bad[45] = 1'b1;
        if (as_spu.weights_resident || as_spu.weights_keep) bad[64] = 1'b1;
        if (as_spu.in_zero != '0) bad[66] = 1'b1;
      end
    end
    if (enable_i && is_rows) begin
      if (as_rows.activation != '0) bad[10] = 1'b1;
      if (as_rows.row_function > commands_pkg::RowFunctionStatistics) bad[16] = 1'b1;
      if (as_rows.affine && (as_rows.row_function != commands_pkg::RowFunctionLayerNorm ||
                             as_rows.columns > 17'(commands_pkg::MaxAffineColumns)))
        bad[16] = 1'b1;
      if (as_rows.rows == '0) bad[44] = 1'b1;
      if (as_rows.columns == '0 || as_rows.columns > 17'(commands_pkg::MaxColumns)) bad[48] = 1'b1;
    end
  end

  assign field_bad_o = bad != '0;
  always_comb begin : lowest
    int unsigned b;
    b            = 0;
    field_byte_o = '0;
    if (field_bad_o) begin
      for (b = 0; b < NumBytes; b = b + 1) begin
        if (bad[NumBytes-1-b]) field_byte_o = 7'(NumBytes - 1 - b);
      end
    end
  end

  // ---- Alignment ----
  // mem_addr lies at the same place in both commands that have it.
  always_comb begin
    align_byte_o = 7'd16;
    align_bad_o  = enable_i && (is_dma || is_weights) && as_dma.mem_addr[5:0] != '0;
    if (enable_i && is_dma && !align_bad_o) begin
      align_bad_o = as_dma.mem_stride1[5:0] != '0 || as_dma.mem_stride2[5:0] != '0 ||
                    as_dma.mem_stride3[5:0] != '0;
      if (as_dma.mem_stride1[5:0] != '0) align_byte_o = 7'd40;
      else if (as_dma.mem_stride2[5:0] != '0) align_byte_o = 7'd44;
      else align_byte_o = 7'd48;
    end
  end

endmodule
