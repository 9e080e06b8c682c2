/// Times between the commands of one rank, and to those of the other rank, counted as in
/// memory_bank. What may be done: bit p for phase p of this clock. A command of this clock counts
/// from the next clock on. Model: sim/memory (device)
`include "assert.svh"

module memory_rank #(
    parameter int unsigned TRrd = lpddr4_pkg::TRrd,  // CK, each 1..200
    parameter int unsigned TFaw = lpddr4_pkg::TFaw,
    parameter int unsigned TCcd = lpddr4_pkg::TCcd,  // >= 8
    parameter int unsigned TRdWr = lpddr4_pkg::TRdWr,
    parameter int unsigned TWrRd = lpddr4_pkg::TWrRd,
    parameter int unsigned TRankSwitch = lpddr4_pkg::TRankSwitch,
    parameter int unsigned TPpd = lpddr4_pkg::TPpd,
    parameter int unsigned TPbr2Pbr = lpddr4_pkg::TPbr2Pbr
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    // Command of this clock; to this rank or the other
    input  logic [3:0] kind_i,
    input  logic       phase_i,
    input  logic       mine_i,
    // In the next clock
    output logic       read_soon_o,
    output logic       write_soon_o,
    output logic       activate_soon_o,
    output logic       refresh_soon_o,  // as far as the latest refresh is concerned
    // In this clock
    output logic [1:0] read_o,
    output logic [1:0] write_o,
    output logic [1:0] activate_o,
    output logic [1:0] precharge_o,
    output logic [1:0] refresh_o
);

  // Between ranks only the data bus counts.
  localparam int unsigned ReadData = lpddr4_pkg::TRl + lpddr4_pkg::TDqsck;
  localparam int unsigned WriteData = lpddr4_pkg::TWl + lpddr4_pkg::TDqss;
  localparam int unsigned OtherSame = lpddr4_pkg::BurstClocks + TRankSwitch;
  localparam int unsigned OtherRdWr = ReadData + OtherSame - WriteData;
  localparam int unsigned OtherWrRd =
      (WriteData + OtherSame > ReadData + TCcd) ? WriteData + OtherSame - ReadData : TCcd;

  `S4_CHECK_PARAM(gen_check_ccd, TCcd >= 8 && TCcd <= 200 && TFaw <= 200 && TRrd <= 200)
  `S4_CHECK_PARAM(gen_check_turn, TRdWr <= 200 && TWrRd <= 200 && TPbr2Pbr <= 200)

  function automatic logic [7:0] later(input logic [7:0] a, input logic [7:0] b);
    later = (a > b) ? a : b;
  endfunction
  function automatic logic [7:0] passed(input logic [7:0] time_left);
    passed = (time_left > 8'd2) ? time_left - 8'd2 : 8'd0;
  endfunction

  logic [7:0] read_q, write_q, precharge_q;
  logic [7:0] activate_q;  // activate, refresh
  logic [7:0] refresh_q;
  logic [31:0] window_q;  // after the four latest activates and refreshes, the oldest lowest
  logic [7:0] read, write, precharge, activate, refresh, opening;
  logic [31:0] window;
  logic [7:0] long_end, short_end;  // as in memory_bank
  logic is_write;
  assign long_end  = 8'd1 + 8'(phase_i);
  assign short_end = 8'(phase_i);
  assign is_write  = kind_i == lpddr4_pkg::CommandWrite || kind_i == lpddr4_pkg::CommandMaskedWrite;

  // ---- Times ----
  always_comb begin : times
    int unsigned w;
    read      = passed(read_q);
    write     = passed(write_q);
    precharge = passed(precharge_q);
    activate  = passed(activate_q);
    refresh   = passed(refresh_q);
    for (w = 0; w < 4; w = w + 1) window[8*w+:8] = passed(window_q[8*w+:8]);
    if (kind_i == lpddr4_pkg::CommandRead) begin
      read  = later(read, long_end + (mine_i ? 8'(TCcd) : 8'(OtherSame)));
      write = later(write, long_end + (mine_i ? 8'(TRdWr) : 8'(OtherRdWr)));
    end
    if (is_write) begin
      write = later(write, long_end + (mine_i ? 8'(TCcd) : 8'(OtherSame)));
      read  = later(read, long_end + (mine_i ? 8'(TWrRd) : 8'(OtherWrRd)));
    end
    if (mine_i && kind_i == lpddr4_pkg::CommandActivate) begin
      activate = long_end + 8'(TRrd);
      window   = {long_end + 8'(TFaw), window[31:8]};
    end
    if (mine_i && kind_i == lpddr4_pkg::CommandRefresh) begin
      activate = later(activate, short_end + 8'(TRrd) - 8'd1);
      refresh  = short_end + 8'(TPbr2Pbr) - 8'd1;
      window   = {short_end + 8'(TFaw) - 8'd1, window[31:8]};
    end
    if (mine_i && kind_i == lpddr4_pkg::CommandPrecharge) begin
      precharge = short_end + 8'(TPpd) - 8'd1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_q      <= '0;
      write_q     <= '0;
      precharge_q <= '0;
      activate_q  <= '0;
      refresh_q   <= '0;
      window_q    <= '0;
    end else begin
      read_q      <= read;
      write_q     <= write;
      precharge_q <= precharge;
      activate_q  <= activate;
      refresh_q   <= refresh;
      window_q    <= window;
    end
  end

  // ---- What may be done ----
  logic [7:0] refreshing;
  assign opening         = later(activate_q, window_q[7:0]);
  assign refreshing      = later(opening, refresh_q);
  assign read_soon_o     = read_q <= 8'd6;
  assign write_soon_o    = write_q <= 8'd6;
  assign activate_soon_o = opening <= 8'd6;
  assign refresh_soon_o  = refresh_q <= 8'd4;
  assign read_o          = {read_q <= 8'd4, read_q <= 8'd3};
  assign write_o         = {write_q <= 8'd4, write_q <= 8'd3};
  assign activate_o      = {opening <= 8'd4, opening <= 8'd3};
  assign precharge_o     = {precharge_q <= 8'd2, precharge_q <= 8'd1};
  assign refresh_o       = {refreshing <= 8'd2, refreshing <= 8'd1};

endmodule
