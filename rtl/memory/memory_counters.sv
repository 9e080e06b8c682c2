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

  // One that is not asked for is nothing; side by side in one vector they would be shifted and
  // copied by a simulator in every clock.
  for (genvar n = 0; n < NumCounters; n = n + 1) begin : gen_counter
    logic [Width-1:0] count_q, asked, shown;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (increments_i[n*IncrementWidth+:IncrementWidth] != '0) begin
        count_q <= count_q + Width'(increments_i[n*IncrementWidth+:IncrementWidth]);
      end
    end
    assign asked = (32'(select_i) == n) ? count_q : '0;
    if (n == 0) begin : gen_first
      assign shown = asked;
    end else begin : gen_other
      assign shown = gen_counter[n-1].shown | asked;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) value_o <= '0;
    else value_o <= gen_counter[NumCounters-1].shown;
  end

endmodule
