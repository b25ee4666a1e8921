import * as rules from './authorization-rules.ts';
import { announce, authorizationSetup, its, reply, settle } from './authorization-setup.ts';
import { FRESH } from './record.ts';

/**
 * What stands between one device in one role and its rights, from its first connect on, for ever. Never run as a live
 * actor: the authority loads it, takes one step and writes it back (DESIGN section 2). The order of guards is TABLES
 * R1: covered, then quiet, then auto-approval, then join, widen or open. A transition without a target stays; one
 * without an `announce` changes nothing and writes nothing.
 */
export const authorizationMachine = authorizationSetup.createMachine({
  id: 'authorization',
  context: FRESH,
  initial: 'unpaired',
  states: {
    unpaired: {
      description: 'Nobody has approved it, or an owner removed it (then a tombstone forbids auto-approval).',
      on: {
        'access.requested': [
          rules.refuseQuiet,
          {
            guard: { type: 'auto', params: its },
            target: 'paired',
            actions: [{ type: 'grantWish', params: its }, announce('access.granted'), reply('covered')],
          },
          rules.answerOnly,
          rules.refuseEpisode,
          { ...rules.open, target: 'pairingPending' },
        ],
        'request.approved': rules.noRequest,
        'request.rejected': rules.noRequest,
        'request.withdrawn': rules.noRequest,
        'deadline.reached': rules.passDeadlines,
        'token.rotated': rules.notPaired,
        'token.reissued': rules.notPaired,
        'quiet.forgiven': rules.forgive,
        'device.imported': [rules.keepDeclined, { ...rules.importStanding, target: 'paired' }],
        'grant.revoked': rules.notPaired,
        'device.removed': rules.removeStanding,
      },
    },
    pairingPending: {
      description: 'Not approved; one request is open and an owner is asked.',
      on: {
        'access.requested': [
          rules.refuseQuiet,
          rules.supersede,
          {
            guard: { type: 'auto', params: its },
            target: 'upgradePending',
            actions: [{ type: 'grantWish', params: its }, announce('access.granted'), reply('covered')],
          },
          rules.renewAndJoin,
          rules.join,
          rules.answerOnly,
          rules.refuseRevision,
          rules.widen,
        ],
        ...rules.endings('unpaired'),
        'request.approved': rules.approvePairing,
        'request.rejected': [
          { guard: { type: 'namesNoRevision', params: its }, actions: reply('notOpen') },
          rules.rejectPairing('unpaired'),
        ],
        'token.rotated': rules.notPaired,
        'token.reissued': rules.notPaired,
        'quiet.forgiven': rules.forgive,
        'device.imported': [rules.keepDeclined, ...rules.importPending],
        'grant.revoked': rules.notPaired,
        'device.removed': rules.removePending,
      },
    },
    paired: {
      description: 'An owner approved it: the grant says what it may use, inside the ceiling.',
      on: {
        'access.requested': [
          { guard: { type: 'covered', params: its }, actions: reply('covered') },
          rules.refuseQuietDelta,
          {
            guard: { type: 'auto', params: its },
            actions: [{ type: 'grantWish', params: its }, announce('access.granted'), reply('covered')],
          },
          rules.answerOnly,
          rules.refuseEpisode,
          { ...rules.open, target: 'upgradePending' },
        ],
        'request.approved': rules.noRequest,
        'request.rejected': rules.noRequest,
        'request.withdrawn': rules.noRequest,
        'deadline.reached': rules.passDeadlines,
        'token.rotated': [
          { guard: { type: 'beyondCeiling', params: its }, actions: reply('beyondCeiling') },
          { actions: [{ type: 'rotateToken', params: its }, announce('token.rotated'), reply('rotated')] },
        ],
        'token.used': rules.useToken,
        'token.reissued': rules.reissueToken,
        'quiet.forgiven': rules.forgive,
        'device.imported': [rules.knowImport, rules.keepDecided, rules.importStanding],
        'grant.revoked': {
          target: 'revoked',
          actions: [{ type: 'revokeGrant', params: its }, announce('grant.revoked'), reply('revoked')],
        },
        'device.removed': rules.removeStanding,
      },
    },
    upgradePending: {
      description: 'Approved, and the grant goes on working (I12) while one request for more is open.',
      on: {
        'access.requested': [
          { guard: { type: 'covered', params: its }, actions: reply('covered') },
          rules.refuseQuietDelta,
          rules.supersede,
          {
            guard: { type: 'auto', params: its },
            actions: [{ type: 'grantWish', params: its }, announce('access.granted'), reply('covered')],
          },
          rules.renewAndJoin,
          rules.join,
          rules.answerOnly,
          rules.refuseRevision,
          rules.widen,
        ],
        ...rules.endings('paired'),
        'request.approved': rules.approveDelta,
        'request.rejected': [
          { guard: { type: 'namesNoRevision', params: its }, actions: reply('notOpen') },
          { guard: { type: 'revisionIsGranted', params: its }, actions: reply('alreadyGranted') },
          rules.rejectDelta,
        ],
        'token.rotated': [
          { guard: { type: 'beyondCeiling', params: its }, actions: reply('beyondCeiling') },
          {
            guard: { type: 'rotationCoversNewest', params: its },
            target: 'paired',
            actions: [
              { type: 'rotateToken', params: its },
              'closeRequest',
              announce('token.rotated'),
              settle('superseded'),
              reply('rotated'),
            ],
          },
          { actions: [{ type: 'rotateToken', params: its }, announce('token.rotated'), reply('rotated')] },
        ],
        'token.used': rules.useToken,
        'token.reissued': rules.reissueToken,
        'quiet.forgiven': rules.forgive,
        'device.imported': [rules.knowImport, rules.keepDecided, ...rules.importPending],
        'grant.revoked': rules.revokePending,
        'device.removed': rules.removePending,
      },
    },
    revoked: {
      description: 'An owner took the role away: no secret and no auto-approval brings it back (I16).',
      on: {
        'access.requested': [
          rules.refuseQuiet,
          rules.answerOnly,
          rules.refuseEpisode,
          { ...rules.open, target: 'revokedPending' },
        ],
        'request.approved': rules.noRequest,
        'request.rejected': rules.noRequest,
        'request.withdrawn': rules.noRequest,
        'deadline.reached': rules.passDeadlines,
        'token.rotated': rules.notPaired,
        'token.reissued': rules.notPaired,
        'quiet.forgiven': rules.forgive,
        'device.imported': rules.importRevoked,
        'grant.revoked': { actions: reply('revoked') },
        'device.removed': rules.removeStanding,
      },
    },
    revokedPending: {
      description:
        'Revoked, and it asks an owner again. An approval gives exactly what it names, nothing of before.',
      on: {
        'access.requested': [
          rules.refuseQuiet,
          rules.renewAndJoin,
          rules.join,
          rules.answerOnly,
          rules.refuseRevision,
          rules.widen,
        ],
        ...rules.endings('revoked'),
        'request.approved': rules.approvePairing,
        'request.rejected': [
          { guard: { type: 'namesNoRevision', params: its }, actions: reply('notOpen') },
          rules.rejectPairing('revoked'),
        ],
        'token.rotated': rules.notPaired,
        'token.reissued': rules.notPaired,
        'quiet.forgiven': rules.forgive,
        'device.imported': rules.importRevoked,
        'grant.revoked': rules.revokePending,
        'device.removed': rules.removePending,
      },
    },
  },
});
