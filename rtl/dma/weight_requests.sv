/// Requests of the weight DMA: the pieces of a command lie one behind the other in memory, so a
/// command is one run of count * (param + index + value) words, cut into bursts of at most 16 words
/// that never cross a 1024 B boundary (sections and pieces do not cut them). With from_local the
/// addresses are words of the local buffer instead, in the same units and cuts.
/// One burst per clock while burst_ready_i. The length of a command is multiplied out one bit of
/// count per clock, beside the bursts of the command before it.
/// Model: tests/dma/weight_dma_test.cpp
`include "assert.svh"

module weight_requests (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    // Command, taken when start_valid_i && start_ready_o
    input  logic                                  start_valid_i,
    output logic                                  start_ready_o,
    input  commands_pkg::weights_command_t        start_command_i,
    // Bursts: byte address, beats minus one
    output logic                                  burst_valid_o,
    input  logic                                  burst_ready_i,
    output logic [memory_port_pkg::AddrWidth-1:0] burst_addr_o,
    output logic [3:0]                            burst_len_o,
    output logic                                  burst_local_o
);

  localparam int unsigned OffsetBits = $clog2(memory_port_pkg::BeatBytes);
  localparam int unsigned WordBits = memory_port_pkg::AddrWidth - OffsetBits;
  // The sequencer has checked that the run lies in memory: at most 2^WordBits words.
  localparam int unsigned RunBits = WordBits + 1;

  // ---- Length of the next command ----
  logic prepare_q, start, prepared, hand_over, prepare_local_q;
  logic [WordBits-1:0] prepare_word_q;
  logic [RunBits-1:0] piece_q, total_q;  // piece words times the weight of count_q's lowest bit
  logic [15:0] count_q;

  assign start_ready_o = !prepare_q;
  assign start         = start_valid_i && start_ready_o;
  assign prepared      = prepare_q && count_q == '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) prepare_q <= 1'b0;
    else if (start) prepare_q <= 1'b1;
    else if (hand_over) prepare_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (start) begin
      prepare_local_q <= start_command_i.from_local;
      prepare_word_q  <= start_command_i.from_local
                         ? WordBits'(start_command_i.local_addr)
                         : start_command_i.mem_addr[OffsetBits+:WordBits];
      count_q         <= start_command_i.count;
      total_q         <= '0;
      piece_q         <= RunBits'(start_command_i.param_words) +
                         RunBits'(start_command_i.index_words) +
                         RunBits'(start_command_i.value_words);
    end else if (prepare_q && count_q != '0) begin
      if (count_q[0]) total_q <= total_q + piece_q;
      piece_q <= piece_q << 1;
      count_q <= count_q >> 1;
    end
  end

  // ---- Bursts ----
  logic active_q, local_q, step, run_ends;
  logic [WordBits-1:0] word_q;
  logic [RunBits-1:0] left_q;
  logic [4:0] to_boundary, beats;

  assign to_boundary   = 5'd16 - {1'b0, word_q[3:0]};
  assign run_ends      = left_q <= RunBits'(to_boundary);
  assign beats         = run_ends ? left_q[4:0] : to_boundary;
  assign burst_valid_o = active_q;
  assign burst_addr_o  = {word_q, {OffsetBits{1'b0}}};
  assign burst_len_o   = 4'(beats - 5'd1);
  assign burst_local_o = local_q;
  assign step          = burst_valid_o && burst_ready_i;
  assign hand_over     = prepared && (!active_q || (step && run_ends));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (hand_over) active_q <= 1'b1;
    else if (step && run_ends) active_q <= 1'b0;
  end
  always_ff @(posedge clk_i) begin
    if (hand_over) begin
      word_q  <= prepare_word_q;
      left_q  <= total_q;
      local_q <= prepare_local_q;
    end else if (step) begin
      word_q <= word_q + WordBits'(beats);
      left_q <= left_q - RunBits'(beats);
    end
  end

  logic unused_command;
  assign unused_command = ^start_command_i;

  // ---- Assertions ----
  `S4_ASSERT(RunNotEmpty, !hand_over || total_q != '0)
  `S4_ASSERT_HELD(BurstHeld, burst_valid_o, burst_ready_i,
                  {burst_addr_o, burst_len_o, burst_local_o})

endmodule
