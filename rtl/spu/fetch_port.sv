/// One port of the activation fetch: the group of words being read and the one after it. issue_i,
/// allowed with ready_o, hands a group over; its words are asked for from the next clock on, or as
/// soon as the former group has its last. A group is filled as its words come, one clock after
/// their grant, lanes outside the image with the first of them; a quarter-word group at its end,
/// all at once. done_o: the last word of a group is granted.
/// Model: sim/spu/spu.hpp
`include "assert.svh"
module fetch_port #(
    localparam int unsigned Quads    = config_pkg::NumQuadrants,
    localparam int unsigned Group    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned AddrBits = config_pkg::LocalAddrWidth,
    localparam int unsigned Words    = Group / 4 + 1,
    localparam int unsigned SlotBits = $clog2(spu_pkg::OperandBanks)
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      quarters_i,
    // Group
    output logic                      ready_o,
    input  logic                      issue_i,
    input  logic [         Group-1:0] read_i,          // lanes that read a word
    input  logic [         Group-1:0] zero_i,          // lanes outside the image
    input  logic [Group*AddrBits-1:0] addr_i,
    input  logic [         Quads-1:0] quads_i,         // quadrants that take the words
    input  logic [      SlotBits-1:0] bank_i,          // operand bank
    input  logic                      both_i,          // and the one after it
    input  logic                      last_part_i,     // last of this port in its bank
    input  logic                      first_bank_i,    // of a tile
    input  logic                      last_bank_i,
    // Local buffer
    output logic [         Group-1:0] read_valid_o,
    output logic [Group*AddrBits-1:0] read_addr_o,
    input  logic [         Group-1:0] read_grant_i,
    output logic                      busy_o,
    output logic                      done_o,
    output logic                      done_last_o,     // and it was the last of its bank
    output logic                      done_both_o,     // or of both banks
    // Fill
    output logic                      fill_valid_o,
    output logic [         Quads-1:0] fill_quads_o,
    output logic [      SlotBits-1:0] fill_bank_o,
    output logic                      fill_both_o,
    output logic [         Group-1:0] fill_write_o,
    output logic [         Group-1:0] fill_zero_o,
    output logic [         Words-1:0] fill_arrived_o,  // words of the first lanes that came
    output logic                      fill_first_o,    // first fill of a tile
    output logic                      fill_last_o      // last fill of a tile
);

  typedef struct packed {
    logic [Group-1:0] zero;
    logic [Group*AddrBits-1:0] addr;
    logic [Quads-1:0] quads;
    logic [SlotBits-1:0] bank;
    logic both;
    logic last_part;
    logic first_bank;
    logic last_bank;
  } group_t;

  group_t given, next_q, now_q;
  logic [Group-1:0] next_pending_q, pending_q, granted, remaining;
  logic next_valid_q, valid_q, first_q, take;

  assign given = {zero_i, addr_i, quads_i, bank_i, both_i, last_part_i, first_bank_i, last_bank_i};

  assign granted = pending_q & read_grant_i;
  assign remaining = pending_q & ~read_grant_i;
  assign done_o = valid_q && remaining == '0;
  assign done_last_o = done_o && now_q.last_part;
  assign done_both_o = now_q.both;
  assign take = !valid_q || done_o;
  assign ready_o = !next_valid_q;
  assign busy_o = valid_q || next_valid_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q      <= 1'b0;
      next_valid_q <= 1'b0;
      pending_q    <= '0;
    end else if (take) begin
      valid_q      <= next_valid_q || issue_i;
      next_valid_q <= 1'b0;
      pending_q    <= next_valid_q ? next_pending_q : issue_i ? read_i : '0;
    end else begin
      if (issue_i) next_valid_q <= 1'b1;
      pending_q <= remaining;
    end
  end

  always_ff @(posedge clk_i) begin
    first_q <= take;
    if (take) now_q <= next_valid_q ? next_q : given;
    if (issue_i) begin
      next_q         <= given;
      next_pending_q <= read_i;
    end
  end

  assign read_valid_o = pending_q;
  assign read_addr_o  = now_q.addr;

  // ---- The words arrive ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) fill_valid_o <= 1'b0;
    else fill_valid_o <= quarters_i ? done_o : valid_q && (first_q || granted != '0);
  end
  always_ff @(posedge clk_i) begin
    fill_quads_o   <= now_q.quads;
    fill_bank_o    <= now_q.bank;
    fill_both_o    <= now_q.both;
    fill_write_o   <= quarters_i ? ~now_q.zero : granted;
    fill_zero_o    <= quarters_i || first_q ? now_q.zero : '0;
    fill_arrived_o <= Words'(granted);
    fill_first_o   <= first_q && now_q.first_bank;
    fill_last_o    <= done_o && now_q.last_bank;
  end

  // ---- Assertions ----
  `S4_ASSERT(IssueReady, !issue_i || ready_o)
  `S4_ASSERT(GrantPending, (read_grant_i & ~read_valid_o) == '0)
  `S4_ASSERT(PendingValid, valid_q || pending_q == '0)

endmodule
