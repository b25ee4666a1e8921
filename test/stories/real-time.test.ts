import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { type House, openHouse, SHARED } from '../support/harness.ts';
import { ASKED, history, MANAGE, openRequest, pair, READ } from '../support/pairing.ts';
import { newDevice, type TestDevice } from '../support/raw-client.ts';

/** The one place of these tests where real time passes: 15 s, or a minute with ANTECHAMBER_LONG=1. */
const SECONDS = process.env.ANTECHAMBER_LONG === '1' ? 60 : 15;

interface Program {
  attempts: number;
  readonly ids: Set<string>;
  /** Resolves with the scopes of its first hello. */
  readonly done: Promise<readonly string[]>;
}

/** A program of 2026.2.19: it knows no reason to stop, and comes back a second after each close (PROTOCOL 7.1). */
function program219(house: House, device: TestDevice): Program {
  const ids = new Set<string>();
  const program = { attempts: 0, ids };
  const run = async (): Promise<readonly string[]> => {
    for (;;) {
      program.attempts += 1;
      const client = await house.client();
      const ask = { device, scopes: READ, mode: 'backend', protocol: 3, auth: SHARED } as const;
      const answer = await client.response(await client.sendConnect(ask));
      if (answer.ok) return answer.payload.auth.scopes;
      ids.add(answer.error.details.requestId);
      await client.closed();
      await setTimeout(1000);
    }
  };
  return Object.assign(program, { done: run() });
}

describe('#21688 in real time, on SQLite', () => {
  it(
    `${SECONDS} s of four programs of 2026.2.19 that come back every second: one request, one line, then all are let in`,
    async () => {
      const house = await openHouse({ store: 'sqlite', realTime: true });
      const device = newDevice();
      await pair(house, device, [...MANAGE, 'operator.read']);
      await rotate(house.owner, device.id, 'operator', MANAGE);
      const lines = house.log.length;
      const programs = Array.from({ length: 4 }, () => program219(house, device));
      await setTimeout(SECONDS * 1000);
      const open = await openRequest(house, device.id);
      expect(await approve(house.owner, `${open?.id}.r1`)).toMatchObject({ ok: true });
      expect(await Promise.all(programs.map(({ done }) => done))).toEqual(Array(4).fill(READ));
      // Each attempt is held for 2 s and then a second passes.
      for (const { attempts } of programs) expect(attempts).toBeGreaterThanOrEqual(Math.floor(SECONDS / 4));
      expect(new Set(programs.flatMap(({ ids }) => [...ids]))).toEqual(new Set([`${open?.id}.r1`]));
      // The pairing's request, and this one.
      expect(await history(house, device.id, ...ASKED)).toHaveLength(2);
      const since = house.log.slice(lines);
      expect(since.filter((line) => /scope-upgrade|pairing required/.test(line))).toHaveLength(1);
      expect(await openRequest(house, device.id)).toBeNull();
    },
    (SECONDS + 20) * 1000,
  );
});
