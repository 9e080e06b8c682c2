/// Cuts every combinational path of a valid/ready handshake: both directions leave from registers.
/// Never drops, never reorders, one word per clock, latency one clock, holds at most two words.
/// Model: std::deque, in tests/common/skid_buffer_test.cpp. Proof: formal/skid_buffer.json
`include "assert.svh"

module skid_buffer #(
    parameter int unsigned Width = 8  // bits of one word, >= 1
) (
    input  logic             clk_i,
    input  logic             rst_ni,
    // Input
    input  logic             in_valid_i,
    output logic             in_ready_o,
    input  logic [Width-1:0] in_data_i,
    // Output
    output logic             out_valid_o,
    input  logic             out_ready_i,
    output logic [Width-1:0] out_data_o
);

  `S4_CHECK_PARAM(gen_check_width, Width >= 1)

  logic [Width-1:0] data_q, skid_q;
  logic valid_q, skid_full_q;
  logic push, load;

  // The output register takes a word when it is empty or being read; a word that arrives while it
  // cannot take one goes to the skid register, and the input closes until that word moved on.
  assign in_ready_o  = !skid_full_q;
  assign out_valid_o = valid_q;
  assign out_data_o  = data_q;
  assign push        = in_valid_i && !skid_full_q;
  assign load        = !valid_q || out_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q     <= 1'b0;
      skid_full_q <= 1'b0;
    end else if (load) begin
      valid_q     <= skid_full_q || push;
      skid_full_q <= 1'b0;
    end else if (push) begin
      skid_full_q <= 1'b1;
    end
  end

  always_ff @(posedge clk_i) begin
    if (load) data_q <= skid_full_q ? skid_q : in_data_i;
    if (push) skid_q <= in_data_i;
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, out_data_o)
  `S4_ASSERT(SkidOnlyBehindOutput, !skid_full_q || valid_q)

endmodule
