/// Cuts the four-dimensional box of a DMA command into bursts of the memory port: at most 16 words,
/// never across a 1024 B boundary, row by row (count0 fastest), in order.
/// One burst per clock while burst_ready_i; the first one is there the clock after start, and one
/// clock passes between the last burst of a command and the start of the next. All arithmetic is
/// in words and wraps; the sequencer has checked that the box fits both memories.
/// Model: sim/dma (the same box, word by word)
`include "assert.svh"

module address_generator (
    input  logic                                   clk_i,
    input  logic                                   rst_ni,
    // Command, taken when start_valid_i && start_ready_o
    input  logic                                   start_valid_i,
    output logic                                   start_ready_o,
    input  commands_pkg::dma_command_t             start_command_i,
    // Bursts: byte address, beats minus one, local-buffer word of the first beat
    output logic                                   burst_valid_o,
    input  logic                                   burst_ready_i,
    output logic [memory_port_pkg::AddrWidth-1:0]  burst_addr_o,
    output logic [3:0]                             burst_len_o,
    output logic [config_pkg::LocalAddrWidth-1:0]  burst_local_o,
    output logic                                   burst_last_o  // last burst of the command
);

  localparam int unsigned OffsetBits = $clog2(memory_port_pkg::BeatBytes);
  localparam int unsigned WordBits = memory_port_pkg::AddrWidth - OffsetBits;
  localparam int unsigned LocalBits = config_pkg::LocalAddrWidth;

  // The dimension that the next burst steps in.
  typedef enum logic [2:0] {
    StepRow,     // goes on in the row
    StepFirst,   // next row
    StepSecond,  // next plane
    StepThird,   // next volume
    StepEnd      // nothing is left
  } step_e;

  logic active_q;
  // Box
  logic [19:0] count0_q;
  logic [15:0] count1_q, count2_q;
  logic [WordBits-1:0] stride1_q, stride2_q, stride3_q;
  logic [LocalBits-1:0] local_stride1_q, local_stride2_q, local_stride3_q;
  // Words left in the row, rows left in the plane and so on, the current one included
  logic [19:0] left0_q;
  logic [15:0] left1_q, left2_q, left3_q;
  // Address of the next burst, and of the begin of its row, plane and volume
  logic [WordBits-1:0] word_q, row_q, plane_q, volume_q;
  logic [LocalBits-1:0] local_q, local_row_q, local_plane_q, local_volume_q;

  // ---- Burst ----
  logic [4:0] to_boundary, beats;
  logic row_ends, start, step;
  step_e kind;

  assign to_boundary   = 5'd16 - {1'b0, word_q[3:0]};
  assign row_ends      = left0_q <= 20'(to_boundary);
  assign beats         = row_ends ? left0_q[4:0] : to_boundary;

  assign burst_valid_o = active_q;
  assign burst_addr_o  = {word_q, {OffsetBits{1'b0}}};
  assign burst_len_o   = 4'(beats - 5'd1);
  assign burst_local_o = local_q;
  assign burst_last_o  = kind == StepEnd;
  assign start_ready_o = !active_q;
  assign start         = start_valid_i && start_ready_o;
  assign step          = burst_valid_o && burst_ready_i;

  always_comb begin
    if (!row_ends) kind = StepRow;
    else if (left1_q != 16'd1) kind = StepFirst;
    else if (left2_q != 16'd1) kind = StepSecond;
    else if (left3_q != 16'd1) kind = StepThird;
    else kind = StepEnd;
  end

  // ---- Next address ----
  logic [WordBits-1:0] word_d;
  logic [LocalBits-1:0] local_d;
  always_comb begin
    word_d  = word_q + WordBits'(beats);
    local_d = local_q + LocalBits'(beats);
    unique case (kind)
      StepFirst: begin
        word_d  = row_q + stride1_q;
        local_d = local_row_q + local_stride1_q;
      end
      StepSecond: begin
        word_d  = plane_q + stride2_q;
        local_d = local_plane_q + local_stride2_q;
      end
      StepThird: begin
        word_d  = volume_q + stride3_q;
        local_d = local_volume_q + local_stride3_q;
      end
      default: ;
    endcase
  end

  // ---- Registers ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) active_q <= 1'b0;
    else if (start) active_q <= 1'b1;
    else if (step && burst_last_o) active_q <= 1'b0;
  end

  always_ff @(posedge clk_i) begin
    if (start) begin
      count0_q        <= start_command_i.count0;
      count1_q        <= start_command_i.count1;
      count2_q        <= start_command_i.count2;
      stride1_q       <= WordBits'(start_command_i.mem_stride1[31:OffsetBits]);
      stride2_q       <= WordBits'(start_command_i.mem_stride2[31:OffsetBits]);
      stride3_q       <= WordBits'(start_command_i.mem_stride3[31:OffsetBits]);
      local_stride1_q <= start_command_i.local_stride1[LocalBits-1:0];
      local_stride2_q <= start_command_i.local_stride2[LocalBits-1:0];
      local_stride3_q <= start_command_i.local_stride3[LocalBits-1:0];
      left0_q         <= start_command_i.count0;
      left1_q         <= start_command_i.count1;
      left2_q         <= start_command_i.count2;
      left3_q         <= start_command_i.count3;
      word_q          <= start_command_i.mem_addr[OffsetBits+:WordBits];
      row_q           <= start_command_i.mem_addr[OffsetBits+:WordBits];
      plane_q         <= start_command_i.mem_addr[OffsetBits+:WordBits];
      volume_q        <= start_command_i.mem_addr[OffsetBits+:WordBits];
      local_q         <= start_command_i.local_addr[LocalBits-1:0];
      local_row_q     <= start_command_i.local_addr[LocalBits-1:0];
      local_plane_q   <= start_command_i.local_addr[LocalBits-1:0];
      local_volume_q  <= start_command_i.local_addr[LocalBits-1:0];
    end else if (step) begin
      word_q  <= word_d;
      local_q <= local_d;
      left0_q <= left0_q - 20'(beats);
      if (kind != StepRow) begin
        left0_q     <= count0_q;
        left1_q     <= (kind == StepFirst) ? left1_q - 16'd1 : count1_q;
        row_q       <= word_d;
        local_row_q <= local_d;
      end
      if (kind == StepSecond || kind == StepThird) begin
        left2_q       <= (kind == StepSecond) ? left2_q - 16'd1 : count2_q;
        plane_q       <= word_d;
        local_plane_q <= local_d;
      end
      if (kind == StepThird) begin
        left3_q        <= left3_q - 16'd1;
        volume_q       <= word_d;
        local_volume_q <= local_d;
      end
    end
  end

  logic unused_command;
  assign unused_command = ^start_command_i;

  // ---- Assertions ----
  `S4_ASSERT(CountsPositive, !start || (start_command_i.count0 != '0 &&
             start_command_i.count1 != '0 && start_command_i.count2 != '0 &&
             start_command_i.count3 != '0))
  `S4_ASSERT_HELD(BurstHeld, burst_valid_o, burst_ready_i,
                  {burst_addr_o, burst_len_o, burst_local_o, burst_last_o})

endmodule
