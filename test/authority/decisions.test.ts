import { describe, expect, it } from 'vitest';
import { forgive, reissue, remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject, withdraw } from '../../src/authority/request-decisions.ts';
import { A, ADMIN, Desk, PAIR, READ, WRITE } from './desk.ts';

async function asked(...wishes: string[][]): Promise<{ desk: Desk; ref: string; id: string }> {
  const desk = new Desk();
  for (const wish of wishes) await desk.ask(A, wish);
  const ref = await desk.open(A);
  return { desk, ref, id: ref.split('.')[0] ?? '' };
}

describe('decisions on a request', () => {
  it('I7 the same approval again is the same success, and writes nothing', async () => {
    const { desk, ref } = await asked([READ]);
    const first = await approve(desk.owner, ref);
    const lines = desk.lines.length;
    const again = await approve(desk.owner, ref);
    expect(first).toMatchObject({ ok: true, role: 'operator' });
    expect(again).toMatchObject({ ok: true, request: first.ok ? first.request : {} });
    expect(desk.lines).toHaveLength(lines);
  });

  it('I7 a rejection after an approval is answered with what stands, and by whom; and the other way round', async () => {
    const approved = await asked([READ]);
    await approve(approved.desk.owner, approved.ref);
    expect(await reject(approved.desk.owner, approved.ref)).toEqual({
      ok: false,
      denial: { kind: 'already', outcome: 'approved', by: 'store-file owner', deviceId: A, role: 'operator' },
    });
    const rejected = await asked([READ]);
    await reject(rejected.desk.owner, rejected.ref);
    expect(await reject(rejected.desk.owner, rejected.ref)).toMatchObject({ ok: true });
    expect(await approve(rejected.desk.owner, rejected.ref)).toMatchObject({
      denial: { kind: 'already', outcome: 'rejected' },
    });
  });

  it('I7 the same holds for a request that was kept alive for a week', async () => {
    const { desk, ref, id } = await asked([READ]);
    for (let renewal = 0; renewal < 2600; renewal++) {
      desk.now += 3.75 * 60_000;
      await desk.authority.attend(A, 'operator');
    }
    expect(desk.lines).toHaveLength(1);
    expect(await desk.open(A)).toBe(ref);
    expect(await reject(desk.owner, ref)).toMatchObject({ ok: true });
    expect(await reject(desk.owner, ref)).toMatchObject({ ok: true });
    expect(await approve(desk.owner, ref)).toMatchObject({
      denial: { kind: 'already', outcome: 'rejected' },
    });
    expect(await reject(desk.owner, `${id}.r2`)).toMatchObject({ denial: { kind: 'unknown-request' } });
  });

  it('I6 each end is told by its own name to the owner who comes late', async () => {
    const self = { class: 'device-token', deviceId: A, name: 'a', scopes: [] } as const;
    const ends: readonly (readonly [string, (desk: Desk, ref: string) => Promise<unknown>])[] = [
      ['withdrawn', (desk, ref) => withdraw(desk.as(self), ref)],
      ['removed', (desk) => remove(desk.owner, A)],
      [
        'expired',
        (desk) => {
          desk.now += 15 * 60_000;
          return desk.authority.sweep();
        },
      ],
    ];
    for (const [outcome, end] of ends) {
      const { desk, ref } = await asked([READ]);
      await end(desk, ref);
      expect(await approve(desk.owner, ref), outcome).toMatchObject({ denial: { kind: 'already', outcome } });
      expect(await reject(desk.owner, ref), outcome).toMatchObject({ denial: { kind: 'already', outcome } });
    }
  });

  it('I2 an id without its revision is refused with the one to name', async () => {
    const { desk, id } = await asked([READ], [PAIR]);
    expect(await approve(desk.owner, id)).toEqual({
      ok: false,
      denial: { kind: 'revision-needed', newest: `${id}.r2` },
    });
    await approve(desk.owner, `${id}.r2`);
    expect(await approve(desk.owner, id)).toMatchObject({
      denial: { kind: 'revision-needed', newest: null },
    });
  });

  it('I2 revision 1 gives what it showed, and the request goes on as revision 2 under the same id', async () => {
    const { desk, id } = await asked([READ], [ADMIN]);
    expect(await approve(desk.owner, `${id}.r1`)).toMatchObject({ ok: true });
    expect((await desk.role(A)).record.grant).toEqual([READ]);
    expect(await desk.open(A)).toBe(`${id}.r2`);
    expect(await reject(desk.owner, `${id}.r1`)).toMatchObject({
      denial: { kind: 'already-granted', newest: `${id}.r2` },
    });
    expect(await approve(desk.owner, `${id}.r3`)).toMatchObject({ denial: { kind: 'unknown-request' } });
  });

  it.each(['', 'x', 'aaaaaaaaaaaaaaaa.r1', 'AAAAAAAAAAAAAAAA.r1', '__proto__'])(
    '%j is no request',
    async (ref) => {
      const { desk } = await asked([READ]);
      for (const decide of [approve, reject, withdraw]) {
        expect(await decide(desk.owner, ref)).toEqual({ ok: false, denial: { kind: 'unknown-request' } });
      }
    },
  );

  it('a part can be approved, the rest is declined, and that is neither approved nor rejected', async () => {
    const { desk, ref } = await asked([READ, PAIR]);
    expect(await approve(desk.owner, ref, [READ])).toMatchObject({ ok: true });
    const settled = (await desk.history(A)).at(-1);
    expect(settled).toMatchObject({
      type: 'request.settled',
      detail: { outcome: 'narrowed', scopesTo: [READ] },
    });
    expect(await approve(desk.owner, ref)).toMatchObject({
      denial: { kind: 'already', outcome: 'narrowed' },
    });
    expect(await reject(desk.owner, ref)).toMatchObject({ denial: { kind: 'already', outcome: 'narrowed' } });
    expect(await desk.ask(A, [PAIR])).toMatchObject({ verdict: 'quiet' });
  });

  it('nothing beyond the request can be approved', async () => {
    const { desk, ref } = await asked([READ]);
    expect(await approve(desk.owner, ref, [ADMIN])).toEqual({
      ok: false,
      denial: { kind: 'beyond-request', scopes: [ADMIN] },
    });
    expect((await desk.role(A)).state).toBe('pairingPending');
  });
});

