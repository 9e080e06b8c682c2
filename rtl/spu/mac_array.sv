/// The MAC array: quadrants, each with its part of the step, and the choice of the drained one.
/// Fill data, steps and drain reads behave as in mac_quadrant. Model: sim/spu/spu.hpp
module mac_array #(
    localparam int unsigned Quads     = config_pkg::NumQuadrants,
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned SlotBits  = $clog2(spu_pkg::OperandBanks),
    localparam int unsigned IndexBits = sparse_format_pkg::IndexBits,
    localparam int unsigned SelBits   = (Pixels > OutPixels) ? $clog2(Pixels / OutPixels) : 1,
    localparam int unsigned QuadBits  = (Quads > 1) ? $clog2(Quads) : 1,
    localparam int unsigned DrainBits = OutPixels * Lanes * 32
) (
    input  logic                             clk_i,
    input  logic                             rst_ni,
    // Fill of the quadrants in fill_quads_i: of a pair the lower group goes to even quadrants and
    // the upper one to odd ones, else the lower one goes to all
    input  logic [                      1:0] fill_valid_i,
    input  logic                             fill_pair_i,
    input  logic [              2*Quads-1:0] fill_quads_i,
    input  logic [           2*SlotBits-1:0] fill_bank_i,
    input  logic [                      1:0] fill_both_i,
    input  logic [             2*Pixels-1:0] fill_write_i,
    input  logic [             2*Pixels-1:0] fill_zero_i,
    input  logic [         2*Pixels*512-1:0] fill_data_i,
    input  logic                             fill_unsigned_i,
    input  logic signed [               8:0] fill_zero_point_i,
    // Step: lane rows of quadrant q at q * Lanes
    input  logic                             step_low_i,
    input  logic                             step_valid_i,
    input  logic                             step_bf16_i,
    input  logic                             step_clear_i,
    input  logic                             step_zero_i,  // take all values as zero
    input  logic                             step_set_i,
    input  logic [             SlotBits-1:0] step_bank_i,
    input  logic [Quads*Lanes*IndexBits-1:0] step_index_i,
    input  logic [        Quads*Lanes*8-1:0] step_value_i,
    // Drain: one quadrant is read; its data one clock later, when drain_quad_i names it
    input  logic [                Quads-1:0] drain_valid_i,
    input  logic                             drain_set_i,
    input  logic [              SelBits-1:0] drain_sel_i,
    input  logic [             QuadBits-1:0] drain_quad_i,
    output logic [            DrainBits-1:0] drain_data_o
);

  // What odd quadrants take.
  logic [Pixels*512-1:0] odd_data;
  logic [Pixels-1:0] odd_write, odd_zero;
  logic [Quads-1:0] odd_quads;
  logic [SlotBits-1:0] odd_bank;
  logic odd_valid, odd_both;
  assign odd_data = fill_pair_i ? fill_data_i[Pixels*512+:Pixels*512] : fill_data_i[Pixels*512-1:0];
  assign odd_write = fill_pair_i ? fill_write_i[2*Pixels-1:Pixels] : fill_write_i[Pixels-1:0];
  assign odd_zero = fill_pair_i ? fill_zero_i[2*Pixels-1:Pixels] : fill_zero_i[Pixels-1:0];

  assign odd_valid = fill_pair_i ? fill_valid_i[1] : fill_valid_i[0];
  assign odd_quads = fill_pair_i ? fill_quads_i[2*Quads-1:Quads] : fill_quads_i[Quads-1:0];
  assign odd_bank = fill_pair_i ? fill_bank_i[2*SlotBits-1:SlotBits] : fill_bank_i[SlotBits-1:0];
  assign odd_both = fill_pair_i ? fill_both_i[1] : fill_both_i[0];

  for (genvar q = 0; q < Quads; q++) begin : gen_quadrant
    localparam bit Odd = q % 2 == 1;
    logic [DrainBits-1:0] data, chosen;
    mac_quadrant u_quadrant (
        .clk_i,
        .rst_ni,
        .fill_valid_i (Odd ? odd_valid && odd_quads[q] : fill_valid_i[0] && fill_quads_i[q]),
        .fill_bank_i  (Odd ? odd_bank : fill_bank_i[SlotBits-1:0]),
        .fill_both_i  (Odd ? odd_both : fill_both_i[0]),
        .fill_write_i (Odd ? odd_write : fill_write_i[Pixels-1:0]),
        .fill_zero_i  (Odd ? odd_zero : fill_zero_i[Pixels-1:0]),
        .fill_data_i  (Odd ? odd_data : fill_data_i[Pixels*512-1:0]),
        .fill_unsigned_i,
        .fill_zero_point_i,
        .step_low_i,
        .step_valid_i,
        .step_bf16_i,
        .step_clear_i,
        .step_set_i,
        .step_bank_i,
        .step_index_i (step_index_i[q*Lanes*IndexBits+:Lanes*IndexBits]),
        .step_value_i (step_zero_i ? '0 : step_value_i[q*Lanes*8+:Lanes*8]),
        .drain_valid_i(drain_valid_i[q]),
        .drain_set_i,
        .drain_sel_i,
        .drain_data_o (data)
    );
    // A chain and not one wide vector: simulators copy wide vectors as a whole.
    if (q == 0) begin : gen_first
      assign chosen = data;
    end else begin : gen_next
      assign chosen = (drain_quad_i == QuadBits'(q)) ? data : gen_quadrant[q-1].chosen;
    end
  end
  assign drain_data_o = gen_quadrant[Quads-1].chosen;

endmodule
