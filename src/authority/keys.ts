import { createSecretKey, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Store } from '../store/store.ts';
import type { TokenKey, TokenRealm } from './tokens.ts';

/** Something about the key files is wrong; the message says what to do. Nothing was written. */
export class KeyError extends Error {
  readonly code: 'KEY_MISSING' | 'KEY_UNREADABLE' | 'KEY_DAMAGED';
  constructor(code: KeyError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'KeyError';
    this.code = code;
  }
}

const KEY_FILE = 'token-keys.json';
const MARK_FILE = 'token-mark.json';

/** Writes a file that only its owner can read, whole or not at all, and survives a power cut. */
export function writeSecretFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function newKey(): TokenKey {
  return { id: randomBytes(4).toString('hex'), secret: createSecretKey(randomBytes(32)) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `cannot read ${path}: ${(cause as Error).message}; make it readable for the user that runs this`;
    throw new KeyError('KEY_UNREADABLE', message, { cause });
  }
}

function parseKeys(path: string, text: string): [TokenKey, ...TokenKey[]] {
  const damaged = new KeyError(
    'KEY_DAMAGED',
    `${path} is not a token key file; restore it from a backup (every device token depends on it)`,
  );
  let parsed: { keys?: { id?: unknown; secret?: unknown }[] };
  try {
    parsed = JSON.parse(text);
  } catch {
    throw damaged;
  }
  const keys = (Array.isArray(parsed?.keys) ? parsed.keys : []).map((key) => {
    const secret = Buffer.from(String(key?.secret), 'base64url');
    if (!/^[0-9a-f]{8}$/.test(String(key?.id)) || secret.length !== 32) throw damaged;
    return { id: String(key?.id), secret: createSecretKey(secret) };
  });
  const [first, ...rest] = keys;
  if (!first) throw damaged;
  return [first, ...rest];
}

function keysText(keys: readonly TokenKey[]): string {
  const plain = keys.map(({ id, secret }) => ({ id, secret: secret.export().toString('base64url') }));
  return `${JSON.stringify({ version: 1, keys: plain }, null, 2)}\n`;
}

/** Of two first starts at once one makes the key, and the other takes it: a link fails where a rename would replace. */
function createKeys(path: string): void {
  const draft = `${path}.${randomBytes(4).toString('hex')}.draft`;
  writeSecretFile(draft, keysText([newKey()]));
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** The newest state of a store that this key ring has seen: a store that is older came out of a backup. */
interface Mark {
  readonly storeId: string;
  readonly seq: number;
  readonly epoch: number;
}

function readMark(path: string): Mark | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const mark = JSON.parse(readText(path)) as Mark;
    return typeof mark.seq === 'number' && typeof mark.epoch === 'number' ? mark : undefined;
  } catch (error) {
    if (error instanceof KeyError) throw error;
    return undefined;
  }
}

/** The key ring of a state folder, and the mark beside it. */
export interface KeyRing {
  readonly realm: TokenRealm;
  /** Set when the store turned out older than the mark: all tokens of before are superseded now. */
  readonly restoredFromBackup: boolean;
  /** Notes how far the store has come; written within a second, many decisions at once. */
  mark(seq: number): void;
  /** Writes what was noted and not written yet. */
  close(): void;
}

const MARK_DELAY_MS = 1000;

/** Keeps the mark behind a delay: it guards against backups, which are older than a second. */
function keepMark(
  path: string,
  storeId: string,
  write: (seq: number) => void,
): Pick<KeyRing, 'mark' | 'close'> {
  let noted = 0;
  let timer: NodeJS.Timeout | undefined;
  const late = (): void => {
    try {
      flush();
    } catch (error) {
      // A full disk must not end the gateway; the next decision tries again.
      process.emitWarning(`the mark beside the token keys could not be written: ${(error as Error).message}`);
    }
  };
  const flush = (): void => {
    clearTimeout(timer);
    if (timer === undefined) return;
    timer = undefined;
    // A folder that was deleted under us takes the database with it; there is nothing left to guard. Another process
    // on the folder may have come further, and a mark never goes back.
    const known = readMark(path);
    const reached = known?.storeId === storeId ? known.seq : 0;
    if (existsSync(dirname(path)) && reached < noted) write(noted);
  };
  return {
    mark: (seq) => {
      noted = Math.max(noted, seq);
      timer ??= setTimeout(late, MARK_DELAY_MS).unref();
    },
    close: flush,
  };
}

/** The realm's epoch after an opening: raised when the store is older than what this key ring has seen. */
async function currentEpoch(
  store: Store,
  mark: Mark | undefined,
): Promise<{ epoch: number; isOlder: boolean }> {
  const known = mark?.storeId === store.id ? mark : undefined;
  const isOlder = known !== undefined && (await store.head()) < known.seq;
  const stored = await store.epoch();
  const wanted = Math.max(stored, known?.epoch ?? 0) + (isOlder ? 1 : 0);
  return { epoch: wanted > stored ? await store.raiseEpoch(wanted) : stored, isOlder };
}

/**
 * Opens the key ring beside a store. A first start makes a key; a store that already knows devices and has no key
 * stops here, because a new key would silently end every token that was ever given. Throws a KeyError.
 */
export async function openKeyRing(folder: string, store: Store): Promise<KeyRing> {
  const keyPath = join(folder, KEY_FILE);
  const markPath = join(folder, MARK_FILE);
  const head = await store.head();
  if (!existsSync(keyPath)) {
    if (head > 0) {
      const message =
        `${keyPath} is missing, but the database beside it knows devices whose tokens depend on it; ` +
        'restore the file from a backup, or start with an empty state folder';
      throw new KeyError('KEY_MISSING', message);
    }
    createKeys(keyPath);
  }
  const keys = parseKeys(keyPath, readText(keyPath));
  const mark = readMark(markPath);
  const { epoch, isOlder } = await currentEpoch(store, mark);
  const write = (seq: number): void =>
    writeSecretFile(markPath, `${JSON.stringify({ storeId: store.id, seq, epoch })}\n`);
  // The mark of another database beside these keys says nothing about this one.
  if (isOlder || mark?.storeId !== store.id) write(head);
  const realm = { storeId: store.id, epoch, keys };
  return { realm, restoredFromBackup: isOlder, ...keepMark(markPath, store.id, write) };
}

/** Adds a key that signs from the next start on; the old ones go on verifying. Returns the new key's id. */
export function rotateTokenKey(folder: string): string {
  const keyPath = join(folder, KEY_FILE);
  const keys = parseKeys(keyPath, readText(keyPath));
  const key = newKey();
  writeSecretFile(keyPath, keysText([key, ...keys]));
  return key.id;
}
