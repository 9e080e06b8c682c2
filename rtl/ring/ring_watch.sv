/// Knows which bursts of a memory port are under way, tells answers that belong to none, and gives
/// up those that get no answer for long: every tag is visited once in 256 * patience_i clocks, and
/// a burst that got nothing between two visits is given up. Its remaining beats, or its
/// acknowledge, are then asked for at given_up_*, to be answered with an error. Visits wait at a
/// burst to be given up until the one before is done, so that none is passed over. A turn, a number
/// kept for each tag, changes with every burst that is given up, so that what still comes
/// for it is not taken for the answer of the next burst of this tag. A burst opens with the turn
/// that was asked for, or with one that its sender chose.
/// A burst is open from the clock after open_i; look-ups are combinational.
/// Model: tests/ring/ring_watch_test.cpp
`include "assert.svh"

module ring_watch #(
    localparam int unsigned TagWidth = memory_port_pkg::TagWidth,
    localparam int unsigned TurnWidth = ring_pkg::TurnWidth
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Clocks between two visits of a tag / 256, 0: nothing is given up
    input  logic [               15:0] patience_i,
    // Turn for the next burst of a tag
    input  logic [       TagWidth-1:0] ask_tag_i,
    output logic [      TurnWidth-1:0] ask_turn_o,
    // A burst is under way: a read with its beats minus one, a write whose data have all left
    input  logic                       open_i,
    input  logic [       TagWidth-1:0] open_tag_i,
    input  logic [      TurnWidth-1:0] open_turn_i,
    input  logic                       open_write_i,
    input  logic [                3:0] open_len_i,
    // The burst of a tag, whether its next answer is its last, how many come after that one
    input  logic [       TagWidth-1:0] tag_i,
    output logic                       open_o,
    output logic                       write_o,
    output logic                       last_o,
    output logic [                3:0] left_o,
    output logic [      TurnWidth-1:0] turn_o,
    // An answer of that burst, or one that belongs to none
    input  logic                       answer_i,
    input  logic                       stray_i,
    // The answer stands for a lost one
    input  logic                       lost_i,
    // A burst that is given up, until it has all its answers; the answer is one of these
    output logic                       given_up_o,
    output logic [       TagWidth-1:0] given_up_tag_o,
    input  logic                       give_up_i,
    output ring_pkg::port_errors_t     errors_o
);

  localparam int unsigned Tags = 1 << TagWidth;
  localparam int unsigned CounterWidth = ring_pkg::CounterWidth;

  // ---- Bursts by tag. Which turn a tag begins with does not matter, so there is no reset ----
  logic [Tags-1:0] open_q, quiet_q, write_q;
  logic [3:0] lefts[0:Tags-1];
  logic [TurnWidth-1:0] turns[0:Tags-1];
  logic closes, turn_changes;

  assign ask_turn_o = turns[ask_tag_i];
  assign open_o     = open_q[tag_i];
  assign write_o    = write_q[tag_i];
  assign turn_o     = turns[tag_i];
  assign left_o     = lefts[tag_i];
  assign last_o     = write_o || left_o == '0;
  assign closes     = answer_i && last_o;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      open_q <= '0;
    end else begin
      if (closes) open_q[tag_i] <= 1'b0;
      if (open_i) open_q[open_tag_i] <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (answer_i) lefts[tag_i] <= left_o - 4'd1;
    if (open_i) begin
      lefts[open_tag_i]   <= open_len_i;
      write_q[open_tag_i] <= open_write_i;
    end
  end
  always_ff @(posedge clk_i) begin
    if (turn_changes) turns[tag_i] <= turn_o + TurnWidth'(1);
    if (open_i) turns[open_tag_i] <= open_turn_i;
  end

  // ---- Visits ----
  logic [15:0] clocks_q;
  logic [TagWidth-1:0] visited_q;
  logic given_up_q;
  logic due, visit, too_long;

  assign due      = patience_i != '0 && 17'(clocks_q) + 17'd1 >= 17'(patience_i);
  assign visit    = due && !(too_long && given_up_q);
  assign too_long = due && open_q[visited_q] && quiet_q[visited_q] &&
                    !(answer_i && tag_i == visited_q);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      clocks_q  <= '0;
      visited_q <= '0;
    end else begin
      clocks_q  <= visit ? '0 : due ? clocks_q : clocks_q + 16'd1;
      visited_q <= visited_q + TagWidth'(visit);
    end
  end
  always_ff @(posedge clk_i) begin
    if (visit) quiet_q[visited_q] <= 1'b1;
    if (answer_i) quiet_q[tag_i] <= 1'b0;
    if (open_i) quiet_q[open_tag_i] <= 1'b0;
  end

  // ---- The burst that is given up ----
  logic begun_q;
  logic [TagWidth-1:0] given_up_tag_q;

  assign given_up_o     = given_up_q;
  assign given_up_tag_o = given_up_tag_q;
  assign turn_changes   = give_up_i && !begun_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      given_up_q <= 1'b0;
      begun_q    <= 1'b0;
    end else if (given_up_q) begin
      // Done, or it was answered after all before it began.
      given_up_q <= !(answer_i && tag_i == given_up_tag_q && (last_o || !(begun_q || give_up_i)));
      begun_q    <= begun_q || give_up_i;
    end else begin
      given_up_q <= too_long;
      begun_q    <= 1'b0;
    end
  end
  always_ff @(posedge clk_i) begin
    if (!given_up_q) given_up_tag_q <= visited_q;
  end

  // ---- Errors ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      errors_o <= '0;
    end else begin
      if (turn_changes && errors_o.given_up != '1) begin
        errors_o.given_up <= errors_o.given_up + CounterWidth'(1);
      end
      if (lost_i && errors_o.lost != '1) errors_o.lost <= errors_o.lost + CounterWidth'(1);
      if (stray_i && errors_o.stray != '1) errors_o.stray <= errors_o.stray + CounterWidth'(1);
    end
  end

  // ---- Assertions ----
  `S4_ASSERT(OpensOnce, !open_i || !open_q[open_tag_i])
  `S4_ASSERT(AnswersOpen, !answer_i || open_o)
  `S4_ASSERT(GivesUpItsTag, !give_up_i || (answer_i && given_up_q && tag_i == given_up_tag_q))

endmodule
