/// The writes of a channel, from their place in the queue to the pins: queue and data, acknowledges
/// as soon as a write is in order with all its data. Accesses and rows are offered in candidate_o;
/// the command that was chosen comes back one clock later. Model: tests/memory/memory_traffic.hpp
module memory_writes #(
    parameter int unsigned Depth = 64,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned Epoch = 2048,  // clocks, as memory_queue
    localparam int unsigned SlotWidth = $clog2(Depth)
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    // Requests: search, insertion of a line or of more of its halves
    input  logic                              lookup_i,
    input  lpddr4_pkg::request_t              request_i,
    output logic                              match_o,
    output logic [             SlotWidth-1:0] match_slot_o,
    output logic                              pending_o,
    output logic                              room_o,
    output logic [             SlotWidth-1:0] free_slot_o,
    input  logic                              insert_i,
    input  logic                              merge_i,
    input  logic                              row_open_i,
    // Where its data go, as memory_write_data
    output logic                              order_room_o,
    input  logic                              order_i,
    input  logic [             SlotWidth-1:0] order_slot_i,
    input  logic                              order_fresh_i,
    input  logic                              order_half_i,
    input  logic                              order_two_i,
    input  logic                              order_error_i,
    input  logic [              TagWidth-1:0] order_tag_i,
    // Writes that leave the queue
    output logic [                       1:0] removed_o,
    output logic [           2*SlotWidth-1:0] removed_slot_o,
    // Data, acknowledges
    input  logic                              wdata_valid_i,
    output logic                              wdata_ready_o,
    input  logic [                     255:0] wdata_i,
    input  logic [                      31:0] wstrb_i,
    output logic                              wack_valid_o,
    input  logic                              wack_ready_i,
    output logic [              TagWidth-1:0] wack_tag_o,
    output logic                              wack_error_o,
    // Scheduling: an access of this queue is issued; the command of the clock before
    input  logic [  memory_pkg::NumBanks-1:0] access_ready_i,
    input  logic [  memory_pkg::NumBanks-1:0] masked_ready_i,
    input  logic [  memory_pkg::NumBanks-1:0] activate_ready_i,
    output memory_pkg::candidate_t            candidate_o,
    output memory_pkg::demand_t               demand_o,
    input  logic                              issued_i,
    input  lpddr4_pkg::command_word_t         command_i,
    // Pins
    output logic [                       1:0] wrdata_en_o,
    output logic [                      63:0] wrdata_o,
    output logic [                       7:0] wrmask_o,
    // Entries
    output logic [memory_pkg::CountWidth-1:0] count_o
);

  localparam int unsigned CountWidth = $clog2(Depth + 1);

  // ---- Queue ----
  logic data, data_half, data_any, data_full, released, burst_q, half_q, unused_tag;
  logic [SlotWidth-1:0] data_slot, release_slot, slot, slot_q;
  logic [CountWidth-1:0] count;
  memory_pkg::candidate_t candidate;

  memory_queue #(
      .Depth   (Depth),
      .TagWidth(1),
      .IsWrite (1'b1),
      .Epoch   (Epoch)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .lookup_i,
      .request_i,
      .match_o,
      .match_slot_o,
      .room_o,
      .free_slot_o,
      .insert_i,
      .merge_i,
      .row_open_i,
      .tag_i         (1'b0),
      .pending_o,
      .waiting_i     ('0),
      .data_i        (data),
      .data_slot_i   (data_slot),
      .data_half_i   (data_half),
      .data_any_i    (data_any),
      .data_full_i   (data_full),
      .removed_o,
      .removed_slot_o,
      .release_i     (released),
      .release_slot_i(release_slot),
      .access_ready_i,
      .masked_ready_i,
      .activate_ready_i,
      .command_i,
      .mine_i        (burst_q),
      .mine_slot_i   (slot_q),
      .mine_half_i   (half_q),
      .candidate_o   (candidate),
      .demand_o,
      .access_slot_o (slot),
      .access_tag_o  (unused_tag),
      .count_o       (count)
  );
  assign candidate_o = candidate;
  assign count_o     = memory_pkg::CountWidth'(count);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      burst_q <= 1'b0;
      half_q  <= 1'b0;
      slot_q  <= '0;
    end else begin
      burst_q <= issued_i;
      half_q  <= candidate.access_burst[0];
      slot_q  <= slot;
    end
  end

  // ---- Data ----
  lpddr4_pkg::command_word_t command;
  assign command = command_i;
  logic unused_command;
  assign unused_command = ^command;
  memory_write_data #(
      .Depth   (Depth),
      .TagWidth(TagWidth)
  ) u_data (
      .clk_i,
      .rst_ni,
      .room_o        (order_room_o),
      .write_i       (order_i),
      .slot_i        (order_slot_i),
      .fresh_i       (order_fresh_i),
      .half_i        (order_half_i),
      .two_i         (order_two_i),
      .error_i       (order_error_i),
      .tag_i         (order_tag_i),
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
      .burst_i       (burst_q),
      .burst_phase_i (command.phase),
      .burst_masked_i(command.kind == lpddr4_pkg::CommandMaskedWrite),
      .burst_slot_i  (slot_q),
      .burst_half_i  (half_q),
      .release_o     (released),
      .release_slot_o(release_slot),
      .wrdata_en_o,
      .wrdata_o,
      .wrmask_o
  );

endmodule
