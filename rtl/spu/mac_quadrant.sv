/// One quadrant of the MAC array: LanesPerQuadrant output channels by PixelsPerQuadrant pixels.
/// Owns its operand banks and two sets of accumulators. A step (index and value per lane) adds
/// operand[index] * value to every pixel of every lane; it is registered and worked off one clock
/// later. Operands are bytes minus the zero point, 9 bits. A drain read shows EpiloguePixels pixels
/// of all lanes one clock later. The operand bank is selected once for all lanes; only the 64:1
/// selection by index is private to a lane. Accumulators wrap at 32 bits.
/// Model: sim/spu/spu.hpp
module mac_quadrant #(
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned BankSlots = spu_pkg::OperandBanks,
    localparam int unsigned SlotBits  = $clog2(BankSlots),
    localparam int unsigned BankSize  = sparse_format_pkg::BankSize,
    localparam int unsigned IndexBits = sparse_format_pkg::IndexBits,
    localparam int unsigned Beats     = Pixels / OutPixels,
    localparam int unsigned SelBits   = (Beats > 1) ? $clog2(Beats) : 1
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

  // ---- Array: operands, accumulators; private to this process, drained before they are updated
  // ---- Banks and sets are chosen by comparison with a loop constant, so that every element is a
  // register with a constant place and not a word of a memory with hundreds of ports.
  logic [8:0] operand[BankSlots*BankSize][Pixels];
  logic [8:0] selected[BankSize][Pixels];
  logic [31:0] accumulator[2*Lanes][Pixels];

  always_ff @(posedge clk_i) begin : mac
    int unsigned p, o, c, e, b;
    logic [31:0] w;
    logic [IndexBits-1:0] index;
    logic [8:0] x;
    p     = 0;
    o     = 0;
    c     = 0;
    e     = 0;
    b     = 0;
    w     = 0;
    x     = 0;
    index = 0;

    for (b = 0; b < 2 * Beats; b = b + 1) begin
      if (drain_valid_i && 32'(drain_set_i) * Beats + 32'(drain_sel_i) == b) begin
        for (e = 0; e < OutPixels; e = e + 1) begin
          for (o = 0; o < Lanes; o = o + 1) begin
            drain_data_o[(e*Lanes+o)*32+:32] <=
                accumulator[(b/Beats)*Lanes+o][(b%Beats)*OutPixels+e];
          end
        end
      end
    end

    if (valid_q) begin
      for (b = 0; b < BankSlots; b = b + 1) begin
        if (32'(bank_q) == b) begin
          for (c = 0; c < BankSize; c = c + 1) begin
            for (p = 0; p < Pixels; p = p + 1) selected[c][p] = operand[b*BankSize+c][p];
          end
        end
      end
      for (b = 0; b < 2; b = b + 1) begin
        if (32'(set_q) == b) begin
          for (o = 0; o < Lanes; o = o + 1) begin
            w     = 32'($signed(value_q[o*8+:8]));
            index = index_q[o*IndexBits+:IndexBits];
            if (clear_q) for (p = 0; p < Pixels; p = p + 1) accumulator[b*Lanes+o][p] = 0;
            for (p = 0; p < Pixels; p = p + 1) begin
              accumulator[b*Lanes+o][p] =
                  accumulator[b*Lanes+o][p] + w * 32'($signed(selected[index][p]));
            end
          end
        end
      end
    end

    for (b = 0; b < BankSlots; b = b + 1) begin
      if (fill_valid_i && 32'(fill_bank_i) == b) begin
        for (p = 0; p < Pixels; p = p + 1) begin
          if (fill_zero_i[p] || fill_write_i[p]) begin
            for (c = 0; c < BankSize; c = c + 1) begin
              x = {!fill_unsigned_i && fill_data_i[p*512+c*8+7], fill_data_i[p*512+c*8+:8]};
              operand[b*BankSize+c][p] = fill_zero_i[p] ? 0 : x - fill_zero_point_i;
            end
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
