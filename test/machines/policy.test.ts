import { describe, expect, it } from 'vitest';
import {
  coveredPart,
  covers,
  grantScopes,
  NOTHING,
  rotateWithin,
  uncovered,
  uniteWishes,
} from '../../machines/policy.ts';
import {
  formatRequestId,
  type GrantedScopes,
  OPENCLAW_VOCABULARY,
  parseRequestId,
  type RequestedScopes,
  readWish,
} from '../../machines/vocabulary.ts';

const ALL = OPENCLAW_VOCABULARY.operator;
/** PROTOCOL section 5.1, the 9.6 column, written out: what a holder of one scope may do besides it. */
const IMPLIES: Readonly<Record<string, readonly string[]>> = {
  'operator.admin': ALL,
  'operator.write': ['operator.read', 'operator.talk', 'operator.sessions.read', 'operator.sessions.write'],
  'operator.read': ['operator.sessions.read'],
  'operator.sessions.write': ['operator.sessions.read'],
  'operator.approvals': [],
  'operator.pairing': [],
  'operator.questions': [],
  'operator.sessions.read': [],
  'operator.talk': [],
  'operator.talk.secrets': [],
};

describe('what covers what', () => {
  it.each(Object.keys(IMPLIES))('%s covers itself, what it implies, and nothing else', (held) => {
    expect(Object.keys(IMPLIES).sort()).toEqual([...ALL].sort());
    for (const wanted of ALL) {
      expect(covers([held], [wanted]), wanted).toBe(held === wanted || IMPLIES[held]?.includes(wanted));
    }
  });

  it('gives admin every operator scope, also one that an embedder added, and nothing of a node', () => {
    expect(covers(['operator.admin'], ['operator.brew'])).toBe(true);
    expect(covers(['operator.admin'], ['node.camera'])).toBe(false);
    expect(covers(['node.admin'], ['node.camera'])).toBe(false);
    expect(covers(['node.camera'], ['node.camera'])).toBe(true);
  });

  it('takes a list as everything in it, and the empty one as nothing to ask for', () => {
    expect(covers([], [])).toBe(true);
    expect(covers([], ['operator.read'])).toBe(false);
    expect(covers(['operator.read', 'operator.pairing'], ['operator.pairing', 'operator.read'])).toBe(true);
    expect(covers(['operator.read'], ['operator.read', 'operator.pairing'])).toBe(false);
  });

  it('is not fooled by names that objects have anyway, or by the beginning of a scope', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'operator', 'operator.']) {
      expect(covers([name], ['operator.read']), name).toBe(false);
      expect(covers(['operator.read'], [name]), name).toBe(false);
    }
    expect(covers(['operator.admin'], ['operatorx.read'])).toBe(false);
  });

  it('agrees with itself for every pair of holders and wishes of two scopes', () => {
    const triples = ALL.flatMap((a) => ALL.flatMap((b) => ALL.map((wanted) => ({ held: [a, b], wanted }))));
    expect(triples).toHaveLength(ALL.length ** 3);
    for (const { held, wanted } of triples) {
      const expected = held.some((one) => one === wanted || IMPLIES[one]?.includes(wanted));
      expect(covers(held, [wanted])).toBe(expected);
      expect(uncovered(held, [wanted])).toEqual(expected ? [] : [wanted]);
    }
  });

  it('gives a session what the grant covers of its wish, and the whole grant for a wish for admin (#21470)', () => {
    const holds = (held: readonly string[], scope: string) =>
      held.some((one) => one === scope || IMPLIES[one]?.includes(scope) === true);
    const pairs = ALL.flatMap((a) => ALL.flatMap((b) => ALL.map((one) => [[a, b], [one]] as const)));
    for (const [grant, wish] of pairs.flatMap(([two, one]) => [[two, one] as const, [one, two] as const])) {
      const part = coveredPart(grant as readonly string[] as GrantedScopes, wish);
      const both = (scope: string) => holds(grant, scope) && holds(wish, scope);
      expect(ALL.every((scope) => !holds(part, scope) || both(scope))).toBe(true);
      expect(wish.every((scope) => part.includes(scope) === holds(grant, scope))).toBe(true);
      const isForAll = wish.includes('operator.admin');
      expect(
        isForAll ? grant.every((scope) => holds(part, scope)) : part.every((scope) => wish.includes(scope)),
      ).toBe(true);
    }
  });
});

