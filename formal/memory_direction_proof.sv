// Ports-only checker of memory_direction: who starves, and can be served, is served after at most
// one batch of the other direction, and then for a batch of its own; the direction never turns to
// where nothing can be served, and turns when only the other one has anything.
module memory_direction_proof (
    input logic       clk_i,
    input logic       read_ready_i,
    input logic       read_starving_i,
    input logic       read_blocked_i,
    input logic       write_ready_i,
    input logic       write_starving_i,
    input logic [2:0] write_count_i,
    input logic       access_i
);
  localparam int unsigned MinBatch = 3;

  logic rst_ni = 1'b0;
  logic writing, turn, read_starves, write_starves, access;
  assign read_starves  = read_ready_i && read_starving_i;
  assign write_starves = write_ready_i && write_starving_i;
  assign access        = access_i && (writing ? write_ready_i : read_ready_i);

  memory_direction #(
      .Depth    (4),
      .HighWater(3),
      .LowWater (1),
      .MinBatch (MinBatch)
  ) u_direction (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .read_ready_i    (read_ready_i),
      .read_starving_i (read_starves),
      .read_blocked_i  (read_blocked_i),
      .write_ready_i   (write_ready_i),
      .write_starving_i(write_starves),
      .write_count_i   (write_count_i),
      .access_i        (access),
      .writing_o       (writing),
      .turn_o          (turn)
  );

  // Accesses of the other direction since somebody starves.
  logic [3:0] read_waits_q = '0, write_waits_q = '0;
  logic only_other_q = 1'b0;
  always_ff @(posedge clk_i) begin
    rst_ni <= 1'b1;
    if (rst_ni) begin
      read_waits_q  <= (writing && read_starves) ? read_waits_q + 4'(access) : '0;
      write_waits_q <= (!writing && write_starves) ? write_waits_q + 4'(access) : '0;
      only_other_q  <= writing ? read_ready_i && !write_ready_i : write_ready_i && !read_ready_i;
    end
  end

  // Accesses since the turn, at most MinBatch.
  logic [3:0] batch_q = '0;
  logic writing_q = 1'b0;
  always_ff @(posedge clk_i) begin
    writing_q <= writing;
    if (turn || !rst_ni) batch_q <= '0;
    else if (access && batch_q != 4'(MinBatch)) batch_q <= batch_q + 4'd1;
  end
  always @(posedge clk_i) begin
    if (rst_ni) begin
      assert (read_waits_q <= 4'(MinBatch + 1));
      assert (write_waits_q <= 4'(MinBatch + 1));
      assert (!turn || batch_q == 4'(MinBatch) || !(writing ? write_starves : read_starves));
      assert (!only_other_q || writing != writing_q);
      assert (!turn || (writing ? read_ready_i : write_ready_i));
      cover (read_waits_q == 4'(MinBatch));
      cover (write_waits_q == 4'(MinBatch));
      cover (turn && !writing && read_starves);
    end
  end
endmodule
