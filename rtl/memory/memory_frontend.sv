/// Takes the requests of a channel: maps the address, refuses what lies outside the memory, and
/// puts each into its queue in order. A read of a line that a queued write holds waits there for
/// that write; a write to a line that is still to be read waits here; a write to a line of a
/// queued write is merged into it. One request every two clocks.
///   two ranks: | row 30:15 | rank 14 | bank 13:11 | line 10:6 | half 5 | 4:0 |
///   one rank:  | 0 | row 29:14       | bank 13:11 | line 10:6 | half 5 | 4:0 |
/// The bank is XORed with the low bits of the row. Model: tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_frontend #(
    parameter int unsigned ReadDepth = 64,
    parameter int unsigned WriteDepth = 64,
    parameter int unsigned TagWidth = 8,
    localparam int unsigned WriteSlotWidth = $clog2(WriteDepth),
    localparam int unsigned AddressWidth = lpddr4_pkg::AddressWidth
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      enable_i,
    input  logic                      two_ranks_i,
    // Requests: size 0 is 32 bytes, 1 is 64
    input  logic                      req_valid_i,
    output logic                      req_ready_o,
    input  logic                      req_write_i,
    input  logic [  AddressWidth-1:0] req_address_i,
    input  logic                      req_size_i,
    input  logic [      TagWidth-1:0] req_tag_i,
    // Both queues: search, insertion
    output logic                      lookup_o,
    output lpddr4_pkg::request_t      request_o,
    output logic [      TagWidth-1:0] tag_o,
    output logic                      read_insert_o,
    output logic                      read_blocked_o,
    input  logic                      read_room_i,
    input  logic                      read_match_i,
    output logic                      write_insert_o,
    output logic                      write_merge_o,
    input  logic                      write_room_i,
    input  logic                      write_match_i,
    input  logic                      write_pending_i,
    input  logic [WriteSlotWidth-1:0] write_match_slot_i,
    input  logic [WriteSlotWidth-1:0] write_free_slot_i,
    // Order of the write data
    input  logic                      order_room_i,
    output logic                      order_o,
    output logic [WriteSlotWidth-1:0] order_slot_o,
    output logic                      order_fresh_o,
    output logic                      order_half_o,
    output logic                      order_two_o,
    output logic                      order_error_o,
    // Refused reads
    output logic                      refuse_o,
    input  logic                      refuse_ready_i
);

  `S4_CHECK_PARAM(gen_check_depth, ReadDepth >= 2 && WriteDepth >= 2)

  // ---- The request at hand ----
  logic valid_q, write_q, two_q, half_q, error_q, searched_q, finish;
  lpddr4_pkg::request_t mapped, request_q;

  always_comb begin : map
    mapped.rank = two_ranks_i && req_address_i[14];
    mapped.row  = two_ranks_i ? req_address_i[30:15] : req_address_i[29:14];
    mapped.bank = req_address_i[13:11] ^ mapped.row[2:0];
    mapped.line = req_address_i[10:6];
    mapped.halves = req_size_i ? 2'b11 : req_address_i[5] ? 2'b10 : 2'b01;
  end

  assign req_ready_o = enable_i && (!valid_q || finish);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= 1'b0;
      searched_q <= 1'b0;
      write_q    <= 1'b0;
      two_q      <= 1'b0;
      half_q     <= 1'b0;
      error_q    <= 1'b0;
      request_q  <= '0;
      tag_o      <= '0;
    end else begin
      searched_q <= valid_q && !finish;
      if (req_valid_i && req_ready_o) begin
        valid_q   <= 1'b1;
        write_q   <= req_write_i;
        two_q     <= req_size_i;
        half_q    <= req_address_i[5];
        error_q   <= (!two_ranks_i && req_address_i[30]) || req_address_i[4:0] != '0 ||
                     (req_size_i && req_address_i[5]);
        request_q <= mapped;
        tag_o     <= req_tag_i;
      end else if (finish) begin
        valid_q <= 1'b0;
      end
    end
  end

  assign request_o = request_q;
  assign lookup_o  = valid_q && !searched_q;

  // ---- Where it goes ----
  logic write_goes;
  assign refuse_o       = searched_q && !write_q && error_q;
  assign read_insert_o  = searched_q && !write_q && !error_q && read_room_i;
  assign read_blocked_o = write_match_i;
  assign write_goes     = searched_q && write_q && !error_q && order_room_i && !read_match_i;
  assign write_merge_o  = write_goes && write_match_i && !write_pending_i;
  assign write_insert_o = write_goes && !write_match_i && write_room_i;
  assign order_o        = write_merge_o || write_insert_o ||
                          (searched_q && write_q && error_q && order_room_i);
  assign order_slot_o   = write_match_i ? write_match_slot_i : write_free_slot_i;
  assign order_fresh_o  = !write_match_i;
  assign order_half_o   = half_q && !two_q;
  assign order_two_o    = two_q;
  assign order_error_o  = error_q;
  assign finish         = order_o || read_insert_o || (refuse_o && refuse_ready_i);

  // ---- Assertions ----
  `S4_ASSERT(OneWay, 32'(read_insert_o) + 32'(order_o) + 32'(refuse_o) <= 1)

endmodule
