import type { DeviceRow } from './store.ts';

/** A bounded cache of rows; the least recently used one goes first. */
export class RowCache {
  readonly #rows = new Map<string, DeviceRow>();
  readonly #capacity: number;

  /** `capacity` in rows; 0 keeps none. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(deviceId: string): DeviceRow | undefined {
    const row = this.#rows.get(deviceId);
    // A Map keeps the order of insertion, so what is put in again is the most recent.
    if (row !== undefined && this.#rows.delete(deviceId)) this.#rows.set(deviceId, row);
    return row;
  }

  set(row: DeviceRow): void {
    this.#rows.delete(row.deviceId);
    this.#rows.set(row.deviceId, row);
    if (this.#rows.size <= this.#capacity) return;
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) this.#rows.delete(oldest);
  }

  delete(deviceId: string): void {
    this.#rows.delete(deviceId);
  }

  clear(): void {
    this.#rows.clear();
  }
}