describe('I8 a device that withdraws and asks again, over and over', () => {
  const self = { class: 'device-token', deviceId: A, name: 'a', scopes: [READ] } as const;

  async function paired(): Promise<Desk> {
    const { desk, ref } = await asked([READ]);
    await approve(desk.owner, ref);
    return desk;
  }

  async function askAndWithdraw(desk: Desk, as = desk) {
    await desk.ask(A, [WRITE]);
    const ref = await desk.open(A);
    return { ref, done: await withdraw(as.as(self), ref) };
  }

  it('takes back three in an hour; the fourth stays open, whichever process is asked', async () => {
    const desk = await paired();
    const other = new Desk({ backing: desk.backing });
    other.now = desk.now;
    const first = await askAndWithdraw(desk);
    for (const as of [other, desk]) {
      expect((await askAndWithdraw(desk, as)).done.ok).toBe(true);
    }
    const lines = desk.lines.length;
    const ids = new Set<string>();
    for (let cycle = 0; cycle < 300; cycle++) {
      const { ref, done } = await askAndWithdraw(desk, cycle % 2 === 0 ? other : desk);
      expect(done).toMatchObject({
        denial: { kind: 'invalid', problem: expect.stringMatching(/3 requests/) },
      });
      ids.add(ref);
    }
    expect(ids.size).toBe(1);
    expect(desk.lines.length).toBeLessThanOrEqual(lines + 1);
    // What is withdrawn stays withdrawn, and the owner still decides what is open.
    expect(await withdraw(desk.as(self), first.ref)).toMatchObject({ ok: true });
    expect(await approve(desk.owner, await desk.open(A))).toMatchObject({ ok: true });
  });

  it('may take one back again when an hour has passed, and in its other role at once', async () => {
    const desk = await paired();
    for (let cycle = 0; cycle < 3; cycle++) await askAndWithdraw(desk);
    expect((await askAndWithdraw(desk)).done.ok).toBe(false);
    await desk.ask(A, [], { role: 'node' });
    expect(await withdraw(desk.as(self), await desk.open(A, 'node'))).toMatchObject({ ok: true });
    desk.now += 60 * 60_000;
    await desk.authority.sweep();
    expect((await askAndWithdraw(desk)).done.ok).toBe(true);
  });
});

