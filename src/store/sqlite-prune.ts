import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Pruned, Pruning } from './store.ts';

// Each statement looks at one part of the history, so that the lock is held for milliseconds. The newest event of a
// request is found by its index, the newest of a device by its own: what is asked of one event costs at most `keep` steps.
const REMOVE = `DELETE FROM events WHERE seq > ?1 AND seq <= ?2 AND at_ms < ?3
    AND seq < (SELECT max(seq) FROM events)
    AND (request_id IS NULL OR NOT EXISTS (
      SELECT 1 FROM events AS same WHERE same.request_id = events.request_id AND same.at_ms >= ?3))
    AND (NOT EXISTS (SELECT 1 FROM device WHERE device.device_id = events.device_id)
      OR seq < coalesce((SELECT newer.seq FROM events AS newer WHERE newer.device_id = events.device_id
        ORDER BY newer.seq DESC LIMIT 1 OFFSET ?4 - 1), 0))`;

const LAST = `SELECT seq, at_ms, position FROM (
    SELECT seq, at_ms, row_number() OVER (ORDER BY seq) AS position FROM events WHERE seq > ? ORDER BY seq LIMIT ?)
  ORDER BY seq DESC LIMIT 1`;

/** Forgets the oldest part of the history. Freed pages are used again by what comes; the file does not shrink. */
export class SqlitePrune {
  readonly #last: StatementSync;
  readonly #remove: StatementSync;

  constructor(db: DatabaseSync) {
    this.#last = db.prepare(LAST);
    this.#remove = db.prepare(REMOVE);
  }

  run({ beforeMs, keep, afterSeq, limit }: Pruning): Pruned {
    const last = this.#last.get(afterSeq, limit);
    if (!last) return { removed: 0, nextSeq: null };
    const seq = Number(last.seq);
    const { changes } = this.#remove.run(afterSeq, seq, beforeMs, keep);
    const isOver = Number(last.at_ms) >= beforeMs || Number(last.position) < limit;
    return { removed: Number(changes), nextSeq: isOver ? null : seq };
  }
}
