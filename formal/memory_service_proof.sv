// How long the oldest starving request of the direction that is served waits for its access:
// memory_scheduler with two banks and a rank of short times, any other candidates and demands that
// queues may show (formal/memory_choice.json), no refresh. The wait begins again when another
// request accesses the same bank: those starve too, so they are no more than the queue holds.
module memory_service_proof #(
    parameter int unsigned Bound = 40,
    parameter bit Upper = 1'b0  // the request's bank is the upper one of the two
) (
    input logic       clk_i,
    input logic       start_i,  // the request becomes the oldest starving one
    input logic       access_i,  // other candidates: access, to the request's bank
    input logic       access_mine_i,
    input logic       access_last_i,
    input logic       access_only_i,
    input logic       activate_i,
    input logic       activate_mine_i,
    input logic       activate_wrong_i,  // the activate is for another row than the request's
    input logic       other_activate_i,  // of the other direction
    input logic       other_mine_i,
    input logic [9:0] demand_i  // two banks, both directions
);
  localparam int unsigned TRcd = 8;
  localparam int unsigned TRp = 12;
  localparam int unsigned TRas = 22;
  localparam int unsigned TRc = 34;
  localparam int unsigned TRtp = 6;
  localparam int unsigned TRrd = 10;
  localparam int unsigned CountWidth = $clog2(Bound + 2);
  localparam logic [3:0] Mine = {3'b000, Upper};
  localparam logic [3:0] Others = {3'b000, !Upper};

  logic rst_ni = 1'b0;
  lpddr4_pkg::command_word_t issue;
  memory_pkg::candidate_t read_q, write_q;
  memory_pkg::demand_t read_demand_q, write_demand_q;
  memory_pkg::ready_t ready;
  logic [15:0] read_ready, activate_ready;
  assign read_ready     = ready.read;
  assign activate_ready = ready.activate;

  // ---- Banks, rank, CA bus ----
  logic [1:0] open, closed;
  logic [17:0] activate;
  logic [15:0] access, masked, precharge;
  for (genvar b = 0; b < 2; b = b + 1) begin : gen_bank
    logic mine;
    assign mine = {issue.rank, issue.bank} == 4'(b);
    memory_bank #(
        .TRcd(TRcd),
        .TRp (TRp),
        .TRas(TRas),
        .TRc (TRc),
        .TRtp(TRtp)
    ) u_bank (
        .clk_i           (clk_i),
        .rst_ni          (rst_ni),
        .kind_i          (mine ? issue.kind : 4'd0),
        .phase_i         (issue.phase),
        .auto_precharge_i(mine && issue.auto_precharge),
        .open_o          (open[b]),
        .closed_o        (closed[b]),
        .activate_o      (activate[9*b+:9]),
        .access_o        (access[8*b+:8]),
        .masked_o        (masked[8*b+:8]),
        .precharge_o     (precharge[8*b+:8])
    );
  end

  logic read_soon, write_soon, rank_soon, refresh_soon;
  logic [1:0] rank_read, rank_write, rank_activate, rank_precharge, rank_refresh;
  memory_rank #(
      .TRrd(TRrd),
      .TFaw(TRrd)
  ) u_rank (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .kind_i         (issue.kind),
      .phase_i        (issue.phase),
      .mine_i         (1'b1),
      .read_soon_o    (read_soon),
      .write_soon_o   (write_soon),
      .activate_soon_o(rank_soon),
      .refresh_soon_o (refresh_soon),
      .read_o         (rank_read),
      .write_o        (rank_write),
      .activate_o     (rank_activate),
      .precharge_o    (rank_precharge),
      .refresh_o      (rank_refresh)
  );

  logic [1:0] bus_q = '0;  // as memory_ranks
  always_ff @(posedge clk_i) begin
    unique case (issue.kind)
      lpddr4_pkg::CommandNone: bus_q <= bus_q[1] ? bus_q - 2'd2 : '0;
      lpddr4_pkg::CommandPrecharge, lpddr4_pkg::CommandRefresh: bus_q <= 2'(issue.phase);
      default: bus_q <= 2'd2 + 2'(issue.phase);
    endcase
  end

  logic [1:0] access_soon, activate_soon, precharge_soon;
  for (genvar b = 0; b < 2; b = b + 1) begin : gen_soon
    assign access_soon[b]    = open[b] && access[8*b+:8] <= 8'd6;
    assign activate_soon[b]  = closed[b] && activate[9*b+:9] <= 9'd6;
    assign precharge_soon[b] = open[b] && precharge[8*b+:8] <= 8'd4;
  end

  logic [3:0] access_bank, activate_bank, precharge_bank, refresh_bank;
  logic [7:0] access_time, precharge_time;
  logic [8:0] activate_time;
  logic [1:0] done, refresh_done;
  logic access_masked;
  assign access_time    = access_bank[0] ? access[15:8] : access[7:0];
  assign activate_time  = activate_bank[0] ? activate[17:9] : activate[8:0];
  assign precharge_time = precharge_bank[0] ? precharge[15:8] : precharge[7:0];

  memory_scheduler u_scheduler (
      .clk_i               (clk_i),
      .rst_ni              (rst_ni),
      .enable_i            (2'b01),
      .writing_i           (1'b0),
      .read_room_i         (1'b1),
      .refresh_valid_i     (2'b00),
      .refresh_bank_i      (6'd0),
      .refresh_urgent_i    (2'b00),
      .refresh_done_o      (refresh_done),
      .access_soon_i       ({14'd0, access_soon}),
      .masked_soon_i       (16'd0),
      .activate_soon_i     ({14'd0, activate_soon}),
      .precharge_soon_i    ({14'd0, precharge_soon}),
      .refresh_soon_i      (16'd0),
      .rank_read_soon_i    ({1'b0, read_soon}),
      .rank_write_soon_i   ({1'b0, write_soon}),
      .rank_activate_soon_i({1'b0, rank_soon}),
      .rank_refresh_soon_i ({1'b0, refresh_soon}),
      .ready_o             (ready),
      .read_demand_i       (read_demand_q),
      .write_demand_i      (write_demand_q),
      .read_i              (read_q),
      .write_i             (write_q),
      .access_bank_o       (access_bank),
      .access_masked_o     (access_masked),
      .activate_bank_o     (activate_bank),
      .precharge_bank_o    (precharge_bank),
      .refresh_bank_o      (refresh_bank),
      .bank_access_i       ({access_time <= 8'd4, access_time <= 8'd3} & {2{open[access_bank[0]]}}),
      .bank_activate_i     ({activate_time <= 9'd4, activate_time <= 9'd3} &
                            {2{closed[activate_bank[0]]}}),
      .bank_precharge_i    ({precharge_time <= 8'd2, precharge_time <= 8'd1} &
                            {2{open[precharge_bank[0]]}}),
      .bank_refresh_i      (2'b00),
      .bus_i               ({bus_q <= 2'd1, bus_q == 2'd0}),
      .rank_read_i         ({2'b00, rank_read}),
      .rank_write_i        ({2'b00, rank_write}),
      .rank_activate_i     ({2'b00, rank_activate}),
      .rank_precharge_i    ({2'b00, rank_precharge}),
      .rank_refresh_i      ({2'b00, rank_refresh}),
      .issue_o             (issue),
      .access_o            (done)
  );

  // ---- The request: its row is open, as its queue sees it; what the queues show of all ----
  logic waits_q = 1'b0, hit_q = 1'b0, mine_q = 1'b0;  // mine: the candidate access is its own
  lpddr4_pkg::command_word_t command_q;
  memory_pkg::candidate_t read_d, write_d;
  memory_pkg::demand_t read_demand_d, write_demand_d;
  logic goes, opens;
  logic [3:0] bank;
  assign goes  = waits_q && hit_q && read_ready[Mine];
  assign opens = waits_q && !hit_q && activate_ready[Mine];
  always_comb begin
    read_d                = '0;
    bank                  = access_mine_i ? Mine : Others;
    read_d.access_valid   = goes || (access_i && read_ready[bank]);
    read_d.access_bank    = goes ? Mine : bank;
    read_d.access_last    = access_last_i;
    read_d.access_only    = access_only_i && (goes || !access_mine_i || !hit_q);
    bank                  = (activate_mine_i && !waits_q) ? Mine : Others;
    read_d.activate_valid = opens || (activate_i && activate_ready[bank]);
    read_d.activate_bank  = opens ? Mine : bank;
    read_d.activate_row   = {15'd0, !opens && activate_wrong_i};
    write_d                = '0;
    bank                   = other_mine_i ? Mine : Others;
    write_d.activate_valid = other_activate_i && activate_ready[bank];
    write_d.activate_bank  = bank;
    write_d.activate_row   = 16'd1;
    read_demand_d           = '0;
    read_demand_d.any       = {14'd0, demand_i[1:0]};
    read_demand_d.conflict  = {14'd0, demand_i[3:2]};
    read_demand_d.starving  = {14'd0, demand_i[5:4]};
    read_demand_d.hit       = {14'd0, ~demand_i[3:2]};
    write_demand_d          = '0;
    write_demand_d.conflict = {14'd0, demand_i[7:6]};
    write_demand_d.starving = {14'd0, demand_i[9:8]};
    if (waits_q) begin
      read_demand_d.any[Mine] = 1'b1;
      if (hit_q) read_demand_d.hit[Mine] = 1'b1;
      else {read_demand_d.conflict[Mine], read_demand_d.starving[Mine]} = 2'b11;
    end
  end

  logic [CountWidth-1:0] wait_q = '0;
  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      read_q         <= read_d;
      write_q        <= write_d;
      read_demand_q  <= read_demand_d;
      write_demand_q <= write_demand_d;
      command_q      <= issue;
      mine_q         <= goes;
      if ({command_q.rank, command_q.bank} == Mine) begin
        if (command_q.kind == lpddr4_pkg::CommandActivate) hit_q <= command_q.row == '0;
        else if (command_q.kind == lpddr4_pkg::CommandPrecharge || command_q.auto_precharge) begin
          hit_q <= 1'b0;
        end
      end
      waits_q <= (waits_q || start_i) && !(done[0] && mine_q);
      if (!waits_q || (done[0] && access_bank == Mine)) wait_q <= '0;
      else if (wait_q != '1) wait_q <= wait_q + CountWidth'(1);
    end else begin
      read_q         <= '0;
      write_q        <= '0;
      read_demand_q  <= '0;
      write_demand_q <= '0;
      command_q      <= '0;
    end
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (wait_q <= CountWidth'(Bound));
      cover (wait_q == CountWidth'(24));
    end
  end
  initial begin
    read_q         = '0;
    write_q        = '0;
    read_demand_q  = '0;
    write_demand_q = '0;
    command_q      = '0;
  end
endmodule
