import { describe, expect, it } from 'vitest';
import { NO_ORIGIN } from '../../src/authority/audit.ts';
import { Committer, type TakenStep } from '../../src/authority/committer.ts';
import { newDevice } from '../../src/authority/device.ts';
import { forgive, remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { MemoryBacking, memoryStore } from '../../src/store/memory.ts';
import { GatedStore } from '../support/gated-store.ts';
import { A, B, Desk, PAIR, READ, WRITE } from './desk.ts';

/** 200 steps of two processes on one device, in an order that only the seed knows. */
async function interleaved(seed: number): Promise<{ one: Desk; other: Desk; steps: number }> {
  const one = new Desk();
  const other = new Desk({ backing: one.backing });
  let state = seed;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const running: Promise<unknown>[] = [];
  for (let step = 0; step < 200; step++) {
    const desk = next(2) === 0 ? one : other;
    const wish = [[READ], [WRITE], [PAIR], [READ, PAIR]][next(4)] ?? [];
    const request = (await one.authority.load(A))?.roles.operator?.record.request;
    const ref = `${request?.id ?? 'a'.repeat(16)}.r${request?.revisions.length ?? 1}`;
    const verbs: readonly (() => Promise<unknown>)[] = [
      () => desk.ask(A, wish),
      () => desk.ask(A, wish),
      () => approve(desk.owner, ref),
      () => reject(desk.owner, ref),
      () => rotate(desk.owner, A, 'operator', null),
      () => forgive(desk.owner, A),
      ...(step % 20 === 0 ? [() => revoke(desk.owner, A, 'operator'), () => remove(desk.owner, A)] : []),
    ];
    running.push(verbs[next(verbs.length)]?.() ?? Promise.resolve());
    // Some steps run alone, most run into each other.
    if (next(5) === 0) await Promise.all(running.splice(0));
  }
  await Promise.all(running);
  return { one, other, steps: 200 };
}

describe('the committer', () => {
  it.each([1, 2, 3])(
    'loses no step and doubles none when two processes write at once (seed %i)',
    async (seed) => {
      const { one, other } = await interleaved(seed);
      const history = await one.history(A);
      expect(history.length).toBeGreaterThan(40);
      expect(one.lines.length + other.lines.length).toBe(history.length);
      expect(one.lines.length).toBeGreaterThan(5);
      expect(other.lines.length).toBeGreaterThan(5);
      // Each step begins where the one before it ended, and nobody overwrote anybody (I7). Two lines of one step agree.
      let [from, state] = ['', 'unpaired'];
      for (const { detail } of history) {
        const { stateFrom, stateTo } = detail as { stateFrom: string; stateTo: string };
        const isSameStep = stateFrom === from && stateTo === state;
        expect(isSameStep || stateFrom === state).toBe(true);
        [from, state] = [stateFrom, stateTo];
      }
      expect((await one.role(A)).state).toBe(state);
      expect(await one.role(A)).toEqual(await other.role(A));
      // One request at a time (I1): an opening is always followed by its settling before the next.
      const requests = history.filter(({ type }) => ['request.opened', 'request.settled'].includes(type));
      requests.forEach(({ type }, index) => {
        expect(type).toBe(index % 2 === 0 ? 'request.opened' : 'request.settled');
      });
      expect(requests.length).toBeGreaterThan(4);
    },
  );

  it('plans anew on the record that beat it: the loser of an approval does not approve what it never saw', async () => {
    const one = new Desk();
    const other = new Desk({ backing: one.backing });
    await one.ask(A, [READ]);
    const ref = await one.open(A);
    const [first, second] = await Promise.all([approve(one.owner, ref), reject(other.owner, ref)]);
    expect([first.ok, second.ok].filter(Boolean)).toHaveLength(1);
    const lost = first.ok ? second : first;
    expect(lost).toMatchObject({ ok: false, denial: { kind: 'already', by: 'store-file owner' } });
  });

  it('I17 opens nothing for a wish that an approval covers while it is on its way', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    const ref = await desk.open(A);
    await Promise.all([...Array.from({ length: 20 }, () => desk.ask(A, [READ])), approve(desk.owner, ref)]);
    await Promise.all(Array.from({ length: 20 }, () => desk.ask(A, [READ])));
    expect((await desk.role(A)).state).toBe('paired');
    const opened = (await desk.history(A)).filter(({ type }) => type === 'request.opened');
    expect(opened).toHaveLength(1);
  });

  it('I1 opens one request for a hundred simultaneous first connects of two processes', async () => {
    const one = new Desk();
    const other = new Desk({ backing: one.backing });
    const asks = Array.from({ length: 100 }, (_, index) => (index % 2 ? one : other).ask(A, [READ]));
    const answers = await Promise.all(asks);
    expect(answers.filter((answer) => answer.ok && answer.verdict === 'opened')).toHaveLength(1);
    expect(answers.filter((answer) => answer.ok && answer.verdict === 'joined')).toHaveLength(99);
    expect(await one.history()).toHaveLength(1);
  });

  it('settles what is due before anything else sees the record', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    const ref = await desk.open(A);
    desk.now += 15 * 60_000;
    expect(await approve(desk.owner, ref)).toMatchObject({
      ok: false,
      denial: { kind: 'already', outcome: 'expired' },
    });
    await desk.ask(A, [READ]);
    expect(await desk.open(A)).not.toBe(ref);
  });

  it('sweeps what is due, and a device that nobody ever approved is forgotten', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    await desk.ask(B, [READ]);
    expect(await desk.authority.sweep()).toBe(0);
    desk.now += 15 * 60_000;
    expect(await desk.authority.sweep(1)).toBe(1);
    expect(await desk.authority.sweep()).toBe(1);
    expect(await desk.authority.load(A)).toBeUndefined();
    expect(await desk.authority.load(B)).toBeUndefined();
    expect((await desk.history()).map(({ type }) => type).sort()).toEqual([
      'request.opened',
      'request.opened',
      'request.settled',
      'request.settled',
    ]);
  });

  it('tells the revision of each step, so that an older one that is told later can be known', async () => {
    const steps: TakenStep[] = [];
    const backing = new MemoryBacking();
    const gates = new GatedStore(memoryStore(backing));
    const foreign = Promise.withResolvers<void>();
    const onStep = (step: TakenStep): void => {
      steps.push(step);
      if (step.event === null && step.role === 'operator') foreign.resolve();
    };
    const [ours, theirs] = [new Desk({ backing, store: gates, onStep }), new Desk({ backing })];
    const saved = gates.hold('after-save', A);
    const asking = ours.ask(A, [READ]);
    await saved.reached;
    expect(await approve(theirs.owner, await theirs.open(A))).toMatchObject({ ok: true });
    await foreign.promise;
    saved.release();
    await asking;
    const told = steps.filter(({ role }) => role === 'operator');
    expect(told.map(({ event, next }) => [event?.type ?? null, next.state])).toEqual([
      [null, 'paired'],
      ['access.requested', 'pairingPending'],
    ]);
    const [theirStep, ourStep] = told.map(({ revision }) => revision);
    expect(theirStep).toBe((await gates.load(A))?.revision);
    expect(theirStep).toBeGreaterThan(ourStep ?? Number.NaN);
    // A step that changes nothing stands where the record stood.
    await ours.authority.committer.run(A, (device, at) => ({
      kind: 'step',
      device: device ?? newDevice(A, 'key', at),
      events: [{ role: 'operator', event: { type: 'deadline.reached', at } }],
      origin: NO_ORIGIN,
      durable: false,
    }));
    expect(steps.at(-1)).toMatchObject({ event: { type: 'deadline.reached' }, revision: theirStep });
  });

  it('says so when a store never takes a write, instead of trying for ever', async () => {
    const desk = new Desk();
    const store = memoryStore(desk.backing);
    store.save = async () => null;
    const stuck = new Committer({
      store,
      clock: { now: () => 1 },
      onAudit: () => {},
      log: { error: () => {} },
    });
    const note = { role: null, atMs: 1, type: 'device.renamed', requestId: null, detail: { ...NO_ORIGIN } };
    const run = stuck.run(A, () => ({ kind: 'amend', device: newDevice(A, 'key', 1), note }));
    await expect(run).rejects.toThrow(/changed 200 times/);
  });
});
