# The chip: ring stations register everything, so its pins keep a third of the period.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.33 0.33
