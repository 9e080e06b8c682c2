# Activation engine: beats arrive from registers and leave to registers of the store path.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
