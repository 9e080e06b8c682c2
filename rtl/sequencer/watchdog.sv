/// Raises an alarm when nothing has moved for limit_i clocks, and names who is stuck and on what:
/// the cause, not who waits for it. Named is the first of: the sequencer's fetch or a running
/// engine that waits for memory; a running engine, unless it is the SPU or the weight DMA waiting
/// for the weight buffers while the other has a command; of such a pair the one that lacks tokens;
/// any running engine; whoever waits for tokens; the sequencer. Within one rule the lowest engine
/// number. fire_o is high for one clock. limit_i = 0 switches it off.
/// Model: tests/sequencer/watchdog_test.cpp
`include "assert.svh"

module watchdog #(
    localparam int unsigned NumPorts = 6  // engine numbers 0 (sequencer) to 5
) (
    input  logic                     clk_i,
    input  logic                     rst_ni,
    input  logic                     running_i,   // a program runs
    input  logic                     progress_i,  // something moved in this clock
    input  logic [             31:0] limit_i,     // clocks, 0: off
    // Per engine, number n at bit n; indices and waits n * 32 and n * 6
    input  logic [     NumPorts-1:0] active_i,      // runs a command (sequencer: lacks commands)
    input  logic [     NumPorts-1:0] empty_i,       // has no command at all
    input  logic [     NumPorts-1:0] token_wait_i,  // its next command lacks tokens
    input  logic [   NumPorts*6-1:0] waiting_i,     // interfaces, as in ERROR_INFO
    input  logic [  NumPorts*32-1:0] index_i,       // command concerned
    // Alarm
    output logic                     fire_o,
    output commands_pkg::engine_e    engine_o,
    output logic [             31:0] index_o,
    output logic [             31:0] info_o
);

  localparam int unsigned MemoryRequestBit = 1, MemoryResponseBit = 2, WeightBufferBit = 4;
  localparam int unsigned WeightsPort = 32'(commands_pkg::EngineWeights);
  localparam int unsigned SpuPort = 32'(commands_pkg::EngineSpu);

  logic [31:0] idle_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) idle_q <= '0;
    else if (!running_i || progress_i || fire_o) idle_q <= '0;
    else idle_q <= idle_q + 32'd1;
  end
  assign fire_o = running_i && limit_i != '0 && idle_q >= limit_i;

  // ---- Who ----
  logic [NumPorts-1:0] on_memory, on_partner, on_token, cause, blocking, chosen;
  always_comb begin : rules
    int unsigned p;
    on_memory  = '0;
    on_partner = '0;
    blocking   = '0;
    for (p = 0; p < NumPorts; p = p + 1) begin
      on_memory[p] = active_i[p] &&
                     (waiting_i[p*6+MemoryRequestBit] || waiting_i[p*6+MemoryResponseBit]);
    end
    on_partner[WeightsPort] = active_i[WeightsPort] && !empty_i[SpuPort] &&
                              waiting_i[WeightsPort*6+WeightBufferBit];
    on_partner[SpuPort]     = active_i[SpuPort] && !empty_i[WeightsPort] &&
                              waiting_i[SpuPort*6+WeightBufferBit];
    on_token = token_wait_i & ~active_i;
    cause    = active_i & ~on_partner;
    // A starved sequencer only waits for the fetch, which is judged with memory.
    cause[0] = 1'b0;
    blocking[WeightsPort] = on_partner[SpuPort] && on_token[WeightsPort];
    blocking[SpuPort]     = on_partner[WeightsPort] && on_token[SpuPort];
    if (on_memory != '0) chosen = on_memory;
    else if (cause != '0) chosen = cause;
    else if (blocking != '0) chosen = blocking;
    else if (active_i[NumPorts-1:1] != '0) chosen = {active_i[NumPorts-1:1], 1'b0};
    else if (on_token != '0) chosen = on_token;
    else chosen = NumPorts'(1);
  end

  always_comb begin : name
    int unsigned p;
    engine_o = commands_pkg::EngineSequencer;
    index_o  = index_i[0+:32];
    info_o   = 32'(waiting_i[0+:6]);
    for (p = 0; p < NumPorts; p = p + 1) begin
      if (chosen[NumPorts-1-p]) begin
        index_o = index_i[(NumPorts-1-p)*32+:32];
        info_o  = active_i[NumPorts-1-p] ? 32'(waiting_i[(NumPorts-1-p)*6+:6])
                                         : 32'(token_wait_i[NumPorts-1-p]);
      end
    end
    if (chosen[0]) engine_o = commands_pkg::EngineSequencer;
    else if (chosen[1]) engine_o = commands_pkg::EngineLoad;
    else if (chosen[2]) engine_o = commands_pkg::EngineWeights;
    else if (chosen[3]) engine_o = commands_pkg::EngineSpu;
    else if (chosen[4]) engine_o = commands_pkg::EngineStore;
    else if (chosen[5]) engine_o = commands_pkg::EngineActivation;
  end

  // ---- Assertions ----
  `S4_ASSERT(FiresOnce, fire_o |=> !fire_o)

endmodule
