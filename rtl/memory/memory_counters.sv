/// Counters of a channel, lpddr4_pkg::counter_e; each adds its increment in every clock, and
/// starts from zero after reset. The one that select_i names is shown one clock later. Model:
/// counted by tests/memory/memory_traffic.hpp
`include "assert.svh"

module memory_counters #(
    parameter int unsigned IncrementWidth = 7,  // bits of an increment, >= 1
    localparam int unsigned NumCounters = lpddr4_pkg::NumCounters,
    localparam int unsigned Width = lpddr4_pkg::CounterWidth
) (
    input  logic                                  clk_i,
    input  logic                                  rst_ni,
    input  logic [NumCounters*IncrementWidth-1:0] increments_i,
    input  logic [                           4:0] select_i,
    output logic [                     Width-1:0] value_o
);

  `S4_CHECK_PARAM(gen_check_width, IncrementWidth >= 1 && IncrementWidth < Width)

  logic [NumCounters*Width-1:0] counts;

  for (genvar n = 0; n < NumCounters; n = n + 1) begin : gen_counter
    logic [Width-1:0] count_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (increments_i[n*IncrementWidth+:IncrementWidth] != '0) begin
        count_q <= count_q + Width'(increments_i[n*IncrementWidth+:IncrementWidth]);
      end
    end
    assign counts[n*Width+:Width] = count_q;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) value_o <= '0;
    else value_o <= (32'(select_i) < NumCounters) ? counts[32'(select_i)*Width+:Width] : '0;
  end

endmodule
