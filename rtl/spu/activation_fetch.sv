/// Fetches the activation words of every bank of every tile, in the order in which the array uses
/// them: group of channels, tile, channel block, kernel row, kernel column, pixel quadrant.
/// A fetch group is the PixelsPerQuadrant words of one bank and one pixel quadrant. Words outside
/// the image are filled with zero and not read. The local buffer grants any part of the pending
/// words per clock; a group takes one clock if their banks form one run (stride 1 or 2 in a row)
/// and nobody else holds them. One group per clock; operands arrive 2 clocks after their grant. At
/// most OperandBanks banks are in flight or unused (operand_slots). For pooling a group of channels
/// is one channel block, its words go to the pooling unit, and a tile waits for a set of that.
/// Pixels of a quarter word (in_quarters): the group reads the Words words that hold its windows
/// and is filled once all are there (quarter_window).
/// BF16: a bank is two words, of one tap in two blocks of 32 channels, one after the other; a last
/// block without a partner is read twice.
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
    input  logic [   Group*AddrBits-1:0] addr_i,
    input  logic [  Group*CoordBits-1:0] row_i,
    input  logic [  Group*CoordBits-1:0] column_i,
    // Local buffer: pending words, granted words; data one clock after the grant
    output logic [            Group-1:0] read_valid_o,
    output logic [   Group*AddrBits-1:0] read_addr_o,
    output logic                         read_stride2_o,
    input  logic [            Group-1:0] read_grant_i,
    // Fill of the operand banks, one clock after the grant
    output logic                         fill_valid_o,
    output logic [            Quads-1:0] fill_quads_o,   // quadrants that take the words
    output logic [         SlotBits-1:0] fill_bank_o,
    output logic [            Group-1:0] fill_write_o,   // lanes with a word
    output logic [            Group-1:0] fill_zero_o,    // lanes outside the image
    output logic [            Words-1:0] fill_arrived_o, // words of the first lanes that came
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
    output logic                         group_done_o,
    output logic                         conflict_o
);

  typedef logic signed [CoordBits-1:0] coord_t;
  typedef logic [AddrBits-1:0] addr_t;

  // ---- Loops ----
  logic run_q, last_part, last_kx, last_ky, last_block, last_tile, last_group, last_bank;
  logic bf16, half_q, last_half, alone;
  logic stage_ready, issue, pool, quarters, credit, slot_credit, first_bank, tile_over;
  logic [1:0] part_q, parts_minus1;
  logic [3:0] kx_q, ky_q;
  logic [15:0] block_q, group_q;
  logic [23:0] tile_q;
  addr_t tap_addr_q, row_addr_q, block_addr_q, next_block_addr, row_step_q, half_step, tap_base;
  coord_t tap_x_q, tap_y_q;
  logic [23:0] pixel_base_q;

  assign parts_minus1 = 2'((4'd1 << command_i.shape[1:0]) - 4'd1);
  assign last_part = part_q == parts_minus1;
  assign last_kx = kx_q == command_i.kernel_w - 4'd1;
  assign last_ky = ky_q == command_i.kernel_h - 4'd1;
  assign pool = command_i.max_pool;
  assign quarters = command_i.in_quarters;
  assign bf16 = command_i.dtype == commands_pkg::DtypeBf16;
  assign alone = block_q == command_i.in_blocks - 16'd1;
  assign last_half = half_q || !bf16;
  assign half_step = alone ? '0 : AddrBits'(command_i.in_plane);
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
      part_q <= last_part ? '0 : part_q + 2'd1;
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

  // ---- Stage 1: addresses of the group, and which lie in the image ----
  logic [Group-1:0] inside_d, zero_d, pending_q, zero_q;
  logic [Group*AddrBits-1:0] addr_d, addr_q;
  logic valid_q, first_q, last_part_q, first_bank_q, last_bank_q;
  logic [1:0] stage_part_q;
  logic [SlotBits-1:0] stage_slot_q, issue_slot;

  window_words u_words (
      .quarters_i (quarters),
      .in_height_i(command_i.in_height),
      .in_width_i (command_i.in_width),
      .pixels_i   (command_i.pixels),
      .pixel_i    (pixel_base_q + 24'(part_q) * 24'(Group)),
      .tap_addr_i (tap_addr_q),
      .tap_row_i  (tap_y_q),
      .tap_column_i(tap_x_q),
      .addr_i,
      .row_i,
      .column_i,
      .read_o     (inside_d),
      .zero_o     (zero_d),
      .addr_o     (addr_d)
  );

  logic [Group-1:0] remaining;
  logic group_done;
  assign remaining = pending_q & ~read_grant_i;
  assign group_done = valid_q && (remaining == '0);
  assign stage_ready = !valid_q || group_done;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q   <= 1'b0;
      pending_q <= '0;
    end else if (issue) begin
      valid_q   <= 1'b1;
      pending_q <= inside_d;
    end else begin
      pending_q <= remaining;
      if (group_done) valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    first_q <= issue;
    if (issue) begin
      addr_q       <= addr_d;
      zero_q       <= zero_d;
      stage_part_q <= part_q;
      stage_slot_q <= issue_slot;
      last_part_q  <= last_part;
      first_bank_q <= first_bank;
      last_bank_q  <= last_bank;
    end
  end

  assign read_valid_o   = valid_q ? pending_q : '0;
  assign read_addr_o    = addr_q;
  assign read_stride2_o = command_i.stride_w == 4'd2;

  // ---- Stage 2: the words arrive; lanes outside the image are zeroed with the group's first ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fill_valid_o <= 1'b0;
    end else begin
      fill_valid_o <= quarters ? group_done
                               : valid_q && (first_q || (pending_q & read_grant_i) != '0);
    end
  end
  always_ff @(posedge clk_i) begin : fill
    int unsigned q;
    q = 0;
    fill_bank_o  <= stage_slot_q;
    fill_write_o <= quarters ? ~zero_q : pending_q & read_grant_i;
    fill_zero_o  <= quarters || first_q ? zero_q : '0;
    fill_arrived_o <= Words'(pending_q & read_grant_i);
    fill_first_o <= first_q && first_bank_q;
    fill_last_o  <= group_done && last_bank_q;
    for (q = 0; q < Quads; q = q + 1) begin
      fill_quads_o[q] <= (2'(q) & parts_minus1) == stage_part_q;
    end
  end

  // ---- Operand banks ----
  operand_slots u_slots (
      .clk_i,
      .rst_ni,
      .align_take_i(start_i && bf16),
      .credit_o   (slot_credit),
      .take_i     (issue && last_part && !pool),
      .slot_o     (issue_slot),
      .complete_i (group_done && last_part_q && !pool),
      .align_release_i(bank_align_i),
      .pair_i     (bank_pair_i),
      .valid_o    (bank_valid_o),
      .oldest_o   (bank_o),
      .release_i  (bank_release_i)
  );
  assign pool_take_o = issue && pool && first_bank;
  assign busy_o = run_q || valid_q;
  assign last_group_o = run_q && last_group;

  assign group_done_o = group_done;
  assign conflict_o = valid_q && !group_done;

  logic unused_command;
  assign unused_command = ^command_i;

  // ---- Assertions ----
  `S4_ASSERT(GrantPending, (read_grant_i & ~read_valid_o) == '0)

endmodule
