/// Fetches the activation words of every bank of every tile, in the order in which the array uses
/// them: group of channels, tile, channel block, kernel row, kernel column, pixel quadrant. A fetch
/// group is the PixelsPerQuadrant words of one bank and one pixel quadrant. Words outside the image
/// are filled with zero and not read. Tiles of several pixel quadrants are fetched in pairs of
/// groups, of an even and of the next quadrant (pair_o), others group by group. The local buffer
/// grants any part of the pending words per clock; a group takes one clock if their banks form one
/// run (stride 1 or 2 in a row; two runs where it is alone) and nobody else holds them. Each group
/// of a pair has a port of its own, which may be a group ahead of the other (fetch_port). One pair
/// per clock; operands arrive 2 clocks after their grant. At most OperandBanks banks are in flight
/// or unused (operand_slots). For pooling a group of channels is one channel block, its words go to
/// the pooling unit, and a tile, of one pixel quadrant, waits for a set of that. Pixels of a
/// quarter word (in_quarters): the group reads the Words words that hold its windows and is filled
/// once all are there (quarter_window). BF16: a bank is two words, of one tap in two blocks of 32
/// channels, one after the other; a last block without a partner fills both operand banks at once.
/// Model: sim/spu/spu.hpp
`include "assert.svh"
module activation_fetch #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Group     = config_pkg::PixelsPerQuadrant,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned CoordBits = 20,
    localparam int unsigned Words     = Group / 4 + 1,
    localparam int unsigned SlotBits  = $clog2(spu_pkg::OperandBanks)
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Command, held while busy_o; start_i once it is there and loaded into the walker
    input  logic                         start_i,
    input  commands_pkg::spu_command_t   command_i,
    input  logic [                 23:0] tiles_i,
    input  logic [                 15:0] groups_i,
    output logic                         busy_o,
    output logic                         last_group_o,   // no restart_o matters any more
    // Pixel walker
    input  logic                         hold_i,         // no advance_o
    output logic                         advance_o,
    output logic                         restart_o,
    output logic [                  1:0] part_o,
    input  logic [ 2*Group*AddrBits-1:0] addr_i,
    input  logic [2*Group*CoordBits-1:0] row_i,
    input  logic [2*Group*CoordBits-1:0] column_i,
    // Local buffer: pending words, granted words; data one clock after the grant
    output logic                         pair_o,         // the upper group is in use
    output logic [          2*Group-1:0] read_valid_o,
    output logic [ 2*Group*AddrBits-1:0] read_addr_o,
    output logic                         read_stride2_o,
    input  logic [          2*Group-1:0] read_grant_i,
    // Fill of the operand banks, one clock after the grant, per group of the pair
    output logic [                  1:0] fill_valid_o,
    output logic                         fill_pair_o,
    output logic [          2*Quads-1:0] fill_quads_o,   // quadrants that take the words
    output logic [       2*SlotBits-1:0] fill_bank_o,
    output logic [                  1:0] fill_both_o,    // and the one after it
    output logic [          2*Group-1:0] fill_write_o,   // lanes with a word
    output logic [          2*Group-1:0] fill_zero_o,    // lanes outside the image
    output logic [          2*Words-1:0] fill_arrived_o, // words of the first lanes that came
    // Pooling: a set is claimed with a tile's first bank
    input  logic                         pool_credit_i,
    output logic                         pool_take_o,
    output logic                         fill_first_o,   // first fill of a tile
    output logic                         fill_last_o,    // last fill of a tile
    // Operand banks; BF16 two at a time, aligned when the array starts
    input  logic                         bank_pair_i,
    input  logic                         bank_align_i,
    output logic                         bank_valid_o,   // the oldest bank is complete
    output logic [         SlotBits-1:0] bank_o,         // its number
    input  logic                         bank_release_i, // the array is done with it
    // Counters
    output logic [                  1:0] groups_done_o,  // a group's last word was granted
    output logic                         conflict_o      // some pending words were not
);

  typedef logic signed [CoordBits-1:0] coord_t;
  typedef logic [AddrBits-1:0] addr_t;

  // ---- Loops ----
  logic run_q, last_part, last_kx, last_ky, last_block, last_tile, last_group, last_bank;
  logic bf16, half_q, last_half, alone, both;
  logic stage_ready, issue, pool, quarters, credit, slot_credit, first_bank, tile_over;
  logic [1:0] part_q, parts_minus1;
  logic [3:0] kx_q, ky_q;
  logic [15:0] block_q, group_q;
  logic [23:0] tile_q;
  addr_t tap_addr_q, row_addr_q, block_addr_q, next_block_addr, row_step_q, half_step, tap_base;
  coord_t tap_x_q, tap_y_q;
  logic [23:0] pixel_base_q;

  assign parts_minus1 = 2'((4'd1 << command_i.shape[1:0]) - 4'd1);
  assign pair_o = parts_minus1 != '0;
  assign last_part = (part_q | {1'b0, pair_o}) == parts_minus1;
  assign last_kx = kx_q == command_i.kernel_w - 4'd1;
  assign last_ky = ky_q == command_i.kernel_h - 4'd1;
  assign pool = command_i.max_pool;
  assign quarters = command_i.in_quarters;
  assign bf16 = command_i.dtype == commands_pkg::DtypeBf16 && !pool;
  assign alone = block_q == command_i.in_blocks - 16'd1;
  assign both = bf16 && alone;
  assign last_half = half_q || !bf16 || alone;
  assign half_step = AddrBits'(command_i.in_plane);
  assign tap_base = half_q ? tap_addr_q - half_step : tap_addr_q;
  assign last_block = pool || alone || (bf16 && block_q == command_i.in_blocks - 16'd2);
  assign last_bank = last_kx && last_ky && last_block && last_half;
  assign last_tile = tile_q == tiles_i - 24'd1;
  assign last_group = group_q == groups_i - 16'd1;
  assign first_bank = kx_q == '0 && ky_q == '0 && block_q == '0;
  assign credit = pool ? (pool_credit_i || !first_bank) : slot_credit;
  assign tile_over = last_part && last_bank && !last_tile;
  assign issue = run_q && stage_ready && (credit || part_q != '0) && !(hold_i && tile_over);
  assign advance_o = issue && tile_over;
  assign restart_o = issue && last_part && last_bank && last_tile;
  assign part_o = part_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      run_q <= 1'b0;
    end else if (start_i) begin
      run_q <= 1'b1;
    end else if (restart_o && last_group) begin
      run_q <= 1'b0;
    end
  end

  // The next channel block comes after this one's taps, or in pooling after its tiles.
  always_comb begin
    next_block_addr = block_addr_q + AddrBits'(bf16 ? command_i.in_plane << 1 : command_i.in_plane);
    if (pool && !last_tile) next_block_addr = block_addr_q;
    if (!pool && last_block) next_block_addr = '0;
  end

  always_ff @(posedge clk_i) begin : loops
    row_step_q <= AddrBits'(command_i.in_row * 16'(command_i.dilation_h));
    if (start_i) begin
      part_q       <= '0;
      half_q       <= 1'b0;
      kx_q         <= '0;
      ky_q         <= '0;
      block_q      <= '0;
      tile_q       <= '0;
      group_q      <= '0;
      tap_addr_q   <= '0;
      row_addr_q   <= '0;
      block_addr_q <= '0;
      tap_x_q      <= '0;
      tap_y_q      <= '0;
      pixel_base_q <= '0;
    end else if (issue) begin
      part_q <= last_part ? '0 : part_q + 2'd2;
      if (last_part && !last_half) begin
        half_q     <= 1'b1;
        tap_addr_q <= tap_addr_q + half_step;
      end
      if (last_part && last_half) begin
        half_q     <= 1'b0;
        kx_q       <= last_kx ? '0 : kx_q + 4'd1;
        tap_x_q    <= last_kx ? '0 : tap_x_q + $signed(CoordBits'({1'b0, command_i.dilation_w}));
        tap_addr_q <= tap_base + AddrBits'(command_i.dilation_w);
        if (last_kx) begin
          ky_q       <= last_ky ? '0 : ky_q + 4'd1;
          tap_y_q    <= last_ky ? '0 : tap_y_q + $signed(CoordBits'({1'b0, command_i.dilation_h}));
          row_addr_q <= row_addr_q + row_step_q;
          tap_addr_q <= row_addr_q + row_step_q;
          if (last_ky) begin
            block_q      <= last_block ? '0 : block_q + (bf16 ? 16'd2 : 16'd1);
            block_addr_q <= next_block_addr;
            row_addr_q   <= next_block_addr;
            tap_addr_q   <= next_block_addr;
          end
        end
        if (last_bank) begin
          tile_q       <= last_tile ? '0 : tile_q + 24'd1;
          pixel_base_q <= last_tile ? '0 : pixel_base_q + (24'(Group) << command_i.shape[1:0]);
          if (last_tile) group_q <= group_q + 16'd1;
        end
      end
    end
  end

  // ---- Groups: addresses, and which lie in the image; each port reads its own ----
  logic [SlotBits-1:0] issue_slot;
  logic [1:0] port_ready, port_busy, port_issue, done_last, done_both;

  assign port_issue = {issue && pair_o, issue};

  for (genvar g = 0; g < 2; g++) begin : gen_port
    logic [Group-1:0] read, zero;
    logic [Group*AddrBits-1:0] addr;
    logic [Quads-1:0] quads;

    always_comb begin : choose_quadrants
      int unsigned q;
      quads = '0;
      for (q = 0; q < Quads; q = q + 1) begin
        quads[q] = (!pair_o || q % 2 == g) && ((2'(q) & parts_minus1 & 2'd2) == part_q);
      end
    end

    window_words u_words (
        .quarters_i (quarters),
        .in_height_i(command_i.in_height),
        .in_width_i (command_i.in_width),
        .pixels_i   (command_i.pixels),
        .pixel_i    (pixel_base_q + (24'(part_q) + 24'(g)) * 24'(Group)),
        .tap_addr_i (tap_addr_q),
        .tap_row_i  (tap_y_q),
        .tap_column_i(tap_x_q),
        .addr_i     (addr_i[g*Group*AddrBits+:Group*AddrBits]),
        .row_i      (row_i[g*Group*CoordBits+:Group*CoordBits]),
        .column_i   (column_i[g*Group*CoordBits+:Group*CoordBits]),
        .read_o     (read),
        .zero_o     (zero),
        .addr_o     (addr)
    );

    logic first, last;
    fetch_port u_port (
        .clk_i,
        .rst_ni,
        .quarters_i    (quarters),
        .ready_o       (port_ready[g]),
        .issue_i       (port_issue[g]),
        .read_i        (read),
        .zero_i        (zero),
        .addr_i        (addr),
        .quads_i       (quads),
        .bank_i        (issue_slot),
        .both_i        (both),
        .last_part_i   (last_part),
        .first_bank_i  (first_bank),
        .last_bank_i   (last_bank),
        .read_valid_o  (read_valid_o[g*Group+:Group]),
        .read_addr_o   (read_addr_o[g*Group*AddrBits+:Group*AddrBits]),
        .read_grant_i  (read_grant_i[g*Group+:Group]),
        .busy_o        (port_busy[g]),
        .done_o        (groups_done_o[g]),
        .done_last_o   (done_last[g]),
        .done_both_o   (done_both[g]),
        .fill_valid_o  (fill_valid_o[g]),
        .fill_quads_o  (fill_quads_o[g*Quads+:Quads]),
        .fill_bank_o   (fill_bank_o[g*SlotBits+:SlotBits]),
        .fill_both_o   (fill_both_o[g]),
        .fill_write_o  (fill_write_o[g*Group+:Group]),
        .fill_zero_o   (fill_zero_o[g*Group+:Group]),
        .fill_arrived_o(fill_arrived_o[g*Words+:Words]),
        .fill_first_o  (first),
        .fill_last_o   (last)
    );
  end

  assign stage_ready = port_ready == '1;
  assign read_stride2_o = command_i.stride_w == 4'd2;
  assign fill_first_o = gen_port[0].first;
  assign fill_last_o = gen_port[0].last;
  always_ff @(posedge clk_i) fill_pair_o <= pair_o;

  // ---- Operand banks ----
  operand_slots u_slots (
      .clk_i,
      .rst_ni,
      .align_take_i(start_i && bf16),
      .credit_o   (slot_credit),
      .take_i     (issue && last_part && !pool),
      .take_both_i(both),
      .slot_o     (issue_slot),
      .complete_i (pool ? '0 : pair_o ? done_last : {2{done_last[0]}}),
      .complete_both_i(pair_o ? done_both : {2{done_both[0]}}),
      .align_release_i(bank_align_i),
      .pair_i     (bank_pair_i),
      .valid_o    (bank_valid_o),
      .oldest_o   (bank_o),
      .release_i  (bank_release_i)
  );
  assign pool_take_o = issue && pool && first_bank;
  assign busy_o = run_q || port_busy != '0;
  assign last_group_o = run_q && last_group;
  assign conflict_o = (read_valid_o & ~read_grant_i) != '0;

  logic unused_command, unused_upper;
  assign unused_command = ^command_i;
  assign unused_upper = gen_port[1].first ^ gen_port[1].last;

  // ---- Assertions ----
  `S4_ASSERT(PoolAlone, !(run_q && pool && pair_o))

endmodule
