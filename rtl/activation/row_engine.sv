/// Rows through softmax, LayerNorm or statistics, local buffer to local buffer, by commands.
/// Two passes over the data, the first of one row beside the second of those before: 32 elements
/// per clock on each read port. Ports are held until taken and answer one clock later, as those of
/// the local buffer. One command at a time; done_o for a clock when its last word was taken, with
/// error_o instead of any access if the command is not legal. docs/blocks/row_engine.md.
/// Model: sim/activation/row_engine.hpp
`include "assert.svh"

module row_engine (
    input  logic                            clk_i,
    input  logic                            rst_ni,
    // Commands
    input  logic                            cmd_valid_i,
    output logic                            cmd_ready_o,
    input  commands_pkg::rows_command_t cmd_i,
    output logic                            done_o,
    output logic                            error_o,
    // Read port of pass 1
    output logic                            rd0_valid_o,
    input  logic                            rd0_ready_i,
    output logic [                    23:0] rd0_addr_o,
    input  logic                            rd0_rvalid_i,
    input  logic [                   511:0] rd0_rdata_i,
    // Read port of pass 2 and of the parameters
    output logic                            rd1_valid_o,
    input  logic                            rd1_ready_i,
    output logic [                    23:0] rd1_addr_o,
    input  logic                            rd1_rvalid_i,
    input  logic [                   511:0] rd1_rdata_i,
    // Write port
    output logic                            wr_valid_o,
    input  logic                            wr_ready_i,
    output logic [                    23:0] wr_addr_o,
    output logic [                   511:0] wr_data_o
);

  localparam int unsigned IntegerBits = commands_pkg::RowExponentBits;
  `S4_CHECK_PARAM(gen_check_lanes, row_pkg::Lanes == commands_pkg::RowLanes)
  `S4_CHECK_PARAM(gen_check_fraction, row_pkg::Fraction == activation_tables_pkg::Fraction)
  `S4_CHECK_PARAM(gen_check_ceiling, row_pkg::CeilingWidth == IntegerBits + 2)
  `S4_CHECK_PARAM(gen_check_exponent,
                  row_pkg::ExponentWidth == row_pkg::CeilingWidth + row_pkg::Fraction)
  `S4_CHECK_PARAM(gen_check_term, row_pkg::TermWidth == commands_pkg::RowTermFraction + 1)
  `S4_CHECK_PARAM(gen_check_sum, row_pkg::SumWidth ==
                                 row_pkg::TermWidth + $clog2(commands_pkg::MaxColumns))

  typedef enum logic [2:0] {
    StIdle, StCheck, StParameters, StStart, StRun
  } state_e;

  state_e state_q, state_d;
  commands_pkg::rows_command_t command_q;

  // ---- Shape ----
  logic softmax, statistics, legal, in_bf16, written;
  logic [11:0] beats, in_words, out_words;
  logic unused_fields;

  assign softmax    = command_q.row_function == commands_pkg::RowFunctionSoftmax;
  assign statistics = command_q.row_function == commands_pkg::RowFunctionStatistics;
  assign in_bf16    = command_q.dtype == 4'd1;
  assign beats      = 12'((command_q.columns + 17'd31) >> 5);
  assign in_words   = in_bf16 ? beats : (beats + 12'd1) >> 1;
  assign out_words  = statistics ? 12'd1 : command_q.out_bf16 ? beats : (beats + 12'd1) >> 1;
  assign legal      = command_q.opcode == commands_pkg::OpcodeRows &&
                      (command_q & ~commands_pkg::RowsCommandMask) == '0 &&
                      command_q.row_function <= commands_pkg::RowFunctionStatistics &&
                      command_q.dtype <= 4'd1 && command_q.rows != 16'd0 &&
                      command_q.columns != 17'd0 &&
                      command_q.columns <= 17'(commands_pkg::MaxColumns) &&
                      !(command_q.affine &&
                        (softmax || statistics ||
                         command_q.columns > 17'(commands_pkg::MaxAffineColumns)));

  // ---- Control ----
  logic reader1_busy, reader0_busy, writer_busy, reader1_valid, reader1_ready;
  logic [511:0] reader1_data;
  logic [11:0] loaded_q;
  logic unused_busy;
  assign unused_busy = reader0_busy || writer_busy || reader1_busy;

  always_comb begin
    state_d = state_q;
    unique case (state_q)
      StIdle: if (cmd_valid_i) state_d = StCheck;
      StCheck: state_d = !legal ? StIdle : command_q.affine ? StParameters : StStart;
      StParameters: if (loaded_q == beats << 2) state_d = StStart;
      StStart: state_d = StRun;
      StRun: if (written) state_d = StIdle;
      default: state_d = StIdle;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) state_q <= StIdle;
    else state_q <= state_d;
  end

  always_ff @(posedge clk_i) begin
    if (state_q == StIdle) command_q <= cmd_i;
    if (state_q != StParameters) loaded_q <= 12'd0;
    else if (reader1_valid) loaded_q <= loaded_q + 12'd1;
  end

  assign cmd_ready_o   = state_q == StIdle;
  assign error_o       = state_q == StCheck && !legal;
  assign done_o        = error_o || (state_q == StRun && written);
  assign unused_fields = ^{command_q.reserved0, command_q.opcode};

  // ---- Pass 1 ----
  logic word0_valid, word0_ready, beat0_valid, beat0_ready, beat0_first, beat0_last;
  logic [511:0] word0;
  logic [row_pkg::Lanes*16-1:0] beat0;
  logic [row_pkg::Lanes-1:0] beat0_mask;

  row_reader u_reader0 (
      .clk_i,
      .rst_ni,
      .start_i      (state_q == StStart),
      .addr_i       (command_q.in_addr),
      .row_stride_i (command_q.in_row),
      .word_stride_i(command_q.in_word),
      .rows_i       (24'(command_q.rows)),
      .words_i      (in_words),
      .busy_o       (reader0_busy),
      .rd_valid_o   (rd0_valid_o),
      .rd_ready_i   (rd0_ready_i),
      .rd_addr_o    (rd0_addr_o),
      .rd_rvalid_i  (rd0_rvalid_i),
      .rd_rdata_i   (rd0_rdata_i),
      .out_valid_o  (word0_valid),
      .out_ready_i  (word0_ready),
      .out_data_o   (word0)
  );

  row_unpack u_unpack0 (
      .clk_i,
      .rst_ni,
      .columns_i  (command_q.columns),
      .bf16_i     (in_bf16),
      .unsigned_i (command_q.in_unsigned),
      .in_valid_i (word0_valid),
      .in_ready_o (word0_ready),
      .in_data_i  (word0),
      .out_valid_o(beat0_valid),
      .out_ready_i(beat0_ready),
      .out_data_o (beat0),
      .out_mask_o (beat0_mask),
      .out_first_o(beat0_first),
      .out_last_o (beat0_last)
  );

  logic record_valid, record_ready;
  row_pkg::record_t record;

  row_statistics u_statistics (
      .clk_i,
      .rst_ni,
      .function_i  (command_q.row_function),
      .factor_i    (command_q.factor),
      .in_valid_i  (beat0_valid),
      .in_ready_o  (beat0_ready),
      .in_data_i   (beat0),
      .in_mask_i   (beat0_mask),
      .in_first_i  (beat0_first),
      .in_last_i   (beat0_last),
      .out_valid_o (record_valid),
      .out_ready_i (record_ready),
      .out_record_o(record)
  );

  // ---- Between the passes ----
  logic scalars_valid, scalars_ready, statistics_valid, statistics_ready;
  row_pkg::scalars_t scalars;
  logic [95:0] row_statistic;

  row_scalars u_scalars (
      .clk_i,
      .rst_ni,
      .function_i        (command_q.row_function),
      .inverse_columns_i (command_q.inverse_columns),
      .epsilon_i         (command_q.epsilon),
      .out_factor_i      (command_q.out_factor),
      .in_valid_i        (record_valid),
      .in_ready_o        (record_ready),
      .in_record_i       (record),
      .out_valid_o       (scalars_valid),
      .out_ready_i       (scalars_ready),
      .out_scalars_o     (scalars),
      .statistics_valid_o(statistics_valid),
      .statistics_ready_i(statistics_ready),
      .statistics_o      (row_statistic)
  );

  // ---- Pass 2, after the parameters through the same port ----
  logic loading, word1_ready, beat1_valid, beat1_ready, beat1_last, unused_first;
  logic [row_pkg::Lanes*16-1:0] beat1;
  logic [row_pkg::Lanes-1:0] beat1_mask;

  assign loading       = state_q == StParameters;
  assign reader1_ready = loading || word1_ready;

  row_reader u_reader1 (
      .clk_i,
      .rst_ni,
      .start_i      (state_q == StCheck ? legal && command_q.affine
                                        : state_q == StStart && !statistics),
      .addr_i       (state_q == StCheck ? command_q.param_addr : command_q.in_addr),
      .row_stride_i (command_q.in_row),
      .word_stride_i(loading ? 24'd1 : command_q.in_word),
      .rows_i       (state_q == StCheck ? 24'd1 : 24'(command_q.rows)),
      .words_i      (state_q == StCheck ? beats << 2 : in_words),
      .busy_o       (reader1_busy),
      .rd_valid_o   (rd1_valid_o),
      .rd_ready_i   (rd1_ready_i),
      .rd_addr_o    (rd1_addr_o),
      .rd_rvalid_i  (rd1_rvalid_i),
      .rd_rdata_i   (rd1_rdata_i),
      .out_valid_o  (reader1_valid),
      .out_ready_i  (reader1_ready),
      .out_data_o   (reader1_data)
  );

  row_unpack u_unpack1 (
      .clk_i,
      .rst_ni,
      .columns_i  (command_q.columns),
      .bf16_i     (in_bf16),
      .unsigned_i (command_q.in_unsigned),
      .in_valid_i (reader1_valid && !loading),
      .in_ready_o (word1_ready),
      .in_data_i  (reader1_data),
      .out_valid_o(beat1_valid),
      .out_ready_i(beat1_ready),
      .out_data_o (beat1),
      .out_mask_o (beat1_mask),
      .out_first_o(unused_first),
      .out_last_o (beat1_last)
  );

  logic param_re;
  logic [6:0] param_raddr;
  logic [1023:0] gamma, beta;

  row_parameters u_parameters (
      .clk_i,
      .rst_ni,
      .begin_i(state_q == StCheck),
      .we_i   (loading && reader1_valid),
      .wdata_i(reader1_data),
      .re_i   (param_re),
      .raddr_i(param_raddr),
      .gamma_o(gamma),
      .beta_o (beta)
  );

  logic word_valid, word_ready, out_valid, out_ready;
  logic [511:0] word;

  row_normalize u_normalize (
      .clk_i,
      .rst_ni,
      .softmax_i      (softmax),
      .affine_i       (command_q.affine),
      .factor_i       (command_q.factor),
      .out_factor_i   (command_q.out_factor),
      .out_bf16_i     (command_q.out_bf16),
      .out_zero_i     (command_q.out_zero),
      .out_min_i      (command_q.out_min),
      .out_max_i      (command_q.out_max),
      .in_valid_i     (beat1_valid),
      .in_ready_o     (beat1_ready),
      .in_data_i      (beat1),
      .in_mask_i      (beat1_mask),
      .in_last_i      (beat1_last),
      .scalars_valid_i(scalars_valid),
      .scalars_ready_o(scalars_ready),
      .scalars_i      (scalars),
      .param_re_o     (param_re),
      .param_raddr_o  (param_raddr),
      .gamma_i        (gamma),
      .beta_i         (beta),
      .out_valid_o    (word_valid),
      .out_ready_i    (word_ready),
      .out_data_o     (word)
  );

  // ---- Results ----
  assign out_valid        = statistics ? statistics_valid : word_valid;
  assign statistics_ready = statistics && out_ready;
  assign word_ready       = !statistics && out_ready;

  row_writer u_writer (
      .clk_i,
      .rst_ni,
      .start_i      (state_q == StStart),
      .addr_i       (command_q.out_addr),
      .row_stride_i (command_q.out_row),
      .word_stride_i(command_q.out_word),
      .rows_i       (24'(command_q.rows)),
      .words_i      (out_words),
      .busy_o       (writer_busy),
      .done_o       (written),
      .in_valid_i   (out_valid),
      .in_ready_o   (out_ready),
      .in_data_i    (statistics ? {416'd0, row_statistic} : word),
      .wr_valid_o,
      .wr_ready_i,
      .wr_addr_o,
      .wr_data_o
  );

endmodule
