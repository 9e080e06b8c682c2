/// Brings the 256 bytes of an activation table from the local buffer into the activation lanes.
/// From the clock after start_i busy_o stands until the last row is written. Reads as many of the
/// table's four words at a time as the port has pixels, a lane chunk of each, through the port of
/// the second tensor, whose answer comes one clock after its grant; then writes a row of eight
/// bytes per clock. 37 clocks without stalls in s4, 96 + 3 in tiny. Model: none, it moves bytes.
module table_loader #(
    localparam int unsigned Lanes    = config_pkg::LanesPerQuadrant,
    localparam int unsigned Pixels   = config_pkg::EpiloguePixels,
    localparam int unsigned AddrBits = config_pkg::LocalAddrWidth
) (
    input  logic                      clk_i,
    input  logic                      rst_ni,
    input  logic                      start_i,
    input  logic [      AddrBits-1:0] table_addr_i,  // held while busy_o
    output logic                      busy_o,
    // Local buffer
    output logic                      read_valid_o,
    input  logic                      read_ready_i,
    output logic [      AddrBits-1:0] read_addr_o,
    output logic [        Pixels-1:0] read_mask_o,
    output logic [               2:0] read_chunk_o,
    input  logic [Pixels*Lanes*8-1:0] read_data_i,
    // Table
    output logic                      row_valid_o,
    output logic [               4:0] row_o,
    output logic [              63:0] row_data_o
);

  localparam int unsigned TableWords = 4;
  localparam int unsigned WordRows = 8;  // of eight bytes in a word
  localparam int unsigned Words = (Pixels < TableWords) ? Pixels : TableWords;  // at a time
  localparam int unsigned ChunkRows = Lanes / 8;
  localparam int unsigned ReadRows = Words * ChunkRows;

  typedef enum logic [1:0] {
    StIdle,
    StRead,
    StTake,
    StWrite
  } state_e;
  state_e state_q;
  logic [2:0] word_q;  // first word of the read; TableWords at the end
  logic [2:0] chunk_q;
  logic [5:0] count_q;  // rows of the read that are written
  logic [ReadRows*64-1:0] rows_q;
  logic last_chunk, last_row, over;

  assign last_chunk = chunk_q == 3'(config_pkg::LaneChunks - 1);
  assign last_row = count_q == 6'(ReadRows - 1);
  assign over = last_row && last_chunk && word_q == 3'(TableWords - Words);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (start_i) state_q <= StRead;
        StRead: if (read_ready_i) state_q <= StTake;
        StTake: state_q <= StWrite;
        StWrite: if (last_row) state_q <= over ? StIdle : StRead;
        default: state_q <= StIdle;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin : rows
    if (start_i) begin
      word_q  <= '0;
      chunk_q <= '0;
    end else if (state_q == StWrite && last_row) begin
      chunk_q <= last_chunk ? '0 : chunk_q + 3'd1;
      if (last_chunk) word_q <= word_q + 3'(Words);
    end
    if (state_q == StTake) begin
      count_q <= '0;
      rows_q  <= read_data_i[ReadRows*64-1:0];
    end else if (state_q == StWrite) begin
      count_q <= count_q + 6'd1;
      rows_q  <= rows_q >> 64;
    end
  end

  assign busy_o       = state_q != StIdle;
  assign read_valid_o = state_q == StRead;
  assign read_addr_o  = table_addr_i + AddrBits'(word_q);
  assign read_mask_o  = Pixels'((1 << Words) - 1);
  assign read_chunk_o = chunk_q;
  assign row_valid_o  = state_q == StWrite;
  assign row_data_o   = rows_q[63:0];
  // Row of the table: word, chunk of the word, row of the chunk.
  assign row_o = 5'((32'(word_q) + 32'(count_q) / ChunkRows) * WordRows +
                    32'(chunk_q) * ChunkRows + 32'(count_q) % ChunkRows);

  if (Pixels > TableWords) begin : gen_unused
    logic unused_data;
    assign unused_data = ^read_data_i[Pixels*Lanes*8-1:ReadRows*64];
  end

endmodule
