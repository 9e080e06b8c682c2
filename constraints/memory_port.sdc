# Memory-port multiplexer: half of the period belongs to the clients and to the port outside.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
