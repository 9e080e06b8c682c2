/// The memory of one station of the chip: the ring interface's side of 64-byte accesses, spread
/// over the station's LPDDR4X channels, and what the host's registers want to know of it. Answers
/// come in any order, one per clock, and are always taken; an access beyond the memory is answered
/// with Decode, uncorrectable data with Data. Timing: as station_channels.
/// Model: tests/chip/chip_bench.hpp
module chip_station #(
    parameter int unsigned NumChannels = 2,  // 1, 2, 4 or 8
    parameter int unsigned SliceBits = 32,  // log2 of the bytes of a station's memory
    parameter int unsigned PlaceWidth = 6,  // bits of an access's tag
    parameter int unsigned Depth = config_pkg::LoadSlots,  // entries of a channel's queues, each
    parameter int unsigned InitResetClocks = lpddr4_pkg::InitResetClocks,
    parameter int unsigned InitCkeClocks = lpddr4_pkg::InitCkeClocks,
    parameter int unsigned InitCommandClocks = lpddr4_pkg::InitCommandClocks
) (
    input  logic                                            clk_i,
    input  logic                                            rst_ni,
    // Static
    input  logic                                            two_ranks_i,
    input  logic                                            ecc_enable_i,
    output logic                                            init_done_o,
    // Test, 0 in use: no access is taken in this clock but one that was shown before
    input  logic                                            stall_i,
    // Accesses and answers, as ring_interface
    input  logic                                            mem_valid_i,
    output logic                                            mem_ready_o,
    input  logic                                            mem_write_i,
    input  logic [                           SliceBits-7:0] mem_beat_i,
    input  logic [                          PlaceWidth-1:0] mem_tag_i,
    input  logic [                                   511:0] mem_data_i,
    input  logic [                                    63:0] mem_strobe_i,
    output logic                                            mem_rsp_valid_o,
    output logic [                          PlaceWidth-1:0] mem_rsp_tag_o,
    output logic [                                     1:0] mem_rsp_error_o,
    output logic [                                   511:0] mem_rsp_data_o,
    // An answer with uncorrectable data; accesses without an answer, by channel
    output logic                                            data_error_o,
    output logic [                      NumChannels*16-1:0] open_reads_o,
    output logic [                      NumChannels*16-1:0] open_writes_o,
    // Counters and pins of every channel, channel 0 lowest, as memory_controller
    input  logic [                                     4:0] counter_select_i,
    output logic [NumChannels*lpddr4_pkg::CounterWidth-1:0] counter_value_o,
    output logic [                       NumChannels*2-1:0] dfi_cke_o,
    output logic [                       NumChannels*4-1:0] dfi_cs_o,
    output logic [                      NumChannels*12-1:0] dfi_ca_o,
    output logic [                         NumChannels-1:0] dfi_reset_n_o,
    output logic [                       NumChannels*2-1:0] dfi_wrdata_en_o,
    output logic [                      NumChannels*64-1:0] dfi_wrdata_o,
    output logic [                       NumChannels*8-1:0] dfi_wrmask_o,
    output logic [                       NumChannels*2-1:0] dfi_rddata_en_o,
    input  logic [                      NumChannels*64-1:0] dfi_rddata_i,
    input  logic [                       NumChannels*2-1:0] dfi_rddata_valid_i
);

  logic unused_write;

  // Static, so a clock late does not matter: from registers, whatever hangs on them is not work of
  // every change of an input.
  logic two_ranks_q, ecc_enable_q;
  always_ff @(posedge clk_i) begin
    two_ranks_q  <= two_ranks_i;
    ecc_enable_q <= ecc_enable_i;
  end

  // ---- Stalls ----
  // What the channels have seen stays until they take it.
  logic shown_q, go, valid, ready;
  assign go          = !stall_i || shown_q;
  assign valid       = mem_valid_i && go;
  assign mem_ready_o = ready && go;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) shown_q <= 1'b0;
    else shown_q <= valid && !ready;
  end

  // ---- Channels ----
  station_channels #(
      .NumChannels      (NumChannels),
      .AddrBits         (SliceBits),
      .TagWidth         (PlaceWidth),
      .ReadDepth        (Depth),
      .WriteDepth       (Depth),
      .InitResetClocks  (InitResetClocks),
      .InitCkeClocks    (InitCkeClocks),
      .InitCommandClocks(InitCommandClocks)
  ) u_channels (
      .clk_i,
      .rst_ni,
      .two_ranks_i (two_ranks_q),
      .ecc_enable_i(ecc_enable_q),
      .init_done_o,
      .mem_valid_i (valid),
      .mem_ready_o (ready),
      .mem_write_i,
      .mem_beat_i,
      .mem_tag_i,
      .mem_data_i,
      .mem_strobe_i,
      .mem_rsp_valid_o,
      .mem_rsp_write_o(unused_write),
      .mem_rsp_tag_o,
      .mem_rsp_error_o,
      .mem_rsp_data_o,
      .open_reads_o,
      .open_writes_o,
      .counter_select_i,
      .counter_value_o,
      .dfi_cke_o,
      .dfi_cs_o,
      .dfi_ca_o,
      .dfi_reset_n_o,
      .dfi_wrdata_en_o,
      .dfi_wrdata_o,
      .dfi_wrmask_o,
      .dfi_rddata_en_o,
      .dfi_rddata_i,
      .dfi_rddata_valid_i
  );

  assign data_error_o = mem_rsp_valid_o && mem_rsp_error_o == memory_port_pkg::ResponseErrorData;

endmodule
