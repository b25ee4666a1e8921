import type { IncomingMessage } from 'node:http';
import type { Manner, RecordRead } from '../../machines/connection-setup.ts';
import type { CredentialProblem, Denial } from '../../machines/denial.ts';
import { grantScopes, NOTHING } from '../../machines/policy.ts';
import type { Profile } from '../../machines/record.ts';
import type { View } from '../../machines/verdict.ts';
import type { RequestedScopes, Role } from '../../machines/vocabulary.ts';
import type { Look } from '../authority/authority.ts';
import { roleOf } from '../authority/device.ts';
import type { Question } from '../authority/reading.ts';
import { type ClientClaim, type ConnectRequest, parseConnect } from '../protocol/connect.ts';
import { type Fault, NOT_CONNECT_FIRST } from '../protocol/faults.ts';
import type { RequestFrame } from '../protocol/frames.ts';
import { CONTROL_UI } from '../protocol/refusal.ts';
import { verifyDeviceProof } from '../protocol/signature.ts';
import type { Protocol } from '../protocol/version.ts';
import type { Core } from './core.ts';
import { type CredentialReading, otherwiseOf, withDeviceToken } from './credentials.ts';
import type { Session } from './session.ts';
import { mannerFor, sliceFor } from './settings.ts';

/** What is kept of a `connect`. `connect` itself, with its credentials, is dropped once the proof is checked. */
export interface Admission {
  readonly connectId: string;
  /** Empty for a peer without a device. */
  readonly deviceId: string;
  readonly role: Role;
  readonly wish: RequestedScopes;
  readonly unknownScopes: readonly string[];
  readonly client: ClientClaim;
  readonly protocol: Protocol;
  readonly manner: Manner;
  readonly sliceMs: number;
  /** Whether this client should come back by itself when it is turned away with an open request. */
  readonly wait: boolean;
  /** The request id that it was told of last while parked. */
  pendingShown: string | null;
  /** The authority answered that an owner declined this. */
  declined: boolean;
  /** What is wrong with a device token that no record knows. */
  otherwise: CredentialProblem;
  connect: ConnectRequest | null;
}

/** Reads the first frame of a connection. */
export function admit(
  { id, method, params }: RequestFrame,
  { vocabulary, waiting }: Core,
): { readonly ok: true; readonly admission: Admission } | { readonly ok: false; readonly fault: Fault } {
  if (method !== 'connect') return { ok: false, fault: NOT_CONNECT_FIRST };
  const reading = parseConnect(params, vocabulary);
  if (!reading.ok) return reading;
  const { connect } = reading;
  const { client, device, probe, protocol, role, unknownScopes, wish } = connect;
  const manner = mannerFor(waiting, connect);
  const admission = {
    connectId: id,
    deviceId: device?.id ?? '',
    role,
    wish,
    unknownScopes,
    client,
    protocol,
    manner,
    sliceMs: sliceFor(waiting, connect),
    wait: !probe && manner !== 'refuse',
    pendingShown: null,
    declined: false,
    otherwise: 'device-token-invalid' as const,
    connect,
  };
  return { ok: true, admission };
}

/** The credential first, then the signature: nobody makes us compute who brings no credential (issue 77979). What has the
 * shape of a device token can only be judged after the signature, and so a wrong signature beside one is a guess. */
export function checkProof(session: Session, request: IncomingMessage): void | Promise<void> {
  const connect = session.admission?.connect;
  if (!connect) return;
  if (!session.peer.originAllowed) return refuseProof(session, { code: 'ORIGIN_REFUSED' });
  const blocked = session.core.limiter.check(session.peer.guesser);
  if (blocked) return refuseProof(session, blocked);
  const reading = session.core.authenticate(connect, request);
  if (reading instanceof Promise) return reading.then((late) => judgeCredential(session, connect, late));
  judgeCredential(session, connect, reading);
}

function refuseProof(session: Session, denial: Denial): void {
  if (session.admission) session.admission.connect = null;
  session.actor.send({ type: 'proof.refused', denial });
}

/** A wrong shared secret counts, also when a device token beside it is what the peer is let in by. */
function noteGuess({ core, peer }: Session, reading: CredentialReading): void {
  if ('guess' in reading && reading.guess !== undefined) core.limiter.fail(peer.guesser, reading.guess);
}

function judgeCredential(session: Session, connect: ConnectRequest, judged: CredentialReading): void {
  const { core, peer } = session;
  const reading = withDeviceToken(connect, judged);
  if (session.admission) session.admission.otherwise = otherwiseOf(reading);
  if (!reading.ok) {
    if (!reading.problem.endsWith('-missing')) core.limiter.fail(peer.guesser);
    return refuseProof(session, { code: 'CREDENTIAL_INVALID', problem: reading.problem });
  }
  session.credential = reading.credential;
  noteGuess(session, reading);
  if (!connect.device) {
    // Only a checked secret may stand in for a device, only for an operator, and not for the dashboard, which would be
    // let in and find every call refused (PROTOCOL 2.5).
    const isChecked = reading.credential === 'shared-secret' || reading.credential === 'embedder';
    if (!isChecked || connect.role !== 'operator' || connect.client.id === CONTROL_UI) {
      return refuseProof(session, { code: 'DEVICE_REQUIRED' });
    }
    return session.actor.send({ type: 'proof.accepted' });
  }
  const proof = verifyDeviceProof({
    connect,
    nonce: session.nonce,
    nowMs: core.authority.clock.now(),
    keyFor: (deviceId, raw) => core.keys.get(deviceId, raw),
  });
  if (!proof.ok) {
    // A wrong clock or an old nonce cost us nothing, and is no guess.
    const isGuess = reading.credential === 'device-token' && proof.problem === 'signature-invalid';
    if (isGuess) core.limiter.fail(peer.guesser);
    return refuseProof(session, { code: 'PROOF_INVALID', problem: proof.problem });
  }
  if (reading.credential !== 'device-token') core.limiter.succeed(peer.guesser);
  session.actor.send({ type: 'proof.accepted' });
}

