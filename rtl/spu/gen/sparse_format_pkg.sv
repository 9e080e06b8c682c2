// Generated from rtl/spu/sparse_format.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// The compressed weight format. The reduction is cut into banks of 64 (64 channels of one kernel
/// tap; order block of 64 channels, ky, kx). A group is the output-channel lanes of the array
/// shape in use. Per group and bank every lane has the same number K of entries, K = 0 to 64. See
/// docs/blocks/spu.md for the picture.
package sparse_format_pkg;

  // Reduction elements of a bank.
  localparam int unsigned BankSize = 64;
  // Bits of an index within a bank.
  localparam int unsigned IndexBits = 6;
  // Banks with K from here to 63 may be stored as bitmaps: 64 + 8 K < 14 K bits per lane.
  localparam int unsigned BitmapMinK = 11;
  // Index rows that carry the bitmap of one bank (ceil(64 / 6)); a bitmap needs K >= BitmapMinK
  // so that the next one arrives in time.
  localparam int unsigned BitmapRows = 11;
  // Bytes of a value block; value sections are padded to it.
  localparam int unsigned BlockRowsBytes = 256;
  // Bytes of an index block; index sections are padded to it.
  localparam int unsigned IndexBlockBytes = 192;
  // Rows of the value stream that one BF16 value of every lane takes: the low bytes, then the
  // high bytes. An INT8 value takes one.
  localparam int unsigned Bf16ValueRows = 2;
  // Bits of a bank header.
  localparam int unsigned BlockHeaderBits = 8;

  // One byte per bank in the header rows of the index stream.
  typedef struct packed {
    logic bitmap;
    logic [6:0] count;
  } bank_header_t;

endpackage
