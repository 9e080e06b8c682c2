/// Activation memory of a subsystem: LocalBanks single-port banks of 64-byte words, word w in bank
/// w mod LocalBanks. Every bank serves one access per clock; who loses waits and is counted by the
/// client. Priority per bank: epilogue write (never refused), second-tensor read (all of its words
/// or none), load write, store read, activation fetch (any part of its pending words). But a fetch
/// that lost a word to a DMA goes before both in the next clock, and a store that lost to the load
/// goes before the next load: but for writes and second tensor a DMA waits at most 3 clocks, a
/// fetch word 1. Fetch words are granted as one run per clock: lane i from bank first + i * step,
/// step 1 or 2. All reads answer one clock after their grant.
/// Model: sim/local_buffer/local_buffer.hpp
`include "assert.svh"
module local_buffer #(
    localparam int unsigned Banks     = config_pkg::LocalBanks,
    localparam int unsigned AddrBits  = config_pkg::LocalAddrWidth,
    localparam int unsigned Lanes     = config_pkg::PixelsPerQuadrant,
    localparam int unsigned OutPixels = config_pkg::EpiloguePixels,
    localparam int unsigned ChunkBits = config_pkg::LanesPerQuadrant * 8
) (
    input  logic                           clk_i,
    input  logic                           rst_ni,
    // Load DMA: one word
    input  logic                           ld_valid_i,
    output logic                           ld_ready_o,
    input  logic [           AddrBits-1:0] ld_addr_i,
    input  logic [                  511:0] ld_data_i,
    // Store DMA: one word, data one clock later
    input  logic                           st_valid_i,
    output logic                           st_ready_o,
    input  logic [           AddrBits-1:0] st_addr_i,
    output logic                           st_rvalid_o,
    output logic [                  511:0] st_rdata_o,
    // Activation fetch: pending lanes, granted lanes, their words one clock later
    input  logic [              Lanes-1:0] fe_valid_i,
    input  logic [     Lanes*AddrBits-1:0] fe_addr_i,
    input  logic                           fe_stride2_i,
    output logic [              Lanes-1:0] fe_grant_o,
    output logic [          Lanes*512-1:0] fe_rdata_o,
    // Second tensor: OutPixels consecutive words under a mask, one lane chunk of each
    input  logic                           er_valid_i,
    output logic                           er_ready_o,
    input  logic [           AddrBits-1:0] er_addr_i,
    input  logic [          OutPixels-1:0] er_mask_i,
    input  logic [                    2:0] er_chunk_i,
    output logic [OutPixels*ChunkBits-1:0] er_rdata_o,
    // Epilogue: OutPixels consecutive words under a mask; chunk 0 writes the whole word
    input  logic                           ew_valid_i,
    input  logic [           AddrBits-1:0] ew_addr_i,
    input  logic [          OutPixels-1:0] ew_mask_i,
    input  logic [                    2:0] ew_chunk_i,
    input  logic [OutPixels*ChunkBits-1:0] ew_data_i
);

  localparam int unsigned BankBits = $clog2(Banks);
  localparam int unsigned RowBits = AddrBits - BankBits;
  localparam int unsigned Chunks = config_pkg::LaneChunks;
  typedef logic [BankBits-1:0] bank_t;
  typedef logic [RowBits-1:0] row_t;

  // ---- The run of fetch words that can be served together ----
  bank_t run_first;
  always_comb begin : find_run
    int unsigned i;
    logic found;
    run_first = '0;
    found = 1'b0;
    for (i = 0; i < Lanes; i = i + 1) begin
      if (fe_valid_i[i] && !found) begin
        found = 1'b1;
        run_first = fe_addr_i[i*AddrBits+:BankBits] -
                    (fe_stride2_i ? BankBits'(2 * i) : BankBits'(i));
      end
    end
  end

  // ---- Turns: who lost a bank, the fetch to a DMA or the store to the load, is first next ----
  logic fetch_first_q, store_first_q;
  logic [Banks-1:0] fetch_lost, store_lost;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fetch_first_q <= 1'b0;
      store_first_q <= 1'b0;
    end else begin
      fetch_first_q <= fetch_lost != '0;
      if (!st_valid_i || st_ready_o) store_first_q <= 1'b0;
      else if (store_lost != '0) store_first_q <= 1'b1;
    end
  end

  // ---- Banks ----
  logic [Banks-1:0] ew_hit, er_hit, ld_win, st_win, fe_win;
  logic [Banks*512-1:0] rdata;
  assign er_ready_o = (er_hit & ew_hit) == '0;
  assign ld_ready_o = ld_win[ld_addr_i[BankBits-1:0]];
  assign st_ready_o = st_win[st_addr_i[BankBits-1:0]];

  for (genvar k = 0; k < Banks; k++) begin : gen_bank
    bank_t ew_offset, er_offset, fe_offset, fe_lane;
    logic ld_hit, st_hit, fe_hit, fe_turn, vector_busy, er_win;
    logic [511:0] wdata;
    logic [Chunks-1:0] wmask;
    row_t row;

    assign ew_offset = BankBits'(k) - ew_addr_i[BankBits-1:0];
    assign er_offset = BankBits'(k) - er_addr_i[BankBits-1:0];
    assign fe_offset = BankBits'(k) - run_first;
    assign fe_lane = fe_stride2_i ? fe_offset >> 1 : fe_offset;

    always_comb begin : hits
      ew_hit[k] = 1'b0;
      er_hit[k] = 1'b0;
      fe_hit = 1'b0;
      if (ew_valid_i && 32'(ew_offset) < OutPixels) ew_hit[k] = ew_mask_i[32'(ew_offset)];
      if (er_valid_i && 32'(er_offset) < OutPixels) er_hit[k] = er_mask_i[32'(er_offset)];
      if (32'(fe_lane) < Lanes && !(fe_stride2_i && fe_offset[0])) begin
        fe_hit = fe_valid_i[32'(fe_lane)] &&
                 (fe_addr_i[32'(fe_lane)*AddrBits+:BankBits] == BankBits'(k));
      end
    end
    assign ld_hit = ld_valid_i && (ld_addr_i[BankBits-1:0] == BankBits'(k));
    assign st_hit = st_valid_i && (st_addr_i[BankBits-1:0] == BankBits'(k));
    assign er_win = er_hit[k] && er_ready_o;
    assign vector_busy = ew_hit[k] || er_win;
    assign fe_turn = fe_hit && fetch_first_q;
    assign ld_win[k] = ld_hit && !vector_busy && !fe_turn && !(st_hit && store_first_q);
    assign st_win[k] = st_hit && !vector_busy && !fe_turn && !ld_win[k];
    assign fe_win[k] = fe_hit && !vector_busy && !ld_win[k] && !st_win[k];
    assign fetch_lost[k] = fe_hit && (ld_win[k] || st_win[k]);
    assign store_lost[k] = st_hit && ld_win[k];

    // The epilogue's chunk goes to its place in the word; chunk 0 brings zeros for the others.
    always_comb begin : write_word
      int unsigned c;
      c = 0;
      wdata = ld_data_i;
      wmask = '1;
      row = ld_addr_i[AddrBits-1:BankBits];
      if (ew_hit[k]) begin
        for (c = 0; c < Chunks; c = c + 1) begin
          wmask[c] = (ew_chunk_i == '0) || (ew_chunk_i == 3'(c));
          wdata[c*ChunkBits+:ChunkBits] = ew_data_i[32'(ew_offset)*ChunkBits+:ChunkBits];
          if (c != 0 && ew_chunk_i == '0) wdata[c*ChunkBits+:ChunkBits] = '0;
        end
        row = RowBits'((ew_addr_i + AddrBits'(ew_offset)) >> BankBits);
      end else if (er_win) begin
        row = RowBits'((er_addr_i + AddrBits'(er_offset)) >> BankBits);
      end else if (fe_win[k]) begin
        row = RowBits'(fe_addr_i[32'(fe_lane)*AddrBits+:AddrBits] >> BankBits);
      end else if (st_win[k]) begin
        row = st_addr_i[AddrBits-1:BankBits];
      end
    end

    sram_1rw #(
        .Width(512),
        .Depth(config_pkg::LocalBankRows),
        .WriteUnits(Chunks)
    ) u_sram (
        .clk_i,
        .req_i  (vector_busy || ld_win[k] || st_win[k] || fe_win[k]),
        .we_i   (ew_hit[k] || ld_win[k]),
        .addr_i (row),
        .wmask_i(wmask),
        .wdata_i(wdata),
        .rdata_o(rdata[k*512+:512])
    );
  end

  // ---- Grants of the fetch lanes ----
  always_comb begin : grants
    int unsigned i;
    bank_t bank;
    bank = '0;
    fe_grant_o = '0;
    for (i = 0; i < Lanes; i = i + 1) begin
      bank = run_first + (fe_stride2_i ? BankBits'(2 * i) : BankBits'(i));
      fe_grant_o[i] = fe_valid_i[i] && fe_win[bank] &&
                      (fe_addr_i[i*AddrBits+:BankBits] == bank);
    end
  end

  // ---- Read data: a rotation for each client ----
  logic fe_stride2_q, fe_any_q, er_any_q;
  bank_t run_first_q, er_first_q, st_bank_q;
  logic [2:0] er_chunk_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fe_any_q    <= 1'b0;
      er_any_q    <= 1'b0;
      st_rvalid_o <= 1'b0;
    end else begin
      fe_any_q    <= fe_grant_o != '0;
      er_any_q    <= er_valid_i && er_ready_o;
      st_rvalid_o <= st_valid_i && st_ready_o;
    end
  end
  always_ff @(posedge clk_i) begin
    fe_stride2_q <= fe_stride2_i;
    run_first_q  <= run_first;
    er_first_q   <= er_addr_i[BankBits-1:0];
    er_chunk_q   <= er_chunk_i;
    st_bank_q    <= st_addr_i[BankBits-1:0];
  end

  always_comb begin : rotate
    int unsigned i;
    bank_t bank;
    i = 0;
    bank = '0;
    fe_rdata_o = '0;
    er_rdata_o = '0;
    if (fe_any_q) begin
      for (i = 0; i < Lanes; i = i + 1) begin
        bank = run_first_q + (fe_stride2_q ? BankBits'(2 * i) : BankBits'(i));
        fe_rdata_o[i*512+:512] = rdata[32'(bank)*512+:512];
      end
    end
    if (er_any_q) begin
      for (i = 0; i < OutPixels; i = i + 1) begin
        bank = er_first_q + BankBits'(i);
        er_rdata_o[i*ChunkBits+:ChunkBits] =
            rdata[32'(bank)*512+32'(er_chunk_q)*ChunkBits+:ChunkBits];
      end
    end
  end
  assign st_rdata_o = rdata[32'(st_bank_q)*512+:512];

endmodule
