/// The channels of a station behind one port of 64-byte accesses, the port that ring_interface has
/// for its memory: an access goes to the channel that station_interleave names, answers come in any
/// order, one per clock, and are always taken. What lies beyond the memory is answered with Decode;
/// an error of a controller's answer is Data. Two accesses of the same line are served in order.
/// An access is with its channel one clock after it was taken; an answer leaves through one
/// register. Model: tests/memory_station/station_bench.hpp
`include "assert.svh"

module station_channels #(
    parameter int unsigned NumChannels = 2,  // 1, 2, 4 or 8
    parameter int unsigned AddrBits = 36,  // bits of a byte address at the port
    parameter int unsigned TagWidth = 8,  // bits of a tag
    parameter int unsigned PlaceWidth = TagWidth,  // low bits of a tag that tell reads apart
    parameter int unsigned ChannelGranuleBits = 9,  // log2 of the bytes at one channel in a row
    parameter int unsigned ReadDepth = config_pkg::LoadSlots,
    parameter int unsigned WriteDepth = config_pkg::LoadSlots,
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks
) (
    input  logic                                            clk_i,
    input  logic                                            rst_ni,
    input  logic                                            two_ranks_i,
    input  logic                                            ecc_enable_i,
    output logic                                            init_done_o,
    // Accesses
    input  logic                                            mem_valid_i,
    output logic                                            mem_ready_o,
    input  logic                                            mem_write_i,
    input  logic [                            AddrBits-7:0] mem_beat_i,
    input  logic [                            TagWidth-1:0] mem_tag_i,
    input  logic [                                   511:0] mem_data_i,
    input  logic [                                    63:0] mem_strobe_i,
    // Answers
    output logic                                            mem_rsp_valid_o,
    output logic                                            mem_rsp_write_o,
    output logic [                            TagWidth-1:0] mem_rsp_tag_o,
    output logic [                                     1:0] mem_rsp_error_o,
    output logic [                                   511:0] mem_rsp_data_o,
    // Of every channel, channel 0 lowest
    output logic [                      NumChannels*16-1:0] open_reads_o,
    output logic [                      NumChannels*16-1:0] open_writes_o,
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

  localparam int unsigned AddressWidth = lpddr4_pkg::AddressWidth;
  localparam int unsigned SliceBits = AddressWidth + $clog2(NumChannels);
  localparam int unsigned ChannelBits = (NumChannels > 1) ? $clog2(NumChannels) : 1;
  localparam int unsigned NumSources = 2 * NumChannels + 1;
  localparam int unsigned CounterWidth = lpddr4_pkg::CounterWidth;

  `S4_CHECK_PARAM(gen_check_address, AddrBits >= SliceBits && AddrBits <= 36)

  // ---- Which channel ----
  logic inside_slice, exists;
  logic [3:0] unused_station;
  logic [ChannelBits-1:0] channel;
  logic [SliceBits-1:0] address;
  logic unused_address;
  logic [2:0] rank_eighth;
  logic [NumChannels-1:0] chosen, ready;
  logic refuse_valid_q, refuse_write_q, refuse_ready, refuse_room;
  logic [TagWidth-1:0] refuse_tag_q;

  station_interleave #(
      .NumStations       (1),
      .NumChannels       (NumChannels),
      .SliceBits         (SliceBits),
      .StationGranuleBits(ChannelGranuleBits + $clog2(NumChannels)),
      .ChannelGranuleBits(ChannelGranuleBits)
  ) u_interleave (
      .addr_i   (36'({mem_beat_i, 6'd0})),
      .exists_o (inside_slice),
      .station_o(unused_station),
      .channel_o(channel),
      .address_o(address)
  );
  assign unused_address = ^{address[SliceBits-1:AddressWidth-1], address[5:0]};
  // With error correction the last eighth of a channel holds check bits.
  assign rank_eighth    = two_ranks_i ? address[AddressWidth-1-:3] : address[AddressWidth-2-:3];
  assign exists         = inside_slice && (two_ranks_i || !address[AddressWidth-1]) &&
                          !(ecc_enable_i && rank_eighth == 3'b111);
  assign chosen         = exists ? NumChannels'(1) << channel : '0;
  assign refuse_room    = !refuse_valid_q || refuse_ready;
  assign mem_ready_o    = exists ? (chosen & ready) != '0 : refuse_room;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) refuse_valid_q <= 1'b0;
    else if (refuse_room) refuse_valid_q <= mem_valid_i && !exists;
  end
  always_ff @(posedge clk_i) begin
    if (mem_valid_i && !exists && refuse_room) begin
      refuse_write_q <= mem_write_i;
      refuse_tag_q   <= mem_tag_i;
    end
  end

  // ---- Channels ----
  logic [NumChannels-1:0] done, read_valid, read_ready, read_error, ack_valid, ack_ready, ack_error;
  logic [NumChannels*TagWidth-1:0] read_tag, ack_tag;
  logic [NumChannels*512-1:0] read_data;

  assign init_done_o = &done;
  for (genvar c = 0; c < NumChannels; c = c + 1) begin : gen_channel
    station_channel #(
        .TagWidth         (TagWidth),
        .PlaceWidth       (PlaceWidth),
        .ReadDepth        (ReadDepth),
        .WriteDepth       (WriteDepth),
        .InitResetClocks  (InitResetClocks),
        .InitCkeClocks    (InitCkeClocks),
        .InitCommandClocks(InitCommandClocks)
    ) u_channel (
        .clk_i,
        .rst_ni,
        .two_ranks_i,
        .ecc_enable_i,
        .init_done_o       (done[c]),
        .in_valid_i        (mem_valid_i && chosen[c]),
        .in_ready_o        (ready[c]),
        .in_write_i        (mem_write_i),
        .in_line_i         (address[AddressWidth-1:6]),
        .in_tag_i          (mem_tag_i),
        .in_data_i         (mem_data_i),
        .in_strobe_i       (mem_strobe_i),
        .read_valid_o      (read_valid[c]),
        .read_ready_i      (read_ready[c]),
        .read_tag_o        (read_tag[c*TagWidth+:TagWidth]),
        .read_error_o      (read_error[c]),
        .read_data_o       (read_data[c*512+:512]),
        .ack_valid_o       (ack_valid[c]),
        .ack_ready_i       (ack_ready[c]),
        .ack_tag_o         (ack_tag[c*TagWidth+:TagWidth]),
        .ack_error_o       (ack_error[c]),
        .open_reads_o      (open_reads_o[c*16+:16]),
        .open_writes_o     (open_writes_o[c*16+:16]),
        .counter_select_i,
        .counter_value_o   (counter_value_o[c*CounterWidth+:CounterWidth]),
        .dfi_cke_o         (dfi_cke_o[c*2+:2]),
        .dfi_cs_o          (dfi_cs_o[c*4+:4]),
        .dfi_ca_o          (dfi_ca_o[c*12+:12]),
        .dfi_reset_n_o     (dfi_reset_n_o[c]),
        .dfi_wrdata_en_o   (dfi_wrdata_en_o[c*2+:2]),
        .dfi_wrdata_o      (dfi_wrdata_o[c*64+:64]),
        .dfi_wrmask_o      (dfi_wrmask_o[c*8+:8]),
        .dfi_rddata_en_o   (dfi_rddata_en_o[c*2+:2]),
        .dfi_rddata_i      (dfi_rddata_i[c*64+:64]),
        .dfi_rddata_valid_i(dfi_rddata_valid_i[c*2+:2])
    );
  end

  // ---- Answers in turn ----
  logic [NumSources-1:0] source_valid, grant;
  logic [$clog2(NumSources)-1:0] unused_index;
  logic any, write;
  logic [TagWidth-1:0] tag;
  logic [1:0] error;
  logic [511:0] data;

  assign source_valid = {refuse_valid_q, ack_valid, read_valid};
  assign {refuse_ready, ack_ready, read_ready} = grant;

  arbiter_rr #(
      .N(NumSources)
  ) u_arbiter (
      .clk_i,
      .rst_ni,
      .req_i  (source_valid),
      .ready_i(1'b1),
      .grant_o(grant),
      .index_o(unused_index),
      .valid_o(any)
  );

  always_comb begin : choose
    int unsigned c;
    write = grant[NumSources-1] && refuse_write_q;
    tag   = grant[NumSources-1] ? refuse_tag_q : '0;
    error = grant[NumSources-1] ? memory_port_pkg::ResponseErrorDecode
                                : memory_port_pkg::ResponseErrorOk;
    data  = '0;
    for (c = 0; c < NumChannels; c = c + 1) begin
      if (grant[c]) begin
        tag  = tag | read_tag[c*TagWidth+:TagWidth];
        data = data | read_data[c*512+:512];
        if (read_error[c]) error = memory_port_pkg::ResponseErrorData;
      end
      if (grant[NumChannels+c]) begin
        write = 1'b1;
        tag   = tag | ack_tag[c*TagWidth+:TagWidth];
        if (ack_error[c]) error = memory_port_pkg::ResponseErrorData;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) mem_rsp_valid_o <= 1'b0;
    else mem_rsp_valid_o <= any;
  end
  always_ff @(posedge clk_i) begin
    if (any) begin
      mem_rsp_write_o <= write;
      mem_rsp_tag_o   <= tag;
      mem_rsp_error_o <= error;
      mem_rsp_data_o  <= data;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(OneAnswer, (grant & (grant - NumSources'(1))) == '0)

endmodule
