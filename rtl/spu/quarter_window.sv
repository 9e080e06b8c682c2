/// Windows of pixels that are a quarter of a word: lane i gets the 64 bytes that begin with quarter
/// i of the Words words read for the group. Words arrive in any clocks, arrived_i naming those of
/// this one; a word is held until the group's last has come, and in that clock the windows are
/// valid. With quarters_i low the words pass as they are. Model: sim/spu/spu.hpp
module quarter_window #(
    localparam int unsigned Group = config_pkg::PixelsPerQuadrant,
    localparam int unsigned Words = Group / 4 + 1
) (
    input  logic                 clk_i,
    input  logic                 quarters_i,
    input  logic [    Words-1:0] arrived_i,
    input  logic [Group*512-1:0] data_i,     // word of lane i at i*512
    output logic [Group*512-1:0] data_o
);

  if (Group < 4) begin : gen_none
    // Narrower groups have no quarters: the sequencer refuses such commands.
    assign data_o = data_i;
    logic unused;
    assign unused = ^{clk_i, quarters_i, arrived_i};
  end else begin : gen_window
    logic [Words*512-1:0] words, held_q;

    always_comb begin : merge
      int unsigned w;
      words = held_q;
      for (w = 0; w < Words; w = w + 1) begin
        if (arrived_i[w]) words[w*512+:512] = data_i[w*512+:512];
      end
    end

    always_ff @(posedge clk_i) begin
      if (quarters_i) held_q <= words;
    end

    always_comb begin : spread
      int unsigned i;
      i = 0;
      data_o = data_i;
      if (quarters_i) begin
        for (i = 0; i < Group; i = i + 1) data_o[i*512+:512] = words[i*128+:512];
      end
    end
  end

endmodule
