/// State of one bank: open or not, and the times until it may be activated (or refreshed),
/// accessed, written with masks, precharged. Times are counted to the last edge of the command
/// that waits, in CK after the first CK of this clock; a command of L CK at phase p ends at p + L
/// - 1. A command of this clock counts from the next clock on. After an access with auto-
/// precharge the bank closes when its precharge may begin. A bank without a command whose times are
/// over does nothing, and says so, because there are many of them. Proof: formal/memory_bank.json
`include "assert.svh"

module memory_bank #(
    parameter int unsigned TRcd = lpddr4_pkg::TRcd,  // CK, each 1..250
    parameter int unsigned TRp = lpddr4_pkg::TRp,
    parameter int unsigned TRas = lpddr4_pkg::TRas,
    parameter int unsigned TRc = lpddr4_pkg::TRc,
    parameter int unsigned TRtp = lpddr4_pkg::TRtp,
    parameter int unsigned TWrPre = lpddr4_pkg::TWrPre,
    parameter int unsigned TWrAuto = lpddr4_pkg::TWrAuto,  // >= TWrPre
    parameter int unsigned TCcdMw = lpddr4_pkg::TCcdMw,
    parameter int unsigned TRfcPb = lpddr4_pkg::TRfcPb  // CK, 1..500
) (
    input  logic       clk_i,
    input  logic       rst_ni,
    // Command of this clock to this bank
    input  logic [3:0] kind_i,
    input  logic       phase_i,
    input  logic       auto_precharge_i,
    // State, times
    output logic       open_o,
    output logic       closed_o,  // neither open nor still to be precharged
    output logic [8:0] activate_o,
    output logic [7:0] access_o,
    output logic [7:0] masked_o,
    output logic [7:0] precharge_o
);

  `S4_CHECK_PARAM(gen_check_refresh, TRfcPb <= 500 && TRc <= 250 && TRas <= 250)
  `S4_CHECK_PARAM(gen_check_access, TRcd <= 250 && TCcdMw <= 250 && TRtp <= 250)
  `S4_CHECK_PARAM(gen_check_precharge, TRp <= 250 && TWrPre <= TWrAuto && TWrAuto <= 250)

  function automatic logic [8:0] later(input logic [8:0] a, input logic [8:0] b);
    later = (a > b) ? a : b;
  endfunction
  function automatic logic [8:0] passed(input logic [8:0] time_left);
    passed = (time_left > 9'd2) ? time_left - 9'd2 : 9'd0;
  endfunction

  logic closing_q;  // an automatic precharge is to begin when precharge_o ends
  logic [8:0] long_end, short_end;  // last edge of this clock's command, seen from the next clock
  assign long_end  = 9'd1 + 9'(phase_i);
  assign short_end = 9'(phase_i);  // one more than the truth, see T - 1 below
  assign closed_o  = !open_o && !closing_q;

  logic open_d, closing_d, starts, works;
  assign works = kind_i != lpddr4_pkg::CommandNone || auto_precharge_i || closing_q ||
                 {activate_o, access_o, masked_o, precharge_o} != '0;
  logic [8:0] activate, access, masked, precharge;
  always_comb begin
    open_d    = open_o;
    closing_d = closing_q;
    activate  = activate_o;
    access    = 9'(access_o);
    masked    = 9'(masked_o);
    precharge = 9'(precharge_o);
    starts    = 1'b0;
    if (works) begin
      activate  = passed(activate_o);
      access    = passed(9'(access_o));
      masked    = passed(9'(masked_o));
      precharge = passed(9'(precharge_o));
      starts    = closing_q && precharge_o < 8'd2;
      if (starts) begin
        activate  = later(activate, 9'(precharge_o) + 9'(TRp) - 9'd2);
        closing_d = 1'b0;
      end
      unique case (kind_i)
        lpddr4_pkg::CommandActivate: begin
          open_d    = 1'b1;
          access    = long_end + 9'(TRcd);
          masked    = '0;
          precharge = long_end + 9'(TRas);
          activate  = long_end + 9'(TRc);
        end
        lpddr4_pkg::CommandRead: precharge = later(precharge, long_end + 9'(TRtp));
        lpddr4_pkg::CommandWrite, lpddr4_pkg::CommandMaskedWrite: begin
          precharge = later(precharge, long_end + (auto_precharge_i ? 9'(TWrAuto) : 9'(TWrPre)));
          masked    = long_end + 9'(TCcdMw);
        end
        lpddr4_pkg::CommandPrecharge: begin
          open_d   = 1'b0;
          activate = later(activate, short_end + 9'(TRp) - 9'd1);
        end
        lpddr4_pkg::CommandRefresh: activate = short_end + 9'(TRfcPb) - 9'd1;
        default: ;
      endcase
      if (auto_precharge_i) begin
        open_d    = 1'b0;
        closing_d = 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_o      <= 1'b0;
      closing_q   <= 1'b0;
      activate_o  <= '0;
      access_o    <= '0;
      masked_o    <= '0;
      precharge_o <= '0;
    end else if (works) begin
      open_o      <= open_d;
      closing_q   <= closing_d;
      activate_o  <= activate;
      access_o    <= 8'(access);
      masked_o    <= 8'(masked);
      precharge_o <= 8'(precharge);
    end
  end

  // ---- Assertions ----
  logic is_access, unused_high;
  assign unused_high = ^{access[8], masked[8], precharge[8]};
  assign is_access = kind_i == lpddr4_pkg::CommandRead || kind_i == lpddr4_pkg::CommandWrite ||
                     kind_i == lpddr4_pkg::CommandMaskedWrite;
  `S4_ASSERT(ActivateClosed, kind_i != lpddr4_pkg::CommandActivate || closed_o)
  `S4_ASSERT(AccessOpen, !is_access || open_o)
  `S4_ASSERT(RefreshClosed, kind_i != lpddr4_pkg::CommandRefresh || closed_o)
  `S4_ASSERT(AutoWithAccess, !auto_precharge_i || is_access)

endmodule
