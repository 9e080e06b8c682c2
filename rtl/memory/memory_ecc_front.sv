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
    output logic                  idle_o,  // no request for FlushClocks clocks
    // Slots, check cache: search, and what it found
    output logic                  lookup_o,
    output logic [ LineWidth-1:0] line_o,
    input  logic                  match_i,
    input  logic                  match_merge_i,
    input  logic                  room_i,
    input  logic [ SlotWidth-1:0] free_slot_i,
    input  memory_ecc_pkg::found_t found_i,
    input  logic [EntryWidth-1:0] entry_i,
    // New slot
    output logic                  insert_o,
    output memory_ecc_pkg::read_t insert_read_o,
    output logic [  TagWidth-1:0] insert_tag_o,
    output logic [MergeWidth-1:0] insert_number_o,
    // Entry used
    output memory_ecc_pkg::use_t  use_o,
    // Bytes to be merged
    output logic [         511:0] data_o,
    output logic [          63:0] strobes_o,
    input  logic                  release_merge_i,
    input  logic [MergeWidth-1:0] release_number_i,
    // Dirty checks
    input  memory_ecc_pkg::wipe_t wipe_i,
    input  logic [         255:0] wipe_checks_i,
    input  logic                  wipe_ready_i,
    output logic                  wipe_o,
    output logic                  wipe_hold_o,  // the checks read are in use
    // Jobs for the channel
    output logic                  job_valid_o,
    input  logic                  job_ready_i,
    output memory_ecc_pkg::job_t  job_o,
    output logic [JobTagWidth-1:0] job_tag_o,
    // Events
    output logic                  refused_o,
    output logic                  merge_o,
    output logic                  check_read_o,
    output logic                  check_write_o
);

  `S4_CHECK_PARAM(gen_check_merges, Merges >= 2)
  `S4_CHECK_PARAM(gen_check_tag, JobTagWidth > SlotWidth && JobTagWidth > EntryWidth)

  memory_ecc_pkg::found_t found;
  memory_ecc_pkg::wipe_t wipe;
  memory_ecc_pkg::read_t insert_read;
  memory_ecc_pkg::use_t use_entry;
  memory_ecc_pkg::job_t job;
  assign found = found_i;
  assign wipe  = wipe_i;

  // ---- The request at hand, its data ----
  logic write, error, searched, whole, finish, step;
  logic [LineWidth-1:0] line;
  logic [TagWidth-1:0] tag;
  logic [1:0] halves;
  logic [511:0] data;
  logic [63:0] strobes;
  memory_ecc_accept #(
      .TagWidth   (TagWidth),
      .FlushClocks(FlushClocks)
  ) u_accept (
      .clk_i,
      .rst_ni,
      .enable_i,
      .two_ranks_i,
      .req_valid_i,
      .req_ready_o,
      .req_write_i,
      .req_address_i,
      .req_size_i,
      .req_tag_i,
      .wdata_valid_i,
      .wdata_ready_o,
      .wdata_i,
      .wstrb_i,
      .lookup_o,
      .searched_o(searched),
      .whole_o   (whole),
      .write_o   (write),
      .error_o   (error),
      .line_o    (line),
      .halves_o  (halves),
      .tag_o     (tag),
      .data_o    (data),
      .strobes_o (strobes),
      .finish_i  (finish),
      .idle_o
  );
  assign line_o = line;

  // ---- What is to be done ----
  logic [1:0] full;
  logic [7:0] bursts;  // of the block
  logic partial, is_write, has_entry, known, reads, writes, merges, drop, ack_room, insert, merge;
  logic [Merges-1:0] merging_q, merge_free;
  logic [MergeWidth-1:0] merge_number;
  assign full     = {strobes[63:32] == '1, strobes[31:0] == '1};
  assign partial  = (halves & ~full) != '0;
  assign is_write = write && !error && halves != '0;
  assign bursts   = {6'd0, halves} << {line[1:0], 1'b0};
  assign known    = (bursts & ~found.known) == '0;
  assign has_entry = found.hit || found.spare;
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
  assign stuck = searched && !has_entry && !error && whole;
  assign step  = searched && whole && !fetch_q && !wiping_q && !wipe.full && !wipe.many;
  assign reads = step && !write && (error || (!match_merge_i && has_entry)) && room_i;
  assign merges = step && is_write && partial && !match_i && room_i && has_entry && ack_room &&
                  merge_free != '0;
  assign writes = step && is_write && !partial && !match_i && has_entry && ack_room &&
                  found.write_ready;
  assign drop   = step && write && !is_write && ack_room;
  assign wipe_o = !fetch_q && !wiping_q && wipe_ready_i &&
                  (wipe.full || wipe.many ||
                   (wipe.any && (stuck || idle_o)));
  assign wipe_hold_o = wiping_q;

  assign insert = (reads && (error || job_ready_i)) || (merges && job_ready_i);
  assign merge  = merges && job_ready_i;
  assign finish = insert || (writes && job_ready_i) || drop;
  always_comb begin
    insert_read.halves  = halves;
    insert_read.merge   = write;
    insert_read.refused = error;
    insert_read.known   = known;
    use_entry.valid     = (insert && !error) || (writes && job_ready_i);
    use_entry.read      = !writes;
    use_entry.fetch     = !writes && !known && !found.fetching;
    use_entry.bursts    = writes ? bursts : '0;
    use_entry.checks    = {4{memory_ecc_pkg::check_burst(data[511:256]),
                             memory_ecc_pkg::check_burst(data[255:0])}};
  end
  assign insert_o        = insert;
  assign insert_read_o   = insert_read;
  assign insert_tag_o    = tag;
  assign insert_number_o = merge_number;
  assign use_o           = use_entry;
  assign data_o          = data;
  assign strobes_o       = strobes;

  assign refused_o     = (drop && error) || (insert && error);
  assign merge_o       = merge;
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
      if (use_entry.valid && use_entry.fetch) begin
        fetch_q       <= 1'b1;
        fetch_entry_q <= entry_i;
        fetch_block_q <= line[LineWidth-1:2];
      end else if (job_ready_i) begin
        fetch_q <= 1'b0;
      end
      if (wipe_o) begin
        wiping_q      <= 1'b1;
        wipe_block_q  <= wipe.block;
        wipe_bursts_q <= wipe.bursts;
      end else if (job_ready_i) begin
        wiping_q <= 1'b0;
      end
      merging_q <= (merging_q & ~(release_merge_i ? Merges'(1) << release_number_i : '0)) |
                   (merge ? merge_free : '0);
      if (finish && write) begin
        wack_valid_o <= 1'b1;
        wack_tag_o   <= tag;
        wack_error_o <= error;
      end else if (wack_ready_i) begin
        wack_valid_o <= 1'b0;
      end
    end
  end

  // ---- Jobs ----
  always_comb begin : access
    int unsigned b;
    logic [31:0] dirty_bytes;
    for (b = 0; b < 32; b = b + 1) dirty_bytes[b] = wipe_bursts_q[b/4];
    if (fetch_q || wiping_q) begin
      job_valid_o = 1'b1;
      job.write   = wiping_q;
      job.check   = 1'b1;
      job.block   = wiping_q ? wipe_block_q : fetch_block_q;
      job.burst   = '0;
      job.two     = 1'b0;
      job.data    = {256'd0, wipe_checks_i};
      job.strobes = {32'd0, dirty_bytes};
      job_tag_o   = {1'b1, (JobTagWidth - 1)'(fetch_entry_q)};
    end else begin
      job_valid_o = (reads && !error) || merges || writes;
      job.write   = writes;
      job.check   = 1'b0;
      job.block   = line[LineWidth-1:2];
      job.burst   = {line[1:0], !halves[0]};
      job.two     = halves == 2'b11;
      job.data    = halves[0] ? data : {data[511:256], data[511:256]};
      job.strobes = {64{1'b1}};
      job_tag_o   = JobTagWidth'(free_slot_i);
    end
  end
  assign job_o = job;

  // ---- Assertions ----
  `S4_ASSERT(OneStep, !(fetch_q && wiping_q))
  `S4_ASSERT_HELD(AckHeld, wack_valid_o, wack_ready_i, {wack_tag_o, wack_error_o})

endmodule
