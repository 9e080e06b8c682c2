/// Read data: collects the eight CK of each burst at its time, in the order of the read commands,
/// and answers with beats of 32 bytes. Places for the answers are reserved before a read is
/// issued (room_o), so data never wait at the pins. A beat whose data did not come as expected,
/// and every beat of a refused read, carries error. Model: tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_read_data #(
    parameter int unsigned Depth = 16,  // beats of the answer queue, >= 12 for full speed
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    parameter int unsigned StampWidth = 21,  // bits that come back with the data, tag lowest
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    // Another read may be issued; a read was issued
    output logic                room_o,
    input  logic                issued_i,
    // Read command of this clock on the way to the pins (as seen by memory_command)
    input  logic                burst_i,
    input  logic                burst_phase_i,
    input  logic                burst_last_i,
    input  logic [StampWidth-1:0] burst_stamp_i,
    // Refused read: one or two beats with an error
    input  logic                refuse_i,
    input  logic                refuse_two_i,
    input  logic [TagWidth-1:0] refuse_tag_i,
    output logic                refuse_ready_o,
    // Pins
    output logic [         1:0] rddata_en_o,
    input  logic [        63:0] rddata_i,
    input  logic [         1:0] rddata_valid_i,
    // A beat is complete (for counters)
    output logic                answer_o,
    output logic [StampWidth-1:0] answer_stamp_o,
    output logic                answer_last_o,
    output logic                answer_wrong_o,
    // Answers
    output logic                rsp_valid_o,
    input  logic                rsp_ready_i,
    output logic [TagWidth-1:0] rsp_tag_o,
    output logic [       255:0] rsp_data_o,
    output logic                rsp_last_o,
    output logic                rsp_error_o
);

  localparam int unsigned FirstCk = 3 + lpddr4_pkg::TRl + lpddr4_pkg::TDqsck;

  `S4_CHECK_PARAM(gen_check_depth, Depth >= 2)

  // ---- Room ----
  logic [CountWidth-1:0] free_q;
  logic pop, refuse_push;
  assign room_o = free_q > CountWidth'(1);
  assign pop    = rsp_valid_o && rsp_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) free_q <= CountWidth'(Depth);
    else free_q <= free_q + CountWidth'(pop) - CountWidth'(issued_i) - CountWidth'(refuse_push);
  end

  // ---- When data come: a bit per CK, set where a burst begins ----
  logic [FirstCk+1:0] late_q;
  logic [6:0] started_q;  // bursts that began 1 to 7 CK before phase 0 of this clock
  logic [1:0] start;  // a burst begins at phase 0, 1 of this clock
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      late_q    <= '0;
      started_q <= '0;
    end else begin
      late_q    <= {2'b00, late_q[FirstCk+1:2]} |
                   {burst_i && burst_phase_i, burst_i && !burst_phase_i, FirstCk'(0)};
      started_q <= {started_q[4:0], start[0], start[1]};
    end
  end
  assign start = late_q[1:0];
  always_comb begin
    rddata_en_o[0] = start[0] || started_q != '0;
    rddata_en_o[1] = start[1] || start[0] || started_q[5:0] != '0;
  end

  // ---- Four pairs of 32 bits; a burst that begins at phase 1 is put together a clock later ----
  logic phase_q, active_q, wrong_q, pair_wrong, waiting_wrong_q;
  logic [31:0] waiting_data_q;
  logic [1:0] pair_q;
  logic [191:0] collected_q;
  logic [63:0] pair;
  logic full;
  // The clock in which the first pair of a burst is complete.
  logic first_pair, burst_late_q;
  assign first_pair = start[0] || burst_late_q;
  logic late_pair;
  assign late_pair = burst_late_q || (active_q && phase_q);
  assign pair = late_pair ? {rddata_i[31:0], waiting_data_q} : rddata_i;
  assign pair_wrong = late_pair ? waiting_wrong_q || !rddata_valid_i[0] : rddata_valid_i != 2'b11;
  assign full = active_q && pair_q == 2'd3;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      phase_q         <= 1'b0;
      active_q        <= 1'b0;
      wrong_q         <= 1'b0;
      pair_q          <= '0;
      burst_late_q    <= 1'b0;
      waiting_data_q  <= '0;
      waiting_wrong_q <= 1'b0;
      collected_q     <= '0;
    end else begin
      burst_late_q    <= start[1];
      waiting_data_q  <= rddata_i[63:32];
      waiting_wrong_q <= !rddata_valid_i[1];
      if (first_pair) begin
        active_q <= 1'b1;
        phase_q  <= burst_late_q;
        pair_q   <= 2'd1;
        wrong_q  <= pair_wrong;
      end else if (active_q) begin
        pair_q  <= pair_q + 2'd1;
        wrong_q <= wrong_q || pair_wrong;
        if (full) active_q <= 1'b0;
      end
      if (first_pair || active_q) collected_q <= {pair, collected_q[191:64]};
    end
  end

  // ---- Whose data they are ----
  logic [StampWidth-1:0] stamp;
  logic last, flight_valid, flight_ready;
  logic [CountWidth-1:0] unused_flight_count, unused_answer_count;
  fifo #(
      .Width(StampWidth + 1),
      .Depth(Depth)
  ) u_flight (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (burst_i),
      .in_ready_o (flight_ready),
      .in_data_i  ({burst_last_i, burst_stamp_i}),
      .out_valid_o(flight_valid),
      .out_ready_i(full),
      .out_data_o ({last, stamp}),
      .count_o    (unused_flight_count)
  );

  assign answer_o       = full;
  assign answer_stamp_o = stamp;
  assign answer_last_o  = last;
  assign answer_wrong_o = wrong_q || pair_wrong;

  // ---- Answers ----
  logic answer_ready, refuse_second_q;
  assign refuse_push    = refuse_i && !full && free_q != '0 && !issued_i;
  assign refuse_ready_o = refuse_push && (!refuse_two_i || refuse_second_q);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) refuse_second_q <= 1'b0;
    else if (refuse_push) refuse_second_q <= refuse_two_i && !refuse_second_q;
  end
  fifo #(
      .Width(TagWidth + 258),
      .Depth(Depth)
  ) u_answers (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (full || refuse_push),
      .in_ready_o (answer_ready),
      .in_data_i  (full ? {wrong_q || pair_wrong, last, stamp[TagWidth-1:0], pair, collected_q} :
                          {1'b1, !refuse_two_i || refuse_second_q, refuse_tag_i, 256'b0}),
      .out_valid_o(rsp_valid_o),
      .out_ready_i(rsp_ready_i),
      .out_data_o ({rsp_error_o, rsp_last_o, rsp_tag_o, rsp_data_o}),
      .count_o    (unused_answer_count)
  );

  // ---- Assertions ----
  `S4_ASSERT(PlaceForData, !full || (answer_ready && flight_valid))
  `S4_ASSERT(PlaceInFlight, !burst_i || flight_ready)
  `S4_ASSERT(BurstsApart, !(first_pair && active_q))
  `S4_ASSERT_HELD(RspHeld, rsp_valid_o, rsp_ready_i, {rsp_tag_o, rsp_data_o, rsp_last_o})

endmodule
