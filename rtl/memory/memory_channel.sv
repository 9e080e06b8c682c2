/// One x16 LPDDR4X-3600 channel of one or two ranks, without error correction: takes reads and
/// writes of 32 and 64 bytes, answers reads out of order by tag, and drives the pins with two CK
/// per clock.
/// Reads and writes wait in queues of their own; open rows and the oldest go first, within a
/// bound; writes are served in batches; refresh goes bank by bank. Every access sees what was
/// written by requests accepted before it. A command is chosen in each clock; the pins follow two
/// clocks later. Model: sim/memory (device), tests/memory/memory_traffic.hpp (plain memory)
`include "assert.svh"

module memory_channel #(
    parameter int unsigned ReadDepth = config_pkg::LoadSlots,  // entries, 2..64
    parameter int unsigned WriteDepth = config_pkg::LoadSlots,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned AnswerDepth = 16,  // beats of the answer queue, >= 4
    parameter int unsigned HighWater = WriteDepth - WriteDepth / 8,  // entries that turn to writing
    parameter int unsigned LowWater = WriteDepth / 4,  // entries that turn back to reading
    parameter int unsigned MinBatch = 32,  // accesses before a starving entry turns the direction
    parameter int unsigned Epoch = 2048,  // clocks; an entry goes first after one to two of them
    parameter int unsigned IdleClocks = 64,  // clocks without work before power-down, >= 64
    // Clocks of the initialisation
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks,
    // Times between commands, CK
    parameter int unsigned TRcd = lpddr4_pkg::TRcd,
    parameter int unsigned TRp = lpddr4_pkg::TRp,
    parameter int unsigned TRas = lpddr4_pkg::TRas,
    parameter int unsigned TRc = lpddr4_pkg::TRc,
    parameter int unsigned TRrd = lpddr4_pkg::TRrd,
    parameter int unsigned TFaw = lpddr4_pkg::TFaw,
    parameter int unsigned TCcd = lpddr4_pkg::TCcd,
    parameter int unsigned TCcdMw = lpddr4_pkg::TCcdMw,
    parameter int unsigned TRtp = lpddr4_pkg::TRtp,
    parameter int unsigned TWrPre = lpddr4_pkg::TWrPre,
    parameter int unsigned TWrAuto = lpddr4_pkg::TWrAuto,
    parameter int unsigned TRdWr = lpddr4_pkg::TRdWr,
    parameter int unsigned TWrRd = lpddr4_pkg::TWrRd,
    parameter int unsigned TRankSwitch = lpddr4_pkg::TRankSwitch,
    parameter int unsigned TPpd = lpddr4_pkg::TPpd,
    parameter int unsigned TRfcPb = lpddr4_pkg::TRfcPb,
    parameter int unsigned TPbr2Pbr = lpddr4_pkg::TPbr2Pbr,
    parameter int unsigned TRefiPb = lpddr4_pkg::TRefiPb,
    parameter int unsigned TXp = lpddr4_pkg::TXp,
    parameter int unsigned TCke = lpddr4_pkg::TCke
) (
    input  logic clk_i,
    input  logic rst_ni,
    // Static
    input  logic two_ranks_i,
    output logic init_done_o,
    // Requests: size 0 is 32 bytes, 1 is 64; addresses in bytes, aligned to the size
    input  logic req_valid_i,
    output logic req_ready_o,
    input  logic req_write_i,
    input  logic [30:0] req_address_i,
    input  logic req_size_i,
    input  logic [TagWidth-1:0] req_tag_i,
    // Write data, a beat for each 32 bytes, in the order of the writes
    input  logic wdata_valid_i,
    output logic wdata_ready_o,
    input  logic [255:0] wdata_i,
    input  logic [31:0] wstrb_i,
    // Read data, a beat for each 32 bytes; the beats of one request in order
    output logic rsp_valid_o,
    input  logic rsp_ready_i,
    output logic [TagWidth-1:0] rsp_tag_o,
    output logic [255:0] rsp_data_o,
    output logic rsp_last_o,
    output logic rsp_error_o,
    // Write acknowledge: reads from now on see the data
    output logic wack_valid_o,
    input  logic wack_ready_i,
    output logic [TagWidth-1:0] wack_tag_o,
    output logic wack_error_o,
    // Events of the error correction: words corrected and not correctable; bursts scrubbed, writes
    // merged, checks read and written, requests refused
    input  logic [2:0] ecc_corrected_i,
    input  logic [2:0] ecc_uncorrected_i,
    input  logic ecc_scrubbed_i,
    input  logic ecc_merged_i,
    input  logic ecc_check_read_i,
    input  logic ecc_check_written_i,
    input  logic ecc_refused_i,
    // Counters
    input  logic [4:0] counter_select_i,
    output logic [lpddr4_pkg::CounterWidth-1:0] counter_value_o,
    // Pins, two CK per clock: phase 1 above phase 0; CS and CKE rank 1 above rank 0
    output logic [1:0] dfi_cke_o,
    output logic [3:0] dfi_cs_o,
    output logic [11:0] dfi_ca_o,
    output logic dfi_reset_n_o,
    output logic [1:0] dfi_wrdata_en_o,
    output logic [63:0] dfi_wrdata_o,
    output logic [7:0] dfi_wrmask_o,
    output logic [1:0] dfi_rddata_en_o,
    input  logic [63:0] dfi_rddata_i,
    input  logic [1:0] dfi_rddata_valid_i
);

  localparam int unsigned NumRanks = lpddr4_pkg::MaxRanks;
  localparam int unsigned NumBanks = NumRanks * lpddr4_pkg::NumBanks;
  localparam int unsigned TimeWidth = lpddr4_pkg::LatencyWidth;
  localparam int unsigned StampWidth = TagWidth + TimeWidth;  // a tag and the clock of its entry
  localparam int unsigned ReadSlotWidth = $clog2(ReadDepth);
  localparam int unsigned WriteSlotWidth = $clog2(WriteDepth);
  localparam int unsigned ReadCountWidth = $clog2(ReadDepth + 1);
  localparam int unsigned WriteCountWidth = $clog2(WriteDepth + 1);
  localparam int unsigned IncrementWidth = 7;

  `S4_CHECK_PARAM(gen_check_water, LowWater < HighWater && HighWater <= WriteDepth)
  `S4_CHECK_PARAM(gen_check_answers, AnswerDepth >= 4)

  lpddr4_pkg::request_t request;
  lpddr4_pkg::command_word_t issue, command_q, start_command;
  logic [NumBanks-1:0] open;
  logic [1:0] access;  // of the command of this clock: read, write
  logic writing, turn;

  // ---- Requests ----
  logic lookup, read_insert, read_blocked, read_room, read_match;
  logic write_insert, write_merge, write_room, write_match, write_pending;
  logic order, order_room, order_fresh, order_half, order_two, order_error, refuse, refuse_ready;
  logic [WriteSlotWidth-1:0] write_match_slot, write_free_slot, order_slot;
  logic [TagWidth-1:0] tag;
  logic [TimeWidth-1:0] now_q;
  logic row_open;

  memory_frontend #(
      .ReadDepth (ReadDepth),
      .WriteDepth(WriteDepth),
      .TagWidth  (TagWidth)
  ) u_frontend (
      .clk_i,
      .rst_ni,
      .enable_i          (init_done_o),
      .two_ranks_i,
      .req_valid_i,
      .req_ready_o,
      .req_write_i,
      .req_address_i,
      .req_size_i,
      .req_tag_i,
      .lookup_o          (lookup),
      .request_o         (request),
      .tag_o             (tag),
      .read_insert_o     (read_insert),
      .read_blocked_o    (read_blocked),
      .read_room_i       (read_room),
      .read_match_i      (read_match),
      .write_insert_o    (write_insert),
      .write_merge_o     (write_merge),
      .write_room_i      (write_room),
      .write_match_i     (write_match),
      .write_pending_i   (write_pending),
      .write_match_slot_i(write_match_slot),
      .write_free_slot_i (write_free_slot),
      .order_room_i      (order_room),
      .order_o           (order),
      .order_slot_o      (order_slot),
      .order_fresh_o     (order_fresh),
      .order_half_o      (order_half),
      .order_two_o       (order_two),
      .order_error_o     (order_error),
      .refuse_o          (refuse),
      .refuse_ready_i    (refuse_ready)
  );

  // ---- Queues ----
  logic [NumBanks-1:0] read_ready, write_ready, masked_ready, activate_ready;
  logic [2*NumBanks-1:0] bank_any, bank_hit, bank_conflict, bank_starving;
  logic [1:0] access_valid, access_last, access_only, activate_valid;
  logic [7:0] access_rank_bank, activate_rank_bank;
  logic [11:0] access_burst;
  logic [31:0] activate_row;
  logic access_masked;
  logic [1:0] queue_ready, queue_blocked, queue_starving;
  logic [ReadSlotWidth-1:0] read_slot, read_slot_q;
  logic [WriteSlotWidth-1:0] write_slot, write_slot_q, release_slot, data_slot;
  logic [StampWidth-1:0] read_stamp, read_stamp_q;
  logic [ReadCountWidth-1:0] read_count;
  logic [WriteCountWidth-1:0] write_count;
  logic [1:0] mine_q, half_q, write_removed;  // pairs: reads, writes
  logic [2*WriteSlotWidth-1:0] write_removed_slot;
  logic last_q, released, data, data_half, data_any, data_full;

  logic [ReadSlotWidth-1:0] unused_read_free, unused_read_match;
  logic [2*ReadSlotWidth-1:0] unused_read_removed_slot;
  logic [1:0] unused_read_removed;
  logic unused_read_pending, unused_read_masked, unused_write_tag;

  memory_queue #(
      .Depth     (ReadDepth),
      .TagWidth  (StampWidth),
      .OtherDepth(WriteDepth),
      .IsWrite   (1'b0),
      .Epoch     (Epoch)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .lookup_i        (lookup),
      .request_i       (request),
      .match_o         (read_match),
      .match_slot_o    (unused_read_match),
      .room_o          (read_room),
      .free_slot_o     (unused_read_free),
      .insert_i        (read_insert),
      .merge_i         (1'b0),
      .row_open_i      (row_open),
      .tag_i           ({now_q, tag}),
      .blocked_i       (read_blocked),
      .blocker_i       (write_match_slot),
      .pending_o       (unused_read_pending),
      .data_i          (1'b0),
      .data_slot_i     ('0),
      .data_half_i     (1'b0),
      .data_any_i      (1'b0),
      .data_full_i     (1'b0),
      .removed_o       (unused_read_removed),
      .removed_slot_o  (unused_read_removed_slot),
      .unblock_i       (write_removed),
      .unblock_slot_i  (write_removed_slot),
      .release_i       (1'b0),
      .release_slot_i  ('0),
      .access_ready_i  (read_ready),
      .masked_ready_i  ('0),
      .activate_ready_i(activate_ready),
      .command_i       (command_q),
      .mine_i          (mine_q[0]),
      .mine_slot_i     (read_slot_q),
      .mine_half_i     (half_q[0]),
      .access_valid_o  (access_valid[0]),
      .access_slot_o   (read_slot),
      .access_bank_o   (access_rank_bank[3:0]),
      .access_burst_o  (access_burst[5:0]),
      .access_masked_o (unused_read_masked),
      .access_last_o   (access_last[0]),
      .access_only_o   (access_only[0]),
      .access_tag_o    (read_stamp),
      .activate_valid_o(activate_valid[0]),
      .activate_bank_o (activate_rank_bank[3:0]),
      .activate_row_o  (activate_row[15:0]),
      .bank_any_o      (bank_any[0+:NumBanks]),
      .bank_hit_o      (bank_hit[0+:NumBanks]),
      .bank_conflict_o (bank_conflict[0+:NumBanks]),
      .bank_starving_o (bank_starving[0+:NumBanks]),
      .ready_o         (queue_ready[0]),
      .blocked_o       (queue_blocked[0]),
      .starving_o      (queue_starving[0]),
      .count_o         (read_count)
  );

  memory_queue #(
      .Depth     (WriteDepth),
      .TagWidth  (1),
      .OtherDepth(ReadDepth),
      .IsWrite   (1'b1),
      .Epoch     (Epoch)
  ) u_writes (
      .clk_i,
      .rst_ni,
      .lookup_i        (lookup),
      .request_i       (request),
      .match_o         (write_match),
      .match_slot_o    (write_match_slot),
      .room_o          (write_room),
      .free_slot_o     (write_free_slot),
      .insert_i        (write_insert),
      .merge_i         (write_merge),
      .row_open_i      (row_open),
      .tag_i           (1'b0),
      .blocked_i       (1'b0),
      .blocker_i       ('0),
      .pending_o       (write_pending),
      .data_i          (data),
      .data_slot_i     (data_slot),
      .data_half_i     (data_half),
      .data_any_i      (data_any),
      .data_full_i     (data_full),
      .removed_o       (write_removed),
      .removed_slot_o  (write_removed_slot),
      .unblock_i       ('0),
      .unblock_slot_i  ('0),
      .release_i       (released),
      .release_slot_i  (release_slot),
      .access_ready_i  (write_ready),
      .masked_ready_i  (masked_ready),
      .activate_ready_i(activate_ready),
      .command_i       (command_q),
      .mine_i          (mine_q[1]),
      .mine_slot_i     (write_slot_q),
      .mine_half_i     (half_q[1]),
      .access_valid_o  (access_valid[1]),
      .access_slot_o   (write_slot),
      .access_bank_o   (access_rank_bank[7:4]),
      .access_burst_o  (access_burst[11:6]),
      .access_masked_o (access_masked),
      .access_last_o   (access_last[1]),
      .access_only_o   (access_only[1]),
      .access_tag_o    (unused_write_tag),
      .activate_valid_o(activate_valid[1]),
      .activate_bank_o (activate_rank_bank[7:4]),
      .activate_row_o  (activate_row[31:16]),
      .bank_any_o      (bank_any[NumBanks+:NumBanks]),
      .bank_hit_o      (bank_hit[NumBanks+:NumBanks]),
      .bank_conflict_o (bank_conflict[NumBanks+:NumBanks]),
      .bank_starving_o (bank_starving[NumBanks+:NumBanks]),
      .ready_o         (queue_ready[1]),
      .blocked_o       (queue_blocked[1]),
      .starving_o      (queue_starving[1]),
      .count_o         (write_count)
  );

  memory_direction #(
      .Depth    (WriteDepth),
      .HighWater(HighWater),
      .LowWater (LowWater),
      .MinBatch (MinBatch)
  ) u_direction (
      .clk_i,
      .rst_ni,
      .read_ready_i    (queue_ready[0]),
      .read_starving_i (queue_starving[0]),
      .read_blocked_i  (queue_blocked[0]),
      .write_ready_i   (queue_ready[1]),
      .write_starving_i(queue_starving[1]),
      .write_count_i   (write_count),
      .access_i        (access != '0),
      .writing_o       (writing),
      .turn_o          (turn)
  );

  // ---- Banks, ranks, refresh, power ----
  logic [NumBanks-1:0] access_soon, masked_soon, activate_soon, precharge_soon, refresh_soon;
  logic [NumRanks-1:0] rank_read_soon, rank_write_soon, rank_activate_soon;
  logic [3:0] access_bank, activate_bank, precharge_bank, refresh_bank;
  logic masked;
  logic [1:0] bank_access, bank_activate, bank_precharge, bank_refresh, bus;
  logic [2*NumRanks-1:0] rank_read, rank_write, rank_activate, rank_precharge, rank_refresh;
  logic [NumRanks-1:0] refresh_valid, refresh_urgent, refresh_done, enable, down;
  logic [3*NumRanks-1:0] refreshing_bank;

  memory_banks #(
      .TRcd   (TRcd),
      .TRp    (TRp),
      .TRas   (TRas),
      .TRc    (TRc),
      .TRtp   (TRtp),
      .TWrPre (TWrPre),
      .TWrAuto(TWrAuto),
      .TCcdMw (TCcdMw),
      .TRfcPb (TRfcPb)
  ) u_banks (
      .clk_i,
      .rst_ni,
      .issue_i         (issue),
      .lookup_bank_i   ({request.rank, request.bank}),
      .lookup_row_i    (request.row),
      .row_open_o      (row_open),
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

  memory_ranks #(
      .TRrd       (TRrd),
      .TFaw       (TFaw),
      .TCcd       (TCcd),
      .TRdWr      (TRdWr),
      .TWrRd      (TWrRd),
      .TRankSwitch(TRankSwitch),
      .TPpd       (TPpd),
      .TPbr2Pbr   (TPbr2Pbr)
  ) u_ranks (
      .clk_i,
      .rst_ni,
      .issue_i        (issue),
      .bus_o          (bus),
      .read_soon_o    (rank_read_soon),
      .write_soon_o   (rank_write_soon),
      .activate_soon_o(rank_activate_soon),
      .read_o         (rank_read),
      .write_o        (rank_write),
      .activate_o     (rank_activate),
      .precharge_o    (rank_precharge),
      .refresh_o      (rank_refresh)
  );

  for (genvar r = 0; r < NumRanks; r = r + 1) begin : gen_rank
    localparam int unsigned First = r * lpddr4_pkg::NumBanks;
    logic [lpddr4_pkg::NumBanks-1:0] wanted;
    logic present, ahead;
    logic signed [5:0] unused_owed;
    logic unused_due;
    assign wanted = bank_any[First+:lpddr4_pkg::NumBanks] |
                    bank_any[NumBanks+First+:lpddr4_pkg::NumBanks];
    assign present = init_done_o && (r == 0 || two_ranks_i);

    memory_refresh #(
        .Interval(TRefiPb)
    ) u_refresh (
        .clk_i,
        .rst_ni,
        .enable_i(present),
        .ahead_i (ahead),
        .wanted_i(wanted),
        .open_i  (open[First+:lpddr4_pkg::NumBanks]),
        .valid_o (refresh_valid[r]),
        .bank_o  (refreshing_bank[3*r+:3]),
        .urgent_o(refresh_urgent[r]),
        .done_i  (refresh_done[r]),
        .owed_o  (unused_owed),
        .due_o   (unused_due)
    );

    memory_power #(
        .IdleClocks(IdleClocks),
        .TXp       (TXp),
        .TCke      (TCke)
    ) u_power (
        .clk_i,
        .rst_ni,
        .start_i (present),
        .busy_i  (wanted != '0 || refresh_valid[r]),
        .enable_o(enable[r]),
        .down_o  (down[r]),
        .ahead_o (ahead)
    );
  end

  // ---- Commands ----
  logic read_data_room;
  memory_scheduler u_scheduler (
      .clk_i,
      .rst_ni,
      .enable_i            (enable),
      .writing_i           (writing),
      .read_room_i         (read_data_room),
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
      .read_ready_o        (read_ready),
      .write_ready_o       (write_ready),
      .masked_ready_o      (masked_ready),
      .activate_ready_o    (activate_ready),
      .bank_any_i          (bank_any),
      .bank_hit_i          (bank_hit),
      .bank_conflict_i     (bank_conflict),
      .bank_starving_i     (bank_starving),
      .access_valid_i      (access_valid),
      .access_rank_bank_i  (access_rank_bank),
      .access_burst_i      (access_burst),
      .access_masked_i     (access_masked),
      .access_last_i       (access_last),
      .access_only_i       (access_only),
      .activate_valid_i    (activate_valid),
      .activate_rank_bank_i(activate_rank_bank),
      .activate_row_i      (activate_row),
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
      .access_o            (access)
  );

  logic start_reset_n, start_cke;
  memory_initialize #(
      .ResetClocks  (InitResetClocks),
      .CkeClocks    (InitCkeClocks),
      .CommandClocks(InitCommandClocks)
  ) u_initialize (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .reset_no (start_reset_n),
      .cke_o    (start_cke),
      .command_o(start_command),
      .done_o   (init_done_o)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      command_q     <= '0;
      mine_q        <= '0;
      half_q        <= '0;
      last_q        <= 1'b0;
      read_slot_q   <= '0;
      write_slot_q  <= '0;
      read_stamp_q  <= '0;
      dfi_cke_o     <= '0;
      dfi_reset_n_o <= 1'b0;
    end else begin
      command_q     <= init_done_o ? issue : start_command;
      mine_q        <= access;
      half_q        <= {access_burst[6], access_burst[0]};
      last_q        <= access_last[0];
      read_slot_q   <= read_slot;
      write_slot_q  <= write_slot;
      read_stamp_q  <= read_stamp;
      dfi_cke_o     <= {start_cke && two_ranks_i && !down[1], start_cke && !down[0]};
      dfi_reset_n_o <= start_reset_n;
    end
  end

  memory_command u_command (
      .clk_i,
      .rst_ni,
      .command_i(command_q),
      .cs_o     (dfi_cs_o),
      .ca_o     (dfi_ca_o)
  );

  // ---- Data ----
  memory_write_data #(
      .Depth   (WriteDepth),
      .TagWidth(TagWidth)
  ) u_write_data (
      .clk_i,
      .rst_ni,
      .room_o        (order_room),
      .write_i       (order),
      .slot_i        (order_slot),
      .fresh_i       (order_fresh),
      .half_i        (order_half),
      .two_i         (order_two),
      .error_i       (order_error),
      .tag_i         (tag),
      .wdata_valid_i,
      .wdata_ready_o,
      .wdata_i,
      .wstrb_i,
      .wack_valid_o,
      .wack_ready_i,
      .wack_tag_o,
      .wack_error_o,
      .data_o        (data),
      .data_slot_o   (data_slot),
      .data_half_o   (data_half),
      .data_any_o    (data_any),
      .data_full_o   (data_full),
      .burst_i       (mine_q[1]),
      .burst_phase_i (command_q.phase),
      .burst_masked_i(command_q.kind == lpddr4_pkg::CommandMaskedWrite),
      .burst_slot_i  (write_slot_q),
      .burst_half_i  (half_q[1]),
      .release_o     (released),
      .release_slot_o(release_slot),
      .wrdata_en_o   (dfi_wrdata_en_o),
      .wrdata_o      (dfi_wrdata_o),
      .wrmask_o      (dfi_wrmask_o)
  );

  logic [StampWidth-1:0] answer_stamp;
  logic answer, answer_last, answer_wrong;
  memory_read_data #(
      .Depth     (AnswerDepth),
      .TagWidth  (TagWidth),
      .StampWidth(StampWidth)
  ) u_read_data (
      .clk_i,
      .rst_ni,
      .room_o            (read_data_room),
      .issued_i          (access[0]),
      .burst_i           (mine_q[0]),
      .burst_phase_i     (command_q.phase),
      .burst_last_i      (last_q),
      .burst_stamp_i     (read_stamp_q),
      .refuse_i          (refuse),
      .refuse_two_i      (order_two),
      .refuse_tag_i      (tag),
      .refuse_ready_o    (refuse_ready),
      .rddata_en_o       (dfi_rddata_en_o),
      .rddata_i          (dfi_rddata_i),
      .rddata_valid_i    (dfi_rddata_valid_i),
      .answer_o          (answer),
      .answer_stamp_o    (answer_stamp),
      .answer_last_o     (answer_last),
      .answer_wrong_o    (answer_wrong),
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o
  );

  // ---- Counters ----
  logic [lpddr4_pkg::NumCounters*IncrementWidth-1:0] increments_q, increments;
  logic [TimeWidth-1:0] latency;
  logic bank_open;
  assign latency   = now_q - answer_stamp[TagWidth+:TimeWidth];
  assign bank_open = open[{request.rank, request.bank}];
  logic unused_stamp, unused_blocked;
  assign unused_blocked = queue_blocked[1];
  assign unused_stamp = ^answer_stamp[TagWidth-1:0];

  function automatic logic [2:0] latency_class(input logic [TimeWidth-1:0] clocks);
    int unsigned k;
    latency_class = '0;
    for (k = 0; k < 6; k = k + 1) begin
      if (32'(clocks) > (32'd64 << k)) latency_class = 3'(k + 1);
    end
  endfunction

`define S4_MEMORY_COUNT(Name, Value) \
    increments[32'(lpddr4_pkg::Counter``Name)*IncrementWidth+:IncrementWidth] = \
        IncrementWidth'(Value);
  always_comb begin : count
    logic inserted;
    inserted   = read_insert || write_insert;
    increments = '0;
    `S4_MEMORY_COUNT(Clocks, init_done_o)
    `S4_MEMORY_COUNT(ReadBursts, access[0])
    `S4_MEMORY_COUNT(WriteBursts, access[1])
    `S4_MEMORY_COUNT(MaskedBursts, access[1] && masked)
    `S4_MEMORY_COUNT(Activates, issue.kind == lpddr4_pkg::CommandActivate)
    `S4_MEMORY_COUNT(Precharges, issue.kind == lpddr4_pkg::CommandPrecharge)
    `S4_MEMORY_COUNT(Refreshes, issue.kind == lpddr4_pkg::CommandRefresh)
    `S4_MEMORY_COUNT(RowHits, inserted && row_open)
    `S4_MEMORY_COUNT(RowConflicts, inserted && bank_open && !row_open)
    `S4_MEMORY_COUNT(RowMisses, inserted && !bank_open)
    `S4_MEMORY_COUNT(Turnarounds, turn)
    `S4_MEMORY_COUNT(Merged, write_merge)
    `S4_MEMORY_COUNT(Ordered, read_insert && read_blocked)
    `S4_MEMORY_COUNT(Refused, (refuse && refuse_ready) || (order && order_error) || ecc_refused_i)
    `S4_MEMORY_COUNT(ReadOccupancy, read_count)
    `S4_MEMORY_COUNT(WriteOccupancy, write_count)
    `S4_MEMORY_COUNT(PowerDown, {down == 2'b11, down[0] ^ down[1]})
    `S4_MEMORY_COUNT(DataErrors, answer && answer_wrong)
    `S4_MEMORY_COUNT(Corrected, ecc_corrected_i)
    `S4_MEMORY_COUNT(Uncorrected, ecc_uncorrected_i)
    `S4_MEMORY_COUNT(Scrubbed, ecc_scrubbed_i)
    `S4_MEMORY_COUNT(ReadModified, ecc_merged_i)
    `S4_MEMORY_COUNT(ChecksRead, ecc_check_read_i)
    `S4_MEMORY_COUNT(ChecksWritten, ecc_check_written_i)
    increments[(32'(lpddr4_pkg::CounterLatency0)+32'(latency_class(latency)))*IncrementWidth] =
        answer && answer_last;
  end
`undef S4_MEMORY_COUNT

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      now_q        <= '0;
      increments_q <= '0;
    end else begin
      now_q        <= now_q + TimeWidth'(1);
      increments_q <= increments;
    end
  end

  memory_counters #(
      .IncrementWidth(IncrementWidth)
  ) u_counters (
      .clk_i,
      .rst_ni,
      .increments_i(increments_q),
      .select_i    (counter_select_i),
      .value_o     (counter_value_o)
  );

endmodule
