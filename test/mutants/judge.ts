/** Runs a suite against the product with one mistake in it. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Suite } from './suites.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
/** A mistake that makes a test wait for ever is noticed by that. */
const PATIENCE_MS = 240_000;

export type Judgement = 'killed' | 'survived';

/** Rejects when the suite did not run at all: that is no test which noticed. */
export async function judge(mutant: string, { files, only }: Suite): Promise<Judgement> {
  const folder = mkdtempSync(join(tmpdir(), 'antechamber-mutant-'));
  const report = join(folder, 'report.json');
  const config = fileURLToPath(new URL('./vitest.config.ts', import.meta.url));
  const args = ['run', '--config', config, '--bail', '1', '--reporter', 'json', '--outputFile', report];
  const filter = only === undefined ? [] : ['-t', only];
  try {
    const { code, errors } = await run([VITEST, ...args, ...files, ...filter], mutant);
    return code === null
      ? 'killed'
      : readReport(report, `no report for "${mutant}":\n${errors.slice(-2000)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The exit code is null when it was cut off. */
function run(args: readonly string[], mutant: string): Promise<{ code: number | null; errors: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ANTECHAMBER_MUTANT: mutant },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, errors }));
  });
}

function readReport(file: string, problem: string): Judgement {
  let report: { readonly numPassedTests: number; readonly numFailedTests: number; readonly success: boolean };
  try {
    report = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(problem, { cause });
  }
  if (report.numPassedTests + report.numFailedTests === 0 && report.success) throw new Error(problem);
  return report.success ? 'survived' : 'killed';
}
