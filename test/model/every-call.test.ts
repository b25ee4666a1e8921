import { describe, expect, it } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import { project } from './authorization-cases.ts';
import type { AuthorizationStage } from './authorization-stage.ts';
import { CALLS, type Call, STATES, type State, standAt } from './calls.ts';
import { answered, inAnswer, inList, listed } from './shown.ts';

/** What is stored and what is shown of it, which must agree after every call. */
async function lookAt(stage: AuthorizationStage) {
  const record = project(await stage.stored());
  const list = inList(await stage.list());
  const probe = inAnswer(await stage.probe());
  expect(list).toEqual(listed(record, stage.openId));
  expect(probe).toBe(answered(record, stage.openId));
  return { record, list, probe, head: await stage.house.store.head() };
}

async function tryCall(call: Call, state: State, store: 'memory' | 'sqlite'): Promise<void> {
  const stage = await standAt(state, store);
  const before = await lookAt(stage);
  expect(before.record.state).toBe(state);
  const audited = stage.house.audit.length;
  const expected = call.outcome(state);
  const lines = expected.lines ?? 0;
  expect(await call.tries(stage)).toBe(expected.answer);
  const after = await lookAt(stage);
  expect(stage.house.audit).toHaveLength(audited + lines);
  expect(after.record.state).toBe(expected.state ?? state);
  if (lines === 0) expect(after).toEqual(before);
  else expect(after.head).toBeGreaterThan(before.head);
}

describe('the states in which everything is tried', () => {
  it('are all states of the machine', () => {
    expect([...STATES].sort()).toEqual(Object.keys(authorizationMachine.states).sort());
    expect(new Set(CALLS.map(({ name }) => name)).size).toBe(CALLS.length);
  });
});

describe.each(['memory', 'sqlite'] as const)('a real gateway with the %s store', (store) => {
  describe.each(STATES)('and a device that is %s: somebody', (state) => {
    it.each(CALLS)('$name', (call) => tryCall(call, state, store));
  });
});
