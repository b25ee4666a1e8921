/** Bugs that people reported, as the smallest model of the rules that had them (CATALOGUE sections 2 and 2b). */
import type { Small } from './small.ts';

interface Loop {
  readonly record: readonly string[];
  readonly pending: boolean;
  readonly lines: number;
}
const HELD = ['admin', 'approvals', 'pairing'];

/** 2026.2.19: a scope is held if it is a member of the list that the last rotation left. */
export const scopeLoop: Small<Loop> = {
  start: { record: ['admin', 'read'], pending: false, lines: 0 },
  steps: ({ record, pending, lines }) => [
    {
      text: `an owner rotates the token to ${HELD.join('+')}, and that becomes what is approved`,
      next: { record: HELD, pending, lines },
      isFree: true,
    },
    record.includes('read')
      ? { text: 'a program connects for read: hello', next: { record, pending, lines } }
      : {
          text: `a program connects for read, which ${record.join('+')} does not contain: 1008 pairing required, one more line in the log`,
          next: { record, pending: true, lines: Math.min(lines + 1, 3) },
        },
  ],
  isWrong: ({ lines }, { next }) => lines >= 1 && next.lines > lines,
};

interface Union {
  readonly pending: readonly string[];
  readonly shown: readonly string[];
  readonly granted: readonly string[];
}

/** 72006: a new wish is merged into the request that waits, under whatever the owner looks at. */
export const unionMerge: Small<Union> = {
  start: { pending: [], shown: [], granted: [] },
  steps: (at) => [
    ...['read', 'admin'].map((scope) => ({
      text: `a program asks for ${scope}: the request is for ${[...new Set([...at.pending, scope])].sort().join('+')} now`,
      next: { ...at, pending: [...new Set([...at.pending, scope])].sort() },
    })),
    ...(at.pending.length > 0
      ? [
          {
            text: `the owner lists: ${at.pending.join('+')}`,
            next: { ...at, shown: at.pending },
            isFree: true,
          },
          ...(at.shown.length > 0
            ? [
                {
                  text: `the owner approves the request that said ${at.shown.join('+')}: ${at.pending.join('+')} is granted`,
                  next: { ...at, granted: at.pending },
                  isFree: true,
                },
              ]
            : []),
        ]
      : []),
  ],
  isWrong: (before, { next }) =>
    next.granted.length > before.granted.length &&
    next.granted.some((scope) => !before.shown.includes(scope)),
};

interface Churn {
  readonly id: number;
  readonly wish: string;
  readonly copied: number;
  readonly answer: string;
}

/** 98145: a wish that the request does not contain makes a new request, and the id that was shown is gone. */
export const idChurn: Small<Churn> = {
  start: { id: 0, wish: '', copied: 0, answer: '' },
  steps: (at) => [
    ...['operator', 'node']
      .filter((wish) => wish !== at.wish && at.id < 3)
      .map((wish) => ({
        text: `the device connects as ${wish}: request ${at.id + 1} takes the place of ${at.id || 'none'}`,
        next: { ...at, id: at.id + 1, wish },
      })),
    ...(at.id > 0 && at.copied === 0
      ? [{ text: `the owner lists and copies id ${at.id}`, next: { ...at, copied: at.id }, isFree: true }]
      : []),
    ...(at.copied > 0
      ? [
          {
            text: `the owner approves ${at.copied}: ${at.copied === at.id ? 'approved' : 'unknown requestId'}`,
            next: { ...at, answer: at.copied === at.id ? 'approved' : 'unknown requestId' },
            isFree: true,
          },
        ]
      : []),
  ],
  isWrong: (_, { next }) => next.answer === 'unknown requestId',
};

interface Paused {
  readonly approved: boolean;
  readonly node: 'off' | 'paused' | 'live';
}

/** 82590: the node host stops at PAIRING_REQUIRED, and nothing that an owner does reaches it. */
export const pausedNode: Small<Paused> = {
  start: { approved: false, node: 'off' },
  steps: ({ approved, node }) => [
    ...(node === 'off'
      ? [
          approved
            ? { text: 'the node connects: hello', next: { approved, node: 'live' } as const }
            : {
                text: 'the node connects: PAIRING_REQUIRED, "reconnect paused; waiting for operator action"',
                next: { approved, node: 'paused' } as const,
              },
        ]
      : []),
    ...(approved ? [] : [{ text: 'an owner approves it', next: { approved: true, node }, isFree: true }]),
  ],
  goal: { isDue: ({ approved }) => approved, isReached: ({ node }) => node === 'live' },
};

interface Minted {
  readonly valid: number;
  readonly held: number;
  readonly approved: boolean;
  readonly live: boolean;
}

/** 101872: an approval makes a new token, hands it to nobody, and the old one is a mismatch from then on. */
export const mintedToken: Small<Minted> = {
  start: { valid: 1, held: 1, approved: false, live: false },
  steps: (at) => [
    ...(at.held > 0 && !at.live
      ? [
          at.held === at.valid
            ? { text: 'the device connects with its token: hello', next: { ...at, live: true } }
            : {
                text: 'the device connects with its token: device token mismatch; it deletes the token and stops',
                next: { ...at, held: 0 },
              },
        ]
      : []),
    ...(at.approved
      ? []
      : [
          {
            text: 'an owner approves what it asks for besides: a new token value, and its socket is closed',
            next: { ...at, approved: true, valid: at.valid + 1, live: false },
            isFree: true,
          },
        ]),
  ],
  goal: { isDue: ({ approved }) => approved, isReached: ({ live }) => live },
};

interface Slow {
  readonly approved: boolean;
  readonly sinceLast: number;
  readonly live: boolean;
}
const INTERVAL = 2;

/** Every attempt that comes too early starts the interval anew, and the client comes back after one second. */
export const slowDown: Small<Slow> = {
  start: { approved: false, sinceLast: INTERVAL, live: false },
  steps: (at) => {
    if (at.live) return [];
    const isEarly = at.sinceLast < INTERVAL;
    const answer = isEarly ? 'slow_down' : at.approved ? 'hello' : 'authorization_pending';
    return [
      {
        text: `the client asks, ${isEarly ? 'one second' : 'long'} after it last did: ${answer}`,
        next: { ...at, sinceLast: 1, live: answer === 'hello' },
      },
      ...(at.approved
        ? []
        : [{ text: 'an owner approves it', next: { ...at, approved: true }, isFree: true }]),
    ];
  },
  goal: { isDue: ({ approved }) => approved, isReached: ({ live }) => live },
};

interface Cap {
  readonly waiting: readonly string[];
  readonly asked: boolean;
}
const CAP = 2;

/** One limit for everybody: whoever comes last puts out whoever waited longest. */
export const globalCap: Small<Cap> = {
  start: { waiting: [], asked: false },
  steps: ({ waiting, asked }) => {
    const come = (name: string): readonly string[] => [...waiting, name].slice(-CAP);
    const news = waiting.length >= CAP ? `waits, and ${waiting[0]} is put out` : 'waits';
    return [
      ...(asked
        ? []
        : [{ text: `the new laptop asks: it ${news}`, next: { waiting: come('the laptop'), asked: true } }]),
      {
        text: `a stranger with a new key asks: it ${news}`,
        next: { waiting: come('a stranger'), asked },
        isFree: true,
      },
    ];
  },
  isWrong: (before, { next }) =>
    before.waiting.includes('the laptop') && !next.waiting.includes('the laptop'),
};
