/// Where a byte of the memory space lies: station, channel of the station, address in the channel.
/// One to one, and nothing is left over: the space is cut into slices as large as a station's
/// memory; granules of a slice go round the stations, each slice beginning one station on, so
/// station = (slice + granule) mod NumStations, without a division. Within a station smaller
/// granules go round the channels; the channel is XORed with the folded bits above, so that
/// strides use all channels. Combinational. Model: sim/memory/station_address.hpp
///
///   | slice | address in the station's memory                                          |
///   |       | upper bits                   | channel ^ fold(upper) | ChannelGranuleBits |
///   |       | granule of a station         | StationGranuleBits                         |
`include "assert.svh"

module station_interleave #(
    parameter int unsigned NumStations = 5,  // 1..16
    parameter int unsigned NumChannels = 2,  // of a station: 1, 2, 4 or 8
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of a station's memory, 16..35
    parameter int unsigned StationGranuleBits = 10,  // log2 of the bytes at one station in a row
    parameter int unsigned ChannelGranuleBits = 9,  // log2 of the bytes at one channel in a row
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth,
    localparam int unsigned ChannelBits = (NumChannels > 1) ? $clog2(NumChannels) : 1
) (
    input  logic [  AddrWidth-1:0] addr_i,
    output logic                   exists_o,
    output logic [            3:0] station_o,
    output logic [ChannelBits-1:0] channel_o,
    output logic [  SliceBits-1:0] address_o
);

  localparam int unsigned ChannelShift = $clog2(NumChannels);
  localparam int unsigned UpperBits = SliceBits - ChannelGranuleBits - ChannelShift;
  localparam int unsigned GranuleBits = SliceBits - StationGranuleBits;
  localparam int unsigned SliceNumberBits = AddrWidth - SliceBits;
  localparam int unsigned SumBits = 11;  // of at most 35 residues and a slice
  localparam int unsigned TopShift = 6;

  `S4_CHECK_PARAM(gen_check_stations, NumStations >= 1 && NumStations <= 16)
  `S4_CHECK_PARAM(gen_check_channels, NumChannels == 1 << ChannelShift && NumChannels <= 8)
  `S4_CHECK_PARAM(gen_check_slice, SliceBits >= 16 && SliceBits < AddrWidth)
  `S4_CHECK_PARAM(gen_check_granules, StationGranuleBits >= ChannelGranuleBits + ChannelShift &&
                  StationGranuleBits < SliceBits && ChannelGranuleBits >= 6)

  logic [SliceNumberBits-1:0] slice;
  assign slice    = addr_i[AddrWidth-1:SliceBits];
  assign exists_o = 32'(slice) < NumStations;

  // ---- Station: each bit of the granule's number counts with its residue ----
  if (NumStations > 1) begin : gen_station
    logic [GranuleBits-1:0] granule;
    logic [SumBits-1:0] sum;

    assign granule = addr_i[SliceBits-1:StationGranuleBits];
    always_comb begin : residue
      int unsigned i, weight;
      sum    = SumBits'(slice);
      weight = 1;
      for (i = 0; i < GranuleBits; i = i + 1) begin
        if (granule[i]) sum = sum + SumBits'(weight);
        weight = (weight * 2) % NumStations;
      end
      for (i = 0; i <= TopShift; i = i + 1) begin
        if (sum >= SumBits'(NumStations << (TopShift - i))) begin
          sum = sum - SumBits'(NumStations << (TopShift - i));
        end
      end
    end
    assign station_o = exists_o ? sum[3:0] : '0;
  end else begin : gen_one_station
    assign station_o = '0;
  end

  // ---- Channel ----
  logic [UpperBits-1:0] upper;
  assign upper     = addr_i[SliceBits-1:ChannelGranuleBits+ChannelShift];
  assign address_o = SliceBits'({upper, addr_i[ChannelGranuleBits-1:0]});
  if (NumChannels > 1) begin : gen_channel
    logic [ChannelBits-1:0] folded;
    always_comb begin : fold
      int unsigned i;
      folded = addr_i[ChannelGranuleBits+:ChannelBits];
      for (i = 0; i < UpperBits; i = i + 1) begin
        folded[i%ChannelBits] = folded[i%ChannelBits] ^ upper[i];
      end
    end
    assign channel_o = folded;
  end else begin : gen_one_channel
    assign channel_o = '0;
  end

endmodule
