/// Checks one command after the other before it may be dispatched.
/// Operation, fields and alignment (command_fields), then every range: the lowest and the highest
/// address of each strided box against the context's region and the size of the local buffer, by
/// two 32 x 16 bit multipliers over four clocks. The verdict is offered six clocks after
/// acceptance; a command every seven clocks. Error order: memory answer of the fetch, Opcode,
/// Field, Align, MemoryRange, LocalRange; info is a byte offset in the command, for Opcode the
/// operation.
/// Model: sim/sequencer/command_check.hpp
`include "assert.svh"

module command_check (
    input  logic                                     clk_i,
    input  logic                                     rst_ni,
    input  logic                                     flush_i,
    // Regions of context n in 4 KiB pages: first, and first after
    input  logic [   commands_pkg::NumContexts*24-1:0] read_base_i,
    input  logic [   commands_pkg::NumContexts*25-1:0] read_limit_i,
    input  logic [   commands_pkg::NumContexts*24-1:0] write_base_i,
    input  logic [   commands_pkg::NumContexts*25-1:0] write_limit_i,
    // Fetched commands; error: it could not be read
    input  logic                                     in_valid_i,
    output logic                                     in_ready_o,
    input  logic [    commands_pkg::CommandBits-1:0] in_cmd_i,
    input  logic [                             31:0] in_index_i,
    input  logic                                     in_error_i,
    // Checked commands
    output logic                                     out_valid_o,
    input  logic                                     out_ready_i,
    output logic [    commands_pkg::CommandBits-1:0] out_cmd_o,
    output logic [                             31:0] out_index_o,
    output commands_pkg::error_e                     out_error_o,
    output logic [                             31:0] out_info_o,
    // Nothing inside
    output logic                                     empty_o
);

  localparam int unsigned PageWidth = 12;
  localparam int unsigned SumWidth = 52;  // 3 products of 48 bits, address and row
  localparam int unsigned LocalWords = config_pkg::LocalWords;
  // Byte offsets of what a range error names
  localparam int unsigned MemAddrByte = 16, LocalAddrByte = 24;
  localparam int unsigned InAddrByte = 16, OutAddrByte = 52, AddAddrByte = 92, PixelsByte = 60;
  localparam int unsigned OperandAddrByte = 48;
  localparam int unsigned TableAddrByte = 116, TableWords = 4;
  localparam int unsigned RowsInByte = 20, RowsOutByte = 32, RowsParamByte = 52;

  typedef enum logic [2:0] {
    StEmpty,
    StStep0,
    StStep1,
    StStep2,
    StStep3,
    StSum,
    StJudge,
    StOffer
  } state_e;
  state_e state_q, state_d;

  logic [commands_pkg::CommandBits-1:0] cmd_q;
  logic [31:0] index_q;
  logic fetch_error_q, accept;

  commands_pkg::sync_command_t header;
  commands_pkg::dma_command_t as_dma;
  commands_pkg::weights_command_t as_weights;
  commands_pkg::spu_command_t as_spu;
  commands_pkg::rows_command_t as_rows;
  assign header     = cmd_q;
  assign as_dma     = cmd_q;
  assign as_weights = cmd_q;
  assign as_spu     = cmd_q;
  assign as_rows    = cmd_q;

  // Each view uses only its own fields.
  logic [5*commands_pkg::CommandBits-1:0] unused_views;
  assign unused_views = {header, as_dma, as_weights, as_spu, as_rows};

  logic is_store, is_dma, is_weights, is_operand, is_spu, is_rows;
  assign is_store   = header.opcode == commands_pkg::OpcodeStore;
  assign is_dma     = is_store || header.opcode == commands_pkg::OpcodeLoad;
  assign is_weights = header.opcode == commands_pkg::OpcodeWeights;
  assign is_operand = is_weights && as_weights.from_local;
  assign is_spu     = header.opcode == commands_pkg::OpcodeSpu;
  assign is_rows    = header.opcode == commands_pkg::OpcodeRows;

  // ---- Control ----
  assign in_ready_o  = state_q == StEmpty || (state_q == StOffer && out_ready_i);
  assign accept      = in_valid_i && in_ready_o;
  assign out_valid_o = state_q == StOffer;
  assign empty_o     = state_q == StEmpty;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StEmpty: state_d = StEmpty;
      StStep0: state_d = StStep1;
      StStep1: state_d = StStep2;
      StStep2: state_d = StStep3;
      StStep3: state_d = StSum;
      StSum: state_d = StJudge;
      StJudge: state_d = StOffer;
      StOffer: if (out_ready_i) state_d = StEmpty;
      default: state_d = StEmpty;
    endcase
    if (accept) state_d = StStep0;
    if (flush_i) state_d = StEmpty;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= StEmpty;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      cmd_q         <= in_cmd_i;
      index_q       <= in_index_i;
      fetch_error_q <= in_error_i;
    end
  end

  // ---- Checks without multiplication ----
  logic opcode_bad, field_bad, align_bad;
  logic [6:0] field_byte, align_byte;
  logic opcode_bad_q, field_bad_q, align_bad_q;
  logic [6:0] field_byte_q, align_byte_q;

  command_fields u_fields (
      .enable_i    (state_q == StStep0),
      .cmd_i       (cmd_q),
      .opcode_bad_o(opcode_bad),
      .field_bad_o (field_bad),
      .field_byte_o(field_byte),
      .align_bad_o (align_bad),
      .align_byte_o(align_byte)
  );

  // ---- Multipliers: operands of each step, product one clock later ----
  logic [31:0] wide_a;
  logic [23:0] wide_b;
  logic [15:0] narrow_a, narrow_b;
  logic [SumWidth-1:0] first_a, first_b, first_c;
  logic [47:0] product_a_q;
  logic [39:0] product_b_q;

  command_operands #(
      .SumWidth(SumWidth)
  ) u_operands (
      .cmd_i      (cmd_q),
      .step_i     ({state_q == StStep3, state_q == StStep2, state_q == StStep1,
                    state_q == StStep0}),
      .product_a_i(product_a_q[31:0]),
      .wide_a_o   (wide_a),
      .narrow_a_o (narrow_a),
      .wide_b_o   (wide_b),
      .narrow_b_o (narrow_b),
      .first_a_o  (first_a),
      .first_b_o  (first_b),
      .first_c_o  (first_c)
  );

  // ---- Sums: highest address of each box, as first_a, first_b and first_c begin them ----
  logic [SumWidth-1:0] sum_a_q, sum_b_q, sum_c_q;
  logic pixels_bad_q;
  logic stepping;
  assign stepping = state_q == StStep1 || state_q == StStep2 || state_q == StStep3 ||
                    state_q == StSum;

  always_ff @(posedge clk_i) begin
    product_a_q <= 48'(wide_a) * 48'(narrow_a);
    product_b_q <= 40'(wide_b) * 40'(narrow_b);
    if (state_q == StStep0) begin
      opcode_bad_q <= opcode_bad;
      field_bad_q  <= field_bad;
      field_byte_q <= field_byte;
      align_bad_q  <= align_bad;
      align_byte_q <= align_byte;
      pixels_bad_q <= 1'b0;
      sum_a_q <= first_a;
      sum_b_q <= first_b;
      sum_c_q <= first_c;
    end else if (stepping) begin
      sum_b_q <= sum_b_q + SumWidth'(product_b_q);
      if (!is_spu || state_q == StStep3) sum_a_q <= sum_a_q + SumWidth'(product_a_q);
      if (state_q == StSum) sum_c_q <= sum_c_q + SumWidth'(product_a_q);
      if (state_q == StStep2) pixels_bad_q <= is_spu && product_a_q != 48'(as_spu.pixels);
    end
  end

  // ---- Verdict ----
  logic [23:0] base;
  logic [24:0] limit;
  assign base  = is_store ? write_base_i[32'(header.context_id[1:0])*24+:24]
                          : read_base_i[32'(header.context_id[1:0])*24+:24];
  assign limit = is_store ? write_limit_i[32'(header.context_id[1:0])*25+:25]
                          : read_limit_i[32'(header.context_id[1:0])*25+:25];

  // Whatever the region allows, nothing reaches beyond the address space.
  logic beyond_memory;
  assign beyond_memory = sum_a_q[SumWidth-1:memory_port_pkg::AddrWidth] != '0;

  logic memory_bad, in_bad, out_bad, add_bad, table_bad;
  commands_pkg::error_e error, error_q;
  logic [31:0] info, info_q;

  assign memory_bad = (is_dma || (is_weights && !is_operand)) &&
                      (as_dma.mem_addr[35:PageWidth] < base || beyond_memory ||
                       sum_a_q[SumWidth-1:PageWidth] >= (SumWidth - PageWidth)'(limit));
  assign in_bad  = (is_dma || is_operand || is_spu || is_rows) && sum_b_q >= SumWidth'(LocalWords);
  assign out_bad = (is_spu || is_rows) && sum_a_q >= SumWidth'(LocalWords);
  assign add_bad = ((is_spu && as_spu.add_enable) || (is_rows && as_rows.affine)) &&
                   sum_c_q >= SumWidth'(LocalWords);
  assign table_bad = is_spu && as_spu.activation == 8'(commands_pkg::ActivationTable) &&
                     as_spu.table_addr > 24'(LocalWords - TableWords);

  always_comb begin
    error = commands_pkg::ErrorNone;
    info  = '0;
    if (fetch_error_q) begin
      error = commands_pkg::ErrorMemoryResponse;
    end else if (opcode_bad_q) begin
      error = commands_pkg::ErrorOpcode;
      info  = 32'(header.opcode);
    end else if (field_bad_q || pixels_bad_q) begin
      error = commands_pkg::ErrorField;
      info  = (!field_bad_q || (pixels_bad_q && field_byte_q > 7'(PixelsByte)))
              ? 32'(PixelsByte) : 32'(field_byte_q);
    end else if (align_bad_q) begin
      error = commands_pkg::ErrorAlign;
      info  = 32'(align_byte_q);
    end else if (memory_bad) begin
      error = commands_pkg::ErrorMemoryRange;
      info  = 32'(MemAddrByte);
    end else if (in_bad) begin
      error = commands_pkg::ErrorLocalRange;
      info  = is_spu ? 32'(InAddrByte) : is_rows ? 32'(RowsInByte)
              : is_operand ? 32'(OperandAddrByte) : 32'(LocalAddrByte);
    end else if (out_bad) begin
      error = commands_pkg::ErrorLocalRange;
      info  = is_rows ? 32'(RowsOutByte) : 32'(OutAddrByte);
    end else if (add_bad) begin
      error = commands_pkg::ErrorLocalRange;
      info  = is_rows ? 32'(RowsParamByte) : 32'(AddAddrByte);
    end else if (table_bad) begin
      error = commands_pkg::ErrorLocalRange;
      info  = 32'(TableAddrByte);
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == StJudge) begin
      error_q <= error;
      info_q  <= info;
    end
  end

  assign out_cmd_o   = cmd_q;
  assign out_index_o = index_q;
  assign out_error_o = error_q;
  assign out_info_o  = info_q;

  // ---- Assertions ----
  `S4_ASSERT(VerdictHeld, (out_valid_o && !out_ready_i && !flush_i) |=>
                          (out_valid_o && $stable(out_cmd_o)))

endmodule
