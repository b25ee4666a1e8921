import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Authority, type AuthorityOptions, autoApprovePolicy } from '../../src/authority/authority.ts';
import type { Caller } from '../../src/authority/callers.ts';
import type { Deciding } from '../../src/authority/deciding.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../../src/gateway/server.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { TestClock } from './clock.ts';
import { type Ask, type Frame, RawClient } from './raw-client.ts';

export const SECRET = 'test-shared-secret-0123456789';
export const OWNER: Caller = { class: 'store-file', name: 'owner' };

export interface HouseOptions {
  readonly store?: 'memory' | 'sqlite';
  /** The folder of an earlier house, for a restart. */
  readonly folder?: string;
  readonly clock?: TestClock;
  readonly gateway?: Partial<GatewayOptions>;
  readonly authority?: Partial<AuthorityOptions>;
  /** Real time instead of a turned clock. */
  readonly realTime?: boolean;
  /** The store that the gateway sees, around the one that is opened. */
  readonly wrap?: (store: Store) => Store;
}

/** A gateway of its own on loopback, with everything that a test asks of it. Ends with the test. */
export interface House {
  readonly gateway: Gateway;
  readonly authority: Authority;
  readonly store: Store;
  readonly clock: TestClock;
  readonly folder: string;
  readonly audit: string[];
  readonly log: string[];
  readonly owner: Deciding;
  /** Opens a socket and connects; the answer is in `hello`, or the client waits. */
  client(headers?: Readonly<Record<string, string>>): Promise<RawClient>;
  connect(
    ask: Ask,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ client: RawClient; answer: Frame }>;
  /** Lets time pass in the gateway, in steps, and everything that follows from it. */
  pass(ms: number, stepMs?: number): Promise<void>;
  stop(): Promise<void>;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function databaseIn(folder: string): string {
  return join(folder, 'antechamber.sqlite');
}

/** Remote by default (`local: none`), because a local client pairs by itself the first time. */
export async function openHouse(options: HouseOptions = {}): Promise<House> {
  const folder = options.folder ?? temporaryFolder();
  const opened =
    options.store === 'sqlite' ? await openSqliteStore({ path: databaseIn(folder) }) : memoryStore();
  const store = options.wrap?.(opened) ?? opened;
  const clock = options.clock ?? new TestClock();
  const audit: string[] = [];
  const log: string[] = [];
  const told: GatewayOptions['log'] = {
    info: (message) => log.push(message),
    warn: (message) => log.push(message),
    error: (fields, message) => log.push(`${message} ${String((fields as { err?: unknown }).err)}`),
  };
  const ring = await openKeyRing(folder, store);
  const authority = new Authority({
    store,
    realm: ring.realm,
    ...(!options.realTime && { clock }),
    onAudit: (line) => {
      audit.push(line);
      log.push(line);
    },
    log: told,
    onDecision: (seq) => ring.mark(seq),
    autoApprove: autoApprovePolicy('first-pairing'),
    ...options.authority,
  });
  const gateway = await startGateway({
    authority,
    auth: { mode: 'token', secret: SECRET },
    port: 0,
    version: 'test',
    locality: { local: 'none' },
    runTimers: options.realTime === true,
    log: told,
    ...options.gateway,
  });
  const clients: RawClient[] = [];
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await gateway.stop('test over');
    for (const client of clients) client.socket.terminate();
    ring.close();
    await store.close();
  };
  onTestFinished(stop);
  const client = async (headers?: Readonly<Record<string, string>>): Promise<RawClient> => {
    const socket = await RawClient.open(gateway.url, headers);
    clients.push(socket);
    return socket;
  };
  return {
    gateway,
    authority,
    store,
    clock,
    folder,
    audit,
    log,
    owner: { authority, caller: OWNER, origin: {} },
    client,
    connect: async (ask, headers) => {
      const socket = await client(headers);
      return { client: socket, answer: await socket.connect(ask) };
    },
    pass: async (ms, stepMs = 1000) => {
      for (let left = ms; left > 0; left -= stepMs) {
        clock.advance(Math.min(stepMs, left));
        await gateway.turn();
      }
    },
    stop,
  };
}

/** The credentials of a client that knows the shared secret. */
export const SHARED = { token: SECRET } as const;

/** A second process: another opening of the house's file, with an authority of its own. */
export async function openSecond(house: House): Promise<{ authority: Authority; owner: Deciding }> {
  const store = await openSqliteStore({ path: databaseIn(house.folder) });
  onTestFinished(() => store.close());
  const { realm } = await openKeyRing(house.folder, store);
  const authority = new Authority({ store, realm, clock: house.clock });
  return { authority, owner: { authority, caller: OWNER, origin: {} } };
}
