/**
 * What the methods of the web console answer. Nothing here but shapes: the console reads them as they are stated here,
 * in a browser, where nothing else of the gateway runs.
 */
import type { Role } from '../../machines/vocabulary.ts';
import type { PendingRow } from '../authority/pending-row.ts';

export type { PendingRow };

/** One role of a device as the console shows it. */
export interface RoleView {
  readonly role: Role;
  /** A state of the authorization machine. */
  readonly state: string;
  readonly ceiling: readonly string[];
  readonly grant: readonly string[];
  readonly approvedAtMs: number | null;
  readonly rotatedAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Null when none is open. */
  readonly request: PendingRow | null;
  /** What stays declined, and until when (epoch ms); `@pairing` stands for the pairing itself. */
  readonly declined: Readonly<Record<string, number>>;
  readonly live: number;
  /** Sockets whose connect is held until somebody decides. */
  readonly parked: number;
}

/** One device with all that is known of it now. What it says of itself is left out where it said nothing. */
export interface DeviceView {
  readonly deviceId: string;
  readonly publicKey: string;
  readonly label?: string;
  readonly claimedName?: string;
  readonly platform?: string;
  readonly deviceFamily?: string;
  readonly clientId?: string;
  readonly clientMode?: string;
  readonly clientVersion?: string;
  readonly remoteIp?: string;
  readonly createdAtMs: number;
  readonly roles: readonly RoleView[];
}

/** What `antechamber.devices` answers. */
export interface DevicesPage {
  /** The gateway's clock, epoch ms. */
  readonly atMs: number;
  readonly devices: readonly DeviceView[];
  /** What to ask for `after`; null at the end. */
  readonly next: string | null;
  /** Those of the named ones that are not there. */
  readonly gone: readonly string[];
}

/** One socket of a device. */
export interface ConnectionView {
  readonly connId: string;
  /** When the socket was opened, epoch ms; the hello of one that waited is later. */
  readonly openedAtMs: number;
  readonly role: Role;
  readonly address: string;
  /** How it proved that it belongs here. */
  readonly credential: string;
  /** A state of the connection machine. */
  readonly state: string;
  readonly client: string;
  readonly mode: string;
  readonly version: string;
  readonly protocol: number;
  /** What its connect signed. */
  readonly wish: readonly string[];
  /** What it may use now. */
  readonly scopes: readonly string[];
  /** Whether it waits for a decision. */
  readonly waits: boolean;
}

/** What `antechamber.connections` answers. */
export interface ConnectionsPage {
  readonly connections: readonly ConnectionView[];
}

/** How many (device, role) pairs are in each state of the authorization machine. */
export type StateCounts = Readonly<Record<string, number>>;

export interface Moment {
  /** Epoch ms. */
  readonly atMs: number;
  readonly counts: StateCounts;
}

/** What `antechamber.fleet` answers. */
export interface FleetPage {
  readonly atMs: number;
  /** Before this nothing is known of how it was; null when all of it is known. */
  readonly knownSinceMs: number | null;
  readonly counts: StateCounts;
  /** Oldest first. */
  readonly moments: readonly Moment[];
  readonly sockets: { readonly open: number; readonly live: number; readonly parked: number };
}
