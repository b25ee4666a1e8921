/** Transitions that several states of the authorization machine share, so that the table says each of them once. */
import { announce, its, reply, settle } from './authorization-setup.ts';

export const refuseQuiet = {
  guard: { type: 'quietUnpaired', params: its },
  actions: reply('quiet'),
} as const;
export const refuseQuietDelta = {
  guard: { type: 'quietPaired', params: its },
  actions: reply('quiet'),
} as const;
/** An auto-approval that covers all of the open request settles it: no phantom is left behind (R3). */
export const supersede = {
  guard: { type: 'autoCoversNewest', params: its },
  target: 'paired',
  actions: [{ type: 'grantWish', params: its }, 'closeRequest', settle('superseded'), reply('covered')],
} as const;
export const renewAndJoin = {
  guard: { type: 'joinsAndRenews', params: its },
  actions: [{ type: 'renewRequest', params: its }, announce('request.renewed'), reply('joined')],
} as const;
/** The point of the project: a repeat of what the open request covers opens nothing and writes nothing. */
export const join = { guard: { type: 'joins', params: its }, actions: reply('joined') } as const;
export const answerOnly = { guard: { type: 'mayNotOpen', params: its }, actions: reply('lacking') } as const;
export const refuseEpisode = {
  guard: { type: 'tooManyEpisodes', params: its },
  actions: reply('quiet'),
} as const;
export const refuseRevision = {
  guard: { type: 'noMoreRevisions', params: its },
  actions: reply('full'),
} as const;
export const open = {
  actions: [{ type: 'openRequest', params: its }, announce('request.opened'), reply('opened')],
} as const;
export const widen = {
  actions: [{ type: 'widenRequest', params: its }, announce('request.widened'), reply('widened')],
} as const;

const refuseApproval = [
  { guard: { type: 'namesNoRevision', params: its }, actions: reply('notOpen') },
  { guard: { type: 'beyondRevision', params: its }, actions: reply('beyondRequest') },
] as const;
const giveRevision = [
  {
    guard: { type: 'narrows', params: its },
    target: 'paired',
    actions: [
      { type: 'quietenDeclined', params: its },
      { type: 'grantRevision', params: its },
      'closeRequest',
      settle('narrowed'),
      reply('approved'),
    ],
  },
  {
    guard: { type: 'approvalCoversNewest', params: its },
    target: 'paired',
    actions: [{ type: 'grantRevision', params: its }, 'closeRequest', settle('approved'), reply('approved')],
  },
  {
    target: 'upgradePending',
    actions: [{ type: 'grantRevision', params: its }, announce('request.approved'), reply('approved')],
  },
] as const;
/** Without standing nothing is granted yet, an empty revision neither (R1b): an approval always gives something. */
export const approvePairing = [...refuseApproval, ...giveRevision] as const;
export const approveDelta = [
  ...refuseApproval,
  { guard: { type: 'revisionIsGranted', params: its }, actions: reply('approved') },
  { guard: { type: 'givesNothing', params: its }, actions: reply('givesNothing') },
  ...giveRevision,
] as const;

/** Everything that ends a request otherwise than by an approval returns to what stood before. */
export const endings = <S extends 'unpaired' | 'paired' | 'revoked'>(standing: S) =>
  ({
    'request.attended': {
      guard: { type: 'renewalIsDue', params: its },
      actions: [{ type: 'renewRequest', params: its }, announce('request.renewed')],
    },
    'request.withdrawn': [
      { guard: { type: 'namesAnother', params: its }, actions: reply('notOpen') },
      { target: standing, actions: ['closeRequest', settle('withdrawn'), reply('withdrawn')] },
    ],
    'deadline.reached': [
      {
        guard: { type: 'requestIsDue', params: its },
        target: standing,
        actions: [{ type: 'passDeadlines', params: its }, settle('expired')],
      },
      {
        guard: { type: 'somethingIsDue', params: its },
        actions: [{ type: 'passDeadlines', params: its }, announce('deadline.passed')],
      },
    ],
  }) as const;

export const passDeadlines = {
  guard: { type: 'somethingIsDue', params: its },
  actions: [{ type: 'passDeadlines', params: its }, announce('deadline.passed')],
} as const;
export const forgive = {
  guard: 'hasQuiet',
  actions: ['endQuiet', announce('quiet.forgiven'), reply('forgiven')],
} as const;
export const useToken = {
  guard: { type: 'firstUse', params: its },
  actions: [{ type: 'noteTokenUse', params: its }, announce('token.delivered')],
} as const;
export const reissueToken = [
  { guard: { type: 'isReissued', params: its }, actions: reply('reissued') },
  { actions: [{ type: 'reissueToken', params: its }, announce('token.reissued'), reply('reissued')] },
] as const;
/** What was decided here stands (DESIGN section 1, ceiling): another gateway's word is for those nobody decided on. */
export const keepDecided = { guard: 'isDecidedHere', actions: reply('kept') } as const;
export const keepDeclined = { guard: 'isDeclinedHere', actions: reply('kept') } as const;
export const knowImport = {
  guard: { type: 'isKnownImport', params: its },
  actions: reply('alreadyImported'),
} as const;
export const importStanding = {
  actions: [{ type: 'importDevice', params: its }, announce('device.imported'), reply('imported')],
} as const;
/** The request that waits here may be for what the other gateway had given already: then none is left behind (I17). */
export const importPending = [
  {
    guard: { type: 'importCoversNewest', params: its },
    target: 'paired',
    actions: [
      { type: 'importDevice', params: its },
      'closeRequest',
      announce('device.imported'),
      settle('superseded'),
      reply('imported'),
    ],
  },
  { ...importStanding, target: 'upgradePending' },
] as const;
/** Revoked here, or there at an earlier import: only an approval brings it back (I16). */
export const importRevoked = [knowImport, { actions: reply('kept') }] as const;
export const noRequest = { actions: reply('notOpen') } as const;
export const notPaired = { actions: reply('notPaired') } as const;
export const removeStanding = {
  target: 'unpaired',
  actions: ['removeDevice', announce('device.removed'), reply('removed')],
} as const;
export const removePending = {
  target: 'unpaired',
  actions: ['removeDevice', settle('removed'), announce('device.removed'), reply('removed')],
} as const;
/** Rejecting any revision settles the whole request; what becomes quiet is what the owner saw (R5). */
export const rejectDelta = {
  target: 'paired',
  actions: [{ type: 'quietenRevision', params: its }, 'closeRequest', settle('rejected'), reply('rejected')],
} as const;
/** Without standing the pairing itself was declined, too: a node that asks for no scope stays declined (R1b). */
export const rejectPairing = <S extends 'unpaired' | 'revoked'>(target: S) =>
  ({
    target,
    actions: [
      { type: 'quietenRevision', params: its },
      { type: 'declinePairing', params: its },
      'closeRequest',
      settle('rejected'),
      reply('rejected'),
    ],
  }) as const;
export const revokePending = {
  target: 'revoked',
  actions: [
    { type: 'revokeGrant', params: its },
    settle('rejected'),
    announce('grant.revoked'),
    reply('revoked'),
  ],
} as const;
