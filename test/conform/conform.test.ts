/** `antechamber conform` against gateways that keep everything, and against gateways that are broken on purpose. */
import { describe, expect, it } from 'vitest';
import { approve } from '../../src/authority/request-decisions.ts';
import { CASES, NOT_JUDGED, selected } from '../../src/conform/cases.ts';
import { conform, type Report, type RunOptions } from '../../src/conform/run.ts';
import { type House, type HouseOptions, openHouse, SECRET } from '../support/harness.ts';
import { warped } from './warped.ts';
import { BROKEN } from './warps.ts';

/** A gateway in this process on real time, where a local client is an owner and a new local device pairs by itself. */
const openReal = (options: HouseOptions = {}): Promise<House> =>
  openHouse({ realTime: true, gateway: { locality: { local: 'auto' } }, ...options });

function judge(url: string, options: Partial<RunOptions> = {}): Promise<Report> {
  return conform({
    url,
    shared: { token: SECRET },
    asRemote: true,
    cases: CASES,
    now: () => performance.now(),
    signal: new AbortController().signal,
    onResult: () => {},
    onWaiting: () => {},
    ...options,
  });
}

const verdicts = ({ results }: Report, ...wanted: string[]): string[] =>
  results.filter(({ verdict }) => wanted.includes(verdict)).map(({ id, saw }) => `${id}: ${saw.join('; ')}`);

describe('the cases', () => {
  it('have names of their own, and leave no invariant out without a reason', () => {
    const ids = CASES.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const invariants = new Set(CASES.map(({ invariant }) => invariant));
    for (let number = 1; number <= 18; number++) {
      expect(invariants.has(`I${number}`) || `I${number}` in NOT_JUDGED, `I${number}`).toBe(true);
    }
  });

  it('are picked by id or invariant, in any case', () => {
    expect(selected(['i7']).map(({ id }) => id)).toEqual(['I7-two-deciders', 'I7-again']);
    expect(selected(['I17-in-flight', 'SEED'])).toHaveLength(2);
    expect(selected(['nothing'])).toEqual([]);
  });

  it('can all fail: each one notices a gateway that is broken in its way', () => {
    const noticed = new Set(BROKEN.flatMap((broken) => broken.noticed));
    expect(CASES.map(({ id }) => id).filter((id) => !noticed.has(id))).toEqual([]);
  });
});

describe('our own gateway', () => {
  it('keeps everything, and nothing of the run is left', async () => {
    const house = await openReal();
    const report = await judge(house.gateway.url);
    expect(verdicts(report, 'fail', 'error', 'not-applicable')).toEqual([]);
    expect(report.results).toHaveLength(CASES.length);
    expect(report).toMatchObject({ protocol: 4, owner: 'shared-secret', left: [], gateway: 'test' });
    expect(report.notes).toContain('it holds a connect that waits');
  }, 120_000);

  it('keeps everything for clients of protocol 3', async () => {
    const house = await openReal();
    const url = await warped(house, {
      asked(frame, { say, close }) {
        if (frame.method !== 'connect' || frame.params.minProtocol === 3) return frame;
        say({ type: 'res', id: frame.id, ok: false, error: { code: 'X', message: 'protocol mismatch' } });
        close(1002, 'protocol mismatch');
        return null;
      },
    });
    const report = await judge(url);
    expect(report.protocol).toBe(3);
    expect(verdicts(report, 'fail', 'error', 'not-applicable')).toEqual([]);
  }, 120_000);

  it('is judged by upgrades where it pairs every new device by itself', async () => {
    const house = await openReal();
    const cases = selected(['I1-retries', 'I7', 'I13', 'I3-released']);
    const report = await judge(house.gateway.url, { asRemote: false, cases });
    expect(verdicts(report, 'fail', 'error', 'not-applicable')).toEqual([]);
    expect(report.notes.join()).toContain('upgrades are judged in place of first pairings');
  });

  it('leaves nothing that is not applicable to pass where it approves everything', async () => {
    const house = await openReal({ authority: { autoApprove: () => true } });
    const report = await judge(house.gateway.url, { asRemote: false, cases: selected(['I1', 'I7', 'I17']) });
    expect(verdicts(report, 'pass', 'fail', 'error')).toEqual([]);
    expect(verdicts(report, 'not-applicable').length).toBe(5);
  });
});

