/// Gamma and beta of every column, float32: written as consecutive words, read 32 columns at once.
/// rdata_o shows them the clock after re_i and holds. Model: row_engine.cpp reads them in place
module row_parameters (
    input  logic          clk_i,
    input  logic          rst_ni,
    // Words in order, four for each 32 columns; begin_i: the next one is the first
    input  logic          begin_i,
    input  logic          we_i,
    input  logic [ 511:0] wdata_i,
    // 32 columns
    input  logic          re_i,
    input  logic [   6:0] raddr_i,
    output logic [1023:0] gamma_o,
    output logic [1023:0] beta_o
);

  localparam int unsigned Words = commands_pkg::RowParameterWords;
  localparam int unsigned Depth = commands_pkg::MaxAffineColumns / row_pkg::Lanes;

  logic [8:0] word_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) word_q <= 9'd0;
    else if (begin_i) word_q <= 9'd0;
    else if (we_i) word_q <= word_q + 9'd1;
  end

  for (genvar g = 0; g < Words; g = g + 1) begin : gen_word
    logic [511:0] rdata;

    sram_1r1w #(
        .Width(512),
        .Depth(Depth)
    ) u_words (
        .clk_i,
        .we_i   (we_i && word_q[1:0] == 2'(g)),
        .waddr_i(word_q[8:2]),
        .wmask_i(1'b1),
        .wdata_i,
        .re_i,
        .raddr_i,
        .rdata_o(rdata)
    );

    if (g < Words / 2) begin : gen_gamma
      assign gamma_o[g*512+:512] = rdata;
    end else begin : gen_beta
      assign beta_o[(g-Words/2)*512+:512] = rdata;
    end
  end

endmodule
