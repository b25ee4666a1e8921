/**
 * What each client of a test sent and received, in order. It is judged after the test (`check-frames.ts`), so that the
 * official schemas are loaded only where frames came, and programs that are no tests keep nothing.
 */
export interface Entry {
  readonly way: 'sent' | 'received';
  readonly text: string;
}

export class Ledger {
  /** The test in which the client was opened. */
  readonly test: string;
  #entries: Entry[] = [];

  constructor(test: string) {
    this.test = test;
  }

  sent(text: string): void {
    if (current !== null) this.#entries.push({ way: 'sent', text });
  }

  received(text: string): void {
    if (current !== null) this.#entries.push({ way: 'received', text });
  }

  /** What came since it was asked last. */
  take(): readonly Entry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }
}

let current: string | null = null;
const ledgers: Ledger[] = [];

/** From now on ledgers are kept, under the name of this test. */
export function beginTest(name: string): void {
  current = name;
}

export function openLedger(): Ledger {
  const ledger = new Ledger(current ?? '');
  if (current !== null) ledgers.push(ledger);
  return ledger;
}

export function openLedgers(): readonly Ledger[] {
  return ledgers;
}