describe('what a decision gives', () => {
  const granted = (...scopes: string[]) => grantScopes(NOTHING, scopes);

  it('is what was there and what was approved, sorted, each once', () => {
    expect(grantScopes(granted('operator.read'), ['operator.admin', 'operator.read'])).toEqual([
      'operator.admin',
      'operator.read',
    ]);
  });

  it('is set by a rotation only inside the ceiling', () => {
    expect(rotateWithin(granted('operator.write'), ['operator.read'])).toEqual(['operator.read']);
    expect(rotateWithin(granted('operator.write'), [])).toEqual([]);
    expect(rotateWithin(granted('operator.read'), ['operator.write'])).toBeUndefined();
    expect(rotateWithin(NOTHING, ['operator.read'])).toBeUndefined();
  });

  it('never makes a united wish smaller than either', () => {
    const [one, two] = [
      ['operator.read'],
      ['operator.pairing', 'operator.read'],
    ] as unknown as RequestedScopes[];
    expect(uniteWishes(one as RequestedScopes, two as RequestedScopes)).toEqual([
      'operator.pairing',
      'operator.read',
    ]);
  });
});

describe('reading a wish', () => {
  const read = (scopes: readonly string[]) => readWish('operator', scopes, OPENCLAW_VOCABULARY);

  it('sorts it, takes each scope once, and names what the gateway does not know', () => {
    expect(read(['operator.write', 'operator.read', 'operator.write', 'operator.brew'])).toEqual({
      ok: true,
      wish: ['operator.read', 'operator.write'],
      unknown: ['operator.brew'],
    });
    expect(readWish('node', [], OPENCLAW_VOCABULARY)).toEqual({ ok: true, wish: [], unknown: [] });
  });

  it.each([
    ['a comma, which would sign like two scopes', 'operator.read,operator.admin'],
    ['a bar, which separates the fields of the signed text', 'operator.read|operator.admin'],
    ['a space', 'operator.read '],
    ['a line break', 'operator.read\n'],
    ['a NUL', 'operator.read\0'],
    ['a full-width letter', 'operator.ｒead'],
    ['a combining accent', 'operator.reád'],
    ['a direction override', 'operator.\u202eread'],
    ['a lone surrogate', 'operator.\ud800'],
    ['nothing', ''],
    ['an upper-case role', 'Operator.read'],
    ['an empty part', 'operator..read'],
    ['no part', 'operator.'],
    ['another role', 'node.camera'],
    ['65 characters', `operator.${'a'.repeat(56)}`],
    ['a prototype name', '__proto__'],
  ])('refuses the whole list for %s', (_, scope) => {
    expect(read(['operator.read', scope])).toMatchObject({ ok: false });
  });

  it('never throws, and never lets through what it would refuse alone', () => {
    const alphabet = [...'abz09._-|,:;@/\\ \n\0é\u202e\ud800', 'operator.', 'node.', 'read'];
    // Half of them begin well, so that the ends are looked at, too.
    let state = 20_260_101;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    let accepted = 0;
    for (let round = 0; round < 20_000; round++) {
      const end = Array.from({ length: next(5) }, () => alphabet[next(alphabet.length)]).join('');
      const scope = `${round % 2 === 0 ? 'operator.' : ''}${end}`;
      const reading = read([scope]);
      if (!reading.ok) continue;
      accepted++;
      expect(scope).toMatch(/^operator(\.[a-z][a-zA-Z0-9_-]*)+$/);
    }
    expect(accepted).toBeGreaterThan(20);
  });

  it('refuses 10,000 scopes by their number, at once', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `operator.s${index}`);
    expect(read(many)).toEqual({ ok: false, problem: 'at most 64 scopes, got 10000' });
    expect(read(many.slice(0, 64)).ok).toBe(true);
    expect(read(many.slice(0, 65)).ok).toBe(false);
  });

  it('says in its problem nothing that could break a log line', () => {
    const reading = read(['operator.\nFAKE LINE']);
    expect(reading.ok ? '' : reading.problem).not.toMatch(/\n|FAKE/);
  });
});

describe('the id of a request', () => {
  it('goes to the wire and back, in at most 24 bytes', () => {
    for (let revision = 1; revision <= 99; revision++) {
      const ref = { id: 'abcdefghij234567', revision };
      const text = formatRequestId(ref);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(24);
      expect(parseRequestId(text)).toEqual(ref);
    }
  });

  it.each([
    'abcdefghij234567',
    'abcdefghij234567.r0',
    'abcdefghij234567.r01',
    'abcdefghij234567.r-1',
    'abcdefghij234567.r1.r2',
    'abcdefghij234567.r100',
    'abcdefghij234567.R1',
    'ABCDEFGHIJ234567.r1',
    'abcdefghij234561.r1',
    'abcdefghij23456.r1',
    ' abcdefghij234567.r1',
    'abcdefghij234567.r1\n',
    'abcdefghij234567.r1 ',
    'abcdefghij234567.r１',
    '',
  ])('%j is not one', (text) => {
    expect(parseRequestId(text)).toBeUndefined();
  });
});
