import { covers } from '../../machines/policy.ts';
import { namedRevision, PAIRING } from '../../machines/record.ts';
import { readRecord } from '../../machines/verdict.ts';
import {
  formatRequestId,
  type Outcome,
  parseRequestId,
  type RequestedScopes,
  readWish,
} from '../../machines/vocabulary.ts';
import { type DeviceRecord, roleOf } from '../authority/device.ts';
import { findSettlement, outcomeWhileOpen } from '../authority/reading.ts';
import { withdraw } from '../authority/request-decisions.ts';
import { clientKindOf, wireDenial } from '../protocol/denial.ts';
import { deniedAnswer } from './denied.ts';
import { decidingFor } from './device-methods.ts';
import { type Answer, type Call, type Method, ok, refused } from './method.ts';
import type { Session } from './session.ts';

const NO_DEVICE = 'device scope upgrade requires a paired device on this connection';

/** Asks for scopes beyond what the session signed. Answers at once; the decision comes with `waitUpgrade`, or as the
 * event `device.upgrade.resolved` (PROTOCOL 5.6). */
async function requestUpgrade({ session, params }: Call): Promise<Answer> {
  const { admission, core, deviceId, role } = session;
  if (!admission || deviceId === '') return refused(NO_DEVICE, { code: 'DEVICE_IDENTITY_REQUIRED' });
  const sent = (params as { scopes?: unknown } | undefined)?.scopes;
  const isList = Array.isArray(sent) && sent.length > 0 && sent.every((scope) => typeof scope === 'string');
  if (!isList) return refused('invalid device.scopes.requestUpgrade params: scopes must be a list of scopes');
  const reading = readWish(role, sent, core.vocabulary);
  if (!reading.ok) return refused(`invalid device.scopes.requestUpgrade params: ${reading.problem}`);
  if (reading.unknown.length > 0) return refused(`unknown scope: ${reading.unknown.join(', ')}`);
  return openUpgrade(session, reading.wish);
}

async function openUpgrade(session: Session, wish: RequestedScopes): Promise<Answer> {
  const { admission, core, deviceId, role } = session;
  if (!admission) return refused(NO_DEVICE);
  const answer = await core.authority.access({
    deviceId,
    publicKey: '',
    role,
    wish,
    deviceToken: null,
    profile: { clientId: admission.client.id, clientMode: admission.client.mode, remoteIp: session.address },
    local: false,
    probe: false,
    commandLine: false,
    origin: {
      by: null,
      connId: session.connId,
      address: session.address,
      auth: session.credential,
      client: `${admission.client.id}/${admission.client.mode}`,
    },
  });
  if (!answer.ok) return refused(NO_DEVICE);
  const { state, record } = roleOf(answer.device, role);
  const view = readRecord(state, record, wish, core.authority.clock.now());
  if (view.covered) {
    return refused('nothing to upgrade: the grant covers these scopes; reconnect to use them', {
      code: 'COVERED',
    });
  }
  if (!view.open) {
    const declined = answer.verdict === 'quiet';
    const question = { role, wish, asked: [], request: null, wait: false, declined };
    const { reading } = await core.authority.look(deviceId, question);
    const peer = {
      protocol: admission.protocol,
      clientKind: clientKindOf(admission.client, session.peer.local),
      deviceId,
    };
    return { ok: false, error: wireDenial(reading.denial, peer).error };
  }
  // With a request open already, this only widened it, and the session waits for all that it asked for in it.
  const earlier = session.waitsFor?.id === view.open.id ? session.asked : [];
  session.asked = [...new Set([...earlier, ...wish])];
  session.actor.send({ type: 'upgrade.asked', request: view.open });
  // The decision may have fallen between the step and the line above (R10).
  await session.watch.changed();
  return ok({ requestId: formatRequestId(view.open) });
}

/** Upstream's words for an outcome; the exact one is in `details.outcome` (I6). */
const STATUS: Readonly<Record<Outcome, 'approved' | 'rejected' | 'expired'>> = {
  approved: 'approved',
  narrowed: 'approved',
  superseded: 'approved',
  rejected: 'rejected',
  expired: 'expired',
  withdrawn: 'expired',
  removed: 'expired',
};

/** Waits for the outcome of this device's own request, without a limit of time and without reading the store again
 * and again. */
async function waitUpgrade({ session, params }: Call): Promise<Answer> {
  const { core, deviceId, role } = session;
  const asked = (params as { requestId?: unknown } | undefined)?.requestId;
  const ref = typeof asked === 'string' ? parseRequestId(asked) : undefined;
  if (!ref || typeof asked !== 'string') {
    return refused(
      'invalid device.scopes.waitUpgrade params: requestId must be one that requestUpgrade gave',
    );
  }
  for (;;) {
    const changed = session.watch.nextChange();
    const device = await core.authority.load(deviceId);
    const record = device && roleOf(device, role).record;
    if (!device || record?.request?.id !== ref.id) return outcomeOf(session, ref.id, asked);
    // A newer revision may stay open; what this one asked for is there.
    if (covers(record.grant, namedRevision(record, ref)?.scopes ?? [PAIRING])) {
      return granted(session, device, asked, await outcomeWhileOpen(core.authority.store, ref.id));
    }
    await changed;
    if (!session.isAuthorized) return refused('scope upgrade expired or not found');
  }
}

async function outcomeOf(session: Session, id: string, asked: string): Promise<Answer> {
  const { core, deviceId, role } = session;
  const settled = await findSettlement(core.authority.store, id);
  if (!settled || settled.deviceId !== deviceId || settled.role !== role) {
    return refused('scope upgrade expired or not found');
  }
  const status = STATUS[settled.outcome];
  const details = { outcome: settled.outcome };
  const device = await core.authority.load(deviceId);
  if (status !== 'approved' || !device) return ok({ status, requestId: asked, details });
  return granted(session, device, asked, settled.outcome);
}

function granted(session: Session, device: DeviceRecord, requestId: string, outcome: Outcome): Answer {
  const { core, role } = session;
  const { grant } = roleOf(device, role).record;
  const deviceToken = core.authority.tokenFor(device, role);
  return ok({ status: STATUS[outcome], requestId, deviceToken, scopes: grant, details: { outcome } });
}

async function withdrawUpgrade({ session, params }: Call): Promise<Answer> {
  const requestId = (params as { requestId?: unknown } | undefined)?.requestId;
  if (typeof requestId !== 'string')
    return refused('invalid device.scopes.withdrawUpgrade params: requestId is missing');
  const done = await withdraw(decidingFor(session), requestId);
  if (!done.ok) return deniedAnswer(done.denial, 'device pairing withdrawal');
  return ok({ requestId: formatRequestId(done.request) });
}

/** `device.scopes.*` for every paired device on an open session, whatever its scopes (DESIGN section 4). */
export function upgradeMethods(): readonly (readonly [string, Method])[] {
  return [
    ['device.scopes.requestUpgrade', { scope: null, handle: requestUpgrade }],
    ['device.scopes.waitUpgrade', { scope: null, handle: waitUpgrade }],
    ['device.scopes.withdrawUpgrade', { scope: null, handle: withdrawUpgrade }],
  ];
}
