/// Constants of the sparse processing unit that follow from its pipeline, not from a configuration,
/// and what its parts take of a command.
package spu_pkg;

  // Activation banks held beside the array: enough to cover the fetch latency at K = 2.
  localparam int unsigned OperandBanks = 4;

  // Loops of the array and of its weights.
  typedef struct packed {
    logic [1:0]  shape;
    logic        resident;
    logic        keep;
    logic [24:0] banks;
    logic [23:0] tiles;
    logic [15:0] groups;
  } loops_t;

endpackage
