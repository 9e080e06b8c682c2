# The clock of the chip, and what every block is told about its surroundings. This file is the one
# source of the clock figures: the SDC files and tools/synth.py read them from here.

# Intended clock of the product, and its period in ns.
set s4_product_mhz 900
set s4_product_period [expr 1000.0 / $s4_product_mhz]

# tools/synth.py maps to the open OSU 0.18 um cells, whose gates are about 12 times slower than
# those of the process the product is meant for (fan-out-of-four delay of about 100 ps against
# about 8 ps). The period is stretched by this factor, so a path that meets it there has a depth
# that fits into a product clock.
set s4_osu018_scale 12

# Uncertainty (skew and jitter) as a part of the period.
set s4_uncertainty 0.05

# SRAM macros in the mapped process, ns: clock to data, and set-up of their inputs.
set s4_sram_clock_to_data 4.5
set s4_sram_setup 1.0

if {![info exists s4_period]} {
  set s4_period [expr $s4_product_period * $s4_osu018_scale]
}

# Constrains a block with one clock clk_i and one asynchronous reset rst_ni.
#   input_part, output_part: the part of the period that the neighbours use before and after it
proc s4_constrain {input_part output_part} {
  global s4_period s4_uncertainty
  set clock_port [get_ports -quiet clk_i]
  if {[llength $clock_port] > 0} {
    create_clock -name clk -period $s4_period $clock_port
    set_clock_transition [expr $s4_period * 0.01] [get_clocks clk]
  } else {
    # A module without registers: the clock of its neighbours.
    create_clock -name clk -period $s4_period
  }
  set_clock_uncertainty [expr $s4_period * $s4_uncertainty] [get_clocks clk]
  set timed_inputs {}
  foreach port [all_inputs] {
    set name [get_property $port full_name]
    if {$name != "clk_i" && $name != "rst_ni"} { lappend timed_inputs $port }
  }
  if {[llength $timed_inputs] > 0} {
    set_input_delay [expr $s4_period * $input_part] -clock clk $timed_inputs
    set_input_transition [expr $s4_period * 0.02] $timed_inputs
  }
  if {[llength [all_outputs]] > 0} {
    set_output_delay [expr $s4_period * $output_part] -clock clk [all_outputs]
    set_load 0.05 [all_outputs]
  }
  # The reset is asserted at any time and released in step with the clock by a synchroniser
  # outside, early in the period: only its recovery is timed, from a quarter of the period.
  set reset [get_ports -quiet rst_ni]
  if {[llength $reset] > 0} {
    set_ideal_network $reset
    set_input_delay [expr $s4_period * 0.25] -clock clk $reset
    set_false_path -hold -from $reset
  }
}
