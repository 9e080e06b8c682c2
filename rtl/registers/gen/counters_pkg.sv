// Generated from rtl/registers/counters.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// Performance counters, 64 bits each, cleared by start, frozen at completion. `width` is the
/// largest increment per clock in bits.
package counters_pkg;

  // Performance counters.
  localparam int unsigned NumCounters = 30;

  // Increments of the counters in one clock.
  typedef struct packed {
    logic weights_local;
    logic activation_words;
    logic activation_stall_local;
    logic activation_busy;
    logic epilogue_invalid;
    logic [5:0] epilogue_words;
    logic epilogue_stall;
    logic epilogue_busy;
    logic fetch_conflicts;
    logic [1:0] fetch_groups;
    logic spu_stall_drain;
    logic spu_stall_activations;
    logic spu_stall_weights;
    logic [15:0] spu_macs;
    logic spu_mac_clocks;
    logic spu_busy;
    logic store_words;
    logic store_stall_local;
    logic store_stall_memory;
    logic store_busy;
    logic weights_words;
    logic weights_stall_full;
    logic weights_stall_memory;
    logic weights_busy;
    logic load_words;
    logic load_stall_local;
    logic load_stall_memory;
    logic load_busy;
    logic fetch_words;
    logic cycles;
  } events_t;

  localparam int unsigned CyclesCounter = 0;
  localparam int unsigned FetchWordsCounter = 1;
  localparam int unsigned LoadBusyCounter = 2;
  localparam int unsigned LoadStallMemoryCounter = 3;
  localparam int unsigned LoadStallLocalCounter = 4;
  localparam int unsigned LoadWordsCounter = 5;
  localparam int unsigned WeightsBusyCounter = 6;
  localparam int unsigned WeightsStallMemoryCounter = 7;
  localparam int unsigned WeightsStallFullCounter = 8;
  localparam int unsigned WeightsWordsCounter = 9;
  localparam int unsigned StoreBusyCounter = 10;
  localparam int unsigned StoreStallMemoryCounter = 11;
  localparam int unsigned StoreStallLocalCounter = 12;
  localparam int unsigned StoreWordsCounter = 13;
  localparam int unsigned SpuBusyCounter = 14;
  localparam int unsigned SpuMacClocksCounter = 15;
  localparam int unsigned SpuMacsCounter = 16;
  localparam int unsigned SpuStallWeightsCounter = 17;
  localparam int unsigned SpuStallActivationsCounter = 18;
  localparam int unsigned SpuStallDrainCounter = 19;
  localparam int unsigned FetchGroupsCounter = 20;
  localparam int unsigned FetchConflictsCounter = 21;
  localparam int unsigned EpilogueBusyCounter = 22;
  localparam int unsigned EpilogueStallCounter = 23;
  localparam int unsigned EpilogueWordsCounter = 24;
  localparam int unsigned EpilogueInvalidCounter = 25;
  localparam int unsigned ActivationBusyCounter = 26;
  localparam int unsigned ActivationStallLocalCounter = 27;
  localparam int unsigned ActivationWordsCounter = 28;
  localparam int unsigned WeightsLocalCounter = 29;

  // Increment of counter n, zero-extended; the only place that knows the widths.
  localparam int unsigned IncrementWidth = 16;
  localparam int unsigned EventBits = 51;
  function automatic logic [NumCounters*IncrementWidth-1:0] increments(input logic [50:0] events);
    increments = '0;
    increments[0*IncrementWidth+:1] = events[0];
    increments[1*IncrementWidth+:1] = events[1];
    increments[2*IncrementWidth+:1] = events[2];
    increments[3*IncrementWidth+:1] = events[3];
    increments[4*IncrementWidth+:1] = events[4];
    increments[5*IncrementWidth+:1] = events[5];
    increments[6*IncrementWidth+:1] = events[6];
    increments[7*IncrementWidth+:1] = events[7];
    increments[8*IncrementWidth+:1] = events[8];
    increments[9*IncrementWidth+:1] = events[9];
    increments[10*IncrementWidth+:1] = events[10];
    increments[11*IncrementWidth+:1] = events[11];
    increments[12*IncrementWidth+:1] = events[12];
    increments[13*IncrementWidth+:1] = events[13];
    increments[14*IncrementWidth+:1] = events[14];
    increments[15*IncrementWidth+:1] = events[15];
    increments[16*IncrementWidth+:16] = events[31:16];
    increments[17*IncrementWidth+:1] = events[32];
    increments[18*IncrementWidth+:1] = events[33];
    increments[19*IncrementWidth+:1] = events[34];
    increments[20*IncrementWidth+:2] = events[36:35];
    increments[21*IncrementWidth+:1] = events[37];
    increments[22*IncrementWidth+:1] = events[38];
    increments[23*IncrementWidth+:1] = events[39];
    increments[24*IncrementWidth+:6] = events[45:40];
    increments[25*IncrementWidth+:1] = events[46];
    increments[26*IncrementWidth+:1] = events[47];
    increments[27*IncrementWidth+:1] = events[48];
    increments[28*IncrementWidth+:1] = events[49];
    increments[29*IncrementWidth+:1] = events[50];
  endfunction

endpackage
