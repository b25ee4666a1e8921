import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url);

interface Run {
  readonly code: unknown;
  readonly said: string;
  readonly complaints: string;
}

async function runDemo(): Promise<Run> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), '--fast']);
  const [said, complaints]: Buffer[][] = [[], []];
  child.stdout.on('data', (data) => said?.push(data));
  child.stderr.on('data', (data) => complaints?.push(data));
  const [code] = await once(child, 'close');
  return {
    code,
    said: Buffer.concat(said ?? []).toString(),
    complaints: Buffer.concat(complaints ?? []).toString(),
  };
}

/** The cells of a row of the table at the end. */
function cells(said: string, what: string): readonly string[] {
  const line = said.split('\n').find((one) => one.trimStart().startsWith(what)) ?? '';
  return line.trim().split(/ {3,}/).slice(1);
}

/** A line without what differs from run to run: times, ids, ports, counts, and the spaces that line them up. */
function masked(line: string): string {
  return line
    .replace(/\b[a-z2-7]{16}\.r1\b/g, '<request>')
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, '<id>')
    .replace(/\b[0-9a-f]{64}\b/g, '<device>')
    .replace(/\b[0-9a-f]{12}\b/g, '<device>')
    .replace(/\b[0-9a-f]{8}\b/g, '<connection>')
    .replace(/-{3,}/g, '---')
    .replace(/ --slice \S+/, '')
    .replace(/\d+/g, '#')
    .replace(/ +/g, ' ')
    .trim();
}

describe('npm run demo', () => {
  let run: Run;
  beforeAll(async () => {
    run = await runDemo();
  }, 90_000);

  it('ends with 0 and complains of nothing', () => {
    expect(run.complaints).toBe('');
    expect(run.code).toBe(0);
  });

  it('refuses and logs every attempt before', () => {
    const [attempts] = cells(run.said, 'after it is rotated away').map(Number);
    const [closes] = cells(run.said, 'of them closed').map(Number);
    const [lines] = cells(run.said, 'lines that the search').map(Number);
    expect(attempts).toBeGreaterThan(1);
    expect(closes).toBe((attempts ?? 0) - 1);
    // One more: the owner's own command is refused as well.
    expect(lines).toBe((closes ?? 0) + 1);
  });

  it('has one request and one line after, and lets in the socket that waits', () => {
    expect(cells(run.said, 'while operator.admin')[1]).toBe('let in');
    expect(cells(run.said, 'lines that the search')[1]).toBe('1');
    expect(cells(run.said, 'requests to approve')[1]).toBe('1');
    expect(cells(run.said, 'requests after that')[1]).toBe('0');
    expect(cells(run.said, 'from approval')[1]).toMatch(/^\d+ ms, same socket$/);
  });

  it('says every line that the README shows of it', () => {
    const readme = readFileSync(new URL('README.md', ROOT), 'utf8');
    const shown = /```text demo\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const wanted = shown.split('\n').filter((line) => line !== '' && line !== '[...]');
    const said = new Set(run.said.split('\n').map(masked));
    expect(wanted.length).toBeGreaterThan(10);
    expect(wanted.filter((line) => !said.has(masked(line)))).toEqual([]);
  });
});
