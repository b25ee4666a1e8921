/** How lists, events and the answers to decisions differ from the recorded ones. */
import type { Wanted } from './wanted-differences.ts';

const OLDER = '2026.2.19';
const NEWER = '2026.9.6';

const under = (path: string, ...keys: readonly string[]): string[] => keys.map((key) => `${path}.${key}`);

const PENDING = 'device.pair.list.payload.pending[]';
const PAIRED = 'device.pair.list.payload.paired[]';
const APPROVED = 'device.pair.approve.payload.device';

const LISTS: readonly Wanted[] = [
  {
    at: [
      ...under(
        PENDING,
        'clientVersion',
        'remoteIp',
        'revision',
        'missing',
        'attempts',
        'expiresAtMs',
        'askedBy',
      ),
      ...under(PAIRED, 'clientVersion', 'remoteIp'),
      ...under(APPROVED, 'clientVersion', 'remoteIp', 'connected'),
      'device.pair.list.payload.declined',
    ],
    kind: 'extra',
    why: 'what an owner needs to decide; clients ignore keys of a payload that they do not know',
  },
  {
    at: [`${PAIRED}.connected`],
    kind: 'extra',
    version: OLDER,
    why: '2026.9 says it; 2026.2.19 ignores it',
  },
  {
    at: [...under(PAIRED, 'approvedVia', 'lastSeenAtMs', 'lastSeenReason'), `${APPROVED}.approvedVia`],
    kind: 'missing',
    version: NEWER,
    why: 'the history says who approved, and when; a connect that changes nothing is not written down',
  },
  {
    at: [`${PAIRED}.operatorLabel`],
    kind: 'missing',
    version: NEWER,
    files: ['22'],
    why: 'an owner’s label is the display name, so that both generations show it',
  },
  {
    at: under(PAIRED, 'displayName', 'label'),
    kind: 'extra',
    version: NEWER,
    files: ['22'],
    why: 'see operatorLabel',
  },
  {
    at: under(PAIRED, 'scopes', 'tokens[].scopes'),
    kind: 'value',
    version: OLDER,
    files: ['03', '04'],
    why: 'the recorded device held admin and asked to read, which needs no request here: this one holds less',
  },
];

const CLAIMS: readonly Wanted[] = [
  {
    at: under(PAIRED, 'clientId', 'clientMode'),
    kind: 'value',
    version: OLDER,
    files: ['03', '04'],
    why: 'what a device last said of itself is shown, and is a ground for nothing; the recorded list shows the approved',
  },
  {
    at: [`${PAIRED}.claimedName`],
    kind: 'extra',
    version: NEWER,
    files: ['18', '19'],
    why: 'the device’s own name is kept apart from the one that an owner gave',
  },
];

const DECISIONS: readonly Wanted[] = [
  {
    at: under('event device.pair.resolved.payload', 'outcome', 'by'),
    kind: 'extra',
    why: 'decision has two words of upstream; how a request ended, and by whom, is told beside it (I6)',
  },
  {
    at: ['event device.pair.resolved.seq', 'event device.pair.changed.seq'],
    kind: 'missing',
    why: 'a number would only make clients report gaps in what is a hint (PROTOCOL 1.1)',
  },
  {
    at: ['event device.pair.changed'],
    kind: 'extra',
    why: 'rotation, revocation and removal are told to who manages devices, too',
  },
  {
    at: under('event device.pair.changed.payload', 'deviceId', 'role', 'change', 'ts'),
    kind: 'extra',
    version: NEWER,
    why: 'what changed, for who wants to know',
  },
  {
    at: [`${APPROVED}.scopes`, `${APPROVED}.tokens[].scopes`],
    kind: 'value',
    version: OLDER,
    files: ['04'],
    why: 'an approval adds to what a device has; the recorded one replaced the rights of its token by the request’s',
  },
  {
    at: [`${APPROVED}.tokens[].rotatedAtMs`],
    kind: 'missing',
    version: OLDER,
    files: ['04'],
    why: 'an approval ends no token (I4)',
  },
  {
    at: ['device.token.rotate.payload.tokenDelivery'],
    kind: 'extra',
    version: OLDER,
    files: ['10'],
    why: '2026.9 says it; 2026.2.19 ignores it',
  },
  {
    at: ['close'],
    kind: 'extra',
    version: OLDER,
    files: ['10'],
    why: 'a rotation ends the sockets that came in before it, and says so, as 2026.9 does',
  },
  {
    at: [
      'device.pair.approve.error.details',
      'device.pair.reject.error.details',
      'device.pair.remove.error.details',
      'device.token.rotate.error.details',
    ],
    kind: 'extra',
    why: 'the texts are upstream’s; a program that wants more than a text finds it here',
  },
  {
    at: ['device.pair.approve.error.message'],
    kind: 'value',
    version: NEWER,
    files: ['15'],
    why: 'an id that nobody was shown is told as unknown at once: no second try with admin is needed to learn it',
  },
];

export const WANTED_OF_CALLS: readonly Wanted[] = [...LISTS, ...CLAIMS, ...DECISIONS];
