/// Activation memory of a subsystem: LocalBanks single-port banks of 64-byte words, word w in bank
/// w mod LocalBanks. Every bank serves one access per clock; who loses waits and is counted by the
/// client. Priority per bank: epilogue write (never refused), second-tensor read (all of its words
/// or none), the five ports of single words (load, write of the activation engine, store, its two
/// reads), activation fetch (any part of its pending words). But a fetch that lost a word to a word
/// port goes before all of them in the next clock, and word ports that lost to another one go
/// before those that did not, until each was served: but for epilogue and second tensor a word
/// port waits at most 17 clocks, 3 when only load and store want the bank, a fetch word 1.
/// The fetch has two ports of Lanes words, and each grants one run per clock: lane i
/// from bank first + i * step, step 1 or 2; where both want a bank both get it for the same word,
/// else the first port. With fe_pair_i low one group uses both ports, for the run of its first and
/// that of its last pending word. All reads answer one clock after their grant.
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
    // Activation engine: a word to write; two words to read, data one clock later
    input  logic                           aw_valid_i,
    output logic                           aw_ready_o,
    input  logic [           AddrBits-1:0] aw_addr_i,
    input  logic [                  511:0] aw_data_i,
    input  logic [                    1:0] ar_valid_i,
    output logic [                    1:0] ar_ready_o,
    input  logic [         2*AddrBits-1:0] ar_addr_i,
    output logic [                    1:0] ar_rvalid_o,
    output logic [                 1023:0] ar_rdata_o,
    // Activation fetch: pending lanes, granted lanes, their words one clock later; two groups, the
    // upper one in use with fe_pair_i
    input  logic                           fe_pair_i,
    input  logic [            2*Lanes-1:0] fe_valid_i,
    input  logic [   2*Lanes*AddrBits-1:0] fe_addr_i,
    input  logic                           fe_stride2_i,
    output logic [            2*Lanes-1:0] fe_grant_o,
    output logic [        2*Lanes*512-1:0] fe_rdata_o,
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

  // ---- The runs of fetch words that can be served together, one per port ----
  logic [2*Lanes-1:0] port_valid;
  logic [2*Lanes*AddrBits-1:0] port_addr;
  assign port_valid = fe_pair_i ? fe_valid_i : {2{fe_valid_i[Lanes-1:0]}};
  assign port_addr = fe_pair_i ? fe_addr_i : {2{fe_addr_i[Lanes*AddrBits-1:0]}};

  logic [2*BankBits-1:0] run_first;  // bank of lane 0
  always_comb begin : find_runs
    int unsigned i, n;
    run_first = '0;
    for (n = 0; n < Lanes; n = n + 1) begin
      i = Lanes - 1 - n;  // the first pending lane is met last
      if (port_valid[i]) begin
        run_first[BankBits-1:0] = port_addr[i*AddrBits+:BankBits] -
                                  (fe_stride2_i ? BankBits'(2 * i) : BankBits'(i));
      end
      if (port_valid[Lanes+n]) begin
        run_first[BankBits+:BankBits] = port_addr[(Lanes+n)*AddrBits+:BankBits] -
                                        (fe_stride2_i ? BankBits'(2 * n) : BankBits'(n));
      end
    end
  end

  // ---- Word ports: load, write of the activation engine, store, its two reads ----
  localparam int unsigned WordPorts = 5;
  localparam int unsigned WritePorts = 2;  // the first of them
  logic [WordPorts*AddrBits-1:0] word_addr;
  logic [WordPorts*Banks-1:0] word_hit;
  logic [Banks-1:0] word_win;
  assign word_addr = {ar_addr_i, st_addr_i, aw_addr_i, ld_addr_i};

  word_ports #(
      .Ports   (WordPorts),
      .Banks   (Banks),
      .AddrBits(AddrBits)
  ) u_word_ports (
      .clk_i,
      .rst_ni,
      .valid_i({ar_valid_i, st_valid_i, aw_valid_i, ld_valid_i}),
      .addr_i (word_addr),
      .ready_o({ar_ready_o, st_ready_o, aw_ready_o, ld_ready_o}),
      .hit_o  (word_hit),
      .win_i  (word_win)
  );

  // ---- Turns: a fetch that lost a bank to a word port is first next ----
  logic fetch_first_q;
  logic [Banks-1:0] fetch_lost;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) fetch_first_q <= 1'b0;
    else fetch_first_q <= fetch_lost != '0;
  end

  // ---- Banks ----
  logic [Banks-1:0] ew_hit, er_hit, fe_win, fe_lower, fe_upper;
  logic [Banks*512-1:0] rdata;
  assign er_ready_o = (er_hit & ew_hit) == '0;

  for (genvar k = 0; k < Banks; k++) begin : gen_bank
    bank_t ew_offset, er_offset;
    logic fe_hit, fe_turn, vector_busy, er_win, word_write;
    logic [WordPorts-1:0] word_mine;
    logic [1:0] port_hit;
    row_t fe_row;
    logic [511:0] wdata;
    logic [Chunks-1:0] wmask;
    row_t row;

    assign ew_offset = BankBits'(k) - ew_addr_i[BankBits-1:0];
    assign er_offset = BankBits'(k) - er_addr_i[BankBits-1:0];
    assign fe_hit = port_hit != '0;
    assign fe_lower[k] = port_hit[0];

    always_comb begin : hits
      int unsigned n, lane;
      bank_t offset;
      row_t row_found;
      n = 0;
      lane = 0;
      offset = '0;
      row_found = '0;
      ew_hit[k] = 1'b0;
      er_hit[k] = 1'b0;
      port_hit = '0;
      fe_row = '0;
      fe_upper[k] = 1'b0;
      if (ew_valid_i && 32'(ew_offset) < OutPixels) ew_hit[k] = ew_mask_i[32'(ew_offset)];
      if (er_valid_i && 32'(er_offset) < OutPixels) er_hit[k] = er_mask_i[32'(er_offset)];
      for (n = 0; n < 2; n = n + 1) begin
        offset = BankBits'(k) - run_first[n*BankBits+:BankBits];
        lane = fe_stride2_i ? 32'(offset) >> 1 : 32'(offset);
        if (lane < Lanes && !(fe_stride2_i && offset[0]) && port_valid[n*Lanes+lane] &&
            port_addr[(n*Lanes+lane)*AddrBits+:BankBits] == BankBits'(k)) begin
          row_found = port_addr[(n*Lanes+lane)*AddrBits+BankBits+:RowBits];
          fe_upper[k] = n == 1 && (!port_hit[0] || row_found == fe_row);
          if (!port_hit[0]) fe_row = row_found;
          port_hit[n] = 1'b1;
        end
      end
    end
    for (genvar p = 0; p < WordPorts; p++) begin : gen_mine
      assign word_mine[p] = word_hit[p*Banks+k];
    end
    assign er_win = er_hit[k] && er_ready_o;
    assign vector_busy = ew_hit[k] || er_win;
    assign fe_turn = fe_hit && fetch_first_q;
    assign word_win[k] = word_mine != '0 && !vector_busy && !fe_turn;
    assign word_write = word_win[k] && word_mine[WritePorts-1:0] != '0;
    assign fe_win[k] = fe_hit && !vector_busy && !word_win[k];
    assign fetch_lost[k] = fe_hit && word_win[k];

    // The epilogue's chunk goes to its place in the word; chunk 0 brings zeros for the others.
    always_comb begin : write_word
      int unsigned c;
      c = 0;
      wdata = word_mine[1] ? aw_data_i : ld_data_i;
      wmask = '1;
      row = fe_row;
      if (ew_hit[k]) begin
        for (c = 0; c < Chunks; c = c + 1) begin
          wmask[c] = (ew_chunk_i == '0) || (ew_chunk_i == 3'(c));
          wdata[c*ChunkBits+:ChunkBits] = ew_data_i[32'(ew_offset)*ChunkBits+:ChunkBits];
          if (c != 0 && ew_chunk_i == '0) wdata[c*ChunkBits+:ChunkBits] = '0;
        end
        row = RowBits'((ew_addr_i + AddrBits'(ew_offset)) >> BankBits);
      end else if (er_win) begin
        row = RowBits'((er_addr_i + AddrBits'(er_offset)) >> BankBits);
      end else if (word_win[k]) begin
        for (c = 0; c < WordPorts; c = c + 1) begin
          if (word_mine[c]) row = word_addr[c*AddrBits+BankBits+:RowBits];
        end
      end
    end

    sram_1rw #(
        .Width(512),
        .Depth(config_pkg::LocalBankRows),
        .WriteUnits(Chunks)
    ) u_sram (
        .clk_i,
        .req_i  (vector_busy || word_win[k] || fe_win[k]),
        .we_i   (ew_hit[k] || word_write),
        .addr_i (row),
        .wmask_i(wmask),
        .wdata_i(wdata),
        .rdata_o(rdata[k*512+:512])
    );
  end

  // ---- Grants of the fetch lanes, by port ----
  logic [2*Lanes-1:0] port_grant;
  always_comb begin : grants
    int unsigned i, n;
    bank_t bank;
    n = 0;
    bank = '0;
    port_grant = '0;
    for (i = 0; i < Lanes; i = i + 1) begin
      for (n = 0; n < 2; n = n + 1) begin
        bank = run_first[n*BankBits+:BankBits] + (fe_stride2_i ? BankBits'(2 * i) : BankBits'(i));
        port_grant[n*Lanes+i] = port_valid[n*Lanes+i] && fe_win[bank] &&
                                ((n == 1) ? fe_upper[bank] : fe_lower[bank]) &&
                                (port_addr[(n*Lanes+i)*AddrBits+:BankBits] == bank);
      end
    end
  end
  assign fe_grant_o[Lanes-1:0] = port_grant[Lanes-1:0] |
                                 (fe_pair_i ? '0 : port_grant[2*Lanes-1:Lanes]);
  assign fe_grant_o[2*Lanes-1:Lanes] = fe_pair_i ? port_grant[2*Lanes-1:Lanes] : '0;

  // ---- Read data: a rotation for each client ----
  logic fe_pair_q, fe_stride2_q, er_any_q;
  logic [1:0] fe_any_q;
  logic [Lanes-1:0] fe_lower_q;
  logic [2*BankBits-1:0] run_first_q;
  bank_t er_first_q, st_bank_q;
  logic [2*BankBits-1:0] ar_bank_q;
  logic [2:0] er_chunk_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fe_any_q    <= '0;
      er_any_q    <= 1'b0;
      st_rvalid_o <= 1'b0;
      ar_rvalid_o <= '0;
    end else begin
      fe_any_q    <= {port_grant[2*Lanes-1:Lanes] != '0, port_grant[Lanes-1:0] != '0};
      er_any_q    <= er_valid_i && er_ready_o;
      st_rvalid_o <= st_ready_o;
      ar_rvalid_o <= ar_ready_o;
    end
  end
  always_ff @(posedge clk_i) begin
    fe_pair_q    <= fe_pair_i;
    fe_stride2_q <= fe_stride2_i;
    fe_lower_q   <= port_grant[Lanes-1:0];
    run_first_q  <= run_first;
    er_first_q   <= er_addr_i[BankBits-1:0];
    er_chunk_q   <= er_chunk_i;
    st_bank_q    <= st_addr_i[BankBits-1:0];
    ar_bank_q    <= {ar_addr_i[AddrBits+:BankBits], ar_addr_i[BankBits-1:0]};
  end

  always_comb begin : rotate
    int unsigned i;
    bank_t bank;
    i = 0;
    bank = '0;
    er_rdata_o = '0;
    for (i = 0; i < 2 * Lanes; i = i + 1) fe_rdata_o[i*512+:512] = '0;
    if (fe_any_q[0]) begin
      for (i = 0; i < Lanes; i = i + 1) begin
        bank = run_first_q[BankBits-1:0] + (fe_stride2_q ? BankBits'(2 * i) : BankBits'(i));
        fe_rdata_o[i*512+:512] = rdata[32'(bank)*512+:512];
      end
    end
    if (fe_any_q[1]) begin
      for (i = 0; i < Lanes; i = i + 1) begin
        bank = run_first_q[BankBits+:BankBits] + (fe_stride2_q ? BankBits'(2 * i) : BankBits'(i));
        if (fe_pair_q) fe_rdata_o[(Lanes+i)*512+:512] = rdata[32'(bank)*512+:512];
        else if (!fe_lower_q[i]) fe_rdata_o[i*512+:512] = rdata[32'(bank)*512+:512];
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
  assign ar_rdata_o = {rdata[32'(ar_bank_q[BankBits+:BankBits])*512+:512],
                       rdata[32'(ar_bank_q[BankBits-1:0])*512+:512]};

endmodule
