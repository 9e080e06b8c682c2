/// Beats of 32 results to words: a beat of BF16 is a word, two beats of bytes are one, the last
/// beat of a row ends a word. What a row does not reach is 0. One beat per clock, latency 1;
/// nothing waits, whoever takes the words has a place for them. Model: place() in
/// sim/activation/row_engine.cpp
module row_pack (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  logic                         bf16_i,  // steady while a row is inside
    // Beats
    input  logic                         in_valid_i,
    input  logic [row_pkg::Lanes*16-1:0] in_data_i,  // bytes in the low halves; 0 beyond the row
    input  logic                         in_last_i,
    // Words
    output logic                         out_valid_o,
    output logic [                511:0] out_data_o
);

  localparam int unsigned Lanes = row_pkg::Lanes;

  logic upper_q, complete;
  logic [255:0] bytes, lower_q;

  for (genvar g = 0; g < Lanes; g = g + 1) begin : gen_lane
    assign bytes[g*8+:8] = in_data_i[g*16+:8];
  end

  assign complete = bf16_i || upper_q || in_last_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      out_valid_o <= 1'b0;
      upper_q <= 1'b0;
    end else begin
      out_valid_o <= in_valid_i && complete;
      if (in_valid_i) upper_q <= !complete;
    end
  end

  always_ff @(posedge clk_i) begin
    if (in_valid_i && !complete) lower_q <= bytes;
    out_data_o <= bf16_i ? in_data_i : upper_q ? {bytes, lower_q} : {256'd0, bytes};
  end

endmodule
