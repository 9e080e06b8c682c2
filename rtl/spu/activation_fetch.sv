/// Fetches the activation words of every bank of every tile, in the order in which the array uses
/// them: group of channels, tile, channel block, kernel row, kernel column, pixel quadrant.
/// A fetch group is the PixelsPerQuadrant words of one bank and one pixel quadrant. Words outside
/// the image are filled with zero and not read. The local buffer grants any part of the pending
/// words per clock; a group takes one clock if their banks form one run (stride 1 or 2 in a row)
/// and nobody else holds them. One group per clock; operands arrive 2 clocks after their grant. At
/// most OperandBanks banks are in flight or unused; bank_ready_o counts complete ones.
/// Model: sim/spu/spu.hpp
`include "assert.svh"
module activation_fetch #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Group     = config_pkg::PixelsPerQuadrant,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned CoordBits = 20,
    localparam int unsigned BankSlots = spu_pkg::OperandBanks,
    localparam int unsigned SlotBits  = $clog2(BankSlots)
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
    // Operand banks
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
  logic stage_ready, issue, credit, tile_over;
  logic [1:0] part_q, parts_minus1;
  logic [3:0] kx_q, ky_q;
  logic [15:0] block_q, group_q;
  logic [23:0] tile_q;
  addr_t tap_addr_q, row_addr_q, block_addr_q, row_step_q;
  coord_t tap_x_q, tap_y_q;
  logic [23:0] pixel_base_q;

  assign parts_minus1 = 2'((4'd1 << command_i.shape[1:0]) - 4'd1);
  assign last_part = part_q == parts_minus1;
  assign last_kx = kx_q == command_i.kernel_w - 4'd1;
  assign last_ky = ky_q == command_i.kernel_h - 4'd1;
  assign last_block = block_q == command_i.in_blocks - 16'd1;
  assign last_bank = last_kx && last_ky && last_block;
  assign last_tile = tile_q == tiles_i - 24'd1;
  assign last_group = group_q == groups_i - 16'd1;
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

  always_ff @(posedge clk_i) begin : loops
    row_step_q <= AddrBits'(command_i.in_row * 16'(command_i.dilation_h));
    if (start_i) begin
      part_q       <= '0;
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
      if (last_part) begin
        kx_q       <= last_kx ? '0 : kx_q + 4'd1;
        tap_x_q    <= last_kx ? '0 : tap_x_q + $signed(CoordBits'({1'b0, command_i.dilation_w}));
        tap_addr_q <= tap_addr_q + AddrBits'(command_i.dilation_w);
        if (last_kx) begin
          ky_q       <= last_ky ? '0 : ky_q + 4'd1;
          tap_y_q    <= last_ky ? '0 : tap_y_q + $signed(CoordBits'({1'b0, command_i.dilation_h}));
          row_addr_q <= row_addr_q + row_step_q;
          tap_addr_q <= row_addr_q + row_step_q;
          if (last_ky) begin
            block_q      <= last_block ? '0 : block_q + 16'd1;
            block_addr_q <= last_block ? '0 : block_addr_q + AddrBits'(command_i.in_plane);
            row_addr_q   <= last_block ? '0 : block_addr_q + AddrBits'(command_i.in_plane);
            tap_addr_q   <= last_block ? '0 : block_addr_q + AddrBits'(command_i.in_plane);
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
  logic [Group-1:0] inside_d, pending_q, zero_q;
  logic [Group*AddrBits-1:0] addr_d, addr_q;
  logic valid_q, first_q, last_part_q;
  logic [1:0] stage_part_q;
  logic [SlotBits-1:0] stage_slot_q, issue_slot_q;

  always_comb begin : window
    int unsigned i;
    coord_t x, y;
    inside_d = '0;
    addr_d   = '0;
    x        = '0;
    y        = '0;
    for (i = 0; i < Group; i = i + 1) begin
      y = $signed(CoordBits'(row_i[i*CoordBits+:CoordBits])) + tap_y_q;
      x = $signed(CoordBits'(column_i[i*CoordBits+:CoordBits])) + tap_x_q;
      inside_d[i] = (y >= 0) && (y < $signed(CoordBits'({4'd0, command_i.in_height}))) &&
                    (x >= 0) && (x < $signed(CoordBits'({4'd0, command_i.in_width}))) &&
                    (pixel_base_q + 24'(part_q) * 24'(Group) + 24'(i) < command_i.pixels);
      addr_d[i*AddrBits+:AddrBits] = addr_i[i*AddrBits+:AddrBits] + tap_addr_q;
    end
  end

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
      zero_q       <= ~inside_d;
      stage_part_q <= part_q;
      stage_slot_q <= issue_slot_q;
      last_part_q  <= last_part;
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
      fill_valid_o <= valid_q && (first_q || (pending_q & read_grant_i) != '0);
    end
  end
  always_ff @(posedge clk_i) begin : fill
    int unsigned q;
    q = 0;
    fill_bank_o  <= stage_slot_q;
    fill_write_o <= pending_q & read_grant_i;
    fill_zero_o  <= first_q ? zero_q : '0;
    for (q = 0; q < Quads; q = q + 1) begin
      fill_quads_o[q] <= (2'(q) & parts_minus1) == stage_part_q;
    end
  end

  // ---- Operand banks: handed out at issue, complete two clocks after the last grant ----
  logic [SlotBits:0] used_q, complete_q;
  logic complete_d1_q;
  logic [SlotBits-1:0] oldest_q;
  logic hand_out;
  assign credit = used_q != (SlotBits + 1)'(BankSlots);
  assign hand_out = issue && last_part;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      used_q        <= '0;
      complete_q    <= '0;
      complete_d1_q <= 1'b0;
      oldest_q      <= '0;
      issue_slot_q  <= '0;
    end else begin
      if (hand_out) issue_slot_q <= issue_slot_q + SlotBits'(1);
      if (bank_release_i) oldest_q <= oldest_q + SlotBits'(1);
      used_q <= used_q + (SlotBits + 1)'(hand_out) - (SlotBits + 1)'(bank_release_i);
      complete_d1_q <= group_done && last_part_q;
      complete_q <= complete_q + (SlotBits + 1)'(complete_d1_q) - (SlotBits + 1)'(bank_release_i);
    end
  end
  assign bank_valid_o = complete_q != '0;
  assign bank_o = oldest_q;
  assign busy_o = run_q || valid_q;
  assign last_group_o = run_q && last_group;

  assign group_done_o = group_done;
  assign conflict_o = valid_q && !group_done;

  logic unused_command;
  assign unused_command = ^command_i;

  // ---- Assertions ----
  `S4_ASSERT(ReleaseOnlyComplete, !bank_release_i || bank_valid_o)
  `S4_ASSERT(GrantPending, (read_grant_i & ~read_valid_o) == '0)

endmodule
