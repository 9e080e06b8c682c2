/// Check bits of recently used blocks: an entry holds the 32 check bytes of a block of 256 bytes,
/// four for each burst, so that neighbours share one access. A burst of an entry is known (read or
/// written) and dirty (to be written out) on its own. An entry is replaced when nobody awaits it
/// and nothing of it is dirty, in turns; without requests such entries are forgotten, so that what
/// is read later sees the checks in the device. Model: tests/memory/memory_ecc_test.cpp compares
/// what the device holds
`include "assert.svh"

module memory_ecc_cache #(
    parameter int unsigned Entries = 64,  // >= 2
    parameter int unsigned MaxUsers = 64,  // reads that may await one entry
    parameter int unsigned MaxDirty = 8,  // entries with dirty bursts that are let be, < Entries
    localparam int unsigned EntryWidth = $clog2(Entries),
    localparam int unsigned CountWidth = $clog2(Entries + 1),
    localparam int unsigned UserWidth = $clog2(MaxUsers + 1),
    localparam int unsigned BlockWidth = lpddr4_pkg::EccBlockWidth
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // Search; the result is there one clock later and stays until the next
    input  logic                  lookup_i,
    input  logic [BlockWidth-1:0] block_i,
    output memory_ecc_pkg::found_t found_o,
    input  logic                  forget_i,  // no search now: an entry that is free is forgotten
    // The entry found, or one that may be replaced; use_i takes it
    output logic [EntryWidth-1:0] entry_o,
    input  memory_ecc_pkg::use_t  use_i,
    // Checks from the memory
    input  logic                  fill_i,
    input  logic [EntryWidth-1:0] fill_entry_i,
    input  logic [         255:0] fill_checks_i,
    input  logic                  fill_error_i,
    output logic                  fill_ready_o,
    // Corrected or merged checks of a burst
    input  logic                  back_i,
    input  logic [EntryWidth-1:0] back_entry_i,
    input  logic [           2:0] back_burst_i,
    input  logic [          31:0] back_checks_i,
    input  logic                  release_i,
    input  logic [EntryWidth-1:0] release_entry_i,
    // Reading: an entry; the checks come one clock later and stay
    input  logic                  read_i,
    input  logic [EntryWidth-1:0] read_entry_i,
    output logic [         255:0] checks_o,
    // Writing out: an entry that is wholly dirty, or one of too many, or any. wipe_i reads it and
    // makes it clean
    output memory_ecc_pkg::wipe_t wipe_o,
    input  logic                  wipe_i
);

  `S4_CHECK_PARAM(gen_check_entries, Entries >= 2 && MaxDirty < Entries)

  logic [Entries-1:0] valid_q, fetching_q;
  logic [8*Entries-1:0] known_q, dirty_q;  // a bit for each burst of an entry
  logic [UserWidth*Entries-1:0] users_q;
  logic [BlockWidth-1:0] block_q[0:Entries-1];
  logic [EntryWidth-1:0] next_q, scan_q, hit_entry_q, entry, full_entry_q;
  logic [EntryWidth-1:0] wipe_entry;
  logic hit_q, full_q, full_now, wipe_any, changed_q;
  logic [CountWidth-1:0] dirty_count_q;

  // ---- Search ----
  logic spare, write_ready;
  logic [7:0] known;
  memory_ecc_pkg::use_t taken;
  assign taken         = use_i;
  assign known         = hit_q ? known_q[8*32'(hit_entry_q)+:8] : '0;
  assign found_o       = {hit_q, known, hit_q && fetching_q[hit_entry_q], spare, write_ready};
  assign spare         = !valid_q[next_q] ||
                         (users_q[UserWidth*32'(next_q)+:UserWidth] == '0 &&
                          dirty_q[8*32'(next_q)+:8] == '0 && !fetching_q[next_q]);
  assign entry         = hit_q ? hit_entry_q : next_q;
  assign entry_o       = entry;

  always_ff @(posedge clk_i or negedge rst_ni) begin : search
    int unsigned e;
    e = 0;
    if (!rst_ni) begin
      hit_q       <= 1'b0;
      hit_entry_q <= '0;
    end else if (lookup_i) begin
      hit_q <= 1'b0;
      for (e = 0; e < Entries; e = e + 1) begin
        if (valid_q[e] && block_q[e] == block_i) begin
          hit_q       <= 1'b1;
          hit_entry_q <= EntryWidth'(e);
        end
      end
    end
  end

  // ---- State ----
  logic users_more, users_less;
  assign users_more = taken.valid && taken.read && !(release_i && release_entry_i == entry);
  assign users_less = release_i && !(taken.valid && taken.read && release_entry_i == entry);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= '0;
      fetching_q <= '0;
      known_q    <= '0;
      dirty_q    <= '0;
      users_q    <= '0;
      next_q     <= '0;
      scan_q     <= '0;
      changed_q  <= 1'b0;
    end else begin
      changed_q <= taken.valid || back_i || wipe_i;
      if (fill_i && fill_ready_o) begin
        fetching_q[fill_entry_i] <= 1'b0;
        if (!fill_error_i) known_q[8*32'(fill_entry_i)+:8] <= '1;
      end
      if (wipe_i) dirty_q[8*32'(wipe_entry)+:8] <= '0;
      if (taken.valid) begin
        valid_q[entry] <= 1'b1;
        if (taken.fetch) fetching_q[entry] <= 1'b1;
        known_q[8*32'(entry)+:8] <= known | taken.bursts |
                               ((fill_i && fill_ready_o && !fill_error_i && hit_q &&
                                 fill_entry_i == entry) ? 8'hff : 8'h00);
        dirty_q[8*32'(entry)+:8] <= (hit_q ? dirty_q[8*32'(entry)+:8] : 8'd0) | taken.bursts;
      end
      if (back_i) begin
        known_q[{back_entry_i, back_burst_i}] <= 1'b1;
        dirty_q[{back_entry_i, back_burst_i}] <= 1'b1;
      end
      if (users_more) begin
        users_q[UserWidth*32'(entry)+:UserWidth] <=
            users_q[UserWidth*32'(entry)+:UserWidth] + UserWidth'(1);
      end
      if (users_less) begin
        users_q[UserWidth*32'(release_entry_i)+:UserWidth] <=
            users_q[UserWidth*32'(release_entry_i)+:UserWidth] - UserWidth'(1);
      end
      if (forget_i && spare) valid_q[next_q] <= 1'b0;
      if ((taken.valid && !hit_q) || !spare || forget_i) begin
        next_q <= (next_q == EntryWidth'(Entries - 1)) ? '0 : next_q + EntryWidth'(1);
      end
      if (dirty_q[8*32'(scan_q)+:8] == '0 || (wipe_i && wipe_entry == scan_q)) begin
        scan_q <= (scan_q == EntryWidth'(Entries - 1)) ? '0 : scan_q + EntryWidth'(1);
      end
    end
  end
  always_ff @(posedge clk_i) if (taken.valid) block_q[entry] <= hit_q ? block_q[entry] : block_i;

  // ---- What is to be written out ----
  always_ff @(posedge clk_i or negedge rst_ni) begin : count
    int unsigned e;
    logic [CountWidth-1:0] dirty_count;
    e           = 0;
    dirty_count = '0;
    if (!rst_ni) begin
      dirty_count_q <= '0;
      full_q        <= 1'b0;
      full_entry_q  <= '0;
    end else if (changed_q) begin
      full_q <= 1'b0;
      for (e = 0; e < Entries; e = e + 1) begin
        dirty_count = dirty_count + CountWidth'(dirty_q[8*e+:8] != '0);
        if (dirty_q[8*e+:8] == '1) begin
          full_q       <= 1'b1;
          full_entry_q <= EntryWidth'(e);
        end
      end
      dirty_count_q <= dirty_count;
    end
  end
  assign full_now      = full_q && dirty_q[8*32'(full_entry_q)+:8] != '0;
  assign wipe_any      = full_now || dirty_q[8*32'(scan_q)+:8] != '0;
  assign wipe_entry    = full_now ? full_entry_q : scan_q;
  assign wipe_o        = {full_now, wipe_any && dirty_count_q > CountWidth'(MaxDirty), wipe_any,
                          block_q[wipe_entry], dirty_q[8*32'(wipe_entry)+:8]};

  // ---- Check bytes: back, fill, write ----
  logic we;
  logic [EntryWidth-1:0] write_entry;
  logic [7:0] write_units;
  logic [255:0] write_checks;
  assign fill_ready_o  = !back_i;
  assign write_ready   = !back_i && !fill_i;
  always_comb begin
    we           = back_i || fill_i || (taken.valid && taken.bursts != '0);
    write_entry  = entry;
    write_units  = taken.bursts;
    write_checks = taken.checks;
    if (back_i) begin
      write_entry  = back_entry_i;
      write_units  = 8'd1 << back_burst_i;
      write_checks = {8{back_checks_i}};
    end else if (fill_i) begin
      write_entry  = fill_entry_i;
      write_units  = ~known_q[8*32'(fill_entry_i)+:8];
      write_checks = fill_checks_i;
    end
  end

  sram_1r1w #(
      .Width     (256),
      .Depth     (Entries),
      .WriteUnits(8)
  ) u_checks (
      .clk_i,
      .we_i   (we),
      .waddr_i(write_entry),
      .wmask_i(write_units),
      .wdata_i(write_checks),
      .re_i   (read_i || wipe_i),
      .raddr_i(wipe_i ? wipe_entry : read_entry_i),
      .rdata_o(checks_o)
  );

  // ---- Assertions ----
  `S4_ASSERT(OneReader, !(read_i && wipe_i))
  `S4_ASSERT(OneWriter, !(taken.valid && taken.bursts != '0) || write_ready)
  `S4_ASSERT(UseHasEntry, !taken.valid || hit_q || spare)
  logic release_used;
  assign release_used = users_q[UserWidth*32'(release_entry_i)+:UserWidth] != '0;
  `S4_ASSERT(ReleaseUsed, !release_i || release_used)
  `S4_ASSERT(FillFetched, !fill_i || fetching_q[fill_entry_i])

endmodule
