/** The worlds that are explored to their end (README.md says what each of them proves). */
import { ADMIN, PAIR, READ, WRITE } from '../machines/oracle.ts';
import { type Program, program, type World, wishOf } from './world.ts';

const BARE: Omit<World, 'name' | 'about' | 'programs'> = {
  roles: ['operator'],
  sockets: 1,
  auto: 'first-pairing',
  verbs: ['approve', 'reject', 'revoke', 'remove'],
  parts: [],
  rotations: [],
  revisions: 2,
  episodes: 1,
  generations: 0,
  time: ['request', 'quiet'],
  faults: false,
  rings: false,
  slow: false,
  upgrades: [],
  keeps: false,
  mostStates: 60_000_000,
};

const read = program('reader', wishOf(READ));
const write = program('writer', wishOf(WRITE));
const pair = program('pairer', wishOf(PAIR));
const admin = program('manager', wishOf(ADMIN));
const readPair = program('reading pairer', wishOf(READ, PAIR));
const holding = (one: Program): Program => ({ ...one, name: `holding ${one.name}`, manner: 'hold' });
const byToken = (one: Program): Program => ({ ...one, usesToken: true });

/** Small enough for `npm test`, and explored to its end there. */
export const QUICK: World = {
  ...BARE,
  name: 'quick',
  about: 'one device, two sockets, two scopes, all that owners do, crashes',
  sockets: 2,
  programs: [read, write],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'forgive'],
  rotations: [[READ]],
  generations: 1,
  faults: true,
};

/** Every private step of one socket: challenge, proof, faults, drains. */
export const STEPS: World = {
  ...BARE,
  name: 'steps',
  about: 'one device, one socket, every step of a connection by itself, every manner of waiting',
  slow: true,
  faults: true,
  programs: [
    readPair,
    holding(readPair),
    { ...readPair, name: 'refused pairer', manner: 'refuse' },
    { ...readPair, name: 'command line', manner: 'hold', commandLine: true },
    { ...byToken(read), name: 'reader with its token', kind: '2026.2.19' },
  ],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove'],
  rotations: [[READ], []],
  upgrades: [wishOf(PAIR)],
  generations: 1,
  time: ['request', 'grace'],
};

/** Everything that the authority knows and the other worlds leave out: parts, probes, renewals, local pairing. */
export const VERBS: World = {
  ...BARE,
  name: 'verbs',
  about: 'one device, one socket, parts, probes, auto-approval, renewals, reissues, decisions in vain',
  faults: true,
  programs: [
    read,
    readPair,
    program('writing pairer', wishOf(WRITE, PAIR)),
    program('probe', wishOf(READ, ADMIN), { manner: 'serve', probe: true }),
    { ...byToken(read), name: 'openclaw-node', kind: 'openclaw-node' },
  ],
  revisions: 1,
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'forgive', 'reissue', 'vain'],
  parts: [[READ], [PAIR], [ADMIN]],
  rotations: [[READ]],
  generations: 1,
  time: ['request', 'quiet', 'grace', 'age'],
};

/** Approvals of a part, with somebody else waiting for the rest. */
export const PARTS: World = {
  ...VERBS,
  name: 'parts',
  about: 'one device, two sockets, approvals of parts while others wait',
  sockets: 2,
  verbs: ['approve', 'reject'],
  time: ['request'],
};

/** A gateway that lets its own computer in by itself. */
export const LOCAL: World = {
  ...BARE,
  name: 'local',
  about: 'one device, one socket, on the gateway itself too, with auto-approval of everything',
  auto: 'all',
  programs: [
    read,
    write,
    { ...read, name: 'local reader', local: true },
    { ...pair, name: 'local pairer', local: true },
  ],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove'],
  rotations: [[READ], [WRITE]],
  generations: 2,
};

