# The chip: ring stations register everything, so its pins keep a third of the period.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.33 0.33
# The reset on request leaves a register and stays for 16 clocks. As that of rst_ni, its tree of
# buffers is made at placement, with which its release is timed.
set_false_path -through [get_pins u_registers/rst_no]
