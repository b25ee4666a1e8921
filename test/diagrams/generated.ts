import { readFileSync, writeFileSync } from 'node:fs';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { toMermaid } from './mermaid.ts';
import { toMovesFile } from './moves.ts';
import { toTable } from './table.ts';

/** Every generated file, by its path from the root, with what it has to say now. */
export function generated(): ReadonlyMap<string, string> {
  return new Map([
    ['diagrams/connection.mmd', toMermaid(connectionMachine)],
    ['diagrams/connection.table.txt', toTable(connectionMachine)],
    ['diagrams/authorization.mmd', toMermaid(authorizationMachine)],
    ['diagrams/authorization.table.txt', toTable(authorizationMachine)],
    ['src/store/moves.ts', toMovesFile(authorizationMachine)],
  ]);
}

const ROOT = new URL('../../', import.meta.url);

/** The files under `root` that say something else than the machines; a missing one does, too. */
export function drifted(root: URL = ROOT): readonly string[] {
  return [...generated()]
    .filter(([path, text]) => readOrEmpty(new URL(path, root)) !== text)
    .map(([path]) => path);
}

export function writeAll(root: URL = ROOT): void {
  for (const [path, text] of generated()) writeFileSync(new URL(path, root), text);
}

function readOrEmpty(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
