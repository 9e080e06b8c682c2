/// Constants of the sparse processing unit that follow from its pipeline, not from a configuration.
package spu_pkg;

  // Activation banks held beside the array: enough to cover the fetch latency at K = 2.
  localparam int unsigned OperandBanks = 4;

endpackage
