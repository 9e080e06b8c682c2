/// One quadrant of the MAC array: LanesPerQuadrant output channels by PixelsPerQuadrant pixels.
/// Owns its operand banks and two sets of accumulators, which wrap at 32 bits or are float32.
/// INT8: a step (index and value per lane) adds operand[index] * value to every pixel of every
/// lane; it is registered and worked off one clock later. Operands are bytes minus the zero point,
/// 9 bits; the operand bank is selected once for all lanes, only the 64:1 selection by index is
/// private to a lane. A drain read shows EpiloguePixels pixels of all lanes one clock later.
/// BF16: a step takes two clocks, the low bytes of its values with step_low_i, any time later the
/// high bytes with step_valid_i. Its 64 operands are two words of 32, low byte first, in an even
/// bank and the one after it, filled as unsigned bytes with zero point 0, or with one word both at
/// once (fill_both_i); the step names either.
/// Products are exact, sums rounded after every addition; a value of zero adds nothing. The pixels
/// are worked off in two halves; a drain sees all sums six clocks after step_valid_i (INT8: two).
/// Types change only while the array is idle: six clocks after a BF16 step, one after an INT8 step.
/// Model: sim/spu/spu.hpp, sim/spu/bf16.hpp; docs/blocks/bf16.md
`include "assert.svh"
`include "index_select.svh"

