// Generated from rtl/memory_port/memory_port.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// The memory port of a subsystem: request, write-data and response channel, each valid/ready.
/// Bursts of 1 to 16 beats of 64 B, aligned to 64 B. Responses of different tags may arrive in
/// any order and interleaved; beats of one tag arrive in order. A write burst is answered by one
/// response with write = 1.
package memory_port_pkg;

  // Bits of a byte address.
  localparam int unsigned AddrWidth = 36;
  // Bytes of one beat.
  localparam int unsigned BeatBytes = 64;
  // Bits of one beat.
  localparam int unsigned BeatBits = 512;
  // Most beats of one burst.
  localparam int unsigned MaxBurst = 16;
  // Bits of a tag: client in the upper two, slot in the lower six.
  localparam int unsigned TagWidth = 8;
  // Stations that a destination mask can name.
  localparam int unsigned MaskWidth = 16;
  // Bits of the slot part of a tag.
  localparam int unsigned SlotWidth = 6;

  // Clients of the port, the upper two bits of a tag.
  typedef enum logic [1:0] {
    ClientFetch = 2'd0,
    ClientLoad = 2'd1,
    ClientWeights = 2'd2,
    ClientStore = 2'd3
  } client_e;

  // Outcome of a request.
  typedef enum logic [1:0] {
    ResponseErrorOk = 2'd0,
    ResponseErrorDecode = 2'd1,
    ResponseErrorData = 2'd2
  } response_error_e;

  // Request channel.
  typedef struct packed {
    logic write;
    logic [35:0] addr;
    logic [3:0] len;
    logic [7:0] tag;
    logic [15:0] mask;
  } request_t;

  // Write-data channel; bursts in the order of their requests.
  typedef struct packed {
    logic [511:0] data;
    logic [63:0] strobe;
    logic last;
  } write_data_t;

  // Response channel.
  typedef struct packed {
    logic [511:0] data;
    logic [7:0] tag;
    logic write;
    logic [1:0] error;
    logic last;
  } response_t;

endpackage
