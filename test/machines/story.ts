/**
 * Stories of one device in one role as text: on the left what happens, on the right what comes of it. `told` plays the
 * left side and writes the right one, so that a test compares a whole story, and a reviewer can read it.
 */
import type { AuthorizationEvent } from '../../machines/authorization-events.ts';
import { DEFAULT_TERMS } from '../../machines/record.ts';
import type { RequestedScopes } from '../../machines/vocabulary.ts';
import { type RoleRecord, UNKNOWN_ROLE } from '../../src/authority/device.ts';
import { step } from '../../src/authority/step.ts';
import { deepFreeze } from './explore.ts';

const ARROW = ' -> ';
const BRANCH = '| ';
const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The story with its right side as it really goes; equal to what it was given when the story is true. */
export function told(story: string): string {
  const lines = story.split('\n').filter((line) => line.trim() !== '');
  const width = Math.max(...lines.map((line) => (line.split(ARROW)[0] ?? '').trim().length));
  const teller = new Teller();
  return lines
    .map((line) => (line.split(ARROW)[0] ?? '').trim())
    .map((left) => `${left.padEnd(width)}${ARROW}${teller.tell(left)}`)
    .join('\n');
}

class Teller {
  #now = 1_000_000;
  #episode = 0;
  #kept: RoleRecord = deepFreeze(structuredClone(UNKNOWN_ROLE));

  /** A line after a bar is a branch: the next line does not know of it. */
  tell(line: string): string {
    if (!line.startsWith(BRANCH)) return this.#play(line);
    const [now, kept] = [this.#now, this.#kept];
    const right = this.#play(line.slice(BRANCH.length));
    [this.#now, this.#kept] = [now, kept];
    return right;
  }

  #play(line: string): string {
    const [verb = '', ...words] = line.split(' ');
    if (verb === 'later') {
      const [, count, unit] = /^(\d+)([smhd])$/.exec(words[0] ?? '') ?? [];
      this.#now += Number(count) * (UNITS[unit ?? ''] ?? Number.NaN);
    }
    const { next, verdict, announcements } = step(this.#kept, this.#event(verb, words));
    this.#kept = deepFreeze(next);
    const facts = announcements
      .map(({ fact, outcome }) => (outcome ? `${fact} ${outcome}` : fact))
      .join(', ');
    const answer = verdict === 'nothing' ? '' : `${verdict}; `;
    return `${answer}${this.#brief()}${facts && `; writes ${facts}`}`;
  }

  #event(verb: string, words: readonly string[]): AuthorizationEvent {
    const at = this.#now;
    const owner = { at, by: 'owner', terms: DEFAULT_TERMS };
    switch (verb) {
      case 'asks':
        return this.#asks(words);
      case 'approves': {
        const [, part = ''] = words.join(' ').split(' only ');
        const scopes = words.includes('only') ? scopesOf(part) : null;
        return { ...owner, type: 'request.approved', request: this.#ref(words[0]), scopes };
      }
      case 'rejects':
        return { ...owner, type: 'request.rejected', request: this.#ref(words[0]) };
      case 'withdraws':
        return { type: 'request.withdrawn', request: this.#ref(words[0] ?? 'r1'), at };
      case 'attends':
        return { type: 'request.attended', at, attempts: 0, terms: DEFAULT_TERMS };
      case 'imports':
        return this.#imports(words);
      case 'later':
      case 'wakes':
        return { type: 'deadline.reached', at };
      case 'rotates':
        return {
          ...owner,
          type: 'token.rotated',
          scopes: words.length > 0 ? scopesOf(words[1] ?? '') : null,
        };
      case 'uses':
        return { type: 'token.used', generation: Number(words[1]), at, terms: DEFAULT_TERMS };
      case 'reissues':
        return { ...owner, type: 'token.reissued' };
      case 'forgives':
        return { ...owner, type: 'quiet.forgiven' };
      case 'revokes':
        return { ...owner, type: 'grant.revoked' };
      case 'removes':
        return { ...owner, type: 'device.removed' };
      default:
        throw new Error(`nobody knows how to play "${verb}"`);
    }
  }

  #asks([wish = '', ...flags]: readonly string[]): AuthorizationEvent {
    this.#episode += 1;
    return {
      type: 'access.requested',
      wish: scopesOf(wish) as readonly string[] as RequestedScopes,
      requestId: `${'a'.repeat(15)}${String.fromCharCode(97 + this.#episode)}`,
      from: { clientId: flags.includes('again') ? 'ui' : 'cli' },
      mayOpen: !flags.includes('probe'),
      auto: flags.includes('auto'),
      episodesElsewhere: 0,
      attempts: 1,
      at: this.#now,
      terms: DEFAULT_TERMS,
    };
  }

  /** `imports read of read+admin`: the grant, and what it lies inside if that is more; `token`: with one. */
  #imports([grant = '', ...more]: readonly string[]): AuthorizationEvent {
    const ceiling = more[0] === 'of' ? (more[1] ?? '') : grant;
    return {
      type: 'device.imported',
      at: this.#now,
      by: 'owner',
      terms: DEFAULT_TERMS,
      ceiling: scopesOf(ceiling),
      grant: scopesOf(grant),
      tokenHash: more.includes('token') ? 'hash' : null,
      epoch: 1,
      fingerprint: [grant, ...more].join(' '),
      approvedAtMs: this.#now,
    };
  }

  /** `r2` names a revision of the open request, `r1!` one of a request that is not there. */
  #ref(name = ''): { id: string; revision: number } {
    const [, revision, gone] = /^r(\d+)(!?)$/.exec(name) ?? [];
    const id = gone ? 'zzzzzzzzzzzzzzzz' : (this.#kept.record.request?.id ?? 'zzzzzzzzzzzzzzzz');
    return { id, revision: Number(revision) };
  }

  #brief(): string {
    const { state, record } = this.#kept;
    const { request, grant, ceiling, quiet, tokens, tombstone } = record;
    const parts = [state];
    if (grant.length > 0) parts.push(`grant ${short(grant)}`);
    if (ceiling.length > 0 && short(ceiling) !== short(grant)) parts.push(`of ${short(ceiling)}`);
    if (request) parts.push(`r${request.revisions.length} ${short(request.revisions.at(-1)?.scopes ?? [])}`);
    if (Object.keys(quiet).length > 0) parts.push(`quiet ${short(Object.keys(quiet).sort())}`);
    if (tokens.current > 1) parts.push(`tokens ${tokens.oldest}..${tokens.current}`);
    if (tombstone) parts.push('tombstone');
    return parts.join(', ');
  }
}

const scopesOf = (words: string): readonly string[] =>
  words
    .split('+')
    .filter((word) => word !== '' && word !== 'nothing')
    .map((word) => `operator.${word}`)
    .sort();
const short = (scopes: readonly string[]): string =>
  scopes.map((scope) => scope.replace('operator.', '')).join('+') || 'nothing';
