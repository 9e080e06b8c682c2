/// Whether reads or writes are served. Writes are collected up to HighWater entries, or until
/// there is nothing to read, and then served down to LowWater, so that the turnaround of the data
/// bus is paid once for many bursts. An entry that starves, and a read that waits for a write,
/// turn the direction as well, after a batch of at least MinBatch accesses or when nothing else
/// is left; a direction in which an entry starves is not left before it has had such a batch, so
/// that neither can be shut out by the other. The decision is registered. Proof:
/// formal/memory_direction.json
module memory_direction #(
    parameter int unsigned Depth = 64,  // entries of the write queue
    parameter int unsigned HighWater = 48,  // entries, <= Depth
    parameter int unsigned LowWater = 16,  // entries, < HighWater
    parameter int unsigned MinBatch = 32,  // accesses
    localparam int unsigned CountWidth = $clog2(Depth + 1)
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // Entries that could be served; those that starve count while there is room for their data
    input  logic                  read_ready_i,
    input  logic                  read_starving_i,
    input  logic                  read_blocked_i,
    input  logic                  write_ready_i,
    input  logic                  write_starving_i,
    input  logic [CountWidth-1:0] write_count_i,
    // An access was issued
    input  logic                  access_i,
    output logic                  writing_o,
    output logic                  turn_o
);

  localparam int unsigned BatchWidth = $clog2(MinBatch + 1);
  logic [BatchWidth-1:0] batch_q;
  logic batch_done, to_write, to_read;

  assign batch_done = batch_q == BatchWidth'(MinBatch);
  assign to_write = write_ready_i &&
                    (!read_ready_i ||
                     (write_count_i >= CountWidth'(HighWater) &&
                      !(read_starving_i && !batch_done)) ||
                     (batch_done && (write_starving_i || read_blocked_i)));
  assign to_read = read_ready_i &&
                   (!write_ready_i || (batch_done && read_starving_i) ||
                    (write_count_i <= CountWidth'(LowWater) &&
                     !(read_blocked_i && !batch_done) && !(write_starving_i && !batch_done)));
  assign turn_o = writing_o ? to_read : to_write;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      writing_o <= 1'b0;
      batch_q   <= '0;
    end else if (turn_o) begin
      writing_o <= !writing_o;
      batch_q   <= '0;
    end else if (access_i && !batch_done) begin
      batch_q <= batch_q + BatchWidth'(1);
    end
  end

endmodule
