/// The activation engine of a subsystem: commands of the sequencer to the row engine, whose clock
/// runs only from a command to its last word; a command begins two clocks later for that. done_o
/// for a clock when the last word of a command was taken; error_valid_o instead for a command that
/// the sequencer should have refused. Words go through two read ports of the local buffer, which
/// answer one clock later, and a write port. Model: sim/activation/activation_engine.hpp
module activation_engine #(
    localparam int unsigned AddrBits = config_pkg::LocalAddrWidth,
    localparam int unsigned CommandBits = commands_pkg::CommandBits
) (
    input  logic                   clk_i,
    input  logic                   rst_ni,
    // Commands
    input  logic                   cmd_valid_i,
    output logic                   cmd_ready_o,
    input  logic [CommandBits-1:0] cmd_i,
    output logic                   done_o,
    output logic                   error_valid_o,
    output logic [            7:0] error_code_o,
    // Watchdog: something moved; interfaces that wait, as in ERROR_INFO
    output logic                   progress_o,
    output logic [            5:0] waiting_o,
    // Local buffer
    output logic [            1:0] ar_valid_o,
    input  logic [            1:0] ar_ready_i,
    output logic [ 2*AddrBits-1:0] ar_addr_o,
    input  logic [            1:0] ar_rvalid_i,
    input  logic [         1023:0] ar_rdata_i,
    output logic                   aw_valid_o,
    input  logic                   aw_ready_i,
    output logic [   AddrBits-1:0] aw_addr_o,
    output logic [          511:0] aw_data_o,
    // Events
    output logic                   activation_busy_o,
    output logic                   activation_stall_local_o,
    output logic                   activation_words_o
);

  localparam int unsigned LocalBufferBit = 3;

  // ---- Clock: it runs in reset, where registers whose reset was never seen to fall take it ----
  logic awake_q, clk_rows, rows_ready, rows_done;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) awake_q <= 1'b1;
    else awake_q <= cmd_valid_i || !rows_ready;
  end

  clock_gate u_clock_gate (
      .clk_i,
      .enable_i(awake_q),
      .clk_o   (clk_rows)
  );

  // ---- Rows ----
  // Addresses of 24 bits: the sequencer refuses what lies beyond the local buffer.
  logic [47:0] ar_addr;
  logic [23:0] aw_addr;
  logic unused_addr;
  assign unused_addr = ^{ar_addr, aw_addr};
  assign ar_addr_o = {ar_addr[24+:AddrBits], ar_addr[AddrBits-1:0]};
  assign aw_addr_o = aw_addr[AddrBits-1:0];

  row_engine u_rows (
      .clk_i       (clk_rows),
      .rst_ni,
      .cmd_valid_i (cmd_valid_i && awake_q),
      .cmd_ready_o (rows_ready),
      .cmd_i,
      .done_o      (rows_done),
      .error_o     (error_valid_o),
      .rd0_valid_o (ar_valid_o[0]),
      .rd0_ready_i (ar_ready_i[0]),
      .rd0_addr_o  (ar_addr[23:0]),
      .rd0_rvalid_i(ar_rvalid_i[0]),
      .rd0_rdata_i (ar_rdata_i[511:0]),
      .rd1_valid_o (ar_valid_o[1]),
      .rd1_ready_i (ar_ready_i[1]),
      .rd1_addr_o  (ar_addr[47:24]),
      .rd1_rvalid_i(ar_rvalid_i[1]),
      .rd1_rdata_i (ar_rdata_i[1023:512]),
      .wr_valid_o  (aw_valid_o),
      .wr_ready_i  (aw_ready_i),
      .wr_addr_o   (aw_addr),
      .wr_data_o   (aw_data_o)
  );

  assign cmd_ready_o  = rows_ready && awake_q;
  assign done_o       = rows_done && !error_valid_o;
  assign error_code_o = commands_pkg::ErrorField;

  // ---- Events ----
  assign activation_busy_o        = !rows_ready;
  assign activation_words_o       = aw_valid_o && aw_ready_i;
  assign activation_stall_local_o = (ar_valid_o & ~ar_ready_i) != '0 ||
                                    (aw_valid_o && !aw_ready_i);
  assign progress_o = (ar_valid_o & ar_ready_i) != '0 || activation_words_o;
  assign waiting_o  = 6'(activation_stall_local_o) << LocalBufferBit;

endmodule
