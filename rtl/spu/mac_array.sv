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
    // Fill of the quadrants in fill_quads_i
    input  logic                             fill_valid_i,
    input  logic [                Quads-1:0] fill_quads_i,
    input  logic [             SlotBits-1:0] fill_bank_i,
    input  logic [               Pixels-1:0] fill_write_i,
    input  logic [               Pixels-1:0] fill_zero_i,
    input  logic [           Pixels*512-1:0] fill_data_i,
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

  for (genvar q = 0; q < Quads; q++) begin : gen_quadrant
    logic [DrainBits-1:0] data, chosen;
    mac_quadrant u_quadrant (
        .clk_i,
        .rst_ni,
        .fill_valid_i (fill_valid_i && fill_quads_i[q]),
        .fill_bank_i,
        .fill_write_i,
        .fill_zero_i,
        .fill_data_i,
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
