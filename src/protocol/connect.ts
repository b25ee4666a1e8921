/**
 * Reads a `connect` once and for all (PROTOCOL sections 1.3 and 2.2). What it returns is never written back: it says
 * what was asked, and what is given is another value (DESIGN section 5).
 */
import {
  type RequestedScopes,
  ROLES,
  type Role,
  readWish,
  type Vocabulary,
} from '../../machines/vocabulary.ts';
import { type ConnectParams, describeProblem, isConnectParams } from './connect-params.ts';
import { proofRefusal } from './denial.ts';
import { readPublicKey } from './device-key.ts';
import { displayText } from './display.ts';
import type { Fault } from './faults.ts';
import { closeReason, type WireError } from './frames.ts';
import { negotiate, type Protocol } from './version.ts';

/** What the client says of itself, fit for display; a ground for nothing (DESIGN section 4). */
export interface ClientClaim {
  readonly id: string;
  readonly displayName?: string;
  readonly version: string;
  readonly platform: string;
  readonly deviceFamily?: string;
  readonly mode: string;
  readonly instanceId?: string;
}

/** A device that the peer claims to be; proven only by `verifyDeviceProof`. */
export interface DeviceClaim {
  /** 64 lowercase hex characters. */
  readonly id: string;
  /** Raw 32 bytes. */
  readonly publicKey: Buffer;
  /** The same in base64url without padding: the form to store and to compare. */
  readonly publicKeyText: string;
  /** As decoded; 64 bytes when it is a signature at all. */
  readonly signature: Buffer;
  /** Epoch milliseconds by the client's clock, or the challenge's `ts`. */
  readonly signedAtMs: number;
  /** Absent from a 2026.2.19 client that did not wait for the challenge. */
  readonly nonce?: string;
}

/** Credentials as sent. */
export interface AuthClaim {
  readonly token?: string;
  readonly password?: string;
  readonly deviceToken?: string;
  readonly bootstrapToken?: string;
}

/** The fields of the signed text exactly as sent (PROTOCOL section 2.3); never show them. */
export interface SignedFields {
  /** Joined with ",", order and duplicates kept. */
  readonly scopes: string;
  readonly role: Role;
  readonly clientId: string;
  readonly clientMode: string;
  readonly platform: string;
  readonly deviceFamily: string;
}

export interface ConnectRequest {
  readonly minProtocol: number;
  readonly maxProtocol: number;
  /** The highest generation that both sides speak. */
  readonly protocol: Protocol;
  readonly client: ClientClaim;
  readonly role: Role;
  readonly wish: RequestedScopes;
  /** Well-formed scopes that the vocabulary does not know; they never enter the wish. */
  readonly unknownScopes: readonly string[];
  readonly caps: readonly string[];
  readonly device?: DeviceClaim;
  readonly auth: AuthClaim;
  readonly signed: SignedFields;
  /** A probe is never parked and creates nothing (DESIGN section 4). */
  readonly probe: boolean;
  /** It may be held for long: it asked for that with the capability `antechamber.wait`, or is known to have no deadline
   * for its connect. */
  readonly patient: boolean;
}

export type ConnectReading =
  | { readonly ok: true; readonly connect: ConnectRequest }
  | { readonly ok: false; readonly fault: Fault };

/** Lowercase hex SHA-256. Whatever else a peer sends as an id is never shown or logged. */
const DEVICE_ID = /^[0-9a-f]{64}$/;
const WAIT_CAPABILITY = 'antechamber.wait';
/** openclaw-node 0.14 waits for its connect as long as the socket lives, and gives up for good after ten refusals. */
const PATIENT_AGENT = /^openclaw-node\//;
const LONGEST_TEXT = 128;
const LONGEST_CAPABILITY = 64;
const MOST_CAPABILITIES = 64;

