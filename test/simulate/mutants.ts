import { type AttachOptions, attach } from '../../src/gateway/attach.ts';
import type { Change, ChangeNotice, DeviceRow, HistoryQuery, StoredEvent } from '../../src/store/store.ts';
import { ProcessStore } from './process-store.ts';
import type { SimulationOptions } from './simulation.ts';

/** A part of the product, or of what it stands on, that is broken on purpose. */
export interface Mutant {
  readonly name: string;
  /** The first seed that is tried. */
  readonly from: number;
  /** The checks that may notice it first. */
  readonly noticedBy: readonly string[];
  readonly parts: Pick<SimulationOptions, 'makeStore' | 'makeAttached'>;
}

type StoreClass = new (...args: ConstructorParameters<typeof ProcessStore>) => ProcessStore;
const store = (Broken: StoreClass): Mutant['parts'] => ({ makeStore: (...args) => new Broken(...args) });
type Server = Parameters<typeof attach>[0];
const attached = (
  broken: (server: Server, options: AttachOptions) => ReturnType<typeof attach>,
): Mutant['parts'] => ({
  makeAttached: broken,
});

class TellsBeforeItCommits extends ProcessStore {
  protected override write(changes: readonly Change[]): readonly number[] | null {
    const seq = this.disk.shelf.head + 1;
    for (const { deviceId } of changes) {
      super.tell({ deviceId, seq, foreign: false });
      for (const other of this.openings.besides(this)) other.tell({ deviceId, seq, foreign: true });
    }
    return super.write(changes);
  }
  protected override tellOwn(): void {}
  protected override tellOthers(): void {}
}

class HearsNothingOfOthers extends ProcessStore {
  override tell(notice: ChangeNotice): void {
    if (!notice.foreign) super.tell(notice);
  }
}

class OverwritesWhatIsNewer extends ProcessStore {
  protected override write(changes: readonly Change[]): readonly number[] | null {
    const forced = changes.map((change) => ({
      ...change,
      expectedRevision: this.disk.shelf.row(change.deviceId)?.revision ?? 0,
    }));
    return super.write(forced);
  }
}

class NeverFlushes extends ProcessStore {
  protected override flushed(): void {}
}

