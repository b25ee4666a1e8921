import { describe, expect, it } from 'vitest';
import { getStateNodes, createTestModel as graphModel } from 'xstate/graph';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { createTestModel } from './model.ts';
import { EVENTS, STATES, stateOf } from './socket.ts';

const MACHINES = [connectionMachine, authorizationMachine] as const;

describe.each(MACHINES)('the machine $id', (machine) => {
  const nodes = getStateNodes(machine);

  it('says in words what each of its states means', () => {
    expect(nodes.length).toBeGreaterThanOrEqual(6);
    for (const node of nodes) expect(node.description, node.id).toMatch(/^[A-Z].{20,}\.$/);
  });

  it('starts nobody, waits for no timer, and does nothing by entering or leaving', () => {
    for (const node of [machine.root, ...nodes]) {
      expect(node.invoke, node.id).toEqual([]);
      expect(node.after, node.id).toEqual([]);
      expect([...(node.always ?? []), ...node.entry, ...node.exit], node.id).toEqual([]);
      for (const transition of [...node.transitions.values()].flat()) {
        for (const action of transition.actions) {
          expect(String((action as { type?: string }).type ?? action)).not.toMatch(/^xstate\.|function/);
        }
      }
    }
    expect([...machine.root.transitions.keys()]).toEqual([]);
  });

  it('has a row of the table only where the rows above leave something: an otherwise comes last', () => {
    let lists = 0;
    for (const node of nodes) {
      for (const transitions of node.transitions.values()) {
        const open = transitions.findIndex(({ guard }) => guard === undefined);
        if (open >= 0) expect(open, `${node.id} ${transitions[0]?.eventType}`).toBe(transitions.length - 1);
        lists++;
      }
    }
    expect(lists).toBeGreaterThan(30);
  });

  it('uses every guard and every effect that it declares', () => {
    const used = nodes
      .flatMap((node) => [...node.transitions.values()].flat())
      .flatMap(({ guard, actions }) => [guard, ...actions])
      .map((named) => (typeof named === 'object' && named !== null && 'type' in named ? named.type : named));
    const { guards, actions } = machine.implementations;
    const declared = [...Object.keys(guards), ...Object.keys(actions)];
    expect(declared.length).toBeGreaterThan(15);
    expect(declared.filter((name) => !used.includes(name))).toEqual([]);
  });
});

describe('test models of the connection machine', () => {
  const options = { events: Object.values(EVENTS) as never };
  const paths = createTestModel(connectionMachine, options).getShortestPaths();

  it('are the same from @xstate/test and from xstate/graph', () => {
    const others = graphModel(connectionMachine, options).getShortestPaths();
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.map(({ description }) => description)).toEqual(others.map(({ description }) => description));
  });

  it('visit every state, step for step as the machine says', async () => {
    const visited = new Set<string>();
    for (const path of paths) {
      let steps = 0;
      await path.test({
        states: {
          '*': (snapshot) => {
            visited.add(stateOf(snapshot));
            steps++;
          },
        },
      });
      // A misspelt key would pass in silence: each step of the path must have been looked at.
      expect(steps).toBe(path.steps.length);
    }
    expect([...visited].sort()).toEqual([...STATES].sort());
  });
});
