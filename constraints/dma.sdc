# DMA engines: the memory port and the local buffer stand behind registers or short logic.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
