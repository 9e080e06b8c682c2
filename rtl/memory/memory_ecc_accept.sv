/// The request at hand of the error correction, with the data of a write: takes one request at a
/// time, refuses (error_o) what lies outside, shows it searched one clock after the search, and
/// keeps it until finish_i. Beats of a write are collected to a line. Model:
/// tests/memory/memory_traffic.hpp
module memory_ecc_accept #(
    parameter int unsigned TagWidth = 8,  // bits of a client's tag, >= 1
    parameter int unsigned FlushClocks = 256,  // clocks without requests until idle_o
    localparam int unsigned LineWidth = lpddr4_pkg::EccBlockWidth + 2
) (
    input  logic                 clk_i,
    input  logic                 rst_ni,
    input  logic                 enable_i,
    input  logic                 two_ranks_i,
    // Client, as memory_controller
    input  logic                 req_valid_i,
    output logic                 req_ready_o,
    input  logic                 req_write_i,
    input  logic [         30:0] req_address_i,
    input  logic                 req_size_i,
    input  logic [ TagWidth-1:0] req_tag_i,
    input  logic                 wdata_valid_i,
    output logic                 wdata_ready_o,
    input  logic [        255:0] wdata_i,
    input  logic [         31:0] wstrb_i,
    // The request: to be searched for, searched, with all its data
    output logic                 lookup_o,
    output logic                 searched_o,
    output logic                 whole_o,
    output logic                 write_o,
    output logic                 error_o,
    output logic [LineWidth-1:0] line_o,
    output logic [          1:0] halves_o,  // a write: those with bytes
    output logic [ TagWidth-1:0] tag_o,
    output logic [        511:0] data_o,
    output logic [         63:0] strobes_o,
    input  logic                 finish_i,
    output logic                 idle_o  // there was none for FlushClocks clocks
);

  localparam int unsigned FlushWidth = $clog2(FlushClocks + 1);

  logic valid_q, two_q, half_q, second_q, all_q;
  logic [FlushWidth-1:0] idle_q;
  logic beat, upper;

  assign req_ready_o   = enable_i && (!valid_q || finish_i);
  assign wdata_ready_o = valid_q && write_o && !all_q;
  assign beat          = wdata_valid_i && wdata_ready_o;
  assign upper         = two_q ? second_q : half_q;
  assign whole_o       = !write_o || all_q;
  assign lookup_o      = valid_q && !searched_o;
  assign idle_o        = !valid_q && idle_q == FlushWidth'(FlushClocks);
  assign halves_o      = write_o ? {strobes_o[63:32] != '0, strobes_o[31:0] != '0} :
                         two_q ? 2'b11 : half_q ? 2'b10 : 2'b01;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= 1'b0;
      write_o    <= 1'b0;
      two_q      <= 1'b0;
      half_q     <= 1'b0;
      error_o    <= 1'b0;
      searched_o <= 1'b0;
      second_q   <= 1'b0;
      all_q      <= 1'b0;
      line_o     <= '0;
      tag_o      <= '0;
      data_o     <= '0;
      strobes_o  <= '0;
      idle_q     <= '0;
    end else begin
      searched_o <= valid_q && !finish_i;
      if (valid_q) idle_q <= '0;
      else if (!idle_o) idle_q <= idle_q + FlushWidth'(1);
      if (beat) begin
        second_q <= 1'b1;
        all_q    <= !two_q || second_q;
        if (upper) {data_o[511:256], strobes_o[63:32]} <= {wdata_i, wstrb_i};
        else {data_o[255:0], strobes_o[31:0]} <= {wdata_i, wstrb_i};
      end
      if (req_valid_i && req_ready_o) begin
        valid_q <= 1'b1;
        write_o <= req_write_i;
        two_q   <= req_size_i;
        half_q  <= req_address_i[5];
        // Seven eighths of the memory hold data.
        error_o <= (two_ranks_i ? req_address_i[30:28] == 3'd7 :
                                  req_address_i[30] || req_address_i[29:27] == 3'd7) ||
                   req_address_i[4:0] != '0 || (req_size_i && req_address_i[5]);
        second_q  <= 1'b0;
        all_q     <= 1'b0;
        line_o    <= req_address_i[30:6];
        tag_o     <= req_tag_i;
        strobes_o <= '0;
      end else if (finish_i) begin
        valid_q <= 1'b0;
      end
    end
  end

endmodule
