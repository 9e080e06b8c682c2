/// Hands the accesses of the error correction to the channel, in order: places a block of 256 bytes
/// and its checks into the page, then offers the request and the data of a write. Jobs of the back
/// (corrected and merged bursts) go before those of the front. Two clocks from job to request; a
/// job every clock while the channel takes them and the data of two writes have room.
///   page of 2 KiB: | block 0 | block 1 | ... | block 6 | checks of blocks 0 to 6, 32 bytes each |
/// Block b of the memory is block b mod 7 of page b / 7. As such pages advance by nine and not by
/// eight for strides of 16 KiB, the XOR of bank and row in the channel would keep them in one bank
/// of a single rank: there the bank is hashed once more. Model: sim/memory/memory_place.hpp
`include "assert.svh"

module memory_ecc_issue #(
    parameter int unsigned TagWidth = 8,  // bits of a tag, >= 1
    localparam int unsigned BlockWidth = lpddr4_pkg::EccBlockWidth
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  two_ranks_i,
    // Jobs of the front
    input  logic                  front_valid_i,
    output logic                  front_ready_o,
    input  memory_ecc_pkg::job_t  front_i,
    input  logic [  TagWidth-1:0] front_tag_i,
    // Jobs of the back: writes of one whole burst
    input  logic                  back_valid_i,
    output logic                  back_ready_o,
    input  memory_ecc_pkg::back_t back_i,
    // Channel
    output logic                  req_valid_o,
    input  logic                  req_ready_i,
    output logic                  req_write_o,
    output logic [          30:0] req_address_o,
    output logic                  req_size_o,
    output logic [  TagWidth-1:0] req_tag_o,
    output logic                  wdata_valid_o,
    input  logic                  wdata_ready_i,
    output logic [         255:0] wdata_o,
    output logic [          31:0] wstrb_o
);

  // Product with Reciprocal, shifted down by 26: the exact quotient by 7 of up to 23 bits.
  localparam int unsigned ReciprocalWidth = 24;
  localparam logic [ReciprocalWidth-1:0] Reciprocal = 24'd9586981;
  localparam int unsigned PageWidth = 20;

  `S4_CHECK_PARAM(gen_check_blocks, lpddr4_pkg::EccBlocks == 7 && BlockWidth == 23 &&
                  memory_ecc_pkg::BlockWidth == BlockWidth)

  memory_ecc_pkg::job_t front;
  memory_ecc_pkg::back_t back;
  logic unused_checks;
  assign front = front_i;
  assign back  = back_i;
  assign unused_checks = ^back.checks;

  // ---- Which job ----
  logic first_valid_q, second_valid_q, move, data_room, write, take;
  assign move          = first_valid_q && (!second_valid_q || req_ready_i);
  assign back_ready_o  = (!first_valid_q || move) && data_room;
  assign front_ready_o = (!first_valid_q || move) && (!front.write || data_room) &&
                         !(back_valid_i && data_room);
  assign take  = (back_valid_i && back_ready_o) || (front_valid_i && front_ready_o);
  assign write = (back_valid_i && back_ready_o) || front.write;

  // ---- Place ----
  logic first_write_q, first_check_q, first_two_q;
  logic [BlockWidth-1:0] first_block_q;
  logic [2:0] first_burst_q, part;
  logic [TagWidth-1:0] first_tag_q;
  logic [BlockWidth+ReciprocalWidth-1:0] product;
  logic [PageWidth-1:0] page, place;
  logic [2:0] row;
  logic unused_product;
  assign product = (BlockWidth + ReciprocalWidth)'(first_block_q) *
                   (BlockWidth + ReciprocalWidth)'(Reciprocal);
  assign page    = product[26+:PageWidth];
  assign part  = first_block_q[2:0] + page[2:0];  // block - 7 * page
  assign row   = page[5:3];
  assign place = {page[PageWidth-1:3],
                  page[2:0] ^ (two_ranks_i ? 3'd0 : {row[2] ^ row[1], ^row, row[2] ^ row[0]})};
  assign unused_product = ^{product[25:0], product[46+:BlockWidth+ReciprocalWidth-46]};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_valid_q  <= 1'b0;
      first_write_q  <= 1'b0;
      first_check_q  <= 1'b0;
      first_two_q    <= 1'b0;
      first_block_q  <= '0;
      first_burst_q  <= '0;
      first_tag_q    <= '0;
      second_valid_q <= 1'b0;
      req_write_o    <= 1'b0;
      req_address_o  <= '0;
      req_size_o     <= 1'b0;
      req_tag_o      <= '0;
    end else begin
      if (take) begin
        first_valid_q <= 1'b1;
        first_write_q <= write;
        if (back_valid_i && back_ready_o) begin
          first_check_q <= 1'b0;
          first_two_q   <= 1'b0;
          first_block_q <= back.block;
          first_burst_q <= back.burst;
        end else begin
          first_check_q <= front.check;
          first_two_q   <= front.two;
          first_block_q <= front.block;
          first_burst_q <= front.burst;
        end
        first_tag_q <= front_tag_i;
      end else if (move) begin
        first_valid_q <= 1'b0;
      end
      if (move) begin
        second_valid_q <= 1'b1;
        req_write_o    <= first_write_q;
        req_address_o  <= first_check_q ? {place, 3'd7, part, 5'd0} :
                                          {place, part, first_burst_q, 5'd0};
        req_size_o     <= first_two_q;
        req_tag_o      <= first_tag_q;
      end else if (req_ready_i) begin
        second_valid_q <= 1'b0;
      end
    end
  end
  assign req_valid_o = second_valid_q;

  // ---- Data of the writes ----
  logic data_valid, data_two, second_q, data_pop, back_taken;
  logic [511:0] data;
  logic [63:0] strobes;
  logic [1:0] unused_count;
  assign back_taken = back_valid_i && back_ready_o;
  fifo #(
      .Width(577),
      .Depth(2)
  ) u_data (
      .clk_i,
      .rst_ni,
      .flush_i    (1'b0),
      .in_valid_i (take && write),
      .in_ready_o (data_room),
      .in_data_i  (back_taken ? {1'b0, 64'hffff_ffff, 256'd0, back.data} :
                                {front.two, front.strobes, front.data}),
      .out_valid_o(data_valid),
      .out_ready_i(data_pop),
      .out_data_o ({data_two, strobes, data}),
      .count_o    (unused_count)
  );
  assign data_pop = data_valid && wdata_ready_i && (!data_two || second_q);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) second_q <= 1'b0;
    else if (data_valid && wdata_ready_i) second_q <= data_two && !second_q;
  end
  assign wdata_valid_o = data_valid;
  assign wdata_o       = second_q ? data[511:256] : data[255:0];
  assign wstrb_o       = second_q ? strobes[63:32] : strobes[31:0];

  // ---- Assertions ----
  `S4_ASSERT(InRange, !move || 32'(first_block_q) < lpddr4_pkg::EccBlocks << PageWidth)
  `S4_ASSERT_HELD(ReqHeld, req_valid_o, req_ready_i,
                  {req_write_o, req_address_o, req_size_o, req_tag_o})
  `S4_ASSERT_HELD(DataHeld, wdata_valid_o, wdata_ready_i, {wdata_o, wstrb_o})

endmodule
