import { describe, expect, it } from 'vitest';
import { autoApprovePolicy, newRequestId } from '../../src/authority/authority.ts';
import { remove, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject } from '../../src/authority/request-decisions.ts';
import { A, ADMIN, B, Desk, id, PAIR, READ, WRITE } from './desk.ts';

const LOCAL = { local: true } as const;

describe('auto-approval', () => {
  const policy = (name: 'none' | 'first-pairing' | 'all') =>
    new Desk({ autoApprove: autoApprovePolicy(name) });

  it.each([
    ['none', 'opened', 'opened'],
    ['first-pairing', 'covered', 'opened'],
    ['all', 'covered', 'covered'],
  ] as const)('%s: a first local connect is %s, a wider one later %s', async (name, first, later) => {
    const desk = policy(name);
    expect(await desk.ask(A, [READ], LOCAL)).toMatchObject({ ok: true, verdict: first });
    if (first === 'opened') await approve(desk.owner, await desk.open(A));
    expect(await desk.ask(A, [WRITE], LOCAL)).toMatchObject({ ok: true, verdict: later });
  });

  it.each(['first-pairing', 'all'] as const)(
    '%s: never from afar, and never for a device token',
    async (name) => {
      const desk = policy(name);
      expect(await desk.ask(A, [READ])).toMatchObject({ verdict: 'opened' });
      expect(await desk.ask(B, [READ], LOCAL)).toMatchObject({ verdict: 'covered' });
      const deviceToken = await desk.token(B);
      expect(await desk.ask(B, [ADMIN], { ...LOCAL, deviceToken })).toMatchObject({ verdict: 'opened' });
    },
  );

  it('never for a revoked, removed, declined or narrowed device (I4, I13, I16)', async () => {
    const ends: readonly ((desk: Desk) => Promise<unknown>)[] = [
      (desk) => revoke(desk.owner, A, 'operator'),
      (desk) => remove(desk.owner, A),
      (desk) => rotate(desk.owner, A, 'operator', []),
      async (desk) => {
        await rotate(desk.owner, A, 'operator', []);
        await desk.ask(A, [READ]);
        return reject(desk.owner, await desk.open(A));
      },
    ];
    for (const end of ends) {
      const desk = policy('all');
      await desk.ask(A, [READ], LOCAL);
      await end(desk);
      const answer = await desk.ask(A, [READ], LOCAL);
      expect(answer.ok && answer.verdict).not.toBe('covered');
      expect((await desk.role(A)).record.grant).toEqual([]);
    }
  });

  it('never for a probe', async () => {
    const desk = policy('all');
    expect(await desk.ask(A, [READ], { ...LOCAL, probe: true })).toMatchObject({ verdict: 'lacking' });
    expect(await desk.authority.load(A)).toBeUndefined();
  });
});

describe('a device that asks', () => {
  it('I8 a thousand retries are one request, one audit line and one id', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    const ref = await desk.open(A);
    for (let retry = 0; retry < 1_000; retry++) {
      desk.now += 100;
      expect(await desk.ask(A, [READ])).toMatchObject({ verdict: 'joined' });
    }
    expect(await desk.open(A)).toBe(ref);
    expect(desk.lines).toHaveLength(1);
    const { request } = (await desk.role(A)).record;
    expect(request && desk.authority.attemptsOf(request)).toBe(1_001);
  });

  it('I8b keeps its request alive by asking: noted each quarter of its life, and no line of the audit', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    const ref = await desk.open(A);
    for (let minute = 0; minute < 60; minute++) {
      desk.now += 60_000;
      await desk.ask(A, [READ]);
    }
    expect(await desk.open(A)).toBe(ref);
    const types = (await desk.history(A)).map(({ type }) => type);
    expect(new Set(types)).toEqual(new Set(['request.opened', 'request.renewed']));
    expect(types.length).toBeLessThanOrEqual(1 + 60 / 3.75);
    expect(desk.lines).toHaveLength(1);
  });

  it('a waiter that no other process sees keeps its request alive, too', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    desk.now += 14 * 60_000;
    await desk.authority.attend(A, 'operator');
    desk.now += 14 * 60_000;
    await desk.authority.sweep();
    expect((await desk.role(A)).state).toBe('pairingPending');
    await desk.authority.attend(B, 'operator');
    expect(await desk.authority.load(B)).toBeUndefined();
  });

  it('I12 is let in with what it has while more is open, declined or expired', async () => {
    const desk = new Desk();
    await desk.ask(A, [READ]);
    await approve(desk.owner, await desk.open(A));
    await desk.ask(A, [ADMIN]);
    expect(await desk.ask(A, [READ])).toMatchObject({ verdict: 'covered' });
    await reject(desk.owner, await desk.open(A));
    expect(await desk.ask(A, [READ])).toMatchObject({ verdict: 'covered' });
    expect(await desk.ask(A, [ADMIN])).toMatchObject({ verdict: 'quiet' });
  });

  it('a command line that may manage devices opens nothing: it came to approve', async () => {
    const desk = new Desk();
    await desk.ask(A, [PAIR]);
    await approve(desk.owner, await desk.open(A));
    expect(await desk.ask(A, [PAIR, ADMIN], { commandLine: true })).toMatchObject({ verdict: 'lacking' });
    expect((await desk.role(A)).record.request).toBeNull();
  });

  it('I13 episodes are counted for the device, whatever role it asks for', async () => {
    const desk = new Desk({ terms: { quietEpisodes: 1 } });
    await desk.ask(A, [READ]);
    await reject(desk.owner, await desk.open(A));
    expect(await desk.ask(A, [READ, PAIR])).toMatchObject({ verdict: 'opened' });
    expect(await desk.ask(A, [], { role: 'node' })).toMatchObject({ verdict: 'quiet' });
    expect(await desk.ask(B, [], { role: 'node' })).toMatchObject({ verdict: 'opened' });
  });

  it('ids are 16 characters of base32, and no two are the same', () => {
    const ids = Array.from({ length: 1_000 }, newRequestId);
    for (const one of ids) expect(one).toMatch(/^[a-z2-7]{16}$/);
    expect(new Set(ids).size).toBe(1_000);
  });
});