/** Reads the params of a `connect` against the scopes that this gateway knows. Never throws. */
export function parseConnect(params: unknown, vocabulary: Vocabulary): ConnectReading {
  if (!isConnectParams(params)) return refused(invalidParams(describeProblem(params)));
  const protocol = negotiate(params.minProtocol, params.maxProtocol);
  if (protocol === undefined) return refused(protocolMismatch(params.minProtocol, params.maxProtocol));
  const role = ROLES.find((known) => known === (params.role ?? 'operator'));
  if (role === undefined) return refused(INVALID_ROLE);
  const sent = params.scopes ?? [];
  const reading = readWish(role, sent, vocabulary);
  if (!reading.ok) return refused(invalidParams(reading.problem));
  const device = params.device && deviceClaim(params.device);
  if (device === null) return refused(NO_IDENTITY);
  const caps = params.caps?.slice(0, MOST_CAPABILITIES) ?? [];
  return {
    ok: true,
    connect: {
      minProtocol: params.minProtocol,
      maxProtocol: params.maxProtocol,
      protocol,
      client: clientClaim(params.client),
      role,
      wish: reading.wish,
      unknownScopes: reading.unknown,
      caps: caps.map((cap) => displayText(cap, LONGEST_CAPABILITY)),
      ...(device && { device }),
      auth: authClaim(params.auth),
      signed: signedFields(params.client, role, sent),
      probe: params.client.mode === 'probe',
      patient: caps.includes(WAIT_CAPABILITY) || PATIENT_AGENT.test(params.userAgent ?? ''),
    },
  };
}

function clientClaim(client: ConnectParams['client']): ClientClaim {
  const { displayName, deviceFamily, instanceId } = client;
  return {
    id: client.id,
    ...(displayName !== undefined && { displayName: displayText(displayName, LONGEST_TEXT) }),
    version: displayText(client.version, LONGEST_TEXT),
    platform: displayText(client.platform, LONGEST_TEXT),
    ...(deviceFamily !== undefined && { deviceFamily: displayText(deviceFamily, LONGEST_TEXT) }),
    mode: client.mode,
    ...(instanceId !== undefined && { instanceId: displayText(instanceId, LONGEST_TEXT) }),
  };
}

/** Null when the key cannot be read, or the id is the hash of no key: then nothing can prove the one to be the other's. */
function deviceClaim(device: NonNullable<ConnectParams['device']>): DeviceClaim | null {
  if (!DEVICE_ID.test(device.id)) return null;
  const publicKey = readPublicKey(device.publicKey);
  if (publicKey === undefined) return null;
  return {
    id: device.id,
    publicKey,
    publicKeyText: publicKey.toString('base64url'),
    signature: Buffer.from(device.signature, 'base64'),
    signedAtMs: device.signedAt,
    ...(device.nonce !== undefined && { nonce: device.nonce }),
  };
}

/** A copy of the four fields that are read; the peer's object may hold other secrets. */
function authClaim(auth: ConnectParams['auth']): AuthClaim {
  if (auth === undefined) return {};
  const { token, password, deviceToken, bootstrapToken } = auth;
  return {
    ...(token !== undefined && { token }),
    ...(password !== undefined && { password }),
    ...(deviceToken !== undefined && { deviceToken }),
    ...(bootstrapToken !== undefined && { bootstrapToken }),
  };
}

function signedFields(client: ConnectParams['client'], role: Role, sent: readonly string[]): SignedFields {
  return {
    scopes: sent.join(','),
    role,
    clientId: client.id,
    clientMode: client.mode,
    platform: client.platform,
    deviceFamily: client.deviceFamily ?? '',
  };
}

function refused(fault: Fault): ConnectReading {
  return { ok: false, fault };
}

function faultOf(wire: WireError, code: 1002 | 1008): Fault {
  return { wire, close: { code, reason: closeReason(wire.message) } };
}

function invalidParams(problem: string): Fault {
  return faultOf({ code: 'INVALID_REQUEST', message: `invalid connect params: ${problem}` }, 1008);
}

const INVALID_ROLE = faultOf({ code: 'INVALID_REQUEST', message: 'invalid role' }, 1008);

/** A key that cannot be decoded, or an id that is no hash, is told as an identity mismatch (PROTOCOL 2.3, row 1). */
const NO_IDENTITY = proofFault();

function proofFault(): Fault {
  const { error, close } = proofRefusal('id-mismatch');
  return { wire: error, close };
}

/** PROTOCOL section 1.3, the 2026.9 object. A node of that generation falls back when it is told to expect 3. */
function protocolMismatch(min: number, max: number): Fault {
  const details = {
    code: 'PROTOCOL_MISMATCH',
    clientMinProtocol: min,
    clientMaxProtocol: max,
    expectedProtocol: max < 3 ? 3 : 4,
    minimumProbeProtocol: 3,
  };
  return faultOf({ code: 'INVALID_REQUEST', message: 'protocol mismatch', details }, 1002);
}
