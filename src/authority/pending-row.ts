import type { OpenRequest } from '../../machines/record.ts';
import type { Role } from '../../machines/vocabulary.ts';

/** What a device says of itself; shown, never a ground for anything. Left out where it said nothing. */
export interface Claims {
  /** The owner's label when there is one, else what the device calls itself. */
  readonly displayName?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly clientId?: string;
  readonly clientMode?: string;
  readonly clientVersion?: string;
  /** The peer address that the gateway saw. */
  readonly remoteIp?: string;
  /** The name that an owner gave. */
  readonly label?: string;
}

/** One open request, as `device.pair.list` and `device.pair.requested` carry it (PROTOCOL section 5.3). */
export interface PendingRow extends Claims {
  /** `<id>.r<newest revision>`. */
  readonly requestId: string;
  readonly deviceId: string;
  readonly publicKey: string;
  readonly role: Role;
  readonly roles: readonly Role[];
  /** The full wish of the newest revision, what the device has already included. */
  readonly scopes: readonly string[];
  readonly silent: false;
  /** The device is known: one of its roles is approved or revoked. */
  readonly isRepair: boolean;
  /** When the request opened, in epoch ms. */
  readonly ts: number;
  /** From here on our own words; clients of the protocol ignore them. */
  readonly revision: number;
  /** The part of `scopes` that the device does not have: what an approval would add. */
  readonly missing: readonly string[];
  readonly attempts: number;
  readonly expiresAtMs: number;
  /** Which client first asked for a scope, and when. */
  readonly askedBy: OpenRequest['askedBy'];
}
