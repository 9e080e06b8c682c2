/// One channel of a station: accesses of 64 bytes in, the pins of an LPDDR4X channel out. Writes
/// bring their data with them. Answers of reads come in any order, whole; their first half waits in
/// an SRAM by tag until the second has come. Acknowledges come apart from them. One access per
/// clock into a short queue, one every two clocks into the controller; an answer leaves one clock
/// after the controller's last beat. Model: tests/memory_station/station_bench.hpp
`include "assert.svh"

module station_channel #(
    parameter int unsigned TagWidth = 8,  // bits of a tag
    parameter int unsigned PlaceWidth = TagWidth,  // low bits of a tag that tell reads apart
    parameter int unsigned ReadDepth = config_pkg::LoadSlots,  // entries of the read queue
    parameter int unsigned WriteDepth = config_pkg::LoadSlots,  // entries of the write queue
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks,
    localparam int unsigned AddressWidth = lpddr4_pkg::AddressWidth
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    input  logic                                two_ranks_i,
    input  logic                                ecc_enable_i,
    output logic                                init_done_o,
    // Accesses of 64 bytes
    input  logic                                in_valid_i,
    output logic                                in_ready_o,
    input  logic                                in_write_i,
    input  logic [            AddressWidth-1:6] in_line_i,
    input  logic [                TagWidth-1:0] in_tag_i,
    input  logic [                       511:0] in_data_i,
    input  logic [                        63:0] in_strobe_i,
    // Data that were read
    output logic                                read_valid_o,
    input  logic                                read_ready_i,
    output logic [                TagWidth-1:0] read_tag_o,
    output logic                                read_error_o,
    output logic [                       511:0] read_data_o,
    // Acknowledges
    output logic                                ack_valid_o,
    input  logic                                ack_ready_i,
    output logic [                TagWidth-1:0] ack_tag_o,
    output logic                                ack_error_o,
    // Accesses without an answer
    output logic [                        15:0] open_reads_o,
    output logic [                        15:0] open_writes_o,
    // Counters, as memory_controller
    input  logic [                         4:0] counter_select_i,
    output logic [lpddr4_pkg::CounterWidth-1:0] counter_value_o,
    // Pins, as memory_controller
    output logic [                         1:0] dfi_cke_o,
    output logic [                         3:0] dfi_cs_o,
    output logic [                        11:0] dfi_ca_o,
    output logic                                dfi_reset_n_o,
    output logic [                         1:0] dfi_wrdata_en_o,
    output logic [                        63:0] dfi_wrdata_o,
    output logic [                         7:0] dfi_wrmask_o,
    output logic [                         1:0] dfi_rddata_en_o,
    input  logic [                        63:0] dfi_rddata_i,
    input  logic [                         1:0] dfi_rddata_valid_i
);

  localparam int unsigned RequestDepth = 4;
  localparam int unsigned DataDepth = 2;
  localparam int unsigned LineWidth = AddressWidth - 6;
  localparam int unsigned RequestWidth = 1 + LineWidth + TagWidth;

  // One piece of code serves all channels of a simulation.
  /* verilator no_inline_module */

  `S4_CHECK_PARAM(gen_check_places, PlaceWidth >= 1 && PlaceWidth <= TagWidth)

  // ---- Queues in front of the controller ----
  logic req_valid, req_ready, req_write, request_room, data_room;
  logic data_valid, data_pop, wdata_valid, wdata_ready, half_q;
  logic [LineWidth-1:0] req_line;
  logic [TagWidth-1:0] req_tag;
  logic [575:0] data;
  logic [2:0] unused_requests;
  logic [1:0] unused_data;

  assign in_ready_o = request_room && (!in_write_i || data_room);

  fifo #(
      .Width(RequestWidth),
      .Depth(RequestDepth)
  ) u_requests (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (in_valid_i && (!in_write_i || data_room)),
      .in_ready_o (request_room),
      .in_data_i  ({in_write_i, in_line_i, in_tag_i}),
      .out_valid_o(req_valid),
      .out_ready_i(req_ready),
      .out_data_o ({req_write, req_line, req_tag}),
      .count_o    (unused_requests)
  );
  fifo #(
      .Width(576),
      .Depth(DataDepth)
  ) u_write_data (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (in_valid_i && in_write_i && request_room),
      .in_ready_o (data_room),
      .in_data_i  ({in_strobe_i, in_data_i}),
      .out_valid_o(data_valid),
      .out_ready_i(data_pop),
      .out_data_o (data),
      .count_o    (unused_data)
  );

  // Two beats of the controller for one of ours.
  assign wdata_valid = data_valid;
  assign data_pop    = wdata_ready && half_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) half_q <= 1'b0;
    else if (wdata_valid && wdata_ready) half_q <= !half_q;
  end

  // ---- Controller ----
  logic rsp_valid, rsp_ready, rsp_last, rsp_error;
  logic [TagWidth-1:0] rsp_tag;
  logic [255:0] rsp_data;

  memory_controller #(
      .ReadDepth        (ReadDepth),
      .WriteDepth       (WriteDepth),
      .TagWidth         (TagWidth),
      .InitResetClocks  (InitResetClocks),
      .InitCkeClocks    (InitCkeClocks),
      .InitCommandClocks(InitCommandClocks)
  ) u_controller (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .ecc_enable_i,
      .init_done_o,
      .req_valid_i    (req_valid),
      .req_ready_o    (req_ready),
      .req_write_i    (req_write),
      .req_address_i  ({req_line, 6'd0}),
      .req_size_i     (1'b1),
      .req_tag_i      (req_tag),
      .wdata_valid_i  (wdata_valid),
      .wdata_ready_o  (wdata_ready),
      .wdata_i        (half_q ? data[511:256] : data[255:0]),
      .wstrb_i        (half_q ? data[575:544] : data[543:512]),
      .rsp_valid_o    (rsp_valid),
      .rsp_ready_i    (rsp_ready),
      .rsp_tag_o      (rsp_tag),
      .rsp_data_o     (rsp_data),
      .rsp_last_o     (rsp_last),
      .rsp_error_o    (rsp_error),
      .wack_valid_o   (ack_valid_o),
      .wack_ready_i   (ack_ready_i),
      .wack_tag_o     (ack_tag_o),
      .wack_error_o   (ack_error_o),
      .counter_select_i,
      .counter_value_o,
      .dfi_cke_o,
      .dfi_cs_o,
      .dfi_ca_o,
      .dfi_reset_n_o,
      .dfi_wrdata_en_o,
      .dfi_wrdata_o,
      .dfi_wrmask_o,
      .dfi_rddata_en_o,
      .dfi_rddata_i,
      .dfi_rddata_valid_i
  );

  // ---- Halves of a read: the first waits by tag; beats of two reads may alternate ----
  logic first, whole, whole_q, error_q, first_error;
  logic [TagWidth-1:0] tag_q;
  logic [255:0] second_q, first_data;

  assign rsp_ready = !whole_q || read_ready_i;
  assign first     = rsp_valid && rsp_ready && !rsp_last;
  assign whole     = rsp_valid && rsp_ready && rsp_last;

  sram_1r1w #(
      .Width(257),
      .Depth(1 << PlaceWidth)
  ) u_halves (
      .clk_i,
      .we_i   (first),
      .waddr_i(rsp_tag[PlaceWidth-1:0]),
      .wmask_i(1'b1),
      .wdata_i({rsp_error, rsp_data}),
      .re_i   (whole),
      .raddr_i(rsp_tag[PlaceWidth-1:0]),
      .rdata_o({first_error, first_data})
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) whole_q <= 1'b0;
    else if (rsp_ready) whole_q <= whole;
  end
  always_ff @(posedge clk_i) begin
    if (whole) begin
      tag_q    <= rsp_tag;
      error_q  <= rsp_error;
      second_q <= rsp_data;
    end
  end
  assign read_valid_o = whole_q;
  assign read_tag_o   = tag_q;
  assign read_error_o = error_q || first_error;
  assign read_data_o  = {second_q, first_data};

  // ---- What is open ----
  logic enter, leave_read, leave_write;
  assign enter       = in_valid_i && in_ready_o;
  assign leave_read  = read_valid_o && read_ready_i;
  assign leave_write = ack_valid_o && ack_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_reads_o  <= '0;
      open_writes_o <= '0;
    end else begin
      open_reads_o  <= open_reads_o + 16'(enter && !in_write_i) - 16'(leave_read);
      open_writes_o <= open_writes_o + 16'(enter && in_write_i) - 16'(leave_write);
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(DataWithItsWrite, !(in_valid_i && in_ready_o && in_write_i) || data_room)
  `S4_ASSERT_HELD(ReadHeld, read_valid_o, read_ready_i, {read_tag_o, read_data_o})

endmodule
