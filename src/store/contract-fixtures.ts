import type { Change, ChangeNotice, NewEvent, Store } from './store.ts';

/** One rule of the contract; `check` rejects with an AssertionError when the store breaks it. */
export interface StoreCheck {
  readonly name: string;
  check(open: () => Promise<Store>): Promise<void>;
}

/** A rule that needs one opening, or two of the same backing; they are closed whatever happens. */
export function rule(name: string, body: (store: Store, other: Store) => Promise<void>): StoreCheck {
  return {
    name,
    async check(open) {
      const store = await open();
      try {
        const other = await open();
        try {
          await body(store, other);
        } finally {
          await other.close();
        }
      } finally {
        await store.close();
      }
    },
  };
}

/** 64 characters as a device id has, told apart by its first one. */
export function device(first: string): string {
  return first.padEnd(64, '0');
}

export function event(type: string, more: Partial<NewEvent> = {}): NewEvent {
  return { role: 'operator', atMs: 1_700_000_000_000, type, requestId: null, detail: null, ...more };
}

/** A change that pairs the device's operator; say what is different. */
export function change(deviceId: string, expectedRevision: number, more: Partial<Change> = {}): Change {
  return {
    deviceId,
    expectedRevision,
    next: { document: { name: 'a device' }, states: { operator: 'paired' }, deadlineMs: null },
    events: [event('request.approved')],
    durable: false,
    ...more,
  };
}

/** The change that leaves only the history of a device. */
export function removal(deviceId: string, expectedRevision: number): Change {
  return change(deviceId, expectedRevision, { next: null, events: [event('device.removed')] });
}

/** A change whose document is only a number. */
export function counter(deviceId: string, expectedRevision: number, value: number): Change {
  const next = { document: value, states: { operator: 'paired' }, deadlineMs: null };
  return change(deviceId, expectedRevision, { next });
}

/** Generous: it only ends a check that has failed anyway. In milliseconds. */
const NOTICE_DEADLINE_MS = 5_000;

/** The first notice that `wanted` accepts, from now on. */
export function nextNotice(store: Store, wanted: (notice: ChangeNotice) => boolean): Promise<ChangeNotice> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      stop();
      reject(new Error(`no such notice came within ${NOTICE_DEADLINE_MS} ms`));
    }, NOTICE_DEADLINE_MS);
    const stop = store.watch((notice) => {
      if (!wanted(notice)) return;
      clearTimeout(late);
      stop();
      resolve(notice);
    });
  });
}
