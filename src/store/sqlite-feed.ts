import type { SqliteReads } from './sqlite-reads.ts';

type Reads = Pick<SqliteReads, 'dataVersion' | 'eventsAfter' | 'head'>;

/** Tells of the changes that other connections commit, by looking every `pollMs` while it is wanted. */
export class SqliteFeed {
  readonly #reads: Reads;
  readonly #pollMs: number;
  readonly #tell: (deviceId: string, seq: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #version = 0;
  /** Every event up to this one has been looked at. */
  #seenSeq = 0;
  /** Events of this connection after `#seenSeq`: the scan meets them among the foreign ones. */
  readonly #own = new Set<number>();

  constructor(reads: Reads, pollMs: number, tell: (deviceId: string, seq: number) => void) {
    this.#reads = reads;
    this.#pollMs = pollMs;
    this.#tell = tell;
  }

  start(): void {
    if (this.#timer) return;
    // In this order: a commit between the two reads is then found by a scan too many, and never missed.
    this.#version = this.#reads.dataVersion();
    this.#seenSeq = this.#reads.head();
    this.#timer = setInterval(() => this.#look(), this.#pollMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#own.clear();
  }

  /** To be called in the same turn as the commit, before anything else can look. */
  committed(seqs: readonly number[]): void {
    if (this.#timer) for (const seq of seqs) this.#own.add(seq);
  }

  #look(): void {
    let foreign: ReadonlyMap<string, number>;
    try {
      foreign = this.#scan();
    } catch {
      // Locked or failing: nothing was marked as seen, so the next look finds it. A lasting fault shows in every call.
      return;
    }
    for (const [deviceId, seq] of foreign) this.#tell(deviceId, seq);
  }

  #scan(): ReadonlyMap<string, number> {
    const foreign = new Map<string, number>();
    const version = this.#reads.dataVersion();
    if (version === this.#version) {
      // Nobody else has committed, so all that is new is ours.
      this.#seenSeq = Math.max(this.#seenSeq, ...this.#own);
    } else {
      const events = this.#reads.eventsAfter(this.#seenSeq);
      for (const { seq, deviceId } of events) if (!this.#own.has(seq)) foreign.set(deviceId, seq);
      this.#seenSeq = events.at(-1)?.seq ?? this.#seenSeq;
      this.#version = version;
    }
    this.#own.clear();
    return foreign;
  }
}
