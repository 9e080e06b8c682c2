# Ring: links and credits come from the neighbour's registers, injection and ejection from
# registers of the station's client.
# Read after constraints/clock.tcl, which holds the clock and s4_constrain.
s4_constrain 0.15 0.15