describe('decisions on a device', () => {
  async function paired(...wish: string[]): Promise<Desk> {
    const { desk, ref } = await asked(wish);
    await approve(desk.owner, ref);
    return desk;
  }

  it('I4 a rotation keeps the rights, or sets them inside what was approved', async () => {
    const desk = await paired(READ, PAIR);
    await rotate(desk.owner, A, 'operator', null);
    expect((await desk.role(A)).record.grant).toEqual([PAIR, READ]);
    await rotate(desk.owner, A, 'operator', [READ]);
    expect((await desk.role(A)).record.grant).toEqual([READ]);
    expect(await desk.ask(A, [PAIR])).toMatchObject({ verdict: 'opened' });
    await rotate(desk.owner, A, 'operator', [READ, PAIR]);
    expect((await desk.role(A)).state).toBe('paired');
    expect(await rotate(desk.owner, A, 'operator', [ADMIN])).toEqual({
      ok: false,
      denial: { kind: 'beyond-ceiling', scopes: [ADMIN] },
    });
  });

  it('forgiving lets a declined device ask again, and says whether there was something to forgive', async () => {
    const desk = await paired(READ);
    expect(await forgive(desk.owner, A)).toMatchObject({ ok: true, forgiven: false });
    await desk.ask(A, [WRITE]);
    await reject(desk.owner, await desk.open(A));
    expect(await desk.ask(A, [WRITE])).toMatchObject({ verdict: 'quiet' });
    expect(await forgive(desk.owner, A)).toMatchObject({ ok: true, forgiven: true });
    expect(await desk.ask(A, [WRITE])).toMatchObject({ verdict: 'opened' });
  });

  it('what is not paired has no token to rotate, reissue or revoke', async () => {
    const { desk } = await asked([READ]);
    for (const decision of [
      await rotate(desk.owner, A, 'operator', null),
      await reissue(desk.owner, A, 'operator'),
      await revoke(desk.owner, A, 'operator'),
      await revoke(desk.owner, A, 'node'),
    ]) {
      expect(decision).toEqual({ ok: false, denial: { kind: 'unknown-role' } });
    }
  });

  it('revoking twice is one revocation', async () => {
    const desk = await paired(READ);
    await revoke(desk.owner, A, 'operator');
    const lines = desk.lines.length;
    expect(await revoke(desk.owner, A, 'operator')).toMatchObject({ ok: true });
    expect(desk.lines).toHaveLength(lines);
  });

  it('removing ends every role of the device, and needs an admin when one is a node', async () => {
    const desk = await paired(READ);
    await desk.ask(A, [], { role: 'node' });
    await approve(desk.owner, await desk.open(A, 'node'));
    const other = { class: 'device-shared-secret', deviceId: 'b', name: 'b', scopes: [PAIR, READ] } as const;
    expect(await remove(desk.as(other), A)).toMatchObject({
      denial: { reason: 'role-management-requires-admin' },
    });
    expect(await remove(desk.owner, A)).toMatchObject({ ok: true });
    for (const role of ['operator', 'node'] as const) {
      expect(await desk.role(A, role)).toMatchObject({ state: 'unpaired', record: { tombstone: true } });
    }
  });
});
