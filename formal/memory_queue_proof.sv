// A request that waits in memory_queue starves two epochs after its insertion at the latest, as
// the scheduler sees it, and it leaves only when its bursts have been accessed. Any requests, any
// rows opened and closed, any candidate carried out or not.
module memory_queue_proof #(
    parameter int unsigned Depth = 2,
    parameter int unsigned Epoch = 2
) (
    input logic             clk_i,
    input logic             insert_i,
    input logic             bank_i,
    input logic             row_i,
    input logic             row_open_i,
    input logic [      1:0] halves_i,
    input logic [Depth-1:0] waiting_i,
    input logic [      3:0] ready_i,
    input logic             access_i,
    input logic [      3:0] kind_i,
    input logic             command_bank_i,
    input logic             command_row_i
);
  localparam int unsigned SlotWidth = $clog2(Depth);
  localparam int unsigned AgeWidth = $clog2(2 * Epoch + 4);

  logic rst_ni = 1'b0;
  lpddr4_pkg::request_t request;
  lpddr4_pkg::command_word_t command;
  memory_pkg::candidate_t candidate;
  memory_pkg::demand_t demand;
  logic [SlotWidth-1:0] free_slot, slot, match_slot;
  logic [2*SlotWidth-1:0] removed_slot;
  logic [1:0] removed;
  logic room, match, pending, insert, tag;
  logic [$clog2(Depth+1)-1:0] count;
  assign insert = insert_i && room && rst_ni;

  // The candidate that is carried out counts in the next clock; accesses are four clocks apart, so
  // that the queue has seen one before the next.
  logic mine_q = 1'b0, mine_q2 = 1'b0, half_q = 1'b0, access;
  logic [SlotWidth-1:0] slot_q = '0;
  assign access = access_i && candidate.access_valid && !mine_q && !mine_q2 && rst_ni;
  always_comb begin
    request        = '0;
    request.bank   = {2'b00, bank_i};
    request.row    = {15'd0, row_i};
    request.halves = (halves_i == '0) ? 2'b11 : halves_i;
    command        = '0;
    command.kind   = kind_i;
    command.bank   = {2'b00, command_bank_i};
    command.row    = {15'd0, command_row_i};
  end

  memory_queue #(
      .Depth   (Depth),
      .TagWidth(1),
      .IsWrite (1'b0),
      .Epoch   (Epoch)
  ) u_queue (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .lookup_i        (1'b0),
      .request_i       (request),
      .match_o         (match),
      .match_slot_o    (match_slot),
      .room_o          (room),
      .free_slot_o     (free_slot),
      .insert_i        (insert),
      .merge_i         (1'b0),
      .row_open_i      (row_open_i),
      .tag_i           (1'b0),
      .pending_o       (pending),
      .waiting_i       (waiting_i),
      .data_i          (1'b0),
      .data_slot_i     ({SlotWidth{1'b0}}),
      .data_half_i     (1'b0),
      .data_any_i      (1'b0),
      .data_full_i     (1'b0),
      .removed_o       (removed),
      .removed_slot_o  (removed_slot),
      .release_i       (1'b0),
      .release_slot_i  ({SlotWidth{1'b0}}),
      .access_ready_i  ({14'd0, ready_i[1:0]}),
      .masked_ready_i  (16'd0),
      .activate_ready_i({14'd0, ready_i[3:2]}),
      .command_i       (command),
      .mine_i          (mine_q),
      .mine_slot_i     (slot_q),
      .mine_half_i     (half_q),
      .candidate_o     (candidate),
      .demand_o        (demand),
      .access_slot_o   (slot),
      .access_tag_o    (tag),
      .count_o         (count)
  );

  // ---- The request in one slot, any: its age, its bursts that were accessed ----
  (* anyconst *) logic [SlotWidth-1:0] watched;
  logic there_q = 1'b0, waited_q = 1'b0, gone;
  logic [1:0] wanted_q = '0;
  logic [AgeWidth-1:0] age_q = '0;
  assign gone = removed[0] && removed_slot[SlotWidth-1:0] == watched;
  always_ff @(posedge clk_i) begin
    rst_ni   <= 1'b1;
    mine_q   <= access;
    mine_q2  <= mine_q;
    slot_q   <= slot;
    half_q   <= candidate.access_burst[0];
    waited_q <= waiting_i[watched] || gone;
    if (insert && free_slot == watched) begin
      there_q  <= 1'b1;
      age_q    <= '0;
      wanted_q <= request.halves;
    end else begin
      if (gone) there_q <= 1'b0;
      if (there_q && 32'(age_q) < 2 * Epoch + 2) age_q <= age_q + AgeWidth'(1);
      if (access && slot == watched) wanted_q[candidate.access_burst[0]] <= 1'b0;
    end
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (!(there_q && 32'(age_q) == 2 * Epoch + 2) || waited_q || demand.starves);
      assert (!gone || wanted_q == '0);
      assert (!(access && slot == watched) || (there_q && wanted_q[candidate.access_burst[0]]));
      cover (there_q && 32'(age_q) == 2 * Epoch + 2 && !waited_q);
      cover (gone);
    end
  end
endmodule
