import { describe, expect, it } from 'vitest';
import type { Role } from '../../machines/vocabulary.ts';
import { type Caller, describeCaller, mayGive, mayManage } from '../../src/authority/callers.ts';
import type { Decision } from '../../src/authority/deciding.ts';
import { forgive, reissue, remove, rename, revoke, rotate } from '../../src/authority/device-decisions.ts';
import { approve, reject, withdraw } from '../../src/authority/request-decisions.ts';
import { A, ADMIN, B, Desk, OWNER, PAIR, READ, WRITE } from './desk.ts';

const presenting = (
  deviceId: string,
  way: 'device-token' | 'device-shared-secret',
  ...scopes: string[]
): Caller => ({
  class: way,
  deviceId,
  name: deviceId.slice(0, 4),
  scopes,
});
/** Everyone who may come to decide about device A. */
const CALLERS: Readonly<Record<string, Caller>> = {
  'store file': OWNER,
  gateway: { class: 'gateway', name: 'setting' },
  'own token': presenting(A, 'device-token', PAIR, READ, WRITE),
  'own token, admin': presenting(A, 'device-token', ADMIN),
  'own shared secret, admin': presenting(A, 'device-shared-secret', ADMIN),
  'other token': presenting(B, 'device-token', PAIR, READ, WRITE),
  'other token, admin': presenting(B, 'device-token', ADMIN),
  'other shared secret': presenting(B, 'device-shared-secret', PAIR, READ, WRITE),
  'other shared secret, pairing only': presenting(B, 'device-shared-secret', PAIR),
  'no device': { class: 'deviceless', name: 'local', scopes: [PAIR, READ, WRITE] },
  'no device, no scopes': { class: 'deviceless', name: 'remote', scopes: [] },
};
const OWNERS = ['store file', 'gateway'];
/** PROTOCOL 5.5 written out: who may give `operator.write` to device A. */
const MAY_GIVE = [...OWNERS, 'other token, admin', 'other shared secret', 'no device'];
/** ... and who may touch A without giving it anything. */
const MAY_TOUCH = Object.keys(CALLERS).filter(
  (name) => name !== 'other token' && name !== 'no device, no scopes',
);
const MAY_TOUCH_NODES = [...OWNERS, 'own token, admin', 'own shared secret, admin', 'other token, admin'];

async function pending(role: Role = 'operator'): Promise<{ desk: Desk; ref: string }> {
  const desk = new Desk();
  await desk.ask(A, role === 'node' ? [] : [READ], { role });
  await approve(desk.owner, await desk.open(A, role));
  if (role === 'operator') await desk.ask(A, [WRITE], { role });
  return { desk, ref: role === 'operator' ? await desk.open(A, role) : '' };
}

type Verb = (desk: Desk, caller: Caller, ref: string) => Promise<Decision<unknown>>;
const VERBS: readonly (readonly [name: string, verb: Verb, allowed: readonly string[]])[] = [
  ['approve', (desk, caller, ref) => approve(desk.as(caller), ref), MAY_GIVE],
  ['approve in part', (desk, caller, ref) => approve(desk.as(caller), ref, [WRITE]), MAY_GIVE],
  ['reject', (desk, caller, ref) => reject(desk.as(caller), ref), MAY_TOUCH],
  ['rotate', (desk, caller) => rotate(desk.as(caller), A, 'operator', null), MAY_TOUCH],
  ['rotate down', (desk, caller) => rotate(desk.as(caller), A, 'operator', []), MAY_TOUCH],
  // It makes an old token worth something again: nobody does that for the device that it presents.
  [
    'reissue',
    (desk, caller) => reissue(desk.as(caller), A, 'operator'),
    [...MAY_GIVE, 'other shared secret, pairing only'],
  ],
  ['revoke', (desk, caller) => revoke(desk.as(caller), A, 'operator'), MAY_TOUCH],
  ['remove', (desk, caller) => remove(desk.as(caller), A), MAY_TOUCH],
  [
    'forgive',
    (desk, caller) => forgive(desk.as(caller), A),
    MAY_TOUCH.filter((name) => !name.startsWith('own ')),
  ],
  ['rename', (desk, caller) => rename(desk.as(caller), A, 'kitchen'), MAY_TOUCH],
  [
    'withdraw',
    (desk, caller, ref) => withdraw(desk.as(caller), ref),
    ['own token', 'own token, admin', 'own shared secret, admin'],
  ],
];
const matrix = VERBS.flatMap(([verb, act, allowed]) =>
  Object.entries(CALLERS).map(([who, caller]) => ({ verb, act, who, caller, may: allowed.includes(who) })),
);

