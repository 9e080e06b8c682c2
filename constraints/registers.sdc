# Register file: AXI4-Lite pins of the host station, and status from every engine.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
