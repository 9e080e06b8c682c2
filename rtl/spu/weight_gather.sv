/// Turns the word stream of the weight DMA into rows of the parameter, index and value buffers.
/// A block of 3 words (indices) or 4 words (values) becomes IndexRowsPerBlock rows, one per clock,
/// while the next block is collected; LanesPerQuadrant / 8 words become one parameter row. Takes
/// one word per clock as long as a block makes no more rows than it has words. Latency 1 clock.
/// Model: sim/spu/weight_stream.hpp
`include "assert.svh"
module weight_gather #(
    localparam int unsigned Lanes      = config_pkg::LanesPerQuadrant,
    localparam int unsigned ValueBits  = config_pkg::ArrayLanes * 8,
    localparam int unsigned IndexBits  = config_pkg::ArrayLanes * sparse_format_pkg::IndexBits,
    localparam int unsigned ParamBits  = Lanes * 64
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // Words from the weight DMA; section 0 parameters, 1 indices, 2 values
    input  logic                 word_valid_i,
    output logic                 word_ready_o,
    input  logic [        511:0] word_data_i,
    input  logic [          1:0] word_section_i,
    // Rows out
    output logic                 param_valid_o,
    input  logic                 param_ready_i,
    output logic [ParamBits-1:0] param_data_o,
    output logic                 index_valid_o,
    input  logic                 index_ready_i,
    output logic [IndexBits-1:0] index_data_o,
    output logic                 value_valid_o,
    input  logic                 value_ready_i,
    output logic [ValueBits-1:0] value_data_o
);

  localparam int unsigned ParamWords = ParamBits / 512;
  localparam int unsigned CollectWords = (ParamWords > 4) ? ParamWords : 4;
  localparam int unsigned RowsPerBlock = config_pkg::IndexRowsPerBlock;
  localparam int unsigned RowCountBits = $clog2(RowsPerBlock + 1);

  // The newest word enters at the top and older ones move down, so that a complete section of n
  // words fills the upper n words, first word lowest.
  logic [CollectWords*512-1:0] collect_d;
  logic [(CollectWords-1)*512-1:0] collect_q;
  logic [2:0] count_q, last_index;
  logic complete, word_fire;

  logic [2047:0] emit_q;
  logic [RowCountBits-1:0] rows_left_q;
  logic emit_value_q, emit_free, row_fire;

  // ---- Collect ----
  assign last_index = (word_section_i == 2'd0) ? 3'(ParamWords - 1) :
                      (word_section_i == 2'd1) ? 3'd2 : 3'd3;
  assign complete = word_valid_i && (count_q == last_index);
  assign row_fire = (index_valid_o && index_ready_i) || (value_valid_o && value_ready_i);
  assign emit_free = (rows_left_q == '0) || (rows_left_q == RowCountBits'(1) && row_fire);
  assign word_ready_o = (count_q != last_index) ? 1'b1 :
                        (word_section_i == 2'd0) ? param_ready_i : emit_free;
  assign word_fire = word_valid_i && word_ready_o;
  assign collect_d = {word_data_i, collect_q};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      count_q <= '0;
    end else if (word_fire) begin
      count_q <= complete ? '0 : count_q + 3'd1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (word_fire) collect_q <= collect_d[CollectWords*512-1:512];
  end

  assign param_valid_o = complete && (word_section_i == 2'd0);
  assign param_data_o = collect_d[CollectWords*512-1-:ParamBits];

  // ---- Emit: RowsPerBlock rows of a block, lowest first ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      rows_left_q  <= '0;
      emit_value_q <= 1'b0;
    end else if (word_fire && complete && (word_section_i != 2'd0)) begin
      rows_left_q  <= RowCountBits'(RowsPerBlock);
      emit_value_q <= word_section_i[1];
    end else if (row_fire) begin
      rows_left_q <= rows_left_q - RowCountBits'(1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (word_fire && complete && (word_section_i != 2'd0)) begin
      emit_q <= word_section_i[1] ? collect_d[CollectWords*512-1-:2048]
                                  : {512'd0, collect_d[CollectWords*512-1-:1536]};
    end else if (row_fire) begin
      emit_q <= emit_value_q ? emit_q >> ValueBits : emit_q >> IndexBits;
    end
  end

  assign index_valid_o = (rows_left_q != '0) && !emit_value_q;
  assign index_data_o  = emit_q[IndexBits-1:0];
  assign value_valid_o = (rows_left_q != '0) && emit_value_q;
  assign value_data_o  = emit_q[ValueBits-1:0];

  // ---- Assertions ----
  `S4_ASSERT_HELD(IndexHeld, index_valid_o, index_ready_i, index_data_o)
  `S4_ASSERT_HELD(ValueHeld, value_valid_o, value_ready_i, value_data_o)

endmodule
