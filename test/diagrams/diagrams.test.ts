import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { LEGAL_MOVES } from '../../src/store/moves.ts';
import { drifted, generated, writeAll } from './generated.ts';
import { movesOf } from './moves.ts';
import { leavesOf, rowsOf } from './walk.ts';

describe('generated files', () => {
  it('say what the machines say (else: npm run diagrams)', () => {
    expect(drifted()).toEqual([]);
  });

  it('are found stale when one byte differs, or when one is missing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'antechamber-diagrams-'));
    const root = pathToFileURL(`${folder}/`);
    try {
      mkdirSync(join(folder, 'diagrams'));
      mkdirSync(join(folder, 'src/store'), { recursive: true });
      expect(drifted(root)).toEqual([...generated().keys()]);
      writeAll(root);
      expect(drifted(root)).toEqual([]);
      writeFileSync(join(folder, 'src/store/moves.ts'), `${generated().get('src/store/moves.ts')} `);
      expect(drifted(root)).toEqual(['src/store/moves.ts']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([connectionMachine, authorizationMachine])('show every state and every move: $id', (machine) => {
    const picture = generated().get(`diagrams/${machine.id}.mmd`) ?? '';
    const table = generated().get(`diagrams/${machine.id}.table.txt`) ?? '';
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
