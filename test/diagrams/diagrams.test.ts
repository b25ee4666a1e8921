import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DOMParser, onErrorStopParsing } from '@xmldom/xmldom';
import { beforeAll, describe, expect, it } from 'vitest';
import { createMachine } from 'xstate';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { LEGAL_MOVES } from '../../src/store/moves.ts';
import { drifted, generated, writeAll } from './generated.ts';
import { movesOf } from './moves.ts';
import { initialOf, leavesOf, rowsOf } from './walk.ts';

const machines = [connectionMachine, authorizationMachine];
let files: ReadonlyMap<string, string>;
const file = (path: string): string => files.get(path) ?? '';

beforeAll(async () => {
  files = await generated();
}, 60_000);

describe('generated files', () => {
  it('say what the machines say (else: npm run diagrams)', () => {
    expect(drifted(files)).toEqual([]);
  });

  it('are the same, byte for byte, when another process makes them again', async () => {
    const script = fileURLToPath(new URL('write.ts', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, '--check']);
    expect(stderr).toBe('');
    expect(stdout).toBe(`diagrams: ${files.size} of ${files.size} files are fresh\n`);
  }, 60_000);

  it('are found stale when one byte differs, or when one is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'antechamber-diagrams-'));
    const root = pathToFileURL(`${folder}/`);
    try {
      mkdirSync(join(folder, 'diagrams'));
      mkdirSync(join(folder, 'src/store'), { recursive: true });
      expect(drifted(files, root)).toEqual([...files.keys()]);
      writeAll(files, root);
      expect(drifted(files, root)).toEqual([]);
      writeFileSync(join(folder, 'src/store/moves.ts'), `${file('src/store/moves.ts')} `);
      expect(drifted(files, root)).toEqual(['src/store/moves.ts']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each(machines)('show every state and every move: $id', (machine) => {
    const picture = file(`diagrams/${machine.id}.mmd`);
    const table = file(`diagrams/${machine.id}.table.txt`);
    const rows = rowsOf(machine);
    expect(rows.length).toBeGreaterThan(30);
    // The head, and an empty line between two states.
    const statesWithRows = new Set(rows.map(({ from }) => from)).size;
    expect(table.trimEnd().split('\n')).toHaveLength(1 + rows.length + statesWithRows);
    for (const { name } of leavesOf(machine)) expect(picture).toContain(name.replaceAll('.', '_'));
    for (const { from, to } of rows.filter((row) => row.to !== '')) {
      expect(picture).toContain(`${from.replaceAll('.', '_')} --> ${to.replaceAll('.', '_')}: `);
    }
  });

  it('give the store exactly the moves of the machine', () => {
    expect(LEGAL_MOVES).toEqual(movesOf(authorizationMachine));
    expect(LEGAL_MOVES.length).toBeGreaterThan(20);
    // A rejection or an approval cannot skip the states between: nobody is revoked without having been paired.
    expect(LEGAL_MOVES).not.toContainEqual(['unpaired', 'revoked']);
    expect(LEGAL_MOVES).not.toContainEqual(['revoked', 'paired']);
  });
});

describe('the pictures', () => {
  /** All that can be read in it, without line breaks. */
  function textOf(svg: string): string {
    const document = new DOMParser({ onError: onErrorStopParsing }).parseFromString(svg, 'text/xml');
    const texts = [...document.getElementsByTagName('text')].map((text) => text.textContent ?? '');
    return texts.join(' ').replace(/[\s\u00a0]+/g, ' ');
  }

  it.each(machines)('show what each state means, its tags and every event with its guard: $id', (machine) => {
    const text = textOf(file(`diagrams/${machine.id}.svg`));
    for (const { name, description, tags } of leavesOf(machine)) {
      expect(text).toContain(name);
      expect(text).toContain(description.replaceAll('`', ''));
      for (const tag of tags) expect(text).toContain(tag);
    }
    const drawn = rowsOf(machine).filter(
      ({ to, effects }) => to !== '' || effects.some((effect) => !effect.startsWith('reply(')),
    );
    expect(drawn.length).toBeGreaterThan(30);
    for (const { event, guard } of drawn) expect(text).toContain(guard ? `${event} [${guard}]` : event);
  });

  it.each(machines)('bring their own background, and need nothing from elsewhere: $id', (machine) => {
    const svg = file(`diagrams/${machine.id}.svg`);
    expect(svg).toMatch(/<polygon fill="#fbfaf7"/);
    expect(svg.replaceAll('http://www.w3.org/', '')).not.toMatch(/https?:|<image|<script|@import/);
    expect(new Set(svg.match(/font-family="[^"]*"/g))).toEqual(
      new Set(['font-family="Helvetica,Arial,sans-serif"']),
    );
  });

  it('draw what many states share once', () => {
    const text = textOf(file('diagrams/connection.svg'));
    const everywhere = rowsOf(connectionMachine).filter(({ event }) => event === 'socket.closed');
    expect(everywhere.length).toBeGreaterThan(5);
    expect(text.split('socket.closed')).toHaveLength(2);
    expect(text).toContain('in every other state');
  });
});

describe('the JSON for the editor', () => {
  it.each(machines)('is the same machine when xstate reads it: $id', (machine) => {
    const read = createMachine(JSON.parse(file(`diagrams/${machine.id}.json`)));
    expect(read.id).toBe(machine.id);
    expect(initialOf(read)).toBe(initialOf(machine));
    expect(leavesOf(read)).toEqual(leavesOf(machine));
    expect(leavesOf(read).every(({ description }) => description.length > 10)).toBe(true);
    expect(rowsOf(read)).toEqual(rowsOf(machine));
    expect(rowsOf(read).length).toBeGreaterThan(30);
  });
});

describe('the story of the seed', () => {
  it('is what happened: refused and logged each time before; held, one id and one line after', () => {
    const [, before = '', after = ''] = file('diagrams/seed-story.mmd').split('  rect ');
    const count = (text: string, what: string): number => text.split(what).length - 1;
    expect(count(before, 'G-xP: closed, 1008 pairing required')).toBe(3);
    expect(count(before, 'device access upgrade requested')).toBe(3);
    expect(count(before, 'G-xO: closed')).toBe(1);
    expect(count(after, 'connect.pending, request 1')).toBe(2);
    expect(count(after, 'wait_then_retry')).toBe(1);
    expect(count(after, 'log: line')).toBe(1);
    expect(after).toContain('G-->>P: hello-ok read + write');
    expect(after).toContain('nothing waits');
    expect(before + after).not.toContain('request 2');
  });
});
