import { hash, timingSafeEqual } from 'node:crypto';
import type { CredentialProblem, Denial } from '../../machines/denial.ts';
import type { Clock } from '../authority/committer.ts';
import { looksLikeToken } from '../authority/tokens.ts';
import type { ConnectRequest } from '../protocol/connect.ts';
import type { Limits } from './settings.ts';

/** How peers prove that they belong to this gateway at all. */
export type SharedAuth =
  | { readonly mode: 'none' }
  | { readonly mode: 'token' | 'password'; readonly secret: string };

/** What let a connection in, beside the device's key. */
export type Credential = 'shared-secret' | 'none' | 'device-token' | 'embedder';

export type CredentialReading =
  | { readonly ok: true; readonly credential: Exclude<Credential, 'device-token'> }
  /** No shared secret, but what looks like a device token: to be checked with the record. */
  | {
      readonly ok: true;
      readonly credential: 'device-token';
      readonly deviceToken: string;
      /** What is wrong when the record does not know it: it may have been meant for a shared secret. */
      readonly otherwise?: CredentialProblem;
      /** The digest of a shared secret that came beside it and is wrong. */
      readonly guess?: string;
    }
  | { readonly ok: false; readonly problem: CredentialProblem };

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

/** The tokens of an OpenClaw gateway, which a record may know from an import: 256 bits, in base64url. */
const FOREIGN_TOKEN = /^[\w-]{32,64}$/;

/** A text that only a device's record can judge. 2026.2.19 sends its device token as `auth.token`; only what has the
 * shape of one, beside a device, is worth a signature check. */
export function deviceTokenOf({ auth, device }: ConnectRequest): string | undefined {
  const candidate = auth.deviceToken ?? auth.token;
  if (!device || candidate === undefined) return undefined;
  return looksLikeToken(candidate) || FOREIGN_TOKEN.test(candidate) ? candidate : undefined;
}

/** An embedder's check need not know of device tokens: what has the shape of one is judged with its record. */
export function withDeviceToken(connect: ConnectRequest, judged: CredentialReading): CredentialReading {
  const deviceToken = judged.ok ? undefined : deviceTokenOf(connect);
  if (judged.ok || deviceToken === undefined) return judged;
  const otherwise = looksLikeToken(deviceToken) ? 'device-token-invalid' : judged.problem;
  return { ok: true, credential: 'device-token', deviceToken, otherwise };
}

/** What to tell a peer whose device token no record knows. */
export function otherwiseOf(reading: CredentialReading): CredentialProblem {
  return ('otherwise' in reading && reading.otherwise) || 'device-token-invalid';
}

/** Makes the check of shared credentials. Constant time in the secret: both sides are hashed, then compared. */
export function makeCredentialCheck(auth: SharedAuth): (connect: ConnectRequest) => CredentialReading {
  const expected = auth.mode === 'none' ? undefined : digest(auth.secret);
  return (connect) => {
    const shared = auth.mode === 'none' ? undefined : connect.auth[auth.mode];
    if (shared !== undefined && expected && timingSafeEqual(digest(shared), expected)) {
      return { ok: true, credential: 'shared-secret' };
    }
    const deviceToken = deviceTokenOf(connect);
    // Where nobody has to prove anything, another gateway's token proves nothing more.
    const isOurs = deviceToken !== undefined && looksLikeToken(deviceToken);
    if (auth.mode === 'none' && !isOurs) return { ok: true, credential: 'none' };
    const problem = isOurs || auth.mode === 'none' ? 'device-token-invalid' : problemOf(connect, auth.mode);
    if (deviceToken === undefined) return { ok: false, problem };
    const guess = guessBeside(deviceToken, shared);
    return { ok: true, credential: 'device-token', deviceToken, otherwise: problem, ...guess };
  };
}

/** What is not the token itself was meant as the secret: whoever holds an old token must not guess for free. */
function guessBeside(deviceToken: string, shared: string | undefined): { readonly guess?: string } {
  return shared === undefined || shared === deviceToken ? {} : { guess: digest(shared).toString('hex') };
}

/** What is wrong with the credentials of a peer that showed no secret of ours. */
function problemOf({ auth, device }: ConnectRequest, mode: 'token' | 'password'): CredentialProblem {
  if (auth.bootstrapToken !== undefined) return 'setup-code-invalid';
  // Without its device nothing is known of a token, and a mismatch would make the client delete it.
  if (auth.deviceToken !== undefined && device) return 'device-token-invalid';
  return `${mode}-${auth[mode] === undefined ? 'missing' : 'mismatch'}`;
}

interface Failures {
  count: number;
  sinceMs: number;
  lockedUntilMs: number;
  /** The digest of what was tried last. */
  guess: string | undefined;
}

const WINDOW_MS = 60_000;
const MOST_GUESSERS = 10_000;

/** Slows the guessing of secrets down, per `PeerAddress.guesser`; one that is null may guess. Bounded: the guesser that
 * failed longest ago is forgotten first. */
export class FailureLimiter {
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #failures = new Map<string, Failures>();

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The denial for a guesser that has to wait; undefined if it may try. */
  check(guesser: string | null): Denial | undefined {
    const known = guesser === null ? undefined : this.#failures.get(guesser);
    const waitMs = (known?.lockedUntilMs ?? 0) - this.#clock.now();
    return waitMs > 0 ? { code: 'RATE_LIMITED', retryAfterMs: waitMs } : undefined;
  }

  /** Notes a wrong secret. A missing one is no guess, and neither is the same `guess` again: a client that was not told
   * of a new secret brings the old one every time. */
  fail(guesser: string | null, guess?: string): void {
    if (guesser === null) return;
    const now = this.#clock.now();
    const known = this.#failures.get(guesser);
    const isFresh = known !== undefined && now - known.sinceMs < WINDOW_MS;
    if (isFresh && guess !== undefined && known.guess === guess) return;
    const failures = isFresh ? known : { count: 0, sinceMs: now, lockedUntilMs: 0, guess };
    failures.count += 1;
    failures.guess = guess;
    if (failures.count >= this.#limits.failures) failures.lockedUntilMs = now + this.#limits.lockoutMs;
    this.#failures.delete(guesser);
    this.#failures.set(guesser, failures);
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MOST_GUESSERS && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeed(guesser: string | null): void {
    if (guesser !== null) this.#failures.delete(guesser);
  }
}