/** Asks for rights: check and request in one step of the authority. Answers what the record says after that, null for
 * a peer without a device; undefined when a device token let nobody in. */
export async function askAuthority(
  session: Session,
): Promise<{ readonly look: Look; readonly asLoaded: boolean } | null | undefined> {
  const { admission, core } = session;
  const connect = admission?.connect;
  if (!admission || !connect) return undefined;
  admission.connect = null;
  if (!connect.device) return null;
  const { client, role, wish } = connect;
  const isToken = session.credential === 'device-token';
  const answer = await core.authority.access({
    deviceId: connect.device.id,
    publicKey: connect.device.publicKeyText,
    role,
    wish,
    deviceToken: isToken ? (connect.auth.deviceToken ?? connect.auth.token ?? '') : null,
    profile: profileOf(client, session.address),
    local: session.peer.local,
    probe: connect.probe,
    commandLine: client.mode === 'cli',
    origin: {
      by: null,
      connId: session.connId,
      address: session.address,
      auth: session.credential,
      client: `${client.id}/${client.mode}`,
    },
  });
  if (answer.ok) {
    core.meter.asked(answer.verdict);
    admission.declined = answer.verdict === 'quiet';
    const look = await core.authority.readFrom(answer.device, questionOf(session, admission));
    return { look, asLoaded: answer.asLoaded };
  }
  // A token that we once gave is no guess: a device that knocks with it must not lock its address out for others.
  if (answer.problem === 'device-token-invalid') core.limiter.fail(session.peer.guesser);
  const problem = answer.problem === 'device-token-invalid' ? admission.otherwise : answer.problem;
  session.actor.send({ type: 'proof.refused', denial: { code: 'CREDENTIAL_INVALID', problem } });
  return undefined;
}

function profileOf(client: ClientClaim, address: string): Profile {
  const { id, mode, displayName, platform, deviceFamily, version } = client;
  return {
    clientId: id,
    clientMode: mode,
    clientVersion: version,
    platform,
    ...(deviceFamily !== undefined && { deviceFamily }),
    ...(displayName !== undefined && { displayName }),
    remoteIp: address,
  };
}

function questionOf({ asked, waitsFor }: Session, { role, wish, wait, declined }: Admission): Question {
  return { role, wish, asked, request: waitsFor, wait, declined };
}

/** What the record says for this session now. A peer without a device is judged by its locality alone. */
export async function lookAt(session: Session): Promise<SessionLook> {
  const { admission, core } = session;
  if (!admission) throw new Error('a session without a connect has no record');
  if (admission.deviceId === '') {
    const reading = { view: devicelessView(session, admission), denial: NO_DEVICE, outcome: null };
    return { reading, device: null };
  }
  return core.authority.look(admission.deviceId, questionOf(session, admission));
}

/** A look at a record, or at what stands for the record of a peer without a device. */
export type SessionLook = Look | { readonly reading: Omit<RecordRead, 'type'>; readonly device: null };

const NO_DEVICE: Denial = { code: 'DEVICE_REQUIRED' };

/** A local peer with the shared secret is an owner; a remote one is let in without any scope (DESIGN 4, Callers). */
function devicelessView({ core, peer }: Session, { wish }: Admission): View {
  const isOwner = peer.local && core.deviceless === 'owner';
  return {
    standing: 'paired',
    covered: true,
    live: isOwner ? grantScopes(NOTHING, wish) : NOTHING,
    open: null,
    openUntilMs: null,
    quietUntilMs: null,
    generation: 0,
    grantVersion: 0,
  };
}

/**
 * Sends hello from what was just read. A device token goes out only with all that was asked for: a client remembers
 * the scopes of such a hello as its own (DESIGN section 4, Waiting).
 */
export function sendHello(session: Session, { reading: { view }, device }: SessionLook): void {
  const { admission, core, connId } = session;
  if (!admission) return;
  const { role, protocol, unknownScopes } = admission;
  const record = device && roleOf(device, role).record;
  const credential =
    device && view.covered
      ? {
          deviceToken: core.authority.tokenFor(device, role),
          issuedAtMs: record?.rotatedAtMs ?? record?.approvedAtMs ?? device.createdAtMs,
        }
      : {};
  const text = core.hello({
    id: admission.connectId,
    protocol,
    connId,
    auth: { role, scopes: view.live, unknownScopes, ...credential },
    uptimeMs: core.authority.clock.now() - core.startedMs,
  });
  session.wire.send(text);
}
