/// Which entries of the read queue wait for a write of their line: from the insertion of such a
/// read, in the clock after it, until the write's entry has left its queue. Two may leave in a
/// clock. Model: the plain memory of tests/memory/memory_traffic.hpp sees a read that did not wait
`include "assert.svh"

module memory_waits #(
    parameter int unsigned Depth = 64,  // entries of the read queue, 2..64
    parameter int unsigned WriteDepth = 64,  // entries of the write queue, 2..64
    localparam int unsigned SlotWidth = $clog2(Depth),
    localparam int unsigned WriteWidth = $clog2(WriteDepth)
) (
    input  logic                    clk_i,
    input  logic                    rst_ni,
    // A read is inserted; the write that it waits for, if it does
    input  logic                    insert_i,
    input  logic [   SlotWidth-1:0] slot_i,
    input  logic                    blocked_i,
    input  logic [  WriteWidth-1:0] blocker_i,
    // Writes that leave
    input  logic [             1:0] removed_i,
    input  logic [2*WriteWidth-1:0] removed_slot_i,
    output logic [       Depth-1:0] waiting_o
);

  `S4_CHECK_PARAM(gen_check_depth, Depth >= 2 && WriteDepth >= 2)

  logic [WriteWidth-1:0] blocker_q[0:Depth-1];
  logic [Depth-1:0] inserted, waiting;
  assign inserted = insert_i ? Depth'(1) << slot_i : '0;

  always_comb begin : update
    int unsigned i;
    logic [WriteWidth-1:0] blocker;
    i       = 0;
    blocker = '0;
    waiting = waiting_o & ~inserted;
    if (blocked_i) waiting = waiting | inserted;
    if (removed_i != '0) begin
      for (i = 0; i < Depth; i = i + 1) begin
        blocker = inserted[i] ? blocker_i : blocker_q[i];
        if ((removed_i[0] && removed_slot_i[0+:WriteWidth] == blocker) ||
            (removed_i[1] && removed_slot_i[WriteWidth+:WriteWidth] == blocker)) begin
          waiting[i] = 1'b0;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) waiting_o <= '0;
    else waiting_o <= waiting;
  end
  always_ff @(posedge clk_i) if (insert_i) blocker_q[slot_i] <= blocker_i;

endmodule
