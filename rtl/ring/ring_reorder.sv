/// Gives accesses to the memory and its answers back in the order of the accesses: the memory may
/// answer in any order. An access has a place from when it is given out until its answer left; the
/// number of the place is its tag at the memory, and the data wait in an SRAM. A write burst makes
/// one answer, after its last beat, with the first error of its beats. Accesses pass straight
/// through; two clocks from an answer of the memory to the response; one beat per clock each way.
/// Model: tests/ring/ring_network_bench.hpp
`include "assert.svh"

module ring_reorder #(
    parameter int unsigned NumStations = 5,  // 2..16
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of the memory
    parameter int unsigned Places = 64,  // accesses in flight, a power of two, >= 2
    localparam int unsigned PlaceWidth = $clog2(Places),
    localparam int unsigned TagWidth = ring_pkg::TurnWidth + memory_port_pkg::TagWidth
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    // Accesses
    input  logic                    valid_i,
    output logic                    ready_o,
    input  logic                    write_i,
    input  logic                    access_i,
    input  logic [             1:0] error_i,
    input  logic [   SliceBits-7:0] beat_i,
    input  logic [ NumStations-1:0] mask_i,  // of a write: its sender alone
    input  logic [    TagWidth-1:0] tag_i,
    input  logic                    last_i,
    input  logic [             3:0] left_i,
    input  logic                    several_i,
    input  logic [           511:0] data_i,
    input  logic [            63:0] strobe_i,
    // Memory; an answer is always taken
    output logic                    mem_valid_o,
    input  logic                    mem_ready_i,
    output logic                    mem_write_o,
    output logic [   SliceBits-7:0] mem_beat_o,
    output logic [  PlaceWidth-1:0] mem_tag_o,
    output logic [           511:0] mem_data_o,
    output logic [            63:0] mem_strobe_o,
    input  logic                    mem_rsp_valid_i,
    input  logic [  PlaceWidth-1:0] mem_rsp_tag_i,
    input  logic [             1:0] mem_rsp_error_i,
    input  logic [           511:0] mem_rsp_data_i,
    // Responses
    output logic                    rsp_valid_o,
    input  logic                    rsp_ready_i,
    output logic [ NumStations-1:0] rsp_mask_o,
    output ring_pkg::payload_t      rsp_o
);

  localparam int unsigned NoteWidth = 3 + NumStations + TagWidth + 4;

  `S4_CHECK_PARAM(gen_check_places, Places >= 2 && (1 << PlaceWidth) == Places)

  // ---- Places ----
  logic [PlaceWidth-1:0] head_q, tail_q;
  logic [PlaceWidth:0] count_q;
  logic [Places-1:0] done_q;
  logic [1:0] error_q[0:Places-1];
  logic [NoteWidth-1:0] notes[0:Places-1];
  logic has_place, give, leave;

  assign has_place    = count_q != (PlaceWidth + 1)'(Places);
  assign mem_valid_o  = valid_i && has_place && access_i;
  assign mem_write_o  = write_i;
  assign mem_beat_o   = beat_i;
  assign mem_tag_o    = tail_q;
  assign mem_data_o   = data_i;
  assign mem_strobe_o = strobe_i;
  assign ready_o      = has_place && (!access_i || mem_ready_i);
  assign give         = valid_i && ready_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_q  <= '0;
      tail_q  <= '0;
      count_q <= '0;
    end else begin
      if (give) tail_q <= tail_q + PlaceWidth'(1);
      if (leave) head_q <= head_q + PlaceWidth'(1);
      count_q <= count_q + (PlaceWidth + 1)'(give) - (PlaceWidth + 1)'(leave);
    end
  end
  always_ff @(posedge clk_i) begin
    if (mem_rsp_valid_i) done_q[mem_rsp_tag_i] <= 1'b1;
    if (give) done_q[tail_q] <= !access_i;
  end
  always_ff @(posedge clk_i) begin
    if (mem_rsp_valid_i) error_q[mem_rsp_tag_i] <= mem_rsp_error_i;
    if (give && !access_i) error_q[tail_q] <= error_i;
  end
  always_ff @(posedge clk_i) begin
    if (give) notes[tail_q] <= {write_i, last_i, several_i, mask_i, tag_i, left_i};
  end

  // ---- The oldest one leaves ----
  logic write, last, several, answers, step;
  logic [NumStations-1:0] mask;
  logic [TagWidth-1:0] tag;
  logic [3:0] left;
  logic [1:0] own_error, error_before, error;
  logic [2*NumStations-1:0] write_error_q;  // of the open write burst of each station

  assign {write, last, several, mask, tag, left} = notes[head_q];
  assign own_error = error_q[head_q];
  assign answers   = !write || last;
  assign leave     = count_q != '0 && done_q[head_q] && (step || !answers);

  always_comb begin : errors
    int unsigned s;
    error_before = '0;
    for (s = 0; s < NumStations; s = s + 1) begin
      if (write && mask[s]) error_before = write_error_q[2*s+:2];
    end
    error = (error_before != memory_port_pkg::ResponseErrorOk) ? error_before : own_error;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin : write_errors
    int unsigned s;
    s = 0;
    if (!rst_ni) begin
      write_error_q <= '0;
    end else if (leave && write) begin
      for (s = 0; s < NumStations; s = s + 1) begin
        if (mask[s]) begin
          write_error_q[2*s+:2] <= last ? memory_port_pkg::ResponseErrorOk : error;
        end
      end
    end
  end

  // ---- Response ----
  logic out_q, out_write_q, out_last_q, out_several_q;
  logic [NumStations-1:0] out_mask_q;
  logic [TagWidth-1:0] out_tag_q;
  logic [1:0] out_error_q;
  logic [3:0] out_left_q;
  logic [511:0] read_data;

  assign step = !out_q || rsp_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) out_q <= 1'b0;
    else if (step) out_q <= leave && answers;
  end
  always_ff @(posedge clk_i) begin
    if (leave && answers) begin
      out_write_q   <= write;
      out_last_q    <= last;
      out_left_q    <= left;
      out_several_q <= several;
      out_mask_q    <= mask;
      out_tag_q     <= tag;
      out_error_q   <= error;
    end
  end

  sram_1r1w #(
      .Width(512),
      .Depth(Places)
  ) u_data (
      .clk_i,
      .we_i(mem_rsp_valid_i),
      .waddr_i(mem_rsp_tag_i),
      .wmask_i(1'b1),
      .wdata_i(mem_rsp_data_i),
      .re_i(leave && answers),
      .raddr_i(head_q),
      .rdata_o(read_data)
  );

  assign rsp_valid_o = out_q;
  assign rsp_mask_o  = out_mask_q;
  always_comb begin
    rsp_o         = '0;
    rsp_o.op      = out_write_q ? ring_pkg::OpAcknowledge : ring_pkg::OpData;
    {rsp_o.turn, rsp_o.tag} = out_tag_q;
    rsp_o.last    = out_last_q;
    rsp_o.left    = out_left_q;
    rsp_o.error   = out_error_q;
    rsp_o.several = out_several_q;
    if (!out_write_q && out_error_q == memory_port_pkg::ResponseErrorOk) rsp_o.data = read_data;
  end

  // ---- Assertions ----
  logic [PlaceWidth-1:0] rsp_distance;
  assign rsp_distance = mem_rsp_tag_i - head_q;
  `S4_ASSERT(CountInRange, count_q <= (PlaceWidth + 1)'(Places))
  `S4_ASSERT(AnswersAccess, !mem_rsp_valid_i ||
             ((PlaceWidth + 1)'(rsp_distance) < count_q && !done_q[mem_rsp_tag_i]))
  `S4_ASSERT_HELD(ResponseHeld, rsp_valid_o, rsp_ready_i, rsp_o)
  `S4_ASSERT_HELD(AccessHeld, mem_valid_o, mem_ready_i, {mem_write_o, mem_beat_o, mem_tag_o})

endmodule