describe('who decides', () => {
  const cases = selected(['I7-again', 'I16']);

  it('is a device of the run that the owner approves, where the secret alone makes no owner', async () => {
    // Nobody is local there.
    const house = await openReal({ gateway: { locality: { local: 'none' } } });
    const asked: string[] = [];
    const onWaiting = (requestId: string): void => {
      asked.push(requestId);
      void approve(house.owner, requestId, null);
    };
    const report = await judge(house.gateway.url, { cases, onWaiting });
    expect(asked).toHaveLength(1);
    expect(report).toMatchObject({ owner: 'device', left: [] });
    expect(verdicts(report, 'fail', 'error', 'not-applicable')).toEqual([]);
  });

  it('proves to belong there with a password where that is asked', async () => {
    const auth = { mode: 'password', secret: 'a-password' } as const;
    const house = await openReal({ gateway: { auth, locality: { local: 'auto' } } });
    const report = await judge(house.gateway.url, { cases, shared: { password: auth.secret } });
    expect(verdicts(report, 'fail', 'error', 'not-applicable')).toEqual([]);
    expect(JSON.stringify(report)).not.toContain(auth.secret);
  });
});

describe('a broken gateway is noticed', () => {
  /** Cases that all but the named ways to be broken pass. */
  const CONTROLS = ['I12-grant', 'I13-declined', 'protocol-key-and-id'];

  it.each(BROKEN)(
    '$how',
    async ({ noticed, make, how }) => {
      const house = await openReal();
      const url = await warped(house, make());
      const report = await judge(url, { cases: selected([...noticed, ...CONTROLS]) });
      const failed = report.results.filter(({ verdict }) => verdict === 'fail');
      expect(new Set(failed.map(({ id }) => id)), verdicts(report, 'fail', 'error').join('\n')).toEqual(
        new Set(noticed),
      );
      for (const { saw, frames } of failed) {
        expect(saw.join('').length, how).toBeGreaterThan(10);
        expect(frames.length, how).toBeGreaterThan(1);
      }
    },
    60_000,
  );
});

describe('what the run leaves', () => {
  it('is nothing, also when it is interrupted', async () => {
    const house = await openReal();
    const ending = new AbortController();
    const onResult: RunOptions['onResult'] = ({ id }) => {
      if (id === 'I2-union') ending.abort();
    };
    const report = await judge(house.gateway.url, { signal: ending.signal, onResult });
    expect(report.interrupted).toBe(true);
    expect(report.results.at(-1)?.id).toBe('I2-union');
    expect(report.left).toEqual([]);
  });

  it('is told when it could not be cleaned up', async () => {
    const house = await openReal();
    const url = await warped(house, {
      asked(frame, { say }) {
        if (!/^device\.(pair\.(remove|reject)|quiet)/.test(frame.method)) return frame;
        say({ type: 'res', id: frame.id, ok: false, error: { code: 'X', message: 'not today' } });
        return null;
      },
    });
    const { left } = await judge(url, { cases: selected(['I1-ids-stay', 'I12-grant']) });
    expect(left.length).toBeGreaterThan(2);
    expect(left.join('\n')).toMatch(/^device [0-9a-f]{64}$/m);
    expect(left.join('\n')).toMatch(/^request \S+ of device [0-9a-f]{64}$/m);
  });

  it('is told when nobody is there any more to clean up', async () => {
    const house = await openReal();
    const onResult = (): void => void house.stop();
    const { left } = await judge(house.gateway.url, { cases: selected(['I12-grant']), onResult });
    expect(left).toHaveLength(1);
    expect(left[0]).toMatch(/^up to \d+ devices, their names begin with "conform": no owner could clean up/);
  });

  it('has names that tell whose it was', async () => {
    const house = await openReal();
    const seen: string[] = [];
    const url = await warped(house, {
      said(frame) {
        for (const row of frame.payload?.pending ?? []) seen.push(row.displayName);
        return frame;
      },
    });
    await judge(url, { cases: selected(['I1-ids-stay']) });
    expect(seen.length).toBeGreaterThan(0);
    for (const name of seen) expect(name).toMatch(/^conform [A-Z]$/);
  });

  it('touches no device but its own', async () => {
    const house = await openReal();
    const { newDevice } = await import('../support/raw-client.ts');
    const { pair, wait, grantOf, openRequest } = await import('../support/pairing.ts');
    const [mine, waiting] = [newDevice(), newDevice()];
    // Through an Origin it is not local, so that both wait for an owner.
    const remote = { ...house, client: () => house.client({ 'x-forwarded-for': '203.0.113.9' }) };
    await pair(remote, mine, ['operator.read']);
    await wait(remote, { device: waiting, scopes: ['operator.read'], mode: 'node' });
    const report = await judge(house.gateway.url, { cases: selected(['I15', 'I16', 'I8']) });
    expect(verdicts(report, 'fail', 'error')).toEqual([]);
    expect(await grantOf(house, mine.id)).toEqual(['operator.read']);
    expect(await openRequest(house, waiting.id)).not.toBeNull();
    expect(JSON.stringify(report)).not.toContain(mine.id);
    expect(JSON.stringify(report)).not.toContain(waiting.id);
  });
});
