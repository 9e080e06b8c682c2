/// How words of an activation tensor become weights: fields of the weights command.
package dense_operand_pkg;

  // Fields of the command in this order.
  typedef struct packed {
    logic        dense;
    logic        transposed;
    logic        wide;
    logic        flip;
    logic [1:0]  lanes;
    logic [2:0]  slice;
    logic [15:0] first_row;
    logic [15:0] end_row;
  } mode_t;

endpackage
