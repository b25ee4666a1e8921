import type { Told } from './program.ts';
import type { Teller } from './teller.ts';

/** What both parts of the demo are told with. */
export interface Setting {
  readonly teller: Teller;
  /** An empty folder for everything that is written. */
  readonly folder: string;
  /** The shared token of the gateway. */
  readonly token: string;
  /** How long the program is left alone before the owner looks. */
  readonly aloneMs: number;
  /** For `antechamber serve`, beside the port and the folder. */
  readonly serveOptions: readonly string[];
}

/** What came out of a part, for the table at the end. */
export interface Figures {
  /** The same program while the device still held operator.admin, as in the report. */
  readonly withAdmin: 'let in' | 'refused';
  /** Connects until the program was let in. */
  readonly attempts: number;
  /** How many of them were closed with 1008. */
  readonly closes: number;
  /** How many of these were told in words that programs read: wait, then try again. */
  readonly toldToWait: number;
  /** Lines in the gateway's log that the report's own search finds. */
  readonly logLines: number;
  readonly requests: number;
  /** Whether the owner's command line on the device's own computer could look and approve. */
  readonly ownCommand: 'works' | 'refused';
  readonly sameSocket: boolean;
  readonly approvalToHelloMs: number;
  /** Requests that the next connect opened. */
  readonly requestsAfter: number;
}

/** The search by which the reporter counted: `grep -E 'scope-upgrade|pairing required'`. */
const SEARCH = /scope-upgrade|pairing required/;

export function searched(log: readonly string[]): readonly string[] {
  return log.filter((line) => SEARCH.test(line));
}

/** Tells what the program is told, one line for each of its sockets. */
export function narrator(teller: Teller): (told: Told) => void {
  return (told) => {
    const socket = `socket ${told.attempt}`;
    if (told.what === 'held')
      teller.at(`program: ${socket} is held: it waits, nothing is refused`, told.atMs);
    if (told.what === 'hello') {
      teller.at(`program: ${socket} is let in, connection ${told.connId.slice(0, 8)}`, told.atMs);
    }
    if (told.what === 'closed' && told.code === 1008) {
      const [reason] = told.reason.split(':');
      const next = told.next === null ? '' : `, and is told: ${told.next}`;
      teller.at(`program: ${socket} is closed, 1008 "${reason}"${next}`, told.atMs);
    }
  };
}

/** Throws when the story does not come out as told. */
export function expectStory(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the story does not come out as told: ${what}`);
}
