/// Reads for several stations, made one: a read with a mask is asked for by every station of the
/// mask, in the same order and with the same tags. The lowest of them, the leader, sends it once
/// all others have asked too; its data go to all. The others only open the burst (follow_o).
///  - They tell the leader in Control packets how many they have opened: one per Batch reads (at
///    16 beats each that is 4 KiB), or when no further one came for a while.
///  - At the leader such reads wait in a queue of their own; all else passes them.
///  - A station that has not asked for 256 * patience_i clocks is no longer waited for, nor sent
///    data, until clear_i. With clear_i nobody is, and all counts begin anew.
///  - turn_o counts rounds of 64 joint reads, the same at all stations, so that what comes late is
///    not taken for the answer of a later read of its tag.
/// A mask without this station, or beyond the ring, and a burst that crosses a granule stay as they
/// are (joint_o low). Others pass in the same clock; a leader's joint read takes one more.
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_joint_reads #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned GranuleBits = 10,  // log2 of the bytes of a granule, >= 10
    parameter int unsigned Depth = 64,  // joint reads that wait, a power of two, >= 2
    localparam int unsigned StationWidth = ring_pkg::StationWidth
) (
    input  logic                              clk_i,
    input  logic                              rst_ni,
    input  logic                              clear_i,
    input  logic [           NumStations-1:0] self_i,
    input  logic [           NumStations-1:0] dead_i,
    input  logic [                      15:0] patience_i,
    // Requests of the port
    input  logic                              req_valid_i,
    output logic                              req_ready_o,
    input  memory_port_pkg::request_t         req_i,
    // On their way: joint, for mask_o of its stations; only to be opened here
    output logic                              req_valid_o,
    input  logic                              req_ready_i,
    output memory_port_pkg::request_t         req_o,
    output logic                              joint_o,
    output logic                              follow_o,
    output logic [           NumStations-1:0] mask_o,
    output logic [ring_pkg::TurnWidth-1:0]    turn_o,
    // Control packets to a leader, and from others
    output logic                              control_valid_o,
    input  logic                              control_ready_i,
    output logic [           NumStations-1:0] control_mask_o,
    output ring_pkg::payload_t                control_o,
    input  logic [                       1:0] control_valid_i,
    input  logic [        2*StationWidth-1:0] control_source_i,
    input  logic [2*ring_pkg::AskedWidth-1:0] control_asked_i
);

  localparam int unsigned MaskWidth = memory_port_pkg::MaskWidth;
  localparam int unsigned AskedWidth = ring_pkg::AskedWidth;
  localparam int unsigned PlaceBits = GranuleBits - 6;
  localparam int unsigned Batch = 4;
  localparam int unsigned QuietClocks = 8;

  `S4_CHECK_PARAM(gen_check_depth, Depth >= 2 && (1 << $clog2(Depth)) == Depth)

  // ---- What is asked for ----
  logic [NumStations-1:0] asked, lowest;
  logic [PlaceBits:0] place_sum;
  logic beyond, joint, follows, leads;

  if (MaskWidth > NumStations) begin : gen_beyond
    assign beyond = req_i.mask[MaskWidth-1:NumStations] != '0;
  end else begin : gen_none_beyond
    assign beyond = 1'b0;
  end
  assign asked     = req_i.mask[NumStations-1:0];
  assign lowest    = asked & (~asked + NumStations'(1));
  assign place_sum = {1'b0, req_i.addr[6+:PlaceBits]} + (PlaceBits + 1)'(req_i.len);
  assign joint     = !req_i.write && (asked & self_i) != '0 && !beyond && !place_sum[PlaceBits];
  assign leads     = joint && lowest == self_i;
  assign follows   = joint && !leads;

  // ---- Reads that wait for others ----
  logic queue_ready, head_valid, head_goes, follow_passes, others_valid;
  memory_port_pkg::request_t head;
  logic [$clog2(Depth+1)-1:0] unused_count;

  fifo #(
      .Width($bits(head)),
      .Depth(Depth)
  ) u_queue (
      .clk_i,
      .rst_ni,
      .flush_i(1'b0),
      .in_valid_i(req_valid_i && leads),
      .in_ready_o(queue_ready),
      .in_data_i(req_i),
      .out_valid_o(head_valid),
      .out_ready_i(head_goes && req_ready_i),
      .out_data_o(head),
      .count_o(unused_count)
  );

  // ---- What others have asked for ----
  logic [NumStations-1:0] present, absent_q, awaited, missing;
  logic [AskedWidth-1:0] asked_q[0:NumStations-1];
  logic [23:0] waited_q;
  logic too_long;

  assign awaited   = head.mask[NumStations-1:0] & ~(self_i | absent_q | dead_i);
  assign missing   = awaited & ~present;
  assign too_long  = patience_i != '0 && waited_q >= {patience_i, 8'd0};
  assign head_goes = head_valid && (missing == '0 || clear_i);

  for (genvar s = 0; s < NumStations; s = s + 1) begin : gen_station
    logic [AskedWidth-1:0] more;
    logic fewer;
    assign more =
        ((control_valid_i[0] && 32'(control_source_i[0+:StationWidth]) == s) ?
         control_asked_i[0+:AskedWidth] : '0) +
        ((control_valid_i[1] && 32'(control_source_i[StationWidth+:StationWidth]) == s) ?
         control_asked_i[AskedWidth+:AskedWidth] : '0);
    assign fewer      = head_goes && req_ready_i && awaited[s];
    assign present[s] = asked_q[s] != '0;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) asked_q[s] <= '0;
      else if (clear_i) asked_q[s] <= '0;
      else asked_q[s] <= asked_q[s] + more - AskedWidth'(fewer);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      absent_q <= '0;
      waited_q <= '0;
    end else begin
      waited_q <= (head_valid && !head_goes) ? waited_q + 24'd1 : '0;
      absent_q <= clear_i ? '0 : too_long ? absent_q | missing : absent_q;
    end
  end

  // ---- What passes ----
  logic [7:0] number_q;  // of joint reads so far

  assign others_valid = req_valid_i && !leads && (!follows || follow_passes);
  assign req_valid_o  = head_goes || others_valid;
  assign req_ready_o  = leads ? queue_ready :
                                req_ready_i && !head_goes && (!follows || follow_passes);
  assign req_o        = head_goes ? head : req_i;
  assign joint_o      = head_goes || follows;
  assign follow_o     = !head_goes && follows;
  assign mask_o       = clear_i ? self_i : head.mask[NumStations-1:0] & ~absent_q;
  assign turn_o       = number_q[7:6];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) number_q <= '0;
    else if (clear_i) number_q <= '0;
    else if (req_valid_o && req_ready_i && joint_o) number_q <= number_q + 8'd1;
  end

  // ---- To the leader. A burst is open before its leader can hear of it ----
  logic [AskedWidth-1:0] opened_q;
  logic [NumStations-1:0] leader_q;
  logic [3:0] quiet_q;
  logic opens, sends;

  assign follow_passes = opened_q == '0 || leader_q == lowest;
  assign opens         = req_valid_o && req_ready_i && follow_o;
  assign control_valid_o = opened_q >= AskedWidth'(Batch) ||
                           (opened_q != '0 && quiet_q == 4'(QuietClocks));
  assign control_mask_o = leader_q;
  assign sends          = control_valid_o && control_ready_i;
  always_comb begin
    control_o      = '0;
    control_o.data = 512'(opened_q);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      opened_q <= '0;
      quiet_q  <= '0;
    end else begin
      opened_q <= clear_i ? '0 : (sends ? '0 : opened_q) + AskedWidth'(opens);
      quiet_q  <= opens ? '0 : (quiet_q == 4'(QuietClocks)) ? quiet_q : quiet_q + 4'd1;
    end
  end
  always_ff @(posedge clk_i) if (opens) leader_q <= lowest;

  // ---- Assertions ----
  `S4_ASSERT(AskedOnce, (control_valid_i == 2'b11) |->
             control_source_i[0+:StationWidth] != control_source_i[StationWidth+:StationWidth])
  `S4_ASSERT(NoOverflow, opened_q <= AskedWidth'(1 << memory_port_pkg::SlotWidth))

endmodule
