import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TERMS, type Terms } from '../../machines/record.ts';
import { OPENCLAW_VOCABULARY, type RequestedScopes, readWish } from '../../machines/vocabulary.ts';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import { type Access, Authority } from '../../src/authority/authority.ts';
import { roleOf } from '../../src/authority/device.ts';
import { rotate } from '../../src/authority/device-decisions.ts';
import { openKeyRing } from '../../src/authority/keys.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { MemoryBacking, memoryStore } from '../../src/store/memory.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { TestClock } from '../support/clock.ts';
import { OWNER, temporaryFolder } from '../support/harness.ts';
import { MANAGE, READ } from '../support/pairing.ts';

const DEVICE = 'd'.repeat(64);

function wishOf(scopes: readonly string[]): RequestedScopes {
  const reading = readWish('operator', scopes, OPENCLAW_VOCABULARY);
  if (!reading.ok) throw new Error(reading.problem);
  return reading.wish;
}

function attempt(scopes: readonly string[], client: string): Access {
  return {
    deviceId: DEVICE,
    publicKey: 'k',
    role: 'operator',
    wish: wishOf(scopes),
    deviceToken: null,
    profile: { clientId: client, clientMode: 'backend' },
    local: false,
    probe: false,
    commandLine: false,
    origin: NO_ORIGIN,
  };
}

interface Day {
  readonly ids: ReadonlySet<string>;
  readonly audit: readonly string[];
  readonly renewals: number;
}

/** Four processes over one store: the device is paired, rotated to less, and then asks once a second from each. */
async function day(openings: readonly Store[], seconds: number): Promise<Day> {
  const clock = new TestClock();
  const audit: string[] = [];
  const [first] = openings as [Store, ...Store[]];
  const { realm } = await openKeyRing(temporaryFolder(), first);
  const processes = openings.map(
    (store) => new Authority({ store, realm, clock, onAudit: (line) => audit.push(line) }),
  );
  const [any] = processes as [Authority, ...Authority[]];
  const owner = { authority: any, caller: OWNER, origin: {} };
  await any.access(attempt([...MANAGE, 'operator.admin'], 'cli'));
  const [opened] = await first.history({ deviceId: DEVICE });
  await approve(owner, `${opened?.requestId}.r1`);
  await rotate(owner, DEVICE, 'operator', MANAGE);
  audit.length = 0;
  const ids = new Set<string>();
  for (let second = 0; second < seconds; second++) {
    for (const [index, authority] of processes.entries()) {
      const answer = await authority.access(attempt(READ, `program-${index}`));
      if (!answer.ok) throw new Error(answer.problem);
      const { request } = roleOf(answer.device, 'operator').record;
      ids.add(`${request?.id}.r${request?.revisions.length}`);
    }
    clock.advance(1000);
    await processes[second % processes.length]?.sweep();
  }
  const events = await first.history({ deviceId: DEVICE, limit: 100_000 });
  return { ids, audit, renewals: events.filter(({ type }) => type === 'request.renewed').length };
}

/** A lifetime slides in steps of a quarter, whoever writes it (R16). */
function mostRenewals(seconds: number, { lifetimeMs }: Terms): number {
  return Math.floor((seconds * 1000) / (lifetimeMs / 4));
}

function expectOneEpisode({ ids, audit, renewals }: Day, seconds: number): void {
  expect(ids.size).toBe(1);
  expect(audit).toEqual([expect.stringContaining('device access upgrade requested')]);
  expect(renewals).toBeGreaterThan(0);
  expect(renewals).toBeLessThanOrEqual(mostRenewals(seconds, DEFAULT_TERMS));
}

describe('#21688, I8b: a device that asks once a second from four processes', () => {
  it('24 hours: one request, one audit line, one id', async () => {
    const seconds = 86_400;
    const backing = new MemoryBacking();
    const openings = Array.from({ length: 4 }, () => memoryStore(backing));
    expectOneEpisode(await day(openings, seconds), seconds);
  }, 120_000);

  it('an hour on four openings of one SQLite file: the same', async () => {
    const seconds = 3600;
    const path = join(temporaryFolder(), 'antechamber.sqlite');
    const openings = await Promise.all(Array.from({ length: 4 }, () => openSqliteStore({ path })));
    expectOneEpisode(await day(openings, seconds), seconds);
    await Promise.all(openings.map((store) => store.close()));
  }, 60_000);
});