/** A cache of rows that other processes' commits do not empty. */
class RemembersOldRows extends ProcessStore {
  readonly #rows = new Map<string, DeviceRow | undefined>();
  protected override row(deviceId: string): DeviceRow | undefined {
    if (!this.#rows.has(deviceId)) this.#rows.set(deviceId, super.row(deviceId));
    return this.#rows.get(deviceId);
  }
  protected override write(changes: readonly Change[]): readonly number[] | null {
    for (const { deviceId } of changes) this.#rows.delete(deviceId);
    return super.write(changes);
  }
}

/** The second look at a record answers what the first one saw. */
class LooksOnce extends ProcessStore {
  readonly #seen = new Map<string, { readonly row: DeviceRow | undefined; readonly untilMs: number }>();
  protected override row(deviceId: string): DeviceRow | undefined {
    const seen = this.#seen.get(deviceId);
    if (seen && seen.untilMs > this.world.nowMs) return seen.row;
    const row = super.row(deviceId);
    this.#seen.set(deviceId, { row, untilMs: this.world.nowMs + 3000 });
    return row;
  }
  protected override write(changes: readonly Change[]): readonly number[] | null {
    for (const { deviceId } of changes) this.#seen.delete(deviceId);
    return super.write(changes);
  }
}

class TakesExpiryForRejection extends ProcessStore {
  protected override events(query: HistoryQuery): readonly StoredEvent[] {
    return super.events(query).map((event) => {
      const detail = event.detail as Record<string, string>;
      return detail.outcome === 'expired' ? { ...event, detail: { ...detail, outcome: 'rejected' } } : event;
    });
  }
}

class ForgetsSettledRequests extends ProcessStore {
  protected override events(query: HistoryQuery): readonly StoredEvent[] {
    const events = super.events(query);
    return events.some(({ type }) => type === 'request.settled') && query.requestId !== undefined
      ? []
      : events;
  }
}

class ListsAllButTheNewest extends ProcessStore {
  protected override rows(): readonly DeviceRow[] {
    const rows = super.rows();
    const newest = Math.max(...rows.map(({ revision }) => revision));
    return rows.filter(({ revision }) => revision !== newest);
  }
}

/** What the gateway is given of each socket, changed. */
function withSockets(
  change: (socket: Record<string, unknown>, request: Record<string, unknown>) => void,
): Mutant['parts'] {
  return attached((server, options) => {
    const emit = server.emit.bind(server);
    Object.assign(server, {
      emit: (event: string, socket: Record<string, unknown>, request: Record<string, unknown>) => {
        change(socket, request);
        return emit(event, socket, request);
      },
    });
    return attach(server, options);
  });
}

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a store that tells before it commits',
    from: 5,
    noticedBy: ['I3', 'I5', 'I8a', 'I18'],
    parts: store(TellsBeforeItCommits),
  },
  {
    name: 'a store that hears nothing of other processes',
    from: 3,
    noticedBy: ['I3', 'I8a', 'I18'],
    parts: store(HearsNothingOfOthers),
  },
  {
    name: 'a store that ignores compare-and-set',
    from: 1,
    noticedBy: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7', 'I12', 'I13', 'I15', 'I16', 'I17', 'I18'],
    parts: store(OverwritesWhatIsNewer),
  },
  {
    name: 'a store that promises and does not flush',
    from: 1,
    noticedBy: ['I10'],
    parts: store(NeverFlushes),
  },
  {
    name: 'a row that is remembered after another process changed it',
    from: 2,
    noticedBy: ['I2', 'I3', 'I5', 'I6', 'I9', 'I12', 'I16', 'I18', 'log'],
    parts: store(RemembersOldRows),
  },
  {
    name: 'a second look that sees what the first one saw',
    from: 3,
    noticedBy: ['I2', 'I3', 'I5', 'I6', 'I9', 'I12', 'I16', 'I18'],
    parts: store(LooksOnce),
  },
  {
    name: 'an end of a request that is not told',
    from: 2,
    noticedBy: ['I5', 'I8a'],
    parts: withSockets((socket) => {
      const send = (socket.send as (text: string) => void).bind(socket);
      socket.send = (text: string) => {
        if (!text.includes('"event":"device.upgrade.resolved"')) send(text);
      };
    }),
  },
  {
    name: 'an expiry that is told as a rejection',
    from: 12,
    noticedBy: ['I6', 'I7', 'I8a'],
    parts: store(TakesExpiryForRejection),
  },
  {
    name: 'a settled request that is forgotten',
    from: 2,
    noticedBy: ['I2', 'I6', 'I7'],
    parts: store(ForgetsSettledRequests),
  },
  {
    name: 'a list that misses what has just changed',
    from: 1,
    noticedBy: ['I15'],
    parts: store(ListsAllButTheNewest),
  },
  {
    name: 'a parked socket whose time nobody looks at',
    from: 4,
    noticedBy: ['I3', 'I5', 'growth'],
    parts: attached((server, options) => ({ ...attach(server, options), turn: async () => {} })),
  },
  {
    name: 'a change of the shared secret that ends nobody',
    from: 2,
    noticedBy: ['I4', 'I14', 'I18'],
    parts: attached((server, options) => ({ ...attach(server, options), setAuth: () => {} })),
  },
  {
    name: 'a peer that is taken for local',
    from: 1,
    noticedBy: ['I4', 'I14', 'I16'],
    parts: withSockets((_, request) =>
      Object.assign(request.socket as object, { remoteAddress: '127.0.0.1' }),
    ),
  },
  {
    name: 'a socket whose end the gateway does not hear',
    from: 1,
    noticedBy: ['I5', 'I18', 'growth', 'status'],
    parts: withSockets((socket) => {
      const on = (socket.on as (name: string, run: () => void) => unknown).bind(socket);
      socket.on = (name: string, run: () => void) => (name === 'close' ? socket : on(name, run));
    }),
  },
  {
    name: 'an answer that is sent twice',
    from: 1,
    noticedBy: ['I5'],
    parts: withSockets((socket) => {
      const send = (socket.send as (text: string) => void).bind(socket);
      socket.send = (text: string) => {
        send(text);
        if (text.includes('"id":"connect"')) send(text);
      };
    }),
  },
];
