// Assertions that stay live in simulation (verilator --assert) and are not seen by synthesis.
// They observe and never drive: no other text of a design may depend on the macros below.
//
//   S4_ASSERT(Name, property)        the property holds at every clock edge out of reset
//   S4_ASSERT_HELD(Name, valid, ready, payload)
//                                    a valid transfer is held until it is accepted
//   S4_CHECK_PARAM(Name, condition)  the elaboration stops unless the constant condition holds
//
// The module names its clock clk_i and its reset rst_ni; S4_ASSERT_NORST is for modules without a
// reset. Include after the parameters are known, that is anywhere inside or above the module.
`ifndef S4_ASSERT_SVH
`define S4_ASSERT_SVH

`ifndef YOSYS
`define S4_ASSERT(Name, Property) \
  Name: assert property (@(posedge clk_i) disable iff (!rst_ni) (Property)) \
    else $error("%m: assertion %s failed", `"Name`");
`define S4_ASSERT_NORST(Name, Property) \
  Name: assert property (@(posedge clk_i) (Property)) \
    else $error("%m: assertion %s failed", `"Name`");
`else
`define S4_ASSERT(Name, Property)
`define S4_ASSERT_NORST(Name, Property)
`endif

`define S4_ASSERT_HELD(Name, Valid, Ready, Payload) \
  `S4_ASSERT(Name, ((Valid) && !(Ready)) |=> ((Valid) && $stable(Payload)))

`define S4_CHECK_PARAM(Name, Condition) \
  if (!(Condition)) begin : Name \
    $error("illegal parameter: %s", `"Name`"); \
  end

`endif
