/// Read bursts of a station: cuts each into accesses of one beat and answers its beats in order.
/// Every beat has a place in an SRAM, taken in order when its access leaves and given back in order
/// when its data leave; bursts are answered in the order of their requests. Answers of accesses
/// come in any order and are always taken. One access and one beat per clock; a beat leaves three
/// clocks after its answer. Model: tests/memory_station/station_bench.hpp
`include "assert.svh"

module station_reads #(
    parameter int unsigned Places = 128,  // beats in flight, a power of two, >= 16
    parameter int unsigned Bursts = 64,  // bursts in flight
    localparam int unsigned PlaceWidth = $clog2(Places),
    localparam int unsigned LineWidth = memory_port_pkg::AddrWidth - 6
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Read bursts
    input  logic                       req_valid_i,
    output logic                       req_ready_o,
    input  memory_port_pkg::request_t  req_i,
    // Accesses
    output logic                       beat_valid_o,
    input  logic                       beat_ready_i,
    output logic [      LineWidth-1:0] beat_line_o,
    output logic [     PlaceWidth-1:0] beat_place_o,
    // Their answers
    input  logic                       answer_valid_i,
    input  logic [     PlaceWidth-1:0] answer_place_i,
    input  logic [                1:0] answer_error_i,
    input  logic [              511:0] answer_data_i,
    // Beats of the port
    output logic                       rsp_valid_o,
    input  logic                       rsp_ready_i,
    output memory_port_pkg::response_t rsp_o,
    // Beats that were asked for and not answered
    output logic [               15:0] open_o
);

  localparam int unsigned BurstWidth = memory_port_pkg::TagWidth + 4;

  `S4_CHECK_PARAM(gen_check_places, Places == 1 << PlaceWidth && Places >= 16)

  // ---- Accesses ----
  logic active_q, accept, issue, order_ready;
  logic [LineWidth-1:0] line_q;
  logic [3:0] left_q;
  logic [PlaceWidth-1:0] tail_q;
  logic [PlaceWidth:0] used_q;
  logic fetch;

  assign beat_valid_o = active_q && !used_q[PlaceWidth];
  assign beat_line_o  = line_q;
  assign beat_place_o = tail_q;
  assign issue        = beat_valid_o && beat_ready_i;
  assign req_ready_o  = order_ready && (!active_q || (issue && left_q == '0));
  assign accept       = req_valid_i && req_ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      tail_q   <= '0;
      used_q   <= '0;
    end else begin
      if (accept) active_q <= 1'b1;
      else if (issue && left_q == '0) active_q <= 1'b0;
      tail_q <= tail_q + PlaceWidth'(issue);
      used_q <= used_q + (PlaceWidth + 1)'(issue) - (PlaceWidth + 1)'(fetch);
    end
  end
  always_ff @(posedge clk_i) begin
    if (accept) begin
      line_q <= req_i.addr[memory_port_pkg::AddrWidth-1:6];
      left_q <= req_i.len;
    end else if (issue) begin
      line_q <= line_q + LineWidth'(1);
      left_q <= left_q - 4'd1;
    end
  end

  // ---- Whose beats they are ----
  logic order_valid, last;
  logic [memory_port_pkg::TagWidth-1:0] tag;
  logic [3:0] len, beat_q;
  logic [$clog2(Bursts+1)-1:0] unused_count;
  logic unused_request;

  assign unused_request = ^{req_i.write, req_i.mask, req_i.addr[5:0]};
  fifo #(
      .Width(BurstWidth),
      .Depth(Bursts)
  ) u_order (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (accept),
      .in_ready_o (order_ready),
      .in_data_i  ({req_i.tag, req_i.len}),
      .out_valid_o(order_valid),
      .out_ready_i(fetch && last),
      .out_data_o ({tag, len}),
      .count_o    (unused_count)
  );
  assign last = beat_q == len;

  // ---- Places ----
  logic [Places-1:0] arrived_q;
  logic [1:0] errors[0:Places-1];
  logic [PlaceWidth-1:0] head_q;
  logic [511:0] data;
  logic out_valid_q, out_last_q;
  logic [1:0] out_error_q;
  logic [memory_port_pkg::TagWidth-1:0] out_tag_q;

  assign fetch = order_valid && arrived_q[head_q] && (!out_valid_q || rsp_ready_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      arrived_q   <= '0;
      head_q      <= '0;
      beat_q      <= '0;
      out_valid_q <= 1'b0;
    end else begin
      if (fetch) begin
        arrived_q[head_q] <= 1'b0;
        head_q            <= head_q + PlaceWidth'(1);
        beat_q            <= last ? '0 : beat_q + 4'd1;
      end
      if (answer_valid_i) arrived_q[answer_place_i] <= 1'b1;
      if (!out_valid_q || rsp_ready_i) out_valid_q <= fetch;
    end
  end
  always_ff @(posedge clk_i) begin
    if (answer_valid_i) errors[answer_place_i] <= answer_error_i;
    if (fetch) begin
      out_tag_q   <= tag;
      out_last_q  <= last;
      out_error_q <= errors[head_q];
    end
  end

  // The SRAM holds its output until the next fetch.
  sram_1r1w #(
      .Width(512),
      .Depth(Places)
  ) u_places (
      .clk_i,
      .we_i   (answer_valid_i),
      .waddr_i(answer_place_i),
      .wmask_i(1'b1),
      .wdata_i(answer_data_i),
      .re_i   (fetch),
      .raddr_i(head_q),
      .rdata_o(data)
  );

  assign rsp_valid_o = out_valid_q;
  always_comb begin
    rsp_o.data  = data;
    rsp_o.tag   = out_tag_q;
    rsp_o.write = 1'b0;
    rsp_o.error = out_error_q;
    rsp_o.last  = out_last_q;
  end
  assign open_o = 16'(used_q);

  // ---- Assertions ----
  `S4_ASSERT(PlaceInUse, !answer_valid_i || used_q != '0)
  `S4_ASSERT(AnsweredOnce, !answer_valid_i || !arrived_q[answer_place_i])
  `S4_ASSERT_HELD(ResponseHeld, rsp_valid_o, rsp_ready_i, rsp_o)

endmodule
