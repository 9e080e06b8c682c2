/// What the modules of a channel tell each other. A queue stands for one direction, reads or
/// writes; banks are numbered over both ranks.
package memory_pkg;

  // As in lpddr4_pkg (checked in memory_channel; a package cannot use another in synthesis).
  localparam int unsigned NumBanks = 16;
  localparam int unsigned LatencyWidth = 13;
  localparam int unsigned CountWidth = 7;  // of entries of a queue, at most 64

  /// What a queue would do next: an access to an open row, a row to be opened. Registered, so it
  /// counts on banks as they were a clock ago.
  typedef struct packed {
    logic        access_valid;
    logic [3:0]  access_bank;
    logic [5:0]  access_burst;  // of the page
    logic        access_masked;
    logic        access_last;   // nothing is left of its entry
    logic        access_only;   // no other entry of the queue wants the row
    logic        activate_valid;
    logic [3:0]  activate_bank;
    logic [15:0] activate_row;
  } candidate_t;

  /// What waits in a queue and could be served. A bit per bank: entries at all, of the open row, of
  /// other rows, starving ones of other rows. Then for the whole queue: any entry, a starving one,
  /// one that waits for the other queue.
  typedef struct packed {
    logic [NumBanks-1:0] any;
    logic [NumBanks-1:0] hit;
    logic [NumBanks-1:0] conflict;
    logic [NumBanks-1:0] starving;
    logic                ready;
    logic                starves;
    logic                blocked;
  } demand_t;

  /// Banks for which a kind of command may come in the next clock.
  typedef struct packed {
    logic [NumBanks-1:0] read;
    logic [NumBanks-1:0] write;
    logic [NumBanks-1:0] masked;
    logic [NumBanks-1:0] activate;
  } ready_t;

  /// Events of the requests of a clock, for the counters.
  typedef struct packed {
    logic                    inserted;
    logic                    merged;
    logic                    ordered;
    logic                    refused;
    logic                    answered;
    logic                    wrong;
    logic [LatencyWidth-1:0] latency;  // of what was answered, clocks
    logic [CountWidth-1:0]   read_count;
    logic [CountWidth-1:0]   write_count;
  } traffic_t;

  /// Events of the error correction in a clock: words corrected and not correctable, bursts
  /// scrubbed, partial writes merged, checks read and written, requests refused.
  typedef struct packed {
    logic [2:0] corrected;
    logic [2:0] uncorrected;
    logic       scrubbed;
    logic       merged;
    logic       check_read;
    logic       check_written;
    logic       refused;
  } correction_t;

  /// Number of the only bit that is set; 0 of none.
  function automatic logic [5:0] number(input logic [63:0] one_hot);
    number = {|(one_hot & 64'hffff_ffff_0000_0000), |(one_hot & 64'hffff_0000_ffff_0000),
              |(one_hot & 64'hff00_ff00_ff00_ff00), |(one_hot & 64'hf0f0_f0f0_f0f0_f0f0),
              |(one_hot & 64'hcccc_cccc_cccc_cccc), |(one_hot & 64'haaaa_aaaa_aaaa_aaaa)};
  endfunction

endpackage
