/// Names the section of every word of a weight stream: walks the pieces of a command, each made of
/// parameter, index and value words, sections of no words left out.
/// Combinational from registers; one word per clock; one clock between two commands.
/// Model: tests/dma/weight_dma_test.cpp
`include "assert.svh"

module weight_sections (
    input  logic        clk_i,
    input  logic        rst_ni,
    // Command, at least one piece and one word
    input  logic        cmd_valid_i,
    output logic        cmd_ready_o,
    input  logic [15:0] cmd_param_words_i,
    input  logic [23:0] cmd_index_words_i,
    input  logic [23:0] cmd_value_words_i,
    input  logic [15:0] cmd_count_i,
    // The next word of the stream; advance_i goes on to the one behind it
    output logic        valid_o,
    output logic [ 1:0] section_o,  // 0 parameters, 1 indices, 2 values
    output logic        last_o,  // last word of the command
    input  logic        advance_i
);

  localparam logic [1:0] SectionParam = 2'd0;
  localparam logic [1:0] SectionIndex = 2'd1;
  localparam logic [1:0] SectionValue = 2'd2;

  logic active_q;
  logic [15:0] param_words_q, count_q;
  logic [23:0] index_words_q, value_words_q, left_q;
  logic [1:0] section_q;

  logic start, section_ends, piece_ends;
  assign cmd_ready_o  = !active_q;
  assign start        = cmd_valid_i && cmd_ready_o;
  assign valid_o      = active_q;
  assign section_o    = section_q;
  assign section_ends = left_q == 24'd1;
  assign last_o       = section_ends && piece_ends && count_q == 16'd1;

  // ---- Section that follows ----
  logic [1:0] section_d;
  logic [23:0] left_d;
  logic [15:0] first_param;
  logic [23:0] first_index, first_value;
  assign first_param = start ? cmd_param_words_i : param_words_q;
  assign first_index = start ? cmd_index_words_i : index_words_q;
  assign first_value = start ? cmd_value_words_i : value_words_q;

  always_comb begin
    piece_ends = 1'b0;
    if (!start && section_q == SectionParam && index_words_q != '0) begin
      section_d = SectionIndex;
      left_d    = index_words_q;
    end else if (!start && section_q != SectionValue && value_words_q != '0) begin
      section_d = SectionValue;
      left_d    = value_words_q;
    end else begin
      piece_ends = !start;
      if (first_param != '0) begin
        section_d = SectionParam;
        left_d    = 24'(first_param);
      end else if (first_index != '0) begin
        section_d = SectionIndex;
        left_d    = first_index;
      end else begin
        section_d = SectionValue;
        left_d    = first_value;
      end
    end
  end

  // ---- Registers ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (start) active_q <= 1'b1;
    else if (advance_i && last_o) active_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      param_words_q <= cmd_param_words_i;
      index_words_q <= cmd_index_words_i;
      value_words_q <= cmd_value_words_i;
      count_q       <= cmd_count_i;
    end
    if (start || (advance_i && section_ends)) begin
      section_q <= section_d;
      left_q    <= left_d;
    end else if (advance_i) begin
      left_q <= left_q - 24'd1;
    end
    if (advance_i && section_ends && piece_ends) count_q <= count_q - 16'd1;
  end

  // ---- Assertions ----
  `S4_ASSERT(AdvancesWord, !advance_i || valid_o)
  `S4_ASSERT(CommandNotEmpty, !start || (cmd_count_i != '0 &&
             {cmd_param_words_i, cmd_index_words_i, cmd_value_words_i} != '0))

endmodule
