// A refresh is done: within Bound clocks when it is urgent, whatever row its bank holds and
// whatever the queues and the refresh of the other rank want, and as soon, urgent or not, once its
// bank is closed. Rows of all other banks may be opened as fast as the times of the rank allow.
// Bound is what the bank needs to close and the rank from the refresh before, then four activates
// of each rank, and Rest; with the times of lpddr4_pkg it must be below that of
// formal/memory_refresh.json.
`include "assert.svh"

module memory_urgent_proof #(
    parameter logic [3:0] Mine = 4'd1,
    parameter int unsigned Rest = 8,  // clocks
    parameter int unsigned TRp = 8,  // CK
    parameter int unsigned TRas = 14,
    parameter int unsigned TRrd = 6,
    parameter int unsigned TFaw = 12,
    parameter int unsigned TPbr2Pbr = 16,
    parameter int unsigned TWrAuto = 13
) (
    input logic       clk_i,
    input logic       writing_i,
    input logic [3:0] read_bank_i,
    input logic [3:0] write_bank_i,
    input logic [3:0] read_open_i,  // bank of the row to be opened
    input logic [3:0] write_open_i,
    input logic [8:0] offer_i,
    input logic [9:0] want_i,
    input logic [1:0] closable_i,  // banks 0 and 15
    input logic [2:0] late_i,
    // Refreshes: begin, bank, whether that is open and when it is ready, urgent
    input logic [1:0] begin_i,
    input logic [5:0] bank_i,
    input logic [1:0] open_i,
    input logic [1:0] soon_i,
    input logic [1:0] urgent_i
);
  function automatic int unsigned later(input int unsigned a, input int unsigned b);
    later = (a > b) ? a : b;
  endfunction
  function automatic int unsigned bound(input int unsigned ras, input int unsigned write_auto,
                                        input int unsigned rp, input int unsigned between,
                                        input int unsigned faw);
    bound = (later(later(ras, write_auto) + 2 + rp, between) + 2 * faw + 1) / 2 + Rest;
  endfunction
  localparam int unsigned Bound = bound(TRas, TWrAuto, TRp, TPbr2Pbr, TFaw);
  localparam int unsigned Channel = bound(lpddr4_pkg::TRas, lpddr4_pkg::TWrAuto, lpddr4_pkg::TRp,
                                          lpddr4_pkg::TPbr2Pbr, lpddr4_pkg::TFaw);
  localparam int unsigned CountWidth = $clog2(Bound + 2);

  `S4_CHECK_PARAM(gen_check_interval, 8 * Channel <= 3 * lpddr4_pkg::TRefiPb)

  logic rst_ni = 1'b0;
  lpddr4_pkg::command_word_t issue, unused_command;
  memory_pkg::candidate_t read_q, write_q, read_d, write_d;
  memory_pkg::demand_t read_demand_q, write_demand_q, read_demand_d, write_demand_d;
  memory_pkg::ready_t ready;
  logic [1:0] unused_access, refresh_done;
  logic open;

  // ---- Refreshes of both ranks ----
  logic [1:0] valid_q = '0, urgent_q = '0, open_q = '0, soon_q = '0, closed;
  logic [5:0] bank_q = '0;
  logic [15:0] closable;
  always_comb begin : refreshes
    int unsigned r;
    closable     = '0;
    closable[0]  = closable_i[0];
    closable[15] = closable_i[1];
    closed       = '0;
    for (r = 0; r < 2; r = r + 1) begin
      if (valid_q[r]) closable[8*r+32'(bank_q[3*r+:3])] = open_q[r];
      closed[r] = issue.kind == lpddr4_pkg::CommandPrecharge && issue.rank == 1'(r) &&
                  issue.bank == bank_q[3*r+:3];
    end
  end
  always_ff @(posedge clk_i) begin : follow
    int unsigned r;
    r = 0;
    for (r = 0; r < 2; r = r + 1) begin
      if (refresh_done[r] || !rst_ni) begin
        valid_q[r]  <= 1'b0;
        urgent_q[r] <= 1'b0;
        soon_q[r]   <= 1'b0;
      end else if (valid_q[r]) begin
        urgent_q[r] <= urgent_q[r] || urgent_i[r];
        open_q[r]   <= open_q[r] && !closed[r];
        soon_q[r]   <= soon_q[r] || (soon_i[r] && !open_q[r]);
      end else if (begin_i[r]) begin
        valid_q[r]      <= 1'b1;
        bank_q[3*r+:3]  <= bank_i[3*r+:3];
        open_q[r]       <= open_i[r];
      end
    end
  end

  memory_bench #(
      .Mine    (Mine),
      .TRp     (TRp),
      .TRas    (TRas),
      .TRc     (TRas + TRp),
      .TRcd    (8),
      .TWrPre  (TWrAuto),
      .TWrAuto (TWrAuto),
      .TRfcPb  (20),
      .TRrd    (TRrd),
      .TFaw    (TFaw),
      .TRdWr   (10),
      .TWrRd   (10),
      .TPbr2Pbr(TPbr2Pbr)
  ) u_bench (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .writing_i       (writing_i),
      .read_i          (read_q),
      .write_i         (write_q),
      .read_demand_i   (read_demand_q),
      .write_demand_i  (write_demand_q),
      .refresh_valid_i (valid_q),
      .refresh_bank_i  (bank_q),
      .refresh_urgent_i(urgent_q),
      .closable_i      (closable),
      .refreshable_i   (soon_q),
      .late_i          (late_i),
      .ready_o         (ready),
      .issue_o         (issue),
      .command_o       (unused_command),
      .access_o        (unused_access),
      .refresh_done_o  (refresh_done),
      .open_o          (open)
  );

  // ---- What the queues show: anything that was ready ----
  logic [15:0] ready_read, ready_write, ready_masked, ready_activate;
  assign ready_read     = ready.read;
  assign ready_write    = ready.write;
  assign ready_masked   = ready.masked;
  assign ready_activate = ready.activate;
  always_comb begin
    read_d                 = '0;
    read_d.access_valid    = offer_i[0] && ready_read[read_bank_i];
    read_d.access_bank     = read_bank_i;
    read_d.access_last     = offer_i[1];
    read_d.access_only     = 1'b1;
    read_d.activate_valid  = offer_i[2] && ready_activate[read_open_i];
    read_d.activate_bank   = read_open_i;
    write_d                = '0;
    write_d.access_masked  = offer_i[3];
    write_d.access_valid   = offer_i[4] &&
                             (offer_i[3] ? ready_masked[write_bank_i] : ready_write[write_bank_i]);
    write_d.access_bank    = write_bank_i;
    write_d.access_last    = offer_i[5];
    write_d.access_only    = 1'b1;
    write_d.activate_valid = offer_i[6] && ready_activate[write_open_i];
    write_d.activate_bank  = write_open_i;
    read_demand_d          = '0;
    write_demand_d         = '0;
    read_demand_d.hit[Mine]      = want_i[0];
    read_demand_d.any            = {16{want_i[1]}};
    {read_demand_d.conflict[15], read_demand_d.conflict[Mine], read_demand_d.conflict[0]} =
        want_i[4:2];
    {read_demand_d.starving[15], read_demand_d.starving[Mine], read_demand_d.starving[0]} =
        want_i[7:5];
    write_demand_d.conflict[Mine] = want_i[8];
    write_demand_d.hit[Mine]      = want_i[9];
  end

  // ---- How long the refresh of the bank waits ----
  localparam int unsigned Rank = 32'(Mine[3]);
  logic [CountWidth-1:0] urgent_wait_q = '0, closed_wait_q = '0;
  logic mine, mine_q = 1'b0;
  assign mine = valid_q[Rank] && bank_q[3*Rank+:3] == Mine[2:0] && !refresh_done[Rank];
  always_ff @(posedge clk_i) begin
    rst_ni         <= 1'b1;
    read_q         <= rst_ni ? read_d : '0;
    write_q        <= rst_ni ? write_d : '0;
    read_demand_q  <= rst_ni ? read_demand_d : '0;
    write_demand_q <= rst_ni ? write_demand_d : '0;
    mine_q         <= mine;
    if (!mine || !urgent_q[Rank]) urgent_wait_q <= '0;
    else if (urgent_wait_q != '1) urgent_wait_q <= urgent_wait_q + CountWidth'(1);
    if (!mine || open) closed_wait_q <= '0;
    else if (closed_wait_q != '1) closed_wait_q <= closed_wait_q + CountWidth'(1);
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (urgent_wait_q <= CountWidth'(Bound));
      assert (closed_wait_q <= CountWidth'(Bound));
      cover (urgent_wait_q == CountWidth'(12));
      cover (refresh_done[Rank] && mine_q && !urgent_q[Rank]);
    end
  end
  initial begin
    read_q         = '0;
    write_q        = '0;
    read_demand_q  = '0;
    write_demand_q = '0;
  end
endmodule
