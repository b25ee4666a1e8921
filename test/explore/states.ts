/** The states that were seen, in the order in which they were: two numbers each, where they came from, and a hash. */
export class States {
  high = new Uint32Array(1 << 16);
  low = new Uint32Array(1 << 16);
  from = new Int32Array(1 << 16);
  size = 0;
  #slots = new Int32Array(1 << 18);

  /** Keeps a state that was not seen before. */
  add(high: number, low: number, from: number): void {
    if (this.size * 2 >= this.#slots.length) this.#rehash();
    const at = this.#place(high, low);
    if (this.#slots[at] !== 0) return;
    if (this.size === this.high.length) this.#grow();
    this.high[this.size] = high;
    this.low[this.size] = low;
    this.from[this.size] = from;
    this.size += 1;
    this.#slots[at] = this.size;
  }

  /** The number of a state; -1 when it was never seen. */
  find(high: number, low: number): number {
    return (this.#slots[this.#place(high, low)] as number) - 1;
  }

  /** Where a state stands in the hash, or would stand. */
  #place(high: number, low: number): number {
    const mask = this.#slots.length - 1;
    let at = hash(high, low) & mask;
    for (;;) {
      const known = this.#slots[at] as number;
      if (known === 0 || (this.high[known - 1] === high && this.low[known - 1] === low)) return at;
      at = (at + 1) & mask;
    }
  }

  #grow(): void {
    const length = this.high.length * 2;
    const high = new Uint32Array(length);
    const low = new Uint32Array(length);
    const from = new Int32Array(length);
    high.set(this.high);
    low.set(this.low);
    from.set(this.from);
    Object.assign(this, { high, low, from });
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.size; index++) {
      let at = hash(this.high[index] as number, this.low[index] as number) & mask;
      while (slots[at] !== 0) at = (at + 1) & mask;
      slots[at] = index + 1;
    }
    this.#slots = slots;
  }
}

function hash(high: number, low: number): number {
  let mixed = Math.imul(high ^ (low >>> 15), 0x85ebca6b) ^ Math.imul(low, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x27d4eb2f);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