module mac_quadrant #(
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned BankSlots = spu_pkg::OperandBanks,
    localparam int unsigned SlotBits  = $clog2(BankSlots),
    localparam int unsigned BankSize  = sparse_format_pkg::BankSize,
    localparam int unsigned IndexBits = sparse_format_pkg::IndexBits,
    localparam int unsigned Beats     = Pixels / OutPixels,
    localparam int unsigned SelBits   = (Beats > 1) ? $clog2(Beats) : 1,
    localparam int unsigned Half      = Pixels / 2,
    localparam int unsigned Macs      = Lanes * Half
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    // Fill: word of pixel p at p*512; zero has priority over write
    input  logic                           fill_valid_i,
    input  logic [           SlotBits-1:0] fill_bank_i,
    input  logic                           fill_both_i,    // an even bank and the one after it
    input  logic [             Pixels-1:0] fill_write_i,
    input  logic [             Pixels-1:0] fill_zero_i,
    input  logic [         Pixels*512-1:0] fill_data_i,
    input  logic                           fill_unsigned_i,
    input  logic signed [             8:0] fill_zero_point_i,
    // Step; byte of lane o at o*8
    input  logic                           step_low_i,
    input  logic                           step_valid_i,
    input  logic                           step_bf16_i,
    input  logic                           step_clear_i,   // first step of a tile
    input  logic                           step_set_i,     // accumulator set
    input  logic [           SlotBits-1:0] step_bank_i,
    input  logic [    Lanes*IndexBits-1:0] step_index_i,
    input  logic [            Lanes*8-1:0] step_value_i,
    // Drain: lane o of pixel e at (e*Lanes + o)*32, INT32 or float32
    input  logic                           drain_valid_i,
    input  logic                           drain_set_i,
    input  logic [            SelBits-1:0] drain_sel_i,
    output logic [ OutPixels*Lanes*32-1:0] drain_data_o
);

  `S4_CHECK_PARAM(gen_check, Pixels % 2 == 0)

  // ---- Step registers; a BF16 step stays for both halves of the pixels ----
  logic valid_q, half_q, bf16_q, clear_q, set_q;
  logic [SlotBits-1:0] bank_q;
  logic [Lanes*IndexBits-1:0] index_q;
  logic [Lanes*8-1:0] value_q, low_q;

  // ---- What accompanies a half through operands, product and sum ----
  logic operand_valid_q, product_valid_q, sum_valid_q;
  logic operand_clear_q, product_clear_q;
  logic operand_half_q, product_half_q, sum_half_q;
  logic operand_set_q, product_set_q, sum_set_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      operand_valid_q <= 1'b0;
      product_valid_q <= 1'b0;
      sum_valid_q <= 1'b0;
    end else begin
      valid_q <= step_valid_i || (valid_q && bf16_q && !half_q);
      operand_valid_q <= valid_q && bf16_q;
      product_valid_q <= operand_valid_q;
      sum_valid_q <= product_valid_q;
    end
  end

  always_ff @(posedge clk_i) begin
    half_q <= !step_valid_i;
    {operand_clear_q, operand_half_q, operand_set_q} <= {clear_q, half_q, set_q};
    {product_clear_q, product_half_q, product_set_q} <=
        {operand_clear_q, operand_half_q, operand_set_q};
    {sum_half_q, sum_set_q} <= {product_half_q, product_set_q};
    if (step_low_i) low_q <= step_value_i;
    if (step_valid_i) begin
      bf16_q  <= step_bf16_i;
      clear_q <= step_clear_i;
      set_q   <= step_set_i;
      bank_q  <= step_bank_i;
      index_q <= step_index_i;
      value_q <= step_value_i;
    end
  end

  `S4_ASSERT(TwoClocks, step_valid_i && step_bf16_i |=> !step_valid_i)
  `S4_ASSERT(OtherHalf, !product_valid_q || !sum_valid_q || product_half_q != sum_half_q)
  `S4_ASSERT(BothFromEven, !fill_valid_i || !fill_both_i || !fill_bank_i[0])
  `S4_ASSERT(OneByte, !step_low_i || !step_valid_i)

  // ---- Array: operands, accumulators; private to this process, later stages first, so that each
  // ---- reads what the earlier one held before the edge. Banks and sets are chosen by comparison
  // ---- with a loop constant, so that every element is a register with a constant place and not a
  // ---- word of a memory with hundreds of ports. BF16 loops run over all lanes and half of the
  // ---- pixels at once: vector code in simulation.
  logic [8:0] operand[BankSlots*BankSize][Pixels];
  logic [8:0] selected[BankSize][Pixels];
  logic [8:0] picked[Pixels];
  logic [31:0] accumulator[2*Lanes][Pixels];
  logic [31:0] term[Lanes][Pixels];  // INT8: products, signed: else they are of 32 x 32 bits
  logic [15:0] factor[Macs];   // operand of each lane and pixel
  logic [15:0] weight[Lanes];  // and its value
  logic [15:0] spread[Macs];
  logic [31:0] product[Macs];
  logic [31:0] addend[Macs];   // the accumulators of a half
  logic [31:0] rounded[Macs];  // and what they become
  logic [31:0] sum_bits[Macs];
  logic [31:0] sum_tag[Macs];

  always_ff @(posedge clk_i) begin : mac
    int unsigned p, o, c, e, b, i;
    logic signed [31:0] w;
    logic [31:0] mask;
    logic [IndexBits-1:0] index;
    logic [8:0] x;
    {p, o, c, e, b, i} = '0;
    {w, x, mask, index} = '0;

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

    // ---- BF16: the addends, before the rounding beside it, which is of the other half ----
    if (product_valid_q) begin
      mask = product_clear_q ? 32'd0 : 32'hffff_ffff;
      for (b = 0; b < 4; b = b + 1) begin
        if ({30'd0, product_set_q, product_half_q} == b) begin
          for (o = 0; o < Lanes; o = o + 1) begin
            for (p = 0; p < Half; p = p + 1) begin
              addend[o*Half+p] = accumulator[(b/2)*Lanes+o][(b%2)*Half+p] & mask;
            end
          end
        end
      end
    end
    // ---- BF16: rounding ----
    if (sum_valid_q) begin
      for (i = 0; i < Macs; i = i + 1) begin
        rounded[i] = bf16_pkg::round_sum(sum_tag[i][8:0], sum_bits[i]);
      end
      for (b = 0; b < 4; b = b + 1) begin
        if ({30'd0, sum_set_q, sum_half_q} == b) begin
          for (o = 0; o < Lanes; o = o + 1) begin
            for (p = 0; p < Half; p = p + 1) begin
              accumulator[(b/2)*Lanes+o][(b%2)*Half+p] = rounded[o*Half+p];
            end
          end
        end
      end
    end
    // ---- BF16: alignment and sum ----
    if (product_valid_q) begin
      for (i = 0; i < Macs; i = i + 1) begin
        sum_bits[i] = bf16_pkg::sum_bits(addend[i], product[i]);
        sum_tag[i]  = bf16_pkg::sum_tag(addend[i], product[i]);
      end
    end
    // ---- BF16: product ----
    if (operand_valid_q) begin
      for (o = 0; o < Lanes; o = o + 1) begin
        for (p = 0; p < Half; p = p + 1) spread[o*Half+p] = weight[o];
      end
      for (i = 0; i < Macs; i = i + 1) product[i] = bf16_pkg::product(factor[i], spread[i]);
    end

    // ---- Selection; INT8: product and sum ----
    if (valid_q) begin
      // Bank 0 is copied in any case, then another one over it: so the copy is no register.
      for (b = 0; b < BankSlots; b = b + 1) begin
        if (b == 0 || (!bf16_q && 32'(bank_q) == b)) begin
          for (c = 0; c < BankSize; c = c + 1) begin
            for (p = 0; p < Pixels; p = p + 1) selected[c][p] = operand[b*BankSize+c][p];
          end
        end
        // b stands for a pair of banks and a half of the pixels. Channel c lies in bytes 2c and
        // 2c + 1 of the pair; low bytes go to the first half of the places, high to the second.
        if (bf16_q && (32'(bank_q) & ~32'd1) + 32'(half_q) == b) begin
          for (c = 0; c < BankSize; c = c + 1) begin
            for (p = 0; p < Half; p = p + 1) begin
              selected[c][p] = operand[(b&~32'd1)*BankSize+2*c][(b%2)*Half+p];
              selected[c][Half+p] = operand[(b&~32'd1)*BankSize+2*c+1][(b%2)*Half+p];
            end
          end
        end
      end
      if (bf16_q) begin
        for (o = 0; o < Lanes; o = o + 1) begin
          index = index_q[o*IndexBits+:IndexBits];
          // The next low bytes may be here already when the second half is selected.
          if (!half_q) weight[o] = {value_q[o*8+:8], low_q[o*8+:8]};
          `S4_INDEX_SELECT(picked, selected, index)
          for (p = 0; p < Half; p = p + 1) begin
            factor[o*Half+p] = {picked[Half+p][7:0], picked[p][7:0]};
          end
        end
      end else begin
        for (o = 0; o < Lanes; o = o + 1) begin
          w     = 32'($signed(value_q[o*8+:8]));
          index = index_q[o*IndexBits+:IndexBits];
          `S4_INDEX_SELECT(picked, selected, index)
          for (p = 0; p < Pixels; p = p + 1) term[o][p] = 32'(w * 32'($signed(picked[p])));
        end
        for (b = 0; b < 2; b = b + 1) begin
          if (32'(set_q) == b) begin
            for (o = 0; o < Lanes; o = o + 1) begin
              if (clear_q) for (p = 0; p < Pixels; p = p + 1) accumulator[b*Lanes+o][p] = 0;
              for (p = 0; p < Pixels; p = p + 1) begin
                accumulator[b*Lanes+o][p] = accumulator[b*Lanes+o][p] + term[o][p];
              end
            end
          end
        end
      end
    end

    for (b = 0; b < BankSlots; b = b + 1) begin
      if (fill_valid_i &&
          (32'(fill_bank_i) == b || (fill_both_i && 32'(fill_bank_i) + 1 == b))) begin
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
  end

endmodule
