/// Operands with which command_check finds the highest address of each strided box of a command:
/// what the sums begin with, and what the two multipliers work on in each of four steps.
/// Combinational. Model: sim/sequencer/command_check.hpp
//   step  a (dma, weights)        a (spu)               b (dma)              b (spu)
//   0     counts-1 x mem_stride1  images x out_height   counts-1 x local_s1  blocks x plane
//   1     .. stride2              that x out_width      .. stride2           images x image
//   2     .. stride3              out blocks x plane    .. stride3           rows x row
//   3                             out blocks x add plane
//   rows: 0 rows-1 x row strides, 1 words-1 x word strides, of the results (a) and the input (b)
module command_operands #(
    parameter int unsigned SumWidth = 52  // 3 products of 48 bits, address and row
) (
    input  logic [commands_pkg::CommandBits-1:0] cmd_i,
    // One-hot
    input  logic [                          3:0] step_i,
    // Product a of the step before
    input  logic [                         31:0] product_a_i,
    output logic [                         31:0] wide_a_o,
    output logic [                         15:0] narrow_a_o,
    output logic [                         23:0] wide_b_o,
    output logic [                         15:0] narrow_b_o,
    // a: memory byte, or output word; b: local-buffer word; c: second tensor's word, or that of the
    // parameters of rows
    output logic [                 SumWidth-1:0] first_a_o,
    output logic [                 SumWidth-1:0] first_b_o,
    output logic [                 SumWidth-1:0] first_c_o
);

  commands_pkg::dma_command_t as_dma;
  commands_pkg::weights_command_t as_weights;
  commands_pkg::spu_command_t as_spu;
  commands_pkg::rows_command_t as_rows;
  assign as_dma     = cmd_i;
  assign as_weights = cmd_i;
  assign as_spu     = cmd_i;
  assign as_rows    = cmd_i;

  // Each view uses only its own fields.
  logic [4*commands_pkg::CommandBits-1:0] unused_views;
  assign unused_views = {as_dma, as_weights, as_spu, as_rows};

  logic is_dma, is_weights, is_spu, is_rows;
  assign is_dma = as_dma.opcode == commands_pkg::OpcodeLoad ||
                  as_dma.opcode == commands_pkg::OpcodeStore;
  assign is_weights = as_dma.opcode == commands_pkg::OpcodeWeights;
  assign is_spu = as_dma.opcode == commands_pkg::OpcodeSpu;
  assign is_rows = as_dma.opcode == commands_pkg::OpcodeRows;

  logic [31:0] total_bytes;
  logic [15:0] out_blocks;
  assign total_bytes = {26'(as_weights.param_words) + 26'(as_weights.index_words) +
                        26'(as_weights.value_words), 6'b0};
  // ceil(out_channels / 64) - 1, of BF16 / 32; out_channels = 0 is refused as a field
  assign out_blocks = (as_spu.out_channels - 16'd1) >> (as_spu.out_bf16 ? 5 : 6);

  // Beats and words of a row, less one
  logic [15:0] last_beat, row_in, row_out;
  assign last_beat = 16'((as_rows.columns - 17'd1) >> 5);
  assign row_in = as_rows.dtype == commands_pkg::DtypeBf16 ? last_beat : last_beat >> 1;
  assign row_out = as_rows.row_function == commands_pkg::RowFunctionStatistics ? 16'd0
                   : as_rows.out_bf16 ? last_beat : last_beat >> 1;

  always_comb begin
    wide_a_o   = '0;
    narrow_a_o = '0;
    wide_b_o   = '0;
    narrow_b_o = '0;
    if (step_i[0]) begin
      if (is_dma) begin
        wide_a_o   = as_dma.mem_stride1;
        wide_b_o   = as_dma.local_stride1;
        narrow_a_o = as_dma.count1 - 16'd1;
        narrow_b_o = as_dma.count1 - 16'd1;
      end else if (is_weights) begin
        wide_a_o   = total_bytes;
        narrow_a_o = as_weights.count;
      end else if (is_spu) begin
        wide_a_o   = 32'(as_spu.images);
        narrow_a_o = as_spu.out_height;
        wide_b_o   = as_spu.in_plane;
        narrow_b_o = as_spu.in_blocks - 16'd1;
      end else if (is_rows) begin
        wide_a_o   = 32'(as_rows.out_row);
        narrow_a_o = as_rows.rows - 16'd1;
        wide_b_o   = as_rows.in_row;
        narrow_b_o = as_rows.rows - 16'd1;
      end
    end
    if (step_i[1]) begin
      if (is_dma) begin
        wide_a_o   = as_dma.mem_stride2;
        wide_b_o   = as_dma.local_stride2;
        narrow_a_o = as_dma.count2 - 16'd1;
        narrow_b_o = as_dma.count2 - 16'd1;
      end else if (is_spu) begin
        wide_a_o   = product_a_i;
        narrow_a_o = as_spu.out_width;
        wide_b_o   = as_spu.in_image;
        narrow_b_o = as_spu.images - 16'd1;
      end else if (is_rows) begin
        wide_a_o   = 32'(as_rows.out_word);
        narrow_a_o = row_out;
        wide_b_o   = as_rows.in_word;
        narrow_b_o = row_in;
      end
    end
    if (step_i[2]) begin
      if (is_dma) begin
        wide_a_o   = as_dma.mem_stride3;
        wide_b_o   = as_dma.local_stride3;
        narrow_a_o = as_dma.count3 - 16'd1;
        narrow_b_o = as_dma.count3 - 16'd1;
      end else if (is_spu) begin
        wide_a_o   = 32'(as_spu.out_plane);
        narrow_a_o = out_blocks;
        wide_b_o   = 24'(as_spu.in_row);
        narrow_b_o = as_spu.in_height - 16'd1;
      end
    end
    if (step_i[3] && is_spu) begin
      wide_a_o   = 32'(as_spu.add_plane);
      narrow_a_o = out_blocks;
    end
  end

  always_comb begin
    if (is_spu) begin
      first_a_o = SumWidth'(as_spu.out_addr) + SumWidth'(as_spu.pixels) - SumWidth'(1);
      first_b_o = SumWidth'(as_spu.in_addr) + SumWidth'(as_spu.in_width) - SumWidth'(1);
    end else if (is_rows) begin
      first_a_o = SumWidth'(as_rows.out_addr);
      first_b_o = SumWidth'(as_rows.in_addr);
    end else begin
      first_a_o = SumWidth'(as_dma.mem_addr) - SumWidth'(1) +
                  (is_dma ? SumWidth'({as_dma.count0, 6'b0}) : '0);
      first_b_o = is_dma ? SumWidth'(as_dma.local_addr) + SumWidth'(as_dma.count0) - SumWidth'(1)
                  : SumWidth'(as_weights.local_addr) + SumWidth'(as_weights.value_words) -
                    SumWidth'(1);
    end
    first_c_o = is_rows ? SumWidth'(as_rows.param_addr) + SumWidth'({last_beat, 2'b11})
                        : SumWidth'(as_spu.add_addr) + SumWidth'(as_spu.pixels) - SumWidth'(1);
  end

endmodule
