// Random numbers from a seed: mulberry32.

export class Random {
  constructor(seed) { this.state = (seed * 2654435761) >>> 0; }
  next() {  // mulberry32, in [0, 1)
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  int(low, high) { return low + Math.floor(this.next() * (high - low + 1)); }
  real(low, high) { return Math.fround(low + this.next() * (high - low)); }
  pick(list) { return list[this.int(0, list.length - 1)]; }
  ints(count, low, high) { return Array.from({length: count}, () => this.int(low, high)); }
}
