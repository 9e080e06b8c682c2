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
  assign closed_o = !open_o && !closing_q;

  // A function, so that a simulator works it out for the banks that work only.
  function automatic logic [34:0] next(
      input logic is_open, input logic is_closing, input logic [8:0] activate_time,
      input logic [7:0] access_time, input logic [7:0] masked_time,
      input logic [7:0] precharge_time, input logic [3:0] kind, input logic phase,
      input logic auto_precharge);
    logic [8:0] activate, precharge;
    logic [7:0] access, masked;
    logic [8:0] long_end, short_end;  // last edge of this clock's command, seen from the next clock
    logic open, closing;
    long_end  = 9'd1 + 9'(phase);
    short_end = 9'(phase);  // one more than the truth, see T - 1 below
    open      = is_open;
    closing   = is_closing;
    activate  = passed(activate_time);
    access    = 8'(passed(9'(access_time)));
    masked    = 8'(passed(9'(masked_time)));
    precharge = passed(9'(precharge_time));
    if (is_closing && precharge_time < 8'd2) begin
      activate = later(activate, 9'(precharge_time) + 9'(TRp) - 9'd2);
      closing  = 1'b0;
    end
    case (kind)
      lpddr4_pkg::CommandActivate: begin
        open      = 1'b1;
        access    = 8'(long_end + 9'(TRcd));
        masked    = '0;
        precharge = long_end + 9'(TRas);
        activate  = long_end + 9'(TRc);
      end
      lpddr4_pkg::CommandRead: precharge = later(precharge, long_end + 9'(TRtp));
      lpddr4_pkg::CommandWrite, lpddr4_pkg::CommandMaskedWrite: begin
        precharge = later(precharge, long_end + (auto_precharge ? 9'(TWrAuto) : 9'(TWrPre)));
        masked    = 8'(long_end + 9'(TCcdMw));
      end
      lpddr4_pkg::CommandPrecharge: begin
        open     = 1'b0;
        activate = later(activate, short_end + 9'(TRp) - 9'd1);
      end
      lpddr4_pkg::CommandRefresh: activate = short_end + 9'(TRfcPb) - 9'd1;
      default: ;
    endcase
    if (auto_precharge) begin
      open    = 1'b0;
      closing = 1'b1;
    end
    next = {open, closing, activate, access, masked, 8'(precharge)};
  endfunction

  logic works;
  assign works = kind_i != lpddr4_pkg::CommandNone || auto_precharge_i || closing_q ||
                 {activate_o, access_o, masked_o, precharge_o} != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      {open_o, closing_q, activate_o, access_o, masked_o, precharge_o} <= '0;
    end else if (works) begin
      {open_o, closing_q, activate_o, access_o, masked_o, precharge_o} <=
          next(open_o, closing_q, activate_o, access_o, masked_o, precharge_o, kind_i, phase_i,
               auto_precharge_i);
    end
  end

  // ---- Assertions ----
  logic is_access;
  assign is_access = kind_i == lpddr4_pkg::CommandRead || kind_i == lpddr4_pkg::CommandWrite ||
                     kind_i == lpddr4_pkg::CommandMaskedWrite;
  `S4_ASSERT(ActivateClosed, kind_i != lpddr4_pkg::CommandActivate || closed_o)
  `S4_ASSERT(AccessOpen, !is_access || open_o)
  `S4_ASSERT(RefreshClosed, kind_i != lpddr4_pkg::CommandRefresh || closed_o)
  `S4_ASSERT(AutoWithAccess, !auto_precharge_i || is_access)

endmodule
