/// Words of rows to beats of 32 elements, as BF16. A BF16 word is a beat; a word of bytes is two,
/// one if the row ends in its first half. Subnormal elements become zeros of their sign, elements
/// beyond the row +0 outside the mask. One beat per clock, latency 1, never drops; the shape is
/// steady while words are in_row, and every row begins with a word of its own.
/// Model: elements() in sim/activation/row_engine.cpp
`include "assert.svh"

module row_unpack (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Shape of the rows
    input  logic [               16:0] columns_i,   // at least 1
    input  logic                       bf16_i,
    input  logic                       unsigned_i,
    // Words
    input  logic                       in_valid_i,
    output logic                       in_ready_o,
    input  logic [              511:0] in_data_i,
    // Beats
    output logic                       out_valid_o,
    input  logic                       out_ready_i,
    output logic [row_pkg::Lanes*16-1:0] out_data_o,
    output logic [  row_pkg::Lanes-1:0] out_mask_o,
    output logic                       out_first_o,
    output logic                       out_last_o
);

  localparam int unsigned Lanes = row_pkg::Lanes;

  // ---- Place in the row ----
  logic [16:0] done_q, left;
  logic first, last, upper, load;

  assign left  = columns_i - done_q;
  assign first = done_q == 17'd0;
  assign last  = left <= 17'(Lanes);
  // The upper half of a word of bytes.
  assign upper = done_q[5] && !bf16_i;
  assign load  = !out_valid_o || out_ready_i;
  assign in_ready_o = load && (bf16_i || upper || last);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      done_q <= 17'd0;
      out_valid_o <= 1'b0;
    end else if (load) begin
      out_valid_o <= in_valid_i;
      if (in_valid_i) done_q <= last ? 17'd0 : done_q + 17'(Lanes);
    end
  end

  // ---- Elements ----
  logic [255:0] bytes;
  assign bytes = upper ? in_data_i[511:256] : in_data_i[255:0];

  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    logic in_row;
    logic [15:0] number, element;
    assign in_row = 17'(g) < left;
    assign number = in_data_i[g*16+:16];

    always_comb begin
      element = (number[14:7] == 8'd0) ? {number[15], 15'd0} : number;
      if (!bf16_i) element = row_pkg::from_byte(bytes[g*8+:8], unsigned_i);
      if (!in_row) element = 16'd0;
    end

    always_ff @(posedge clk_i) begin
      if (load) begin
        out_data_o[g*16+:16] <= element;
        out_mask_o[g] <= in_row;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (load) begin
      out_first_o <= first;
      out_last_o <= last;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i,
                  {out_data_o, out_mask_o, out_first_o, out_last_o})

endmodule
