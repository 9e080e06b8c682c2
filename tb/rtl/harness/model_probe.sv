/// Registers of every width class, for the test of the C++ model interface. Latency 1.
/// Asserts that small_i is never 7; model: tests/harness/model_test.cpp
module model_probe #(
    parameter int unsigned WideWidth = 100  // bits, >= 65
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic [          2:0] small_i,
    input  logic [         11:0] half_i,
    input  logic [         31:0] word_i,
    input  logic [         35:0] address_i,
    input  logic [WideWidth-1:0] wide_i,
    output logic [          2:0] small_o,
    output logic [         11:0] half_o,
    output logic [         31:0] word_o,
    output logic [         35:0] address_o,
    output logic [WideWidth-1:0] wide_o,
    output logic [         31:0] sum_o,
    output logic [         31:0] unreset_o
);

  assign sum_o = word_i + 32'(half_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      small_o <= '0;
      half_o <= '0;
      word_o <= '0;
      address_o <= '0;
      wide_o <= '0;
    end else begin
      small_o <= small_i;
      half_o <= half_i;
      word_o <= word_i;
      address_o <= address_i;
      wide_o <= wide_i;
    end
  end

  always_ff @(posedge clk_i) if (small_i == 3'd6) unreset_o <= word_i;

  NeverSeven :
  assert property (@(posedge clk_i) disable iff (!rst_ni) small_i != 3'd7)
  else $error("small_i is seven");

  HalfFollows :
  assert property (@(posedge clk_i) disable iff (!rst_ni) half_i == 12'd5 |=> half_o == 12'd5);

endmodule
