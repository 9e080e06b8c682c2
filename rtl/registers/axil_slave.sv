/// AXI4-Lite slave side of a register file: one read and one write at a time, independent of each
/// other. All outputs but the access strobes are registered.
/// Write: address and data may come in any order; write_o is high for one clock once both are here,
/// and the answer is valid in the next. Read: read_o is high in the clock after the address was
/// accepted, and the answer is valid in the next. error_i in these clocks makes the answer SLVERR.
/// Model: tests/registers/registers_test.cpp
`include "assert.svh"

module axil_slave #(
    parameter int unsigned AddrWidth = 12  // byte address bits, >= 3
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    // AXI4-Lite
    input  logic                 awvalid_i,
    output logic                 awready_o,
    input  logic [AddrWidth-1:0] awaddr_i,
    input  logic                 wvalid_i,
    output logic                 wready_o,
    input  logic [         31:0] wdata_i,
    input  logic [          3:0] wstrb_i,
    output logic                 bvalid_o,
    input  logic                 bready_i,
    output logic [          1:0] bresp_o,
    input  logic                 arvalid_i,
    output logic                 arready_o,
    input  logic [AddrWidth-1:0] araddr_i,
    output logic                 rvalid_o,
    input  logic                 rready_i,
    output logic [         31:0] rdata_o,
    output logic [          1:0] rresp_o,
    // Write access
    output logic                 write_o,
    output logic [AddrWidth-3:0] write_word_o,
    output logic [         31:0] write_data_o,
    output logic [          3:0] write_strobe_o,
    input  logic                 write_error_i,
    // Read access
    output logic                 read_o,
    output logic [AddrWidth-3:0] read_word_o,
    input  logic [         31:0] read_data_i,
    input  logic                 read_error_i
);

  localparam logic [1:0] RespOkay = 2'b00, RespSlverr = 2'b10;

  logic aw_full_q, w_full_q, ar_full_q;

  // ---- Write ----
  assign awready_o = !aw_full_q;
  assign wready_o  = !w_full_q;
  assign write_o   = aw_full_q && w_full_q && !bvalid_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_full_q <= 1'b0;
      w_full_q  <= 1'b0;
      bvalid_o  <= 1'b0;
    end else begin
      if (awvalid_i && awready_o) aw_full_q <= 1'b1;
      else if (write_o) aw_full_q <= 1'b0;
      if (wvalid_i && wready_o) w_full_q <= 1'b1;
      else if (write_o) w_full_q <= 1'b0;
      if (write_o) bvalid_o <= 1'b1;
      else if (bready_i) bvalid_o <= 1'b0;
    end
  end

  logic [1:0] unused_write_byte, unused_read_byte;  // accesses are whole words

  always_ff @(posedge clk_i) begin
    if (awvalid_i && awready_o) {write_word_o, unused_write_byte} <= awaddr_i;
    if (wvalid_i && wready_o) begin
      write_data_o   <= wdata_i;
      write_strobe_o <= wstrb_i;
    end
    if (write_o) bresp_o <= write_error_i ? RespSlverr : RespOkay;
  end

  // ---- Read ----
  assign arready_o = !ar_full_q;
  assign read_o    = ar_full_q && !rvalid_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      ar_full_q <= 1'b0;
      rvalid_o  <= 1'b0;
    end else begin
      if (arvalid_i && arready_o) ar_full_q <= 1'b1;
      else if (read_o) ar_full_q <= 1'b0;
      if (read_o) rvalid_o <= 1'b1;
      else if (rready_i) rvalid_o <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (arvalid_i && arready_o) {read_word_o, unused_read_byte} <= araddr_i;
    if (read_o) begin
      rdata_o <= read_data_i;
      rresp_o <= read_error_i ? RespSlverr : RespOkay;
    end
  end

  // ---- Assertions ----
  `S4_ASSERT_HELD(WriteAnswerHeld, bvalid_o, bready_i, bresp_o)
  `S4_ASSERT_HELD(ReadAnswerHeld, rvalid_o, rready_i, {rdata_o, rresp_o})

endmodule
