// Ports-only checker of three rtl/ring/ring_lane.sv in a ring that packets take up to two hops of,
// with one-bit data. Flows of one class (Watched; 0: requests, 1: responses) from station 0 to
// stations 1 and 2, multicasts among them, beside any other requests and responses. Receivers
// always have room for the watched class and any room, or none, for the other. Every packet
// arrives once at each of its destinations, in order, with its data, nothing else arrives, and
// within Bound clocks, not counting those in which a station is held.
module ring_proof #(
    parameter int unsigned Credits = 1,
    parameter int unsigned QueueDepth = 1,
    parameter int unsigned Bound = 10,
    parameter bit Watched = 1'b0,
    parameter bit Alone = 1'b0  // 1: only station 0 sends
) (
    input logic       clk_i,
    input logic [2:0] valid_i,
    input logic [2:0] class_i,
    input logic [5:0] mask_i,
    input logic [2:0] data_i,
    input logic [2:0] room_i,  // for the other class
    input logic [2:0] stall_i,
    input logic       mark_i
);
  localparam int unsigned LinkWidth = 1 + 2 + 2 + 2 + 4 + 2 + 16 + 2;
  localparam int unsigned CreditWidth = 3 * 2 * 2;

  logic rst_ni = 1'b0;
  always_ff @(posedge clk_i) rst_ni <= 1'b1;

  logic [3*LinkWidth-1:0] link;
  logic [3*CreditWidth-1:0] credit;
  logic [2:0] token, pushed, eject_valid, eject_data;
  logic [5:0] eject_class;
  logic [11:0] eject_source;

  for (genvar s = 0; s < 3; s = s + 1) begin : gen_station
    logic [2:0] room;
    logic [1:0] distance, dead;
    logic [2:0] dropped;
    logic error, header_error, payload_error, crc_error, upper;
    assign pushed[s] = valid_i[s] && room[class_i[s]] && mask_i[2*s+:2] != 2'b00 &&
                       (s == 0 || !Alone) && rst_ni;

    ring_lane #(
        .PayloadWidth(2),
        .Reach(2),
        .Credits(Credits),
        .QueueDepth(QueueDepth),
        .Quota(2),
        .Enough(2),
        .TimeLimit(64),
        .Protection(1'b0)
    ) u_lane (
        .clk_i,
        .rst_ni,
        .first_i(s == 0),
        .station_i(4'(s)),
        .fault_i(2'b00),
        .stall_i(stall_i[s]),
        .link_i(link[(s+2)%3*LinkWidth+:LinkWidth]),
        .link_o(link[s*LinkWidth+:LinkWidth]),
        .credit_i(credit[(s+1)%3*CreditWidth+:CreditWidth]),
        .credit_o(credit[s*CreditWidth+:CreditWidth]),
        .token_i(token[(s+1)%3]),
        .token_o(token[s]),
        .inject_room_o(room),
        .inject_valid_i(pushed[s]),
        .inject_class_i({1'b0, class_i[s]}),
        .inject_mask_i(mask_i[2*s+:2]),
        .inject_payload_i({1'b0, data_i[s]}),
        .eject_room_i({1'b0, Watched || room_i[s], !Watched || room_i[s]}),
        .eject_valid_o(eject_valid[s]),
        .eject_class_o(eject_class[2*s+:2]),
        .eject_distance_o(distance),
        .eject_source_o(eject_source[4*s+:4]),
        .eject_error_o(error),
        .eject_payload_o({upper, eject_data[s]}),
        .header_error_o(header_error),
        .payload_error_o(payload_error),
        .crc_error_o(crc_error),
        .dropped_o(dropped),
        .dead_o(dead)
    );
  end

  for (genvar d = 1; d < 3; d = d + 1) begin : gen_flow
    logic push, deliver;
    assign push    = pushed[0] && class_i[0] == Watched && mask_i[d-1];
    assign deliver = eject_valid[d] && eject_class[2*d+:2] == (Watched ? 2'd1 : 2'd0) &&
                     eject_source[4*d+:4] == 4'd0;

    // One packet at any time is marked; those before it must leave first.
    logic [3:0] due_q = '0, ahead_q = '0, age_q = '0;
    logic marked_q = 1'b0, done_q = 1'b0, bit_q = 1'b0;
    logic next;
    assign next = marked_q && !done_q && ahead_q == '0 && deliver;

    always_ff @(posedge clk_i) begin
      if (rst_ni) begin
        due_q <= due_q + 4'(push) - 4'(deliver);
        if (push && mark_i && !marked_q) begin
          marked_q <= 1'b1;
          bit_q    <= data_i[0];
          ahead_q  <= due_q - 4'(deliver);
        end else if (marked_q && deliver && ahead_q != '0) begin
          ahead_q <= ahead_q - 4'd1;
        end
        if (marked_q && !done_q && stall_i == '0) age_q <= age_q + 4'd1;
        if (next) done_q <= 1'b1;
      end
    end

    always @(posedge clk_i) begin
      if (rst_ni) begin
        if (deliver) assert (due_q != '0);
        if (next) assert (eject_data[d] == bit_q);
        if (marked_q && !done_q) assert (32'(age_q) <= Bound);
        assert (due_q <= 4'(Credits + QueueDepth));
        cover (done_q && due_q != '0);
      end
    end
  end

  // Nothing arrives at its own sender, nothing arrives from nowhere.
  for (genvar d = 0; d < 3; d = d + 1) begin : gen_arrival
    always @(posedge clk_i) begin
      if (rst_ni && eject_valid[d]) begin
        assert (eject_source[4*d+:4] != 4'(d));
        assert (eject_class[2*d+:2] != 2'd2);
      end
    end
  end
endmodule