export const IMPORTS: World = {
  ...BARE,
  name: 'imports',
  about: 'one device, one socket, devices that come from another gateway',
  programs: [read, readPair],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'import'],
  generations: 1,
  time: ['request', 'quiet', 'grace'],
};

/** The key ring and the token epoch, while tokens are rotated, reissued and revoked. */
export const RINGS: World = {
  ...BARE,
  name: 'rings',
  about: 'one device, two sockets, new keys and higher epochs of tokens, rotations, reissues, crashes',
  sockets: 2,
  programs: [byToken(read), { ...byToken(readPair), kind: '2026.2.19' }],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'reissue'],
  generations: 1,
  time: ['request', 'grace'],
  faults: true,
  rings: true,
};

export const FOUR_SCOPES: World = {
  ...BARE,
  name: 'four-scopes',
  about: 'one device, two sockets, four scopes, token generations, lost answers, crashes',
  sockets: 2,
  programs: [byToken(read), byToken(write), byToken(pair), byToken(admin)],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'forgive', 'reissue'],
  rotations: [],
  generations: 1,
  time: ['request', 'quiet', 'grace'],
  faults: true,
};

export const THREE_SOCKETS: World = {
  ...BARE,
  name: 'three-sockets',
  about: 'one device, three sockets, three scopes',
  sockets: 3,
  programs: [read, write, pair],
};

export const TWO_ROLES: World = {
  ...BARE,
  name: 'two-roles',
  about: 'one device as operator and as node in one record, two sockets',
  roles: ['operator', 'node'],
  sockets: 2,
  programs: [read, pair, { ...program('node', wishOf()), role: 'node' }],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'forgive'],
  generations: 1,
};

/** The programs of two sockets, each for ever: liveness (I8a) is looked for in these. */
function living(kind: Program['kind'], more: Partial<Program> = {}): World {
  return {
    ...BARE,
    name: `live ${kind}${more.usesToken ? ' with its token' : ''}`,
    about: `one device, two sockets, a ${kind} program that must reach hello beside another one`,
    sockets: 2,
    keeps: true,
    faults: true,
    programs: [
      { ...readPair, ...more, kind },
      { ...readPair, name: 'its sibling', kind: '2026.2.19' },
    ],
    verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'forgive'],
    parts: [[READ]],
    generations: 1,
    time: ['request', 'quiet', 'grace'],
  };
}

export const LIVING: readonly World[] = [
  living('2026.2.19'),
  living('2026.9'),
  living('2026.9', { usesToken: true }),
  living('openclaw-node', { usesToken: true }),
];

export const WORLDS: readonly World[] = [
  QUICK,
  STEPS,
  VERBS,
  PARTS,
  LOCAL,
  IMPORTS,
  RINGS,
  TWO_ROLES,
  THREE_SOCKETS,
  FOUR_SCOPES,
];

/** Too big to be explored: random walks go through it. */
export const BEYOND: World = {
  ...BARE,
  name: 'beyond',
  about: 'one device in two roles, five sockets, four scopes, every verb, every fault',
  roles: ['operator', 'node'],
  sockets: 5,
  programs: [
    byToken(read),
    { ...byToken(readPair), kind: '2026.2.19' },
    program('writing pairer', wishOf(WRITE, PAIR)),
    holding(admin),
    { ...pair, name: 'command line', commandLine: true },
    program('probe', wishOf(READ, ADMIN), { manner: 'serve', probe: true }),
    { ...byToken(write), kind: 'openclaw-node' },
    { ...program('node', wishOf()), role: 'node' },
  ],
  verbs: ['approve', 'reject', 'rotate', 'revoke', 'remove', 'forgive', 'reissue', 'vain'],
  parts: [[READ], [PAIR]],
  rotations: [[READ], [WRITE]],
  revisions: 4,
  episodes: 3,
  generations: 3,
  time: ['request', 'quiet', 'grace', 'age'],
  faults: true,
  upgrades: [wishOf(PAIR)],
};
