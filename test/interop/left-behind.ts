/** What a command line leaves in its folder, as lines that can be compared: every file, and all that is in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Known, plainText } from './plain-text.ts';

/** Ours, and the log of the program, which says when it did what. */
const NOT_STATE = /^(bin\/|tmp\/log\.jsonl$)|-(wal|shm)$/;

/** Their values are made at random in every folder. */
const SECRETS = /"(token|privateKeyPem|publicKeyPem|private_key_pem|public_key_pem)": ?"(?:[^"\\]|\\.)*"/g;

/** Where, how large and when the settings were written, and the sum of what stands in this database. */
const OF_THIS_FILE = /"(bytes|dev|ino|mtimeMs|ctimeMs|size)\\?":\\?"?[\d.<>a-z]+\\?"?|"app_version":"[^"]*"/g;

function rowsOf(path: string): readonly string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all();
    return tables.flatMap(({ name }) => {
      const rows = database.prepare(`SELECT * FROM "${name}"`).all();
      return rows.map((row) => `${name} ${JSON.stringify(row)}`);
    });
  } finally {
    database.close();
  }
}

function linesOf(path: string): readonly string[] {
  const bytes = readFileSync(path);
  if (bytes.subarray(0, 15).toString() === 'SQLite format 3') return rowsOf(path);
  return bytes.toString().split('\n');
}

export function leftBehind(root: string, known: Known): readonly string[] {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !NOT_STATE.test(path.slice(root.length + 1)))
    .sort();
  return files.flatMap((path) => {
    const name = plainText(path.slice(root.length + 1), known);
    const lines = linesOf(path).map((line) =>
      line.replace(SECRETS, '"$1": "<secret>"').replace(OF_THIS_FILE, '""'),
    );
    return [`file ${name}`, ...lines.map((line) => `in ${name}: ${plainText(line, known)}`)];
  });
}