describe('who may decide what about a device', () => {
  it.each(matrix)('$who: $verb is $may', async ({ act, caller, may }) => {
    const { desk, ref } = await pending();
    const before = await desk.device(A);
    const lines = desk.lines.length;
    const decision = await act(desk, caller, ref);
    expect(decision.ok).toBe(may);
    if (may) return;
    expect(await desk.device(A)).toEqual(before);
    expect(desk.lines).toHaveLength(lines);
  });

  it.each(Object.keys(CALLERS))('%s and a node: only an owner or an admin', async (who) => {
    const { desk } = await pending('node');
    const caller = CALLERS[who] ?? OWNER;
    const allowed = MAY_TOUCH_NODES.includes(who);
    expect((await rotate(desk.as(caller), A, 'node', null)).ok).toBe(allowed);
    expect((await revoke(desk.as(caller), A, 'node')).ok).toBe(allowed);
  });

  it('I11 nobody who presents a device widens it: not by approving, not by a rotation, not with admin', async () => {
    for (const who of ['own token', 'own token, admin', 'own shared secret, admin']) {
      const { desk, ref } = await pending();
      const own = desk.as(CALLERS[who] ?? OWNER);
      const denied = { ok: false, denial: { kind: 'denied', reason: 'own-widening' } };
      expect(await approve(own, ref)).toMatchObject(denied);
      await rotate(desk.owner, A, 'operator', []);
      expect(await rotate(own, A, 'operator', [READ])).toMatchObject(denied);
      expect((await desk.role(A)).record.grant).toEqual([]);
    }
  });

  it('a caller gives only what it holds, and is told the scope that it lacks', async () => {
    const { desk, ref } = await pending();
    const caller = desk.as(CALLERS['other shared secret, pairing only'] ?? OWNER);
    expect(await approve(caller, ref)).toEqual({
      ok: false,
      denial: { kind: 'denied', reason: 'caller-missing-scope', missingScope: WRITE },
    });
  });

  it('what counts is what the approval adds: rights that the device has already need no cover', async () => {
    const { desk } = await pending();
    await desk.ask(A, [READ, PAIR]);
    const withoutRead = presenting(B, 'device-shared-secret', PAIR);
    // r2 holds read, which A has; of the rest the caller lacks write, but may give its own part.
    expect((await approve(desk.as(withoutRead), await desk.open(A), [PAIR, READ])).ok).toBe(true);
  });

  it('the verbs agree with the two rules that they share', () => {
    expect(mayManage(CALLERS['other token'] ?? OWNER, A, null)).toMatchObject({
      reason: 'device-ownership-mismatch',
    });
    expect(mayGive(CALLERS['own token'] ?? OWNER, A, 'operator', [])).toMatchObject({
      reason: 'own-widening',
    });
    expect(mayGive(OWNER, A, 'node', ['node.camera'])).toBeUndefined();
  });

  it('the history names class and name', async () => {
    const { desk, ref } = await pending();
    await approve(desk.as(CALLERS['other shared secret'] ?? OWNER), ref);
    expect(desk.lines.at(-1)).toContain('by="device-shared-secret bbbb"');
    expect(describeCaller(OWNER)).toBe('store-file owner');
  });

  it('a stranger to a device learns nothing of it, not even whether it exists', async () => {
    const { desk, ref } = await pending();
    const stranger = desk.as(CALLERS['other token'] ?? OWNER);
    const about = async (deviceId: string) => [
      await remove(stranger, deviceId),
      await revoke(stranger, deviceId, 'operator'),
      await rotate(stranger, deviceId, 'operator', null),
      await rename(stranger, deviceId, 'x'),
    ];
    expect(await about(A)).toEqual(await about('c'.repeat(64)));
    expect(await approve(stranger, ref)).toMatchObject({ denial: { reason: 'device-ownership-mismatch' } });
  });
});
