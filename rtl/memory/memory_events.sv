/// What happens in a clock, turned into the increments of the channel's counters: commands,
/// requests, error correction. The increments are registered before they are added. Model: counted
/// by tests/memory/memory_traffic.hpp
module memory_events (
    input  logic                                clk_i,
    input  logic                                rst_ni,
    input  logic                                enable_i,
    // Commands: that of this clock, its access (reads in bit 0), a change of direction, CKE low
    input  lpddr4_pkg::command_word_t           issue_i,
    input  logic [                         1:0] access_i,
    input  logic                                turn_i,
    input  logic [                         1:0] down_i,
    // Requests: row and bank of the one inserted are open
    input  memory_pkg::traffic_t                traffic_i,
    input  logic                                row_open_i,
    input  logic                                bank_open_i,
    // Error correction
    input  memory_pkg::correction_t             correction_i,
    // Counters
    input  logic [                         4:0] select_i,
    output logic [lpddr4_pkg::CounterWidth-1:0] value_o
);

  localparam int unsigned IncrementWidth = memory_pkg::CountWidth;
  logic [lpddr4_pkg::NumCounters*IncrementWidth-1:0] increments_q, increments;

  lpddr4_pkg::command_word_t issue;
  memory_pkg::traffic_t traffic;
  memory_pkg::correction_t correction;
  assign issue      = issue_i;
  assign traffic    = traffic_i;
  assign correction = correction_i;
  logic unused_issue;
  assign unused_issue = ^{issue.phase, issue.auto_precharge, issue.rank, issue.bank, issue.row,
                          issue.burst};

  function automatic logic [2:0] latency_class(input logic [lpddr4_pkg::LatencyWidth-1:0] clocks);
    int unsigned k;
    latency_class = '0;
    for (k = 0; k < 6; k = k + 1) begin
      if (32'(clocks) > (32'd64 << k)) latency_class = 3'(k + 1);
    end
  endfunction

`define S4_MEMORY_COUNT(Name, Value) \
    increments[32'(lpddr4_pkg::Counter``Name)*IncrementWidth+:IncrementWidth] = \
        IncrementWidth'(Value);
  always_comb begin : count
    increments = '0;
    `S4_MEMORY_COUNT(Clocks, enable_i)
    `S4_MEMORY_COUNT(ReadBursts, access_i[0])
    `S4_MEMORY_COUNT(WriteBursts, access_i[1])
    `S4_MEMORY_COUNT(MaskedBursts, issue.kind == lpddr4_pkg::CommandMaskedWrite)
    `S4_MEMORY_COUNT(Activates, issue.kind == lpddr4_pkg::CommandActivate)
    `S4_MEMORY_COUNT(Precharges, issue.kind == lpddr4_pkg::CommandPrecharge)
    `S4_MEMORY_COUNT(Refreshes, issue.kind == lpddr4_pkg::CommandRefresh)
    `S4_MEMORY_COUNT(RowHits, traffic.inserted && row_open_i)
    `S4_MEMORY_COUNT(RowConflicts, traffic.inserted && bank_open_i && !row_open_i)
    `S4_MEMORY_COUNT(RowMisses, traffic.inserted && !bank_open_i)
    `S4_MEMORY_COUNT(Turnarounds, turn_i)
    `S4_MEMORY_COUNT(Merged, traffic.merged)
    `S4_MEMORY_COUNT(Ordered, traffic.ordered)
    `S4_MEMORY_COUNT(Refused, traffic.refused || correction.refused)
    `S4_MEMORY_COUNT(ReadOccupancy, traffic.read_count)
    `S4_MEMORY_COUNT(WriteOccupancy, traffic.write_count)
    `S4_MEMORY_COUNT(PowerDown, {down_i == 2'b11, down_i[0] ^ down_i[1]})
    `S4_MEMORY_COUNT(DataErrors, traffic.wrong)
    `S4_MEMORY_COUNT(Corrected, correction.corrected)
    `S4_MEMORY_COUNT(Uncorrected, correction.uncorrected)
    `S4_MEMORY_COUNT(Scrubbed, correction.scrubbed)
    `S4_MEMORY_COUNT(ReadModified, correction.merged)
    `S4_MEMORY_COUNT(ChecksRead, correction.check_read)
    `S4_MEMORY_COUNT(ChecksWritten, correction.check_written)
    increments[(32'(lpddr4_pkg::CounterLatency0)+32'(latency_class(traffic.latency)))*
               IncrementWidth] = traffic.answered;
  end
`undef S4_MEMORY_COUNT

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) increments_q <= '0;
    else increments_q <= increments;
  end

  memory_counters #(
      .IncrementWidth(IncrementWidth)
  ) u_counters (
      .clk_i,
      .rst_ni,
      .increments_i(increments_q),
      .select_i,
      .value_o
  );

endmodule
