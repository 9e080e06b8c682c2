# Memory controller: requests, write data and answers come from and go to registers of the ring's
# clients nearby; the pins are registered in the interface to the memory.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.15 0.15
