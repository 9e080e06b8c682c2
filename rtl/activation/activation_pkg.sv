/// Sizes of the activation engine.
package activation_pkg;

  // Edges from an input to its result.
  localparam int unsigned LaneLatency = 10;

endpackage
