/** A state of the joint model as two numbers of 32 bits. */
import type { World } from './world.ts';

/** Which of `places` is which makes no difference, unless the world keeps its programs. */
export class Packing {
  readonly #bits: number;
  readonly #sorts: boolean;

  constructor(world: World) {
    this.#bits = Math.floor(32 / world.sockets);
    this.#sorts = !world.keeps;
  }

  pack(places: Int32Array): number {
    if (this.#sorts) sort(places);
    let low = 0;
    for (const place of places) {
      if (place >= 2 ** this.#bits) throw new Error(`more than ${2 ** this.#bits} states of a socket`);
      low = low * 2 ** this.#bits + place;
    }
    return low;
  }

  unpack(low: number, places: Int32Array): void {
    const radix = 2 ** this.#bits;
    for (let at = places.length - 1; at >= 0; at--) {
      places[at] = low % radix;
      low = Math.floor(low / radix);
    }
  }
}

/** The two or three places of a state: what the engine's own sort costs, it costs here a million times. */
function sort(places: Int32Array): void {
  for (let at = 1; at < places.length; at++) {
    const place = places[at] as number;
    let to = at;
    for (; to > 0 && (places[to - 1] as number) > place; to--) places[to] = places[to - 1] as number;
    places[to] = place;
  }
}

export const highOf = (device: number, token: number): number => device * 16 + token;
