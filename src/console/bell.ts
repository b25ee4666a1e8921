import type { Book, Waiting } from './book.ts';
import { go, linkToRequest } from './route.ts';
import { Changing } from './signal.ts';
import { keep, kept } from './vault.ts';
import { fingerprint, scopeWords } from './words.ts';

/** `refused` is the browser's: only its own settings change that. */
export type Ringing = 'impossible' | 'off' | 'on' | 'refused';

/** More new requests than these at once are told in one notice. */
const MOST = 3;
/** The same for all of those, so that a crowd is one notice that is brought up to date. */
const CROWD = 'antechamber crowd';

/** Android has notices for pages that have a worker only. */
const isPossible = 'Notification' in globalThis && isSecureContext && !/Android/.test(navigator.userAgent);

/** Whoever has another window in front of this page does not look at it, also where the browser draws it still. */
const isLooking = (): boolean => !document.hidden && document.hasFocus();

function titleOf({ request: { missing } }: Waiting): string {
  const [first, second, ...more] = missing.map(scopeWords);
  if (!first) return 'A device asks to pair';
  if (!second) return `A device asks for ${first}`;
  return `A device asks for ${first} and ${more.length > 0 ? `${more.length + 1} more` : second}`;
}

/** The key and the address first, because the rest is what the device says of itself. */
function textOf({ device, request }: Waiting): string {
  const { deviceId, remoteIp, label, claimedName } = device;
  const name = label ?? (claimedName && `calls itself “${claimedName}”`);
  const address = remoteIp && `from ${remoteIp}`;
  const revision = request.revision > 1 && `now revision ${request.revision}`;
  return [fingerprint(deviceId), address, name, revision].filter(Boolean).join(', ');
}

/** Tells an owner who looks at something else, on the desktop: each revision of a request once, and no attempt. */
export class Bell extends Changing {
  ringing: Ringing = 'impossible';
  readonly #book: Book;
  /** Ids, with revision, that were told or were on the screen. */
  #known: ReadonlySet<string> = new Set();
  #isAwake = false;
  readonly #shown = new Map<string, Notification>();

  constructor(book: Book) {
    super();
    this.#book = book;
    if (!isPossible) return;
    book.onChange(() => this.#look());
    addEventListener('focus', () => this.#look());
    document.addEventListener('visibilitychange', () => this.#look());
  }

  /** Turns it on or off; asks the browser's leave, which it gives only to somebody who pressed a button. */
  async turn(): Promise<void> {
    const isWanted = this.ringing !== 'on';
    const leave = isWanted ? await Notification.requestPermission() : Notification.permission;
    await keep('notices', isWanted && leave === 'granted');
    if (!isWanted) this.#closeBut(new Set());
    this.#become(isWanted && leave === 'granted');
  }

  async #wake(): Promise<void> {
    this.#isAwake = true;
    this.#become((await kept<boolean>('notices').catch(() => false)) === true);
  }

  #become(isWanted: boolean): void {
    const leave = Notification.permission;
    if (leave === 'denied') this.ringing = 'refused';
    else this.ringing = isWanted && leave === 'granted' ? 'on' : 'off';
    this.changed();
  }

  #look(): void {
    // Not before the first rows, which are read from the same place.
    if (this.#book.isComplete && !this.#isAwake) void this.#wake();
    const open = this.#book.waiting.filter(({ ended }) => ended === null);
    const ids = new Set(open.map(({ request }) => request.requestId));
    const fresh = open.filter(({ request }) => !this.#known.has(request.requestId));
    const isSeen = isLooking() || !this.#book.isComplete;
    this.#known = ids;
    this.#closeBut(isSeen ? new Set() : ids);
    if (isSeen || this.ringing !== 'on') return;
    if (fresh.length <= MOST) for (const row of fresh) this.#ring(row);
    else this.#show(CROWD, `${open.length} requests wait for you`, '', '');
  }

  #ring(row: Waiting): void {
    const { requestId } = row.request;
    this.#show(requestId, titleOf(row), textOf(row), requestId);
  }

  /** What is answered by somebody else, or seen here, needs no notice any more. */
  #closeBut(ids: ReadonlySet<string>): void {
    for (const [tag, notice] of this.#shown) {
      if (ids.has(tag) || (tag === CROWD && ids.size > 0)) continue;
      notice.close();
      this.#shown.delete(tag);
    }
  }

  #show(tag: string, title: string, body: string, requestId: string): void {
    let notice: Notification;
    try {
      // The tag makes one notice of those that two tabs show.
      notice = new Notification(title, { body, tag });
    } catch {
      // Some browsers have notices for pages that have a worker only, and say so here.
      this.ringing = 'impossible';
      return this.changed();
    }
    this.#shown.set(tag, notice);
    notice.onclick = () => {
      window.focus();
      go(linkToRequest(requestId));
    };
  }
}
