// Generated from rtl/config/config.json by tools/generate.py. Do not edit; run `make generate`.
// SPDX-License-Identifier: Apache-2.0

/// Sizes of one chip. A compiled program names the configuration that it is for; no behaviour
/// depends on it, only speed.
package config_pkg;

  // Configuration: small
  // Sparse processing subsystems on the ring. [subsystems]
  localparam int unsigned NumSubsystems = 4;
  // Quadrants of the MAC array. Array shape s joins NumQuadrants >> s of them in the channel
  // direction and 1 << s in the pixel direction. [quadrants]
  localparam int unsigned NumQuadrants = 4;
  // Output-channel lanes of one quadrant. Each takes one (index, value) per clock. [output
  // channels]
  localparam int unsigned LanesPerQuadrant = 16;
  // Pixel lanes of one quadrant, and activation words that the local buffer delivers per clock.
  // [pixels]
  localparam int unsigned PixelsPerQuadrant = 8;
  // Pixels whose LanesPerQuadrant results leave the epilogue per clock; divides
  // PixelsPerQuadrant. [pixels]
  localparam int unsigned EpiloguePixels = 4;
  // Activation memory of one subsystem. [KiB]
  localparam int unsigned LocalBufferKiB = 512;
  // Depth of the weight-value buffer. [rows of NumQuadrants * LanesPerQuadrant bytes]
  localparam int unsigned ValueRows = 1024;
  // Depth of the weight-index buffer. [rows of NumQuadrants * LanesPerQuadrant * 6 bits]
  localparam int unsigned IndexRows = 1024;
  // Depth of the epilogue parameter buffer (bias and scale). [rows of LanesPerQuadrant * 8 bytes]
  localparam int unsigned ParamRows = 16;
  // Outstanding read bursts of the load DMA. [bursts]
  localparam int unsigned LoadSlots = 32;
  // Outstanding read bursts of the weight DMA. [bursts]
  localparam int unsigned WeightSlots = 16;
  // Outstanding write bursts of the store DMA. [bursts]
  localparam int unsigned StoreSlots = 16;
  // Commands waiting in front of each engine. [commands]
  localparam int unsigned QueueDepth = 4;

  // Output-channel lanes of the whole array, bytes of one value row.
  localparam int unsigned ArrayLanes = 64;
  // INT8 multiply-accumulates per clock.
  localparam int unsigned MacsPerClock = 512;
  // Largest array shape.
  localparam int unsigned MaxShape = 2;
  // Pixels of the widest tile (shape MaxShape).
  localparam int unsigned PixelLanes = 32;
  // Single-port banks of the local buffer; word w lies in bank w mod LocalBanks.
  localparam int unsigned LocalBanks = 16;
  // 64-byte words of the local buffer.
  localparam int unsigned LocalWords = 8192;
  // Bits of a local-buffer word address.
  localparam int unsigned LocalAddrWidth = 13;
  // Rows of one local-buffer bank.
  localparam int unsigned LocalBankRows = 512;
  // Write-enable units of a local-buffer word (LanesPerQuadrant bytes each).
  localparam int unsigned LaneChunks = 4;
  // Rows in one index block (192 B) and in one value block (256 B) of the weight stream.
  localparam int unsigned IndexRowsPerBlock = 4;
  // Hash of the parameters; a program carries it.
  localparam logic [63:0] ConfigHash = 64'habc9e6398a065b90;

endpackage
