/** The tests as they are, of a product with one mistake in it: `ANTECHAMBER_MUTANT` names the mistake. */
import { fileURLToPath } from 'node:url';
import { mergeConfig } from 'vitest/config';
import shipped from '../../vitest.config.ts';
import { RUNTIME_MUTANTS } from './runtime-mutants.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Replaces the one place of a file where a machine is made, or where the mistake is. */
function replaceOnce(code: string, what: string, by: string): string {
  if (code.split(what).length !== 2) throw new Error(`not exactly once: ${what}`);
  return code.replace(what, () => by);
}

export default mergeConfig(shipped, {
  root,
  // The cache knows a file by its text, not by what a plugin makes of it: every mutant would be the first one.
  test: { fsModuleCache: false },
  plugins: [
    {
      name: 'one-mistake',
      enforce: 'pre' as const,
      transform(code: string, id: string): string | undefined {
        const name = process.env.ANTECHAMBER_MUTANT ?? '';
        const mutant = RUNTIME_MUTANTS.find((one) => one.name === name);
        const file = id.startsWith(root) ? id.slice(root.length) : id;
        if (file === mutant?.file) return replaceOnce(code, mutant.what, mutant.by);
        const machine = /^machines\/(connection|authorization)\.ts$/.exec(file)?.[1];
        if (!machine) return undefined;
        const made = replaceOnce(code, `${machine}Setup.createMachine(`, `createMutated(${machine}Setup, `);
        return `import { createMutated } from '${root}test/mutants/mutated-machine.ts';\n${made}`;
      },
    },
  ],
});
