import { shownFrame, shownText } from './redact.ts';

/** One thing that happened on a socket, as a report may show it. */
export interface Entry {
  /** Ms since the case began. */
  readonly atMs: number;
  /** Whose socket: the device's name and the number of its socket, or `owner`. */
  readonly socket: string;
  readonly what: 'sent' | 'received' | 'closed' | 'note';
  /** The frame, secrets replaced; a text for everything but a frame. */
  readonly shown: unknown;
}

/** More than this is a loop, and is told by its beginning and its end. */
const MOST = 400;

/** Events that say nothing about devices; they come at any time. */
const NOISE = /^(tick|health|presence|heartbeat|cron|agent|chat|exec\.|node\.|voicewake|talk)/;

/** What happened in one case. */
export class Trace {
  readonly #now: () => number;
  readonly #names = new Map<string, string>();
  #beganMs: number;
  #entries: Entry[] = [];
  #recording = true;

  constructor(now: () => number) {
    this.#now = now;
    this.#beganMs = now();
  }

  get entries(): readonly Entry[] {
    if (this.#entries.length <= MOST) return this.#entries;
    const half = MOST / 2;
    const note = `${this.#entries.length - MOST} more frames`;
    const [first] = this.#entries.slice(half);
    const gap: Entry = { atMs: first?.atMs ?? 0, socket: '', what: 'note', shown: note };
    return [...this.#entries.slice(0, half), gap, ...this.#entries.slice(-half)];
  }

  /** Forgets all of before: a repeated cycle went well, and only one that did not is worth showing. */
  startOver(): void {
    if (!this.#recording) return;
    this.#entries = [];
    this.#beganMs = this.#now();
  }

  /** Keeps what there is and records no more. */
  stop(): void {
    this.#recording = false;
  }

  frame(socket: string, what: 'sent' | 'received', frame: unknown): void {
    const { event = '', method, payload } = frame as Partial<Readonly<Record<string, string>>>;
    if (NOISE.test(event)) return;
    const isEntering = event === 'connect.challenge' || method === 'connect' || isHello(payload);
    if (socket === 'owner' && isEntering) return;
    this.#add(socket, what, shownFrame(frame, this.#nameOf));
  }

  text(socket: string, what: 'closed' | 'note', text: string): void {
    this.#add(socket, what, this.shown(text));
  }

  /** A text of the wire with devices by their names, and without secrets. */
  shown(text: string): string {
    return shownText(text, this.#nameOf);
  }

  /** Frames show this device from now on; of others they show only how many there are. */
  introduce({ id, name }: { readonly id: string; readonly name: string }): void {
    this.#names.set(id, name);
  }

  readonly #nameOf = (id: string): string | undefined => this.#names.get(id);

  #add(socket: string, what: Entry['what'], shown: unknown): void {
    if (!this.#recording) return;
    this.#entries.push({ atMs: Math.round(this.#now() - this.#beganMs), socket, what, shown });
  }
}

function isHello(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'type' in payload && payload.type === 'hello-ok';
}

type Fields = Readonly<Record<string, unknown>>;

/** One line: `    12 ms  A1 -> device.pair.list {}`. */
export function entryLine({ atMs, socket, what, shown }: Entry): string {
  const arrow = { sent: '->', received: '<-', closed: 'closed', note: '#' }[what];
  const body = typeof shown === 'string' ? shown : frameLine(shown as Fields);
  return `${String(atMs).padStart(6)} ms  ${[socket, arrow, body].filter((part) => part !== '').join(' ')}`;
}

/** A frame without its envelope: what is asked, answered or announced. */
function frameLine({ type, id, method, params, ok, payload, error, event }: Fields): string {
  if (type === 'req') return `#${id} ${method} ${spaced(params)}`;
  if (type === 'event') return `event ${event} ${spaced(payload)}`;
  return `#${id} ${ok === true ? `ok ${spaced(payload)}` : `error ${spaced(error)}`}`;
}

/** A line leaves these out; the frames of the JSON report have them. */
const ONLY_IN_JSON: ReadonlySet<string> = new Set([
  'publicKey',
  'signature',
  'nonce',
  'maxProtocol',
  'roles',
  'isRepair',
  'rotatedAtMs',
  'createdAtMs',
  'server',
]);

/** JSON with spaces, where a terminal may break it. */
function spaced(value: unknown): string {
  if (value === undefined) return '';
  const isKept = (key: string, field: unknown): unknown => (ONLY_IN_JSON.has(key) ? undefined : field);
  return JSON.stringify(value, isKept, 1).replace(/\n\s*/g, ' ');
}
