/// Takes beats through the floating-point epilogue, half of the lanes each, and joins the results.
/// BF16 results of a half are written as they come; bytes of the lower half wait for those of the
/// upper. One beat per clock, result twelve clocks after its beat; lanes that do not exist give 0.
/// The command is held while a beat is inside. Model: sim/spu/spu.hpp
module float_epilogue #(
    parameter  int unsigned MetaWidth = 8,  // of what accompanies a result
    localparam int unsigned Lanes     = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels    = config_pkg::EpiloguePixels,
    localparam int unsigned Half      = Lanes / 2,
    localparam int unsigned Stages    = 11
) (
    input  logic                         clk_i,
    input  logic                         rst_ni,
    input  commands_pkg::spu_command_t   command_i,
    // Beat: a part's accumulators and parameters, of which in_half_i names the lanes
    input  logic                         in_valid_i,
    input  logic                         in_half_i,
    input  logic [        MetaWidth-1:0] in_meta_i,
    input  logic [            Lanes-1:0] in_lanes_i,
    input  logic [  Pixels*Lanes*32-1:0] acc_i,
    input  logic [         Lanes*64-1:0] param_i,   // biases, scales
    input  logic [   Pixels*Lanes*8-1:0] second_i,  // BF16: those of the half
    // Results of a lane chunk
    output logic                         valid_o,
    output logic [        MetaWidth-1:0] meta_o,
    output logic [   Pixels*Lanes*8-1:0] data_o,
    output logic                         busy_o
);

  // ---- The lanes of the half ----
  logic [Pixels*Half*32-1:0] acc;
  logic [Pixels*Half*16-1:0] second, result;
  logic [Half*32-1:0] bias, scale;
  logic wide;
  assign wide  = command_i.out_bf16;
  assign bias  = in_half_i ? param_i[Half*32+:Half*32] : param_i[0+:Half*32];
  assign scale = in_half_i ? param_i[(Lanes+Half)*32+:Half*32] : param_i[Lanes*32+:Half*32];

  always_comb begin : choose
    int unsigned e, o;
    e      = 0;
    o      = 0;
    acc    = '0;
    second = '0;
    if (in_valid_i) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        acc[e*Half*32+:Half*32] = in_half_i ? acc_i[(e*Lanes+Half)*32+:Half*32]
                                            : acc_i[e*Lanes*32+:Half*32];
        for (o = 0; o < Half; o = o + 1) begin
          second[(e*Half+o)*16+:16] =
              wide      ? second_i[e*Lanes*8+o*16+:16] :
              in_half_i ? 16'(second_i[(e*Lanes+Half+o)*8+:8]) : 16'(second_i[(e*Lanes+o)*8+:8]);
        end
      end
    end
  end

  // ---- Beats inside, oldest last; what accompanies them ----
  logic [Stages-1:0] valid_q;
  logic [Stages-1:0] half_q;
  logic [Stages*MetaWidth-1:0] meta_q;
  logic [Stages*Half-1:0] lanes_q;
  logic [Half-1:0] in_lanes, out_lanes;
  assign in_lanes  = in_half_i ? in_lanes_i[Half+:Half] : in_lanes_i[0+:Half];
  assign out_lanes = lanes_q[(Stages-1)*Half+:Half];

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[Stages-2:0], in_valid_i};
  end
  always_ff @(posedge clk_i) begin
    if (busy_o || in_valid_i) begin
      half_q  <= {half_q[Stages-2:0], in_half_i};
      meta_q  <= {meta_q[0+:(Stages-1)*MetaWidth], in_meta_i};
      lanes_q <= {lanes_q[0+:(Stages-1)*Half], in_lanes};
    end
  end

  bf16_epilogue #(
      .Lanes(Half)
  ) u_lanes (
      .clk_i,
      .step_i           ({valid_q[Stages-2:0], in_valid_i}),
      .acc_i            (acc),
      .bias_i           (bias),
      .scale_i          (scale),
      .second_i         (second),
      .acc_int_i        (command_i.dtype == commands_pkg::DtypeInt8),
      .second_int_i     (!wide),
      .second_unsigned_i(command_i.add_unsigned),
      .second_zero_i    (command_i.second_zero),
      .second_scale_i   (command_i.add_rb),
      .operation_i      (command_i.add_enable ? 3'(command_i.second_use) + 3'd1 : 3'd0),
      .negative_factor_i(command_i.negative_factor),
      .low_i            (command_i.float_low),
      .high_i           (command_i.float_high),
      .out_int_i        (!wide),
      .out_zero_i       (command_i.requant_zero),
      .out_min_i        (command_i.requant_min),
      .out_max_i        (command_i.requant_max),
      .result_o         (result)
  );

  // ---- Results: BF16 of a half, or bytes of both ----
  logic [Pixels*Half*8-1:0] bytes_q;  // of the lower half
  logic [Pixels*Lanes*8-1:0] joined;

  always_comb begin : join_halves
    int unsigned e, o;
    logic [15:0] value;
    e      = 0;
    o      = 0;
    value  = '0;
    joined = '0;
    if (valid_q[Stages-1]) begin
      for (e = 0; e < Pixels; e = e + 1) begin
        for (o = 0; o < Half; o = o + 1) begin
          value = out_lanes[o] ? result[(e*Half+o)*16+:16] : 16'd0;
          if (wide) joined[e*Lanes*8+o*16+:16] = value;
          else joined[(e*Lanes+Half+o)*8+:8] = value[7:0];
        end
        if (!wide) joined[e*Lanes*8+:Half*8] = bytes_q[e*Half*8+:Half*8];
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_o <= 1'b0;
    else valid_o <= valid_q[Stages-1] && (wide || half_q[Stages-1]);
  end
  always_ff @(posedge clk_i) begin : results
    int unsigned e;
    e = 0;
    if (valid_q[Stages-1]) begin
      data_o <= joined;
      meta_o <= meta_q[(Stages-1)*MetaWidth+:MetaWidth];
      for (e = 0; e < Pixels; e = e + 1) begin
        bytes_q[e*Half*8+:Half*8] <= joined[(e*Lanes+Half)*8+:Half*8];
      end
    end
  end
  assign busy_o = valid_q != '0 || valid_o;

  logic unused_command;
  assign unused_command = ^command_i;

endmodule
