/// Runs a program: fetches its commands, checks each, hands them to the engines' queues in program
/// order, and keeps the tokens, the status and the watchdog.
/// start_i begins a program when none runs and no error stands. End completes it once every engine
/// is idle. The first error stops it at once: status names it, flush_o rises, nothing more is
/// dispatched. reset_i, at any time, drains the memory port under flush_o, then pulses
/// engine_reset_o for four clocks and clears the status. A command leaves the check every seven
/// clocks at best. Model: sim/sequencer/sequencer.hpp
`include "assert.svh"

module sequencer #(
    localparam int unsigned CommandBits = commands_pkg::CommandBits,
    localparam int unsigned NumContexts = commands_pkg::NumContexts
) (
    input  logic                       clk_i,
    input  logic                       rst_ni,
    // Registers: control
    input  logic                       start_i,       // pulse
    input  logic                       soft_reset_i,  // pulse
    input  logic [               35:0] program_addr_i,
    input  logic [               23:0] program_count_i,
    input  logic [               31:0] watchdog_i,
    input  logic [ NumContexts*24-1:0] read_base_i,
    input  logic [ NumContexts*25-1:0] read_limit_i,
    input  logic [ NumContexts*24-1:0] write_base_i,
    input  logic [ NumContexts*25-1:0] write_limit_i,
    // Registers: status
    output logic                       busy_o,
    output logic                       done_o,
    output logic                       error_o,
    output logic                       resetting_o,
    output logic [                7:0] error_code_o,
    output logic [                3:0] error_engine_o,
    output logic [               31:0] error_command_o,
    output logic [               31:0] error_info_o,
    output logic [               31:0] commands_done_o,
    output logic                       counters_clear_o,  // pulse: a program starts
    output logic                       fetch_word_o,      // event: a word of commands arrived
    // Memory port, client Fetch; always ready for answers
    output logic                       fetch_req_valid_o,
    input  logic                       fetch_req_ready_i,
    output memory_port_pkg::request_t  fetch_req_o,
    input  logic                       fetch_rsp_valid_i,
    input  memory_port_pkg::response_t fetch_rsp_i,
    // Load DMA
    output logic                       load_cmd_valid_o,
    input  logic                       load_cmd_ready_i,
    output logic [    CommandBits-1:0] load_cmd_o,
    output logic [               31:0] load_index_o,
    input  logic                       load_done_i,
    input  logic                       load_error_valid_i,
    input  logic [                7:0] load_error_code_i,
    input  logic                       load_progress_i,
    input  logic [                5:0] load_waiting_i,
    // Weight DMA
    output logic                       weights_cmd_valid_o,
    input  logic                       weights_cmd_ready_i,
    output logic [    CommandBits-1:0] weights_cmd_o,
    output logic [               31:0] weights_index_o,
    input  logic                       weights_done_i,
    input  logic                       weights_error_valid_i,
    input  logic [                7:0] weights_error_code_i,
    input  logic                       weights_progress_i,
    input  logic [                5:0] weights_waiting_i,
    // SPU
    output logic                       spu_cmd_valid_o,
    input  logic                       spu_cmd_ready_i,
    output logic [    CommandBits-1:0] spu_cmd_o,
    output logic [               31:0] spu_index_o,
    input  logic                       spu_done_i,
    input  logic                       spu_error_valid_i,
    input  logic [                7:0] spu_error_code_i,
    input  logic                       spu_progress_i,
    input  logic [                5:0] spu_waiting_i,
    // Store DMA
    output logic                       store_cmd_valid_o,
    input  logic                       store_cmd_ready_i,
    output logic [    CommandBits-1:0] store_cmd_o,
    output logic [               31:0] store_index_o,
    input  logic                       store_done_i,
    input  logic                       store_error_valid_i,
    input  logic [                7:0] store_error_code_i,
    input  logic                       store_progress_i,
    input  logic [                5:0] store_waiting_i,
    // Activation engine
    output logic                       activation_cmd_valid_o,
    input  logic                       activation_cmd_ready_i,
    output logic [    CommandBits-1:0] activation_cmd_o,
    output logic [               31:0] activation_index_o,
    input  logic                       activation_done_i,
    input  logic                       activation_error_valid_i,
    input  logic [                7:0] activation_error_code_i,
    input  logic                       activation_progress_i,
    input  logic [                5:0] activation_waiting_i,
    // Draining: no new requests while flush_o; idle: nothing outstanding, offered or half sent
    output logic                       flush_o,
    input  logic                       mem_idle_i,
    output logic                       engine_reset_o,
    // Observation, engine n at n - 1: a command starts, a command completed, and its index
    output logic [                4:0] obs_start_o,
    output logic [                4:0] obs_done_o,
    output logic [              159:0] obs_index_o,
    output logic [              159:0] obs_done_index_o
);

  localparam int unsigned NumEngines = 5;
  localparam int unsigned NumPorts = NumEngines + 1;
  localparam int unsigned NumTokens = commands_pkg::NumTokens;
  // Clocks for which the memory port must be idle before a reset, and length of the reset.
  localparam int unsigned QuietClocks = 4;
  localparam int unsigned ResetClocks = 4;

  typedef enum logic [2:0] {
    StIdle,
    StRun,
    StError,
    StDrain,
    StReset
  } state_e;
  state_e state_q, state_d;
  logic [2:0] settle_q, settle_d;
  logic running, launch, complete, fail;

  // ---- Engines as flat vectors, engine number n at n - 1 ----
  logic [NumEngines-1:0] cmd_valid, cmd_ready, done, engine_error, progress;
  logic [NumEngines*8-1:0] engine_code;
  logic [NumEngines*6-1:0] waiting;
  logic [NumEngines*32-1:0] queue_index, oldest_index;

  assign {activation_cmd_valid_o, store_cmd_valid_o, spu_cmd_valid_o, weights_cmd_valid_o,
          load_cmd_valid_o} = cmd_valid;
  assign load_cmd_o = gen_queue[0].cmd;
  assign weights_cmd_o = gen_queue[1].cmd;
  assign spu_cmd_o = gen_queue[2].cmd;
  assign store_cmd_o = gen_queue[3].cmd;
  assign activation_cmd_o = gen_queue[4].cmd;
  assign {activation_index_o, store_index_o, spu_index_o, weights_index_o, load_index_o} =
      queue_index;
  assign cmd_ready = {
    activation_cmd_ready_i,
    store_cmd_ready_i,
    spu_cmd_ready_i,
    weights_cmd_ready_i,
    load_cmd_ready_i
  };
  assign done = {activation_done_i, store_done_i, spu_done_i, weights_done_i, load_done_i};
  assign engine_error = {
    activation_error_valid_i,
    store_error_valid_i,
    spu_error_valid_i,
    weights_error_valid_i,
    load_error_valid_i
  };
  assign engine_code = {
    activation_error_code_i,
    store_error_code_i,
    spu_error_code_i,
    weights_error_code_i,
    load_error_code_i
  };
  assign progress = {
    activation_progress_i, store_progress_i, spu_progress_i, weights_progress_i, load_progress_i
  };
  assign waiting = {
    activation_waiting_i, store_waiting_i, spu_waiting_i, weights_waiting_i, load_waiting_i
  };

  // ---- Fetch ----
  logic fetched_valid, fetched_ready, fetched_error, fetch_idle, exhausted, stop_fetch, clear;
  logic [1:0] fetch_waiting;
  logic [CommandBits-1:0] fetched_cmd;
  logic [31:0] fetched_index;

  command_fetch u_fetch (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .start_i        (launch),
      .program_addr_i (program_addr_i),
      .program_count_i(program_count_i),
      .stop_i         (stop_fetch),
      .clear_i        (clear),
      .idle_o         (fetch_idle),
      .exhausted_o    (exhausted),
      .waiting_o      (fetch_waiting),
      .req_valid_o    (fetch_req_valid_o),
      .req_ready_i    (fetch_req_ready_i),
      .req_o          (fetch_req_o),
      .rsp_valid_i    (fetch_rsp_valid_i),
      .rsp_i          (fetch_rsp_i),
      .out_valid_o    (fetched_valid),
      .out_ready_i    (fetched_ready),
      .out_cmd_o      (fetched_cmd),
      .out_index_o    (fetched_index),
      .out_error_o    (fetched_error)
  );

  // ---- Check ----
  logic checked_valid, checked_ready, check_empty;
  logic [CommandBits-1:0] checked_cmd;
  logic [31:0] checked_index, checked_info;
  commands_pkg::error_e checked_error;
  commands_pkg::sync_command_t header;
  logic [CommandBits-1:0] unused_header;
  assign header        = checked_cmd;
  assign unused_header = header;

  command_check u_check (
      .clk_i        (clk_i),
      .rst_ni       (rst_ni),
      .flush_i      (!running),
      .read_base_i  (read_base_i),
      .read_limit_i (read_limit_i),
      .write_base_i (write_base_i),
      .write_limit_i(write_limit_i),
      .in_valid_i   (fetched_valid),
      .in_ready_o   (fetched_ready),
      .in_cmd_i     (fetched_cmd),
      .in_index_i   (fetched_index),
      .in_error_i   (fetched_error),
      .out_valid_o  (checked_valid),
      .out_ready_i  (checked_ready),
      .out_cmd_o    (checked_cmd),
      .out_index_o  (checked_index),
      .out_error_o  (checked_error),
      .out_info_o   (checked_info),
      .empty_o      (check_empty)
  );

  // ---- Dispatch ----
  logic good, is_end, is_sync, ended_q, own_wait, own_met, own_grant, own_signal;
  logic [NumEngines-1:0] target, push, queue_ready;
  assign good    = running && checked_valid && checked_error == commands_pkg::ErrorNone;
  assign is_end  = good && header.opcode == commands_pkg::OpcodeEnd;
  assign is_sync = good && header.opcode == commands_pkg::OpcodeSync;
  assign target  = {header.opcode == commands_pkg::OpcodeRows,
                    header.opcode == commands_pkg::OpcodeStore,
                    header.opcode == commands_pkg::OpcodeSpu,
                    header.opcode == commands_pkg::OpcodeWeights,
                    header.opcode == commands_pkg::OpcodeLoad};
  assign push    = good ? target : '0;

  // Sync and End take their tokens here; End then stays in the check until every engine is idle.
  assign own_wait      = is_sync || (is_end && !ended_q);
  assign own_signal    = is_sync && own_grant;
  assign checked_ready = own_signal || (push & queue_ready) != '0;
  assign stop_fetch    = !running || is_end;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) ended_q <= 1'b0;
    else if (!running) ended_q <= 1'b0;
    else if (is_end && own_grant) ended_q <= 1'b1;
  end

  // ---- Queues ----
  logic [NumEngines-1:0] queue_wait, queue_signal, active, empty;
  logic [NumPorts-1:0] wait_met, wait_grant;
  logic [NumEngines*NumTokens-1:0] queue_wait_mask, queue_signal_mask;

  for (genvar e = 0; e < NumEngines; e = e + 1) begin : gen_queue
    logic [CommandBits-1:0] cmd;
    engine_queue u_queue (
        .clk_i         (clk_i),
        .rst_ni        (rst_ni),
        .flush_i       (!running),
        .in_valid_i    (push[e]),
        .in_ready_o    (queue_ready[e]),
        .in_cmd_i      (checked_cmd),
        .in_index_i    (checked_index),
        .wait_valid_o  (queue_wait[e]),
        .wait_mask_o   (queue_wait_mask[e*NumTokens+:NumTokens]),
        .wait_grant_i  (wait_grant[e+1]),
        .cmd_valid_o   (cmd_valid[e]),
        .cmd_ready_i   (cmd_ready[e]),
        .cmd_o         (cmd),
        .index_o       (queue_index[e*32+:32]),
        .done_i        (done[e]),
        .signal_valid_o(queue_signal[e]),
        .signal_mask_o (queue_signal_mask[e*NumTokens+:NumTokens]),
        .done_index_o  (obs_done_index_o[e*32+:32]),
        .active_o      (active[e]),
        .oldest_index_o(oldest_index[e*32+:32]),
        .empty_o       (empty[e])
    );
  end

  assign obs_start_o = cmd_valid & cmd_ready;
  assign obs_done_o  = queue_signal;
  assign obs_index_o = queue_index;

  // ---- Tokens ----
  logic overflow;
  logic [$clog2(NumTokens)-1:0] overflow_token;
  logic [2:0] overflow_port;
  assign own_met   = wait_met[0];
  assign own_grant = wait_grant[0];

  token_file #(
      .NumPorts(NumPorts)
  ) u_tokens (
      .clk_i           (clk_i),
      .rst_ni          (rst_ni),
      .clear_i         (!running),
      .wait_valid_i    ({queue_wait, own_wait}),
      .wait_mask_i     ({queue_wait_mask, header.wait_mask}),
      .wait_grant_o    (wait_grant),
      .wait_met_o      (wait_met),
      .signal_valid_i  ({queue_signal, own_signal}),
      .signal_mask_i   ({queue_signal_mask, header.signal_mask}),
      .overflow_o      (overflow),
      .overflow_token_o(overflow_token),
      .overflow_port_o (overflow_port)
  );

  // ---- Watchdog ----
  logic moved, starved, alarm;
  commands_pkg::engine_e alarm_engine;
  logic [31:0] alarm_index, alarm_info;
  assign starved = ((check_empty && !fetched_valid) || (ended_q && (&empty))) && !fetch_idle;
  assign moved   = (progress & active) != '0 || done != '0 || obs_start_o != '0 ||
                   wait_grant != '0 || checked_ready || (fetched_valid && fetched_ready) ||
                   !(check_empty || checked_valid) || fetch_rsp_valid_i ||
                   (fetch_req_valid_o && fetch_req_ready_i);

  watchdog u_watchdog (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .running_i   (running),
      .progress_i  (moved),
      .limit_i     (watchdog_i),
      .active_i    ({active, starved}),
      .empty_i     ({empty, 1'b0}),
      .token_wait_i({queue_wait & ~wait_met[NumPorts-1:1], own_wait && !own_met}),
      .waiting_i   ({waiting, 3'b0, fetch_waiting, 1'b0}),
      .index_i     ({oldest_index, check_empty ? fetched_index : checked_index}),
      .fire_o      (alarm),
      .engine_o    (alarm_engine),
      .index_o     (alarm_index),
      .info_o      (alarm_info)
  );

  // ---- First error ----
  logic misaligned, ran_out, engine_failed;
  logic [7:0] fail_code;
  logic [3:0] fail_engine;
  logic [31:0] fail_index, fail_info;
  assign misaligned    = launch && program_addr_i[6:0] != '0;
  assign ran_out       = running && exhausted && check_empty;
  assign engine_failed = (engine_error & active) != '0;

  always_comb begin : first_error
    int unsigned e;
    e           = 0;
    fail        = 1'b1;
    fail_code   = commands_pkg::ErrorNone;
    fail_engine = commands_pkg::EngineSequencer;
    fail_index  = '0;
    fail_info   = '0;
    if (misaligned) begin
      fail_code = commands_pkg::ErrorAlign;
    end else if (running && engine_failed) begin
      for (e = 0; e < NumEngines; e = e + 1) begin
        if (engine_error[NumEngines-1-e] && active[NumEngines-1-e]) begin
          fail_code   = engine_code[(NumEngines-1-e)*8+:8];
          fail_engine = 4'(NumEngines - e);
          fail_index  = oldest_index[(NumEngines-1-e)*32+:32];
        end
      end
    end else if (running && overflow) begin
      fail_code   = commands_pkg::ErrorTokenOverflow;
      fail_engine = 4'(overflow_port);
      fail_index  = checked_index;
      fail_info   = 32'(overflow_token);
      for (e = 0; e < NumEngines; e = e + 1) begin
        if (overflow_port == 3'(e + 1)) fail_index = obs_done_index_o[e*32+:32];
      end
    end else if (running && checked_valid && checked_error != commands_pkg::ErrorNone) begin
      fail_code  = checked_error;
      fail_index = checked_index;
      fail_info  = checked_info;
    end else if (ran_out) begin
      fail_code  = commands_pkg::ErrorProgramEnd;
      fail_index = fetched_index;
    end else if (alarm) begin
      fail_code   = commands_pkg::ErrorWatchdog;
      fail_engine = alarm_engine;
      fail_index  = alarm_index;
      fail_info   = alarm_info;
    end else begin
      fail = 1'b0;
    end
  end

  // ---- Program state ----
  assign running        = state_q == StRun;
  assign launch         = start_i && !soft_reset_i && state_q == StIdle;
  assign complete       = is_end && ended_q && (&empty) && fetch_idle;
  assign clear          = state_q == StReset;
  assign flush_o        = state_q == StError || state_q == StDrain || state_q == StReset;
  assign engine_reset_o = state_q == StReset;

  always_comb begin
    state_d  = state_q;
    settle_d = '0;
    unique case (state_q)
      StIdle: if (launch) state_d = misaligned ? StError : StRun;
      StRun: begin
        if (fail) state_d = StError;
        else if (complete) state_d = StIdle;
      end
      StError: state_d = StError;
      StDrain: begin
        settle_d = (mem_idle_i && fetch_idle) ? settle_q + 3'd1 : '0;
        if (settle_q == 3'(QuietClocks)) begin
          state_d  = StReset;
          settle_d = '0;
        end
      end
      StReset: begin
        settle_d = settle_q + 3'd1;
        if (settle_q == 3'(ResetClocks - 1)) state_d = StIdle;
      end
      default: state_d = StIdle;
    endcase
    if (soft_reset_i && !resetting_o) begin
      state_d  = StDrain;
      settle_d = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q         <= StIdle;
      settle_q        <= '0;
      done_o          <= 1'b0;
      error_code_o    <= commands_pkg::ErrorNone;
      error_engine_o  <= commands_pkg::EngineSequencer;
      error_command_o <= '0;
      error_info_o    <= '0;
      commands_done_o <= '0;
    end else begin
      state_q  <= state_d;
      settle_q <= settle_d;
      if (launch || clear) begin
        done_o          <= 1'b0;
        error_code_o    <= commands_pkg::ErrorNone;
        error_engine_o  <= commands_pkg::EngineSequencer;
        error_command_o <= '0;
        error_info_o    <= '0;
        commands_done_o <= '0;
      end else if (running) begin
        commands_done_o <= commands_done_o + 32'(queue_signal[0]) + 32'(queue_signal[1]) +
                           32'(queue_signal[2]) + 32'(queue_signal[3]) + 32'(queue_signal[4]) +
                           32'(own_signal || (complete && !fail));
        done_o <= complete && !fail && !soft_reset_i;
      end
      if (fail && !soft_reset_i) begin
        error_code_o    <= fail_code;
        error_engine_o  <= fail_engine;
        error_command_o <= fail_index;
        error_info_o    <= fail_info;
      end
    end
  end

  assign busy_o           = running;
  assign error_o          = state_q == StError;
  assign resetting_o      = state_q == StDrain || state_q == StReset;
  assign counters_clear_o = launch;
  assign fetch_word_o     = fetch_rsp_valid_i;

  // ---- Assertions ----
  `S4_ASSERT(OneTarget, (push & (push - NumEngines'(1))) == '0)
  `S4_ASSERT(StatusIsOne, 32'(busy_o) + 32'(done_o) + 32'(error_o) + 32'(resetting_o) <= 32'd1 ||
                          (resetting_o && done_o))
  `S4_ASSERT(IdleAfterEnd, complete |-> !fetch_req_valid_o)

endmodule
