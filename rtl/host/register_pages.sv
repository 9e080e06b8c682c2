/// Spreads one AXI4-Lite port over pages of 4 KiB, each an AXI4-Lite slave of its own: page p is
/// port p. One read and one write at a time, independent of each other. A page that does not exist
/// is answered with DECERR, one that is blocked with SLVERR, reads of both with data 0; blocking
/// does not touch an access that is under way. Answers are registered.
/// An access is with its page two clocks after it is here whole, its answer one clock after the
/// page's. Model: tests/host/host_registers_test.cpp
`include "assert.svh"

module register_pages #(
    parameter int unsigned NumPages = 5  // 1..16
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // Pages that are not to be accessed; those whose access is under way
    input  logic [   NumPages-1:0] block_i,
    output logic [   NumPages-1:0] busy_o,
    // AXI4-Lite
    input  logic                   s_axil_awvalid_i,
    output logic                   s_axil_awready_o,
    input  logic [           15:0] s_axil_awaddr_i,
    input  logic                   s_axil_wvalid_i,
    output logic                   s_axil_wready_o,
    input  logic [           31:0] s_axil_wdata_i,
    input  logic [            3:0] s_axil_wstrb_i,
    output logic                   s_axil_bvalid_o,
    input  logic                   s_axil_bready_i,
    output logic [            1:0] s_axil_bresp_o,
    input  logic                   s_axil_arvalid_i,
    output logic                   s_axil_arready_o,
    input  logic [           15:0] s_axil_araddr_i,
    output logic                   s_axil_rvalid_o,
    input  logic                   s_axil_rready_i,
    output logic [           31:0] s_axil_rdata_o,
    output logic [            1:0] s_axil_rresp_o,
    // Pages, page 0 lowest; addresses and data go to all
    output logic [   NumPages-1:0] m_axil_awvalid_o,
    input  logic [   NumPages-1:0] m_axil_awready_i,
    output logic [           11:0] m_axil_awaddr_o,
    output logic [   NumPages-1:0] m_axil_wvalid_o,
    input  logic [   NumPages-1:0] m_axil_wready_i,
    output logic [           31:0] m_axil_wdata_o,
    output logic [            3:0] m_axil_wstrb_o,
    input  logic [   NumPages-1:0] m_axil_bvalid_i,
    output logic [   NumPages-1:0] m_axil_bready_o,
    input  logic [ 2*NumPages-1:0] m_axil_bresp_i,
    output logic [   NumPages-1:0] m_axil_arvalid_o,
    input  logic [   NumPages-1:0] m_axil_arready_i,
    output logic [           11:0] m_axil_araddr_o,
    input  logic [   NumPages-1:0] m_axil_rvalid_i,
    output logic [   NumPages-1:0] m_axil_rready_o,
    input  logic [32*NumPages-1:0] m_axil_rdata_i,
    input  logic [ 2*NumPages-1:0] m_axil_rresp_i
);

  localparam int unsigned MaxPages = 16;

  `S4_CHECK_PARAM(gen_check_pages, NumPages >= 1 && NumPages <= MaxPages)

  // The page of an address as a mask, 0 if there is none.
  function automatic logic [NumPages-1:0] page(input logic [3:0] number);
    page = NumPages'(MaxPages'(1) << number);
  endfunction

  // ---- Write ----
  logic aw_full_q, w_full_q, write_go_q, aw_sent_q, w_sent_q, write_start, write_pass, write_done;
  logic [3:0] write_number_q;
  logic [NumPages-1:0] write_page_q, write_page;
  logic [1:0] bresp;

  assign s_axil_awready_o = !aw_full_q;
  assign s_axil_wready_o  = !w_full_q;
  assign write_page       = page(write_number_q);
  assign write_start      = aw_full_q && w_full_q && !write_go_q && !s_axil_bvalid_o;
  assign write_pass       = (write_page & ~block_i) != '0;
  assign m_axil_awvalid_o = (write_go_q && !aw_sent_q) ? write_page_q : '0;
  assign m_axil_wvalid_o  = (write_go_q && !w_sent_q) ? write_page_q : '0;
  assign m_axil_bready_o  = write_go_q ? write_page_q : '0;
  assign write_done       = write_go_q && (m_axil_bvalid_i & write_page_q) != '0;

  always_comb begin : write_answer
    int unsigned p;
    bresp = '0;
    for (p = 0; p < NumPages; p = p + 1) begin
      if (write_page_q[p]) bresp = bresp | m_axil_bresp_i[2*p+:2];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_full_q       <= 1'b0;
      w_full_q        <= 1'b0;
      write_go_q      <= 1'b0;
      aw_sent_q       <= 1'b0;
      w_sent_q        <= 1'b0;
      s_axil_bvalid_o <= 1'b0;
    end else begin
      if (s_axil_awvalid_i && s_axil_awready_o) aw_full_q <= 1'b1;
      if (s_axil_wvalid_i && s_axil_wready_o) w_full_q <= 1'b1;
      if ((m_axil_awvalid_o & m_axil_awready_i) != '0) aw_sent_q <= 1'b1;
      if ((m_axil_wvalid_o & m_axil_wready_i) != '0) w_sent_q <= 1'b1;
      if (s_axil_bready_i) s_axil_bvalid_o <= 1'b0;
      if (write_start) write_go_q <= write_pass;
      if (write_done || (write_start && !write_pass)) begin
        aw_full_q       <= 1'b0;
        w_full_q        <= 1'b0;
        write_go_q      <= 1'b0;
        aw_sent_q       <= 1'b0;
        w_sent_q        <= 1'b0;
        s_axil_bvalid_o <= 1'b1;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid_i && s_axil_awready_o)
      {write_number_q, m_axil_awaddr_o} <= s_axil_awaddr_i;
    if (s_axil_wvalid_i && s_axil_wready_o) begin
      m_axil_wdata_o <= s_axil_wdata_i;
      m_axil_wstrb_o <= s_axil_wstrb_i;
    end
    if (write_start) begin
      write_page_q   <= write_page;
      s_axil_bresp_o <= (write_page == '0) ? host_pkg::RespDecerr : host_pkg::RespSlverr;
    end
    if (write_done) s_axil_bresp_o <= bresp;
  end

  // ---- Read ----
  logic ar_full_q, read_go_q, ar_sent_q, read_start, read_pass, read_done;
  logic [3:0] read_number_q;
  logic [NumPages-1:0] read_page_q, read_page;
  logic [1:0] rresp;
  logic [31:0] rdata;

  assign s_axil_arready_o = !ar_full_q;
  assign read_page        = page(read_number_q);
  assign read_start       = ar_full_q && !read_go_q && !s_axil_rvalid_o;
  assign read_pass        = (read_page & ~block_i) != '0;
  assign m_axil_arvalid_o = (read_go_q && !ar_sent_q) ? read_page_q : '0;
  assign m_axil_rready_o  = read_go_q ? read_page_q : '0;
  assign read_done        = read_go_q && (m_axil_rvalid_i & read_page_q) != '0;

  always_comb begin : read_answer
    int unsigned p;
    rresp = '0;
    rdata = '0;
    for (p = 0; p < NumPages; p = p + 1) begin
      if (read_page_q[p]) begin
        rresp = rresp | m_axil_rresp_i[2*p+:2];
        rdata = rdata | m_axil_rdata_i[32*p+:32];
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ar_full_q       <= 1'b0;
      read_go_q       <= 1'b0;
      ar_sent_q       <= 1'b0;
      s_axil_rvalid_o <= 1'b0;
    end else begin
      if (s_axil_arvalid_i && s_axil_arready_o) ar_full_q <= 1'b1;
      if ((m_axil_arvalid_o & m_axil_arready_i) != '0) ar_sent_q <= 1'b1;
      if (s_axil_rready_i) s_axil_rvalid_o <= 1'b0;
      if (read_start) read_go_q <= read_pass;
      if (read_done || (read_start && !read_pass)) begin
        ar_full_q       <= 1'b0;
        read_go_q       <= 1'b0;
        ar_sent_q       <= 1'b0;
        s_axil_rvalid_o <= 1'b1;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (s_axil_arvalid_i && s_axil_arready_o) {read_number_q, m_axil_araddr_o} <= s_axil_araddr_i;
    if (read_start) begin
      read_page_q    <= read_page;
      s_axil_rresp_o <= (read_page == '0) ? host_pkg::RespDecerr : host_pkg::RespSlverr;
      s_axil_rdata_o <= '0;
    end
    if (read_done) begin
      s_axil_rresp_o <= rresp;
      s_axil_rdata_o <= rdata;
    end
  end

  assign busy_o = (write_go_q ? write_page_q : '0) | (read_go_q ? read_page_q : '0);

  // ---- Assertions ----
  `S4_ASSERT_HELD(WriteAnswerHeld, s_axil_bvalid_o, s_axil_bready_i, s_axil_bresp_o)
  `S4_ASSERT_HELD(ReadAnswerHeld, s_axil_rvalid_o, s_axil_rready_i,
                  {s_axil_rdata_o, s_axil_rresp_o})
  `S4_ASSERT(OnePage, (m_axil_awvalid_o & (m_axil_awvalid_o - NumPages'(1))) == '0)

endmodule
