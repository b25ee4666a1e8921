import { assign, setup } from 'xstate';
import type { Denial } from './denial.ts';
import { coveredPart, covers } from './policy.ts';
import type { View } from './verdict.ts';
import type { GrantedScopes, Outcome, RequestRef } from './vocabulary.ts';

/** How a connection waits: `auto` serves the covered part or else holds, `serve` never parks, `hold` serves nothing
 * but the whole wish, `refuse` closes at once (DESIGN section 4, Waiting). */
export type Manner = 'auto' | 'hold' | 'serve' | 'refuse';

/** Why a socket that was let in, or that broke the protocol, is closed. Each has one close code and reason. */
export type EndReason =
  | 'revoked'
  | 'removed'
  | 'rotated'
  | 'narrowed'
  | 'auth-changed'
  | 'restart'
  | 'timeout'
  | 'fault';

/** The only way the authority speaks to a connection: the record as it stands now, as often as it likes. */
export type RecordRead = {
  readonly type: 'record.read';
  readonly view: View;
  /** What to say if the view does not let it in. */
  readonly denial: Denial;
  /** How the request that this connection waits for settled; null while it is open, or if it is not known. */
  readonly outcome: Outcome | null;
};

export type ConnectionEvent =
  | { readonly type: 'connect.received'; readonly manner: Manner; readonly commandLine: boolean }
  | { readonly type: 'frame.illegal' }
  | { readonly type: 'proof.accepted' }
  | { readonly type: 'proof.refused'; readonly denial: Denial }
  | RecordRead
  | { readonly type: 'authority.failed' }
  | { readonly type: 'delivery.flushed'; readonly view: View }
  | { readonly type: 'delivery.failed' }
  | { readonly type: 'upgrade.asked'; readonly request: RequestRef }
  | { readonly type: 'slice.ended'; readonly denial: Denial }
  | { readonly type: 'credential.ended' }
  | { readonly type: 'deadline.reached' }
  | { readonly type: 'gateway.draining' }
  | { readonly type: 'socket.closed' };

export interface ConnectionContext {
  readonly manner: Manner;
  /** A person's command line: one that may manage devices is served in every manner, because it may have come to
   * approve what would keep it waiting (issue 17425). */
  readonly commandLine: boolean;
  /** The request that it waits for. */
  readonly request: RequestRef | null;
  /** What the session may use now; the only scopes that anything after hello reads. */
  readonly live: GrantedScopes;
  /** The token generation that its hello belongs to: a later one means rotated (R9). */
  readonly generation: number;
}

/** The guards and effects that the connection machine is written in. */
export const connectionSetup = setup({
  types: {
    context: {} as ConnectionContext,
    events: {} as ConnectionEvent,
    tags: {} as 'authorized' | 'waiting' | 'settled',
  },
  guards: {
    covered: (_, e: RecordRead) => e.view.covered,
    servesPart: ({ context }, { view }: RecordRead) =>
      view.live.length > 0 &&
      (context.manner === 'auto' ||
        context.manner === 'serve' ||
        (context.commandLine && covers(view.live, ['operator.pairing']))),
    mayWait: ({ context }, { view }: RecordRead) =>
      view.open !== null && (context.manner === 'auto' || context.manner === 'hold'),
    mayComeBack: (_, { denial }: { readonly denial: Denial }) =>
      denial.code === 'PAIRING_REQUIRED' && denial.wait,
    isOpen: (_, { view }: { readonly view: View }) => view.open !== null,
    isRevoked: (_, { view }: RecordRead) => view.standing === 'revoked',
    isRemoved: (_, { view }: RecordRead) => view.standing !== 'paired' && view.standing !== 'revoked',
    isRotated: ({ context }, { view }: RecordRead) => view.generation !== context.generation,
    isEmptied: ({ context }, { view }: RecordRead) =>
      context.live.length > 0 && coveredPart(view.live, context.live).length === 0,
  },
  actions: {
    verifyProof: () => {},
    askAuthority: () => {},
    deliverHello: () => {},
    park: (_, _params: { readonly view: View }) => {},
    refuse: (_, _params: { readonly denial: Denial }) => {},
    applyGrant: (_, _params: { readonly view: View }) => {},
    tellResolved: (_, _params: Pick<RecordRead, 'view' | 'outcome' | 'denial'>) => {},
    endSession: (_, _params: { readonly reason: EndReason }) => {},
    rememberManner: assign((_, e: Pick<ConnectionContext, 'manner' | 'commandLine'>) => ({
      manner: e.manner,
      commandLine: e.commandLine,
    })),
    rememberRequest: assign((_, { view }: { readonly view: View }) => ({ request: view.open })),
    rememberAsked: assign((_, { request }: { readonly request: RequestRef }) => ({ request })),
    rememberHello: assign((_, { view }: { readonly view: View }) => ({
      live: view.live,
      generation: view.generation,
      request: view.open,
    })),
    rememberLive: assign((_, { view }: { readonly view: View }) => ({ live: view.live })),
    narrowLive: assign(({ context }, { view }: { readonly view: View }) => ({
      live: coveredPart(view.live, context.live),
    })),
    forgetRequest: assign({ request: null }),
  },
});
