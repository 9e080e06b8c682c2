/// Sizes of the activation engine.
package activation_pkg;

  // Edges from an input to its result.
  localparam int unsigned LaneLatency = 10;

  // Lanes of the array: a quarter of the epilogue's, 128 in s4.
  localparam int unsigned Lanes = (config_pkg::EpiloguePixels * config_pkg::LanesPerQuadrant + 3) / 4;

  // An INT8 table: rows of eight bytes, indexed by the input's bit pattern.
  localparam int unsigned TableRows = 32;

endpackage