describe('strangers (I9)', () => {
  it('over the limit are refused without a trace; who waits, and who is known, notices nothing', async () => {
    const desk = new Desk({ mostStrangers: 3 });
    await desk.ask(A, [READ]);
    await approve(desk.owner, await desk.open(A));
    const waiting = ['1', '2', '3'].map(id);
    for (const one of waiting) expect(await desk.ask(one, [READ])).toMatchObject({ verdict: 'opened' });
    const refs = await Promise.all(waiting.map((one) => desk.open(one)));
    for (let flood = 0; flood < 100; flood++) {
      const stranger = flood.toString(16).padStart(64, 'f');
      expect(await desk.ask(stranger, [READ])).toMatchObject({ verdict: 'lacking' });
      expect(await desk.authority.load(stranger)).toBeUndefined();
    }
    expect(await Promise.all(waiting.map((one) => desk.open(one)))).toEqual(refs);
    expect(await desk.ask(id('1'), [READ])).toMatchObject({ verdict: 'joined' });
    expect(await desk.ask(id('1'), [WRITE])).toMatchObject({ verdict: 'widened' });
    expect(await desk.ask(A, [WRITE])).toMatchObject({ verdict: 'opened' });
    await reject(desk.owner, await desk.open(id('2')));
    expect(await desk.ask(B, [READ])).toMatchObject({ verdict: 'opened' });
  });
});

describe('the audit log', () => {
  it('has one line for each change, in the order of the history, and no secret in any', async () => {
    const desk = new Desk({ autoApprove: autoApprovePolicy('all') });
    await desk.ask(A, [READ], {
      profile: { clientId: 'cli', clientMode: 'cli', displayName: 'x" by="root' },
    });
    await desk.ask(A, [WRITE]);
    await approve(desk.owner, await desk.open(A));
    const secrets = [await desk.token(A), (await desk.device(A)).pairingSalt];
    await desk.ask(A, [WRITE], LOCAL);
    await rotate(desk.owner, A, 'operator', null);
    secrets.push(await desk.token(A));
    await desk.ask(A, [WRITE], { deviceToken: await desk.token(A) });
    await desk.ask(A, [ADMIN], { deviceToken: 'atk1_nonsense' });
    await revoke(desk.owner, A, 'operator');
    await remove(desk.owner, A);
    secrets.push((await desk.device(A)).pairingSalt);
    const history = await desk.history();
    expect(desk.lines).toHaveLength(history.length);
    expect(history.map(({ type }) => type)).toEqual([
      'request.opened',
      'request.widened',
      'request.settled',
      'token.rotated',
      'token.delivered',
      'grant.revoked',
      'device.removed',
    ]);
    const written = [...desk.lines, JSON.stringify(history)].join('\n');
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(written).not.toContain(secret);
      expect(written).not.toContain(secret.slice(-20));
    }
    for (const line of desk.lines) expect(line).toMatch(/^security audit: [^\n]+$/);
    expect(desk.lines[0]).toContain('scopesFrom=<none> scopesTo=operator.read');
  });

  it('quotes what a peer chose, so that it cannot pass for another field', async () => {
    const desk = new Desk();
    const origin = {
      by: null,
      connId: 'c1',
      address: '1.2.3.4',
      auth: 'none',
      client: 'x" role=owner\nsecurity audit:',
    };
    await desk.ask(A, [READ], { origin });
    expect(desk.lines).toHaveLength(1);
    expect(desk.lines[0]).toContain('client="x\\" role=owner\\nsecurity audit:"');
    expect(desk.lines[0]?.split('\n')).toHaveLength(1);
  });
});
