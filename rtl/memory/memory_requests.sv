/// The requests of a channel from acceptance to answer: frontend, reads, writes. Offers the
/// scheduler what each direction would do next, follows the command that was chosen, drives and
/// samples the data pins. A request is taken every two clocks. Model:
/// tests/memory/memory_traffic.hpp
module memory_requests #(
    parameter int unsigned ReadDepth = 64,  // entries, 2..64
    parameter int unsigned WriteDepth = 64,  // entries, 2..64
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned AnswerDepth = 16,  // beats of the answer queue, >= 4
    parameter int unsigned Epoch = 2048  // clocks, as memory_queue
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      enable_i,
    input  logic                      two_ranks_i,
    // Client, as memory_controller
    input  logic                      req_valid_i,
    output logic                      req_ready_o,
    input  logic                      req_write_i,
    input  logic [              30:0] req_address_i,
    input  logic                      req_size_i,
    input  logic [      TagWidth-1:0] req_tag_i,
    input  logic                      wdata_valid_i,
    output logic                      wdata_ready_o,
    input  logic [             255:0] wdata_i,
    input  logic [              31:0] wstrb_i,
    output logic                      rsp_valid_o,
    input  logic                      rsp_ready_i,
    output logic [      TagWidth-1:0] rsp_tag_o,
    output logic [             255:0] rsp_data_o,
    output logic                      rsp_last_o,
    output logic                      rsp_error_o,
    output logic                      wack_valid_o,
    input  logic                      wack_ready_i,
    output logic [      TagWidth-1:0] wack_tag_o,
    output logic                      wack_error_o,
    // The request at hand; its row is open
    output lpddr4_pkg::request_t      request_o,
    input  logic                      row_open_i,
    // Scheduling: bit 0 reads, bit 1 writes
    input  memory_pkg::ready_t        ready_i,
    output memory_pkg::candidate_t    read_o,
    output memory_pkg::candidate_t    write_o,
    output memory_pkg::demand_t       read_demand_o,
    output memory_pkg::demand_t       write_demand_o,
    output logic                      read_room_o,
    input  logic [               1:0] access_i,
    input  lpddr4_pkg::command_word_t command_i,
    // Data pins
    output logic [               1:0] wrdata_en_o,
    output logic [              63:0] wrdata_o,
    output logic [               7:0] wrmask_o,
    output logic [               1:0] rddata_en_o,
    input  logic [              63:0] rddata_i,
    input  logic [               1:0] rddata_valid_i,
    // Events of this clock
    output memory_pkg::traffic_t      traffic_o
);

  localparam int unsigned WriteSlotWidth = $clog2(WriteDepth);

  logic lookup, read_insert, read_blocked, read_room, read_match;
  logic write_insert, write_merge, write_room, write_match, write_pending;
  logic order, order_room, order_fresh, order_half, order_two, order_error, refuse, refuse_ready;
  logic [WriteSlotWidth-1:0] write_match_slot, write_free_slot, order_slot;
  logic [TagWidth-1:0] tag;
  logic [1:0] written;
  logic [2*WriteSlotWidth-1:0] written_slot;
  lpddr4_pkg::request_t request;
  memory_pkg::ready_t ready;
  memory_pkg::traffic_t traffic;
  assign ready     = ready_i;
  assign request_o = request;

  memory_frontend #(
      .ReadDepth (ReadDepth),
      .WriteDepth(WriteDepth),
      .TagWidth  (TagWidth)
  ) u_frontend (
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

  memory_reads #(
      .Depth      (ReadDepth),
      .WriteDepth (WriteDepth),
      .TagWidth   (TagWidth),
      .AnswerDepth(AnswerDepth),
      .Epoch      (Epoch)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .lookup_i        (lookup),
      .request_i       (request),
      .tag_i           (tag),
      .match_o         (read_match),
      .room_o          (read_room),
      .insert_i        (read_insert),
      .row_open_i,
      .refuse_i        (refuse),
      .refuse_two_i    (order_two),
      .refuse_ready_o  (refuse_ready),
      .blocked_i       (read_blocked),
      .blocker_i       (write_match_slot),
      .written_i       (written),
      .written_slot_i  (written_slot),
      .access_ready_i  (ready.read),
      .activate_ready_i(ready.activate),
      .candidate_o     (read_o),
      .demand_o        (read_demand_o),
      .data_room_o     (read_room_o),
      .issued_i        (access_i[0]),
      .command_i,
      .rddata_en_o,
      .rddata_i,
      .rddata_valid_i,
      .rsp_valid_o,
      .rsp_ready_i,
      .rsp_tag_o,
      .rsp_data_o,
      .rsp_last_o,
      .rsp_error_o,
      .answered_o      (traffic.answered),
      .latency_o       (traffic.latency),
      .wrong_o         (traffic.wrong),
      .count_o         (traffic.read_count)
  );

  memory_writes #(
      .Depth   (WriteDepth),
      .TagWidth(TagWidth),
      .Epoch   (Epoch)
  ) u_writes (
      .clk_i,
      .rst_ni,
      .lookup_i        (lookup),
      .request_i       (request),
      .match_o         (write_match),
      .match_slot_o    (write_match_slot),
      .pending_o       (write_pending),
      .room_o          (write_room),
      .free_slot_o     (write_free_slot),
      .insert_i        (write_insert),
      .merge_i         (write_merge),
      .row_open_i,
      .order_room_o    (order_room),
      .order_i         (order),
      .order_slot_i    (order_slot),
      .order_fresh_i   (order_fresh),
      .order_half_i    (order_half),
      .order_two_i     (order_two),
      .order_error_i   (order_error),
      .order_tag_i     (tag),
      .removed_o       (written),
      .removed_slot_o  (written_slot),
      .wdata_valid_i,
      .wdata_ready_o,
      .wdata_i,
      .wstrb_i,
      .wack_valid_o,
      .wack_ready_i,
      .wack_tag_o,
      .wack_error_o,
      .access_ready_i  (ready.write),
      .masked_ready_i  (ready.masked),
      .activate_ready_i(ready.activate),
      .candidate_o     (write_o),
      .demand_o        (write_demand_o),
      .issued_i        (access_i[1]),
      .command_i,
      .wrdata_en_o,
      .wrdata_o,
      .wrmask_o,
      .count_o         (traffic.write_count)
  );

  assign traffic.inserted = read_insert || write_insert;
  assign traffic.merged   = write_merge;
  assign traffic.ordered  = read_insert && read_blocked;
  assign traffic.refused  = (refuse && refuse_ready) || (order && order_error);
  assign traffic_o        = traffic;

endmodule
