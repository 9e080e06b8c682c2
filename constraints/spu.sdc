# SPU: activation and weight words arrive from SRAM read registers of other blocks.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.4 0.3
