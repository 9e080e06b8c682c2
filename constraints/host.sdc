# Host station: AXI pins from a PCIe endpoint's registers, the ring's interface on the other side.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
