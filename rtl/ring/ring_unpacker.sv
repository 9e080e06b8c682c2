/// Turns request packets into accesses of one beat, one per clock. Packets of the three sources
/// (lanes and this station) come in turn; a read is expanded before the next packet is looked at.
/// Writes of different stations may interleave: each station has an open burst of its own, which a
/// Write packet begins and Data packets continue. What carries an error, and beats with a wrong
/// check sum, makes no access and only asks for its error; so do the beats of a write after one
/// that was lost. A Read or Write packet with a wrong check sum and a beat that no Write packet of
/// its tag announced are dropped: nobody can say whose they are, and their sender gives them up.
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_unpacker #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of this station's memory
    localparam int unsigned StationWidth = ring_pkg::StationWidth,
    localparam int unsigned TagWidth = ring_pkg::TurnWidth + memory_port_pkg::TagWidth  // with turn
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    // Packets
    input  logic                      valid_i,
    output logic                      ready_o,
    input  logic [  StationWidth-1:0] source_i,
    input  logic                      wrong_i,
    input  ring_pkg::payload_t        packet_i,
    // Accesses, held until ready
    output logic                      valid_o,
    input  logic                      ready_i,
    output logic                      write_o,
    output logic                      access_o,  // 0: only answer with error_o
    output logic [               1:0] error_o,
    output logic [     SliceBits-7:0] beat_o,  // address / 64
    output logic [   NumStations-1:0] mask_o,  // who gets the answer; of a write its sender
    output logic [      TagWidth-1:0] tag_o,
    output logic                      last_o,  // a read: of the burst; a write: its acknowledge
    output logic [               3:0] left_o,  // beats of a read burst that follow
    output logic                      several_o,
    output logic [             511:0] data_o,
    output logic [              63:0] strobe_o
);

  localparam int unsigned BeatBits = SliceBits - 6;

  // ---- Open writes, by station ----
  logic [NumStations-1:0] open_q, bad_q;
  logic [NumStations*BeatBits-1:0] write_beats;
  logic [4*NumStations-1:0] write_lefts;
  logic [TagWidth*NumStations-1:0] write_tags;
  logic open, bad;
  logic [TagWidth-1:0] write_tag;
  logic [BeatBits-1:0] write_beat;
  logic [3:0] write_left;

  always_comb begin : select
    int unsigned s;
    open       = 1'b0;
    bad        = 1'b0;
    write_beat = '0;
    write_left = '0;
    write_tag  = '0;
    for (s = 0; s < NumStations; s = s + 1) begin
      if (32'(source_i) == s) begin
        open       = open_q[s];
        bad        = bad_q[s];
        write_beat = write_beats[s*BeatBits+:BeatBits];
        write_left = write_lefts[4*s+:4];
        write_tag  = write_tags[s*TagWidth+:TagWidth];
      end
    end
  end

  // ---- Read that is being expanded ----
  logic reading_q, read_last_q;
  logic [1:0] read_error_q;
  logic [BeatBits-1:0] read_beat_q;
  logic [3:0] read_left_q, read_all_left_q;  // of this part; of the burst
  logic [NumStations-1:0] read_mask_q;
  logic [TagWidth-1:0] read_tag_q;

  // ---- Packets ----
  logic is_read, is_write, is_data, read_ends, write_ends, beats_lost, first_bad;
  logic [NumStations-1:0] sender, receivers;
  logic unused_address;

  assign sender     = NumStations'(1) << source_i;
  assign receivers  = packet_i.data[ring_pkg::MaskLsb+:NumStations];
  assign is_read    = valid_i && packet_i.op == ring_pkg::OpRead;
  assign is_write   = valid_i && packet_i.op == ring_pkg::OpWrite;
  assign is_data    = valid_i && packet_i.op == ring_pkg::OpData && open &&
                      (wrong_i || {packet_i.turn, packet_i.tag} == write_tag);
  assign first_bad  = packet_i.error != memory_port_pkg::ResponseErrorOk;
  assign read_ends  = reading_q && ready_i && read_left_q == '0;
  assign beats_lost = !wrong_i && packet_i.left != write_left;
  assign write_ends = write_left == '0 || (!wrong_i && packet_i.last);
  // All but a beat that must wait are taken at once; a read in the clock after the former's end.
  assign ready_o   = !reading_q && (!is_data || ready_i);
  assign unused_address = ^packet_i.data;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) reading_q <= 1'b0;
    else if (reading_q) reading_q <= !read_ends;
    else reading_q <= is_read && !wrong_i;
  end
  always_ff @(posedge clk_i) begin
    if (!reading_q) begin
      read_last_q     <= packet_i.last;
      read_error_q    <= packet_i.error;
      read_beat_q     <= packet_i.data[6+:BeatBits];
      read_left_q     <= packet_i.data[memory_port_pkg::AddrWidth+:4];
      read_all_left_q <= packet_i.left;
      read_mask_q     <= (receivers != '0) ? receivers : sender;
      read_tag_q      <= {packet_i.turn, packet_i.tag};
    end else if (ready_i) begin
      read_beat_q     <= read_beat_q + BeatBits'(1);
      read_left_q     <= read_left_q - 4'd1;
      read_all_left_q <= read_all_left_q - 4'd1;
    end
  end

  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_write
    logic here;
    logic [BeatBits-1:0] beat_q;
    logic [3:0] left_q;
    logic [TagWidth-1:0] tag_q;
    assign here = ready_o && 32'(source_i) == s;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) open_q[s] <= 1'b0;
      else if (here && is_write) open_q[s] <= !wrong_i;
      else if (here && is_data && write_ends) open_q[s] <= 1'b0;
    end
    always_ff @(posedge clk_i) begin
      if (here && is_write) begin
        bad_q[s] <= first_bad;
        beat_q   <= packet_i.data[6+:BeatBits];
        left_q   <= packet_i.data[memory_port_pkg::AddrWidth+:4];
        tag_q    <= {packet_i.turn, packet_i.tag};
      end else if (here && is_data) begin
        beat_q <= beat_q + BeatBits'(1);
        left_q <= left_q - 4'd1;
      end
    end
    assign write_beats[s*BeatBits+:BeatBits] = beat_q;
    assign write_lefts[4*s+:4] = left_q;
    assign write_tags[s*TagWidth+:TagWidth] = tag_q;
  end

  // ---- Accesses ----
  assign valid_o  = reading_q || is_data;
  assign left_o   = read_all_left_q;
  assign data_o   = packet_i.data;
  assign strobe_o = packet_i.strobe;
  always_comb begin
    if (reading_q) begin
      write_o   = 1'b0;
      access_o  = read_error_q == memory_port_pkg::ResponseErrorOk;
      error_o   = read_error_q;
      beat_o    = read_beat_q;
      mask_o    = read_mask_q;
      tag_o     = read_tag_q;
      last_o    = read_left_q == '0 && read_last_q;
      several_o = 1'b0;
    end else begin
      write_o   = 1'b1;
      access_o  = !bad && !wrong_i && !beats_lost;
      error_o   = bad       ? memory_port_pkg::ResponseErrorDecode :
                  !access_o ? memory_port_pkg::ResponseErrorData :
                              memory_port_pkg::ResponseErrorOk;
      beat_o    = write_beat;
      mask_o    = sender;
      tag_o     = write_tag;
      last_o    = write_ends;
      several_o = packet_i.several;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(IsRequest, !valid_i || wrong_i || packet_i.op != ring_pkg::OpAcknowledge)
  `S4_ASSERT(SourceInRing, !valid_i || wrong_i || 32'(source_i) < NumStations)

endmodule
