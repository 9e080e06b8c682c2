# Epilogue: accumulators arrive from registers of the MAC array, results leave to the store path.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.3 0.3
# The command is held while a beat is inside and set at least four clocks before the first.
set_multicycle_path 4 -setup -from [get_ports {requant_* add_* second_use_* second_zero_*}]
set_multicycle_path 3 -hold -from [get_ports {requant_* add_* second_use_* second_zero_*}]
