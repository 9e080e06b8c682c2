# Epilogue: accumulators arrive from registers of the MAC array, results leave to the store path.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
