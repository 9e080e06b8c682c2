/// Takes the client's requests for the error correction, one at a time and in order: a read takes a
/// slot and reads its line, and its checks if the cache does not know them; a write of whole bursts
/// is written with its checks into the cache; a write with gaps becomes a read whose burst is
/// merged and written back. Writes are acknowledged as soon as they are in order. A request to a
/// line that is to be merged waits, and a write to a line that is being read. Dirty checks go out
/// in between. Three clocks a request and one for each beat of a write. Model:
/// tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_ecc_front #(
    parameter int unsigned SlotWidth = 6,  // bits of a slot, of an entry of the check cache
    parameter int unsigned EntryWidth = 6,
    parameter int unsigned Merges = 8,  // partial writes under way, >= 2
    parameter int unsigned TagWidth = 8,  // bits of a client's tag
    parameter int unsigned JobTagWidth = 8,  // > SlotWidth, > EntryWidth
    parameter int unsigned FlushClocks = 256,  // without requests until dirty checks are written
    localparam int unsigned MergeWidth = $clog2(Merges),
    localparam int unsigned BlockWidth = lpddr4_pkg::EccBlockWidth,
    localparam int unsigned LineWidth = BlockWidth + 2
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  enable_i,
    input  logic                  two_ranks_i,
    // Requests and write data of the client, acknowledges
    input  logic                  req_valid_i,
    output logic                  req_ready_o,
    input  logic                  req_write_i,
    input  logic [          30:0] req_address_i,
    input  logic                  req_size_i,
    input  logic [  TagWidth-1:0] req_tag_i,
    input  logic                  wdata_valid_i,
    output logic                  wdata_ready_o,
    input  logic [         255:0] wdata_i,
    input  logic [          31:0] wstrb_i,
    output logic                  wack_valid_o,
    input  logic                  wack_ready_i,
    output logic [  TagWidth-1:0] wack_tag_o,
    output logic                  wack_error_o,
    // Slots, check cache: search, and what it found
    output logic                  lookup_o,
    output logic [ LineWidth-1:0] line_o,
    input  logic                  match_i,
    input  logic                  match_merge_i,
    input  logic                  room_i,
    input  logic [ SlotWidth-1:0] free_slot_i,
    input  logic                  hit_i,
    input  logic [           7:0] known_i,
    input  logic                  fetching_i,
    input  logic                  spare_i,
    input  logic [EntryWidth-1:0] entry_i,
    input  logic                  check_ready_i,  // the cache takes checks
    // New slot
    output logic                  insert_o,
    output logic [           1:0] insert_halves_o,
    output logic [  TagWidth-1:0] insert_tag_o,
    output logic                  insert_merge_o,
    output logic [MergeWidth-1:0] insert_number_o,
    output logic                  insert_refused_o,
    output logic                  insert_known_o,
    // Entry used
    output logic                  use_o,
    output logic                  use_read_o,
    output logic                  use_fetch_o,
    output logic [           7:0] use_bursts_o,
    output logic [         255:0] use_checks_o,
    // Bytes to be merged
    output logic [         511:0] data_o,
    output logic [          63:0] strobes_o,
    input  logic                  release_merge_i,
    input  logic [MergeWidth-1:0] release_number_i,
    // Dirty checks
    input  logic                  wipe_full_i,
    input  logic                  wipe_many_i,
    input  logic                  wipe_any_i,
    input  logic                  wipe_ready_i,
    output logic                  wipe_o,
    output logic                  wipe_hold_o,  // the checks read are in use
    input  logic [BlockWidth-1:0] wipe_block_i,
    input  logic [           7:0] wipe_bursts_i,
    input  logic [         255:0] wipe_checks_i,
    // Jobs for the channel
    output logic                  job_valid_o,
    input  logic                  job_ready_i,
    output logic                  job_write_o,
    output logic                  job_check_o,
    output logic [BlockWidth-1:0] job_block_o,
    output logic [           2:0] job_burst_o,
    output logic                  job_two_o,
    output logic [JobTagWidth-1:0] job_tag_o,
    output logic [         511:0] job_data_o,
    output logic [          63:0] job_strobes_o,
    // Events
    output logic                  refused_o,
    output logic                  merge_o,
    output logic                  check_read_o,
    output logic                  check_write_o
);

  localparam int unsigned FlushWidth = $clog2(FlushClocks + 1);

  `S4_CHECK_PARAM(gen_check_merges, Merges >= 2)
  `S4_CHECK_PARAM(gen_check_tag, JobTagWidth > SlotWidth && JobTagWidth > EntryWidth)

  // ---- The request at hand, its data ----
  logic valid_q, write_q, two_q, half_q, error_q, searched_q, finish, step, whole, second_q, all_q;
  logic [LineWidth-1:0] line_q;
  logic [TagWidth-1:0] tag_q;
  logic [511:0] data_q;
  logic [63:0] strobes_q;
  logic [FlushWidth-1:0] idle_q;
  logic beat, upper;

  assign req_ready_o   = enable_i && (!valid_q || finish);
  assign wdata_ready_o = valid_q && write_q && !all_q;
  assign beat          = wdata_valid_i && wdata_ready_o;
  assign upper         = two_q ? second_q : half_q;
  assign whole         = !write_q || all_q;
  assign line_o        = line_q;
  assign lookup_o      = valid_q && !searched_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= 1'b0;
      write_q    <= 1'b0;
      two_q      <= 1'b0;
      half_q     <= 1'b0;
      error_q    <= 1'b0;
      searched_q <= 1'b0;
      second_q   <= 1'b0;
      all_q      <= 1'b0;
      line_q     <= '0;
      tag_q      <= '0;
      data_q     <= '0;
      strobes_q  <= '0;
      idle_q     <= '0;
    end else begin
      searched_q <= valid_q && !finish;
      if (valid_q || !wipe_any_i) idle_q <= '0;
      else if (idle_q != FlushWidth'(FlushClocks)) idle_q <= idle_q + FlushWidth'(1);
      if (beat) begin
        second_q <= 1'b1;
        all_q    <= !two_q || second_q;
        if (upper) {data_q[511:256], strobes_q[63:32]} <= {wdata_i, wstrb_i};
        else {data_q[255:0], strobes_q[31:0]} <= {wdata_i, wstrb_i};
      end
      if (req_valid_i && req_ready_o) begin
        valid_q <= 1'b1;
        write_q <= req_write_i;
        two_q   <= req_size_i;
        half_q  <= req_address_i[5];
        // Seven eighths of the memory hold data.
        error_q <= (two_ranks_i ? req_address_i[30:28] == 3'd7 :
                                  req_address_i[30] || req_address_i[29:27] == 3'd7) ||
                   req_address_i[4:0] != '0 || (req_size_i && req_address_i[5]);
        second_q  <= 1'b0;
        all_q     <= 1'b0;
        line_q    <= req_address_i[30:6];
        tag_q     <= req_tag_i;
        strobes_q <= '0;
      end else if (finish) begin
        valid_q <= 1'b0;
      end
    end
  end

  // ---- What is to be done ----
  logic [1:0] any, full, halves;
  logic [7:0] bursts;  // of the block
  logic partial, is_write, has_entry, known, reads, writes, merges, fetch, drop, ack_room;
  logic [Merges-1:0] merging_q, merge_free;
  logic [MergeWidth-1:0] merge_number;
  assign any      = {strobes_q[63:32] != '0, strobes_q[31:0] != '0};
  assign full     = {strobes_q[63:32] == '1, strobes_q[31:0] == '1};
  assign partial  = (any & ~full) != '0;
  assign is_write = write_q && !error_q && any != '0;
  assign halves   = write_q ? any : two_q ? 2'b11 : half_q ? 2'b10 : 2'b01;
  assign bursts   = {6'd0, halves} << {line_q[1:0], 1'b0};
  assign known    = (bursts & ~known_i) == '0;
  assign has_entry = hit_i || spare_i;
  assign ack_room = !wack_valid_o || wack_ready_i;
  assign merge_free = ~merging_q & (merging_q + Merges'(1));
  always_comb begin : number
    int unsigned i;
    merge_number = '0;
    for (i = 0; i < Merges; i = i + 1) if (merge_free[i]) merge_number = MergeWidth'(i);
  end

  // One step per clock: checks to be read or written for what went before, or the next request.
  logic fetch_q, wiping_q, stuck;
  logic [EntryWidth-1:0] fetch_entry_q;
  logic [BlockWidth-1:0] fetch_block_q, wipe_block_q;
  logic [7:0] wipe_bursts_q;
  assign stuck = searched_q && !has_entry && !error_q && whole;
  assign step  = searched_q && whole && !fetch_q && !wiping_q && !wipe_full_i && !wipe_many_i;
  assign reads = step && !write_q && (error_q || (!match_merge_i && has_entry)) && room_i;
  assign merges = step && is_write && partial && !match_i && room_i && has_entry && ack_room &&
                  merge_free != '0;
  assign writes = step && is_write && !partial && !match_i && has_entry && ack_room &&
                  check_ready_i;
  assign drop   = step && write_q && !is_write && ack_room;
  assign wipe_o = !fetch_q && !wiping_q && wipe_ready_i &&
                  (wipe_full_i || wipe_many_i ||
                   (wipe_any_i && (stuck || idle_q == FlushWidth'(FlushClocks))));
  assign wipe_hold_o = wiping_q;

  assign insert_o         = (reads && (error_q || job_ready_i)) || (merges && job_ready_i);
  assign insert_halves_o  = halves;
  assign insert_tag_o     = tag_q;
  assign insert_merge_o   = write_q;
  assign insert_number_o  = merge_number;
  assign insert_refused_o = error_q;
  assign insert_known_o   = known;
  assign fetch            = !known && !fetching_i;
  assign use_o            = (insert_o && !error_q) || (writes && job_ready_i);
  assign use_read_o       = !writes;
  assign use_fetch_o      = !writes && fetch;
  assign use_bursts_o     = writes ? bursts : '0;
  assign use_checks_o     = {4{memory_ecc_pkg::check_burst(data_q[511:256]),
                               memory_ecc_pkg::check_burst(data_q[255:0])}};
  assign finish           = insert_o || (writes && job_ready_i) || drop;
  assign data_o           = data_q;
  assign strobes_o        = strobes_q;

  assign refused_o     = (drop && error_q) || (insert_o && error_q);
  assign merge_o       = merges && job_ready_i;
  assign check_read_o  = fetch_q && job_ready_i;
  assign check_write_o = wiping_q && job_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fetch_q       <= 1'b0;
      fetch_entry_q <= '0;
      fetch_block_q <= '0;
      wiping_q      <= 1'b0;
      wipe_block_q  <= '0;
      wipe_bursts_q <= '0;
      merging_q     <= '0;
      wack_valid_o  <= 1'b0;
      wack_tag_o    <= '0;
      wack_error_o  <= 1'b0;
    end else begin
      if (use_o && use_fetch_o) begin
        fetch_q       <= 1'b1;
        fetch_entry_q <= entry_i;
        fetch_block_q <= line_q[LineWidth-1:2];
      end else if (job_ready_i) begin
        fetch_q <= 1'b0;
      end
      if (wipe_o) begin
        wiping_q      <= 1'b1;
        wipe_block_q  <= wipe_block_i;
        wipe_bursts_q <= wipe_bursts_i;
      end else if (job_ready_i) begin
        wiping_q <= 1'b0;
      end
      merging_q <= (merging_q & ~(release_merge_i ? Merges'(1) << release_number_i : '0)) |
                   (merge_o ? merge_free : '0);
      if (finish && write_q) begin
        wack_valid_o <= 1'b1;
        wack_tag_o   <= tag_q;
        wack_error_o <= error_q;
      end else if (wack_ready_i) begin
        wack_valid_o <= 1'b0;
      end
    end
  end

  // ---- Jobs ----
  always_comb begin : job
    int unsigned b;
    b             = 0;
    job_valid_o   = (reads && !error_q) || merges || writes;
    job_write_o   = writes;
    job_check_o   = 1'b0;
    job_block_o   = line_q[LineWidth-1:2];
    job_burst_o   = {line_q[1:0], !halves[0]};
    job_two_o     = halves == 2'b11;
    job_tag_o     = JobTagWidth'(free_slot_i);
    job_data_o    = halves[0] ? data_q : {data_q[511:256], data_q[511:256]};
    job_strobes_o = '1;
    if (fetch_q || wiping_q) begin
      job_valid_o = 1'b1;
      job_write_o = wiping_q;
      job_check_o = 1'b1;
      job_block_o = wiping_q ? wipe_block_q : fetch_block_q;
      job_burst_o = '0;
      job_two_o   = 1'b0;
      job_tag_o   = {1'b1, (JobTagWidth - 1)'(fetch_entry_q)};
      job_data_o[255:0] = wipe_checks_i;
      for (b = 0; b < 32; b = b + 1) job_strobes_o[b] = wipe_bursts_q[b/4];
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(OneStep, !(fetch_q && wiping_q))
  `S4_ASSERT_HELD(AckHeld, wack_valid_o, wack_ready_i, {wack_tag_o, wack_error_o})

endmodule
