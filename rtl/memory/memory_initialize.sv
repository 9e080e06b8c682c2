/// Initialisation after reset: RESET_n low, CKE low, CKE high, then for each rank its mode
/// registers and the impedance calibration; done_o stays high. Commands leave at most every 32
/// clocks, which covers the times between mode register writes. Model: sim/memory (device) checks
/// the order
`include "assert.svh"

module memory_initialize #(
    parameter int unsigned ResetClocks = lpddr4_pkg::InitResetClocks,  // clocks, >= 1
    parameter int unsigned CkeClocks = lpddr4_pkg::InitCkeClocks,  // clocks, >= 1
    parameter int unsigned CommandClocks = lpddr4_pkg::InitCommandClocks  // clocks, >= 1
) (
    input  logic                                         clk_i,
    input  logic                                         rst_ni,
    input  logic                                         two_ranks_i,
    output logic                                         reset_no,
    output logic                                         cke_o,
    output lpddr4_pkg::command_word_t command_o,
    output logic                                         done_o
);

  localparam int unsigned Gap = 32;  // clocks between mode register writes
  localparam int unsigned CalibrateClocks = lpddr4_pkg::TZqCal / 2 + 4;
  localparam int unsigned LatchClocks = lpddr4_pkg::TZqLat / 2 + 4;
  localparam int unsigned Longest = (ResetClocks > CkeClocks) ? ResetClocks : CkeClocks;
  localparam int unsigned TimeWidth = $clog2(Longest + CommandClocks + CalibrateClocks + 1);
  localparam int unsigned NumModes = lpddr4_pkg::NumModeWrites;

  `S4_CHECK_PARAM(gen_check_clocks, ResetClocks >= 1 && CkeClocks >= 1 && CommandClocks >= 1)

  typedef enum logic [2:0] {
    StReset,
    StClockOff,
    StWake,
    StMode,
    StCalibrate,
    StLatch,
    StDone
  } state_e;

  state_e state_q, state_d;
  logic [TimeWidth-1:0] time_q, time_d;
  logic [2:0] mode_q, mode_d;
  logic rank_q, rank_d;
  lpddr4_pkg::command_word_t command;
  logic over;

  function automatic logic [15:0] mode_write(input logic [2:0] index);
    unique case (index)
      3'd0: mode_write = 16'(lpddr4_pkg::Mode0);
      3'd1: mode_write = 16'(lpddr4_pkg::Mode1);
      3'd2: mode_write = 16'(lpddr4_pkg::Mode2);
      3'd3: mode_write = 16'(lpddr4_pkg::Mode3);
      3'd4: mode_write = 16'(lpddr4_pkg::Mode4);
      default: mode_write = 16'(lpddr4_pkg::Mode5);
    endcase
  endfunction

  assign over = time_q == '0;

  always_comb begin
    state_d      = state_q;
    time_d       = over ? '0 : time_q - TimeWidth'(1);
    mode_d       = mode_q;
    rank_d       = rank_q;
    command      = '0;
    command.rank = rank_q;
    unique case (state_q)
      StReset:
      if (over) begin
        state_d = StClockOff;
        time_d  = TimeWidth'(CkeClocks);
      end
      StClockOff:
      if (over) begin
        state_d = StWake;
        time_d  = TimeWidth'(CommandClocks);
      end
      StWake: if (over) state_d = StMode;
      StMode:
      if (over) begin
        command.kind = lpddr4_pkg::CommandModeWrite;
        command.row  = mode_write(mode_q);
        time_d       = TimeWidth'(Gap);
        mode_d       = mode_q + 3'd1;
        if (mode_q == 3'(NumModes - 1)) state_d = StCalibrate;
      end
      StCalibrate:
      if (over) begin
        command.kind = lpddr4_pkg::CommandZqStart;
        time_d       = TimeWidth'(CalibrateClocks);
        state_d      = StLatch;
      end
      StLatch:
      if (over) begin
        command.kind = lpddr4_pkg::CommandZqLatch;
        time_d       = TimeWidth'(LatchClocks);
        mode_d       = '0;
        rank_d       = 1'b1;
        state_d      = (two_ranks_i && !rank_q) ? StMode : StDone;
      end
      default: ;
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q   <= StReset;
      time_q    <= TimeWidth'(ResetClocks);
      mode_q    <= '0;
      rank_q    <= 1'b0;
      command_o <= '0;
      reset_no  <= 1'b0;
      cke_o     <= 1'b0;
      done_o    <= 1'b0;
    end else begin
      state_q   <= state_d;
      time_q    <= time_d;
      mode_q    <= mode_d;
      rank_q    <= rank_d;
      command_o <= command;
      reset_no  <= state_q != StReset;
      cke_o     <= state_q != StReset && state_q != StClockOff;
      done_o    <= state_q == StDone && over;
    end
  end

endmodule
