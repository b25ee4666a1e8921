/** How the answer to a `connect` differs from the recorded one. */
import type { Wanted } from './wanted-differences.ts';

const OLDER = '2026.2.19';
const NEWER = '2026.9.6';

const under = (path: string, ...keys: readonly string[]): string[] => keys.map((key) => `${path}.${key}`);

const ERROR = 'connect.error.details';

const HELLO: readonly Wanted[] = [
  { at: ['connect.payload.server.version'], kind: 'value', why: 'each gateway tells its own version' },
  {
    at: under('connect.payload', 'server.host', 'snapshot.configPath', 'snapshot.stateDir'),
    kind: 'missing',
    why: 'where a gateway runs and keeps its files is no device’s business, and no client needs it',
  },
  {
    at: [
      ...under('connect.payload.server', 'buildId', 'bootId', 'controlUiBuildSource'),
      ...under('connect.payload.snapshot', 'suspension', 'appliedConfigHash', 'updateSchedule'),
      ...under('connect.payload', 'features.capabilities', 'controlUiWidgetKinds'),
    ],
    kind: 'missing',
    version: NEWER,
    why: 'of the dashboard, the configuration and the updates of OpenClaw, which are not here; all optional',
  },
  {
    at: [
      'connect.payload.snapshot.sessionDefaults',
      ...under(
        'connect.payload.policy',
        'attachments',
        'allowedSessionVisibilities',
        'hasMultipleSessionSharingIdentities',
      ),
    ],
    kind: 'missing',
    why: 'of agents’ sessions, which are not here; all optional',
  },
  {
    at: under('connect.payload.auth', 'recoveryScope', 'recoveryMigrationAllowed'),
    kind: 'missing',
    version: NEWER,
    why: 'of the recovery of a dashboard’s keys, which this gateway does not keep',
  },
  {
    at: ['connect.payload.features.events[presence]', 'connect.payload.features.events[health]'],
    kind: 'missing',
    why: 'only events that are sent are named',
  },
  {
    at: [
      'connect.payload.features.events[device.pair.setup.completed]',
      'connect.payload.features.events[device.pair.setup.deliveryUncertain]',
    ],
    kind: 'missing',
    version: NEWER,
    why: 'this gateway makes no setup codes',
  },
  {
    at: ['connect.payload.features.methods[]', 'connect.payload.features.events[]'],
    kind: 'extra',
    why: 'what this gateway adds is named for who can use it',
  },
  {
    at: ['connect.payload.snapshot.authMode'],
    kind: 'extra',
    version: NEWER,
    why: 'said to everybody as 2026.2.19 said it; the recorded gateway says it to admins only',
  },
  {
    at: ['connect.payload.auth.method'],
    kind: 'missing',
    version: NEWER,
    why: 'no client reads it',
  },
  {
    at: ['connect.payload.auth.scopes'],
    kind: 'value',
    version: NEWER,
    files: ['03'],
    why: 'a local probe with the shared secret is as much an owner as any local command line (DESIGN 4, Callers)',
  },
];

const REFUSED: readonly Wanted[] = [
  {
    at: ['connect.error.message', 'close.reason'],
    kind: 'value',
    version: OLDER,
    files: ['02'],
    why: 'it says what is missing; a person is told the command and the id in the only text that they see',
  },
  {
    at: under(
      ERROR,
      'code',
      'reason',
      'remediationHint',
      'deviceId',
      'requestedRole',
      'requestedScopes',
      'approvedRoles',
      'approvedScopes',
    ),
    kind: 'extra',
    version: OLDER,
    files: ['02'],
    why: 'both generations are sent the object of 2026.9; 2026.2.19 ignores what it does not know in details',
  },
  {
    at: [...under(ERROR, 'recommendedNextStep', 'retryable', 'pauseReconnect'), 'connect.error.retryable'],
    kind: 'extra',
    why: 'the client is told whether to come back by itself: that is what this gateway is for',
  },
  {
    at: ['event connect.pending'],
    kind: 'extra',
    why: 'the connect was held first (DESIGN 4, Waiting)',
  },
  {
    at: [`${ERROR}.remediationHint`],
    kind: 'value',
    version: NEWER,
    why: 'it names the command to run',
  },
  {
    at: under(ERROR, 'approvedRoles', 'approvedScopes'),
    kind: 'extra',
    version: NEWER,
    files: ['06', '26'],
    why: 'a device that proved its key is told that it has nothing, in place of not being told',
  },
  {
    at: ['close.reason'],
    kind: 'value',
    version: NEWER,
    files: ['11'],
    why: 'the text gives way, the id stays whole; the recorded one lost the end of it',
  },
  {
    at: ['connect.error.message', 'close.reason'],
    kind: 'value',
    version: OLDER,
    files: ['27'],
    why: 'a wrong shared secret is told as that: “device token mismatch” makes clients delete a good token',
  },
  {
    at: [ERROR],
    kind: 'extra',
    version: OLDER,
    files: ['27'],
    why: 'both generations are sent the object of 2026.9',
  },
  {
    at: [
      'connect.error.message',
      'close.reason',
      ...under(ERROR, 'code', 'reason', 'approvedRoles', 'approvedScopes'),
    ],
    kind: 'value',
    version: NEWER,
    files: ['23'],
    why: 'a revocation is told as one: nothing is approved, and asking again is quiet (I6, I13)',
  },
  {
    at: [`${ERROR}.requestId`],
    kind: 'missing',
    version: NEWER,
    files: ['23'],
    why: 'while it is quiet no request opens (I13)',
  },
  {
    at: under(ERROR, 'outcome', 'quietUntilMs'),
    kind: 'extra',
    version: NEWER,
    files: ['23'],
    why: 'what was decided, and until when asking has no effect',
  },
  {
    at: ['connect.ok'],
    kind: 'value',
    version: OLDER,
    files: ['12'],
    why: 'admin covers a read: half of the loop of openclaw/openclaw#21688 was that it did not',
  },
  {
    at: ['close'],
    kind: 'missing',
    version: OLDER,
    files: ['12'],
    why: 'it is let in',
  },
  {
    at: ['connect.ok'],
    kind: 'value',
    version: OLDER,
    files: ['18', '21'],
    why: 'what an owner revoked or removed comes back by an owner’s approval only (I16), not by the shared secret',
  },
  {
    at: ['close'],
    kind: 'extra',
    version: OLDER,
    files: ['18', '21'],
    why: 'it is not let in',
  },
];

export const WANTED_OF_CONNECT: readonly Wanted[] = [...HELLO, ...REFUSED];
