/** Stands between a machine's setup and its configuration while mutants are tested: see vitest.config.ts. */
import type { AnyStateMachine } from 'xstate';
import { EFFECTS } from './effects.ts';
import { mutantsOf } from './machine-mutants.ts';

interface Setup {
  createMachine(config: never): AnyStateMachine;
}

/** The machine with the mistake that `ANTECHAMBER_MUTANT` names, and as it is when that is of another machine. */
export function createMutated(setup: Setup, config: never): AnyStateMachine {
  const machine = setup.createMachine(config);
  const name = process.env.ANTECHAMBER_MUTANT;
  if (!name?.startsWith(`${machine.id} `)) return machine;
  const mutant = mutantsOf(machine, EFFECTS).find((one) => one.name === name);
  if (!mutant) throw new Error(`no mutant has the name: ${name}`);
  return setup.createMachine(mutant.config as never);
}
