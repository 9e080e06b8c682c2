// The direction that is served makes progress: while the oldest of its requests that could be
// served, starving or not, waits, some request of that direction has an access within Bound clocks.
// It begins to wait at any time, also when the direction has just turned; requests of the other
// direction, starving or not, open and close rows as they like, one row of other banks at a time.
// The candidates are those of formal/memory_choice.json. Bound is what one request alone may need
// - turn, close a row that was just opened, open its own behind another activate - and Rest.
module memory_progress_proof #(
    parameter bit Starves = 1'b0,
    parameter bit Writing = 1'b0,
    parameter bit Refresh = 1'b0,  // of other banks of the rank
    parameter int unsigned Rest = 14,  // clocks
    parameter int unsigned MostOpen = 1,  // rows of other banks
    parameter int unsigned TRp = 6,  // CK
    parameter int unsigned TRcd = 6,
    parameter int unsigned TRas = 18,
    parameter int unsigned TRrd = 12,
    parameter int unsigned TTurn = 10,  // write to read, read to write
    parameter int unsigned TRfcPb = 24,
    parameter int unsigned TPbr2Pbr = 36
) (
    input logic       clk_i,
    input logic       start_i,  // the request is the oldest from now on
    input logic       switch_i,  // the direction turns
    input logic       rival_i,  // another request of its direction wants the row that is open
    input logic [4:0] access_i,  // others: valid, of the request's bank, last, only, masked
    input logic [2:0] open_i,  // valid, of the request's bank, of another row
    input logic [1:0] other_i,  // of the other direction: activate valid, of the request's bank
    input logic [7:0] demand_i,
    input logic [6:0] other_demand_i,
    input logic       closable_i,
    input logic [2:0] late_i,
    input logic       masked_i,  // the request needs a mask
    input logic [3:0] refresh_i  // begin, bank open, ready, urgent
);
  localparam int unsigned Bound = (TTurn + TRas + TRp + TRcd + TRrd) / 2 + Rest;
  localparam int unsigned CountWidth = $clog2(Bound + 2);
  localparam int unsigned OpenWidth = $clog2(MostOpen + 1);
  localparam logic [3:0] Others = 4'd0;  // precharged first
  localparam logic [3:0] Mine = 4'd1;
  localparam logic [3:0] Third = 4'd2;  // a bank that only refreshes go to

  logic rst_ni = 1'b0;
  lpddr4_pkg::command_word_t issue, command;
  memory_pkg::candidate_t own_q, other_q, own_d, other_d;
  memory_pkg::demand_t own_demand_q, other_demand_q, own_demand_d, other_demand_d;
  memory_pkg::ready_t ready;
  logic [1:0] done, refresh_done;
  logic unused_open, writing_q = 1'b0;

  // ---- Refreshes of the rank, rows of other banks that are open ----
  logic valid_q = 1'b0, urgent_q = 1'b0, third_q = 1'b0, soon_q = 1'b0;
  logic [OpenWidth-1:0] open_q = '0;
  logic [15:0] closable;
  assign closable = {13'd0, third_q, 1'b0, closable_i && open_q != '0};

  memory_bench #(
      .Mine    (Mine),
      .TRp     (TRp),
      .TRcd    (TRcd),
      .TRas    (TRas),
      .TRc     (TRas + TRp),
      .TWrPre  (TTurn + 2),
      .TWrAuto (TTurn + 2),
      .TRfcPb  (TRfcPb),
      .TRrd    (TRrd),
      .TFaw    (1),
      .TRdWr   (TTurn),
      .TWrRd   (TTurn),
      .TPbr2Pbr(TPbr2Pbr)
  ) u_bench (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .writing_i       (writing_q),
      .read_i          (writing_q ? other_q : own_q),
      .write_i         (writing_q ? own_q : other_q),
      .read_demand_i   (writing_q ? other_demand_q : own_demand_q),
      .write_demand_i  (writing_q ? own_demand_q : other_demand_q),
      .refresh_valid_i ({1'b0, valid_q}),
      .refresh_bank_i  ({3'd0, Third[2:0]}),
      .refresh_urgent_i({1'b0, urgent_q}),
      .closable_i      (closable),
      .refreshable_i   ({1'b0, soon_q}),
      .late_i          (late_i),
      .ready_o         (ready),
      .issue_o         (issue),
      .command_o       (command),
      .access_o        (done),
      .refresh_done_o  (refresh_done),
      .open_o          (unused_open)
  );

  // ---- The request, and what the queues show ----
  logic waits_q = 1'b0, hit_q = 1'b0, row_q = 1'b0, rival_q = 1'b0, masked_q = 1'b0;
  logic [15:0] ready_read, ready_write, ready_masked, ready_own, ready_activate;
  logic goes, rival_goes, opens, masked;
  logic [3:0] bank;
  assign ready_read     = ready.read;
  assign ready_write    = ready.write;
  assign ready_masked   = ready.masked;
  assign ready_activate = ready.activate;
  always_comb begin
    goes       = waits_q && hit_q &&
                 (!Writing ? ready_read[Mine] : masked_q ? ready_masked[Mine] : ready_write[Mine]);
    rival_goes = waits_q && !Starves && rival_q &&
                 (!Writing ? ready_read[Mine] : ready_masked[Mine]);
    opens      = waits_q && !hit_q && ready_activate[Mine];
    masked     = writing_q && (goes ? masked_q : access_i[4]);
    ready_own  = !writing_q ? ready_read : masked ? ready_masked : ready_write;
    own_d               = '0;
    bank                = access_i[1] ? Mine : Others;
    own_d.access_valid  = goes || rival_goes || (access_i[0] && ready_own[bank]);
    own_d.access_bank   = (goes || (rival_goes && !(access_i[0] && ready_own[bank]))) ? Mine : bank;
    own_d.access_masked = masked;
    own_d.access_last   = access_i[2];
    own_d.access_only   = access_i[3] && (own_d.access_bank != Mine || goes || !hit_q);
    bank                 = (open_i[1] && !waits_q) ? Mine : Others;
    own_d.activate_valid = opens || (open_i[0] && ready_activate[bank] &&
                                     (bank == Mine || open_q != OpenWidth'(MostOpen)));
    own_d.activate_bank  = opens ? Mine : bank;
    own_d.activate_row   = {15'd0, !opens && open_i[2]};
    other_d                = '0;
    bank                   = other_i[1] ? Mine : Others;
    other_d.activate_valid = other_i[0] && ready_activate[bank] &&
                             (bank == Mine || open_q != OpenWidth'(MostOpen));
    other_d.activate_bank  = bank;
    other_d.activate_row   = 16'd1;
    own_demand_d            = '0;
    own_demand_d.any        = {14'd0, demand_i[1:0]};
    own_demand_d.conflict   = {14'd0, demand_i[3:2]};
    own_demand_d.hit        = {14'd0, demand_i[5:4]};
    own_demand_d.starving   = (waits_q && !Starves) ? '0 : {14'd0, demand_i[7:6]};
    other_demand_d          = '0;
    other_demand_d.any      = {14'd0, other_demand_i[1:0]};
    other_demand_d.conflict = {14'd0, other_demand_i[3:2]};
    other_demand_d.hit      = {14'd0, other_demand_i[6], 1'b0};
    other_demand_d.starving = {14'd0, other_demand_i[5:4]};
    if (waits_q) begin
      own_demand_d.any[Mine] = 1'b1;
      own_demand_d.hit[Mine] = hit_q || rival_q;
      if (!hit_q) begin
        own_demand_d.conflict[Mine] = 1'b1;
        if (Starves) own_demand_d.starving[Mine] = 1'b1;
      end
    end
  end

  logic [CountWidth-1:0] wait_q = '0;
  logic over, opened, shut;
  assign over = writing_q ? done[1] : done[0];
  assign opened = issue.kind == lpddr4_pkg::CommandActivate && {issue.rank, issue.bank} == Others;
  assign shut = (issue.kind == lpddr4_pkg::CommandPrecharge || issue.auto_precharge) &&
                {issue.rank, issue.bank} == Others;
  always_ff @(posedge clk_i) begin
    rst_ni         <= 1'b1;
    own_q          <= rst_ni ? own_d : '0;
    other_q        <= rst_ni ? other_d : '0;
    own_demand_q   <= rst_ni ? own_demand_d : '0;
    other_demand_q <= rst_ni ? other_demand_d : '0;
    if (rst_ni) begin
      if ({command.rank, command.bank} == Mine) begin
        if (command.kind == lpddr4_pkg::CommandActivate) begin
          hit_q <= command.row == '0;
          row_q <= 1'b1;
          rival_q <= 1'b0;
        end else if (command.kind == lpddr4_pkg::CommandPrecharge || command.auto_precharge) begin
          hit_q <= 1'b0;
          row_q <= 1'b0;
          rival_q <= 1'b0;
        end else begin
          rival_q <= row_q && (rival_q || rival_i);
        end
      end else begin
        rival_q <= row_q && (rival_q || rival_i);
      end
      if (opened && !shut && open_q != OpenWidth'(MostOpen)) open_q <= open_q + OpenWidth'(1);
      if (shut && open_q != '0) open_q <= open_q - OpenWidth'(1);

      if (!waits_q) masked_q <= masked_i;
      waits_q   <= (waits_q || start_i) && !over;
      writing_q <= (waits_q || start_i) ? Writing : writing_q ^ switch_i;
      if (!waits_q || over) wait_q <= '0;
      else if (wait_q != '1) wait_q <= wait_q + CountWidth'(1);

      if (refresh_done[0]) begin
        valid_q  <= 1'b0;
        urgent_q <= 1'b0;
        soon_q   <= 1'b0;
        third_q  <= 1'b0;
      end else if (valid_q) begin
        urgent_q <= urgent_q || refresh_i[3];
        soon_q   <= soon_q || (refresh_i[2] && !third_q);
        if (issue.kind == lpddr4_pkg::CommandPrecharge && {issue.rank, issue.bank} == Third) begin
          third_q <= 1'b0;
        end
      end else if (Refresh && refresh_i[0]) begin
        valid_q <= 1'b1;
        third_q <= refresh_i[1];
      end
    end
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (wait_q <= CountWidth'(Bound));
      cover (over && wait_q > CountWidth'(20));
    end
  end
  initial begin
    own_q          = '0;
    other_q        = '0;
    own_demand_q   = '0;
    other_demand_q = '0;
  end
endmodule
