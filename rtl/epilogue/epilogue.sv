/// What becomes of accumulators: bias, requantisation, optional second tensor, bytes.
/// Takes one beat of EpiloguePixels x LanesPerQuadrant results per clock and gives the bytes
/// epilogue_pkg::Latency clocks later (a beat accepted at one edge is first offered after the edge
/// Latency - 1 clocks on), with or without the add, in order, none dropped. All stages move
/// together, when the output is empty or taken: in_ready_o follows out_ready_i in the same clock
/// while the output is full. Model: s4::ref::Epilogue in sim/reference/ops.hpp
`include "assert.svh"

module epilogue #(
    parameter int unsigned MetaWidth = 1,  // bits that accompany a beat, >= 1
    localparam int unsigned Lanes = config_pkg::LanesPerQuadrant,
    localparam int unsigned NumResults = config_pkg::EpiloguePixels * Lanes
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    // Beats in: accumulators, lane (e, o) at e * Lanes + o; per lane o an INT32 bias (low half of
    // param_i) and a float32 scale (high half); bytes of the second tensor, as the accumulators;
    // lanes that are not valid give byte 0
    input  logic                         in_valid_i,
    output logic                         in_ready_o,
    input  logic [    NumResults*32-1:0] acc_i,
    input  logic [         Lanes*64-1:0] param_i,
    input  logic [     NumResults*8-1:0] second_i,
    input  logic [            Lanes-1:0] lane_valid_i,
    input  logic [        MetaWidth-1:0] meta_i,
    // Command, held while busy_o or in_valid_i; fields as in docs/gen/commands.md
    input  logic signed [           8:0] requant_zero_i,
    input  logic signed [           9:0] requant_min_i,
    input  logic signed [           9:0] requant_max_i,
    input  logic                         add_enable_i,
    input  logic [                  1:0] second_use_i,
    input  logic signed [           8:0] second_zero_i,
    input  logic                         add_unsigned_i,
    input  logic                         add_swap_i,
    input  logic signed [           8:0] add_min_i,
    input  logic signed [           8:0] add_max_i,
    input  logic [                 31:0] add_c0_i,
    input  logic [                 31:0] add_ra_i,
    input  logic [                 31:0] add_rb_i,
    // Beats out
    output logic                         out_valid_o,
    input  logic                         out_ready_i,
    output logic [     NumResults*8-1:0] out_data_o,
    output logic [        MetaWidth-1:0] out_meta_o,
    // A beat is inside
    output logic                         busy_o
);

  localparam int unsigned Latency = epilogue_pkg::Latency;
  localparam int unsigned RequantizeStages = epilogue_pkg::RequantizeStages;

  `S4_CHECK_PARAM(gen_check_meta, MetaWidth >= 1)

  // ---- Control ----
  // valid_q[k]: stage k holds a beat; step[k]: it takes one at the next edge.
  logic [Latency-1:0] valid_q, step;
  logic advance;

  assign advance     = !valid_q[Latency-1] || out_ready_i;
  assign step        = advance ? {valid_q[Latency-2:0], in_valid_i} : '0;
  assign in_ready_o  = advance;
  assign out_valid_o = valid_q[Latency-1];
  assign busy_o      = valid_q != '0;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else if (advance) valid_q <= {valid_q[Latency-2:0], in_valid_i};
  end

  // ---- What accompanies a beat ----
  // Lanes and meta of stages 0 to Latency - 2 in one shift register, the latest stage on top.
  localparam int unsigned CompanionWidth = Lanes + MetaWidth;
  logic [(Latency-1)*CompanionWidth-1:0] companions_q;
  logic [CompanionWidth-1:0] last_companions;
  assign last_companions = companions_q[(Latency-2)*CompanionWidth+:CompanionWidth];

  // Second operands of stages 0 to RequantizeStages - 1.
  logic [NumResults*8-1:0] second[0:RequantizeStages-2];
  logic [NumResults*8-1:0] second_q;

  always_ff @(posedge clk_i) begin
    if (advance && (in_valid_i || busy_o)) begin
      companions_q <= {companions_q[(Latency-2)*CompanionWidth-1:0], lane_valid_i, meta_i};
    end
    if (step[Latency-1]) out_meta_o <= last_companions[MetaWidth-1:0];
  end

  always_ff @(posedge clk_i) begin : second_operands
    int unsigned k;
    if (add_enable_i) begin
      if (step[RequantizeStages-1]) second_q <= second[RequantizeStages-2];
      for (k = RequantizeStages - 2; k > 0; k = k - 1) begin
        if (step[k]) second[k] = second[k-1];
      end
      if (step[0]) second[0] = second_i;
    end
  end

  // ---- Datapath ----
  logic [NumResults*32-1:0] requantized;

  requantize u_requantize (
      .clk_i,
      .step_i   (step[RequantizeStages-1:0]),
      .acc_i,
      .bias_i   (param_i[Lanes*32-1:0]),
      .scale_i  (param_i[Lanes*64-1:Lanes*32]),
      .zero_i   (requant_zero_i),
      .minimum_i(requant_min_i),
      .maximum_i(requant_max_i),
      .result_o (requantized)
  );

  elementwise_add u_elementwise_add (
      .clk_i,
      .step_i      (step[Latency-1:RequantizeStages]),
      .first_i     (requantized),
      .second_i    (second_q),
      .lane_valid_i(last_companions[CompanionWidth-1:MetaWidth]),
      .enable_i    (add_enable_i),
      .use_i       (second_use_i),
      .first_zero_i(requant_zero_i),
      .second_zero_i,
      .unsigned_i  (add_unsigned_i),
      .swap_i      (add_swap_i),
      .minimum_i   (add_min_i),
      .maximum_i   (add_max_i),
      .c0_i        (add_c0_i),
      .ra_i        (add_ra_i),
      .rb_i        (add_rb_i),
      .result_o    (out_data_o)
  );

  // ---- Assertions ----
  `S4_ASSERT_HELD(OutHeld, out_valid_o, out_ready_i, {out_data_o, out_meta_o})
  `S4_ASSERT(CommandHeld, busy_o |=> $stable({requant_zero_i, requant_min_i, requant_max_i,
                                              add_enable_i, second_use_i, second_zero_i,
                                              add_unsigned_i, add_swap_i, add_min_i,
                                              add_max_i, add_c0_i, add_ra_i, add_rb_i}) || !busy_o)

endmodule
