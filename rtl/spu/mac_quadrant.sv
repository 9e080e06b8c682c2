/// One quadrant of the MAC array: LanesPerQuadrant output channels by PixelsPerQuadrant pixels.
/// Owns its operand banks and two sets of accumulators. A step (index and value per lane) adds
/// operand[index] * value to every pixel of every lane; it is registered and worked off one clock
/// later. Operands are bytes minus the zero point, 9 bits. A drain read shows EpiloguePixels pixels
/// of all lanes one clock later. Index selection reads {index, bank}: the bank is common to all
/// lanes, so only the 64:1 selection is private to a lane. Accumulators wrap at 32 bits.
/// Model: sim/spu/spu.hpp
module mac_quadrant #(
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned BankSlots = spu_pkg::OperandBanks,
    localparam int unsigned SlotBits  = $clog2(BankSlots),
    localparam int unsigned BankSize  = sparse_format_pkg::BankSize,
    localparam int unsigned IndexBits = sparse_format_pkg::IndexBits,
    localparam int unsigned SelBits   = (Pixels > OutPixels) ? $clog2(Pixels / OutPixels) : 1
) (
    input  logic                             clk_i,
    // Fill: word of pixel p at p*512; zero has priority over write
    input  logic                             fill_valid_i,
    input  logic [             SlotBits-1:0] fill_bank_i,
    input  logic [               Pixels-1:0] fill_write_i,
    input  logic [               Pixels-1:0] fill_zero_i,
    input  logic [           Pixels*512-1:0] fill_data_i,
    input  logic                             fill_unsigned_i,
    input  logic signed [               8:0] fill_zero_point_i,
    // Step
    input  logic                             step_valid_i,
    input  logic                             step_clear_i,   // first step of a tile
    input  logic                             step_set_i,     // accumulator set
    input  logic [             SlotBits-1:0] step_bank_i,
    input  logic [      Lanes*IndexBits-1:0] step_index_i,
    input  logic [              Lanes*8-1:0] step_value_i,
    // Drain: lane o of pixel e at (e*Lanes + o)*32
    input  logic                             drain_valid_i,
    input  logic                             drain_set_i,
    input  logic [              SelBits-1:0] drain_sel_i,
    output logic [   OutPixels*Lanes*32-1:0] drain_data_o
);

  // ---- Step registers ----
  logic valid_q, clear_q, set_q;
  logic [SlotBits-1:0] bank_q;
  logic [Lanes*IndexBits-1:0] index_q;
  logic [Lanes*8-1:0] value_q;

  // ---- Array: operands, accumulators; private to this process, drained before they are updated ----
  logic [8:0] operand[BankSize*BankSlots][Pixels];
  logic [31:0] accumulator[2*Lanes][Pixels];

  always_ff @(posedge clk_i) begin : mac
    int unsigned p, o, c, e;
    logic [$clog2(2*Lanes)-1:0] row;
    logic [31:0] w;
    logic [8:0] x;
    p   = 0;
    o   = 0;
    c   = 0;
    e   = 0;
    row = 0;
    w   = 0;
    x   = 0;

    if (drain_valid_i) begin
      for (e = 0; e < OutPixels; e = e + 1) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          drain_data_o[(e*Lanes+o)*32+:32] <=
              accumulator[32'(drain_set_i)*Lanes+o][32'(drain_sel_i)*OutPixels+e];
        end
      end
    end

    if (valid_q) begin
      for (o = 0; o < Lanes; o = o + 1) begin
        w   = 32'($signed(value_q[o*8+:8]));
        c   = 32'({index_q[o*IndexBits+:IndexBits], bank_q});
        row = $clog2(2 * Lanes)'(32'(set_q) * Lanes + o);
        if (clear_q) for (p = 0; p < Pixels; p = p + 1) accumulator[row][p] = 0;
        for (p = 0; p < Pixels; p = p + 1) begin
          accumulator[row][p] = accumulator[row][p] + w * 32'($signed(operand[c][p]));
        end
      end
    end

    if (fill_valid_i) begin
      for (p = 0; p < Pixels; p = p + 1) begin
        if (fill_zero_i[p]) begin
          for (c = 0; c < BankSize; c = c + 1) operand[c*BankSlots+32'(fill_bank_i)][p] = 0;
        end else if (fill_write_i[p]) begin
          for (c = 0; c < BankSize; c = c + 1) begin
            x = {!fill_unsigned_i && fill_data_i[p*512+c*8+7], fill_data_i[p*512+c*8+:8]};
            operand[c*BankSlots+32'(fill_bank_i)][p] = x - fill_zero_point_i;
          end
        end
      end
    end

    valid_q <= step_valid_i;
    if (step_valid_i) begin
      clear_q <= step_clear_i;
      set_q   <= step_set_i;
      bank_q  <= step_bank_i;
      index_q <= step_index_i;
      value_q <= step_value_i;
    end
  end

endmodule
