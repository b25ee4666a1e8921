/**
 * A process that runs suites for judge.ts, one after the other. The tests run in processes of their own each time;
 * what this one keeps is the text of the modules, which all mutants but for one module share.
 */
import { fileURLToPath } from 'node:url';
import { createVitest, type TestModule } from 'vitest/node';
import { RUNTIME_MUTANTS } from './runtime-mutants.ts';
import type { Suite } from './suites.ts';

/** What a lane is asked. The empty name is the product as it is. */
export interface Question {
  readonly mutant: string;
  readonly suite: Suite;
}

/** The tests that failed, or what else went wrong in the run; `problem`: the suite did not run at all, which is no test that noticed. */
export type Answer = { readonly noticedBy: readonly string[] } | { readonly problem: string };

const root = fileURLToPath(new URL('../../', import.meta.url));
const config = fileURLToPath(new URL('./vitest.config.ts', import.meta.url));
const silent = { onInit: () => {} };
const vitest = await createVitest('test', {
  config,
  watch: false,
  bail: 1,
  maxWorkers: 1,
  reporters: [silent],
});

async function ask({ mutant, suite }: Question): Promise<Answer> {
  process.env.ANTECHAMBER_MUTANT = mutant;
  const file = RUNTIME_MUTANTS.find(({ name }) => name === mutant)?.file;
  // What a mistake made of its module must be read before this run, and forgotten after it.
  if (file) vitest.invalidateFile(root + file);
  if (suite.only === undefined) vitest.resetGlobalTestNamePattern();
  else vitest.setGlobalTestNamePattern(new RegExp(suite.only));
  const specifications = await vitest.globTestSpecifications([...suite.files]);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications);
  if (file) vitest.invalidateFile(root + file);
  // Vitest tells of everything that it ever ran.
  const asked = new Set(specifications.map(({ moduleId }) => moduleId));
  return answerOf(
    testModules.filter(({ moduleId }) => asked.has(moduleId)),
    unhandledErrors,
  );
}

function answerOf(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): Answer {
  const tests = testModules.flatMap((module) => [...module.children.allTests()]);
  const failed = tests.filter((test) => test.result().state === 'failed').map(({ fullName }) => fullName);
  const broken = testModules.filter((module) => !module.ok()).map(({ moduleId }) => moduleId);
  const errors = unhandledErrors.map(String);
  const noticedBy = failed.length > 0 ? failed : [...broken, ...errors];
  const didRun = tests.some((test) => ['passed', 'failed'].includes(test.result().state));
  return noticedBy.length > 0 || didRun ? { noticedBy } : { problem: 'no test ran' };
}

process.on('message', async (question: Question) => {
  const answer = await ask(question).catch((error: unknown): Answer => ({ problem: String(error) }));
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
