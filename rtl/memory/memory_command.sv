/// Puts commands on the CA pins: a command of two parts takes four CK, one of one part two; CS is
/// high in the first CK of a part. The outputs of a command come one clock after it, at its
/// phase. Commands must not overlap (asserted). Model: sim/memory (device) decodes them
`include "assert.svh"

module memory_command (
    input  logic                                         clk_i,
    input  logic                                         rst_ni,
    input  lpddr4_pkg::command_word_t command_i,
    // {phase 1, phase 0}; CS rank 1 above rank 0
    output logic [                                  3:0] cs_o,
    output logic [                                 11:0] ca_o
);

  lpddr4_pkg::command_word_t command;
  assign command = command_i;

  // ---- The four CK of the command ----
  logic [5:0] first, first_more, second, second_more;
  logic [1:0] parts;
  logic [1:0] select;
  assign select = command.rank ? 2'b10 : 2'b01;

  always_comb begin
    first       = '0;
    first_more  = {3'b000, command.bank};
    second      = lpddr4_pkg::CaCas2;
    second_more = {command.burst[3:0], 2'b00};
    second[5]   = command.burst[4];
    parts       = 2'b11;
    unique case (command.kind)
      lpddr4_pkg::CommandActivate: begin
        first       = lpddr4_pkg::CaActivate1 | {command.row[15:12], 2'b00};
        first_more  = {command.row[11:10], 1'b0, command.bank};
        second      = lpddr4_pkg::CaActivate2 | {command.row[9:6], 2'b00};
        second_more = command.row[5:0];
      end
      lpddr4_pkg::CommandRead: first = lpddr4_pkg::CaRead;
      lpddr4_pkg::CommandWrite: first = lpddr4_pkg::CaWrite;
      lpddr4_pkg::CommandMaskedWrite: first = lpddr4_pkg::CaMaskedWrite;
      lpddr4_pkg::CommandModeWrite: begin
        first       = lpddr4_pkg::CaModeWrite1 | {command.row[7], 5'b0};
        first_more  = command.row[13:8];
        second      = lpddr4_pkg::CaModeWrite2 | {command.row[6], 5'b0};
        second_more = command.row[5:0];
      end
      lpddr4_pkg::CommandPrecharge: begin
        first = lpddr4_pkg::CaPrecharge;
        parts = 2'b01;
      end
      lpddr4_pkg::CommandPrechargeAll: begin
        first = lpddr4_pkg::CaPrecharge | 6'b100000;
        parts = 2'b01;
      end
      lpddr4_pkg::CommandRefresh: begin
        first = lpddr4_pkg::CaRefresh;
        parts = 2'b01;
      end
      lpddr4_pkg::CommandRefreshAll: begin
        first = lpddr4_pkg::CaRefresh | 6'b100000;
        parts = 2'b01;
      end
      lpddr4_pkg::CommandZqStart, lpddr4_pkg::CommandZqLatch: begin
        // Operands 1001111 (start) and 1010001 (latch).
        first      = lpddr4_pkg::CaMpc | 6'b100000;
        first_more = (command.kind == lpddr4_pkg::CommandZqStart) ? 6'b001111 : 6'b010001;
        parts      = 2'b01;
      end
      default: parts = 2'b00;
    endcase
    if (command.kind == lpddr4_pkg::CommandRead || command.kind == lpddr4_pkg::CommandWrite ||
        command.kind == lpddr4_pkg::CommandMaskedWrite) begin
      first_more[4] = command.burst[5];
      first_more[5] = command.auto_precharge;
    end
  end

  // ---- Pins: what is left of the command before, then the new one ----
  logic [31:0] symbols;  // {cs, ca} of four CK, the first lowest
  logic [23:0] left_q;  // of the next three CK
  logic [39:0] all_symbols;
  assign symbols = {2'b00, second_more, parts[1] ? select : 2'b00, second,
                    2'b00, first_more, parts[0] ? select : 2'b00, first};
  logic [31:0] used;
  assign used = (parts == 2'b11) ? symbols : (parts == 2'b01) ? {16'b0, symbols[15:0]} : '0;
  assign all_symbols = {16'b0, left_q} | (command.phase ? {used, 8'b0} : {8'b0, used});

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q <= '0;
      cs_o   <= '0;
      ca_o   <= '0;
    end else begin
      left_q <= all_symbols[39:16];
      cs_o   <= {all_symbols[15:14], all_symbols[7:6]};
      ca_o   <= {all_symbols[13:8], all_symbols[5:0]};
    end
  end

  // ---- Assertions ----
  logic [2:0] busy_q;  // the coming CK that are taken
  logic [4:0] taken;
  assign taken = parts[1] ? 5'b01111 : parts[0] ? 5'b00011 : 5'b00000;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) busy_q <= '0;
    else busy_q <= 3'(({2'b00, busy_q} | (taken << command.phase)) >> 2);
  end
  `S4_ASSERT(NoOverlap, ({2'b00, busy_q} & (taken << command.phase)) == '0)

endmodule
