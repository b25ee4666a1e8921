import { connectionSetup, type EndReason } from './connection-setup.ts';
import type { Denial } from './denial.ts';
import { NOTHING } from './policy.ts';

const its = <E>({ event }: { event: E }): E => event;

const refuse = { type: 'refuse', params: ({ event }: { event: { denial: Denial } }) => event } as const;
const undecided = { type: 'refuse', params: { denial: { code: 'UNDECIDED' } } } as const;
const draining = { type: 'refuse', params: { denial: { code: 'DRAINING' } } } as const;
const unauthorized = {
  type: 'refuse',
  params: { denial: { code: 'CREDENTIAL_INVALID', problem: 'token-mismatch' } },
} as const;
const end = <R extends EndReason>(reason: R) => ({ type: 'endSession', params: { reason } }) as const;

const hangUp = { target: '#connection.closed' } as const;
const deliver = { target: '#connection.approved', actions: 'deliverHello' } as const;
/** A client that should come back by itself is deferred; one that should not is rejected. */
const turnAway = [
  {
    guard: { type: 'mayComeBack', params: its },
    target: '#connection.deferred',
    actions: refuse,
  },
  { target: '#connection.rejected', actions: refuse },
] as const;
/** A decision is read off the record wherever a connection is not let in yet: it joins, or is answered. */
const decide = [
  { guard: { type: 'covered', params: its }, ...deliver },
  { guard: { type: 'servesPart', params: its }, ...deliver },
  {
    guard: { type: 'mayWait', params: its },
    target: '#connection.upgradePending.held',
    actions: [
      { type: 'rememberRequest', params: its },
      { type: 'park', params: its },
    ],
  },
  ...turnAway,
] as const;
const notLetInYet = {
  'credential.ended': { target: '#connection.rejected', actions: unauthorized },
  'gateway.draining': { target: '#connection.deferred', actions: draining },
  'frame.illegal': { ...hangUp, actions: end('fault') },
  'socket.closed': hangUp,
} as const;
/** What ends a session that was let in, whatever it waits for (I18). */
const endings = [
  { guard: { type: 'isRevoked', params: its }, ...hangUp, actions: end('revoked') },
  { guard: { type: 'isRemoved', params: its }, ...hangUp, actions: end('removed') },
  { guard: { type: 'isRotated', params: its }, ...hangUp, actions: end('rotated') },
  { guard: { type: 'isEmptied', params: its }, ...hangUp, actions: end('narrowed') },
] as const;
const letIn = {
  'credential.ended': { ...hangUp, actions: end('auth-changed') },
  'gateway.draining': { ...hangUp, actions: end('restart') },
  'socket.closed': hangUp,
} as const;
const waitForUpgrade = {
  target: '#connection.upgradePending.serving',
  actions: { type: 'rememberAsked', params: its },
} as const;

/** One socket, from the challenge to its end. One live actor each; it owns no timer and asks nobody by itself. */
export const connectionMachine = connectionSetup.createMachine({
  id: 'connection',
  context: { manner: 'auto', commandLine: false, request: null, live: NOTHING, generation: 0 },
  initial: 'challenged',
  states: {
    challenged: {
      description: 'The nonce is sent; the only legal frame is `connect`.',
      on: {
        ...notLetInYet,
        'connect.received': {
          target: 'proving',
          actions: [{ type: 'rememberManner', params: its }, 'verifyProof'],
        },
        'deadline.reached': { ...hangUp, actions: end('timeout') },
      },
    },
    proving: {
      description: 'Shared secret, nonce and signature are being checked, the cheap ones first.',
      on: {
        ...notLetInYet,
        'proof.accepted': { target: 'authorizing', actions: 'askAuthority' },
        'proof.refused': { target: 'rejected', actions: refuse },
        'authority.failed': { target: 'deferred', actions: undecided },
        'deadline.reached': { ...hangUp, actions: end('timeout') },
      },
    },
    authorizing: {
      description: 'The authority was asked: check and request are one step there (I17).',
      on: {
        ...notLetInYet,
        'record.read': decide,
        'proof.refused': { target: 'rejected', actions: refuse },
        'authority.failed': { target: 'deferred', actions: undecided },
        'deadline.reached': { target: 'deferred', actions: undecided },
      },
    },
    upgradePending: {
      description: 'A request for what it lacks is open, and an owner is asked.',
      initial: 'held',
      states: {
        held: {
          description:
            'Parked: its `connect` is not answered and it has no rights; the answer comes on this socket.',
          tags: ['waiting'],
          on: {
            ...notLetInYet,
            'record.read': decide,
            'slice.ended': { target: '#connection.deferred', actions: refuse },
          },
        },
        serving: {
          description: 'Live with the covered part of its wish while the rest is open.',
          tags: ['waiting', 'authorized'],
          on: {
            ...letIn,
            'record.read': [
              ...endings,
              {
                guard: { type: 'isOpen', params: its },
                actions: [
                  { type: 'rememberLive', params: its },
                  { type: 'rememberRequest', params: its },
                  { type: 'applyGrant', params: its },
                ],
              },
              {
                target: '#connection.paired',
                actions: [
                  { type: 'rememberLive', params: its },
                  { type: 'applyGrant', params: its },
                  { type: 'tellResolved', params: its },
                  'forgetRequest',
                ],
              },
            ],
            'upgrade.asked': { actions: { type: 'rememberAsked', params: its } },
          },
        },
      },
    },
    approved: {
      description:
        'The answer lets it in, and is being delivered: hello is built from a second look at the record.',
      on: {
        ...notLetInYet,
        'record.read': [
          { guard: { type: 'covered', params: its } },
          { guard: { type: 'servesPart', params: its } },
          ...decide.slice(2),
        ],
        'delivery.flushed': [
          {
            guard: { type: 'isOpen', params: its },
            target: 'upgradePending.serving',
            actions: { type: 'rememberHello', params: its },
          },
          { target: 'paired', actions: { type: 'rememberHello', params: its } },
        ],
        'delivery.failed': hangUp,
        'authority.failed': { target: 'deferred', actions: undecided },
        'deadline.reached': { target: 'deferred', actions: undecided },
      },
    },
    paired: {
      description:
        'Live; the grant covers what it uses. It narrows with the grant and never widens uninvited.',
      tags: ['authorized'],
      on: {
        ...letIn,
        'record.read': [
          ...endings,
          {
            actions: [
              { type: 'narrowLive', params: its },
              { type: 'applyGrant', params: its },
            ],
          },
        ],
        'upgrade.asked': waitForUpgrade,
      },
    },
    rejected: {
      description: 'Refused with a reason that a client can act on.',
      tags: ['settled'],
      on: { 'socket.closed': hangUp },
    },
    deferred: {
      description: 'Told to come back: its slice is over or the gateway restarts. The request stays open.',
      tags: ['settled'],
      on: { 'socket.closed': hangUp },
    },
    closed: {
      description: 'The socket is gone. Its request is not touched by that.',
      tags: ['settled'],
    },
  },
});
