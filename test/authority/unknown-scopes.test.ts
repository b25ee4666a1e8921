import { describe, expect, it } from 'vitest';
import { rotate } from '../../src/authority/device-decisions.ts';
import { approve } from '../../src/authority/request-decisions.ts';
import { A, ADMIN, Desk, READ } from './desk.ts';

const MADE_UP = 'operator.madeup';
const OWN = 'operator.of-an-embedder';

async function asked(...wish: string[]): Promise<{ desk: Desk; ref: string }> {
  const desk = new Desk();
  await desk.ask(A, wish);
  return { desk, ref: await desk.open(A) };
}

const unknown = (...scopes: string[]) => ({
  ok: false,
  denial: { kind: 'invalid', problem: `unknown scope: ${scopes.join(', ')}` },
});

describe('scopes that nobody knows are given by nobody, although operator.admin covers any word', () => {
  it('as a part of a request: refused by name, and the request stays open', async () => {
    const { desk, ref } = await asked(ADMIN);
    expect(await approve(desk.owner, ref, [READ, MADE_UP, 'x'])).toEqual(unknown(MADE_UP, 'x'));
    expect(await desk.open(A)).toBe(ref);
    expect(await approve(desk.owner, ref, [READ])).toMatchObject({ ok: true });
    expect((await desk.role(A)).record.grant).toEqual([READ]);
  });

  it('in a rotation: refused by name, and the grant stays', async () => {
    const { desk, ref } = await asked(ADMIN);
    await approve(desk.owner, ref);
    const before = await desk.role(A);
    expect(await rotate(desk.owner, A, 'operator', [MADE_UP])).toEqual(unknown(MADE_UP));
    expect(await desk.role(A)).toEqual(before);
  });

  it('an embedder’s own scope is known where the request or the ceiling names it', async () => {
    const { desk, ref } = await asked(OWN, READ);
    expect(await approve(desk.owner, ref, [OWN])).toMatchObject({ ok: true });
    expect(await approve(desk.owner, ref, [OWN])).toMatchObject({ ok: true });
    await desk.ask(A, [ADMIN]);
    await rotate(desk.owner, A, 'operator', []);
    expect(await rotate(desk.owner, A, 'operator', [OWN])).toMatchObject({ ok: true });
    expect((await desk.role(A)).record.grant).toEqual([OWN]);
  });
});
