/// The memory of a station behind a memory port: bursts of the port on one side, the pins of
/// NumChannels LPDDR4X channels on the other. Reads are answered in the order of their requests,
/// acknowledges in that of the writes, acknowledges before read beats; a beat beyond the memory is
/// answered with Decode, uncorrectable data with Data. A write that was acknowledged is seen by
/// every later request; before that there is no order between the two directions.
///
///   requests -> station_reads  -+-> station_channels -> station_channel, each with its controller
///            -> station_writes -+
/// Model: tests/memory_station/station_bench.hpp
`include "assert.svh"

module memory_station #(
    parameter int unsigned NumChannels = 2,  // 1, 2, 4 or 8
    parameter int unsigned ChannelGranuleBits = 9,  // log2 of the bytes at one channel in a row
    parameter int unsigned ReadDepth = config_pkg::LoadSlots,  // entries of a channel's read queue
    parameter int unsigned WriteDepth = config_pkg::LoadSlots,  // of its write queue
    // Beats of reads in flight, a power of two
    parameter int unsigned Places = (NumChannels * ReadDepth < 32) ? 32 : NumChannels * ReadDepth,
    parameter int unsigned ReadBursts = config_pkg::LoadSlots,  // in flight
    parameter int unsigned WriteBursts = config_pkg::StoreSlots,  // in flight, a power of two
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks
) (
    input  logic                                            clk_i,
    input  logic                                            rst_ni,
    // Static
    input  logic                                            two_ranks_i,
    input  logic                                            ecc_enable_i,
    output logic                                            init_done_o,
    // Memory port
    input  logic                                            req_valid_i,
    output logic                                            req_ready_o,
    input  memory_port_pkg::request_t                       req_i,
    input  logic                                            wdata_valid_i,
    output logic                                            wdata_ready_o,
    input  memory_port_pkg::write_data_t                    wdata_i,
    output logic                                            rsp_valid_o,
    input  logic                                            rsp_ready_i,
    output memory_port_pkg::response_t                      rsp_o,
    // What waits for an answer: beats of reads and bursts of writes here, accesses in each channel
    output logic [                                    15:0] open_read_beats_o,
    output logic [                                    15:0] open_write_bursts_o,
    output logic [                      NumChannels*16-1:0] open_reads_o,
    output logic [                      NumChannels*16-1:0] open_writes_o,
    // Counters and pins of every channel, channel 0 lowest, as memory_controller
    input  logic [                                     4:0] counter_select_i,
    output logic [NumChannels*lpddr4_pkg::CounterWidth-1:0] counter_value_o,
    output logic [                       NumChannels*2-1:0] dfi_cke_o,
    output logic [                       NumChannels*4-1:0] dfi_cs_o,
    output logic [                      NumChannels*12-1:0] dfi_ca_o,
    output logic [                         NumChannels-1:0] dfi_reset_n_o,
    output logic [                       NumChannels*2-1:0] dfi_wrdata_en_o,
    output logic [                      NumChannels*64-1:0] dfi_wrdata_o,
    output logic [                       NumChannels*8-1:0] dfi_wrmask_o,
    output logic [                       NumChannels*2-1:0] dfi_rddata_en_o,
    input  logic [                      NumChannels*64-1:0] dfi_rddata_i,
    input  logic [                       NumChannels*2-1:0] dfi_rddata_valid_i
);

  localparam int unsigned LineWidth = memory_port_pkg::AddrWidth - 6;
  localparam int unsigned PlaceWidth = $clog2(Places);
  localparam int unsigned SlotWidth = $clog2(WriteBursts);
  localparam int unsigned NumberWidth = (PlaceWidth > SlotWidth) ? PlaceWidth : SlotWidth;
  localparam int unsigned TagWidth = 1 + NumberWidth;  // of an access: write, place or slot

  // ---- Requests ----
  logic req_valid, req_ready, read_ready, write_ready;
  memory_port_pkg::request_t req;

  skid_buffer #(
      .Width($bits(req_i))
  ) u_requests (
      .clk_i,
      .rst_ni,
      .in_valid_i (req_valid_i),
      .in_ready_o (req_ready_o),
      .in_data_i  (req_i),
      .out_valid_o(req_valid),
      .out_ready_i(req_ready),
      .out_data_o (req)
  );
  assign req_ready = req.write ? write_ready : read_ready;

  // ---- Bursts ----
  logic read_beat_valid, write_beat_valid, beat_ready, turn_write, held_q, turn_q;
  logic [LineWidth-1:0] read_line, write_line;
  logic [PlaceWidth-1:0] place;
  logic [SlotWidth-1:0] slot;
  logic [511:0] write_data, answer_data;
  logic [63:0] write_strobe;
  logic answer_valid, answer_write;
  logic [TagWidth-1:0] answer_tag;
  logic unused_tag;
  logic [1:0] answer_error;
  logic read_valid, ack_valid, ack_first, read_waits_q;
  memory_port_pkg::response_t read_rsp, ack_rsp;

  station_reads #(
      .Places(Places),
      .Bursts(ReadBursts)
  ) u_reads (
      .clk_i,
      .rst_ni,
      .req_valid_i   (req_valid && !req.write),
      .req_ready_o   (read_ready),
      .req_i         (req),
      .beat_valid_o  (read_beat_valid),
      .beat_ready_i  (beat_ready && !turn_write),
      .beat_line_o   (read_line),
      .beat_place_o  (place),
      .answer_valid_i(answer_valid && !answer_write),
      .answer_place_i(answer_tag[PlaceWidth-1:0]),
      .answer_error_i(answer_error),
      .answer_data_i (answer_data),
      .rsp_valid_o   (read_valid),
      .rsp_ready_i   (rsp_ready_i && !ack_first),
      .rsp_o         (read_rsp),
      .open_o        (open_read_beats_o)
  );

  station_writes #(
      .Bursts(WriteBursts)
  ) u_writes (
      .clk_i,
      .rst_ni,
      .req_valid_i   (req_valid && req.write),
      .req_ready_o   (write_ready),
      .req_i         (req),
      .wdata_valid_i,
      .wdata_ready_o,
      .wdata_i,
      .beat_valid_o  (write_beat_valid),
      .beat_ready_i  (beat_ready && turn_write),
      .beat_line_o   (write_line),
      .beat_slot_o   (slot),
      .beat_data_o   (write_data),
      .beat_strobe_o (write_strobe),
      .answer_valid_i(answer_valid && answer_write),
      .answer_slot_i (answer_tag[SlotWidth-1:0]),
      .answer_error_i(answer_error),
      .rsp_valid_o   (ack_valid),
      .rsp_ready_i   (rsp_ready_i && ack_first),
      .rsp_o         (ack_rsp),
      .open_o        (open_write_bursts_o)
  );
  assign unused_tag = ^answer_tag;

  // ---- Reads and writes in turns; what was offered stays until it is taken ----
  logic beat_valid;
  logic [TagWidth-1:0] beat_tag;

  assign beat_valid = read_beat_valid || write_beat_valid;
  assign turn_write = held_q ? turn_q : write_beat_valid && (!read_beat_valid || !turn_q);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      held_q <= 1'b0;
      turn_q <= 1'b0;
    end else begin
      held_q <= beat_valid && !beat_ready;
      if (beat_valid) turn_q <= turn_write;
    end
  end
  assign beat_tag = turn_write ? {1'b1, NumberWidth'(slot)} : {1'b0, NumberWidth'(place)};

  station_channels #(
      .NumChannels       (NumChannels),
      .AddrBits          (memory_port_pkg::AddrWidth),
      .TagWidth          (TagWidth),
      .PlaceWidth        (PlaceWidth),
      .ChannelGranuleBits(ChannelGranuleBits),
      .ReadDepth         (ReadDepth),
      .WriteDepth        (WriteDepth),
      .InitResetClocks   (InitResetClocks),
      .InitCkeClocks     (InitCkeClocks),
      .InitCommandClocks (InitCommandClocks)
  ) u_channels (
      .clk_i,
      .rst_ni,
      .two_ranks_i,
      .ecc_enable_i,
      .init_done_o,
      .mem_valid_i    (beat_valid),
      .mem_ready_o    (beat_ready),
      .mem_write_i    (turn_write),
      .mem_beat_i     (turn_write ? write_line : read_line),
      .mem_tag_i      (beat_tag),
      .mem_data_i     (write_data),
      .mem_strobe_i   (write_strobe),
      .mem_rsp_valid_o(answer_valid),
      .mem_rsp_write_o(answer_write),
      .mem_rsp_tag_o  (answer_tag),
      .mem_rsp_error_o(answer_error),
      .mem_rsp_data_o (answer_data),
      .open_reads_o,
      .open_writes_o,
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

  // ---- Responses: acknowledges first, but a beat that was offered stays ----
  assign ack_first   = ack_valid && !read_waits_q;
  assign rsp_valid_o = ack_valid || read_valid;
  assign rsp_o       = ack_first ? ack_rsp : read_rsp;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) read_waits_q <= 1'b0;
    else read_waits_q <= read_valid && !ack_first && !rsp_ready_i;
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(AccessHeld, beat_valid, beat_ready, {turn_write, beat_tag})
  `S4_ASSERT_HELD(ResponseHeld, rsp_valid_o, rsp_ready_i, rsp_o)
  `S4_ASSERT(Answered, !answer_valid ||
             (answer_write ? open_write_bursts_o != '0 : open_read_beats_o != '0))

endmodule
