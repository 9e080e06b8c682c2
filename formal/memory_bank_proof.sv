// Checker of memory_bank from its commands alone: a command that is given when the bank's times
// allow it never finds the bank in the wrong state and never comes too early after an earlier one.
// Short times, odd and even; an automatic precharge counts from when it may begin.
module memory_bank_proof (
    input logic       clk_i,
    input logic [3:0] want_i,
    input logic       phase_i,
    input logic       auto_i
);
  localparam int signed TRcd = 7;
  localparam int signed TRp = 5;
  localparam int signed TRas = 12;
  localparam int signed TRc = 19;
  localparam int signed TRtp = 4;
  localparam int signed TWrPre = 8;
  localparam int signed TWrAuto = 9;
  localparam int signed TCcdMw = 6;
  localparam int signed TRfc = 8;

  logic rst_ni = 1'b0;
  logic open, closed;
  logic [8:0] activate_time;
  logic [7:0] access_time, masked_time, precharge_time;
  logic is_activate, is_read, is_write, is_masked, is_precharge, is_refresh, automatic_close;
  logic [8:0] end_ck;  // last edge of the command that is wanted
  logic long_command;

  assign long_command = want_i == lpddr4_pkg::CommandActivate ||
                        want_i == lpddr4_pkg::CommandRead ||
                        want_i == lpddr4_pkg::CommandWrite ||
                        want_i == lpddr4_pkg::CommandMaskedWrite;
  assign end_ck = 9'(phase_i) + (long_command ? 9'd3 : 9'd1);
  assign is_activate = want_i == lpddr4_pkg::CommandActivate && closed && activate_time <= end_ck;
  assign is_read = want_i == lpddr4_pkg::CommandRead && open && 9'(access_time) <= end_ck;
  assign is_masked = want_i == lpddr4_pkg::CommandMaskedWrite && open &&
                     9'(access_time) <= end_ck && 9'(masked_time) <= end_ck;
  assign is_write = (want_i == lpddr4_pkg::CommandWrite && open && 9'(access_time) <= end_ck) ||
                    is_masked;
  assign is_precharge = want_i == lpddr4_pkg::CommandPrecharge && open &&
                        9'(precharge_time) <= end_ck;
  assign is_refresh = want_i == lpddr4_pkg::CommandRefresh && closed && activate_time <= end_ck;
  assign automatic_close = auto_i && (is_read || is_write);

  memory_bank #(
      .TRcd   (TRcd),
      .TRp    (TRp),
      .TRas   (TRas),
      .TRc    (TRc),
      .TRtp   (TRtp),
      .TWrPre (TWrPre),
      .TWrAuto(TWrAuto),
      .TCcdMw (TCcdMw),
      .TRfcPb (TRfc)
  ) u_bank (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .kind_i          ((is_activate || is_read || is_write || is_precharge || is_refresh) ?
                        want_i : 4'd0),
      .phase_i         (phase_i),
      .auto_precharge_i(automatic_close),
      .open_o          (open),
      .closed_o        (closed),
      .activate_o      (activate_time),
      .access_o        (access_time),
      .masked_o        (masked_time),
      .precharge_o     (precharge_time)
  );

  // CK from the last edge of the latest command of a kind to phase 0 of this clock.
  logic opened_q = 1'b0, automatic_q = 1'b0;
  logic signed [6:0] activate_q = 7'sd40, read_q = 7'sd40, write_q = 7'sd40, precharge_q = 7'sd40,
      refresh_q = 7'sd40;
  logic signed [6:0] ends;
  assign ends = $signed(7'(end_ck));
  function automatic logic signed [6:0] aged(input logic signed [6:0] since);
    aged = (since > 7'sd36) ? since : since + 7'sd2;
  endfunction

  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      activate_q  <= is_activate ? 7'sd2 - ends : aged(activate_q);
      read_q      <= is_read ? 7'sd2 - ends : aged(read_q);
      write_q     <= is_write ? 7'sd2 - ends : aged(write_q);
      precharge_q <= is_precharge ? 7'sd2 - ends : aged(precharge_q);
      refresh_q   <= is_refresh ? 7'sd2 - ends : aged(refresh_q);
      if (is_activate) {opened_q, automatic_q} <= 2'b10;
      if (is_precharge) {opened_q, automatic_q} <= 2'b00;
      if (automatic_close) {opened_q, automatic_q} <= 2'b01;
    end
  end

  always @(posedge clk_i) begin
    if (rst_ni) begin
      if (is_activate || is_refresh) begin
        assert (!opened_q);
        assert (precharge_q + ends >= 7'(TRp));
        assert (refresh_q + ends >= 7'(TRfc));
        assert (activate_q + ends >= 7'(TRc));
        if (automatic_q) begin
          assert (read_q + ends >= 7'(TRtp + TRp));
          assert (write_q + ends >= 7'(TWrPre + TRp));
          assert (activate_q + ends >= 7'(TRas + TRp));
        end
      end
      if (is_read || is_write) begin
        assert (opened_q);
        assert (activate_q + ends >= 7'(TRcd));
      end
      if (is_masked) assert (write_q + ends >= 7'(TCcdMw));
      if (is_precharge) begin
        assert (opened_q);
        assert (activate_q + ends >= 7'(TRas));
        assert (read_q + ends >= 7'(TRtp));
        assert (write_q + ends >= 7'(TWrPre));
      end
      // Every time is used to the CK.
      cover (is_activate && precharge_q + ends == 7'(TRp));
      cover (is_read && activate_q + ends == 7'(TRcd));
      cover (is_refresh && refresh_q + ends == 7'(TRfc));
    end
  end
endmodule
