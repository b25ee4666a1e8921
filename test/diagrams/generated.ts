import { readFileSync, writeFileSync } from 'node:fs';
import { authorizationMachine } from '../../machines/authorization.ts';
import { connectionMachine } from '../../machines/connection.ts';
import { toEditorJson } from './editor-json.ts';
import { toMermaid } from './mermaid.ts';
import { toMovesFile } from './moves.ts';
import { toSequence } from './sequence.ts';
import { toSvg } from './svg.ts';
import { toTable } from './table.ts';

/** Every generated file, by its path from the root, with what it has to say now. */
export async function generated(): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const machine of [connectionMachine, authorizationMachine]) {
    files.set(`diagrams/${machine.id}.mmd`, toMermaid(machine));
    files.set(`diagrams/${machine.id}.svg`, await toSvg(machine));
    files.set(`diagrams/${machine.id}.table.txt`, toTable(machine));
    files.set(`diagrams/${machine.id}.json`, toEditorJson(machine));
  }
  files.set('diagrams/seed-story.mmd', await toSequence());
  files.set('src/store/moves.ts', toMovesFile(authorizationMachine));
  return files;
}

const ROOT = new URL('../../', import.meta.url);

/** Of `files` those under `root` that say something else; a missing one does, too. */
export function drifted(files: ReadonlyMap<string, string>, root: URL = ROOT): readonly string[] {
  return [...files].filter(([path, text]) => readOrEmpty(new URL(path, root)) !== text).map(([path]) => path);
}

export function writeAll(files: ReadonlyMap<string, string>, root: URL = ROOT): void {
  for (const [path, text] of files) writeFileSync(new URL(path, root), text);
}

function readOrEmpty(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
