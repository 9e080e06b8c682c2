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
  logic [NumCounters*64-1:0] count_q;
  assign increments = counters_pkg::increments(events_i);

  // A clock without events changes nothing; most clocks of a quiet chip have none.
  always_ff @(posedge clk_i or negedge rst_ni) begin : count
    int unsigned n;
    n = 0;
    if (!rst_ni) begin
      count_q <= '0;
    end else if (clear_i) begin
      count_q <= '0;
    end else if (count_i && events_i != '0) begin
      for (n = 0; n < NumCounters; n = n + 1) begin
        count_q[n*64+:64] <= count_q[n*64+:64] +
                             64'(increments[n*IncrementWidth+:IncrementWidth]);
      end
    end
  end

  always_comb begin : choose
    value_o = '0;
    if (32'(select_i) < NumCounters) value_o = count_q[32'(select_i)*64+:64];
  end

endmodule
