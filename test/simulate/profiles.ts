/** How the programs of PROTOCOL sections 2.2 and 7 and Appendix C dial, ask, wait and come back. All times in ms. */
const BUNDLE = ['operator.admin', 'operator.approvals', 'operator.pairing'];
const READ = ['operator.read'];
const WRITE = ['operator.write'];

export interface Backoff {
  readonly firstMs: number;
  readonly factor: number;
  readonly mostMs: number;
}

export interface Profile {
  readonly name: string;
  /** Whose rules it follows when it is refused. */
  readonly generation: '2026.2.19' | '2026.9.6' | 'openclaw-node';
  readonly protocol: 3 | 4;
  readonly clientId: string;
  readonly mode: string;
  readonly role: 'operator' | 'node';
  /** It asks for one of these each time. */
  readonly wishes: readonly (readonly string[])[];
  /** How long it waits for the answer to a connect; null for as long as the socket lives. */
  readonly answerMs: number | null;
  readonly backoff: Backoff;
  /** A visitor makes one call and leaves; a probe comes back until its time is over, and leaves. */
  readonly stays: 'always' | 'one call' | 'probe';
  readonly caps?: readonly string[];
  readonly userAgent?: string;
  /** It runs in a browser, which says where its page came from. */
  readonly isPage?: boolean;
}

const NODE_BACKOFF = { firstMs: 1000, factor: 2, mostMs: 30_000 };
const PAGE_BACKOFF = { firstMs: 800, factor: 1.7, mostMs: 15_000 };

const TOOL = { clientId: 'gateway-client', mode: 'backend', role: 'operator' } as const;
const CLI = { clientId: 'cli', mode: 'cli', role: 'operator' } as const;

export const PROFILES: readonly (readonly [number, Profile])[] = [
  [
    3,
    {
      ...TOOL,
      name: 'old-tool',
      generation: '2026.2.19',
      protocol: 3,
      wishes: [READ, WRITE],
      answerMs: null,
      backoff: NODE_BACKOFF,
      stays: 'always',
    },
  ],
  [
    1,
    {
      ...CLI,
      name: 'old-cli',
      generation: '2026.2.19',
      protocol: 3,
      wishes: [BUNDLE],
      answerMs: 10_000,
      backoff: NODE_BACKOFF,
      stays: 'one call',
    },
  ],
  [
    1,
    {
      ...CLI,
      mode: 'probe',
      name: 'old-probe',
      generation: '2026.2.19',
      protocol: 3,
      wishes: [['operator.admin']],
      answerMs: 2500,
      backoff: NODE_BACKOFF,
      stays: 'probe',
    },
  ],
  [
    4,
    {
      ...TOOL,
      name: 'tool',
      generation: '2026.9.6',
      protocol: 4,
      wishes: [READ, WRITE, ['operator.read', 'operator.approvals']],
      answerMs: 15_000,
      backoff: NODE_BACKOFF,
      stays: 'always',
    },
  ],
  [
    2,
    {
      ...CLI,
      name: 'cli',
      generation: '2026.9.6',
      protocol: 4,
      wishes: [READ, ['operator.pairing'], ['operator.pairing', 'operator.read']],
      answerMs: 10_000,
      backoff: NODE_BACKOFF,
      stays: 'one call',
    },
  ],
  [
    1,
    {
      ...CLI,
      mode: 'probe',
      name: 'probe',
      generation: '2026.9.6',
      protocol: 4,
      wishes: [READ],
      answerMs: 3000,
      backoff: NODE_BACKOFF,
      stays: 'probe',
    },
  ],
  [
    2,
    {
      clientId: 'openclaw-control-ui',
      mode: 'webchat',
      role: 'operator',
      name: 'page',
      generation: '2026.9.6',
      protocol: 4,
      wishes: [[...BUNDLE, 'operator.read', 'operator.write', 'operator.questions']],
      answerMs: 15_000,
      backoff: PAGE_BACKOFF,
      stays: 'always',
      isPage: true,
    },
  ],
  [
    2,
    {
      clientId: 'node-host',
      mode: 'node',
      role: 'node',
      name: 'node-host',
      generation: '2026.9.6',
      protocol: 4,
      wishes: [[]],
      answerMs: 15_000,
      backoff: NODE_BACKOFF,
      stays: 'always',
    },
  ],
  [
    1,
    {
      clientId: 'node-host',
      mode: 'node',
      role: 'node',
      name: 'openclaw-node',
      generation: 'openclaw-node',
      protocol: 4,
      wishes: [[]],
      answerMs: null,
      backoff: NODE_BACKOFF,
      stays: 'always',
      userAgent: 'openclaw-node/0.14.0',
    },
  ],
  [
    1,
    {
      ...TOOL,
      name: 'patient',
      generation: '2026.9.6',
      protocol: 4,
      wishes: [READ, WRITE],
      answerMs: null,
      backoff: NODE_BACKOFF,
      stays: 'always',
      caps: ['antechamber.wait'],
    },
  ],
];

/** Refusals after which a client of 2026.9.6 does not come back by itself (PROTOCOL 7.2). */
export const PAUSES: ReadonlySet<string> = new Set([
  'AUTH_TOKEN_MISSING',
  'AUTH_RATE_LIMITED',
  'AUTH_DEVICE_TOKEN_MISMATCH',
  'AUTH_SCOPE_MISMATCH',
  'PAIRING_REQUIRED',
  'DEVICE_IDENTITY_REQUIRED',
  'AUTH_TOKEN_MISMATCH',
  'PROTOCOL_MISMATCH',
]);
/** openclaw-node gives up after so many refusals in a row. */
export const NODE_GIVES_UP = 10;
