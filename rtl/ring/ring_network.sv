/// The ring with an interface at every station: a memory port in front and a memory behind, for
/// each of them side by side, station 0 lowest. Every port reaches the memory of every station, see
/// ring_address_map. Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_network #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of a station's memory
    parameter int unsigned GranuleBits = 10,  // log2 of the bytes that lie at one station in a row
    parameter int unsigned Places = 64,  // accesses in flight at a memory, a power of two
    parameter int unsigned MaxSeveral = 4,  // writes to several stations at a time, per port
    parameter int unsigned JointDepth = 64,  // joint reads of a port that wait for others
    parameter int unsigned Credits = 8,  // packets in flight per sender, receiver and class, >= 1
    parameter int unsigned QueueDepth = 4,  // packets of a class that wait to be sent, >= 1
    parameter int unsigned TimeLimit = 65536,  // clocks until a destination counts as dead
    localparam int unsigned PlaceWidth = $clog2(Places),
    localparam int unsigned RequestBits = 5 + memory_port_pkg::AddrWidth +
        memory_port_pkg::TagWidth + memory_port_pkg::MaskWidth,
    localparam int unsigned WriteDataBits = 1 + memory_port_pkg::BeatBits +
        memory_port_pkg::BeatBytes,
    localparam int unsigned ResponseBits = 4 + memory_port_pkg::BeatBits +
        memory_port_pkg::TagWidth,
    localparam int unsigned ErrorsWidth = 5 * ring_pkg::CounterWidth,
    localparam int unsigned PortErrorsWidth = 3 * ring_pkg::CounterWidth
) (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    // Tests, as ring_station
    input  logic [           4*NumStations-1:0] fault_i,
    input  logic [             NumStations-1:0] stall_i,
    input  logic [                        15:0] patience_i,  // as ring_interface
    input  logic                                joint_clear_i,  // as ring_joint_reads
    // Memory ports
    input  logic [             NumStations-1:0] req_valid_i,
    output logic [             NumStations-1:0] req_ready_o,
    input  logic [ RequestBits*NumStations-1:0] req_i,
    input  logic [             NumStations-1:0] wdata_valid_i,
    output logic [             NumStations-1:0] wdata_ready_o,
    input  logic [WriteDataBits*NumStations-1:0] wdata_i,
    output logic [             NumStations-1:0] rsp_valid_o,
    input  logic [             NumStations-1:0] rsp_ready_i,
    output logic [ResponseBits*NumStations-1:0] rsp_o,
    // Memories
    output logic [             NumStations-1:0] mem_valid_o,
    input  logic [             NumStations-1:0] mem_ready_i,
    output logic [             NumStations-1:0] mem_write_o,
    output logic [(SliceBits-6)*NumStations-1:0] mem_beat_o,
    output logic [  PlaceWidth*NumStations-1:0] mem_tag_o,
    output logic [         512*NumStations-1:0] mem_data_o,
    output logic [          64*NumStations-1:0] mem_strobe_o,
    input  logic [             NumStations-1:0] mem_rsp_valid_i,
    input  logic [  PlaceWidth*NumStations-1:0] mem_rsp_tag_i,
    input  logic [           2*NumStations-1:0] mem_rsp_error_i,
    input  logic [         512*NumStations-1:0] mem_rsp_data_i,
    // Status, as ring
    output logic [ ErrorsWidth*NumStations-1:0] errors_o,
    output logic [PortErrorsWidth*NumStations-1:0] port_errors_o,
    output logic [ NumStations*NumStations-1:0] dead_o,
    output logic [           2*NumStations-1:0] link_used_o,
    // A beat of data is on the link that leaves lane l of station s: bit 2 s + l
    output logic [           2*NumStations-1:0] link_data_o
);

  localparam int unsigned NumClasses = ring_pkg::NumClasses;
  localparam int unsigned PayloadWidth = ring_pkg::PayloadBits;
  localparam int unsigned StationWidth = ring_pkg::StationWidth;
  localparam int unsigned ClassWidth = ring_pkg::ClassWidth;

  logic [2*NumStations*NumStations-1:0] reach, inject_mask;
  logic [2*NumClasses*NumStations-1:0] inject_room, eject_room;
  logic [2*NumStations-1:0] inject_valid, eject_valid, eject_error;
  logic [2*ClassWidth*NumStations-1:0] inject_class, eject_class;
  logic [2*StationWidth*NumStations-1:0] eject_source;
  logic [2*PayloadWidth*NumStations-1:0] inject_payload, eject_payload;
  logic [4*NumStations-1:0] link_op;

  ring #(
      .NumStations(NumStations),
      .Credits(Credits),
      .QueueDepth(QueueDepth),
      .TimeLimit(TimeLimit)
  ) u_ring (
      .clk_i,
      .rst_ni,
      .fault_i,
      .stall_i,
      .reach_o(reach),
      .inject_room_o(inject_room),
      .inject_valid_i(inject_valid),
      .inject_class_i(inject_class),
      .inject_mask_i(inject_mask),
      .inject_payload_i(inject_payload),
      .eject_room_i(eject_room),
      .eject_valid_o(eject_valid),
      .eject_class_o(eject_class),
      .eject_source_o(eject_source),
      .eject_error_o(eject_error),
      .eject_payload_o(eject_payload),
      .errors_o,
      .dead_o,
      .link_used_o,
      .link_op_o(link_op)
  );
  for (genvar k = 0; k < 2 * NumStations; k = k + 1) begin : gen_link
    assign link_data_o[k] = link_used_o[k] && link_op[2*k+:2] == ring_pkg::OpData;
  end

  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_interface
    ring_interface #(
        .NumStations(NumStations),
        .SliceBits(SliceBits),
        .GranuleBits(GranuleBits),
        .Places(Places),
        .MaxSeveral(MaxSeveral),
        .JointDepth(JointDepth)
    ) u_interface (
        .clk_i,
        .rst_ni,
        .station_i(StationWidth'(s)),
        .patience_i,
        .joint_clear_i,
        .errors_o(port_errors_o[s*PortErrorsWidth+:PortErrorsWidth]),
        .req_valid_i(req_valid_i[s]),
        .req_ready_o(req_ready_o[s]),
        .req_i(req_i[s*RequestBits+:RequestBits]),
        .wdata_valid_i(wdata_valid_i[s]),
        .wdata_ready_o(wdata_ready_o[s]),
        .wdata_i(wdata_i[s*WriteDataBits+:WriteDataBits]),
        .rsp_valid_o(rsp_valid_o[s]),
        .rsp_ready_i(rsp_ready_i[s]),
        .rsp_o(rsp_o[s*ResponseBits+:ResponseBits]),
        .mem_valid_o(mem_valid_o[s]),
        .mem_ready_i(mem_ready_i[s]),
        .mem_write_o(mem_write_o[s]),
        .mem_beat_o(mem_beat_o[s*(SliceBits-6)+:SliceBits-6]),
        .mem_tag_o(mem_tag_o[s*PlaceWidth+:PlaceWidth]),
        .mem_data_o(mem_data_o[512*s+:512]),
        .mem_strobe_o(mem_strobe_o[64*s+:64]),
        .mem_rsp_valid_i(mem_rsp_valid_i[s]),
        .mem_rsp_tag_i(mem_rsp_tag_i[s*PlaceWidth+:PlaceWidth]),
        .mem_rsp_error_i(mem_rsp_error_i[2*s+:2]),
        .mem_rsp_data_i(mem_rsp_data_i[512*s+:512]),
        .reach_i(reach[2*s*NumStations+:2*NumStations]),
        .dead_i(dead_o[s*NumStations+:NumStations]),
        .inject_room_i(inject_room[2*s*NumClasses+:2*NumClasses]),
        .inject_valid_o(inject_valid[2*s+:2]),
        .inject_class_o(inject_class[2*s*ClassWidth+:2*ClassWidth]),
        .inject_mask_o(inject_mask[2*s*NumStations+:2*NumStations]),
        .inject_payload_o(inject_payload[2*s*PayloadWidth+:2*PayloadWidth]),
        .eject_room_o(eject_room[2*s*NumClasses+:2*NumClasses]),
        .eject_valid_i(eject_valid[2*s+:2]),
        .eject_class_i(eject_class[2*s*ClassWidth+:2*ClassWidth]),
        .eject_source_i(eject_source[2*s*StationWidth+:2*StationWidth]),
        .eject_error_i(eject_error[2*s+:2]),
        .eject_payload_i(eject_payload[2*s*PayloadWidth+:2*PayloadWidth])
    );
  end

endmodule
