# Local buffer: requests come from address generators and pass the bank arbiters here.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.4 0.3
