/// Reads the commands of a program from memory, in order, ahead of their use.
/// Bursts of up to 16 beats (8 commands) that never cross 1024 B; four bursts in flight or stored,
/// each in its own quarter of a 4 KiB buffer, so answers may come in any order of their tags.
/// A command leaves two clocks after both of its beats are stored; one command per three clocks.
/// An answer with an error marks the commands of its beats; a burst that ends early marks the rest.
/// Model: tests/sequencer/command_fetch_test.cpp
`include "assert.svh"

module command_fetch (
    input  logic                                 clk_i,
    input  logic                                 rst_ni,
    // Start: takes address (128 B aligned) and number of commands; only while idle_o
    input  logic                                 start_i,
    input  logic [memory_port_pkg::AddrWidth-1:0] program_addr_i,
    input  logic [                         23:0] program_count_i,
    // No new requests and no further commands; one that is offered to the port stays until taken
    input  logic                                 stop_i,
    // Forgets what is stored; only while idle_o
    input  logic                                 clear_i,
    // No request offered and no answer due
    output logic                                 idle_o,
    // Every command of the program has left
    output logic                                 exhausted_o,
    // What is waited for: bit 0 request not taken, bit 1 answer due
    output logic [                          1:0] waiting_o,
    // Memory port, always ready for answers
    output logic                                 req_valid_o,
    input  logic                                 req_ready_i,
    output memory_port_pkg::request_t            req_o,
    input  logic                                 rsp_valid_i,
    input  memory_port_pkg::response_t           rsp_i,
    // Commands
    output logic                                 out_valid_o,
    input  logic                                 out_ready_i,
    output logic [commands_pkg::CommandBits-1:0] out_cmd_o,
    output logic [                         31:0] out_index_o,
    output logic                                 out_error_o
);

  localparam int unsigned AddrWidth = memory_port_pkg::AddrWidth;
  localparam int unsigned BeatBits = memory_port_pkg::BeatBits;
  localparam int unsigned NumSlots = 4;  // bursts in flight or in store, power of two
  localparam int unsigned SlotWidth = $clog2(NumSlots);
  localparam int unsigned SlotBeats = memory_port_pkg::MaxBurst;
  localparam int unsigned BeatIndexWidth = $clog2(SlotBeats);
  localparam int unsigned CountWidth = BeatIndexWidth + 1;
  localparam int unsigned CommandOffsetWidth = 7;  // byte offset inside a command
  localparam int unsigned BurstCommands = SlotBeats / 2;

  typedef enum logic [1:0] {
    RdWait,
    RdSecond,
    RdOffer
  } read_state_e;

  // ---- State ----
  logic [AddrWidth-1:0] addr_q;
  logic [23:0] request_left_q, hand_left_q;
  logic [31:0] index_q;
  logic req_valid_q;
  logic [SlotWidth-1:0] issue_slot_q, read_slot_q;
  memory_port_pkg::request_t req_q;
  logic [NumSlots-1:0] used_q;  // requested and not yet read to the end
  logic [NumSlots*CountWidth-1:0] length_q;  // beats of the slot's burst
  logic [NumSlots*CountWidth-1:0] stored_q;  // beats received
  logic [NumSlots*SlotBeats-1:0] bad_q;  // beat not received well
  logic [CountWidth-1:0] read_beat_q;  // even
  read_state_e read_state_q, read_state_d;
  logic [BeatBits-1:0] first_beat_q;

  // ---- Requests ----
  logic [CountWidth-1:0] to_boundary, burst_commands, burst_beats;
  logic issue;
  assign to_boundary    = CountWidth'(BurstCommands) -
                          CountWidth'(addr_q[CommandOffsetWidth+:BeatIndexWidth-1]);
  assign burst_commands = (request_left_q < 24'(to_boundary)) ? request_left_q[CountWidth-1:0]
                                                              : to_boundary;
  assign burst_beats    = {burst_commands[CountWidth-2:0], 1'b0};
  assign issue = request_left_q != '0 && !stop_i && !req_valid_q && !used_q[issue_slot_q];

  assign req_valid_o = req_valid_q;
  assign req_o       = req_q;

  always_ff @(posedge clk_i) begin
    if (issue) begin
      req_q.write <= 1'b0;
      req_q.addr  <= addr_q;
      req_q.len   <= 4'(burst_beats - CountWidth'(1));
      req_q.tag   <= {memory_port_pkg::ClientFetch,
                      (memory_port_pkg::SlotWidth - SlotWidth)'(0), issue_slot_q};
      req_q.mask  <= '0;
    end
  end

  // ---- Buffer ----
  logic [SlotWidth-1:0] rsp_slot;
  logic buffer_re;
  logic [BeatIndexWidth-1:0] rsp_beat;
  logic [CountWidth-1:0] read_stored, read_length;
  logic [SlotWidth+BeatIndexWidth-1:0] buffer_raddr;
  logic [BeatBits-1:0] buffer_rdata;
  logic pair_there, hand_over, slot_read;

  assign rsp_slot     = rsp_i.tag[SlotWidth-1:0];
  assign rsp_beat     = stored_q[32'(rsp_slot)*CountWidth+:BeatIndexWidth];
  assign read_stored  = stored_q[32'(read_slot_q)*CountWidth+:CountWidth];
  assign read_length  = length_q[32'(read_slot_q)*CountWidth+:CountWidth];
  assign pair_there   = used_q[read_slot_q] && read_stored > read_beat_q + CountWidth'(1);
  assign buffer_raddr = {read_slot_q, read_beat_q[BeatIndexWidth-1:1], read_state_q == RdSecond};
  assign buffer_re    = (read_state_q == RdWait && pair_there) || read_state_q == RdSecond;

  sram_1r1w #(
      .Width(BeatBits),
      .Depth(NumSlots * SlotBeats)
  ) u_buffer (
      .clk_i  (clk_i),
      .we_i   (rsp_valid_i),
      .waddr_i({rsp_slot, rsp_beat}),
      .wmask_i(1'b1),
      .wdata_i(rsp_i.data),
      .re_i   (buffer_re),
      .raddr_i(buffer_raddr),
      .rdata_o(buffer_rdata)
  );

  always_comb begin
    read_state_d = read_state_q;
    unique case (read_state_q)
      RdWait: if (pair_there) read_state_d = RdSecond;
      RdSecond: read_state_d = RdOffer;
      RdOffer: if (hand_over) read_state_d = RdWait;
      default: read_state_d = RdWait;
    endcase
    if (start_i || clear_i) read_state_d = RdWait;
  end

  always_ff @(posedge clk_i) begin
    if (read_state_q == RdSecond) first_beat_q <= buffer_rdata;
  end

  assign out_valid_o = read_state_q == RdOffer && !stop_i;
  assign out_cmd_o   = {buffer_rdata, first_beat_q};
  assign out_index_o = index_q;
  assign out_error_o = bad_q[{read_slot_q, read_beat_q[BeatIndexWidth-1:1], 1'b0}] ||
                       bad_q[{read_slot_q, read_beat_q[BeatIndexWidth-1:1], 1'b1}];
  assign hand_over   = out_valid_o && out_ready_i;
  assign slot_read   = hand_over && read_beat_q + CountWidth'(2) == read_length;

  // ---- Control ----
  always_ff @(posedge clk_i or negedge rst_ni) begin : control
    if (!rst_ni) begin
      addr_q         <= '0;
      request_left_q <= '0;
      hand_left_q    <= '0;
      index_q        <= '0;
      req_valid_q    <= 1'b0;
      issue_slot_q   <= '0;
      read_slot_q    <= '0;
      used_q         <= '0;
      length_q       <= '0;
      stored_q       <= '0;
      bad_q          <= '0;
      read_beat_q    <= '0;
      read_state_q   <= RdWait;
    end else begin
      read_state_q <= read_state_d;
      if (req_ready_i) req_valid_q <= 1'b0;
      if (issue) begin
        req_valid_q    <= 1'b1;
        addr_q         <= addr_q + (AddrWidth'(burst_commands) << CommandOffsetWidth);
        request_left_q <= request_left_q - 24'(burst_commands);
        issue_slot_q   <= issue_slot_q + SlotWidth'(1);
        used_q[issue_slot_q] <= 1'b1;
        length_q[32'(issue_slot_q)*CountWidth+:CountWidth] <= burst_beats;
        stored_q[32'(issue_slot_q)*CountWidth+:CountWidth] <= '0;
        bad_q[32'(issue_slot_q)*SlotBeats+:SlotBeats] <= '1;
      end
      if (rsp_valid_i) begin
        stored_q[32'(rsp_slot)*CountWidth+:CountWidth] <=
            rsp_i.last ? length_q[32'(rsp_slot)*CountWidth+:CountWidth]
                       : stored_q[32'(rsp_slot)*CountWidth+:CountWidth] + CountWidth'(1);
        if (rsp_i.error == memory_port_pkg::ResponseErrorOk) bad_q[{rsp_slot, rsp_beat}] <= 1'b0;
      end
      if (hand_over) begin
        hand_left_q <= hand_left_q - 24'd1;
        index_q     <= index_q + 32'd1;
        read_beat_q <= slot_read ? '0 : read_beat_q + CountWidth'(2);
      end
      if (slot_read) begin
        used_q[read_slot_q] <= 1'b0;
        read_slot_q         <= read_slot_q + SlotWidth'(1);
      end
      if (start_i || clear_i) begin
        addr_q         <= program_addr_i;
        request_left_q <= start_i ? program_count_i : '0;
        hand_left_q    <= start_i ? program_count_i : '0;
        index_q        <= '0;
        issue_slot_q   <= '0;
        read_slot_q    <= '0;
        used_q         <= '0;
        length_q       <= '0;
        stored_q       <= '0;
        read_beat_q    <= '0;
      end
    end
  end

  assign waiting_o = {stored_q != length_q, req_valid_q};
  assign idle_o = waiting_o == '0;
  assign exhausted_o = hand_left_q == '0;

  logic [memory_port_pkg::TagWidth-SlotWidth:0] unused_rsp;
  assign unused_rsp = {rsp_i.write, rsp_i.tag[memory_port_pkg::TagWidth-1:SlotWidth]};

  // ---- Assertions ----
  `S4_ASSERT_HELD(RequestHeld, req_valid_o, req_ready_i, req_o)
  `S4_ASSERT(CommandHeld, (out_valid_o && !out_ready_i) |=>
                          (stop_i || (out_valid_o && $stable(out_cmd_o))))
  `S4_ASSERT(AnswerExpected, !rsp_valid_i || waiting_o[1])
  `S4_ASSERT(AnswerIsRead, !rsp_valid_i || !rsp_i.write)
  `S4_ASSERT(StartWhenIdle, !(start_i || clear_i) || idle_o)

endmodule
