/** Small numbers for values, and tables of them. */

/** Gives equal values one small number. */
export class Interned<T> {
  readonly values: T[] = [];
  readonly #ids = new Map<string, number>();
  readonly #most: number;

  /** `most`: how many values there may be at all. */
  constructor(most: number) {
    this.#most = most;
  }

  id(value: T, key: string = JSON.stringify(value)): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    if (this.values.length >= this.#most) throw new Error(`more than ${this.#most} of one kind: ${key}`);
    this.#ids.set(key, this.values.length);
    this.values.push(value);
    return this.values.length - 1;
  }

  get(id: number): T {
    const value = this.values[id];
    if (value === undefined) throw new Error(`nothing has the number ${id}`);
    return value;
  }
}

/** A table that is filled where it is asked. */
export class Grid<T> {
  readonly #rows: ((T | undefined)[] | undefined)[] = [];

  get(row: number, column: number): T | undefined {
    return this.#rows[row]?.[column];
  }

  set(row: number, column: number, value: T): T {
    const found = this.#rows[row] ?? [];
    this.#rows[row] = found;
    found[column] = value;
    return value;
  }
}
