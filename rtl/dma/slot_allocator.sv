/// Hands out the slots of a DMA (the low bits of its memory-port tags), in any order of return.
/// The slot offered is chosen one clock ahead and registered, so taking one costs no time: one
/// per clock as long as any is free. A returned slot can be offered two clocks later.
/// Model: tests/dma/load_dma_test.cpp (tags in use, in the memory)
`include "assert.svh"

module slot_allocator #(
    parameter int unsigned Slots = 8,  // slots, >= 2
    localparam int unsigned SlotBits = $clog2(Slots)
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    // A free slot, taken when valid_o && take_i
    output logic                valid_o,
    output logic [SlotBits-1:0] slot_o,
    input  logic                take_i,
    // A slot comes back
    input  logic                return_i,
    input  logic [SlotBits-1:0] return_slot_i
);

  `S4_CHECK_PARAM(gen_check_slots, Slots >= 2 && Slots <= 64)

  // Reserved: in use or offered.
  logic [Slots-1:0] reserved_q, reserved_d, free, choice;
  logic [SlotBits-1:0] slot_q, choice_index;
  logic valid_q, choose;

  assign valid_o = valid_q;
  assign slot_o  = slot_q;
  assign choose  = !valid_q || take_i;
  assign free    = ~reserved_q;
  assign choice  = free & (~free + Slots'(1));

  always_comb begin : encode
    int unsigned i;
    choice_index = '0;
    for (i = 0; i < Slots; i = i + 1) begin
      if (choice[i]) choice_index = choice_index | SlotBits'(i);
    end
  end

  always_comb begin
    reserved_d = reserved_q;
    if (return_i) reserved_d = reserved_d & ~(Slots'(1) << return_slot_i);
    if (choose) reserved_d = reserved_d | choice;
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      reserved_q <= '0;
      valid_q    <= 1'b0;
      slot_q     <= '0;
    end else begin
      reserved_q <= reserved_d;
      if (choose) begin
        valid_q <= free != '0;
        slot_q  <= choice_index;
      end
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(ReturnsUsedSlot, !return_i || (reserved_q[return_slot_i] &&
                                            !(valid_q && slot_q == return_slot_i)))

endmodule
