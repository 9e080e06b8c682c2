# One subsystem: its pins are the memory port of the ring and the AXI4-Lite slave.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
