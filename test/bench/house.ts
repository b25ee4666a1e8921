/** A gateway as `antechamber serve` runs it, on a SQLite file in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newestRef } from '../../machines/record.ts';
import { formatRequestId, ROLES } from '../../machines/vocabulary.ts';
import { Authority, autoApprovePolicy } from '../../src/authority/authority.ts';
import type { Clock } from '../../src/authority/committer.ts';
import { deviceOf, roleOf } from '../../src/authority/device.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/server.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';

export const SECRET = 'benchmark-shared-secret-0123456789';

export interface BenchHouse {
  readonly gateway: Gateway;
  readonly folder: string;
  /** Lines of the audit log so far, one for each state change. Counted and not kept: they would weigh in what is measured. */
  audited(): number;
  /** Lines of the gateway's log so far: first refusals and hourly counts among them. */
  logged(): number;
  /** Ids of all requests that are open, as an owner names them. */
  openRequests(): Promise<string[]>;
  approve(requestId: string): Promise<void>;
  stop(): Promise<void>;
}

export function databaseIn(folder: string): string {
  return join(folder, 'antechamber.sqlite');
}

/** A gateway's authority on the folder's database; several processes may have one. */
export async function openAuthority(
  folder: string,
  options: { readonly clock?: Clock; readonly onAudit?: (line: string) => void } = {},
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

export async function openBenchHouse(
  options: Partial<GatewayOptions> & { readonly clock?: Clock } = {},
): Promise<BenchHouse> {
  const { clock, ...rest } = options;
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-bench-'));
  let audited = 0;
  let logged = 0;
  const count = (): void => {
    logged += 1;
  };
  const authority = await openAuthority(folder, {
    ...(clock && { clock }),
    onAudit: () => {
      audited += 1;
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
  return {
    gateway,
    folder,
    audited: () => audited,
    logged: () => logged,
    openRequests: async () => {
      const devices = (await authority.store.list()).map(deviceOf);
      return devices.flatMap((device) =>
        ROLES.flatMap((role) => {
          const { request } = roleOf(device, role).record;
          return request ? [formatRequestId(newestRef(request))] : [];
        }),
      );
    },
    approve: (requestId) => approveAs(authority, requestId),
    stop: async () => {
      await gateway.stop('benchmark over');
      await authority.store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
