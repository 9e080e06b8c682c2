/// Performance counters, 64 bits each, numbered as in counters_pkg.
/// clear_i sets all to 0; while count_i, counter n grows by its increment of events_i. A value is
/// visible one clock after its event; select_i chooses combinationally.
/// Model: plain sums, in tests/registers/registers_test.cpp
module performance_counters #(
    localparam int unsigned NumCounters = counters_pkg::NumCounters,
    localparam int unsigned SelectWidth = $clog2(NumCounters)
) (
    input  logic                               clk_i,
    input  logic                               rst_ni,
    input  logic                               clear_i,
    input  logic                               count_i,
    input  logic [counters_pkg::EventBits-1:0] events_i,
    // Counter to read; numbers beyond the last read 0
    input  logic [            SelectWidth-1:0] select_i,
    output logic [                       63:0] value_o
);

  localparam int unsigned IncrementWidth = counters_pkg::IncrementWidth;

  logic [NumCounters*IncrementWidth-1:0] increments;
  logic [NumCounters*64-1:0] values;
  assign increments = counters_pkg::increments(events_i);

  for (genvar n = 0; n < NumCounters; n = n + 1) begin : gen_counter
    logic [63:0] count_q;
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) count_q <= '0;
      else if (clear_i) count_q <= '0;
      else if (count_i) count_q <= count_q + 64'(increments[n*IncrementWidth+:IncrementWidth]);
    end
    assign values[n*64+:64] = count_q;
  end

  assign value_o = (32'(select_i) < NumCounters) ? values[32'(select_i)*64+:64] : '0;

endmodule
