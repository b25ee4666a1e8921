import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { covers } from '../../machines/policy.ts';
import { formatRequestId, parseRequestId } from '../../machines/vocabulary.ts';
import {
  type DeviceList,
  listDevices,
  type PairedRow,
  type PendingRow,
  pairedRow,
  visibleTo,
} from '../authority/listing.ts';
import { approve, reject } from '../authority/request-decisions.ts';
import { callerOf } from './caller-of.ts';
import type { Core } from './core.ts';
import { deniedAnswer } from './denied.ts';
import { decidingFor } from './device-methods.ts';
import { type Answer, type Call, type Method, ok, refused } from './method.ts';
import type { Session } from './session.ts';

const PAIRING = 'operator.pairing';
const Named = Compile(Type.Object({ requestId: Type.String({ minLength: 1, maxLength: 128 }) }));

function isConnected({ room }: Core, deviceId: string): boolean {
  const guests = room.guests(deviceId) as readonly Session[];
  return guests.some((guest) => guest.role === 'node' && guest.isAuthorized);
}

/** What CLIs show of a node; a device says these things of itself. */
function claims(row: PendingRow | PairedRow): object {
  const { deviceId: nodeId, displayName, platform, deviceFamily, clientVersion: version } = row;
  const { clientId, clientMode, remoteIp } = row;
  return { nodeId, displayName, platform, version, deviceFamily, clientId, clientMode, remoteIp };
}

const isNode = ({ roles }: { readonly roles: readonly string[] }): boolean => roles.includes('node');

/** `requiredApproveScopes` is what 2026.9's `openclaw nodes approve` connects with; it reads it nowhere else. */
function pendingNode(row: PendingRow): object {
  const { requestId, publicKey, silent, isRepair, ts, attempts, expiresAtMs } = row;
  const requiredApproveScopes = [PAIRING, 'operator.admin'];
  return {
    requestId,
    ...claims(row),
    publicKey,
    silent,
    isRepair,
    ts,
    requiredApproveScopes,
    attempts,
    expiresAtMs,
  };
}

function pairedNode({ room }: Core, row: PairedRow): object {
  const { publicKey, createdAtMs, approvedAtMs } = row;
  const connected = isConnected({ room } as Core, row.deviceId);
  return { ...claims(row), publicKey, createdAtMs, approvedAtMs, connected };
}

/** One snapshot of the store; what a caller may not see of other devices is left out. */
async function visible(session: Session): Promise<DeviceList> {
  const { core } = session;
  return visibleTo(callerOf(session), await listDevices(core.authority, { now: core.authority.clock.now() }));
}

/**
 * The paired nodes, and those that wait for an owner where the caller may know of requests: a node that is refused has
 * to be seen where operators look (openclaw/openclaw#6836). Capabilities are left out, because nothing here keeps them.
 */
async function nodeList({ session }: Call): Promise<Answer> {
  const { core } = session;
  const ts = core.authority.clock.now();
  const all = await listDevices(core.authority, { now: ts });
  const open = covers(session.scopes, [PAIRING])
    ? visibleTo(callerOf(session), all).pending.filter(isNode)
    : [];
  const paired = all.paired.filter(isNode).map((row) => {
    const request = open.find(({ deviceId }) => deviceId === row.deviceId);
    return {
      ...claims(row),
      approvedAtMs: row.approvedAtMs,
      paired: true,
      connected: isConnected(core, row.deviceId),
      approvalState: request ? 'pending-reapproval' : 'approved',
      pendingRequestId: request?.requestId,
    };
  });
  const known = new Set(all.paired.filter(isNode).map(({ deviceId }) => deviceId));
  const waiting = open
    .filter(({ deviceId }) => !known.has(deviceId))
    .map((row) => ({
      ...claims(row),
      paired: false,
      connected: false,
      approvalState: 'pending-approval',
      pendingRequestId: row.requestId,
    }));
  return ok({ ts, nodes: [...paired, ...waiting] });
}

/** Nodes of the one list of devices: there is no second store that could say something else. */
async function nodePairList({ session }: Call): Promise<Answer> {
  const { pending, paired } = await visible(session);
  return ok({
    pending: pending.filter(isNode).map(pendingNode),
    paired: paired.filter(isNode).map((row) => pairedNode(session.core, row)),
  });
}

/** Why a request is none of a node; undefined when it is one, or when only the decision itself can tell. A request's
 * role never changes, so that nothing can come between this and the decision. */
async function notOfNode({ core }: Session, requestId: string): Promise<Answer | undefined> {
  const ref = parseRequestId(requestId);
  const [event] = ref ? await core.authority.store.history({ requestId: ref.id, limit: 1 }) : [];
  if (!event || event.role === 'node') return undefined;
  return refused('unknown requestId', {
    code: 'NOT_A_NODE_REQUEST',
    remediationHint: `It is an ${event.role}’s request; decide it with: openclaw devices approve ${requestId}`,
  });
}

function decision(
  name: string,
  decide: (session: Session, requestId: string) => Promise<Answer>,
): readonly [string, Method] {
  const handle = async ({ session, params }: Call): Promise<Answer> => {
    if (!Named.Check(params)) return refused(`invalid ${name} params: requestId must be a request’s id`);
    const { requestId } = params as { requestId: string };
    return (await notOfNode(session, requestId)) ?? decide(session, requestId);
  };
  return [name, { scope: PAIRING, role: 'operator', handle }];
}

async function approveNode(session: Session, requestId: string): Promise<Answer> {
  const done = await approve(decidingFor(session), requestId);
  if (!done.ok) return deniedAnswer(done.denial, 'device pairing approval');
  const { core } = session;
  const row = pairedRow(done.device);
  return ok({
    requestId: formatRequestId(done.request),
    node: row ? pairedNode(core, row) : { nodeId: done.device.deviceId },
  });
}

async function rejectNode(session: Session, requestId: string): Promise<Answer> {
  const done = await reject(decidingFor(session), requestId);
  if (!done.ok) return deniedAnswer(done.denial, 'device pairing rejection');
  return ok({ requestId: formatRequestId(done.request), nodeId: done.device.deviceId });
}

/**
 * `node.list` and `node.pair.*` (PROTOCOL 5.2, 8.2). Approving and rejecting are `device.pair.*` under the names that
 * `openclaw nodes approve` and `nodes reject` call: an id that `nodes pending` shows has to be of use there.
 */
export function nodeMethods(): readonly (readonly [string, Method])[] {
  return [
    ['node.list', { scope: 'operator.read', role: 'operator', handle: nodeList }],
    ['node.pair.list', { scope: PAIRING, role: 'operator', handle: nodePairList }],
    decision('node.pair.approve', approveNode),
    decision('node.pair.reject', rejectNode),
  ];
}
