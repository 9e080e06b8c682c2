/// Power-down of one rank: after IdleClocks without requests and refreshes CKE falls; it rises
/// again when a request or a due refresh comes, at least tCKE later. enable_o is high while
/// commands may be chosen: it falls some clocks before CKE and rises so early that the first
/// command is at the pins tXP after CKE. Model: sim/memory (device) checks the times
`include "assert.svh"

module memory_power #(
    parameter int unsigned IdleClocks = 64,  // clocks, >= 64: longer than any access lasts
    parameter int unsigned TXp = lpddr4_pkg::TXp,  // CK
    parameter int unsigned TCke = lpddr4_pkg::TCke  // CK
) (
    input  logic clk_i,
    input  logic rst_ni,
    input  logic start_i,  // the initialisation is over
    input  logic busy_i,   // requests, or a refresh chosen
    output logic enable_o,
    output logic down_o,   // CKE is low
    output logic ahead_o   // refreshes may be done ahead
);

  localparam int unsigned Settle = 8;  // clocks from the last command to CKE low
  // enable_o is seen by stage 1 of the scheduler; its command is at the pins three clocks later,
  // and CKE one clock after down_o.
  localparam int unsigned WakeClocks = (TXp + 1) / 2 - 3;
  localparam int unsigned DownClocks = (TCke + 1) / 2 - 1;
  localparam int unsigned TimeWidth = $clog2(IdleClocks + WakeClocks + DownClocks + 1);

  `S4_CHECK_PARAM(gen_check_idle, IdleClocks >= 64)
  `S4_CHECK_PARAM(gen_check_times, TXp >= 7 && TCke >= 3)

  typedef enum logic [1:0] {
    StActive,
    StSettle,
    StDown,
    StWake
  } state_e;
  state_e state_q, state_d;
  logic [TimeWidth-1:0] time_q, time_d;
  logic over;
  assign over = time_q == '0;

  always_comb begin
    state_d = state_q;
    time_d  = over ? '0 : time_q - TimeWidth'(1);
    unique case (state_q)
      StActive:
      if (busy_i || !start_i) time_d = TimeWidth'(IdleClocks);
      else if (over) begin
        state_d = StSettle;
        time_d  = TimeWidth'(Settle);
      end
      StSettle:
      if (busy_i) begin
        state_d = StActive;
        time_d  = TimeWidth'(IdleClocks);
      end else if (over) begin
        state_d = StDown;
        time_d  = TimeWidth'(DownClocks);
      end
      StDown:
      if (over && busy_i) begin
        state_d = StWake;
        time_d  = TimeWidth'(WakeClocks);
      end
      default:
      if (over) begin
        state_d = StActive;
        time_d  = TimeWidth'(IdleClocks);
      end
    endcase
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q  <= StActive;
      time_q   <= TimeWidth'(IdleClocks);
      enable_o <= 1'b0;
      down_o   <= 1'b0;
    end else begin
      state_q  <= state_d;
      time_q   <= time_d;
      enable_o <= start_i && state_d == StActive;
      down_o   <= state_d == StDown;
    end
  end
  assign ahead_o = enable_o;

endmodule
