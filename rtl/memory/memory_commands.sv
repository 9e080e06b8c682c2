/// The command of every clock: what banks and ranks allow, refresh and power-down of each rank, the
/// direction that is served, and the scheduler that chooses. The command of issue_o counts for all
/// of them from the next clock on. Model: sim/memory (device) judges every command
module memory_commands #(
    parameter int unsigned WriteDepth = 64,  // entries of the write queue, 2..64
    parameter int unsigned HighWater = 56,  // entries, as memory_direction
    parameter int unsigned LowWater = 16,  // entries
    parameter int unsigned MinBatch = 32,  // accesses
    parameter int unsigned IdleClocks = 64,  // clocks, as memory_power
    localparam int unsigned NumRanks = lpddr4_pkg::MaxRanks,
    localparam int unsigned NumBanks = memory_pkg::NumBanks
) (
    input  logic                        clk_i,
    input  logic                        rst_ni,
    input  logic                        enable_i,  // the initialisation is over
    input  logic                        two_ranks_i,
    // The request at hand: its row is open, its bank
    input  lpddr4_pkg::request_t        request_i,
    output logic                        row_open_o,
    output logic                        bank_open_o,
    // Queues
    output memory_pkg::ready_t          ready_o,
    input  memory_pkg::candidate_t      read_i,
    input  memory_pkg::candidate_t      write_i,
    input  memory_pkg::demand_t         read_demand_i,
    input  memory_pkg::demand_t         write_demand_i,
    input  logic [memory_pkg::CountWidth-1:0] write_count_i,
    input  logic                        read_room_i,
    // The command of this clock; the access of it, reads in bit 0
    output lpddr4_pkg::command_word_t   issue_o,
    output logic [                 1:0] access_o,
    output logic                        turn_o,  // the direction changes
    output logic [        NumRanks-1:0] down_o  // CKE is low
);

  logic [NumBanks-1:0] open;
  logic [NumBanks-1:0] access_soon, masked_soon, activate_soon, precharge_soon, refresh_soon;
  logic [NumRanks-1:0] rank_read_soon, rank_write_soon, rank_activate_soon, rank_refresh_soon;
  logic [3:0] access_bank, activate_bank, precharge_bank, refresh_bank;
  logic masked, writing;
  logic [1:0] bank_access, bank_activate, bank_precharge, bank_refresh, bus;
  logic [2*NumRanks-1:0] rank_read, rank_write, rank_activate, rank_precharge, rank_refresh;
  logic [NumRanks-1:0] refresh_valid, refresh_urgent, refresh_done, enable;
  logic [3*NumRanks-1:0] refreshing_bank;
  lpddr4_pkg::command_word_t issue;
  lpddr4_pkg::request_t request;
  memory_pkg::demand_t read_demand, write_demand;
  assign request      = request_i;
  assign issue_o      = issue;
  assign read_demand  = read_demand_i;
  assign write_demand = write_demand_i;
  logic unused_bits;
  assign unused_bits = ^{request, read_demand, write_demand, write_count_i};

  // ---- Direction ----
  memory_direction #(
      .Depth    (WriteDepth),
      .HighWater(HighWater),
      .LowWater (LowWater),
      .MinBatch (MinBatch)
  ) u_direction (
      .clk_i,
      .rst_ni,
      .read_ready_i    (read_demand.ready),
      .read_starving_i (read_demand.starves && read_room_i),
      .read_blocked_i  (read_demand.blocked),
      .write_ready_i   (write_demand.ready),
      .write_starving_i(write_demand.starves),
      .write_count_i   (write_count_i[$clog2(WriteDepth+1)-1:0]),
      .access_i        (access_o != '0),
      .writing_o       (writing),
      .turn_o
  );

  // ---- What banks and ranks allow ----
  memory_banks u_banks (
      .clk_i,
      .rst_ni,
      .issue_i         (issue),
      .lookup_bank_i   ({request.rank, request.bank}),
      .lookup_row_i    (request.row),
      .row_open_o,
      .open_o          (open),
      .access_soon_o   (access_soon),
      .masked_soon_o   (masked_soon),
      .activate_soon_o (activate_soon),
      .precharge_soon_o(precharge_soon),
      .refresh_soon_o  (refresh_soon),
      .access_bank_i   (access_bank),
      .access_masked_i (masked),
      .access_o        (bank_access),
      .activate_bank_i (activate_bank),
      .activate_o      (bank_activate),
      .precharge_bank_i(precharge_bank),
      .precharge_o     (bank_precharge),
      .refresh_bank_i  (refresh_bank),
      .refresh_o       (bank_refresh)
  );
  assign bank_open_o = open[{request.rank, request.bank}];

  memory_ranks u_ranks (
      .clk_i,
      .rst_ni,
      .issue_i        (issue),
      .bus_o          (bus),
      .read_soon_o    (rank_read_soon),
      .write_soon_o   (rank_write_soon),
      .activate_soon_o(rank_activate_soon),
      .refresh_soon_o (rank_refresh_soon),
      .read_o         (rank_read),
      .write_o        (rank_write),
      .activate_o     (rank_activate),
      .precharge_o    (rank_precharge),
      .refresh_o      (rank_refresh)
  );

  // ---- Refresh and power-down ----
  logic [NumBanks-1:0] wanted;
  assign wanted = read_demand.any | write_demand.any;
  for (genvar r = 0; r < NumRanks; r = r + 1) begin : gen_rank
    localparam int unsigned First = r * lpddr4_pkg::NumBanks;
    logic present, ahead;
    logic signed [5:0] unused_owed;
    logic unused_due;
    assign present = enable_i && (r == 0 || two_ranks_i);

    memory_refresh u_refresh (
        .clk_i,
        .rst_ni,
        .enable_i(present),
        .ahead_i (ahead),
        .wanted_i(wanted[First+:lpddr4_pkg::NumBanks]),
        .open_i  (open[First+:lpddr4_pkg::NumBanks]),
        .valid_o (refresh_valid[r]),
        .bank_o  (refreshing_bank[3*r+:3]),
        .urgent_o(refresh_urgent[r]),
        .done_i  (refresh_done[r]),
        .owed_o  (unused_owed),
        .due_o   (unused_due)
    );

    memory_power #(
        .IdleClocks(IdleClocks)
    ) u_power (
        .clk_i,
        .rst_ni,
        .start_i (present),
        .busy_i  (wanted[First+:lpddr4_pkg::NumBanks] != '0 || refresh_valid[r]),
        .enable_o(enable[r]),
        .down_o  (down_o[r]),
        .ahead_o (ahead)
    );
  end

  // ---- Choice ----
  memory_scheduler u_scheduler (
      .clk_i,
      .rst_ni,
      .enable_i            (enable),
      .writing_i           (writing),
      .read_room_i,
      .refresh_valid_i     (refresh_valid),
      .refresh_bank_i      (refreshing_bank),
      .refresh_urgent_i    (refresh_urgent),
      .refresh_done_o      (refresh_done),
      .access_soon_i       (access_soon),
      .masked_soon_i       (masked_soon),
      .activate_soon_i     (activate_soon),
      .precharge_soon_i    (precharge_soon),
      .refresh_soon_i      (refresh_soon),
      .rank_read_soon_i    (rank_read_soon),
      .rank_write_soon_i   (rank_write_soon),
      .rank_activate_soon_i(rank_activate_soon),
      .rank_refresh_soon_i (rank_refresh_soon),
      .ready_o,
      .read_demand_i,
      .write_demand_i,
      .read_i,
      .write_i,
      .access_bank_o       (access_bank),
      .access_masked_o     (masked),
      .activate_bank_o     (activate_bank),
      .precharge_bank_o    (precharge_bank),
      .refresh_bank_o      (refresh_bank),
      .bank_access_i       (bank_access),
      .bank_activate_i     (bank_activate),
      .bank_precharge_i    (bank_precharge),
      .bank_refresh_i      (bank_refresh),
      .bus_i               (bus),
      .rank_read_i         (rank_read),
      .rank_write_i        (rank_write),
      .rank_activate_i     (rank_activate),
      .rank_precharge_i    (rank_precharge),
      .rank_refresh_i      (rank_refresh),
      .issue_o             (issue),
      .access_o
  );

endmodule
