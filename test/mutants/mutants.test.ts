import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { EFFECTS } from './effects.ts';
import { EQUIVALENT } from './equivalent.ts';
import { mutantsOf } from './machine-mutants.ts';
import { RUNTIME_MUTANTS } from './runtime-mutants.ts';

const MACHINES = [connectionMachine, authorizationMachine] as const;
const ALL = MACHINES.flatMap((machine) => mutantsOf(machine, EFFECTS));

/** A configuration without its functions, which have no text that says what they do. */
const shape = (config: unknown): string =>
  JSON.stringify(config, (_, value) => (typeof value === 'function' ? 'function' : value));

describe('the mutants', () => {
  it.each(MACHINES)('of a machine each differ from it, and from each other: $id', (machine) => {
    const mutants = mutantsOf(machine, EFFECTS);
    const shapes = new Set(mutants.map(({ config }) => shape(config)));
    expect(shapes.has(shape(machine.config))).toBe(false);
    // Two rows that read alike but for what their guards are given become one shape.
    expect(shapes.size).toBeGreaterThan(mutants.length * 0.95);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it('leave no guard, target, effect or assignment out', () => {
    const count = (word: string) => ALL.filter(({ name }) => name.includes(word)).length;
    const rows = MACHINES.flatMap(({ config }) => shape(config).match(/"guard":/g) ?? []).length;
    expect(count(' is true')).toBe(rows);
    expect(count(' is false')).toBe(rows);
    const targets = MACHINES.flatMap(({ config }) => shape(config).match(/"target":/g) ?? []).length;
    expect(count(': to ')).toBe(targets);
    expect(new Set(ALL.map(({ kind }) => kind))).toEqual(
      new Set(['guard', 'target', 'effect', 'assignment']),
    );
  });

  it('of the runtime are at least twenty, and each is a place that the code has exactly once', () => {
    expect(RUNTIME_MUTANTS.length).toBeGreaterThanOrEqual(20);
    for (const { file, what, by, name } of RUNTIME_MUTANTS) {
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
      expect(text.split(what), name).toHaveLength(2);
      expect(by, name).not.toBe(what);
      expect(/^(connection|authorization) /.test(name), name).toBe(false);
    }
  });

  it('that are called equivalent are mutants, and each has a reason', () => {
    const names = new Set([...ALL, ...RUNTIME_MUTANTS].map(({ name }) => name));
    for (const [name, reason] of Object.entries(EQUIVALENT)) {
      expect(names, name).toContain(name);
      expect(reason.length, name).toBeGreaterThan(20);
    }
  });
});
