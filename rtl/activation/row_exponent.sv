/// v = x * factor of a BF16 in units of 2^-22, cut towards zero, limited to 2^17 either way.
/// Two stages; data only, so no reset. The factor goes through a register: one for every user.
/// Model: exponent() in sim/activation/row_engine.cpp
module row_exponent (
    input  logic                              clk_i,
    // Stage 0
    input  logic [                      15:0] x_i,       // not subnormal
    input  logic [                      31:0] factor_i,  // float32, positive, normal; steady
    // After stage 1
    output logic [row_pkg::ExponentWidth-1:0] v_o,
    output logic                              limited_o  // |x * factor| is 2^17 or more
);

  localparam int unsigned IntegerBits = commands_pkg::RowExponentBits;
  localparam int unsigned Width = row_pkg::ExponentWidth;
  // Eight bits by 24: 30 fractional bits. As a 40-bit number that is 2^8 times it, the product
  // moves right by 30 - Fraction + 8 from an exponent of 0, biased twice.
  localparam logic [9:0] NoShift = 10'd254 + 10'd38 - 10'(row_pkg::Fraction);

  logic [31:0] product_q;
  logic [9:0] exponent_q, shift;
  logic negative_q, infinite_q, limited;
  logic [39:0] size;
  logic unused_sign;
  logic [30:0] factor_q;

  assign unused_sign = factor_i[31];

  // ---- Stage 0: product ----
  always_ff @(posedge clk_i) begin
    factor_q <= factor_i[30:0];
    product_q <= (x_i[14:7] == 8'd0) ? 32'd0
                                     : 32'({1'b1, x_i[6:0]}) * 32'({1'b1, factor_q[22:0]});
    exponent_q <= 10'(x_i[14:7]) + 10'(factor_q[30:23]);
    negative_q <= x_i[15];
    infinite_q <= x_i[14:7] == 8'd255;
  end

  // ---- Stage 1: fixed point ----
  always_comb begin
    shift = NoShift - exponent_q;
    size = {product_q, 8'd0} >> ((shift > 10'd40) ? 6'd40 : shift[5:0]);
    // The product is below 2^(exponent + 2): 2^17 is reached from an exponent of 16 on at most.
    limited = infinite_q || (product_q != 32'd0 && exponent_q >= 10'(254 + IntegerBits)) ||
              (shift <= 10'd40 && size[39]);
  end

  always_ff @(posedge clk_i) begin
    limited_o <= limited;
    if (limited) v_o <= negative_q ? {2'b11, (Width - 2)'(0)} : {2'b01, (Width - 2)'(0)};
    else v_o <= negative_q ? Width'(0) - Width'(size) : Width'(size);
  end

endmodule
