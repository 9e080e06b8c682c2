/// Read bursts of the host: cut into parts, asked for at the memory port, answered on AXI4 in the
/// order of their addresses, whatever their IDs. A part takes a place of an SRAM for each of its
/// beats before it is asked for, so beats of the port are always taken, in any order between parts.
/// An illegal burst is answered with SLVERR, all beats of it, data 0. Decode becomes DECERR, Data
/// SLVERR, beat by beat.
/// One part is asked for and one beat answered per clock; a beat leaves three clocks after it came
/// from the port. Model: tests/host/bridge_bench.hpp
`include "assert.svh"

module host_reads #(
    parameter int unsigned IdWidth = 8,  // bits of an AXI ID, >= 1
    parameter int unsigned Parts = 64,  // in flight, a power of two, 2..128
    parameter int unsigned Places = 128,  // beats in flight, a power of two, >= 16
    localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // No new burst is accepted; none is under way
    input  logic                       stop_i,
    output logic                       idle_o,
    // AXI4 read
    input  logic                       arvalid_i,
    output logic                       arready_o,
    input  logic [        IdWidth-1:0] arid_i,
    input  logic [      AddrWidth-1:0] araddr_i,
    input  logic [                7:0] arlen_i,
    input  logic [                2:0] arsize_i,
    input  logic [                1:0] arburst_i,
    output logic                       rvalid_o,
    input  logic                       rready_i,
    output logic [        IdWidth-1:0] rid_o,
    output logic [              511:0] rdata_o,
    output logic [                1:0] rresp_o,
    output logic                       rlast_o,
    // Memory port: requests, and beats of reads, which are always taken
    output logic                       req_valid_o,
    input  logic                       req_ready_i,
    output memory_port_pkg::request_t  req_o,
    input  logic                       rsp_valid_i,
    input  memory_port_pkg::response_t rsp_i
);

  localparam int unsigned LineWidth = AddrWidth - 6;
  localparam int unsigned SlotWidth = $clog2(Parts);
  localparam int unsigned PlaceWidth = $clog2(Places);
  localparam int unsigned EntryBits = IdWidth + 10;
  localparam int unsigned FrontDepth = 3;
  localparam int unsigned FrontBits = 512 + IdWidth + 3;

  `S4_CHECK_PARAM(gen_check_parts, Parts == 1 << SlotWidth && Parts >= 2 && Parts <= 128)
  `S4_CHECK_PARAM(gen_check_places, Places == 1 << PlaceWidth && Places >= 16)

  // ---- Parts ----
  logic cut_ready, part_valid, part_ready, part_illegal, part_last;
  logic [IdWidth-1:0] part_id;
  logic [LineWidth-1:0] part_line;
  logic [7:0] part_len;

  burst_cutter #(
      .IdWidth(IdWidth)
  ) u_cutter (
      .clk_i,
      .rst_ni,
      .valid_i       (arvalid_i && !stop_i),
      .ready_o       (cut_ready),
      .id_i          (arid_i),
      .addr_i        (araddr_i),
      .len_i         (arlen_i),
      .size_i        (arsize_i),
      .burst_i       (arburst_i),
      .part_valid_o  (part_valid),
      .part_ready_i  (part_ready),
      .part_id_o     (part_id),
      .part_illegal_o(part_illegal),
      .part_line_o   (part_line),
      .part_len_o    (part_len),
      .part_last_o   (part_last)
  );
  assign arready_o = cut_ready && !stop_i;

  // ---- Slots, one per part, and places, one per beat: taken and given back in order ----
  logic take, take_legal, fetch, fetch_legal, free_slot, slot_room, place_room;
  logic [SlotWidth-1:0] tail_q, head_q;
  logic [SlotWidth:0] count_q;
  logic [PlaceWidth-1:0] next_place_q, head_place_q;
  logic [PlaceWidth:0] used_q;
  logic [EntryBits-1:0] entries[0:Parts-1];
  logic [PlaceWidth-1:0] place_of[0:Parts-1];  // of the next beat that comes

  assign slot_room  = !count_q[SlotWidth];
  assign place_room = (PlaceWidth + 1)'(Places) - used_q > (PlaceWidth + 1)'(part_len[3:0]);
  assign part_ready = slot_room && (part_illegal || (place_room && req_ready_i));
  assign take       = part_valid && part_ready;
  assign take_legal = take && !part_illegal;

  assign req_valid_o = part_valid && !part_illegal && slot_room && place_room;
  always_comb begin
    req_o       = '0;
    req_o.addr  = {part_line, 6'd0};
    req_o.len   = part_len[3:0];
    req_o.tag   = memory_port_pkg::TagWidth'(tail_q);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tail_q       <= '0;
      head_q       <= '0;
      count_q      <= '0;
      next_place_q <= '0;
      head_place_q <= '0;
      used_q       <= '0;
    end else begin
      tail_q  <= tail_q + SlotWidth'(take);
      head_q  <= head_q + SlotWidth'(free_slot);
      count_q <= count_q + (SlotWidth + 1)'(take) - (SlotWidth + 1)'(free_slot);
      if (take_legal) next_place_q <= next_place_q + PlaceWidth'(part_len[3:0]) + PlaceWidth'(1);
      head_place_q <= head_place_q + PlaceWidth'(fetch_legal);
      used_q       <= used_q - (PlaceWidth + 1)'(fetch_legal) +
                      (take_legal ? (PlaceWidth + 1)'(part_len[3:0]) + (PlaceWidth + 1)'(1) : '0);
    end
  end

  // ---- Beats that come ----
  logic [SlotWidth-1:0] rsp_slot;
  logic [PlaceWidth-1:0] rsp_place;
  logic [Places-1:0] arrived_q;
  logic [1:0] errors[0:Places-1];
  logic unused_rsp;

  assign rsp_slot   = rsp_i.tag[SlotWidth-1:0];
  assign rsp_place  = place_of[rsp_slot];
  assign unused_rsp = ^{rsp_i.tag, rsp_i.write, rsp_i.last};

  always_ff @(posedge clk_i) begin
    if (take) entries[tail_q] <= {part_id, part_illegal, part_len, part_last};
    if (take_legal) place_of[tail_q] <= next_place_q;
    if (rsp_valid_i) begin
      place_of[rsp_slot] <= rsp_place + PlaceWidth'(1);
      errors[rsp_place]  <= rsp_i.error;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      arrived_q <= '0;
    end else begin
      if (fetch_legal) arrived_q[head_place_q] <= 1'b0;
      if (rsp_valid_i) arrived_q[rsp_place] <= 1'b1;
    end
  end

  // ---- Beats that leave, in order ----
  logic [IdWidth-1:0] id, id_q;
  logic illegal, last, ends, coming_q, illegal_q, last_q, front_ready;
  logic [7:0] len, beat_q;
  logic [1:0] resp, resp_q, front_count;
  logic [511:0] data;

  assign {id, illegal, len, last} = entries[head_q];
  assign ends        = beat_q == len;
  assign fetch       = count_q != '0 && (illegal || arrived_q[head_place_q]) &&
                       3'(front_count) + 3'(coming_q) < 3'(FrontDepth);
  assign fetch_legal = fetch && !illegal;
  assign free_slot   = fetch && ends;
  always_comb begin
    resp = host_pkg::response(errors[head_place_q]);
    if (illegal) resp = host_pkg::RespSlverr;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_q   <= '0;
      coming_q <= 1'b0;
    end else begin
      coming_q <= fetch;
      if (fetch) beat_q <= ends ? '0 : beat_q + 8'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (fetch) begin
      id_q      <= id;
      illegal_q <= illegal;
      resp_q    <= resp;
      last_q    <= ends && last;
    end
  end

  sram_1r1w #(
      .Width(512),
      .Depth(Places)
  ) u_places (
      .clk_i,
      .we_i   (rsp_valid_i),
      .waddr_i(rsp_place),
      .wmask_i(1'b1),
      .wdata_i(rsp_i.data),
      .re_i   (fetch_legal),
      .raddr_i(head_place_q),
      .rdata_o(data)
  );

  fifo #(
      .Width(FrontBits),
      .Depth(FrontDepth)
  ) u_front (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (coming_q),
      .in_ready_o (front_ready),
      .in_data_i  ({illegal_q ? 512'd0 : data, id_q, resp_q, last_q}),
      .out_valid_o(rvalid_o),
      .out_ready_i(rready_i),
      .out_data_o ({rdata_o, rid_o, rresp_o, rlast_o}),
      .count_o    (front_count)
  );

  assign idle_o = !part_valid && count_q == '0 && !coming_q && front_count == '0;

  // ---- Assertions ----
  `S4_ASSERT(FrontHasRoom, !coming_q || front_ready)
  `S4_ASSERT(PlaceInUse, !rsp_valid_i || used_q != '0)
  `S4_ASSERT(AnsweredOnce, !rsp_valid_i || !arrived_q[rsp_place])
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, req_o)

endmodule
