// Generated from rtl/ring/ring.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// The ring between stations: single-flit packets of 64 B with a parallel header. The ring reads
/// mask, source and class; everything in the payload is the business of the two ends.
package ring_pkg;

  // Most stations of a ring; bits of a destination mask.
  localparam int unsigned MaxStations = 16;
  // Bits of a station number.
  localparam int unsigned StationWidth = 4;
  // Classes that never block one another.
  localparam int unsigned NumClasses = 3;
  // Bits of a class.
  localparam int unsigned ClassWidth = 2;
  // Data of one packet.
  localparam int unsigned DataBits = 512;
  // Bits of the payload structure.
  localparam int unsigned PayloadBits = 596;
  // Bits of the turn of a tag.
  localparam int unsigned TurnWidth = 2;
  // Lowest bit, in the data of a Read packet, of the mask of the stations that receive its beats.
  localparam int unsigned MaskLsb = 40;
  // Bits of the number of joint reads that a Control packet tells of.
  localparam int unsigned AskedWidth = 8;
  // Bits of the check sum that travels from end to end over source, class and payload.
  localparam int unsigned CrcWidth = 16;
  // x^16 + x^12 + x^5 + 1 without its highest term. The check sum of a word is the remainder of
  // word * x^16, inverted.
  localparam int unsigned CrcPolynomial = 4129;
  // Bits of an error counter; it stops at its largest value.
  localparam int unsigned CounterWidth = 16;

  // Class of a packet.
  typedef enum logic [1:0] {
    ClassRequest = 2'd0,
    ClassResponse = 2'd1,
    ClassControl = 2'd2
  } class_e;

  // Error to make on the link that leaves a station, for tests of the checks.
  typedef enum logic [1:0] {
    FaultNone = 2'd0,
    FaultHeader = 2'd1,
    FaultPayload = 2'd2,
    FaultPayloadPair = 2'd3
  } fault_e;

  // What a packet carries.
  typedef enum logic [1:0] {
    OpRead = 2'd0,
    OpWrite = 2'd1,
    OpData = 2'd2,
    OpAcknowledge = 2'd3
  } op_e;

  // What travels from end to end unseen by the ring.
  typedef struct packed {
    logic [1:0] op;
    logic [1:0] turn;
    logic [7:0] tag;
    logic last;
    logic [3:0] left;
    logic [1:0] error;
    logic [63:0] strobe;
    logic several;
    logic [511:0] data;
  } payload_t;

  // Errors that a station counted, both directions together; each counter stops at its largest
  // value.
  typedef struct packed {
    logic [15:0] header;
    logic [15:0] payload;
    logic [15:0] crc;
    logic [15:0] misrouted;
    logic [15:0] dropped;
  } errors_t;

  // Errors that a network interface counted; each counter stops at its largest value.
  typedef struct packed {
    logic [15:0] given_up;
    logic [15:0] lost;
    logic [15:0] stray;
  } port_errors_t;

endpackage
