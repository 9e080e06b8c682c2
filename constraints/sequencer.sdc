# Sequencer: command fetch, queues and tokens; engines answer from registers.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
