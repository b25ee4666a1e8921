/** A gateway as `antechamber serve` runs it, on a SQLite file in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newestRef, type Terms } from '../../machines/record.ts';
import { formatRequestId, ROLES, type Role } from '../../machines/vocabulary.ts';
import { Authority, type AuthorityOptions, autoApprovePolicy } from '../../src/authority/authority.ts';
import type { Clock, TakenStep } from '../../src/authority/committer.ts';
import { type DeviceRecord, deviceOf, roleOf } from '../../src/authority/device.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/server.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

export const SECRET = 'benchmark-shared-secret-0123456789';

/** How many lines of the audit log there were of each kind. */
export interface Audited {
  readonly requests: number;
  readonly others: number;
}

function audit(known: Audited, line: string): Audited {
  if (line.includes(' device access upgrade requested ')) return { ...known, requests: known.requests + 1 };
  return { ...known, others: known.others + 1 };
}

export interface BenchHouse {
  readonly gateway: Gateway;
  readonly folder: string;
  /** Lines of the audit log so far, one for each state change. Counted and not kept: they would weigh in what is measured. */
  audited(): Audited;
  /** Lines of the gateway's log so far: first refusals and hourly counts among them. */
  logged(): number;
  /** Ids of all requests that are open, as an owner names them. */
  openRequests(): Promise<string[]>;
  approve(requestId: string): Promise<void>;
  /** Approves whatever this device has asked for. */
  approveDevice(deviceId: string): Promise<void>;
  stop(): Promise<void>;
}

export function databaseIn(folder: string): string {
  return join(folder, 'antechamber.sqlite');
}

/** A gateway's authority on the folder's database; several processes may have one. */
export async function openAuthority(
  folder: string,
  options: {
    readonly clock?: Clock;
    readonly onAudit?: (line: string) => void;
    readonly onStep?: (step: TakenStep) => void;
    readonly terms?: Partial<Terms>;
  } = {},
): Promise<Authority> {
  const store = await openSqliteStore({ path: databaseIn(folder) });
  const ring = await openKeyRing(folder, store);
  return new Authority({
    store,
    realm: ring.realm,
    // A benchmark's devices come over loopback, and must wait all the same.
    autoApprove: autoApprovePolicy('none'),
    mostStrangers: 50_000,
    onDecision: (seq) => ring.mark(seq),
    ...options,
  });
}

export async function approveAs(authority: Authority, requestId: string): Promise<void> {
  const caller = { class: 'store-file', name: 'benchmark' } as const;
  const done = await approve({ authority, caller, origin: {} }, requestId);
  if (!done.ok) throw new Error(`${requestId} was not approved: ${JSON.stringify(done.denial)}`);
}

function openRequest(device: DeviceRecord, role: Role): string[] {
  const { request } = roleOf(device, role).record;
  return request ? [formatRequestId(newestRef(request))] : [];
}

export async function openBenchHouse(
  options: Partial<GatewayOptions> & Pick<AuthorityOptions, 'clock' | 'onStep' | 'terms'> = {},
): Promise<BenchHouse> {
  const { clock, onStep, terms, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-bench-'));
  let audited: Audited = { requests: 0, others: 0 };
  let logged = 0;
  const count = (): void => {
    logged += 1;
  };
  const authority = await openAuthority(folder, {
    ...(clock && { clock }),
    ...(terms && { terms }),
    ...(onStep && { onStep }),
    onAudit: (line) => {
      audited = audit(audited, line);
    },
  });
  const gateway = await startGateway({
    authority,
    auth: { mode: 'token', secret: SECRET },
    port: 0,
    version: 'bench',
    log: {
      info: count,
      warn: count,
      error: (fields, line) => process.stderr.write(`${line} ${(fields as { err?: unknown }).err}\n`),
    },
    ...rest,
  });
  const openOf = async (deviceId?: string): Promise<string[]> => {
    const devices = (await authority.store.list()).map(deviceOf);
    return devices
      .filter((device) => deviceId === undefined || device.deviceId === deviceId)
      .flatMap((device) => ROLES.flatMap((role) => openRequest(device, role)));
  };
  return {
    gateway,
    folder,
    audited: () => audited,
    logged: () => logged,
    openRequests: () => openOf(),
    approve: (requestId) => approveAs(authority, requestId),
    approveDevice: async (deviceId) => {
      for (const requestId of await openOf(deviceId)) await approveAs(authority, requestId);
    },
    stop: async () => {
      await gateway.stop('benchmark over');
      await authority.store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
