/// The code of the inline error correction: 8 check bits for each 64-bit word, so that any one
/// wrong bit of the 72 is corrected and any two are seen. Data bit i has a column of eight bits,
/// all different, with three or five ones: first the 56 bytes with three ones in rising order, then
/// 1f and its rotations to the left. Check bit c is the parity of the data bits whose column has
/// bit c. All-zero words have all-zero checks. Model: sim/memory/memory_code.hpp
package memory_ecc_pkg;

  // As lpddr4_pkg::EccBlockWidth (checked in memory_ecc_issue; a package cannot use another in
  // synthesis).
  localparam int unsigned BlockWidth = 23;

  /// What the check cache found for a block, one clock after the search: there is an entry of it,
  /// bursts whose checks it knows, they are being read; an entry could be taken; checks of a write
  /// are taken.
  typedef struct packed {
    logic       hit;
    logic [7:0] known;
    logic       fetching;
    logic       spare;
    logic       write_ready;
  } found_t;

  /// The entry found, or the spare one, is used: somebody awaits it until it is released; its
  /// checks are read; bursts that are written, and their checks.
  typedef struct packed {
    logic         valid;
    logic         read;
    logic         fetch;
    logic [7:0]            bursts;
    logic [255:0] checks;
  } use_t;

  /// Dirty checks: an entry that is wholly dirty, too many, any; block and bursts of the next.
  typedef struct packed {
    logic                  full;
    logic                  many;
    logic                  any;
    logic [BlockWidth-1:0] block;
    logic [7:0]            bursts;
  } wipe_t;

  /// An access for the channel: data of a line (two: both halves) from a burst of a block on, or
  /// the checks of a block.
  typedef struct packed {
    logic                  write;
    logic                  check;
    logic [BlockWidth-1:0] block;
    logic [2:0]            burst;
    logic                  two;
    logic [511:0]          data;
    logic [63:0]           strobes;
  } job_t;

  /// A burst that is written back, and its checks.
  typedef struct packed {
    logic [BlockWidth-1:0] block;
    logic [2:0]            burst;
    logic [255:0]          data;
    logic [31:0]           checks;
  } back_t;

  /// A read: halves of the line, merged with a partial write, refused, checks at hand.
  typedef struct packed {
    logic [1:0] halves;
    logic       merge;
    logic       refused;
    logic       known;
  } read_t;

  // Data bits of check bit c in bits 64 * c + 63 to 64 * c: the columns, read across. Each check
  // bit covers 26.
  localparam logic [511:0] Covered = {
    64'hf8fffff800000000, 64'h7cfc0007fff00000, 64'h3e83e007c00ffc00, 64'h1f421e043c0f03f0,
    64'h8f2111c22388e38e, 64'hc710893112649a6d, 64'he30844a88952555b, 64'hf104225844b12cb7
  };

  /// Check bits of a word.
  function automatic logic [7:0] check_word(input logic [63:0] data);
    int unsigned c;
    for (c = 0; c < 8; c = c + 1) check_word[c] = ^(data & Covered[64*c+:64]);
  endfunction

  /// Check bits of the four words of a burst.
  function automatic logic [31:0] check_burst(input logic [255:0] data);
    int unsigned w;
    for (w = 0; w < 4; w = w + 1) check_burst[8*w+:8] = check_word(data[64*w+:64]);
  endfunction

  /// The data bit that a syndrome (check bits read, against those of the data read) tells wrong.
  function automatic logic [63:0] wrong_bit(input logic [7:0] syndrome);
    int unsigned i;
    for (i = 0; i < 64; i = i + 1) begin
      wrong_bit[i] = syndrome == {Covered[448+i], Covered[384+i], Covered[320+i], Covered[256+i],
                                  Covered[192+i], Covered[128+i], Covered[64+i], Covered[i]};
    end
  endfunction

  /// One check bit is wrong, the data are right.
  function automatic logic is_check_bit(input logic [7:0] syndrome);
    is_check_bit = syndrome != 8'd0 && (syndrome & (syndrome - 8'd1)) == 8'd0;
  endfunction

endpackage
