/**
 * What @xstate/test lets pass in silence, each shown to pass there, and shown not to pass here: without the guard named
 * in the test, tests of models could hold nothing and stay green.
 */
import { describe, expect, it } from 'vitest';
import { type AnyMachineSnapshot, createMachine, initialTransition, transition } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { createTestModel } from '../machines/model.ts';
import { guardedOf, passedOver, transitionsOf } from './transitions.ts';
import { atLeast, type PathTest, type Walk, walk } from './walk.ts';

const door = createMachine({
  id: 'door',
  initial: 'shut',
  states: {
    shut: { on: { open: 'wide' } },
    wide: { on: { shut: 'shut', 'wind.blew': [{ guard: 'isStrong', target: 'shut' }] } },
  },
});
const model = createTestModel(door, { events: [{ type: 'open' }] as never });
const [path] = model.getShortestPaths({ toState: (state) => state.matches('wide') });

type Test = PathTest<AnyMachineSnapshot>;

/** A walk whose test is what `spoil` makes of the right one. */
function spoiled(spoil: (test: Test) => object, change: Partial<Walk<AnyMachineSnapshot>> = {}) {
  return walk({
    machine: door,
    steps: path?.steps ?? [],
    test: async (test) => path?.test(spoil(test)),
    cause: async () => {},
    reached: async () => {},
    ...change,
  });
}

/** Two steps made by hand. */
const steps = (states: readonly unknown[], type: string) =>
  states.map((state, index) => ({
    state: state as AnyMachineSnapshot,
    event: { type: index === 0 ? 'xstate.init' : type },
  }));

describe('a walk along a path', () => {
  it('passes when every state is looked at and every event brought about', async () => {
    const looked: unknown[] = [];
    const caused: string[] = [];
    await spoiled((test) => test, {
      cause: async ({ type }) => void caused.push(type),
      reached: async ({ value }) => void looked.push(value),
    });
    expect([looked, caused]).toEqual([['shut', 'wide'], ['open']]);
  });

  it('fails with what the test of a state throws', async () => {
    const reached = () => Promise.reject(new Error('it is shut'));
    await expect(spoiled((test) => test, { reached })).rejects.toThrow('it is shut');
  });

  it('fails where nothing at all is given to be tested', async () => {
    await path?.test({});
    await expect(spoiled(() => ({}))).rejects.toThrow('0 of 2 states were looked at');
  });

  it('fails where the key of a state is misspelt', async () => {
    await path?.test({ states: { wdie: () => expect.unreachable() } });
    const spoil = ({ states, events }: Test) => ({ states: { wdie: states['*'] }, events });
    await expect(spoiled(spoil)).rejects.toThrow('0 of 2 states were looked at');
  });

  it('fails where only some states are tested', async () => {
    const spoil = ({ states, events }: Test) => ({ states: { wide: states['*'] }, events });
    await expect(spoiled(spoil)).rejects.toThrow('1 of 2 states were looked at');
  });

  it('fails where an event has no executor', async () => {
    await path?.test({ states: { '*': () => {} }, events: {} });
    await expect(spoiled(({ states }) => ({ states }))).rejects.toThrow('0 of 1 events were brought about');
  });

  it('fails on an event that no row is for, which the library takes for a step', async () => {
    const [shut] = initialTransition(door);
    const strayed = model.getPathsFromEvents([{ type: 'opne' } as never]);
    expect(strayed.map(({ state }) => state.value)).toEqual(['shut']);
    const astray = spoiled((test) => test, { steps: steps([shut, shut], 'opne') });
    await expect(astray).rejects.toThrow('door has no row for opne');
  });

  it('fails where the machine failed before it began, which the library takes for a state', async () => {
    const needy = createMachine({
      id: 'needy',
      context: ({ input }) => ({ name: (input as { readonly name: string }).name }),
      initial: 'made',
      states: { made: { on: { open: 'made' } } },
    });
    const [only] = createTestModel(needy).getShortestPaths();
    expect(only?.state.status).toBe('error');
    const failed = spoiled((test) => test, {
      machine: needy,
      steps: steps([only?.state, only?.state], 'open'),
    });
    await expect(failed).rejects.toThrow('the machine needy failed');
  });

  it('fails where there is no step', async () => {
    const none = spoiled((test) => test, { steps: path?.steps.slice(0, 1) ?? [] });
    await expect(none).rejects.toThrow('a path without a step tests nothing');
  });
});

describe('a set of paths', () => {
  it('is refused when a bound has left too few', () => {
    expect(atLeast(1, ['a path'])).toEqual(['a path']);
    expect(() => atLeast(1, [])).toThrow('0 paths, and not at least 1');
  });
});

describe('the rows that a run is held against', () => {
  const oneWay = (config: object) => createMachine({ id: 'one', initial: 'a', states: { a: config, b: {} } });

  it('are all there are', () => {
    expect(transitionsOf(door)).toEqual([
      'door.shut open [] door.wide',
      'door.wide shut [] door.shut',
      'door.wide wind.blew [isStrong] door.shut',
    ]);
    expect(guardedOf(door)).toEqual(['door.wide wind.blew [isStrong] door.shut']);
  });

  it('are refused when a state moves without an event: such a row is in no list of transitions', () => {
    expect(() => transitionsOf(oneWay({ always: 'b' }))).toThrow('one.a moves without an event');
  });

  it('are refused when a row is for any event: the library sends one that is called *', () => {
    expect(() => transitionsOf(oneWay({ on: { '*': 'b' } }))).toThrow('one.a has a row for *');
  });

  it('are refused when two read alike', () => {
    const twice = oneWay({ on: { go: [{ target: 'b' }, { target: 'b' }] } });
    expect(() => transitionsOf(twice)).toThrow('two transitions read alike: one.a go [] one.b');
  });

  it('count a guard that says no, and not one that is not asked', () => {
    const gusty = door.provide({ guards: { isStrong: () => false } });
    const [wide] = transition(gusty, initialTransition(gusty)[0], { type: 'open' });
    const row = 'door.wide wind.blew [isStrong] door.shut';
    expect(passedOver(wide, 'wind.blew', [])).toEqual([row]);
    expect(passedOver(wide, 'shut', [])).toEqual([]);
    const taken = [...wide._nodes].flatMap((node) => node.transitions.get('wind.blew') ?? []);
    expect(passedOver(wide, 'wind.blew', taken)).toEqual([]);
  });
});

describe('the machines that are traversed', () => {
  it.each([connectionMachine, authorizationMachine])('$id begins without an input', (machine) => {
    const [snapshot] = initialTransition(machine);
    expect(snapshot.status).toBe('active');
    expect(transitionsOf(machine).length).toBeGreaterThan(60);
  });
});
